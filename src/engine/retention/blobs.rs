//! Blobs that no document names: deleted once a day.

use crate::clock;
use crate::engine::chain;
use crate::machine::time::Time;
use crate::store::{Store, StoreError, Swept};
use crate::telemetry::metrics as told;
use metrics::counter;
use std::sync::Weak;
use std::time::Duration;

/// How long a blob may lie without a document that names it: much longer than anything takes that
/// puts one first and names it then.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// How often it is swept: each time reads all documents.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long after the start it is swept first.
const FIRST: Duration = Duration::from_secs(60 * 60);

/// Sweeps again and again, for as long as the store is in use.
pub(super) async fn run<S: Store>(store: Weak<S>) {
    let mut pause = FIRST;
    loop {
        clock::pause(pause).await;
        pause = EVERY;
        let Some(store) = store.upgrade() else { return };
        match tokio::task::spawn_blocking(move || sweep(&*store, clock::now())).await {
            Ok(Ok(Swept { blobs: 0, .. })) => {}
            Ok(Ok(Swept { blobs, bytes })) => {
                tracing::info!(blobs, bytes, "blobs that no document names were deleted");
                counter!(told::SWEPT).increment(blobs);
                counter!(told::SWEPT_BYTES).increment(bytes);
            }
            Ok(Err(error)) => {
                tracing::error!(error = %chain(&error), "blobs that no document names could not be deleted");
            }
            Err(panic) => tracing::error!(%panic, "blobs that no document names could not be deleted"),
        }
    }
}

fn sweep<S: Store>(store: &S, now: Time) -> Result<Swept, StoreError> {
    let before = now.as_millis().saturating_sub(GRACE.as_millis() as u64);
    store.sweep_blobs(Time::from_millis(before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    #[test]
    fn a_blob_may_lie_for_a_day() {
        let store = MemoryStore::new();
        store.put_blob(b"never named").unwrap();
        let minute = Duration::from_secs(60);
        assert_eq!(sweep(&store, clock::now() + (GRACE - minute)).unwrap(), Swept::default());
        assert_eq!(sweep(&store, clock::now() + GRACE + minute).unwrap(), Swept { blobs: 1, bytes: 11 });
    }
}
