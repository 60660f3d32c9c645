//! The gate before one system: who waits, in which order, and who may go now.

use super::breaker::{Breaker, Epoch, State};
use super::bucket::Bucket;
use super::{Limits, Outcome, Report, Standing, Tolerance};
use crate::machine::application::Application;
use crate::machine::call::{EffectId, System};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Names a call.
pub(in super::super) type Key = (ApplicationId, EffectId);

/// The place of a call in the queue: the nearest deadline first, then the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Place {
    /// What comes first: the end of its budget, or what else its application waits for.
    pub(in super::super) deadline: Time,
    /// Since when it is due.
    pub(in super::super) due: Time,
    pub(in super::super) application: ApplicationId,
    pub(in super::super) effect: EffectId,
}

impl Place {
    pub(in super::super) const fn key(&self) -> Key {
        (self.application, self.effect)
    }
}

/// A call that waits.
pub(super) struct Waiting {
    /// Its application, while its turn is near; when it is parked it is read again later, for that
    /// may take hours and there may be many.
    pub(super) application: Option<Arc<Application>>,
    /// Since when it waits here.
    pub(super) since: Time,
    /// Whether it may be repeated, so that it is fit to ask whether a system is back.
    is_safe: bool,
    is_parked: bool,
}

impl Waiting {
    pub(super) const fn new(application: Arc<Application>, is_safe: bool, since: Time) -> Self {
        Self { application: Some(application), since, is_safe, is_parked: false }
    }

    /// The same with a newer application.
    pub(super) fn of(self, application: Arc<Application>) -> Self {
        Self { application: Some(application), ..self }
    }

    fn park(&mut self) {
        self.application = None;
        self.is_parked = true;
    }
}

pub(super) struct Gate {
    limits: Limits,
    queue: BTreeMap<Place, Waiting>,
    under_way: u32,
    bucket: Bucket,
    breaker: Breaker,
    /// The provider asked us to wait until then.
    shut_until: Time,
    limited: u64,
}

impl Gate {
    pub(super) fn new(limits: Limits, tolerance: Tolerance, down_since: Option<Time>) -> Self {
        Self {
            limits,
            queue: BTreeMap::new(),
            under_way: 0,
            bucket: Bucket::new(limits.calls_per_s, limits.burst),
            breaker: Breaker::new(tolerance, down_since),
            shut_until: Time::default(),
            limited: 0,
        }
    }

    pub(super) fn enter(&mut self, place: Place, mut waiting: Waiting) {
        if self.state() != State::Closed {
            waiting.park();
        }
        self.queue.insert(place, waiting);
    }

    pub(super) fn withdraw(&mut self, place: &Place) -> Option<Waiting> {
        self.queue.remove(place)
    }

    /// From when on a call may go; none when none waits, or an end of one under way must come first.
    pub(super) fn ready_at(&self) -> Option<Time> {
        let has_room = self.under_way < self.limits.concurrency.max(1).min(self.breaker.width());
        if self.queue.is_empty() || !has_room {
            return None;
        }
        let breaker = self.breaker.next_try().unwrap_or_default();
        Some(breaker.max(self.shut_until).max(self.bucket.ready_at()))
    }

    /// The call that may go now: the first; of those that are parked the first that may be repeated.
    pub(super) fn chosen(&self, now: Time) -> Option<Place> {
        self.ready_at().filter(|at| *at <= now)?;
        let is_asking = self.state() != State::Closed;
        let safe = || self.queue.iter().find(|(_, waiting)| waiting.is_safe).map(|(place, _)| *place);
        let canary = if is_asking { safe() } else { None };
        canary.or_else(|| self.queue.first_key_value().map(|(place, _)| *place))
    }

    /// Lets a call go; says whether it is the one that asks whether the system is back.
    pub(super) fn go(&mut self, place: &Place, now: Time) -> Option<(bool, Waiting, Epoch)> {
        let waiting = self.queue.remove(place)?;
        self.limited += u64::from(now > waiting.since && !waiting.is_parked);
        self.under_way += 1;
        self.bucket.take(now);
        let (is_canary, epoch) = self.breaker.goes();
        Some((is_canary, waiting, epoch))
    }

    /// A call has ended.
    pub(super) fn ended(
        &mut self,
        epoch: Epoch,
        is_canary: bool,
        outcome: Outcome,
        now: Time,
        chance: &mut ChaCha8Rng,
    ) {
        self.under_way = self.under_way.saturating_sub(1);
        if let Outcome::Failed { retry_after: Some(wait), .. } = &outcome {
            self.shut_until = self.shut_until.max(now + *wait);
        }
        let before = self.state();
        self.breaker.ended(epoch, is_canary, outcome, now, chance);
        if before == State::Closed && self.state() == State::Open {
            self.queue.values_mut().for_each(Waiting::park);
        }
    }

    /// Lists who waits, and since when.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (&Place, Time)> {
        self.queue.iter().map(|(place, waiting)| (place, waiting.since))
    }

    pub(super) const fn state(&self) -> State {
        self.breaker.state()
    }

    pub(super) const fn down_since(&self) -> Option<Time> {
        self.breaker.down_since()
    }

    pub(super) fn detail(&self) -> &str {
        self.breaker.detail()
    }

    pub(super) const fn opened(&self) -> u64 {
        self.breaker.opened()
    }

    pub(super) const fn under_way(&self) -> u32 {
        self.under_way
    }

    pub(super) const fn limited(&self) -> u64 {
        self.limited
    }

    /// How many wait.
    pub(super) fn count(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn standing(&self, system: System) -> Standing {
        let next_try = self.breaker.next_try().map(|at| at.max(self.shut_until));
        Standing { system, state: self.state(), since: self.down_since(), next_try }
    }

    pub(super) fn report(&self, system: System, down: Duration) -> Report {
        Report {
            standing: self.standing(system),
            detail: self.detail().to_owned(),
            limits: self.limits,
            under_way: self.under_way,
            waiting: self.count(),
            opened: self.breaker.opened(),
            limited: self.limited,
            down,
        }
    }
}
