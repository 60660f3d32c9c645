//! The loop: draw a step, take it, check what must always hold.

use crate::applicant::{Applicant, PASSWORD};
use crate::moves;
use crate::network::{Fate, Network};
use docket::config::products;
use docket::engine::archive::Archive;
use docket::engine::core::{Answer, Command, Core, Declined, Input, Terms};
use docket::engine::entrance::Entrance;
use docket::engine::outage::{self, State as Breaker, Tolerance};
use docket::engine::provider::{Ended, Order, Provider};
use docket::machine::application::{Application, Phase};
use docket::machine::call::{Cause, EffectId, System};
use docket::machine::challenge::ChallengeKind;
use docket::machine::collection::CollectionKind;
use docket::machine::event::{By, Event};
use docket::machine::graph::application::State;
use docket::machine::id::ApplicationId;
use docket::machine::policy::Policy;
use docket::machine::time::Time;
use docket::provider::client::Client;
use docket::sandbox::{Script, Violation};
use docket::store::Store;
use docket::store::memory::MemoryStore;
use docket::store::records::snapshot;
use docket::vault::{MasterKey, Random, Secret, Vault};
use futures_util::FutureExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Applicants in one run.
const PEOPLE: u64 = 5;
/// Steps with faults; after them the world heals.
const TROUBLED: u32 = 400;
/// Steps after which a run that has not ended is taken to be stuck.
const PATIENCE: u32 = 20_000;
/// How long nothing may happen to an application that something is due for, in milliseconds:
/// longer than any backoff, shorter than the deadline of a session, which would hide a poll that
/// was never made.
const SILENCE: u64 = 300_000;

/// Who waits for an answer: an applicant, and what was brought.
#[derive(Debug, Clone, Copy)]
struct Ticket {
    person: usize,
    half: Option<usize>,
}

/// A call whose end is on its way.
struct Flight {
    at: u64,
    application: ApplicationId,
    effect: EffectId,
    ended: Ended,
}

pub(super) struct World {
    seed: u64,
    is_told: bool,
    now: u64,
    chance: ChaCha8Rng,
    store: Arc<MemoryStore>,
    vault: Vault,
    network: Network,
    client: Client<Network, MemoryStore>,
    entrance: Entrance<MemoryStore>,
    core: Core<MemoryStore, Ticket>,
    people: Vec<Applicant>,
    flights: Vec<Flight>,
    /// The newest place of the stream that was checked.
    checked: u64,
    /// When something happened last: a move, a call, its end.
    stirred: HashMap<ApplicationId, u64>,
    /// A system of the provider that answers nothing, and until when.
    down: Option<(System, u64)>,
    trace: String,
    lives: u64,
}

impl World {
    pub(super) fn new(seed: u64, is_told: bool) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let store = Arc::new(MemoryStore::new());
        let random = Random::seeded(seed);
        let vault = Vault::volatile(MasterKey::from_text(&"5a".repeat(32)).unwrap(), random.clone());
        let network = Network::new(seed);
        let archive = Archive::new(Arc::clone(&store), vault.clone(), random.clone());
        let client = network.client(archive.clone(), seed);
        let entrance = Entrance::new(Arc::clone(&store), archive, products::demo(), random);
        let people = (0..PEOPLE).map(|number| draw_applicant(number, seed, &mut chance)).collect();
        let core = Core::open(Arc::clone(&store), vault.clone(), Policy::default(), &limits(), seed).unwrap();
        let now = 1_800_000_000_000;
        network.set_now(now);
        Self {
            seed,
            is_told,
            now,
            chance,
            store,
            vault,
            network,
            client,
            entrance,
            core,
            people,
            flights: Vec::new(),
            checked: 0,
            stirred: HashMap::new(),
            down: None,
            trace: String::new(),
            lives: 0,
        }
    }

    /// What happened, line by line.
    pub(super) fn trace(&self) -> String {
        self.trace.clone()
    }

    /// Runs until every application has ended.
    pub(super) fn live(&mut self) {
        for step in 0..PATIENCE {
            let is_troubled = step < TROUBLED;
            self.step(is_troubled);
            self.check(step);
            if !is_troubled && self.flights.is_empty() && self.is_over() {
                self.check_the_end();
                return;
            }
        }
        panic!("not over after {PATIENCE} steps: {:?}", self.states());
    }

    fn step(&mut self, is_troubled: bool) {
        match self.draw(100) {
            0..25 => self.somebody_acts(is_troubled),
            25..45 => {
                self.core.tick(self.time()).unwrap();
                self.commit();
            }
            45..65 => self.make_calls(is_troubled),
            65..80 => self.deliver(),
            80..96 => self.time_passes(),
            96 => self.something_fails(is_troubled),
            97 if is_troubled => self.somebody_meddles(),
            98 if is_troubled => self.crash(),
            _ if is_troubled => self.crash_unheard(),
            _ => self.somebody_helps(),
        }
    }

    fn draw(&mut self, below: u32) -> u32 {
        self.chance.next_u32() % below
    }

    fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    fn tell(&mut self, line: &str) {
        if self.is_told {
            println!("{} {line}", self.now);
        }
        writeln!(self.trace, "{} {line}", self.now).unwrap();
    }

    /// An applicant brings a half, brings it again, answers, asks for another code, or gives up.
    fn somebody_acts(&mut self, is_troubled: bool) {
        let person = usize::try_from(u64::from(self.draw(u32::MAX)) % PEOPLE).unwrap();
        let half = usize::try_from(self.draw(2)).unwrap();
        let again = is_troubled && self.draw(10) == 0;
        if !self.people[person].brought[half] || again {
            self.bring(person, half);
            return;
        }
        let Some(application) = self.durable(person) else { return };
        if is_troubled && self.draw(300) == 0 {
            self.tell(&format!("{person} cancels"));
            self.people[person].is_cancelled = true;
            self.command(person, Event::CancelRequested { reason: "changed their mind".to_owned() });
            return;
        }
        let Some(challenge) = application.open_challenges().next().cloned() else { return };
        let phone = self.people[person].phone.clone();
        self.network.set_now(self.now);
        let expected = self.network.with(|sandbox| sandbox.expected_answer(&phone));
        let answer = match challenge.kind {
            ChallengeKind::ServicePassword => PASSWORD.to_owned(),
            ChallengeKind::SmsCode | ChallengeKind::QueryPassword => match &expected {
                Some(expected) if expected.is_stale => {
                    self.tell(&format!("{person} asks for another code"));
                    self.command(person, Event::ResendRequested { challenge: challenge.number });
                    return;
                }
                Some(expected) => expected.answer.clone(),
                None => "000000".to_owned(),
            },
            ChallengeKind::PictureCaptcha
            | ChallengeKind::DynamicPassword
            | ChallengeKind::DegreeAccount
            | ChallengeKind::BankLogin => {
                unreachable!("the products of these people collect from telecom only")
            }
        };
        let is_wrong = is_troubled && self.draw(10) == 0 && challenge.kind == ChallengeKind::SmsCode;
        let answer = if is_wrong { format!("99{:04}", self.draw(10_000)) } else { answer };
        self.tell(&format!("{person} answers {} {}", challenge.number, challenge.kind.name()));
        let sealed = self.entrance.archive().seal_answer(application.id, &Secret::from(answer)).unwrap();
        let kind = challenge.kind;
        self.command(person, Event::AnswerSubmitted { challenge: challenge.number, kind, answer: sealed });
    }

    fn bring(&mut self, person: usize, half: usize) {
        let applicant = &self.people[person];
        let brought = if half == 0 { applicant.base() } else { applicant.additional() };
        let command = self.entrance.seal(&brought, self.time()).unwrap();
        self.tell(&format!("{person} brings half {half}"));
        let ticket = Ticket { person, half: Some(half) };
        self.core.handle(Input::Command { ticket, command, terms: Terms::default() }, self.time());
    }

    fn command(&mut self, person: usize, event: Event) {
        let (application, _) = self.people[person].application.expect("known before it is told anything");
        let ticket = Ticket { person, half: None };
        self.core.handle(
            Input::Command { ticket, command: Command::Tell { application, event }, terms: Terms::default() },
            self.time(),
        );
    }

    /// An operator does this or that, whether it makes sense or not.
    fn somebody_meddles(&mut self) {
        let person = self.draw(PEOPLE as u32) as usize;
        if self.people[person].application.is_none() {
            return;
        }
        let (act, event) = match self.draw(5) {
            0 => ("held", Event::HoldRequested { by: by() }),
            1 => ("retried", Event::RetryRequested { by: by() }),
            2 => ("restarted", Event::RestartRequested { collection: CollectionKind::Telecom, by: by() }),
            _ => ("released", Event::ReleaseRequested { by: by() }),
        };
        self.tell(&format!("{person} is {act}"));
        self.command(person, event);
    }

    /// A system of the provider fails for a while, or all is well again once the trouble is over.
    fn something_fails(&mut self, is_troubled: bool) {
        if !is_troubled {
            self.down = None;
        } else if self.down.is_none() {
            let system = match self.draw(4) {
                0 => System::Blacklist,
                1 => System::Audit,
                _ => System::Collection(CollectionKind::Telecom),
            };
            let minutes = 1 + u64::from(self.draw(40));
            self.tell(&format!("{} is down for {minutes} minutes", system.name()));
            self.down = Some((system, self.now + minutes * 60_000));
        }
    }

    /// An operator resumes what is suspended, and releases what is held.
    fn somebody_helps(&mut self) {
        for person in 0..self.people.len() {
            let Some(application) = self.durable(person) else { continue };
            if application.held.is_some() {
                self.tell(&format!("{person} is released"));
                self.command(person, Event::ReleaseRequested { by: by() });
            }
            if application.state() == State::Suspended {
                self.tell(&format!("{person} is resumed"));
                self.command(person, Event::ResumeRequested { by: by() });
            }
        }
    }

    fn commit(&mut self) {
        let published = self.core.commit(self.time()).unwrap();
        for application in &published.applications {
            let (version, state) = (application.version, application.state().name());
            let collections = application.collections.iter().map(|collection| collection.state().name);
            let collections = collections.collect::<Vec<_>>().join(" ");
            self.tell(&format!("{} is {version} {state} {collections}", application.source.order));
            self.stirred.insert(application.id, self.now);
            self.check_patience(application);
        }
        for (ticket, answer) in published.answers {
            self.answered(ticket, answer);
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer) {
        match answer {
            Ok(done) => {
                let person = &mut self.people[ticket.person];
                person.application = Some((done.view.id, done.view.version));
                if let Some(half) = ticket.half {
                    person.brought[half] = true;
                }
            }
            Err(Declined::Refused(_) | Declined::Exists { .. }) => {
                let late_half = ticket
                    .half
                    .filter(|_| self.durable(ticket.person).is_some_and(|a| a.state().is_terminal()));
                if let Some(half) = late_half {
                    self.people[ticket.person].brought[half] = true;
                }
            }
            Err(declined) => panic!("{ticket:?} was declined: {declined:?}"),
        }
    }

    fn make_calls(&mut self, is_troubled: bool) {
        for order in self.core.take_calls(3, self.time()) {
            self.check_intent(&order);
            let system = order.pending.call.system();
            assert!(self.breaker(system) != Breaker::Open, "{} is called and it is down", system.name());
            self.stirred.insert(order.application.id, self.now);
            let (fate, delay) = if self.down.is_some_and(|(down, _)| down == system) {
                self.draw_failure()
            } else if is_troubled {
                self.draw_fate()
            } else {
                (Fate::Delivered, 50)
            };
            self.network.set_now(self.now);
            self.network.set_fate(fate);
            let (application, effect) = (order.application.id, order.pending.id);
            self.tell(&format!(
                "{} calls {} {fate:?}",
                order.application.source.order,
                order.pending.call.name()
            ));
            let ended = self.client.call(order).now_or_never().expect("the network never waits");
            self.network.set_fate(Fate::Delivered);
            self.flights.push(Flight { at: self.now + delay, application, effect, ended });
        }
    }

    fn draw_failure(&mut self) -> (Fate, u64) {
        if self.draw(3) == 0 { (Fate::RequestLost, 10_000) } else { (Fate::Refused, 50) }
    }

    fn draw_fate(&mut self) -> (Fate, u64) {
        let delay = u64::from(self.draw(2_000));
        match self.draw(100) {
            0..5 => (Fate::Refused, delay),
            5..10 => (Fate::RequestLost, 10_000),
            10..16 => (Fate::ReplyLost, 10_000),
            16..25 => (Fate::Delivered, 5_000 + delay * 4),
            _ => (Fate::Delivered, delay),
        }
    }

    fn deliver(&mut self) {
        let now = self.now;
        let Some(at) = self.flights.iter().position(|flight| flight.at <= now) else { return };
        let Flight { application, effect, ended, .. } = self.flights.remove(at);
        self.stirred.insert(application, now);
        self.core.handle(Input::Ended { application, effect, ended }, self.time());
    }

    /// The clock jumps to what comes next, or a little.
    fn time_passes(&mut self) {
        let flight = self.flights.iter().map(|flight| flight.at).min();
        let wake = self.core.next_wake().map(Time::as_millis);
        let sandbox = self.network.with(|sandbox| sandbox.next_moment(self.now));
        let next = flight.into_iter().chain(wake).chain(sandbox).min().unwrap_or(self.now + 1_000);
        let stride = if self.down.is_some() { 60_000 } else { 3_000 };
        let soon = self.now + u64::from(self.draw(stride));
        self.now = self.now.max(next.min(soon));
        self.down = self.down.filter(|(_, until)| *until > self.now);
        self.network.set_now(self.now);
    }

    /// Whatever was not committed is gone; replies on their way are lost.
    fn crash(&mut self) {
        self.tell("crash");
        self.lives += 1;
        self.flights.clear();
        self.core = Core::open(
            Arc::clone(&self.store),
            self.vault.clone(),
            Policy::default(),
            &limits(),
            self.seed + self.lives,
        )
        .unwrap();
    }

    /// What was decided is written, and nobody hears of it.
    fn crash_unheard(&mut self) {
        let published = self.core.commit(self.time()).unwrap();
        self.tell(&format!("{} answers are lost", published.answers.len()));
        self.crash();
    }

    /// The application of a person as it is stored.
    fn durable(&self, person: usize) -> Option<Application> {
        let (id, _) = self.people[person].application?;
        let stored = self.store.application(id).unwrap().expect("an acknowledged application is never lost");
        Some(snapshot::from_record(id, stored.version, &stored.snapshot).unwrap())
    }

    fn states(&self) -> Vec<(Script, Option<State>)> {
        let state = |person| self.durable(person).map(|application| application.state());
        (0..self.people.len()).map(|person| (self.people[person].script, state(person))).collect()
    }

    fn is_over(&self) -> bool {
        (0..self.people.len()).all(|person| self.durable(person).is_some_and(|it| it.state().is_terminal()))
    }

    /// No call is made that was not asked for durably.
    fn check_intent(&self, order: &Order) {
        let id = order.application.id;
        let stored = self.store.application(id).unwrap().expect("it was written before it calls");
        let stored = snapshot::from_record(id, stored.version, &stored.snapshot).unwrap();
        let is_asked_for = stored.outbox.iter().any(|pending| pending.id == order.pending.id);
        assert!(is_asked_for, "{} is called and was not written", order.pending.call.name());
        assert_eq!(stored.held, None, "{} is called and it is held", order.pending.call.name());
    }

    /// No application for which something is due is forgotten.
    fn check_silence(&self, application: &Application) {
        let is_due = application.wake().is_some_and(|wake| wake.as_millis() + SILENCE < self.now);
        let is_away = self.flights.iter().any(|flight| flight.application == application.id);
        let stirred = self.stirred.get(&application.id).copied().unwrap_or_default();
        let is_silent = is_due && !is_away && stirred + SILENCE < self.now;
        assert!(!is_silent, "nobody looks after {}: {application:?}", application.source.order);
    }

    fn breaker(&self, system: System) -> Breaker {
        let standings = self.core.standings();
        standings.into_iter().find(|standing| standing.system == system).unwrap().state
    }

    /// No outage uses the budget of a call up: none lasts as long as is waited for.
    fn check_patience(&self, application: &Application) {
        let cause = match &application.phase {
            Phase::Suspended { cause, .. } => Some(cause),
            _ => None,
        };
        let parked = application.collections.iter().filter_map(|collection| collection.parked());
        for cause in cause.into_iter().chain(parked) {
            assert!(!matches!(cause, Cause::Unavailable { .. }), "given up: {application:?}");
        }
    }

    /// What must hold after each step; of what is stored, after each write, and now and then for
    /// what time alone can break.
    fn check(&mut self, step: u32) {
        // What is parked is looked after: it goes when its system is back, or nothing ever ends.
        for (application, _) in self.people.iter().filter_map(|person| person.application) {
            if !self.core.parked(application).is_empty() {
                self.stirred.insert(application, self.now);
            }
        }
        let (_, newest) = self.store.span().unwrap();
        if newest != self.checked || step.is_multiple_of(16) {
            self.checked = newest;
            self.check_stored();
        }
        self.check_ledger();
    }

    fn check_stored(&self) {
        for person in 0..self.people.len() {
            if let (Some((_, version)), Some(application)) =
                (self.people[person].application, self.durable(person))
            {
                assert!(application.version >= version, "an acknowledged event is gone");
                assert_eq!(application.wake().is_none(), application.state().is_terminal());
                self.check_silence(&application);
            }
        }
        let audit = self.store.audit().unwrap();
        assert_eq!((audit.orphan_count, audit.live), (0, audit.wakes), "nothing waits without a wake-up");
    }

    fn check_ledger(&self) {
        self.network.with(|sandbox| {
            let ledger = sandbox.ledger();
            assert_eq!(ledger.twice_processed(), 0, "no answer is processed twice");
            for violation in Violation::ALL {
                let count = ledger.count(violation);
                assert_eq!(count, 0, "{violation:?}: {:?}", ledger.breaches().collect::<Vec<_>>());
            }
        });
    }

    fn check_the_end(&self) {
        let (oldest, newest) = self.store.span().unwrap();
        let changes = self.store.changes(oldest - 1, 10_000).unwrap();
        assert_eq!(changes.len() as u64, newest, "the stream has no gap");
        for (at, change) in changes.iter().enumerate() {
            assert_eq!(change.sequence, at as u64 + 1);
        }
        for person in 0..self.people.len() {
            let applicant = &self.people[person];
            let application = self.durable(person).unwrap();
            let state = application.state();
            let is_as_told = state == applicant.expected()
                || (applicant.is_cancelled && state == State::Cancelled)
                || (state == State::Expired && applicant.product == products::COLLECTED);
            assert!(is_as_told, "{:?} ended {}", applicant.script, state.name());
            assert_eq!(application.answers().count(), 0, "no answer outlives its application");
            moves::check(&self.store, &application);
        }
        self.check_nothing_is_readable();
    }

    /// No stored byte tells who applied.
    fn check_nothing_is_readable(&self) {
        let rows = self.store.dump();
        for person in &self.people {
            for secret in [&person.name, &person.phone, &person.id_card, PASSWORD] {
                let needle = secret.as_bytes();
                let found = rows.iter().any(|(key, value)| contains(key, needle) || contains(value, needle));
                assert!(!found, "{secret} lies in the store in the clear");
            }
        }
    }
}

/// A breaker that opens soon, for there are few calls.
fn limits() -> outage::Settings {
    let tolerance = Tolerance { failures: 3, ..Tolerance::default() };
    outage::Settings { tolerance, ..outage::Settings::default() }
}

fn by() -> By {
    By { actor: "operator".to_owned(), reason: "drawn by chance".to_owned() }
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

fn draw_applicant(number: u64, seed: u64, chance: &mut ChaCha8Rng) -> Applicant {
    let script = Script::BASIC[chance.next_u32() as usize % Script::BASIC.len()];
    let product = if chance.next_u32().is_multiple_of(4) { products::PUSHED } else { products::COLLECTED };
    Applicant::new(number, seed, script, product)
}
