//! Callbacks over an engine in memory: the ledger on a clock of its own, tries through real sockets.

mod asking;
mod ledger;
mod receiver;
mod sending;

use super::*;
use crate::config::Callback;
use crate::engine::Given;
use crate::engine::core::Terms;
use crate::engine::entrance::Brought;
use crate::engine::provider::{Ended, Order, Provider};
use crate::machine::application::{Decider, Plan, Source};
use crate::machine::call::{Call, Reply};
use crate::machine::evidence::Supplier;
use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::machine::policy::Policy;
use crate::machine::products::Products;
use crate::store::memory::MemoryStore;
use crate::vault::{MasterKey, Secret, Vault};
use tokio::time::Instant;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

const SECRET: &str = "a secret of sixteen bytes or more";

/// The states of an application that nobody hinders, in order.
const WAY: [State; 4] = [State::Init, State::DataReady, State::AuditPending, State::Approved];

/// A provider that approves everybody.
struct Approving;

impl Provider for Approving {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the product collects nothing")]
    async fn call(&self, order: Order) -> Ended {
        let reply = match order.pending.call {
            Call::Blacklist => Reply::BlacklistClear,
            Call::AuditApply => Reply::AuditAccepted { open_id: "audit".to_owned() },
            Call::AuditResult { .. } => Reply::AuditApproved,
            ref other => unreachable!("the product collects nothing, and {} was called", other.name()),
        };
        Ended::Told { reply, document: None }
    }
}

fn engine(store: &MemoryStore) -> Engine<MemoryStore> {
    let random = Random::seeded(7);
    let vault = Vault::volatile(MasterKey::from_text(&"07".repeat(32)).unwrap(), random.clone());
    let soon = Duration::from_millis(5);
    let policy = Policy { audit_min: soon, audit_max: soon, ..Policy::default() };
    let quick = Plan {
        product: "quick".to_owned(),
        version: 1,
        evidence: Vec::new(),
        collections: Vec::new(),
        term_days: 14,
        blacklist: true,
        decider: Decider::Provider,
        fresh: Vec::new(),
    };
    let products = Products::new([quick]);
    Engine::start(
        Given {
            store: Arc::new(store.clone()),
            vault,
            random,
            policy,
            products,
            limits: Default::default(),
            retention: Default::default(),
        },
        Approving,
    )
    .unwrap()
}

fn partner(name: &str, url: Option<&str>) -> Callback {
    Callback {
        partner: name.to_owned(),
        url: url.map(|url| url.parse().unwrap()),
        secrets: vec![Secret::from(SECRET.to_owned())],
        states: Vec::new(),
        timeout: Duration::from_secs(5),
        budget: Duration::from_secs(60 * 60),
    }
}

async fn create(engine: &Engine<MemoryStore>, partner: &str, order: &str) -> ApplicationId {
    let brought = Brought {
        source: Source { partner: partner.to_owned(), order: order.to_owned() },
        product: "quick".to_owned(),
        supplier: Supplier::Service,
        original: None,
        parts: Vec::new(),
        phone: None,
        id_card: None,
        service_password: None,
    };
    engine.create(brought, Terms::default()).await.unwrap().view.id
}

async fn approved(engine: &Engine<MemoryStore>, id: ApplicationId) {
    let is_approved = |it: &crate::machine::application::Application| it.state() == State::Approved;
    let found = engine.wait(id, PATIENCE, is_approved).await.unwrap().unwrap();
    assert_eq!(found.state(), State::Approved);
}

/// Waits until something holds, looking again and again.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "{what} does not come true");
        clock::pause(Duration::from_millis(5)).await;
    }
}
