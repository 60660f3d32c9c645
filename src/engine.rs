//! The engine: the one entrance for everything that happens to an application.
//!
//! An event comes in, is decided by the pure core, is written once, and only then causes
//! anything. The clock, the randomness, the store and the way to the provider are given to it.
//! It decides while the disk syncs what was decided before; but it never calls the provider before
//! the intent is durable, and never tells anybody what is not.

pub mod answer;
pub mod archive;
pub mod bank;
mod census;
pub mod core;
pub mod dossier;
pub mod entrance;
pub mod exhibit;
pub mod explain;
mod figures;
pub mod filter;
mod follow;
mod hot;
pub mod migration;
pub mod outage;
pub mod person;
pub mod photo;
pub mod provider;
pub mod read;
pub mod retention;
mod runner;
pub mod session;
pub mod stuck;
mod syncs;
mod tail;
pub mod upkeep;
pub mod watch;

use self::archive::{Archive, ArchiveError};
use self::bank::BankListError;
use self::core::{Answer, Command, Core, Declined, Done, Input, LoadError, OpenError, Terms};
use self::entrance::{Entrance, EntranceError};
use self::follow::Followers;
use self::outage::Standing;
use self::provider::Provider;
use self::retention::Retention;
use self::runner::{Board, CallsOf, Disk, INPUT_LIMIT, Message, Runner};
use self::syncs::{Gone, Keys, Syncs, Turn};
use self::tail::Tail;
use crate::clock;
use crate::machine::application::Application;
use crate::machine::id::ApplicationId;
use crate::machine::policy::Policy;
use crate::machine::products::Products;
use crate::store::records::snapshot;
use crate::store::{Store, StoreError};
use crate::vault::{Random, Vault};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};

/// The engine; clones share it.
pub struct Engine<S> {
    shared: Arc<Shared<S>>,
}

struct Shared<S> {
    store: Arc<S>,
    entrance: Entrance<S>,
    vault: Vault,
    keys: Keys,
    turn: Arc<Turn<S>>,
    policy: Policy,
    door: mpsc::Sender<Message>,
    durable: tokio::sync::watch::Receiver<u64>,
    standings: tokio::sync::watch::Receiver<Arc<[Standing]>>,
    held: tokio::sync::watch::Sender<bool>,
    followers: Arc<Followers>,
    tail: Arc<Tail>,
    stopped: tokio::sync::watch::Receiver<Option<Arc<str>>>,
}

/// What an engine is given.
pub struct Given<S> {
    /// The store.
    pub store: Arc<S>,
    /// The vault beside it.
    pub vault: Vault,
    /// Randomness for ids, keys and the spread of retries.
    pub random: Random,
    /// How patient to be.
    pub policy: Policy,
    /// What the products want.
    pub products: Products,
    /// What each system of the provider may be asked, and when it is taken to be down.
    pub limits: outage::Settings,
    /// How long what is over stays where it is.
    pub retention: Retention,
}

/// Something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It was declined; nothing has changed.
    #[error("declined: {0:?}")]
    Declined(Declined),
    /// It could not be taken in.
    #[error(transparent)]
    Entrance(#[from] EntranceError),
    /// Somebody else kept changing the same application.
    #[error("somebody else brings evidence for the same order at the same time; try again")]
    Contended,
    /// The engine has stopped: the store failed, or it is shutting down.
    #[error("the engine has stopped: {0}")]
    Stopped(Arc<str>),
    /// The engine could not take up where the store stands.
    #[error("start the engine")]
    Open(#[from] OpenError),
    /// An application could not be read.
    #[error("read an application")]
    Load(#[from] LoadError),
    /// The store failed.
    #[error("read the store")]
    Store(#[from] StoreError),
    /// A document could not be sealed or unsealed.
    #[error("seal or unseal a document")]
    Archive(#[from] ArchiveError),
    /// What was stored as a list of banks is none.
    #[error("read the banks of a challenge")]
    BankList(#[from] BankListError),
}

impl<S> Clone for Engine<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S: Store> Engine<S> {
    /// Starts the engine on a thread of its own; calls run on the current tokio runtime.
    pub fn start<P: Provider>(given: Given<S>, provider: P) -> Result<Self, EngineError> {
        let Given { store, vault, random, policy, products, limits, retention } = given;
        let mut seed = [0; 8];
        random.fill(&mut seed);
        let seed = u64::from_be_bytes(seed);
        let core =
            Core::open(Arc::clone(&store), vault.clone(), policy.clone(), &limits, seed, clock::now())?;
        let (_, newest) = store.span()?;
        let (door, inputs) = mpsc::channel(INPUT_LIMIT);
        let (durable, durable_seen) = tokio::sync::watch::channel(newest);
        let (stop, stopped) = tokio::sync::watch::channel(None);
        let followers = Arc::new(Followers::default());
        let (stand, standings) = tokio::sync::watch::channel(core.standings().into());
        let board = Board { durable, standings: stand, followers: Arc::clone(&followers) };
        let handle = tokio::runtime::Handle::current();
        let (tell, synced) = mpsc::unbounded_channel();
        let keys = Keys::start(vault.clone(), tell.clone());
        let turn = Arc::new(Turn::new(Arc::clone(&store)));
        let syncing = Arc::clone(&turn);
        let syncs = Syncs::start(move || syncing.sync(), tell);
        let disk = Disk { keys: keys.clone(), syncs, synced };
        let runner = Runner::new(core, inputs, door.downgrade(), disk, Arc::new(provider), board, handle);
        let thread = std::thread::Builder::new().name("docket-engine".to_owned());
        let run = move || {
            let why: Arc<str> = match runner.run() {
                Ok(()) => Arc::from("it was shut down"),
                Err(error) => {
                    let text = chain(&error);
                    tracing::error!(error = %text, "the engine stops: nothing more is acknowledged");
                    Arc::from(text)
                }
            };
            stop.send_replace(Some(why));
        };
        let tail = Arc::new(Tail::new(newest));
        tokio::spawn(tail::follow(Arc::downgrade(&store), Arc::clone(&tail), durable_seen.clone()));
        retention::start(&store, retention);
        thread.spawn(run).expect("a thread can be started");
        let archive = Archive::new(Arc::clone(&store), vault.clone(), random.clone());
        let entrance = Entrance::new(Arc::clone(&store), archive, products, random);
        let durable = durable_seen;
        census::begin(&*store)?;
        let (held, is_held) = tokio::sync::watch::channel(store.is_held());
        tokio::spawn(upkeep::remind(is_held));
        let shared = Arc::new(Shared {
            store,
            entrance,
            vault,
            keys,
            turn,
            policy,
            door,
            durable,
            standings,
            held,
            followers,
            tail,
            stopped,
        });
        tokio::spawn(census::look(Arc::downgrade(&shared)));
        Ok(Self { shared })
    }

    /// Stops the engine: what was taken in before is written and answered first.
    pub async fn stop(&self) {
        let (ticket, stopped) = oneshot::channel();
        if self.shared.door.send(Message::Stop { ticket }).await.is_ok() {
            let _gone = stopped.await;
        }
    }

    /// Waits until the engine has stopped, and says why.
    pub async fn stopped(&self) -> Arc<str> {
        let mut stopped = self.shared.stopped.clone();
        let why = stopped.wait_for(Option::is_some).await;
        why.ok().and_then(|why| why.clone()).unwrap_or_else(|| Arc::from("its thread is gone"))
    }

    /// Hands a command in and waits until its outcome is durable.
    pub async fn command(&self, command: Command, terms: Terms) -> Result<Done, EngineError> {
        let (ticket, answer) = oneshot::channel::<Answer>();
        let message = Message::Input(Input::Command { ticket, command, terms });
        if self.shared.door.send(message).await.is_err() {
            return Err(EngineError::Stopped(self.stopped().await));
        }
        match answer.await {
            Ok(answer) => answer.map_err(EngineError::Declined),
            Err(_dropped) => Err(EngineError::Stopped(self.stopped().await)),
        }
    }

    /// Waits until all keys that were made before are durable.
    async fn until_keys_durable(&self) -> Result<(), EngineError> {
        match self.shared.keys.durable().await {
            Ok(()) => Ok(()),
            Err(Gone) => Err(EngineError::Stopped(self.stopped().await)),
        }
    }

    /// Makes durable what was written to the store beside the engine; it blocks.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.shared.turn.sync()
    }

    /// What is known of the calls of an application.
    pub(crate) async fn calls_of(&self, application: ApplicationId) -> CallsOf {
        let (ticket, answer) = oneshot::channel();
        if self.shared.door.send(Message::CallsOf { application, ticket }).await.is_err() {
            return CallsOf::default();
        }
        answer.await.unwrap_or_default()
    }

    /// The calls that are tried in vain, and those that are parked.
    async fn in_vain(&self) -> (Vec<stuck::Trouble>, Vec<stuck::Parked>) {
        let (ticket, answer) = oneshot::channel();
        if self.shared.door.send(Message::InVain { ticket }).await.is_err() {
            return Default::default();
        }
        answer.await.unwrap_or_default()
    }

    /// Tells all there is to say of every system of the provider.
    pub async fn systems(&self) -> Result<Vec<outage::Report>, EngineError> {
        let (ticket, answer) = oneshot::channel();
        if self.shared.door.send(Message::Systems { ticket }).await.is_err() {
            return Err(EngineError::Stopped(self.stopped().await));
        }
        match answer.await {
            Ok(reports) => Ok(reports),
            Err(_dropped) => Err(EngineError::Stopped(self.stopped().await)),
        }
    }

    /// Says how it stands with every system of the provider.
    pub(crate) fn standings(&self) -> Arc<[Standing]> {
        Arc::clone(&self.shared.standings.borrow())
    }

    /// Gives the products.
    pub fn products(&self) -> &Products {
        self.shared.entrance.products()
    }

    /// Gives the archive.
    pub fn archive(&self) -> &Archive<S> {
        self.shared.entrance.archive()
    }

    /// Gives the vault.
    fn vault(&self) -> &Vault {
        &self.shared.vault
    }

    fn entrance(&self) -> &Entrance<S> {
        &self.shared.entrance
    }

    /// Follows the newest place in the stream that is durable.
    pub(crate) fn durable_mark(&self) -> tokio::sync::watch::Receiver<u64> {
        self.shared.durable.clone()
    }

    pub(crate) fn store(&self) -> &S {
        &self.shared.store
    }

    /// An application as stored, with its place in the stream; maybe not yet durable.
    fn stored(&self, id: ApplicationId) -> Result<Option<(Application, u64)>, LoadError> {
        let Some(stored) = self.store().application(id)? else { return Ok(None) };
        let application = snapshot::from_record(id, stored.version, &stored.snapshot)?;
        Ok(Some((application, stored.sequence)))
    }
}

/// Does work that blocks where it keeps no task waiting.
pub(crate) async fn aside<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    to_the_end(tokio::task::spawn_blocking(work)).await
}

/// Waits for work that goes on even if nobody waits for it any more.
async fn to_the_end<R>(work: JoinHandle<R>) -> R {
    match work.await.map_err(JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime is shutting down, and whoever waits with it.
        Err(Err(_cancelled)) => std::future::pending().await,
    }
}

/// An error with all its sources on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
