//! What a partner is answered: the only place where an outcome becomes an HTTP status.
//!
//! A push that was read gets HTTP 200 and the printed envelope, success or not (spec 005
//! A-000-3). Other statuses are for requests that never got so far; they carry the envelope as
//! well. It must never put anything into a message but the words of an error.

use super::body::BodyError;
use super::{Receipt, Refused};
use crate::intake::push::PushError;
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use thiserror::Error;

/// Seconds after which a partner may try again: long enough for a burst or a restart to pass.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// Why a request is not answered with success.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// Not a POST.
    #[error("the method must be POST")]
    Method,
    /// Not JSON, or compressed.
    #[error("the content must be application/json, not compressed")]
    ContentType,
    /// Too many at once.
    #[error("busy, send it again later")]
    Busy,
    /// The body did not arrive.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body is not a push.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The desk does not take it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Failure {
    fn code(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy | Self::Refused(Refused::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Body(BodyError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::Cut) => StatusCode::BAD_REQUEST,
            Self::Push(_)
            | Self::Refused(Refused::Disagrees { .. } | Refused::TooLate | Refused::TooOften) => {
                StatusCode::OK
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = self.code();
        let envelope = Envelope { status: 0, message: &self.to_string(), data: () };
        let mut response = (code, Json(envelope)).into_response();
        if let Some((name, value)) = header_for(code) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl IntoResponse for Receipt {
    fn into_response(self) -> Response {
        match self {
            Self::Accepted | Self::Repeated => {
                Json(Envelope { status: 1, message: "success", data: () }).into_response()
            }
        }
    }
}

/// Gives the header that HTTP wants beside a status.
fn header_for(code: StatusCode) -> Option<(HeaderName, HeaderValue)> {
    match code {
        StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, RETRY_AFTER)),
        StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, HeaderValue::from_static("POST"))),
        _ => None,
    }
}

/// The answer's body (spec 005 A-000-3).
#[derive(Serialize)]
struct Envelope<'a> {
    status: u8,
    message: &'a str,
    data: (),
}
