//! Blobs: files under the hash of their bytes, `blob/ab/ab12…`.
//!
//! Owns their names and their durability. A blob is never changed and, for now, never deleted.

use super::files;
use crate::store::{BLOB_LIMIT, BlobId, StoreError};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The name of the folder of blobs.
const FOLDER: &str = "blob";

/// Names all blobs of a data folder, or of a backup.
pub(super) fn list(data: &Path) -> Result<Vec<BlobId>, StoreError> {
    let folder = data.join(FOLDER);
    let mut found = Vec::new();
    for first in 0..=u8::MAX {
        let names = files::names(&folder.join(hex::encode([first])))?;
        found.extend(names.iter().filter_map(|name| named(name)).filter(|blob| blob.0[0] == first));
    }
    Ok(found)
}

/// Where a blob of a data folder, or of a backup, lies.
pub(super) fn path(data: &Path, blob: BlobId) -> PathBuf {
    data.join(FOLDER).join(hex::encode(&blob.0[..1])).join(blob.to_string())
}

/// The blob that a file holds by its name.
fn named(name: &OsStr) -> Option<BlobId> {
    let text = name.to_str()?;
    let blob = BlobId(hex::decode(text).ok()?.try_into().ok()?);
    (blob.to_string() == text).then_some(blob)
}

/// The blobs of a folder.
pub(super) struct Blobs {
    folder: PathBuf,
    /// Which of the 256 folders this process has made durable.
    made: [AtomicBool; 256],
    /// Keeps the temporary names of two writers apart.
    temporary: AtomicU64,
}

impl Blobs {
    /// Opens the blobs, making their folder if it is not there.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let folder = folder.join(FOLDER);
        files::make_folder(&folder)?;
        Ok(Self { folder, made: [const { AtomicBool::new(false) }; 256], temporary: AtomicU64::new(0) })
    }

    /// Keeps bytes, durable on return.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<BlobId, StoreError> {
        if bytes.len() > BLOB_LIMIT {
            return Err(StoreError::BlobTooLarge { size: bytes.len(), limit: BLOB_LIMIT });
        }
        let blob = BlobId::of(bytes);
        let folder = self.folder_of(blob);
        let made = &self.made[usize::from(blob.0[0])];
        if !made.load(Ordering::Acquire) {
            files::make_folder(&folder)?;
            made.store(true, Ordering::Release);
        }
        let path = self.path(blob);
        match fs::metadata(&path) {
            Ok(found) if found.len() == bytes.len() as u64 => {}
            // A length that no whole write leaves: damaged since, and here are the right bytes.
            Ok(_) | Err(_) => {
                let number = self.temporary.fetch_add(1, Ordering::Relaxed);
                files::write_whole(&path, &folder.join(format!("{blob}.{number}.new")), bytes)?;
            }
        }
        // Also for one that was there: whoever renamed it may have died before this.
        files::sync(&folder)?;
        Ok(blob)
    }

    /// Says whether a blob was put.
    pub(super) fn has(&self, blob: BlobId) -> bool {
        self.path(blob).is_file()
    }

    /// Reads a blob and verifies its hash.
    pub(super) fn read(&self, blob: BlobId) -> Result<Vec<u8>, StoreError> {
        let bytes = files::read_if_there(&self.path(blob))?;
        let bytes = bytes.ok_or(StoreError::BlobDamaged { blob, what: "is missing" })?;
        if BlobId::of(&bytes) != blob {
            return Err(StoreError::BlobDamaged { blob, what: "has other bytes than were put" });
        }
        Ok(bytes)
    }

    fn folder_of(&self, blob: BlobId) -> PathBuf {
        self.folder.join(hex::encode(&blob.0[..1]))
    }

    fn path(&self, blob: BlobId) -> PathBuf {
        self.folder_of(blob).join(blob.to_string())
    }
}
