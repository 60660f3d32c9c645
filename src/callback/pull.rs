//! The outcomes that a partner asks for itself: `GET /partners/{name}/outcomes`.
//!
//! Owns the route, who may ask, and the limits. It must never answer before the signature was checked,
//! and never show a partner anything of another.

use super::ledger::is_wanted;
use super::outcome::Outcome;
use super::sign::{Keys, SIGNATURE, TIMESTAMP};
use crate::clock;
use crate::config::Callback;
use crate::contract::OUTCOMES;
use crate::engine::core::LoadError;
use crate::engine::{Engine, aside, chain};
use crate::machine::graph::application::State;
use crate::machine::time::Time;
use crate::store::{Store, StoreError};
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How far a request's time may be from ours: clocks differ, and an old signature must not be good for
/// ever.
pub const SKEW: Duration = Duration::from_secs(5 * 60);

/// Outcomes of a page when nobody says.
pub const PAGE: usize = 100;

/// The most outcomes of a page: half a megabyte.
pub const PAGE_LIMIT: usize = 1_000;

/// The most changes that are looked at for one page, most of them other partners': a page may end
/// here, short and not the last.
const LOOK_LIMIT: usize = 4_096;

/// Pages read at once for one partner; more are told to come again.
pub const AT_ONCE: usize = 4;

/// When to come again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Makes the route of all partners that share a secret with us; for others there is nothing here.
pub fn routes<S: Store>(engine: &Engine<S>, partners: &[Callback]) -> Router {
    let desk = |partner: &Callback| Desk {
        engine: engine.clone(),
        name: partner.partner.as_str().into(),
        keys: Arc::new(Keys::new(&partner.secrets)),
        states: partner.states.as_slice().into(),
        places: Arc::new(Semaphore::new(AT_ONCE)),
    };
    let desks = partners.iter().map(|partner| (partner.partner.clone(), desk(partner)));
    let desks: Desks<S> = Arc::new(desks.collect());
    Router::new().route(OUTCOMES.path, get(outcomes::<S>).fallback(wrong_method)).with_state(desks)
}

/// The desks of the partners by name.
type Desks<S> = Arc<BTreeMap<String, Desk<S>>>;

struct Desk<S> {
    engine: Engine<S>,
    name: Arc<str>,
    keys: Arc<Keys>,
    states: Arc<[State]>,
    places: Arc<Semaphore>,
}

impl<S> Clone for Desk<S> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            name: Arc::clone(&self.name),
            keys: Arc::clone(&self.keys),
            states: Arc::clone(&self.states),
            places: Arc::clone(&self.places),
        }
    }
}

/// What may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    after: Option<String>,
    limit: Option<usize>,
}

/// What is answered: messages as they are sent, to the byte.
#[derive(Serialize)]
struct Page {
    outcomes: Vec<Box<RawValue>>,
    next: String,
    more: bool,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("nothing is served here")]
    Nobody,
    #[error("the method must be GET")]
    Method,
    #[error(
        "the request is not signed by this partner: see the headers Docket-Timestamp and Docket-Signature"
    )]
    Unsigned,
    #[error("the time of the request is more than {} s from ours", SKEW.as_secs())]
    Stale,
    #[error("only `after`, a token of a former page, and `limit`, 1 to {PAGE_LIMIT}, can be asked for")]
    Query,
    #[error("the outcomes after this token are no longer kept; ask without a token for all that are")]
    TooOld,
    #[error("too many pages are read at once, ask again later")]
    Busy,
    #[error("the outcomes cannot be read now, ask again later")]
    Failed,
}

async fn outcomes<S: Store>(
    Shared(desks): Shared<Desks<S>>,
    name: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
    method: Method,
) -> Response {
    let found = name.ok().and_then(|Path(name)| desks.get(&name));
    let Some(desk) = found else { return Refused::Nobody.into_response() };
    match desk.answer(&method, &uri, &headers).await {
        Ok(page) => ([(header::CONTENT_TYPE, "application/json")], page).into_response(),
        Err(refused) => {
            tracing::info!(partner = %desk.name, %refused, "outcomes not told");
            refused.into_response()
        }
    }
}

async fn wrong_method() -> Response {
    let mut response = Refused::Method.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

impl<S: Store> Desk<S> {
    async fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<String, Refused> {
        self.check(method, uri, headers, clock::now())?;
        let Query(asked) = Query::<Asked>::try_from_uri(uri).map_err(|_wrong| Refused::Query)?;
        let limit = asked.limit.unwrap_or(PAGE);
        if !(1..=PAGE_LIMIT).contains(&limit) {
            return Err(Refused::Query);
        }
        let after = asked.after.map(|token| read_token(&token).ok_or(Refused::Query)).transpose()?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_full| Refused::Busy)?;
        let desk = self.clone();
        aside(move || {
            let page = desk.page(after, limit);
            drop(place);
            page
        })
        .await
    }

    /// Checks who asks, and when.
    fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap, now: Time) -> Result<(), Refused> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let timestamp: u64 =
            text(TIMESTAMP).and_then(|seconds| seconds.parse().ok()).ok_or(Refused::Unsigned)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let signature = text(SIGNATURE).unwrap_or_default();
        if !self.keys.is_signed(timestamp, &format!("{method} {path}"), signature) {
            return Err(Refused::Unsigned);
        }
        let at = Time::from_millis(timestamp.saturating_mul(1_000));
        if now.since(at).max(at.since(now)) > SKEW { Err(Refused::Stale) } else { Ok(()) }
    }

    /// Reads a page. It blocks.
    fn page(&self, after: Option<u64>, limit: usize) -> Result<String, Refused> {
        let store = self.engine.store();
        let (oldest, newest) = store.span().map_err(|error| failed(&error))?;
        let begin = after.unwrap_or(oldest - 1);
        // Of a store that knew more than this one.
        if begin > newest {
            return Err(Refused::Query);
        }
        let changes = match store.changes(begin, LOOK_LIMIT) {
            Err(StoreError::TooOld { .. }) => return Err(Refused::TooOld),
            read => read.map_err(|error| failed(&error))?,
        };
        let mut outcomes = Vec::new();
        let mut next = begin;
        for change in &changes {
            let outcome = Outcome::of(change, |partner, state| {
                partner == &*self.name && is_wanted(&self.states, state)
            });
            if let Some(outcome) = outcome.map_err(|error: LoadError| failed(&error))? {
                if outcomes.len() == limit {
                    break;
                }
                outcomes.push(RawValue::from_string(outcome.message).expect("a message is JSON"));
            }
            next = change.sequence;
        }
        let page = Page { outcomes, next: write_token(next), more: next < newest };
        Ok(serde_json::to_string(&page).expect("names are texts"))
    }
}

fn failed(error: &dyn std::error::Error) -> Refused {
    tracing::error!(error = %chain(error), "outcomes cannot be read");
    Refused::Failed
}

pub(super) fn write_token(sequence: u64) -> String {
    URL_SAFE_NO_PAD.encode(sequence.to_be_bytes())
}

fn read_token(token: &str) -> Option<u64> {
    Some(u64::from_be_bytes(URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?))
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unsigned | Self::Stale => StatusCode::UNAUTHORIZED,
            Self::Nobody => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Query => StatusCode::BAD_REQUEST,
            Self::TooOld => StatusCode::GONE,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut response = (status, axum::Json(json!({ "error": self.to_string() }))).into_response();
        if matches!(self, Self::Busy | Self::Failed) {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}
