//! What the app is answered: the only place where an outcome of its calls becomes an HTTP status.
//!
//! A call that was read gets HTTP 200 and the printed envelope, success or not; success is what has a `code`
//! of 0 (spec 004, "Conventions"). No failure is printed (spec 005 §5): ours have `code` `"1"`, wrong as it
//! is, `"2"`, no session, log in, `"3"`, not now, send it again. Other statuses are for requests that never
//! got so far; they carry the envelope as well. It must never put a value that was sent into a message.

use super::call::Call;
use crate::engine::session::NoSession;
use crate::intake::push::PushError;
use crate::intake::routes::body::BodyError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// Seconds after which the app may try again: long enough for a burst or a restart to pass.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// What is wrong with a call; it reads like `birthday: must be a date`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub(super) struct Wrong {
    /// Where, by the names of the wire; `body` is the whole.
    pub(super) field: String,
    /// What it must be.
    pub(super) problem: Cow<'static, str>,
}

impl Wrong {
    pub(super) fn new(field: &str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.to_owned(), problem: problem.into() }
    }
}

impl From<PushError> for Wrong {
    fn from(error: PushError) -> Self {
        Self { problem: error.problem.to_string().into(), field: error.field }
    }
}

/// Why a call is not answered with success.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Not a POST.
    #[error("the method must be POST")]
    Method,
    /// Nobody is logged in.
    #[error(transparent)]
    Session(#[from] NoSession),
    /// Not what the call takes, or compressed.
    #[error("the content must be {0}, not compressed")]
    ContentType(&'static str),
    /// The body did not arrive.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// Something in it is wrong.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// Too many at once, or Docket cannot now.
    #[error("busy, send it again later")]
    Busy,
}

impl Failure {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Session(NoSession::Unknown | NoSession::Over) => StatusCode::UNAUTHORIZED,
            Self::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(BodyError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::Cut) => StatusCode::BAD_REQUEST,
            Self::Wrong(_) => StatusCode::OK,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Method | Self::ContentType(_) | Self::Body(_) | Self::Wrong(_) => "1",
            Self::Session(_) => "2",
            Self::Busy => "3",
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let envelope = Envelope { code: self.code(), message: &self.to_string(), data: None };
        let mut response = (self.status(), Json(envelope)).into_response();
        let extra = match self {
            Self::Method => Some((header::ALLOW, HeaderValue::from_static("POST"))),
            Self::Busy => Some((header::RETRY_AFTER, RETRY_AFTER)),
            Self::Session(_) | Self::ContentType(_) | Self::Body(_) | Self::Wrong(_) => None,
        };
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// Tells success, with what was asked for; a save has nothing to tell.
pub(super) fn success(call: Call, data: Option<&Value>) -> Response {
    let (code, message) = call.success();
    Json(Envelope { code, message, data }).into_response()
}

/// The answer's body (spec 004, "Response envelope").
#[derive(Serialize)]
struct Envelope<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}
