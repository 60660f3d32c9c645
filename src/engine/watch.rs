//! Watching: a snapshot of all that matches, then every change after it, without a gap.
//!
//! A watcher pulls: it reads the stream of changes from the store at its own pace and waits for
//! the durable mark when it has read all. Nothing is kept for one that does not read.

use super::core::LoadError;
use super::read::Filter;
use super::{Engine, EngineError, aside};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::machine::view::View;
use crate::store::records::change::{self, ChangeRecord};
use crate::store::{Store, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::{HashSet, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// How many changes are read at once.
const READ: usize = 256;

/// A mark of progress is sent after so long without anything else.
pub const PROGRESS_EVERY: Duration = Duration::from_secs(15);

/// What a watcher is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Part of the snapshot: it matches.
    Present(View),
    /// The snapshot is complete, and so is what happened while it was read.
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

/// What a watcher is told, and the token to go on after it; none before a snapshot is complete,
/// which begins anew when it is interrupted.
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
    progress_every: Duration,
    /// When a mark of progress is due, unless something else is told before.
    progress_at: Instant,
}

enum Stage {
    /// Reading what matches, as of `since`; `known` has been told, what moved after is not.
    Snapshot { since: u64, after: Option<ApplicationId>, known: HashSet<ApplicationId> },
    /// Telling what happened while the snapshot was read, up to `until`: whether it matched
    /// before is whether it is `known`, for the pages were not read at one moment.
    CatchingUp { position: u64, until: u64, known: HashSet<ApplicationId> },
    /// Telling changes after `position`.
    Live { position: u64 },
}

impl<S: Store> Engine<S> {
    /// Begins to watch what matches; with a token, where a former watch was left.
    pub fn watch(&self, filter: Filter, token: Option<&str>) -> Result<Watcher<S>, WatchError> {
        let newest = *self.shared.durable.borrow();
        let stage = match token {
            None => Stage::Snapshot { since: newest, after: None, known: HashSet::new() },
            Some(token) => {
                let position = self.read_token(&filter, token).filter(|position| *position <= newest);
                let position = position.ok_or(WatchError::BadToken)?;
                let (oldest, _) = self.store().span().map_err(EngineError::from)?;
                if position + 1 < oldest {
                    return Err(WatchError::TooOld { oldest });
                }
                Stage::Live { position }
            }
        };
        let watcher = Watcher {
            engine: self.clone(),
            filter,
            ready: VecDeque::new(),
            stage,
            progress_every: PROGRESS_EVERY,
            progress_at: Instant::now() + PROGRESS_EVERY,
        };
        Ok(watcher)
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
    /// Wants marks of progress more often, or more seldom, than [`PROGRESS_EVERY`].
    #[must_use]
    pub fn with_progress_every(self, every: Duration) -> Self {
        Self { progress_every: every, progress_at: Instant::now() + every, ..self }
    }

    /// Waits for what is to be told next; nothing is lost if the wait is given up.
    pub async fn next(&mut self) -> Result<Line, WatchError> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                self.progress_at = Instant::now() + self.progress_every;
                return Ok(line);
            }
            match &self.stage {
                Stage::Snapshot { since, after, .. } => {
                    let (since, after) = (*since, *after);
                    self.read_snapshot(since, after).await?;
                }
                Stage::CatchingUp { position, until, .. } if position == until => {
                    let position = *position;
                    self.stage = Stage::Live { position };
                    self.tell(Told::Complete, position);
                }
                Stage::CatchingUp { position, until, .. } => self.read_changes(*position, *until)?,
                Stage::Live { position } => {
                    let position = *position;
                    self.read_on(position).await?;
                }
            }
        }
    }

    async fn read_snapshot(&mut self, since: u64, after: Option<ApplicationId>) -> Result<(), WatchError> {
        let (engine, filter) = (self.engine.clone(), self.filter.clone());
        let page = aside(move || engine.list_as_of(&filter, after, since)).await?;
        let Some(last) = page.last else {
            let until = self.engine.all_durable().await?;
            let Stage::Snapshot { known, .. } = &mut self.stage else { return Ok(()) };
            let known = std::mem::take(known);
            self.stage = Stage::CatchingUp { position: since, until, known };
            return Ok(());
        };
        let Stage::Snapshot { after, known, .. } = &mut self.stage else { return Ok(()) };
        *after = Some(last);
        known.extend(page.views.iter().map(|view| view.id));
        self.ready.extend(page.views.into_iter().map(|view| Line { told: Told::Present(view), token: None }));
        Ok(())
    }

    /// Reads what is durable, or waits for it.
    async fn read_on(&mut self, position: u64) -> Result<(), WatchError> {
        let mut durable = self.engine.shared.durable.clone();
        let newest = *durable.borrow_and_update();
        if newest > position {
            self.read_changes(position, newest)?;
            // Others move and this watcher is told nothing: it must hear of that, too.
            if self.ready.is_empty() && Instant::now() >= self.progress_at {
                self.tell_progress();
            }
            return Ok(());
        }
        match tokio::time::timeout_at(self.progress_at, durable.changed()).await {
            Err(_quiet) => self.tell_progress(),
            Ok(Err(_closed)) => {
                return Err(EngineError::Stopped(self.engine.stopped().await).into());
            }
            Ok(Ok(())) => {}
        }
        Ok(())
    }

    /// Reads changes after `position`, none after `until`.
    fn read_changes(&mut self, position: u64, until: u64) -> Result<(), WatchError> {
        let changes = match self.engine.store().changes(position, READ) {
            Err(StoreError::TooOld { oldest }) => return Err(WatchError::TooOld { oldest }),
            read => read.map_err(EngineError::from)?,
        };
        for stored in changes {
            if stored.sequence > until {
                break;
            }
            let record = change::from_record(stored.application, stored.version, &stored.body);
            let ChangeRecord { at, before, after } = record.map_err(LoadError::from)?;
            let matches = self.filter.matches(&after);
            let matched = match &mut self.stage {
                Stage::CatchingUp { position, known, .. } => {
                    *position = stored.sequence;
                    if matches { !known.insert(after.id) } else { known.remove(&after.id) }
                }
                Stage::Live { position } => {
                    *position = stored.sequence;
                    before.is_some_and(|before| self.filter.matches_in(before.state, &after))
                }
                Stage::Snapshot { .. } => return Ok(()),
            };
            let told = match (matched, matches) {
                (false, true) => Told::Entered(after, at),
                (true, true) => Told::Changed(after, at),
                (true, false) => Told::Left(after, at),
                (false, false) => continue,
            };
            self.tell(told, stored.sequence);
        }
        Ok(())
    }

    fn tell_progress(&mut self) {
        if let Stage::Live { position } = self.stage {
            self.tell(Told::Progress, position);
        }
    }

    /// Tells what happened up to `position`.
    fn tell(&mut self, told: Told, position: u64) {
        let is_resumable = matches!(self.stage, Stage::Live { .. });
        let token = is_resumable.then(|| self.engine.write_token(&self.filter, position));
        self.ready.push_back(Line { told, token });
    }
}

/// A page of a snapshot.
struct AsOf {
    views: Vec<View>,
    /// Up to where it was looked; none when there was nothing left.
    last: Option<ApplicationId>,
}

impl<S: Store> Engine<S> {
    /// A page of what matches and has not moved after `since`.
    fn list_as_of(
        &self,
        filter: &Filter,
        after: Option<ApplicationId>,
        since: u64,
    ) -> Result<AsOf, LoadError> {
        let ids = self.candidates(filter, after)?;
        let mut page = AsOf { views: Vec::new(), last: ids.last().copied() };
        for id in ids {
            let Some((application, sequence)) = self.stored(id)? else { continue };
            if sequence > since {
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
