//! What moves right now, in memory only: calls under way, retries, polls, the next looks.
//!
//! None of it is needed after a crash: the store says what was asked for, and what must not be
//! repeated blindly is told as lost. An application that merely waits is not in here.

mod call;
mod pause;
#[cfg(test)]
mod tests;

pub(super) use self::call::is_safe;
pub(super) use self::pause::Pauses;

use self::call::{HotCall, Stage, budget, span};
use super::outage::{Gates, Key, Outcome, Place};
use super::provider::{Ended, Failure, Order};
use super::stuck::Trouble;
use crate::machine::application::Application;
use crate::machine::call::{CallClass, Cause, EffectId, Pending, Reply, System};
use crate::machine::challenge::bounded;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// The wait before the first retry.
const BACKOFF_MIN: Duration = Duration::from_millis(500);

/// The longest wait between two tries.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

pub(super) struct Hot {
    calls: BTreeMap<Key, HotCall>,
    /// Where the calls that are due wait for their turn.
    pub(super) gates: Gates,
    /// The planned looks in order of time: one for each application in `planned`.
    looks: BTreeSet<(Time, ApplicationId)>,
    planned: HashMap<ApplicationId, Time>,
    pauses: Pauses,
    chance: ChaCha8Rng,
}

/// What to do after a failure.
pub(super) enum After {
    /// It will be tried again.
    Again,
    /// The core must know.
    Reply(Reply),
}

impl Hot {
    /// Nothing moves yet.
    pub(super) fn new(seed: u64, gates: Gates, pauses: Pauses) -> Self {
        Self {
            calls: BTreeMap::new(),
            gates,
            looks: BTreeSet::new(),
            planned: HashMap::new(),
            pauses,
            chance: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Remembers that a call which must not be repeated was asked for in this life.
    pub(super) fn ask(&mut self, application: ApplicationId, pending: &Pending) {
        if !is_safe(pending) {
            self.calls.insert((application, pending.id), HotCall::waiting(pending.due, pending.until));
        }
    }

    /// Hears how a call ended: the provider may want to be left alone for a while, and what waited for the
    /// end of this call is looked at.
    pub(super) fn hear(&mut self, application: ApplicationId, effect: EffectId, ended: &Ended, now: Time) {
        self.pauses.hear(application, effect, ended, now);
        if !self.calls.contains_key(&(application, effect)) {
            self.plan(application, now);
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
    /// Before a gate it keeps its place.
    pub(super) fn hurry(&mut self, application: ApplicationId, pending: &Pending) {
        let Some(call) = self.calls.get_mut(&(application, pending.id)) else { return };
        let anew = HotCall::waiting(pending.due, pending.until);
        match call.stage {
            Stage::Waits { .. } | Stage::Spent => *call = anew,
            Stage::Queues { .. } => *call = HotCall { stage: call.stage, ..anew },
            Stage::UnderWay => {}
        }
    }

    /// Nothing is to be done about an application: calls that were due and not yet made wait again.
    pub(super) fn rest(&mut self, application: ApplicationId) {
        let (first, last) = span(application);
        for (_, call) in self.calls.range_mut(first..=last) {
            if let Stage::Queues { system, place } = call.stage {
                self.gates.withdraw(system, &place);
                call.stage = Stage::Waits { until: place.due };
            }
        }
    }

    /// Sends a call to the gate of its system if its time has come and it is not there already.
    pub(super) fn call_if_due(&mut self, application: &Arc<Application>, pending: &Pending, now: Time) {
        let key = (application.id, pending.id);
        let call =
            self.calls.entry(key).or_insert_with(|| HotCall::waiting(pending.due, budget(pending, now)));
        let deadline = application.deadline().map_or(call.budget, |(at, _)| at.min(call.budget));
        let is_safe = is_safe(pending);
        match call.stage {
            Stage::Waits { until }
                if self.pauses.after(application.id, pending, until).is_none_or(|at| at > now) =>
            {
                let is_as_stored = call.instead.is_none() && call.tries == 0;
                if is_as_stored && is_safe {
                    self.calls.remove(&key);
                }
            }
            Stage::Waits { until: due } => {
                let place = Place { deadline, due, application: application.id, effect: pending.id };
                let system = pending.call.system();
                call.stage = Stage::Queues { system, place };
                self.gates.enter(system, place, application, is_safe, now);
            }
            Stage::Queues { system, place } => {
                let moved = Place { deadline, ..place };
                call.stage = Stage::Queues { system, place: moved };
                self.gates.replace(system, &place, moved, application);
            }
            Stage::UnderWay | Stage::Spent => {}
        }
    }

    /// Takes calls that may go now, at most `room`. `read` gives the application of one that was
    /// parked, or none if that cannot be read: then the call is forgotten, and due again when its
    /// application is looked at.
    pub(super) fn take_calls(
        &mut self,
        room: usize,
        now: Time,
        mut read: impl FnMut(ApplicationId) -> Option<Arc<Application>>,
    ) -> Vec<Order> {
        let mut taken = Vec::new();
        while taken.len() < room
            && let Some(going) = self.gates.next(now)
        {
            let key = going.key;
            let application = going.application.or_else(|| read(key.0));
            let order = application.and_then(|application| self.order(application, key, going.delayed));
            match order {
                Some(order) => taken.push(order),
                None => {
                    self.gates.ended(key, Outcome::Silent, now);
                    self.calls.remove(&key);
                }
            }
        }
        taken
    }

    /// Puts a call under way; none if its application does not ask for it any more. How long our own
    /// limits kept it waiting is not taken off its budget.
    fn order(&mut self, application: Arc<Application>, key: Key, delayed: Duration) -> Option<Order> {
        let call = self.calls.get_mut(&key)?;
        let pending = application.outbox.iter().find(|pending| pending.id == key.1)?;
        let mut pending = pending.clone();
        if let Some(instead) = &call.instead {
            pending.call = instead.clone();
        }
        call.stage = Stage::UnderWay;
        self.pauses.go(key.0, key.1);
        call.budget = call.budget + delayed;
        Some(Order { application, pending })
    }

    /// Gives up the calls before a gate whose budget is gone although the outage was not counted: it
    /// lasts longer than is waited for. Their applications are looked at.
    pub(super) fn give_up(&mut self, system: System, now: Time) {
        let spent = self.gates.waiting(system).filter(|(place, since)| {
            let outages = self.gates.outages();
            self.calls.get(&place.key()).is_some_and(|call| {
                let delayed = now.since(*since).saturating_sub(outages.during(system, *since, now));
                now > call.end(outages, system, now) + delayed
            })
        });
        let spent: Vec<_> = spent.map(|(place, _)| *place).collect();
        for place in spent {
            self.gates.withdraw(system, &place);
            if let Some(call) = self.calls.get_mut(&place.key()) {
                call.stage = Stage::Spent;
            }
            self.plan(place.application, now);
        }
    }

    /// Says why a call is given up, if it is.
    pub(super) fn spent(&self, application: ApplicationId, pending: &Pending) -> Option<Cause> {
        let call = self.calls.get(&(application, pending.id))?;
        let system = pending.call.system();
        let trouble = if call.trouble.is_empty() { self.gates.detail(system) } else { &call.trouble };
        let detail = format!("{} is down for too long: {trouble}", system.name());
        (call.stage == Stage::Spent).then(|| Cause::Unavailable { detail: bounded(&detail) })
    }

    /// Forgets a call that has ended or is wanted no more.
    pub(super) fn forget(&mut self, application: ApplicationId, effect: EffectId) {
        let call = self.calls.remove(&(application, effect));
        if let Some(HotCall { stage: Stage::Queues { system, place }, .. }) = call {
            self.gates.withdraw(system, &place);
        }
    }

    /// Forgets all about an application.
    pub(super) fn drop_all(&mut self, application: ApplicationId) {
        self.leave(application);
        self.pauses.forget(application);
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
        let detail = match (failure, class) {
            (Failure::Hopeless(cause), _) => return After::Reply(Reply::Failed { cause }),
            (Failure::Ambiguous { .. } | Failure::Busy { .. }, CallClass::PollFirst)
            | (Failure::Ambiguous { .. }, CallClass::NewSession) => return After::Reply(Reply::Lost),
            (Failure::NotSent { detail } | Failure::Ours { detail }, _)
            | (Failure::Ambiguous { detail }, CallClass::Repeat | CallClass::SameKey)
            // For how long it is busy is known to the gate of the system.
            | (
                Failure::Busy { detail, .. },
                CallClass::Repeat | CallClass::SameKey | CallClass::NewSession,
            ) => detail,
        };
        let key = (id, pending.id);
        let former = self.calls.remove(&key);
        let former = former.unwrap_or_else(|| HotCall::waiting(now, budget(pending, now)));
        let tries = former.tries + 1;
        let until = now + self.backoff(tries);
        let system = pending.call.system();
        // While the system is down the next wait does not count either.
        let last = if self.gates.is_down(system) { now } else { until };
        if last > former.end(self.gates.outages(), system, now) {
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
        let next = |pending: &Pending| {
            let due = match self.calls.get(&(application.id, pending.id)).map(|call| call.stage) {
                Some(Stage::Waits { until }) => until,
                Some(Stage::Queues { .. } | Stage::UnderWay | Stage::Spent) => return None,
                None => pending.due,
            };
            self.pauses.after(application.id, pending, due)
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

    /// Says whether a look at the application is planned, or a call of it due or under way.
    pub(super) fn holds(&self, application: ApplicationId) -> bool {
        let is_held = |call: &HotCall| !matches!(call.stage, Stage::Waits { .. });
        self.planned.contains_key(&application) || self.of(application).any(|(_, call)| is_held(call))
    }

    /// Takes the next application to look at.
    pub(super) fn wake(&mut self, now: Time) -> Option<ApplicationId> {
        let (_, application) = self.looks.first().filter(|(at, _)| *at <= now).copied()?;
        self.leave(application);
        Some(application)
    }

    /// Says when the next look is planned.
    pub(super) fn next_look(&self) -> Option<Time> {
        self.looks.first().map(|(at, _)| *at)
    }

    /// Says how often a call of the application was tried in vain, and what went wrong last.
    pub(super) fn trouble(&self, application: ApplicationId) -> Option<(u32, String)> {
        let (_, call) = self.of(application).find(|(_, call)| call.tries > 0)?;
        Some((call.tries, call.trouble.clone()))
    }

    /// Lists the calls of an application that are parked: the system that each goes to is down.
    pub(super) fn parked(&self, application: ApplicationId) -> Vec<EffectId> {
        let is_parked = |call: &HotCall| match call.stage {
            Stage::Queues { system, .. } => self.gates.is_down(system),
            Stage::Waits { .. } | Stage::UnderWay | Stage::Spent => false,
        };
        self.of(application).filter(|(_, call)| is_parked(call)).map(|(effect, _)| effect).collect()
    }

    /// Lists the calls that were tried in vain, one an application; those that are parked are not
    /// tried at all.
    pub(super) fn troubled(&self) -> Vec<Trouble> {
        let mut troubled: Vec<Trouble> = Vec::new();
        let is_tried = |call: &HotCall| match call.stage {
            Stage::Queues { system, .. } => !self.gates.is_down(system),
            Stage::Waits { .. } | Stage::UnderWay | Stage::Spent => true,
        };
        let in_vain = |call: &HotCall| call.tries > 0 && is_tried(call);
        for ((application, _), call) in self.calls.iter().filter(|(_, call)| in_vain(call)) {
            if troubled.last().is_none_or(|last| last.application != *application) {
                let (tries, detail) = (call.tries, call.trouble.clone());
                troubled.push(Trouble { application: *application, tries, detail });
            }
        }
        troubled
    }

    fn of(&self, application: ApplicationId) -> impl Iterator<Item = (EffectId, &HotCall)> {
        let (first, last) = span(application);
        self.calls.range(first..=last).map(|((_, effect), call)| (*effect, call))
    }
}
