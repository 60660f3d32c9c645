//! From the provider's answer to what it means (spec 002 §0).
//!
//! Owns the judgement of an answer: said something, said no, said nothing that can be trusted. It
//! must never do IO, and never put a piece of an answer it could not read into an error.

mod ebank;
mod retry_after;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::banks;
use super::calls::{Credential, Endpoint};
use super::text::fit;
use super::wire::audit::{ApplyReply, ResultReply, Suggestion};
use super::wire::blacklist::SearchReply;
use super::wire::{COLLECTING, Envelope, INPUT_ERROR, OK, SYSTEM_ERROR, degree, telecom};
use crate::engine::provider::Failure;
use crate::machine::call::{Call, Cause, Reply, Told};
use crate::machine::challenge::Agreement;
use crate::machine::collection::OPEN_ID_LIMIT;
use crate::machine::evidence::DocumentKind;
use crate::machine::time::Time;

/// The word that every text about a bad token holds; no code exists for it (spec 005 A-002-29).
const TOKEN: &str = "令牌";

/// What the same word means at a bank: the device that shows dynamic passwords.
const TOKEN_DEVICE: &str = "动态令牌";

/// Bytes of an answer that is no raw data: a list of all banks, with room to spare. What is read into
/// values takes many times its length.
const SHORT_LIMIT: usize = 2 * 1024 * 1024;

/// What an answer means.
#[derive(Debug)]
pub(super) enum Meaning {
    /// All there is to it.
    Reply(Reply),
    /// Data to be put away.
    Data {
        /// What it is.
        kind: DocumentKind,
        /// Its JSON text.
        text: Box<str>,
    },
    /// A session's state, with a picture to be put away.
    Picture {
        /// The state; its picture is named once it is put away.
        told: Told,
        /// An image file.
        image: Vec<u8>,
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
) -> Result<Meaning, Failure> {
    check_status(answer, now)?;
    let body = Body { text: answer.body(), carried };
    match call {
        Call::Blacklist => told(call, &body, |reply: SearchReply| {
            Ok(Meaning::Reply(if reply.is_in { Reply::BlacklistHit } else { Reply::BlacklistClear }))
        }),
        Call::AuditApply => told(call, &body, |reply: ApplyReply| {
            let open_id = checked(reply.open_id)?;
            Ok(Meaning::Reply(Reply::AuditAccepted { open_id }))
        }),
        Call::AuditResult { .. } => {
            told(call, &body, |reply| Ok(Meaning::Reply(suggested(&reply, body.carried))))
        }
        Call::TelecomOpen { .. } => {
            told(call, &body, |reply: telecom::OpenIdReply| session(reply.open_id, None))
        }
        Call::DegreeOpen => told(call, &body, |reply: degree::OpenIdReply| session(reply.open_id, None)),
        Call::EbankOpen { .. } => {
            told(call, &body, |reply: super::wire::ebank::OpenIdReply| session(reply.open_id, None))
        }
        Call::EbankV2Open => told(call, &body, ebank::opened),
        Call::TelecomQueryPassword { .. }
        | Call::TelecomCaptcha { .. }
        | Call::TelecomResend { .. }
        | Call::DegreeLogin { .. }
        | Call::EbankLicense { .. }
        | Call::EbankV2License { .. } => match opened(call, &body)? {
            Opened::Success(_) => Ok(Meaning::Reply(Reply::Accepted { told: None })),
            Opened::Otherwise(meaning) => Ok(meaning),
        },
        Call::EbankCaptcha { .. } | Call::EbankV2Login { .. } | Call::EbankV2Captcha { .. } => {
            match opened(call, &body)? {
                Opened::Success(data) => Ok(ebank::accepted(data.as_deref(), carried)),
                Opened::Otherwise(meaning) => Ok(meaning),
            }
        }
        Call::TelecomState { .. } => told(call, &body, |reply: telecom::StateReply| {
            Ok(plain(reply.state.code(), &reply.message, carried))
        }),
        Call::DegreeState { .. } => told(call, &body, |reply: degree::StateReply| {
            Ok(plain(reply.state.code(), &reply.message, carried))
        }),
        Call::EbankState { .. } => told(call, &body, |reply| ebank::first_state(reply, carried)),
        Call::EbankV2State { .. } => told(call, &body, |reply| ebank::second_state(reply, carried)),
        Call::EbankBanks => told(call, &body, |list| ebank::banks(banks::first(list))),
        Call::EbankV2Banks { .. } => told(call, &body, |list| ebank::banks(banks::second(list))),
        Call::TelecomRawData { .. } => data(call, &body, DocumentKind::TelecomRawData),
        Call::TelecomReport { .. } => data(call, &body, DocumentKind::TelecomReport),
        Call::DegreeRawData { .. } => data(call, &body, DocumentKind::DegreeRawData),
        Call::EbankRawData { .. } => data(call, &body, DocumentKind::EbankRawData),
        Call::EbankV2RawData { .. } => data(call, &body, DocumentKind::EbankV2RawData),
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
        Some(b'{') => match serde_json::from_slice(body) {
            Ok(envelope) => return Ok(envelope),
            Err(error) => unread("answer", &error),
        },
        // Else a list would be read member by member, in our order of them.
        Some(_) => "the answer is no JSON object".to_owned(),
    };
    Err(Failure::Ambiguous { detail })
}

/// Names a code with its text (spec 002 §0), which is fit to be kept.
pub(super) fn said(code: i64, msg: &str) -> String {
    format!("code {code}: {msg}")
}

/// The body of an answer, and what the call had carried.
struct Body<'a> {
    text: &'a [u8],
    carried: &'a [&'a str],
}

enum Opened {
    Success(Option<Box<RawValue>>),
    Otherwise(Meaning),
}

fn opened(call: &Call, body: &Body<'_>) -> Result<Opened, Failure> {
    if body.text.len() > SHORT_LIMIT && !is_kept_as_it_came(call) {
        let detail = format!("the answer is longer than {SHORT_LIMIT} bytes");
        return Err(Failure::Ambiguous { detail });
    }
    let Envelope { code, msg, data } = framed(body.text)?;
    let msg = fit(&msg, body.carried);
    let is_about_token =
        Endpoint::of(call).credential == Credential::Token && msg.replace(TOKEN_DEVICE, "").contains(TOKEN);
    let meaning = match code {
        OK => return Ok(Opened::Success(data)),
        _ if is_about_token => Meaning::TokenRejected { message: msg },
        INPUT_ERROR => Meaning::Reply(Reply::Refused { message: msg }),
        SYSTEM_ERROR => {
            return Err(Failure::Busy { detail: said(code, &msg), retry_after: None });
        }
        COLLECTING if is_collected(call) => Meaning::Reply(Reply::NotReady),
        _ => return Err(unintelligible(said(code, &msg))),
    };
    Ok(Opened::Otherwise(meaning))
}

fn told<D: DeserializeOwned>(
    call: &Call,
    body: &Body<'_>,
    mean: impl FnOnce(D) -> Result<Meaning, Failure>,
) -> Result<Meaning, Failure> {
    match opened(call, body)? {
        Opened::Success(Some(data)) => mean(shaped(call, &data)?),
        Opened::Success(None) => Err(Failure::Ambiguous { detail: "the answer has no data".to_owned() }),
        Opened::Otherwise(meaning) => Ok(meaning),
    }
}

/// Reads data of a printed shape.
fn shaped<D: DeserializeOwned>(call: &Call, data: &RawValue) -> Result<D, Failure> {
    let data = data.get();
    if data.starts_with('[') && !may_be_list(call) {
        return Err(Failure::Ambiguous { detail: "the answer's data is a list".to_owned() });
    }
    serde_json::from_str(data).map_err(|error| Failure::Ambiguous { detail: unread("data", &error) })
}

/// Data whose format is not printed is kept as received (spec 005 A-002-38), if there is anything in it:
/// what is kept is never asked for again. That somebody has no degree is told within the data, which has a
/// status text beside (spec 002 §4.2.1); so an empty list is no data there either.
fn data(call: &Call, body: &Body<'_>, kind: DocumentKind) -> Result<Meaning, Failure> {
    match opened(call, body)? {
        Opened::Success(Some(text)) if is_hollow(text.get()) => {
            Err(Failure::Ambiguous { detail: "the answer's data is empty".to_owned() })
        }
        Opened::Success(Some(text)) => Ok(Meaning::Data { kind, text: text.into() }),
        Opened::Success(None) => Err(Failure::Ambiguous { detail: "the answer has no data".to_owned() }),
        Opened::Otherwise(meaning) => Ok(meaning),
    }
}

/// Whether a JSON text is an object, a list or a string with nothing in it.
fn is_hollow(json: &str) -> bool {
    let mut signs = json.chars().filter(|sign| !sign.is_ascii_whitespace());
    let two = (signs.next(), signs.next());
    matches!(two, (Some('{'), Some('}')) | (Some('['), Some(']')) | (Some('"'), Some('"')))
}

/// Whether an answer is raw data, which may be long.
const fn is_kept_as_it_came(call: &Call) -> bool {
    matches!(
        call,
        Call::TelecomRawData { .. }
            | Call::TelecomReport { .. }
            | Call::DegreeRawData { .. }
            | Call::EbankRawData { .. }
            | Call::EbankV2RawData { .. }
    )
}

/// Whether a list is printed as data, or was seen (spec 005 A-002-12, A-002-22).
const fn may_be_list(call: &Call) -> bool {
    matches!(call, Call::AuditResult { .. } | Call::EbankBanks | Call::EbankV2Banks { .. })
}

/// Says where a text cannot be read; the error's own text may quote it.
fn unread(what: &str, error: &serde_json::Error) -> String {
    format!("the {what} cannot be read ({:?} error at {}:{})", error.classify(), error.line(), error.column())
}

/// Whether code 1003 is printed for a call (spec 002 §3.2.1, §3.2.2, §4.2.1, spec 005 A-002-28).
const fn is_collected(call: &Call) -> bool {
    matches!(call, Call::TelecomRawData { .. } | Call::TelecomReport { .. } | Call::DegreeRawData { .. })
}

fn plain(code: i64, message: &str, carried: &[&str]) -> Meaning {
    Meaning::Reply(Reply::State(Told::plain(code, fit(message, carried))))
}

fn session(open_id: String, agreement: Option<Agreement>) -> Result<Meaning, Failure> {
    Ok(Meaning::Reply(Reply::Opened { open_id: checked(open_id)?, agreement }))
}

/// What an audit's result means. A state that is not printed is waited out: the audit's deadline
/// ends it (spec 005 A-002-43).
fn suggested(reply: &ResultReply, carried: &[&str]) -> Reply {
    match reply.state {
        Suggestion::Approve => Reply::AuditApproved,
        Suggestion::Reject => Reply::AuditRejected { reason: fit(&reply.reason, carried) },
        Suggestion::Pending => Reply::AuditRunning,
        Suggestion::Unknown(state) => {
            tracing::warn!(state, "the audit's state is not a printed one");
            Reply::AuditRunning
        }
    }
}

/// Lets an id through that can be kept and shown (spec 005 A-002-30).
fn checked(open_id: String) -> Result<String, Failure> {
    match open_id.len() {
        1..=OPEN_ID_LIMIT if !open_id.contains(char::is_control) => Ok(open_id),
        1..=OPEN_ID_LIMIT => Err(unintelligible("open_id holds control characters".to_owned())),
        length => Err(unintelligible(format!("open_id has {length} bytes, not 1 to {OPEN_ID_LIMIT}"))),
    }
}

const fn unintelligible(detail: String) -> Failure {
    Failure::Hopeless(Cause::Unintelligible { detail })
}

#[cfg(test)]
mod tests;
