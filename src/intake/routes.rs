//! The HTTP routes of the pushes, and the desk behind them.
//!
//! It owns how a request becomes a [`Taken`], and how long and how large it may be. It must
//! never answer success before the desk has said that the push is durable, and never decide
//! what a push means. [`halves`] and [`signed`] are the two contracts, each with its answers.

pub(super) mod body;
mod halves;
mod signed;
#[cfg(test)]
mod tests;

use super::push::Push;
use super::signature::{self, Signature};
use crate::config::Pushes;
use crate::contract::{ADDITIONAL_PUSH, BASE_PUSH, FIRST_ADDITIONAL_PUSH, FIRST_BASE_PUSH, SIGNED_PUSH};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use body::BodyError;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes of a push: half a year of an operator's records or a full address book is one to two
/// million.
pub const PUSH_LIMIT: usize = 4 * 1024 * 1024;

/// How long a body may take to arrive in whole: a server sends the largest in a few seconds,
/// and who trickles must not hold a place.
pub const BODY_TIME: Duration = Duration::from_secs(30);

/// Pushes being read and taken at one moment, of all partners together: with [`PUSH_LIMIT`] this
/// bounds their bodies, at half a gigabyte. What is made of a body while it is taken, its parts and
/// what is sealed of them, comes on top.
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
    /// The push as received, to be kept whole: the body, or what an envelope held.
    pub body: Bytes,
    /// When the partner says to have sent it, in the words that are signed; only a signed push
    /// tells, and its time together with its body names it.
    pub sent: Option<String>,
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Taken")
            .field("partner", &self.partner)
            .field("push", &self.push)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
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
    /// A value contradicts an earlier push of the order (spec 005 A-001-9).
    #[error("{field}: must be the same in all pushes of the order")]
    Disagrees {
        /// The field, by the names of the wire.
        field: &'static str,
    },
    /// Changed content for an order that has gone too far to be changed (spec 005 A-000-12).
    #[error("{field}: the order can no longer be changed")]
    TooLate {
        /// What names the order, by the names of the wire.
        field: &'static str,
    },
    /// Changed content for an order that holds as many documents as it may.
    #[error("{field}: the order has been changed too often")]
    TooOften {
        /// What names the order, by the names of the wire.
        field: &'static str,
    },
    /// The person has had as many applications as one may.
    #[error("{field}: the person has applied too often")]
    TooMany {
        /// What names the person, by the names of the wire.
        field: &'static str,
    },
    /// It cannot be taken now; the same push may be sent again.
    #[error("busy, send it again later")]
    Unavailable,
}

/// A partner's door.
pub struct Door<D> {
    /// Who comes by it.
    pub partner: String,
    /// What comes by it, and how it is signed.
    pub pushes: Pushes,
    /// Where the applicants of a signed push go on (spec 003, "Response").
    pub app_download_url: Option<String>,
    /// Who takes it.
    pub desk: D,
}

/// Makes the routes of the pushes: each partner has its own, and the first one those at the root
/// too, if it pushes halves.
pub fn routes<D: Desk>(doors: Vec<Door<D>>) -> Router {
    routes_within(doors, Limits::default())
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

fn routes_within<D: Desk>(doors: Vec<Door<D>>, limits: Limits) -> Router {
    let mut desks = Desks { halves: BTreeMap::new(), first: None, signed: BTreeMap::new() };
    for (at, Door { partner, pushes, app_download_url, desk }) in doors.into_iter().enumerate() {
        match Signature::from(pushes) {
            Signature::Nothing => {}
            Signature::Halves(signature) => {
                desks.first = desks.first.or_else(|| (at == 0).then(|| partner.clone()));
                desks.halves.insert(partner, Behind { desk, terms: signature });
            }
            Signature::Signed(signature) => {
                let terms = signed::Terms { signature, app_download_url };
                desks.signed.insert(partner, Behind { desk, terms });
            }
        }
    }
    let places = Semaphore::new(limits.at_once);
    Router::new()
        .route(FIRST_BASE_PUSH.path, post(halves::first_base).fallback(halves::wrong_method))
        .route(FIRST_ADDITIONAL_PUSH.path, post(halves::first_additional).fallback(halves::wrong_method))
        .route(BASE_PUSH.path, post(halves::base).fallback(halves::wrong_method))
        .route(ADDITIONAL_PUSH.path, post(halves::additional).fallback(halves::wrong_method))
        .route(SIGNED_PUSH.path, post(signed::push).fallback(signed::wrong_method))
        .with_state(Intake(Arc::new(Shared { desks, limits, places })))
}

/// What all requests share.
struct Intake<D>(Arc<Shared<D>>);

impl<D> Clone for Intake<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Shared<D> {
    desks: Desks<D>,
    limits: Limits,
    places: Semaphore,
}

/// The partners by name, apart by what they push.
struct Desks<D> {
    halves: BTreeMap<String, Behind<D, signature::Halves>>,
    first: Option<String>,
    signed: BTreeMap<String, Behind<D, signed::Terms>>,
}

/// What is behind a door.
struct Behind<D, T> {
    desk: D,
    terms: T,
}

/// Why a request was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum Unread {
    /// Not JSON, or compressed.
    #[error("the content must be application/json, not compressed")]
    ContentType,
    /// Too many at once.
    #[error("busy, send it again later")]
    Busy,
    /// The body did not arrive.
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl<D> Shared<D> {
    /// Reads the body of a request that may be a push. The place is kept until the push is dealt with.
    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<(Bytes, SemaphorePermit<'_>), Unread> {
        let place = self.places.try_acquire().map_err(|_full| Unread::Busy)?;
        if !is_plain_json(headers) {
            return Err(Unread::ContentType);
        }
        let body = body::read(body, self.limits.body_bytes, self.limits.body_time).await?;
        Ok((body, place))
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

/// Answers a path of a partner that there is not, or that pushes by the other contract or not at all.
fn nobody() -> Response {
    let nothing = Json(serde_json::json!({ "error": "nothing is served here" }));
    (StatusCode::NOT_FOUND, nothing).into_response()
}
