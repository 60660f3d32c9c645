//! From the provider's answer to what it means (spec 002 §0).
//!
//! Owns the judgement of an answer: said something, said no, said nothing that can be trusted. It
//! must never do IO, and never put a piece of an answer it could not read into an error.

mod retry_after;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::prepare::Credential;
use super::wire::audit::{ApplyReply, ResultReply, Suggestion};
use super::wire::blacklist::SearchReply;
use super::wire::telecom::{OpenIdReply, StateReply};
use super::wire::{COLLECTING, Envelope, INPUT_ERROR, Nothing, OK, SYSTEM_ERROR};
use crate::engine::provider::Failure;
use crate::machine::call::{Call, Cause, Reply};
use crate::machine::challenge::bounded;
use crate::machine::evidence::DocumentKind;
use crate::machine::telecom::OPEN_ID_LIMIT;
use crate::machine::time::Time;

/// The word that every text about a bad token holds; no code exists for it (spec 005 A-002-29).
const TOKEN: &str = "令牌";

/// Bytes of the shortest text worth hiding: a shorter one is part of anything.
const TELLING: usize = 4;

/// What an answer says.
#[derive(Debug)]
pub(super) enum Told {
    /// All there is to it.
    Reply(Reply),
    /// Data to be put away, as received.
    Data {
        /// What it is.
        kind: DocumentKind,
        /// Its JSON text.
        text: Box<RawValue>,
    },
    /// The token was rejected, and the call with it, before it was processed.
    TokenRejected {
        /// The provider's text.
        message: String,
    },
}

/// Says what the answer to a call means. What the call `carried` is hidden in the provider's
/// texts, in case it repeats our input.
pub(super) fn read(
    call: &Call,
    answer: &Response<Bytes>,
    carried: &[&str],
    now: Time,
) -> Result<Told, Failure> {
    check_status(answer, now)?;
    let body = Body { text: answer.body(), carried };
    match call {
        Call::Blacklist => told(call, &body, |reply: SearchReply| {
            Ok(Told::Reply(if reply.is_in { Reply::BlacklistHit } else { Reply::BlacklistClear }))
        }),
        Call::AuditApply => told(call, &body, |reply: ApplyReply| {
            let open_id = checked(reply.open_id)?;
            Ok(Told::Reply(Reply::AuditAccepted { open_id }))
        }),
        Call::AuditResult { .. } => told(call, &body, |reply| Ok(Told::Reply(suggested(reply)))),
        Call::TelecomOpen { .. } => told(call, &body, |reply: OpenIdReply| {
            let open_id = checked(reply.open_id)?;
            Ok(Told::Reply(Reply::TelecomOpened { open_id }))
        }),
        Call::TelecomQueryPassword { .. } | Call::TelecomCaptcha { .. } | Call::TelecomResend { .. } => {
            match opened::<Nothing>(call, &body)? {
                Opened::Success(_) => Ok(Told::Reply(Reply::Accepted)),
                Opened::Otherwise(told) => Ok(told),
            }
        }
        Call::TelecomState { .. } => told(call, &body, |reply: StateReply| {
            Ok(Told::Reply(Reply::TelecomState {
                code: reply.state.code(),
                message: bounded(&reply.message),
            }))
        }),
        Call::TelecomRawData { .. } => told(call, &body, |text| {
            let kind = DocumentKind::TelecomRawData;
            Ok(Told::Data { kind, text })
        }),
        Call::TelecomReport { .. } => told(call, &body, |text| {
            let kind = DocumentKind::TelecomReport;
            Ok(Told::Data { kind, text })
        }),
    }
}

/// Lets through what the provider itself has answered; what stands between us answers by status.
/// A redirect is not followed: it would carry secrets to another place.
pub(super) fn check_status(answer: &Response<Bytes>, now: Time) -> Result<(), Failure> {
    let status = answer.status();
    let detail = format!("HTTP status {}", status.as_u16());
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Err(Failure::Busy { detail, retry_after: retry_after::wait(answer.headers(), now) })
        }
        StatusCode::REQUEST_TIMEOUT => Err(Failure::Ambiguous { detail }),
        _ if status.is_server_error() => Err(Failure::Ambiguous { detail }),
        _ if status.is_success() => Ok(()),
        _ => Err(unintelligible(detail)),
    }
}

/// Reads the frame of an answer. Nobody knows what became of the call if that fails, whatever its
/// class: proxies answer with pages of their own, before or after the provider has worked.
pub(super) fn framed<D: DeserializeOwned>(body: &[u8]) -> Result<Envelope<D>, Failure> {
    // PHP files saved with a byte order mark send it with every answer.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let detail = match body.trim_ascii().first() {
        None => "the answer is empty".to_owned(),
        Some(b'<') => "the answer is a page, not JSON".to_owned(),
        Some(_) => match serde_json::from_slice(body) {
            Ok(envelope) => return Ok(envelope),
            // The error's own text may quote the answer.
            Err(error) => format!(
                "the answer cannot be read ({:?} error at {}:{})",
                error.classify(),
                error.line(),
                error.column()
            ),
        },
    };
    Err(Failure::Ambiguous { detail })
}

/// Hides in a text of the provider what we had sent with the call.
pub(super) fn concealed(text: String, carried: &[&str]) -> String {
    let carried = carried.iter().filter(|text| text.len() >= TELLING);
    carried.fold(text, |text, secret| text.replace(secret, "…"))
}

/// Names a code with its text (spec 002 §0).
pub(super) fn said(code: i64, msg: &str) -> String {
    bounded(&format!("code {code}: {msg}"))
}

/// The body of an answer, and what the call had carried.
struct Body<'a> {
    text: &'a [u8],
    carried: &'a [&'a str],
}

enum Opened<D> {
    Success(Option<D>),
    Otherwise(Told),
}

fn opened<D: DeserializeOwned>(call: &Call, body: &Body<'_>) -> Result<Opened<D>, Failure> {
    let Envelope { code, msg, data } = framed(body.text)?;
    let msg = concealed(msg, body.carried);
    let is_about_token = Credential::of(call) == Credential::Token && msg.contains(TOKEN);
    let told = match code {
        OK => return Ok(Opened::Success(data)),
        _ if is_about_token => Told::TokenRejected { message: bounded(&msg) },
        INPUT_ERROR => Told::Reply(Reply::Refused { message: bounded(&msg) }),
        SYSTEM_ERROR => {
            return Err(Failure::Busy { detail: said(code, &msg), retry_after: None });
        }
        COLLECTING if is_for_data(call) => Told::Reply(Reply::NotReady),
        _ => return Err(unintelligible(said(code, &msg))),
    };
    Ok(Opened::Otherwise(told))
}

fn told<D: DeserializeOwned>(
    call: &Call,
    body: &Body<'_>,
    mean: impl FnOnce(D) -> Result<Told, Failure>,
) -> Result<Told, Failure> {
    match opened(call, body)? {
        Opened::Success(Some(data)) => mean(data),
        Opened::Success(None) => Err(Failure::Ambiguous { detail: "the answer has no data".to_owned() }),
        Opened::Otherwise(told) => Ok(told),
    }
}

/// Whether code 1003 is printed for a call (spec 002 §3.2.1, §3.2.2).
const fn is_for_data(call: &Call) -> bool {
    matches!(call, Call::TelecomRawData { .. } | Call::TelecomReport { .. })
}

/// What an audit's result means. A state that is not printed is waited out: the audit's deadline
/// ends it (spec 005 A-002-43).
fn suggested(reply: ResultReply) -> Reply {
    match reply.state {
        Suggestion::Approve => Reply::AuditApproved,
        Suggestion::Reject => Reply::AuditRejected { reason: bounded(&reply.reason) },
        Suggestion::Pending => Reply::AuditRunning,
        Suggestion::Unknown(state) => {
            tracing::warn!(state, "the audit's state is not a printed one");
            Reply::AuditRunning
        }
    }
}

/// Lets an id through that can be kept (spec 005 A-002-30).
fn checked(open_id: String) -> Result<String, Failure> {
    match open_id.len() {
        1..=OPEN_ID_LIMIT => Ok(open_id),
        length => Err(unintelligible(format!("open_id has {length} bytes, not 1 to {OPEN_ID_LIMIT}"))),
    }
}

const fn unintelligible(detail: String) -> Failure {
    Failure::Hopeless(Cause::Unintelligible { detail })
}

#[cfg(test)]
mod tests;
