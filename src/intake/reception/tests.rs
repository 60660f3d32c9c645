//! Signed pushes at the desk, over an engine in memory.

use super::*;
use crate::config::products;
use crate::engine::Given;
use crate::engine::entrance::Supplied;
use crate::engine::provider::{self, Ended, Provider};
use crate::intake::push::Push;
use crate::machine::event::Event;
use crate::machine::policy::Policy;
use crate::store::memory::MemoryStore;
use crate::vault::{MasterKey, Random, Vault};

const SIGNED: &str = include_str!("../push/examples/signed-object.json");

/// A provider that is never heard of.
struct Silent;

impl Provider for Silent {
    async fn call(&self, _order: provider::Order) -> Ended {
        std::future::pending().await
    }
}

fn engine() -> Engine<MemoryStore> {
    let (store, random) = (Arc::new(MemoryStore::new()), Random::seeded(7));
    let vault = Vault::volatile(MasterKey::from_text(&"07".repeat(32)).unwrap(), random.clone());
    let (policy, products) = (Policy::default(), products::demo());
    let given = Given {
        store,
        vault,
        random,
        policy,
        products,
        limits: Default::default(),
        retention: Default::default(),
    };
    Engine::start(given, Silent).unwrap()
}

fn desk(engine: &Engine<MemoryStore>, amount_fen: u64) -> Reception<MemoryStore> {
    Reception::new(engine.clone(), products::SIGNED.to_owned(), NonZeroU64::new(amount_fen))
}

/// The example with this score, sent at this time.
fn push(score: u32, sent: u32) -> Taken {
    let body = SIGNED.replace("\"750\"", &score.to_string()).into_bytes();
    let push = Push::signed(&body).unwrap();
    Taken { partner: products::QUNADAI.to_owned(), push, body: body.into(), sent: Some(sent.to_string()) }
}

/// Every application, the newest last.
async fn applications(engine: &Engine<MemoryStore>) -> Vec<Arc<Application>> {
    let mut all = Vec::new();
    for (id, _) in engine.store().applications(None, 1_000).unwrap() {
        all.push(engine.application(id).await.unwrap().unwrap());
    }
    all
}

#[tokio::test]
async fn what_was_answered_is_known_however_often_the_person_applied() {
    let engine = engine();
    let desk = desk(&engine, 150_000);
    for number in 1..=APPLICATIONS_LIMIT {
        assert_eq!(desk.take(push(700, number)).await, Ok(Receipt::Accepted), "{number}");
        let all = applications(&engine).await;
        let open: Vec<_> = all.iter().filter(|it| !it.state().is_terminal()).collect();
        assert_eq!((all.len(), open.len()), (number as usize, 1));
        let cancel = Event::CancelRequested { reason: "a test".to_owned() };
        engine.tell(open[0].id, cancel, Terms::default()).await.unwrap();
    }
    let refused = desk.take(push(700, APPLICATIONS_LIMIT + 1)).await.unwrap_err();
    assert_eq!(refused.to_string(), "data: the person has applied too often");
    for number in [1, 50, APPLICATIONS_LIMIT] {
        assert_eq!(desk.take(push(700, number)).await, Ok(Receipt::Repeated), "{number}");
    }
    assert_eq!(applications(&engine).await.len(), APPLICATIONS_LIMIT as usize);
}

#[tokio::test]
async fn the_amount_of_the_product_replaces_none_that_is_there() {
    let engine = engine();
    let amount = async || {
        let newest = applications(&engine).await.pop().unwrap();
        let held = engine.evidence_of(&newest, &[EvidenceKind::Loan]).await.unwrap();
        (newest.version, held.loan.map(|loan| loan.amount_fen))
    };
    assert_eq!(desk(&engine, 150_000).take(push(700, 1)).await, Ok(Receipt::Accepted));
    assert_eq!(amount().await, (1, Some(150_000)));
    // The setting is another one since.
    let desk = desk(&engine, 200_000);
    assert_eq!(desk.take(push(710, 2)).await, Ok(Receipt::Accepted));
    assert_eq!(amount().await, (2, Some(150_000)));
    let loan = Dossier { loan: Some(Loan { amount_fen: 90_000 }), ..Dossier::default() };
    let supplied = Supplied { supplier: Supplier::Service, parts: vec![loan], phone: None, id_card: None };
    let id = applications(&engine).await[0].id;
    engine.supply(id, supplied, Terms::default()).await.unwrap();
    assert_eq!(desk.take(push(720, 3)).await, Ok(Receipt::Accepted));
    assert_eq!(amount().await, (4, Some(90_000)));
}
