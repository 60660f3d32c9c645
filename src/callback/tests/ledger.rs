//! The ledger on a clock of its own.

use super::*;
use crate::callback::again::Sent;
use crate::callback::ledger::{Ended as Tried, Ledger};
use crate::machine::application::Phase;
use crate::machine::samples;
use crate::machine::samples::Wanted as Collected;
use crate::machine::time::Time;
use crate::machine::view::View;
use crate::store::codec::Encoded;
use crate::store::records::change::{self, ChangeRecord};
use crate::store::records::snapshot;
use crate::store::{DeliveryGroup, Item, Queue};
use std::collections::BTreeSet;

const MINUTE: Duration = Duration::from_secs(60);
const BUDGET: Duration = Duration::from_secs(60 * 60);

/// A store with the changes of some applications of "partner", each through the same phases.
fn store(applications: &[u8]) -> MemoryStore {
    let store = MemoryStore::new();
    for number in applications {
        let mut before = None;
        for (expected, phase) in phases().into_iter().enumerate() {
            let mut application = samples::application(phase, Collected::No);
            application.id = id(*number);
            let after = View::of(&application);
            let change = ChangeRecord { at: samples::NOW, before: before.take(), after: after.clone() };
            before = Some(after.brief());
            let item = Item {
                application: application.id,
                expected: expected as u64,
                snapshot: snapshot::to_record(&application),
                entry: Encoded { version: 1, body: Vec::new() },
                change: change::to_record(&change),
                wake: None,
                documents: Vec::new(),
                unindex: Vec::new(),
                index: Vec::new(),
                request: None,
            };
            store.commit(&[item]).unwrap();
        }
    }
    store
}

/// The second is no change of state.
fn phases() -> Vec<Phase> {
    vec![samples::init(), samples::init(), Phase::DataReady, Phase::Approved]
}

fn id(number: u8) -> ApplicationId {
    let mut bytes = *samples::ID.as_bytes();
    bytes[15] = number;
    ApplicationId::from_bytes(bytes)
}

fn key(number: u8, version: u64) -> DeliveryKey {
    DeliveryKey { application: id(number), version }
}

/// A ledger that begins before the first change.
fn ledger(store: &MemoryStore) -> Ledger<MemoryStore> {
    let cursors = BTreeMap::from([("partner".to_owned(), 0)]);
    if store.delivery_cursors().unwrap().is_empty() {
        store.write_deliveries(&DeliveryGroup { cursors, ..DeliveryGroup::default() }).unwrap();
    }
    let ledger = Ledger::open(engine(store), BTreeMap::from([("partner".to_owned(), Vec::new())])).unwrap();
    while !ledger.take_over().unwrap().is_all {}
    ledger
}

fn due(ledger: &Ledger<MemoryStore>, now: Time) -> Vec<DeliveryKey> {
    let (orders, _) = ledger.due("partner", &BTreeSet::new(), 100, now).unwrap();
    orders.into_iter().map(|order| order.key).collect()
}

fn failed(wait: Duration) -> Tried {
    Tried::Failed { error: "HTTP 500".to_owned(), wait }
}

fn again(key: DeliveryKey) -> Again {
    let by = By { actor: "anna".to_owned(), reason: "again".to_owned() };
    Again { key, by, request: None, etag: None, is_trial: false }
}

#[tokio::test]
async fn only_the_oldest_of_an_application_is_due() {
    let ledger = ledger(&store(&[1, 2]));
    let now = clock::now();
    assert_eq!(due(&ledger, now), [key(1, 1), key(2, 1)]);
    // What moves up is due from then on, after those that were due before.
    let now = now + MINUTE;
    ledger.settle(key(1, 1), Tried::Received, (now, BUDGET), now).unwrap();
    assert_eq!(due(&ledger, now), [key(2, 1), key(1, 3)]);
    let busy = BTreeSet::from([id(2)]);
    let (orders, next) = ledger.due("partner", &busy, 1, now).unwrap();
    assert_eq!((orders[0].key, orders.len(), next), (key(1, 3), 1, None));
    ledger.settle(key(2, 1), failed(MINUTE), (now, BUDGET), now).unwrap();
    ledger.settle(key(1, 3), Tried::Received, (now, BUDGET), now).unwrap();
    assert_eq!(due(&ledger, now), [key(1, 4)]);
    let (_, next) = ledger.due("partner", &BTreeSet::new(), 9, now).unwrap();
    assert_eq!(next, Some(now + MINUTE));
    assert_eq!(due(&ledger, now + MINUTE), [key(1, 4), key(2, 1)]);
    let census = ledger.census(8);
    assert_eq!((census[0].waiting, census[0].dead, census[0].behind, census[0].missed), (4, 0, 0, 0));
    assert!(census[0].oldest_waiting.unwrap() <= samples::NOW);
}

#[tokio::test]
async fn what_fails_for_its_budget_is_given_up_and_blocks_nothing() {
    let store = store(&[1]);
    let ledger = ledger(&store);
    let began = clock::now();
    ledger.settle(key(1, 1), failed(MINUTE), (began, BUDGET), began).unwrap();
    // The last try comes when the time is over, however long the wait would be.
    let later = began + BUDGET / 2;
    ledger.settle(key(1, 1), failed(BUDGET), (later, BUDGET), later).unwrap();
    let end = began + BUDGET;
    assert_eq!((due(&ledger, end), due(&ledger, later)), (vec![key(1, 1)], vec![]));
    ledger.settle(key(1, 1), failed(MINUTE), (end, BUDGET), end).unwrap();
    assert_eq!(due(&ledger, end), [key(1, 3)]);
    assert_eq!((ledger.census(4)[0].waiting, ledger.census(4)[0].dead), (2, 1));
    // Sent again it has its turn before those that are younger, and its whole budget.
    let Sent::Now(listed) = ledger.resend(again(key(1, 1)), end).unwrap() else { panic!("it is sent") };
    assert_eq!((listed.place.queue, listed.record.tries), (Queue::Next, 0));
    assert_eq!(due(&ledger, end), [key(1, 1)]);
    assert_eq!(store.delivery(key(1, 3)).unwrap().unwrap().place.queue, Queue::Behind);
    ledger.settle(key(1, 1), failed(MINUTE), (end, BUDGET), end).unwrap();
    assert_eq!(due(&ledger, end + MINUTE), [key(1, 1)]);
}

#[tokio::test]
async fn what_was_counted_is_counted_again_after_a_restart() {
    let store = store(&[1, 2, 3]);
    let first = ledger(&store);
    let now = clock::now();
    first.settle(key(1, 1), Tried::Received, (now, BUDGET), now).unwrap();
    first.settle(key(2, 1), Tried::Unwanted { error: "HTTP 410".to_owned() }, (now, BUDGET), now).unwrap();
    let counted = first.census(12);
    assert_eq!((counted[0].waiting, counted[0].dead), (7, 1));
    let second = ledger(&store);
    assert_eq!(second.census(12), counted);
    assert_eq!(due(&second, clock::now()).len(), 3);
}

#[tokio::test]
async fn what_was_kept_long_enough_is_swept() {
    let store = store(&[1]);
    let ledger = ledger(&store);
    let now = clock::now();
    ledger.settle(key(1, 1), Tried::Received, (now, BUDGET), now).unwrap();
    ledger.settle(key(1, 3), Tried::Unwanted { error: String::new() }, (now, BUDGET), now).unwrap();
    let left = |at: Time| -> Vec<u64> {
        ledger.sweep(at).unwrap();
        store.deliveries(id(1), 0, 9).unwrap().iter().map(|it| it.key.version).collect()
    };
    assert_eq!(left(now + (DELIVERED_KEPT - MINUTE)), [1, 3, 4]);
    assert_eq!(left(now + DELIVERED_KEPT), [3, 4]);
    assert_eq!(left(now + (DEAD_KEPT - MINUTE)), [3, 4]);
    // What waits is never swept.
    assert_eq!(left(now + DEAD_KEPT), [4]);
    assert_eq!((ledger.census(4)[0].waiting, ledger.census(4)[0].dead), (1, 0));
    assert!(matches!(ledger.resend(again(key(1, 1)), now), Err(CallbackError::NotFound)));
}

#[tokio::test]
async fn changes_that_were_forgotten_too_early_are_counted() {
    let store = store(&[1, 2]);
    store.forget_changes(6).unwrap();
    let ledger = ledger(&store);
    let census = ledger.census(8);
    assert_eq!((census[0].missed, census[0].behind), (5, 0));
    assert_eq!(due(&ledger, clock::now()), [key(2, 3)]);
}

#[tokio::test]
async fn a_partner_that_is_new_hears_from_now_on_and_others_of_theirs_only() {
    let store = store(&[1]);
    let wishes = |name: &str, states: &[State]| BTreeMap::from([(name.to_owned(), states.to_vec())]);
    let new = Ledger::open(engine(&store), wishes("partner", &[])).unwrap();
    assert!(new.take_over().unwrap().is_all);
    assert!(due(&new, clock::now()).is_empty());
    assert_eq!(store.delivery_cursors().unwrap(), BTreeMap::from([("partner".to_owned(), 4)]));
    for (name, states, wanted) in
        [("partner", vec![State::Approved], vec![key(1, 4)]), ("somebody", Vec::new(), Vec::new())]
    {
        let cursors = BTreeMap::from([(name.to_owned(), 0)]);
        store.write_deliveries(&DeliveryGroup { cursors, ..DeliveryGroup::default() }).unwrap();
        let ledger = Ledger::open(engine(&store), wishes(name, &states)).unwrap();
        ledger.take_over().unwrap();
        let (orders, _) = ledger.due(name, &BTreeSet::new(), 9, clock::now()).unwrap();
        assert_eq!(orders.iter().map(|order| order.key).collect::<Vec<_>>(), wanted, "{name}");
    }
}

#[tokio::test]
async fn a_request_that_is_repeated_is_answered_as_the_first_time_and_sends_nothing() {
    let ledger = ledger(&store(&[1]));
    let now = clock::now();
    let named = |request| Again { request: Some([request; 16]), ..again(key(1, 1)) };
    ledger.settle(key(1, 1), failed(MINUTE), (now, BUDGET), now).unwrap();
    ledger.settle(key(1, 1), Tried::Received, (now, BUDGET), now + MINUTE).unwrap();
    let Sent::Now(first) = ledger.resend(named(5), now + MINUTE).unwrap() else { panic!("it is sent") };
    assert_eq!(due(&ledger, now + MINUTE), [key(1, 1)]);
    ledger.settle(key(1, 1), failed(MINUTE), (now, BUDGET), now + MINUTE).unwrap();
    // Others may have it sent again meanwhile.
    let Sent::Now(second) = ledger.resend(named(6), now + 2 * MINUTE).unwrap() else { panic!("it is sent") };
    assert_eq!(second.record.error.as_deref(), Some("HTTP 500"));
    ledger.settle(key(1, 1), Tried::Received, (now, BUDGET), now + 3 * MINUTE).unwrap();
    for (request, then) in [(5, &first), (6, &second)] {
        let Sent::Not(answer) = ledger.resend(named(request), now + 4 * MINUTE).unwrap() else {
            panic!("nothing is sent")
        };
        assert_eq!((&answer.place, answer.etag()), (&then.place, then.etag()));
        assert_eq!(answer.record.resent.last(), then.record.resent.last());
        assert_eq!((answer.record.tries, &answer.record.error), (0, &then.record.error));
    }
    assert_eq!(due(&ledger, now + 4 * MINUTE), [key(1, 3)]);
    let by = By { actor: "bert".to_owned(), ..again(key(1, 1)).by };
    let other = ledger.resend(Again { by, ..named(5) }, now);
    assert!(matches!(other, Err(CallbackError::RequestReused)));
}

#[tokio::test]
async fn what_waits_behind_another_is_answered_so() {
    let ledger = ledger(&store(&[1]));
    let now = clock::now();
    let named = Again { request: Some([5; 16]), ..again(key(1, 3)) };
    let Sent::Now(first) = ledger.resend(named.clone(), now).unwrap() else { panic!("it is sent") };
    assert_eq!(first.place.queue, Queue::Behind);
    ledger.settle(key(1, 1), Tried::Received, (now, BUDGET), now).unwrap();
    ledger.settle(key(1, 3), Tried::Received, (now, BUDGET), now).unwrap();
    let Sent::Not(answer) = ledger.resend(named, now).unwrap() else { panic!("nothing is sent") };
    assert_eq!((answer.place.clone(), answer.etag()), (first.place.clone(), first.etag()));
}

#[tokio::test]
async fn an_etag_and_a_trial_keep_a_delivery_as_it_is() {
    let store = store(&[1]);
    let ledger = ledger(&store);
    let now = clock::now();
    let read = || Listed::read(store.delivery(key(1, 1)).unwrap().unwrap()).unwrap();
    let etag = read().etag();
    ledger.settle(key(1, 1), failed(MINUTE), (now, BUDGET), now).unwrap();
    let tried = read();
    let stale = ledger.resend(Again { etag: Some(etag), ..again(key(1, 1)) }, now);
    assert!(matches!(stale, Err(CallbackError::Changed { found, .. }) if found == tried.etag()));
    let trial = Again { is_trial: true, ..again(key(1, 1)) };
    let Sent::Not(shown) = ledger.resend(trial, now).unwrap() else { panic!("it was only tried") };
    assert_eq!((shown.record.tries, shown.place.queue), (0, Queue::Next));
    assert_eq!(read(), tried);
    let Sent::Now(sent) = ledger.resend(Again { etag: Some(tried.etag()), ..again(key(1, 1)) }, now).unwrap()
    else {
        panic!("it is sent")
    };
    assert_eq!(sent, shown, "the trial showed what would be");
}

#[tokio::test]
async fn lists_have_pages_and_an_order() {
    let store = store(&[1, 2, 3]);
    let ledger = ledger(&store);
    let now = clock::now();
    ledger.settle(key(2, 1), Tried::Received, (now, BUDGET), now).unwrap();
    ledger.settle(key(3, 1), Tried::Unwanted { error: String::new() }, (now, BUDGET), now).unwrap();
    let pages = |wanted: &Wanted, size| {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = list::list(&store, wanted, after, size).unwrap();
            assert!(page.len() <= size);
            all.extend(page.into_iter().map(|it| it.key));
            let Some(next) = next else { return all };
            after = Some(Position::from_bytes(next.to_bytes()).unwrap());
        }
    };
    let all = pages(&Wanted::default(), 100);
    assert_eq!(all.len(), 9);
    assert_eq!(all[7..], [key(3, 1), key(2, 1)]);
    assert_eq!(pages(&Wanted::default(), 2), all);
    let status = |status| Wanted { status: Some(status), ..Wanted::default() };
    assert_eq!(pages(&status(Status::Dead), 1), [key(3, 1)]);
    assert_eq!(pages(&status(Status::Waiting), 3), all[..7]);
    let of = Wanted { application: Some(id(2)), ..Wanted::default() };
    assert_eq!(pages(&of, 2), [key(2, 1), key(2, 3), key(2, 4)]);
    let of = Wanted { status: Some(Status::Waiting), ..of };
    assert_eq!(pages(&of, 1), [key(2, 3), key(2, 4)]);
    let nobody = Wanted { partner: Some("nobody".to_owned()), ..Wanted::default() };
    assert!(pages(&nobody, 9).is_empty());
}
