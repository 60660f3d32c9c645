//! Lists of deliveries: those that wait, then those given up, then those received; each queue
//! partner by partner, the oldest first. Those of one application in the order of its versions.

use super::CallbackError;
use crate::engine::core::LoadError;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::records::RecordError;
use crate::store::records::delivery::{self, DeliveryRecord};
use crate::store::{Delivery, DeliveryKey, Place, Queue, READ_LIMIT, Store};
use aws_lc_rs::digest;

/// Which deliveries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those of this partner.
    pub partner: Option<String>,
    /// Those that stand so.
    pub status: Option<Status>,
    /// Those of this application.
    pub application: Option<ApplicationId>,
}

/// How it stands with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// To be tried, now or later.
    Waiting,
    /// Received.
    Delivered,
    /// Given up.
    Dead,
}

impl Status {
    /// What standing in a queue amounts to.
    pub const fn of(queue: Queue) -> Self {
        match queue {
            Queue::Next | Queue::Behind => Self::Waiting,
            Queue::Dead => Self::Dead,
            Queue::Delivered => Self::Delivered,
        }
    }
}

/// A delivery as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub key: DeliveryKey,
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub record: DeliveryRecord,
}

impl Listed {
    /// Changes whenever it is tried, received, given up or sent again.
    pub fn etag(&self) -> String {
        let DeliveryRecord { tries, first_try, error, resent, .. } = &self.record;
        let resent = resent.last().map(|resent| resent.at);
        let Place { queue, time, .. } = &self.place;
        let millis = |time: Time| time.as_millis();
        let text = format!(
            "{} {} {tries} {:?} {:?} {}",
            *queue as u8,
            millis(*time),
            first_try.map(millis),
            resent.map(millis),
            error.as_deref().unwrap_or_default()
        );
        hex::encode(&digest::digest(&digest::SHA256, text.as_bytes()).as_ref()[..8])
    }

    pub(super) fn read(stored: Delivery) -> Result<Self, RecordError> {
        let Delivery { key, place, body } = stored;
        Ok(Self { key, place, record: delivery::from_record(&body)? })
    }
}

/// The end of a page: where the next one goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    queue: Queue,
    partner: u16,
    time: Time,
    key: DeliveryKey,
}

impl Position {
    /// The length of its bytes.
    pub const BYTES: usize = 35;

    /// Gives it as bytes.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.push(self.queue as u8);
        bytes.extend_from_slice(&self.partner.to_be_bytes());
        bytes.extend_from_slice(&self.time.as_millis().to_be_bytes());
        bytes.extend_from_slice(self.key.application.as_bytes());
        bytes.extend_from_slice(&self.key.version.to_be_bytes());
        bytes.try_into().expect("1 + 2 + 8 + 16 + 8 is 35")
    }

    /// Reads its bytes; none if no position has these.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Option<Self> {
        let (queue, rest) = bytes.split_first()?;
        let (partner, rest) = rest.split_first_chunk()?;
        let (time, rest) = rest.split_first_chunk()?;
        let (application, rest) = rest.split_first_chunk()?;
        let (version, _none) = rest.split_first_chunk()?;
        let application = ApplicationId::from_bytes(*application);
        Some(Self {
            queue: Queue::from_number(*queue)?,
            partner: u16::from_be_bytes(*partner),
            time: Time::from_millis(u64::from_be_bytes(*time)),
            key: DeliveryKey { application, version: u64::from_be_bytes(*version) },
        })
    }
}

/// Reads a page; what moves from one queue to another meanwhile may be missed or be there twice.
pub(super) fn list<S: Store>(
    store: &S,
    wanted: &Wanted,
    after: Option<Position>,
    size: usize,
) -> Result<(Vec<Listed>, Option<Position>), CallbackError> {
    let mut found = match wanted.application {
        Some(application) => of_application(store, wanted, application, after)?,
        None => of_queues(store, wanted, after, size + 1)?,
    };
    let is_more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| is_more).map(|(position, _)| *position);
    Ok((found.into_iter().map(|(_, listed)| listed).collect(), next))
}

fn of_application<S: Store>(
    store: &S,
    wanted: &Wanted,
    application: ApplicationId,
    after: Option<Position>,
) -> Result<Vec<(Position, Listed)>, CallbackError> {
    let after = after.map_or(0, |position| position.key.version);
    let all = store.deliveries(application, after, READ_LIMIT)?.into_iter();
    let is_wanted = |it: &Delivery| {
        wanted.partner.as_ref().is_none_or(|partner| *partner == it.place.partner)
            && wanted.status.is_none_or(|status| status == Status::of(it.place.queue))
    };
    let read = |it: Delivery| {
        let listed = Listed::read(it).map_err(LoadError::from)?;
        let Listed { key, place: Place { queue, time, .. }, .. } = &listed;
        Ok((Position { queue: *queue, partner: 0, time: *time, key: *key }, listed))
    };
    all.filter(is_wanted).map(read).collect()
}

fn of_queues<S: Store>(
    store: &S,
    wanted: &Wanted,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<(Position, Listed)>, CallbackError> {
    let cursors = store.delivery_cursors()?;
    let mut found = Vec::new();
    let is_wanted = |queue: &Queue| wanted.status.is_none_or(|status| status == Status::of(*queue));
    for queue in Queue::ALL.into_iter().filter(is_wanted) {
        for (partner, name) in (0_u16..).zip(cursors.keys()) {
            if wanted.partner.as_ref().is_some_and(|wanted| wanted != name) {
                continue;
            }
            // Pages go on within one queue of one partner; those before it are done.
            let begin = match after {
                Some(after) if (queue, partner) < (after.queue, after.partner) => continue,
                Some(after) if (queue, partner) == (after.queue, after.partner) => {
                    Some((after.time, after.key))
                }
                Some(_) | None => None,
            };
            let until = Time::from_millis(u64::MAX);
            for row in store.queued(queue, name, begin, until, limit - found.len())? {
                // Between its queue and itself it may have been swept away.
                let Some(stored) = store.delivery(row.key)? else { continue };
                let position = Position { queue, partner, time: row.time, key: row.key };
                found.push((position, Listed::read(stored).map_err(LoadError::from)?));
            }
            if found.len() == limit {
                return Ok(found);
            }
        }
    }
    Ok(found)
}
