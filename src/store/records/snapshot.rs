//! The value of an application, as stored.

use super::{RecordError, decode, encode};
use crate::machine::application::{Application, Phase, Plan, Rejection, Source, Want, Wanted};
use crate::machine::call::{Call, Cause, EffectId, Pending, Slot};
use crate::machine::challenge::{Challenge, ChallengeKind, SealedAnswer};
use crate::machine::evidence::{Document, DocumentKind, Evidence, EvidenceKind};
use crate::machine::graph::telecom::State as TelecomState;
use crate::machine::id::ApplicationId;
use crate::machine::telecom::{Blame, Session, Situation, Telecom};
use crate::machine::time::Time;
use crate::store::codec::Encoded;
use serde::{Deserialize, Serialize};

const RECORD: &str = "snapshot";

/// The newest version of the record.
pub const VERSION: u16 = 1;

/// Encodes an application; its id and version stand in the key and the header.
pub fn to_record(application: &Application) -> Encoded {
    encode(VERSION, &SnapshotV1::from(application))
}

/// Decodes an application.
pub fn from_record(id: ApplicationId, version: u64, encoded: &Encoded) -> Result<Application, RecordError> {
    decode::<SnapshotV1>(RECORD, VERSION, encoded)?.into_application(id, version)
}

#[derive(Serialize, Deserialize)]
struct SnapshotV1 {
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

#[derive(Serialize, Deserialize)]
struct DocumentV1 {
    number: u32,
    kind: u8,
    at: u64,
    fingerprint: [u8; 16],
}

#[derive(Serialize, Deserialize)]
struct EvidenceV1 {
    kind: u16,
    document: u32,
    at: u64,
}

#[derive(Serialize, Deserialize)]
struct AnswerV1 {
    slot: u32,
    generation: u64,
    bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
enum PhaseV1 {
    Init { deadline: u64 },
    Collecting { deadline: u64 },
    CaptchaRequired { deadline: u64 },
    DataReady,
    AuditPending { open_id: String, deadline: u64 },
    Approved,
    RejectedByBlacklist,
    RejectedByAudit { reason: String },
    Suspended { origin: Box<Self>, cause: CauseV1, reminder: u64 },
    Cancelled { reason: String },
    Expired { want: u8 },
}

#[derive(Serialize, Deserialize)]
pub(super) enum CauseV1 {
    Unavailable { detail: String },
    Unintelligible { detail: String },
    Refused { detail: String },
    Denied { detail: String },
    Missing { detail: String },
    DataOverdue,
    SessionsUsedUp,
    AuditOverdue,
    CollectionsParked,
}

#[derive(Serialize, Deserialize)]
struct TelecomV1 {
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
pub(super) struct ChallengeV1 {
    number: u32,
    kind: u8,
    asked: u64,
    deadline: u64,
    answers_left: u8,
    message: String,
}

#[derive(Serialize, Deserialize)]
struct PendingV1 {
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

const fn unknown(what: &'static str, number: u64) -> RecordError {
    RecordError::Unknown { record: RECORD, what, number }
}

impl From<&Application> for SnapshotV1 {
    fn from(application: &Application) -> Self {
        let plan = &application.plan;
        Self {
            machine: (
                crate::machine::graph::application::DEFINITION.version,
                crate::machine::graph::telecom::DEFINITION.version,
            ),
            created: application.created.as_millis(),
            since: application.since.as_millis(),
            partner: application.source.partner.clone(),
            order: application.source.order.clone(),
            product: plan.product.clone(),
            product_version: plan.version,
            wanted_evidence: plan.evidence.iter().map(|kind| kind.number()).collect(),
            wanted_telecom: match plan.telecom {
                Wanted::No => 0,
                Wanted::Optional => 1,
                Wanted::Required => 2,
            },
            term_days: plan.term_days,
            order_id: application.order_id,
            key: application.key,
            phone: application.phone,
            identity: application.identity,
            documents: application.documents.iter().map(DocumentV1::from).collect(),
            evidence: application.evidence.iter().map(EvidenceV1::from).collect(),
            credentials: application.credentials.as_ref().map(AnswerV1::from),
            phase: PhaseV1::from(&application.phase),
            telecom: application.telecom.as_ref().map(TelecomV1::from),
            challenges: application.challenges,
            outbox: application.outbox.iter().map(PendingV1::from).collect(),
        }
    }
}

impl SnapshotV1 {
    fn into_application(self, id: ApplicationId, version: u64) -> Result<Application, RecordError> {
        let kind = |number: u16| {
            EvidenceKind::from_number(number).ok_or_else(|| unknown("kind of evidence", number.into()))
        };
        let plan = Plan {
            product: self.product,
            version: self.product_version,
            evidence: self.wanted_evidence.into_iter().map(kind).collect::<Result<_, _>>()?,
            telecom: match self.wanted_telecom {
                0 => Wanted::No,
                1 => Wanted::Optional,
                2 => Wanted::Required,
                other => return Err(unknown("want", other.into())),
            },
            term_days: self.term_days,
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
            telecom: self.telecom.map(TelecomV1::into_core).transpose()?,
            challenges: self.challenges,
            outbox: self.outbox.into_iter().map(PendingV1::into_core).collect::<Result<_, _>>()?,
        })
    }
}

impl From<&Document> for DocumentV1 {
    fn from(document: &Document) -> Self {
        let Document { number, kind, at, fingerprint } = *document;
        Self { number, kind: kind.number(), at: at.as_millis(), fingerprint }
    }
}

impl DocumentV1 {
    fn into_core(self) -> Result<Document, RecordError> {
        let kind = DocumentKind::from_number(self.kind)
            .ok_or_else(|| unknown("kind of document", self.kind.into()))?;
        Ok(Document {
            number: self.number,
            kind,
            at: Time::from_millis(self.at),
            fingerprint: self.fingerprint,
        })
    }
}

impl From<&Evidence> for EvidenceV1 {
    fn from(evidence: &Evidence) -> Self {
        Self { kind: evidence.kind.number(), document: evidence.document, at: evidence.at.as_millis() }
    }
}

impl EvidenceV1 {
    fn into_core(self) -> Result<Evidence, RecordError> {
        let kind = EvidenceKind::from_number(self.kind)
            .ok_or_else(|| unknown("kind of evidence", self.kind.into()))?;
        Ok(Evidence { kind, document: self.document, at: Time::from_millis(self.at) })
    }
}

impl From<&SealedAnswer> for AnswerV1 {
    fn from(answer: &SealedAnswer) -> Self {
        Self { slot: answer.slot, generation: answer.generation, bytes: answer.bytes.clone() }
    }
}

impl AnswerV1 {
    fn into_core(self) -> SealedAnswer {
        SealedAnswer { slot: self.slot, generation: self.generation, bytes: self.bytes }
    }
}

impl From<&Phase> for PhaseV1 {
    fn from(phase: &Phase) -> Self {
        match phase {
            Phase::Init { deadline } => Self::Init { deadline: deadline.as_millis() },
            Phase::Collecting { deadline } => Self::Collecting { deadline: deadline.as_millis() },
            Phase::CaptchaRequired { deadline } => Self::CaptchaRequired { deadline: deadline.as_millis() },
            Phase::DataReady => Self::DataReady,
            Phase::AuditPending { open_id, deadline } => {
                Self::AuditPending { open_id: open_id.clone(), deadline: deadline.as_millis() }
            }
            Phase::Approved => Self::Approved,
            Phase::Rejected { reason: Rejection::Blacklisted } => Self::RejectedByBlacklist,
            Phase::Rejected { reason: Rejection::Audit { reason } } => {
                Self::RejectedByAudit { reason: reason.clone() }
            }
            Phase::Suspended { origin, cause, reminder } => Self::Suspended {
                origin: Box::new(Self::from(&**origin)),
                cause: CauseV1::from(cause),
                reminder: reminder.as_millis(),
            },
            Phase::Cancelled { reason } => Self::Cancelled { reason: reason.clone() },
            Phase::Expired { want } => Self::Expired {
                want: match want {
                    Want::Evidence => 1,
                    Want::Collections => 2,
                    Want::Applicant => 3,
                },
            },
        }
    }
}

impl PhaseV1 {
    fn into_core(self) -> Result<Phase, RecordError> {
        Ok(match self {
            Self::Init { deadline } => Phase::Init { deadline: Time::from_millis(deadline) },
            Self::Collecting { deadline } => Phase::Collecting { deadline: Time::from_millis(deadline) },
            Self::CaptchaRequired { deadline } => {
                Phase::CaptchaRequired { deadline: Time::from_millis(deadline) }
            }
            Self::DataReady => Phase::DataReady,
            Self::AuditPending { open_id, deadline } => {
                Phase::AuditPending { open_id, deadline: Time::from_millis(deadline) }
            }
            Self::Approved => Phase::Approved,
            Self::RejectedByBlacklist => Phase::Rejected { reason: Rejection::Blacklisted },
            Self::RejectedByAudit { reason } => Phase::Rejected { reason: Rejection::Audit { reason } },
            Self::Suspended { origin, cause, reminder } => Phase::Suspended {
                origin: Box::new(origin.into_core()?),
                cause: cause.into_core(),
                reminder: Time::from_millis(reminder),
            },
            Self::Cancelled { reason } => Phase::Cancelled { reason },
            Self::Expired { want } => Phase::Expired {
                want: match want {
                    1 => Want::Evidence,
                    2 => Want::Collections,
                    3 => Want::Applicant,
                    other => return Err(unknown("want", other.into())),
                },
            },
        })
    }
}

impl From<&Cause> for CauseV1 {
    fn from(cause: &Cause) -> Self {
        match cause {
            Cause::Unavailable { detail } => Self::Unavailable { detail: detail.clone() },
            Cause::Unintelligible { detail } => Self::Unintelligible { detail: detail.clone() },
            Cause::Refused { detail } => Self::Refused { detail: detail.clone() },
            Cause::Denied { detail } => Self::Denied { detail: detail.clone() },
            Cause::Missing { detail } => Self::Missing { detail: detail.clone() },
            Cause::DataOverdue => Self::DataOverdue,
            Cause::SessionsUsedUp => Self::SessionsUsedUp,
            Cause::AuditOverdue => Self::AuditOverdue,
            Cause::CollectionsParked => Self::CollectionsParked,
        }
    }
}

impl CauseV1 {
    pub(super) fn into_core(self) -> Cause {
        match self {
            Self::Unavailable { detail } => Cause::Unavailable { detail },
            Self::Unintelligible { detail } => Cause::Unintelligible { detail },
            Self::Refused { detail } => Cause::Refused { detail },
            Self::Denied { detail } => Cause::Denied { detail },
            Self::Missing { detail } => Cause::Missing { detail },
            Self::DataOverdue => Cause::DataOverdue,
            Self::SessionsUsedUp => Cause::SessionsUsedUp,
            Self::AuditOverdue => Cause::AuditOverdue,
            Self::CollectionsParked => Cause::CollectionsParked,
        }
    }
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
    fn into_core(self) -> Result<Telecom, RecordError> {
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
            TelecomState::from_number(number)
                .ok_or_else(|| unknown("state of the telecom machine", number.into()))
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
    pub(super) fn into_core(self) -> Result<Challenge, RecordError> {
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
