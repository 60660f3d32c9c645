//! The control API: what a judge, a demonstration or a load test asks over HTTP.
//!
//! Owns the paths under `/_sandbox`. It must never change anything but what a partner's server
//! would: it reads.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::people::Person;
use super::serve::Connection;
use super::{Breach, Call, Script, ScriptRow, Tally, Violation, partner};

/// Calls a page of the log has at most.
pub(super) const PAGE: usize = 1_000;

/// The routes, to be given the connection they are asked on.
pub(super) fn routes() -> Router<Connection> {
    Router::new()
        .route("/_sandbox/ledger", get(ledger))
        .route("/_sandbox/log", get(log))
        .route("/_sandbox/answer", get(answer))
        .route("/_sandbox/scripts", get(scripts))
        .route("/_sandbox/push/base", get(base_push))
        .route("/_sandbox/push/additional", get(additional_push))
        .route("/_sandbox/audit-key.pem", get(audit_key))
        .route(partner::PATH, get(partner::show).post(partner::take))
}

#[derive(Serialize)]
struct LedgerPage {
    calls: u64,
    twice_processed: u64,
    scripts: BTreeMap<&'static str, Tally>,
    violations: BTreeMap<Violation, u64>,
    breaches: Vec<Breach>,
}

async fn ledger(State(connection): State<Connection>) -> Json<LedgerPage> {
    let sandbox = connection.sandbox();
    let ledger = sandbox.ledger();
    Json(LedgerPage {
        calls: ledger.call_count(),
        twice_processed: ledger.twice_processed(),
        scripts: Script::ALL.map(|script| (script.name(), ledger.tally(script))).into(),
        violations: Violation::ALL.map(|violation| (violation, ledger.count(violation))).into(),
        breaches: ledger.breaches().cloned().collect(),
    })
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn log(State(connection): State<Connection>, Query(page): Query<After>) -> Json<Vec<Call>> {
    let sandbox = connection.sandbox();
    let calls = sandbox.ledger().calls_after(page.after);
    Json(calls.take(PAGE).cloned().collect())
}

#[derive(Deserialize)]
struct Whose {
    mobile: String,
}

async fn answer(State(connection): State<Connection>, Query(whose): Query<Whose>) -> Response {
    let expected = connection.settled_sandbox().expected_answer(&whose.mobile);
    expected.map_or_else(
        || (StatusCode::NOT_FOUND, "nothing is asked for").into_response(),
        |expected| Json(expected).into_response(),
    )
}

async fn scripts() -> Json<[ScriptRow; Script::ALL.len()]> {
    Json(Script::ALL.map(Script::row))
}

/// An invented applicant's push: which script, which applicant, whose order.
#[derive(Deserialize)]
struct PushOf {
    script: u8,
    #[serde(default)]
    number: u32,
    order: String,
}

impl PushOf {
    fn answer(&self, push: fn(&Person, &str) -> Value) -> Response {
        let script = Script::ALL.into_iter().find(|script| script.number() == self.script);
        script.map_or_else(
            || (StatusCode::NOT_FOUND, "no script has this number").into_response(),
            |script| Json(push(&Person::new(script, self.number), &self.order)).into_response(),
        )
    }
}

async fn base_push(Query(of): Query<PushOf>) -> Response {
    of.answer(Person::base_push)
}

async fn additional_push(Query(of): Query<PushOf>) -> Response {
    of.answer(Person::additional_push)
}

async fn audit_key(State(connection): State<Connection>) -> String {
    connection.sandbox().public_key_pem()
}
