//! What an applicant must answer, and the answer as the core sees it: sealed.

use super::time::Time;

/// A question to the applicant; open while its collection is in the state that asked, answered
/// at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Its number within the application, from 1, never used again.
    pub number: u32,
    /// What is asked for.
    pub kind: ChallengeKind,
    /// When it was asked.
    pub asked: Time,
    /// Until when an answer can be of use.
    pub deadline: Time,
    /// Answers that may still be given in this session, this one included.
    pub answers_left: u8,
    /// What the provider said to it, for the applicant to read; at most [`MESSAGE_LIMIT`] bytes.
    pub message: String,
}

/// The longest message of the provider that is kept, in bytes.
pub const MESSAGE_LIMIT: usize = 500;

/// Cuts a provider's message to [`MESSAGE_LIMIT`], at a character's end.
pub fn bounded(message: &str) -> String {
    let mut end = message.len().min(MESSAGE_LIMIT);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message[..end].to_owned()
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChallengeKind {
    /// The password of the operator's web site (spec 002 §3.1.1).
    ServicePassword,
    /// The code that the operator sent by SMS (spec 002 §3.1.3).
    SmsCode,
    /// The operator's query password (spec 002 §3.1.2).
    QueryPassword,
}

impl ChallengeKind {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::ServicePassword, Self::SmsCode, Self::QueryPassword];

    /// Gives the name used in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServicePassword => "service_password",
            Self::SmsCode => "sms_code",
            Self::QueryPassword => "query_password",
        }
    }
}

/// An applicant's answer as ciphertext, with the place of its key. The core carries it to the
/// call that submits it; it can neither read nor print it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedAnswer {
    /// The slot of the key.
    pub slot: u32,
    /// The generation of the slot: a slot that was used again does not fit.
    pub generation: u64,
    /// The ciphertext.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for SealedAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedAnswer({}.{})", self.slot, self.generation)
    }
}
