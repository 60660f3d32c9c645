//! What a well-behaved client never does.
//!
//! Owns the list of violations. It must never quote an answer.

use serde::Serialize;

use super::{Millis, Subject};

/// Makes the list of violations from one table, so that none is forgotten.
macro_rules! violations {
    ($($variant:ident, $text:literal;)*) => {
        /// A rule that a call broke.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Violation {
            $(
                #[doc = concat!($text, ".")]
                $variant,
            )*
        }

        impl Violation {
            /// Every violation.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// The rule that was broken, in words.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

violations! {
    NobodyAsked, "an answer, a login or a consent was submitted that the session did not ask for";
    AnswerTwice, "the same text was processed twice as an answer of one session";
    AuditTwice, "two audits were processed under one order";
    CallAfterEnd, "something was asked of a session whose end the client had been told";
    PolledEarly, "a state was asked for before the `request_delay` that the client had been told was over";
    NoConsent, "a login was submitted without a license-upload, or after one for another login";
    LoginMisfit, "a login was submitted that the bank list does not allow: unknown or disabled login type, a value that does not fit its pattern, a password too many or too few";
    AuditData, "an audit's data is not as printed: types, required fields, unknown members";
    AuditChanged, "an order was sent to be audited again with other content";
    RedirectFollowed, "a redirect was followed";
    WrongMethod, "`GET` where `POST` is printed or the other way round, or parameters of a `POST` in its query";
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
