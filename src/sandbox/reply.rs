//! What a call is answered.
//!
//! Owns the making of bodies and status codes: nothing else in the sandbox writes one. It must
//! never decide whether a call is refused.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::faults::Fault;
use super::ledger::Outcome;
use super::mangle::mangled;
use crate::provider::wire::{COLLECTING, Envelope, INPUT_ERROR, Nothing, SYSTEM_ERROR, TOKEN_REJECTED};

/// The answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// Other headers.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body.
    pub body: Bytes,
    /// How long to wait before it is sent or cut.
    pub delay: Duration,
    /// Whether it is sent at all.
    pub delivery: Delivery,
}

/// Whether an answer reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It is sent.
    Sent,
    /// The connection is closed without an answer.
    Cut,
    /// It is sent byte by byte, one a second.
    Dripped,
}

impl Answer {
    pub(super) fn sent(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body: body.into(),
            delay: Duration::ZERO,
            delivery: Delivery::Sent,
        }
    }

    pub(super) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Characters of a refusal: some quote what came, and all are logged.
const MAX_MSG: usize = 300;
pub(super) const JSON: &str = "application/json; charset=utf-8";
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// A call that was done.
#[derive(Debug)]
pub(super) struct Reply {
    body: Bytes,
    delay: Duration,
    delivery: Delivery,
}

impl Reply {
    /// Done, with data.
    pub(super) fn data<T: Serialize>(data: T) -> Self {
        Self::framed(&Envelope::success(data))
    }

    /// Done, with nothing to tell.
    pub(super) fn done() -> Self {
        Self::framed(&Envelope::<Nothing>::bare(0, ""))
    }

    /// Takes its time.
    pub(super) const fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Gets lost on its way.
    pub(super) const fn cut(mut self) -> Self {
        self.delivery = Delivery::Cut;
        self
    }

    fn framed<T: Serialize>(envelope: &Envelope<T>) -> Self {
        Self { body: written(envelope), delay: Duration::ZERO, delivery: Delivery::Sent }
    }
}

/// A call that was not done.
#[derive(Debug)]
pub(super) enum Setback {
    /// The provider says no.
    Refused { status: u16, code: i64, msg: String },
    /// The script wants it disturbed instead of done.
    Fault(Fault),
}

impl Setback {
    /// 1001 about one field.
    pub(super) fn field(name: &str, problem: impl std::fmt::Display) -> Self {
        Self::input(format!("输入错误: {name} {problem}"))
    }

    /// 1001 with a text of its own.
    pub(super) fn input(msg: impl Into<String>) -> Self {
        Self::refused(200, INPUT_ERROR, msg)
    }

    /// 1000: nothing is wrong with the call.
    pub(super) fn system(msg: impl Into<String>) -> Self {
        Self::refused(200, SYSTEM_ERROR, msg)
    }

    /// 1003: the data is not there yet (spec 002 §3.2.1).
    pub(super) fn collecting() -> Self {
        Self::refused(200, COLLECTING, "正在采集数据")
    }

    /// A wrong or expired token (spec 002 §0).
    pub(super) fn token() -> Self {
        Self::input(TOKEN_REJECTED)
    }

    pub(super) fn no_such_path() -> Self {
        Self::refused(404, 404, "no such path")
    }

    pub(super) fn wrong_method() -> Self {
        Self::refused(405, 405, "wrong method for this path")
    }

    fn refused(status: u16, code: i64, msg: impl Into<String>) -> Self {
        let msg = msg.into().chars().take(MAX_MSG).collect();
        Self::Refused { status, code, msg }
    }
}

/// What became of a call before any fault that was ordered.
#[derive(Debug)]
pub(super) struct Conclusion {
    pub(super) answer: Answer,
    pub(super) outcome: Outcome,
    /// It was done, whatever the client gets to see.
    pub(super) is_processed: bool,
}

/// Turns a result into what is sent and what is logged.
pub(super) fn conclude(result: Result<Reply, Setback>) -> Conclusion {
    match result {
        Ok(reply) => {
            let outcome = match reply.delivery {
                Delivery::Sent | Delivery::Dripped => Outcome::Processed,
                Delivery::Cut => Outcome::Fault { fault: Fault::Cut },
            };
            let sent = Answer::sent(200, JSON, reply.body);
            let answer = Answer { delay: reply.delay, delivery: reply.delivery, ..sent };
            Conclusion { answer, outcome, is_processed: true }
        }
        Err(Setback::Refused { status, code, msg }) => {
            let body = written(&Envelope::<Nothing>::bare(code, msg.clone()));
            let answer = Answer::sent(status, JSON, body);
            Conclusion { answer, outcome: Outcome::Refused { code, msg }, is_processed: false }
        }
        Err(Setback::Fault(fault)) => {
            let answer = mangled(fault, Answer::sent(200, JSON, Bytes::new()), "", Duration::ZERO);
            Conclusion { answer, outcome: Outcome::Fault { fault }, is_processed: false }
        }
    }
}

fn written<T: Serialize>(envelope: &Envelope<T>) -> Bytes {
    serde_json::to_vec(envelope).expect("wire types have string keys and write to memory").into()
}
