//! The two halves of an order: `pushUserBaseInfo` and `pushUserAdditionalInfo` (spec 000, 001).
//!
//! Owns their answers: the only place where an outcome of theirs becomes an HTTP status. A push that
//! was read gets HTTP 200 and the printed envelope, success or not (spec 005 A-000-3). Other statuses
//! are for requests that never got so far; they carry the envelope as well. It must never put
//! anything into a message but the words of an error.

use super::body::BodyError;
use super::{Behind, Desk, Intake, Receipt, Refused, Taken, Unread, nobody};
use crate::contract::{ADDITIONAL_PUSH, BASE_PUSH, Route};
use crate::intake::push::{Envelope, Push, PushError};
use crate::intake::signature::{self, Unsigned};
use crate::telemetry::metrics::PUSHES;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use thiserror::Error;

/// Seconds after which a partner may try again: long enough for a burst or a restart to pass.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// A name in a path, if it is text.
type Name = Result<Path<String>, PathRejection>;

/// How a push of one kind is read.
type Read = fn(&[u8]) -> Result<Push, PushError>;

pub(super) async fn first_base<D: Desk>(State(intake): State<Intake<D>>, request: Request) -> Response {
    let first = intake.0.desks.first.clone();
    intake.half(first.as_deref(), request, BASE_PUSH, Push::base).await
}

pub(super) async fn first_additional<D: Desk>(State(intake): State<Intake<D>>, request: Request) -> Response {
    let first = intake.0.desks.first.clone();
    intake.half(first.as_deref(), request, ADDITIONAL_PUSH, Push::additional).await
}

pub(super) async fn base<D: Desk>(State(intake): State<Intake<D>>, name: Name, request: Request) -> Response {
    let name = name.as_ref().ok().map(|Path(name)| name.as_str());
    intake.half(name, request, BASE_PUSH, Push::base).await
}

pub(super) async fn additional<D: Desk>(
    State(intake): State<Intake<D>>,
    name: Name,
    request: Request,
) -> Response {
    let name = name.as_ref().ok().map(|Path(name)| name.as_str());
    intake.half(name, request, ADDITIONAL_PUSH, Push::additional).await
}

pub(super) async fn wrong_method() -> Response {
    Failure::Method.into_response()
}

impl<D: Desk> Intake<D> {
    async fn half(&self, name: Option<&str>, request: Request, route: Route, read: Read) -> Response {
        let found = name.and_then(|name| self.0.desks.halves.get_key_value(name));
        let Some((partner, behind)) = found else { return nobody() };
        let (answer, is_taken) = match self.take_half(partner, behind, request, read).await {
            Ok(receipt) => (success(receipt), "yes"),
            Err(failure) => {
                tracing::info!(%partner, reason = %failure, "push not taken");
                (failure.into_response(), "no")
            }
        };
        let status = format!("{} {is_taken}", answer.status().as_u16());
        metrics::counter!(PUSHES, "push" => route.name(), "status" => status).increment(1);
        answer
    }

    async fn take_half(
        &self,
        partner: &str,
        behind: &Behind<D, signature::Halves>,
        request: Request,
        read: Read,
    ) -> Result<Receipt, Failure> {
        let (head, body) = request.into_parts();
        let (body, _place) = self.0.read(&head.headers, body).await?;
        let body = match &behind.terms {
            signature::Halves::Bare => body,
            signature::Halves::Enveloped { ua, secrets } => {
                let envelope = Envelope::read(&body)?;
                signature::check_envelope(ua, secrets, &envelope)?;
                // What is kept and compared is the push: its envelope has another time each time.
                Bytes::copy_from_slice(envelope.args.as_bytes())
            }
        };
        let push = read(&body)?;
        let taken = Taken { partner: partner.to_owned(), push, body, sent: None };
        Ok(behind.desk.take(taken).await?)
    }
}

/// Why a request is not answered with success.
#[derive(Debug, Error)]
enum Failure {
    /// Not a POST.
    #[error("the method must be POST")]
    Method,
    /// It was not read.
    #[error(transparent)]
    Unread(#[from] Unread),
    /// It is not from this partner.
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    /// The body is not a push.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The desk does not take it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Failure {
    const fn code(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unread(Unread::ContentType) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unread(Unread::Busy) | Self::Refused(Refused::Unavailable) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Unread(Unread::Body(BodyError::TooLarge { .. })) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unread(Unread::Body(BodyError::TooSlow)) => StatusCode::REQUEST_TIMEOUT,
            Self::Unread(Unread::Body(BodyError::Cut)) => StatusCode::BAD_REQUEST,
            Self::Unsigned(_)
            | Self::Push(_)
            | Self::Refused(
                Refused::Disagrees { .. }
                | Refused::TooLate { .. }
                | Refused::TooOften { .. }
                | Refused::TooMany { .. },
            ) => StatusCode::OK,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = self.code();
        let envelope = Answer { status: 0, message: &self.to_string(), data: () };
        let mut response = (code, Json(envelope)).into_response();
        if let Some((name, value)) = header_for(code) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

fn success(receipt: Receipt) -> Response {
    match receipt {
        Receipt::Accepted | Receipt::Repeated => {
            Json(Answer { status: 1, message: "success", data: () }).into_response()
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
struct Answer<'a> {
    status: u8,
    message: &'a str,
    data: (),
}
