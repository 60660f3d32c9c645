//! What metrics tell of moves and calls: one handle for each figure, looked up once.

use super::provider::{Ended, Failure};
use crate::clock::Stopwatch;
use crate::machine::call::Slot;
use crate::machine::graph::application::State;
use crate::machine::step::{self, Move};
use crate::telemetry::metrics as told;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The figures of moves.
#[derive(Default)]
pub(super) struct Moves {
    edges: BTreeMap<(Slot, u16), Counter>,
    states: BTreeMap<u16, Gauge>,
}

impl Moves {
    /// Counts moves that are durable.
    pub(super) fn count(&mut self, moves: &[Move]) {
        for moved in moves {
            let edge = self.edges.entry((moved.slot, moved.edge)).or_insert_with(|| {
                let (machine, edge, _, _) = step::names(moved);
                counter!(told::TRANSITIONS, "machine" => machine, "edge" => edge)
            });
            edge.increment(1);
            if moved.slot == Slot::Application && moved.from != moved.to {
                if let Some(from) = self.state(moved.from) {
                    from.decrement(1.0);
                }
                if let Some(to) = self.state(moved.to) {
                    to.increment(1.0);
                }
            }
        }
    }

    fn state(&mut self, number: u16) -> Option<&Gauge> {
        let state = State::from_number(number)?;
        Some(self.states.entry(number).or_insert_with(|| gauge!(told::APPLICATIONS, "state" => state.name())))
    }
}

/// The figures of calls.
pub(super) struct Calls {
    under_way: Gauge,
    kinds: BTreeMap<&'static str, Arc<Kind>>,
}

/// The figures of calls of one name: their time, and how they ended.
struct Kind {
    time: Histogram,
    told: Counter,
    not_sent: Counter,
    ours: Counter,
    busy: Counter,
    ambiguous: Counter,
    hopeless: Counter,
}

impl Calls {
    /// Begins without any.
    pub(super) fn new() -> Self {
        Self { under_way: gauge!(told::CALLS_UNDER_WAY), kinds: BTreeMap::new() }
    }

    /// Counts a call that begins.
    pub(super) fn begin(&mut self, name: &'static str) -> Begun {
        self.under_way.increment(1.0);
        let kind = Arc::clone(self.kinds.entry(name).or_insert_with(|| Arc::new(Kind::new(name))));
        Begun { under_way: self.under_way.clone(), kind, since: Stopwatch::start() }
    }
}

impl Kind {
    fn new(name: &'static str) -> Self {
        let ended = |outcome| counter!(told::CALLS, "call" => name, "outcome" => outcome);
        Self {
            time: histogram!(told::CALL_TIME, "call" => name),
            told: ended("told"),
            not_sent: ended("not_sent"),
            ours: ended("ours"),
            busy: ended("busy"),
            ambiguous: ended("ambiguous"),
            hopeless: ended("hopeless"),
        }
    }

    const fn of(&self, ended: &Ended) -> &Counter {
        match ended {
            Ended::Told { .. } => &self.told,
            Ended::Failed(Failure::NotSent { .. }) => &self.not_sent,
            Ended::Failed(Failure::Ours { .. }) => &self.ours,
            Ended::Failed(Failure::Busy { .. }) => &self.busy,
            Ended::Failed(Failure::Ambiguous { .. }) => &self.ambiguous,
            Ended::Failed(Failure::Hopeless(_)) => &self.hopeless,
        }
    }
}

/// A call that has begun.
pub(super) struct Begun {
    under_way: Gauge,
    kind: Arc<Kind>,
    since: Stopwatch,
}

impl Begun {
    /// Counts how it ended.
    pub(super) fn end(self, ended: &Ended) {
        self.under_way.decrement(1.0);
        self.kind.time.record(self.since.read());
        self.kind.of(ended).increment(1);
    }
}
