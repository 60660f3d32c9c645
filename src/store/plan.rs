//! What a group writes: one pure function from items and heads to rows, the same for every store.
//!
//! Owns the verdicts, the sequences, the chains and the agreement of wake-ups, index rows and
//! totals with the applications. Reads nothing and writes nothing.

use super::codec::Kind;
use super::rows::{self, CHAIN_START, Head, Totals};
use super::{
    Document, INDEX_VALUE_LIMIT, INLINE_LIMIT, Item, RECORD_LIMIT, Remembered, Request, RequestKey,
    StoreError, Verdict, Wake, keys,
};
use crate::machine::id::ApplicationId;
use std::collections::{BTreeMap, BTreeSet};

/// Rows to put (`Some`) or to delete (`None`).
pub(super) type Writes = BTreeMap<keys::Key, Option<Vec<u8>>>;

/// The verdicts of a group, and what it writes.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) verdicts: Vec<Verdict>,
    /// Empty when every item is stale.
    pub(super) writes: Writes,
    pub(super) totals: Totals,
}

/// Refuses a group with a part over its limit, before anything is read or written.
pub(super) fn check(group: &[Item]) -> Result<(), StoreError> {
    for item in group {
        let records =
            [("snapshot", &item.snapshot), ("journal entry", &item.entry), ("change", &item.change)];
        let records = records.into_iter().map(|(what, record)| (what, record.body.len(), RECORD_LIMIT));
        let documents = item.documents.iter().filter_map(|(_, document)| match document {
            Document::Inline(bytes) => Some(("inline document", bytes.len(), INLINE_LIMIT)),
            Document::Blob(_) => None,
        });
        let index = item.unindex.iter().chain(&item.index);
        let index = index.map(|key| ("index value", key.value.len(), INDEX_VALUE_LIMIT));
        for (what, size, limit) in records.chain(documents).chain(index) {
            if size > limit {
                return Err(StoreError::TooLarge { application: item.application, what, size, limit });
            }
        }
    }
    Ok(())
}

/// Plans a group on the heads stored now; an application without one does not exist.
pub(super) fn plan(group: &[Item], mut heads: BTreeMap<ApplicationId, Head>, totals: Totals) -> Plan {
    let mut plan = Plan { verdicts: Vec::with_capacity(group.len()), writes: BTreeMap::new(), totals };
    let mut refused = BTreeSet::new();
    for item in group {
        let head = heads.get(&item.application).copied();
        let found = head.map_or(0, |h| h.version);
        if found != item.expected || refused.contains(&item.application) {
            refused.insert(item.application);
            plan.verdicts.push(Verdict::Stale { found });
            continue;
        }
        let head = plan.write(item, head);
        heads.insert(item.application, head);
        plan.verdicts.push(Verdict::Committed { sequence: head.sequence });
    }
    if !plan.writes.is_empty() {
        plan.put(keys::TOTALS.to_vec(), rows::write_totals(&plan.totals));
    }
    plan
}

/// Changes forgotten at a time: a batch that a reader or the writer hardly notices.
const FORGET_BATCH: u64 = 4_096;

/// The changes that the next step of forgetting those below `before` takes away, from the first to
/// the last; `None` when there is none left.
pub(super) fn forgettable(totals: &Totals, before: u64) -> Option<(u64, u64)> {
    let before = before.min(totals.counts.moves + 1).min(totals.oldest + FORGET_BATCH);
    (before > totals.oldest).then(|| (totals.oldest, before - 1))
}

/// Plans to forget the changes from `first` to `last`, and the requests that made them.
pub(super) fn forget(
    totals: &Totals,
    (first, last): (u64, u64),
    requests: &[(u64, RequestKey)],
) -> (Writes, Totals) {
    let after = Totals { oldest: last + 1, ..*totals };
    let mut writes: Writes = (first..=last).map(|s| (keys::change(s), None)).collect();
    for (sequence, key) in requests {
        writes.insert(keys::request_of(*sequence), None);
        writes.insert(keys::request(*key), None);
    }
    writes.insert(keys::TOTALS.to_vec(), Some(rows::write_totals(&after)));
    (writes, after)
}

impl Plan {
    fn write(&mut self, item: &Item, before: Option<Head>) -> Head {
        let id = item.application;
        let counts = &mut self.totals.counts;
        counts.moves += 1;
        counts.applications += u64::from(before.is_none());
        counts.live -= u64::from(before.is_some_and(|h| h.wake.is_some()));
        counts.live += u64::from(item.wake.is_some());

        let previous = before.map_or(CHAIN_START, |h| h.chain);
        let after = Head {
            version: item.expected + 1,
            sequence: counts.moves,
            wake: item.wake,
            chain: rows::link(&previous, &item.entry),
        };
        self.put(keys::application(id), rows::write_application(&after, &item.snapshot));
        self.put(keys::journal(id, after.version), rows::write_journal(&previous, &item.entry));
        self.put(keys::change(after.sequence), rows::write_change(id, after.version, &item.change));

        if let Some(Request { key, fingerprint }) = item.request {
            let remembered = Remembered { sequence: after.sequence, application: id, fingerprint };
            self.put(keys::request(key), rows::write_request(&remembered));
            self.put(keys::request_of(after.sequence), rows::write_request_of(key));
        }

        // What goes first, so that a row both lost and gained stays.
        if let Some(at) = before.and_then(|h| h.wake) {
            self.delete(keys::wake(Wake { at, application: id }));
        }
        if let Some(at) = item.wake {
            self.put(keys::wake(Wake { at, application: id }), rows::write_empty(Kind::Wake));
        }
        for key in &item.unindex {
            self.delete(keys::index(key, id));
        }
        for key in &item.index {
            self.put(keys::index(key, id), rows::write_empty(Kind::Index));
        }
        for (number, document) in &item.documents {
            self.put(keys::document(id, *number), rows::write_document(document));
        }
        after
    }

    fn put(&mut self, key: keys::Key, row: Vec<u8>) {
        self.writes.insert(key, Some(row));
    }

    fn delete(&mut self, key: keys::Key) {
        self.writes.insert(key, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::IndexKey;
    use crate::store::conformance::{id, item};

    fn verdicts(items: &[Item]) -> Vec<Verdict> {
        plan(items, BTreeMap::new(), Totals::EMPTY).verdicts
    }

    #[test]
    fn a_stale_item_refuses_its_later_siblings_only() {
        let found = verdicts(&[item(1, 0), item(1, 5), item(2, 0), item(1, 1), item(2, 1)]);
        let expected = [
            Verdict::Committed { sequence: 1 },
            Verdict::Stale { found: 1 },
            Verdict::Committed { sequence: 2 },
            Verdict::Stale { found: 1 },
            Verdict::Committed { sequence: 3 },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_group_of_stale_items_writes_nothing() {
        let plan = plan(&[item(1, 3)], BTreeMap::new(), Totals::EMPTY);
        assert!(plan.writes.is_empty());
        assert_eq!(plan.totals, Totals::EMPTY);
    }

    #[test]
    fn a_row_lost_and_gained_stays() {
        let key = IndexKey { index: 1, value: b"same".to_vec() };
        let mut again = item(1, 1);
        again.unindex.push(key.clone());
        again.index.push(key.clone());
        let plan = plan(&[item(1, 0), again], BTreeMap::new(), Totals::EMPTY);
        assert!(plan.writes[&keys::index(&key, id(1))].is_some());
    }
}
