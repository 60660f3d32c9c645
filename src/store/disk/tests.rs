//! What only the store on disk must do.

mod space;

use super::manifest::Manifest;
use super::*;
use crate::store::conformance::{self, Raw, encoded, id, item};
use crate::store::{INLINE_LIMIT, codec, keys};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

pub(super) fn options() -> Options {
    Options { cache_bytes: 8 << 20, low_water: 0, has_ballast: false, ..Options::new([7; 16]) }
}

fn open(folder: &TempDir) -> Result<DiskStore, StoreError> {
    let on_progress: OnProgress = Box::new(|it| println!("{it:?}"));
    DiskStore::open(folder.path().join("data"), Options { on_progress: Some(on_progress), ..options() })
}

pub(super) fn folder() -> TempDir {
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

/// The same, killed before it wrote anything but the log.
fn killed() -> TempDir {
    let folder = folder();
    let store = open(&folder).unwrap();
    store.commit(&[item(1, 0), item(2, 0)]).unwrap();
    store.commit(&[item(1, 1)]).unwrap();
    store.kill();
    folder
}

impl DiskStore {
    /// Lets go of the folder as a crash does: nothing is written on the way out.
    pub(super) fn kill(self) {
        self.shared.stop(StoreError::Inconsistent { what: "killed".to_owned() });
    }
}

pub(super) fn data(folder: &TempDir, path: &str) -> PathBuf {
    folder.path().join("data").join(path)
}

fn refusal(folder: &TempDir) -> String {
    open(folder).unwrap_err().to_string()
}

/// All that `used` and `killed` have brought is there, and it goes on.
fn is_whole(folder: &TempDir) {
    let store = open(folder).unwrap();
    assert_eq!(store.counts(), Counts { applications: 2, live: 2, moves: 3 });
    assert_eq!(store.journal(id(1), 0, 9).unwrap().len(), 2);
    assert_eq!(store.changes(0, 9).unwrap().len(), 3);
    assert_eq!(store.audit().unwrap().orphan_count, 0);
    assert_eq!(store.commit(&[item(2, 1)]).unwrap(), [Verdict::Committed { sequence: 4 }]);
    store.kill();
    let store = open(folder).unwrap();
    assert_eq!(store.counts().moves, 4);
}

#[test]
fn it_keeps_the_contract() {
    let folders = folder();
    let made = AtomicU64::new(0);
    conformance::run(|| {
        let name = made.fetch_add(1, Ordering::Relaxed).to_string();
        DiskStore::open(folders.path().join(name), options()).unwrap()
    });
}

#[test]
fn what_was_committed_is_there_after_a_crash() {
    let folder = folder();
    let store = open(&folder).unwrap();
    let blob = store.put_blob(&[5; 70_000]).unwrap();
    let documents = vec![(1, Document::Inline(vec![1; INLINE_LIMIT])), (2, Document::Blob(blob))];
    store.commit(&[Item { documents, ..item(1, 0) }]).unwrap();
    for version in 1..30 {
        store.commit(&[item(1, version), item(2, version - 1)]).unwrap();
    }
    store.forget_changes(11).unwrap();
    store.sync().unwrap();
    let before = (store.span().unwrap(), store.counts(), store.journal(id(1), 0, 99).unwrap());
    store.kill();
    let store = open(&folder).unwrap();
    assert_eq!(before, (store.span().unwrap(), store.counts(), store.journal(id(1), 0, 99).unwrap()));
    assert_eq!(store.span().unwrap(), (11, 59));
    assert_eq!(store.document(id(1), 2).unwrap().unwrap(), [5; 70_000]);
    assert_eq!(store.commit(&[item(2, 29)]).unwrap(), [Verdict::Committed { sequence: 60 }]);
    assert_eq!(store.instance(), [7; 16]);
}

#[test]
fn what_is_appended_is_read_at_once_and_counted_when_it_is_durable() {
    let folder = folder();
    let store = open(&folder).unwrap();
    store.append(&[item(1, 0)]).unwrap();
    store.append(&[item(1, 1)]).unwrap();
    assert_eq!(store.application(id(1)).unwrap().unwrap().version, 2);
    assert_eq!((store.counts().moves, store.span().unwrap()), (0, (1, 0)));
    assert!(store.changes(0, 9).unwrap().is_empty());
    assert_eq!(store.sync().unwrap(), 2);
    assert_eq!((store.counts().moves, store.changes(0, 9).unwrap().len()), (2, 2));
    store.append(&[item(1, 2)]).unwrap();
    store.kill();
    assert_eq!(open(&folder).unwrap().counts().moves, 2);
}

#[test]
fn a_second_opening_is_refused() {
    let folder = used();
    let store = open(&folder).unwrap();
    assert!(refusal(&folder).ends_with("data is in use by another docket: stop that one first"));
    drop(store);
    open(&folder).unwrap();
}

type Damage = (&'static str, fn(&TempDir));

/// Damages to the view, which the log cures.
const VIEW: [Damage; 6] = [
    ("gone", |folder| fs::remove_dir_all(data(folder, "sled")).unwrap()),
    ("its file gone", |folder| fs::remove_file(data(folder, "sled/db")).unwrap()),
    ("emptied", |folder| fs::write(data(folder, "sled/db"), b"").unwrap()),
    ("cut", |folder| {
        let db = fs::OpenOptions::new().write(true).open(data(folder, "sled/db")).unwrap();
        db.set_len(db.metadata().unwrap().len() / 2).unwrap();
    }),
    ("made anew by sled", |folder| {
        fs::remove_dir_all(data(folder, "sled")).unwrap();
        drop(::sled::Config::new().path(data(folder, "sled")).segment_size(4 << 20).open().unwrap());
    }),
    ("another's", |folder| {
        let other = self::folder();
        let store = DiskStore::open(other.path().join("data"), Options { instance: [8; 16], ..options() });
        store.unwrap().commit(&[item(9, 0)]).unwrap();
        fs::remove_dir_all(data(folder, "sled")).unwrap();
        fs::rename(data(&other, "sled"), data(folder, "sled")).unwrap();
    }),
];

#[test]
fn a_lost_view_is_made_anew() {
    for (name, damage) in VIEW {
        for make in [used, killed] {
            println!("{name}");
            let folder = make();
            damage(&folder);
            is_whole(&folder);
        }
    }
}

#[test]
fn a_view_with_a_row_missing_or_old_is_made_anew() {
    let keys = [keys::application(id(1)), keys::change(2), keys::journal(id(2), 1)];
    for (key, value) in keys.into_iter().flat_map(|key| [(key.clone(), None), (key, Some(b"old".to_vec()))]) {
        let folder = used();
        let db = ::sled::Config::new().path(data(&folder, "sled")).segment_size(4 << 20).open().unwrap();
        match value {
            Some(value) => db.insert(key, value).unwrap(),
            None => db.remove(key).unwrap(),
        };
        db.flush().unwrap();
        drop(db);
        is_whole(&folder);
        assert!(data(&folder, "aside/sled").exists());
    }
}

#[test]
fn a_lost_log_is_begun_anew_if_the_view_has_it_all() {
    let folder = used();
    fs::remove_dir_all(data(&folder, "log")).unwrap();
    is_whole(&folder);

    let folder = killed();
    fs::remove_dir_all(data(&folder, "log")).unwrap();
    let text = refusal(&folder);
    assert!(text.contains("lost"), "{text}");
}

#[test]
fn both_lost_are_refused_with_what_is_lost() {
    let folder = used();
    for name in ["log", "sled"] {
        fs::remove_dir_all(data(&folder, name)).unwrap();
    }
    let text = refusal(&folder);
    assert!(text.contains("2 applications (2 of them live) with 3 moves or more are lost"), "{text}");
}

#[test]
fn an_older_copy_under_a_newer_manifest_is_named() {
    let folder = used();
    let noted = Manifest::read(&data(&folder, "")).unwrap().unwrap();
    Manifest { commit: noted.commit + 2, sequence: 5, ..noted }.write(&data(&folder, "")).unwrap();
    let text = refusal(&folder);
    assert!(
        text.contains(&format!("the log lacks commits {} to {}", noted.commit + 1, noted.commit + 2)),
        "{text}"
    );

    let counts = Counts { live: 1, ..noted.counts };
    Manifest { counts, ..noted }.write(&data(&folder, "")).unwrap();
    assert!(refusal(&folder).starts_with("the rows count Counts { applications: 2, live: 2, moves: 3 }"));
}

#[test]
fn files_without_a_manifest_are_refused() {
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
    fs::write(data(&folder, "MANIFEST"), "docket store\nformat = 3\nnews = yes\n").unwrap();
    let before = fs::read(data(&folder, "sled/db")).unwrap();
    let error = open(&folder).unwrap_err();
    assert!(matches!(error, StoreError::NewerFolder { found: 3, known: 2, .. }), "{error}");
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

    let mut row = store.shared.row(&keys::application(id(2))).unwrap().unwrap();
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
    is_whole(&folder);
    assert!(!data(&folder, "sled/snap.00000000000000FF.generating").exists());
    assert!(data(&folder, "notes.txt").exists());
    assert!(!data(&folder, "aside").exists());
}

#[test]
fn a_write_of_the_view_that_was_cut_off_is_completed() {
    let folder = used();
    let store = open(&folder).unwrap();
    store.commit(&[item(1, 2), item(3, 0)]).unwrap();
    store.kill();
    // As the keeper begins: it has said what it is going to write, and written some of it.
    let mut view = view::View::open(&data(&folder, "sled"), 8 << 20).unwrap();
    let after = view.mark().tip.commit;
    let mut writes = Writes::new();
    for entry in log::read(&data(&folder, "log"), [7; 16], after, after + 1).unwrap() {
        wire::read(&entry.unwrap().body, &mut writes).unwrap();
    }
    view.write_half(&writes, after + 1).unwrap();
    drop(view);
    let store = open(&folder).unwrap();
    assert_eq!(store.counts(), Counts { applications: 3, live: 3, moves: 5 });
    assert_eq!(store.application(id(1)).unwrap().unwrap().version, 3);
    assert!(!data(&folder, "aside").exists());
    store.close().unwrap();
    assert_eq!(open(&folder).unwrap().counts().moves, 5);
    assert!(!data(&folder, "aside").exists());
}

#[test]
fn checkpoints_let_the_log_go_and_bring_everything_back() {
    let folder = folder();
    let options = || Options { checkpoint_bytes: 3 << 20, ..options() };
    let store = DiskStore::open(data(&folder, ""), options()).unwrap();
    let mut moves = 0;
    while checkpoint::list(&data(&folder, "")).unwrap().is_empty() || moves < 3_000 {
        let group: Vec<_> = (0..50).map(|n| item(n, moves / 50)).collect();
        store.commit(&group).unwrap();
        moves += 50;
        assert!(moves < 300_000, "no checkpoint is written");
    }
    store.kill();
    for round in 0..2 {
        fs::remove_dir_all(view_of(&folder)).unwrap();
        let store = DiskStore::open(data(&folder, ""), options()).unwrap();
        assert_eq!(store.counts().moves, moves + round);
        assert_eq!(store.journal(id(7), 0, 10_000).unwrap().len() as u64, moves / 50);
        assert_eq!(
            store.commit(&[item(60 + round as u8, 0)]).unwrap(),
            [Verdict::Committed { sequence: moves + round + 1 }]
        );
        store.close().unwrap();
    }
}

fn view_of(folder: &TempDir) -> PathBuf {
    let manifest = Manifest::read(&data(folder, "")).unwrap().unwrap();
    open::view_folder(&data(folder, ""), manifest.view)
}

#[test]
fn a_failed_sync_stops_the_store() {
    let folder = used();
    let store = open(&folder).unwrap();
    store.shared.log.lock().unwrap().fail_from_now_on();
    for expected in [2, 3] {
        let error = store.commit(&[item(1, expected)]).unwrap_err();
        assert!(matches!(error, StoreError::Stopped { .. }), "{error}");
    }
    assert!(matches!(store.forget_changes(2), Err(StoreError::Stopped { .. })));
    // What was not synced is not reported.
    assert_eq!((store.span().unwrap(), store.counts().moves), ((1, 3), 3));
    assert_eq!(store.changes(0, 9).unwrap().len(), 3);
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
    }
    store.close().unwrap();
    assert_eq!(files::names(&data(&folder, "sled/blobs")).unwrap(), Vec::<std::ffi::OsString>::new());
    let store = open(&folder).unwrap();
    assert_eq!(store.journal(id(1), 0, 99).unwrap().len(), 40);
    assert_eq!(files::names(&data(&folder, "sled/blobs")).unwrap(), Vec::<std::ffi::OsString>::new());
}

/// A folder that was written when sled was all there was.
#[test]
fn a_folder_of_the_first_format_is_taken_over() {
    let folder = folder();
    let rows = used_rows();
    let db = ::sled::Config::new().path(data(&folder, "sled")).segment_size(4 << 20).open().unwrap();
    for (key, value) in &rows {
        db.insert(key.clone(), value.clone()).unwrap();
    }
    db.flush().unwrap();
    drop(db);
    let counts = Counts { applications: 2, live: 2, moves: 3 };
    let old = Manifest { format: manifest::SLED_ALONE, sequence: 3, counts, ..Manifest::new([7; 16]) };
    old.write(&data(&folder, "")).unwrap();
    is_whole(&folder);
    // The log and the first checkpoint are enough from now on.
    fs::remove_dir_all(data(&folder, "sled")).unwrap();
    assert_eq!(open(&folder).unwrap().counts().moves, 4);
}

/// The rows of a folder that was used, but for what the first format did not know.
fn used_rows() -> Vec<Row> {
    let (folder, waited) = (used(), crate::clock::Stopwatch::start());
    // A thread of sled may still hold the lock of the file that was closed.
    let view = loop {
        match view::View::open(&data(&folder, "sled"), 8 << 20) {
            Ok(view) => break view,
            Err(error) => assert!(waited.read().as_secs() < 5, "{error:?}"),
        }
        std::thread::yield_now();
    };
    view.rows().collect::<Result<_, _>>().unwrap()
}

impl Raw for DiskStore {
    fn put_raw(&self, key: Vec<u8>, value: Option<Vec<u8>>) {
        let mut writer = self.shared.writer();
        let totals = writer.totals;
        self.shared.put(&mut writer, Writes::from([(key, value)]), totals).unwrap();
    }
}
