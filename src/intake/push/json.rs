//! Reading JSON one level at a time: an object is its members, each still text.
//!
//! It owns paths, types, and the rules about members: none twice, not too many, null is absent.
//! What nobody asks for stays text, so that a large part costs no more than its bytes. It must
//! never recurse: how deep a body goes is for [`sound`](super::sound) to say.

use super::{Problem, PushError, Type};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The path of the whole body in an error.
pub(in crate::intake) const BODY: &str = "body";

/// Members an object may have: the largest one printed has 32 (spec 001 3.2.2), and they are
/// compared with each other.
const MEMBERS_LIMIT: usize = 256;

/// An object, its members not read yet.
pub(in crate::intake) struct Object<'a> {
    path: String,
    members: Vec<(String, &'a RawValue)>,
}

/// A value that is not null, with its place.
pub(in crate::intake) struct Field<'a> {
    pub(in crate::intake) path: String,
    raw: &'a RawValue,
}

impl<'a> Object<'a> {
    /// Reads the whole body, which must be an object.
    pub(in crate::intake) fn body(text: &'a str) -> Result<Self, PushError> {
        let raw = serde_json::from_str(text).map_err(|e| not_json(&e))?;
        Field { path: BODY.to_owned(), raw }.object()
    }

    /// Reads the content of a string, which must be an object; its members stand under the string's path.
    pub(super) fn within(string: &Field<'_>, content: &'a str) -> Result<Self, PushError> {
        let raw = serde_json::from_str(content).map_err(|_| string.error(Problem::NotAnObjectWithin))?;
        let within = Field { path: string.path.clone(), raw };
        if within.is_object() { within.object() } else { Err(string.error(Problem::NotAnObjectWithin)) }
    }

    /// Finds a member under any of its names; the first is the one printed.
    pub(in crate::intake) fn find(&self, names: &[&str]) -> Result<Option<Field<'a>>, PushError> {
        let mut found: Option<Field<'a>> = None;
        for (name, raw) in &self.members {
            if !names.contains(&name.as_str()) || raw.get() == "null" {
                continue;
            }
            match &found {
                None => found = Some(Field { path: self.path_of(name), raw }),
                Some(first) if first.raw.get() == raw.get() => {}
                Some(first) => return Err(first.error(Problem::Differs)),
            }
        }
        Ok(found)
    }

    /// Finds a member that must be there.
    pub(in crate::intake) fn required(&self, names: &[&str]) -> Result<Field<'a>, PushError> {
        self.find(names)?.ok_or_else(|| PushError {
            field: self.path_of(names.first().copied().unwrap_or_default()),
            problem: Problem::Missing,
        })
    }

    /// Finds an object that must be there.
    pub(in crate::intake) fn object(&self, name: &str) -> Result<Self, PushError> {
        self.required(&[name])?.object()
    }

    /// Says whether it has no member.
    pub(in crate::intake) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn path_of(&self, name: &str) -> String {
        if self.path == BODY { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

impl<'a> Field<'a> {
    /// Says what is wrong here.
    pub(in crate::intake) fn error(&self, problem: Problem) -> PushError {
        PushError { field: self.path.clone(), problem }
    }

    /// Gives its JSON text.
    pub(in crate::intake) fn raw(&self) -> &'a RawValue {
        self.raw
    }

    /// Says whether it is an object.
    pub(in crate::intake) fn is_object(&self) -> bool {
        self.raw.get().starts_with('{')
    }

    /// Says whether it is a string.
    pub(in crate::intake) fn is_string(&self) -> bool {
        self.raw.get().starts_with('"')
    }

    /// Gives its text as printed if it is a number.
    pub(in crate::intake) fn number(&self) -> Option<&'a str> {
        let text = self.raw.get();
        text.starts_with(|c: char| c == '-' || c.is_ascii_digit()).then_some(text)
    }

    /// Reads it as an object.
    pub(in crate::intake) fn object(&self) -> Result<Object<'a>, PushError> {
        if !self.is_object() {
            return Err(self.error(Problem::WrongType(Type::Object)));
        }
        let Members { members, is_over } = self.parsed()?;
        if is_over {
            return Err(self.error(Problem::TooManyMembers { limit: MEMBERS_LIMIT }));
        }
        let is_repeated = |(at, (name, _)): (usize, &(String, _))| {
            members.iter().take(at).any(|(earlier, _)| earlier == name)
        };
        if members.iter().enumerate().any(is_repeated) {
            return Err(self.error(Problem::Repeated));
        }
        Ok(Object { path: self.path.clone(), members })
    }

    /// Reads it as an array of at most `limit` elements, without those that are null.
    pub(in crate::intake) fn elements(&self, limit: usize) -> Result<Vec<Self>, PushError> {
        if !self.raw.get().starts_with('[') {
            return Err(self.error(Problem::WrongType(Type::Array)));
        }
        let elements: Vec<&RawValue> = self.parsed()?;
        if elements.len() > limit {
            return Err(self.error(Problem::TooManyElements { limit }));
        }
        let placed = elements.into_iter().enumerate();
        Ok(placed
            .filter(|(_, raw)| raw.get() != "null")
            .map(|(at, raw)| Field { path: format!("{}[{at}]", self.path), raw })
            .collect())
    }

    /// Reads it as a string.
    pub(in crate::intake) fn string(&self) -> Result<String, PushError> {
        if !self.is_string() {
            return Err(self.error(Problem::WrongType(Type::String)));
        }
        serde_json::from_str(self.raw.get()).map_err(|_| self.error(Problem::BrokenText))
    }

    /// Parses one level; only a name with half a surrogate pair is left to go wrong.
    fn parsed<T: Deserialize<'a>>(&self) -> Result<T, PushError> {
        serde_json::from_str(self.raw.get()).map_err(|_| self.error(Problem::BrokenText))
    }
}

/// Says where the body stops being JSON.
pub(in crate::intake) fn not_json(error: &serde_json::Error) -> PushError {
    PushError {
        field: BODY.to_owned(),
        problem: Problem::NotJson { line: error.line(), column: error.column() },
    }
}

/// The members of an object, as many as it may have.
struct Members<'a> {
    members: Vec<(String, &'a RawValue)>,
    is_over: bool,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while members.len() < MEMBERS_LIMIT {
                    match map.next_entry()? {
                        Some(member) => members.push(member),
                        None => {
                            return Ok(Members { members, is_over: false });
                        }
                    }
                }
                let mut is_over = false;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    is_over = true;
                }
                Ok(Members { members, is_over })
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
