//! The keys of the one tree: a tag byte, then big-endian parts, laid out by hand.
//!
//! | tag | key | parts |
//! |---|---|---|
//! | 1 | meta | which u8: 1 totals, 2 identity, 3 mark (in a view on disk only) |
//! | 2 | application | id 16 |
//! | 3 | journal | id 16, version u64 |
//! | 4 | change | sequence u64 |
//! | 5 | wake-up | time u64 in milliseconds, id 16 |
//! | 6 | index | index u8, length of the value u16, value, id 16 |
//! | 7 | document | id 16, number u32 |
//! | 8 | request | key 16 |
//! | 9 | request of a change | sequence u64 |
//! | 10 | cursor of deliveries | partner |
//! | 11 | delivery | id 16, version u64 |
//! | 12 | queue of deliveries | queue u8, length of the partner u16, partner, time u64, id 16, version u64 |
//! | 13 | outage | system u16, start u64 in milliseconds |
//! | 14 | definition | 1, number of the machine u16; or 2, name of the product |
//! | 15 | place of an archived journal | id 16 |
//!
//! The numbers are permanent: never changed, never reused. The length before an index value keeps
//! a scan of one value from seeing a longer one that begins like it. Nothing here reads values.

use super::codec::{CodecError, Reader};
use super::{DeliveryKey, INDEX_VALUE_LIMIT, IndexKey, Part, Place, Queue, RequestKey, Wake};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use std::ops::Range;

const META: u8 = 1;
const APPLICATION: u8 = 2;
const JOURNAL: u8 = 3;
const CHANGE: u8 = 4;
const WAKE: u8 = 5;
const INDEX: u8 = 6;
const DOCUMENT: u8 = 7;
const REQUEST: u8 = 8;
const REQUEST_OF: u8 = 9;
const CURSOR: u8 = 10;
const DELIVERY: u8 = 11;
const QUEUED: u8 = 12;
const OUTAGE: u8 = 13;
const DEFINITION: u8 = 14;
const ARCHIVED: u8 = 15;

/// Every row.
pub(super) fn all() -> Range<Key> {
    Vec::new()..vec![u8::MAX]
}

/// The key of the row that says how much is there.
pub(super) const TOTALS: [u8; 2] = [META, 1];

/// The key of the row that says whose rows these are.
pub(super) const IDENTITY: [u8; 2] = [META, 2];

/// The key of the row that says what a view on disk holds.
pub(super) const MARK: [u8; 2] = [META, 3];

pub(super) type Key = Vec<u8>;

/// What a key is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    Meta,
    Application,
    Journal,
    Change,
    Wake,
    Index,
    Document,
    Request,
    RequestOfChange,
    Cursor,
    Delivery,
    Queued,
    Outage,
    Definition,
    Archived,
}

impl Of {
    /// What it is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Application => "application",
            Self::Journal => "journal entry",
            Self::Change => "change",
            Self::Wake => "wake-up",
            Self::Index => "index row",
            Self::Document => "document",
            Self::Request => "request",
            Self::RequestOfChange => "request of a change",
            Self::Cursor => "cursor",
            Self::Delivery => "delivery",
            Self::Queued => "row of a queue",
            Self::Outage => "outage",
            Self::Definition => "definition",
            Self::Archived => "place of an archived journal",
        }
    }
}

/// Says what a key is of; none if nobody knows.
pub(super) fn of(key: &[u8]) -> Option<Of> {
    Some(match *key.first()? {
        META => Of::Meta,
        APPLICATION => Of::Application,
        JOURNAL => Of::Journal,
        CHANGE => Of::Change,
        WAKE => Of::Wake,
        INDEX => Of::Index,
        DOCUMENT => Of::Document,
        REQUEST => Of::Request,
        REQUEST_OF => Of::RequestOfChange,
        CURSOR => Of::Cursor,
        DELIVERY => Of::Delivery,
        QUEUED => Of::Queued,
        OUTAGE => Of::Outage,
        DEFINITION => Of::Definition,
        ARCHIVED => Of::Archived,
        _ => return None,
    })
}

pub(super) fn application(id: ApplicationId) -> Key {
    join(APPLICATION, &[id.as_bytes()])
}

pub(super) fn journal(id: ApplicationId, version: u64) -> Key {
    join(JOURNAL, &[id.as_bytes(), &version.to_be_bytes()])
}

pub(super) fn change(sequence: u64) -> Key {
    join(CHANGE, &[&sequence.to_be_bytes()])
}

pub(super) fn wake(wake: Wake) -> Key {
    join(WAKE, &[&wake.at.as_millis().to_be_bytes(), wake.application.as_bytes()])
}

/// The value is at most [`INDEX_VALUE_LIMIT`] bytes: the plan of a group has seen to it.
pub(super) fn index(key: &IndexKey, id: ApplicationId) -> Key {
    let mut out = index_prefix(key);
    out.extend_from_slice(id.as_bytes());
    out
}

pub(super) fn document(id: ApplicationId, number: u32) -> Key {
    join(DOCUMENT, &[id.as_bytes(), &number.to_be_bytes()])
}

pub(super) fn request(key: RequestKey) -> Key {
    join(REQUEST, &[&key.0])
}

pub(super) fn request_of(sequence: u64) -> Key {
    join(REQUEST_OF, &[&sequence.to_be_bytes()])
}

/// The requests of the changes with sequences from `first` to `last`, both included.
pub(super) fn requests_between(first: u64, last: u64) -> Range<Key> {
    request_of(first)..next(request_of(last))
}

pub(super) fn cursor(partner: &str) -> Key {
    join(CURSOR, &[partner.as_bytes()])
}

pub(super) fn delivery(key: DeliveryKey) -> Key {
    join(DELIVERY, &[key.application.as_bytes(), &key.version.to_be_bytes()])
}

pub(super) fn queued(place: &Place, key: DeliveryKey) -> Key {
    queued_at(place.queue, &place.partner, place.time, key)
}

fn queued_at(queue: Queue, partner: &str, time: Time, key: DeliveryKey) -> Key {
    let mut out = queue_prefix(queue, partner);
    out.extend_from_slice(&time.as_millis().to_be_bytes());
    out.extend_from_slice(key.application.as_bytes());
    out.extend_from_slice(&key.version.to_be_bytes());
    out
}

/// The partner's name is at most [`INDEX_VALUE_LIMIT`] bytes: the plan of a group has seen to it.
fn queue_prefix(queue: Queue, partner: &str) -> Key {
    let len = u16::try_from(partner.len()).unwrap_or(u16::MAX);
    join(QUEUED, &[&[queue as u8], &len.to_be_bytes(), partner.as_bytes()])
}

pub(super) fn outage((system, start): (u16, Time)) -> Key {
    join(OUTAGE, &[&system.to_be_bytes(), &start.as_millis().to_be_bytes()])
}

pub(super) fn archived(id: ApplicationId) -> Key {
    join(ARCHIVED, &[id.as_bytes()])
}

/// The places of the archived journals of all applications after one, or of all.
pub(super) fn archived_after(after: Option<ApplicationId>) -> Range<Key> {
    let from = after.map_or_else(|| vec![ARCHIVED], |id| next(archived(id)));
    from..vec![ARCHIVED + 1]
}

/// The documents of all applications after one, or all.
pub(super) fn documents_after(after: Option<&[u8]>) -> Range<Key> {
    let from = after.map_or_else(|| vec![DOCUMENT], |key| next(key.to_vec()));
    from..vec![DOCUMENT + 1]
}

/// The outages after one, or all.
pub(super) fn outages_after(after: Option<(u16, Time)>) -> Range<Key> {
    let from = after.map_or_else(|| vec![OUTAGE], |key| next(outage(key)));
    from..vec![OUTAGE + 1]
}

const MACHINE: u8 = 1;
const PRODUCT: u8 = 2;

pub(super) fn definition(part: &Part) -> Key {
    match part {
        Part::Machine(number) => join(DEFINITION, &[&[MACHINE], &number.to_be_bytes()]),
        Part::Product(name) => join(DEFINITION, &[&[PRODUCT], name.as_bytes()]),
    }
}

/// The parts of the definition after one, or all.
pub(super) fn definitions_after(after: Option<&Part>) -> Range<Key> {
    let from = after.map_or_else(|| vec![DEFINITION], |part| next(definition(part)));
    from..vec![DEFINITION + 1]
}

/// The cursors of all partners.
pub(super) fn cursors() -> Range<Key> {
    vec![CURSOR]..vec![CURSOR + 1]
}

/// The deliveries of an application with versions above `after`.
pub(super) fn deliveries_after(application: ApplicationId, after: u64) -> Range<Key> {
    next(delivery(DeliveryKey { application, version: after }))..next(delivery(DeliveryKey {
        application,
        version: u64::MAX,
    }))
}

/// The rows of a partner's queue after one (or from the first), not later than `until`.
pub(super) fn queued_between(
    queue: Queue,
    partner: &str,
    after: Option<(Time, DeliveryKey)>,
    until: Time,
) -> Range<Key> {
    let from = after.map_or_else(
        || queue_prefix(queue, partner),
        |(time, key)| next(queued_at(queue, partner, time, key)),
    );
    let last = DeliveryKey { application: ApplicationId::from_bytes([0xff; 16]), version: u64::MAX };
    from..next(queued_at(queue, partner, until, last))
}

/// All applications after one, or all.
pub(super) fn applications_after(after: Option<ApplicationId>) -> Range<Key> {
    let from = after.map_or_else(|| vec![APPLICATION], |id| next(application(id)));
    from..vec![APPLICATION + 1]
}

/// The journal entries with versions from `first` to `last`, both included.
pub(super) fn journal_between(id: ApplicationId, first: u64, last: u64) -> Range<Key> {
    journal(id, first)..next(journal(id, last))
}

/// The changes with sequences from `first` to `last`, both included.
pub(super) fn changes_between(first: u64, last: u64) -> Range<Key> {
    change(first)..next(change(last))
}

/// The wake-ups after one (or from the first), not later than `until`.
pub(super) fn wakes_between(after: Option<Wake>, until: Time) -> Range<Key> {
    let from = after.map_or_else(|| vec![WAKE], |w| next(wake(w)));
    let last = Wake { at: until, application: ApplicationId::from_bytes([0xff; 16]) };
    from..next(wake(last))
}

/// The applications under an index key, after one (or all).
pub(super) fn index_after(key: &IndexKey, after: Option<ApplicationId>) -> Range<Key> {
    let from = after.map_or_else(|| index_prefix(key), |id| next(index(key, id)));
    from..next(index(key, ApplicationId::from_bytes([0xff; 16])))
}

/// The id in the key of an application.
pub(super) fn read_application(key: &[u8]) -> Result<ApplicationId, CodecError> {
    let mut reader = tagged("the key of an application", APPLICATION, key)?;
    let id = ApplicationId::from_bytes(reader.array()?);
    reader.end().map(|()| id)
}

/// The version in the key of a journal entry.
pub(super) fn read_journal(key: &[u8]) -> Result<(ApplicationId, u64), CodecError> {
    let mut reader = tagged("the key of a journal entry", JOURNAL, key)?;
    let (id, version) = (ApplicationId::from_bytes(reader.array()?), reader.u64()?);
    reader.end().map(|()| (id, version))
}

/// The sequence in the key of a change.
pub(super) fn read_change(key: &[u8]) -> Result<u64, CodecError> {
    let mut reader = tagged("the key of a change", CHANGE, key)?;
    let sequence = reader.u64()?;
    reader.end().map(|()| sequence)
}

/// The sequence in the key of a request of a change.
pub(super) fn read_request_of(key: &[u8]) -> Result<u64, CodecError> {
    let mut reader = tagged("the key of a request of a change", REQUEST_OF, key)?;
    let sequence = reader.u64()?;
    reader.end().map(|()| sequence)
}

/// The application and the number in the key of a document.
pub(super) fn read_document(key: &[u8]) -> Result<(ApplicationId, u32), CodecError> {
    let mut reader = tagged("the key of a document", DOCUMENT, key)?;
    let (id, number) = (ApplicationId::from_bytes(reader.array()?), reader.u32()?);
    reader.end().map(|()| (id, number))
}

/// The wake-up that a key is.
pub(super) fn read_wake(key: &[u8]) -> Result<Wake, CodecError> {
    let mut reader = tagged("the key of a wake-up", WAKE, key)?;
    let at = Time::from_millis(reader.u64()?);
    let application = ApplicationId::from_bytes(reader.array()?);
    reader.end().map(|()| Wake { at, application })
}

/// The application at the end of an index row's key.
pub(super) fn read_index(key: &[u8]) -> Result<(IndexKey, ApplicationId), CodecError> {
    let mut reader = tagged("the key of an index row", INDEX, key)?;
    let index = reader.u8()?;
    let len = reader.u16()?;
    let value = reader.take(usize::from(len))?.to_vec();
    let id = ApplicationId::from_bytes(reader.array()?);
    reader.end().map(|()| (IndexKey { index, value }, id))
}

/// The partner in the key of a cursor.
pub(super) fn read_cursor(key: &[u8]) -> Result<String, CodecError> {
    let mut reader = tagged("the key of a cursor", CURSOR, key)?;
    String::from_utf8(reader.rest().to_vec())
        .map_err(|_unspoken| CodecError::Field { what: "the key of a cursor", found: CURSOR })
}

/// The delivery that a key names.
pub(super) fn read_delivery(key: &[u8]) -> Result<DeliveryKey, CodecError> {
    let mut reader = tagged("the key of a delivery", DELIVERY, key)?;
    let application = ApplicationId::from_bytes(reader.array()?);
    let key = DeliveryKey { application, version: reader.u64()? };
    reader.end().map(|()| key)
}

/// The time and the delivery in the key of a row of a queue.
pub(super) fn read_queued(key: &[u8]) -> Result<(Time, DeliveryKey), CodecError> {
    let mut reader = tagged("the key of a row of a queue", QUEUED, key)?;
    let (_queue, len) = (reader.u8()?, reader.u16()?);
    reader.take(usize::from(len))?;
    let time = Time::from_millis(reader.u64()?);
    let application = ApplicationId::from_bytes(reader.array()?);
    let key = DeliveryKey { application, version: reader.u64()? };
    reader.end().map(|()| (time, key))
}

/// The application in the key of the place of an archived journal.
pub(super) fn read_archived(key: &[u8]) -> Result<ApplicationId, CodecError> {
    let mut reader = tagged("the key of the place of an archived journal", ARCHIVED, key)?;
    let id = ApplicationId::from_bytes(reader.array()?);
    reader.end().map(|()| id)
}

/// The system and the start in the key of an outage.
pub(super) fn read_outage(key: &[u8]) -> Result<(u16, Time), CodecError> {
    let mut reader = tagged("the key of an outage", OUTAGE, key)?;
    let key = (reader.u16()?, Time::from_millis(reader.u64()?));
    reader.end().map(|()| key)
}

/// The part that the key of a definition names.
pub(super) fn read_definition(key: &[u8]) -> Result<Part, CodecError> {
    const WHAT: &str = "the key of a definition";
    let mut reader = tagged(WHAT, DEFINITION, key)?;
    match reader.u8()? {
        MACHINE => {
            let number = reader.u16()?;
            reader.end().map(|()| Part::Machine(number))
        }
        PRODUCT => String::from_utf8(reader.rest().to_vec())
            .map(Part::Product)
            .map_err(|_unspoken| CodecError::Field { what: WHAT, found: PRODUCT }),
        found => Err(CodecError::Field { what: WHAT, found }),
    }
}

fn index_prefix(key: &IndexKey) -> Key {
    const { assert!(INDEX_VALUE_LIMIT <= u16::MAX as usize) };
    let len = u16::try_from(key.value.len()).unwrap_or(u16::MAX);
    join(INDEX, &[&[key.index], &len.to_be_bytes(), &key.value])
}

/// The smallest key above this one.
fn next(mut key: Key) -> Key {
    key.push(0);
    key
}

fn join(tag: u8, parts: &[&[u8]]) -> Key {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|p| p.len()).sum::<usize>());
    key.push(tag);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

fn tagged<'a>(what: &'static str, tag: u8, key: &'a [u8]) -> Result<Reader<'a>, CodecError> {
    let mut reader = Reader::new(what, key);
    match reader.u8()? {
        found if found == tag => Ok(reader),
        found => Err(CodecError::Field { what, found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(last: u8) -> ApplicationId {
        ApplicationId::from_bytes([1, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, last])
    }

    fn named(value: &[u8]) -> IndexKey {
        IndexKey { index: 3, value: value.to_vec() }
    }

    #[test]
    fn keys_read_back() {
        let w = Wake { at: Time::from_millis(77), application: id(2) };
        assert_eq!(read_application(&application(id(1))).unwrap(), id(1));
        assert_eq!(read_journal(&journal(id(1), 9)).unwrap(), (id(1), 9));
        assert_eq!(read_change(&change(500)).unwrap(), 500);
        assert_eq!(read_wake(&wake(w)).unwrap(), w);
        assert_eq!(read_document(&document(id(1), 7)).unwrap(), (id(1), 7));
        assert_eq!(read_index(&index(&named(b"v"), id(3))).unwrap(), (named(b"v"), id(3)));
        assert!(read_change(&wake(w)).is_err());
        assert!(read_change(&next(change(1))).is_err());
    }

    #[test]
    fn keys_of_deliveries_read_back_and_stay_apart() {
        let key = DeliveryKey { application: id(4), version: 3 };
        let place = |partner: &str| {
            let (time, since) = (Time::from_millis(9), Time::from_millis(8));
            Place { queue: Queue::Behind, partner: partner.to_owned(), time, since }
        };
        assert_eq!(read_cursor(&cursor("agency")).unwrap(), "agency");
        assert_eq!(read_delivery(&delivery(key)).unwrap(), key);
        assert_eq!(read_queued(&queued(&place("agency"), key)).unwrap(), (Time::from_millis(9), key));
        for (queue, partner, at, inside) in [
            (Queue::Behind, "agency", 9, true),
            (Queue::Behind, "agency", 8, false),
            (Queue::Behind, "agenc", 9, false),
            (Queue::Behind, "agency2", 9, false),
            (Queue::Next, "agency", 9, false),
        ] {
            let range = queued_between(queue, partner, None, Time::from_millis(at));
            assert_eq!(range.contains(&queued(&place("agency"), key)), inside, "{queue:?} {partner} {at}");
        }
        let range = deliveries_after(id(4), 2);
        assert!(range.contains(&delivery(key)));
        assert!(!range.contains(&delivery(DeliveryKey { version: 2, ..key })));
        assert!(!range.contains(&delivery(DeliveryKey { application: id(5), ..key })));
    }

    #[test]
    fn keys_of_outages_read_back_in_order() {
        let at = |system, start| (system, Time::from_millis(start));
        let (first, second) = (at(2, 9), at(300, 1));
        assert_eq!(read_outage(&outage(second)).unwrap(), second);
        assert!(outages_after(None).contains(&outage(first)));
        let range = outages_after(Some(first));
        assert!(range.contains(&outage(second)) && !range.contains(&outage(first)));
        assert!(!range.contains(&outage(at(2, 8))));
    }

    #[test]
    fn keys_of_definitions_read_back_in_order() {
        let (first, second) = (Part::Machine(300), Part::Product("cash".to_owned()));
        for part in [&first, &second] {
            assert_eq!(&read_definition(&definition(part)).unwrap(), part);
            assert!(definitions_after(None).contains(&definition(part)));
        }
        let range = definitions_after(Some(&first));
        assert!(range.contains(&definition(&second)) && !range.contains(&definition(&first)));
        assert!(range.contains(&definition(&Part::Machine(301))));
        assert!(!range.contains(&definition(&Part::Machine(2))));
        assert!(read_definition(&[DEFINITION, 3, 0]).is_err());
    }

    #[test]
    fn keys_of_archived_journals_and_documents_read_back_in_order() {
        assert_eq!(read_archived(&archived(id(4))).unwrap(), id(4));
        assert_eq!(read_document(&document(id(4), 7)).unwrap(), (id(4), 7));
        assert!(archived_after(None).contains(&archived(id(0))));
        let range = archived_after(Some(id(4)));
        assert!(range.contains(&archived(id(5))) && !range.contains(&archived(id(4))));
        assert!(documents_after(None).contains(&document(id(0), 0)));
        let range = documents_after(Some(&document(id(4), 7)));
        assert!(range.contains(&document(id(4), 8)) && !range.contains(&document(id(4), 7)));
    }

    #[test]
    fn one_value_never_sees_another() {
        let values: [&[u8]; 6] = [b"", b"a", b"a\0", b"ab", b"\xff", b"\xff\xff"];
        for sought in values {
            let range = index_after(&named(sought), None);
            for stored in values {
                let inside = range.contains(&index(&named(stored), id(7)));
                assert_eq!(inside, stored == sought, "{sought:?} and {stored:?}");
            }
        }
    }

    #[test]
    fn ranges_hold_their_ends() {
        assert!(changes_between(3, 5).contains(&change(3)) && changes_between(3, 5).contains(&change(5)));
        assert!(!changes_between(3, 5).contains(&change(6)));
        let end = Wake { at: Time::from_millis(u64::MAX), application: id(1) };
        assert!(wakes_between(None, end.at).contains(&wake(end)));
        assert!(!wakes_between(Some(end), end.at).contains(&wake(end)));
        assert!(applications_after(None).contains(&application(id(0))));
        assert!(!applications_after(Some(id(4))).contains(&application(id(4))));
    }
}
