//! How a call ended, as the machines see it.
//!
//! Owns replies, and the causes for which something is parked. It must never hold a secret or more of a
//! text than is shown.

use crate::machine::challenge::Agreement;
use crate::machine::evidence::Document;
use std::time::Duration;

/// Where the provider says that a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The code, as told; what it means depends on the system (spec 002 §8).
    pub code: i64,
    /// The text, as told.
    pub message: String,
    /// How long the provider wants us to wait before the next look (`request_delay`, only in the
    /// first version of e-banking, spec 002 §5.1.4).
    pub delay: Option<Duration>,
    /// The picture to be shown to the applicant, stored (`pic_captcha`).
    pub picture: Option<Document>,
}

impl Told {
    /// A code with its text, and nothing besides.
    pub const fn plain(code: i64, message: String) -> Self {
        Self { code, message, delay: None, picture: None }
    }
}

/// What came back from a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The person is not on the blacklist.
    BlacklistClear,
    /// The person is on the blacklist.
    BlacklistHit,
    /// The audit request was taken.
    AuditAccepted {
        /// The audit's id at the provider.
        open_id: String,
    },
    /// The audit is in progress (2).
    AuditRunning,
    /// Approval is suggested (0).
    AuditApproved,
    /// Rejection is suggested (1).
    AuditRejected {
        /// The provider's reason.
        reason: String,
    },
    /// A session was opened.
    Opened {
        /// Its id at the provider.
        open_id: String,
        /// The agreement that the applicant must be shown, where the provider chooses it (spec 002
        /// §6.1.1 `type`).
        agreement: Option<Agreement>,
    },
    /// What was submitted was taken (code 0).
    Accepted {
        /// Where the session is now, where the provider says so at once (spec 002 §5.1.5, §6.1.4,
        /// §6.1.6).
        told: Option<Told>,
    },
    /// Where the session is.
    State(Told),
    /// The data is still being collected (code 1003).
    NotReady,
    /// The data came and is stored as this document.
    Stored {
        /// The document.
        document: Document,
    },
    /// The provider said no (code 1001).
    Refused {
        /// The provider's text.
        message: String,
    },
    /// The answer never came, and the call must not be repeated blindly.
    Lost,
    /// The call's budget is gone, or it can never succeed.
    Failed {
        /// Why.
        cause: Cause,
    },
}

impl Reply {
    /// Gives the document that the reply brings, whose body is stored with it.
    pub const fn document(&self) -> Option<&Document> {
        match self {
            Self::Stored { document } => Some(document),
            Self::State(told) | Self::Accepted { told: Some(told) } => told.picture.as_ref(),
            Self::BlacklistClear
            | Self::BlacklistHit
            | Self::AuditAccepted { .. }
            | Self::AuditRunning
            | Self::AuditApproved
            | Self::AuditRejected { .. }
            | Self::Opened { .. }
            | Self::Accepted { told: None }
            | Self::NotReady
            | Self::Refused { .. }
            | Self::Lost
            | Self::Failed { .. } => None,
        }
    }
}

/// Why something cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The provider could not be reached, or answered with an error of its own, until the
    /// budget was gone.
    Unavailable {
        /// The last failure.
        detail: String,
    },
    /// The provider answered what nobody understands.
    Unintelligible {
        /// What was wrong with it; never the answer itself.
        detail: String,
    },
    /// The provider said no (code 1001).
    Refused {
        /// The provider's text.
        detail: String,
    },
    /// Our own account at the provider is refused (spec 002 §1, code 1001).
    Denied {
        /// The provider's text.
        detail: String,
    },
    /// Something is missing that the call cannot be made without.
    Missing {
        /// What.
        detail: String,
    },
    /// The data did not come in time.
    DataOverdue,
    /// All sessions died at the provider.
    SessionsUsedUp,
    /// The audit did not decide in time.
    AuditOverdue,
    /// Every collection that could move is parked.
    CollectionsParked,
}

impl Cause {
    /// Gives the name used in messages and indexes; permanent.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "PROVIDER_UNAVAILABLE",
            Self::Unintelligible { .. } => "PROVIDER_UNINTELLIGIBLE",
            Self::Refused { .. } => "PROVIDER_REFUSED",
            Self::Denied { .. } => "PROVIDER_DENIED",
            Self::Missing { .. } => "EVIDENCE_MISSING",
            Self::DataOverdue => "DATA_OVERDUE",
            Self::SessionsUsedUp => "SESSIONS_USED_UP",
            Self::AuditOverdue => "AUDIT_OVERDUE",
            Self::CollectionsParked => "COLLECTIONS_PARKED",
        }
    }

    /// Gives what more is known, empty when nothing is.
    pub fn detail(&self) -> &str {
        match self {
            Self::Unavailable { detail }
            | Self::Unintelligible { detail }
            | Self::Refused { detail }
            | Self::Denied { detail }
            | Self::Missing { detail } => detail,
            Self::DataOverdue | Self::SessionsUsedUp | Self::AuditOverdue | Self::CollectionsParked => "",
        }
    }
}
