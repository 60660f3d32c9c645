//! The round of one partner: what is due is tried, at most one of an application at a time.
//!
//! It must never begin a try once Docket leaves, nor while the store is held.

use super::ledger::{Ended, Ledger, Order, complain};
use super::send::Sender;
use super::{AFTER_TROUBLE, FAREWELL};
use crate::clock::{self, Stopwatch};
use crate::engine::aside;
use crate::machine::id::ApplicationId;
use crate::store::Store;
use crate::telemetry::metrics as told;
use metrics::{counter, histogram};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

/// Tries under way at once for one partner: different applications side by side, and no more than a
/// small server takes.
pub(super) const PLACES: usize = 16;

/// The longest sleep: a clock that was set forward is noticed after it.
const IDLE: Duration = Duration::from_secs(60);

pub(super) struct Round<S> {
    pub(super) ledger: Arc<Ledger<S>>,
    pub(super) sender: Arc<Sender>,
    /// Rings when something new may be due.
    pub(super) bell: Arc<Notify>,
    /// To be told that something was written.
    pub(super) written: Arc<Notify>,
    /// The places of all partners together.
    pub(super) places: Arc<Semaphore>,
    /// Whether the store is held.
    pub(super) held: watch::Receiver<bool>,
}

impl<S: Store> Round<S> {
    /// Goes round until Docket leaves.
    pub(super) async fn run(mut self, mut leave: watch::Receiver<bool>) {
        tokio::select! {
            _ = self.held.wait_for(|is_held| !*is_held) => {}
            _ = leave.wait_for(|is_leaving| *is_leaving) => {}
        }
        let mut under_way = JoinSet::new();
        let mut busy = BTreeSet::new();
        while !*leave.borrow() {
            let sleep = self.begin(&mut under_way, &mut busy, &leave).await;
            tokio::select! {
                Some(ended) = under_way.join_next() => self.is_done(ended, &mut busy),
                () = self.bell.notified() => {}
                () = clock::pause(sleep) => {}
                _ = leave.wait_for(|is_leaving| *is_leaving) => {}
            }
        }
        let ended = async {
            while let Some(ended) = under_way.join_next().await {
                self.is_done(ended, &mut busy);
            }
        };
        if tokio::time::timeout(FAREWELL, ended).await.is_err() {
            tracing::info!(partner = %self.sender.partner, "tries are cut off: they are made again");
        }
    }

    /// Begins what is due; says how long nothing more will be.
    async fn begin(
        &self,
        under_way: &mut JoinSet<ApplicationId>,
        busy: &mut BTreeSet<ApplicationId>,
        leave: &watch::Receiver<bool>,
    ) -> Duration {
        let room = PLACES - under_way.len();
        if room == 0 {
            return IDLE;
        }
        let (ledger, partner, held) = (Arc::clone(&self.ledger), self.sender.partner.clone(), busy.clone());
        let now = clock::now();
        let due = aside(move || ledger.due(&partner, &held, room, now)).await;
        let (orders, next) = match due {
            Ok(due) => due,
            Err(error) => {
                complain(&error);
                return AFTER_TROUBLE;
            }
        };
        for order in orders {
            busy.insert(order.key.application);
            under_way.spawn(self.attempt(order, leave.clone()));
        }
        next.map_or(IDLE, |at| at.since(clock::now()).min(IDLE))
    }

    /// Tries once and notes how it ended.
    fn attempt(
        &self,
        order: Order,
        leave: watch::Receiver<bool>,
    ) -> impl Future<Output = ApplicationId> + use<S> {
        let (ledger, sender) = (Arc::clone(&self.ledger), Arc::clone(&self.sender));
        let (written, places) = (Arc::clone(&self.written), Arc::clone(&self.places));
        async move {
            let Order { key, message, tries } = order;
            let _place = places.acquire_owned().await.expect("nobody closes it");
            if *leave.borrow() {
                return key.application;
            }
            let began = clock::now();
            let tried = Stopwatch::start();
            let ended = sender.attempt(key, message, tries).await;
            let outcome = match &ended {
                Ended::Received => "received",
                Ended::Failed { .. } => "failed",
                Ended::Unwanted { .. } => "unwanted",
            };
            counter!(told::TRIES, "partner" => sender.partner.clone(), "outcome" => outcome).increment(1);
            histogram!(told::TRY_TIME, "partner" => sender.partner.clone()).record(tried.read());
            let terms = (began, sender.budget);
            let settled = aside(move || ledger.settle(key, ended, terms, clock::now())).await;
            match settled {
                Ok(()) => written.notify_one(),
                Err(error) => {
                    complain(&error);
                    // It is due still: not at once again.
                    clock::pause(AFTER_TROUBLE).await;
                }
            }
            key.application
        }
    }

    fn is_done(
        &self,
        ended: Result<ApplicationId, tokio::task::JoinError>,
        busy: &mut BTreeSet<ApplicationId>,
    ) {
        match ended {
            Ok(application) => {
                busy.remove(&application);
            }
            Err(panic) => {
                // Its application stays busy: it would panic again.
                let partner = &self.sender.partner;
                tracing::error!(%panic, %partner, "a try panicked: it is made again after a restart");
            }
        }
    }
}
