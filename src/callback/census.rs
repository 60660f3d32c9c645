//! How many deliveries wait, since when, and how many were given up; counted as they move.

use crate::machine::time::Time;
use crate::store::{Place, Queue};
use std::collections::BTreeMap;

/// How it stands with a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// The partner.
    pub partner: String,
    /// Deliveries that are to be tried, now or later.
    pub waiting: u64,
    /// Deliveries that were given up, and are kept to be sent again.
    pub dead: u64,
    /// Since when the oldest of those that wait could have been delivered, to the minute.
    pub oldest_waiting: Option<Time>,
    /// Changes that are durable and not taken over yet.
    pub behind: u64,
    /// Changes that were forgotten before they were taken over, since the server was started; must
    /// be 0.
    pub missed: u64,
}

/// The counts of all partners.
#[derive(Debug, Default)]
pub(super) struct Tallies(BTreeMap<String, Tally>);

#[derive(Debug, Default)]
struct Tally {
    waiting: u64,
    dead: u64,
    missed: u64,
    /// How many wait since each minute: exact enough, and never as many as there are deliveries.
    minutes: BTreeMap<u64, u64>,
}

const MINUTE: u64 = 60_000;

impl Tallies {
    pub(super) fn enter(&mut self, place: &Place) {
        let tally = self.of(&place.partner);
        match place.queue {
            Queue::Next | Queue::Behind => {
                tally.waiting += 1;
                *tally.minutes.entry(place.since.as_millis() / MINUTE).or_default() += 1;
            }
            Queue::Dead => tally.dead += 1,
            Queue::Delivered => {}
        }
    }

    pub(super) fn leave(&mut self, place: &Place) {
        let tally = self.of(&place.partner);
        match place.queue {
            Queue::Next | Queue::Behind => {
                tally.waiting -= 1;
                let minute = place.since.as_millis() / MINUTE;
                let left = tally.minutes.get(&minute).map_or(0, |count| count - 1);
                match left {
                    0 => tally.minutes.remove(&minute),
                    left => tally.minutes.insert(minute, left),
                };
            }
            Queue::Dead => tally.dead -= 1,
            Queue::Delivered => {}
        }
    }

    pub(super) fn miss(&mut self, partner: &str, changes: u64) {
        self.of(partner).missed += changes;
    }

    pub(super) fn census(&self, partner: &str, behind: u64) -> Census {
        let none = Tally::default();
        let tally = self.0.get(partner).unwrap_or(&none);
        Census {
            partner: partner.to_owned(),
            waiting: tally.waiting,
            dead: tally.dead,
            oldest_waiting: tally.minutes.keys().next().map(|minute| Time::from_millis(minute * MINUTE)),
            behind,
            missed: tally.missed,
        }
    }

    fn of(&mut self, partner: &str) -> &mut Tally {
        if !self.0.contains_key(partner) {
            self.0.insert(partner.to_owned(), Tally::default());
        }
        self.0.get_mut(partner).expect("it is there by now")
    }
}
