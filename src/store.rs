//! The store: what Docket knows, on disk, durable before anyone is told.
//!
//! One contract, [`Store`]; [`memory`] keeps it for simulations, [`sled`] on disk. Both pass one
//! suite of tests, `store/conformance.rs`. The store moves bytes whose meaning it does not know;
//! it owns versions, sequences, chains, wake-ups and their agreement. It never calls anyone,
//! reads no clock, and never says "done" before the disk has.

mod archive;
pub mod codec;
#[cfg(test)]
mod conformance;
pub mod copy;
mod definition;
mod delivery;
pub mod disk;
mod error;
#[cfg(test)]
mod golden;
mod keys;
pub mod memory;
mod outage;
mod plan;
mod read;
pub mod records;
mod rows;
pub mod upkeep;

pub use archive::{ARCHIVE_LIMIT, Archived};
pub use definition::{Definition, DefinitionGroup, Part};
pub use delivery::{Delivery, DeliveryGroup, DeliveryKey, Place, Queue, Queued};
pub use error::StoreError;
pub use outage::{Outage, OutageGroup};

use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use aws_lc_rs::digest;
use codec::Encoded;
use std::collections::BTreeMap;
use std::fmt;
use upkeep::Upkeep;

/// The contract of every store. All calls block; one thread appends, one syncs, any thread reads.
///
/// Reads of rows see a group before it is durable: whoever answers to the outside waits until
/// [`Stored::sequence`] is not above the newest of [`span`](Self::span), which, like
/// [`counts`](Self::counts) and [`changes`](Self::changes), never runs ahead of the disk. Every
/// `limit` is clamped to [`READ_LIMIT`]. Every read can fail on damage that it meets: checksums,
/// contiguous numbers and chains are verified on the way.
pub trait Store: Send + Sync + 'static {
    /// Decides a group and writes it into memory: reads see it at once; it is durable with the next
    /// [`sync`](Self::sync) that begins after this returned, and a crash before that may take it back
    /// with all that was appended or written after it.
    ///
    /// Each item is atomic, and so is the group. An item whose expected version is not the
    /// stored one is refused, and so are the later items of the same application in the group
    /// (not those of others).
    ///
    /// An item over a limit ([`RECORD_LIMIT`], [`INLINE_LIMIT`], [`INDEX_VALUE_LIMIT`]) or with a
    /// blob that was never put is the caller's mistake, a full disk nobody's: the whole group is refused before anything
    /// is written ([`StoreError::is_refusal`]). Any other error means that nothing may be believed
    /// to be written: the caller stops and recovers; the store takes no more groups.
    fn append(&self, group: &[Item]) -> Result<Vec<Verdict>, StoreError>;

    /// Makes durable whatever was appended or written before the call: groups, deliveries, outages;
    /// nothing if another has done so before. Gives the newest durable sequence.
    ///
    /// Called from one thread at a time, beside [`append`](Self::append) from another. An error means
    /// that nobody can say what is durable: the store takes no more groups.
    fn sync(&self) -> Result<u64, StoreError>;

    /// Appends a group and syncs it: on return it is durable.
    fn commit(&self, group: &[Item]) -> Result<Vec<Verdict>, StoreError> {
        let verdicts = self.append(group)?;
        self.sync()?;
        Ok(verdicts)
    }

    /// Says how much room there is for more.
    fn room(&self) -> Room;

    /// Keeps at most [`BLOB_LIMIT`] bytes under their own hash, durable on return; the same bytes
    /// twice are one blob, put anew.
    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId, StoreError>;

    /// Deletes the blobs that were put before `before` and that no document names; gives how many they
    /// were. A blob that a document may still come to name must not have been put that long ago. No
    /// document is ever left without its blob: [`append`](Self::append) refuses one that is gone.
    fn sweep_blobs(&self, before: Time) -> Result<Swept, StoreError>;

    /// Reads one application; its last move may not be durable yet, see [`Store`].
    fn application(&self, id: ApplicationId) -> Result<Option<Stored>, StoreError>;

    /// Reads applications in the order of their ids, from the one after `after`.
    fn applications(
        &self,
        after: Option<ApplicationId>,
        limit: usize,
    ) -> Result<Vec<(ApplicationId, Stored)>, StoreError>;

    /// Reads a journal in order, the entries with a version above `after`.
    fn journal(&self, id: ApplicationId, after: u64, limit: usize)
    -> Result<Vec<(u64, Encoded)>, StoreError>;

    /// Moves the journals of ended applications into the archive, durable on return: closed files that
    /// are smaller than the rows and never change again. [`journal`](Self::journal) reads them as before,
    /// and what is added later stays beside them. An application that is live, unknown or archived
    /// already is passed over; at most [`ARCHIVE_LIMIT`] are looked at. Nothing is moved where there is no
    /// ample [`room`](Self::room).
    fn archive(&self, ids: &[ApplicationId]) -> Result<Archived, StoreError>;

    /// Reads the applications whose journals are archived in order of id, those after `after`.
    fn archived(&self, after: Option<ApplicationId>, limit: usize) -> Result<Vec<ApplicationId>, StoreError>;

    /// Reads the stream of changes in order, those with a sequence above `after`, durable ones
    /// only; [`StoreError::TooOld`] when some of these are forgotten.
    fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError>;

    /// Says which sequences the stream holds: `(oldest kept, newest durable)`, `(1, 0)` when there
    /// never was one, `(newest + 1, newest)` when all are forgotten.
    fn span(&self) -> Result<(u64, u64), StoreError>;

    /// Forgets durable changes with a sequence below `before`, and the requests that made them: they
    /// are told no more from now on, though a crash may bring the last of them back.
    fn forget_changes(&self, before: u64) -> Result<(), StoreError>;

    /// Reads wake-ups in order of time, those after `after` and not later than `until`.
    fn wakes(&self, after: Option<Wake>, until: Time, limit: usize) -> Result<Vec<Wake>, StoreError>;

    /// Reads the applications under an index key in order of id, those after `after`.
    fn indexed(
        &self,
        key: &IndexKey,
        after: Option<ApplicationId>,
        limit: usize,
    ) -> Result<Vec<ApplicationId>, StoreError>;

    /// Finds the move that a request made, as long as its change is kept.
    fn request(&self, key: RequestKey) -> Result<Option<Remembered>, StoreError>;

    /// Reads one document of an application.
    fn document(&self, id: ApplicationId, number: u32) -> Result<Option<Vec<u8>>, StoreError>;

    /// Reads up to where the stream of changes is taken over into deliveries, by partner.
    fn delivery_cursors(&self) -> Result<BTreeMap<String, u64>, StoreError>;

    /// Reads a delivery.
    fn delivery(&self, key: DeliveryKey) -> Result<Option<Delivery>, StoreError>;

    /// Reads the deliveries of an application in order, those with a version above `after`.
    fn deliveries(
        &self,
        application: ApplicationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Reads a partner's queue in order of time, the rows after `after` and not later than `until`.
    fn queued(
        &self,
        queue: Queue,
        partner: &str,
        after: Option<(Time, DeliveryKey)>,
        until: Time,
        limit: usize,
    ) -> Result<Vec<Queued>, StoreError>;

    /// Writes deliveries and cursors, all or nothing, and moves them between the queues. They are
    /// durable with the next [`sync`](Self::sync): a crash before that takes the newest of these
    /// writes back, cursor and deliveries alike.
    ///
    /// # Panics
    /// On the name of a partner with more than [`INDEX_VALUE_LIMIT`] bytes.
    fn write_deliveries(&self, group: &DeliveryGroup) -> Result<(), StoreError>;

    /// Reads the outages in order of system and start, those after `after`.
    fn outages(&self, after: Option<(u16, Time)>, limit: usize) -> Result<Vec<Outage>, StoreError>;

    /// Writes outages, all or nothing; durable with the next [`sync`](Self::sync).
    fn write_outages(&self, group: &OutageGroup) -> Result<(), StoreError>;

    /// Reads the parts of the definition that was written last, in order, those after `after`.
    fn definitions(&self, after: Option<&Part>, limit: usize) -> Result<Vec<Definition>, StoreError>;

    /// Writes parts of a definition, all or nothing; durable as outages are.
    fn write_definitions(&self, group: &DefinitionGroup) -> Result<(), StoreError>;

    /// Counts what is durable.
    fn counts(&self) -> Counts;

    /// Compares every live application with the wake-ups, both ways; reads all headers, page by
    /// page. Groups may be committed meanwhile: orphans are confirmed between two groups, so each
    /// is real, while the numbers of live applications and wake-ups may differ by such moves.
    fn audit(&self) -> Result<Audit, StoreError>;

    /// Says whether this is a restored copy that is not released yet: until then nobody is to be
    /// called or told anything because of what it holds.
    fn is_held(&self) -> bool {
        false
    }

    /// Gives what an administrator can do beside the traffic; a store in memory has nothing of it.
    fn upkeep(&self) -> Option<&dyn Upkeep> {
        None
    }
}

/// How much room there is for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// Enough.
    Ample,
    /// Enough for what is under way, not for what could as well come later.
    Low,
    /// None: [`Store::append`] refuses every group.
    None,
}

/// What a sweep has deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Blobs.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
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
    /// Documents that it gains; a number that it has already is replaced.
    pub documents: Vec<(u32, Document)>,
    /// Index rows that it loses; those it does not have are passed over.
    pub unindex: Vec<IndexKey>,
    /// Index rows that it gains, after the losses: a row in both stays.
    pub index: Vec<IndexKey>,
    /// The request that made the move, if it is to be recognised when it is repeated.
    pub request: Option<Request>,
}

/// A request that is recognised when it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// By what it is found.
    pub key: RequestKey,
    /// What it asked for: another content under the same key is another request.
    pub fingerprint: [u8; 16],
}

/// By what a request is found: a digest of the id that its sender gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey(pub [u8; 16]);

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// The place of its move in the stream of changes.
    pub sequence: u64,
    /// The application that it moved.
    pub application: ApplicationId,
    /// What it asked for.
    pub fingerprint: [u8; 16],
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

/// The largest body of a snapshot, a journal entry or a change, in bytes. sled writes up to
/// sixteen rows as one, and that one must stay below the size that it puts into files of its own.
pub const RECORD_LIMIT: usize = 32 * 1024;

/// The largest blob in bytes: what the vault makes of its largest document, with room.
pub const BLOB_LIMIT: usize = 40 << 20;

/// The most rows that one read gives.
pub const READ_LIMIT: usize = 10_000;

/// The SHA-256 of a blob's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub [u8; 32]);

impl BlobId {
    /// Names bytes by their hash.
    pub fn of(bytes: &[u8]) -> Self {
        let hash = digest::digest(&digest::SHA256, bytes);
        Self(*hash.as_ref().first_chunk().expect("a SHA-256 has 32 bytes"))
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Written, with its place in the stream of changes; durable with the next sync.
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
