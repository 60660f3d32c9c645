//! What a well-behaved client never does.
//!
//! Owns the list of violations. It must never quote an answer.

use serde::Serialize;

use super::{Millis, Subject};

/// Makes the list of violations from one table, so that none is forgotten.
macro_rules! violations {
    ($($variant:ident, $name:literal, $text:literal;)*) => {
        /// A rule that a call broke.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum Violation {
            $(
                #[doc = concat!("`", $name, "`: ", $text, ".")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Violation {
            /// Every violation.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// The violation's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What happened, in words.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

violations! {
    NobodyAsked, "nobody_asked", "an answer, a login or a consent was submitted that the session did not ask for";
    AnswerTwice, "answer_twice", "the same text was processed twice as an answer of one session";
    AuditTwice, "audit_twice", "two audits were processed under one order";
    CallAfterEnd, "call_after_end", "something was asked of a session whose end the client had been told";
    PolledEarly, "polled_early", "a state was asked for before the `request_delay` that the client had been told was over";
    NoConsent, "no_consent", "a login was submitted without a license-upload, or after one for another login";
    LoginMisfit, "login_misfit", "a login was submitted that the bank list does not allow: unknown or disabled login type, a value that does not fit its pattern, a password too many or too few";
    AuditData, "audit_data", "an audit's data is not as printed: types, required fields, unknown members";
    AuditChanged, "audit_changed", "an order was sent to be audited again with other content";
    RedirectFollowed, "redirect_followed", "a redirect was followed";
    WrongMethod, "wrong_method", "`GET` where `POST` is printed or the other way round, or parameters of a `POST` in its query";
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
