//! The gates before the provider's systems: which call goes now, which waits, when a system is down.
//!
//! Each system has a gate. Calls that are due queue there in the order of their deadlines and go
//! within the limits of the system. A breaker opens after a run of failures: work is parked, one
//! call at a time asks whether the system is back, and then the parked work comes back in waves. The
//! stretches of time in which a breaker was not closed are the outages.
//!
//! Pure, time is an argument. It must never make a call, and never judge what an answer means for an
//! application: a system that says no is well.

mod breaker;
mod bucket;
mod figures;
mod gate;
mod interval;
mod settings;
#[cfg(test)]
mod tests;

pub use self::breaker::State;
pub(super) use self::figures::Figures;
pub(super) use self::gate::{Key, Place};
pub use self::interval::Outages;
pub use self::settings::{Limits, Settings, Tolerance};

use self::breaker::Epoch;
use self::gate::{Gate, Waiting};
use super::provider::{Ended, Failure};
use super::stuck::Parked;
use crate::machine::application::Application;
use crate::machine::call::{Cause, System};
use crate::machine::challenge::bounded;
use crate::machine::time::Time;
use crate::store::{self, Store, StoreError};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// How long ended outages are kept.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many outages are read at once.
const READ: usize = 1000;

/// How it stands with a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub system: System,
    /// How its breaker stands.
    pub state: State,
    /// Since when it is down; none when it is not.
    pub since: Option<Time>,
    /// When it may be asked next whether it is back; none when it is not down, or is being asked.
    pub next_try: Option<Time>,
}

/// All there is to say of a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How it stands.
    pub standing: Standing,
    /// What went wrong when it was last found down; empty when it never was.
    pub detail: String,
    /// Its limits.
    pub limits: Limits,
    /// Calls under way.
    pub under_way: u32,
    /// Calls that wait before its gate.
    pub waiting: usize,
    /// How often the breaker has opened since the start.
    pub opened: u64,
    /// Calls that had to wait for our own limits since the start.
    pub limited: u64,
    /// How long it was down in the last 30 days.
    pub down: Duration,
}

/// What the end of a call says about the system that was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It has answered.
    Answered,
    /// It has not, or says that it cannot.
    Failed { detail: String, retry_after: Option<Duration> },
    /// Nothing: the call failed before it was made, or nobody knows who has answered.
    Silent,
}

/// Reads all outages that are stored.
pub(super) fn stored<S: Store>(store: &S) -> Result<Vec<store::Outage>, StoreError> {
    let mut outages: Vec<store::Outage> = Vec::new();
    loop {
        let last = outages.last().map(|last| (last.system, last.start));
        let page = store.outages(last, READ)?;
        if page.is_empty() {
            return Ok(outages);
        }
        outages.extend(page);
    }
}

/// A breaker has turned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// The system is down.
    Opened { system: System, detail: String },
    /// It is back.
    Closed { system: System, lasted: Duration },
    /// It is still down, for longer than is waited for.
    Lasts { system: System },
}

/// A call that may go now.
pub(super) struct Going {
    pub(super) key: Key,
    /// Its application, if it was kept with it.
    pub(super) application: Option<Arc<Application>>,
    /// How long our own limits kept it waiting.
    pub(super) delayed: Duration,
}

/// A call under way.
struct Flight {
    system: System,
    epoch: Epoch,
    is_canary: bool,
}

/// The gates of all systems.
pub(super) struct Gates {
    gates: BTreeMap<System, Gate>,
    flights: HashMap<Key, Flight>,
    outages: Outages,
    unwritten: Vec<store::Outage>,
    has_turned: bool,
    chance: ChaCha8Rng,
}

impl Gates {
    /// Makes the gates; a system whose outage lasts is asked first of all whether it is back.
    pub(super) fn new(settings: &Settings, outages: Outages, seed: u64) -> Self {
        let gate = |system| {
            let since = outages.lasting(system);
            (system, Gate::new(settings.limits_of(system), settings.tolerance, since))
        };
        Self {
            gates: System::ALL.into_iter().map(gate).collect(),
            flights: HashMap::new(),
            unwritten: Vec::new(),
            has_turned: true,
            chance: ChaCha8Rng::seed_from_u64(seed),
            outages,
        }
    }

    /// A call is due: it queues before the gate of its system. `is_safe` says that it may be repeated.
    pub(super) fn enter(
        &mut self,
        system: System,
        place: Place,
        application: &Arc<Application>,
        is_safe: bool,
        now: Time,
    ) {
        self.gate(system).enter(place, Waiting::new(Arc::clone(application), is_safe, now));
    }

    /// A call is wanted no more, or not now.
    pub(super) fn withdraw(&mut self, system: System, place: &Place) {
        self.gate(system).withdraw(place);
    }

    /// The application of a call that waits has moved, or waits for something sooner.
    pub(super) fn replace(
        &mut self,
        system: System,
        place: &Place,
        new: Place,
        application: &Arc<Application>,
    ) {
        let gate = self.gate(system);
        if let Some(waiting) = gate.withdraw(place) {
            gate.enter(new, waiting.of(Arc::clone(application)));
        }
    }

    /// Lets the next call go: of those that may go now the one with the nearest deadline.
    pub(super) fn next(&mut self, now: Time) -> Option<Going> {
        let ready = self.gates.iter().filter_map(|(system, gate)| Some((gate.chosen(now)?, *system)));
        let (place, system) = ready.min()?;
        let (is_canary, waiting, epoch) = self.gate(system).go(&place, now)?;
        self.has_turned |= is_canary;
        let key = place.key();
        self.flights.insert(key, Flight { system, epoch, is_canary });
        let Waiting { application, since, .. } = waiting;
        let delayed = now.since(since).saturating_sub(self.outages.during(system, since, now));
        Some(Going { key, application, delayed })
    }

    /// A call has ended.
    pub(super) fn ended(&mut self, key: Key, outcome: Outcome, now: Time) -> Option<Turn> {
        let Flight { system, epoch, is_canary } = self.flights.remove(&key)?;
        let gate = self.gates.get_mut(&system).expect("every system has a gate");
        let state = gate.state();
        gate.ended(epoch, is_canary, outcome, now, &mut self.chance);
        self.has_turned |= gate.state() != state;
        match (state, gate.down_since()) {
            (State::Closed, Some(start)) => {
                let detail = gate.detail().to_owned();
                self.outages.forget(before(now, KEPT));
                self.outages.begin(system, start);
                self.write(system, start, None);
                Some(Turn::Opened { system, detail })
            }
            (State::Open | State::HalfOpen, None) => {
                let start = self.outages.end(system, now)?;
                self.write(system, start, Some(now));
                Some(Turn::Closed { system, lasted: now.since(start) })
            }
            (State::Open | State::HalfOpen, Some(start)) => {
                let is_long = is_canary && now.since(start) > self.outages.longest();
                is_long.then_some(Turn::Lasts { system })
            }
            (State::Closed, None) => None,
        }
    }

    /// Gives a moment before which no call can go; none when none waits that could go by itself.
    pub(super) fn next_moment(&self) -> Option<Time> {
        self.gates.values().filter_map(Gate::ready_at).min()
    }

    /// Gives the outages.
    pub(super) const fn outages(&self) -> &Outages {
        &self.outages
    }

    /// Lists the calls that wait before the gate of a system, and since when.
    pub(super) fn waiting(&self, system: System) -> impl Iterator<Item = (&Place, Time)> {
        self.gates.get(&system).into_iter().flat_map(Gate::waiting)
    }

    /// Says whether what waits before the gate of a system is parked: it is down.
    pub(super) fn is_down(&self, system: System) -> bool {
        self.standing(system).is_some_and(|standing| standing.state != State::Closed)
    }

    /// Says how it stands with a system.
    pub(super) fn standing(&self, system: System) -> Option<Standing> {
        self.gates.get(&system).map(|gate| gate.standing(system))
    }

    /// Says how it stands with every system.
    pub(super) fn standings(&self) -> Vec<Standing> {
        self.gates.iter().map(|(system, gate)| gate.standing(*system)).collect()
    }

    /// Says how it stands with every system, if that is another than it was when last asked.
    pub(super) fn turned(&mut self) -> Option<Vec<Standing>> {
        std::mem::take(&mut self.has_turned).then(|| self.standings())
    }

    /// Tells all there is to say of every system.
    pub(super) fn reports(&self, now: Time) -> Vec<Report> {
        let down = |system| self.outages.during(system, before(now, KEPT), now);
        self.gates.iter().map(|(system, gate)| gate.report(*system, down(*system))).collect()
    }

    /// The failure by which the breaker of a system opened; empty if it never did.
    pub(super) fn detail(&self, system: System) -> &str {
        self.gates.get(&system).map_or("", Gate::detail)
    }

    /// Lists what is parked, by system.
    pub(super) fn parked(&self) -> Vec<Parked> {
        let parked = |(system, gate): (&System, &Gate)| {
            let since = gate.down_since()?;
            let calls = gate.waiting().map(|(place, since)| (place.application, since)).collect();
            Some(Parked { system: *system, since, detail: gate.detail().to_owned(), calls })
        };
        self.gates.iter().filter_map(parked).collect()
    }

    /// Takes the outages that have begun or ended and are not written.
    pub(super) fn take_unwritten(&mut self) -> Vec<store::Outage> {
        std::mem::take(&mut self.unwritten)
    }

    /// Says whether there are such.
    pub(super) const fn has_unwritten(&self) -> bool {
        !self.unwritten.is_empty()
    }

    fn write(&mut self, system: System, start: Time, end: Option<Time>) {
        let system = system.number();
        self.unwritten.retain(|other| (other.system, other.start) != (system, start));
        self.unwritten.push(store::Outage { system, start, end });
    }

    fn gate(&mut self, system: System) -> &mut Gate {
        self.gates.get_mut(&system).expect("every system has a gate")
    }
}

impl Outcome {
    /// What the end of a call says of its system. A refused account was refused by somebody; an
    /// answer that nobody understands may come from anybody between us.
    pub(super) fn of(ended: &Ended) -> Self {
        match ended {
            Ended::Told { .. } => Self::Answered,
            Ended::Failed(Failure::NotSent { detail } | Failure::Ambiguous { detail }) => {
                Self::Failed { detail: bounded(detail), retry_after: None }
            }
            Ended::Failed(Failure::Busy { detail, retry_after }) => {
                Self::Failed { detail: bounded(detail), retry_after: *retry_after }
            }
            Ended::Failed(Failure::Ours { .. }) => Self::Silent,
            Ended::Failed(Failure::Hopeless(cause)) => match cause {
                Cause::Refused { .. } | Cause::Denied { .. } => Self::Answered,
                Cause::Unavailable { .. }
                | Cause::Unintelligible { .. }
                | Cause::Missing { .. }
                | Cause::DataOverdue
                | Cause::SessionsUsedUp
                | Cause::AuditOverdue
                | Cause::CollectionsParked => Self::Silent,
            },
        }
    }
}

/// The moment so long before another.
fn before(time: Time, wait: Duration) -> Time {
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Time::from_millis(time.as_millis().saturating_sub(millis))
}
