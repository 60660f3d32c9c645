//! The engine without its threads, on a store in memory and a clock that is an argument.

mod pending;

use super::*;
use crate::engine::outage::{State as Breaker, Tolerance};
use crate::engine::provider::Failure;
use crate::machine::application::{Phase, Source};
use crate::machine::call::{Call, Reply, System, Told};
use crate::machine::challenge::SealedAnswer;
use crate::machine::evidence::EvidenceKind;
use crate::machine::graph::application::State;
use crate::machine::samples::{self, Wanted};
use crate::store::memory::MemoryStore;
use crate::vault::{MasterKey, Random};
use std::time::Duration;

/// A server that can be struck down and taken up again.
struct Server {
    store: Arc<MemoryStore>,
    vault: Vault,
    core: Core<MemoryStore, u32>,
    limits: outage::Settings,
    now: Time,
}

impl Server {
    fn new() -> Self {
        Self::limited(outage::Settings::default())
    }

    /// One that waits no longer than a moment for a system that is down.
    fn impatient() -> Self {
        let tolerance = Tolerance { longest: Duration::from_millis(1), ..Tolerance::default() };
        Self::limited(outage::Settings { tolerance, ..outage::Settings::default() })
    }

    fn limited(limits: outage::Settings) -> Self {
        let store = Arc::new(MemoryStore::new());
        let master = MasterKey::from_text(&hex::encode([1; 32])).unwrap();
        let vault = Vault::volatile(master, Random::seeded(1));
        let now = samples::NOW;
        let core = Core::open(Arc::clone(&store), vault.clone(), Policy::default(), &limits, 1, now).unwrap();
        Self { store, vault, core, limits, now }
    }

    /// As after a crash: what was not synced is gone.
    fn restarts(&mut self) {
        self.store = Arc::new(self.store.crashed());
        let (store, vault) = (Arc::clone(&self.store), self.vault.clone());
        self.core = Core::open(store, vault, Policy::default(), &self.limits, 2, self.now).unwrap();
    }

    /// Brings one application after another, none with all its evidence.
    fn is_flooded(&mut self, count: u16) {
        for number in 1..=count {
            let like = samples::application(samples::init(), Wanted::No);
            let mut id = [0; 16];
            id[..2].copy_from_slice(&number.to_be_bytes());
            let id = ApplicationId::from_bytes(id);
            let source = Source { order: number.to_string(), ..like.source };
            let birth = Birth { id, source, plan: like.plan, order_id: 1, key: 0 };
            let command = Command::Bring { birth, evidence: EvidenceAdded::default(), bodies: Vec::new() };
            self.core.handle(Input::Command { ticket: 1, command, terms: Terms::default() }, self.now);
        }
    }

    /// Brings an application with all its evidence; a product with telecom brings its password.
    fn brings(&mut self, wanted: Wanted) {
        self.brings_with(wanted, samples::answer(1));
    }

    /// The same with a password of one's own.
    fn brings_with(&mut self, wanted: Wanted, password: SealedAnswer) {
        let like = samples::application(samples::init(), wanted);
        let birth = Birth { id: samples::ID, source: like.source, plan: like.plan, order_id: 1, key: 0 };
        let mut evidence = EvidenceAdded {
            evidence: [EvidenceKind::Identity, EvidenceKind::Loan]
                .map(|kind| samples::evidence(kind, 1))
                .into(),
            ..EvidenceAdded::default()
        };
        if wanted != Wanted::No {
            evidence.credentials = Some(password);
        }
        let command = Command::Bring { birth, evidence, bodies: Vec::new() };
        self.core.handle(Input::Command { ticket: 1, command, terms: Terms::default() }, self.now);
    }

    /// Writes what was decided and acts on what has come, until nothing more is to do now.
    fn settles(&mut self) -> Vec<Order> {
        for _ in 0..20 {
            let more = self.core.tick(self.now).unwrap();
            if self.core.is_idle() && !more {
                return self.core.take_calls(9, self.now);
            }
            self.core.commit(self.now).unwrap();
            self.remembers_what_is_stored();
        }
        panic!("it never settles");
    }

    /// What is read without the store is what the store has.
    fn remembers_what_is_stored(&self) {
        for (id, _) in self.store.applications(None, 100).unwrap() {
            assert_eq!(self.core.load(id).unwrap(), stored(&*self.store, id).unwrap());
        }
    }

    /// Brings one application after another with all its evidence.
    fn is_visited(&mut self, count: u8) {
        for number in 1..=count {
            let like = samples::application(samples::init(), Wanted::No);
            let source = Source { order: number.to_string(), ..like.source };
            let birth = Birth { id: visitor(number), source, plan: like.plan, order_id: 1, key: 0 };
            let kinds = [EvidenceKind::Identity, EvidenceKind::Loan];
            let evidence = kinds.map(|kind| samples::evidence(kind, 1)).into();
            let evidence = EvidenceAdded { evidence, ..EvidenceAdded::default() };
            let command = Command::Bring { birth, evidence, bodies: Vec::new() };
            self.core.handle(Input::Command { ticket: 1, command, terms: Terms::default() }, self.now);
        }
    }

    fn state_of(&self, id: ApplicationId) -> State {
        self.core.load(id).unwrap().unwrap().state()
    }

    fn tells(&mut self, application: ApplicationId, event: Event) {
        let command = Command::Tell { application, event };
        self.core.handle(Input::Command { ticket: 1, command, terms: Terms::default() }, self.now);
    }

    fn breaker(&self, system: System) -> Breaker {
        let standings = self.core.standings();
        standings.into_iter().find(|standing| standing.system == system).unwrap().state
    }

    /// Every call fails, for so long; gives how many were made.
    fn suffers(&mut self, outage: Duration) -> usize {
        let (end, mut calls) = (self.now + outage, 0);
        while self.now < end {
            let orders = self.settles();
            calls += orders.len();
            orders.iter().for_each(|order| self.fails(order));
            if orders.is_empty() {
                self.sleeps();
            }
        }
        calls
    }

    /// The one call that is made now.
    fn calls(&mut self) -> Order {
        let mut orders = self.settles();
        assert_eq!(orders.len(), 1, "{orders:?}");
        orders.remove(0)
    }

    fn ends(&mut self, order: &Order, ended: Ended) {
        let (application, effect) = (order.application.id, order.pending.id);
        self.core.handle(Input::Ended { application, effect, ended }, self.now);
    }

    /// The provider cannot be reached.
    fn fails(&mut self, order: &Order) {
        self.ends(order, Ended::Failed(Failure::NotSent { detail: "refused".to_owned() }));
    }

    fn replies(&mut self, order: &Order, reply: Reply) {
        self.ends(order, Ended::Told { reply, document: None });
    }

    /// Time jumps to the next moment that anything is planned for.
    fn sleeps(&mut self) -> Duration {
        let slept_at = self.now;
        let next = self.core.next_wake().expect("what is not ended is looked at again");
        self.now = self.now.max(next);
        self.now.since(slept_at)
    }

    fn stands(&self) -> (State, Option<&str>) {
        let application = self.core.load(samples::ID).unwrap().unwrap();
        (application.state(), application.collections.first().map(|telecom| telecom.state().name))
    }
}

fn visitor(number: u8) -> ApplicationId {
    ApplicationId::from_bytes([number; 16])
}

#[test]
fn nothing_is_called_before_it_is_durable() {
    let mut server = Server::new();
    server.brings(Wanted::No);
    assert!(server.core.take_calls(9, server.now).is_empty());
    let published = server.core.commit(server.now).unwrap();
    assert_eq!((published.sequence, published.answers.len()), (1, 1));
    assert_eq!(server.calls().pending.call, Call::Blacklist);
}

#[test]
fn a_failed_call_is_tried_again_and_then_suspends() {
    let mut server = Server::impatient();
    server.brings(Wanted::No);
    let mut tries = 0;
    while server.stands().0 == State::Init {
        if let [order] = server.settles().as_slice() {
            tries += 1;
            let failure = Failure::NotSent { detail: "refused".to_owned() };
            server.ends(order, Ended::Failed(failure));
        } else {
            server.sleeps();
        }
        assert!(tries < 100);
    }
    assert!(tries > 10, "{tries}");
    assert_eq!(server.stands().0, State::Suspended);
    assert!(server.settles().is_empty());
    assert_eq!(server.sleeps(), Policy::default().reminder);
}

#[test]
fn quiet_polls_go_on_and_survive_an_outage_after_hours() {
    let mut server = Server::new();
    server.brings(Wanted::No);
    let order = server.calls();
    server.replies(&order, Reply::BlacklistClear);
    let order = server.calls();
    server.replies(&order, Reply::AuditAccepted { open_id: "audit".to_owned() });
    assert!(server.settles().is_empty());
    let start = server.now;
    while server.now.since(start) < Duration::from_secs(3 * 3600) {
        assert!(server.sleeps() <= Policy::default().audit_max);
        let order = server.calls();
        server.replies(&order, Reply::AuditRunning);
        assert!(server.settles().is_empty());
    }
    let (_, moves) = server.store.span().unwrap();
    assert_eq!(moves, 3, "a poll that saw nothing new writes nothing");
    for restart in [false, true] {
        if restart {
            server.restarts();
        } else {
            server.sleeps();
        }
        let order = server.calls();
        server.ends(&order, Ended::Failed(Failure::NotSent { detail: "refused".to_owned() }));
        assert!(server.settles().is_empty());
        assert_eq!(server.stands().0, State::AuditPending);
    }
    server.sleeps();
    let order = server.calls();
    server.replies(&order, Reply::AuditApproved);
    assert!(server.settles().is_empty());
    assert_eq!(server.stands().0, State::Approved);
    assert_eq!(server.core.next_wake(), None);
}

#[test]
fn after_a_crash_what_must_not_be_repeated_is_told_as_lost() {
    let mut server = Server::new();
    server.brings(Wanted::Required);
    let order = server.calls();
    server.replies(&order, Reply::BlacklistClear);
    assert!(matches!(server.calls().pending.call, Call::TelecomOpen { .. }));
    server.restarts();
    assert!(server.settles().is_empty(), "it is not opened again");
    assert_eq!(server.stands(), (State::Collecting, Some("SESSION_LOST")));
    assert_eq!(server.sleeps(), Policy::default().restart);
    assert!(server.settles().is_empty());
    assert_eq!(server.stands().1, Some("CREDENTIALS_REQUIRED"));
}

#[test]
fn a_deadline_comes_while_a_call_is_under_way() {
    let mut server = Server::new();
    server.brings(Wanted::Required);
    for reply in [Reply::BlacklistClear, Reply::Opened { open_id: "session".to_owned(), agreement: None }] {
        let order = server.calls();
        server.replies(&order, reply);
    }
    assert!(server.settles().is_empty());
    server.sleeps();
    let order = server.calls();
    // The answer takes longer than the session lives.
    server.sleeps();
    assert!(server.settles().is_empty());
    assert_eq!(server.stands().1, Some("SESSION_EXPIRED"));
    let (_, moves) = server.store.span().unwrap();
    server.replies(&order, Reply::State(Told::plain(21, String::new())));
    assert!(server.settles().is_empty());
    assert_eq!(server.store.span().unwrap().1, moves, "a late poll says nothing");
    server.sleeps();
    assert!(server.settles().is_empty());
    assert_eq!(server.stands().1, Some("CREDENTIALS_REQUIRED"));
}

#[test]
fn what_has_come_does_not_wait_for_a_flood_to_end() {
    let mut server = Server::new();
    server.brings(Wanted::No);
    let order = server.calls();
    server.ends(&order, Ended::Failed(Failure::NotSent { detail: "refused".to_owned() }));
    server.sleeps();
    server.is_flooded(GROUP_LIMIT as u16);
    assert!(server.core.is_full());
    server.core.tick(server.now).unwrap();
    assert_eq!(
        server.core.take_calls(9, server.now).len(),
        1,
        "the call is tried again though the group is full"
    );
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn an_outage_parks_work_and_burns_nothing() {
    let mut server = Server::new();
    server.is_visited(8);
    let calls = server.suffers(HOUR * 5);
    assert!((5 * 45..5 * 90).contains(&calls), "about one a minute: {calls}");
    assert_eq!(server.breaker(System::Blacklist), Breaker::Open);
    assert_eq!(server.store.span().unwrap().1, 8, "nothing moved since they were brought");
    for number in 1..=8 {
        assert_eq!(server.state_of(visitor(number)), State::Init);
    }
    // It comes back: one, then two at once, then four, then whatever is left.
    let mut waves = Vec::new();
    while waves.iter().sum::<usize>() < 8 {
        let orders = server.settles();
        if orders.is_empty() {
            server.sleeps();
            continue;
        }
        let asked = orders.iter().filter(|order| order.pending.call == Call::Blacklist).count();
        waves.push(asked);
        for order in &orders {
            let is_asking = order.pending.call == Call::Blacklist;
            let reply = if is_asking { Reply::BlacklistClear } else { Reply::AuditRunning };
            server.replies(order, reply);
        }
    }
    assert_eq!(waves[0], 1, "{waves:?}");
    assert!(waves.iter().zip([1, 2, 4, 8]).all(|(wave, most)| *wave <= most), "{waves:?}");
    assert_eq!(server.breaker(System::Blacklist), Breaker::Closed);
}

#[test]
fn an_outage_is_known_after_a_restart_and_ends_once() {
    let mut server = Server::new();
    server.is_visited(8);
    server.suffers(HOUR);
    let [lasting] = server.store.outages(None, 9).unwrap()[..] else { panic!("one outage") };
    assert_eq!((lasting.system, lasting.end), (System::Blacklist.number(), None));
    server.restarts();
    assert_eq!(server.breaker(System::Blacklist), Breaker::Open);
    let order = server.calls();
    assert_eq!(server.breaker(System::Blacklist), Breaker::HalfOpen);
    server.replies(&order, Reply::BlacklistHit);
    server.settles();
    let [ended] = server.store.outages(None, 9).unwrap()[..] else { panic!("one outage") };
    assert_eq!((ended.start, ended.end), (lasting.start, Some(server.now)));
    let far = server.now + HOUR;
    let counted = server.core.outages().overlap(System::Blacklist, Time::default(), far);
    assert_eq!(counted, server.now.since(lasting.start));
}

#[test]
fn nothing_is_parked_for_ever() {
    let mut server = Server::new();
    server.is_visited(8);
    let Tolerance { longest, .. } = Tolerance::default();
    server.suffers(longest);
    let suspended = |server: &Server| {
        (1..=8).filter(|number| server.state_of(visitor(*number)) == State::Suspended).count()
    };
    assert_eq!(suspended(&server), 0);
    let budget = Policy::default().call_budget;
    server.suffers(budget + Duration::from_secs(180));
    assert_eq!(suspended(&server), 8);
    let first = server.core.load(visitor(1)).unwrap().unwrap();
    let Phase::Suspended { cause, .. } = &first.phase else { panic!("{:?}", first.phase) };
    assert_eq!(cause.name(), "PROVIDER_UNAVAILABLE");
}

#[test]
fn what_is_held_or_called_off_is_parked_no_more() {
    let mut server = Server::new();
    server.is_visited(8);
    server.suffers(HOUR);
    let parked =
        |server: &Server| -> usize { server.core.all_parked().iter().map(|it| it.calls.len()).sum() };
    server.settles();
    let before = parked(&server);
    assert!(before >= 7, "{before}");
    let waiting =
        |server: &Server| (1..=8).find(|n| !server.core.parked(visitor(*n)).is_empty()).map(visitor);
    let held = waiting(&server).unwrap();
    server.tells(held, Event::HoldRequested { by: samples::by() });
    server.settles();
    assert_eq!(parked(&server), before - 1);
    server.tells(held, Event::ReleaseRequested { by: samples::by() });
    server.settles();
    assert_eq!(parked(&server), before);
    server.tells(held, Event::CancelRequested { reason: "changed their mind".to_owned() });
    server.settles();
    assert_eq!(parked(&server), before - 1);
}
