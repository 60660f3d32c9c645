//! How much room the disk has.
//!
//! Owns the ballast: a file that is there to be deleted, so that a full disk can be opened. It
//! must never let a commit begin that the disk may have no room for.

use super::files;
use crate::store::{Room, StoreError};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

/// The name of the ballast.
const BALLAST: &str = "ballast";

/// What the ballast weighs in bytes: enough to write the view out once and to go on a while.
pub(super) const BALLAST_BYTES: u64 = 64 << 20;

/// The room as it was found last.
#[derive(Debug)]
pub(super) struct Gauge(AtomicU8);

impl Gauge {
    pub(super) const fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    pub(super) fn read(&self) -> Room {
        match self.0.load(Ordering::Relaxed) {
            0 => Room::Ample,
            1 => Room::Low,
            _ => Room::None,
        }
    }

    pub(super) fn set(&self, room: Room) {
        let number = match room {
            Room::Ample => 0,
            Room::Low => 1,
            Room::None => 2,
        };
        self.0.store(number, Ordering::Relaxed);
    }
}

/// The bytes that the disk of a folder can still take from us.
pub(super) fn free(folder: &Path) -> Result<u64, StoreError> {
    let stat =
        rustix::fs::statvfs(folder).map_err(|e| files::failed("ask for the room of", folder)(e.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Makes the ballast if it is not there whole.
pub(super) fn load_ballast(folder: &Path) -> Result<(), StoreError> {
    let path = folder.join(BALLAST);
    if fs::metadata(&path).is_ok_and(|found| found.len() == BALLAST_BYTES) {
        return Ok(());
    }
    let write = || {
        let mut file = File::create(&path)?;
        let zeros = vec![0; 1 << 20];
        for _ in 0..BALLAST_BYTES >> 20 {
            file.write_all(&zeros)?;
        }
        file.sync_all()
    };
    write().map_err(files::failed("write", &path))
}

/// Says what the ballast weighs, if it is there.
pub(super) fn ballast(folder: &Path) -> u64 {
    fs::metadata(folder.join(BALLAST)).map_or(0, |found| found.len())
}

/// Throws the ballast off; says whether there was any.
pub(super) fn drop_ballast(folder: &Path) -> Result<bool, StoreError> {
    let path = folder.join(BALLAST);
    match fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(files::failed("delete", &path)(error)),
    }
}
