//! What a check finds: problems, how bad each is, and what to do about it.

use crate::store::Counts;
use std::collections::BTreeMap;
use std::fmt::Display;

/// How many of one kind are named.
const NAMED: usize = 20;

/// What can be wrong with a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// The MANIFEST is missing or damaged.
    Manifest,
    /// Commits that were durable are in no copy.
    Commits,
    /// A row cannot be read.
    Row,
    /// An application's value makes no sense.
    Snapshot,
    /// A journal has gaps, or does not fit its chain or its application.
    Journal,
    /// Changes are missing.
    Change,
    /// A document is missing.
    Document,
    /// The blob of a document is missing or damaged.
    Blob,
    /// An archive file does not have the journals that it must.
    Archive,
    /// The key of an application is missing or damaged.
    Key,
    /// The file of keys is missing.
    KeyFile,
    /// A file of the log is not as it was written.
    LogFile,
    /// Commits are missing in the log.
    LogHole,
    /// A checkpoint is not as it was written.
    Checkpoint,
    /// The view does not hold what it must.
    View,
    /// The totals are not what there is.
    Totals,
    /// An application waits without a wake-up, or a wake-up without an application.
    Wake,
    /// An application lacks index rows, or index rows their application.
    Index,
    /// A delivery and its queue do not agree.
    Queue,
    /// A request and its change do not agree.
    Request,
    /// A row is of no kind that this Docket knows.
    Unknown,
    /// A blob that no document names is not what its name says.
    BlobDamaged,
    /// An archive file is not as it was written.
    ArchiveDamaged,
    /// The log ends with a commit that was never acknowledged.
    Torn,
    /// A blob is named by no document.
    Orphan,
    /// An archive file is named by no row.
    ArchiveOrphan,
    /// The key of an application was erased.
    Erased,
    /// Something was put aside by an opening.
    Aside,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it may be.
    Note,
    /// Not as it was written; what was acknowledged is there.
    Damaged,
    /// What was acknowledged is gone.
    Lost,
}

impl Problem {
    /// Says how bad it is.
    pub const fn level(self) -> Level {
        match self {
            Self::Commits
            | Self::Row
            | Self::Snapshot
            | Self::Journal
            | Self::Change
            | Self::Document
            | Self::Blob
            | Self::Archive
            | Self::Key
            | Self::KeyFile => Level::Lost,
            Self::Manifest
            | Self::LogFile
            | Self::LogHole
            | Self::Checkpoint
            | Self::View
            | Self::Totals
            | Self::Wake
            | Self::Index
            | Self::Queue
            | Self::Request
            | Self::Unknown
            | Self::BlobDamaged
            | Self::ArchiveDamaged => Level::Damaged,
            Self::Torn | Self::Orphan | Self::ArchiveOrphan | Self::Erased | Self::Aside => Level::Note,
        }
    }

    /// Gives its permanent word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "MANIFEST",
            Self::Commits => "COMMITS_LOST",
            Self::Row => "ROW_UNREADABLE",
            Self::Snapshot => "APPLICATION_UNREADABLE",
            Self::Journal => "JOURNAL_BROKEN",
            Self::Change => "CHANGES_MISSING",
            Self::Document => "DOCUMENT_MISSING",
            Self::Blob => "BLOB_LOST",
            Self::Archive => "ARCHIVE_LOST",
            Self::Key => "KEY_LOST",
            Self::KeyFile => "KEYS_MISSING",
            Self::LogFile => "LOG_DAMAGED",
            Self::LogHole => "LOG_HOLE",
            Self::Checkpoint => "CHECKPOINT_DAMAGED",
            Self::View => "VIEW_DAMAGED",
            Self::Totals => "TOTALS_WRONG",
            Self::Wake => "WAKE_UP_ORPHANED",
            Self::Index => "INDEX_WRONG",
            Self::Queue => "QUEUE_WRONG",
            Self::Request => "REQUEST_WRONG",
            Self::Unknown => "ROW_UNKNOWN",
            Self::BlobDamaged => "BLOB_DAMAGED",
            Self::ArchiveDamaged => "ARCHIVE_DAMAGED",
            Self::Torn => "LOG_TORN",
            Self::Orphan => "BLOB_ORPHANED",
            Self::ArchiveOrphan => "ARCHIVE_ORPHANED",
            Self::Erased => "KEY_ERASED",
            Self::Aside => "PUT_ASIDE",
        }
    }

    /// Says what to do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Manifest => "keep the folder, and restore the newest backup into another one",
            Self::Commits | Self::Row | Self::Snapshot | Self::Journal | Self::Change => {
                "keep the folder, restore the newest backup into another one, and compare"
            }
            Self::Document | Self::Blob => "copy the blob back from a backup, into the same place",
            Self::Archive | Self::ArchiveDamaged => {
                "copy the archive file back from a backup, into the same place; nothing else is affected"
            }
            Self::Key => "copy keys/data.slots back from where keys are kept",
            Self::KeyFile => "put data.slots and master.check into keys/ before the server is started",
            Self::LogFile | Self::LogHole | Self::Checkpoint => {
                "another copy has it all: start the server, it writes a new checkpoint; then check again"
            }
            Self::View => "start the server, it makes the view anew; then check again",
            Self::Totals | Self::Wake | Self::Index | Self::Queue | Self::Request => {
                "a bug, or the work of another program: tell the developers, with this list"
            }
            Self::Unknown => "run the docket that wrote it, or a newer one",
            Self::BlobDamaged => "nothing: no document needs it",
            Self::Torn => "nothing: it is wiped at the next start",
            Self::Orphan => "nothing",
            Self::ArchiveOrphan => {
                "nothing: the move into it was cut off, or undone by a restore; its journals are rows"
            }
            Self::Erased => "nothing: it was wanted",
            Self::Aside => "look at it, and delete it when the server runs well",
        }
    }
}

/// One kind of problem that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub problem: Problem,
    /// How often.
    pub count: u64,
    /// Where; the first of them.
    pub named: Vec<String>,
}

/// All that a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    found: BTreeMap<Problem, Finding>,
    /// What was read.
    pub counted: Counted,
}

/// What a check has read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// The last commit that a copy has.
    pub commit: u64,
    /// Applications, live ones and moves, as the applications themselves say.
    pub counts: Counts,
    /// Rows.
    pub rows: u64,
    /// Blobs.
    pub blobs: u64,
    /// Archive files.
    pub archives: u64,
    /// Whether the folder is a restored copy that is not released.
    pub is_held: bool,
}

impl Findings {
    /// Notes one more.
    pub(super) fn note(&mut self, problem: Problem, place: impl Display) {
        let finding = self.count(problem);
        if finding.named.len() < NAMED {
            finding.named.push(place.to_string());
        }
    }

    /// Counts one more without naming it.
    pub(super) fn count(&mut self, problem: Problem) -> &mut Finding {
        let new = || Finding { problem, count: 0, named: Vec::new() };
        let finding = self.found.entry(problem).or_insert_with(new);
        finding.count += 1;
        finding
    }

    /// Says whether there is such a problem.
    pub(super) fn has(&self, problem: Problem) -> bool {
        self.found.contains_key(&problem)
    }

    /// Lists them, the worst first.
    pub fn list(&self) -> Vec<&Finding> {
        let mut list: Vec<_> = self.found.values().collect();
        list.sort_by_key(|finding| (std::cmp::Reverse(finding.problem.level()), finding.problem));
        list
    }

    /// Says how bad the worst of it is.
    pub fn level(&self) -> Level {
        self.found.keys().map(|problem| problem.level()).max().unwrap_or(Level::Note)
    }
}
