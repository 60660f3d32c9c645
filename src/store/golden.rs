//! Real bytes of every released form: they must read back and be written alike.
//!
//! `tests/fixtures/store/v1/` is never edited. A new form gets a folder of its own beside it, and
//! the bytes of the old one must go on reading.

use super::archive::Filed;
use super::codec::{self, CodecError, Encoded, Kind};
use super::rows::{self, Head, Totals};
use super::{
    ApplicationId, BlobId, Change, Counts, DeliveryKey, Document, IndexKey, Part, Place, Queue, Remembered,
    RequestKey, Time, Wake, keys,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const REQUESTS: &str = include_str!("../../tests/fixtures/store/v1/requests.txt");
const DELIVERIES: &str = include_str!("../../tests/fixtures/store/v1/deliveries.txt");
const OUTAGES: &str = include_str!("../../tests/fixtures/store/v1/outages.txt");
const DEFINITIONS: &str = include_str!("../../tests/fixtures/store/v1/definitions.txt");
const ARCHIVED: &str = include_str!("../../tests/fixtures/store/v1/archived.txt");
const V1: &str = include_str!("../../tests/fixtures/store/v1/rows.txt");

const ID: ApplicationId =
    ApplicationId::from_bytes(*b"\x01\x9a\xff\x00\x10\x20\x7f\xee\x80\x01\x02\x03\x04\x05\x06\x07");
const WAKE: Wake = Wake { at: Time::from_millis(1_760_000_000_123), application: ID };
const TOTALS: Totals = Totals { counts: Counts { applications: 5, live: 4, moves: 12 }, oldest: 3 };

const REMEMBERED: Remembered = Remembered { sequence: 0x0102_0304, application: ID, fingerprint: [0xef; 16] };

fn head(wake: Option<Time>) -> Head {
    Head { version: 7, sequence: 0x0102_0304, wake, chain: *b"chain of 16 byte" }
}

fn body() -> Encoded {
    Encoded { version: 2, body: codec::to_body(&("text", 300_u32, Some(true))) }
}

fn index() -> IndexKey {
    IndexKey { index: 9, value: b"value".to_vec() }
}

fn written() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("key.totals", keys::TOTALS.to_vec()),
        ("key.identity", keys::IDENTITY.to_vec()),
        ("key.application", keys::application(ID)),
        ("key.journal", keys::journal(ID, 7)),
        ("key.change", keys::change(0x0102_0304)),
        ("key.wake", keys::wake(WAKE)),
        ("key.index", keys::index(&index(), ID)),
        ("key.document", keys::document(ID, 5)),
        ("envelope", codec::seal(Kind::Change, 1, b"body")),
        ("body", body().body),
        ("application.live", rows::write_application(&head(Some(WAKE.at)), &body())),
        ("application.ended", rows::write_application(&head(None), &body())),
        ("journal", rows::write_journal(&head(None).chain, &body())),
        ("change", rows::write_change(ID, 7, &body())),
        ("wake", rows::write_empty(Kind::Wake)),
        ("index", rows::write_empty(Kind::Index)),
        ("document.inline", rows::write_document(&Document::Inline(b"inline".to_vec()))),
        ("document.blob", rows::write_document(&Document::Blob(BlobId([0xb1; 32])))),
        ("totals", rows::write_totals(&TOTALS)),
        ("identity", rows::write_identity(&[0xab; 16])),
        ("chain", rows::link(&rows::CHAIN_START, &body()).to_vec()),
    ]
}

#[test]
fn what_is_written_is_what_was_released() {
    let text: String =
        written().iter().map(|(name, bytes)| format!("{name} {}\n", hex::encode(bytes))).collect();
    assert_eq!(text, V1);
}

/// The rows of requests came after the others.
#[test]
fn rows_of_requests_are_written_and_read_as_released() {
    let key = RequestKey([0xcd; 16]);
    let written = [
        keys::request(key),
        keys::request_of(0x0102_0304),
        rows::write_request(&REMEMBERED),
        rows::write_request_of(key),
    ];
    let released: Vec<_> = REQUESTS.lines().map(|line| hex::decode(line).unwrap()).collect();
    assert_eq!(released, written, "{:?}", written.each_ref().map(hex::encode));
    assert_eq!(keys::read_request_of(&released[1]).unwrap(), 0x0102_0304);
    assert_eq!(rows::read_request(&released[2]).unwrap(), REMEMBERED);
    assert_eq!(rows::read_request_of(&released[3]).unwrap(), key);
}

/// So did those of deliveries.
#[test]
fn rows_of_deliveries_are_written_and_read_as_released() {
    let (time, since) = (Time::from_millis(1_760_000_000_123), Time::from_millis(1_750_000_000_123));
    let key = DeliveryKey { application: ID, version: 7 };
    let place = |queue| Place { queue, partner: "agency".to_owned(), time, since };
    let mut written = vec![keys::cursor("agency"), rows::write_cursor(0x0102_0304), keys::delivery(key)];
    written.push(rows::write_queued(since));
    for queue in Queue::ALL {
        written.extend([keys::queued(&place(queue), key), rows::write_delivery(&place(queue), &body())]);
    }
    let released: Vec<_> = DELIVERIES.lines().map(|line| hex::decode(line).unwrap()).collect();
    assert_eq!(released, written, "{:#?}", written.iter().map(hex::encode).collect::<Vec<_>>());
    assert_eq!(keys::read_cursor(&released[0]).unwrap(), "agency");
    assert_eq!(rows::read_cursor(&released[1]).unwrap(), 0x0102_0304);
    assert_eq!(keys::read_delivery(&released[2]).unwrap(), key);
    assert_eq!(rows::read_queued(&released[3]).unwrap(), since);
    for (pair, queue) in released[4..].chunks(2).zip(Queue::ALL) {
        assert_eq!(keys::read_queued(&pair[0]).unwrap(), (time, key));
        assert_eq!(rows::read_delivery(&pair[1]).unwrap(), (place(queue), body()));
    }
}

/// And those of outages.
#[test]
fn rows_of_outages_are_written_and_read_as_released() {
    let key = (0x0102, Time::from_millis(1_760_000_000_123));
    let end = Some(Time::from_millis(1_760_000_060_123));
    let written = [keys::outage(key), rows::write_outage(None), rows::write_outage(end)];
    let released: Vec<_> = OUTAGES.lines().map(|line| hex::decode(line).unwrap()).collect();
    assert_eq!(released, written, "{:#?}", written.each_ref().map(hex::encode));
    assert_eq!(keys::read_outage(&released[0]).unwrap(), key);
    assert_eq!(rows::read_outage(&released[1]).unwrap(), None);
    assert_eq!(rows::read_outage(&released[2]).unwrap(), end);
}

/// And those of archived journals.
#[test]
fn rows_of_archived_journals_are_written_and_read_as_released() {
    let filed = Filed { file: 0x0102, block: 48, entries: 7, chain: head(None).chain };
    let written = [keys::archived(ID), rows::write_archived(&filed)];
    let released: Vec<_> = ARCHIVED.lines().map(|line| hex::decode(line).unwrap()).collect();
    assert_eq!(released, written, "{:?}", written.each_ref().map(hex::encode));
    assert_eq!(keys::read_archived(&released[0]).unwrap(), ID);
    assert_eq!(rows::read_archived(&released[1]).unwrap(), filed);
}

/// And those of definitions.
#[test]
fn rows_of_definitions_are_written_and_read_as_released() {
    let parts = [Part::Machine(0x0102), Part::Product("cash".to_owned())];
    let written = [keys::definition(&parts[0]), keys::definition(&parts[1]), rows::write_definition(&body())];
    let released: Vec<_> = DEFINITIONS.lines().map(|line| hex::decode(line).unwrap()).collect();
    assert_eq!(released, written, "{:#?}", written.each_ref().map(hex::encode));
    for (key, part) in released.iter().zip(&parts) {
        assert_eq!(&keys::read_definition(key).unwrap(), part);
    }
    assert_eq!(rows::read_definition(&released[2]).unwrap(), body());
}

/// Reads a row of any kind.
fn read_any(kind: Kind, row: &[u8]) -> Result<(), CodecError> {
    match kind {
        Kind::Application => rows::read_application(row).map(drop),
        Kind::Journal => rows::read_journal(row).map(drop),
        Kind::Change => rows::read_change(1, row).map(drop),
        Kind::Wake | Kind::Index => rows::read_empty(kind, row),
        Kind::Document => rows::read_document(row).map(drop),
        Kind::Totals => rows::read_totals(row).map(drop),
        Kind::Identity => rows::read_identity(row).map(drop),
        Kind::Request => rows::read_request(row).map(drop),
        Kind::RequestOf => rows::read_request_of(row).map(drop),
        Kind::Cursor => rows::read_cursor(row).map(drop),
        Kind::Delivery => rows::read_delivery(row).map(drop),
        Kind::Queued => rows::read_queued(row).map(drop),
        Kind::Outage => rows::read_outage(row).map(drop),
        Kind::Definition => rows::read_definition(row).map(drop),
        Kind::Mark => super::disk::read_any_mark(row),
        Kind::Archived => rows::read_archived(row).map(drop),
    }
}

fn kinds() -> Vec<Kind> {
    (0..=u8::MAX).filter_map(Kind::from_number).collect()
}

/// The released rows, which their checksums tell from keys, by kind and form.
fn released_rows() -> BTreeSet<(u8, u16)> {
    let mut found = BTreeSet::new();
    for form in 1..=rows::FORM {
        let folder = format!("{}/tests/fixtures/store/v{form}", env!("CARGO_MANIFEST_DIR"));
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
        let files = files.map(|file| file.unwrap().path()).filter(|file| file.extension().is_some());
        for text in files.filter_map(|file| fs::read_to_string(file).ok()) {
            for bytes in text.lines().filter_map(|line| hex::decode(line.split(' ').next_back()?).ok()) {
                let opened = |kind: &Kind| codec::open(*kind, rows::FORM, &bytes).is_ok();
                let kinds = kinds().into_iter().filter(opened);
                found.extend(kinds.map(|kind| (kind.number(), u16::from_be_bytes([bytes[1], bytes[2]]))));
            }
        }
    }
    found
}

/// Who adds a kind or a form adds its bytes.
#[test]
fn every_kind_has_a_fixture_of_every_form() {
    let released = released_rows();
    for kind in kinds() {
        for form in 1..=rows::FORM {
            let is_there = released.contains(&(kind.number(), form));
            assert!(is_there, "form {form} of the {kind} has no bytes in tests/fixtures/store/v{form}");
        }
    }
}

#[test]
fn a_row_from_the_future_names_both_forms() {
    for kind in kinds() {
        let row = codec::seal(kind, rows::FORM + 1, b"of another form");
        let text = format!("the {kind} has version 2, the newest that this docket knows is 1");
        assert_eq!(read_any(kind, &row).unwrap_err().to_string(), text);
    }
}

#[test]
fn what_was_released_reads_back() {
    let lines = V1.lines().map(|line| line.split_once(' ').unwrap());
    let v1: BTreeMap<_, _> = lines.map(|(name, bytes)| (name, hex::decode(bytes).unwrap())).collect();
    assert_eq!(keys::read_application(&v1["key.application"]).unwrap(), ID);
    assert_eq!(keys::read_journal(&v1["key.journal"]).unwrap(), (ID, 7));
    assert_eq!(keys::read_change(&v1["key.change"]).unwrap(), 0x0102_0304);
    assert_eq!(keys::read_wake(&v1["key.wake"]).unwrap(), WAKE);
    assert_eq!(keys::read_index(&v1["key.index"]).unwrap(), (index(), ID));
    assert_eq!(codec::open(Kind::Change, 1, &v1["envelope"]).unwrap(), (1, b"body".as_slice()));
    assert_eq!(
        codec::from_body::<(String, u32, Option<bool>)>(&v1["body"]).unwrap(),
        ("text".to_owned(), 300, Some(true))
    );
    assert_eq!(rows::read_application(&v1["application.live"]).unwrap(), (head(Some(WAKE.at)), body()));
    assert_eq!(rows::read_application(&v1["application.ended"]).unwrap(), (head(None), body()));
    assert_eq!(rows::read_journal(&v1["journal"]).unwrap(), (head(None).chain, body()));
    let change = Change { sequence: 3, application: ID, version: 7, body: body() };
    assert_eq!(rows::read_change(3, &v1["change"]).unwrap(), change);
    rows::read_empty(Kind::Wake, &v1["wake"]).unwrap();
    rows::read_empty(Kind::Index, &v1["index"]).unwrap();
    let inline = rows::read_document(&v1["document.inline"]).unwrap();
    assert!(matches!(inline, Document::Inline(bytes) if bytes == b"inline"));
    let blob = rows::read_document(&v1["document.blob"]).unwrap();
    assert!(matches!(blob, Document::Blob(BlobId(hash)) if hash == [0xb1; 32]));
    assert_eq!(rows::read_totals(&v1["totals"]).unwrap(), TOTALS);
    assert_eq!(rows::read_identity(&v1["identity"]).unwrap(), [0xab; 16]);
}
