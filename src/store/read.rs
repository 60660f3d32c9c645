//! Reading, the same for every store: pages of rows in, checked values out.
//!
//! Owns the checks that find what a tree hides: contiguous sequences, contiguous versions, chains
//! and agreement of wake-ups. It never repairs and never writes.

use super::archive::{self, Filed};
use super::codec::{CodecError, Encoded, Kind};
use super::rows::{self, CHAIN_START, Chain, Head};
use super::{
    ApplicationId, Audit, BlobId, Change, Document, IndexKey, ORPHANS_NAMED, READ_LIMIT, Remembered,
    RequestKey, StoreError, Stored, Time, Wake, keys,
};
use std::fmt::Display;
use std::ops::Range;

/// A key and its value.
pub(super) type Row = (Vec<u8>, Vec<u8>);

/// What reading needs of a store.
pub(super) trait Rows {
    /// Reads one row.
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Reads rows in the order of their keys, `limit` at most.
    fn page(&self, range: Range<Vec<u8>>, limit: usize) -> Result<Vec<Row>, StoreError>;

    /// Reads a blob, checked against its hash.
    fn blob(&self, blob: BlobId) -> Result<Vec<u8>, StoreError>;

    /// Reads a journal from the archive, checked against its chain.
    fn archived(&self, id: ApplicationId, filed: &Filed) -> Result<Vec<Encoded>, StoreError>;

    /// Gives the oldest change kept and the newest durable one.
    fn durable_span(&self) -> (u64, u64);

    /// Runs `f` while no group is being written.
    fn between_groups<T>(&self, f: impl FnOnce() -> T) -> T;
}

pub(super) fn head(rows: &impl Rows, id: ApplicationId) -> Result<Option<Head>, StoreError> {
    Ok(row(rows, id)?.map(|(head, _)| head))
}

pub(super) fn application(rows: &impl Rows, id: ApplicationId) -> Result<Option<Stored>, StoreError> {
    Ok(row(rows, id)?.map(stored))
}

pub(super) fn applications(
    rows: &impl Rows,
    after: Option<ApplicationId>,
    limit: usize,
) -> Result<Vec<(ApplicationId, Stored)>, StoreError> {
    let page = rows.page(keys::applications_after(after), limit.min(READ_LIMIT))?;
    let read = |(key, value): Row| {
        let id = named("the key of an application", keys::read_application(&key))?;
        Ok((id, stored(named(format_args!("application {id}"), rows::read_application(&value))?)))
    };
    page.into_iter().map(read).collect()
}

pub(super) fn journal(
    rows: &impl Rows,
    id: ApplicationId,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, Encoded)>, StoreError> {
    let filed = archive::filed(rows, id)?;
    match entries(rows, id, filed.as_ref(), after, limit) {
        // Maybe it was archived while it was read, which happens once.
        Err(error) if filed.is_none() => match archive::filed(rows, id)? {
            None => Err(error),
            now => entries(rows, id, now.as_ref(), after, limit),
        },
        read => read,
    }
}

/// Reads the entries that are archived, and after them those that are rows.
fn entries(
    rows: &impl Rows,
    id: ApplicationId,
    filed: Option<&Filed>,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, Encoded)>, StoreError> {
    // The head first: the entries up to its version never change again.
    let Some(head) = head(rows, id)? else {
        return Ok(Vec::new());
    };
    let limit = limit.min(READ_LIMIT);
    let last = after.saturating_add(limit as u64).min(head.version);
    if after >= last {
        return Ok(Vec::new());
    }
    let mut entries = Vec::new();
    let mut chain = (after == 0).then_some(CHAIN_START);
    if let Some(filed) = filed {
        if after < filed.entries {
            let archived = (1..).zip(rows.archived(id, filed)?);
            entries.extend(archived.filter(|(version, _)| (after + 1..=last).contains(version)));
        }
        let is_at_end = after + entries.len() as u64 == filed.entries;
        chain = is_at_end.then_some(filed.chain);
    }
    let first = after + 1 + entries.len() as u64;
    if first <= last {
        chain = from_rows(rows, id, first, last, chain, &mut entries)?;
    }
    if last == head.version && chain != Some(head.chain) {
        return Err(broken_chain(id, last));
    }
    Ok(entries)
}

/// Reads the entries with versions from `first` to `last` that are rows, and gives the chain after them.
fn from_rows(
    rows: &impl Rows,
    id: ApplicationId,
    first: u64,
    last: u64,
    mut chain: Option<Chain>,
    entries: &mut Vec<(u64, Encoded)>,
) -> Result<Option<Chain>, StoreError> {
    let mut expected = first;
    for (key, value) in rows.page(keys::journal_between(id, first, last), READ_LIMIT)? {
        let (_, version) = named("the key of a journal entry", keys::read_journal(&key))?;
        if version != expected {
            return Err(missing_entry(id, expected));
        }
        let (previous, entry) =
            named(format_args!("journal entry {version} of application {id}"), rows::read_journal(&value))?;
        if chain.is_some_and(|c| c != previous) {
            return Err(broken_chain(id, version));
        }
        chain = Some(rows::link(&previous, &entry));
        entries.push((version, entry));
        expected += 1;
    }
    if expected <= last {
        return Err(missing_entry(id, expected));
    }
    Ok(chain)
}

pub(super) fn changes(rows: &impl Rows, after: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
    let (oldest, newest) = rows.durable_span();
    if after.saturating_add(1) < oldest {
        return Err(StoreError::TooOld { oldest });
    }
    let limit = limit.min(READ_LIMIT);
    let last = after.saturating_add(limit as u64).min(newest);
    if after >= last {
        return Ok(Vec::new());
    }
    let mut changes = Vec::new();
    for (key, value) in rows.page(keys::changes_between(after + 1, last), limit)? {
        let sequence = named("the key of a change", keys::read_change(&key))?;
        if sequence != after + 1 + changes.len() as u64 {
            break;
        }
        changes.push(named(format_args!("change {sequence}"), rows::read_change(sequence, &value))?);
    }
    let read = after + changes.len() as u64;
    if read == last {
        return Ok(changes);
    }
    // They may have been forgotten while they were read.
    let (oldest, _) = rows.durable_span();
    if after + 1 < oldest {
        return Err(StoreError::TooOld { oldest });
    }
    Err(StoreError::Inconsistent { what: format!("change {} is missing", read + 1) })
}

pub(super) fn wakes(
    rows: &impl Rows,
    after: Option<Wake>,
    until: Time,
    limit: usize,
) -> Result<Vec<Wake>, StoreError> {
    let range = keys::wakes_between(after, until);
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let read = |(key, value): Row| {
        let wake = named("the key of a wake-up", keys::read_wake(&key))?;
        named(
            format_args!("the wake-up of application {}", wake.application),
            rows::read_empty(Kind::Wake, &value),
        )?;
        Ok(wake)
    };
    rows.page(range, limit.min(READ_LIMIT))?.into_iter().map(read).collect()
}

pub(super) fn indexed(
    rows: &impl Rows,
    key: &IndexKey,
    after: Option<ApplicationId>,
    limit: usize,
) -> Result<Vec<ApplicationId>, StoreError> {
    let read = |(row, value): Row| {
        let (_, id) = named("the key of an index row", keys::read_index(&row))?;
        let index = key.index;
        named(
            format_args!("the row of index {index} for application {id}"),
            rows::read_empty(Kind::Index, &value),
        )?;
        Ok(id)
    };
    rows.page(keys::index_after(key, after), limit.min(READ_LIMIT))?.into_iter().map(read).collect()
}

/// A request whose change is forgotten is forgotten too, whatever rows are left of it.
pub(super) fn request(rows: &impl Rows, key: RequestKey) -> Result<Option<Remembered>, StoreError> {
    let Some(row) = rows.row(&keys::request(key))? else {
        return Ok(None);
    };
    let remembered = named("a request", rows::read_request(&row))?;
    let (oldest, _) = rows.durable_span();
    Ok((remembered.sequence >= oldest).then_some(remembered))
}

/// The requests of some changes.
pub(super) fn requests_of(
    rows: &impl Rows,
    (first, last): (u64, u64),
) -> Result<Vec<(u64, RequestKey)>, StoreError> {
    let read = |(key, value): Row| {
        let sequence = named("the key of a request of a change", keys::read_request_of(&key))?;
        Ok((
            sequence,
            named(format_args!("the request of change {sequence}"), rows::read_request_of(&value))?,
        ))
    };
    rows.page(keys::requests_between(first, last), READ_LIMIT)?.into_iter().map(read).collect()
}

pub(super) fn document(
    rows: &impl Rows,
    id: ApplicationId,
    number: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(row) = rows.row(&keys::document(id, number))? else {
        return Ok(None);
    };
    match named(format_args!("document {number} of application {id}"), rows::read_document(&row))? {
        Document::Inline(bytes) => Ok(Some(bytes)),
        Document::Blob(blob) => rows.blob(blob).map(Some),
    }
}

/// Documents that are looked at at a time: with their bytes no more than a few megabytes.
const DOCUMENTS_PAGE: usize = 256;

/// Calls `see` with every blob that a document names.
pub(super) fn blobs_named(rows: &impl Rows, mut see: impl FnMut(BlobId)) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = rows.page(keys::documents_after(after.as_deref()), DOCUMENTS_PAGE)?;
        for (key, value) in &page {
            let (id, number) = named("the key of a document", keys::read_document(key))?;
            let what = format_args!("document {number} of application {id}");
            match named(what, rows::read_document(value))? {
                Document::Inline(_) => {}
                Document::Blob(blob) => see(blob),
            }
        }
        match page.into_iter().next_back() {
            Some((last, _)) => after = Some(last),
            None => return Ok(()),
        }
    }
}

/// Rows that an audit reads at a time.
const AUDIT_PAGE: usize = 1_000;

pub(super) fn audit(rows: &impl Rows) -> Result<Audit, StoreError> {
    let mut audit = Audit::default();
    let mut after = None;
    loop {
        let page = applications(rows, after, AUDIT_PAGE)?;
        for (id, stored) in &page {
            audit.live += u64::from(stored.wake.is_some());
            if lacks_wake(rows, *id, stored.wake)? {
                let now = rows.between_groups(|| {
                    let wake = head(rows, *id)?.and_then(|h| h.wake);
                    lacks_wake(rows, *id, wake)
                })?;
                audit.note(*id, now);
            }
        }
        match page.last() {
            Some((id, _)) => after = Some(*id),
            None => break,
        }
    }
    let mut after = None;
    loop {
        let page = wakes(rows, after, Time::from_millis(u64::MAX), AUDIT_PAGE)?;
        for wake in &page {
            audit.wakes += 1;
            if lacks_application(rows, *wake)? {
                let now = rows.between_groups(|| {
                    Ok::<_, StoreError>(
                        rows.row(&keys::wake(*wake))?.is_some() && lacks_application(rows, *wake)?,
                    )
                })?;
                audit.note(wake.application, now);
            }
        }
        match page.last() {
            Some(wake) => after = Some(*wake),
            None => return Ok(audit),
        }
    }
}

impl Audit {
    fn note(&mut self, id: ApplicationId, orphaned: bool) {
        if orphaned {
            self.orphan_count += 1;
            if self.orphans.len() < ORPHANS_NAMED && !self.orphans.contains(&id) {
                self.orphans.push(id);
            }
        }
    }
}

fn lacks_wake(rows: &impl Rows, application: ApplicationId, wake: Option<Time>) -> Result<bool, StoreError> {
    let Some(at) = wake else { return Ok(false) };
    Ok(rows.row(&keys::wake(Wake { at, application }))?.is_none())
}

fn lacks_application(rows: &impl Rows, wake: Wake) -> Result<bool, StoreError> {
    Ok(head(rows, wake.application)?.and_then(|h| h.wake) != Some(wake.at))
}

fn row(rows: &impl Rows, id: ApplicationId) -> Result<Option<(Head, Encoded)>, StoreError> {
    let Some(row) = rows.row(&keys::application(id))? else {
        return Ok(None);
    };
    named(format_args!("application {id}"), rows::read_application(&row)).map(Some)
}

fn stored((head, snapshot): (Head, Encoded)) -> Stored {
    Stored { version: head.version, sequence: head.sequence, wake: head.wake, snapshot }
}

/// Says which row could not be read.
pub(super) fn named<T>(row: impl Display, read: Result<T, CodecError>) -> Result<T, StoreError> {
    read.map_err(|source| StoreError::Damaged { row: row.to_string(), source })
}

fn missing_entry(id: ApplicationId, version: u64) -> StoreError {
    StoreError::Inconsistent { what: format!("journal entry {version} of application {id} is missing") }
}

fn broken_chain(id: ApplicationId, version: u64) -> StoreError {
    StoreError::Inconsistent {
        what: format!("journal entry {version} of application {id} does not fit the chain of hashes"),
    }
}
