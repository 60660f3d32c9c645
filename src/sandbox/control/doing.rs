//! What can be done to a sandbox.
//!
//! Owns the forms of the requests; every one answers what it led to. It must never do by itself
//! what a sandbox does.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refusal, query, read};
use crate::sandbox::serve::Connection;
use crate::sandbox::{Faults, Mobile, OutageKind, Planned, System};

pub(super) async fn set_faults(
    State(connection): State<Connection>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let faults: Faults = read(&body)?;
    let mut sandbox = connection.sandbox();
    sandbox.set_faults(faults)?;
    Ok(Json(json!({"faults": sandbox.faults()})))
}

pub(super) async fn clear_faults(State(connection): State<Connection>) -> Json<Value> {
    let mut sandbox = connection.sandbox();
    sandbox.clear_faults();
    Json(json!({"faults": sandbox.faults()}))
}

pub(super) async fn plan_fault(
    State(connection): State<Connection>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let planned: Planned = read(&body)?;
    let told = json!({"planned": &planned});
    connection.sandbox().plan_fault(planned)?;
    Ok(Json(told))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutageOf {
    system: System,
    #[serde(default)]
    kind: OutageKind,
    /// Until it is ended, unless told.
    seconds: Option<u64>,
}

pub(super) async fn start_outage(
    State(connection): State<Connection>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let OutageOf { system, kind, seconds } = read(&body)?;
    let mut sandbox = connection.settled_sandbox();
    sandbox.start_outage(system, kind, seconds.map(|seconds| seconds.saturating_mul(1_000)));
    Ok(Json(json!(sandbox.outages())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    system: System,
}

pub(super) async fn end_outage(
    State(connection): State<Connection>,
    RawQuery(text): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let Which { system } = query(text.as_deref())?;
    let mut sandbox = connection.settled_sandbox();
    sandbox.end_outage(system)?;
    Ok(Json(json!(sandbox.outages())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    mobile: Mobile,
    system: System,
    /// The next state, unless told.
    state: Option<i64>,
}

pub(super) async fn advance(
    State(connection): State<Connection>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let Move { mobile, system, state } = read(&body)?;
    let mut sandbox = connection.settled_sandbox();
    if system == System::Audit {
        if state.is_some() {
            let problem = "state: an audit is decided, not moved to a state";
            return Err(Refusal(StatusCode::BAD_REQUEST, problem.to_owned()));
        }
        sandbox.decide_audits(mobile)?;
        return Ok(Json(json!({})));
    }
    let state = sandbox.advance(system, mobile, state)?;
    Ok(Json(json!({ "state": state })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    service_password: bool,
}

pub(super) async fn set_settings(
    State(connection): State<Connection>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let Changes { service_password } = read(&body)?;
    connection.sandbox().take_service_passwords(service_password);
    Ok(Json(json!({ "service_password": service_password })))
}

pub(super) async fn reset(State(connection): State<Connection>) -> Json<Value> {
    connection.settled_sandbox().reset();
    Json(json!({}))
}
