//! Watching: a snapshot of all that matches, then every change after it, without a gap.
//!
//! A watcher pulls: it reads the stream of changes from the store at its own pace and waits for
//! the durable mark when it has read all. Nothing is kept for one that does not read.

use super::core::LoadError;
use super::read::Filter;
use super::{Engine, EngineError};

use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::machine::view::View;
use crate::store::records::change;
use crate::store::{Store, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

/// How many changes are read at once.
const READ: usize = 256;

/// A mark of progress is sent after so long without anything else.
pub const PROGRESS_EVERY: Duration = Duration::from_secs(15);

/// What a watcher is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Part of the snapshot: it matches.
    Present(View),
    /// The snapshot is complete.
    Complete,
    /// It matches since.
    Entered(View, Time),
    /// It matched before and still does.
    Changed(View, Time),
    /// It matches no more.
    Left(View, Time),
    /// Nothing happened for a while.
    Progress,
}

/// What a watcher is told, and the token to go on after it; none within a snapshot, which begins
/// anew when it is interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What happened.
    pub told: Told,
    /// Where to go on.
    pub token: Option<String>,
}

/// Watching could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The token is none of this server's, or for another filter.
    #[error("the resume token is not one of this server's for this filter; watch anew without it")]
    BadToken,
    /// The changes after the token are no longer kept.
    #[error("the resume token is too old: changes before {oldest} are no longer kept; watch anew without it")]
    TooOld {
        /// The oldest change kept.
        oldest: u64,
    },
    /// Something else failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<LoadError> for WatchError {
    fn from(error: LoadError) -> Self {
        Self::Engine(error.into())
    }
}

/// One who watches.
pub struct Watcher<S> {
    engine: Engine<S>,
    filter: Filter,
    ready: VecDeque<Line>,
    stage: Stage,
}

enum Stage {
    /// Reading what matches, as of `since`; `passed_over` moved meanwhile and come as changes.
    Snapshot { since: u64, after: Option<ApplicationId>, passed_over: HashSet<ApplicationId> },
    /// Reading changes after `position`; those of `unseen` have not been told yet.
    Live { position: u64, unseen: HashSet<ApplicationId> },
}

impl<S: Store> Engine<S> {
    /// Begins to watch what matches; with a token, where a former watch was left.
    pub fn watch(&self, filter: Filter, token: Option<&str>) -> Result<Watcher<S>, WatchError> {
        let newest = *self.shared.durable.borrow();
        let stage = match token {
            None => Stage::Snapshot { since: newest, after: None, passed_over: HashSet::new() },
            Some(token) => {
                let position = self.read_token(&filter, token).filter(|position| *position <= newest);
                let position = position.ok_or(WatchError::BadToken)?;
                let (oldest, _) = self.store().span().map_err(EngineError::from)?;
                if position + 1 < oldest {
                    return Err(WatchError::TooOld { oldest });
                }
                Stage::Live { position, unseen: HashSet::new() }
            }
        };
        Ok(Watcher { engine: self.clone(), filter, ready: VecDeque::new(), stage })
    }

    fn write_token(&self, filter: &Filter, position: u64) -> String {
        let mut token = position.to_be_bytes().to_vec();
        token.extend_from_slice(&self.seal_of(filter, position));
        URL_SAFE_NO_PAD.encode(token)
    }

    fn read_token(&self, filter: &Filter, token: &str) -> Option<u64> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (position, seal) = bytes.split_at_checked(8)?;
        let position = u64::from_be_bytes(position.try_into().ok()?);
        (seal == self.seal_of(filter, position)).then_some(position)
    }

    /// Binds a token to this server's master key and to the filter.
    fn seal_of(&self, filter: &Filter, position: u64) -> [u8; 16] {
        let text = format!("{position} {filter:?}");
        self.shared.vault.fingerprint("watch token", text.as_bytes())
    }
}

impl<S: Store> Watcher<S> {
    /// Waits for what is to be told next.
    pub async fn next(&mut self) -> Result<Line, WatchError> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(line);
            }
            match &mut self.stage {
                Stage::Snapshot { since, after, passed_over } => {
                    let page = self.engine.list_as_of(&self.filter, *after, *since, passed_over)?;
                    *after = page.last;
                    let present =
                        page.views.into_iter().map(|view| Line { told: Told::Present(view), token: None });
                    self.ready.extend(present);
                    if page.is_last {
                        let position = *since;
                        let token = Some(self.engine.write_token(&self.filter, position));
                        let unseen = std::mem::take(passed_over);
                        self.stage = Stage::Live { position, unseen };
                        self.ready.push_back(Line { told: Told::Complete, token });
                    }
                }
                Stage::Live { .. } => self.read_changes().await?,
            }
        }
    }

    async fn read_changes(&mut self) -> Result<(), WatchError> {
        let Stage::Live { position, unseen } = &mut self.stage else { return Ok(()) };
        let mut durable = self.engine.shared.durable.clone();
        let newest = *durable.borrow_and_update();
        if newest <= *position {
            let waited = tokio::time::timeout(PROGRESS_EVERY, durable.changed()).await;
            match waited {
                Err(_quiet) => {
                    let token = Some(self.engine.write_token(&self.filter, *position));
                    self.ready.push_back(Line { told: Told::Progress, token });
                }
                Ok(Err(_closed)) => {
                    return Err(EngineError::Stopped(self.engine.stopped().await).into());
                }
                Ok(Ok(())) => {}
            }
            return Ok(());
        }
        let changes = match self.engine.store().changes(*position, READ) {
            Err(StoreError::TooOld { oldest }) => return Err(WatchError::TooOld { oldest }),
            read => read.map_err(EngineError::from)?,
        };
        for stored in changes {
            if stored.sequence > newest {
                break;
            }
            let record = change::from_record(stored.application, stored.version, &stored.body);
            let record = record.map_err(LoadError::from)?;
            *position = stored.sequence;
            let is_unseen = unseen.remove(&stored.application);
            let told = told(&self.filter, record.before.filter(|_| !is_unseen), record.after, record.at);
            if let Some(told) = told {
                let token = Some(self.engine.write_token(&self.filter, *position));
                self.ready.push_back(Line { told, token });
            }
        }
        Ok(())
    }
}

fn told(filter: &Filter, before: Option<State>, after: View, at: Time) -> Option<Told> {
    let matched = before.is_some_and(|state| filter.matches_in(state, &after));
    match (matched, filter.matches(&after)) {
        (false, true) => Some(Told::Entered(after, at)),
        (true, true) => Some(Told::Changed(after, at)),
        (true, false) => Some(Told::Left(after, at)),
        (false, false) => None,
    }
}

/// A page of a snapshot.
struct AsOf {
    views: Vec<View>,
    last: Option<ApplicationId>,
    is_last: bool,
}

impl<S: Store> Engine<S> {
    /// A page of what matches and has not moved after `since`; what has is passed over.
    fn list_as_of(
        &self,
        filter: &Filter,
        after: Option<ApplicationId>,
        since: u64,
        passed_over: &mut HashSet<ApplicationId>,
    ) -> Result<AsOf, LoadError> {
        let ids = self.candidates(filter, after)?;
        let mut page = AsOf { views: Vec::new(), last: ids.last().copied(), is_last: ids.is_empty() };
        for id in ids {
            let Some((application, sequence)) = self.stored(id)? else { continue };
            if sequence > since {
                passed_over.insert(id);
                continue;
            }
            let view = View::of(&application);
            if filter.matches(&view) {
                page.views.push(view);
            }
        }
        Ok(page)
    }
}
