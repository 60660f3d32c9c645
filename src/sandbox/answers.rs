//! What an applicant is asked for and should type.
//!
//! Owns the kinds of answers, and what they have been: of an answer given only a fingerprint is
//! kept. It must never print one but for who asks what to type.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Serialize;

/// What the applicant is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// The operator's service password, which opens a session.
    ServicePassword,
    /// The code of the newest SMS.
    Sms,
    /// The operator's query password.
    QueryPassword,
    /// Account and password of CHSI.
    DegreeLogin,
    /// A login type, the login name at the bank, and its password.
    BankLogin,
    /// What the bank's token device shows.
    DynamicPassword,
    /// The text of the picture.
    Picture,
}

/// What the applicant should type now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// What is asked for.
    pub kind: AnswerKind,
    /// The right text; of a login, its password.
    pub answer: String,
    /// Whether even the right text is too late: another one must be asked for, or waited for.
    pub is_stale: bool,
    /// The fields of a login, by their printed names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<&'static str, String>,
}

impl Expected {
    /// One text.
    pub(super) const fn text(kind: AnswerKind, answer: String, is_stale: bool) -> Self {
        Self { kind, answer, is_stale, fields: BTreeMap::new() }
    }

    /// The fields of a login.
    pub(super) fn login(kind: AnswerKind, fields: BTreeMap<&'static str, String>) -> Self {
        let answer = fields.get("password").cloned().unwrap_or_default();
        Self { kind, answer, is_stale: false, fields }
    }
}

/// Any password is right, but one.
pub(super) const WRONG_PASSWORD: &str = "000000";
/// The one that the sandbox proposes.
pub(super) const RIGHT_PASSWORD: &str = "123456";

/// Any service password opens a session, but one.
pub(super) fn service_password() -> Expected {
    Expected::text(AnswerKind::ServicePassword, RIGHT_PASSWORD.to_owned(), false)
}

/// Tells texts apart without keeping them.
pub(super) fn fingerprint(parts: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart() {
        assert_eq!(fingerprint(&["a", "b"]), fingerprint(&["a", "b"]));
        assert_ne!(fingerprint(&["a", "b"]), fingerprint(&["ab", ""]));
    }
}
