//! All audits.
//!
//! Owns the promise that one order has one audit (spec 002 §7.1), for as long as the sandbox
//! lives, and how long each takes. It must never see a dossier.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::chance::{Chance, Purpose};
use super::{Millis, Pace, Script};
use crate::provider::wire::audit::Suggestion;

/// Audits remembered. None is forgotten, or an order could be audited twice; the next is refused.
pub(super) const MAX_AUDITS: usize = 1_000_000;
/// Steps of time that an audit takes.
const STEPS: u64 = 2;
/// Polls answered "in progress" at least.
const POLLS: u32 = 1;
/// The same for the script that takes its time.
const SLOW_POLLS: u32 = 5;

/// The audits, by order.
#[derive(Debug)]
pub(super) struct Audits {
    seed: u64,
    pace: Pace,
    by_order: BTreeMap<i64, Audit>,
    by_open_id: HashMap<String, i64>,
    agenda: BTreeSet<(Millis, i64)>,
}

#[derive(Debug)]
struct Audit {
    open_id: String,
    script: Script,
    ready_at: Millis,
    polls_left: u32,
}

impl Audits {
    pub(super) fn new(seed: u64, pace: Pace) -> Self {
        Self { seed, pace, by_order: BTreeMap::new(), by_open_id: HashMap::new(), agenda: BTreeSet::new() }
    }

    /// The audit an order has already.
    pub(super) fn open_id_of(&self, order_id: i64) -> Option<String> {
        self.by_order.get(&order_id).map(|audit| audit.open_id.clone())
    }

    /// Opens an audit for an order that has none; `None` when there is no room.
    pub(super) fn open(&mut self, now: Millis, order_id: i64, script: Script) -> Option<String> {
        if self.by_order.len() >= MAX_AUDITS {
            return None;
        }
        let mut chance = Chance::new(self.seed, Purpose::Audit, order_id.unsigned_abs(), 0);
        let open_id = chance.id();
        let polls_left = if script == Script::Slow {
            SLOW_POLLS
        } else if self.pace.is_instant() {
            0
        } else {
            POLLS
        };
        let ready_at = now + STEPS * self.pace.step(&mut chance);
        self.agenda.insert((ready_at, order_id));
        self.by_open_id.insert(open_id.clone(), order_id);
        self.by_order.insert(order_id, Audit { open_id: open_id.clone(), script, ready_at, polls_left });
        Some(open_id)
    }

    /// Tells the order and how its audit stands; asking counts.
    pub(super) fn ask(&mut self, now: Millis, open_id: &str) -> Option<(i64, Suggestion)> {
        let order_id = *self.by_open_id.get(open_id)?;
        let audit = self.by_order.get_mut(&order_id)?;
        let suggestion = if audit.polls_left > 0 || now < audit.ready_at {
            audit.polls_left = audit.polls_left.saturating_sub(1);
            Suggestion::Pending
        } else if audit.script == Script::AuditRejected {
            Suggestion::Reject
        } else {
            Suggestion::Approve
        };
        Some((order_id, suggestion))
    }

    /// Drops what is past from the agenda.
    pub(super) fn settle(&mut self, now: Millis) {
        while self.agenda.first().is_some_and(|(at, _)| *at <= now) {
            self.agenda.pop_first();
        }
    }

    /// When, after `now`, an audit will next be decided.
    pub(super) fn next_moment(&self, now: Millis) -> Option<Millis> {
        let mut ahead = self.agenda.iter().map(|(at, _)| *at);
        ahead.find(|at| *at > now)
    }
}
