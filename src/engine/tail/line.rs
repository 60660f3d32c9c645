//! A change as those who watch read it: decoded, and tried against a filter.

use super::READ;
use crate::engine::core::LoadError;
use crate::engine::filter::Filter;
use crate::machine::time::Time;
use crate::machine::view::{Brief, View};
use crate::store::Store;
use crate::store::records::change::{self, ChangeRecord};
use std::sync::Arc;

/// A change, decoded. What matches is told from it alone, never from the clock: the same line is
/// tried now for those who keep up, and days later for one who comes back.
pub(in super::super) struct ChangeLine {
    /// Its place in the stream.
    pub(in super::super) sequence: u64,
    /// When it happened.
    pub(in super::super) at: Time,
    /// How the application looks since.
    pub(in super::super) after: Arc<View>,
    before: Option<Brief>,
    /// The part of `after` that filters ask about, made once for all of them.
    brief: Brief,
    /// What it takes, about: as it is stored, and as it begins in memory.
    pub(super) bytes: usize,
}

impl ChangeLine {
    /// Says whether the application matched before.
    pub(in super::super) fn matched(&self, filter: &Filter) -> bool {
        self.before.as_ref().is_some_and(|before| filter.matched(before, &self.after, self.at))
    }

    /// Says whether it matches since.
    pub(in super::super) fn matches(&self, filter: &Filter) -> bool {
        filter.matched(&self.brief, &self.after, self.at)
    }
}

/// What a change is to those who watch with a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Turn {
    Entered,
    Changed,
    Left,
}

impl Turn {
    /// None when it is nothing to them.
    pub(in super::super) const fn of(matched: bool, matches: bool) -> Option<Self> {
        match (matched, matches) {
            (false, true) => Some(Self::Entered),
            (true, true) => Some(Self::Changed),
            (true, false) => Some(Self::Left),
            (false, false) => None,
        }
    }
}

/// A change that is to be told.
#[derive(Clone)]
pub(in super::super) struct Hit {
    pub(in super::super) turn: Turn,
    pub(in super::super) line: Arc<ChangeLine>,
}

impl Hit {
    pub(in super::super) fn of(filter: &Filter, line: &Arc<ChangeLine>) -> Option<Self> {
        let turn = Turn::of(line.matched(filter), line.matches(filter))?;
        Some(Self { turn, line: Arc::clone(line) })
    }
}

/// Reads a page of changes after `position`, none after `until`.
pub(in super::super) fn lines<S: Store>(
    store: &S,
    position: u64,
    until: u64,
) -> Result<Vec<Arc<ChangeLine>>, LoadError> {
    let room = usize::try_from(until.saturating_sub(position)).unwrap_or(READ);
    let mut lines = Vec::new();
    for stored in store.changes(position, room.min(READ))? {
        let record = change::from_record(stored.application, stored.version, &stored.body)?;
        let ChangeRecord { at, before, after } = record;
        let bytes = stored.body.body.len() + size_of::<ChangeLine>() + size_of::<View>();
        let sequence = stored.sequence;
        let brief = after.brief();
        lines.push(Arc::new(ChangeLine { sequence, at, after: Arc::new(after), before, brief, bytes }));
    }
    Ok(lines)
}
