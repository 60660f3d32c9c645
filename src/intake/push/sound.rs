//! A last look at the whole body, opaque and unknown parts included.
//!
//! What is kept is read again later by others: it must be JSON that any reader takes, and that
//! two readers take alike. Nothing of it is kept here, and no value is judged.

use super::json::{BODY, not_json};
use super::{Problem, PushError};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// How deep arrays and objects may be nested: the printed sample goes 8 deep (spec 000 2.2.3),
/// and `serde_json` gives up at 128.
const DEPTH_LIMIT: usize = 100;

/// Checks that everything in it can be read: not too deep, no member twice, no broken text.
pub(super) fn check(text: &str) -> Result<(), PushError> {
    let found = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let walked = Walk { found: &found, depth: 0 }.deserialize(&mut reader);
    match (walked, found.get()) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(problem)) => Err(PushError { field: BODY.to_owned(), problem }),
        (Err(error), None) => Err(not_json(&error)),
    }
}

/// A walk through one value; what it finds is told beside the error, which is only text.
#[derive(Clone, Copy)]
struct Walk<'a> {
    found: &'a Cell<Option<Problem>>,
    depth: usize,
}

impl Walk<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_LIMIT {
            return Err(self.stop(Problem::TooDeep { limit: DEPTH_LIMIT }));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn stop<E: Error>(self, problem: Problem) -> E {
        self.found.set(Some(problem));
        E::custom(problem)
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while seq.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut names = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            names.push(name);
            map.next_value_seed(inner)?;
        }
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(self.stop(Problem::Repeated));
        }
        Ok(())
    }
}

/// A member's name, borrowed where it has no escape.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
