//! A partner's server, for those who have none: it takes callbacks and shows what came.
//!
//! It checks signatures as the chapter on callbacks tells partners to. It must never take a message
//! that is not signed, nor keep more than it says.

use super::serve::Connection;
use aws_lc_rs::hmac;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;

/// Where it takes callbacks, and shows them.
pub const PATH: &str = "/_sandbox/callbacks";

/// The secret that it shares with whoever calls: a sandbox guards nothing.
pub const SECRET: &str = "a sandbox guards nothing";

/// Messages that are kept; the oldest go first.
const KEPT: usize = 10_000;

/// What came.
#[derive(Debug, Default)]
pub(super) struct Partner {
    messages: VecDeque<Value>,
    unsigned: u64,
}

/// What it shows: messages in the order in which they came, each once, however often it came.
#[derive(Serialize)]
pub(super) struct Shown {
    unsigned: u64,
    messages: Vec<Value>,
}

pub(super) async fn take(
    State(connection): State<Connection>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let mut partner = connection.partner();
    let Some(message) = signed(&headers, &body) else {
        partner.unsigned += 1;
        return StatusCode::UNAUTHORIZED;
    };
    if !partner.messages.iter().rev().any(|known| known["id"] == message["id"]) {
        if partner.messages.len() == KEPT {
            partner.messages.pop_front();
        }
        partner.messages.push_back(message);
    }
    StatusCode::NO_CONTENT
}

pub(super) async fn show(State(connection): State<Connection>) -> Json<Shown> {
    let partner = connection.partner();
    Json(Shown { unsigned: partner.unsigned, messages: partner.messages.iter().cloned().collect() })
}

/// The message, if its signature is good.
fn signed(headers: &HeaderMap, body: &str) -> Option<Value> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let timestamp = header("docket-timestamp")?;
    let given = hex::decode(header("docket-signature")?.strip_prefix("v1=")?).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::verify(&key, format!("{timestamp}.{body}").as_bytes(), &given).ok()?;
    serde_json::from_str(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_signed_is_taken() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let signature = format!("v1={}", hex::encode(hmac::sign(&key, b"5.{}")));
        let headers = |time: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("docket-timestamp", time.parse().unwrap());
            headers.insert("docket-signature", signature.parse().unwrap());
            headers
        };
        assert!(signed(&headers("5"), "{}").is_some());
        assert!(signed(&headers("6"), "{}").is_none());
        assert!(signed(&headers("5"), "{ }").is_none());
        assert!(signed(&HeaderMap::new(), "{}").is_none());
    }
}
