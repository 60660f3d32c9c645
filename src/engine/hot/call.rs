//! One call that moves: where it is, how often it was tried, and until when it is.

use crate::engine::outage::{Key, Outages, Place};
use crate::machine::call::{Call, CallClass, EffectId, Pending, Slot, System};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;

pub(super) struct HotCall {
    pub(super) stage: Stage,
    /// What to call instead of what is stored: a poll may take turns.
    pub(super) instead: Option<Call>,
    /// After this time it is tried no more, but for the outages since `since`.
    pub(super) budget: Time,
    pub(super) since: Time,
    pub(super) tries: u32,
    pub(super) trouble: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Waits {
        until: Time,
    },
    /// It is due, and waits before the gate of its system.
    Queues {
        system: System,
        place: Place,
    },
    UnderWay,
    /// It waited before a gate until its budget was gone.
    Spent,
}

/// The first and the last name that a call of an application may have.
pub(super) fn span(application: ApplicationId) -> (Key, Key) {
    let first = EffectId { version: 0, slot: Slot::Application };
    let last = EffectId { version: u64::MAX, slot: Slot::LAST };
    ((application, first), (application, last))
}

impl HotCall {
    pub(super) const fn waiting(until: Time, budget: Time) -> Self {
        let (stage, since) = (Stage::Waits { until }, until);
        Self { stage, instead: None, budget, since, tries: 0, trouble: String::new() }
    }

    /// After which time it is tried no more: outages are not taken off its budget.
    pub(super) fn end(&self, outages: &Outages, system: System, now: Time) -> Time {
        self.budget + outages.overlap(system, self.since, now)
    }
}

/// Says whether a call may be made again when nobody knows what became of it.
pub(in super::super) const fn is_safe(pending: &Pending) -> bool {
    match pending.call.class() {
        CallClass::Repeat | CallClass::SameKey => true,
        CallClass::PollFirst | CallClass::NewSession => false,
    }
}

/// Until when a call is tried that begins to be made now. What may be repeated was perhaps asked for
/// hours ago: its budget is counted from the first try of this life, or the first failure after a
/// restart would be the last.
pub(super) fn budget(pending: &Pending, now: Time) -> Time {
    match pending.call.class() {
        CallClass::Repeat | CallClass::SameKey => pending.until.max(now + pending.until.since(pending.due)),
        CallClass::PollFirst | CallClass::NewSession => pending.until,
    }
}
