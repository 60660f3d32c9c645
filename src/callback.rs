//! Callbacks: every partner is told what becomes of its applications, signed, at least once, in the
//! order of each application; and can ask for itself.
//!
//! Owns what is between the stream of changes and a partner's server: which change becomes a
//! delivery, when each is tried, and what is kept of it. It must never tell what is not durable, never
//! tell anything about a person, never follow a redirect, and never hold up the engine.
//!
//! The stream is the outbox: [`ledger`] takes changes over into deliveries, which lie in the store
//! with a cursor for each partner; [`round`] tries those that are due. Nothing of it is in memory but
//! what is under way.

mod again;
mod census;
mod ledger;
mod list;
mod outcome;
mod pause;
pub mod pull;
mod round;
mod send;
mod sign;
#[cfg(test)]
mod tests;

pub use self::census::Census;
pub use self::ledger::{DEAD_KEPT, DELIVERED_KEPT};
pub use self::list::{Listed, Position, Status, Wanted};

use self::again::Sent;
use self::ledger::Ledger;
use self::round::Round;
use self::send::Sender;
use self::sign::Keys;
use crate::clock;
use crate::config::Callback;
use crate::engine::core::LoadError;
use crate::engine::{Engine, aside, chain};
use crate::machine::event::By;
use crate::store::records::RecordError;
use crate::store::{DeliveryKey, Store, StoreError};
use crate::telemetry::metrics as told;
use crate::vault::Random;
use metrics::gauge;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

/// Tries under way at once, of all partners together.
const AT_ONCE: usize = 128;

/// How long tries under way may still take once Docket leaves; what is cut off is tried again.
pub const FAREWELL: Duration = Duration::from_secs(5);

/// How long the newest deliveries may be written and not yet synced when no group takes them along:
/// long enough for many of them to share one sync, short enough for few to be repeated after a crash.
const SYNC_AFTER: Duration = Duration::from_millis(200);

/// How often what was kept long enough is swept away.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);

/// How often the metrics are told how it stands.
const MEASURE_EVERY: Duration = Duration::from_secs(15);

/// How long is waited after the store could not be read.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// The callbacks of all partners; clones share them.
pub struct Callbacks<S> {
    shared: Arc<Shared<S>>,
}

impl<S> Clone for Callbacks<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

struct Shared<S> {
    engine: Engine<S>,
    ledger: Arc<Ledger<S>>,
    /// Wakes the round of a partner.
    bells: BTreeMap<String, Arc<Notify>>,
    leaving: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

/// What is to be sent again.
#[derive(Debug, Clone)]
pub struct Again {
    /// Which delivery.
    pub key: DeliveryKey,
    /// Who wants it, and why.
    pub by: By,
    /// A digest of the request's id: the same again sends nothing again.
    pub request: Option<[u8; 16]>,
    /// The etag that is expected; any when none.
    pub etag: Option<String>,
    /// Nothing is sent; it is only said whether it could be.
    pub is_trial: bool,
}

/// Callbacks could not be begun, or a delivery not be found or changed.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// There is no such delivery, or it is swept away.
    #[error("no such delivery is kept")]
    NotFound,
    /// The id of the request was used for another one.
    #[error("the id of the request was used before, by somebody else or for another reason")]
    RequestReused,
    /// It has changed since its etag was read.
    #[error("the delivery has changed since its etag was read")]
    Changed {
        /// The etag that was expected.
        expected: String,
        /// The etag that it has.
        found: String,
    },
    /// Its partner is told nothing any more.
    #[error("the partner {partner} has no callback: give it a `callback_url` in the settings")]
    NoCallback {
        /// The partner.
        partner: String,
    },
    /// The HTTP client cannot be made.
    #[error("make the HTTP client of {partner}'s callback")]
    Client {
        /// The partner.
        partner: String,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// A change or a delivery could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The store failed.
    #[error("read or write deliveries")]
    Store(#[from] StoreError),
}

impl From<RecordError> for CallbackError {
    fn from(error: RecordError) -> Self {
        Self::Load(error.into())
    }
}

impl<S: Store> Callbacks<S> {
    /// Begins to tell the partners that have a URL, on the current tokio runtime.
    ///
    /// One that was never told anything hears of what happens from now on; one that was, of all that
    /// happened since, as far as changes are kept.
    ///
    /// # Errors
    /// The store cannot be read or written, or a client not be made.
    pub async fn start(
        engine: Engine<S>,
        partners: &[Callback],
        random: &Random,
    ) -> Result<Self, CallbackError> {
        let called: Vec<_> = partners.iter().filter(|partner| partner.url.is_some()).collect();
        let wishes = called.iter().map(|it| (it.partner.clone(), it.states.clone())).collect();
        let opened = engine.clone();
        let ledger = Arc::new(aside(move || Ledger::open(opened, wishes)).await?);
        let written = Arc::new(Notify::new());
        let (leaving, leave) = watch::channel(false);
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut tasks = JoinSet::new();
        let mut bells = BTreeMap::new();
        for partner in called {
            let bell = Arc::new(Notify::new());
            let sender = Sender::new(partner, Keys::new(&partner.secrets), random.clone())?;
            let round = Round {
                ledger: Arc::clone(&ledger),
                sender: Arc::new(sender),
                bell: Arc::clone(&bell),
                written: Arc::clone(&written),
                places: Arc::clone(&places),
                held: engine.held(),
            };
            bells.insert(partner.partner.clone(), bell);
            tasks.spawn(round.run(leave.clone()));
        }
        if !bells.is_empty() {
            let bells = bells.clone();
            tasks.spawn(until(
                leave.clone(),
                take_over(engine.clone(), Arc::clone(&ledger), bells, Arc::clone(&written)),
            ));
        }
        // Deliveries of a partner that is told nothing any more are swept as well.
        tasks.spawn(until(leave.clone(), sweep(Arc::clone(&ledger), Arc::clone(&written))));
        tasks.spawn(until(leave.clone(), sync(Arc::clone(&ledger), Arc::clone(&written))));
        tasks.spawn(until(leave, measure(engine.clone(), Arc::clone(&ledger))));
        let tasks = Mutex::new(tasks);
        Ok(Self { shared: Arc::new(Shared { engine, ledger, bells, leaving, tasks }) })
    }

    /// Begins no further try, gives those under way [`FAREWELL`], and makes durable how they ended.
    pub async fn stop(&self) {
        self.shared.leaving.send_replace(true);
        let mut tasks = {
            let mut held = self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *held)
        };
        let ended = async { while tasks.join_next().await.is_some() {} };
        // Rounds keep the time themselves; the rest is for the store.
        if tokio::time::timeout(FAREWELL * 2, ended).await.is_err() {
            tracing::warn!("callbacks leave with tries under way: they are made again");
        }
        let ledger = Arc::clone(&self.shared.ledger);
        if let Err(error) = aside(move || ledger.close()).await {
            tracing::warn!(error = %chain(&error), "the newest deliveries may be made again");
        }
    }

    /// Sends a delivery again, whether it was received, given up, or waits; durable on return.
    pub async fn resend(&self, again: Again) -> Result<Listed, CallbackError> {
        let ledger = Arc::clone(&self.shared.ledger);
        let key = again.key;
        let resent = match aside(move || ledger.resend(again, clock::now())).await? {
            Sent::Now(resent) => resent,
            Sent::Not(answer) => return Ok(answer),
        };
        let partner = &resent.place.partner;
        let actor = resent.record.resent.last().map(|resent| resent.by.actor.as_str());
        tracing::info!(application = %key.application, version = key.version, %partner, actor, "a delivery is sent again");
        if let Some(bell) = self.shared.bells.get(partner) {
            bell.notify_one();
        }
        Ok(resent)
    }

    /// Lists deliveries; see [`Wanted`].
    pub async fn list(
        &self,
        wanted: Wanted,
        after: Option<Position>,
        size: usize,
    ) -> Result<(Vec<Listed>, Option<Position>), CallbackError> {
        let engine = self.shared.engine.clone();
        aside(move || list::list(engine.store(), &wanted, after, size)).await
    }

    /// Reads one delivery.
    ///
    /// # Errors
    /// [`CallbackError::NotFound`], and the store's.
    pub async fn delivery(&self, key: DeliveryKey) -> Result<Listed, CallbackError> {
        let found = self.shared.engine.store().delivery(key)?;
        Ok(Listed::read(found.ok_or(CallbackError::NotFound)?)?)
    }

    /// Counts what waits and what was given up, for every partner that is told anything.
    pub fn census(&self) -> Vec<Census> {
        let newest = *self.shared.engine.durable_mark().borrow();
        self.shared.ledger.census(newest)
    }

    /// Gives the engine whose changes are told.
    pub fn engine(&self) -> &Engine<S> {
        &self.shared.engine
    }
}

/// Does work until Docket leaves.
async fn until(mut leave: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = leave.wait_for(|is_leaving| *is_leaving) => {}
    }
}

/// Takes changes over into deliveries as they become durable.
async fn take_over<S: Store>(
    engine: Engine<S>,
    ledger: Arc<Ledger<S>>,
    bells: BTreeMap<String, Arc<Notify>>,
    written: Arc<Notify>,
) {
    let mut durable = engine.durable_mark();
    loop {
        durable.mark_unchanged();
        let ledger = Arc::clone(&ledger);
        match aside(move || ledger.take_over()).await {
            Ok(taken) => {
                if !taken.partners.is_empty() {
                    written.notify_one();
                }
                for partner in &taken.partners {
                    bells.get(partner).into_iter().for_each(|bell| bell.notify_one());
                }
                if !taken.is_all {
                    continue;
                }
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), "changes cannot be told to partners: trying again");
                clock::pause(AFTER_TROUBLE).await;
                continue;
            }
        }
        if durable.changed().await.is_err() {
            return;
        }
    }
}

async fn sweep<S: Store>(ledger: Arc<Ledger<S>>, written: Arc<Notify>) {
    loop {
        let swept = Arc::clone(&ledger);
        if let Err(error) = aside(move || swept.sweep(clock::now())).await {
            tracing::error!(error = %chain(&error), "old deliveries could not be swept away");
        }
        written.notify_one();
        clock::pause(SWEEP_EVERY).await;
    }
}

/// Tells the metrics how it stands.
#[expect(clippy::cast_precision_loss, reason = "a metric is a float, and needs no last digit")]
async fn measure<S: Store>(engine: Engine<S>, ledger: Arc<Ledger<S>>) {
    loop {
        let newest = *engine.durable_mark().borrow();
        for Census { partner, waiting, dead, oldest_waiting, behind, missed } in ledger.census(newest) {
            let age = oldest_waiting.map_or(0.0, |since| clock::now().since(since).as_secs_f64());
            gauge!(told::DELIVERIES, "partner" => partner.clone(), "status" => "waiting").set(waiting as f64);
            gauge!(told::DELIVERIES, "partner" => partner.clone(), "status" => "dead").set(dead as f64);
            gauge!(told::DELIVERIES_OLDEST, "partner" => partner.clone()).set(age);
            gauge!(told::DELIVERIES_BEHIND, "partner" => partner.clone()).set(behind as f64);
            gauge!(told::DELIVERIES_MISSED, "partner" => partner).set(missed as f64);
        }
        clock::pause(MEASURE_EVERY).await;
    }
}

/// Makes durable what was written, many writes at a time.
async fn sync<S: Store>(ledger: Arc<Ledger<S>>, written: Arc<Notify>) {
    loop {
        written.notified().await;
        clock::pause(SYNC_AFTER).await;
        let synced = Arc::clone(&ledger);
        if let Err(error) = aside(move || synced.sync()).await {
            tracing::error!(error = %chain(&error), "deliveries could not be made durable");
            clock::pause(AFTER_TROUBLE).await;
        }
    }
}
