//! What a step gathers on its way through the machines.

use super::Move;
use crate::machine::application::Application;
use crate::machine::call::{Call, EffectId, Pending, Slot};
use crate::machine::challenge::SealedAnswer;
use crate::machine::policy::Policy;
use crate::machine::time::Time;
use std::time::Duration;

/// How a machine took an event.
pub(crate) enum Taken<T> {
    Moved(T),
    Quiet(Asked),
    Ignored,
    Late,
    Rejected,
}

/// A call asked for, and how long to wait before it.
pub(crate) struct Asked {
    pub(crate) call: Call,
    pub(crate) after: Duration,
}

/// What a step gathers on its way.
pub(crate) struct Draft<'a> {
    pub(crate) now: Time,
    pub(crate) policy: &'a Policy,
    pub(super) version: u64,
    pub(super) challenges: u32,
    pub(super) outbox: Vec<Pending>,
    /// The credentials that came with the event, whether they are of use or not.
    pub(super) brought: Option<SealedAnswer>,
    pub(super) answered: Option<EffectId>,
    pub(super) moves: Vec<Move>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(application: &Application, now: Time, policy: &'a Policy) -> Self {
        Self {
            now,
            policy,
            version: application.version + 1,
            challenges: application.challenges,
            outbox: application.outbox.clone(),
            brought: None,
            answered: None,
            moves: Vec::new(),
        }
    }

    /// Asks for a call; it takes the place of what waits in the slot.
    pub(crate) fn call(&mut self, slot: Slot, call: Call, after: Duration) {
        self.withdraw(slot);
        let due = self.now + after;
        let id = EffectId { version: self.version, slot };
        self.outbox.push(Pending { id, call, due, until: due + self.policy.call_budget });
    }

    pub(crate) fn withdraw(&mut self, slot: Slot) {
        self.outbox.retain(|pending| pending.id.slot != slot);
    }

    pub(crate) fn withdraw_all(&mut self) {
        self.outbox.clear();
    }

    /// Wants the waiting calls to be made now, with their whole budget.
    pub(crate) fn hurry(&mut self) {
        for pending in &mut self.outbox {
            pending.due = self.now;
            pending.until = self.now + self.policy.call_budget;
        }
    }

    pub(crate) const fn next_challenge(&mut self) -> u32 {
        self.challenges += 1;
        self.challenges
    }

    pub(crate) fn moved(&mut self, slot: Slot, edge: u16, from: u16, to: u16) {
        self.moves.push(Move { slot, edge, from, to });
    }

    pub(crate) fn started(&mut self, slot: Slot, state: u16) {
        self.moved(slot, 0, 0, state);
    }
}
