//! A collection, its session and its question, as stored.

use super::phase::CauseV1;
use super::{AnswerV1, collection_kind, known_state, unknown};
use crate::machine::challenge::{Agreement, Challenge, ChallengeKind, Exhibit};
use crate::machine::collection::{
    Blame, Collection, CollectionKind, Question, Session, Situation, StateNumber,
};
use crate::machine::time::Time;
use crate::store::records::RecordError;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct CollectionV3 {
    kind: u16,
    required: bool,
    attempt: u8,
    since: u64,
    counted: Option<u64>,
    situation: SituationV3,
}

#[derive(Serialize, Deserialize)]
enum SituationV3 {
    Listing { session: Option<SessionV3>, agreement: u8 },
    Needing { challenge: ChallengeV3 },
    Licensing { session: Option<SessionV3>, login: Option<AnswerV1> },
    Opening { account: Option<AnswerV1> },
    Working { session: SessionV3, state: u16 },
    Asking { session: SessionV3, state: u16, challenge: ChallengeV3 },
    Submitting { session: SessionV3, asked: u16, submits: u8 },
    Resending { session: SessionV3, asked: u16, challenge: ChallengeV3 },
    Checking { session: SessionV3, asked: u16, answer: Option<AnswerV1>, seen: u8 },
    Building { session: SessionV3, state: u16, deadline: u64 },
    Fetching { session: SessionV3, state: u16, deadline: u64 },
    Reporting { session: SessionV3, deadline: u64, raw: u32 },
    Dead { state: u16, by_applicant: bool, restart: u64, message: String },
    Parked { origin: Option<Box<Self>>, cause: CauseV1, reminder: u64 },
    Delivered { raw: u32, report: Option<u32> },
    Exhausted,
}

#[derive(Serialize, Deserialize)]
struct SessionV3 {
    open_id: String,
    deadline: u64,
    answers: u8,
    odd: Option<i64>,
    asked: Option<(u8, Option<ExhibitV3>)>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store::records) struct ChallengeV3 {
    number: u32,
    collection: u16,
    kind: u8,
    asked: u64,
    deadline: u64,
    answers_left: u8,
    message: String,
    exhibit: Option<ExhibitV3>,
}

#[derive(Serialize, Deserialize)]
enum ExhibitV3 {
    Picture { document: u32, fingerprint: [u8; 16] },
    Banks { document: u32, agreement: u8 },
}

impl From<&Collection> for CollectionV3 {
    fn from(collection: &Collection) -> Self {
        Self {
            kind: collection.kind.number(),
            required: collection.required,
            attempt: collection.attempt,
            since: collection.since.as_millis(),
            counted: collection.counted.map(Time::as_millis),
            situation: SituationV3::from(&collection.situation),
        }
    }
}

impl CollectionV3 {
    /// The number of its machine, and of the state in which it stood when it was written.
    pub(super) const fn place(&self) -> (u16, u16) {
        (self.kind, self.situation.number())
    }

    pub(super) fn into_core(self) -> Result<Collection, RecordError> {
        let kind = collection_kind(self.kind)?;
        Ok(Collection {
            kind,
            required: self.required,
            attempt: self.attempt,
            since: Time::from_millis(self.since),
            counted: self.counted.map(Time::from_millis),
            situation: self.situation.into_core(kind)?,
        })
    }
}

impl From<&Situation> for SituationV3 {
    fn from(situation: &Situation) -> Self {
        let answer = |answer: &Option<_>| answer.as_ref().map(AnswerV1::from);
        match situation {
            Situation::Listing { session, agreement } => Self::Listing {
                session: session.as_ref().map(SessionV3::from),
                agreement: agreement.number(),
            },
            Situation::Needing { challenge } => Self::Needing { challenge: challenge.into() },
            Situation::Licensing { session, login } => {
                Self::Licensing { session: session.as_ref().map(SessionV3::from), login: answer(login) }
            }
            Situation::Opening { account } => Self::Opening { account: answer(account) },
            Situation::Working { session, state } => {
                Self::Working { session: session.into(), state: state.0 }
            }
            Situation::Asking { session, state, challenge } => {
                Self::Asking { session: session.into(), state: state.0, challenge: challenge.into() }
            }
            Situation::Submitting { session, asked, submits } => {
                Self::Submitting { session: session.into(), asked: asked.0, submits: *submits }
            }
            Situation::Resending { session, asked, challenge } => {
                Self::Resending { session: session.into(), asked: asked.0, challenge: challenge.into() }
            }
            Situation::Checking { session, asked, answer: kept, seen } => {
                Self::Checking { session: session.into(), asked: asked.0, answer: answer(kept), seen: *seen }
            }
            Situation::Building { session, state, deadline } => {
                Self::Building { session: session.into(), state: state.0, deadline: deadline.as_millis() }
            }
            Situation::Fetching { session, state, deadline } => {
                Self::Fetching { session: session.into(), state: state.0, deadline: deadline.as_millis() }
            }
            Situation::Reporting { session, deadline, raw } => {
                Self::Reporting { session: session.into(), deadline: deadline.as_millis(), raw: *raw }
            }
            Situation::Dead { state, blame, restart, message } => Self::Dead {
                state: state.0,
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

impl SituationV3 {
    const fn number(&self) -> u16 {
        match self {
            Self::Needing { .. } => 1,
            Self::Opening { .. } => 2,
            Self::Submitting { .. } => 3,
            Self::Resending { .. } => 4,
            Self::Checking { .. } => 5,
            Self::Reporting { .. } => 6,
            Self::Delivered { .. } => 7,
            Self::Parked { .. } => 10,
            Self::Exhausted => 11,
            Self::Listing { .. } => 12,
            Self::Licensing { .. } => 13,
            Self::Working { state, .. }
            | Self::Asking { state, .. }
            | Self::Building { state, .. }
            | Self::Fetching { state, .. }
            | Self::Dead { state, .. } => *state,
        }
    }

    fn into_core(self, kind: CollectionKind) -> Result<Situation, RecordError> {
        let known = |number: u16| -> Result<StateNumber, RecordError> { known_state(kind, number) };
        let answer = |answer: Option<AnswerV1>| answer.map(AnswerV1::into_core);
        Ok(match self {
            Self::Listing { session, agreement: number } => Situation::Listing {
                session: session.map(SessionV3::into_core).transpose()?,
                agreement: agreement(number)?,
            },
            Self::Needing { challenge } => Situation::Needing { challenge: challenge.into_core()? },
            Self::Licensing { session, login } => Situation::Licensing {
                session: session.map(SessionV3::into_core).transpose()?,
                login: answer(login),
            },
            Self::Opening { account } => Situation::Opening { account: answer(account) },
            Self::Working { session, state } => {
                Situation::Working { session: session.into_core()?, state: known(state)? }
            }
            Self::Asking { session, state, challenge } => Situation::Asking {
                session: session.into_core()?,
                state: known(state)?,
                challenge: challenge.into_core()?,
            },
            Self::Submitting { session, asked, submits } => {
                Situation::Submitting { session: session.into_core()?, asked: known(asked)?, submits }
            }
            Self::Resending { session, asked, challenge } => Situation::Resending {
                session: session.into_core()?,
                asked: known(asked)?,
                challenge: challenge.into_core()?,
            },
            Self::Checking { session, asked, answer: kept, seen } => Situation::Checking {
                session: session.into_core()?,
                asked: known(asked)?,
                answer: answer(kept),
                seen,
            },
            Self::Building { session, state, deadline } => Situation::Building {
                session: session.into_core()?,
                state: known(state)?,
                deadline: Time::from_millis(deadline),
            },
            Self::Fetching { session, state, deadline } => Situation::Fetching {
                session: session.into_core()?,
                state: known(state)?,
                deadline: Time::from_millis(deadline),
            },
            Self::Reporting { session, deadline, raw } => Situation::Reporting {
                session: session.into_core()?,
                deadline: Time::from_millis(deadline),
                raw,
            },
            Self::Dead { state, by_applicant, restart, message } => Situation::Dead {
                state: known(state)?,
                blame: if by_applicant { Blame::Applicant } else { Blame::Provider },
                restart: Time::from_millis(restart),
                message,
            },
            Self::Parked { origin, cause, reminder } => Situation::Parked {
                origin: origin.map(|origin| origin.into_core(kind)).transpose()?.map(Box::new),
                cause: cause.into_core(),
                reminder: Time::from_millis(reminder),
            },
            Self::Delivered { raw, report } => Situation::Delivered { raw, report },
            Self::Exhausted => Situation::Exhausted,
        })
    }
}

impl From<&Session> for SessionV3 {
    fn from(session: &Session) -> Self {
        let Session { open_id, deadline, answers, odd, asked } = session.clone();
        let asked = asked.map(|asked| (kind_number(asked.kind), asked.exhibit.map(ExhibitV3::from)));
        Self { open_id, deadline: deadline.as_millis(), answers, odd, asked }
    }
}

impl SessionV3 {
    fn into_core(self) -> Result<Session, RecordError> {
        let Self { open_id, deadline, answers, odd, asked } = self;
        let asked = asked.map(|(kind, exhibit)| {
            let exhibit = exhibit.map(ExhibitV3::into_core).transpose()?;
            Ok(Question { kind: challenge_kind(kind)?, exhibit })
        });
        let deadline = Time::from_millis(deadline);
        Ok(Session { open_id, deadline, answers, odd, asked: asked.transpose()? })
    }
}

impl From<&Challenge> for ChallengeV3 {
    fn from(challenge: &Challenge) -> Self {
        let Challenge { number, collection, kind, asked, deadline, answers_left, message, exhibit } =
            challenge.clone();
        Self {
            number,
            collection: collection.number(),
            kind: kind_number(kind),
            asked: asked.as_millis(),
            deadline: deadline.as_millis(),
            answers_left,
            message,
            exhibit: exhibit.map(ExhibitV3::from),
        }
    }
}

impl ChallengeV3 {
    pub(in crate::store::records) fn into_core(self) -> Result<Challenge, RecordError> {
        Ok(Challenge {
            number: self.number,
            collection: collection_kind(self.collection)?,
            kind: challenge_kind(self.kind)?,
            asked: Time::from_millis(self.asked),
            deadline: Time::from_millis(self.deadline),
            answers_left: self.answers_left,
            message: self.message,
            exhibit: self.exhibit.map(ExhibitV3::into_core).transpose()?,
        })
    }
}

impl From<Exhibit> for ExhibitV3 {
    fn from(exhibit: Exhibit) -> Self {
        match exhibit {
            Exhibit::Picture { document, fingerprint } => Self::Picture { document, fingerprint },
            Exhibit::Banks { document, agreement } => Self::Banks { document, agreement: agreement.number() },
        }
    }
}

impl ExhibitV3 {
    fn into_core(self) -> Result<Exhibit, RecordError> {
        Ok(match self {
            Self::Picture { document, fingerprint } => Exhibit::Picture { document, fingerprint },
            Self::Banks { document, agreement: number } => {
                Exhibit::Banks { document, agreement: agreement(number)? }
            }
        })
    }
}

fn agreement(number: u8) -> Result<Agreement, RecordError> {
    Agreement::from_number(number).ok_or_else(|| unknown("agreement", number.into()))
}

/// The permanent number of a kind of challenge; 1 to 3 are those of versions 1 and 2.
const fn kind_number(kind: ChallengeKind) -> u8 {
    match kind {
        ChallengeKind::ServicePassword => 1,
        ChallengeKind::SmsCode => 2,
        ChallengeKind::QueryPassword => 3,
        ChallengeKind::PictureCaptcha => 4,
        ChallengeKind::DynamicPassword => 5,
        ChallengeKind::DegreeAccount => 6,
        ChallengeKind::BankLogin => 7,
    }
}

fn challenge_kind(number: u8) -> Result<ChallengeKind, RecordError> {
    let kind = ChallengeKind::ALL.into_iter().find(|kind| kind_number(*kind) == number);
    kind.ok_or_else(|| unknown("kind of challenge", number.into()))
}
