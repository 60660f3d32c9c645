//! Which call each system makes for what.

use super::CollectionKind;
use crate::machine::call::Call;
use crate::machine::challenge::{ChallengeKind, SealedAnswer};

/// What an open-id is called with.
pub(super) struct Opening {
    pub(super) call: Call,
    /// What is not submitted by it, but after it.
    pub(super) account: Option<SealedAnswer>,
}

/// The bank's login in its call.
const LOGIN: &str = "a session with a bank is opened with a login";

impl CollectionKind {
    /// Opens a session with what the applicant brought.
    pub(super) fn open(self, brought: Option<SealedAnswer>) -> Opening {
        match self {
            Self::Telecom => {
                let password = brought.expect("a telecom session is opened with a password");
                Opening { call: Call::TelecomOpen { password }, account: None }
            }
            Self::Degree => Opening { call: Call::DegreeOpen, account: brought },
            Self::Ebank => Opening { call: Call::EbankOpen { login: brought.expect(LOGIN) }, account: None },
            Self::EbankV2 => Opening { call: Call::EbankV2Open, account: None },
        }
    }

    /// Asks for the banks.
    pub(super) fn banks(self, open_id: Option<String>) -> Call {
        match (self, open_id) {
            (Self::Ebank, None) => Call::EbankBanks,
            (Self::EbankV2, Some(open_id)) => Call::EbankV2Banks { open_id },
            (Self::Telecom | Self::Degree | Self::Ebank | Self::EbankV2, _) => {
                unreachable!("the {} drawing lists no banks there", self.name())
            }
        }
    }

    /// Records the consent.
    pub(super) fn license(self, open_id: Option<String>, login: SealedAnswer) -> Call {
        match (self, open_id) {
            (Self::Ebank, None) => Call::EbankLicense { login },
            (Self::EbankV2, Some(open_id)) => Call::EbankV2License { open_id, login },
            (Self::Telecom | Self::Degree | Self::Ebank | Self::EbankV2, _) => {
                unreachable!("the {} drawing records no consent there", self.name())
            }
        }
    }

    /// Asks for a session's state.
    pub(super) const fn look(self, open_id: String) -> Call {
        match self {
            Self::Telecom => Call::TelecomState { open_id },
            Self::Degree => Call::DegreeState { open_id },
            Self::Ebank => Call::EbankState { open_id },
            Self::EbankV2 => Call::EbankV2State { open_id },
        }
    }

    /// Submits an answer to a question of this kind.
    pub(super) fn submission(self, kind: ChallengeKind, open_id: String, answer: SealedAnswer) -> Call {
        use ChallengeKind as K;
        match (self, kind) {
            (Self::Telecom, K::QueryPassword) => Call::TelecomQueryPassword { open_id, answer },
            (Self::Telecom, K::SmsCode) => Call::TelecomCaptcha { open_id, answer },
            (Self::Degree, K::DegreeAccount) => Call::DegreeLogin { open_id, account: answer },
            (Self::Ebank, K::DynamicPassword | K::PictureCaptcha | K::SmsCode) => {
                Call::EbankCaptcha { open_id, answer }
            }
            (Self::EbankV2, K::BankLogin) => Call::EbankV2Login { open_id, login: answer },
            (Self::EbankV2, K::DynamicPassword | K::PictureCaptcha | K::SmsCode) => {
                Call::EbankV2Captcha { open_id, answer }
            }
            (
                Self::Telecom | Self::Degree | Self::Ebank | Self::EbankV2,
                K::ServicePassword
                | K::SmsCode
                | K::QueryPassword
                | K::PictureCaptcha
                | K::DynamicPassword
                | K::DegreeAccount
                | K::BankLogin,
            ) => unreachable!("{} takes no {} within a session", self.name(), kind.name()),
        }
    }

    /// Orders another code.
    pub(super) fn resend(self, open_id: String) -> Call {
        match self {
            Self::Telecom => Call::TelecomResend { open_id },
            Self::Degree | Self::Ebank | Self::EbankV2 => {
                unreachable!("the {} drawing orders no codes", self.name())
            }
        }
    }

    /// Fetches the raw data.
    pub(super) const fn raw_data(self, open_id: String) -> Call {
        match self {
            Self::Telecom => Call::TelecomRawData { open_id },
            Self::Degree => Call::DegreeRawData { open_id },
            Self::Ebank => Call::EbankRawData { open_id },
            Self::EbankV2 => Call::EbankV2RawData { open_id },
        }
    }

    /// Fetches the report, where there is one.
    pub(super) fn report(self, open_id: String) -> Option<Call> {
        match self {
            Self::Telecom => Some(Call::TelecomReport { open_id }),
            Self::Degree | Self::Ebank | Self::EbankV2 => None,
        }
    }

    /// The code of the state in which the provider is once it has taken an answer of this kind (spec 002
    /// §8), where it does not say so itself.
    pub(super) fn accepted(self, kind: ChallengeKind) -> i64 {
        use ChallengeKind as K;
        match (self, kind) {
            (Self::Telecom, K::SmsCode) => 22,
            (Self::Telecom, K::QueryPassword) => 32,
            (Self::Degree, K::DegreeAccount) => 11,
            (Self::EbankV2, K::BankLogin) => 1,
            (Self::Ebank | Self::EbankV2, K::DynamicPassword) => 3,
            (Self::Ebank | Self::EbankV2, K::PictureCaptcha) => 5,
            (Self::Ebank | Self::EbankV2, K::SmsCode) => 7,
            (
                Self::Telecom | Self::Degree | Self::Ebank | Self::EbankV2,
                K::ServicePassword
                | K::SmsCode
                | K::QueryPassword
                | K::PictureCaptcha
                | K::DynamicPassword
                | K::DegreeAccount
                | K::BankLogin,
            ) => unreachable!("{} takes no {} within a session", self.name(), kind.name()),
        }
    }
}
