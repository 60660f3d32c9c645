//! Reading of values that are printed as one type and seen as another (spec 005 A-002-31).
//!
//! Owns the tolerance, so that message types only name it. It must never invent a value: what is
//! neither the printed type nor its known variant is an error.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// Reads an integer, or a string of digits that holds one.
pub(super) fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    deserializer.deserialize_any(IntOrDigits)
}

/// Reads a non-negative integer, or a string of digits that holds one.
pub(super) fn natural<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = int(deserializer)?;
    u64::try_from(value)
        .map_err(|_| D::Error::invalid_value(Unexpected::Signed(value), &"a non-negative integer"))
}

/// Reads a string; null reads as the empty one.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(deserializer).map(Option::unwrap_or_default)
}

struct IntOrDigits;

impl Visitor<'_> for IntOrDigits {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer or a string of digits")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<i64, E> {
        Ok(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<i64, E> {
        i64::try_from(value).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<i64, E> {
        value.trim().parse().map_err(|_| E::invalid_value(Unexpected::Str(value), &self))
    }
}
