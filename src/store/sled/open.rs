//! Opening a folder: is all there that was there?
//!
//! Owns the decision to start or to refuse. It must never make a damaged folder look like a new
//! one: a folder is new only if neither a MANIFEST nor sled's files are there, or if the MANIFEST
//! says that nothing was ever committed.

use super::blobs::Blobs;
use super::disk;
use super::manifest::Manifest;
use super::{Options, SledStore, Writer, quiet};
use crate::store::read::named;
use crate::store::rows::{self, Totals};
use crate::store::{Counts, StoreError, keys};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The size of sled's segments in bytes. sled writes a leaf of sixteen or so rows as one page, and
/// a page of more than a quarter of a segment into a file that it never syncs: with its default
/// of 512 KiB, eight values of 16 KiB are enough. Changing this is a new format of the folder.
const SEGMENT_BYTES: usize = 4 << 20;

pub(super) fn open(folder: &Path, options: Options) -> Result<SledStore, StoreError> {
    disk::make_folder(folder)?;
    let lock = lock(folder)?;
    let place = Place { folder: folder.to_owned(), sled: folder.join("sled") };
    let manifest = match Manifest::read(folder)? {
        Some(manifest) => manifest,
        None => place.begin(options.instance)?,
    };
    place.expect_files(&manifest)?;
    place.delete_half_snapshots()?;
    let db = quiet::sled("open sled", || {
        let config = ::sled::Config::new().path(&place.sled).cache_capacity(options.cache_bytes);
        // Every group is flushed: the timer would only add a thread.
        config.segment_size(SEGMENT_BYTES).flush_every_ms(None).open()
    })?;
    let totals = match place.totals(&db)? {
        Some(totals) => totals,
        None if manifest.sequence > 0 => {
            return Err(place.lost(format_args!("sled is empty: {}", all_of(&manifest))));
        }
        None => begin_rows(&db, &manifest)?,
    };
    place.compare(&db, &manifest, &totals)?;

    let blobs = Blobs::open(folder)?;
    let mut synced = Vec::new();
    disk::sync_new_files(&place.sled.join("blobs"), &mut synced)?;
    for name in disk::names(&place.sled)? {
        disk::sync(&place.sled.join(name))?;
    }
    disk::sync(&place.sled)?;
    let manifest = Manifest { sequence: totals.counts.moves, counts: totals.counts, ..manifest };
    manifest.write(folder)?;
    Ok(SledStore {
        db_file: disk::open_or_make(&place.sled.join("db"))?,
        folder: place.folder,
        db,
        blobs,
        writer: Mutex::new(Writer {
            totals,
            manifest,
            synced,
            stopped: None,
            is_ahead: false,
            closed: false,
        }),
        durable: Mutex::new(totals),
        on_sync: options.on_sync,
        _lock: lock,
    })
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join("LOCK");
    let file = disk::open_or_make(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StoreError::Io { doing: "lock", path, source }),
    }
}

/// Writes the rows that a store without a move has.
fn begin_rows(db: &::sled::Db, manifest: &Manifest) -> Result<Totals, StoreError> {
    let mut batch = ::sled::Batch::default();
    batch.insert(&keys::IDENTITY, rows::write_identity(&manifest.instance));
    batch.insert(&keys::TOTALS, rows::write_totals(&Totals::EMPTY));
    quiet::sled("write the first rows", || db.apply_batch(batch))?;
    quiet::sled("flush the first rows", || db.flush())?;
    Ok(Totals::EMPTY)
}

struct Place {
    folder: PathBuf,
    sled: PathBuf,
}

impl Place {
    /// Begins a new folder: the MANIFEST comes first, so that sled is never there without it.
    fn begin(&self, instance: [u8; 16]) -> Result<Manifest, StoreError> {
        if !disk::names(&self.sled)?.is_empty() {
            let lost =
                "the MANIFEST is missing, though sled's files are there: nobody can say whether all data is";
            return Err(self.lost(lost));
        }
        let manifest = Manifest { instance, sequence: 0, counts: Counts::default() };
        manifest.write(&self.folder)?;
        Ok(manifest)
    }

    /// Looks for sled's file before sled would make an empty one.
    fn expect_files(&self, manifest: &Manifest) -> Result<(), StoreError> {
        if manifest.sequence == 0 {
            return disk::make_folder(&self.sled);
        }
        let what = match fs::metadata(self.sled.join("db")) {
            Ok(found) if found.len() > 0 => return Ok(()),
            Ok(_) => "empty",
            Err(_) => "missing",
        };
        Err(self.lost(format_args!("sled's file is {what}: {}", all_of(manifest))))
    }

    /// Deletes the snapshots that sled did not finish, on which it would fail for ever.
    fn delete_half_snapshots(&self) -> Result<(), StoreError> {
        for name in disk::names(&self.sled)? {
            let text = name.to_string_lossy();
            if text.starts_with("snap.") && text.ends_with(".generating") {
                let path = self.sled.join(&name);
                fs::remove_file(&path).map_err(disk::failed("delete", &path))?;
            }
        }
        Ok(())
    }

    /// Reads the totals; `None` if the tree is empty.
    fn totals(&self, db: &::sled::Db) -> Result<Option<Totals>, StoreError> {
        match quiet::sled("read the totals", || db.get(keys::TOTALS))? {
            Some(row) => named("the row of totals", rows::read_totals(&row)).map(Some),
            None if quiet::sled("read the first row", || db.first())?.is_some() => {
                Err(self.lost("the totals are lost, though other rows are there"))
            }
            None => Ok(None),
        }
    }

    /// Compares what sled holds with what the MANIFEST says, and with itself.
    fn compare(&self, db: &::sled::Db, manifest: &Manifest, totals: &Totals) -> Result<(), StoreError> {
        match quiet::sled("read the identity", || db.get(keys::IDENTITY))? {
            Some(row) if named("the row of identity", rows::read_identity(&row))? == manifest.instance => {}
            Some(_) => {
                return Err(self.lost("the MANIFEST and sled's files belong to two different stores"));
            }
            None => return Err(self.lost("the identity is lost, though other rows are there")),
        }
        let (found, noted) = (totals.counts, manifest.counts);
        let (newest, sequence) = (found.moves, manifest.sequence);
        if newest < sequence {
            let first = newest + 1;
            return Err(self.lost(format_args!(
                "moves {first} to {sequence} are lost, and maybe later ones: sled ends at {newest}"
            )));
        }
        if newest == sequence && found != noted || found.applications < noted.applications {
            return Err(self.lost(format_args!("sled counts {found:?}, the MANIFEST {noted:?}")));
        }
        let last = quiet::sled("read the last change", || {
            db.range(keys::changes_between(0, u64::MAX)).next_back().transpose()
        })?;
        let last = last.map(|(key, _)| named("the key of a change", keys::read_change(&key))).transpose()?;
        match last {
            Some(last) if last == newest => Ok(()),
            None if totals.oldest == newest + 1 => Ok(()),
            Some(last) => Err(self.lost(format_args!("the changes end at {last}, the moves at {newest}"))),
            None => Err(self.lost(format_args!("the changes {} to {newest} are lost", totals.oldest))),
        }
    }

    fn lost(&self, lost: impl ToString) -> StoreError {
        StoreError::Lost { folder: self.folder.clone(), lost: lost.to_string() }
    }
}

fn all_of(manifest: &Manifest) -> String {
    let Manifest { sequence, counts, .. } = manifest;
    let Counts { applications, live, .. } = counts;
    format!("{applications} applications ({live} of them live) with {sequence} moves or more are lost")
}
