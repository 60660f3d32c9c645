//! What is decided and not yet durable: appended in groups, settled once a sync has made them durable.
//!
//! Owns the order of the groups, and that nothing of a group is caused or told before it is settled.

use super::{Answer, CommitError, Core};
use crate::machine::application::{Application, Source};
use crate::machine::id::ApplicationId;
use crate::machine::step::{Effect, Move};
use crate::machine::time::Time;
use crate::store::{Item, OutageGroup, RequestKey, Store, Verdict};
use std::collections::HashMap;
use std::sync::Arc;

/// How far the store is written: a sync that begins once this was given makes all up to it durable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// What was settled.
pub struct Published<T> {
    /// The newest sequence that is durable and settled.
    pub sequence: u64,
    /// The new values, in order.
    pub applications: Vec<Arc<Application>>,
    /// The edges taken, in order.
    pub moves: Vec<Move>,
    /// The answers to give.
    pub answers: Vec<(T, Answer)>,
    /// Whether keys of answers were destroyed, which the vault's next sync makes durable.
    pub has_destroyed: bool,
}

/// What is decided and not yet appended.
pub(super) struct Group<T> {
    pub(super) items: Vec<Item>,
    pub(super) steps: Vec<Step>,
    pub(super) moves: Vec<Move>,
    pub(super) born: HashMap<Source, ApplicationId>,
    pub(super) answers: Vec<(T, Answer)>,
}

/// One application's move, and what it asks for.
pub(super) struct Step {
    pub(super) application: Arc<Application>,
    pub(super) effects: Vec<Effect>,
    /// When it was decided.
    pub(super) at: Time,
}

/// What is appended and not yet durable, and the answers that were decided with it.
pub(super) struct Appended<T> {
    mark: Mark,
    /// The place of its last item in the stream; that of the group before it if it has none.
    sequence: u64,
    steps: Vec<Step>,
    moves: Vec<Move>,
    requests: Vec<RequestKey>,
    answers: Vec<(T, Answer)>,
}

/// An application with moves that are not durable.
pub(super) struct Head {
    /// As it was decided last.
    pub(super) newest: Arc<Application>,
    /// As it is durable; none when it is new.
    pub(super) durable: Option<Arc<Application>>,
}

impl<T> Group<T> {
    /// Says whether there is nothing to append and nobody to answer.
    pub(super) const fn is_empty(&self) -> bool {
        self.items.is_empty() && self.answers.is_empty()
    }
}

impl<T> Default for Group<T> {
    fn default() -> Self {
        let (items, steps, moves) = (Vec::new(), Vec::new(), Vec::new());
        Self { items, steps, moves, born: HashMap::new(), answers: Vec::new() }
    }
}

impl<S: Store, T> Core<S, T> {
    /// Writes what was decided into the store: later decisions go on from it, nothing else comes of
    /// it. It is to be [settled](Self::settle) once a sync that begins after this has made it
    /// durable.
    ///
    /// The keys that a command names must have been durable when it was handed in: a sync that
    /// somebody else asks the store for may make the move durable at any time from now on.
    ///
    /// An error means that nothing may be believed to be written: drop this value, and do not
    /// answer anybody.
    pub fn append(&mut self) -> Result<Mark, CommitError> {
        let Group { items, steps, moves, answers, .. } = std::mem::take(&mut self.group);
        let outages = self.hot.gates.take_unwritten();
        if !outages.is_empty() {
            self.store.write_outages(&OutageGroup { put: outages, forget: Vec::new() })?;
            self.appended = Mark(self.appended.0 + 1);
            self.outages = self.appended;
        }
        let mut sequence = self.pending.back().map_or(self.newest, |last| last.sequence);
        if !items.is_empty() {
            for (verdict, item) in self.store.append(&items)?.into_iter().zip(&items) {
                match verdict {
                    Verdict::Committed { sequence: at } => sequence = at,
                    Verdict::Stale { found } => {
                        let application = item.application;
                        return Err(CommitError::Overtaken { application, expected: item.expected, found });
                    }
                }
            }
            self.appended = Mark(self.appended.0 + 1);
        }
        let requests = items.iter().filter_map(|item| item.request).map(|request| request.key).collect();
        let mark = self.appended;
        self.pending.push_back(Appended { mark, sequence, steps, moves, requests, answers });
        Ok(mark)
    }

    /// Settles all up to a mark, which is durable: its effects are on their way, its answers are to
    /// be given. An answer that needed nothing written is settled with what had been appended when it was
    /// decided, because it may tell of that.
    ///
    /// An error is one of [`append`](Self::append)'s.
    pub fn settle(&mut self, durable: Mark, now: Time) -> Result<Published<T>, CommitError> {
        let (applications, moves, answers) = (Vec::new(), Vec::new(), Vec::new());
        let mut published =
            Published { sequence: self.newest, applications, moves, answers, has_destroyed: false };
        self.settled = self.settled.max(durable);
        while self.pending.front().is_some_and(|first| first.mark <= durable)
            && let Some(group) = self.pending.pop_front()
        {
            let Appended { sequence, steps, moves, requests, answers, .. } = group;
            self.newest = sequence;
            for request in requests {
                self.requests.remove(&request);
            }
            published.has_destroyed |= self.carry_out(&steps, now)?;
            published.applications.extend(steps.into_iter().map(|step| step.application));
            published.moves.extend(moves);
            published.answers.extend(answers);
        }
        published.sequence = self.newest;
        Ok(published)
    }

    /// Appends what was decided, syncs it and settles it: on return it is durable, and its effects are
    /// on their way.
    pub fn commit(&mut self, now: Time) -> Result<Published<T>, CommitError> {
        self.vault.sync()?;
        let mark = self.append()?;
        if mark > self.settled {
            self.store.sync()?;
        }
        self.settle(mark, now)
    }

    /// How many moves are appended and not yet settled.
    pub fn pending(&self) -> usize {
        self.pending.iter().map(|group| group.steps.len()).sum()
    }

    /// Up to where the store is written.
    pub const fn appended(&self) -> Mark {
        self.appended
    }
}
