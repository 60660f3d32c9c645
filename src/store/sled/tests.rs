//! What only the store on disk must do.

use super::*;
use crate::store::conformance::{self, Raw, encoded, id, item};
use crate::store::{INLINE_LIMIT, codec, keys};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

fn open(folder: &TempDir) -> Result<SledStore, StoreError> {
    SledStore::open(folder.path().join("data"), Options { cache_bytes: 8 << 20, ..Options::new([7; 16]) })
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A folder in which a store has made three moves of two applications and is closed.
fn used() -> TempDir {
    let folder = folder();
    let store = open(&folder).unwrap();
    store.commit(&[item(1, 0), item(2, 0), item(1, 1)]).unwrap();
    store.close().unwrap();
    folder
}

fn data(folder: &TempDir, path: &str) -> PathBuf {
    folder.path().join("data").join(path)
}

fn refusal(folder: &TempDir) -> String {
    open(folder).unwrap_err().to_string()
}

#[test]
fn it_keeps_the_contract() {
    let folders = folder();
    let made = AtomicU64::new(0);
    conformance::run(|| {
        let name = made.fetch_add(1, Ordering::Relaxed).to_string();
        SledStore::open(folders.path().join(name), Options::new([7; 16])).unwrap()
    });
}

#[test]
fn what_was_committed_is_there_after_a_drop_without_close() {
    let folder = folder();
    let store = open(&folder).unwrap();
    let blob = store.put_blob(&[5; 70_000]).unwrap();
    let documents = vec![(1, Document::Inline(vec![1; INLINE_LIMIT])), (2, Document::Blob(blob))];
    store.commit(&[Item { documents, ..item(1, 0) }]).unwrap();
    for version in 1..30 {
        store.commit(&[item(1, version), item(2, version - 1)]).unwrap();
    }
    store.forget_changes(11).unwrap();
    let before = (store.span().unwrap(), store.counts(), store.journal(id(1), 0, 99).unwrap());
    // As after a crash: nothing is written on the way out.
    store.writer().closed = true;
    drop(store);
    let store = open(&folder).unwrap();
    assert_eq!(before, (store.span().unwrap(), store.counts(), store.journal(id(1), 0, 99).unwrap()));
    assert_eq!(store.span().unwrap(), (11, 59));
    assert_eq!(store.document(id(1), 2).unwrap().unwrap(), [5; 70_000]);
    assert_eq!(store.commit(&[item(2, 29)]).unwrap(), [Verdict::Committed { sequence: 60 }]);
    assert_eq!(store.instance(), [7; 16]);
}

#[test]
fn a_second_opening_is_refused() {
    let folder = used();
    let store = open(&folder).unwrap();
    assert!(refusal(&folder).ends_with("data is in use by another docket: stop that one first"));
    drop(store);
    open(&folder).unwrap();
}

#[test]
fn sled_that_is_gone_emptied_or_exchanged_is_named() {
    let lost = "2 applications (2 of them live) with 3 moves or more are lost";
    let folder = used();
    fs::remove_dir_all(data(&folder, "sled")).unwrap();
    assert!(refusal(&folder).starts_with(&format!("sled's file is missing: {lost}")));
    assert!(!data(&folder, "sled").exists());

    fs::create_dir(data(&folder, "sled")).unwrap();
    assert!(refusal(&folder).starts_with(&format!("sled's file is missing: {lost}")));

    fs::write(data(&folder, "sled/db"), b"").unwrap();
    assert!(refusal(&folder).starts_with(&format!("sled's file is empty: {lost}")));

    fs::remove_dir_all(data(&folder, "sled")).unwrap();
    drop(::sled::Config::new().path(data(&folder, "sled")).segment_size(4 << 20).open().unwrap());
    assert!(refusal(&folder).starts_with(&format!("sled is empty: {lost}")));

    let other = self::folder();
    drop(SledStore::open(other.path().join("data"), Options::new([8; 16])).unwrap());
    fs::remove_dir_all(data(&folder, "sled")).unwrap();
    fs::rename(data(&other, "sled"), data(&folder, "sled")).unwrap();
    assert!(refusal(&folder).starts_with("the MANIFEST and sled's files belong to two different stores"));
}

#[test]
fn a_cut_file_is_named() {
    let folder = folder();
    let store = open(&folder).unwrap();
    let large =
        |version| Item { snapshot: codec::Encoded { version: 1, body: vec![3; 30_000] }, ..item(1, version) };
    for version in 0..400 {
        store.commit(&[large(version)]).unwrap();
    }
    store.close().unwrap();
    let db = fs::OpenOptions::new().write(true).open(data(&folder, "sled/db")).unwrap();
    // Half of it, as after a cut; sled may open it short, as empty, or panic.
    db.set_len(db.metadata().unwrap().len() / 2).unwrap();
    drop(db);
    for name in fs::read_dir(data(&folder, "sled")).unwrap().map(|e| e.unwrap().file_name()) {
        if name.to_string_lossy().starts_with("snap.") {
            fs::remove_file(data(&folder, "sled").join(name)).unwrap();
        }
    }
    let error = open(&folder).unwrap_err();
    let sled = matches!(error, StoreError::Sled { .. } | StoreError::SledPanic { .. });
    assert!(sled || error.to_string().contains("lost"), "{error}");
}

#[test]
fn an_older_sled_under_a_newer_manifest_is_named() {
    let folder = used();
    let newer = Manifest { sequence: 5, ..Manifest::read(&data(&folder, "")).unwrap().unwrap() };
    newer.write(&data(&folder, "")).unwrap();
    assert!(refusal(&folder).starts_with("moves 4 to 5 are lost, and maybe later ones: sled ends at 3"));

    let mut other = newer;
    other.sequence = 3;
    other.counts.live = 1;
    other.write(&data(&folder, "")).unwrap();
    assert!(refusal(&folder).starts_with("sled counts Counts { applications: 2, live: 2, moves: 3 }"));
}

#[test]
fn a_lost_tail_of_changes_is_named() {
    let folder = used();
    let store = open(&folder).unwrap();
    store.put_raw(keys::change(3), None);
    store.close().unwrap();
    assert!(refusal(&folder).starts_with("the changes end at 2, the moves at 3"));
}

#[test]
fn sled_without_a_manifest_is_refused() {
    let folder = used();
    fs::remove_file(data(&folder, "MANIFEST")).unwrap();
    assert!(refusal(&folder).starts_with("the MANIFEST is missing"));
    assert!(!data(&folder, "MANIFEST").exists());
    fs::write(data(&folder, "MANIFEST"), "docket store\nformat = 1\n").unwrap();
    assert!(refusal(&folder).starts_with("the MANIFEST is damaged"));
}

#[test]
fn a_newer_folder_is_refused_and_not_touched() {
    let folder = used();
    fs::write(data(&folder, "MANIFEST"), "docket store\nformat = 2\nnews = yes\n").unwrap();
    let before = fs::read(data(&folder, "sled/db")).unwrap();
    let error = open(&folder).unwrap_err();
    assert!(matches!(error, StoreError::NewerFolder { found: 2, known: 1, .. }), "{error}");
    assert_eq!(fs::read(data(&folder, "sled/db")).unwrap(), before);
}

#[test]
fn a_newer_record_and_a_flipped_bit_are_found_on_reading() {
    let folder = used();
    let store = open(&folder).unwrap();
    store.put_raw(keys::application(id(1)), Some(codec::seal(codec::Kind::Application, 9, b"news")));
    let error = store.application(id(1)).unwrap_err();
    let source = Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the application has version 9, the newest that this docket knows is 1");
    assert!(store.commit(&[item(1, 2)]).is_err());

    let mut row = store.row(&keys::application(id(2))).unwrap().unwrap();
    row[30] ^= 4;
    store.put_raw(keys::application(id(2)), Some(row));
    let error = store.application(id(2)).unwrap_err();
    assert!(error.to_string().starts_with(&format!("application {} cannot be read", id(2))), "{error}");
    assert!(Error::source(&error).unwrap().to_string().contains("is damaged"));
}

#[test]
fn half_a_snapshot_is_cured_and_strangers_are_left_alone() {
    let folder = used();
    fs::write(data(&folder, "sled/snap.00000000000000FF.generating"), b"half").unwrap();
    fs::write(data(&folder, "notes.txt"), b"mine").unwrap();
    let store = open(&folder).unwrap();
    assert_eq!(store.counts().moves, 3);
    assert!(!data(&folder, "sled/snap.00000000000000FF.generating").exists());
    assert!(data(&folder, "notes.txt").exists());
}

#[test]
fn a_failed_sync_stops_the_store() {
    let folder = used();
    let mut store = open(&folder).unwrap();
    // A device that refuses to be synced.
    store.db_file = File::open("/dev/null").unwrap();
    for expected in [2, 3] {
        let error = store.commit(&[item(1, expected)]).unwrap_err();
        assert!(matches!(error, StoreError::Stopped { .. }), "{error}");
        assert!(Error::source(&error).unwrap().to_string().starts_with("could not sync"));
    }
    assert!(matches!(store.forget_changes(2), Err(StoreError::Stopped { .. })));
    // What was not synced is not reported.
    assert_eq!((store.span().unwrap(), store.counts().moves), ((1, 3), 3));
    assert_eq!(store.changes(0, 9).unwrap().len(), 3);
}

#[test]
fn syncs_are_told_and_the_manifest_follows() {
    let folder = folder();
    let told = Arc::new(AtomicU64::new(0));
    let tell = Arc::clone(&told);
    let on_sync: OnSync = Box::new(move |newest| tell.store(newest, Ordering::SeqCst));
    let options = Options { on_sync: Some(on_sync), ..Options::new([7; 16]) };
    let store = SledStore::open(data(&folder, ""), options).unwrap();
    let noted = || Manifest::read(&data(&folder, "")).unwrap().unwrap().sequence;
    assert_eq!(noted(), 0);
    store.commit(&[item(1, 0)]).unwrap();
    assert_eq!((told.load(Ordering::SeqCst), noted()), (1, 1));
    let group = |from: u64, len: u64| -> Vec<_> { (from..from + len).map(|v| item(1, v)).collect() };
    store.commit(&group(1, MANIFEST_EVERY - 1)).unwrap();
    assert_eq!((told.load(Ordering::SeqCst), noted()), (MANIFEST_EVERY, 1));
    store.commit(&group(MANIFEST_EVERY, 1)).unwrap();
    assert_eq!(noted(), MANIFEST_EVERY + 1);
    store.commit(&group(MANIFEST_EVERY + 1, 1)).unwrap();
    drop(store);
    assert_eq!(noted(), MANIFEST_EVERY + 2);
}

#[test]
fn blobs_are_verified() {
    let folder = folder();
    let store = open(&folder).unwrap();
    let blob = store.put_blob(b"bytes of a blob").unwrap();
    let path = data(&folder, "blob").join(&blob.to_string()[..2]).join(blob.to_string());
    assert_eq!(fs::read(&path).unwrap(), b"bytes of a blob");
    store.commit(&[Item { documents: vec![(1, Document::Blob(blob))], ..item(1, 0) }]).unwrap();

    fs::write(&path, b"bytes of a blog").unwrap();
    assert!(matches!(store.document(id(1), 1), Err(StoreError::BlobDamaged { .. })));
    fs::write(&path, b"bytes").unwrap();
    store.put_blob(b"bytes of a blob").unwrap();
    assert_eq!(store.document(id(1), 1).unwrap().unwrap(), b"bytes of a blob");
    fs::remove_file(&path).unwrap();
    let error = store.document(id(1), 1).unwrap_err();
    assert!(error.to_string().contains("is missing"), "{error}");
}

#[test]
fn full_values_never_reach_the_files_that_sled_does_not_sync() {
    let folder = folder();
    let store = open(&folder).unwrap();
    for version in 0..40 {
        let full = encoded(&"x".repeat(crate::store::RECORD_LIMIT));
        let documents = vec![(version as u32, Document::Inline(vec![1; INLINE_LIMIT]))];
        let (snapshot, entry, change) = (full.clone(), full.clone(), full);
        store.commit(&[Item { documents, snapshot, entry, change, ..item(1, version) }]).unwrap();
        assert_eq!(disk::names(&data(&folder, "sled/blobs")).unwrap(), Vec::<std::ffi::OsString>::new());
    }
    drop(store);
    let store = open(&folder).unwrap();
    assert_eq!(store.journal(id(1), 0, 99).unwrap().len(), 40);
    assert_eq!(disk::names(&data(&folder, "sled/blobs")).unwrap(), Vec::<std::ffi::OsString>::new());
}

impl Raw for SledStore {
    fn put_raw(&self, key: Vec<u8>, value: Option<Vec<u8>>) {
        match value {
            Some(value) => self.db.insert(key, value).unwrap(),
            None => self.db.remove(key).unwrap(),
        };
    }
}
