//! Sending a delivery again, on the terms of the request: recognised when repeated, only if nothing
//! has changed, only tried. Never twice for one request.

use super::ledger::Ledger;
use super::list::Listed;
use super::{Again, CallbackError};
use crate::engine::core::LoadError;
use crate::machine::time::Time;
use crate::store::records::delivery::{DeliveryRecord, Resent};
use crate::store::{Place, Queue, Store};
use std::time::Duration;

/// How long a request is answered as the first time: as long as any request is.
pub(super) const REMEMBERED: Duration = crate::engine::retention::CHANGES_KEPT;

/// The most requests that one delivery remembers; beyond it the oldest is forgotten.
const REMEMBERED_LIMIT: usize = 50;

/// What became of a request.
#[derive(Debug)]
pub(super) enum Sent {
    /// It was done.
    Now(Listed),
    /// It was done before, or only tried: nothing is to be sent.
    Not(Listed),
}

impl<S: Store> Ledger<S> {
    /// Has a delivery sent again, as if it never had been; durable on return.
    pub(super) fn resend(&self, again: Again, now: Time) -> Result<Sent, CallbackError> {
        let Again { key, by, request, etag, is_trial } = again;
        let found = self.store().delivery(key)?.ok_or(CallbackError::NotFound)?;
        let found = Listed::read(found).map_err(LoadError::from)?;
        let mut before = found.record.resent.iter().rev();
        if let Some(before) = before.find(|before| request.is_some() && before.request == request) {
            let answer = found.answered(before);
            return if before.by == by { Ok(Sent::Not(answer)) } else { Err(CallbackError::RequestReused) };
        }
        if let Some(expected) = etag.filter(|expected| *expected != found.etag()) {
            return Err(CallbackError::Changed { expected, found: found.etag() });
        }
        if !self.wishes.contains_key(&found.place.partner) {
            return Err(CallbackError::NoCallback { partner: found.place.partner });
        }
        let change = |record: &mut DeliveryRecord, place: &mut Place, is_behind| {
            let error = record.error.clone();
            remember(record, Resent { by, at: now, request, error, is_behind });
            (place.queue, place.time) = (Queue::Next, now);
            (record.tries, record.first_try) = (0, None);
        };
        if is_trial {
            let changed = self.changed(key, now, change)?.ok_or(CallbackError::NotFound)?;
            return Ok(Sent::Not(changed.listed));
        }
        let resent = self.change(key, now, change)?.ok_or(CallbackError::NotFound)?;
        self.sync()?;
        Ok(Sent::Now(resent))
    }
}

/// Notes who has it sent again, and forgets what was long ago.
fn remember(record: &mut DeliveryRecord, newest: Resent) {
    record.resent.retain(|resent| newest.at.since(resent.at) <= REMEMBERED);
    let surplus = (record.resent.len() + 1).saturating_sub(REMEMBERED_LIMIT);
    record.resent.drain(..surplus);
    record.resent.push(newest);
}

impl Listed {
    /// The delivery as it was told to one who had it sent again.
    fn answered(&self, resent: &Resent) -> Self {
        let mut then = self.clone();
        then.record.resent = vec![resent.clone()];
        (then.record.tries, then.record.first_try) = (0, None);
        then.record.error.clone_from(&resent.error);
        let Place { queue, time, since, .. } = &mut then.place;
        (*queue, *time) = if resent.is_behind { (Queue::Behind, *since) } else { (Queue::Next, resent.at) };
        then
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::samples;

    #[test]
    fn a_delivery_remembers_so_long_and_so_many() {
        let resent = |at| Resent { by: samples::by(), at, request: None, error: None, is_behind: false };
        let mut record = DeliveryRecord {
            sequence: 1,
            state: crate::machine::graph::application::State::Init,
            at: samples::NOW,
            message: String::new(),
            tries: 0,
            first_try: None,
            error: None,
            resent: Vec::new(),
        };
        for after in 0..60 {
            remember(&mut record, resent(samples::NOW + Duration::from_secs(after)));
        }
        assert_eq!(record.resent.len(), 50);
        assert_eq!(record.resent[0].at, samples::NOW + Duration::from_secs(10));
        remember(&mut record, resent(samples::NOW + Duration::from_secs(40) + REMEMBERED));
        let kept: Vec<_> = record.resent.iter().map(|it| it.at.since(samples::NOW).as_secs()).collect();
        assert_eq!((kept.len(), kept[0]), (21, 40));
    }
}
