//! Journals of ended applications, moved out of the rows into the archive.
//!
//! Owns which journals may go, the row that says where one lies, and the agreement of that row with
//! the entries that are deleted: both are one commit, written after the archive holds the journal
//! durably. It must never take an entry away that the archive does not have.

use super::codec::Encoded;
use super::plan::Writes;
use super::read::{self, Row, Rows, named};
use super::rows::{self, CHAIN_START, Chain};
use super::{ApplicationId, READ_LIMIT, StoreError, keys};

/// The most journals that one call archives.
pub const ARCHIVE_LIMIT: usize = 1_000;

/// The longest journal that is archived, in bytes of entries: it is read whole for each page of it.
pub(super) const JOURNAL_LIMIT: usize = 16 << 20;

/// What stands before each entry, in bytes.
const ENTRY_HEAD: usize = 6;

/// Rows that are taken away at once: a commit that others hardly notice.
const ROWS_AT_ONCE: u64 = 4_096;

/// What was archived.
#[derive(Debug, Default)]
pub struct Archived {
    /// Journals that were moved.
    pub journals: u64,
    /// Their entries.
    pub entries: u64,
    /// What they take in the archive, in bytes.
    pub bytes: u64,
    /// Journals that stay where they are, because they cannot be read.
    pub damaged: Vec<(ApplicationId, StoreError)>,
}

/// Where an archived journal lies, and how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Filed {
    /// The number of the file.
    pub(super) file: u64,
    /// Where in it the block begins that has the journal.
    pub(super) block: u64,
    /// How many entries it has: those of the versions from 1.
    pub(super) entries: u64,
    /// The chain after the last of them.
    pub(super) chain: Chain,
}

/// A journal on its way into the archive: the entries from version 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Journal {
    pub(super) application: ApplicationId,
    pub(super) entries: Vec<Encoded>,
}

impl Journal {
    /// The chain after the last entry.
    pub(super) fn chain(&self) -> Chain {
        self.entries.iter().fold(CHAIN_START, |chain, entry| rows::link(&chain, entry))
    }
}

/// Says where the journal of an application lies in the archive, if it does.
pub(super) fn filed(rows: &impl Rows, id: ApplicationId) -> Result<Option<Filed>, StoreError> {
    let Some(row) = rows.row(&keys::archived(id))? else { return Ok(None) };
    let what = format_args!("the place of the archived journal of application {id}");
    named(what, rows::read_archived(&row)).map(Some)
}

/// The applications after one whose journals are archived, in order.
pub(super) fn archived(
    rows: &impl Rows,
    after: Option<ApplicationId>,
    limit: usize,
) -> Result<Vec<ApplicationId>, StoreError> {
    let read = |(key, _): Row| named("the key of an archived journal", keys::read_archived(&key));
    rows.page(keys::archived_after(after), limit.min(READ_LIMIT))?.into_iter().map(read).collect()
}

/// Reads a journal that may go: of an application that is ended, and not archived before.
pub(super) fn gather(rows: &impl Rows, id: ApplicationId) -> Result<Option<Journal>, StoreError> {
    let is_ended = read::head(rows, id)?.is_some_and(|head| head.wake.is_none());
    if !is_ended || filed(rows, id)?.is_some() {
        return Ok(None);
    }
    let mut journal = Journal { application: id, entries: Vec::new() };
    let mut bytes = 0;
    loop {
        let page = read::journal(rows, id, journal.entries.len() as u64, READ_LIMIT)?;
        if page.is_empty() {
            return Ok(Some(journal).filter(|it| !it.entries.is_empty()));
        }
        bytes += page.iter().map(|(_, entry)| ENTRY_HEAD + entry.body.len()).sum::<usize>();
        if bytes > JOURNAL_LIMIT {
            return Ok(None);
        }
        journal.entries.extend(page.into_iter().map(|(_, entry)| entry));
    }
}

/// Says whether what a file has of an application is what the rows still have: then the move into
/// the archive was cut off, and the rows may go. A folder put back from an older copy has files
/// whose journals went another way since.
pub(super) fn is_left_over(rows: &impl Rows, id: ApplicationId, found: &Filed) -> Result<bool, StoreError> {
    let Some(head) = read::head(rows, id)? else { return Ok(false) };
    if head.wake.is_some() || head.version < found.entries || filed(rows, id)?.is_some() {
        return Ok(false);
    }
    if head.version == found.entries {
        return Ok(head.chain == found.chain);
    }
    let after = found.entries + 1;
    let Some(row) = rows.row(&keys::journal(id, after))? else { return Ok(false) };
    let what = format_args!("journal entry {after} of application {id}");
    Ok(named(what, rows::read_journal(&row))?.0 == found.chain)
}

/// Plans to take the rows of archived journals away, in commits of a bearable size.
pub(super) fn plan(filed: &[(ApplicationId, Filed)]) -> Vec<Writes> {
    let mut commits = vec![Writes::new()];
    for (id, filed) in filed {
        if commits.last().is_some_and(|it| it.len() as u64 + filed.entries >= ROWS_AT_ONCE) {
            commits.push(Writes::new());
        }
        let commit = commits.last_mut().expect("there is one from the beginning");
        commit.extend((1..=filed.entries).map(|version| (keys::journal(*id, version), None)));
        commit.insert(keys::archived(*id), Some(rows::write_archived(filed)));
    }
    commits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::id;

    #[test]
    fn many_entries_go_in_several_commits_and_each_journal_in_one() {
        let filed = |entries| Filed { file: 1, block: 48, entries, chain: CHAIN_START };
        let moved = [(id(1), filed(3_000)), (id(2), filed(1_000)), (id(3), filed(90_000)), (id(4), filed(1))];
        let commits = plan(&moved);
        let sizes: Vec<_> = commits.iter().map(Writes::len).collect();
        assert_eq!(sizes, [4_002, 90_001, 2]);
        assert!(commits[0][&keys::journal(id(2), 1_000)].is_none());
        assert!(commits[2][&keys::archived(id(4))].is_some());
    }
}
