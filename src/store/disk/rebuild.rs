//! Rebuilding the view while it is used: sled never gives room back, so its rows move into a new one.
//!
//! The keeper does it: nothing is written into the view meanwhile, and commits stay in memory. The
//! new view is read back before the MANIFEST names it; the old one goes once nobody reads it any
//! more, or at the next opening. It must never put a view in place that holds other rows than the
//! one before.

use super::keeper::Keeper;
use super::open::{remove_folder, view_folder};
use super::sum::Sum;
use super::view::View;
use super::{checkpoint, files, room};
use crate::clock::Stopwatch;
use crate::store::StoreError;
use crate::store::read::Row;
use crate::store::upkeep::{Rebuilt, Tell, tell};
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

/// Rows between two looks at whether to go on.
const LOOK_EVERY: u64 = 4_096;

/// For how long readers may keep the old view.
const READERS: Duration = Duration::from_secs(10);

/// What sled needs at most for a byte of a checkpoint.
const SLED_FACTOR: u64 = 3;

impl Keeper {
    /// Rebuilds the view.
    pub(super) fn rebuild(&mut self, told: &Tell) -> Result<Rebuilt, StoreError> {
        self.write_view().map_err(|error| self.shared.stop(error))?;
        let data = self.shared.folder.clone();
        let bytes_before = bytes_of(self.view.folder());
        self.look_for_room(bytes_before)?;
        let number = self.shared.view_number() + 1;
        let folder = view_folder(&data, number);
        remove_folder(&folder)?;
        let new = self.fill(&folder, told).inspect_err(|_| {
            // What stays of it is removed at the next opening.
            drop(remove_folder(&folder));
        })?;
        // If this fails it may be there nevertheless, so the new view stays: either will do.
        self.shared.note(|manifest| manifest.view = number)?;
        self.shared.rows.exchange(new.db());
        let old = std::mem::replace(&mut self.view, new);
        self.tell_of_view();
        let path = old.folder().to_owned();
        drop(old);
        let since = Stopwatch::start();
        self.shared.bell.wait_until(|| is_free(&path) || since.read() > READERS);
        if is_free(&path) {
            remove_folder(&path)?;
            files::sync(&data)?;
        }
        let bytes_after = bytes_of(self.view.folder());
        Ok(Rebuilt { rows: self.view.mark().sum.rows, bytes_before, bytes_after })
    }

    /// Refuses if the new view may not fit beside the old one and the low-water mark.
    fn look_for_room(&self, bytes_before: u64) -> Result<(), StoreError> {
        let folder = &self.shared.folder;
        let newest = checkpoint::list(folder)?.into_iter().next();
        let bytes = newest.and_then(|(_, path)| fs::metadata(path).ok()).map(|file| file.len());
        let needed = bytes.map_or(bytes_before, |bytes| (bytes * SLED_FACTOR).min(bytes_before));
        let free = room::Disk::of(folder)?.free;
        if free > needed + self.shared.low_water {
            return Ok(());
        }
        Err(StoreError::Full { folder: folder.clone() })
    }

    /// Writes the rows into a view of their own, and counts them there.
    fn fill(&self, folder: &Path, told: &Tell) -> Result<View, StoreError> {
        let mark = self.view.mark();
        let mut new = View::make(folder, self.cache_bytes)?;
        let rows = self.watched(self.view.rows(), "writing the new view", told);
        new.fill(rows, mark.tip, &|_| {})?;
        if new.mark().sum != mark.sum {
            let what = "it no longer holds the rows that were written (restart, it is made anew)".to_owned();
            let error = StoreError::FileDamaged { path: self.view.folder().to_owned(), what };
            return Err(self.shared.stop(error));
        }
        let mut sum = Sum::default();
        for row in self.watched(new.rows(), "reading the new view back", told) {
            let (key, value) = row?;
            sum.add(&key, &value);
        }
        if sum != mark.sum {
            let what = "it does not hold the rows that were just written into it".to_owned();
            return Err(StoreError::FileDamaged { path: folder.to_owned(), what });
        }
        Ok(new)
    }

    /// Rows that end with an error when the store closes, the disk gets full, or nobody wants them.
    fn watched(
        &self,
        rows: impl Iterator<Item = Result<Row, StoreError>>,
        doing: &str,
        told: &Tell,
    ) -> impl Iterator<Item = Result<Row, StoreError>> {
        let all = self.view.mark().sum.rows;
        (1..).zip(rows).map(move |(done, row)| {
            if done % LOOK_EVERY == 1 {
                if self.shared.bell.is_closed() {
                    return Err(StoreError::CalledOff);
                }
                if room::Disk::of(&self.shared.folder)?.is_low(self.shared.low_water) {
                    return Err(StoreError::Full { folder: self.shared.folder.clone() });
                }
                tell(told, doing, done, Some(all))?;
            }
            row
        })
    }
}

/// Says whether nobody has a view open: sled holds a lock on its file.
fn is_free(folder: &Path) -> bool {
    File::open(folder.join("db")).is_ok_and(|file| file.try_lock().is_ok())
}

/// Bytes of the files in a folder, those below it included.
pub(super) fn bytes_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let bytes = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_of(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(bytes).sum()
}

#[cfg(test)]
mod tests;
