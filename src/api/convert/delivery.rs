//! Between those who look after deliveries and the callbacks.

use super::check::Check;
use super::{application, name, timestamp, token};
use crate::api::proto::v1::delivery::{Resend, Status as WireStatus};
use crate::api::proto::v1::{Delivery, ListDeliveriesRequest, ListDeliveriesResponse, ResendDeliveryRequest};
use crate::callback::{Again, Listed, Position, Status as Standing, Wanted};
use crate::engine::archive::Archive;
use crate::machine::event::By;
use crate::store::records::delivery::Resent;
use crate::store::{DeliveryKey, Queue, Store};
use tonic::Status;

/// A page of deliveries that is asked for.
pub(in super::super) struct Deliveries {
    pub(in super::super) wanted: Wanted,
    pub(in super::super) after: Option<Position>,
    pub(in super::super) size: usize,
}

/// Checks which page of the list is asked for.
pub(in super::super) fn deliveries<S: Store>(
    request: ListDeliveriesRequest,
    archive: &Archive<S>,
) -> Result<Deliveries, Status> {
    let ListDeliveriesRequest { page_size, page_token, partner, status, application } = request;
    let mut check = Check::default();
    let size = check.page_size("page_size", page_size);
    let partner = check.optional_label("partner", partner);
    let status = match WireStatus::try_from(status) {
        Ok(WireStatus::Unspecified) => None,
        Ok(WireStatus::Waiting) => Some(Standing::Waiting),
        Ok(WireStatus::Delivered) => Some(Standing::Delivered),
        Ok(WireStatus::Dead) => Some(Standing::Dead),
        Err(_unknown) => check.wrong("status", "must be a status that this server knows"),
    };
    let application =
        if application.is_empty() { None } else { check.application("application", &application) };
    let wanted = Wanted { partner, status, application };
    let mut after = None;
    if !page_token.is_empty() {
        after = token::read(archive, &scope(&wanted), &page_token).and_then(Position::from_bytes);
        if after.is_none() {
            check.wrong::<()>("page_token", "must be the next_page_token of a page of the same list");
        }
    }
    check.finish(size.map(|size| Deliveries { wanted, after, size }))
}

/// What the token of a page of this list is good for.
fn scope(wanted: &Wanted) -> String {
    format!("deliveries {wanted:?}")
}

/// Reads `name` as a delivery.
pub(in super::super) fn delivery_key(name: &str) -> Result<DeliveryKey, Status> {
    let mut check = Check::default();
    let key = key(&mut check, name);
    check.finish(key)
}

fn key(check: &mut Check, name: &str) -> Option<DeliveryKey> {
    name::read_delivery(name)
        .or_else(|| check.wrong("name", "must be applications/{id}/deliveries/{version}"))
}

/// Checks what is to be sent again.
pub(in super::super) fn resend<S: Store>(
    request: ResendDeliveryRequest,
    archive: &Archive<S>,
) -> Result<Again, Status> {
    let ResendDeliveryRequest { name, actor, reason, request_id, validate_only, etag } = request;
    let mut check = Check::default();
    let key = key(&mut check, &name);
    let actor = check.label("actor", actor);
    let reason = check.reason("reason", reason);
    let request_id = check.optional_label("request_id", request_id);
    let request =
        request_id.filter(|_| !validate_only).map(|id| archive.digest("request id of a resend", id));
    let by = actor.zip(reason).map(|(actor, reason)| By { actor, reason });
    let again = key.zip(by).map(|(key, by)| Again {
        key,
        by,
        request,
        etag: Some(etag).filter(|etag| !etag.is_empty()),
        is_trial: validate_only,
    });
    check.finish(again)
}

/// Shows a page of deliveries.
pub(in super::super) fn delivery_page<S: Store>(
    (listed, next): (Vec<Listed>, Option<Position>),
    wanted: &Wanted,
    archive: &Archive<S>,
) -> ListDeliveriesResponse {
    let next = next.map(|position| token::write(archive, &scope(wanted), &position.to_bytes()));
    ListDeliveriesResponse {
        deliveries: listed.iter().map(delivery).collect(),
        next_page_token: next.unwrap_or_default(),
    }
}

/// Shows a delivery.
pub(in super::super) fn delivery(listed: &Listed) -> Delivery {
    let Listed { key, place, record } = listed;
    let status = match Standing::of(place.queue) {
        Standing::Waiting => WireStatus::Waiting,
        Standing::Delivered => WireStatus::Delivered,
        Standing::Dead => WireStatus::Dead,
    };
    let (next, end) = match place.queue {
        Queue::Next => (Some(place.time), None),
        Queue::Behind => (None, None),
        Queue::Dead | Queue::Delivered => (None, Some(place.time)),
    };
    let resend = record.resent.last().map(|Resent { by, at, .. }| Resend {
        actor: by.actor.clone(),
        reason: by.reason.clone(),
        time: Some(timestamp(*at)),
    });
    Delivery {
        name: name::delivery(*key),
        application: name::application_name(key.application),
        version: super::version(key.version),
        sequence: super::version(record.sequence),
        partner: place.partner.clone(),
        state: application::state(record.state).into(),
        time: Some(timestamp(record.at)),
        status: status.into(),
        tries: i32::try_from(record.tries).unwrap_or(i32::MAX),
        first_try_time: record.first_try.map(timestamp),
        next_try_time: next.map(timestamp),
        end_time: end.map(timestamp),
        last_error: record.error.clone().unwrap_or_default(),
        resend,
        etag: listed.etag(),
    }
}
