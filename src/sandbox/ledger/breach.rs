//! What a well-behaved client never does.
//!
//! Owns the list of violations. It must never quote an answer.

use serde::Serialize;

use super::{Millis, Subject};

/// A rule that a call broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Violation {
    /// An answer was submitted that the session did not ask for.
    NobodyAsked,
    /// The same text was processed twice as an answer of one session.
    AnswerTwice,
    /// Two audits were processed under one order.
    AuditTwice,
    /// Something was asked of a session whose end the client had been told.
    CallAfterEnd,
}

impl Violation {
    /// Every violation.
    pub const ALL: [Self; 4] = [Self::NobodyAsked, Self::AnswerTwice, Self::AuditTwice, Self::CallAfterEnd];
}

/// One violation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// The rule.
    pub violation: Violation,
    /// The number of the call that broke it.
    pub call: u64,
    /// When.
    pub at: Millis,
    /// Whom it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// What happened, in words.
    pub text: String,
}
