//! Applications as versions 1 and 2 had them, which knew one collection, telecom; read only.

use super::hold::HoldV2;
use super::phase::{CauseV1, PhaseV1};
use super::{AnswerV1, DocumentV1, EvidenceV1, Standing, Survey, machine_known, unknown};
use crate::machine::application::{Application, Decider, Plan, Source, Wish};
use crate::machine::call::{Call, EffectId, Pending, Slot};
use crate::machine::challenge::{Challenge, ChallengeKind};
use crate::machine::collection::{
    Blame, Collection, CollectionKind, Question, Session, Situation, StateNumber,
};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::records::RecordError;
use serde::Deserialize;

/// All of the first version, and whether it is held.
#[derive(Deserialize)]
pub(super) struct SnapshotV2 {
    first: SnapshotV1,
    held: Option<HoldV2>,
}

impl SnapshotV2 {
    pub(super) fn survey(&self) -> Survey {
        self.first.survey()
    }

    pub(super) fn into_application(
        self,
        id: ApplicationId,
        version: u64,
    ) -> Result<Application, RecordError> {
        let application = self.first.into_application(id, version)?;
        Ok(Application { held: self.held.map(HoldV2::into_core), ..application })
    }
}

#[derive(Deserialize)]
pub(super) struct SnapshotV1 {
    machine: (u16, u16),
    created: u64,
    since: u64,
    partner: String,
    order: String,
    product: String,
    product_version: u32,
    wanted_evidence: Vec<u16>,
    wanted_telecom: u8,
    term_days: u32,
    order_id: u64,
    key: u32,
    phone: Option<[u8; 16]>,
    identity: Option<[u8; 16]>,
    documents: Vec<DocumentV1>,
    evidence: Vec<EvidenceV1>,
    credentials: Option<AnswerV1>,
    phase: PhaseV1,
    telecom: Option<TelecomV1>,
    challenges: u32,
    outbox: Vec<PendingV1>,
}

impl SnapshotV1 {
    pub(super) fn survey(&self) -> Survey {
        let (application, telecom) = self.machine;
        let at = |machine, version, state| Standing { machine, version: Some(version), state };
        let own = at(1, application, self.phase.number());
        let telecom = self.telecom.iter().map(|it| at(2, telecom, it.situation.number()));
        Survey {
            standings: std::iter::once(own).chain(telecom).collect(),
            product: self.product.clone(),
            product_version: self.product_version,
        }
    }

    pub(super) fn into_application(
        self,
        id: ApplicationId,
        version: u64,
    ) -> Result<Application, RecordError> {
        let (application, telecom) = self.machine;
        machine_known(1, application)?;
        machine_known(CollectionKind::Telecom.number(), telecom)?;
        let plan = Plan {
            product: self.product,
            version: self.product_version,
            evidence: super::kinds(self.wanted_evidence)?,
            collections: match self.wanted_telecom {
                0 => Vec::new(),
                wanted @ (1 | 2) => vec![Wish { kind: CollectionKind::Telecom, required: wanted == 2 }],
                other => return Err(unknown("want", other.into())),
            },
            term_days: self.term_days,
            blacklist: true,
            decider: Decider::Provider,
            fresh: Vec::new(),
        };
        Ok(Application {
            id,
            version,
            created: Time::from_millis(self.created),
            since: Time::from_millis(self.since),
            source: Source { partner: self.partner, order: self.order },
            plan,
            order_id: self.order_id,
            key: self.key,
            phone: self.phone,
            identity: self.identity,
            documents: self.documents.into_iter().map(DocumentV1::into_core).collect::<Result<_, _>>()?,
            evidence: self.evidence.into_iter().map(EvidenceV1::into_core).collect::<Result<_, _>>()?,
            credentials: self.credentials.map(AnswerV1::into_core),
            phase: self.phase.into_core()?,
            counted: None,
            collections: self.telecom.into_iter().map(TelecomV1::into_core).collect::<Result<_, _>>()?,
            challenges: self.challenges,
            outbox: self.outbox.into_iter().map(PendingV1::into_core).collect::<Result<_, _>>()?,
            held: None,
        })
    }
}

#[derive(Deserialize)]
struct TelecomV1 {
    required: bool,
    attempt: u8,
    since: u64,
    situation: SituationV1,
}

#[derive(Deserialize)]
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

#[derive(Deserialize)]
struct SessionV1 {
    open_id: String,
    deadline: u64,
    answers: u8,
    odd: Option<i64>,
}

#[derive(Deserialize)]
pub(in crate::store::records) struct ChallengeV1 {
    number: u32,
    kind: u8,
    asked: u64,
    deadline: u64,
    answers_left: u8,
    message: String,
}

impl TelecomV1 {
    fn into_core(self) -> Result<Collection, RecordError> {
        Ok(Collection {
            kind: CollectionKind::Telecom,
            required: self.required,
            attempt: self.attempt,
            since: Time::from_millis(self.since),
            counted: None,
            situation: self.situation.into_core()?,
        })
    }
}

impl SituationV1 {
    const fn number(&self) -> u16 {
        match self {
            Self::Needing { .. } => 1,
            Self::Opening => 2,
            Self::Submitting { .. } => 3,
            Self::Resending { .. } => 4,
            Self::Checking { .. } => 5,
            Self::Reporting { .. } => 6,
            Self::Delivered { .. } => 7,
            Self::Parked { .. } => 10,
            Self::Exhausted => 11,
            Self::Building { .. } => 141,
            Self::Fetching { .. } => 143,
            Self::Working { state, .. } | Self::Asking { state, .. } | Self::Dead { state, .. } => *state,
        }
    }

    fn into_core(self) -> Result<Situation, RecordError> {
        let state = |number: u16| super::known_state(CollectionKind::Telecom, number);
        Ok(match self {
            Self::Needing { challenge } => Situation::Needing { challenge: challenge.into_core()? },
            Self::Opening => Situation::Opening { account: None },
            Self::Working { session, state: told } => {
                Situation::Working { session: session.into_core(), state: state(told)? }
            }
            Self::Asking { session, state: told, challenge } => {
                let challenge = challenge.into_core()?;
                let asked = Some(Question { kind: challenge.kind, exhibit: None });
                let session = Session { asked, ..session.into_core() };
                Situation::Asking { session, state: state(told)?, challenge }
            }
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
            Self::Building { session, deadline } => Situation::Building {
                session: session.into_core(),
                state: StateNumber(141),
                deadline: Time::from_millis(deadline),
            },
            Self::Fetching { session, deadline } => Situation::Fetching {
                session: session.into_core(),
                state: StateNumber(143),
                deadline: Time::from_millis(deadline),
            },
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
            Self::Delivered { raw, report } => Situation::Delivered { raw, report: Some(report) },
            Self::Exhausted => Situation::Exhausted,
        })
    }
}

impl SessionV1 {
    fn into_core(self) -> Session {
        let Self { open_id, deadline, answers, odd } = self;
        Session { open_id, deadline: Time::from_millis(deadline), answers, odd, asked: None }
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
            collection: CollectionKind::Telecom,
            kind,
            asked: Time::from_millis(self.asked),
            deadline: Time::from_millis(self.deadline),
            answers_left: self.answers_left,
            message: self.message,
            exhibit: None,
        })
    }
}

#[derive(Deserialize)]
struct PendingV1 {
    version: u64,
    slot: u16,
    call: CallV1,
    due: u64,
    until: u64,
}

#[derive(Deserialize)]
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

impl PendingV1 {
    fn into_core(self) -> Result<Pending, RecordError> {
        let slot = Slot::from_number(self.slot).ok_or_else(|| unknown("slot", self.slot.into()))?;
        Ok(Pending {
            id: EffectId { version: self.version, slot },
            call: self.call.into_core(),
            due: Time::from_millis(self.due),
            until: Time::from_millis(self.until),
        })
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
