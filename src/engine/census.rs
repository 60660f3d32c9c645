//! Figures of what there is, for metrics: counted once at the start, and looked at in the
//! background where the store must be read. The [engine's thread](super::runner) counts moves.

use super::{Engine, EngineError, Shared, aside};
use crate::clock;
use crate::machine::graph::application::State;
use crate::store::records::index;
use crate::store::{READ_LIMIT, Store, StoreError};
use crate::telemetry::metrics as told;
use metrics::gauge;
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How often it is looked at what is stuck.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// After how many of these looks every application is compared with its wake-up.
const AUDIT_EVERY: u32 = 40;

/// Counts the applications in each state.
pub(super) fn begin<S: Store>(store: &S) -> Result<(), StoreError> {
    for state in State::ALL {
        let (mut count, mut after) = (0, None);
        loop {
            let ids = store.indexed(&index::by_state(*state), after, READ_LIMIT)?;
            count += ids.len();
            match ids.last() {
                Some(last) if ids.len() == READ_LIMIT => after = Some(*last),
                Some(_) | None => break,
            }
        }
        gauge!(told::APPLICATIONS, "state" => state.name()).set(figure(count));
    }
    Ok(())
}

/// Looks at what must be read, again and again, for as long as the engine is in use.
pub(super) async fn look<S: Store>(shared: Weak<Shared<S>>) {
    let mut known = BTreeSet::new();
    for round in 0_u32.. {
        let Some(shared) = shared.upgrade() else { return };
        let engine = Engine { shared };
        if let Err(error) = engine.look_at_stuck(&mut known).await {
            tracing::debug!(error = %super::chain(&error), "what is stuck was not counted");
        }
        if round.is_multiple_of(AUDIT_EVERY) {
            engine.look_at_orphans().await;
        }
        drop(engine);
        clock::pause(LOOK_EVERY).await;
    }
}

impl<S: Store> Engine<S> {
    /// Tells the figures that cost nothing to read, just before they are told on.
    pub fn tell_figures(&self) {
        gauge!(told::WATCHERS).set(figure(self.watchers()));
        gauge!(told::QUEUE).set(figure(self.shared.door.max_capacity() - self.shared.door.capacity()));
        if let Ok((oldest, newest)) = self.store().span() {
            gauge!(told::CHANGES_OLDEST).set(oldest as f64);
            gauge!(told::CHANGES_NEWEST).set(newest as f64);
        }
    }

    /// Says whether the engine's thread answers within `patience`.
    pub async fn is_turning(&self, patience: Duration) -> bool {
        matches!(tokio::time::timeout(patience, self.all_durable()).await, Ok(Ok(_)))
    }

    async fn look_at_stuck(&self, known: &mut BTreeSet<(&'static str, String)>) -> Result<(), EngineError> {
        let groups = self.stuck(None).await?;
        for (kind, reason) in &*known {
            gauge!(told::STUCK, "kind" => *kind, "reason" => reason.clone()).set(0.0);
        }
        for group in groups {
            let kind = group.kind.name();
            // Groups of one reason differ in the words of the failure, which no label tells.
            gauge!(told::STUCK, "kind" => kind, "reason" => group.reason.clone())
                .increment(group.count as f64);
            known.insert((kind, group.reason));
        }
        Ok(())
    }

    async fn look_at_orphans(&self) {
        let store = Arc::clone(&self.shared.store);
        match aside(move || store.audit()).await {
            Ok(audit) => {
                gauge!(told::ORPHANS).set(audit.orphan_count as f64);
                if audit.orphan_count > 0 {
                    tracing::error!(orphans = ?audit.orphans, "applications wait without a wake-up");
                }
            }
            Err(error) => {
                tracing::error!(error = %super::chain(&error), "the store could not be audited");
            }
        }
    }
}

fn figure(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
