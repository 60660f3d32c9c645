use super::*;
use crate::machine::samples;
use crate::machine::samples::Wanted;
use crate::machine::view::View;
use crate::store::memory::MemoryStore;
use crate::store::records::change::{self, ChangeRecord};
use crate::store::records::snapshot;
use crate::store::{Item, codec::Encoded};
use futures_util::FutureExt as _;

/// A store in which one application moves again and again, and a tail that follows it.
struct World {
    store: MemoryStore,
    tail: Arc<Tail>,
    moves: u64,
}

impl World {
    fn new() -> Self {
        Self { store: MemoryStore::new(), tail: Arc::new(Tail::new(0)), moves: 0 }
    }

    /// Commits moves, each with an order number of `size` bytes; nobody is told.
    fn commit(&mut self, count: u64, size: usize) {
        let application = samples::application(samples::init(), Wanted::No);
        for _ in 0..count {
            let mut after = View::of(&application);
            after.source.order = "9".repeat(size);
            let before = (self.moves > 0).then(|| after.brief());
            let change = ChangeRecord { at: samples::NOW, before, after };
            let item = Item {
                application: application.id,
                expected: self.moves,
                snapshot: snapshot::to_record(&application),
                entry: Encoded { version: 1, body: Vec::new() },
                change: change::to_record(&change),
                wake: application.wake(),
                documents: Vec::new(),
                unindex: Vec::new(),
                index: Vec::new(),
                request: None,
            };
            self.store.commit(&[item]).unwrap();
            self.moves += 1;
        }
    }

    fn moves(&mut self, count: u64) {
        self.commit(count, 8);
        self.tail.read(&self.store, self.moves);
    }

    fn join(&self, filter: &Filter) -> Seat {
        self.tail.join(filter, format!("{filter:?}"))
    }
}

fn all() -> Filter {
    Filter::default()
}

/// Nothing here is ever approved.
fn filter(text: &str) -> Filter {
    Filter::parse(text, |_purpose, _text| [0; 16]).unwrap()
}

fn approved() -> Filter {
    filter("state = APPROVED")
}

fn places(after: Option<(Vec<Hit>, u64)>) -> (Vec<u64>, u64) {
    let (hits, upto) = after.expect("it is within the tail");
    (hits.iter().map(|hit| hit.line.sequence).collect(), upto)
}

#[test]
fn lines_are_told_in_order_and_a_page_at_a_time() {
    let mut world = World::new();
    let mut seat = world.join(&all());
    assert_eq!(places(seat.after(0)), (vec![], 0));
    world.moves(300);
    assert_eq!(places(seat.after(0)), ((1..=256).collect(), 256));
    assert_eq!(places(seat.after(256)), ((257..=300).collect(), 300));
    assert_eq!(places(seat.after(300)), (vec![], 300));
    // A token may stand further on than the tail has come.
    assert_eq!(places(seat.after(310)), (vec![], 310));
    let turns: Vec<_> = seat.after(0).unwrap().0.iter().map(|hit| hit.turn).take(2).collect();
    assert_eq!(turns, [Turn::Entered, Turn::Changed]);
}

#[test]
fn only_those_are_woken_who_are_told_something() {
    let mut world = World::new();
    let (mut told, mut spared) = (world.join(&all()), world.join(&approved()));
    world.moves(1);
    assert!(told.changed().now_or_never().is_some());
    assert!(spared.changed().now_or_never().is_none());
    assert_eq!(places(spared.after(0)), (vec![], 1), "it is told how far all was nothing to it");
}

#[test]
fn the_tail_is_bounded_by_count_and_by_bytes() {
    let mut world = World::new();
    let mut seat = world.join(&all());
    let mut quiet = world.join(&approved());
    world.moves(LINES_LIMIT as u64 + 500);
    assert_eq!(world.tail.newest().lines.len(), LINES_LIMIT);
    // One who watches all is within what is kept for one filter, one who was told nothing anywhere.
    let newest = world.moves;
    assert!(seat.after(newest - HITS_LIMIT as u64 - 1).is_none());
    assert_eq!(places(seat.after(newest - HITS_LIMIT as u64)).0.len(), READ);
    assert_eq!(places(quiet.after(0)), (vec![], newest));
    // One who joins finds what is there already, and the beginning is not.
    let mut late = world.join(&filter("product = none"));
    assert!(late.after(499).is_none());
    assert_eq!(places(late.after(500)), (vec![], newest));

    world.commit(400, 30_000);
    world.tail.read(&world.store, world.moves);
    let bytes = world.tail.newest().bytes;
    assert!(bytes <= BYTES_LIMIT && bytes > BYTES_LIMIT - 40_000, "{bytes}");
    let held: usize = world.tail.newest().lines.iter().map(|line| line.bytes).sum();
    assert_eq!(bytes, held);
}

#[test]
fn nothing_is_read_or_kept_for_nobody() {
    let mut world = World::new();
    let seat = world.join(&all());
    world.moves(5);
    drop(seat);
    world.moves(5);
    assert!(world.tail.newest().lines.is_empty());
    let mut seat = world.join(&all());
    assert!(seat.after(9).is_none());
    assert_eq!(places(seat.after(10)), (vec![], 10));
}

#[test]
fn what_cannot_be_read_is_left_to_each_watcher() {
    let mut world = World::new();
    let (mut seat, mut quiet) = (world.join(&all()), world.join(&approved()));
    world.commit(20, 8);
    world.store.forget_changes(11).unwrap();
    world.tail.read(&world.store, 20);
    for seat in [&mut seat, &mut quiet] {
        assert!(seat.changed().now_or_never().is_some(), "it must look for itself");
        assert!(seat.after(0).is_none());
    }
    world.moves(1);
    assert_eq!(places(seat.after(20)), (vec![21], 21));
}
