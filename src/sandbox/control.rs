//! The control API: what a judge, a demonstration, a test or a load test does to the sandbox.
//!
//! Owns the paths under `/_sandbox` and their forms. It must never change how the provider's own
//! calls are answered but by [`super::steering`].

mod asking;
mod doing;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::serve::Connection;
use super::{Cannot, partner};

/// The routes, to be given the connection they are asked on.
pub(super) fn routes() -> Router<Connection> {
    Router::new()
        .route("/_sandbox/ledger", get(asking::ledger))
        .route("/_sandbox/log", get(asking::log))
        .route("/_sandbox/counters", get(asking::counters))
        .route("/_sandbox/answer", get(asking::answer))
        .route("/_sandbox/session", get(asking::session))
        .route("/_sandbox/scripts", get(asking::scripts))
        .route("/_sandbox/push/base", get(asking::base_push))
        .route("/_sandbox/push/additional", get(asking::additional_push))
        .route("/_sandbox/audit-key.pem", get(asking::audit_key))
        .route("/_sandbox/faults", get(asking::faults).post(doing::set_faults).delete(doing::clear_faults))
        .route("/_sandbox/faults/planned", post(doing::plan_fault))
        .route("/_sandbox/outages", get(asking::outages).post(doing::start_outage).delete(doing::end_outage))
        .route("/_sandbox/advance", post(doing::advance))
        .route("/_sandbox/settings", post(doing::set_settings))
        .route("/_sandbox/reset", post(doing::reset))
        .route(partner::PATH, get(partner::show).post(partner::take))
}

/// A request that is not done, told as JSON with the member `error`.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, axum::Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<Cannot> for Refusal {
    fn from(cannot: Cannot) -> Self {
        let status = match cannot {
            Cannot::TooManyFaults(_) | Cannot::NoTimes | Cannot::NoSessions(_) => StatusCode::BAD_REQUEST,
            Cannot::NoOutage(_) | Cannot::NoSession { .. } => StatusCode::NOT_FOUND,
            Cannot::PlanIsFull | Cannot::Rests { .. } => StatusCode::CONFLICT,
        };
        Self(status, cannot.to_string())
    }
}

/// Reads a body, whatever content type it has; an empty one is an empty object.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body.as_ref() };
    let refused = |error| Refusal(StatusCode::BAD_REQUEST, format!("body: {error}"));
    serde_json::from_slice(body).map_err(refused)
}

/// Reads a query, each value a text or, as the type wants it, a number.
fn query<T: DeserializeOwned>(query: Option<&str>) -> Result<T, Refusal> {
    let uri = format!("/?{}", query.unwrap_or_default());
    let refused = |problem: String| Refusal(StatusCode::BAD_REQUEST, format!("query: {problem}"));
    let uri = uri.parse().map_err(|error| refused(format!("{error}")))?;
    let read = axum::extract::Query::<T>::try_from_uri(&uri);
    read.map(|axum::extract::Query(read)| read).map_err(|error| refused(error.body_text()))
}
