//! The calls that wait, as stored.

use super::{AnswerV1, unknown};
use crate::machine::call::{Call, EffectId, Pending, Slot};
use crate::machine::time::Time;
use crate::store::records::RecordError;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct PendingV1 {
    version: u64,
    slot: u16,
    call: CallV1,
    due: u64,
    until: u64,
}

#[derive(Serialize, Deserialize)]
enum CallV1 {
    Blacklist,
    AuditApply,
    AuditResult { open_id: String },
    TelecomOpen { password: AnswerV1 },
    TelecomQueryPassword { open_id: String, answer: AnswerV1 },
    TelecomCaptcha { open_id: String, answer: AnswerV1 },
    TelecomResend { open_id: String },
    TelecomState { open_id: String },
    TelecomRawData { open_id: String },
    TelecomReport { open_id: String },
}

impl From<&Pending> for PendingV1 {
    fn from(pending: &Pending) -> Self {
        let Pending { id, call, due, until } = pending;
        Self {
            version: id.version,
            slot: id.slot.number(),
            call: CallV1::from(call),
            due: due.as_millis(),
            until: until.as_millis(),
        }
    }
}

impl PendingV1 {
    pub(super) fn into_core(self) -> Result<Pending, RecordError> {
        let slot = Slot::from_number(self.slot).ok_or_else(|| unknown("slot", self.slot.into()))?;
        Ok(Pending {
            id: EffectId { version: self.version, slot },
            call: self.call.into_core(),
            due: Time::from_millis(self.due),
            until: Time::from_millis(self.until),
        })
    }
}

impl From<&Call> for CallV1 {
    fn from(call: &Call) -> Self {
        match call.clone() {
            Call::Blacklist => Self::Blacklist,
            Call::AuditApply => Self::AuditApply,
            Call::AuditResult { open_id } => Self::AuditResult { open_id },
            Call::TelecomOpen { password } => Self::TelecomOpen { password: AnswerV1::from(&password) },
            Call::TelecomQueryPassword { open_id, answer } => {
                Self::TelecomQueryPassword { open_id, answer: AnswerV1::from(&answer) }
            }
            Call::TelecomCaptcha { open_id, answer } => {
                Self::TelecomCaptcha { open_id, answer: AnswerV1::from(&answer) }
            }
            Call::TelecomResend { open_id } => Self::TelecomResend { open_id },
            Call::TelecomState { open_id } => Self::TelecomState { open_id },
            Call::TelecomRawData { open_id } => Self::TelecomRawData { open_id },
            Call::TelecomReport { open_id } => Self::TelecomReport { open_id },
        }
    }
}

impl CallV1 {
    fn into_core(self) -> Call {
        match self {
            Self::Blacklist => Call::Blacklist,
            Self::AuditApply => Call::AuditApply,
            Self::AuditResult { open_id } => Call::AuditResult { open_id },
            Self::TelecomOpen { password } => Call::TelecomOpen { password: password.into_core() },
            Self::TelecomQueryPassword { open_id, answer } => {
                Call::TelecomQueryPassword { open_id, answer: answer.into_core() }
            }
            Self::TelecomCaptcha { open_id, answer } => {
                Call::TelecomCaptcha { open_id, answer: answer.into_core() }
            }
            Self::TelecomResend { open_id } => Call::TelecomResend { open_id },
            Self::TelecomState { open_id } => Call::TelecomState { open_id },
            Self::TelecomRawData { open_id } => Call::TelecomRawData { open_id },
            Self::TelecomReport { open_id } => Call::TelecomReport { open_id },
        }
    }
}
