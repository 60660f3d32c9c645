//! From a request for a session to the session.

use super::check::Check;
use super::timestamp;
use crate::api::proto::v1::{self, IssueSessionRequest};
use crate::api::session::Apps;
use crate::config::SESSION_LIMIT;
use crate::engine::session::Session;
use crate::machine::time::Time;
use prost_types::Duration as WireDuration;
use std::time::Duration;
use tonic::Status;

/// Checks what a session is asked for; gives how long it is to be good.
pub(in super::super) fn session(
    request: IssueSessionRequest,
    apps: &Apps,
) -> Result<(Session, Duration), Status> {
    let mut check = Check::default();
    let IssueSessionRequest { partner, mobile, product_id, ttl } = request;
    let products = apps.products.get(&partner);
    if products.is_none() {
        check.wrong::<()>("partner", "must be a partner of this server that has a mobile app");
    }
    if products.is_some_and(|products| !products.contains_key(&product_id)) {
        check.wrong::<()>("product_id", "must be one of the partner's `mobile_products`");
    }
    let phone = check.mobile("mobile", mobile);
    let ttl = lifetime(&mut check, ttl, apps.ttl);
    let made = phone.zip(ttl).map(|(phone, ttl)| (Session { partner, phone, product_id }, ttl));
    check.finish(made)
}

/// Shows a session that was issued.
pub(in super::super) fn issued(token: String, until: Time) -> v1::Session {
    v1::Session { token, expire_time: Some(timestamp(until)) }
}

fn lifetime(check: &mut Check, told: Option<WireDuration>, usual: Duration) -> Option<Duration> {
    let Some(told) = told else { return Some(usual) };
    let least = Duration::from_secs(1);
    let ttl = Duration::try_from(told).ok().filter(|ttl| (least..=SESSION_LIMIT).contains(ttl));
    if ttl.is_none() {
        return check.wrong("ttl", format_args!("must be 1 to {} seconds", SESSION_LIMIT.as_secs()));
    }
    ttl
}
