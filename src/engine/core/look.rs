//! Looking after an application: deadlines that have come, calls that are due, the next look.

use super::pending::{Head, Step};
use super::{CommitError, Core, FOREVER};
use crate::engine::archive;
use crate::engine::hot::is_safe;
use crate::engine::outage::{Outcome, Turn};
use crate::engine::provider::Ended;
use crate::machine::application::{Application, Deadline, Phase};
use crate::machine::call::{EffectId, Reply, Slot};
use crate::machine::event::Event;
use crate::machine::id::ApplicationId;
use crate::machine::step::Effect;
use crate::machine::time::Time;
use crate::store::{Store, StoreError, Wake};
use std::sync::Arc;
use std::time::Duration;

/// How many wake-ups are read at once.
const WAKES_READ: usize = 512;

/// When an application that could not be read is looked at again.
pub(super) const UNREADABLE_PAUSE: Duration = Duration::from_secs(60);

impl<S: Store, T> Core<S, T> {
    /// Reads the wake-ups that have come, and looks at each application.
    pub(super) fn read_wakes(&mut self, now: Time) -> Result<(), StoreError> {
        let wakes = self.store.wakes(self.cursor, now, WAKES_READ)?;
        for wake in &wakes {
            self.cursor = Some(*wake);
            if !self.hot.holds(wake.application) {
                self.hot.plan(wake.application, now);
            }
        }
        let next = self.store.wakes(self.cursor, FOREVER, 1)?;
        self.next_row = next.first().map(|wake| wake.at);
        Ok(())
    }

    /// Looks at an application; what is not yet durable is looked at when it is settled.
    pub(super) fn look_at(&mut self, id: ApplicationId, now: Time) {
        if self.heads.contains_key(&id) {
            return;
        }
        match self.load(id) {
            Ok(Some(application)) => self.look(&application, now),
            Ok(None) => {}
            Err(declined) => {
                tracing::error!(application = %id, ?declined, "an application cannot be read: it waits");
                self.hot.plan(id, now + UNREADABLE_PAUSE);
            }
        }
    }

    /// Acts on what has come for a durable application, and plans the next look.
    fn look(&mut self, application: &Arc<Application>, now: Time) {
        if application.deadline().is_some_and(|(at, _)| at <= now) {
            self.come_due(application, now);
            return;
        }
        if application.held.is_some() {
            self.hot.rest(application.id);
            self.schedule(application, now);
            return;
        }
        for pending in &application.outbox {
            if !is_safe(pending) && !self.hot.knows(application.id, pending.id) {
                // It was asked for in a former life of this process: it may have been made.
                self.decide(application, Event::Replied { effect: pending.id, reply: Reply::Lost }, now);
                return;
            }
            if let Some(cause) = self.hot.spent(application.id, pending) {
                self.hot.forget(application.id, pending.id);
                let reply = Reply::Failed { cause };
                self.decide(application, Event::Replied { effect: pending.id, reply }, now);
                return;
            }
            self.hot.call_if_due(application, pending, now);
        }
        self.schedule(application, now);
    }

    /// Acts on a deadline that has come. One of ours is put off by the outages since it was set, or since
    /// it was put off last; the provider's are not.
    fn come_due(&mut self, application: &Arc<Application>, now: Time) {
        let deadline = application.deadline().map(|(_, deadline)| deadline);
        let excuse = deadline.and_then(|deadline| {
            let (systems, since) = application.excuses(deadline)?;
            let lost = systems.into_iter().map(|system| self.outages().overlap(system, since, now)).max()?;
            let slot = match deadline {
                Deadline::Application(_) => Slot::Application,
                Deadline::Collection(kind, _) => Slot::Collection(kind),
            };
            (lost > Duration::ZERO).then_some(Event::OutageCounted { slot, by: lost })
        });
        self.decide(application, excuse.unwrap_or(Event::Due), now);
    }

    /// Hears what the end of a call says of the system that was called.
    pub(super) fn hear(&mut self, id: ApplicationId, effect: EffectId, ended: &Ended, now: Time) {
        self.hot.hear(id, effect, ended, now);
        let Some(turn) = self.hot.gates.ended((id, effect), Outcome::of(ended), now) else { return };
        match turn {
            Turn::Opened { system, detail } => {
                let system = system.name();
                tracing::warn!(system, detail, "a system of the provider is down: its calls are parked");
            }
            Turn::Closed { system, lasted } => {
                let (system, seconds) = (system.name(), lasted.as_secs());
                tracing::info!(system, seconds, "a system of the provider is back: its calls are let go");
            }
            Turn::Lasts { system } => self.hot.give_up(system, now),
        }
    }

    fn decide(&mut self, application: &Arc<Application>, event: Event, now: Time) {
        if let Err(declined) = self.let_happen(application, event, Vec::new(), now) {
            tracing::error!(application = %application.id, ?declined, "what had to happen was declined");
        }
    }

    /// Plans the next look, unless the store will bring the application up in time.
    pub(super) fn schedule(&mut self, application: &Application, now: Time) {
        let Some(wake) = application.wake() else { return };
        let row = Wake { at: wake, application: application.id };
        if wake > now && self.cursor.is_none_or(|cursor| row > cursor) {
            self.hot.leave(application.id);
            self.next_row = Some(self.next_row.map_or(wake, |at| at.min(wake)));
            return;
        }
        let deadline = application.deadline().map(|(at, _)| at);
        let call = if application.held.is_some() { None } else { self.hot.next_call(application) };
        match deadline.into_iter().chain(call).min() {
            Some(next) => self.hot.plan(application.id, next),
            None => self.hot.leave(application.id),
        }
    }

    /// What follows from a group that is durable: destroys keys, forgets calls, starts those that are due.
    /// Says whether keys were destroyed.
    pub(super) fn carry_out(&mut self, steps: &[Step], now: Time) -> Result<bool, CommitError> {
        let mut has_destroyed = false;
        for Step { application, effects, at } in steps {
            say_if_stuck(application, *at);
            for effect in effects {
                match effect {
                    Effect::Call(pending) => self.hot.ask(application.id, pending),
                    Effect::Hurry(pending) => self.hot.hurry(application.id, pending),
                    Effect::Withdraw(effect) => self.hot.forget(application.id, *effect),
                    Effect::Destroy(answer) => {
                        self.vault.destroy_answer(archive::place(answer))?;
                        has_destroyed = true;
                    }
                }
            }
        }
        for Step { application, .. } in steps {
            if !self.is_settled(application) {
                continue;
            }
            if application.state().is_terminal() {
                self.hot.drop_all(application.id);
            } else {
                self.look(application, now);
            }
        }
        Ok(has_destroyed)
    }

    /// Notes that a value is durable; says whether nothing newer is decided.
    fn is_settled(&mut self, application: &Arc<Application>) -> bool {
        let head: Option<&mut Head> = self.heads.get_mut(&application.id);
        if let Some(head) = head.filter(|head| head.newest.version != application.version) {
            // What comes of it is looked at when that is settled.
            head.durable = Some(Arc::clone(application));
            return false;
        }
        self.heads.remove(&application.id);
        self.recent.put(application);
        true
    }
}

/// Tells the log of what needs an operator, once, when it came to that.
fn say_if_stuck(application: &Application, at: Time) {
    if let Phase::Suspended { cause, .. } = &application.phase
        && application.since == at
    {
        let (cause, detail) = (cause.name(), cause.detail());
        tracing::warn!(application = %application.id, cause, detail, "an application is suspended");
    }
    for collection in application.collections.iter().filter(|it| it.since == at) {
        if let Some(cause) = collection.parked() {
            let (kind, cause, detail) = (collection.kind.name(), cause.name(), cause.detail());
            tracing::warn!(application = %application.id, kind, cause, detail, "a collection is parked");
        }
    }
}
