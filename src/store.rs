//! The store: what Docket knows, on disk, durable before anyone is told.
//!
//! One contract, [`Store`]; [`memory`] keeps it for simulations, [`sled`] on disk. Both pass the
//! suite in [`conformance`]. The store moves bytes whose meaning it does not know (see
//! [`records`] for that); it owns versions, sequences, chains, wake-ups and their agreement.
//! It never calls anyone, reads no clock, and never says "done" before the disk has.

pub mod codec;

use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use codec::Encoded;

/// The contract of every store. All calls block; one thread commits, any thread reads.
pub trait Store: Send + Sync + 'static {
    /// Writes a group; returns once every item of it is durable.
    ///
    /// Each item is atomic, and so is the group. An item whose expected version is not the
    /// stored one is refused, and so are the later items of the same application in the group
    /// (not those of others). An error means that nothing may be believed to be written: the
    /// caller stops and recovers.
    fn commit(&self, group: &[Item]) -> Result<Vec<Verdict>, StoreError>;

    /// Keeps bytes under their own hash, durable on return; the same bytes twice are one blob.
    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId, StoreError>;

    /// Reads one application.
    fn application(&self, id: ApplicationId) -> Result<Option<Stored>, StoreError>;

    /// Reads applications in the order of their ids, from the one after `after`.
    fn applications(&self, after: Option<ApplicationId>, limit: usize) -> Result<Vec<(ApplicationId, Stored)>, StoreError>;

    /// Reads a journal in order, the entries with a version above `after`.
    fn journal(&self, id: ApplicationId, after: u64, limit: usize) -> Result<Vec<(u64, Encoded)>, StoreError>;

    /// Reads the stream of changes in order, those with a sequence above `after`.
    fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError>;

    /// Says which sequences the stream holds: `(oldest kept, newest durable)`, `(1, 0)` when none.
    fn span(&self) -> Result<(u64, u64), StoreError>;

    /// Forgets changes with a sequence below `before`.
    fn forget_changes(&self, before: u64) -> Result<(), StoreError>;

    /// Reads wake-ups in order of time, those after `after` and not later than `until`.
    fn wakes(&self, after: Option<Wake>, until: Time, limit: usize) -> Result<Vec<Wake>, StoreError>;

    /// Reads the applications under an index key in order of id, those after `after`.
    fn indexed(&self, key: &IndexKey, after: Option<ApplicationId>, limit: usize) -> Result<Vec<ApplicationId>, StoreError>;

    /// Reads one document of an application.
    fn document(&self, id: ApplicationId, number: u32) -> Result<Option<Vec<u8>>, StoreError>;

    /// Counts what is there.
    fn counts(&self) -> Counts;

    /// Compares every live application with the wake-ups, both ways; reads all headers.
    fn audit(&self) -> Result<Audit, StoreError>;
}

/// One application's move: compare the version, write all of this.
#[derive(Debug, Clone)]
pub struct Item {
    /// Whose.
    pub application: ApplicationId,
    /// The version that must be stored now; 0 for an application that must not exist yet. The
    /// item brings it to `expected + 1`.
    pub expected: u64,
    /// The new value.
    pub snapshot: Encoded,
    /// The journal entry of the move.
    pub entry: Encoded,
    /// What watchers will read.
    pub change: Encoded,
    /// When Docket looks at it next; `None` only when it is ended.
    pub wake: Option<Time>,
    /// Documents that it gains.
    pub documents: Vec<(u32, Document)>,
    /// Index rows that it loses.
    pub unindex: Vec<IndexKey>,
    /// Index rows that it gains.
    pub index: Vec<IndexKey>,
}

/// The bytes of a document, or where they were put.
#[derive(Debug, Clone)]
pub enum Document {
    /// At most [`INLINE_LIMIT`] bytes, kept beside the application.
    Inline(Vec<u8>),
    /// A blob that [`Store::put_blob`] has made durable.
    Blob(BlobId),
}

/// The largest value that is kept beside the application; above it sled would put it into files
/// that nobody syncs (128 KiB), and scans would drag it along.
pub const INLINE_LIMIT: usize = 16 * 1024;

/// The SHA-256 of a blob's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub [u8; 32]);

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Durable, with its place in the stream of changes.
    Committed {
        /// The place: contiguous over all applications, from 1.
        sequence: u64,
    },
    /// Not written: the stored version is another one.
    Stale {
        /// The version found.
        found: u64,
    },
}

/// An application as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// How many moves it has made: the number of its last journal entry.
    pub version: u64,
    /// The place of its last move in the stream of changes.
    pub sequence: u64,
    /// Its wake-up; `None` when it is ended.
    pub wake: Option<Time>,
    /// Its value.
    pub snapshot: Encoded,
}

/// One line of the stream of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place, contiguous from 1.
    pub sequence: u64,
    /// Whose.
    pub application: ApplicationId,
    /// The application's version after it.
    pub version: u64,
    /// What it says.
    pub body: Encoded,
}

/// A wake-up: at this time, this application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wake {
    /// When.
    pub at: Time,
    /// Who.
    pub application: ApplicationId,
}

/// A key of an index: which index, and the value looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexKey {
    /// The permanent number of the index.
    pub index: u8,
    /// The value, at most [`INDEX_VALUE_LIMIT`] bytes.
    pub value: Vec<u8>,
}

/// The longest value of an index key.
pub const INDEX_VALUE_LIMIT: usize = 256;

/// How much is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All applications.
    pub applications: u64,
    /// Those that are not ended.
    pub live: u64,
    /// Journal entries, which is also the newest sequence.
    pub moves: u64,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// Live applications found.
    pub live: u64,
    /// Wake-ups found.
    pub wakes: u64,
    /// Live applications without their wake-up, and wake-ups without a live application: at
    /// most [`ORPHANS_NAMED`] of them by name.
    pub orphans: Vec<ApplicationId>,
    /// How many orphans there are.
    pub orphan_count: u64,
}

/// How many orphans an audit names.
pub const ORPHANS_NAMED: usize = 100;

/// The store failed, or holds what it must not.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Placeholder to be replaced by real variants.
    #[error("unsupported")]
    Unsupported,
}
