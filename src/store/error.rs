//! What can go wrong with a store.

use super::codec::CodecError;
use super::{BlobId, INLINE_LIMIT};
use crate::machine::id::ApplicationId;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The store failed, or holds what it must not.
///
/// [`TooLarge`](Self::TooLarge), [`NoBlob`](Self::NoBlob) and [`TooOld`](Self::TooOld) blame the
/// caller: nothing was written and the store goes on. All others blame the world.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A part of an item, or a blob, is over its limit; nothing was written.
    #[error("{what} of application {application} has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// Whose.
        application: ApplicationId,
        /// Which part.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A blob is over its limit; nothing was written.
    #[error("a blob has {size} bytes, the limit is {limit}")]
    BlobTooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// An item names a blob that was never put; nothing was written.
    #[error(
        "document {number} of application {application} names blob {blob}, which was never put (above {INLINE_LIMIT} bytes, put the blob first)"
    )]
    NoBlob {
        /// Whose.
        application: ApplicationId,
        /// Which document.
        number: u32,
        /// The blob named.
        blob: BlobId,
    },
    /// The changes asked for are forgotten: take a snapshot and go on from there.
    #[error("the changes asked for are forgotten, the oldest kept is {oldest}")]
    TooOld {
        /// The oldest sequence kept.
        oldest: u64,
    },
    /// A stored row is not what was written.
    #[error("{row} cannot be read (run `docket store check`, then restore from a backup)")]
    Damaged {
        /// Which row.
        row: String,
        /// What is wrong with it.
        #[source]
        source: CodecError,
    },
    /// Rows that must be there are not, or do not fit together.
    #[error("{what} (run `docket store check`, then restore from a backup)")]
    Inconsistent {
        /// What is missing or contradicts.
        what: String,
    },
    /// A blob is gone or has other bytes than were put.
    #[error("blob {blob} {what} (restore it from a backup)")]
    BlobDamaged {
        /// Which.
        blob: BlobId,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A file of the folder is not what was written.
    #[error("{} is damaged: {what}", path.display())]
    FileDamaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The disk has no room for what was asked; nothing was written.
    #[error("the disk of {} has too little room", folder.display())]
    Full {
        /// The folder of the store.
        folder: PathBuf,
    },
    /// Another process, or another store in this one, has the folder open.
    #[error("{} is in use by another docket: stop that one first", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder was written by a newer Docket; nothing was touched.
    #[error(
        "{} has format {found}, the newest that this docket knows is {known}: start the docket that wrote it",
        folder.display()
    )]
    NewerFolder {
        /// The folder.
        folder: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// The folder does not hold what it held; it is left as it is.
    #[error(
        "{lost}; nothing was repaired: move {} away, keep it, and restore a backup into its place",
        folder.display()
    )]
    Lost {
        /// The folder.
        folder: PathBuf,
        /// What is lost or contradicts.
        lost: String,
    },
    /// The operating system refused.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// What must be on disk before a group could not be made durable.
    #[error("could not make durable what a group names")]
    BeforeSync {
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// sled failed.
    #[error("could not {doing}")]
    Sled {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        #[source]
        source: ::sled::Error,
    },
    /// sled panicked: its files are damaged in a way that it does not expect.
    #[error("could not {doing}: sled panicked with \"{message}\" (restore from a backup)")]
    SledPanic {
        /// What was tried.
        doing: &'static str,
        /// What it said.
        message: String,
    },
    /// It cannot be done as it was asked for; nothing was changed.
    #[error("{why}")]
    Declined {
        /// Why not.
        why: String,
    },
    /// Another backup or rebuild of the same store is under way.
    #[error("another backup or rebuild is under way: wait until it has ended")]
    Busy,
    /// Whoever wanted it has gone, or the store closes.
    #[error("it was called off before its end")]
    CalledOff,
    /// What a backup takes along from beside the store could not be read.
    #[error("could not read the keys")]
    Keys {
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A write failed, so nobody can say what is on disk: the store takes no more groups until
    /// it is opened again.
    #[error("the store has stopped, because a write failed: restart, it recovers what is durable")]
    Stopped {
        /// The failure that stopped it.
        #[source]
        cause: Arc<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Returns whether the caller is to blame, so that nothing was written and the store goes on.
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::TooLarge { .. }
            | Self::BlobTooLarge { .. }
            | Self::NoBlob { .. }
            | Self::Full { .. }
            | Self::Declined { .. }
            | Self::Busy
            | Self::CalledOff
            | Self::TooOld { .. } => true,
            Self::Damaged { .. }
            | Self::Inconsistent { .. }
            | Self::BlobDamaged { .. }
            | Self::FileDamaged { .. }
            | Self::Locked { .. }
            | Self::NewerFolder { .. }
            | Self::Lost { .. }
            | Self::Io { .. }
            | Self::BeforeSync { .. }
            | Self::Keys { .. }
            | Self::Sled { .. }
            | Self::SledPanic { .. }
            | Self::Stopped { .. } => false,
        }
    }
}
