//! Watching: a snapshot of all that matches, then every change after it, without a gap.
//!
//! A watcher pulls: it is told from the tail in memory while it keeps up, and reads pages from the
//! store when it does not. One that does not read holds a page of lines that are ready; nothing else
//! is kept for it, and nobody waits for it.

mod beginning;
mod systems;

use self::beginning::Beginning;
use self::systems::Systems;
use super::core::LoadError;
use super::filter::Filter;
use super::outage::Standing;
use super::tail::{self, ChangeLine, Counted, Hit, Seat, Turn};
use super::{Engine, EngineError};
use crate::machine::time::Time;
use crate::machine::view::View;
use crate::store::{Store, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A mark of progress is sent after so long without anything else.
pub const PROGRESS_EVERY: Duration = Duration::from_secs(15);

/// What a watcher is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Part of the snapshot: it matches.
    Present(Arc<View>),
    /// The snapshot is complete, and so is what happened while it was read.
    Complete,
    /// It matches since.
    Entered(Arc<View>, Time),
    /// It matched before and still does.
    Changed(Arc<View>, Time),
    /// It matches no more.
    Left(Arc<View>, Time),
    /// Nothing happened for a while.
    Progress,
    /// A system of the provider is down, or back; told at the beginning of those that are down. It has
    /// no place in the stream of changes.
    Provider(Standing),
}

/// What a watcher is told, and the token to go on after it; none before a snapshot is complete,
/// which begins anew when it is interrupted, and none with what has no place in the stream.
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
    systems: Systems,
    _counted: Counted,
}

enum Stage {
    /// Telling what there is.
    Beginning(Beginning),
    /// Telling changes after `position`.
    Live { position: u64, seat: Seat },
}

impl<S: Store> Engine<S> {
    /// Begins to watch what matches; with a token, where a former watch was left.
    pub fn watch(&self, filter: Filter, token: Option<&str>) -> Result<Watcher<S>, WatchError> {
        let newest = *self.shared.durable.borrow();
        let stage = match token {
            None => Stage::Beginning(Beginning::new(newest)),
            Some(token) => {
                let text = text(&filter);
                let position = self.read_token(&text, token).filter(|position| *position <= newest);
                let position = position.ok_or(WatchError::BadToken)?;
                let (oldest, _) = self.store().span().map_err(EngineError::from)?;
                if position + 1 < oldest {
                    return Err(WatchError::TooOld { oldest });
                }
                Stage::Live { position, seat: self.shared.tail.join(&filter, text) }
            }
        };
        let watcher = Watcher {
            engine: self.clone(),
            filter,
            ready: VecDeque::new(),
            stage,
            progress_every: PROGRESS_EVERY,
            progress_at: Instant::now() + PROGRESS_EVERY,
            systems: Systems::new(self.shared.standings.clone()),
            _counted: self.shared.tail.count_one(),
        };
        Ok(watcher)
    }

    /// How many watch.
    pub fn watchers(&self) -> usize {
        self.shared.tail.watchers()
    }

    fn write_token(&self, filter: &str, position: u64) -> String {
        let mut token = position.to_be_bytes().to_vec();
        token.extend_from_slice(&self.seal_of(filter, position));
        URL_SAFE_NO_PAD.encode(token)
    }

    fn read_token(&self, filter: &str, token: &str) -> Option<u64> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (position, seal) = bytes.split_at_checked(8)?;
        let position = u64::from_be_bytes(position.try_into().ok()?);
        (seal == self.seal_of(filter, position)).then_some(position)
    }

    /// Binds a token to this server's master key and to the filter.
    fn seal_of(&self, filter: &str, position: u64) -> [u8; 16] {
        let text = format!("{position} {filter}");
        self.shared.vault.fingerprint("watch token", text.as_bytes())
    }
}

/// Tells a filter from every other.
fn text(filter: &Filter) -> String {
    format!("{filter:?}")
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
            if let Some(standing) = self.systems.news() {
                self.ready.push_back(Line { told: Told::Provider(standing), token: None });
                continue;
            }
            match self.stage {
                Stage::Beginning(_) => self.begin().await?,
                Stage::Live { .. } => self.go_on().await?,
            }
        }
    }

    /// Takes a seat before the tail: all up to `position` is told.
    fn go_live(&mut self, position: u64) {
        let seat = self.engine.shared.tail.join(&self.filter, text(&self.filter));
        self.stage = Stage::Live { position, seat };
        self.tell(Told::Complete, position);
    }

    /// Tells what is durable, or waits for it.
    async fn go_on(&mut self) -> Result<(), WatchError> {
        let Stage::Live { position, seat } = &mut self.stage else { return Ok(()) };
        let Some((hits, upto)) = seat.after(*position) else {
            return self.catch_up().await;
        };
        *position = upto;
        if !hits.is_empty() {
            hits.into_iter().for_each(|hit| self.tell_hit(hit));
            return Ok(());
        }
        if Instant::now() >= self.progress_at {
            self.tell(Told::Progress, upto);
            return Ok(());
        }
        // It may wait for hours: what was ready once is not worth its memory.
        self.ready.shrink_to_fit();
        tokio::select! {
            _quiet = tokio::time::timeout_at(self.progress_at, seat.changed()) => Ok(()),
            () = self.systems.changed() => Ok(()),
            why = self.engine.stopped() => Err(EngineError::Stopped(why).into()),
        }
    }

    /// Tells a page of what the tail has no more.
    async fn catch_up(&mut self) -> Result<(), WatchError> {
        let Stage::Live { position, .. } = &self.stage else { return Ok(()) };
        let durable = *self.engine.shared.durable.borrow();
        let lines = self.read_lines(*position, durable).await?;
        let Stage::Live { position, .. } = &mut self.stage else { return Ok(()) };
        let upto = lines.last().map_or(*position, |line| line.sequence);
        *position = upto;
        for line in &lines {
            if let Some(hit) = Hit::of(&self.filter, line) {
                self.tell_hit(hit);
            }
        }
        // Much may have happened of which it is told nothing: it must hear of that, too.
        if self.ready.is_empty() && Instant::now() >= self.progress_at {
            self.tell(Told::Progress, upto);
        }
        Ok(())
    }

    /// Reads changes after `position` from the store, none after `until`.
    async fn read_lines(&self, position: u64, until: u64) -> Result<Vec<Arc<ChangeLine>>, WatchError> {
        let engine = self.engine.clone();
        let read = move || tail::lines(engine.store(), position, until);
        match self.engine.shared.tail.in_turn(read).await {
            Err(LoadError::Store(StoreError::TooOld { oldest })) => Err(WatchError::TooOld { oldest }),
            read => Ok(read?),
        }
    }

    fn tell_hit(&mut self, Hit { turn, line }: Hit) {
        let (after, at) = (Arc::clone(&line.after), line.at);
        let told = match turn {
            Turn::Entered => Told::Entered(after, at),
            Turn::Changed => Told::Changed(after, at),
            Turn::Left => Told::Left(after, at),
        };
        self.tell(told, line.sequence);
    }

    /// Tells what happened up to `position`.
    fn tell(&mut self, told: Told, position: u64) {
        let token = match &self.stage {
            Stage::Live { seat, .. } => Some(self.engine.write_token(seat.text(), position)),
            Stage::Beginning(_) => None,
        };
        self.ready.push_back(Line { told, token });
    }
}
