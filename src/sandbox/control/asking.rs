//! What can be asked of a sandbox.
//!
//! Owns the forms of the answers. It must never change anything.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Refusal, query};
use crate::sandbox::people::Person;
use crate::sandbox::serve::Connection;
use crate::sandbox::{
    Breach, Call, Counts, Endpoint, Expected, Fault, Mobile, Script, ScriptRow, SessionView, System, Tally,
    Violation,
};

/// Calls a page of the log has at most.
const PAGE: usize = 1_000;

#[derive(Serialize)]
pub(super) struct LedgerPage {
    calls: u64,
    twice_processed: u64,
    scripts: BTreeMap<&'static str, Tally>,
    violations: BTreeMap<Violation, u64>,
    breaches: Vec<Breach>,
}

pub(super) async fn ledger(State(connection): State<Connection>) -> Json<LedgerPage> {
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
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    after: u64,
}

pub(super) async fn log(
    State(connection): State<Connection>,
    RawQuery(text): RawQuery,
) -> Result<Json<Vec<Call>>, Refusal> {
    let page: Page = query(text.as_deref())?;
    let sandbox = connection.sandbox();
    let calls = sandbox.ledger().calls_after(page.after);
    Ok(Json(calls.take(PAGE).cloned().collect()))
}

pub(super) async fn counters(State(connection): State<Connection>) -> Json<BTreeMap<&'static str, Counts>> {
    let sandbox = connection.sandbox();
    let ledger = sandbox.ledger();
    Json(Endpoint::ALL.map(|endpoint| (endpoint.name(), ledger.counts(endpoint))).into())
}

/// Whose, and of which system.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    mobile: Mobile,
    #[serde(default = "telecom")]
    system: System,
}

/// Whose answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    mobile: Mobile,
    #[serde(default = "telecom")]
    system: System,
    /// For another session, wherever the last one stands.
    #[serde(default)]
    anew: bool,
}

const fn telecom() -> System {
    System::Telecom
}

pub(super) async fn answer(
    State(connection): State<Connection>,
    RawQuery(text): RawQuery,
) -> Result<Json<Expected>, Refusal> {
    let Typed { mobile, system, anew } = query(text.as_deref())?;
    let (sandbox, mobile) = (connection.settled_sandbox(), mobile.to_string());
    let expected = if anew {
        sandbox.first_answer_of(system, &mobile)
    } else {
        sandbox.expected_answer_of(system, &mobile)
    };
    let nothing = || Refusal(StatusCode::NOT_FOUND, "nothing is asked for".to_owned());
    expected.map(Json).ok_or_else(nothing)
}

pub(super) async fn session(
    State(connection): State<Connection>,
    RawQuery(text): RawQuery,
) -> Result<Json<SessionView>, Refusal> {
    let Whose { mobile, system } = query(text.as_deref())?;
    Ok(Json(connection.settled_sandbox().session(system, mobile)?))
}

pub(super) async fn scripts() -> Json<Vec<ScriptRow>> {
    Json(Script::ALL.map(Script::row).into())
}

pub(super) async fn faults(State(connection): State<Connection>) -> Json<Value> {
    let sandbox = connection.sandbox();
    let kinds: BTreeMap<&str, Value> = Fault::ALL
        .map(|fault| {
            let told = json!({"is_processed": fault.is_processed(), "what": fault.description()});
            (fault.name(), told)
        })
        .into();
    let planned: Vec<_> = sandbox.planned_faults().collect();
    Json(json!({"faults": sandbox.faults(), "planned": planned, "kinds": kinds}))
}

pub(super) async fn outages(State(connection): State<Connection>) -> Json<Value> {
    Json(json!(connection.settled_sandbox().outages()))
}

/// An invented applicant's push: which script, which applicant, whose order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PushOf {
    script: u8,
    #[serde(default)]
    number: u32,
    order: String,
}

fn push(text: Option<&str>, push: fn(&Person, &str) -> Value) -> Result<Json<Value>, Refusal> {
    let of: PushOf = query(text)?;
    let script = Script::ALL.into_iter().find(|script| script.number() == of.script);
    let none = || Refusal(StatusCode::NOT_FOUND, format!("no script has the number {}", of.script));
    let script = script.ok_or_else(none)?;
    Ok(Json(push(&Person::new(script, of.number), &of.order)))
}

pub(super) async fn base_push(RawQuery(text): RawQuery) -> Result<Json<Value>, Refusal> {
    push(text.as_deref(), Person::base_push)
}

pub(super) async fn additional_push(RawQuery(text): RawQuery) -> Result<Json<Value>, Refusal> {
    push(text.as_deref(), Person::additional_push)
}

pub(super) async fn audit_key(State(connection): State<Connection>) -> String {
    connection.sandbox().public_key_pem()
}
