//! Calls to the provider as the core asks for them, and what may be done when an answer is lost.

use super::challenge::SealedAnswer;
use super::collection::CollectionKind;
use super::time::Time;

/// A call that waits to be made or is under way; stored with the move that asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its id within the application.
    pub id: EffectId,
    /// What to call.
    pub call: Call,
    /// Not before this time.
    pub due: Time,
    /// After this time it is tried no more.
    pub until: Time,
}

/// The id of an effect within its application: the version that asked for it, and which part.
/// No other effect of the application ever has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId {
    /// The application's version after the move that asked.
    pub version: u64,
    /// Which part asked.
    pub slot: Slot,
}

/// The part of an application that asks: each has at most one call waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The application machine.
    Application,
    /// The telecom collection.
    Telecom,
}

impl Slot {
    /// Gives the permanent number: that of the machine.
    pub const fn number(self) -> u16 {
        match self {
            Self::Application => 1,
            Self::Telecom => 2,
        }
    }

    /// Finds a slot by its number.
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Application),
            2 => Some(Self::Telecom),
            _ => None,
        }
    }
}

/// A part of the provider that fails and recovers by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    /// The blacklist (spec 002 §2).
    Blacklist,
    /// The risk audit (spec 002 §7).
    Audit,
    /// A system that collects data (spec 002 §3 to §6).
    Collection(CollectionKind),
}

impl System {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Blacklist,
        Self::Audit,
        Self::Collection(CollectionKind::Telecom),
        Self::Collection(CollectionKind::Degree),
        Self::Collection(CollectionKind::Ebank),
        Self::Collection(CollectionKind::EbankV2),
    ];

    /// Gives the name used in settings, metrics and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blacklist => "blacklist",
            Self::Audit => "audit",
            Self::Collection(kind) => kind.name(),
        }
    }

    /// Finds a system by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.name() == name)
    }

    /// Gives the permanent number: that of the collection's machine, or one below the first of them.
    pub const fn number(self) -> u16 {
        match self {
            Self::Blacklist => 0,
            Self::Audit => 1,
            Self::Collection(kind) => kind.number(),
        }
    }
}

/// A call to the provider, with what only the application knows; identity, evidence and secrets
/// are added by whoever makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Is the person on the blacklist (spec 002 §2).
    Blacklist,
    /// Apply for the audit (spec 002 §7.1).
    AuditApply,
    /// Ask for the audit's result (spec 002 §7.2).
    AuditResult {
        /// The audit's id at the provider.
        open_id: String,
    },
    /// Open a telecom session (spec 002 §3.1.1).
    TelecomOpen {
        /// The service password.
        password: SealedAnswer,
    },
    /// Submit the query password (spec 002 §3.1.2).
    TelecomQueryPassword {
        /// The session.
        open_id: String,
        /// The password.
        answer: SealedAnswer,
    },
    /// Submit the SMS code (spec 002 §3.1.3).
    TelecomCaptcha {
        /// The session.
        open_id: String,
        /// The code.
        answer: SealedAnswer,
    },
    /// Order another SMS code (spec 002 §3.1.4).
    TelecomResend {
        /// The session.
        open_id: String,
    },
    /// Ask for the session's state (spec 002 §3.1.5).
    TelecomState {
        /// The session.
        open_id: String,
    },
    /// Fetch the raw data (spec 002 §3.2.1).
    TelecomRawData {
        /// The session.
        open_id: String,
    },
    /// Fetch the report (spec 002 §3.2.2).
    TelecomReport {
        /// The session.
        open_id: String,
    },
}

/// What may be done when the answer to a call was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallClass {
    /// Call again: asking changes nothing.
    Repeat,
    /// Call again under the same key: the provider recognises it.
    SameKey,
    /// Ask the session's state first: it tells whether the call was processed.
    PollFirst,
    /// Never again: open another session, abandon what may have been opened.
    NewSession,
}

impl Call {
    /// The names of all calls.
    pub const NAMES: [&'static str; 10] = [
        "blacklist",
        "audit_apply",
        "audit_result",
        "telecom_open",
        "telecom_query_password",
        "telecom_captcha",
        "telecom_resend",
        "telecom_state",
        "telecom_raw_data",
        "telecom_report",
    ];

    /// Says what may be done when the answer was lost.
    pub const fn class(&self) -> CallClass {
        match self {
            Self::Blacklist
            | Self::AuditResult { .. }
            | Self::TelecomState { .. }
            | Self::TelecomRawData { .. }
            | Self::TelecomReport { .. } => CallClass::Repeat,
            Self::AuditApply => CallClass::SameKey,
            Self::TelecomQueryPassword { .. } | Self::TelecomCaptcha { .. } | Self::TelecomResend { .. } => {
                CallClass::PollFirst
            }
            Self::TelecomOpen { .. } => CallClass::NewSession,
        }
    }

    /// Gives the sealed answer that the call submits.
    pub const fn answer(&self) -> Option<&SealedAnswer> {
        match self {
            Self::TelecomOpen { password: answer }
            | Self::TelecomQueryPassword { answer, .. }
            | Self::TelecomCaptcha { answer, .. } => Some(answer),
            Self::Blacklist
            | Self::AuditApply
            | Self::AuditResult { .. }
            | Self::TelecomResend { .. }
            | Self::TelecomState { .. }
            | Self::TelecomRawData { .. }
            | Self::TelecomReport { .. } => None,
        }
    }

    /// Says which part of the provider answers it.
    pub const fn system(&self) -> System {
        match self {
            Self::Blacklist => System::Blacklist,
            Self::AuditApply | Self::AuditResult { .. } => System::Audit,
            Self::TelecomOpen { .. }
            | Self::TelecomQueryPassword { .. }
            | Self::TelecomCaptcha { .. }
            | Self::TelecomResend { .. }
            | Self::TelecomState { .. }
            | Self::TelecomRawData { .. }
            | Self::TelecomReport { .. } => System::Collection(CollectionKind::Telecom),
        }
    }

    /// Gives the name used in logs and answers.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Blacklist => "blacklist",
            Self::AuditApply => "audit_apply",
            Self::AuditResult { .. } => "audit_result",
            Self::TelecomOpen { .. } => "telecom_open",
            Self::TelecomQueryPassword { .. } => "telecom_query_password",
            Self::TelecomCaptcha { .. } => "telecom_captcha",
            Self::TelecomResend { .. } => "telecom_resend",
            Self::TelecomState { .. } => "telecom_state",
            Self::TelecomRawData { .. } => "telecom_raw_data",
            Self::TelecomReport { .. } => "telecom_report",
        }
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
    /// A telecom session was opened.
    TelecomOpened {
        /// Its id at the provider.
        open_id: String,
    },
    /// What was submitted was taken (code 0).
    Accepted,
    /// The telecom session is in this state.
    TelecomState {
        /// The code, as told.
        code: i64,
        /// The text, as told.
        message: String,
    },
    /// The data is still being collected (code 1003).
    NotReady,
    /// The data came and is stored as this document.
    Stored {
        /// The document.
        document: super::evidence::Document,
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
