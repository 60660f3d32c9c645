//! All audits.
//!
//! Owns the promise that one order has one audit (spec 002 §7.1), for as long as the sandbox
//! lives, and how long each takes. It must never see a dossier.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::chance::{Chance, Purpose};
use super::{Millis, Mobile, Pace, Script};
use crate::provider::wire::audit::Suggestion;

/// Audits remembered. None is forgotten, or an order could be audited twice; the next is refused.
pub(super) const MAX_AUDITS: usize = 1_000_000;
/// Steps of time that an audit takes.
const STEPS: u64 = 2;
/// Polls answered "in progress" at least.
const POLLS: u32 = 1;
/// The same for the scripts that take their time.
const SLOW_POLLS: u32 = 5;
const LONG_POLLS: u32 = 20;
/// Polls that a script disturbs.
const ODD_POLLS: u32 = 2;

/// The audits, by order.
#[derive(Debug)]
pub(super) struct Audits {
    seed: u64,
    pace: Pace,
    by_order: BTreeMap<i64, Audit>,
    by_open_id: HashMap<String, i64>,
    agenda: BTreeSet<(Millis, i64)>,
}

/// What a poll is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// How the audit stands.
    Suggestion(Suggestion),
    /// The script wants 1000.
    SystemError,
}

#[derive(Debug)]
struct Audit {
    open_id: String,
    mobile: Mobile,
    /// Fingerprint of what is audited.
    content: u64,
    odd_polls_left: u32,
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

    /// Whether an order is audited with other content.
    pub(super) fn is_changed(&self, order_id: i64, content: u64) -> bool {
        self.by_order.get(&order_id).is_some_and(|audit| audit.content != content)
    }

    /// Whose audit it is.
    pub(super) fn mobile_of(&self, open_id: &str) -> Option<Mobile> {
        Some(self.by_order.get(self.by_open_id.get(open_id)?)?.mobile)
    }

    /// Opens an audit for an order that has none; `None` when there is no room.
    pub(super) fn open(
        &mut self,
        now: Millis,
        order_id: i64,
        mobile: Mobile,
        content: u64,
    ) -> Option<String> {
        if self.by_order.len() >= MAX_AUDITS {
            return None;
        }
        let mut chance = Chance::new(self.seed, Purpose::Audit, order_id.unsigned_abs(), 0);
        let open_id = chance.id();
        let script = Script::of(mobile);
        let polls_left = if script == Script::Slow {
            SLOW_POLLS
        } else if script == Script::AuditLong {
            LONG_POLLS
        } else if self.pace.is_instant() {
            0
        } else {
            POLLS
        };
        let ready_at = now + STEPS * self.pace.step(&mut chance);
        self.agenda.insert((ready_at, order_id));
        self.by_open_id.insert(open_id.clone(), order_id);
        let is_odd = matches!(script, Script::AuditUnknownCode | Script::AuditResultLate);
        let odd_polls_left = if is_odd { ODD_POLLS } else { 0 };
        let audit = Audit { open_id: open_id.clone(), mobile, content, odd_polls_left, ready_at, polls_left };
        self.by_order.insert(order_id, audit);
        Some(open_id)
    }

    /// Tells the order, its applicant and how its audit stands; asking counts.
    pub(super) fn ask(&mut self, now: Millis, open_id: &str) -> Option<(i64, Mobile, Told)> {
        let order_id = *self.by_open_id.get(open_id)?;
        let audit = self.by_order.get_mut(&order_id)?;
        let script = Script::of(audit.mobile);
        let told = if audit.odd_polls_left > 0 {
            audit.odd_polls_left -= 1;
            match script == Script::AuditUnknownCode {
                true => Told::Suggestion(Suggestion::Unknown(7)),
                false => Told::SystemError,
            }
        } else if audit.polls_left > 0 || now < audit.ready_at {
            audit.polls_left = audit.polls_left.saturating_sub(1);
            Told::Suggestion(Suggestion::Pending)
        } else if matches!(script, Script::AuditRejected | Script::AuditSilent) {
            Told::Suggestion(Suggestion::Reject)
        } else {
            Told::Suggestion(Suggestion::Approve)
        };
        Some((order_id, audit.mobile, told))
    }

    /// Decides now what is in progress for an applicant; whether anything was.
    pub(super) fn hasten(&mut self, now: Millis, mobile: Mobile) -> bool {
        let mut has_moved = false;
        for audit in self.by_order.values_mut().filter(|audit| audit.mobile == mobile) {
            has_moved |= audit.polls_left > 0 || now < audit.ready_at;
            (audit.polls_left, audit.ready_at) = (0, audit.ready_at.min(now));
        }
        has_moved
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
