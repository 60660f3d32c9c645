//! A stage: one Docket and one sandbox on a clock that jumps, and the applicants that a run puts on it.
//!
//! Time goes on only where a run lets it, and an applicant does what is right until a run says otherwise.

use crate::applicant::{Applicant, Reaction, is_code};
use crate::moves::{self, Taken};
use crate::network::Network;
use docket::engine::archive::Archive;
use docket::engine::core::{Command, Core, Declined, Done, Input, Terms};
use docket::engine::dossier::Dossier;
use docket::engine::entrance::Entrance;
use docket::engine::outage::{Settings, Tolerance};
use docket::engine::provider::{Ended, Provider};
use docket::machine::application::Application;
use docket::machine::call::EffectId;
use docket::machine::challenge::Challenge;
use docket::machine::collection::CollectionKind;
use docket::machine::event::{By, Event};
use docket::machine::graph::application::State;
use docket::machine::id::ApplicationId;
use docket::machine::policy::Policy;
use docket::machine::time::Time;
use docket::provider::client::Client;
use docket::sandbox::{Endpoint, Fault, Mobile, OutageKind, Planned, Script, System, Violation};
use docket::store::Store;
use docket::store::memory::MemoryStore;
use docket::store::records::snapshot;
use docket::vault::{MasterKey, Random, Secret, Vault};
use futures_util::FutureExt;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);

/// How long an exchange takes, in milliseconds.
const LATENCY: u64 = 50;
/// How often an applicant looks whether there is something to do, in milliseconds.
const GLANCE: u64 = 1_000;
/// Turns after which what a run waits for is taken never to come.
const PATIENCE: u32 = 20_000;

/// What an applicant does about questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Answers every question rightly.
    Right,
    /// Types something wrong wherever a code is asked for.
    Wrong,
    /// Answers what these ask, and nothing else.
    Only(&'static [CollectionKind]),
    /// Does nothing.
    Silent,
}

/// A call whose end is on its way.
struct Flight {
    at: u64,
    application: ApplicationId,
    effect: EffectId,
    ended: Ended,
}

pub(super) struct Stage {
    now: u64,
    store: Arc<MemoryStore>,
    network: Network,
    client: Client<Network, MemoryStore>,
    entrance: Entrance<MemoryStore>,
    core: Core<MemoryStore, ()>,
    flights: Vec<Flight>,
    cast: Vec<Applicant>,
    manner: Manner,
    wrongs: u32,
    taken: BTreeSet<Taken>,
}

impl Stage {
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, Tolerance::default())
    }

    /// A stage where no run of failures is taken for an outage.
    pub(super) fn stubborn(seed: u64) -> Self {
        Self::with(seed, Tolerance { failures: 1_000_000, ..Tolerance::default() })
    }

    fn with(seed: u64, tolerance: Tolerance) -> Self {
        let store = Arc::new(MemoryStore::new());
        let random = Random::seeded(seed);
        let vault = Vault::volatile(MasterKey::from_text(&"5a".repeat(32)).unwrap(), random.clone());
        let network = Network::new(seed);
        let archive = Archive::new(Arc::clone(&store), vault.clone(), random.clone());
        let client = network.client(archive.clone(), seed);
        let products = docket::config::products::demo();
        let entrance = Entrance::new(Arc::clone(&store), archive, products, random);
        let limits = Settings { tolerance, ..Settings::default() };
        let now = 1_800_000_000_000;
        let began = Time::from_millis(now);
        let core = Core::open(Arc::clone(&store), vault, Policy::default(), &limits, seed, began).unwrap();
        Self {
            now,
            store,
            network,
            client,
            entrance,
            core,
            flights: Vec::new(),
            cast: Vec::new(),
            manner: Manner::Right,
            wrongs: 0,
            taken: BTreeSet::new(),
        }
    }

    /// Puts an applicant on, who has brought nothing yet.
    pub(super) fn cast(&mut self, script: Script, product: &'static str) -> usize {
        let number = self.cast.len() as u64;
        self.cast.push(Applicant::new(number, 1, script, product));
        self.manner = Manner::Right;
        self.cast.len() - 1
    }

    /// Puts an applicant on, and brings everything.
    pub(super) fn apply(&mut self, script: Script, product: &'static str) -> usize {
        let who = self.cast(script, product);
        self.bring_base(who);
        self.bring_additional(who);
        who
    }

    pub(super) fn bring_base(&mut self, who: usize) {
        let brought = self.cast[who].base();
        self.bring(who, &brought);
    }

    pub(super) fn bring_additional(&mut self, who: usize) {
        let brought = self.cast[who].additional();
        self.bring(who, &brought);
    }

    /// Brings the second half with another employer.
    pub(super) fn bring_newer(&mut self, who: usize) {
        let mut brought = self.cast[who].additional();
        for work in brought.parts.iter_mut().filter_map(|part| part.work.as_mut()) {
            work.company = "另一公司".to_owned();
        }
        brought.original = None;
        self.bring(who, &brought);
    }

    /// Brings a part by itself, as the mobile app does.
    pub(super) fn bring_part(&mut self, who: usize, part: Dossier) {
        let mut brought = self.cast[who].base();
        (brought.original, brought.parts, brought.id_card) = (None, vec![part], None);
        self.bring(who, &brought);
    }

    fn bring(&mut self, who: usize, brought: &docket::engine::entrance::Brought) {
        let command = self.entrance.seal(brought, self.time()).unwrap();
        let done = self.command(command).unwrap();
        self.cast[who].application = Some((done.view.id, done.view.version));
    }

    /// How everybody behaves from now on.
    pub(super) fn manner(&mut self, manner: Manner) {
        self.manner = manner;
    }

    /// Lets an event happen, and insists that it is taken.
    pub(super) fn tell(&mut self, who: usize, event: Event) {
        let (application, _) = self.cast[who].application.unwrap();
        let told = format!("{event:?}");
        let done = self.command(Command::Tell { application, event });
        assert!(!done.unwrap_or_else(|it| panic!("{told} is declined: {it:?}")).repeated, "{told}");
    }

    fn command(&mut self, command: Command) -> Result<Done, Declined> {
        self.core.handle(Input::Command { ticket: (), command, terms: Terms::default() }, self.time());
        let mut published = self.core.commit(self.time()).unwrap();
        let ((), answer) = published.answers.pop().expect("a command is answered");
        answer
    }

    /// Plans a fault for the next calls of an applicant.
    pub(super) fn plan(&mut self, who: usize, endpoint: Endpoint, fault: Fault, times: u32) {
        let mobile = Mobile::parse(&self.cast[who].phone);
        // Two calls of the first e-banking do not say whose they are.
        let is_told = ![Endpoint::EbankBankInfo, Endpoint::EbankLicense].contains(&endpoint);
        let mobile = mobile.filter(|_| is_told);
        let planned = Planned { endpoint, fault, mobile, times };
        self.network.with(|sandbox| sandbox.plan_fault(planned)).unwrap();
    }

    /// Takes back what was planned.
    pub(super) fn unplan(&self) {
        self.network.with(|sandbox| sandbox.clear_faults());
    }

    /// Takes a system down for so long.
    pub(super) fn down(&self, system: System, lasts: Duration) {
        let lasts = lasts.as_millis() as u64;
        self.network.with(|sandbox| sandbox.start_outage(system, OutageKind::Unavailable, Some(lasts)));
    }

    /// Runs until the collection is in the state, and nothing of what follows has happened.
    pub(super) fn until(&mut self, who: usize, kind: CollectionKind, state: &str) {
        self.run(who, state, |it| it.collection(kind).is_some_and(|it| it.state().name == state));
    }

    /// Runs until the application is in the state.
    pub(super) fn until_it_is(&mut self, who: usize, state: State) {
        self.run(who, state.name(), |it| it.state() == state);
    }

    /// Runs until the application rests: it has ended, or waits for an operator.
    pub(super) fn rests(&mut self, who: usize) -> State {
        let is_resting = |it: &Application| it.state().is_terminal() || it.state() == State::Suspended;
        self.run(who, "rest", is_resting);
        self.application(who).state()
    }

    /// Runs for so long.
    pub(super) fn pass(&mut self, span: Duration) {
        let end = self.now + span.as_millis() as u64;
        while self.now < end {
            self.turn(end);
        }
    }

    /// Runs until it ends thus, with a call that waits made again now and then by an operator.
    pub(super) fn retried_until(&mut self, who: usize, every: Duration, done: impl Fn(&Application) -> bool) {
        for _ in 0..PATIENCE {
            self.pass(every);
            if done(&self.application(who)) {
                return;
            }
            let by = By { actor: "operator".to_owned(), reason: "it takes too long".to_owned() };
            self.tell(who, Event::RetryRequested { by });
        }
        panic!("retried in vain: {:?}", self.application(who));
    }

    fn run(&mut self, who: usize, wanted: &str, is_there: impl Fn(&Application) -> bool) {
        for _ in 0..PATIENCE {
            if is_there(&self.application(who)) {
                return;
            }
            self.turn(u64::MAX);
        }
        panic!("{wanted} never came: {:?}", self.application(who));
    }

    /// One thing happens, or the clock goes on to the next, at most to `end`.
    fn turn(&mut self, end: u64) {
        while self.core.tick(self.time()).unwrap() {}
        self.core.commit(self.time()).unwrap();
        self.network.set_now(self.now);
        for order in self.core.take_calls(100, self.time()) {
            let (application, effect) = (order.application.id, order.pending.id);
            let ended = self.client.call(order).now_or_never().expect("the network never waits");
            let at = self.now + LATENCY + self.network.took().as_millis() as u64;
            self.flights.push(Flight { at, application, effect, ended });
        }
        if let Some(at) = self.flights.iter().position(|flight| flight.at <= self.now) {
            let Flight { application, effect, ended, .. } = self.flights.remove(at);
            let before = self.stored(application);
            self.taken.extend(moves::quiet(&before, effect, &ended));
            self.core.handle(Input::Ended { application, effect, ended }, self.time());
            self.core.commit(self.time()).unwrap();
            return;
        }
        if self.somebody_answers() {
            return;
        }
        let flight = self.flights.iter().map(|flight| flight.at).min();
        let wake = self.core.next_wake().map(Time::as_millis);
        let glance = self.asked().map(|_| self.now + GLANCE);
        let next = flight.into_iter().chain(wake).chain(glance).min();
        self.now = next.unwrap_or(end).clamp(self.now, end);
    }

    /// What the applicant is asked who came last: those before have gone home.
    fn asked(&self) -> Option<(usize, Application)> {
        let who = self.cast.len().checked_sub(1)?;
        let (id, _) = self.cast[who].application?;
        let application = self.stored(id);
        let is_asked = self.manner != Manner::Silent && application.open_challenges().next().is_some();
        is_asked.then_some((who, application))
    }

    fn somebody_answers(&mut self) -> bool {
        let Some((who, application)) = self.asked() else { return false };
        let asking: Vec<_> = application.open_challenges().map(|it| it.collection).collect();
        asking.into_iter().any(|kind| self.answers(who, &application, kind))
    }

    fn answers(&mut self, who: usize, application: &Application, kind: CollectionKind) -> bool {
        let is_meant = match self.manner {
            Manner::Right | Manner::Wrong => true,
            Manner::Only(kinds) => kinds.contains(&kind),
            Manner::Silent => false,
        };
        if !is_meant {
            return false;
        }
        let collection = application.collection(kind).unwrap();
        let challenge = collection.challenge().unwrap().clone();
        if self.manner == Manner::Wrong && is_code(challenge.kind) {
            self.wrongs += 1;
            let text = format!("9{:05}", self.wrongs);
            self.answer(who, application, &challenge, &Secret::from(text));
            return true;
        }
        let archive = self.entrance.archive();
        let banks = |document| archive.document(application, document).unwrap();
        let reaction = self.network.with(|sandbox| self.cast[who].reaction(collection, sandbox, banks));
        match reaction {
            Reaction::Types(text) => self.answer(who, application, &challenge, &text),
            Reaction::OrdersAnother => self.order(who),
            Reaction::Waits => return false,
        }
        true
    }

    fn answer(&mut self, who: usize, application: &Application, challenge: &Challenge, text: &Secret) {
        let answer = self.entrance.archive().seal_answer(application.id, text).unwrap();
        let (challenge, kind) = (challenge.number, challenge.kind);
        self.tell(who, Event::AnswerSubmitted { challenge, kind, answer });
    }

    /// The applicant asks for another SMS code.
    pub(super) fn order(&mut self, who: usize) {
        let application = self.application(who);
        let asking = application.collection(CollectionKind::Telecom).unwrap().challenge();
        let challenge = asking.expect("a code can be ordered only where one is asked for").number;
        self.tell(who, Event::ResendRequested { challenge });
    }

    /// The application as it is stored.
    pub(super) fn application(&self, who: usize) -> Application {
        self.stored(self.cast[who].application.unwrap().0)
    }

    fn stored(&self, id: ApplicationId) -> Application {
        let stored = self.store.application(id).unwrap().unwrap();
        snapshot::from_record(id, stored.version, &stored.snapshot).unwrap()
    }

    fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    /// Checks what must hold at the end of every run, and gives all edges that were taken.
    pub(super) fn end(self) -> BTreeSet<Taken> {
        self.network.with(|sandbox| {
            assert_eq!(sandbox.ledger().twice_processed(), 0, "no answer is processed twice");
            for violation in Violation::ALL {
                let count = sandbox.ledger().count(violation);
                let breaches: Vec<_> = sandbox.ledger().breaches().collect();
                assert_eq!(count, 0, "{violation:?}: {breaches:#?}");
            }
        });
        let all = (0..self.cast.len()).flat_map(|who| moves::check(&self.store, &self.application(who)));
        all.chain(self.taken.iter().copied()).collect()
    }
}
