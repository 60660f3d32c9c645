//! What can happen to an application.

use super::call::{EffectId, Reply};
use super::challenge::{ChallengeKind, SealedAnswer};
use super::evidence::{Document, Evidence};

/// A fact that happened to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A partner or a service brought evidence.
    EvidenceAdded(EvidenceAdded),
    /// Somebody calls the application off.
    CancelRequested {
        /// Why, in the caller's words.
        reason: String,
    },
    /// An operator lets a suspended application go on.
    ResumeRequested,
    /// The applicant answered a challenge.
    AnswerSubmitted {
        /// The challenge's number.
        challenge: u32,
        /// What was answered.
        kind: ChallengeKind,
        /// The answer.
        answer: SealedAnswer,
    },
    /// The applicant wants another SMS code.
    ResendRequested {
        /// The challenge's number.
        challenge: u32,
    },
    /// A call came to its end.
    Replied {
        /// Which.
        effect: EffectId,
        /// How.
        reply: Reply,
    },
    /// Time has passed: the earliest deadline that has come is acted on.
    Due,
}

/// Evidence with the documents it is drawn from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EvidenceAdded {
    /// The documents, sealed and stored with the move.
    pub documents: Vec<Document>,
    /// What they bring.
    pub evidence: Vec<Evidence>,
    /// A keyed digest of the applicant's mobile number, where one is told.
    pub phone: Option<[u8; 16]>,
    /// A keyed digest of the applicant's identity number, where one is told.
    pub identity: Option<[u8; 16]>,
    /// Credentials brought along, for the first session of a collection.
    pub credentials: Option<SealedAnswer>,
}
