//! Upkeep: what an administrator does with a store on disk, beside the traffic.
//!
//! Owns the words for it; the store on disk does it. All of it blocks for as long as it takes, and
//! nothing of it keeps a commit waiting.

use super::{Counts, StoreError};
use crate::machine::time::Time;
use std::error::Error;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// What a store on disk can be told to do.
pub trait Upkeep: Send + Sync {
    /// Lets a restored copy call the provider and tell partners from now on; durable on return.
    ///
    /// # Errors
    /// [`StoreError::Declined`] if it is not held.
    fn release(&self) -> Result<(), StoreError>;

    /// Copies what is durable now into a folder of this machine, and reads it back.
    ///
    /// # Errors
    /// [`StoreError::Busy`]; [`StoreError::Declined`] if the folder cannot take it; [`StoreError::Full`] if
    /// it lies on the disk of the store, which needs the room; [`StoreError::CalledOff`]; damage, and the
    /// system's. The folder then holds the backup that it held before, if any.
    fn backup(&self, order: &BackupOrder<'_>, tell: &Tell) -> Result<BackedUp, StoreError>;

    /// Writes the rows of the view into a new one, without the room that sled has lost, and puts it in
    /// the place of the old one. Commits go on; they are kept in memory for so long.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::CalledOff`], [`StoreError::Full`], and sled's: then the
    /// old view serves on. [`StoreError::Stopped`] if the view turns out to be damaged.
    fn rebuild(&self, tell: &Tell) -> Result<Rebuilt, StoreError>;

    /// Counts what is there. `by_kind` reads every row, which takes long in a large store.
    fn stats(&self, by_kind: bool) -> Result<Stats, StoreError>;
}

/// What takes so long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, and why.
    pub doing: String,
    /// How much of it is done: rows, commits, files or bytes.
    pub done: u64,
    /// How much there is, where that is known.
    pub all: Option<u64>,
}

/// Hears what is being done, many times a second at most, and may call it off.
pub type Tell = Arc<dyn Fn(&Progress) -> ControlFlow<()> + Send + Sync>;

/// Gives the bytes of a file of keys.
pub type ReadKeys<'a> = &'a dyn Fn() -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;

/// What a backup is to be.
pub struct BackupOrder<'a> {
    /// The folder: an absolute path. If it holds a backup of the same store, what is new is added.
    pub to: PathBuf,
    /// The file that tells a wrong master key; it is no secret.
    pub master_check: ReadKeys<'a>,
    /// The data keys, if they are to be in the backup.
    pub data_keys: Option<ReadKeys<'a>>,
}

/// A backup that was read back and is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The last commit that is in it.
    pub commit: u64,
    /// The newest sequence that is in it.
    pub sequence: u64,
    /// When the last commit was made.
    pub time: Time,
    /// The bytes that were written.
    pub bytes: u64,
    /// The files that were written.
    pub files: u64,
    /// Whether it was added to what was there.
    pub is_incremental: bool,
    /// How many blobs are in the folder.
    pub blobs: u64,
    /// How many archive files are in the folder.
    pub archives: u64,
    /// Documents whose blob, and archive files, that are missing or damaged in the store itself; the first
    /// of them by name.
    pub lacking: Vec<String>,
    /// How many there are.
    pub lacking_count: u64,
}

/// A view that was made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// The rows in it.
    pub rows: u64,
    /// The bytes of the old one on disk.
    pub bytes_before: u64,
    /// The bytes of the new one.
    pub bytes_after: u64,
}

/// What is there, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// The random name of the store.
    pub instance: [u8; 16],
    /// Whether it is a restored copy that is not released.
    pub is_held: bool,
    /// The last durable commit.
    pub commit: u64,
    /// What there is after it.
    pub counts: Counts,
    /// The oldest change that is kept.
    pub oldest_change: u64,
    /// The commit log.
    pub log: LogStats,
    /// The newest checkpoint, if there is one.
    pub checkpoint: Option<CheckpointStats>,
    /// The view, if it can be read.
    pub view: Option<ViewStats>,
    /// How many blobs there are.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// How many archive files there are.
    pub archives: u64,
    /// Their bytes.
    pub archive_bytes: u64,
    /// Bytes of the ballast.
    pub ballast_bytes: u64,
    /// Bytes that the disk can still take.
    pub free_bytes: u64,
    /// Bytes of free space below which nothing more is taken in.
    pub low_water_bytes: u64,
    /// Every kind of row, if they were to be counted.
    pub kinds: Vec<KindStats>,
}

/// The commit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogStats {
    /// The first commit that is still in it.
    pub oldest: u64,
    /// Segments in use.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Segments to come.
    pub spares: u64,
}

/// A checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointStats {
    /// The commit after which it is.
    pub commit: u64,
    /// Its bytes: about what all rows together have.
    pub bytes: u64,
    /// When it was begun.
    pub time: Time,
}

/// The view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewStats {
    /// The last commit in it.
    pub commit: u64,
    /// How many rows it holds.
    pub rows: u64,
    /// Its bytes on disk.
    pub bytes: u64,
}

/// Rows of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindStats {
    /// Which.
    pub kind: &'static str,
    /// How many.
    pub rows: u64,
    /// The bytes of their keys and values.
    pub bytes: u64,
}

/// Tells, and ends the work if nobody wants it any more.
pub(super) fn tell(tell: &Tell, doing: &str, done: u64, all: Option<u64>) -> Result<(), StoreError> {
    match tell(&Progress { doing: doing.to_owned(), done, all }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(StoreError::CalledOff),
    }
}
