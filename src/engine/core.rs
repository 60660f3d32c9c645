//! The engine without its threads: decides, writes groups, keeps wake-ups and calls going.
//!
//! Everything is an argument: inputs, the time, the store, the seed. Whoever drives it (a thread
//! on a real clock, or a simulation on a fake one) repeats five steps: [`Core::handle`] what
//! came in, [`Core::tick`], [`Core::append`], [`Core::settle`] what a sync of the store has made
//! durable meanwhile, [`Core::take_calls`]. It never waits for the disk.
//!
//! What is decided goes on from what was decided last, durable or not. Whatever leaves this value
//! (answers, calls, new values, the destruction of keys) waits for the sync of all that had been
//! appended when it was decided.

mod asked;
mod decide;
mod look;
mod pending;
mod recent;
mod repeat;
#[cfg(test)]
mod tests;

pub use self::pending::{Mark, Published};
pub use self::recent::RECENT_LIMIT;
pub(super) use self::repeat::answered_before;

use self::look::UNREADABLE_PAUSE;
use self::pending::{Appended, Group, Head};
use self::recent::Recent;
use super::archive;
use super::chain;
use super::hot::{Hot, Pauses};
use super::outage::{self, Gates, Outages};
use super::provider::{Ended, Order};
use crate::machine::application::Application;
use crate::machine::call::EffectId;
use crate::machine::event::{Event, EvidenceAdded};
use crate::machine::id::ApplicationId;
use crate::machine::policy::Policy;
use crate::machine::step::{Birth, Refusal};
use crate::machine::time::Time;
use crate::machine::view::View;
use crate::store::records::{RecordError, index, snapshot};
use crate::store::{self, Request, RequestKey, Room, Store, StoreError, Wake};
use crate::vault::{AnswerPlace, Vault};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The engine without its threads; `T` is whatever finds the one who asked.
pub struct Core<S, T> {
    store: Arc<S>,
    vault: Vault,
    policy: Policy,
    /// What is decided and not yet appended.
    group: Group<T>,
    /// What is appended and not yet durable, in order.
    pending: VecDeque<Appended<T>>,
    /// The applications that have moves in either.
    heads: HashMap<ApplicationId, Head>,
    /// The requests answered in either.
    requests: HashMap<RequestKey, ([u8; 16], Done)>,
    /// Applications that are durable as decided last.
    recent: Recent,
    /// Up to where the store was written, and what of it was settled.
    appended: Mark,
    settled: Mark,
    /// The newest sequence that is settled.
    newest: u64,
    /// Where outages were written last.
    outages: Mark,
    hot: Hot,
    /// Wake-ups up to here were read from the store; those set behind it are kept in `hot`.
    cursor: Option<Wake>,
    /// The time of the first wake-up behind the cursor.
    next_row: Option<Time>,
}

/// What comes in.
#[expect(clippy::large_enum_variant, reason = "moved into the queue once; a box would cost each input more")]
pub enum Input<T> {
    /// Somebody wants something and waits for the answer.
    Command {
        /// Who.
        ticket: T,
        /// What.
        command: Command,
        /// On which terms.
        terms: Terms,
    },
    /// A call came to its end.
    Ended {
        /// Whose.
        application: ApplicationId,
        /// Which.
        effect: EffectId,
        /// How.
        ended: Ended,
    },
}

/// What somebody wants.
pub enum Command {
    /// Bring evidence: to the application of this source, or to a new one.
    Bring {
        /// What a new application begins with.
        birth: Birth,
        /// The evidence, sealed under the key that `birth` names.
        evidence: EvidenceAdded,
        /// The bodies of its documents.
        bodies: Vec<(u32, store::Document)>,
    },
    /// Let an event happen to an application.
    Tell {
        /// Whose.
        application: ApplicationId,
        /// What.
        event: Event,
    },
}

/// On which terms something is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// As what it is remembered, so that its repetition is answered as the first time.
    pub request: Option<Request>,
    /// The version that the application must have.
    pub expected: Option<u64>,
    /// Whether the request is remembered even if it changes nothing: then the application has a new
    /// version, because what is remembered is written with a change.
    pub is_kept: bool,
    /// Whether it is only tried: all is checked and decided, nothing is done.
    pub is_trial: bool,
}

/// What is answered once it is durable.
pub type Answer = Result<Done, Declined>;

/// It is done.
#[derive(Debug, Clone)]
pub struct Done {
    /// How the application looks since; as it looked then, if the request was answered before.
    pub view: View,
    /// The calls to the provider that it asked for, by name.
    pub calls: Vec<(EffectId, String)>,
    /// Whether it had been done before, so that nothing changed.
    pub repeated: bool,
    /// The application since; none when the answer is the one given before.
    pub application: Option<Arc<Application>>,
}

impl Done {
    /// Nothing had to change.
    pub(super) fn already(application: &Arc<Application>) -> Self {
        let view = View::of(application);
        Self { view, calls: Vec::new(), repeated: true, application: Some(Arc::clone(application)) }
    }
}

/// It is not done, and nothing has changed.
#[derive(Debug, Clone)]
pub enum Declined {
    /// There is no such application.
    NotFound,
    /// The machine says no.
    Refused(Refusal),
    /// The source has an application already, with another key: seal for that one.
    Exists {
        /// The application.
        application: ApplicationId,
        /// The slot of its key.
        key: u32,
    },
    /// The application has another version than was expected.
    Changed {
        /// The version expected.
        expected: u64,
        /// The version found.
        found: u64,
    },
    /// The request's id was used for another request.
    RequestReused,
    /// The disk is almost full: nothing new is taken in until there is room again.
    NoRoom,
    /// The application cannot be read.
    Unreadable(Arc<LoadError>),
}

/// An application could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store failed.
    #[error("read the store")]
    Store(#[from] StoreError),
    /// The record makes no sense.
    #[error("decode what is stored")]
    Record(#[from] RecordError),
}

/// How many applications one tick looks at, so that inputs are not kept waiting.
const LOOKS_LIMIT: usize = 1024;

/// How many moves one tick may add to a group that inputs have filled already: under a load that
/// fills every group, what has come must not wait for the load to end.
const LOOKS_SHARE: usize = 64;

/// How many moves are written at once, besides [`LOOKS_SHARE`].
pub const GROUP_LIMIT: usize = 256;

impl<S: Store, T> Core<S, T> {
    /// Takes up where the store stands: what is due will be found by the first tick, calls that
    /// may have been under way are told as lost where they must not be repeated, and the keys of
    /// answers that nobody holds are destroyed.
    ///
    /// The store is synced first: whoever left it may not have seen its last groups through, and a
    /// key must not be destroyed because of what a crash would take back.
    pub fn open(
        store: Arc<S>,
        vault: Vault,
        policy: Policy,
        limits: &outage::Settings,
        seed: u64,
        now: Time,
    ) -> Result<Self, OpenError> {
        vault.sync()?;
        let newest = store.sync().map_err(LoadError::from)?;
        vault.retain_answers(answers_held(&*store)?)?;
        let first = store.wakes(None, FOREVER, 1).map_err(LoadError::from)?;
        let stored = outage::stored(&*store).map_err(LoadError::from)?;
        let gates = Gates::new(limits, Outages::of(stored, limits.tolerance.longest), seed);
        let hot = Hot::new(seed, gates, Pauses::new(now, policy.poll_max));
        Ok(Self {
            store,
            vault,
            policy,
            group: Group::default(),
            pending: VecDeque::new(),
            heads: HashMap::new(),
            requests: HashMap::new(),
            recent: Recent::default(),
            appended: Mark::default(),
            settled: Mark::default(),
            newest,
            outages: Mark::default(),
            hot,
            cursor: None,
            next_row: first.first().map(|wake| wake.at),
        })
    }

    /// Decides what came in.
    pub fn handle(&mut self, input: Input<T>, now: Time) {
        match input {
            Input::Command { ticket, command, terms } => {
                let answer = self.command(command, terms, now);
                self.group.answers.push((ticket, answer));
            }
            Input::Ended { application, effect, ended } => self.ended(application, effect, ended, now),
        }
    }

    /// Acts on every moment that has come: deadlines are decided, calls become due. Says whether
    /// there is more to do at once than fits one group.
    pub fn tick(&mut self, now: Time) -> Result<bool, StoreError> {
        let brought = self.group.items.len();
        for _ in 0..LOOKS_LIMIT {
            if self.is_full() && self.group.items.len() - brought >= LOOKS_SHARE {
                break;
            }
            if let Some(application) = self.hot.wake(now) {
                self.look_at(application, now);
            } else if self.next_row.is_some_and(|at| at <= now) {
                self.read_wakes(now)?;
            } else {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says when the next tick is of use.
    pub fn next_wake(&self) -> Option<Time> {
        // Whoever makes no calls waits for no gate.
        let gate = if self.store.is_held() { None } else { self.hot.gates.next_moment() };
        self.hot.next_look().into_iter().chain(gate).chain(self.next_row).min()
    }

    /// Says whether there is nothing to append and nobody to answer, but for what is appended already.
    pub fn is_idle(&self) -> bool {
        self.group.is_empty() && !self.hot.gates.has_unwritten()
    }

    /// Says how much room the disk has for more.
    pub fn room(&self) -> Room {
        self.store.room()
    }

    /// Says whether the group is as large as it may become.
    pub fn is_full(&self) -> bool {
        self.group.items.len() >= GROUP_LIMIT
    }

    /// Takes calls that may go now, at most `room`; each must end in an [`Input::Ended`]. None while the
    /// store is held: they wait before their gates.
    pub fn take_calls(&mut self, room: usize, now: Time) -> Vec<Order> {
        if self.store.is_held() {
            return Vec::new();
        }
        let Self { store, heads, recent, .. } = self;
        let mut unreadable = Vec::new();
        let orders = self.hot.take_calls(room, now, |id| {
            // As it is durable: what is decided since may never have been.
            if let Some(head) = heads.get(&id) {
                return head.durable.clone();
            }
            if let Some(application) = recent.get(id) {
                return Some(Arc::clone(application));
            }
            let read = stored(&**store, id).inspect_err(|error| {
                let error = chain(error);
                tracing::error!(application = %id, error, "an application cannot be read: its call waits");
                unreadable.push(id);
            });
            read.ok().flatten()
        });
        for id in unreadable {
            self.hot.plan(id, now + UNREADABLE_PAUSE);
        }
        orders
    }
}

/// Reads an application as it is stored.
fn stored<S: Store>(store: &S, id: ApplicationId) -> Result<Option<Arc<Application>>, LoadError> {
    let Some(stored) = store.application(id)? else { return Ok(None) };
    Ok(Some(Arc::new(snapshot::from_record(id, stored.version, &stored.snapshot)?)))
}

/// Where the keys of all answers lie that an application holds.
fn answers_held<S: Store>(store: &S) -> Result<Vec<AnswerPlace>, LoadError> {
    let mut places = Vec::new();
    let mut after = None;
    loop {
        let holding = store.indexed(&index::holding(), after, HOLDING_READ)?;
        let Some(last) = holding.last() else { return Ok(places) };
        after = Some(*last);
        for id in holding {
            let Some(stored) = store.application(id)? else { continue };
            let application = snapshot::from_record(id, stored.version, &stored.snapshot)?;
            places.extend(application.answers().map(archive::place));
        }
    }
}

/// How many applications that hold answers are read at once.
const HOLDING_READ: usize = 1000;

/// The engine could not take up where the store stands.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// What is stored cannot be read.
    #[error("take up what is stored")]
    Load(#[from] LoadError),
    /// The keys cannot be swept.
    #[error("destroy the keys of answers that nobody holds")]
    Vault(#[from] crate::vault::VaultError),
}

/// A time after every other.
pub(super) const FOREVER: Time = Time::from_millis(u64::MAX);

/// A group could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The store failed.
    #[error("write a group")]
    Store(#[from] StoreError),
    /// The keys could not be made durable.
    #[error("write the keys of a group")]
    Vault(#[from] crate::vault::VaultError),
    /// A thread that waits for the disk has a bug.
    #[error("wait for the disk: the thread {thread} panicked")]
    Panicked {
        /// Which.
        thread: &'static str,
    },
    /// Somebody else writes to the same store.
    #[error(
        "write application {application}: version {found} is stored where {expected} was expected; another process writes to this store"
    )]
    Overtaken {
        /// The application.
        application: ApplicationId,
        /// The version that was expected.
        expected: u64,
        /// The version found.
        found: u64,
    },
}
