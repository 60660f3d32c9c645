//! How patient to be, as written in the settings: `"3s"`, `"10m"`, `"72h"`.

use crate::machine::policy::Policy;
use serde::{Deserialize, Deserializer, de};
use std::time::Duration;

/// How patient to be; what is not given is as in [`Policy::default`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Patience {
    #[serde(deserialize_with = "optional")]
    intake: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    collections: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    credentials: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    credentials_optional: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    session: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    ebank_session: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    data: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    audit: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    reminder: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    review: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    restart: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    poll_min: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    poll_max: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    poll_asking: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    audit_min: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    audit_max: Option<Duration>,
    #[serde(deserialize_with = "optional")]
    call_budget: Option<Duration>,
    sessions: Option<u8>,
    answers: Option<u8>,
}

impl Patience {
    /// Patience for a demo on a fast sandbox: nobody waits for a poll.
    pub const fn quick() -> Self {
        const fn millis(millis: u64) -> Option<Duration> {
            Some(Duration::from_millis(millis))
        }
        Self {
            intake: None,
            collections: None,
            credentials: None,
            credentials_optional: None,
            session: None,
            ebank_session: None,
            data: None,
            audit: None,
            reminder: None,
            review: None,
            restart: millis(300),
            poll_min: millis(250),
            poll_max: millis(1_000),
            poll_asking: millis(1_000),
            audit_min: millis(400),
            audit_max: millis(2_000),
            call_budget: None,
            sessions: None,
            answers: None,
        }
    }

    /// Patience for a demo in which time must run out before one's eyes: seconds instead of minutes.
    pub const fn short() -> Self {
        let mut short = Self::quick();
        short.session = Some(Duration::from_secs(20));
        short.ebank_session = Some(Duration::from_secs(20));
        short.data = Some(Duration::from_secs(15));
        short
    }

    /// No patience at all, to measure what is left: nothing is waited for but the applicant.
    pub const fn none() -> Self {
        let mut none = Self::quick();
        none.restart = Some(Duration::ZERO);
        none.poll_min = Some(Duration::ZERO);
        none.poll_asking = Some(Duration::from_secs(540));
        none.audit_min = Some(Duration::ZERO);
        none
    }

    /// Gives the whole policy.
    pub fn policy(&self) -> Policy {
        let base = Policy::default();
        Policy {
            intake: self.intake.unwrap_or(base.intake),
            collections: self.collections.unwrap_or(base.collections),
            credentials: self.credentials.unwrap_or(base.credentials),
            credentials_optional: self.credentials_optional.unwrap_or(base.credentials_optional),
            session: self.session.unwrap_or(base.session),
            ebank_session: self.ebank_session.unwrap_or(base.ebank_session),
            data: self.data.unwrap_or(base.data),
            audit: self.audit.unwrap_or(base.audit),
            reminder: self.reminder.unwrap_or(base.reminder),
            review: self.review.unwrap_or(base.review),
            restart: self.restart.unwrap_or(base.restart),
            poll_min: self.poll_min.unwrap_or(base.poll_min),
            poll_max: self.poll_max.unwrap_or(base.poll_max),
            poll_asking: self.poll_asking.unwrap_or(base.poll_asking),
            audit_min: self.audit_min.unwrap_or(base.audit_min),
            audit_max: self.audit_max.unwrap_or(base.audit_max),
            call_budget: self.call_budget.unwrap_or(base.call_budget),
            sessions: self.sessions.unwrap_or(base.sessions),
            answers: self.answers.unwrap_or(base.answers),
        }
    }
}

/// The shortest duration that can be set: nothing may be waited for without end, or not at all.
const SHORTEST: Duration = Duration::from_millis(1);

/// Reads a duration like `"90s"` or `"1h 30m"`.
pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let read: jiff::SignedDuration = text
        .parse()
        .map_err(|_unspoken| de::Error::custom(format!("`{text}` is no duration like `90s` or `1h 30m`")))?;
    let read = Duration::try_from(read).map_err(de::Error::custom)?;
    if read < SHORTEST {
        return Err(de::Error::custom(format!("`{text}` is too short: a millisecond is the least")));
    }
    Ok(read)
}

/// Reads a duration, or `"off"`.
pub(super) fn unless_off<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    if text == "off" {
        return Ok(None);
    }
    let read = duration(de::value::StringDeserializer::new(text));
    read.map(Some).map_err(|error: de::value::Error| de::Error::custom(error))
}

pub(super) fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    duration(from).map(Some)
}
