//! Blobs: files under the hash of their bytes, `blob/ab/ab12…`.
//!
//! Owns their names and their durability. A blob is never changed. The time of its file says when it
//! was put last, by Docket's clock; one that was put long ago is deleted when its owner says so.

use super::files;
use crate::clock;
use crate::machine::time::Time;
use crate::store::{BLOB_LIMIT, BlobId, StoreError};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
    /// Held while the time of a file is looked at and something is done about it.
    times: Mutex<()>,
}

impl Blobs {
    /// Opens the blobs, making their folder if it is not there.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let folder = folder.join(FOLDER);
        files::make_folder(&folder)?;
        Ok(Self {
            folder,
            made: [const { AtomicBool::new(false) }; 256],
            temporary: AtomicU64::new(0),
            times: Mutex::new(()),
        })
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
        match self.renew(&path)? {
            Some(len) if len == bytes.len() as u64 => {}
            // A length that no whole write leaves: damaged since, and here are the right bytes.
            Some(_) | None => {
                let number = self.temporary.fetch_add(1, Ordering::Relaxed);
                files::write_whole(&path, &folder.join(format!("{blob}.{number}.new")), bytes)?;
                self.renew(&path)?;
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

    /// Gives the blobs with this first byte that were put before a moment, and clears away what was
    /// begun to be written before it.
    pub(super) fn put_before(&self, number: u8, before: Time) -> Result<Vec<BlobId>, StoreError> {
        let folder = self.folder.join(hex::encode([number]));
        let mut found = Vec::new();
        for name in files::names(&folder)? {
            let path = folder.join(&name);
            let is_old = || Ok(put_at(&path)?.is_some_and(|(put, _)| put < before));
            let name = name.to_string_lossy();
            let id = hex::decode(name.as_bytes()).ok().and_then(|id| id.try_into().ok());
            match id.map(BlobId) {
                Some(blob) if is_old()? => found.push(blob),
                Some(_) => {}
                None if name.ends_with(".new") && is_old()? => {
                    fs::remove_file(&path).map_err(files::failed("delete", &path))?;
                }
                // Not ours.
                None => {}
            }
        }
        Ok(found)
    }

    /// Deletes a blob that was put before a moment, and not again since; gives its bytes.
    pub(super) fn delete_if_put_before(&self, blob: BlobId, before: Time) -> Result<Option<u64>, StoreError> {
        let path = self.path(blob);
        let _times = self.times();
        match put_at(&path)? {
            Some((put, len)) if put < before => {
                fs::remove_file(&path).map_err(files::failed("delete", &path))?;
                Ok(Some(len))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Says on a file that it was put now; gives its length, if it is there.
    fn renew(&self, path: &Path) -> Result<Option<u64>, StoreError> {
        let _times = self.times();
        let renewed = File::options().write(true).open(path).and_then(|file| {
            file.set_modified(UNIX_EPOCH + Duration::from_millis(clock::now().as_millis()))?;
            file.metadata()
        });
        match renewed {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(files::failed("renew", path)(error)),
        }
    }

    fn times(&self) -> MutexGuard<'_, ()> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder_of(&self, blob: BlobId) -> PathBuf {
        self.folder.join(hex::encode(&blob.0[..1]))
    }

    fn path(&self, blob: BlobId) -> PathBuf {
        self.folder_of(blob).join(blob.to_string())
    }
}

/// When the blob in a file was put last, and its length; none if it is not there.
fn put_at(path: &Path) -> Result<Option<(Time, u64)>, StoreError> {
    let found = fs::metadata(path).and_then(|found| Ok((found.modified()?, found.len())));
    match found {
        Ok((modified, len)) => Ok(Some((time(modified), len))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(files::failed("look at", path)(error)),
    }
}

fn time(of: SystemTime) -> Time {
    let millis = of.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Time::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}
