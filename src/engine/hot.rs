//! What moves right now, in memory only: calls under way, retries, polls, the next looks.
//!
//! None of it is needed after a crash: the store says what was asked for, and what must not be
//! repeated blindly is told as lost. An application that merely waits is not in here.

#[cfg(test)]
mod tests;

use super::provider::{Failure, Order};
use crate::machine::application::Application;
use crate::machine::call::{Call, CallClass, Cause, EffectId, Pending, Reply};
use crate::machine::challenge::bounded;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The wait before the first retry.
const BACKOFF_MIN: Duration = Duration::from_millis(500);

/// The longest wait between two tries, unless the provider asks for more.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

pub(super) struct Hot {
    calls: BTreeMap<(ApplicationId, EffectId), HotCall>,
    due: VecDeque<Order>,
    /// The planned looks in order of time: one for each application in `planned`.
    looks: BTreeSet<(Time, ApplicationId)>,
    planned: HashMap<ApplicationId, Time>,
    chance: ChaCha8Rng,
}

struct HotCall {
    stage: Stage,
    /// What to call instead of what is stored: a poll may take turns.
    instead: Option<Call>,
    /// After this time it is tried no more.
    budget: Time,
    tries: u32,
    trouble: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waits { until: Time },
    UnderWay,
}

/// What to do after a failure.
pub(super) enum After {
    /// It will be tried again.
    Again,
    /// The core must know.
    Reply(Reply),
}

impl Hot {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            calls: BTreeMap::new(),
            due: VecDeque::new(),
            looks: BTreeSet::new(),
            planned: HashMap::new(),
            chance: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Remembers that a call which must not be repeated was asked for in this life.
    pub(super) fn ask(&mut self, application: ApplicationId, pending: &Pending) {
        match pending.call.class() {
            CallClass::Repeat | CallClass::SameKey => {}
            CallClass::PollFirst | CallClass::NewSession => {
                self.calls.insert((application, pending.id), HotCall::waiting(pending.due, pending.until));
            }
        }
    }

    /// Says whether anything is known of a call in this life.
    pub(super) fn knows(&self, application: ApplicationId, effect: EffectId) -> bool {
        self.calls.contains_key(&(application, effect))
    }

    /// A poll saw nothing new: it is made again later, which is not stored.
    pub(super) fn ask_again(&mut self, application: ApplicationId, pending: Pending) {
        let waiting = HotCall::waiting(pending.due, pending.until);
        let call = HotCall { instead: Some(pending.call), ..waiting };
        self.calls.insert((application, pending.id), call);
    }

    /// A call is wanted now: what is known of its former tries is forgotten, unless it is under way.
    pub(super) fn hurry(&mut self, application: ApplicationId, pending: &Pending) {
        if let Some(call) = self.calls.get_mut(&(application, pending.id))
            && call.stage != Stage::UnderWay
        {
            *call = HotCall::waiting(pending.due, pending.until);
        }
    }

    /// Nothing is to be done about an application: calls that were due and not yet made wait again.
    pub(super) fn rest(&mut self, application: ApplicationId) {
        let calls = &mut self.calls;
        self.due.retain(|order| {
            let is_others = order.application.id != application;
            if !is_others && let Some(call) = calls.get_mut(&(application, order.pending.id)) {
                call.stage = Stage::Waits { until: order.pending.due };
            }
            is_others
        });
    }

    /// Puts a call on its way if its time has come and it is not under way.
    pub(super) fn call_if_due(&mut self, application: &Arc<Application>, pending: &Pending, now: Time) {
        let key = (application.id, pending.id);
        let call =
            self.calls.entry(key).or_insert_with(|| HotCall::waiting(pending.due, budget(pending, now)));
        let Stage::Waits { until } = call.stage else { return };
        if until > now {
            let is_as_stored = call.instead.is_none() && call.tries == 0;
            if is_as_stored && matches!(pending.call.class(), CallClass::Repeat | CallClass::SameKey) {
                self.calls.remove(&key);
            }
            return;
        }
        call.stage = Stage::UnderWay;
        let mut pending = pending.clone();
        if let Some(instead) = &call.instead {
            pending.call = instead.clone();
        }
        self.due.push_back(Order { application: Arc::clone(application), pending });
    }

    /// Takes calls that are due; those withdrawn meanwhile are left out.
    pub(super) fn take_calls(&mut self, room: usize) -> Vec<Order> {
        let mut taken = Vec::new();
        while taken.len() < room {
            let Some(order) = self.due.pop_front() else { break };
            if self.knows(order.application.id, order.pending.id) {
                taken.push(order);
            }
        }
        taken
    }

    /// Forgets a call that has ended or is wanted no more.
    pub(super) fn forget(&mut self, application: ApplicationId, effect: EffectId) {
        self.calls.remove(&(application, effect));
    }

    /// Forgets all about an application.
    pub(super) fn drop_all(&mut self, application: ApplicationId) {
        self.leave(application);
        let effects: Vec<_> = self.of(application).map(|(effect, _)| effect).collect();
        for effect in effects {
            self.forget(application, effect);
        }
    }

    /// Decides what a failure means for a call: its class says what may be done.
    pub(super) fn failed(
        &mut self,
        id: ApplicationId,
        pending: &Pending,
        failure: Failure,
        now: Time,
    ) -> After {
        let class = pending.call.class();
        let (detail, wait) = match (failure, class) {
            (Failure::Hopeless(cause), _) => return After::Reply(Reply::Failed { cause }),
            (Failure::Ambiguous { .. } | Failure::Busy { .. }, CallClass::PollFirst)
            | (Failure::Ambiguous { .. }, CallClass::NewSession) => return After::Reply(Reply::Lost),
            (Failure::NotSent { detail }, _)
            | (Failure::Ambiguous { detail }, CallClass::Repeat | CallClass::SameKey) => (detail, None),
            (
                Failure::Busy { detail, retry_after },
                CallClass::Repeat | CallClass::SameKey | CallClass::NewSession,
            ) => (detail, retry_after),
        };
        let key = (id, pending.id);
        let former = self.calls.remove(&key);
        let former = former.unwrap_or_else(|| HotCall::waiting(now, budget(pending, now)));
        let tries = former.tries + 1;
        let until = now + self.backoff(tries).max(wait.unwrap_or_default());
        if until > former.budget {
            return After::Reply(Reply::Failed { cause: Cause::Unavailable { detail: bounded(&detail) } });
        }
        self.calls.insert(key, HotCall { stage: Stage::Waits { until }, tries, trouble: detail, ..former });
        After::Again
    }

    /// Capped exponential, between half and the whole by chance.
    fn backoff(&mut self, tries: u32) -> Duration {
        let whole = BACKOFF_MIN.saturating_mul(1 << tries.min(10)).min(BACKOFF_MAX);
        let half = whole / 2;
        let millis = u64::try_from(half.as_millis()).unwrap_or(u64::MAX).max(1);
        half + Duration::from_millis(self.chance.next_u64() % millis)
    }

    /// Says when the next call of an application is due that is not under way.
    pub(super) fn next_call(&self, application: &Application) -> Option<Time> {
        let next = |pending: &Pending| match self.calls.get(&(application.id, pending.id)) {
            Some(HotCall { stage: Stage::UnderWay, .. }) => None,
            Some(HotCall { stage: Stage::Waits { until }, .. }) => Some(*until),
            None => Some(pending.due),
        };
        application.outbox.iter().filter_map(next).min()
    }

    /// Plans the next look at an application, in place of the one planned before.
    pub(super) fn plan(&mut self, application: ApplicationId, at: Time) {
        self.leave(application);
        self.planned.insert(application, at);
        self.looks.insert((at, application));
    }

    /// Plans no look: the store will bring the application up.
    pub(super) fn leave(&mut self, application: ApplicationId) {
        if let Some(at) = self.planned.remove(&application) {
            self.looks.remove(&(at, application));
        }
    }

    /// Says whether a look at the application is planned, or a call of it under way.
    pub(super) fn holds(&self, application: ApplicationId) -> bool {
        self.planned.contains_key(&application)
            || self.of(application).any(|(_, call)| call.stage == Stage::UnderWay)
    }

    /// Takes the next application to look at.
    pub(super) fn wake(&mut self, now: Time) -> Option<ApplicationId> {
        let (_, application) = self.looks.first().filter(|(at, _)| *at <= now).copied()?;
        self.leave(application);
        Some(application)
    }

    /// Says when the next look is planned.
    pub(super) fn next_wake(&self) -> Option<Time> {
        self.looks.first().map(|(at, _)| *at)
    }

    /// Says how often a call of the application was tried in vain, and what went wrong last.
    pub(super) fn trouble(&self, application: ApplicationId) -> Option<(u32, String)> {
        let (_, call) = self.of(application).find(|(_, call)| call.tries > 0)?;
        Some((call.tries, call.trouble.clone()))
    }

    fn of(&self, application: ApplicationId) -> impl Iterator<Item = (EffectId, &HotCall)> {
        let first = EffectId { version: 0, slot: crate::machine::call::Slot::Application };
        let last = EffectId { version: u64::MAX, slot: crate::machine::call::Slot::Telecom };
        self.calls
            .range((application, first)..=(application, last))
            .map(|((_, effect), call)| (*effect, call))
    }
}

impl HotCall {
    const fn waiting(until: Time, budget: Time) -> Self {
        Self { stage: Stage::Waits { until }, instead: None, budget, tries: 0, trouble: String::new() }
    }
}

/// Until when a call is tried that begins to be made now. What may be repeated was perhaps asked for
/// hours ago: its budget is counted from the first try of this life, or the first failure after a
/// restart would be the last.
fn budget(pending: &Pending, now: Time) -> Time {
    match pending.call.class() {
        CallClass::Repeat | CallClass::SameKey => pending.until.max(now + pending.until.since(pending.due)),
        CallClass::PollFirst | CallClass::NewSession => pending.until,
    }
}
