//! The header by which a busy server says when to come again (RFC 9110 §10.2.3).
//!
//! Owns its two forms, and the limit to our obedience. It must never take a header for a reason
//! to wait longer than an applicant would.

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::fmt::rfc2822;
use std::time::Duration;

use crate::machine::time::Time;

/// The longest wait that is believed: the length of a session (spec 002 §3).
const LONGEST: Duration = Duration::from_secs(600);

/// Says how long the answer asks us to wait; none when it does not, or not so that it is clear.
pub(super) fn wait(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => date(text)?.since(now),
    };
    Some(wait.min(LONGEST))
}

fn date(text: &str) -> Option<Time> {
    let moment = rfc2822::parse(text).ok()?.timestamp();
    let millis = moment.as_millisecond().try_into().ok()?;
    Some(Time::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, seconds: Option<u64>) {
        // 2015-10-21 07:27:00 UTC
        let now = Time::from_millis(1_445_412_420_000);
        let headers = [(RETRY_AFTER, text.parse().unwrap())].into_iter().collect();
        assert_eq!(wait(&headers, now), seconds.map(Duration::from_secs), "{text}");
    }

    #[test]
    fn both_forms_are_understood_and_bounded() {
        check("0", Some(0));
        check("120", Some(120));
        check("86400", Some(600));
        check("Wed, 21 Oct 2015 07:28:00 GMT", Some(60));
        check("Wed, 21 Oct 2015 07:00:00 GMT", Some(0));
        check("Thu, 22 Oct 2015 07:28:00 GMT", Some(600));
        check("-1", None);
        check("soon", None);
        check("", None);
        assert_eq!(wait(&HeaderMap::new(), Time::default()), None);
    }
}
