//! The merchant token: got once, used by all, renewed in time (spec 002 §1, spec 006 §1).
//!
//! Owns the one token and the single flight that fetches it. It must never print a token, wait by
//! a timer, or let a crowd of callers ask for one each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::Mutex;

use super::client::Account;
use super::prepare::{Encoding, post};
use super::read;
use super::text::fit;
use super::wire::authorize::{TokenReply, TokenRequest};
use super::wire::{Envelope, INPUT_ERROR, OK, Opaque};
use crate::engine::provider::Failure;
use crate::machine::call::Cause;
use crate::machine::challenge::bounded;
use crate::machine::time::Time;

/// How long before its end a token is used no more (spec 005 A-002-29).
const MARGIN: Duration = Duration::from_secs(30 * 60);

/// The longest token that is taken; the print shows 32 digits.
const TOKEN_LIMIT: usize = 1024;

/// Keeps the token.
pub(super) struct Keeper {
    /// How often a token was asked for; tells those who waited from those who come later.
    flights: AtomicU64,
    landed: Mutex<Landed>,
}

/// How the last flight ended.
enum Landed {
    /// Without a token that can be used: none flew, or what it brought was rejected.
    Empty,
    /// With a token.
    Token { token: Opaque, until: Time },
    /// In vain.
    Failed(Failure),
}

impl Keeper {
    /// Begins without a token.
    pub(super) fn new() -> Self {
        Self { flights: AtomicU64::new(0), landed: Mutex::new(Landed::Empty) }
    }

    /// Gives the token; the first who finds none or an old one runs `fetch`, the others wait for
    /// it and share how it ends. `fetch` gives the token and until when it is to be used.
    pub(super) async fn token<F>(&self, now: Time, fetch: impl FnOnce() -> F) -> Result<Opaque, Failure>
    where
        F: Future<Output = Result<(Opaque, Time), Failure>>,
    {
        let seen = self.flights.load(Ordering::Acquire);
        let mut landed = self.landed.lock().await;
        let has_waited = self.flights.load(Ordering::Acquire) != seen;
        match &*landed {
            Landed::Token { token, until } if now < *until => return Ok(token.clone()),
            Landed::Failed(failure) if has_waited => return Err(failure.clone()),
            Landed::Empty | Landed::Token { .. } | Landed::Failed(_) => {}
        }
        let fetched = fetch().await;
        self.flights.fetch_add(1, Ordering::Release);
        match fetched {
            Ok((token, until)) => {
                *landed = Landed::Token { token: token.clone(), until };
                Ok(token)
            }
            Err(failure) => {
                *landed = Landed::Failed(failure.clone());
                Err(failure)
            }
        }
    }

    /// Forgets a token that the provider rejected, unless another one has taken its place.
    pub(super) async fn forget(&self, rejected: &Opaque) {
        let mut landed = self.landed.lock().await;
        if matches!(&*landed, Landed::Token { token, .. } if token == rejected) {
            *landed = Landed::Empty;
        }
    }
}

/// Writes the request for a token.
pub(super) fn request(account: &Account, encoding: Encoding) -> Request<Bytes> {
    let body = TokenRequest {
        username: account.username.clone(),
        password: Opaque::from(password(account)),
        hours: Some(account.hours.to_string()),
    };
    post(TokenRequest::PATH, &body, encoding)
}

/// Says until when a token is used that was asked for at `asked`.
pub(super) fn used_until(account: &Account, asked: Time) -> Time {
    let life = Duration::from_secs(u64::from(account.hours.get()) * 3_600);
    asked + life.saturating_sub(MARGIN)
}

/// Reads the answer to [`request`]. But for a refused account every failure says that the call
/// in need of the token was not sent: it can be tried again.
pub(super) fn granted(account: &Account, answer: &Response<Bytes>, now: Time) -> Result<Opaque, Failure> {
    read::check_status(answer, now).map_err(not_sent)?;
    let envelope: Envelope<TokenReply> = read::framed(answer.body()).map_err(not_sent)?;
    let Envelope { code, msg, data } = envelope;
    let msg = fit(&msg, &[password(account)]);
    match code {
        OK => data
            .map(|reply| reply.token)
            .filter(|token| (1..=TOKEN_LIMIT).contains(&token.expose().len()))
            .ok_or_else(|| unauthorized("the answer has no token")),
        INPUT_ERROR => Err(Failure::Hopeless(Cause::Denied { detail: msg })),
        _ => Err(unauthorized(&read::said(code, &msg))),
    }
}

/// Turns any failure to get a token into one of the call that needs it.
pub(super) fn not_sent(failure: Failure) -> Failure {
    match failure {
        Failure::NotSent { detail } | Failure::Ambiguous { detail } | Failure::Busy { detail, .. } => {
            unauthorized(&detail)
        }
        ours @ Failure::Ours { .. } => ours,
        Failure::Hopeless(cause) => unauthorized(cause.detail()),
    }
}

fn password(account: &Account) -> &str {
    account.password.expose_text().expect("checked when the client was made")
}

fn unauthorized(detail: &str) -> Failure {
    Failure::NotSent { detail: bounded(&format!("no token: {detail}")) }
}

#[cfg(test)]
mod tests;
