//! How to open a store: what its parts may take, and what is usual. Whoever opens one owns the choice.

use super::log;
use crate::store::upkeep::Progress;
use std::fmt;

/// Bytes of rows after which the view is written unless told otherwise.
const FREEZE_BYTES: usize = 16 << 20;

/// Called with what an opening is at, many times a second at most.
pub type OnProgress = Box<dyn Fn(&Progress) + Send + Sync>;

/// How to open a store.
pub struct Options {
    /// The name that a new folder gets, random; a folder that has one keeps it.
    pub instance: [u8; 16],
    /// What sled's cache may hold, in bytes; sled takes two to four times as much.
    pub cache_bytes: u64,
    /// Bytes of free space below which [`Room::Low`] is told; on a small disk it is less, a twentieth.
    pub low_water: u64,
    /// Whether room is kept in a file that can be thrown off.
    pub has_ballast: bool,
    /// The size of a segment of the log, in bytes.
    pub segment_bytes: u64,
    /// Bytes of rows after which the view is written: what is read again after a crash.
    pub freeze_bytes: usize,
    /// Bytes of the log after which a checkpoint is written, if the last one was not larger.
    pub checkpoint_bytes: u64,
    /// Told what an opening is at while it takes long.
    pub on_progress: Option<OnProgress>,
}

impl Options {
    /// The cache that is used unless told otherwise, in bytes.
    pub const CACHE_BYTES: u64 = 32 << 20;

    /// The low-water mark that is used unless told otherwise, in bytes.
    pub const LOW_WATER: u64 = 512 << 20;

    /// The bytes of log between two checkpoints unless told otherwise.
    pub const CHECKPOINT_BYTES: u64 = 128 << 20;

    /// Makes the usual options.
    pub const fn new(instance: [u8; 16]) -> Self {
        Self {
            instance,
            cache_bytes: Self::CACHE_BYTES,
            low_water: Self::LOW_WATER,
            has_ballast: true,
            segment_bytes: log::SEGMENT_BYTES,
            freeze_bytes: FREEZE_BYTES,
            checkpoint_bytes: Self::CHECKPOINT_BYTES,
            on_progress: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("cache_bytes", &self.cache_bytes).finish_non_exhaustive()
    }
}
