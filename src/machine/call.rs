//! Calls to the provider as the core asks for them, and what may be done when an answer is lost.

use super::challenge::{Agreement, SealedAnswer};
use super::collection::CollectionKind;
use super::evidence::Document;
use super::time::Time;
use std::time::Duration;

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
    /// One of its collections.
    Collection(CollectionKind),
}

impl Slot {
    /// The last one in order.
    pub const LAST: Self = Self::Collection(CollectionKind::EbankV2);

    /// Gives the name: that of the machine.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Collection(kind) => kind.name(),
        }
    }

    /// Gives the permanent number: that of the machine.
    pub const fn number(self) -> u16 {
        match self {
            Self::Application => 1,
            Self::Collection(kind) => kind.number(),
        }
    }

    /// Finds a slot by its number.
    pub fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Application),
            _ => CollectionKind::from_number(number).map(Self::Collection),
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
    /// Open a degree session (spec 002 §4.1.1).
    DegreeOpen,
    /// Submit the account at the register of degrees (spec 002 §4.1.2).
    DegreeLogin {
        /// The session.
        open_id: String,
        /// The account and its password.
        account: SealedAnswer,
    },
    /// Ask for the session's state (spec 002 §4.1.3).
    DegreeState {
        /// The session.
        open_id: String,
    },
    /// Fetch the record of degrees (spec 002 §4.2.1).
    DegreeRawData {
        /// The session.
        open_id: String,
    },
    /// Fetch the list of banks (spec 002 §5.1.1).
    EbankBanks,
    /// Record the applicant's consent (spec 002 §5.1.2).
    EbankLicense {
        /// The bank's login.
        login: SealedAnswer,
    },
    /// Open an e-bank session with the bank's login (spec 002 §5.1.3).
    EbankOpen {
        /// The bank's login.
        login: SealedAnswer,
    },
    /// Ask for the session's state (spec 002 §5.1.4).
    EbankState {
        /// The session.
        open_id: String,
    },
    /// Submit a dynamic password, the text of a picture or an SMS code (spec 002 §5.1.5).
    EbankCaptcha {
        /// The session.
        open_id: String,
        /// What the applicant typed.
        answer: SealedAnswer,
    },
    /// Fetch the raw data (spec 002 §5.2.1).
    EbankRawData {
        /// The session.
        open_id: String,
    },
    /// Open an e-bank session of the second version (spec 002 §6.1.1).
    EbankV2Open,
    /// Fetch the list of banks (spec 002 §6.1.2).
    EbankV2Banks {
        /// The session.
        open_id: String,
    },
    /// Record the applicant's consent (spec 002 §6.1.3).
    EbankV2License {
        /// The session.
        open_id: String,
        /// The bank's login.
        login: SealedAnswer,
    },
    /// Submit the bank's login (spec 002 §6.1.4).
    EbankV2Login {
        /// The session.
        open_id: String,
        /// The bank's login.
        login: SealedAnswer,
    },
    /// Ask for the session's state (spec 002 §6.1.5).
    EbankV2State {
        /// The session.
        open_id: String,
    },
    /// Submit a dynamic password, the text of a picture or an SMS code (spec 002 §6.1.6).
    EbankV2Captcha {
        /// The session.
        open_id: String,
        /// What the applicant typed.
        answer: SealedAnswer,
    },
    /// Fetch the raw data (spec 002 §6.2.1).
    EbankV2RawData {
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

impl CallClass {
    /// Gives the name used in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repeat => "repeat",
            Self::SameKey => "same key",
            Self::PollFirst => "poll first",
            Self::NewSession => "new session",
        }
    }
}

impl Call {
    /// The names of all calls.
    pub const NAMES: [&'static str; 27] = [
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
        "degree_open",
        "degree_login",
        "degree_state",
        "degree_raw_data",
        "ebank_banks",
        "ebank_license",
        "ebank_open",
        "ebank_state",
        "ebank_captcha",
        "ebank_raw_data",
        "ebank_v2_open",
        "ebank_v2_banks",
        "ebank_v2_license",
        "ebank_v2_login",
        "ebank_v2_state",
        "ebank_v2_captcha",
        "ebank_v2_raw_data",
    ];

    /// Says what may be done when the answer was lost. Recording a consent is of class
    /// [`CallClass::Repeat`]: it is the same consent, for the same entry and login name, however
    /// often it is recorded, and no state tells whether it was.
    pub const fn class(&self) -> CallClass {
        match self {
            Self::Blacklist
            | Self::AuditResult { .. }
            | Self::TelecomState { .. }
            | Self::TelecomRawData { .. }
            | Self::TelecomReport { .. }
            | Self::DegreeState { .. }
            | Self::DegreeRawData { .. }
            | Self::EbankBanks
            | Self::EbankLicense { .. }
            | Self::EbankState { .. }
            | Self::EbankRawData { .. }
            | Self::EbankV2Banks { .. }
            | Self::EbankV2License { .. }
            | Self::EbankV2State { .. }
            | Self::EbankV2RawData { .. } => CallClass::Repeat,
            Self::AuditApply => CallClass::SameKey,
            Self::TelecomQueryPassword { .. }
            | Self::TelecomCaptcha { .. }
            | Self::TelecomResend { .. }
            | Self::DegreeLogin { .. }
            | Self::EbankCaptcha { .. }
            | Self::EbankV2Login { .. }
            | Self::EbankV2Captcha { .. } => CallClass::PollFirst,
            Self::TelecomOpen { .. } | Self::DegreeOpen | Self::EbankOpen { .. } | Self::EbankV2Open => {
                CallClass::NewSession
            }
        }
    }

    /// Gives the sealed answer that the call submits.
    pub const fn answer(&self) -> Option<&SealedAnswer> {
        match self {
            Self::TelecomOpen { password: answer }
            | Self::TelecomQueryPassword { answer, .. }
            | Self::TelecomCaptcha { answer, .. }
            | Self::DegreeLogin { account: answer, .. }
            | Self::EbankLicense { login: answer }
            | Self::EbankOpen { login: answer }
            | Self::EbankCaptcha { answer, .. }
            | Self::EbankV2License { login: answer, .. }
            | Self::EbankV2Login { login: answer, .. }
            | Self::EbankV2Captcha { answer, .. } => Some(answer),
            Self::Blacklist
            | Self::AuditApply
            | Self::AuditResult { .. }
            | Self::TelecomResend { .. }
            | Self::TelecomState { .. }
            | Self::TelecomRawData { .. }
            | Self::TelecomReport { .. }
            | Self::DegreeOpen
            | Self::DegreeState { .. }
            | Self::DegreeRawData { .. }
            | Self::EbankBanks
            | Self::EbankState { .. }
            | Self::EbankRawData { .. }
            | Self::EbankV2Open
            | Self::EbankV2Banks { .. }
            | Self::EbankV2State { .. }
            | Self::EbankV2RawData { .. } => None,
        }
    }

    /// Gives the id of the session or audit at the provider that it is about.
    pub fn open_id(&self) -> Option<&str> {
        match self {
            Self::AuditResult { open_id }
            | Self::TelecomQueryPassword { open_id, .. }
            | Self::TelecomCaptcha { open_id, .. }
            | Self::TelecomResend { open_id }
            | Self::TelecomState { open_id }
            | Self::TelecomRawData { open_id }
            | Self::TelecomReport { open_id }
            | Self::DegreeLogin { open_id, .. }
            | Self::DegreeState { open_id }
            | Self::DegreeRawData { open_id }
            | Self::EbankState { open_id }
            | Self::EbankCaptcha { open_id, .. }
            | Self::EbankRawData { open_id }
            | Self::EbankV2Banks { open_id }
            | Self::EbankV2License { open_id, .. }
            | Self::EbankV2Login { open_id, .. }
            | Self::EbankV2State { open_id }
            | Self::EbankV2Captcha { open_id, .. }
            | Self::EbankV2RawData { open_id } => Some(open_id),
            Self::Blacklist
            | Self::AuditApply
            | Self::TelecomOpen { .. }
            | Self::DegreeOpen
            | Self::EbankBanks
            | Self::EbankLicense { .. }
            | Self::EbankOpen { .. }
            | Self::EbankV2Open => None,
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
            Self::DegreeOpen
            | Self::DegreeLogin { .. }
            | Self::DegreeState { .. }
            | Self::DegreeRawData { .. } => System::Collection(CollectionKind::Degree),
            Self::EbankBanks
            | Self::EbankLicense { .. }
            | Self::EbankOpen { .. }
            | Self::EbankState { .. }
            | Self::EbankCaptcha { .. }
            | Self::EbankRawData { .. } => System::Collection(CollectionKind::Ebank),
            Self::EbankV2Open
            | Self::EbankV2Banks { .. }
            | Self::EbankV2License { .. }
            | Self::EbankV2Login { .. }
            | Self::EbankV2State { .. }
            | Self::EbankV2Captcha { .. }
            | Self::EbankV2RawData { .. } => System::Collection(CollectionKind::EbankV2),
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
            Self::DegreeOpen => "degree_open",
            Self::DegreeLogin { .. } => "degree_login",
            Self::DegreeState { .. } => "degree_state",
            Self::DegreeRawData { .. } => "degree_raw_data",
            Self::EbankBanks => "ebank_banks",
            Self::EbankLicense { .. } => "ebank_license",
            Self::EbankOpen { .. } => "ebank_open",
            Self::EbankState { .. } => "ebank_state",
            Self::EbankCaptcha { .. } => "ebank_captcha",
            Self::EbankRawData { .. } => "ebank_raw_data",
            Self::EbankV2Open => "ebank_v2_open",
            Self::EbankV2Banks { .. } => "ebank_v2_banks",
            Self::EbankV2License { .. } => "ebank_v2_license",
            Self::EbankV2Login { .. } => "ebank_v2_login",
            Self::EbankV2State { .. } => "ebank_v2_state",
            Self::EbankV2Captcha { .. } => "ebank_v2_captcha",
            Self::EbankV2RawData { .. } => "ebank_v2_raw_data",
        }
    }
}

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
