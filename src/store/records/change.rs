//! One line of the stream of changes, as stored: who moved, from where, and how it looks now.

use super::snapshot::{CauseV1, ChallengeV1, ChallengeV3, HoldV2, LeaseV4};
use super::{RecordError, decode, encode};
use crate::machine::application::{Rejection, Source, Want};
use crate::machine::call::Slot;
use crate::machine::certification;
use crate::machine::collection::{CollectionKind, Standing, StateNumber};
use crate::machine::evidence::EvidenceKind;
use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::machine::table::Owner;
use crate::machine::time::Time;
use crate::machine::view::{Brief, CollectionView, View, Word};
use crate::store::codec::Encoded;
use serde::{Deserialize, Serialize};

const RECORD: &str = "change";

/// The newest version of the record.
pub const VERSION: u16 = 4;

/// A change as watchers read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRecord {
    /// When it happened.
    pub at: Time,
    /// How the application stood before; none when it was created.
    pub before: Option<Brief>,
    /// How it looks since.
    pub after: View,
}

/// Encodes a change; sequence, id and version stand beside it.
pub fn to_record(change: &ChangeRecord) -> Encoded {
    encode(VERSION, &ChangeV4::from(change))
}

/// Decodes a change.
pub fn from_record(id: ApplicationId, version: u64, encoded: &Encoded) -> Result<ChangeRecord, RecordError> {
    match encoded.version {
        1 => decode::<ChangeV1>(RECORD, 1, encoded)?.into_change(id, version),
        2 => decode::<ChangeV2>(RECORD, 2, encoded)?.into_change(id, version),
        3 => decode::<ChangeV3>(RECORD, 3, encoded)?.into_change(id, version),
        _ => decode::<ChangeV4>(RECORD, VERSION, encoded)?.into_change(id, version),
    }
}

/// All of the third version, and who reviews it.
#[derive(Serialize, Deserialize)]
struct ChangeV4 {
    third: ChangeV3,
    lease: Option<LeaseV4>,
}

#[derive(Serialize, Deserialize)]
struct ChangeV3 {
    at: u64,
    before: Option<(u16, BriefV2)>,
    state: u16,
    partner: String,
    order: String,
    product: String,
    product_version: u32,
    created: u64,
    since: u64,
    wake: Option<u64>,
    word: WordV1,
    missing: Vec<u16>,
    challenges: Vec<ChallengeV3>,
    /// The kind of each collection, and how it looks. The certification stands behind them, of which the
    /// number of its state is known.
    collections: Vec<(u16, CollectionV1)>,
    calls: Vec<String>,
    held: Option<HoldV2>,
    phone: Option<[u8; 16]>,
    identity: Option<[u8; 16]>,
}

/// All of the first version; what stood before besides the state; what can be asked about.
#[derive(Deserialize)]
struct ChangeV2 {
    first: ChangeV1,
    before: Option<BriefV2>,
    calls: Vec<String>,
    held: Option<HoldV2>,
    phone: Option<[u8; 16]>,
    identity: Option<[u8; 16]>,
}

#[derive(Serialize, Deserialize)]
struct BriefV2 {
    owner: u8,
    held: bool,
    cause: Option<String>,
    waits_for: Vec<String>,
}

#[derive(Deserialize)]
struct ChangeV1 {
    at: u64,
    before: Option<u16>,
    state: u16,
    partner: String,
    order: String,
    product: String,
    product_version: u32,
    created: u64,
    since: u64,
    wake: Option<u64>,
    word: WordV1,
    missing: Vec<u16>,
    challenges: Vec<ChallengeV1>,
    telecom: Option<CollectionV1>,
}

#[derive(Serialize, Deserialize)]
enum WordV1 {
    None,
    RejectedByBlacklist,
    RejectedByAudit {
        reason: String,
    },
    Suspended(CauseV1),
    Cancelled {
        reason: String,
    },
    Expired {
        want: u8,
    },
    /// Since the fourth version.
    RejectedByReview {
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
struct CollectionV1 {
    state: u16,
    standing: u8,
    required: bool,
    attempt: u8,
    since: u64,
    cause: Option<CauseV1>,
}

const fn unknown(what: &'static str, number: u64) -> RecordError {
    RecordError::Unknown { record: RECORD, what, number }
}

impl From<&ChangeRecord> for ChangeV4 {
    fn from(change: &ChangeRecord) -> Self {
        Self { third: ChangeV3::from(change), lease: change.after.lease.as_ref().map(LeaseV4::from) }
    }
}

impl ChangeV4 {
    fn into_change(self, id: ApplicationId, version: u64) -> Result<ChangeRecord, RecordError> {
        let mut change = self.third.into_change(id, version)?;
        change.after.lease = self.lease.map(LeaseV4::into_core);
        Ok(change)
    }
}

impl From<&ChangeRecord> for ChangeV3 {
    fn from(change: &ChangeRecord) -> Self {
        let view = &change.after;
        let before = change.before.as_ref();
        Self {
            at: change.at.as_millis(),
            before: before.map(|before| (before.state.number(), BriefV2::from(before))),
            state: view.state.number(),
            partner: view.source.partner.clone(),
            order: view.source.order.clone(),
            product: view.product.clone(),
            product_version: view.product_version,
            created: view.created.as_millis(),
            since: view.since.as_millis(),
            wake: view.wake.map(Time::as_millis),
            word: WordV1::from(&view.word),
            missing: view.missing.iter().map(|kind| kind.number()).collect(),
            challenges: view.challenges.iter().map(ChallengeV3::from).collect(),
            collections: view
                .collections
                .iter()
                .map(|it| (it.kind.number(), it.into()))
                .chain(view.certification.map(|step| (Slot::Certification.number(), step.into())))
                .collect(),
            calls: view.calls.clone(),
            held: view.held.as_ref().map(HoldV2::from),
            phone: view.phone,
            identity: view.identity,
        }
    }
}

impl ChangeV3 {
    fn into_change(mut self, id: ApplicationId, version: u64) -> Result<ChangeRecord, RecordError> {
        let is_certification = |(number, _): &mut (u16, _)| *number == Slot::Certification.number();
        let certification = self.collections.pop_if(is_certification);
        let certification = certification.map(|(_, it)| known_step(it.state)).transpose()?;
        let collection = |(number, collection): (u16, CollectionV1)| {
            let kind = CollectionKind::from_number(number);
            collection.into_core(kind.ok_or_else(|| unknown("kind of collection", number.into()))?)
        };
        let after = View {
            id,
            version,
            source: Source { partner: self.partner, order: self.order },
            product: self.product,
            product_version: self.product_version,
            created: Time::from_millis(self.created),
            since: Time::from_millis(self.since),
            state: known_state(self.state)?,
            word: self.word.into_core()?,
            wake: self.wake.map(Time::from_millis),
            missing: self.missing.into_iter().map(known_kind).collect::<Result<_, _>>()?,
            challenges: self.challenges.into_iter().map(ChallengeV3::into_core).collect::<Result<_, _>>()?,
            collections: self.collections.into_iter().map(collection).collect::<Result<_, _>>()?,
            certification,
            calls: self.calls,
            held: self.held.map(HoldV2::into_core),
            lease: None,
            phone: self.phone,
            identity: self.identity,
        };
        let before = self.before.map(|(number, brief)| brief.into_core(known_state(number)?));
        Ok(ChangeRecord { at: Time::from_millis(self.at), before: before.transpose()?, after })
    }
}

fn known_state(number: u16) -> Result<State, RecordError> {
    State::from_number(number).ok_or_else(|| unknown("state", number.into()))
}

fn known_step(number: u16) -> Result<certification::State, RecordError> {
    certification::State::from_number(number)
        .ok_or_else(|| unknown("state of the certification", number.into()))
}

fn known_kind(number: u16) -> Result<EvidenceKind, RecordError> {
    EvidenceKind::from_number(number).ok_or_else(|| unknown("kind of evidence", number.into()))
}

impl ChangeV1 {
    fn into_change(self, id: ApplicationId, version: u64) -> Result<ChangeRecord, RecordError> {
        let telecom = |collection: CollectionV1| collection.into_core(CollectionKind::Telecom);
        let after = View {
            id,
            version,
            source: Source { partner: self.partner, order: self.order },
            product: self.product,
            product_version: self.product_version,
            created: Time::from_millis(self.created),
            since: Time::from_millis(self.since),
            state: known_state(self.state)?,
            word: self.word.into_core()?,
            wake: self.wake.map(Time::from_millis),
            missing: self.missing.into_iter().map(known_kind).collect::<Result<_, _>>()?,
            challenges: self.challenges.into_iter().map(ChallengeV1::into_core).collect::<Result<_, _>>()?,
            collections: self.telecom.into_iter().map(telecom).collect::<Result<_, _>>()?,
            certification: None,
            calls: Vec::new(),
            held: None,
            lease: None,
            phone: None,
            identity: None,
        };
        // The first version knew the state alone.
        let brief = |state: State| Brief {
            owner: state.owner(),
            state,
            held: false,
            cause: None,
            waits_for: Vec::new(),
        };
        Ok(ChangeRecord {
            at: Time::from_millis(self.at),
            before: self.before.map(known_state).transpose()?.map(brief),
            after,
        })
    }
}

impl ChangeV2 {
    fn into_change(self, id: ApplicationId, version: u64) -> Result<ChangeRecord, RecordError> {
        let Self { first, before, calls, held, phone, identity } = self;
        let ChangeRecord { at, before: state, after } = first.into_change(id, version)?;
        let before = state.zip(before).map(|(stood, before)| before.into_core(stood.state));
        let held = held.map(HoldV2::into_core);
        Ok(ChangeRecord {
            at,
            before: before.transpose()?,
            after: View { calls, held, phone, identity, ..after },
        })
    }
}

impl From<&Brief> for BriefV2 {
    fn from(brief: &Brief) -> Self {
        Self {
            owner: match brief.owner {
                None => 0,
                Some(Owner::Applicant) => 1,
                Some(Owner::Provider) => 2,
                Some(Owner::Partner) => 3,
                Some(Owner::Operator) => 4,
                Some(Owner::Docket) => 5,
                Some(Owner::Evidence) => 6,
            },
            held: brief.held,
            cause: brief.cause.clone(),
            waits_for: brief.waits_for.clone(),
        }
    }
}

impl BriefV2 {
    fn into_core(self, state: State) -> Result<Brief, RecordError> {
        let Self { owner, held, cause, waits_for } = self;
        let owner = match owner {
            0 => None,
            1 => Some(Owner::Applicant),
            2 => Some(Owner::Provider),
            3 => Some(Owner::Partner),
            4 => Some(Owner::Operator),
            5 => Some(Owner::Docket),
            6 => Some(Owner::Evidence),
            other => return Err(unknown("owner", other.into())),
        };
        Ok(Brief { state, owner, held, cause, waits_for })
    }
}

impl From<&Word> for WordV1 {
    fn from(word: &Word) -> Self {
        match word {
            Word::None => Self::None,
            Word::Rejected(Rejection::Blacklisted) => Self::RejectedByBlacklist,
            Word::Rejected(Rejection::Audit { reason }) => Self::RejectedByAudit { reason: reason.clone() },
            Word::Rejected(Rejection::Review { reason }) => Self::RejectedByReview { reason: reason.clone() },
            Word::Suspended(cause) => Self::Suspended(CauseV1::from(cause)),
            Word::Cancelled(reason) => Self::Cancelled { reason: reason.clone() },
            Word::Expired(Want::Evidence) => Self::Expired { want: 1 },
            Word::Expired(Want::Collections) => Self::Expired { want: 2 },
            Word::Expired(Want::Applicant) => Self::Expired { want: 3 },
        }
    }
}

impl WordV1 {
    fn into_core(self) -> Result<Word, RecordError> {
        Ok(match self {
            Self::None => Word::None,
            Self::RejectedByBlacklist => Word::Rejected(Rejection::Blacklisted),
            Self::RejectedByAudit { reason } => Word::Rejected(Rejection::Audit { reason }),
            Self::RejectedByReview { reason } => Word::Rejected(Rejection::Review { reason }),
            Self::Suspended(cause) => Word::Suspended(cause.into_core()),
            Self::Cancelled { reason } => Word::Cancelled(reason),
            Self::Expired { want: 1 } => Word::Expired(Want::Evidence),
            Self::Expired { want: 2 } => Word::Expired(Want::Collections),
            Self::Expired { want: 3 } => Word::Expired(Want::Applicant),
            Self::Expired { want } => return Err(unknown("want", want.into())),
        })
    }
}

impl From<&CollectionView> for CollectionV1 {
    fn from(view: &CollectionView) -> Self {
        Self {
            state: view.state.number,
            standing: match view.standing {
                Standing::InputNeeded => 1,
                Standing::Running => 2,
                Standing::Delivered => 3,
                Standing::Parked => 4,
                Standing::Exhausted => 5,
            },
            required: view.required,
            attempt: view.attempt,
            since: view.since.as_millis(),
            cause: view.cause.as_ref().map(CauseV1::from),
        }
    }
}

impl From<certification::State> for CollectionV1 {
    fn from(step: certification::State) -> Self {
        Self { state: step.number(), standing: 0, required: true, attempt: 0, since: 0, cause: None }
    }
}

impl CollectionV1 {
    fn into_core(self, kind: CollectionKind) -> Result<CollectionView, RecordError> {
        let state = kind.state(StateNumber(self.state));
        let state = state.ok_or_else(|| unknown("state of a collection", self.state.into()))?;
        Ok(CollectionView {
            kind,
            state,
            standing: match self.standing {
                1 => Standing::InputNeeded,
                2 => Standing::Running,
                3 => Standing::Delivered,
                4 => Standing::Parked,
                5 => Standing::Exhausted,
                other => return Err(unknown("standing", other.into())),
            },
            required: self.required,
            attempt: self.attempt,
            since: Time::from_millis(self.since),
            cause: self.cause.map(CauseV1::into_core),
        })
    }
}
