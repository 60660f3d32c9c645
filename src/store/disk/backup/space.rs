//! Room for a backup that is made on the disk on which the data lies.
//!
//! There a backup takes what the store needs to go on, so it leaves the low-water mark alone: it is not
//! begun where it would not, and ends where others come before it. It must never judge another disk: a
//! backup fills that as far as it goes.

use crate::store::disk::{Shared, archive, blobs, files, room};
use crate::store::{Room, StoreError};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The disk of a backup.
pub(super) struct Space<'a> {
    shared: &'a Shared,
    /// Whether the data lies on it.
    is_same: bool,
}

impl<'a> Space<'a> {
    pub(super) fn of(shared: &'a Shared, to: &Path) -> Result<Self, StoreError> {
        let disk = |path: &Path| fs::metadata(path).map_err(files::failed("look at", path));
        let is_same = disk(&shared.folder)?.dev() == disk(to)?.dev();
        Ok(Self { shared, is_same })
    }

    /// Refuses if so many bytes more would leave less than the low-water mark.
    pub(super) fn ask(&self, bytes: u64) -> Result<(), StoreError> {
        let Shared { folder, low_water, .. } = self.shared;
        if !self.is_same {
            return Ok(());
        }
        let is_low = self.shared.room.read() != Room::Ample
            || room::Disk::of(folder)?.without(bytes).is_low(*low_water);
        if is_low { Err(StoreError::Full { folder: folder.clone() }) } else { Ok(()) }
    }

    /// Refuses if what is to be copied would leave less than the low-water mark: the checkpoint if there is
    /// one to copy, the commits after one, and the blobs and archive files that are not there yet.
    pub(super) fn ask_for_all(
        &self,
        to: &Path,
        checkpoint: Option<&Path>,
        after: u64,
    ) -> Result<(), StoreError> {
        if !self.is_same {
            return Ok(());
        }
        let data = &self.shared.folder;
        let mut bytes = self.shared.log().bytes_after(after) + checkpoint.map_or(0, size);
        for blob in blobs::list(data)? {
            bytes += lacking(&blobs::path(data, blob), &blobs::path(to, blob));
        }
        for (number, path) in archive::list(data)? {
            bytes += lacking(&path, &archive::path(to, number));
        }
        self.ask(bytes)
    }
}

/// The bytes of a file that is to be copied; none if it is there, as far as its length tells.
fn lacking(from: &Path, to: &Path) -> u64 {
    let bytes = size(from);
    if size(to) == bytes { 0 } else { bytes }
}

/// The bytes of a file; one that is gone meanwhile has none.
fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}
