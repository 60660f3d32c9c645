//! The values of the one tree, laid out by hand inside their envelopes.
//!
//! | kind | body |
//! |---|---|
//! | application | version u64, sequence u64, wake u8 (0 ended, 1 set) + u64 in milliseconds, chain 16, snapshot's version u16, snapshot |
//! | journal | previous chain 16, entry's version u16, entry |
//! | change | application 16, version u64, body's version u16, body |
//! | document | 1 + bytes, or 2 + SHA-256 of the blob 32 |
//! | totals | applications u64, live u64, moves u64, oldest change u64 |
//! | identity | instance 16 |
//! | request | sequence u64, application 16, fingerprint 16 |
//! | request of a change | key of the request 16 |
//! | cursor | sequence u64 |
//! | delivery | queue u8, time u64, since u64, length of the partner u16, partner, record's version u16, record |
//! | row of a queue | since u64 |
//! | outage | end u8 (0 it lasts, 1 set) + u64 in milliseconds |
//! | definition | record's version u16, record |
//! | place of an archived journal | file u64, offset of the block u64, entries u64, chain 16 |
//!
//! Wake-ups and index rows are empty envelopes. Every form is [`FORM`]; a new one gets the next
//! number and its own reader beside the old one. Nothing here knows what the bodies mean.

use super::archive::Filed;
use super::codec::{self, CodecError, Encoded, Kind, Reader};
use super::{BlobId, Change, Counts, Document, Place, Queue, Remembered, RequestKey};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use aws_lc_rs::digest;

/// The form that is written, and the newest that is read.
pub(super) const FORM: u16 = 1;

/// The hash that ties a journal entry to all before it.
pub(super) type Chain = [u8; 16];

/// The chain before the first entry.
pub(super) const CHAIN_START: Chain = [0; 16];

/// What the store itself knows of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) version: u64,
    pub(super) sequence: u64,
    pub(super) wake: Option<Time>,
    /// The chain after the entry of `version`.
    pub(super) chain: Chain,
}

/// How much is there, and the oldest change kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) counts: Counts,
    /// From 1; one above the newest when all are forgotten.
    pub(super) oldest: u64,
}

impl Totals {
    pub(super) const EMPTY: Self = Self { counts: Counts { applications: 0, live: 0, moves: 0 }, oldest: 1 };

    pub(super) const fn span(&self) -> (u64, u64) {
        (self.oldest, self.counts.moves)
    }
}

/// Links an entry to the chain before it: the first 16 bytes of
/// SHA-256(previous chain, version of the entry u16, entry).
pub(super) fn link(previous: &Chain, entry: &Encoded) -> Chain {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(previous);
    hash.update(&entry.version.to_be_bytes());
    hash.update(&entry.body);
    *hash.finish().as_ref().first_chunk().expect("a SHA-256 has 32 bytes")
}

pub(super) fn write_application(head: &Head, snapshot: &Encoded) -> Vec<u8> {
    let mut body = Vec::with_capacity(43 + snapshot.body.len());
    body.extend_from_slice(&head.version.to_be_bytes());
    body.extend_from_slice(&head.sequence.to_be_bytes());
    body.push(u8::from(head.wake.is_some()));
    body.extend_from_slice(&head.wake.unwrap_or_default().as_millis().to_be_bytes());
    body.extend_from_slice(&head.chain);
    append(&mut body, snapshot);
    codec::seal(Kind::Application, FORM, &body)
}

pub(super) fn read_application(row: &[u8]) -> Result<(Head, Encoded), CodecError> {
    let (_, body) = codec::open(Kind::Application, FORM, row)?;
    let mut reader = Reader::new("the body of an application", body);
    let (version, sequence) = (reader.u64()?, reader.u64()?);
    let (set, at) = (reader.u8()?, reader.u64()?);
    let wake = match set {
        0 => None,
        1 => Some(Time::from_millis(at)),
        found => {
            return Err(CodecError::Field { what: "the wake-up of an application", found });
        }
    };
    let head = Head { version, sequence, wake, chain: reader.array()? };
    Ok((head, encoded(reader)?))
}

pub(super) fn write_journal(previous: &Chain, entry: &Encoded) -> Vec<u8> {
    let mut body = Vec::with_capacity(previous.len() + 2 + entry.body.len());
    body.extend_from_slice(previous);
    append(&mut body, entry);
    codec::seal(Kind::Journal, FORM, &body)
}

pub(super) fn read_journal(row: &[u8]) -> Result<(Chain, Encoded), CodecError> {
    let (_, body) = codec::open(Kind::Journal, FORM, row)?;
    let mut reader = Reader::new("the body of a journal entry", body);
    Ok((reader.array()?, encoded(reader)?))
}

pub(super) fn write_change(application: ApplicationId, version: u64, change: &Encoded) -> Vec<u8> {
    let id = application.as_bytes();
    let mut body = Vec::with_capacity(id.len() + 8 + 2 + change.body.len());
    body.extend_from_slice(id);
    body.extend_from_slice(&version.to_be_bytes());
    append(&mut body, change);
    codec::seal(Kind::Change, FORM, &body)
}

pub(super) fn read_change(sequence: u64, row: &[u8]) -> Result<Change, CodecError> {
    let (_, body) = codec::open(Kind::Change, FORM, row)?;
    let mut reader = Reader::new("the body of a change", body);
    let application = ApplicationId::from_bytes(reader.array()?);
    Ok(Change { sequence, application, version: reader.u64()?, body: encoded(reader)? })
}

const INLINE: u8 = 1;
const BLOB: u8 = 2;

pub(super) fn write_document(document: &Document) -> Vec<u8> {
    let (place, bytes) = match document {
        Document::Inline(bytes) => (INLINE, bytes.as_slice()),
        Document::Blob(BlobId(hash)) => (BLOB, hash.as_slice()),
    };
    codec::seal(Kind::Document, FORM, &[&[place], bytes].concat())
}

pub(super) fn read_document(row: &[u8]) -> Result<Document, CodecError> {
    let (_, body) = codec::open(Kind::Document, FORM, row)?;
    let mut reader = Reader::new("the body of a document", body);
    match reader.u8()? {
        INLINE => Ok(Document::Inline(reader.rest().to_vec())),
        BLOB => {
            let blob = BlobId(reader.array()?);
            reader.end().map(|()| Document::Blob(blob))
        }
        found => Err(CodecError::Field { what: "the place of a document", found }),
    }
}

pub(super) fn write_empty(kind: Kind) -> Vec<u8> {
    codec::seal(kind, FORM, &[])
}

pub(super) fn read_empty(kind: Kind, row: &[u8]) -> Result<(), CodecError> {
    let (_, body) = codec::open(kind, FORM, row)?;
    Reader::new("an empty row", body).end()
}

pub(super) fn write_totals(totals: &Totals) -> Vec<u8> {
    let Counts { applications, live, moves } = totals.counts;
    let body = [applications, live, moves, totals.oldest].map(u64::to_be_bytes).concat();
    codec::seal(Kind::Totals, FORM, &body)
}

pub(super) fn read_totals(row: &[u8]) -> Result<Totals, CodecError> {
    let (_, body) = codec::open(Kind::Totals, FORM, row)?;
    let mut reader = Reader::new("the body of the totals", body);
    let counts = Counts { applications: reader.u64()?, live: reader.u64()?, moves: reader.u64()? };
    let totals = Totals { counts, oldest: reader.u64()? };
    reader.end().map(|()| totals)
}

pub(super) fn write_identity(instance: &[u8; 16]) -> Vec<u8> {
    codec::seal(Kind::Identity, FORM, instance)
}

pub(super) fn read_identity(row: &[u8]) -> Result<[u8; 16], CodecError> {
    let (_, body) = codec::open(Kind::Identity, FORM, row)?;
    let mut reader = Reader::new("the body of the identity", body);
    let instance = reader.array()?;
    reader.end().map(|()| instance)
}

pub(super) fn write_request(remembered: &Remembered) -> Vec<u8> {
    let Remembered { sequence, application, fingerprint } = remembered;
    let body = [&sequence.to_be_bytes()[..], application.as_bytes(), fingerprint].concat();
    codec::seal(Kind::Request, FORM, &body)
}

pub(super) fn read_request(row: &[u8]) -> Result<Remembered, CodecError> {
    let (_, body) = codec::open(Kind::Request, FORM, row)?;
    let mut reader = Reader::new("the body of a request", body);
    let sequence = reader.u64()?;
    let application = ApplicationId::from_bytes(reader.array()?);
    let remembered = Remembered { sequence, application, fingerprint: reader.array()? };
    reader.end().map(|()| remembered)
}

pub(super) fn write_request_of(key: RequestKey) -> Vec<u8> {
    codec::seal(Kind::RequestOf, FORM, &key.0)
}

pub(super) fn read_request_of(row: &[u8]) -> Result<RequestKey, CodecError> {
    let (_, body) = codec::open(Kind::RequestOf, FORM, row)?;
    let mut reader = Reader::new("the body of a request of a change", body);
    let key = RequestKey(reader.array()?);
    reader.end().map(|()| key)
}

pub(super) fn write_cursor(sequence: u64) -> Vec<u8> {
    codec::seal(Kind::Cursor, FORM, &sequence.to_be_bytes())
}

pub(super) fn read_cursor(row: &[u8]) -> Result<u64, CodecError> {
    let (_, body) = codec::open(Kind::Cursor, FORM, row)?;
    let mut reader = Reader::new("the body of a cursor", body);
    let sequence = reader.u64()?;
    reader.end().map(|()| sequence)
}

pub(super) fn write_delivery(place: &Place, record: &Encoded) -> Vec<u8> {
    let mut body = Vec::with_capacity(21 + place.partner.len() + record.body.len());
    body.push(place.queue as u8);
    body.extend_from_slice(&place.time.as_millis().to_be_bytes());
    body.extend_from_slice(&place.since.as_millis().to_be_bytes());
    let len = u16::try_from(place.partner.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&len.to_be_bytes());
    body.extend_from_slice(place.partner.as_bytes());
    append(&mut body, record);
    codec::seal(Kind::Delivery, FORM, &body)
}

pub(super) fn read_delivery(row: &[u8]) -> Result<(Place, Encoded), CodecError> {
    const WHAT: &str = "the body of a delivery";
    let (_, body) = codec::open(Kind::Delivery, FORM, row)?;
    let mut reader = Reader::new(WHAT, body);
    let queue = reader.u8()?;
    let queue = Queue::from_number(queue).ok_or(CodecError::Field { what: WHAT, found: queue })?;
    let (time, since) = (Time::from_millis(reader.u64()?), Time::from_millis(reader.u64()?));
    let len = reader.u16()?;
    let partner = reader.take(usize::from(len))?.to_vec();
    let partner = String::from_utf8(partner)
        .map_err(|error| CodecError::Field { what: WHAT, found: error.as_bytes()[0] })?;
    Ok((Place { queue, partner, time, since }, encoded(reader)?))
}

pub(super) fn write_queued(since: Time) -> Vec<u8> {
    codec::seal(Kind::Queued, FORM, &since.as_millis().to_be_bytes())
}

pub(super) fn read_queued(row: &[u8]) -> Result<Time, CodecError> {
    let (_, body) = codec::open(Kind::Queued, FORM, row)?;
    let mut reader = Reader::new("the body of a row of a queue", body);
    let since = Time::from_millis(reader.u64()?);
    reader.end().map(|()| since)
}

pub(super) fn write_outage(end: Option<Time>) -> Vec<u8> {
    let mut body = vec![u8::from(end.is_some())];
    body.extend_from_slice(&end.unwrap_or_default().as_millis().to_be_bytes());
    codec::seal(Kind::Outage, FORM, &body)
}

pub(super) fn read_outage(row: &[u8]) -> Result<Option<Time>, CodecError> {
    let (_, body) = codec::open(Kind::Outage, FORM, row)?;
    let mut reader = Reader::new("the body of an outage", body);
    let (set, at) = (reader.u8()?, Time::from_millis(reader.u64()?));
    reader.end()?;
    match set {
        0 => Ok(None),
        1 => Ok(Some(at)),
        found => Err(CodecError::Field { what: "the end of an outage", found }),
    }
}

pub(super) fn write_definition(record: &Encoded) -> Vec<u8> {
    let mut body = Vec::with_capacity(2 + record.body.len());
    append(&mut body, record);
    codec::seal(Kind::Definition, FORM, &body)
}

pub(super) fn read_definition(row: &[u8]) -> Result<Encoded, CodecError> {
    let (_, body) = codec::open(Kind::Definition, FORM, row)?;
    encoded(Reader::new("the body of a definition", body))
}

pub(super) fn write_archived(filed: &Filed) -> Vec<u8> {
    let Filed { file, block, entries, chain } = filed;
    let numbers = [*file, *block, *entries].map(u64::to_be_bytes).concat();
    codec::seal(Kind::Archived, FORM, &[&numbers, &chain[..]].concat())
}

pub(super) fn read_archived(row: &[u8]) -> Result<Filed, CodecError> {
    let (_, body) = codec::open(Kind::Archived, FORM, row)?;
    let mut reader = Reader::new("the body of the place of an archived journal", body);
    let (file, block, entries) = (reader.u64()?, reader.u64()?, reader.u64()?);
    let filed = Filed { file, block, entries, chain: reader.array()? };
    reader.end().map(|()| filed)
}

fn append(body: &mut Vec<u8>, inner: &Encoded) {
    body.extend_from_slice(&inner.version.to_be_bytes());
    body.extend_from_slice(&inner.body);
}

fn encoded(mut reader: Reader<'_>) -> Result<Encoded, CodecError> {
    Ok(Encoded { version: reader.u16()?, body: reader.rest().to_vec() })
}
