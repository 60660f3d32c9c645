//! The store on disk: a commit log in front of sled.
//!
//! ```text
//! LOCK         one process
//! MANIFEST     what there must be: format, instance, view, newest commit and sequence, counts
//! log/         the commits; durable once synced, which is the acknowledgement
//! checkpoint/  all rows as they were after one commit: with the log after it, everything
//! sled/        the view: rows as they were after some commit, for reading
//! blob/ab/…    large documents under their own hash
//! archive/     journals of applications that ended long ago
//! ballast      thrown off when a full disk is to be opened
//! ```
//!
//! A commit goes into the log and into the [overlay](overlay::Overlay) at once; the
//! [keeper](keeper), a thread of its own, writes the net effect of many commits into the view, and
//! now and then a checkpoint, after which older segments of the log are used again. sled alone
//! keeps its promises neither against loss of power nor against damage, so whatever it holds can
//! be made anew from files of our own. This must never answer before the log is synced, never try a
//! failed sync again, and never repair or delete what it cannot explain.

mod archive;
mod backup;
mod blobs;
mod check;
mod checkpoint;
mod files;
mod filing;
mod keeper;
mod log;
mod manifest;
mod open;
mod options;
mod overlay;
mod quiet;
mod rebuild;
mod recover;
mod room;
mod stats;
mod sum;
mod sweep;
#[cfg(test)]
mod tests;
mod upkeep;
mod view;
mod wire;
mod witness;

pub use backup::{At, RestoreOrder, Restored, restore};
pub use check::{CheckOrder, Finding, Findings, KeyState, Keys, Level, Problem, check, stats as stats_of};
pub use options::{OnProgress, Options};

#[cfg(test)]
pub(super) use view::read_any_mark;

use super::archive::{Archived, Filed};
use super::codec::Encoded;
use super::definition;
use super::delivery;
use super::outage;
use super::plan::{self, Writes};
use super::read::{self, Row, Rows};
use super::rows::Totals;
use super::upkeep::{Progress, Upkeep};
use super::{
    ApplicationId, Audit, BlobId, Change, Counts, Definition, DefinitionGroup, Delivery, DeliveryGroup,
    DeliveryKey, Document, IndexKey, Item, Outage, OutageGroup, Part, Queue, Queued, Remembered, RequestKey,
    Room, Store, StoreError, Stored, Swept, Time, Verdict, Wake,
};
use crate::clock::{self, Stopwatch};
use crate::telemetry::metrics as told;
use blobs::Blobs;
use keeper::{Bell, Keeper, Kept};
use log::{Log, Tip};
use manifest::Manifest;
use overlay::Overlay;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use witness::Witness;

/// Bytes of rows at which whoever commits waits for the view: the disk is not up to the load.
const OVERLAY_LIMIT: usize = 512 << 20;

/// Makes durable what must be on disk before the groups that name it: the keys of applications.
pub type BeforeSync = Box<dyn Fn() -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync>;

/// A store on disk; it holds its folder until it is dropped.
///
/// Dropping it closes it, as [`close`](Self::close) does, but swallows the errors; whatever
/// [`sync`](Store::sync) has answered is durable either way.
pub struct DiskStore {
    shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
    /// The last field, so that it is released last.
    _lock: File,
}

/// What the keeper shares with those who read and commit.
struct Shared {
    folder: PathBuf,
    instance: [u8; 16],
    blobs: Blobs,
    rows: Overlay<::sled::Db>,
    writer: Mutex<Writer>,
    log: Mutex<Log>,
    durable: Mutex<Durable>,
    manifest: Mutex<Manifest>,
    witness: Witness,
    bell: Bell,
    room: room::Gauge,
    freeze_bytes: usize,
    before_sync: OnceLock<BeforeSync>,
    /// Held while journals are moved; whether the archive and the rows are known to agree.
    filing: Mutex<bool>,
    /// Held while blobs are swept.
    sweeping: Mutex<()>,
    /// Whether this is a restored copy that is not released.
    is_held: AtomicBool,
    /// Held by whoever needs the checkpoints and the log to stay as they are.
    files: Mutex<()>,
    /// What the keeper tells of the view.
    kept: Mutex<Kept>,
    low_water: u64,
    /// Held by the one backup, or rebuild, that is under way.
    upkeep: Mutex<()>,
}

/// What only the committing thread touches.
struct Writer {
    totals: Totals,
    tip: Tip,
    /// Frames that are not written yet, and the first commit in them.
    frames: Vec<u8>,
    first: u64,
    /// The blobs that were named since a sweep began to look.
    named: Option<BTreeSet<BlobId>>,
    stopped: Option<Arc<dyn Error + Send + Sync>>,
}

/// What is on disk.
#[derive(Clone, Copy)]
struct Durable {
    totals: Totals,
    commit: u64,
}

impl DiskStore {
    /// Opens the store in a folder, which is made if it is not there. A view that is missing,
    /// damaged or of another history is put aside and made anew.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if it is open elsewhere, [`StoreError::NewerFolder`] if a newer
    /// Docket wrote it, [`StoreError::Lost`] if no copy holds what must be there: then nothing
    /// is written (sled itself may have cut its file to what it could read). sled's and the
    /// system's errors besides.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        let folder = folder.as_ref();
        let opened = open::open(folder, &options)?;
        let copies = opened.copies;
        let rows = Overlay::above(copies.view.db());
        rows.put(copies.rest);
        let (tip, totals, instance) = (copies.log.tip(), opened.totals, opened.manifest.instance);
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            instance,
            blobs: opened.blobs,
            rows,
            writer: Mutex::new(Writer {
                totals,
                tip,
                frames: Vec::new(),
                first: tip.commit + 1,
                named: None,
                stopped: None,
            }),
            log: Mutex::new(copies.log),
            durable: Mutex::new(Durable { totals, commit: tip.commit }),
            manifest: Mutex::new(opened.manifest),
            witness: Witness::open(&folder.join(open::LOG), instance)?,
            bell: Bell::default(),
            room: room::Gauge::new(),
            freeze_bytes: options.freeze_bytes,
            before_sync: OnceLock::new(),
            filing: Mutex::new(false),
            sweeping: Mutex::new(()),
            is_held: AtomicBool::new(opened.manifest.is_held),
            files: Mutex::default(),
            kept: Mutex::new(Kept::of(&copies.view)),
            low_water: options.low_water,
            upkeep: Mutex::default(),
        });
        if copies.is_new {
            let commit = shared.first_rows()?.commit;
            shared.note(|manifest| manifest.commit = commit)?;
        }
        let keeper = Keeper::new(Arc::clone(&shared), copies.view, &options);
        let keeper = keeper.start(copies.needs_checkpoint)?;
        Ok(Self { shared, keeper: Mutex::new(Some(keeper)), _lock: opened.lock })
    }

    /// Says what must be on disk before every sync, whoever asks for it: the first that is told counts.
    pub fn sync_after(&self, before: BeforeSync) {
        drop(self.shared.before_sync.set(before));
    }

    /// Gives the name of this folder: that of the [`Options`] with which it was made.
    pub fn instance(&self) -> [u8; 16] {
        self.shared.instance
    }

    /// Writes the view and the MANIFEST, and lets go of the folder.
    ///
    /// # Errors
    /// What keeps them from being written; all groups are durable regardless.
    pub fn close(self) -> Result<(), StoreError> {
        self.finish()
    }

    /// Does what [`close`](Self::close) does, while others still hold it: they must not commit any more.
    ///
    /// # Errors
    /// Those of [`close`](Self::close).
    pub fn finish(&self) -> Result<(), StoreError> {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(keeper) = keeper else { return Ok(()) };
        self.shared.bell.close();
        // A keeper that panicked has said so; what is durable is in the log.
        let _panicked = keeper.join();
        self.shared.writer().running()
    }
}

impl Shared {
    /// Writes the rows that a store without a move has.
    fn first_rows(&self) -> Result<Durable, StoreError> {
        let rows = [
            (super::keys::IDENTITY.to_vec(), Some(super::rows::write_identity(&self.instance))),
            (super::keys::TOTALS.to_vec(), Some(super::rows::write_totals(&Totals::EMPTY))),
        ];
        let mut writer = self.writer();
        self.put(&mut writer, rows.into(), Totals::EMPTY)?;
        drop(writer);
        self.sync()
    }

    /// Puts rows into the overlay and into the frames that the next sync writes.
    fn put(&self, writer: &mut Writer, writes: Writes, totals: Totals) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        let mut body = Vec::new();
        wire::write(&writes, &mut body);
        if writer.frames.is_empty() {
            writer.first = writer.tip.commit + 1;
        }
        let durable = self.durable().commit;
        writer.tip = log::write_frame(&mut writer.frames, writer.tip, durable, clock::now(), &body);
        writer.totals = totals;
        if self.rows.put(writes) >= self.freeze_bytes {
            self.bell.ring();
        }
        Ok(())
    }

    /// The blobs that a group names, all of which must be here.
    fn blobs_of(&self, group: &[Item]) -> Result<Vec<BlobId>, StoreError> {
        let mut blobs = Vec::new();
        for item in group {
            for (number, document) in &item.documents {
                match document {
                    Document::Inline(_) => {}
                    Document::Blob(blob) if self.blobs.has(*blob) => blobs.push(*blob),
                    Document::Blob(blob) => {
                        return Err(StoreError::NoBlob {
                            application: item.application,
                            number: *number,
                            blob: *blob,
                        });
                    }
                }
            }
        }
        Ok(blobs)
    }

    /// Makes durable what was put; gives what is durable since.
    fn sync(&self) -> Result<Durable, StoreError> {
        let mut log = self.log();
        let (frames, first, tip, totals) = {
            let mut writer = self.writer();
            writer.running()?;
            (std::mem::take(&mut writer.frames), writer.first, writer.tip, writer.totals)
        };
        if frames.is_empty() {
            return Ok(*self.durable());
        }
        if let Some(before) = self.before_sync.get() {
            before().map_err(|source| self.stop(StoreError::BeforeSync { source }))?;
        }
        let synced = Stopwatch::start();
        let segment = log.segment();
        log.write(&frames, first, tip).map_err(|error| self.stop(error))?;
        if log.segment() != segment {
            // Known to be there before anything in it is acknowledged.
            let segment = log.segment();
            self.note(|manifest| manifest.segment = segment).map_err(|error| self.stop(error))?;
        }
        metrics::histogram!(told::STORE_SYNC).record(synced.read());
        // A disk fills up faster than the keeper comes round; that one tells if it cannot be asked.
        let _asked = self.look_at_room(&log);
        self.witness.note(tip.commit).map_err(|error| self.stop(error))?;
        let mut durable = self.durable();
        // Forgetting is told before it is done.
        let oldest = totals.oldest.max(durable.totals.oldest);
        *durable = Durable { totals: Totals { oldest, ..totals }, commit: tip.commit };
        Ok(*durable)
    }

    /// Changes the MANIFEST, durable on return.
    fn note(&self, change: impl FnOnce(&mut Manifest)) -> Result<(), StoreError> {
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = *manifest;
        change(&mut changed);
        if changed != *manifest {
            changed.write(&self.folder)?;
            *manifest = changed;
        }
        Ok(())
    }

    /// The number of the view that counts.
    fn view_number(&self) -> u64 {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner).view
    }

    /// Takes no more groups, and says why.
    fn stop(&self, error: StoreError) -> StoreError {
        let cause: Arc<dyn Error + Send + Sync> = Arc::new(error);
        self.writer().stopped = Some(Arc::clone(&cause));
        StoreError::Stopped { cause }
    }

    // What could panic under these locks leaves what they guard whole.

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn durable(&self) -> MutexGuard<'_, Durable> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    fn running(&self) -> Result<(), StoreError> {
        match &self.stopped {
            None => Ok(()),
            Some(cause) => Err(StoreError::Stopped { cause: Arc::clone(cause) }),
        }
    }
}

impl fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskStore").field("folder", &self.shared.folder).finish_non_exhaustive()
    }
}

impl Drop for DiskStore {
    fn drop(&mut self) {
        // Nobody is left to be told; the next opening does without.
        drop(self.finish());
    }
}

impl Rows for Shared {
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.rows.row(key, |db| view::row(&db, key))
    }

    fn page(&self, range: Range<Vec<u8>>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.rows.page(range, limit, |db, range, limit| view::page(&db, range, limit))
    }

    fn blob(&self, blob: BlobId) -> Result<Vec<u8>, StoreError> {
        self.blobs.read(blob)
    }

    fn archived(&self, id: ApplicationId, filed: &Filed) -> Result<Vec<Encoded>, StoreError> {
        archive::journal(&archive::path(&self.folder, filed.file), self.instance, id, filed)
    }

    fn durable_span(&self) -> (u64, u64) {
        self.durable().totals.span()
    }

    fn between_groups<T>(&self, f: impl FnOnce() -> T) -> T {
        let _writer = self.writer();
        f()
    }
}

impl Store for DiskStore {
    fn append(&self, group: &[Item]) -> Result<Vec<Verdict>, StoreError> {
        plan::check(group)?;
        let shared = &*self.shared;
        shared.bell.wait_until(|| shared.rows.active_bytes() < OVERLAY_LIMIT);
        let mut writer = shared.writer();
        writer.running()?;
        // Under the lock: what is here now no sweep takes away before it is named.
        let blobs = shared.blobs_of(group)?;
        let mut heads = BTreeMap::new();
        for item in group {
            if heads.contains_key(&item.application) {
                continue;
            }
            if let Some(head) = read::head(shared, item.application)? {
                heads.insert(item.application, head);
            }
        }
        let plan = plan::plan(group, heads, writer.totals);
        if let Some(named) = &mut writer.named {
            named.extend(blobs);
        }
        shared.put(&mut writer, plan.writes, plan.totals)?;
        Ok(plan.verdicts)
    }

    fn sync(&self) -> Result<u64, StoreError> {
        Ok(self.shared.sync()?.totals.counts.moves)
    }

    fn room(&self) -> Room {
        self.shared.room.read()
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId, StoreError> {
        self.shared.blobs.put(bytes)
    }

    fn sweep_blobs(&self, before: Time) -> Result<Swept, StoreError> {
        self.shared.sweep_blobs(before)
    }

    fn application(&self, id: ApplicationId) -> Result<Option<Stored>, StoreError> {
        read::application(&*self.shared, id)
    }

    fn applications(
        &self,
        after: Option<ApplicationId>,
        limit: usize,
    ) -> Result<Vec<(ApplicationId, Stored)>, StoreError> {
        read::applications(&*self.shared, after, limit)
    }

    fn journal(
        &self,
        id: ApplicationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Encoded)>, StoreError> {
        read::journal(&*self.shared, id, after, limit)
    }

    fn archive(&self, ids: &[ApplicationId]) -> Result<Archived, StoreError> {
        self.shared.archive(ids)
    }

    fn archived(&self, after: Option<ApplicationId>, limit: usize) -> Result<Vec<ApplicationId>, StoreError> {
        super::archive::archived(&*self.shared, after, limit)
    }

    fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
        read::changes(&*self.shared, after, limit)
    }

    fn span(&self) -> Result<(u64, u64), StoreError> {
        Ok(self.shared.durable_span())
    }

    fn forget_changes(&self, before: u64) -> Result<(), StoreError> {
        let shared = &*self.shared;
        shared.writer().running()?;
        // Readers first: they must not take a gap for damage. What is not durable is still to be told.
        let before = {
            let totals = &mut shared.durable().totals;
            totals.oldest = before.min(totals.counts.moves + 1).max(totals.oldest);
            totals.oldest
        };
        loop {
            // The lock is let go between two batches: commits go first.
            let mut writer = shared.writer();
            writer.running()?;
            let Some(span) = plan::forgettable(&writer.totals, before) else { return Ok(()) };
            let (writes, totals) = plan::forget(&writer.totals, span, &read::requests_of(shared, span)?);
            shared.put(&mut writer, writes, totals)?;
        }
    }

    fn wakes(&self, after: Option<Wake>, until: Time, limit: usize) -> Result<Vec<Wake>, StoreError> {
        read::wakes(&*self.shared, after, until, limit)
    }

    fn indexed(
        &self,
        key: &IndexKey,
        after: Option<ApplicationId>,
        limit: usize,
    ) -> Result<Vec<ApplicationId>, StoreError> {
        read::indexed(&*self.shared, key, after, limit)
    }

    fn request(&self, key: RequestKey) -> Result<Option<Remembered>, StoreError> {
        read::request(&*self.shared, key)
    }

    fn document(&self, id: ApplicationId, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        read::document(&*self.shared, id, number)
    }

    fn delivery_cursors(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        delivery::cursors(&*self.shared)
    }

    fn delivery(&self, key: DeliveryKey) -> Result<Option<Delivery>, StoreError> {
        delivery::delivery(&*self.shared, key)
    }

    fn deliveries(
        &self,
        application: ApplicationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        delivery::deliveries(&*self.shared, application, after, limit)
    }

    fn queued(
        &self,
        queue: Queue,
        partner: &str,
        after: Option<(Time, DeliveryKey)>,
        until: Time,
        limit: usize,
    ) -> Result<Vec<Queued>, StoreError> {
        delivery::queued(&*self.shared, queue, partner, after, until, limit)
    }

    fn write_deliveries(&self, group: &DeliveryGroup) -> Result<(), StoreError> {
        delivery::check(group)?;
        let shared = &*self.shared;
        // The lock for as long as a batch takes to get into memory: commits hardly notice.
        let mut writer = shared.writer();
        writer.running()?;
        let writes = delivery::plan(shared, group)?;
        let totals = writer.totals;
        shared.put(&mut writer, writes, totals)
    }

    fn outages(&self, after: Option<(u16, Time)>, limit: usize) -> Result<Vec<Outage>, StoreError> {
        outage::outages(&*self.shared, after, limit)
    }

    fn write_outages(&self, group: &OutageGroup) -> Result<(), StoreError> {
        let mut writer = self.shared.writer();
        writer.running()?;
        let totals = writer.totals;
        self.shared.put(&mut writer, outage::plan(group), totals)
    }

    fn definitions(&self, after: Option<&Part>, limit: usize) -> Result<Vec<Definition>, StoreError> {
        definition::definitions(&*self.shared, after, limit)
    }

    fn write_definitions(&self, group: &DefinitionGroup) -> Result<(), StoreError> {
        let mut writer = self.shared.writer();
        writer.running()?;
        let totals = writer.totals;
        self.shared.put(&mut writer, definition::plan(group), totals)
    }

    fn counts(&self) -> Counts {
        self.shared.durable().totals.counts
    }

    fn audit(&self) -> Result<Audit, StoreError> {
        read::audit(&*self.shared)
    }

    fn is_held(&self) -> bool {
        self.shared.is_held.load(Ordering::Acquire)
    }

    fn upkeep(&self) -> Option<&dyn Upkeep> {
        Some(self)
    }
}
