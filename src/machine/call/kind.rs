//! The calls to the provider, one by one.
//!
//! Owns what each needs to be made again from its record, its class and its name. It must never know
//! a path or a field: those are the client's.

use super::{CallClass, System};
use crate::machine::challenge::SealedAnswer;
use crate::machine::collection::CollectionKind;

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
