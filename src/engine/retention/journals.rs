//! The journals of applications that ended long ago: moved into the archive, a file at a time.
//!
//! Walks the ended applications by the index of their states beside those that are archived, both in
//! the order of their creation, up to those that are too young to have ended long ago. So a round
//! reads little more than the two lists, and needs to remember nothing.

use crate::clock;
use crate::engine::chain;
use crate::engine::core::LoadError;
use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::records::{index, snapshot};
use crate::store::{ARCHIVE_LIMIT, Archived, Store};
use crate::telemetry::metrics as told;
use metrics::counter;
use std::collections::VecDeque;
use std::sync::Weak;
use std::time::Duration;

/// How often it is looked for journals, at most: each round makes a file, and few are better than many.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The same, at least, whatever the settings say.
const EVERY_MIN: Duration = Duration::from_secs(1);

/// How long after the start the first round begins, so that those that are often started have one.
const FIRST: Duration = Duration::from_secs(10 * 60);

/// Between two files of a round: everything else goes first.
const PAUSE: Duration = Duration::from_secs(1);

/// How many ids are read at once.
const PAGE: usize = 1_000;

/// Moves the journals of applications that ended longer ago than `after`, again and again, for as long as
/// the store is in use.
pub(super) async fn run<S: Store>(store: Weak<S>, after: Duration) {
    let every = after.clamp(EVERY_MIN, EVERY);
    let mut pause = every.min(FIRST);
    loop {
        clock::pause(pause).await;
        pause = every;
        let mut round = Round::new(clock::now(), after);
        loop {
            let Some(store) = store.upgrade() else { return };
            let step = move || (round.step(&*store), round);
            match tokio::task::spawn_blocking(step).await {
                Ok((Ok(None), _)) => break,
                Ok((Ok(Some(archived)), next)) => {
                    tell(&archived);
                    round = next;
                }
                Ok((Err(error), _)) => {
                    tracing::error!(error = %chain(&error), "journals could not be archived");
                    break;
                }
                Err(panic) => {
                    tracing::error!(%panic, "journals could not be archived");
                    break;
                }
            }
            clock::pause(PAUSE).await;
        }
    }
}

fn tell(archived: &Archived) {
    let Archived { journals, entries, bytes, damaged } = archived;
    for (application, error) in damaged {
        let error = chain(error);
        tracing::error!(%application, error, "a journal cannot be read, so it cannot be archived");
    }
    if *journals > 0 {
        tracing::info!(journals, entries, bytes, "journals were archived");
        counter!(told::ARCHIVED).increment(*journals);
        counter!(told::ARCHIVED_BYTES).increment(*bytes);
    }
}

/// A walk through all that are ended.
struct Round {
    now: Time,
    after: Duration,
    /// Those still to be walked through, the current one last.
    states: Vec<State>,
    /// Up to where the current one was.
    place: Option<ApplicationId>,
    shelf: Shelf,
}

impl Round {
    fn new(now: Time, after: Duration) -> Self {
        let states = State::ALL.iter().copied().filter(|state| state.is_terminal()).collect();
        Self { now, after, states, place: None, shelf: Shelf::default() }
    }

    /// Goes on until a file is full, or to the end; none once there is nothing left.
    fn step<S: Store>(&mut self, store: &S) -> Result<Option<Archived>, LoadError> {
        let mut ready = Vec::new();
        while let Some(state) = self.states.last() {
            let ids = store.indexed(&index::by_state(*state), self.place, PAGE)?;
            let mut is_over = ids.len() < PAGE;
            for id in ids {
                // Those that follow were created later still.
                if self.now.since(id.created()) <= self.after {
                    is_over = true;
                    break;
                }
                self.place = Some(id);
                if !self.shelf.holds(store, id)? && self.is_ready(store, id) {
                    ready.push(id);
                }
                if ready.len() == ARCHIVE_LIMIT {
                    return Ok(Some(store.archive(&ready)?));
                }
            }
            if is_over {
                self.states.pop();
                (self.place, self.shelf) = (None, Shelf::default());
            }
        }
        if ready.is_empty() { Ok(None) } else { Ok(Some(store.archive(&ready)?)) }
    }

    /// Says whether an application ended long ago.
    fn is_ready<S: Store>(&self, store: &S, id: ApplicationId) -> bool {
        let read = || {
            let Some(stored) = store.application(id)? else { return Ok(false) };
            let application = snapshot::from_record(id, stored.version, &stored.snapshot)?;
            let is_old = self.now.since(application.since) > self.after;
            Ok::<_, LoadError>(is_old && application.state().is_terminal())
        };
        read().unwrap_or_else(|error| {
            let error = chain(&error);
            tracing::error!(application = %id, error, "an application cannot be read: its journal stays");
            false
        })
    }
}

/// The applications whose journals are archived, read in order beside the walk.
#[derive(Default)]
struct Shelf {
    page: VecDeque<ApplicationId>,
    last: Option<ApplicationId>,
    is_over: bool,
}

impl Shelf {
    /// Says whether the journal of an application is archived; each id that is asked for must be above the one before.
    fn holds<S: Store>(&mut self, store: &S, id: ApplicationId) -> Result<bool, LoadError> {
        loop {
            while self.page.front().is_some_and(|front| *front < id) {
                self.last = self.page.pop_front();
            }
            if self.is_over || !self.page.is_empty() {
                return Ok(self.page.front() == Some(&id));
            }
            let page = store.archived(self.last, PAGE)?;
            self.is_over = page.len() < PAGE;
            self.page = page.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::application::{Application, Phase};
    use crate::machine::samples::{self, Wanted};
    use crate::store::Item;
    use crate::store::codec::Encoded;
    use crate::store::memory::MemoryStore;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn id(millis: u64, number: u16) -> ApplicationId {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[14..].copy_from_slice(&number.to_be_bytes());
        ApplicationId::from_bytes(bytes)
    }

    /// An application of a phase, created `created` days and ended `ended` days ago.
    fn put(store: &MemoryStore, number: u16, phase: Phase, created: u32, ended: u32) -> ApplicationId {
        let ago = |days: u32| Time::from_millis(samples::NOW.as_millis() - (DAY * days).as_millis() as u64);
        let sample = samples::application(phase, Wanted::No);
        let id = id(ago(created).as_millis(), number);
        let application = Application { id, version: 1, since: ago(ended), ..sample };
        let item = Item {
            application: id,
            expected: 0,
            snapshot: snapshot::to_record(&application),
            entry: Encoded { version: 1, body: vec![1] },
            change: Encoded { version: 1, body: Vec::new() },
            wake: application.wake(),
            documents: Vec::new(),
            unindex: Vec::new(),
            index: index::keys(&application),
            request: None,
        };
        store.commit(&[item]).unwrap();
        id
    }

    fn walk(store: &MemoryStore, after: Duration) -> u64 {
        let mut round = Round::new(samples::NOW, after);
        let mut journals = 0;
        while let Some(archived) = round.step(store).unwrap() {
            assert!(archived.damaged.is_empty());
            journals += archived.journals;
        }
        journals
    }

    fn cancelled() -> Phase {
        Phase::Cancelled { reason: String::new() }
    }

    #[test]
    fn journals_go_when_their_time_has_come_and_once() {
        let store = MemoryStore::new();
        let old = put(&store, 1, Phase::Approved, 60, 31);
        let late = put(&store, 2, Phase::Approved, 60, 29);
        put(&store, 3, Phase::Approved, 20, 19);
        put(&store, 4, samples::init(), 90, 90);
        let other = put(&store, 5, cancelled(), 50, 40);
        assert_eq!(walk(&store, 30 * DAY), 2);
        let mut expected = [old, other];
        expected.sort();
        assert_eq!(store.archived(None, 9).unwrap(), expected);
        assert_eq!(walk(&store, 30 * DAY), 0);
        assert_eq!(walk(&store, 28 * DAY), 1);
        assert!(store.archived(None, 9).unwrap().contains(&late));
        assert_eq!(walk(&store, Duration::ZERO), 1, "and those that live never");
    }

    /// More than one page of each list, and more than one file.
    #[test]
    fn many_journals_go_file_by_file() {
        let store = MemoryStore::new();
        for number in 0..2_500 {
            let phase = if number % 3 == 0 { cancelled() } else { Phase::Approved };
            put(&store, number, phase, 60 + u32::from(number % 7), 40);
        }
        let mut round = Round::new(samples::NOW, 30 * DAY);
        let mut sizes = Vec::new();
        while let Some(archived) = round.step(&store).unwrap() {
            sizes.push(archived.journals);
        }
        assert_eq!(sizes, [1_000, 1_000, 500]);
        for number in 2_500..2_510 {
            put(&store, number, cancelled(), 65, 40);
        }
        assert_eq!(walk(&store, 30 * DAY), 10, "only those that came since");
    }
}
