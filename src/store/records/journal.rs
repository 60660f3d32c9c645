//! One entry of an application's journal, as stored: what happened, and what followed.

use super::{RecordError, decode, encode};
use crate::machine::call::{EffectId, Reply, Slot};
use crate::machine::challenge::bounded;
use crate::machine::event::Event;
use crate::machine::step::{Effect, Move, Moved};
use crate::machine::time::Time;
use crate::store::codec::Encoded;
use serde::{Deserialize, Serialize};

const RECORD: &str = "journal";

/// The newest version of the record. Since the second they have one shape, with more happenings and slots.
pub const VERSION: u16 = 4;

/// An entry of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it happened.
    pub at: Time,
    /// What happened.
    pub happening: Happening,
    /// What is said about it: the provider's text, a reason; no secret, nothing about the person.
    pub detail: String,
    /// Who did it for the lender; empty if nobody did.
    pub actor: String,
    /// The call that it answers.
    pub answers: Option<EffectId>,
    /// The edges that were taken; none if it came too late to matter, or changed nothing.
    pub moves: Vec<Move>,
    /// The calls that were asked for.
    pub calls: Vec<(EffectId, String)>,
    /// The calls that were withdrawn.
    pub withdrawn: Vec<EffectId>,
}

/// What happened, by name. The numbers are permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Happening {
    /// Evidence came in.
    EvidenceAdded,
    /// Somebody called it off.
    CancelRequested,
    /// An operator let it go on.
    ResumeRequested,
    /// An operator wanted the waiting calls to be made.
    RetryRequested,
    /// An operator wanted a collection to begin anew.
    RestartRequested,
    /// An operator wanted nothing to be done.
    HoldRequested,
    /// An operator let a held one go on.
    ReleaseRequested,
    /// An operator took the review.
    ClaimRequested,
    /// Who took the review gave it back.
    ReturnRequested,
    /// Who took the review approved.
    ApproveRequested,
    /// Who took the review rejected.
    RejectRequested,
    /// The applicant answered.
    AnswerSubmitted,
    /// The applicant wants another code.
    ResendRequested,
    /// A deadline came.
    DeadlineReached,
    /// A deadline of ours was put off by the time of an outage.
    OutageCounted,
    /// The blacklist does not know the person.
    BlacklistClear,
    /// The blacklist knows the person.
    BlacklistHit,
    /// The audit request was taken.
    AuditAccepted,
    /// The audit goes on.
    AuditRunning,
    /// The audit suggests approval.
    AuditApproved,
    /// The audit suggests rejection.
    AuditRejected,
    /// A session was opened.
    SessionOpened,
    /// What was submitted was taken.
    CallAccepted,
    /// The session's state was told.
    StateReported,
    /// The data was not there yet.
    DataNotReady,
    /// Data came and was stored.
    DataStored,
    /// The provider said no.
    CallRefused,
    /// The provider's answer never came.
    CallLost,
    /// A call's budget was gone.
    CallFailed,
}

impl Happening {
    /// Every one, in the order of the numbers.
    pub const ALL: [Self; 29] = [
        Self::EvidenceAdded,
        Self::CancelRequested,
        Self::ResumeRequested,
        Self::AnswerSubmitted,
        Self::ResendRequested,
        Self::DeadlineReached,
        Self::OutageCounted,
        Self::BlacklistClear,
        Self::BlacklistHit,
        Self::AuditAccepted,
        Self::AuditRunning,
        Self::AuditApproved,
        Self::AuditRejected,
        Self::SessionOpened,
        Self::CallAccepted,
        Self::StateReported,
        Self::DataNotReady,
        Self::DataStored,
        Self::CallRefused,
        Self::CallLost,
        Self::CallFailed,
        Self::RetryRequested,
        Self::RestartRequested,
        Self::HoldRequested,
        Self::ReleaseRequested,
        Self::ClaimRequested,
        Self::ReturnRequested,
        Self::ApproveRequested,
        Self::RejectRequested,
    ];

    /// Gives the permanent number.
    pub const fn number(self) -> u16 {
        match self {
            Self::EvidenceAdded => 1,
            Self::CancelRequested => 2,
            Self::ResumeRequested => 3,
            Self::AnswerSubmitted => 4,
            Self::ResendRequested => 5,
            Self::DeadlineReached => 6,
            Self::OutageCounted => 7,
            Self::BlacklistClear => 10,
            Self::BlacklistHit => 11,
            Self::AuditAccepted => 12,
            Self::AuditRunning => 13,
            Self::AuditApproved => 14,
            Self::AuditRejected => 15,
            Self::SessionOpened => 20,
            Self::CallAccepted => 21,
            Self::StateReported => 22,
            Self::DataNotReady => 23,
            Self::DataStored => 24,
            Self::CallRefused => 30,
            Self::CallLost => 31,
            Self::CallFailed => 32,
            Self::RetryRequested => 40,
            Self::RestartRequested => 41,
            Self::HoldRequested => 42,
            Self::ReleaseRequested => 43,
            Self::ClaimRequested => 44,
            Self::ReturnRequested => 45,
            Self::ApproveRequested => 46,
            Self::RejectRequested => 47,
        }
    }

    /// Gives the name used in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EvidenceAdded => "EvidenceAdded",
            Self::CancelRequested => "CancelRequested",
            Self::ResumeRequested => "ResumeRequested",
            Self::RetryRequested => "RetryRequested",
            Self::RestartRequested => "RestartRequested",
            Self::HoldRequested => "HoldRequested",
            Self::ReleaseRequested => "ReleaseRequested",
            Self::ClaimRequested => "ClaimRequested",
            Self::ReturnRequested => "ReturnRequested",
            Self::ApproveRequested => "ApproveRequested",
            Self::RejectRequested => "RejectRequested",
            Self::AnswerSubmitted => "AnswerSubmitted",
            Self::ResendRequested => "ResendRequested",
            Self::DeadlineReached => "DeadlineReached",
            Self::OutageCounted => "OutageCounted",
            Self::BlacklistClear => "BlacklistClear",
            Self::BlacklistHit => "BlacklistHit",
            Self::AuditAccepted => "AuditAccepted",
            Self::AuditRunning => "AuditRunning",
            Self::AuditApproved => "AuditApproved",
            Self::AuditRejected => "AuditRejected",
            Self::SessionOpened => "SessionOpened",
            Self::CallAccepted => "CallAccepted",
            Self::StateReported => "StateReported",
            Self::DataNotReady => "DataNotReady",
            Self::DataStored => "DataStored",
            Self::CallRefused => "CallRefused",
            Self::CallLost => "CallLost",
            Self::CallFailed => "CallFailed",
        }
    }

    fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|happening| happening.number() == number)
    }
}

impl Entry {
    /// Writes down what happened and what followed.
    pub fn of(event: &Event, moved: &Moved, at: Time) -> Self {
        let (happening, detail, answers) = told(event);
        let actor = event.by().map(|by| by.actor.clone()).unwrap_or_default();
        let withdrawn = moved.effects.iter().filter_map(|effect| match effect {
            Effect::Withdraw(id) => Some(*id),
            Effect::Call(_) | Effect::Hurry(_) | Effect::Destroy(_) => None,
        });
        Self {
            at,
            happening,
            detail,
            actor,
            answers,
            moves: moved.moves.clone(),
            calls: calls_of(&moved.effects),
            withdrawn: withdrawn.collect(),
        }
    }
}

/// The calls that effects ask for, by name.
pub fn calls_of(effects: &[Effect]) -> Vec<(EffectId, String)> {
    let calls = effects.iter().filter_map(|effect| match effect {
        Effect::Call(pending) | Effect::Hurry(pending) => Some((pending.id, pending.call.name().to_owned())),
        Effect::Withdraw(_) | Effect::Destroy(_) => None,
    });
    calls.collect()
}

fn told(event: &Event) -> (Happening, String, Option<EffectId>) {
    match event {
        Event::EvidenceAdded(added) => {
            let kinds: Vec<_> = added.evidence.iter().map(|evidence| evidence.kind.name()).collect();
            (Happening::EvidenceAdded, kinds.join(", "), None)
        }
        Event::CancelRequested { reason } => (Happening::CancelRequested, bounded(reason), None),
        Event::ResumeRequested { by } => (Happening::ResumeRequested, bounded(&by.reason), None),
        Event::RetryRequested { by } => (Happening::RetryRequested, bounded(&by.reason), None),
        Event::RestartRequested { by, .. } => (Happening::RestartRequested, bounded(&by.reason), None),
        Event::HoldRequested { by } => (Happening::HoldRequested, bounded(&by.reason), None),
        Event::ReleaseRequested { by } => (Happening::ReleaseRequested, bounded(&by.reason), None),
        Event::ClaimRequested { by } => (Happening::ClaimRequested, bounded(&by.reason), None),
        Event::ReturnRequested { by } => (Happening::ReturnRequested, bounded(&by.reason), None),
        Event::ApproveRequested { by } => (Happening::ApproveRequested, bounded(&by.reason), None),
        Event::RejectRequested { by } => (Happening::RejectRequested, bounded(&by.reason), None),
        Event::AnswerSubmitted { challenge, kind, .. } => {
            (Happening::AnswerSubmitted, format!("challenge {challenge}: {}", kind.name()), None)
        }
        Event::ResendRequested { challenge } => {
            (Happening::ResendRequested, format!("challenge {challenge}"), None)
        }
        Event::Due => (Happening::DeadlineReached, String::new(), None),
        Event::OutageCounted { by, .. } => (Happening::OutageCounted, format!("{} s", by.as_secs()), None),
        Event::Replied { effect, reply } => {
            let (happening, detail) = replied(reply);
            (happening, bounded(&detail), Some(*effect))
        }
    }
}

fn replied(reply: &Reply) -> (Happening, String) {
    match reply {
        Reply::BlacklistClear => (Happening::BlacklistClear, String::new()),
        Reply::BlacklistHit => (Happening::BlacklistHit, String::new()),
        Reply::AuditAccepted { .. } => (Happening::AuditAccepted, String::new()),
        Reply::AuditRunning => (Happening::AuditRunning, String::new()),
        Reply::AuditApproved => (Happening::AuditApproved, String::new()),
        Reply::AuditRejected { reason } => (Happening::AuditRejected, reason.clone()),
        Reply::Opened { .. } => (Happening::SessionOpened, String::new()),
        Reply::Accepted { told: None } => (Happening::CallAccepted, String::new()),
        Reply::Accepted { told: Some(told) } => {
            (Happening::CallAccepted, format!("{} {}", told.code, told.message))
        }
        Reply::State(told) => (Happening::StateReported, format!("{} {}", told.code, told.message)),
        Reply::NotReady => (Happening::DataNotReady, String::new()),
        Reply::Stored { document } => (Happening::DataStored, format!("document {}", document.number)),
        Reply::Refused { message } => (Happening::CallRefused, message.clone()),
        Reply::Lost => (Happening::CallLost, String::new()),
        Reply::Failed { cause } => (Happening::CallFailed, format!("{} {}", cause.name(), cause.detail())),
    }
}

/// Encodes an entry; id and version stand in the key.
pub fn to_record(entry: &Entry) -> Encoded {
    let effect = |id: &EffectId| (id.version, id.slot.number());
    let record = EntryV1 {
        at: entry.at.as_millis(),
        happening: entry.happening.number(),
        detail: entry.detail.clone(),
        answers: entry.answers.as_ref().map(effect),
        moves: entry.moves.iter().map(|of| (of.slot.number(), of.edge, of.from, of.to)).collect(),
        calls: entry.calls.iter().map(|(id, name)| (effect(id), name.clone())).collect(),
        withdrawn: entry.withdrawn.iter().map(effect).collect(),
    };
    encode(VERSION, &EntryV2 { first: record, actor: entry.actor.clone() })
}

/// Decodes an entry.
pub fn from_record(encoded: &Encoded) -> Result<Entry, RecordError> {
    let EntryV2 { first: record, actor } = match encoded.version {
        1 => EntryV2 { first: decode(RECORD, 1, encoded)?, actor: String::new() },
        former @ (2 | 3) => decode(RECORD, former, encoded)?,
        _ => decode(RECORD, VERSION, encoded)?,
    };
    let slot = |number: u16| Slot::from_number(number).ok_or_else(|| unknown("slot", number.into()));
    let effect = |(version, number): (u64, u16)| slot(number).map(|slot| EffectId { version, slot });
    let moves = record
        .moves
        .into_iter()
        .map(|(number, edge, from, to)| slot(number).map(|slot| Move { slot, edge, from, to }));
    Ok(Entry {
        at: Time::from_millis(record.at),
        happening: Happening::from_number(record.happening)
            .ok_or_else(|| unknown("happening", record.happening.into()))?,
        detail: record.detail,
        actor,
        answers: record.answers.map(effect).transpose()?,
        moves: moves.collect::<Result<_, _>>()?,
        calls: record
            .calls
            .into_iter()
            .map(|(id, name)| effect(id).map(|id| (id, name)))
            .collect::<Result<_, _>>()?,
        withdrawn: record.withdrawn.into_iter().map(effect).collect::<Result<_, _>>()?,
    })
}

const fn unknown(what: &'static str, number: u64) -> RecordError {
    RecordError::Unknown { record: RECORD, what, number }
}

/// All of the first version, and who did it.
#[derive(Serialize, Deserialize)]
struct EntryV2 {
    first: EntryV1,
    actor: String,
}

/// An effect's version and slot.
type EffectV1 = (u64, u16);

#[derive(Serialize, Deserialize)]
struct EntryV1 {
    at: u64,
    happening: u16,
    detail: String,
    answers: Option<EffectV1>,
    moves: Vec<(u16, u16, u16, u16)>,
    calls: Vec<(EffectV1, String)>,
    withdrawn: Vec<EffectV1>,
}
