//! The calls that wait, as stored.

use super::{AnswerV1, unknown};
use crate::machine::call::{Call, EffectId, Pending, Slot};
use crate::machine::challenge::SealedAnswer;
use crate::machine::time::Time;
use crate::store::records::RecordError;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct PendingV3 {
    version: u64,
    slot: u16,
    call: CallV3,
    due: u64,
    until: u64,
}

/// A call by its permanent number, with what it carries.
#[derive(Serialize, Deserialize)]
struct CallV3 {
    number: u16,
    open_id: Option<String>,
    answer: Option<AnswerV1>,
}

impl From<&Pending> for PendingV3 {
    fn from(pending: &Pending) -> Self {
        let Pending { id, call, due, until } = pending;
        Self {
            version: id.version,
            slot: id.slot.number(),
            call: CallV3::from(call),
            due: due.as_millis(),
            until: until.as_millis(),
        }
    }
}

impl PendingV3 {
    pub(super) fn into_core(self) -> Result<Pending, RecordError> {
        let slot = Slot::from_number(self.slot).ok_or_else(|| unknown("slot", self.slot.into()))?;
        Ok(Pending {
            id: EffectId { version: self.version, slot },
            call: self.call.into_core()?,
            due: Time::from_millis(self.due),
            until: Time::from_millis(self.until),
        })
    }
}

impl From<&Call> for CallV3 {
    fn from(call: &Call) -> Self {
        Self {
            number: number(call),
            open_id: call.open_id().map(str::to_owned),
            answer: call.answer().map(AnswerV1::from),
        }
    }
}

/// The permanent number of a call; the tens are those of its system.
const fn number(call: &Call) -> u16 {
    match call {
        Call::Blacklist => 1,
        Call::AuditApply => 11,
        Call::AuditResult { .. } => 12,
        Call::TelecomOpen { .. } => 21,
        Call::TelecomQueryPassword { .. } => 22,
        Call::TelecomCaptcha { .. } => 23,
        Call::TelecomResend { .. } => 24,
        Call::TelecomState { .. } => 25,
        Call::TelecomRawData { .. } => 26,
        Call::TelecomReport { .. } => 27,
        Call::DegreeOpen => 31,
        Call::DegreeLogin { .. } => 32,
        Call::DegreeState { .. } => 33,
        Call::DegreeRawData { .. } => 34,
        Call::EbankBanks => 41,
        Call::EbankLicense { .. } => 42,
        Call::EbankOpen { .. } => 43,
        Call::EbankState { .. } => 44,
        Call::EbankCaptcha { .. } => 45,
        Call::EbankRawData { .. } => 46,
        Call::EbankV2Open => 51,
        Call::EbankV2Banks { .. } => 52,
        Call::EbankV2License { .. } => 53,
        Call::EbankV2Login { .. } => 54,
        Call::EbankV2State { .. } => 55,
        Call::EbankV2Captcha { .. } => 56,
        Call::EbankV2RawData { .. } => 57,
    }
}

impl CallV3 {
    fn into_core(self) -> Result<Call, RecordError> {
        let number = self.number;
        let without = |what| move || unknown(what, number.into());
        let open_id = || self.open_id.clone().ok_or_else(without("call without its session,"));
        let answer = || -> Result<SealedAnswer, RecordError> {
            let answer = self.answer.as_ref().ok_or_else(without("call without its answer,"))?;
            Ok(answer.to_core())
        };
        Ok(match number {
            1 => Call::Blacklist,
            11 => Call::AuditApply,
            12 => Call::AuditResult { open_id: open_id()? },
            21 => Call::TelecomOpen { password: answer()? },
            22 => Call::TelecomQueryPassword { open_id: open_id()?, answer: answer()? },
            23 => Call::TelecomCaptcha { open_id: open_id()?, answer: answer()? },
            24 => Call::TelecomResend { open_id: open_id()? },
            25 => Call::TelecomState { open_id: open_id()? },
            26 => Call::TelecomRawData { open_id: open_id()? },
            27 => Call::TelecomReport { open_id: open_id()? },
            31 => Call::DegreeOpen,
            32 => Call::DegreeLogin { open_id: open_id()?, account: answer()? },
            33 => Call::DegreeState { open_id: open_id()? },
            34 => Call::DegreeRawData { open_id: open_id()? },
            41 => Call::EbankBanks,
            42 => Call::EbankLicense { login: answer()? },
            43 => Call::EbankOpen { login: answer()? },
            44 => Call::EbankState { open_id: open_id()? },
            45 => Call::EbankCaptcha { open_id: open_id()?, answer: answer()? },
            46 => Call::EbankRawData { open_id: open_id()? },
            51 => Call::EbankV2Open,
            52 => Call::EbankV2Banks { open_id: open_id()? },
            53 => Call::EbankV2License { open_id: open_id()?, login: answer()? },
            54 => Call::EbankV2Login { open_id: open_id()?, login: answer()? },
            55 => Call::EbankV2State { open_id: open_id()? },
            56 => Call::EbankV2Captcha { open_id: open_id()?, answer: answer()? },
            57 => Call::EbankV2RawData { open_id: open_id()? },
            other => return Err(unknown("call", other.into())),
        })
    }
}
