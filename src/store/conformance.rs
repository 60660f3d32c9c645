//! What every store must do, whatever it is made of: one suite that each of them passes.
//!
//! Owns no behaviour of its own, and must never test what only one store can do.

use super::codec::Encoded;
use super::{
    ApplicationId, BLOB_LIMIT, Change, Counts, Definition, DefinitionGroup, Delivery, DeliveryGroup,
    DeliveryKey, Document, INDEX_VALUE_LIMIT, INLINE_LIMIT, IndexKey, Item, Outage, OutageGroup, Part, Place,
    Queue, RECORD_LIMIT, Remembered, Request, RequestKey, Store, StoreError, Swept, Time, Verdict, Wake,
    keys, rows,
};
use crate::store::codec::Kind;

/// A store whose rows a test can damage.
pub(super) trait Raw: Store {
    /// Puts or deletes a row behind the store's back.
    fn put_raw(&self, key: Vec<u8>, value: Option<Vec<u8>>);
}

/// Runs the suite, each part on a store that `make` has just made empty.
pub(super) fn run<S: Raw>(make: impl Fn() -> S) {
    nothing_is_there_at_first(&make());
    versions_are_compared(&make());
    sequences_are_contiguous_over_groups(&make());
    what_is_appended_is_read_and_told_once_it_is_synced(&make());
    what_is_appended_is_not_forgotten(&make());
    a_refused_group_writes_nothing(&make());
    wakes_move_and_end(&make());
    indexes_follow(&make());
    documents_come_back(&make());
    blobs_that_nobody_names_are_swept(&make());
    journals_read_in_order(&make());
    archived_journals_read_as_before(&make());
    what_comes_after_an_archived_journal_stays_beside_it(&make());
    what_is_not_ended_or_not_whole_is_not_archived(&make());
    changes_are_forgotten(&make());
    requests_are_remembered_as_long_as_their_changes(&make());
    applications_read_in_pages(&make());
    an_audit_finds_orphans(&make());
    deliveries_stand_in_one_queue(&make());
    cursors_move_with_their_deliveries(&make());
    outages_are_written_ended_and_forgotten(&make());
    definitions_are_written_and_forgotten(&make());
    damage_is_found_on_reading(&make());
}

pub(super) fn id(number: u8) -> ApplicationId {
    ApplicationId::from_bytes([1, 0x9a, 0xff, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number])
}

pub(super) fn encoded(text: &str) -> Encoded {
    Encoded { version: 3, body: text.as_bytes().to_vec() }
}

/// A move of application `number` from version `expected`, waking at 1000 + `number`.
pub(super) fn item(number: u8, expected: u64) -> Item {
    let version = expected + 1;
    Item {
        application: id(number),
        expected,
        snapshot: encoded(&format!("snapshot {number}.{version}")),
        entry: encoded(&format!("entry {number}.{version}")),
        change: encoded(&format!("change {number}.{version}")),
        wake: Some(Time::from_millis(1_000 + u64::from(number))),
        documents: Vec::new(),
        unindex: Vec::new(),
        index: Vec::new(),
        request: None,
    }
}

fn end(number: u8, expected: u64) -> Item {
    Item { wake: None, ..item(number, expected) }
}

fn key(value: &str) -> IndexKey {
    IndexKey { index: 9, value: value.as_bytes().to_vec() }
}

fn wake(number: u8, at: u64) -> Wake {
    Wake { at: Time::from_millis(at), application: id(number) }
}

const EVER: Time = Time::from_millis(u64::MAX);

fn nothing_is_there_at_first(store: &impl Raw) {
    assert_eq!(store.span().unwrap(), (1, 0));
    assert_eq!(store.counts(), Counts::default());
    assert_eq!(store.application(id(1)).unwrap(), None);
    assert_eq!(store.document(id(1), 1).unwrap(), None);
    assert!(store.journal(id(1), 0, 10).unwrap().is_empty());
    assert!(store.changes(0, 10).unwrap().is_empty());
    assert!(store.wakes(None, EVER, 10).unwrap().is_empty());
    assert!(store.commit(&[]).unwrap().is_empty());
}

fn versions_are_compared(store: &impl Raw) {
    let first = store.commit(&[item(1, 0)]).unwrap();
    assert_eq!(first, [Verdict::Committed { sequence: 1 }]);
    let group = [item(1, 0), item(1, 1), item(2, 0), item(2, 1), item(3, 4)];
    let verdicts = store.commit(&group).unwrap();
    let expected = [
        Verdict::Stale { found: 1 },
        Verdict::Stale { found: 1 },
        Verdict::Committed { sequence: 2 },
        Verdict::Committed { sequence: 3 },
        Verdict::Stale { found: 0 },
    ];
    assert_eq!(verdicts, expected);
    let stored = store.application(id(2)).unwrap().unwrap();
    assert_eq!((stored.version, stored.sequence, stored.wake), (2, 3, Some(Time::from_millis(1_002))));
    assert_eq!(stored.snapshot, encoded("snapshot 2.2"));
    assert_eq!(store.application(id(1)).unwrap().unwrap().version, 1);
    assert_eq!(store.application(id(3)).unwrap(), None);
    assert_eq!(store.commit(&[item(1, 9)]).unwrap(), [Verdict::Stale { found: 1 }]);
    assert_eq!(store.counts(), Counts { applications: 2, live: 2, moves: 3 });
}

fn sequences_are_contiguous_over_groups(store: &impl Raw) {
    let mut newest = 0;
    for round in 0..40_u64 {
        let group: Vec<_> = (0..=(round % 7) as u8).map(|n| item(n, version(store, n))).collect();
        for verdict in store.commit(&group).unwrap() {
            newest += 1;
            assert_eq!(verdict, Verdict::Committed { sequence: newest });
        }
        assert_eq!(store.span().unwrap(), (1, newest));
    }
    let mut after = 0;
    while after < newest {
        let page = store.changes(after, 9).unwrap();
        assert!(page.len() <= 9);
        for change in page {
            after += 1;
            assert_eq!(change.sequence, after);
        }
    }
    assert!(store.changes(newest, 9).unwrap().is_empty());
    assert!(store.changes(u64::MAX, 9).unwrap().is_empty());
    assert!(store.changes(0, 0).unwrap().is_empty());
}

fn what_is_appended_is_read_and_told_once_it_is_synced(store: &impl Raw) {
    store.commit(&[item(1, 0)]).unwrap();
    let told = || (store.span().unwrap(), store.counts(), store.changes(0, 9).unwrap().len());
    let before = told();
    let index = vec![key("a")];
    let request = Some(Request { key: RequestKey([1; 16]), fingerprint: [2; 16] });
    assert_eq!(store.append(&[item(1, 1)]).unwrap(), [Verdict::Committed { sequence: 2 }]);
    let moved = Item { index, request, ..item(2, 0) };
    assert_eq!(store.append(&[moved, item(1, 2)]).unwrap().len(), 2);
    let stored = store.application(id(1)).unwrap().unwrap();
    assert_eq!((stored.version, stored.sequence), (3, 4));
    assert_eq!(store.journal(id(1), 0, 9).unwrap().len(), 3);
    assert_eq!(store.indexed(&key("a"), None, 9).unwrap(), [id(2)]);
    assert_eq!(store.wakes(None, EVER, 9).unwrap().len(), 2);
    assert_eq!(store.request(RequestKey([1; 16])).unwrap().map(|found| found.sequence), Some(3));
    assert_eq!(store.append(&[item(1, 2)]).unwrap(), [Verdict::Stale { found: 3 }]);
    assert_eq!(told(), before);
    assert!(store.changes(1, 9).unwrap().is_empty());
    assert_eq!(store.sync().unwrap(), 4);
    let counts = Counts { applications: 2, live: 2, moves: 4 };
    assert_eq!(told(), ((1, 4), counts, 4));
    assert_eq!(store.sync().unwrap(), 4, "nothing was left to do");
}

fn what_is_appended_is_not_forgotten(store: &impl Raw) {
    store.commit(&[item(1, 0), item(1, 1)]).unwrap();
    store.append(&[item(1, 2), item(1, 3)]).unwrap();
    store.forget_changes(u64::MAX).unwrap();
    assert_eq!(store.span().unwrap(), (3, 2));
    assert_eq!(store.sync().unwrap(), 4);
    assert_eq!(store.span().unwrap(), (3, 4));
    assert_eq!(store.changes(2, 9).unwrap().len(), 2);
}

fn version(store: &impl Raw, number: u8) -> u64 {
    store.application(id(number)).unwrap().map_or(0, |s| s.version)
}

fn a_refused_group_writes_nothing(store: &impl Raw) {
    let inline = |len| Item { documents: vec![(1, Document::Inline(vec![7; len]))], ..item(2, 0) };
    let indexed = |len| Item { index: vec![IndexKey { index: 1, value: vec![7; len] }], ..item(2, 0) };
    let blob = Document::Blob(super::BlobId([9; 32]));
    let refused = [
        inline(INLINE_LIMIT + 1),
        indexed(INDEX_VALUE_LIMIT + 1),
        Item { snapshot: Encoded { version: 1, body: vec![0; RECORD_LIMIT + 1] }, ..item(2, 0) },
        Item { documents: vec![(1, blob)], ..item(2, 0) },
    ];
    for bad in refused {
        let error = store.commit(&[item(1, 0), bad]).unwrap_err();
        assert!(error.is_refusal(), "{error}");
    }
    assert!(store.put_blob(&vec![0; BLOB_LIMIT + 1]).unwrap_err().is_refusal());
    assert_eq!(store.counts(), Counts::default());
    assert_eq!(store.application(id(1)).unwrap(), None);
    assert_eq!(store.commit(&[inline(INLINE_LIMIT)]).unwrap(), [Verdict::Committed { sequence: 1 }]);
    assert_eq!(store.document(id(2), 1).unwrap(), Some(vec![7; INLINE_LIMIT]));
}

fn wakes_move_and_end(store: &impl Raw) {
    store.commit(&[item(1, 0), item(2, 0), item(3, 0)]).unwrap();
    let all = [wake(1, 1_001), wake(2, 1_002), wake(3, 1_003)];
    assert_eq!(store.wakes(None, EVER, 10).unwrap(), all);
    assert_eq!(store.wakes(None, all[1].at, 10).unwrap(), all[..2]);
    assert_eq!(store.wakes(Some(all[0]), EVER, 1).unwrap(), all[1..2]);
    assert!(store.wakes(Some(all[2]), all[0].at, 10).unwrap().is_empty());
    // Two moves in one group, one to the same moment as another's, one to its end.
    let moved = Item { wake: Some(Time::from_millis(1_003)), ..item(1, 2) };
    store.commit(&[item(1, 1), moved, end(2, 1)]).unwrap();
    assert_eq!(store.wakes(None, EVER, 10).unwrap(), [wake(1, 1_003), wake(3, 1_003)]);
    assert_eq!(store.application(id(2)).unwrap().unwrap().wake, None);
    assert_eq!(store.counts(), Counts { applications: 3, live: 2, moves: 6 });
    assert_eq!(store.audit().unwrap().orphan_count, 0);
}

fn indexes_follow(store: &impl Raw) {
    let index = |number, expected, value| Item { index: vec![key(value)], ..item(number, expected) };
    store.commit(&[index(1, 0, "a"), index(2, 0, "a"), index(3, 0, "ab"), index(4, 0, "")]).unwrap();
    assert_eq!(store.indexed(&key("a"), None, 10).unwrap(), [id(1), id(2)]);
    assert_eq!(store.indexed(&key("a"), None, 1).unwrap(), [id(1)]);
    assert_eq!(store.indexed(&key("a"), Some(id(1)), 10).unwrap(), [id(2)]);
    assert_eq!(store.indexed(&key("ab"), None, 10).unwrap(), [id(3)]);
    assert_eq!(store.indexed(&key(""), None, 10).unwrap(), [id(4)]);
    assert!(store.indexed(&IndexKey { index: 8, ..key("a") }, None, 10).unwrap().is_empty());
    let moved = Item { unindex: vec![key("a"), key("never")], index: vec![key("b")], ..item(1, 1) };
    let same = Item { unindex: vec![key("a")], index: vec![key("a")], ..item(2, 1) };
    store.commit(&[moved, same]).unwrap();
    assert_eq!(store.indexed(&key("a"), None, 10).unwrap(), [id(2)]);
    assert_eq!(store.indexed(&key("b"), None, 10).unwrap(), [id(1)]);
}

fn documents_come_back(store: &impl Raw) {
    let large = vec![0x5a; 3 * INLINE_LIMIT];
    let blob = store.put_blob(&large).unwrap();
    assert_eq!(store.put_blob(&large).unwrap(), blob);
    let documents = vec![(1, Document::Inline(b"small".to_vec())), (7, Document::Blob(blob))];
    store.commit(&[Item { documents, ..item(1, 0) }]).unwrap();
    assert_eq!(store.document(id(1), 1).unwrap().unwrap(), b"small");
    assert_eq!(store.document(id(1), 7).unwrap().unwrap(), large);
    assert_eq!(store.document(id(1), 2).unwrap(), None);
    assert_eq!(store.document(id(2), 1).unwrap(), None);
    let documents = vec![(1, Document::Inline(b"other".to_vec()))];
    store.commit(&[Item { documents, ..item(1, 1) }]).unwrap();
    assert_eq!(store.document(id(1), 1).unwrap().unwrap(), b"other");
}

fn journals_read_in_order(store: &impl Raw) {
    for version in 0..7 {
        store.commit(&[item(1, version), item(2, version)]).unwrap();
    }
    let all = store.journal(id(1), 0, 100).unwrap();
    let expected: Vec<_> = (1..=7).map(|v| (v, encoded(&format!("entry 1.{v}")))).collect();
    assert_eq!(all, expected);
    assert_eq!(store.journal(id(1), 2, 3).unwrap(), expected[2..5]);
    assert_eq!(store.journal(id(1), 5, 100).unwrap(), expected[5..]);
    assert!(store.journal(id(1), 7, 100).unwrap().is_empty());
    assert!(store.journal(id(1), u64::MAX, usize::MAX).unwrap().is_empty());
}

fn blobs_that_nobody_names_are_swept(store: &impl Raw) {
    let blob = |byte: u8| store.put_blob(&vec![byte; 2 * INLINE_LIMIT]).unwrap();
    let (named, leaked, replaced) = (blob(1), blob(2), blob(3));
    let documents = vec![(1, Document::Blob(named)), (2, Document::Blob(replaced))];
    store.commit(&[Item { documents, ..item(1, 0) }]).unwrap();
    assert_eq!(store.sweep_blobs(Time::from_millis(1)).unwrap(), Swept::default());
    store.commit(&[Item { documents: vec![(2, Document::Inline(vec![4]))], ..item(1, 1) }]).unwrap();
    let swept = Swept { blobs: 2, bytes: 4 * INLINE_LIMIT as u64 };
    assert_eq!(store.sweep_blobs(EVER).unwrap(), swept);
    assert_eq!(store.sweep_blobs(EVER).unwrap(), Swept::default());
    assert_eq!(store.document(id(1), 1).unwrap().unwrap().len(), 2 * INLINE_LIMIT);
    // What is gone is named by nobody, until it is put again.
    let naming = Item { documents: vec![(1, Document::Blob(leaked))], ..item(2, 0) };
    assert!(matches!(store.commit(std::slice::from_ref(&naming)), Err(StoreError::NoBlob { .. })));
    assert_eq!(blob(2), leaked);
    store.commit(&[naming]).unwrap();
    // What cannot be read may name anything.
    blob(5);
    store.put_raw(keys::document(id(2), 1), Some(rows::write_empty(Kind::Wake)));
    assert!(matches!(store.sweep_blobs(EVER), Err(StoreError::Damaged { .. })));
}

fn archived_journals_read_as_before(store: &impl Raw) {
    for version in 0..6 {
        store.commit(&[item(1, version), item(2, version), item(3, version)]).unwrap();
    }
    store.commit(&[end(1, 6), end(3, 6)]).unwrap();
    let (first, counts) = (store.journal(id(1), 0, 99).unwrap(), store.counts());
    let archived = store.archive(&[id(1), id(3)]).unwrap();
    assert_eq!((archived.journals, archived.entries, archived.damaged.len()), (2, 14, 0));
    assert!(archived.bytes > 0);
    assert_eq!(store.archived(None, 9).unwrap(), [id(1), id(3)]);
    assert_eq!(store.archived(Some(id(1)), 9).unwrap(), [id(3)]);
    assert_eq!(store.archived(None, 1).unwrap(), [id(1)]);
    assert_eq!(first.len(), 7);
    for after in 0..9_u64 {
        for limit in 0..9 {
            let begin = first.len().min(usize::try_from(after).unwrap());
            let end = first.len().min(begin + limit);
            assert_eq!(store.journal(id(1), after, limit).unwrap(), first[begin..end], "{after} {limit}");
        }
    }
    assert_eq!(store.journal(id(3), 6, 9).unwrap(), [(7, encoded("entry 3.7"))]);
    assert_eq!(store.journal(id(2), 0, 9).unwrap().len(), 6);
    // All else of the application stays.
    assert_eq!(store.counts(), counts);
    assert_eq!(store.application(id(1)).unwrap().unwrap().snapshot, encoded("snapshot 1.7"));
    assert_eq!(store.changes(0, 99).unwrap().len(), 20);
    assert_eq!(store.archive(&[id(1), id(3)]).unwrap().journals, 0, "once");
    // The chain of the head holds the archived entries too.
    store.put_raw(keys::archived(id(3)), None);
    assert!(matches!(store.journal(id(3), 0, 9), Err(StoreError::Inconsistent { .. })));
}

fn what_comes_after_an_archived_journal_stays_beside_it(store: &impl Raw) {
    store.commit(&[item(1, 0), item(1, 1), end(1, 2)]).unwrap();
    assert_eq!(store.archive(&[id(1)]).unwrap().journals, 1);
    store.commit(&[end(1, 3), end(1, 4)]).unwrap();
    let expected: Vec<_> = (1..=5).map(|v| (v, encoded(&format!("entry 1.{v}")))).collect();
    for after in 0..6_u64 {
        for limit in 1..7 {
            let begin = usize::try_from(after).unwrap().min(5);
            let found = store.journal(id(1), after, limit).unwrap();
            assert_eq!(found, expected[begin..5.min(begin + limit)], "{after} {limit}");
        }
    }
    assert_eq!(store.archive(&[id(1)]).unwrap().journals, 0);
    // The first row goes on from the last archived entry.
    store.put_raw(keys::journal(id(1), 4), Some(rows::write_journal(&[9; 16], &encoded("entry 1.4"))));
    assert!(matches!(store.journal(id(1), 2, 9), Err(StoreError::Inconsistent { .. })));
    assert!(matches!(store.journal(id(1), 3, 1), Err(StoreError::Inconsistent { .. })));
}

fn what_is_not_ended_or_not_whole_is_not_archived(store: &impl Raw) {
    store.commit(&[item(1, 0), item(2, 0), end(2, 1), end(3, 0)]).unwrap();
    store.put_raw(keys::journal(id(2), 1), None);
    let archived = store.archive(&[id(1), id(2), id(3), id(4)]).unwrap();
    assert_eq!((archived.journals, archived.entries), (1, 1));
    let damaged: Vec<_> = archived.damaged.iter().map(|(id, error)| (*id, error.to_string())).collect();
    assert!(matches!(&damaged[..], [(of, text)] if *of == id(2) && text.contains("missing")), "{damaged:?}");
    assert_eq!(store.archived(None, 9).unwrap(), [id(3)]);
    assert_eq!(store.journal(id(1), 0, 9).unwrap().len(), 1);
}

fn changes_are_forgotten(store: &impl Raw) {
    for version in 0..10 {
        store.commit(&[item(1, version)]).unwrap();
    }
    store.forget_changes(0).unwrap();
    store.forget_changes(4).unwrap();
    store.forget_changes(2).unwrap();
    assert_eq!(store.span().unwrap(), (4, 10));
    assert!(matches!(store.changes(2, 5), Err(StoreError::TooOld { oldest: 4 })));
    let change = Change { sequence: 4, application: id(1), version: 4, body: encoded("change 1.4") };
    assert_eq!(store.changes(3, 1).unwrap(), [change]);
    store.forget_changes(u64::MAX).unwrap();
    assert_eq!(store.span().unwrap(), (11, 10));
    assert!(store.changes(10, 5).unwrap().is_empty());
    assert!(matches!(store.changes(9, 5), Err(StoreError::TooOld { oldest: 11 })));
    assert_eq!(store.commit(&[item(1, 10)]).unwrap(), [Verdict::Committed { sequence: 11 }]);
    assert_eq!(store.changes(10, 5).unwrap().len(), 1);
    assert_eq!(store.counts().moves, 11);
}

fn requests_are_remembered_as_long_as_their_changes(store: &impl Raw) {
    let request = |number| Request { key: RequestKey([number; 16]), fingerprint: [number + 1; 16] };
    let asked = |number, expected| Item { request: Some(request(number)), ..item(number, expected) };
    let found = |number| store.request(request(number).key).unwrap();
    assert_eq!(found(1), None);
    // The second is stale: it did nothing, and is not remembered.
    store.commit(&[asked(1, 0), asked(2, 5), item(3, 0), asked(4, 0)]).unwrap();
    let remembered =
        |number, sequence| Remembered { sequence, application: id(number), fingerprint: [number + 1; 16] };
    assert_eq!(found(1), Some(remembered(1, 1)));
    assert_eq!(found(2), None);
    assert_eq!(found(4), Some(remembered(4, 3)));
    store.forget_changes(3).unwrap();
    assert_eq!((found(1), found(4)), (None, Some(remembered(4, 3))));
    store.forget_changes(u64::MAX).unwrap();
    assert_eq!(found(4), None);
}

fn applications_read_in_pages(store: &impl Raw) {
    let group: Vec<_> = [5, 1, 3].map(|n| item(n, 0)).into();
    store.commit(&group).unwrap();
    let ids = |after, limit| -> Vec<_> {
        store.applications(after, limit).unwrap().into_iter().map(|(id, _)| id).collect()
    };
    assert_eq!(ids(None, usize::MAX), [id(1), id(3), id(5)]);
    assert_eq!(ids(Some(id(1)), 1), [id(3)]);
    assert_eq!(ids(Some(id(5)), 1), []);
}

fn an_audit_finds_orphans(store: &impl Raw) {
    store.commit(&[item(1, 0), item(2, 0), item(3, 0), end(4, 0)]).unwrap();
    let clean = store.audit().unwrap();
    assert_eq!((clean.live, clean.wakes, clean.orphan_count), (3, 3, 0));
    store.put_raw(keys::wake(wake(2, 1_002)), None);
    for stray in [wake(4, 5), wake(8, 6)] {
        store.put_raw(keys::wake(stray), Some(rows::write_empty(Kind::Wake)));
    }
    let found = store.audit().unwrap();
    assert_eq!((found.live, found.wakes, found.orphan_count), (3, 4, 3));
    assert_eq!(found.orphans, [id(2), id(4), id(8)]);
}

fn delivery(number: u8, version: u64, queue: Queue, time: u64) -> Delivery {
    let (time, since) = (Time::from_millis(time), Time::from_millis(time + 7));
    let place = Place { queue, partner: "agency".to_owned(), time, since };
    let key = DeliveryKey { application: id(number), version };
    Delivery { key, place, body: encoded(&format!("delivery {number}.{version}")) }
}

fn put(deliveries: &[Delivery]) -> DeliveryGroup {
    DeliveryGroup { put: deliveries.to_vec(), ..DeliveryGroup::default() }
}

fn deliveries_stand_in_one_queue(store: &impl Raw) {
    let first = delivery(1, 2, Queue::Next, 30);
    let second = delivery(1, 4, Queue::Behind, 10);
    let other = delivery(2, 1, Queue::Next, 20);
    store.write_deliveries(&put(&[first.clone(), second.clone(), other.clone()])).unwrap();
    let keys = |queue, after, until, limit| -> Vec<_> {
        let rows = store.queued(queue, "agency", after, Time::from_millis(until), limit).unwrap();
        rows.into_iter().map(|row| (row.time.as_millis(), row.since.as_millis(), row.key)).collect()
    };
    let (at_20, at_30) = ((20, 27, other.key), (30, 37, first.key));
    assert_eq!(keys(Queue::Next, None, u64::MAX, 9), [at_20, at_30]);
    assert_eq!(keys(Queue::Next, None, u64::MAX, 1), [at_20]);
    assert_eq!(keys(Queue::Next, None, 29, 9), [at_20]);
    assert_eq!(keys(Queue::Next, Some((other.place.time, other.key)), u64::MAX, 9), [at_30]);
    assert_eq!(keys(Queue::Behind, None, u64::MAX, 9), [(10, 17, second.key)]);
    assert!(store.queued(Queue::Next, "agenc", None, EVER, 9).unwrap().is_empty());
    assert_eq!(store.deliveries(id(1), 0, 9).unwrap(), [first.clone(), second.clone()]);
    assert_eq!(store.deliveries(id(1), 2, 9).unwrap(), std::slice::from_ref(&second));
    assert_eq!(store.delivery(second.key).unwrap(), Some(second));
    // It moves: nothing is left of it where it stood.
    let done = Delivery { body: encoded("done"), ..delivery(1, 2, Queue::Delivered, 99) };
    let group = DeliveryGroup { forget: vec![other.key], ..put(std::slice::from_ref(&done)) };
    store.write_deliveries(&group).unwrap();
    assert!(keys(Queue::Next, None, u64::MAX, 9).is_empty());
    assert_eq!(keys(Queue::Delivered, None, u64::MAX, 9), [(99, 106, done.key)]);
    assert_eq!(store.delivery(other.key).unwrap(), None);
    assert_eq!(store.deliveries(id(1), 0, 1).unwrap(), [done]);
    store.sync().unwrap();
    assert_eq!(store.counts(), Counts::default());
}

fn cursors_move_with_their_deliveries(store: &impl Raw) {
    assert!(store.delivery_cursors().unwrap().is_empty());
    let cursors = |pairs: &[(&str, u64)]| pairs.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect();
    let group = DeliveryGroup { cursors: cursors(&[("agency", 5), ("", 1)]), ..DeliveryGroup::default() };
    store.write_deliveries(&group).unwrap();
    // A group that is refused moves no cursor.
    let large = Encoded { version: 1, body: vec![0; RECORD_LIMIT + 1] };
    let large = put(&[Delivery { body: large, ..delivery(1, 1, Queue::Next, 1) }]);
    let refused = DeliveryGroup { cursors: cursors(&[("agency", 9)]), ..large };
    assert!(store.write_deliveries(&refused).unwrap_err().is_refusal());
    assert_eq!(store.delivery_cursors().unwrap(), cursors(&[("agency", 5), ("", 1)]));
    let group = DeliveryGroup { cursors: cursors(&[("agency", 6)]), ..DeliveryGroup::default() };
    store.write_deliveries(&group).unwrap();
    assert_eq!(store.delivery_cursors().unwrap(), cursors(&[("agency", 6), ("", 1)]));
    // Groups go on beside them.
    assert_eq!(store.commit(&[item(1, 0)]).unwrap(), [Verdict::Committed { sequence: 1 }]);
}

fn outages_are_written_ended_and_forgotten(store: &impl Raw) {
    let outage = |system, start, end: Option<u64>| Outage {
        system,
        start: Time::from_millis(start),
        end: end.map(Time::from_millis),
    };
    let put = |put: &[Outage]| OutageGroup { put: put.to_vec(), ..OutageGroup::default() };
    assert!(store.outages(None, 9).unwrap().is_empty());
    store.write_outages(&put(&[outage(300, 7, None), outage(2, 30, None), outage(2, 10, Some(20))])).unwrap();
    let all = [outage(2, 10, Some(20)), outage(2, 30, None), outage(300, 7, None)];
    assert_eq!(store.outages(None, 9).unwrap(), all);
    assert_eq!(store.outages(None, 1).unwrap(), all[..1]);
    assert_eq!(store.outages(Some((2, all[0].start)), 9).unwrap(), all[1..]);
    // It ends under the name with which it began.
    let group =
        OutageGroup { put: vec![outage(2, 30, Some(40))], forget: vec![(2, all[0].start), (9, EVER)] };
    store.write_outages(&group).unwrap();
    store.sync().unwrap();
    assert_eq!(store.outages(None, 9).unwrap(), [outage(2, 30, Some(40)), all[2]]);
    assert_eq!(store.counts(), Counts::default());
    store.put_raw(keys::outage((2, all[1].start)), Some(rows::write_empty(Kind::Wake)));
    let error = store.outages(None, 9).unwrap_err();
    assert!(error.to_string().contains("the outage of system 2 from 30"), "{error}");
}

fn definitions_are_written_and_forgotten(store: &impl Raw) {
    let machine = |number, text: &str| Definition { part: Part::Machine(number), record: encoded(text) };
    let product = |name: &str| Definition { part: Part::Product(name.to_owned()), record: encoded(name) };
    let put = vec![product("cash"), machine(2, "telecom"), machine(1, "application")];
    store.write_definitions(&DefinitionGroup { put, forget: Vec::new() }).unwrap();
    store.sync().unwrap();
    let all = [machine(1, "application"), machine(2, "telecom"), product("cash")];
    assert_eq!(store.definitions(None, 10).unwrap(), all);
    assert_eq!(store.definitions(Some(&Part::Machine(1)), 1).unwrap(), all[1..2]);
    let group = DefinitionGroup { put: vec![machine(1, "newer")], forget: vec![Part::Machine(2)] };
    store.write_definitions(&group).unwrap();
    assert_eq!(store.definitions(None, 10).unwrap(), [machine(1, "newer"), product("cash")]);
    store.put_raw(keys::definition(&Part::Machine(1)), Some(b"rot".to_vec()));
    let error = store.definitions(None, 10).unwrap_err();
    assert!(error.to_string().starts_with("the definition of machine 1 cannot be read"), "{error}");
}

fn damage_is_found_on_reading(store: &impl Raw) {
    for version in 0..4 {
        store.commit(&[item(1, version)]).unwrap();
    }
    let mut row = rows::write_journal(&rows::CHAIN_START, &encoded("forged"));
    store.put_raw(keys::journal(id(1), 2), Some(row.clone()));
    assert!(matches!(store.journal(id(1), 0, 9), Err(StoreError::Inconsistent { .. })));
    // The last entry is held by the chain of the header.
    store.put_raw(keys::journal(id(1), 4), Some(row.clone()));
    assert!(matches!(store.journal(id(1), 3, 9), Err(StoreError::Inconsistent { .. })));
    *row.last_mut().unwrap() ^= 1;
    store.put_raw(keys::journal(id(1), 2), Some(row));
    assert!(matches!(store.journal(id(1), 1, 1), Err(StoreError::Damaged { .. })));
    for version in [2, 4] {
        store.put_raw(keys::journal(id(1), version), None);
        let error = store.journal(id(1), 0, 9).unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
    }
    store.put_raw(keys::change(3), None);
    assert_eq!(store.changes(0, 2).unwrap().len(), 2);
    let error = store.changes(0, 9).unwrap_err();
    assert!(error.to_string().contains("change 3 is missing"), "{error}");
}
