//! When which part of the provider could not be used.
//!
//! Owns the rows of outages, one for each. It must never judge: when one begins and when it ends
//! is told by whoever makes the calls.

use super::plan::Writes;
use super::read::{Row, Rows, named};
use super::{READ_LIMIT, StoreError, keys, rows};
use crate::machine::time::Time;

/// A stretch of time in which a part of the provider could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// The permanent number of the part.
    pub system: u16,
    /// When it began: together with the system it names the outage.
    pub start: Time,
    /// When it ended; none while it lasts.
    pub end: Option<Time>,
}

/// What is written at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutageGroup {
    /// Outages as they are now.
    pub put: Vec<Outage>,
    /// Outages that are forgotten, by system and start.
    pub forget: Vec<(u16, Time)>,
}

/// Plans what a group writes.
pub(super) fn plan(group: &OutageGroup) -> Writes {
    let forgotten = group.forget.iter().map(|key| (keys::outage(*key), None));
    let put =
        group.put.iter().map(|it| (keys::outage((it.system, it.start)), Some(rows::write_outage(it.end))));
    forgotten.chain(put).collect()
}

pub(super) fn outages(
    rows: &impl Rows,
    after: Option<(u16, Time)>,
    limit: usize,
) -> Result<Vec<Outage>, StoreError> {
    let read = |(key, value): Row| {
        let (system, start) = named("the key of an outage", keys::read_outage(&key))?;
        let end =
            named(format_args!("the outage of system {system} from {start}"), rows::read_outage(&value))?;
        Ok(Outage { system, start, end })
    };
    rows.page(keys::outages_after(after), limit.min(READ_LIMIT))?.into_iter().map(read).collect()
}
