//! What can happen to an application.

use super::call::{EffectId, Reply, Slot};
use super::challenge::{ChallengeKind, SealedAnswer};
use super::collection::CollectionKind;
use super::evidence::{Document, Evidence};
use std::time::Duration;

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
    ResumeRequested {
        /// Who, and why.
        by: By,
    },
    /// An operator wants the waiting calls to be made now.
    RetryRequested {
        /// Who, and why.
        by: By,
    },
    /// An operator wants a collection to begin anew.
    RestartRequested {
        /// Which.
        collection: CollectionKind,
        /// Who, and why.
        by: By,
    },
    /// An operator wants nothing to be done about it until it is released.
    HoldRequested {
        /// Who, and why.
        by: By,
    },
    /// An operator lets a held application go on.
    ReleaseRequested {
        /// Who, and why.
        by: By,
    },
    /// An operator takes the review, alone for a while; again to have longer.
    ClaimRequested {
        /// Who, and why.
        by: By,
    },
    /// Who took the review gives it back.
    ReturnRequested {
        /// Who, and why.
        by: By,
    },
    /// Who took the review approves.
    ApproveRequested {
        /// Who, and why.
        by: By,
    },
    /// Who took the review rejects.
    RejectRequested {
        /// Who, and why.
        by: By,
    },
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
    /// A system of the provider was out of order while a deadline of ours ran: it is that much later.
    OutageCounted {
        /// Whose deadline.
        slot: Slot,
        /// How long.
        by: Duration,
    },
    /// Time has passed: the earliest deadline that has come is acted on.
    Due,
}

impl Event {
    /// Says who did it for the lender, if anybody did.
    pub const fn by(&self) -> Option<&By> {
        match self {
            Self::ResumeRequested { by }
            | Self::RetryRequested { by }
            | Self::RestartRequested { by, .. }
            | Self::HoldRequested { by }
            | Self::ReleaseRequested { by }
            | Self::ClaimRequested { by }
            | Self::ReturnRequested { by }
            | Self::ApproveRequested { by }
            | Self::RejectRequested { by } => Some(by),
            Self::EvidenceAdded(_)
            | Self::CancelRequested { .. }
            | Self::AnswerSubmitted { .. }
            | Self::ResendRequested { .. }
            | Self::Replied { .. }
            | Self::OutageCounted { .. }
            | Self::Due => None,
        }
    }
}

/// Who does something for the lender, and why; kept for good, so nothing about the applicant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// A person or a service, by the name under which the lender knows them.
    pub actor: String,
    /// Why, in their words.
    pub reason: String,
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
    /// The service password brought along, for the first telecom session.
    pub credentials: Option<SealedAnswer>,
}
