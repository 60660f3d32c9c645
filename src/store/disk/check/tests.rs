//! Folders in which one thing is wrong: it is named, and nothing else is.

mod archives;
mod segment;

use super::*;
use crate::machine::application::Application;
use crate::machine::evidence::DocumentKind;
use crate::machine::samples::{self, Wanted};
use crate::machine::time::Time;
use crate::store::codec::{self, Encoded};
use crate::store::conformance::{Raw, encoded, id};
use crate::store::disk::DiskStore;
use crate::store::disk::keeper::Order;
use crate::store::disk::tests::{data, folder, options};
use crate::store::records::{index, snapshot};
use crate::store::rows::{self, Totals};
use crate::store::{
    Counts, Delivery, DeliveryGroup, DeliveryKey, Document, Item, Place, Queue, Request, RequestKey, Store,
    Wake, keys,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use tempfile::TempDir;

fn quiet() -> Tell {
    Arc::new(|_| ControlFlow::Continue(()))
}

/// Application `number` with a document inline and one in a blob.
fn application(number: u8) -> Application {
    let mut application = samples::application(samples::init(), Wanted::No);
    application.id = id(number);
    application.key = u32::from(number);
    application.source.order = format!("order {number}");
    application.documents = [1, 2].map(|at| samples::document(at, DocumentKind::Dossier)).into();
    application
}

fn item(number: u8, expected: u64) -> Item {
    let application = application(number);
    Item {
        application: application.id,
        expected,
        snapshot: snapshot::to_record(&application),
        entry: encoded(&format!("entry {number}.{expected}")),
        change: encoded("change"),
        wake: Some(Time::from_millis(1_000 + u64::from(number))),
        documents: Vec::new(),
        unindex: Vec::new(),
        index: index::keys(&application),
        request: Some(Request { key: request(number, expected), fingerprint: [1; 16] }),
    }
}

fn request(number: u8, expected: u64) -> RequestKey {
    let mut key = [number; 16];
    key[0] = u8::try_from(expected).unwrap();
    RequestKey(key)
}

const DELIVERY: DeliveryKey = DeliveryKey { application: id_of_first(), version: 1 };

const fn id_of_first() -> ApplicationId {
    ApplicationId::from_bytes([1, 0x9a, 0xff, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1])
}

fn place() -> Place {
    let (time, since) = (Time::from_millis(9), Time::from_millis(8));
    Place { queue: Queue::Next, partner: "agency".to_owned(), time, since }
}

/// A folder with three applications, of two moves each, and something of everything.
fn used() -> (TempDir, DiskStore) {
    let folder = folder();
    let store = DiskStore::open(data(&folder, ""), options()).unwrap();
    for number in 1..4 {
        let blob = store.put_blob(&vec![number; 50_000]).unwrap();
        let documents = vec![(1, Document::Inline(vec![number])), (2, Document::Blob(blob))];
        store.commit(&[Item { documents, ..item(number, 0) }]).unwrap();
    }
    let cursors = BTreeMap::from([("agency".to_owned(), 3)]);
    let put = vec![Delivery { key: DELIVERY, place: place(), body: encoded("delivery") }];
    store.write_deliveries(&DeliveryGroup { cursors, put, forget: Vec::new() }).unwrap();
    store.commit(&[item(1, 1), item(2, 1), item(3, 1)]).unwrap();
    (folder, store)
}

fn closed() -> TempDir {
    let (folder, store) = used();
    store.close().unwrap();
    folder
}

fn found(folder: &TempDir, keys: Keys<'_>) -> Findings {
    let scratch = tempfile::tempdir().unwrap();
    let order = CheckOrder { data: data(folder, ""), scratch: Some(scratch.path().to_owned()), keys };
    check(&order, &quiet()).unwrap()
}

fn look(_: u32, _: ApplicationId) -> KeyState {
    KeyState::IsThere
}

/// What is wrong with a folder.
fn problems(folder: &TempDir) -> Vec<Problem> {
    let findings = found(folder, Keys::Look(&look));
    println!("{findings:#?}");
    findings.list().iter().map(|finding| finding.problem).collect()
}

/// Every file below a folder, with its bytes.
fn files_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_of(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn a_whole_folder_is_whole_and_stays_as_it_is() {
    let (folder, store) = used();
    let order = CheckOrder { data: data(&folder, ""), scratch: None, keys: Keys::Unchecked };
    assert!(matches!(check(&order, &quiet()), Err(StoreError::Locked { .. })));
    store.bell_checkpoint();
    store.commit(&[item(1, 2)]).unwrap();
    store.kill();
    let before = files_of(folder.path());
    let findings = found(&folder, Keys::Look(&look));
    assert_eq!((findings.list(), findings.level()), (vec![], Level::Note));
    let counts = Counts { applications: 3, live: 3, moves: 7 };
    assert_eq!((findings.counted.counts, findings.counted.blobs), (counts, 3));
    assert!(findings.counted.commit > 5 && findings.counted.rows > 20);
    let scratch = tempfile::tempdir().unwrap();
    let stats = stats(&data(&folder, ""), Some(scratch.path()), true).unwrap();
    assert_eq!((stats.commit, stats.blobs), (findings.counted.commit, 3));
    assert!(stats.kinds.iter().any(|kind| kind.kind == "application" && kind.rows == 3), "{stats:?}");
    assert!(files_of(folder.path()) == before, "nothing is changed");

    let empty = self::folder();
    DiskStore::open(data(&empty, ""), options()).unwrap().close().unwrap();
    assert_eq!(problems(&empty), []);
}

type Damage = (&'static str, fn(&DiskStore), &'static [Problem]);

/// Rows that contradict each other: each is written as any other row is.
const ROWS: [Damage; 22] = [
    ("no wake-up", |it| it.put_raw(keys::wake(wake(1)), None), &[Problem::Wake]),
    (
        "a wake-up too many",
        |it| {
            let wake = Wake { at: Time::from_millis(5), application: id(2) };
            it.put_raw(keys::wake(wake), Some(rows::write_empty(codec::Kind::Wake)));
        },
        &[Problem::Wake],
    ),
    ("no index row", |it| it.put_raw(index_key(1), None), &[Problem::Index]),
    (
        "an index row too many",
        |it| {
            let key = keys::index(&index::held(), id(1));
            it.put_raw(key, Some(rows::write_empty(codec::Kind::Index)));
        },
        &[Problem::Index],
    ),
    (
        "an index row of nobody",
        |it| {
            let key = keys::index(&index::held(), id(9));
            it.put_raw(key, Some(rows::write_empty(codec::Kind::Index)));
        },
        &[Problem::Index],
    ),
    ("a journal without its beginning", |it| it.put_raw(keys::journal(id(1), 1), None), &[Problem::Journal]),
    ("a journal without its end", |it| it.put_raw(keys::journal(id(3), 2), None), &[Problem::Journal]),
    (
        "a journal without anything",
        |it| (1..3).for_each(|version| it.put_raw(keys::journal(id(2), version), None)),
        &[Problem::Journal],
    ),
    (
        "another entry",
        |it| {
            let row = rows::write_journal(&rows::CHAIN_START, &encoded("another"));
            it.put_raw(keys::journal(id(2), 1), Some(row));
        },
        &[Problem::Journal],
    ),
    (
        "an entry too many",
        |it| it.put_raw(keys::journal(id(2), 3), Some(rows::write_journal(&[7; 16], &encoded("more")))),
        &[Problem::Journal],
    ),
    (
        "a journal of nobody",
        |it| {
            let row = rows::write_journal(&rows::CHAIN_START, &encoded("a first one"));
            it.put_raw(keys::journal(id(9), 1), Some(row));
        },
        &[Problem::Journal],
    ),
    ("no change", |it| it.put_raw(keys::change(2), None), &[Problem::Change]),
    ("no last change", |it| it.put_raw(keys::change(6), None), &[Problem::Change]),
    (
        "other totals",
        |it| {
            let totals = Totals { counts: Counts { applications: 4, live: 3, moves: 6 }, oldest: 1 };
            it.put_raw(keys::TOTALS.to_vec(), Some(rows::write_totals(&totals)));
        },
        &[Problem::Totals],
    ),
    ("a flipped bit in a change", |it| it.flip(keys::change(3)), &[Problem::Row]),
    ("a flipped bit in a document", |it| it.flip(keys::document(id(1), 1)), &[Problem::Row]),
    (
        "a value that is none",
        |it| {
            let row = it.shared.row(&keys::application(id(2))).unwrap().unwrap();
            let (head, _) = rows::read_application(&row).unwrap();
            let body = Encoded { version: 4, body: b"nonsense".to_vec() };
            it.put_raw(keys::application(id(2)), Some(rows::write_application(&head, &body)));
        },
        &[Problem::Snapshot],
    ),
    ("no document", |it| it.put_raw(keys::document(id(2), 1), None), &[Problem::Document]),
    ("no request", |it| it.put_raw(keys::request(request(1, 1)), None), &[Problem::Request]),
    ("no request of a change", |it| it.put_raw(keys::request_of(4), None), &[Problem::Request]),
    ("no place in a queue", |it| it.put_raw(keys::queued(&place(), DELIVERY), None), &[Problem::Queue]),
    ("a row of tomorrow", |it| it.put_raw(vec![99, 1], Some(b"news".to_vec())), &[Problem::Unknown]),
];

fn wake(number: u8) -> Wake {
    Wake { at: Time::from_millis(1_000 + u64::from(number)), application: id(number) }
}

fn index_key(number: u8) -> Vec<u8> {
    keys::index(&index::by_source(&application(number).source), id(number))
}

impl DiskStore {
    fn bell_checkpoint(&self) {
        self.shared.bell.order(Order::Checkpoint).unwrap();
    }

    fn flip(&self, key: Vec<u8>) {
        let mut row = self.shared.row(&key).unwrap().unwrap();
        *row.last_mut().unwrap() ^= 1;
        self.put_raw(key, Some(row));
    }
}

use crate::store::read::Rows as _;

#[test]
fn rows_that_contradict_each_other_are_named() {
    for (name, damage, expected) in ROWS {
        println!("{name}");
        let (folder, store) = used();
        damage(&store);
        store.sync().unwrap();
        store.close().unwrap();
        assert_eq!(problems(&folder), expected, "{name}");
    }
}

#[test]
fn a_delivery_that_is_missing_is_named() {
    let (folder, store) = used();
    store.put_raw(keys::delivery(DELIVERY), None);
    store.sync().unwrap();
    store.close().unwrap();
    assert_eq!(problems(&folder), [Problem::Queue]);
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}

fn only_in(folder: &Path, ending: &str) -> PathBuf {
    let names = files::names(folder).unwrap();
    let is_meant = |name: &std::ffi::OsString| {
        let name = name.to_string_lossy();
        name.ends_with(ending) && !name.starts_with("spare")
    };
    folder.join(names.into_iter().find(is_meant).unwrap())
}

type FileDamage = (&'static str, fn(&TempDir), &'static [Problem]);

const FILES: [FileDamage; 11] = [
    ("a blob with other bytes", |it| flip(&blob(it, 1), 9), &[Problem::Blob, Problem::BlobDamaged]),
    ("no blob", |it| fs::remove_file(blob(it, 2)).unwrap(), &[Problem::Blob]),
    (
        "a blob too many",
        |it| {
            let path = blobs::path(&data(it, ""), BlobId::of(b"x"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        },
        &[Problem::Orphan],
    ),
    (
        "a damaged checkpoint",
        |it| flip(&only_in(&data(it, "checkpoint"), "ckpt"), 90),
        &[Problem::Checkpoint],
    ),
    (
        "a damaged commit before the checkpoint",
        |it| flip(&only_in(&data(it, "log"), ".log"), 4096 + 60),
        &[Problem::LogHole],
    ),
    ("a damaged header", |it| flip(&only_in(&data(it, "log"), ".log"), 30), &[Problem::LogFile]),
    ("no log", |it| fs::remove_dir_all(data(it, "log")).unwrap(), &[Problem::LogHole]),
    ("no view", |it| fs::remove_dir_all(data(it, "sled")).unwrap(), &[Problem::View]),
    (
        "a view with a row missing",
        |it| {
            let db = ::sled::Config::new().path(data(it, "sled")).segment_size(4 << 20).open().unwrap();
            db.remove(keys::change(2)).unwrap();
            db.flush().unwrap();
        },
        &[Problem::View],
    ),
    ("a damaged MANIFEST", |it| flip(&data(it, "MANIFEST"), 40), &[Problem::Manifest]),
    (
        "a MANIFEST that knows of more",
        |it| {
            let noted = Manifest::read(&data(it, "")).unwrap().unwrap();
            Manifest { commit: noted.commit + 2, ..noted }.write(&data(it, "")).unwrap();
        },
        &[Problem::Commits],
    ),
];

fn blob(folder: &TempDir, number: u8) -> PathBuf {
    blobs::path(&data(folder, ""), BlobId::of(&vec![number; 50_000]))
}

#[test]
fn damaged_files_are_named() {
    for (name, damage, expected) in FILES {
        println!("{name}");
        let (folder, store) = used();
        store.bell_checkpoint();
        store.close().unwrap();
        damage(&folder);
        assert_eq!(problems(&folder), expected, "{name}");
    }
}

#[test]
fn what_no_copy_has_is_lost() {
    let folder = closed();
    for name in ["log", "sled"] {
        fs::remove_dir_all(data(&folder, name)).unwrap();
    }
    let findings = found(&folder, Keys::Unchecked);
    assert_eq!(findings.level(), Level::Lost);
    let finding = findings.list()[0];
    assert_eq!(finding.problem, Problem::Commits);
    assert!(finding.named[0].starts_with("commits 1 to "), "{finding:?}");
}

#[test]
fn keys_are_looked_for() {
    let folder = closed();
    let lost = |slot, _| match slot {
        1 => KeyState::IsThere,
        2 => KeyState::Erased,
        _ => KeyState::Lost,
    };
    let findings = found(&folder, Keys::Look(&lost));
    let list: Vec<_> = findings.list().into_iter().map(|it| (it.problem, it.count, it.named.len())).collect();
    assert_eq!(list, [(Problem::Key, 1, 1), (Problem::Erased, 1, 0)]);
    let findings = found(&folder, Keys::Missing);
    assert_eq!(findings.list()[0].problem, Problem::KeyFile);
}

#[test]
fn what_is_no_folder_is_said() {
    let folder = folder();
    let order = CheckOrder { data: data(&folder, "none"), scratch: None, keys: Keys::Unchecked };
    assert!(matches!(check(&order, &quiet()), Err(StoreError::Declined { .. })));
    fs::create_dir(data(&folder, "")).unwrap();
    assert_eq!(problems(&folder), [Problem::Manifest]);
}
