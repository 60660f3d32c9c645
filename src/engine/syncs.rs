//! The threads that wait for the disk, so that the engine's thread never does.
//!
//! One makes keys durable, before the command that names them is handed in: whatever is appended to the
//! store names durable keys only, so that every sync of the store may take it along. The other makes
//! durable what was appended. Each takes all that has queued while its last sync was under way. They
//! must never try a failed sync again.

use super::core::{CommitError, Mark};
use crate::clock::Stopwatch;
use crate::store::{Store, StoreError};
use crate::telemetry::metrics as told;
use crate::vault::Vault;
use metrics::histogram;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError, mpsc as blocking};
use tokio::sync::{mpsc, oneshot};

/// How many may ask for their keys at once; whoever comes then waits before the door.
const ASKING_LIMIT: usize = 1_024;

/// What the threads tell the engine's: up to where the store is durable, or why nothing is any more.
pub(super) type Synced = mpsc::UnboundedReceiver<Result<Mark, CommitError>>;

/// The other end of it; there is at most one message for each group that is pending.
pub(super) type Tell = mpsc::UnboundedSender<Result<Mark, CommitError>>;

/// Makes keys durable; clones share the thread.
#[derive(Clone)]
pub(super) struct Keys {
    door: mpsc::Sender<Option<oneshot::Sender<()>>>,
}

/// The thread is gone: the keys could not be made durable, and the engine stops.
pub(super) struct Gone;

impl Keys {
    /// Starts the thread.
    pub(super) fn start(vault: Vault, tell: Tell) -> Self {
        let (door, mut asking) = mpsc::channel(ASKING_LIMIT);
        start("docket-keys", tell, move || {
            let mut asked: Vec<Option<oneshot::Sender<()>>> = Vec::new();
            while asking.blocking_recv_many(&mut asked, ASKING_LIMIT) > 0 {
                let synced = Stopwatch::start();
                vault.sync()?;
                histogram!(told::KEYS_SYNC).record(synced.read());
                for ticket in asked.drain(..).flatten() {
                    let _gone = ticket.send(());
                }
            }
            Ok(())
        });
        Self { door }
    }

    /// Waits until all keys that were made before are durable.
    pub(super) async fn durable(&self) -> Result<(), Gone> {
        let (ticket, durable) = oneshot::channel();
        self.door.send(Some(ticket)).await.map_err(|_closed| Gone)?;
        durable.await.map_err(|_dropped| Gone)
    }

    /// Sees to it that all keys that were destroyed before are soon durably so; nobody waits for it.
    pub(super) fn sweep(&self) {
        // When the door is full, a sync that takes them along is yet to begin.
        let _full = self.door.try_send(None);
    }
}

/// Makes the store durable; one at a time, for the engine and for whoever else has written.
pub(super) struct Turn<S> {
    store: Arc<S>,
    taken: Mutex<()>,
}

impl<S: Store> Turn<S> {
    pub(super) fn new(store: Arc<S>) -> Self {
        Self { store, taken: Mutex::new(()) }
    }

    /// Makes durable whatever was written to the store before; it blocks.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let _turn = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        self.store.sync().map(|_newest| ())
    }
}

/// Has the store made durable.
pub(super) struct Syncs {
    marks: blocking::Sender<Mark>,
}

impl Syncs {
    /// Starts the thread; `sync` is what it does.
    pub(super) fn start(
        mut sync: impl FnMut() -> Result<(), StoreError> + Send + 'static,
        tell: Tell,
    ) -> Self {
        let (marks, asked) = blocking::channel();
        let tells = tell.clone();
        start("docket-sync", tell, move || {
            while let Ok(first) = asked.recv() {
                let mark = asked.try_iter().last().unwrap_or(first);
                sync()?;
                let _stopped = tells.send(Ok(mark));
            }
            Ok(())
        });
        Self { marks }
    }

    /// Has all up to a mark made durable; the thread tells when it is.
    pub(super) fn ask(&self, mark: Mark) {
        // The thread ends once it has told of a failure, which the engine's is then about to hear.
        let _failed = self.marks.send(mark);
    }
}

/// Starts a thread that tells why it ends, unless nobody needs it any more.
fn start(name: &'static str, tell: Tell, run: impl FnOnce() -> Result<(), CommitError> + Send + 'static) {
    let thread = std::thread::Builder::new().name(name.to_owned());
    let run = move || {
        // A panic is told like a failure: somebody waits for this thread.
        let panicked = |_panic| Err(CommitError::Panicked { thread: name });
        let ended = std::panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(panicked);
        if let Err(error) = ended {
            let _stopped = tell.send(Err(error));
        }
    };
    thread.spawn(run).expect("a thread can be started");
}
