//! The value of an application, as stored.

mod calls;
mod collection;
mod former;
mod hold;
mod phase;
mod survey;

pub(super) use self::collection::ChallengeV3;
pub(super) use self::former::ChallengeV1;
pub(super) use self::hold::HoldV2;
pub(super) use self::phase::{CauseV1, LeaseV4};
pub use self::survey::{Standing, Survey, survey};

use self::calls::PendingV3;
use self::collection::CollectionV3;
use self::former::{SnapshotV1, SnapshotV2};
use self::phase::PhaseV1;
use super::{RecordError, decode, encode};
use crate::machine::application::{Application, Decider, Plan, Source, Wish};
use crate::machine::challenge::SealedAnswer;
use crate::machine::collection::{CollectionKind, StateNumber};
use crate::machine::evidence::{Document, DocumentKind, Evidence, EvidenceKind, Supplier};
use crate::machine::graph;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::codec::Encoded;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const RECORD: &str = "snapshot";

/// The newest version of the record.
pub const VERSION: u16 = 4;

/// Encodes an application; its id and version stand in the key and the header.
pub fn to_record(application: &Application) -> Encoded {
    encode(VERSION, &SnapshotV4::from(application))
}

/// Decodes an application.
pub fn from_record(id: ApplicationId, version: u64, encoded: &Encoded) -> Result<Application, RecordError> {
    match encoded.version {
        1 => decode::<SnapshotV1>(RECORD, 1, encoded)?.into_application(id, version),
        2 => decode::<SnapshotV2>(RECORD, 2, encoded)?.into_application(id, version),
        3 => decode::<SnapshotV3>(RECORD, 3, encoded)?.into_application(id, version),
        _ => decode::<SnapshotV4>(RECORD, VERSION, encoded)?.into_application(id, version),
    }
}

/// All of the third version, what else the product wants, and who supplied the evidence.
#[derive(Serialize, Deserialize)]
struct SnapshotV4 {
    third: SnapshotV3,
    blacklist: bool,
    decider: u8,
    /// The number of each kind of evidence that gets old, and after how many milliseconds.
    fresh: Vec<(u16, u64)>,
    /// In the order of the evidence.
    suppliers: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct SnapshotV3 {
    /// The number of every machine that it follows, and the version of its drawing.
    machines: Vec<(u16, u16)>,
    created: u64,
    since: u64,
    partner: String,
    order: String,
    product: String,
    product_version: u32,
    wanted_evidence: Vec<u16>,
    wishes: Vec<(u16, bool)>,
    term_days: u32,
    order_id: u64,
    key: u32,
    phone: Option<[u8; 16]>,
    identity: Option<[u8; 16]>,
    documents: Vec<DocumentV1>,
    evidence: Vec<EvidenceV1>,
    credentials: Option<AnswerV1>,
    phase: PhaseV1,
    counted: Option<u64>,
    collections: Vec<CollectionV3>,
    challenges: u32,
    outbox: Vec<PendingV3>,
    held: Option<HoldV2>,
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

const fn unknown(what: &'static str, number: u64) -> RecordError {
    RecordError::Unknown { record: RECORD, what, number }
}

/// Lets a drawing pass that this Docket knows.
fn machine_known(number: u16, found: u16) -> Result<(), RecordError> {
    let definition = graph::MACHINES.iter().find(|machine| machine.number == number);
    let definition = definition.ok_or_else(|| unknown("machine", number.into()))?;
    if found > definition.version {
        let (machine, known) = (definition.name, definition.version);
        return Err(RecordError::NewerMachine { machine, found, known });
    }
    Ok(())
}

fn known_state(kind: CollectionKind, number: u16) -> Result<StateNumber, RecordError> {
    let state = StateNumber(number);
    kind.state(state).map(|_| state).ok_or_else(|| unknown("state of a collection", number.into()))
}

fn collection_kind(number: u16) -> Result<CollectionKind, RecordError> {
    CollectionKind::from_number(number).ok_or_else(|| unknown("kind of collection", number.into()))
}

fn kinds(numbers: Vec<u16>) -> Result<Vec<EvidenceKind>, RecordError> {
    numbers.into_iter().map(evidence_kind).collect()
}

fn evidence_kind(number: u16) -> Result<EvidenceKind, RecordError> {
    EvidenceKind::from_number(number).ok_or_else(|| unknown("kind of evidence", number.into()))
}

impl From<&Application> for SnapshotV4 {
    fn from(application: &Application) -> Self {
        let plan = &application.plan;
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            third: SnapshotV3::from(application),
            blacklist: plan.blacklist,
            decider: match plan.decider {
                Decider::Provider => 1,
                Decider::Person => 2,
            },
            fresh: plan.fresh.iter().map(|(kind, span)| (kind.number(), millis(*span))).collect(),
            suppliers: application.evidence.iter().map(|held| held.supplier.number()).collect(),
        }
    }
}

impl SnapshotV4 {
    fn into_application(self, id: ApplicationId, version: u64) -> Result<Application, RecordError> {
        let Self { third, blacklist, decider, fresh, suppliers } = self;
        let mut application = third.into_application(id, version)?;
        let span = |(number, millis): (u16, u64)| Ok((evidence_kind(number)?, Duration::from_millis(millis)));
        application.plan.blacklist = blacklist;
        application.plan.decider = match decider {
            1 => Decider::Provider,
            2 => Decider::Person,
            other => return Err(unknown("decider", other.into())),
        };
        application.plan.fresh = fresh.into_iter().map(span).collect::<Result<_, _>>()?;
        for (held, number) in application.evidence.iter_mut().zip(suppliers) {
            held.supplier =
                Supplier::from_number(number).ok_or_else(|| unknown("supplier", number.into()))?;
        }
        Ok(application)
    }
}

impl From<&Application> for SnapshotV3 {
    fn from(application: &Application) -> Self {
        let plan = &application.plan;
        let followed = plan.collections.iter().map(|wish| wish.kind.definition());
        let machines = std::iter::once(&graph::application::DEFINITION).chain(followed);
        Self {
            machines: machines.map(|machine| (machine.number, machine.version)).collect(),
            created: application.created.as_millis(),
            since: application.since.as_millis(),
            partner: application.source.partner.clone(),
            order: application.source.order.clone(),
            product: plan.product.clone(),
            product_version: plan.version,
            wanted_evidence: plan.evidence.iter().map(|kind| kind.number()).collect(),
            wishes: plan.collections.iter().map(|wish| (wish.kind.number(), wish.required)).collect(),
            term_days: plan.term_days,
            order_id: application.order_id,
            key: application.key,
            phone: application.phone,
            identity: application.identity,
            documents: application.documents.iter().map(DocumentV1::from).collect(),
            evidence: application.evidence.iter().map(EvidenceV1::from).collect(),
            credentials: application.credentials.as_ref().map(AnswerV1::from),
            phase: PhaseV1::from(&application.phase),
            counted: application.counted.map(Time::as_millis),
            collections: application.collections.iter().map(CollectionV3::from).collect(),
            challenges: application.challenges,
            outbox: application.outbox.iter().map(PendingV3::from).collect(),
            held: application.held.as_ref().map(HoldV2::from),
        }
    }
}

impl SnapshotV3 {
    fn into_application(self, id: ApplicationId, version: u64) -> Result<Application, RecordError> {
        for (number, found) in self.machines {
            machine_known(number, found)?;
        }
        let wish = |(number, required)| Ok(Wish { kind: collection_kind(number)?, required });
        let plan = Plan {
            product: self.product,
            version: self.product_version,
            evidence: kinds(self.wanted_evidence)?,
            collections: self.wishes.into_iter().map(wish).collect::<Result<_, _>>()?,
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
            counted: self.counted.map(Time::from_millis),
            collections: self
                .collections
                .into_iter()
                .map(CollectionV3::into_core)
                .collect::<Result<_, _>>()?,
            challenges: self.challenges,
            outbox: self.outbox.into_iter().map(PendingV3::into_core).collect::<Result<_, _>>()?,
            held: self.held.map(HoldV2::into_core),
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
        let (kind, supplier) = (evidence_kind(self.kind)?, Supplier::Untold);
        Ok(Evidence { kind, document: self.document, at: Time::from_millis(self.at), supplier })
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

    fn to_core(&self) -> SealedAnswer {
        SealedAnswer { slot: self.slot, generation: self.generation, bytes: self.bytes.clone() }
    }
}
