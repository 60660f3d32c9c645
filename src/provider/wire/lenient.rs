//! Reading of values that are printed as one type and seen as another (spec 005 A-002-31).
//!
//! Owns the tolerance, so that message types only name it. It must never invent a value: what is
//! neither the printed type nor its known variant is an error.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, Unexpected, Visitor};
use serde_json::Value;

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

/// Reads a string; null and the empty one read as nothing.
pub(super) fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// Reads a word that is printed as a string and may come as an integer.
pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Shape {
        Text(String),
        Number(u64),
    }
    Ok(match Shape::deserialize(deserializer)? {
        Shape::Text(text) => text,
        Shape::Number(number) => number.to_string(),
    })
}

/// Reads a truth value: a boolean, 0 or 1, either of them as a string; null and "" are no.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Shape {
        Truth(bool),
        Number(i64),
        Text(String),
    }
    let number = match Option::deserialize(deserializer)? {
        None => return Ok(false),
        Some(Shape::Truth(truth)) => return Ok(truth),
        Some(Shape::Number(number)) => number.to_string(),
        Some(Shape::Text(text)) => text,
    };
    match number.trim() {
        "1" | "true" => Ok(true),
        "0" | "false" | "" => Ok(false),
        other => Err(D::Error::invalid_value(Unexpected::Str(other), &"a truth value")),
    }
}

/// Reads a number of seconds, or a string that holds one; null and "" are none. A fraction is
/// rounded up, a negative number is no time at all.
pub(super) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Shape {
        Whole(u64),
        Number(f64),
        Text(String),
    }
    let number = match Option::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Shape::Whole(number)) => return Ok(Some(number)),
        Some(Shape::Number(number)) => number,
        Some(Shape::Text(text)) if text.trim().is_empty() => return Ok(None),
        Some(Shape::Text(text)) => text
            .trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &"a number of seconds"))?,
    };
    // From a float, `as` takes the nearest value there is.
    Ok(Some(number.ceil() as u64))
}

/// Reads a list; null reads as an empty one, an element alone as a list of it (spec 005 A-002-12).
pub(super) fn list<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(elements)) => {
            elements.into_iter().map(|element| T::deserialize(element).map_err(D::Error::custom)).collect()
        }
        Some(one) => Ok(vec![T::deserialize(one).map_err(D::Error::custom)?]),
    }
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
