//! The loop: draw a step, take it, check what must always hold.

use super::cast::{Kind, draw_applicant, faults};
use crate::applicant::{Applicant, Reaction, is_code};
use crate::network::{Fate, Network};
use docket::config::products;
use docket::engine::archive::Archive;
use docket::engine::core::{Answer, Command, Core, Declined, Input, Mark, Terms};
use docket::engine::entrance::Entrance;
use docket::engine::outage::{self, State as Breaker, Tolerance};
use docket::engine::provider::{Ended, Provider};
use docket::machine::application::Application;
use docket::machine::call::{EffectId, System};
use docket::machine::challenge::Challenge;
use docket::machine::collection::CollectionKind;
use docket::machine::event::{By, Event};
use docket::machine::graph::application::State;
use docket::machine::id::ApplicationId;
use docket::machine::policy::Policy;
use docket::machine::time::Time;
use docket::provider::client::Client;
use docket::sandbox::Script;
use docket::store::Store;
use docket::store::memory::MemoryStore;
use docket::store::records::snapshot;
use docket::vault::{MasterKey, Random, Secret, Vault};
use futures_util::FutureExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

/// Applicants in one run.
const PEOPLE: u64 = 5;
/// Steps with faults; after them the world heals.
const TROUBLED: u32 = 400;
/// Steps after which a run that has not ended is taken to be stuck.
const PATIENCE: u32 = 40_000;

/// How far the clock goes in one step at most, in milliseconds; further once all is well.
const STRIDE: u32 = 3_000;
const CALM_STRIDE: u32 = 20_000;
/// How often an operator resumes, once all is well, what is bound to be suspended again.
const HELP: u32 = 1;

/// Who waits for an answer: an applicant, and what was brought.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    person: usize,
    half: Option<usize>,
}

/// A call whose end is on its way.
pub(super) struct Flight {
    at: u64,
    pub(super) application: ApplicationId,
    effect: EffectId,
    ended: Ended,
}

pub(super) struct World {
    seed: u64,
    is_told: bool,
    pub(super) now: u64,
    chance: ChaCha8Rng,
    pub(super) store: Arc<MemoryStore>,
    /// Up to where the store was synced.
    synced: Mark,
    vault: Vault,
    random: Random,
    pub(super) network: Network,
    client: Client<Network, MemoryStore>,
    entrance: Entrance<MemoryStore>,
    pub(super) core: Core<MemoryStore, Ticket>,
    pub(super) people: Vec<Applicant>,
    pub(super) flights: Vec<Flight>,
    /// Every application as it was when the store was synced last: what a crash leaves.
    pub(super) witness: HashMap<ApplicationId, Rc<Application>>,
    /// The newest place of the stream that was checked.
    pub(super) checked: u64,
    /// How many calls the provider had been made when its ledger was checked.
    pub(super) checked_calls: u64,
    /// When something happened last: a move, a call, its end.
    pub(super) stirred: HashMap<ApplicationId, u64>,
    /// A system of the provider that answers nothing, and until when.
    down: Option<(System, u64)>,
    /// How often an operator has resumed each application.
    helped: [u32; PEOPLE as usize],
    /// Wrong answers that were given.
    wrongs: u32,
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
        let entrance = Entrance::new(Arc::clone(&store), archive, products::demo(), random.clone());
        let kind = Kind::of(seed);
        let people = (0..PEOPLE).map(|number| draw_applicant(number, seed, kind, &mut chance)).collect();
        if kind == Kind::Hostile {
            network.with(|sandbox| sandbox.set_faults(faults(seed))).unwrap();
        }
        let now = 1_800_000_000_000;
        network.set_now(now);
        let (began, policy) = (Time::from_millis(now), Policy::default());
        let core = Core::open(Arc::clone(&store), vault.clone(), policy, &limits(), seed, began).unwrap();
        Self {
            seed,
            is_told,
            now,
            chance,
            store,
            synced: Mark::default(),
            vault,
            random,
            network,
            client,
            entrance,
            core,
            people,
            flights: Vec::new(),
            witness: HashMap::new(),
            checked: 0,
            checked_calls: 0,
            stirred: HashMap::new(),
            down: None,
            helped: [0; PEOPLE as usize],
            wrongs: 0,
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
            if step == TROUBLED {
                self.network.with(|sandbox| sandbox.clear_faults());
            }
            self.step(is_troubled);
            self.check(step);
            if !is_troubled && self.flights.is_empty() && self.is_over() {
                self.commit();
                self.check_the_end();
                return;
            }
        }
        panic!("not over after {PATIENCE} steps: {:?}", self.states());
    }

    fn step(&mut self, is_troubled: bool) {
        match self.draw(100) {
            0..25 if is_troubled => self.somebody_acts(is_troubled),
            0..10 => self.somebody_acts(is_troubled),
            10..25 => self.all_goes_on(),
            25..45 => self.something_is_written(),
            45..65 => self.make_calls(is_troubled),
            65..80 => self.deliver(),
            80..96 => self.time_passes(is_troubled),
            96 => self.something_fails(is_troubled),
            97 if is_troubled => self.somebody_meddles(),
            98 if is_troubled => self.crash_unsynced(),
            _ if is_troubled => self.crash_unheard(),
            _ => self.somebody_helps(),
        }
    }

    /// All is well, and most of what is left to do is to wait: one thing after the other, as it should be.
    fn all_goes_on(&mut self) {
        self.core.tick(self.time()).unwrap();
        self.commit();
        self.make_calls(false);
        self.time_passes(false);
        while self.flights.iter().any(|flight| flight.at <= self.now) {
            self.deliver();
        }
        self.commit();
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
        let asking: Vec<Challenge> = application.open_challenges().cloned().collect();
        if asking.is_empty() {
            return;
        }
        let challenge = &asking[self.draw(asking.len() as u32) as usize];
        self.react(person, &application, challenge, is_troubled);
    }

    /// An applicant does about a question what is right, or now and then types something wrong.
    fn react(&mut self, person: usize, application: &Application, challenge: &Challenge, is_troubled: bool) {
        self.network.set_now(self.now);
        let collection = application.collection(challenge.collection).expect("it asks");
        let archive = self.archive();
        let banks = |document| archive.document(application, document).unwrap();
        let reaction = self.network.with(|sandbox| self.people[person].reaction(collection, sandbox, banks));
        let text = match reaction {
            Reaction::Types(text) => text,
            Reaction::OrdersAnother => {
                self.tell(&format!("{person} asks for another code"));
                self.command(person, Event::ResendRequested { challenge: challenge.number });
                return;
            }
            // Somebody types something; what is wrong is asked for again.
            Reaction::Waits if is_troubled && is_code(challenge.kind) && self.draw(20) == 0 => self.wrong(),
            Reaction::Waits => return,
        };
        let is_wrong = is_troubled && self.draw(10) == 0 && is_code(challenge.kind);
        let text = if is_wrong { self.wrong() } else { text };
        self.tell(&format!("{person} answers {} {}", challenge.number, challenge.kind.name()));
        let answer = self.archive().seal_answer(application.id, &text).unwrap();
        let (challenge, kind) = (challenge.number, challenge.kind);
        self.command(person, Event::AnswerSubmitted { challenge, kind, answer });
    }

    /// A text that is no answer, and never the same.
    fn wrong(&mut self) -> Secret {
        self.wrongs += 1;
        Secret::from(format!("99{:04}", self.wrongs))
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
            2 => {
                let collection = CollectionKind::ALL[self.draw(CollectionKind::ALL.len() as u32) as usize];
                ("restarted", Event::RestartRequested { collection, by: by() })
            }
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
            let system = System::ALL[self.draw(System::ALL.len() as u32) as usize];
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
            let is_in_vain = self.people[person].expected(&application) == State::Suspended;
            if application.state() == State::Suspended && !(is_in_vain && self.helped[person] >= HELP) {
                self.helped[person] += 1;
                self.tell(&format!("{person} is resumed"));
                self.command(person, Event::ResumeRequested { by: by() });
            }
        }
    }

    /// What was decided goes its way to the disk and back, the whole way or a part of it: what comes
    /// next may be decided in between.
    fn something_is_written(&mut self) {
        self.core.tick(self.time()).unwrap();
        match self.draw(6) {
            0 | 1 => self.append(),
            2 => self.sync(),
            3 => self.settle(),
            _ => self.commit(),
        }
    }

    fn commit(&mut self) {
        self.append();
        self.sync();
        self.settle();
    }

    fn append(&mut self) {
        if !self.core.is_idle() {
            self.core.append().unwrap();
            self.tell("something is appended");
        }
    }

    fn sync(&mut self) {
        let mark = self.core.appended();
        self.store.sync().unwrap();
        if mark != self.synced {
            self.tell("the disk has it");
        }
        self.synced = mark;
        for (id, stored) in self.store.applications(None, 100).unwrap() {
            if self.witness.get(&id).is_none_or(|known| known.version != stored.version) {
                let application = snapshot::from_record(id, stored.version, &stored.snapshot).unwrap();
                self.witness.insert(id, Rc::new(application));
            }
        }
    }

    fn settle(&mut self) {
        let published = self.core.settle(self.synced, self.time()).unwrap();
        for application in &published.applications {
            self.check_durable(application.id, application.version);
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
                self.check_durable(done.view.id, done.view.version);
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
            let is_down = self.down.is_some_and(|(down, _)| down == system);
            let (fate, delay) = match is_down {
                true => self.draw_failure(),
                false if is_troubled => self.draw_fate(),
                false => (Fate::Delivered, 50),
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
            let took = self.network.took().as_millis() as u64;
            self.flights.push(Flight { at: self.now + delay + took, application, effect, ended });
        }
    }

    fn draw_failure(&mut self) -> (Fate, u64) {
        (if self.draw(3) == 0 { Fate::RequestLost } else { Fate::Refused }, 50)
    }

    /// What becomes of a call, and how long its end is on its way besides.
    fn draw_fate(&mut self) -> (Fate, u64) {
        let delay = u64::from(self.draw(2_000));
        match self.draw(100) {
            0..5 => (Fate::Refused, delay),
            5..10 => (Fate::RequestLost, delay),
            10..16 => (Fate::ReplyLost, delay),
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
    fn time_passes(&mut self, is_troubled: bool) {
        let flight = self.flights.iter().map(|flight| flight.at).min();
        let wake = self.core.next_wake().map(Time::as_millis);
        let sandbox = self.network.with(|sandbox| sandbox.next_moment(self.now));
        let next = flight.into_iter().chain(wake).chain(sandbox).min().unwrap_or(self.now + 1_000);
        let stride = match is_troubled {
            _ if self.down.is_some() => 60_000,
            true => STRIDE,
            false => CALM_STRIDE,
        };
        let soon = self.now + u64::from(self.draw(stride));
        self.now = self.now.max(next.min(soon));
        self.down = self.down.filter(|(_, until)| *until > self.now);
        self.network.set_now(self.now);
    }

    /// Whatever was not synced is gone; replies on their way are lost.
    fn crash(&mut self) {
        self.tell("crash");
        self.lives += 1;
        self.flights.clear();
        self.store = Arc::new(self.store.crashed());
        self.check_what_is_left();
        let (store, seed) = (Arc::clone(&self.store), self.seed + self.lives);
        let archive = Archive::new(Arc::clone(&store), self.vault.clone(), self.random.clone());
        self.client = self.network.client(archive.clone(), seed);
        self.entrance = Entrance::new(Arc::clone(&store), archive, products::demo(), self.random.clone());
        let (vault, policy) = (self.vault.clone(), Policy::default());
        self.core = Core::open(store, vault, policy, &limits(), seed, self.time()).unwrap();
        self.synced = Mark::default();
    }

    /// What was decided, or some of it, is written, and the disk never has it.
    fn crash_unsynced(&mut self) {
        if self.draw(2) == 0 {
            self.append();
        }
        self.crash();
    }

    /// What was decided is durable, and nobody hears of it.
    fn crash_unheard(&mut self) {
        self.append();
        self.sync();
        self.crash();
    }

    /// The application of a person as it is durable.
    pub(super) fn durable(&self, person: usize) -> Option<Rc<Application>> {
        let (id, _) = self.people[person].application?;
        Some(Rc::clone(self.witness.get(&id).expect("an acknowledged application is never lost")))
    }

    pub(super) const fn archive(&self) -> &Archive<MemoryStore> {
        self.entrance.archive()
    }

    fn states(&self) -> Vec<(Script, Option<State>)> {
        let state = |person| self.durable(person).map(|application| application.state());
        (0..self.people.len()).map(|person| (self.people[person].script, state(person))).collect()
    }

    fn is_over(&self) -> bool {
        (0..self.people.len()).all(|person| {
            let is_over = |it: Rc<Application>| {
                let is_left = self.people[person].expected(&it) == State::Suspended && it.held.is_none();
                it.state().is_terminal() || (is_left && it.state() == State::Suspended)
            };
            self.durable(person).is_some_and(is_over)
        })
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
