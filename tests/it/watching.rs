//! Watchers over an engine with all its threads: every change once and in order, whatever is
//! selected, however often they come back with a token, and across a restart.

use docket::config::products;
use docket::engine::archive::Archive;
use docket::engine::core::{Declined, Terms};
use docket::engine::dossier::{Dossier, Identity, Loan};
use docket::engine::entrance::Brought;
use docket::engine::filter::Filter;
use docket::engine::provider::{Ended, Order, Provider};
use docket::engine::read::Sorting;
use docket::engine::watch::{Line, Told, Watcher};
use docket::engine::{Engine, EngineError, Given};
use docket::machine::application::Source;
use docket::machine::call::{Call, Reply};
use docket::machine::challenge::ChallengeKind;
use docket::machine::evidence::{EvidenceKind, Supplier};
use docket::machine::id::ApplicationId;
use docket::machine::policy::Policy;
use docket::machine::products::Products;
use docket::machine::view::{Brief, View};
use docket::store::Store;
use docket::store::memory::MemoryStore;
use docket::store::records::change;
use docket::vault::{MasterKey, Random, Secret, Vault};
use futures_util::FutureExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Applications in one run; each moves at least six times.
const APPLICATIONS: u64 = 150;

/// Says yes after a short while, to everything.
struct Yes;

impl Provider for Yes {
    async fn call(&self, order: Order) -> Ended {
        tokio::time::sleep(Duration::from_millis(u64::from(order.application.id.as_bytes()[15] % 8))).await;
        let reply = match &order.pending.call {
            Call::Blacklist => Reply::BlacklistClear,
            Call::AuditApply => Reply::AuditAccepted { open_id: "audit".to_owned() },
            Call::AuditResult { .. } => Reply::AuditApproved,
            other => panic!("nothing is collected: {other:?}"),
        };
        Ended::Told { reply, document: None }
    }
}

/// What a restart leaves.
#[derive(Clone)]
struct Kept {
    store: Arc<MemoryStore>,
    vault: Vault,
}

impl Kept {
    fn new() -> Self {
        let master = MasterKey::from_text(&"07".repeat(32)).unwrap();
        Self { store: Arc::new(MemoryStore::new()), vault: Vault::volatile(master, Random::seeded(7)) }
    }

    fn start(&self) -> Engine<MemoryStore> {
        let mut plan = products::demo().plan(products::PUSHED).unwrap().clone();
        plan.evidence = vec![EvidenceKind::Identity, EvidenceKind::Loan];
        let soon = Duration::from_millis(3);
        let policy = Policy { audit_min: soon, audit_max: soon, ..Policy::default() };
        let given = Given {
            store: Arc::clone(&self.store),
            vault: self.vault.clone(),
            random: Random::system(),
            policy,
            products: Products::new([plan]),
            limits: Default::default(),
            retention: Default::default(),
        };
        Engine::start(given, Yes).unwrap()
    }
}

fn brought(number: u64, part: Dossier) -> Brought {
    Brought {
        source: Source { partner: "partner".to_owned(), order: number.to_string() },
        product: products::PUSHED.to_owned(),
        supplier: Supplier::Partner,
        original: None,
        parts: vec![part],
        phone: None,
        id_card: None,
        service_password: None,
    }
}

/// Without the second an application stays as it is created.
fn halves(number: u64) -> [Dossier; 2] {
    let text = number.to_string();
    let identity = Identity { name: text.clone(), phone: text.clone(), id_card: text };
    [
        Dossier { identity: Some(identity), ..Dossier::default() },
        Dossier { loan: Some(Loan { amount_fen: number + 1 }), ..Dossier::default() },
    ]
}

/// Two halves, one after the other; until the engine is gone.
async fn bring(engine: Engine<MemoryStore>, numbers: std::ops::Range<u64>) {
    for number in numbers {
        for half in halves(number) {
            match engine.bring(brought(number, half), Terms::default()).await {
                Ok(_) => {}
                Err(EngineError::Stopped(_)) => return,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// One who watches, and what they know.
struct Observer {
    filter: Filter,
    chance: ChaCha8Rng,
    watcher: Watcher<MemoryStore>,
    token: Option<String>,
    is_complete: bool,
    /// What matches, and its version.
    known: BTreeMap<ApplicationId, u64>,
    /// What was told since the token that the first complete snapshot gave.
    told: Vec<(&'static str, ApplicationId, u64)>,
}

impl Observer {
    fn new(engine: &Engine<MemoryStore>, filter: Filter, seed: u64) -> Self {
        Self {
            watcher: engine.watch(filter.clone(), None).unwrap(),
            filter,
            chance: ChaCha8Rng::seed_from_u64(seed),
            token: None,
            is_complete: false,
            known: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    /// Comes back with the last token; without one all begins anew.
    fn comes_back(&mut self, engine: &Engine<MemoryStore>) {
        self.watcher = engine.watch(self.filter.clone(), self.token.as_deref()).unwrap();
        if self.token.is_none() {
            self.known.clear();
        }
    }

    fn hears(&mut self, Line { told, token }: Line) {
        assert_eq!(self.is_complete || told == Told::Complete, token.is_some(), "{told:?}");
        match told {
            Told::Present(view) => self.enters(&view),
            Told::Complete => self.is_complete = true,
            Told::Entered(view, _) => {
                self.enters(&view);
                self.notes("entered", &view);
            }
            Told::Changed(view, _) => {
                let before = self.known.insert(view.id, view.version);
                assert!(before.is_some_and(|before| view.version == before + 1), "{before:?} {view:?}");
                self.notes("changed", &view);
            }
            Told::Left(view, _) => {
                let before = self.known.remove(&view.id);
                assert!(before.is_some_and(|before| view.version == before + 1), "{before:?} {view:?}");
                self.notes("left", &view);
            }
            Told::Progress => {}
            Told::Provider(standing) => panic!("the provider is well: {standing:?}"),
        }
        self.token = token.or_else(|| self.token.take());
    }

    fn enters(&mut self, view: &View) {
        assert!(self.filter.matches(view, view.since));
        let before = self.known.insert(view.id, view.version);
        assert_eq!(before, None, "told as new, and was known");
    }

    fn notes(&mut self, what: &'static str, view: &View) {
        if self.is_complete {
            self.told.push((what, view.id, view.version));
        }
    }

    /// Watches, and comes back now and then, until nothing comes any more.
    async fn watches(mut self, engine: Engine<MemoryStore>, quiet: Duration) -> Self {
        loop {
            match tokio::time::timeout(quiet, self.watcher.next()).await {
                Err(_quiet) => return self,
                Ok(Err(_stopped)) => return self,
                Ok(Ok(line)) => self.hears(line),
            }
            if self.chance.next_u32().is_multiple_of(if self.is_complete { 12 } else { 100 }) {
                self.comes_back(&engine);
            }
        }
    }
}

/// What must be told of the whole stream.
fn expected(store: &MemoryStore, filter: &Filter) -> Vec<(&'static str, ApplicationId, u64)> {
    let changes = store.changes(0, 10_000).unwrap();
    let mut expected = Vec::new();
    for stored in changes {
        let record = change::from_record(stored.application, stored.version, &stored.body).unwrap();
        let matched = |before: Brief| filter.matched(&before, &record.after, record.at);
        let what =
            match (record.before.clone().is_some_and(matched), filter.matches(&record.after, record.at)) {
                (false, true) => "entered",
                (true, true) => "changed",
                (true, false) => "left",
                (false, false) => continue,
            };
        expected.push((what, stored.application, stored.version));
    }
    expected
}

/// What must be known in the end.
fn known(expected: &[(&'static str, ApplicationId, u64)]) -> BTreeMap<ApplicationId, u64> {
    let mut known = BTreeMap::new();
    for (what, id, version) in expected {
        match *what {
            "left" => known.remove(id),
            _ => known.insert(*id, *version),
        };
    }
    known
}

fn filter(text: &str) -> Filter {
    Filter::parse(text, |_purpose, _text| [0; 16]).unwrap()
}

fn filters() -> Vec<Filter> {
    vec![
        Filter::default(),
        filter("state = INIT"),
        filter("state = AUDIT_PENDING OR state = DATA_READY"),
        filter("NOT (state != APPROVED AND state != INIT)"),
        filter("order_number = '7' AND partner = partner"),
        filter("waiting_for = audit_result OR owner = docket"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_told_once_and_in_order_across_a_restart() {
    let kept = Kept::new();
    let quiet = Duration::from_millis(700);
    let mut observers: Vec<Observer> = Vec::new();
    for life in 0..2 {
        let engine = kept.start();
        let bringing: Vec<_> = (0..4)
            .map(|lane| {
                let first = (life * 4 + lane) * APPLICATIONS / 8;
                tokio::spawn(bring(engine.clone(), first..first + APPLICATIONS / 8))
            })
            .collect();
        for observer in &mut observers {
            observer.comes_back(&engine);
        }
        // Some come in the middle of it all.
        let newcomers = filters().into_iter().cycle().take(20).zip(life * 100..);
        let newcomers = newcomers.map(|(filter, seed)| Observer::new(&engine, filter, seed));
        let watching: Vec<_> = observers
            .drain(..)
            .chain(newcomers)
            .map(|observer| tokio::spawn(observer.watches(engine.clone(), quiet)))
            .collect();
        for lane in bringing {
            lane.await.unwrap();
        }
        for watching in watching {
            observers.push(watching.await.unwrap());
        }
        engine.stop().await;
    }
    assert_eq!(kept.store.counts().applications, APPLICATIONS / 8 * 8);
    for observer in observers {
        let expected = expected(&kept.store, &observer.filter);
        assert!(expected.ends_with(&observer.told), "{:?}: {:?}", observer.filter, observer.told);
        let missed = expected.len() - observer.told.len();
        assert_eq!(observer.known, known(&expected), "{:?}, begun after {missed} lines", observer.filter);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_taken_while_all_moves_is_exact() {
    let kept = Kept::new();
    let engine = kept.start();
    // More than one page of those that lie there half, and move while the pages are read.
    for number in 0..700 {
        engine.bring(brought(number, halves(number)[0].clone()), Terms::default()).await.unwrap();
    }
    let complete = |lane| {
        let engine = engine.clone();
        tokio::spawn(async move {
            for number in (lane..700).step_by(4) {
                engine.bring(brought(number, halves(number)[1].clone()), Terms::default()).await.unwrap();
            }
        })
    };
    let lanes: Vec<_> = (0..4).map(complete).collect();
    // One observer after another reads a snapshot, and hears the rest in its own time.
    let mut watching = Vec::new();
    while lanes.iter().any(|lane| !lane.is_finished()) {
        for filter in filters() {
            let mut observer = Observer::new(&engine, filter, watching.len() as u64);
            while !observer.is_complete {
                let line = observer.watcher.next().await.unwrap();
                observer.hears(line);
            }
            watching.push(tokio::spawn(observer.watches(engine.clone(), Duration::from_millis(700))));
        }
    }
    assert!(watching.len() > 10, "{}", watching.len());
    for observer in watching {
        let observer = observer.await.unwrap();
        let expected = expected(&kept.store, &observer.filter);
        assert_eq!(observer.known, known(&expected), "{:?}", observer.filter);
    }
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_hears_of_progress_while_others_move() {
    let kept = Kept::new();
    let engine = kept.start();
    let filter = filter("partner = nobody");
    let soon = Duration::from_millis(300);
    let mut watcher = engine.watch(filter.clone(), None).unwrap().with_progress_every(soon);
    assert_eq!(watcher.next().await.unwrap().told, Told::Complete);
    let moving = tokio::spawn({
        let engine = engine.clone();
        async move {
            for number in 0.. {
                bring(engine.clone(), number..number + 1).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    });
    let line = tokio::time::timeout(Duration::from_secs(2), watcher.next()).await;
    let line = line.expect("who is told nothing hears that all is well").unwrap();
    assert!(line.told == Told::Progress && line.token.is_some());
    moving.abort();
    // The mark is behind all that was nothing to it, or its token would grow too old in silence.
    let newest = loop {
        let (_, newest) = kept.store.span().unwrap();
        let mark = watcher.next().await.unwrap();
        assert_eq!(mark.told, Told::Progress);
        if kept.store.span().unwrap().1 == newest {
            watcher = engine.watch(filter.clone(), mark.token.as_deref()).unwrap().with_progress_every(soon);
            break newest;
        }
    };
    let mark = watcher.next().await.unwrap();
    kept.store.forget_changes(newest + 1).unwrap();
    assert!(engine.watch(filter, mark.token.as_deref()).is_ok());
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_told_that_the_engine_stopped() {
    let kept = Kept::new();
    let engine = kept.start();
    bring(engine.clone(), 0..1).await;
    let id = engine.list(&Filter::default(), Sorting::Created, None, 1).await.unwrap().views[0].id;
    let waiting = tokio::spawn({
        let engine = engine.clone();
        async move { engine.wait(id, Duration::from_secs(300), |_| false).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    engine.stop().await;
    let waited = tokio::time::timeout(Duration::from_secs(5), waiting).await;
    let waited = waited.expect("nobody waits for an engine that is gone").unwrap();
    assert!(matches!(waited, Err(EngineError::Stopped(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_of_an_answer_is_destroyed_though_nobody_waits_for_the_refusal() {
    let kept = Kept::new();
    let engine = kept.start();
    let nobody = ApplicationId::from_bytes([9; 16]);
    let archive = Archive::new(Arc::clone(&kept.store), kept.vault.clone(), Random::seeded(1));
    for _ in 0..20 {
        let answer =
            engine.answer(nobody, 1, ChallengeKind::SmsCode, Secret::from("1".to_owned()), Terms::default());
        // Asked once, and gone.
        drop(answer.now_or_never());
    }
    let last = engine
        .answer(nobody, 1, ChallengeKind::SmsCode, Secret::from("1".to_owned()), Terms::default())
        .await;
    assert!(matches!(last, Err(EngineError::Declined(Declined::NotFound))));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let next = archive.seal_answer(nobody, &Secret::from("1".to_owned())).unwrap();
    assert_eq!(next.slot, 0, "slots of answers that were refused lie there for good");
    engine.stop().await;
}
