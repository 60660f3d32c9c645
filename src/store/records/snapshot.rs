//! The value of an application, as stored.

mod calls;
mod hold;
mod phase;
mod telecom;

pub(super) use self::hold::HoldV2;
pub(super) use self::phase::CauseV1;
pub(super) use self::telecom::ChallengeV1;

use self::calls::PendingV1;
use self::phase::PhaseV1;
use self::telecom::TelecomV1;
use super::{RecordError, decode, encode};
use crate::machine::application::{Application, Plan, Source, Wanted};
use crate::machine::challenge::SealedAnswer;
use crate::machine::evidence::{Document, DocumentKind, Evidence, EvidenceKind};
use crate::machine::graph;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::codec::Encoded;
use serde::{Deserialize, Serialize};

const RECORD: &str = "snapshot";

/// The newest version of the record.
pub const VERSION: u16 = 2;

/// Encodes an application; its id and version stand in the key and the header.
pub fn to_record(application: &Application) -> Encoded {
    let held = application.held.as_ref().map(HoldV2::from);
    encode(VERSION, &SnapshotV2 { first: SnapshotV1::from(application), held })
}

/// Decodes an application.
pub fn from_record(id: ApplicationId, version: u64, encoded: &Encoded) -> Result<Application, RecordError> {
    if encoded.version == 1 {
        return decode::<SnapshotV1>(RECORD, 1, encoded)?.into_application(id, version);
    }
    let SnapshotV2 { first, held } = decode(RECORD, VERSION, encoded)?;
    let application = first.into_application(id, version)?;
    Ok(Application { held: held.map(HoldV2::into_core), ..application })
}

/// All of the first version, and whether it is held.
#[derive(Serialize, Deserialize)]
struct SnapshotV2 {
    first: SnapshotV1,
    held: Option<HoldV2>,
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

const fn unknown(what: &'static str, number: u64) -> RecordError {
    RecordError::Unknown { record: RECORD, what, number }
}

impl From<&Application> for SnapshotV1 {
    fn from(application: &Application) -> Self {
        let plan = &application.plan;
        Self {
            machine: (graph::application::DEFINITION.version, graph::telecom::DEFINITION.version),
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
        let (application, telecom) = self.machine;
        for (definition, found) in
            [(&graph::application::DEFINITION, application), (&graph::telecom::DEFINITION, telecom)]
        {
            if found > definition.version {
                let (machine, known) = (definition.name, definition.version);
                return Err(RecordError::NewerMachine { machine, found, known });
            }
        }
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
            held: None,
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
