//! The calls that are answered, each with one path and one method (spec 002).
//!
//! Owns the list of them and of the systems that they belong to. It must never answer one.

use serde::{Deserialize, Serialize};

use super::Request;
use super::reply::Setback;
use crate::provider::wire::{audit, authorize, blacklist, degree, ebank, ebank_v2, telecom};

/// A part of the provider that has outages and scripts of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// Tokens (spec 002 §1); no script is about them.
    Account,
    /// The blacklist (spec 002 §2).
    Blacklist,
    /// Telecom operators (spec 002 §3).
    Telecom,
    /// Degrees (spec 002 §4).
    Degree,
    /// Online banking (spec 002 §5).
    Ebank,
    /// Online banking, the second version (spec 002 §6).
    EbankV2,
    /// The risk audit (spec 002 §7).
    Audit,
}

impl System {
    /// Every system.
    pub const ALL: [Self; 7] = [
        Self::Account,
        Self::Blacklist,
        Self::Telecom,
        Self::Degree,
        Self::Ebank,
        Self::EbankV2,
        Self::Audit,
    ];

    /// The system's name, as the control API spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Blacklist => "blacklist",
            Self::Telecom => "telecom",
            Self::Degree => "degree",
            Self::Ebank => "ebank",
            Self::EbankV2 => "ebank_v2",
            Self::Audit => "audit",
        }
    }
}

/// Makes the list of calls from one table, so that none is forgotten in one of its columns.
macro_rules! endpoints {
    ($($variant:ident, $name:literal, $system:ident, $request:ty;)*) => {
        /// A call.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Endpoint {
            $(
                #[doc = concat!("`", $name, "`.")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Endpoint {
            /// Every call, in the order of the print.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// The call's name, as the control API spells it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Where it is called.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Self::$variant => <$request>::PATH,)* }
            }

            /// The system that answers it.
            #[must_use]
            pub const fn system(self) -> System {
                match self { $(Self::$variant => System::$system,)* }
            }
        }
    };
}

endpoints! {
    Token, "authorize", Account, authorize::TokenRequest;
    Blacklist, "blacklist", Blacklist, blacklist::SearchRequest;
    TelecomOpenId, "telecom_open_id", Telecom, telecom::OpenIdRequest;
    TelecomQueryPassword, "telecom_query_password", Telecom, telecom::QueryPasswordRequest;
    TelecomCaptcha, "telecom_captcha", Telecom, telecom::CaptchaRequest;
    TelecomResend, "telecom_resend_captcha", Telecom, telecom::ResendCaptchaRequest;
    TelecomState, "telecom_get_state", Telecom, telecom::StateRequest;
    TelecomRawData, "telecom_raw_data", Telecom, telecom::RawDataRequest;
    TelecomReport, "telecom_report", Telecom, telecom::ReportRequest;
    TelecomServicePassword, "telecom_service_password", Telecom, telecom::ServicePasswordRequest;
    DegreeOpenId, "degree_open_id", Degree, degree::OpenIdRequest;
    DegreeLogin, "degree_login", Degree, degree::LoginRequest;
    DegreeState, "degree_get_state", Degree, degree::StateRequest;
    DegreeRawData, "degree_raw_data", Degree, degree::RawDataRequest;
    EbankBankInfo, "ebank_bank_info", Ebank, ebank::BankInfoRequest;
    EbankLicense, "ebank_license_upload", Ebank, ebank::LicenseUploadRequest;
    EbankOpenId, "ebank_open_id", Ebank, ebank::OpenIdRequest;
    EbankState, "ebank_get_state", Ebank, ebank::StateRequest;
    EbankCaptcha, "ebank_captcha", Ebank, ebank::CaptchaRequest;
    EbankRawData, "ebank_raw_data", Ebank, ebank::RawDataRequest;
    EbankV2OpenId, "ebank_v2_open_id", EbankV2, ebank_v2::OpenIdRequest;
    EbankV2BankList, "ebank_v2_bank_list", EbankV2, ebank_v2::BankListRequest;
    EbankV2License, "ebank_v2_license_upload", EbankV2, ebank_v2::LicenseUploadRequest;
    EbankV2Login, "ebank_v2_login", EbankV2, ebank_v2::LoginRequest;
    EbankV2State, "ebank_v2_get_state", EbankV2, ebank_v2::StateRequest;
    EbankV2Captcha, "ebank_v2_captcha", EbankV2, ebank_v2::CaptchaRequest;
    EbankV2RawData, "ebank_v2_raw_data", EbankV2, ebank_v2::RawDataRequest;
    AuditApply, "audit_apply", Audit, audit::ApplyRequest;
    AuditResult, "audit_result", Audit, audit::ResultRequest;
}

impl Endpoint {
    /// Finds the call that a request is, whatever its method; the degree login has two paths (spec
    /// 005 A-002-1).
    pub(super) fn of(request: &Request) -> Result<Self, Setback> {
        if request.path == degree::LoginRequest::PRINTED_PATH {
            return Ok(Self::DegreeLogin);
        }
        let mut all = Self::ALL.into_iter();
        all.find(|endpoint| endpoint.path() == request.path).ok_or_else(Setback::no_such_path)
    }

    /// `POST` everywhere, except the audit's result (spec 002 §0).
    pub(super) fn method(self) -> http::Method {
        if self == Self::AuditResult { http::Method::GET } else { http::Method::POST }
    }
}
