//! The HTTP routes of the two pushes, and the desk behind them.
//!
//! It owns how a request becomes a [`Taken`], and how long and how large it may be. It must
//! never answer success before the desk has said that the push is durable, and never decide
//! what a push means. The words of an answer are in [`answer`].

mod answer;
pub(super) mod body;
#[cfg(test)]
mod tests;

use super::push::{Push, PushError};
use crate::telemetry::metrics::PUSHES;
use answer::Failure;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Semaphore;

/// Bytes of a push: half a year of an operator's records or a full address book is one to two
/// million.
pub const PUSH_LIMIT: usize = 4 * 1024 * 1024;

/// How long a body may take to arrive in whole: a server sends the largest in a few seconds,
/// and who trickles must not hold a place.
pub const BODY_TIME: Duration = Duration::from_secs(30);

/// Pushes being read and taken at one moment: with [`PUSH_LIMIT`] this bounds what they hold
/// of memory, at half a gigabyte.
pub const PUSHES_AT_ONCE: usize = 128;

/// Whoever takes pushes in.
pub trait Desk: Clone + Send + Sync + 'static {
    /// Takes a push in; durable on return.
    ///
    /// It always comes to an end, within a time limit of its own. The future is dropped when
    /// the partner hangs up: the push is then taken in whole or not at all, and the same push
    /// again is a repetition.
    fn take(&self, push: Taken) -> impl Future<Output = Result<Receipt, Refused>> + Send;
}

/// A push at the desk.
#[derive(Clone)]
pub struct Taken {
    /// The partner that sent it.
    pub partner: String,
    /// What it says.
    pub push: Push,
    /// The body as received, to be kept whole.
    pub body: Bytes,
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Taken")
            .field("partner", &self.partner)
            .field("push", &self.push)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// That a push is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It brought something new.
    Accepted,
    /// The same content was there already (spec 005 A-000-12).
    Repeated,
}

/// Why a desk does not take a push; the words are for the partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// A value contradicts the other push of the order (spec 005 A-001-9).
    #[error("{field}: must be the same in both pushes of the order")]
    Disagrees {
        /// The field, by the names of the wire.
        field: &'static str,
    },
    /// Changed content for an order that has gone too far to be changed (spec 005 A-000-12).
    #[error("orderInfo.orderNo: the order can no longer be changed")]
    TooLate,
    /// Changed content for an order that holds as many documents as it may.
    #[error("orderInfo.orderNo: the order has been changed too often")]
    TooOften,
    /// It cannot be taken now; the same push may be sent again.
    #[error("busy, send it again later")]
    Unavailable,
}

/// Makes the routes of the pushes; all that comes by them is from `partner`.
pub fn routes<D: Desk>(desk: D, partner: &str) -> Router {
    routes_within(desk, partner, Limits::default())
}

/// What the routes hold themselves to.
#[derive(Debug, Clone, Copy)]
struct Limits {
    body_bytes: usize,
    body_time: Duration,
    at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: PUSH_LIMIT, body_time: BODY_TIME, at_once: PUSHES_AT_ONCE }
    }
}

/// Paths of spec 000 and, for the one not printed there, spec 005 A-001-1.
fn routes_within<D: Desk>(desk: D, partner: &str, limits: Limits) -> Router {
    let places = Arc::new(Semaphore::new(limits.at_once));
    let intake = Intake { desk, partner: partner.into(), limits, places };
    Router::new()
        .route("/pushUserBaseInfo", post(base).fallback(wrong_method))
        .route("/pushUserAdditionalInfo", post(additional).fallback(wrong_method))
        .with_state(intake)
}

#[derive(Clone)]
struct Intake<D> {
    desk: D,
    partner: Arc<str>,
    limits: Limits,
    places: Arc<Semaphore>,
}

async fn base<D: Desk>(State(intake): State<Intake<D>>, request: Request) -> Response {
    intake.answer(request, Push::base).await
}

async fn additional<D: Desk>(State(intake): State<Intake<D>>, request: Request) -> Response {
    intake.answer(request, Push::additional).await
}

async fn wrong_method() -> Response {
    Failure::Method.into_response()
}

impl<D: Desk> Intake<D> {
    async fn answer(&self, request: Request, read: fn(&[u8]) -> Result<Push, PushError>) -> Response {
        let push = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        let (answer, is_taken) = match self.take(request, read).await {
            Ok(receipt) => (receipt.into_response(), "yes"),
            Err(failure) => {
                tracing::info!(partner = %self.partner, reason = %failure, "push not taken");
                (failure.into_response(), "no")
            }
        };
        let status = format!("{} {is_taken}", answer.status().as_u16());
        metrics::counter!(PUSHES, "push" => push, "status" => status).increment(1);
        answer
    }

    async fn take(
        &self,
        request: Request,
        read: fn(&[u8]) -> Result<Push, PushError>,
    ) -> Result<Receipt, Failure> {
        let _place = self.places.try_acquire().map_err(|_| Failure::Busy)?;
        let (head, body) = request.into_parts();
        if !is_plain_json(&head.headers) {
            return Err(Failure::ContentType);
        }
        let body = body::read(body, self.limits.body_bytes, self.limits.body_time).await?;
        let push = read(&body)?;
        let partner = self.partner.as_ref().to_owned();
        Ok(self.desk.take(Taken { partner, push, body }).await?)
    }
}

/// Says whether a body is JSON as it comes; who says nothing is believed (spec 005 A-000-1).
fn is_plain_json(headers: &HeaderMap) -> bool {
    let is_json = |value: &HeaderValue| {
        let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/json")
    };
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    headers.get(header::CONTENT_TYPE).is_none_or(is_json)
        && headers.get_all(header::CONTENT_ENCODING).iter().all(is_identity)
}
