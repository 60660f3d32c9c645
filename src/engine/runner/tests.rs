//! The engine's thread beside one that syncs when the test lets it.

use super::*;
use crate::engine::core::{Command, Declined, Terms};
use crate::engine::outage::Settings;
use crate::engine::provider::Order;
use crate::machine::application::Source;
use crate::machine::event::EvidenceAdded;
use crate::machine::policy::Policy;
use crate::machine::samples::{self, Wanted};
use crate::machine::step::Birth;
use crate::store::StoreError;
use crate::store::memory::MemoryStore;
use crate::vault::{MasterKey, Random, Vault};
use std::sync::mpsc as blocking;
use std::thread::JoinHandle;
use tokio::sync::mpsc::error::TryRecvError;

/// Nobody is called: what is brought here asks for nothing.
struct NoProvider;

impl Provider for NoProvider {
    async fn call(&self, order: Order) -> Ended {
        panic!("{order:?} is called")
    }
}

/// What a sync is told to do.
enum Go {
    On,
    Fail,
    Panic,
}

struct House {
    door: mpsc::Sender<Message>,
    store: Arc<MemoryStore>,
    durable: watch::Receiver<u64>,
    /// A sync has begun.
    begun: mpsc::UnboundedReceiver<()>,
    go: blocking::Sender<Go>,
    thread: JoinHandle<Result<(), CommitError>>,
}

impl House {
    fn start() -> Self {
        Self::start_with(Policy::default())
    }

    fn start_with(policy: Policy) -> Self {
        let store = Arc::new(MemoryStore::new());
        let master = MasterKey::from_text(&"5a".repeat(32)).unwrap();
        let vault = Vault::volatile(master, Random::seeded(1));
        let limits = Settings::default();
        let core = Core::open(Arc::clone(&store), vault.clone(), policy, &limits, 1, clock::now());
        let (door, inputs) = mpsc::channel(INPUT_LIMIT);
        let (mark, durable) = watch::channel(0);
        let (standings, _) = watch::channel(Arc::from([]));
        let board = Board { durable: mark, standings, followers: Arc::default() };
        let (tell, synced) = mpsc::unbounded_channel();
        let (begin, begun) = mpsc::unbounded_channel();
        let (go, told) = blocking::channel();
        let synced_store = Arc::clone(&store);
        let sync = move || {
            let _nobody = begin.send(());
            match told.recv().unwrap_or(Go::On) {
                Go::On => synced_store.sync().map(|_newest| ()),
                Go::Fail => Err(StoreError::Inconsistent { what: "the disk is gone".to_owned() }),
                Go::Panic => panic!("a bug"),
            }
        };
        let disk = Disk { keys: Keys::start(vault, tell.clone()), syncs: Syncs::start(sync, tell), synced };
        let handle = Handle::current();
        let (weak, provider) = (door.downgrade(), Arc::new(NoProvider));
        let runner = Runner::new(core.unwrap(), inputs, weak, disk, provider, board, handle);
        let thread = std::thread::spawn(move || runner.run());
        Self { door, store, durable, begun, go, thread }
    }

    /// Brings half an application, which asks the provider nothing.
    async fn brings(&self, number: u32) -> oneshot::Receiver<Answer> {
        self.brings_under(number, 1).await
    }

    /// The same under one of several ids: the order of `number` has only one of them.
    async fn brings_under(&self, number: u32, last: u8) -> oneshot::Receiver<Answer> {
        let mut id = [last; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let like = samples::application(samples::init(), Wanted::No);
        let source = Source { order: number.to_string(), ..like.source };
        let id = ApplicationId::from_bytes(id);
        let birth = Birth { id, source, plan: like.plan, order_id: 1, key: 0 };
        let command = Command::Bring { birth, evidence: EvidenceAdded::default(), bodies: Vec::new() };
        let (ticket, answer) = oneshot::channel();
        let input = Input::Command { ticket, command, terms: Terms::default() };
        self.door.send(Message::Input(input)).await.unwrap();
        answer
    }

    /// Returns when all that was handed in before is appended.
    async fn has_appended(&self) {
        // The answer to the second is from a later turn than that which heard the first.
        for _ in 0..2 {
            let (ticket, heard) = oneshot::channel();
            self.door.send(Message::InVain { ticket }).await.unwrap();
            heard.await.unwrap();
        }
    }

    async fn asks_what_is_durable(&self) -> oneshot::Receiver<u64> {
        let (ticket, answer) = oneshot::channel();
        self.door.send(Message::Durable { ticket }).await.unwrap();
        answer
    }

    fn stored(&self) -> usize {
        self.store.applications(None, usize::MAX).unwrap().len()
    }

    fn goes(&self, go: Go) {
        self.go.send(go).unwrap();
    }
}

fn is_waiting<T>(answer: &mut oneshot::Receiver<T>) -> bool {
    matches!(answer.try_recv(), Err(oneshot::error::TryRecvError::Empty))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_during_a_sync_is_decided_and_told_after_its_own() {
    let mut house = House::start();
    let first = house.brings(1).await;
    house.begun.recv().await.unwrap();
    let (mut second, mut third) = (house.brings(2).await, house.brings(3).await);
    house.has_appended().await;
    assert_eq!((house.stored(), house.store.span().unwrap()), (3, (1, 0)));
    let mut asked = house.asks_what_is_durable().await;
    house.has_appended().await;
    assert!(is_waiting(&mut asked));

    house.goes(Go::On);
    assert_eq!(first.await.unwrap().unwrap().view.version, 1);
    assert_eq!(*house.durable.borrow(), 1, "though the sync took the others along");
    // One more sync for all that came.
    house.begun.recv().await.unwrap();
    house.has_appended().await;
    assert!(is_waiting(&mut second) && is_waiting(&mut third) && is_waiting(&mut asked));
    house.goes(Go::On);
    assert!(second.await.unwrap().is_ok() && third.await.unwrap().is_ok());
    assert_eq!(asked.await.unwrap(), 3);
    assert_eq!(house.begun.try_recv(), Err(TryRecvError::Empty), "nothing is left to be synced");
    assert_eq!(house.asks_what_is_durable().await.await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_waits_for_what_it_tells_of_and_for_no_more() {
    let mut house = House::start();
    let first = house.brings(1).await;
    house.begun.recv().await.unwrap();
    let mut other = house.brings_under(1, 2).await;
    house.has_appended().await;
    assert!(is_waiting(&mut other), "it tells that the order has an application");
    house.goes(Go::On);
    assert!(first.await.unwrap().is_ok());
    assert!(matches!(other.await.unwrap(), Err(Declined::Exists { .. })));
    let other = house.brings_under(1, 3).await;
    assert!(matches!(other.await.unwrap(), Err(Declined::Exists { .. })));
    assert_eq!(house.begun.try_recv(), Err(TryRecvError::Empty), "no sync was needed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_by_the_time_it_is_settled_waits_for_nothing() {
    let mut house = House::start_with(Policy { intake: Duration::ZERO, ..Policy::default() });
    let first = house.brings(1).await;
    house.begun.recv().await.unwrap();
    house.goes(Go::On);
    assert!(first.await.unwrap().is_ok());
    let next = tokio::time::timeout(Duration::from_secs(10), house.begun.recv());
    next.await.expect("its time is over, and nobody writes that down").unwrap();
    house.goes(Go::On);
    house.durable.wait_for(|newest| *newest == 2).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_holds_up_a_bounded_number_of_moves() {
    let mut house = House::start();
    let first = house.brings(0).await;
    house.begun.recv().await.unwrap();
    let mut answers = Vec::new();
    for number in 1..PENDING_LIMIT as u32 * 3 {
        answers.push(house.brings(number).await);
    }
    while house.stored() < PENDING_LIMIT {
        tokio::task::yield_now().await;
    }
    let fence = tokio::time::timeout(Duration::from_millis(300), house.has_appended()).await;
    assert!(fence.is_err(), "it still takes in what comes");
    assert!(house.stored() < PENDING_LIMIT + GROUP_LIMIT, "{}", house.stored());
    // The disk is back: nothing was lost.
    drop(house.go);
    assert!(first.await.unwrap().is_ok());
    for answer in answers {
        assert!(answer.await.unwrap().is_ok());
    }
    assert_eq!(house.store.counts().moves, PENDING_LIMIT as u64 * 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_fails_stops_everything_and_answers_nobody() {
    for (go, why) in [(Go::Fail, "write a group"), (Go::Panic, "the thread docket-sync panicked")] {
        let mut house = House::start();
        let first = house.brings(1).await;
        house.begun.recv().await.unwrap();
        let second = house.brings(2).await;
        let asked = house.asks_what_is_durable().await;
        house.goes(go);
        assert!(first.await.is_err() && second.await.is_err() && asked.await.is_err());
        let error = house.thread.join().unwrap().unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(*house.durable.borrow(), 0);
        assert_eq!(house.begun.recv().await, None, "a failed sync is not tried again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stops_it_waits_until_all_is_told() {
    let mut house = House::start();
    let first = house.brings(1).await;
    house.begun.recv().await.unwrap();
    let second = house.brings(2).await;
    let (ticket, mut stopped) = oneshot::channel();
    house.door.send(Message::Stop { ticket }).await.unwrap();
    assert!(is_waiting(&mut stopped));
    house.goes(Go::On);
    house.begun.recv().await.unwrap();
    house.goes(Go::On);
    stopped.await.unwrap();
    assert!(first.await.unwrap().is_ok() && second.await.unwrap().is_ok());
    house.thread.join().unwrap().unwrap();
    assert_eq!(house.store.span().unwrap(), (1, 2));
}
