//! A telecom collection, its session and its question, as stored.

use super::phase::CauseV1;
use super::{AnswerV1, unknown};
use crate::machine::challenge::{Challenge, ChallengeKind};
use crate::machine::graph::telecom::State;
use crate::machine::telecom::{Blame, Session, Situation, Telecom};
use crate::machine::time::Time;
use crate::store::records::RecordError;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct TelecomV1 {
    required: bool,
    attempt: u8,
    since: u64,
    situation: SituationV1,
}

#[derive(Serialize, Deserialize)]
enum SituationV1 {
    Needing { challenge: ChallengeV1 },
    Opening,
    Working { session: SessionV1, state: u16 },
    Asking { session: SessionV1, state: u16, challenge: ChallengeV1 },
    Submitting { session: SessionV1, asked: u16, submits: u8 },
    Resending { session: SessionV1, asked: u16, challenge: ChallengeV1 },
    Checking { session: SessionV1, asked: u16, answer: Option<AnswerV1>, seen: u8 },
    Building { session: SessionV1, deadline: u64 },
    Fetching { session: SessionV1, deadline: u64 },
    Reporting { session: SessionV1, deadline: u64, raw: u32 },
    Dead { state: u16, by_applicant: bool, restart: u64, message: String },
    Parked { origin: Option<Box<Self>>, cause: CauseV1, reminder: u64 },
    Delivered { raw: u32, report: u32 },
    Exhausted,
}

#[derive(Serialize, Deserialize)]
struct SessionV1 {
    open_id: String,
    deadline: u64,
    answers: u8,
    odd: Option<i64>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store::records) struct ChallengeV1 {
    number: u32,
    kind: u8,
    asked: u64,
    deadline: u64,
    answers_left: u8,
    message: String,
}

impl From<&Telecom> for TelecomV1 {
    fn from(telecom: &Telecom) -> Self {
        Self {
            required: telecom.required,
            attempt: telecom.attempt,
            since: telecom.since.as_millis(),
            situation: SituationV1::from(&telecom.situation),
        }
    }
}

impl TelecomV1 {
    pub(super) fn into_core(self) -> Result<Telecom, RecordError> {
        let situation = self.situation.into_core()?;
        Ok(Telecom {
            required: self.required,
            attempt: self.attempt,
            since: Time::from_millis(self.since),
            situation,
        })
    }
}

impl From<&Situation> for SituationV1 {
    fn from(situation: &Situation) -> Self {
        match situation {
            Situation::Needing { challenge } => Self::Needing { challenge: ChallengeV1::from(challenge) },
            Situation::Opening => Self::Opening,
            Situation::Working { session, state } => {
                Self::Working { session: SessionV1::from(session), state: state.number() }
            }
            Situation::Asking { session, state, challenge } => Self::Asking {
                session: SessionV1::from(session),
                state: state.number(),
                challenge: ChallengeV1::from(challenge),
            },
            Situation::Submitting { session, asked, submits } => Self::Submitting {
                session: SessionV1::from(session),
                asked: asked.number(),
                submits: *submits,
            },
            Situation::Resending { session, asked, challenge } => Self::Resending {
                session: SessionV1::from(session),
                asked: asked.number(),
                challenge: ChallengeV1::from(challenge),
            },
            Situation::Checking { session, asked, answer, seen } => Self::Checking {
                session: SessionV1::from(session),
                asked: asked.number(),
                answer: answer.as_ref().map(AnswerV1::from),
                seen: *seen,
            },
            Situation::Building { session, deadline } => {
                Self::Building { session: SessionV1::from(session), deadline: deadline.as_millis() }
            }
            Situation::Fetching { session, deadline } => {
                Self::Fetching { session: SessionV1::from(session), deadline: deadline.as_millis() }
            }
            Situation::Reporting { session, deadline, raw } => Self::Reporting {
                session: SessionV1::from(session),
                deadline: deadline.as_millis(),
                raw: *raw,
            },
            Situation::Dead { state, blame, restart, message } => Self::Dead {
                state: state.number(),
                by_applicant: *blame == Blame::Applicant,
                restart: restart.as_millis(),
                message: message.clone(),
            },
            Situation::Parked { origin, cause, reminder } => Self::Parked {
                origin: origin.as_ref().map(|origin| Box::new(Self::from(&**origin))),
                cause: CauseV1::from(cause),
                reminder: reminder.as_millis(),
            },
            Situation::Delivered { raw, report } => Self::Delivered { raw: *raw, report: *report },
            Situation::Exhausted => Self::Exhausted,
        }
    }
}

impl SituationV1 {
    fn into_core(self) -> Result<Situation, RecordError> {
        let state = |number: u16| {
            State::from_number(number).ok_or_else(|| unknown("state of the telecom machine", number.into()))
        };
        Ok(match self {
            Self::Needing { challenge } => Situation::Needing { challenge: challenge.into_core()? },
            Self::Opening => Situation::Opening,
            Self::Working { session, state: told } => {
                Situation::Working { session: session.into_core(), state: state(told)? }
            }
            Self::Asking { session, state: told, challenge } => Situation::Asking {
                session: session.into_core(),
                state: state(told)?,
                challenge: challenge.into_core()?,
            },
            Self::Submitting { session, asked, submits } => {
                Situation::Submitting { session: session.into_core(), asked: state(asked)?, submits }
            }
            Self::Resending { session, asked, challenge } => Situation::Resending {
                session: session.into_core(),
                asked: state(asked)?,
                challenge: challenge.into_core()?,
            },
            Self::Checking { session, asked, answer, seen } => Situation::Checking {
                session: session.into_core(),
                asked: state(asked)?,
                answer: answer.map(AnswerV1::into_core),
                seen,
            },
            Self::Building { session, deadline } => {
                Situation::Building { session: session.into_core(), deadline: Time::from_millis(deadline) }
            }
            Self::Fetching { session, deadline } => {
                Situation::Fetching { session: session.into_core(), deadline: Time::from_millis(deadline) }
            }
            Self::Reporting { session, deadline, raw } => Situation::Reporting {
                session: session.into_core(),
                deadline: Time::from_millis(deadline),
                raw,
            },
            Self::Dead { state: how, by_applicant, restart, message } => Situation::Dead {
                state: state(how)?,
                blame: if by_applicant { Blame::Applicant } else { Blame::Provider },
                restart: Time::from_millis(restart),
                message,
            },
            Self::Parked { origin, cause, reminder } => Situation::Parked {
                origin: origin.map(|origin| origin.into_core()).transpose()?.map(Box::new),
                cause: cause.into_core(),
                reminder: Time::from_millis(reminder),
            },
            Self::Delivered { raw, report } => Situation::Delivered { raw, report },
            Self::Exhausted => Situation::Exhausted,
        })
    }
}

impl From<&Session> for SessionV1 {
    fn from(session: &Session) -> Self {
        let Session { open_id, deadline, answers, odd } = session.clone();
        Self { open_id, deadline: deadline.as_millis(), answers, odd }
    }
}

impl SessionV1 {
    fn into_core(self) -> Session {
        let Self { open_id, deadline, answers, odd } = self;
        Session { open_id, deadline: Time::from_millis(deadline), answers, odd }
    }
}

impl From<&Challenge> for ChallengeV1 {
    fn from(challenge: &Challenge) -> Self {
        let Challenge { number, kind, asked, deadline, answers_left, message } = challenge.clone();
        let kind = match kind {
            ChallengeKind::ServicePassword => 1,
            ChallengeKind::SmsCode => 2,
            ChallengeKind::QueryPassword => 3,
        };
        Self { number, kind, asked: asked.as_millis(), deadline: deadline.as_millis(), answers_left, message }
    }
}

impl ChallengeV1 {
    pub(in crate::store::records) fn into_core(self) -> Result<Challenge, RecordError> {
        let kind = match self.kind {
            1 => ChallengeKind::ServicePassword,
            2 => ChallengeKind::SmsCode,
            3 => ChallengeKind::QueryPassword,
            other => return Err(unknown("kind of challenge", other.into())),
        };
        Ok(Challenge {
            number: self.number,
            kind,
            asked: Time::from_millis(self.asked),
            deadline: Time::from_millis(self.deadline),
            answers_left: self.answers_left,
            message: self.message,
        })
    }
}
