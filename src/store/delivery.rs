//! What must reach a partner of each move: deliveries, the queues they stand in, and up to where
//! the stream of changes was taken over into them.
//!
//! Owns the agreement of the queues with the deliveries. It must never move a cursor in another
//! batch than the deliveries that it stands for.

use super::codec::Encoded;
use super::plan::Writes;
use super::read::{Row, Rows, named};
use super::{INDEX_VALUE_LIMIT, READ_LIMIT, RECORD_LIMIT, StoreError, keys, rows};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use std::collections::BTreeMap;

/// Names a delivery: the move that it tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryKey {
    /// Whose move.
    pub application: ApplicationId,
    /// The application's version after it.
    pub version: u64,
}

/// The queues. The numbers are permanent: never changed, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Queue {
    /// Its turn: the oldest of its application that waits, by the time when it is due.
    Next = 1,
    /// Waits behind another of its application, by the time since when.
    Behind = 2,
    /// Given up, by the time when.
    Dead = 3,
    /// Received, by the time when.
    Delivered = 4,
}

impl Queue {
    /// All queues, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Next, Self::Behind, Self::Dead, Self::Delivered];

    /// Finds the queue of a number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| *queue as u8 == number)
    }

    /// Returns whether what stands in it is still to be sent.
    pub const fn is_waiting(self) -> bool {
        match self {
            Self::Next | Self::Behind => true,
            Self::Dead | Self::Delivered => false,
        }
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// In which queue.
    pub queue: Queue,
    /// For which partner; at most [`INDEX_VALUE_LIMIT`] bytes.
    pub partner: String,
    /// By what the queue is ordered.
    pub time: Time,
    /// Since when there is something to deliver.
    pub since: Time,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its name.
    pub key: DeliveryKey,
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub body: Encoded,
}

/// A row of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Queued {
    /// By what the queue is ordered.
    pub time: Time,
    /// Which delivery.
    pub key: DeliveryKey,
    /// Since when there is something to deliver.
    pub since: Time,
}

/// What is written at once.
#[derive(Debug, Clone, Default)]
pub struct DeliveryGroup {
    /// Up to where the stream is taken over, by partner.
    pub cursors: BTreeMap<String, u64>,
    /// Deliveries as they are now.
    pub put: Vec<Delivery>,
    /// Deliveries that are forgotten.
    pub forget: Vec<DeliveryKey>,
}

/// Refuses a group with a record over its limit.
///
/// # Panics
/// On the name of a partner over its limit: the settings keep names short.
pub(super) fn check(group: &DeliveryGroup) -> Result<(), StoreError> {
    let partners = group.cursors.keys().chain(group.put.iter().map(|delivery| &delivery.place.partner));
    for partner in partners {
        assert!(partner.len() <= INDEX_VALUE_LIMIT, "the settings keep names short");
    }
    for Delivery { key, body, .. } in &group.put {
        let (size, limit) = (body.body.len(), RECORD_LIMIT);
        if size > limit {
            let application = key.application;
            return Err(StoreError::TooLarge { application, what: "delivery", size, limit });
        }
    }
    Ok(())
}

/// Plans what a group writes on the rows of now.
pub(super) fn plan(rows: &impl Rows, group: &DeliveryGroup) -> Result<Writes, StoreError> {
    let mut writes = Writes::new();
    for (partner, cursor) in &group.cursors {
        writes.insert(keys::cursor(partner), Some(rows::write_cursor(*cursor)));
    }
    for key in group.put.iter().map(|put| &put.key).chain(&group.forget) {
        if let Some(stood) = delivery(rows, *key)? {
            writes.insert(keys::queued(&stood.place, *key), None);
            writes.insert(keys::delivery(*key), None);
        }
    }
    for put in &group.put {
        writes.insert(keys::queued(&put.place, put.key), Some(rows::write_queued(put.place.since)));
        writes.insert(keys::delivery(put.key), Some(rows::write_delivery(&put.place, &put.body)));
    }
    Ok(writes)
}

pub(super) fn cursors(rows: &impl Rows) -> Result<BTreeMap<String, u64>, StoreError> {
    let read = |(key, value): Row| {
        let partner = named("the key of a cursor", keys::read_cursor(&key))?;
        let cursor = named(format_args!("the cursor of {partner}"), rows::read_cursor(&value))?;
        Ok((partner, cursor))
    };
    rows.page(keys::cursors(), READ_LIMIT)?.into_iter().map(read).collect()
}

pub(super) fn delivery(rows: &impl Rows, key: DeliveryKey) -> Result<Option<Delivery>, StoreError> {
    let Some(row) = rows.row(&keys::delivery(key))? else { return Ok(None) };
    read(key, &row).map(Some)
}

pub(super) fn deliveries(
    rows: &impl Rows,
    application: ApplicationId,
    after: u64,
    limit: usize,
) -> Result<Vec<Delivery>, StoreError> {
    let each = |(row, value): Row| {
        let key = named("the key of a delivery", keys::read_delivery(&row))?;
        read(key, &value)
    };
    let range = keys::deliveries_after(application, after);
    rows.page(range, limit.min(READ_LIMIT))?.into_iter().map(each).collect()
}

fn read(key: DeliveryKey, row: &[u8]) -> Result<Delivery, StoreError> {
    let DeliveryKey { application, version } = key;
    let what = format_args!("the delivery of version {version} of application {application}");
    let (place, body) = named(what, rows::read_delivery(row))?;
    Ok(Delivery { key, place, body })
}

pub(super) fn queued(
    rows: &impl Rows,
    queue: Queue,
    partner: &str,
    after: Option<(Time, DeliveryKey)>,
    until: Time,
    limit: usize,
) -> Result<Vec<Queued>, StoreError> {
    let range = keys::queued_between(queue, partner, after, until);
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let read = |(row, value): Row| {
        let (time, key) = named("the key of a row of a queue", keys::read_queued(&row))?;
        let since =
            named(format_args!("a row of the queue {queue:?} of {partner}"), rows::read_queued(&value))?;
        Ok(Queued { time, key, since })
    };
    rows.page(range, limit.min(READ_LIMIT))?.into_iter().map(read).collect()
}
