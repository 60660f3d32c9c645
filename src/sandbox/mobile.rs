//! The mobile number that chooses everything.
//!
//! Owns its shape. It must never be read as an amount: it is digits.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::reply::Setback;

/// A mobile number of eleven digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mobile(u64);

impl Mobile {
    /// Reads eleven digits that begin with 1, as every Chinese mobile number does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() == 11 && is_digits { text.parse().ok().and_then(Self::from_number) } else { None }
    }

    /// Reads the field `mobile` of a call.
    pub(super) fn of_field(text: &str) -> Result<Self, Setback> {
        Self::parse(text).ok_or_else(|| Setback::field("mobile", "must be 11 digits"))
    }

    /// Reads the number form that the audit has (spec 002 §7.1).
    #[must_use]
    pub(super) fn from_number(number: u64) -> Option<Self> {
        (10_000_000_000..20_000_000_000).contains(&number).then_some(Self(number))
    }

    /// The eleven digits as a number.
    pub(super) const fn number(self) -> u64 {
        self.0
    }

    /// The code of the `nth` SMS of a session, counted from 1.
    pub(super) fn sms_code(self, nth: u32) -> String {
        format!("{:04}{nth:02}", self.0 % 10_000)
    }

    /// What the token device shows when a session asks for the `nth` time, counted from 1.
    pub(super) fn dynamic_password(self, nth: u32) -> String {
        format!("{:06}", (self.0 + 7_919 * u64::from(nth)) % 1_000_000)
    }

    /// The operator's query password.
    pub(super) fn query_password(self) -> String {
        format!("{:06}", self.0 % 1_000_000)
    }
}

impl fmt::Display for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:011}", self.0)
    }
}

impl<'de> Deserialize<'de> for Mobile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("a mobile number has 11 digits and begins with 1"))
    }
}

impl Serialize for Mobile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
