//! The store on disk: sled, made durable and checked.
//!
//! ```text
//! LOCK       one process
//! MANIFEST   what there must be: format, instance, newest sequence, counts
//! sled/      one tree, keys of a tag byte and big-endian parts
//! blob/ab/…  large documents under their own hash
//! ```
//!
//! sled alone keeps its promises neither against loss of power nor against damage. This adds a
//! sync of sled's file after every group, a MANIFEST that knows what there must be, and files of
//! our own for what sled would put into files that nobody syncs. It must never answer before the
//! sync, never try a failed sync again, and never repair or delete what it cannot explain.

mod blobs;
mod disk;
mod manifest;
mod open;
mod quiet;
#[cfg(test)]
mod tests;

use super::codec::Encoded;
use super::definition;
use super::delivery;
use super::outage;
use super::plan::{self, Writes};
use super::read::{self, Row, Rows};
use super::rows::Totals;
use super::{
    ApplicationId, Audit, BlobId, Change, Counts, Definition, DefinitionGroup, Delivery, DeliveryGroup,
    DeliveryKey, Document, IndexKey, Item, Outage, OutageGroup, Part, Queue, Queued, Remembered, RequestKey,
    Store, StoreError, Stored, Time, Verdict, Wake,
};
use crate::clock::Stopwatch;
use crate::telemetry::metrics as told;
use blobs::Blobs;
use manifest::Manifest;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sequences between two writings of the MANIFEST: what a lost tail of sled's file can hide from
/// the check at the next opening.
pub const MANIFEST_EVERY: u64 = 1_000;

/// Called with the newest sequence that has just become durable.
pub type OnSync = Box<dyn Fn(u64) + Send + Sync>;

/// How to open a store.
pub struct Options {
    /// The name that a new folder gets, random; a folder that has one keeps it.
    pub instance: [u8; 16],
    /// What sled's cache may hold, in bytes; sled takes two to four times as much.
    pub cache_bytes: u64,
    /// Called by the committing thread after each sync, before the answer; it must be quick.
    pub on_sync: Option<OnSync>,
}

impl Options {
    /// The cache that is used unless told otherwise, in bytes.
    pub const CACHE_BYTES: u64 = 128 << 20;

    /// Makes the usual options.
    pub const fn new(instance: [u8; 16]) -> Self {
        Self { instance, cache_bytes: Self::CACHE_BYTES, on_sync: None }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("cache_bytes", &self.cache_bytes).finish_non_exhaustive()
    }
}

/// A store on disk; it holds its folder until it is dropped.
///
/// Dropping it closes it, as [`close`](Self::close) does, but swallows the errors; whatever
/// [`commit`](Store::commit) has answered is durable either way.
pub struct SledStore {
    folder: PathBuf,
    db: ::sled::Db,
    /// Our own handle on sled's file: what is synced is the file, whoever wrote to it.
    db_file: File,
    blobs: Blobs,
    writer: Mutex<Writer>,
    durable: Mutex<Totals>,
    on_sync: Option<OnSync>,
    /// The last field, so that it is released last.
    _lock: File,
}

/// What only the committing thread touches.
struct Writer {
    totals: Totals,
    manifest: Manifest,
    /// Names in sled's own folder of blobs that are synced already.
    synced: Vec<std::ffi::OsString>,
    stopped: Option<Arc<dyn Error + Send + Sync>>,
    /// Rows were written that no sync has made durable yet.
    is_ahead: bool,
    closed: bool,
}

impl SledStore {
    /// Opens the store in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if it is open elsewhere, [`StoreError::NewerFolder`] if a newer
    /// Docket wrote it, [`StoreError::Lost`] if it does not hold what its MANIFEST says: Docket then
    /// writes nothing (sled itself may have cut its file to what it could read). sled's and the
    /// system's errors besides.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        open::open(folder.as_ref(), options)
    }

    /// Gives the name of this folder: that of the [`Options`] with which it was made.
    pub fn instance(&self) -> [u8; 16] {
        self.writer().manifest.instance
    }

    /// Writes the MANIFEST and lets go of the folder.
    ///
    /// # Errors
    /// What keeps the MANIFEST from being written; all groups are durable regardless.
    pub fn close(self) -> Result<(), StoreError> {
        self.finish()
    }

    fn finish(&self) -> Result<(), StoreError> {
        let mut writer = self.writer();
        if writer.closed || writer.stopped.is_some() {
            return Ok(());
        }
        if writer.is_ahead {
            self.stopping(&mut writer, Self::make_durable)?;
        }
        writer.closed = true;
        writer.manifest = Manifest {
            sequence: writer.totals.counts.moves,
            counts: writer.totals.counts,
            ..writer.manifest
        };
        writer.manifest.write(&self.folder)
    }

    /// Writes rows and syncs them; stops the store if that fails.
    fn write(&self, writer: &mut Writer, writes: Writes, totals: Totals) -> Result<(), StoreError> {
        self.stopping(writer, |store, writer| store.write_durably(writer, writes, totals))
    }

    /// Does what may fail once only; stops the store if it does.
    fn stopping(
        &self,
        writer: &mut Writer,
        work: impl FnOnce(&Self, &mut Writer) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        work(self, writer).map_err(|error| {
            let cause: Arc<dyn Error + Send + Sync> = Arc::new(error);
            writer.stopped = Some(Arc::clone(&cause));
            StoreError::Stopped { cause }
        })
    }

    fn write_durably(&self, writer: &mut Writer, writes: Writes, totals: Totals) -> Result<(), StoreError> {
        self.apply(writes)?;
        self.make_durable(writer)?;

        writer.totals = totals;
        {
            let mut durable = self.durable();
            // Forgetting is told before it is done.
            *durable = Totals { oldest: totals.oldest.max(durable.oldest), ..totals };
        }
        let newest = totals.counts.moves;
        if let Some(on_sync) = &self.on_sync {
            on_sync(newest);
        }
        // From the first move on the MANIFEST must say that there is data.
        let noted = writer.manifest.sequence;
        if newest - noted >= MANIFEST_EVERY || (noted == 0 && newest > 0) {
            writer.manifest = Manifest { sequence: newest, counts: totals.counts, ..writer.manifest };
            writer.manifest.write(&self.folder)?;
        }
        Ok(())
    }

    fn apply(&self, writes: Writes) -> Result<(), StoreError> {
        let mut batch = ::sled::Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        quiet::sled("write a group", || self.db.apply_batch(batch))
    }

    /// Makes all that was applied durable.
    fn make_durable(&self, writer: &mut Writer) -> Result<(), StoreError> {
        quiet::sled("flush a group", || self.db.flush())?;
        let synced = Stopwatch::start();
        disk::sync_new_files(&self.folder.join("sled/blobs"), &mut writer.synced)?;
        self.db_file.sync_data().map_err(disk::failed("sync", &self.folder.join("sled/db")))?;
        metrics::histogram!(told::STORE_SYNC).record(synced.read());
        writer.is_ahead = false;
        Ok(())
    }

    // sled's panics are caught before they could leave these locks half-way; what else could
    // panic under them (the caller's `on_sync`) leaves them whole.

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn durable(&self) -> MutexGuard<'_, Totals> {
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

impl fmt::Debug for SledStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SledStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // Nobody is left to be told; the next opening does without.
        drop(self.finish());
    }
}

impl Rows for SledStore {
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let row = quiet::sled("read a row", || self.db.get(key))?;
        Ok(row.map(|value| value.to_vec()))
    }

    fn page(&self, range: Range<Vec<u8>>, limit: usize) -> Result<Vec<Row>, StoreError> {
        quiet::sled("read rows", || {
            let rows = self.db.range(range).take(limit);
            rows.map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec()))).collect()
        })
    }

    fn blob(&self, blob: BlobId) -> Result<Vec<u8>, StoreError> {
        self.blobs.read(blob)
    }

    fn durable_span(&self) -> (u64, u64) {
        self.durable().span()
    }

    fn between_groups<T>(&self, f: impl FnOnce() -> T) -> T {
        let _writer = self.writer();
        f()
    }
}

impl Store for SledStore {
    fn commit(&self, group: &[Item]) -> Result<Vec<Verdict>, StoreError> {
        plan::check(group)?;
        for item in group {
            for (number, document) in &item.documents {
                match document {
                    Document::Inline(_) => {}
                    Document::Blob(blob) if self.blobs.has(*blob) => {}
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
        let mut writer = self.writer();
        writer.running()?;
        let mut heads = BTreeMap::new();
        for item in group {
            if heads.contains_key(&item.application) {
                continue;
            }
            if let Some(head) = read::head(self, item.application)? {
                heads.insert(item.application, head);
            }
        }
        let plan = plan::plan(group, heads, writer.totals);
        if !plan.writes.is_empty() {
            self.write(&mut writer, plan.writes, plan.totals)?;
        }
        Ok(plan.verdicts)
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId, StoreError> {
        self.blobs.put(bytes)
    }

    fn application(&self, id: ApplicationId) -> Result<Option<Stored>, StoreError> {
        read::application(self, id)
    }

    fn applications(
        &self,
        after: Option<ApplicationId>,
        limit: usize,
    ) -> Result<Vec<(ApplicationId, Stored)>, StoreError> {
        read::applications(self, after, limit)
    }

    fn journal(
        &self,
        id: ApplicationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Encoded)>, StoreError> {
        read::journal(self, id, after, limit)
    }

    fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
        read::changes(self, after, limit)
    }

    fn span(&self) -> Result<(u64, u64), StoreError> {
        Ok(self.durable_span())
    }

    fn forget_changes(&self, before: u64) -> Result<(), StoreError> {
        self.writer().running()?;
        // Readers first: they must not take a gap for damage.
        {
            let mut durable = self.durable();
            durable.oldest = before.min(durable.counts.moves + 1).max(durable.oldest);
        }
        loop {
            // The lock is let go between two batches: commits go first.
            let mut writer = self.writer();
            writer.running()?;
            let Some(span) = plan::forgettable(&writer.totals, before) else { return Ok(()) };
            let (writes, totals) = plan::forget(&writer.totals, span, &read::requests_of(self, span)?);
            self.write(&mut writer, writes, totals)?;
        }
    }

    fn wakes(&self, after: Option<Wake>, until: Time, limit: usize) -> Result<Vec<Wake>, StoreError> {
        read::wakes(self, after, until, limit)
    }

    fn indexed(
        &self,
        key: &IndexKey,
        after: Option<ApplicationId>,
        limit: usize,
    ) -> Result<Vec<ApplicationId>, StoreError> {
        read::indexed(self, key, after, limit)
    }

    fn request(&self, key: RequestKey) -> Result<Option<Remembered>, StoreError> {
        read::request(self, key)
    }

    fn document(&self, id: ApplicationId, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        read::document(self, id, number)
    }

    fn delivery_cursors(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        delivery::cursors(self)
    }

    fn delivery(&self, key: DeliveryKey) -> Result<Option<Delivery>, StoreError> {
        delivery::delivery(self, key)
    }

    fn deliveries(
        &self,
        application: ApplicationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        delivery::deliveries(self, application, after, limit)
    }

    fn queued(
        &self,
        queue: Queue,
        partner: &str,
        after: Option<(Time, DeliveryKey)>,
        until: Time,
        limit: usize,
    ) -> Result<Vec<Queued>, StoreError> {
        delivery::queued(self, queue, partner, after, until, limit)
    }

    fn write_deliveries(&self, group: &DeliveryGroup) -> Result<(), StoreError> {
        delivery::check(group)?;
        // The lock for as long as a batch takes to get into memory: commits hardly notice.
        let mut writer = self.writer();
        writer.running()?;
        let writes = delivery::plan(self, group)?;
        writer.is_ahead = true;
        self.stopping(&mut writer, |store, _writer| store.apply(writes))
    }

    fn outages(&self, after: Option<(u16, Time)>, limit: usize) -> Result<Vec<Outage>, StoreError> {
        outage::outages(self, after, limit)
    }

    fn write_outages(&self, group: &OutageGroup) -> Result<(), StoreError> {
        let mut writer = self.writer();
        writer.running()?;
        writer.is_ahead = true;
        self.stopping(&mut writer, |store, _writer| store.apply(outage::plan(group)))
    }

    fn definitions(&self, after: Option<&Part>, limit: usize) -> Result<Vec<Definition>, StoreError> {
        definition::definitions(self, after, limit)
    }

    fn write_definitions(&self, group: &DefinitionGroup) -> Result<(), StoreError> {
        let mut writer = self.writer();
        writer.running()?;
        writer.is_ahead = true;
        self.stopping(&mut writer, |store, _writer| store.apply(definition::plan(group)))
    }

    fn sync(&self) -> Result<(), StoreError> {
        let mut writer = self.writer();
        writer.running()?;
        if !writer.is_ahead {
            return Ok(());
        }
        self.stopping(&mut writer, Self::make_durable)
    }

    fn counts(&self) -> Counts {
        self.durable().counts
    }

    fn audit(&self) -> Result<Audit, StoreError> {
        read::audit(self)
    }
}
