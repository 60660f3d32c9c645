//! How much room the disk has.
//!
//! Owns the ballast: a file that is there to be deleted, so that a full disk can be opened. It
//! must never say that there is room which the next group may not find.

use super::log::Log;
use super::{Shared, files};
use crate::store::{Room, StoreError};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

/// The name of the ballast.
const BALLAST: &str = "ballast";

/// What the ballast weighs at most, in bytes: enough to open, and to go on for a while.
const BALLAST_BYTES: u64 = 64 << 20;

/// Bytes without which nothing is decided any more: keys, blobs and the view take some too.
pub(super) const NOTHING: u64 = 8 << 20;

/// Bytes that are low on any disk.
const FLOOR: u64 = 48 << 20;

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

/// A disk: what it can still take from us, and what it holds in all, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Disk {
    pub(super) free: u64,
    all: u64,
}

impl Disk {
    /// Looks at the disk of a folder.
    pub(super) fn of(folder: &Path) -> Result<Self, StoreError> {
        let failed = |error: rustix::io::Errno| files::failed("ask for the room of", folder)(error.into());
        let stat = rustix::fs::statvfs(folder).map_err(failed)?;
        let [free, all] = [stat.f_bavail, stat.f_blocks].map(|blocks| blocks.saturating_mul(stat.f_frsize));
        Ok(Self { free, all })
    }

    /// The disk when so many bytes more are taken.
    pub(super) const fn without(self, bytes: u64) -> Self {
        Self { free: self.free.saturating_sub(bytes), ..self }
    }

    /// Says whether there is less than a mark, which is lower on a small disk.
    pub(super) fn is_low(&self, mark: u64) -> bool {
        self.free < mark.min(FLOOR.max(self.all / 20))
    }

    /// The ballast of a store here.
    pub(super) fn ballast(&self) -> u64 {
        BALLAST_BYTES.min(self.all / 10)
    }
}

impl Shared {
    /// Looks how much room there is for the log and besides, and lets it be known.
    pub(super) fn look_at_room(&self, log: &Log) -> Result<(Disk, Room), StoreError> {
        let disk = Disk::of(&self.folder)?;
        let left = disk.free.checked_sub(NOTHING);
        let room = if !left.is_some_and(|left| log.has_room(left)) {
            Room::None
        } else if disk.is_low(self.low_water) {
            Room::Low
        } else {
            Room::Ample
        };
        self.room.set(room);
        Ok((disk, room))
    }
}

/// Makes the ballast if it is not there whole; says whether it is.
pub(super) fn load_ballast(folder: &Path, bytes: u64) -> Result<bool, StoreError> {
    let path = folder.join(BALLAST);
    if fs::metadata(&path).is_ok_and(|found| found.len() == bytes) {
        return Ok(true);
    }
    let file = files::make(&path)?;
    let made = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes);
    if made.is_err() {
        drop(file);
        drop_ballast(folder)?;
        // Not every file system can, and a full one cannot: then there is none.
        return Ok(false);
    }
    file.sync_all().map_err(files::failed("sync", &path))?;
    Ok(true)
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
