//! What must reach a partner of one move, as stored; where it stands in its queue, and since when,
//! stands beside it.

use super::{RecordError, decode, encode};
use crate::machine::event::By;
use crate::machine::graph::application::State;
use crate::machine::time::Time;
use crate::store::codec::Encoded;
use serde::{Deserialize, Serialize};

const RECORD: &str = "delivery";

/// The newest version of the record.
pub const VERSION: u16 = 2;

/// What must reach a partner of one move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// The place of the move in the stream of changes.
    pub sequence: u64,
    /// Where the application stood after it.
    pub state: State,
    /// When it happened.
    pub at: Time,
    /// The body that is sent, the same with every try.
    pub message: String,
    /// How often it was tried, since it was made or last sent again.
    pub tries: u32,
    /// When it was tried first, likewise.
    pub first_try: Option<Time>,
    /// What went wrong the last time; nothing of what a partner answered but its status.
    pub error: Option<String>,
    /// Who had it sent again, the last of them last.
    pub resent: Vec<Resent>,
}

/// That somebody had a delivery sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resent {
    /// Who, and why.
    pub by: By,
    /// When.
    pub at: Time,
    /// A keyed digest of the request's id, if it had one.
    pub request: Option<[u8; 16]>,
    /// What had gone wrong until then.
    pub error: Option<String>,
    /// Whether another of its application was to be tried first.
    pub is_behind: bool,
}

/// Encodes a delivery.
pub fn to_record(delivery: &DeliveryRecord) -> Encoded {
    encode(VERSION, &DeliveryV2::from(delivery))
}

/// Decodes a delivery.
pub fn from_record(encoded: &Encoded) -> Result<DeliveryRecord, RecordError> {
    let record = match encoded.version {
        1 => decode::<DeliveryV1>(RECORD, 1, encoded)?.into_newer(),
        _ => decode::<DeliveryV2>(RECORD, VERSION, encoded)?,
    };
    record.into_delivery()
}

#[derive(Serialize, Deserialize)]
struct DeliveryV2 {
    sequence: u64,
    state: u16,
    at: u64,
    message: String,
    tries: u32,
    first_try: Option<u64>,
    error: Option<String>,
    resent: Vec<ResentV2>,
}

#[derive(Serialize, Deserialize)]
struct ResentV2 {
    first: ResentV1,
    error: Option<String>,
    is_behind: bool,
}

#[derive(Serialize, Deserialize)]
struct DeliveryV1 {
    sequence: u64,
    state: u16,
    at: u64,
    message: String,
    tries: u32,
    first_try: Option<u64>,
    error: Option<String>,
    resent: Option<ResentV1>,
}

#[derive(Serialize, Deserialize)]
struct ResentV1 {
    actor: String,
    reason: String,
    at: u64,
    request: Option<[u8; 16]>,
}

impl DeliveryV1 {
    /// It knew the last of those who had it sent again, and not how it stood then.
    fn into_newer(self) -> DeliveryV2 {
        let Self { sequence, state, at, message, tries, first_try, error, resent } = self;
        let resent = resent.map(|first| ResentV2 { first, error: None, is_behind: false });
        let resent = resent.into_iter().collect();
        DeliveryV2 { sequence, state, at, message, tries, first_try, error, resent }
    }
}

impl From<&DeliveryRecord> for DeliveryV2 {
    fn from(delivery: &DeliveryRecord) -> Self {
        let resent = |Resent { by, at, request, error, is_behind }: &Resent| ResentV2 {
            first: ResentV1 {
                actor: by.actor.clone(),
                reason: by.reason.clone(),
                at: at.as_millis(),
                request: *request,
            },
            error: error.clone(),
            is_behind: *is_behind,
        };
        Self {
            sequence: delivery.sequence,
            state: delivery.state.number(),
            at: delivery.at.as_millis(),
            message: delivery.message.clone(),
            tries: delivery.tries,
            first_try: delivery.first_try.map(Time::as_millis),
            error: delivery.error.clone(),
            resent: delivery.resent.iter().map(resent).collect(),
        }
    }
}

impl DeliveryV2 {
    fn into_delivery(self) -> Result<DeliveryRecord, RecordError> {
        let (what, number) = ("state", self.state.into());
        let state = State::from_number(self.state);
        let resent = |ResentV2 { first, error, is_behind }| {
            let ResentV1 { actor, reason, at, request } = first;
            Resent { by: By { actor, reason }, at: Time::from_millis(at), request, error, is_behind }
        };
        Ok(DeliveryRecord {
            sequence: self.sequence,
            state: state.ok_or(RecordError::Unknown { record: RECORD, what, number })?,
            at: Time::from_millis(self.at),
            message: self.message,
            tries: self.tries,
            first_try: self.first_try.map(Time::from_millis),
            error: self.error,
            resent: self.resent.into_iter().map(resent).collect(),
        })
    }
}
