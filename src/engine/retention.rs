//! How long changes are kept for watchers, and outages of the provider for deadlines: older ones are
//! forgotten, journals never. Those of applications that ended long ago move into the archive, and
//! blobs that no document names are deleted.

mod blobs;
mod journals;

use super::core::LoadError;
use super::outage;
use crate::clock;
use crate::machine::time::Time;
use crate::store::records::change;
use crate::store::{OutageGroup, Store};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long changes are kept; a resume token that is older is refused.
pub const CHANGES_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How often old changes are looked for.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// How long what can be kept elsewhere stays where it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// How long after its end the journal of an application moves into the archive; never when none.
    pub archive_after: Option<Duration>,
}

/// Looks after all that is old, for as long as the store is in use.
pub(super) fn start<S: Store>(store: &Arc<S>, retention: Retention) {
    tokio::spawn(forget(Arc::downgrade(store)));
    tokio::spawn(blobs::run(Arc::downgrade(store)));
    if let Some(after) = retention.archive_after {
        tokio::spawn(journals::run(Arc::downgrade(store), after));
    }
}

/// Forgets what is old, again and again.
async fn forget<S: Store>(store: Weak<S>) {
    loop {
        clock::pause(EVERY).await;
        let Some(store) = store.upgrade() else { return };
        let forget = move || {
            let now = clock::now();
            forget_old(&store, now).and_then(|()| forget_outages(&*store, now))
        };
        match tokio::task::spawn_blocking(forget).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(error = %super::chain(&error), "what is old could not be forgotten")
            }
            Err(panic) => tracing::error!(%panic, "what is old could not be forgotten"),
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

/// Forgets the outages that ended longer ago than they are kept.
fn forget_outages<S: Store>(store: &S, now: Time) -> Result<(), LoadError> {
    let ended = outage::stored(store)?.into_iter();
    let old = ended.filter(|it| it.end.is_some_and(|end| now.since(end) > outage::KEPT));
    let forget: Vec<_> = old.map(|it| (it.system, it.start)).collect();
    if forget.is_empty() {
        return Ok(());
    }
    Ok(store.write_outages(&OutageGroup { put: Vec::new(), forget })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::samples;
    use crate::machine::samples::Wanted;
    use crate::machine::view::View;
    use crate::store::memory::MemoryStore;
    use crate::store::records::change::ChangeRecord;
    use crate::store::records::snapshot;
    use crate::store::{Item, Outage, codec::Encoded};

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
    #[test]
    fn outages_are_forgotten_a_month_after_their_end() {
        let store = MemoryStore::new();
        let outage = |system, end| Outage { system, start: samples::NOW, end };
        let put = vec![
            outage(1, Some(samples::NOW)),
            outage(2, Some(samples::NOW + CHANGES_KEPT)),
            outage(3, None),
        ];
        store.write_outages(&OutageGroup { put: put.clone(), forget: Vec::new() }).unwrap();
        forget_outages(&store, samples::NOW + outage::KEPT).unwrap();
        assert_eq!(store.outages(None, 9).unwrap(), put);
        forget_outages(&store, samples::NOW + outage::KEPT + CHANGES_KEPT).unwrap();
        assert_eq!(store.outages(None, 9).unwrap(), put[1..]);
        forget_outages(&store, samples::NOW + outage::KEPT * 9).unwrap();
        assert_eq!(store.outages(None, 9).unwrap(), put[2..], "one that lasts is kept");
    }
}
