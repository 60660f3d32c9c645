//! The rows: each by itself, and all against each other, in one pass in the order of their keys.

use super::archives::Archives;
use super::{Files, KeyState, Keys, Problem, Work};
use crate::machine::application::Application;
use crate::machine::id::ApplicationId;
use crate::store::codec::{CodecError, Kind};
use crate::store::disk::manifest::Manifest;
use crate::store::disk::view::{self, View};
use crate::store::keys::{self, Of};
use crate::store::records::{index, snapshot};
use crate::store::rows::{self, CHAIN_START, Chain, Head, Totals};
use crate::store::{BlobId, Document, IndexKey, StoreError, Wake, upkeep};
use std::collections::BTreeSet;
use std::fmt::Display;

/// Takes what was read, or gives the row up.
macro_rules! tried {
    ($read:expr) => {
        match $read {
            Ok(read) => read,
            Err(error) => return Ok(Err(error)),
        }
    };
}

/// Checks all rows of a view.
pub(super) fn check(
    work: &mut Work<'_>,
    view: &View,
    manifest: &Manifest,
    files: Files,
    keys: &Keys<'_>,
) -> Result<(), StoreError> {
    let db = view.db();
    let totals = match view::row(&db, &keys::TOTALS)?.map(|row| rows::read_totals(&row)) {
        Some(Ok(totals)) => totals,
        None if manifest.sequence == 0 => Totals::EMPTY,
        Some(Err(_)) | None => {
            work.findings.note(Problem::Totals, "they cannot be read");
            Totals::EMPTY
        }
    };
    let all = view.mark().sum.rows;
    let mut pass = Pass {
        db,
        findings: &mut work.findings,
        manifest,
        keys,
        totals,
        next_change: totals.oldest,
        journal: None,
        archives: files.archives,
        blobs: files.blobs,
        named: BTreeSet::new(),
    };
    if matches!(keys, Keys::Missing) {
        pass.findings.note(Problem::KeyFile, "keys/data.slots");
    }
    for row in view.rows() {
        let (key, value) = row?;
        pass.findings.counted.rows += 1;
        let done = pass.findings.counted.rows;
        pass.row(key, &value)?;
        upkeep::tell(work.tell, "checking the rows", done, Some(all))?;
    }
    pass.end()
}

struct Pass<'a> {
    db: ::sled::Db,
    findings: &'a mut super::Findings,
    manifest: &'a Manifest,
    keys: &'a Keys<'a>,
    totals: Totals,
    next_change: u64,
    /// The journal at hand.
    journal: Option<Journal>,
    archives: Archives,
    /// Blobs that are what their names say.
    blobs: BTreeSet<BlobId>,
    /// Those that a document names.
    named: BTreeSet<BlobId>,
}

/// A journal that is followed.
struct Journal {
    id: ApplicationId,
    /// None if its application is not there, or cannot be read.
    head: Option<Head>,
    version: u64,
    chain: Chain,
    is_broken: bool,
}

impl Pass<'_> {
    fn row(&mut self, key: Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
        let Some(of) = keys::of(&key) else {
            self.findings.note(Problem::Unknown, format_args!("a row under {}", hex::encode(&key)));
            return Ok(());
        };
        let checked = match of {
            Of::Meta => self.meta(&key, value),
            Of::Application => self.application(&key, value),
            Of::Journal => self.journal(&key, value),
            Of::Change => self.change(&key, value),
            Of::Wake => self.wake(&key, value),
            Of::Index => self.index(&key, value),
            Of::Document => self.document(&key, value),
            Of::Request => self.request(&key, value),
            Of::RequestOfChange => self.request_of(&key, value),
            Of::Cursor => Ok(both(keys::read_cursor(&key), rows::read_cursor(value)).map(drop)),
            Of::Delivery => self.delivery(&key, value),
            Of::Queued => self.queued(&key, value),
            Of::Outage => Ok(both(keys::read_outage(&key), rows::read_outage(value)).map(drop)),
            Of::Definition => Ok(both(keys::read_definition(&key), rows::read_definition(value)).map(drop)),
            Of::Archived => self.archived(&key, value),
        }?;
        if let Err(error) = checked {
            let place = row_name(of, &key);
            self.findings.note(Problem::Row, format_args!("{place}: {error}"));
        }
        Ok(())
    }

    fn has(&self, key: &[u8]) -> Result<bool, StoreError> {
        Ok(view::row(&self.db, key)?.is_some())
    }

    fn head(&self, id: ApplicationId) -> Result<Option<Head>, StoreError> {
        let row = view::row(&self.db, &keys::application(id))?;
        Ok(row.and_then(|row| rows::read_application(&row).ok()).map(|(head, _)| head))
    }

    fn decoded(&self, id: ApplicationId) -> Result<Option<Application>, StoreError> {
        let row = view::row(&self.db, &keys::application(id))?;
        let read = row.and_then(|row| rows::read_application(&row).ok());
        Ok(read.and_then(|(head, body)| snapshot::from_record(id, head.version, &body).ok()))
    }

    fn meta(&mut self, key: &[u8], value: &[u8]) -> Read {
        if key == keys::IDENTITY {
            let instance = match rows::read_identity(value) {
                Ok(instance) => instance,
                Err(error) => return Ok(Err(error)),
            };
            if instance != self.manifest.instance {
                self.findings
                    .note(Problem::Totals, "the rows are those of another store than the MANIFEST's");
            }
        }
        Ok(Ok(()))
    }

    fn application(&mut self, key: &[u8], value: &[u8]) -> Read {
        let (id, (head, body)) = tried!(both(keys::read_application(key), rows::read_application(value)));
        let counts = &mut self.findings.counted.counts;
        counts.applications += 1;
        counts.live += u64::from(head.wake.is_some());
        counts.moves += head.version;
        if let Some(at) = head.wake
            && !self.has(&keys::wake(Wake { at, application: id }))?
        {
            self.findings.note(Problem::Wake, format_args!("application {id} has none"));
        }
        if !self.has(&keys::journal(id, 1))? && !self.has(&keys::archived(id))? {
            self.findings.note(Problem::Journal, format_args!("application {id}: it does not begin"));
        }
        let application = match snapshot::from_record(id, head.version, &body) {
            Ok(application) => application,
            Err(error) => {
                self.findings.note(Problem::Snapshot, format_args!("application {id}: {error}"));
                return Ok(Ok(()));
            }
        };
        for wanted in index::keys(&application) {
            if !self.has(&keys::index(&wanted, id))? {
                let IndexKey { index, .. } = wanted;
                self.findings
                    .note(Problem::Index, format_args!("application {id} lacks its row of index {index}"));
            }
        }
        for document in &application.documents {
            if !self.has(&keys::document(id, document.number))? {
                let number = document.number;
                self.findings.note(Problem::Document, format_args!("document {number} of application {id}"));
            }
        }
        if let Keys::Look(look) = self.keys {
            match look(application.key, id) {
                KeyState::IsThere => {}
                KeyState::Erased => drop(self.findings.count(Problem::Erased)),
                KeyState::Lost => self.findings.note(Problem::Key, format_args!("application {id}")),
            }
        }
        Ok(Ok(()))
    }

    fn journal(&mut self, key: &[u8], value: &[u8]) -> Read {
        let (id, version) = tried!(keys::read_journal(key));
        if self.journal.as_ref().is_none_or(|journal| journal.id != id) {
            self.end_journal();
            let head = self.head(id)?;
            // Entries that were archived are rows no more, but for those of a move that was cut off.
            let filed = view::row(&self.db, &keys::archived(id))?;
            let filed = filed.and_then(|row| rows::read_archived(&row).ok()).filter(|_| version > 1);
            let (before, chain) = filed.map_or((0, CHAIN_START), |filed| (filed.entries, filed.chain));
            self.journal = Some(Journal { id, head, version: before, chain, is_broken: false });
        }
        let read = rows::read_journal(value);
        let journal = self.journal.as_mut().expect("it is at hand");
        let (expected, before) = (journal.version + 1, journal.chain);
        journal.version = version;
        let (previous, entry) = match read {
            Ok(read) => read,
            Err(error) => {
                journal.is_broken = true;
                return Ok(Err(error));
            }
        };
        journal.chain = rows::link(&previous, &entry);
        if version != expected && !journal.is_broken {
            journal.is_broken = true;
            let last = version - 1;
            self.findings
                .note(Problem::Journal, format_args!("application {id}: entries {expected} to {last}"));
        } else if previous != before && !journal.is_broken {
            journal.is_broken = true;
            let place = format_args!("application {id}: entry {version} does not fit the chain");
            self.findings.note(Problem::Journal, place);
        }
        Ok(Ok(()))
    }

    /// Compares the end of the journal at hand with its application.
    fn end_journal(&mut self) {
        let Some(Journal { id, head, version, chain, is_broken }) = self.journal.take() else { return };
        if !is_broken {
            self.compare_end(id, head, version, chain);
        }
    }

    fn compare_end(&mut self, id: ApplicationId, head: Option<Head>, version: u64, chain: Chain) {
        let wrong = match head {
            None => "it has no application that can be read".to_owned(),
            Some(head) if head.version > version => format!("entries {} to {}", version + 1, head.version),
            Some(head) if head.version < version => format!("it has entries above {}", head.version),
            Some(head) if head.chain != chain => "its end does not fit the chain".to_owned(),
            Some(_) => return,
        };
        self.findings.note(Problem::Journal, format_args!("application {id}: {wrong}"));
    }

    fn archived(&mut self, key: &[u8], value: &[u8]) -> Read {
        let (id, filed) = tried!(both(keys::read_archived(key), rows::read_archived(value)));
        self.archives.look_for(id, &filed)?;
        // Entries behind those in the file are rows: whoever reads these follows the chain from there.
        let behind = keys::journal_between(id, filed.entries.saturating_add(1), u64::MAX);
        if view::page(&self.db, behind, 1)?.is_empty() {
            let head = self.head(id)?;
            self.compare_end(id, head, filed.entries, filed.chain);
        }
        Ok(Ok(()))
    }

    fn change(&mut self, key: &[u8], value: &[u8]) -> Read {
        let sequence = tried!(keys::read_change(key));
        self.changes_up_to(sequence);
        self.next_change = self.next_change.max(sequence + 1);
        Ok(rows::read_change(sequence, value).map(drop))
    }

    /// Notes the changes that are missing before one.
    fn changes_up_to(&mut self, sequence: u64) {
        if self.next_change < sequence {
            let (first, last) = (self.next_change, sequence - 1);
            self.findings.note(Problem::Change, format_args!("changes {first} to {last}"));
        }
    }

    fn wake(&mut self, key: &[u8], value: &[u8]) -> Read {
        let (wake, ()) = tried!(both(keys::read_wake(key), rows::read_empty(Kind::Wake, value)));
        let id = wake.application;
        if self.head(id)?.and_then(|head| head.wake) != Some(wake.at) {
            self.findings.note(Problem::Wake, format_args!("one that is not that of application {id}"));
        }
        Ok(Ok(()))
    }

    fn index(&mut self, key: &[u8], value: &[u8]) -> Read {
        let ((wanted, id), ()) = tried!(both(keys::read_index(key), rows::read_empty(Kind::Index, value)));
        let IndexKey { index, .. } = wanted;
        if self.head(id)?.is_none() {
            self.findings.note(
                Problem::Index,
                format_args!("index {index} names application {id}, which is not there"),
            );
        } else if self.decoded(id)?.is_some_and(|it| !index::keys(&it).contains(&wanted)) {
            self.findings.note(Problem::Index, format_args!("index {index} names application {id} wrongly"));
        }
        Ok(Ok(()))
    }

    fn document(&mut self, key: &[u8], value: &[u8]) -> Read {
        let ((id, number), document) = tried!(both(keys::read_document(key), rows::read_document(value)));
        if let Document::Blob(blob) = document {
            self.named.insert(blob);
            if !self.blobs.contains(&blob) {
                let place = format_args!("document {number} of application {id} (blob {blob})");
                self.findings.note(Problem::Blob, place);
            }
        }
        if self.head(id)?.is_none() {
            let place = format_args!("application {id}, which has document {number}");
            self.findings.note(Problem::Snapshot, place);
        }
        Ok(Ok(()))
    }

    fn request(&mut self, key: &[u8], value: &[u8]) -> Read {
        let remembered = tried!(rows::read_request(value));
        let sequence = remembered.sequence;
        let row = view::row(&self.db, &keys::request_of(sequence))?;
        let named = row.and_then(|row| rows::read_request_of(&row).ok()).map(keys::request);
        if sequence >= self.totals.oldest && named.as_deref() != Some(key) {
            self.findings
                .note(Problem::Request, format_args!("that of change {sequence} is not named by it"));
        }
        Ok(Ok(()))
    }

    fn request_of(&mut self, key: &[u8], value: &[u8]) -> Read {
        let (sequence, request) = tried!(both(keys::read_request_of(key), rows::read_request_of(value)));
        if sequence >= self.totals.oldest && !self.has(&keys::request(request))? {
            self.findings.note(Problem::Request, format_args!("that of change {sequence} is missing"));
        }
        Ok(Ok(()))
    }

    fn delivery(&mut self, key: &[u8], value: &[u8]) -> Read {
        let (name, (place, _)) = tried!(both(keys::read_delivery(key), rows::read_delivery(value)));
        let row = view::row(&self.db, &keys::queued(&place, name))?;
        if row.and_then(|row| rows::read_queued(&row).ok()) != Some(place.since) {
            let (id, version) = (name.application, name.version);
            let place = format_args!("delivery {version} of application {id} is not in its queue");
            self.findings.note(Problem::Queue, place);
        }
        Ok(Ok(()))
    }

    fn queued(&mut self, key: &[u8], value: &[u8]) -> Read {
        let ((_, name), _since) = tried!(both(keys::read_queued(key), rows::read_queued(value)));
        let row = view::row(&self.db, &keys::delivery(name))?;
        let place = row.and_then(|row| rows::read_delivery(&row).ok()).map(|(place, _)| place);
        if place.is_none_or(|place| keys::queued(&place, name) != key) {
            let (id, version) = (name.application, name.version);
            let place = format_args!("a queue names delivery {version} of application {id} wrongly");
            self.findings.note(Problem::Queue, place);
        }
        Ok(Ok(()))
    }

    fn end(mut self) -> Result<(), StoreError> {
        self.end_journal();
        self.changes_up_to(self.totals.counts.moves + 1);
        let (found, told) = (self.findings.counted.counts, self.totals.counts);
        if found != told {
            self.findings.note(Problem::Totals, format_args!("they say {told:?}, and there is {found:?}"));
        }
        if told.moves < self.manifest.sequence {
            let (first, last) = (told.moves + 1, self.manifest.sequence);
            self.findings
                .note(Problem::Commits, format_args!("moves {first} to {last}, by the MANIFEST's word"));
        }
        self.archives.end(self.findings);
        for _orphan in self.blobs.difference(&self.named) {
            self.findings.count(Problem::Orphan);
        }
        Ok(())
    }
}

/// A row that could be looked at; inside, whether it can be read.
type Read = Result<Result<(), CodecError>, StoreError>;

fn both<A, B>(a: Result<A, CodecError>, b: Result<B, CodecError>) -> Result<(A, B), CodecError> {
    Ok((a?, b?))
}

/// Names a row that cannot be read.
fn row_name(of: Of, key: &[u8]) -> impl Display {
    let id = match of {
        Of::Application => keys::read_application(key).ok(),
        Of::Journal => keys::read_journal(key).ok().map(|(id, _)| id),
        Of::Document => keys::read_document(key).ok().map(|(id, _)| id),
        Of::Delivery => keys::read_delivery(key).ok().map(|it| it.application),
        Of::Wake => keys::read_wake(key).ok().map(|it| it.application),
        Of::Index => keys::read_index(key).ok().map(|(_, id)| id),
        Of::Archived => keys::read_archived(key).ok(),
        Of::Meta
        | Of::Change
        | Of::Request
        | Of::RequestOfChange
        | Of::Cursor
        | Of::Queued
        | Of::Outage
        | Of::Definition => None,
    };
    match id {
        Some(id) => format!("{} of application {id}", of.name()),
        None => format!("{} {}", of.name(), hex::encode(&key[1..])),
    }
}
