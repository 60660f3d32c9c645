//! Requests that were answered before: the answer of then, from the change that it made.

use super::decide::unreadable;
use super::{Core, Declined, Done, LoadError};
use crate::store::records::{change, journal};
use crate::store::{Remembered, Request, Store, StoreError};

impl<S: Store, T> Core<S, T> {
    /// Gives the answer that a request was given before, durable or not.
    pub(super) fn answered_before(&self, request: Request) -> Result<Option<Done>, Declined> {
        if let Some((fingerprint, done)) = self.requests.get(&request.key) {
            return if *fingerprint == request.fingerprint {
                Ok(Some(Done { repeated: true, application: None, ..done.clone() }))
            } else {
                Err(Declined::RequestReused)
            };
        }
        answered_before(&*self.store, request)
    }
}

/// Gives the answer that a request was given before, as far as that is durable.
pub(in crate::engine) fn answered_before<S: Store>(
    store: &S,
    request: Request,
) -> Result<Option<Done>, Declined> {
    let Some(remembered) = store.request(request.key).map_err(unreadable)? else { return Ok(None) };
    let Remembered { sequence, application, fingerprint } = remembered;
    let (_, newest) = store.span().map_err(unreadable)?;
    if sequence > newest {
        return Ok(None);
    }
    if fingerprint != request.fingerprint {
        return Err(Declined::RequestReused);
    }
    let found = match store.changes(sequence - 1, 1) {
        // It was forgotten since it was found.
        Err(StoreError::TooOld { .. }) => return Ok(None),
        found => found.map_err(unreadable)?,
    };
    let Some(stored) = found.first() else { return Ok(None) };
    let record = change::from_record(stored.application, stored.version, &stored.body);
    let view = record.map_err(unreadable)?.after;
    let entries = store.journal(application, stored.version - 1, 1).map_err(unreadable)?;
    let entry = entries.first().map(|(_, entry)| journal::from_record(entry)).transpose();
    let calls = entry.map_err(LoadError::from).map_err(unreadable)?.map(|entry| entry.calls);
    Ok(Some(Done { view, calls: calls.unwrap_or_default(), repeated: true, application: None }))
}
