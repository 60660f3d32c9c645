//! When which system was down.

use crate::machine::call::System;
use crate::machine::time::Time;
use crate::store;
use std::collections::BTreeMap;
use std::time::Duration;

/// The outages of each system that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outages {
    /// In order, none overlapping another; only the last of a system may last.
    kept: BTreeMap<System, Vec<Interval>>,
    longest: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Interval {
    start: Time,
    end: Option<Time>,
}

impl Outages {
    /// Takes what is stored, in order of system and start. Of each outage at most `longest` counts.
    /// Systems that this Docket does not know are passed over: it calls none of them.
    pub fn of(stored: impl IntoIterator<Item = store::Outage>, longest: Duration) -> Self {
        let mut kept: BTreeMap<System, Vec<Interval>> = BTreeMap::new();
        for store::Outage { system, start, end } in stored {
            let known = System::ALL.into_iter().find(|known| known.number() == system);
            let Some(system) = known else { continue };
            let intervals = kept.entry(system).or_default();
            if let Some(last) = intervals.last_mut() {
                last.end = Some(last.end.map_or(start, |end| end.min(start)));
            }
            intervals.push(Interval { start, end });
        }
        Self { kept, longest }
    }

    /// Says for how long between two moments a system was down, as far as that is counted: of each
    /// outage no more than the longest that is waited for.
    pub fn overlap(&self, system: System, from: Time, to: Time) -> Duration {
        self.common(system, from, to, self.longest)
    }

    /// Says for how long between two moments a system was down.
    pub fn during(&self, system: System, from: Time, to: Time) -> Duration {
        self.common(system, from, to, Duration::MAX)
    }

    /// How much of one outage is counted.
    pub(super) const fn longest(&self) -> Duration {
        self.longest
    }

    fn common(&self, system: System, from: Time, to: Time, longest: Duration) -> Duration {
        let intervals = self.kept.get(&system).map_or(&[][..], Vec::as_slice);
        // The newest first: what is asked about is seldom long ago.
        let reached = intervals.iter().rev().take_while(|it| it.end.is_none_or(|end| end > from));
        let common = reached.map(|it| {
            let end = it.end.unwrap_or(to).min(it.start + longest).min(to);
            end.since(it.start.max(from))
        });
        common.sum()
    }

    /// Since when a system is down, if it is.
    pub(super) fn lasting(&self, system: System) -> Option<Time> {
        let last = self.kept.get(&system)?.last()?;
        last.end.is_none().then_some(last.start)
    }

    /// A system is down since `start`.
    pub(super) fn begin(&mut self, system: System, start: Time) {
        self.kept.entry(system).or_default().push(Interval { start, end: None });
    }

    /// A system is back; gives since when it was down.
    pub(super) fn end(&mut self, system: System, at: Time) -> Option<Time> {
        let last = self.kept.get_mut(&system)?.last_mut()?;
        last.end.get_or_insert(at);
        Some(last.start)
    }

    /// Forgets what ended before a moment; says what.
    pub(super) fn forget(&mut self, before: Time) -> Vec<(System, Time)> {
        let mut forgotten = Vec::new();
        for (system, intervals) in &mut self.kept {
            let old = intervals.partition_point(|it| it.end.is_some_and(|end| end < before));
            forgotten.extend(intervals.drain(..old).map(|it| (*system, it.start)));
        }
        forgotten
    }
}
