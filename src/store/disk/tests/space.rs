//! Journals that move into files, and blobs that go: with crashes and damage between any two steps.

use super::*;
use crate::clock;
use crate::store::archive::{self as journals, gather};
use crate::store::disk::archive::{self, Writer};
use crate::store::{ApplicationId, Swept, rows};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, UNIX_EPOCH};

/// Applications 1 to 9 have made three moves and are ended, but for the last.
fn ended(store: &DiskStore) {
    let end = |number, expected| Item { wake: None, ..item(number, expected) };
    for number in 1..=9 {
        store.commit(&[item(number, 0), item(number, 1)]).unwrap();
        store.commit(&[if number == 9 { item(9, 2) } else { end(number, 2) }]).unwrap();
    }
}

fn ids(numbers: impl IntoIterator<Item = u8>) -> Vec<ApplicationId> {
    numbers.into_iter().map(id).collect()
}

fn arch(folder: &TempDir) -> Vec<PathBuf> {
    let listed = archive::list(&folder.path().join("data")).unwrap();
    listed.into_iter().map(|(_, path)| path).collect()
}

/// Every journal is whole, wherever it is.
fn reads_all(store: &DiskStore) {
    for number in 1..=9 {
        let expected: Vec<_> = (1..=3).map(|v| (v, encoded(&format!("entry {number}.{v}")))).collect();
        assert_eq!(store.journal(id(number), 0, 9).unwrap(), expected, "{number}");
    }
    assert_eq!(store.counts().moves, 27);
}

/// The rows that are left of journals.
fn rows_of_journals(store: &DiskStore) -> usize {
    let all =
        (1..=9).map(|number| store.shared.page(keys::journal_between(id(number), 1, 99), 99).unwrap().len());
    all.sum()
}

#[test]
fn journals_move_into_files_and_stay_there() {
    let folder = folder();
    let store = open(&folder).unwrap();
    ended(&store);
    let archived = store.archive(&ids(1..=4)).unwrap();
    assert_eq!((archived.journals, archived.entries), (4, 12));
    assert_eq!(fs::metadata(&arch(&folder)[0]).unwrap().len(), archived.bytes);
    assert_eq!(rows_of_journals(&store), 15);
    reads_all(&store);
    store.archive(&ids(3..=9)).unwrap();
    assert_eq!(rows_of_journals(&store), 3, "only those of the one that is live");
    store.close().unwrap();
    let store = open(&folder).unwrap();
    reads_all(&store);
    assert_eq!(arch(&folder).len(), 2);
    assert_eq!(store.archive(&ids(1..=9)).unwrap().journals, 0);
    assert_eq!(arch(&folder).len(), 2);
    store.kill();
    reads_all(&open(&folder).unwrap());
}

/// Writes an archive file, and crashes before the first row is taken away.
fn crash_before_the_rows_go(folder: &TempDir, numbers: impl IntoIterator<Item = u8>) {
    let store = open(folder).unwrap();
    ended(&store);
    let shared = &*store.shared;
    let mut writer = Writer::begin(&shared.folder, shared.instance, 99, clock::now()).unwrap();
    for id in ids(numbers) {
        writer.add(&gather(shared, id).unwrap().unwrap()).unwrap();
    }
    writer.finish().unwrap();
    store.kill();
}

#[test]
fn a_move_that_was_cut_off_is_finished_by_the_next() {
    let folder = folder();
    crash_before_the_rows_go(&folder, 1..=4);
    let store = open(&folder).unwrap();
    assert_eq!(rows_of_journals(&store), 27);
    reads_all(&store);
    // Another one crashes with the first of the rows gone.
    let index = archive::index(&arch(&folder)[0], store.instance(), 99).unwrap();
    store.shared.take_away(&index[..1]).unwrap();
    store.kill();
    let store = open(&folder).unwrap();
    assert_eq!(store.archived(None, 9).unwrap(), ids([1]));
    let archived = store.archive(&ids(1..=6)).unwrap();
    assert_eq!(archived.journals, 2, "those that no file has yet");
    assert_eq!(store.archived(None, 9).unwrap(), ids(1..=6));
    assert_eq!((arch(&folder).len(), rows_of_journals(&store)), (2, 9));
    reads_all(&store);
}

#[test]
fn a_file_whose_journals_went_another_way_is_left_alone() {
    let folder = folder();
    crash_before_the_rows_go(&folder, 1..=2);
    let store = open(&folder).unwrap();
    // As after a restore to an earlier commit: one goes on otherwise, the other goes on.
    let other = rows::write_journal(&rows::CHAIN_START, &encoded("other"));
    let head = read::head(&*store.shared, id(1)).unwrap().unwrap();
    let head = rows::Head { chain: rows::link(&rows::CHAIN_START, &encoded("other")), version: 1, ..head };
    for version in 2..=3 {
        store.put_raw(keys::journal(id(1), version), None);
    }
    store.put_raw(keys::journal(id(1), 1), Some(other));
    store.put_raw(keys::application(id(1)), Some(rows::write_application(&head, &encoded("other"))));
    store.commit(&[Item { wake: None, ..item(2, 3) }]).unwrap();
    store.archive(&[]).unwrap();
    assert_eq!(store.archived(None, 9).unwrap(), ids([2]), "what fits is settled, what does not is not");
    assert_eq!(store.journal(id(2), 0, 9).unwrap().len(), 4);
    assert_eq!(store.journal(id(1), 0, 9).unwrap(), [(1, encoded("other"))]);
    assert_eq!(store.archive(&ids([1])).unwrap().journals, 1);
    assert_eq!(store.journal(id(1), 0, 9).unwrap(), [(1, encoded("other"))]);
    assert_eq!(arch(&folder).len(), 2);
}

#[test]
fn a_damaged_file_fails_its_own_journals_and_nothing_else() {
    let folder = folder();
    let store = open(&folder).unwrap();
    ended(&store);
    store.archive(&ids(1..=2)).unwrap();
    store.archive(&ids(3..=4)).unwrap();
    let path = &arch(&folder)[1];
    let mut bytes = fs::read(path).unwrap();
    bytes[70] ^= 1;
    fs::write(path, bytes).unwrap();
    store.close().unwrap();
    let store = open(&folder).unwrap();
    for number in 1..=2 {
        let error = store.journal(id(number), 0, 9).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && error.contains("from a backup"), "{error}");
        assert_eq!(store.application(id(number)).unwrap().unwrap().version, 3);
    }
    for number in 3..=9 {
        assert_eq!(store.journal(id(number), 0, 9).unwrap().len(), 3);
    }
    assert_eq!(store.archive(&ids(1..=9)).unwrap().journals, 4, "the others go on");
    assert_eq!(store.commit(&[item(9, 3)]).unwrap(), [Verdict::Committed { sequence: 28 }]);
}

#[test]
fn a_damaged_file_that_nothing_names_takes_no_row_away() {
    let folder = folder();
    crash_before_the_rows_go(&folder, 1..=4);
    let path = &arch(&folder)[0];
    let whole = fs::read(path).unwrap();
    for at in [60, whole.len() - 100, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
        let store = open(&folder).unwrap();
        assert_eq!(store.archive(&[]).unwrap().journals, 0);
        assert_eq!(rows_of_journals(&store), 27, "byte {at}");
        store.kill();
    }
    let store = open(&folder).unwrap();
    assert_eq!(store.archive(&ids(1..=4)).unwrap().journals, 4);
    reads_all(&store);
}

#[test]
fn journals_are_read_while_they_move() {
    let folder = folder();
    let store = open(&folder).unwrap();
    ended(&store);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (store, is_over) = (&store, &is_over);
        let reader = scope.spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                reads_all(store);
            }
        });
        for number in 1..=8 {
            store.archive(&ids([number])).unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    assert_eq!(store.archived(None, 9).unwrap(), ids(1..=8));
}

#[test]
fn nothing_is_moved_where_room_is_low() {
    let folder = folder();
    let store = open(&folder).unwrap();
    ended(&store);
    store.shared.room.set(Room::Low);
    assert_eq!(store.archive(&ids([1])).unwrap().journals, 0);
    assert!(arch(&folder).is_empty());
    assert!(journals::filed(&*store.shared, id(1)).unwrap().is_none());
}

static BLOB: [u8; 40_000] = [0x5a; 40_000];

/// Makes the blob look as if it had been put a while ago.
fn age(store: &DiskStore, blob: BlobId, age: Duration) {
    let (hash, then) = (blob.to_string(), clock::now().as_millis() - age.as_millis() as u64);
    let path = store.shared.folder.join("blob").join(&hash[..2]).join(hash);
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_millis(then)).unwrap();
}

const HOUR: Duration = Duration::from_secs(3_600);

fn an_hour_ago() -> Time {
    Time::from_millis(clock::now().as_millis() - HOUR.as_millis() as u64)
}

#[test]
fn a_blob_that_is_put_again_is_put_anew() {
    let folder = folder();
    let store = open(&folder).unwrap();
    let blob = store.put_blob(&BLOB).unwrap();
    age(&store, blob, 2 * HOUR);
    let leftover = data(&folder, "blob/5a");
    fs::create_dir_all(&leftover).unwrap();
    fs::write(leftover.join("5a.7.new"), b"half").unwrap();
    fs::write(leftover.join("README"), b"not ours").unwrap();
    store.put_blob(&BLOB).unwrap();
    assert_eq!(store.sweep_blobs(an_hour_ago()).unwrap(), Swept::default());
    assert!(store.shared.blobs.has(blob));
    age(&store, blob, 2 * HOUR);
    let all = Swept { blobs: 1, bytes: BLOB.len() as u64 };
    assert_eq!(store.sweep_blobs(an_hour_ago()).unwrap(), all);
    store.sweep_blobs(Time::from_millis(u64::MAX)).unwrap();
    assert_eq!(files::names(&leftover).unwrap(), ["README"]);
}

/// A blob that is always old enough to go, put and named over and over while sweeps run: each
/// commit is refused or keeps its document.
#[test]
fn no_sweep_takes_a_blob_that_is_being_named() {
    let folder = folder();
    let store = open(&folder).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (store, is_over) = (&store, &is_over);
        let sweeper = scope.spawn(move || {
            let mut swept = 0;
            while !is_over.load(Ordering::Relaxed) {
                swept += store.sweep_blobs(an_hour_ago()).unwrap().blobs;
            }
            swept
        });
        let mut refused = 0;
        for version in 0..300_u64 {
            let bytes = vec![version as u8; 20_000];
            let blob = store.put_blob(&bytes).unwrap();
            age(store, blob, 2 * HOUR);
            if version % 3 == 0 {
                // Put again, it is safe for an hour.
                store.put_blob(&bytes).unwrap_or_else(|error| panic!("{version}: {error}"));
            }
            let expected = store.application(id(1)).unwrap().map_or(0, |stored| stored.version);
            let documents = vec![(1, Document::Blob(blob))];
            match store.commit(&[Item { documents, ..item(1, expected) }]) {
                Ok(_) => assert_eq!(store.document(id(1), 1).unwrap().unwrap(), bytes, "{version}"),
                Err(StoreError::NoBlob { .. }) if version % 3 != 0 => refused += 1,
                Err(error) => panic!("{version}: {error}"),
            }
        }
        is_over.store(true, Ordering::Relaxed);
        println!("{} swept, {refused} commits refused", sweeper.join().unwrap());
    });
}
