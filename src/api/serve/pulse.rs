//! For those who keep the server running: whether it lives, whether it is ready, its figures.

use super::health::Health;
use crate::contract::{LIVEZ, METRICS, READYZ};
use crate::engine::Engine;
use crate::store::Store;
use crate::telemetry::metrics::Teller;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use std::time::Duration;

/// How long the engine's thread may take to answer before it is said not to live: above any sync
/// that is worth waiting for.
const TURN: Duration = Duration::from_secs(20);

/// The form of the figures.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

struct Pulse<S> {
    engine: Engine<S>,
    health: Health,
    teller: Option<Teller>,
}

impl<S> Clone for Pulse<S> {
    fn clone(&self) -> Self {
        let Self { engine, health, teller } = self;
        Self { engine: engine.clone(), health: health.clone(), teller: teller.clone() }
    }
}

/// The routes `/livez`, `/readyz` and `/metrics`.
pub(super) fn routes<S: Store>(engine: Engine<S>, health: Health, teller: Option<Teller>) -> Router {
    Router::new()
        .route(LIVEZ.path, get(lives).fallback(super::only_get))
        .route(READYZ.path, get(is_ready).fallback(super::only_get))
        .route(METRICS.path, get(figures).fallback(super::only_get))
        .with_state(Pulse { engine, health, teller })
}

/// The engine's thread turns.
async fn lives<S: Store>(State(pulse): State<Pulse<S>>) -> Response {
    said(pulse.engine.is_turning(TURN).await, "the engine does not turn")
}

/// Requests are taken.
async fn is_ready<S: Store>(State(pulse): State<Pulse<S>>) -> Response {
    said(pulse.health.is_serving(), "the server starts, or is about to leave")
}

async fn figures<S: Store>(State(pulse): State<Pulse<S>>) -> Response {
    let Some(teller) = &pulse.teller else {
        return said(false, "this server counts nothing");
    };
    pulse.engine.tell_figures();
    ([(header::CONTENT_TYPE, TEXT)], teller.tell()).into_response()
}

fn said(is_well: bool, otherwise: &str) -> Response {
    if is_well {
        return Json(serde_json::json!({ "status": "ok" })).into_response();
    }
    let why = Json(serde_json::json!({ "status": "unavailable", "reason": otherwise }));
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}
