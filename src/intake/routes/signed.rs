//! The signed push (spec 003).
//!
//! Owns its answers. Every `POST` is answered with HTTP 200, and the contract's own `status` says
//! whether it was taken (spec 005 A-003-6): the caller knows no other status. It must never put
//! anything into a message but the words of an error, and never look into a body before its signature
//! was found good.

use super::{Behind, Desk, Intake, Refused, Taken, Unread, nobody};
use crate::clock;
use crate::contract::SIGNED_PUSH;
use crate::intake::push::{Push, PushError};
use crate::intake::signature::{self, Headers, Unsigned};
use crate::telemetry::metrics::PUSHES;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use thiserror::Error;

/// What is said when a push was taken (spec 003, "Example responses").
const TAKEN: &str = "推送成功";

/// On which terms a partner's signed pushes are taken.
pub(super) struct Terms {
    pub(super) signature: signature::Signed,
    /// Where the applicants go on; none if nowhere.
    pub(super) app_download_url: Option<String>,
}

pub(super) async fn push<D: Desk>(
    State(intake): State<Intake<D>>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let name = name.as_ref().ok().map(|Path(name)| name.as_str());
    let found = name.and_then(|name| intake.0.desks.signed.get_key_value(name));
    let Some((partner, behind)) = found else { return nobody() };
    let (answer, is_taken) = match intake.take_signed(partner, behind, request).await {
        Ok(()) => (said("1", TAKEN, behind.terms.app_download_url.as_deref()), "yes"),
        Err(failure) => {
            tracing::info!(%partner, reason = %failure, "push not taken");
            (said("0", &failure.to_string(), None), "no")
        }
    };
    let status = format!("{} {is_taken}", answer.status().as_u16());
    metrics::counter!(PUSHES, "push" => SIGNED_PUSH.name(), "status" => status).increment(1);
    answer
}

pub(super) async fn wrong_method() -> Response {
    let mut response = said("0", "the method must be POST", None);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

impl<D: Desk> Intake<D> {
    async fn take_signed(
        &self,
        partner: &str,
        behind: &Behind<D, Terms>,
        request: Request,
    ) -> Result<(), Failure> {
        let (head, body) = request.into_parts();
        // Before the body: without them nothing can be good.
        let headers = Headers::read(&head.headers)?;
        let (body, _place) = self.0.read(&head.headers, body).await?;
        behind.terms.signature.check(headers, &body, clock::now())?;
        let push = Push::signed(&body)?;
        let sent = Some(headers.time.to_owned());
        let taken = Taken { partner: partner.to_owned(), push, body, sent };
        let _accepted_or_repeated = behind.desk.take(taken).await?;
        Ok(())
    }
}

/// Why a push is not taken.
#[derive(Debug, Error)]
enum Failure {
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

fn said(status: &'static str, msg: &str, app_download_url: Option<&str>) -> Response {
    Json(Answer { status, msg, data: Data { app_download_url } }).into_response()
}

/// The answer's body (spec 003, "Response").
#[derive(Serialize)]
struct Answer<'a> {
    status: &'static str,
    msg: &'a str,
    data: Data<'a>,
}

/// Its `data`, which is there even when nobody goes on anywhere (spec 005 A-003-7).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    app_download_url: Option<&'a str>,
}
