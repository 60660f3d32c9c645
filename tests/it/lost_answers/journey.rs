//! One application from its first push to its end, on a fake clock: the real core and client, the real
//! sandbox, an applicant who answers.

use super::applicant::{self, Reaction};
use super::network::{Loss, Network};
use docket::config::products;
use docket::engine::archive::Archive;
use docket::engine::bank::BankList;
use docket::engine::core::{Command, Core, Input, Terms};
use docket::engine::entrance::Entrance;
use docket::engine::outage;
use docket::engine::provider::{Ended, Provider};
use docket::machine::application::{Application, Phase};
use docket::machine::call::{EffectId, Slot};
use docket::machine::challenge::Exhibit;
use docket::machine::event::Event;
use docket::machine::graph::application::State;
use docket::machine::id::ApplicationId;
use docket::machine::policy::Policy;
use docket::machine::time::Time;
use docket::provider::audit::AuditCipher;
use docket::provider::client::{Account, Client, Settings};
use docket::provider::prepare::Dialect;
use docket::provider::wire::Opaque;
use docket::sandbox::{Endpoint, Outcome, Pace, Sandbox, Script, Violation};
use docket::store::Store;
use docket::store::memory::MemoryStore;
use docket::store::records::snapshot;
use docket::vault::{MasterKey, Random, Secret, Vault};
use futures_util::FutureExt;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::num::NonZeroU16;
use std::sync::Arc;

const SEED: u64 = 4;
const START: u64 = 1_800_000_000_000;
/// Rounds after which a journey that has not ended is taken to be stuck.
const PATIENCE: u32 = 2_000;

/// What a journey came to.
#[derive(Debug)]
pub(super) struct Seen {
    /// What followed upon the first answer that was lost.
    pub(super) next: Option<String>,
    pub(super) sent: u64,
    pub(super) processed: u64,
    pub(super) sessions: u64,
    pub(super) asked: u64,
    pub(super) ends: String,
    /// The calls in order, to be shown when something else was expected.
    pub(super) trace: Vec<String>,
}

/// A call whose end is on its way.
struct Flight {
    at: u64,
    effect: EffectId,
    ended: Ended,
}

struct Journey {
    now: u64,
    mobile: String,
    store: Arc<MemoryStore>,
    network: Network,
    client: Client<Network, MemoryStore>,
    entrance: Entrance<MemoryStore>,
    core: Core<MemoryStore, ()>,
    flights: Vec<Flight>,
    /// Who lost an answer first.
    struck: Option<Slot>,
    next: Option<String>,
    trace: Vec<String>,
}

/// A sandbox that nobody has called yet.
pub(super) fn fresh() -> Sandbox {
    let (username, password) = ("merchant1".to_owned(), Opaque::from("secret"));
    Sandbox::new(docket::sandbox::Settings { seed: SEED, username, password, pace: Pace::REAL })
}

/// Makes the journey of an applicant, and counts the calls to one endpoint; `loss` strikes some calls.
pub(super) fn journey(product: &str, script: Script, counted: Endpoint, loss: Option<&Loss>) -> Seen {
    let mut journey = Journey::new(script, loss.cloned());
    let id = journey.push(product);
    let application = journey.live(id);
    journey.check(&application, loss);
    let sent = journey.network.sent(counted);
    journey.network.with(|sandbox| Seen {
        next: journey.next.clone(),
        sent,
        processed: sandbox.ledger().counts(counted).processed,
        sessions: sandbox.ledger().tally(script).sessions_opened,
        asked: application.challenges.into(),
        ends: ending(&application),
        trace: journey.trace.clone(),
    })
}

impl Journey {
    fn new(script: Script, loss: Option<Loss>) -> Self {
        let store = Arc::new(MemoryStore::new());
        let random = Random::seeded(SEED);
        let vault = Vault::volatile(MasterKey::from_text(&"5a".repeat(32)).unwrap(), random.clone());
        let sandbox = fresh();
        let public_key = sandbox.public_key_pem();
        let network = Network::new(sandbox, START, loss);
        let archive = Archive::new(Arc::clone(&store), vault.clone(), random.clone());
        let account = Account {
            username: "merchant1".to_owned(),
            password: Secret::from("secret".to_owned()),
            hours: NonZeroU16::MIN,
        };
        let audit_cipher = AuditCipher::Pkcs1 { public_key };
        let settings = Settings { account, dialect: Dialect::default(), audit_cipher };
        let clock = network.clone();
        let now = move || Time::from_millis(clock.now());
        let randomness = ChaCha20Rng::seed_from_u64(SEED);
        let client =
            Client::new(network.clone(), Arc::new(archive.clone()), settings, Arc::new(now), randomness)
                .unwrap();
        let limits = outage::Settings::default();
        let (began, policy) = (Time::from_millis(START), Policy::default());
        Self {
            now: START,
            mobile: applicant::mobile(script),
            core: Core::open(Arc::clone(&store), vault, policy, &limits, SEED, began).unwrap(),
            entrance: Entrance::new(Arc::clone(&store), archive, products::demo(), random),
            store,
            network,
            client,
            flights: Vec::new(),
            struck: None,
            next: None,
            trace: Vec::new(),
        }
    }

    fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    fn push(&mut self, product: &str) -> ApplicationId {
        let brought = applicant::brings(product, &self.mobile);
        let command = self.entrance.seal(&brought, self.time()).unwrap();
        self.core.handle(Input::Command { ticket: (), command, terms: Terms::default() }, self.time());
        let (_, answer) = self.core.commit(self.time()).unwrap().answers.pop().unwrap();
        answer.unwrap().view.id
    }

    /// Goes on until the application has ended, or waits for an operator.
    fn live(&mut self, id: ApplicationId) -> Application {
        for _ in 0..PATIENCE {
            self.core.tick(self.time()).unwrap();
            self.core.commit(self.time()).unwrap();
            self.make_calls();
            let application = self.durable(id);
            let is_over = application.state().is_terminal() || application.state() == State::Suspended;
            if is_over && self.flights.is_empty() {
                return application;
            }
            let reacts = self.react(&application);
            self.deliver(id);
            if self.core.is_idle() {
                self.time_passes(reacts);
            }
        }
        panic!("not over after {PATIENCE} rounds: {:?}\n{}", self.durable(id), self.trace.join("\n"));
    }

    fn make_calls(&mut self) {
        for order in self.core.take_calls(8, self.time()) {
            let (effect, name) = (order.pending.id, order.pending.call.name());
            let before = self.network.struck();
            let ended = self.client.call(order).now_or_never().expect("the network never waits");
            let at = self.now + u64::try_from(self.network.took().as_millis()).unwrap();
            let is_struck = self.network.struck() > before;
            let fate = if is_struck { ", and its answer is lost" } else { "" };
            self.trace.push(format!("{} {name}{fate}", self.now - START));
            if self.struck == Some(effect.slot) && self.next.is_none() {
                self.next = Some(name.to_owned());
            }
            if is_struck && self.struck.is_none() {
                self.struck = Some(effect.slot);
            }
            self.flights.push(Flight { at, effect, ended });
        }
    }

    /// The applicant looks at what is asked; tells when to look again.
    fn react(&mut self, application: &Application) -> Option<u64> {
        let challenge = application.open_challenges().next()?.clone();
        let at = (challenge.asked + applicant::takes(&challenge)).as_millis();
        if at > self.now {
            return Some(at);
        }
        let state = application.collection(challenge.collection)?.state().name;
        let banks = || {
            let Some(Exhibit::Banks { document, .. }) = challenge.exhibit else {
                panic!("a bank is to be chosen and none is shown: {challenge:?}")
            };
            let list = self.entrance.archive().document(application, document).unwrap();
            BankList::from_json(list.expose()).unwrap()
        };
        let reaction =
            self.network.with(|sandbox| applicant::reaction(&challenge, state, sandbox, &self.mobile, banks));
        let number = challenge.number;
        let event = match reaction {
            Reaction::Waits => return Some(self.now + 1_000),
            Reaction::OrdersAnother => {
                self.trace.push(format!("{} the applicant asks for another code", self.now - START));
                Event::ResendRequested { challenge: number }
            }
            Reaction::Types(answer) => {
                let line =
                    format!("{} the applicant answers {number}, {}", self.now - START, challenge.kind.name());
                self.trace.push(line);
                let answer = self.entrance.archive().seal_answer(application.id, &answer).unwrap();
                Event::AnswerSubmitted { challenge: number, kind: challenge.kind, answer }
            }
        };
        let command = Command::Tell { application: application.id, event };
        self.core.handle(Input::Command { ticket: (), command, terms: Terms::default() }, self.time());
        let (_, answer) = self.core.commit(self.time()).unwrap().answers.pop().unwrap();
        answer.expect("what is asked may be answered");
        Some(self.now)
    }

    fn deliver(&mut self, application: ApplicationId) {
        let (now, time) = (self.now, self.time());
        let landed = self.flights.extract_if(.., |flight| flight.at <= now);
        for Flight { effect, ended, .. } in landed {
            self.core.handle(Input::Ended { application, effect, ended }, time);
        }
    }

    /// The clock jumps to what comes next.
    fn time_passes(&mut self, reacts: Option<u64>) {
        let landing = self.flights.iter().map(|flight| flight.at).min();
        let wake = self.core.next_wake().map(Time::as_millis);
        let next = landing.into_iter().chain(wake).chain(reacts).min().expect("something comes next");
        self.now = self.now.max(next);
        self.network.set_now(self.now);
    }

    /// The application as it is stored.
    fn durable(&self, id: ApplicationId) -> Application {
        let stored = self.store.application(id).unwrap().unwrap();
        snapshot::from_record(id, stored.version, &stored.snapshot).unwrap()
    }

    /// What must hold whatever was lost.
    fn check(&self, application: &Application, loss: Option<&Loss>) {
        let trace = self.trace.join("\n");
        if application.state().is_terminal() {
            assert_eq!(application.answers().count(), 0, "no answer outlives its application\n{trace}");
        }
        let wanted = loss.map_or(0, |loss| loss.which.len());
        assert_eq!(self.network.struck(), wanted, "all are struck that are meant\n{trace}");
        assert_eq!(self.network.sent(Endpoint::TelecomServicePassword), 0, "{trace}");
        self.network.with(|sandbox| {
            let ledger = sandbox.ledger();
            for violation in Violation::ALL {
                let breaches: Vec<_> = ledger.breaches().collect();
                assert_eq!(ledger.count(violation), 0, "{violation:?}: {breaches:#?}\n{trace}");
            }
            let audits: u64 =
                Script::ALL.map(|script| ledger.tally(script).audits_processed).into_iter().sum();
            assert!(audits <= 1, "an order is audited once\n{trace}");
            let fault = loss.map(Loss::fault);
            let is_struck =
                |outcome: &Outcome| matches!(outcome, Outcome::Fault { fault: it } if Some(*it) == fault);
            let struck = ledger.calls_after(0).filter(|call| is_struck(&call.outcome)).count();
            assert_eq!(struck, wanted, "the sandbox has struck what was meant\n{trace}");
        });
    }
}

/// The state, and why where somebody must look: of the application, then of its collections.
fn ending(application: &Application) -> String {
    let mut words = vec![application.state().name()];
    if let Phase::Suspended { cause, .. } = &application.phase {
        words.push(cause.name());
    }
    let parked = application.collections.iter().filter_map(|collection| collection.parked());
    words.extend(parked.map(|cause| cause.name()));
    words.join(" ")
}
