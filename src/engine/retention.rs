//! How long changes are kept for watchers: older ones are forgotten, journals never.

use super::core::LoadError;
use crate::clock;
use crate::machine::time::Time;
use crate::store::Store;
use crate::store::records::change;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long changes are kept; a resume token that is older is refused.
pub const CHANGES_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How often old changes are looked for.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Forgets what is old, again and again, for as long as the store is in use.
pub(super) async fn run<S: Store>(store: Weak<S>) {
    loop {
        clock::pause(EVERY).await;
        let Some(store) = store.upgrade() else { return };
        let forgotten = tokio::task::spawn_blocking(move || forget_old(&store, clock::now())).await;
        match forgotten {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(error = %super::chain(&error), "old changes could not be forgotten")
            }
            Err(panic) => tracing::error!(%panic, "old changes could not be forgotten"),
        }
    }
}

/// Forgets the changes that are older than they are kept.
fn forget_old<S: Store>(store: &Arc<S>, now: Time) -> Result<(), LoadError> {
    let (oldest, newest) = store.span()?;
    // Changes lie in the order of time: the first to keep is found by halving.
    let (mut low, mut high) = (oldest, newest + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found = store.changes(middle - 1, 1)?;
        let Some(stored) = found.first() else { break };
        let record = change::from_record(stored.application, stored.version, &stored.body)?;
        if now.since(record.at) > CHANGES_KEPT { low = middle + 1 } else { high = middle }
    }
    Ok(store.forget_changes(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::application::Wanted;
    use crate::machine::samples;
    use crate::machine::view::View;
    use crate::store::memory::MemoryStore;
    use crate::store::records::change::ChangeRecord;
    use crate::store::records::snapshot;
    use crate::store::{Item, codec::Encoded};

    #[test]
    fn what_is_older_than_a_week_is_forgotten_and_no_more() {
        let store = Arc::new(MemoryStore::new());
        let application = samples::application(samples::init(), Wanted::No);
        let day = Duration::from_secs(24 * 60 * 60);
        let mut at = samples::NOW;
        for expected in 0..20 {
            let change = ChangeRecord { at, before: None, after: View::of(&application) };
            let item = Item {
                application: application.id,
                expected,
                snapshot: snapshot::to_record(&application),
                entry: Encoded { version: 1, body: Vec::new() },
                change: change::to_record(&change),
                wake: application.wake(),
                documents: Vec::new(),
                unindex: Vec::new(),
                index: Vec::new(),
                request: None,
            };
            store.commit(&[item]).unwrap();
            at = at + day;
        }
        // The last is a day old; the one with number 14 is seven days old to the second.
        forget_old(&store, at).unwrap();
        assert_eq!(store.span().unwrap(), (14, 20));
        forget_old(&store, at).unwrap();
        assert_eq!(store.span().unwrap(), (14, 20));
        forget_old(&store, at + CHANGES_KEPT).unwrap();
        assert_eq!(store.span().unwrap(), (21, 20));
    }
}
