//! One try: a POST to a partner's server, and what its answer amounts to.
//!
//! Owns the connections to one partner. It must never follow a redirect, use a proxy that nobody named,
//! or keep anything of an answer but its status.

use super::ledger::Ended;
use super::sign::{DELIVERY, Keys, SIGNATURE, TIMESTAMP};
use super::{CallbackError, outcome, pause};
use crate::clock;
use crate::config::Callback;
use crate::machine::time::Time;
use crate::store::DeliveryKey;
use crate::vault::Random;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::fmt::rfc2822;
use reqwest::{Client, Url, redirect, retry};
use std::time::Duration;

/// How long a connection may take, name and TLS included.
const CONNECT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept: shorter than servers keep theirs.
const IDLE: Duration = Duration::from_secs(30);

/// The most of an answer that is read, in bytes: so much that the connection can be used again, and
/// no more than a careless server's page.
const ANSWER_LIMIT: usize = 64 * 1024;

/// The longest text about a failure, in bytes.
const ERROR_LIMIT: usize = 200;

/// Sends to one partner.
pub(super) struct Sender {
    pub(super) partner: String,
    pub(super) budget: Duration,
    url: Url,
    timeout: Duration,
    keys: Keys,
    client: Client,
    random: Random,
}

impl Sender {
    /// Makes a client with connections of its own; as many as [`super::round::PLACES`] are kept.
    ///
    /// # Panics
    /// If the partner has no URL.
    pub(super) fn new(callback: &Callback, keys: Keys, random: Random) -> Result<Self, CallbackError> {
        let partner = callback.partner.clone();
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .user_agent(concat!("docket/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(super::round::PLACES)
            .build();
        let client = client.map_err(|source| CallbackError::Client { partner: partner.clone(), source })?;
        let url = callback.url.clone().expect("only partners with a URL are sent anything");
        let (timeout, budget) = (callback.timeout, callback.budget);
        Ok(Self { partner, budget, url, timeout, keys, client, random })
    }

    /// Tries once.
    pub(super) async fn attempt(&self, key: DeliveryKey, message: String, tries: u32) -> Ended {
        let timestamp = clock::now().as_millis() / 1_000;
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(DELIVERY, outcome::id(key))
            .header(TIMESTAMP, timestamp)
            .header(SIGNATURE, self.keys.sign(timestamp, &message))
            .timeout(self.timeout)
            .body(message);
        let wait = pause::after(tries.saturating_add(1), self.chance());
        let mut answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Ended::Failed { error: described(&error.without_url()), wait },
        };
        let status = answer.status();
        let told = retry_after(status, answer.headers(), clock::now());
        let mut read = 0;
        while read <= ANSWER_LIMIT
            && let Ok(Some(chunk)) = answer.chunk().await
        {
            read += chunk.len();
        }
        let error = format!("HTTP {}", status.as_u16());
        match status {
            status if status.is_success() => Ended::Received,
            StatusCode::GONE => Ended::Unwanted { error },
            _other => Ended::Failed { error, wait: wait.max(told.unwrap_or_default()) },
        }
    }

    /// A number from 0 to 1.
    fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        self.random.fill(&mut bytes);
        f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)
    }
}

/// How long a busy server asks us to wait (RFC 9110 §10.2.3), as far as we obey.
fn retry_after(status: StatusCode, headers: &HeaderMap, now: Time) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_no_number) => {
            let millis = rfc2822::parse(text).ok()?.timestamp().as_millisecond();
            Time::from_millis(u64::try_from(millis).ok()?).since(now)
        }
    };
    Some(wait.min(pause::LONGEST))
}

/// An error with its sources, at most [`ERROR_LIMIT`] bytes of it.
fn described(error: &reqwest::Error) -> String {
    let mut text = crate::engine::chain(error);
    let end = (0..=ERROR_LIMIT.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or_default());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_server_is_obeyed_within_limits() {
        // 2015-10-21 07:27:00 UTC
        let now = Time::from_millis(1_445_412_420_000);
        let wait = |status, text: &str| {
            let headers = [(RETRY_AFTER, text.parse().unwrap())].into_iter().collect();
            retry_after(status, &headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(wait(StatusCode::TOO_MANY_REQUESTS, "120"), Some(120));
        assert_eq!(wait(StatusCode::SERVICE_UNAVAILABLE, "Wed, 21 Oct 2015 07:28:00 GMT"), Some(60));
        assert_eq!(wait(StatusCode::SERVICE_UNAVAILABLE, "999999"), Some(3600));
        assert_eq!(wait(StatusCode::SERVICE_UNAVAILABLE, "soon"), None);
        assert_eq!(wait(StatusCode::INTERNAL_SERVER_ERROR, "120"), None);
    }
}
