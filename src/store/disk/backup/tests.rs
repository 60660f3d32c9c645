//! Backups of stores that are written to, and what is made of them.

mod archives;
mod space;

use super::*;
use crate::machine::time::Time;
use crate::store::conformance::{id, item};
use crate::store::disk::tests::{data, folder, options};
use crate::store::disk::{DiskStore, Options};
use crate::store::upkeep::Upkeep;
use crate::store::{Document, INLINE_LIMIT, Item, Store};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

fn open(folder: &TempDir) -> DiskStore {
    DiskStore::open(data(folder, ""), options()).unwrap()
}

fn to(folder: &TempDir) -> PathBuf {
    folder.path().join("backup")
}

fn quiet() -> Tell {
    Arc::new(|_| ControlFlow::Continue(()))
}

const CHECK: &[u8] = b"docket master check 1 00\n";

fn order(to: PathBuf) -> BackupOrder<'static> {
    BackupOrder { to, master_check: &|| Ok(CHECK.to_vec()), data_keys: None }
}

fn back_up(store: &DiskStore, folder: &TempDir) -> BackedUp {
    store.backup(&order(to(folder)), &quiet()).unwrap()
}

fn restored(folder: &TempDir, name: &str, at: At) -> (Restored, PathBuf) {
    let to_make = folder.path().join(name);
    let order = RestoreOrder { from: to(folder), to: to_make.clone(), at, keys: None };
    (restore(&order, &quiet()).unwrap(), to_make)
}

fn refusal(folder: &TempDir, at: At) -> String {
    let made = folder.path().join("refused");
    let order = RestoreOrder { from: to(folder), to: made.clone(), at, keys: None };
    let text = restore(&order, &quiet()).unwrap_err().to_string();
    assert!(files::names(&made).unwrap().is_empty(), "nothing is left behind");
    text
}

/// All that can be read of a store.
fn contents(store: &DiskStore) -> impl PartialEq + std::fmt::Debug {
    let applications = store.applications(None, 1_000).unwrap();
    let journals: Vec<_> =
        applications.iter().map(|(id, _)| store.journal(*id, 0, 10_000).unwrap()).collect();
    let (oldest, _) = store.span().unwrap();
    (applications, journals, store.changes(oldest - 1, 10_000).unwrap(), store.counts())
}

#[test]
fn a_backup_under_traffic_becomes_a_store_that_is_held() {
    let folder = folder();
    let store = open(&folder);
    let blob = store.put_blob(&[5; 70_000]).unwrap();
    let documents = vec![(1, Document::Inline(vec![1; INLINE_LIMIT])), (2, Document::Blob(blob))];
    store.commit(&[Item { documents, ..item(1, 0) }]).unwrap();
    let stop = AtomicBool::new(false);
    let backed = std::thread::scope(|scope| {
        let traffic = scope.spawn(|| {
            let mut version = 1;
            while !stop.load(Ordering::Relaxed) || version < 50 {
                store.commit(&[item(1, version), item(2, version - 1)]).unwrap();
                version += 1;
            }
        });
        let backed: Vec<_> = (0..4).map(|_| back_up(&store, &folder)).collect();
        stop.store(true, Ordering::Relaxed);
        traffic.join().unwrap();
        backed
    });
    assert_eq!(backed.iter().map(|it| it.is_incremental).collect::<Vec<_>>(), [false, true, true, true]);
    assert!(backed.windows(2).all(|pair| pair[0].commit <= pair[1].commit));
    let last = back_up(&store, &folder);
    assert_eq!((last.sequence, last.blobs, last.lacking_count), (store.counts().moves, 1, 0));
    let again = back_up(&store, &folder);
    assert_eq!((again.commit, again.is_incremental), (last.commit, true));

    let (made, path) = restored(&folder, "copy", At::Newest);
    assert_eq!((made.commit, made.counts, made.blobs), (last.commit, store.counts(), 1));
    assert!(!made.has_keys && made.damaged.is_empty(), "{made:?}");
    assert_eq!(fs::read(path.join("keys/master.check")).unwrap(), CHECK);
    let copy = DiskStore::open(&path, options()).unwrap();
    assert!(copy.is_held() && !store.is_held());
    assert_eq!(contents(&copy), contents(&store));
    assert_eq!(copy.document(id(1), 2).unwrap().unwrap(), [5; 70_000]);
    assert_eq!(copy.audit().unwrap().orphan_count, 0);
    assert_eq!(copy.instance(), store.instance());

    // It goes on, and stays held until it is released, for good.
    copy.commit(&[item(9, 0)]).unwrap();
    copy.close().unwrap();
    let copy = DiskStore::open(&path, options()).unwrap();
    assert!(copy.is_held());
    copy.release().unwrap();
    assert!(!copy.is_held());
    assert!(matches!(copy.release(), Err(StoreError::Declined { .. })));
    copy.close().unwrap();
    assert!(!DiskStore::open(&path, options()).unwrap().is_held());
}

#[test]
fn any_commit_and_any_moment_is_restored() {
    let folder = folder();
    let store = open(&folder);
    let mut ends = Vec::new();
    for version in 0..20 {
        store.commit(&[item(1, version)]).unwrap();
        ends.push((store.shared.log().tip().commit, version + 1));
        if version % 7 == 3 {
            back_up(&store, &folder);
        }
    }
    back_up(&store, &folder);
    let note = Note::read(&to(&folder)).unwrap().unwrap();
    assert_eq!((note.lines.len(), note.newest().parts.len()), (1, 4));
    for (commit, moves) in ends {
        let (made, path) = restored(&folder, &format!("copy-{commit}"), At::Commit(commit));
        assert_eq!((made.commit, made.counts.moves), (commit, moves));
        let copy = DiskStore::open(&path, options()).unwrap();
        assert_eq!((copy.counts().moves, copy.journal(id(1), 0, 99).unwrap().len() as u64), (moves, moves));
        copy.commit(&[item(1, moves)]).unwrap();
        let (other, _) = restored(&folder, &format!("time-{commit}"), At::Time(made.time));
        // Commits of the same millisecond go together.
        assert!(other.commit >= commit && other.time == made.time);
    }
    let last = note.newest().last().commit;
    let text = refusal(&folder, At::Commit(last + 1));
    assert!(
        text.starts_with(&format!("that is not in the backup: it has commits 1 to {last} (20")),
        "{text}"
    );
    assert!(refusal(&folder, At::Commit(0)).starts_with("that is not in"));
    assert!(refusal(&folder, At::Time(Time::from_millis(5))).starts_with("that is not in"));
}

#[test]
fn a_log_that_was_let_go_gets_another_base() {
    let folder = folder();
    let options = || Options { checkpoint_bytes: 1, ..options() };
    let store = DiskStore::open(data(&folder, ""), options()).unwrap();
    store.commit(&[item(1, 0)]).unwrap();
    assert!(!back_up(&store, &folder).is_incremental);
    let first = store.shared.log().tip().commit;
    // More than a segment, so that the first one is let go.
    let mut version = 0;
    while store.shared.log().oldest() <= first + 1 {
        for _ in 0..40 {
            let documents = (0..20).map(|number| (number, Document::Inline(vec![7; INLINE_LIMIT]))).collect();
            store.commit(&[Item { documents, ..item(2, version) }]).unwrap();
            version += 1;
        }
        store.shared.bell.order(Order::Checkpoint).unwrap();
    }
    let backed = back_up(&store, &folder);
    assert!(!backed.is_incremental);
    let note = Note::read(&to(&folder)).unwrap().unwrap();
    let [old, new] = &note.lines[..] else { panic!("{note:?}") };
    assert_eq!((old.last().commit, old.base.hash), (first, None));
    assert!(new.base.hash.is_some() && new.base.tip.commit > first);
    store.commit(&[item(1, 1)]).unwrap();
    assert!(back_up(&store, &folder).is_incremental);
    let (made, path) = restored(&folder, "new", At::Newest);
    assert_eq!(made.counts, store.counts());
    assert_eq!(contents(&DiskStore::open(path, options()).unwrap()), contents(&store));
    let (made, _) = restored(&folder, "old", At::Commit(first));
    assert_eq!(made.counts.moves, 1);
    let between = refusal(&folder, At::Commit(first + 1));
    assert!(
        between.contains(&format!("commits 1 to {first} (")) && between.contains(", and commits"),
        "{between}"
    );
}

#[test]
fn a_damaged_log_or_checkpoint_of_the_store_is_gone_round() {
    for what in ["log", "checkpoint"] {
        let folder = folder();
        let store = open(&folder);
        store.commit(&[item(1, 0), item(2, 0)]).unwrap();
        if what == "checkpoint" {
            store.shared.bell.order(Order::Checkpoint).unwrap();
        }
        store.commit(&[item(1, 1)]).unwrap();
        let names = files::names(&data(&folder, what)).unwrap();
        let name = names.iter().find(|name| !name.to_string_lossy().starts_with("spare")).unwrap();
        let path = data(&folder, what).join(name);
        let mut bytes = fs::read(&path).unwrap();
        let at = if what == "log" { 4096 + 60 } else { 80 };
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        let backed = back_up(&store, &folder);
        assert_eq!((backed.sequence, backed.is_incremental), (3, false));
        let (_, path) = restored(&folder, "copy", At::Newest);
        assert_eq!(contents(&DiskStore::open(path, options()).unwrap()), contents(&store), "{what}");
    }
}

#[test]
fn a_damaged_backup_is_named_and_what_can_be_had_is_said() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0)]).unwrap();
    let first = back_up(&store, &folder).commit;
    store.commit(&[item(1, 1)]).unwrap();
    store.put_blob(&[3; 50_000]).unwrap();
    back_up(&store, &folder);
    let note = Note::read(&to(&folder)).unwrap().unwrap();
    let path = note.newest().parts[1].path(&to(&folder));
    let whole = fs::read(&path).unwrap();
    for at in [10, 5_000.min(whole.len() - 9), whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        fs::write(&path, bytes).unwrap();
        let text = refusal(&folder, At::Newest);
        assert!(text.starts_with("the backup is damaged: ") && text.contains("--commit"), "{text}");
        let (made, _) = restored(&folder, &format!("part-{at}"), At::Commit(first));
        assert_eq!((made.commit, made.damaged.len()), (first, 1));
    }
    fs::remove_file(&path).unwrap();
    assert!(refusal(&folder, At::Newest).contains("could not open"));
    fs::write(&path, whole).unwrap();
    let blob = blobs::path(&to(&folder), blobs::list(&to(&folder)).unwrap()[0]);
    fs::write(blob, b"other bytes").unwrap();
    let (made, _) = restored(&folder, "blob", At::Newest);
    assert!(made.damaged[0].starts_with("blob ") && made.blobs == 0, "{made:?}");
    fs::remove_file(to(&folder).join("BACKUP")).unwrap();
    assert!(refusal(&folder, At::Newest).ends_with("holds no backup: there is no BACKUP in it"));
}

#[test]
fn a_blob_that_the_store_lacks_is_said_and_the_rest_is_kept() {
    let folder = folder();
    let store = open(&folder);
    let blobs = [vec![1; 50_000], vec![2; 60_000]].map(|bytes| store.put_blob(&bytes).unwrap());
    let documents = (1..).zip(blobs).map(|(number, blob)| (number, Document::Blob(blob))).collect();
    store.commit(&[Item { documents, ..item(1, 0) }]).unwrap();
    let path = super::blobs::path(&data(&folder, ""), blobs[0]);
    fs::write(&path, vec![3; 50_000]).unwrap();
    let backed = back_up(&store, &folder);
    assert_eq!((backed.lacking_count, backed.blobs), (1, 1));
    assert_eq!(backed.lacking, [format!("document 1 of application {}", id(1))]);
    // Another document of the same number makes up for it.
    store.commit(&[Item { documents: vec![(1, Document::Inline(vec![1]))], ..item(1, 1) }]).unwrap();
    fs::remove_file(path).unwrap();
    assert_eq!(back_up(&store, &folder).lacking_count, 0);
}

#[test]
fn keys_go_along_when_they_are_wanted_and_old_ones_go() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0)]).unwrap();
    let with = |keys: &'static [u8]| {
        let data_keys = move || Ok(keys.to_vec());
        store.backup(&BackupOrder { data_keys: Some(&data_keys), ..order(to(&folder)) }, &quiet())
    };
    with(b"older keys").unwrap();
    with(b"newer keys").unwrap();
    assert_eq!(files::names(&to(&folder).join("keys")).unwrap().len(), 2);
    let error = store.backup(&order(to(&folder)), &quiet()).unwrap_err();
    assert!(error.to_string().contains("holds a backup with keys"), "{error}");
    let (made, path) = restored(&folder, "copy", At::Newest);
    assert!(made.has_keys);
    assert_eq!(fs::read(path.join("keys/data.slots")).unwrap(), b"newer keys");

    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("data.slots"), b"the newest keys").unwrap();
    fs::write(other.join("master.check"), CHECK).unwrap();
    let path = folder.path().join("with-other");
    let order =
        RestoreOrder { from: to(&folder), to: path.clone(), at: At::Newest, keys: Some(other.clone()) };
    assert!(restore(&order, &quiet()).unwrap().has_keys);
    assert_eq!(fs::read(path.join("keys/data.slots")).unwrap(), b"the newest keys");
    fs::write(other.join("master.check"), b"docket master check 1 11\n").unwrap();
    let error = restore(&RestoreOrder { to: folder.path().join("third"), ..order }, &quiet()).unwrap_err();
    assert!(error.to_string().ends_with("are under another master key"), "{error}");
}

#[test]
fn folders_that_cannot_take_it_are_refused() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0)]).unwrap();
    let refused = |path: PathBuf| match store.backup(&order(path), &quiet()) {
        Err(StoreError::Declined { why }) => why,
        other => panic!("{other:?}"),
    };
    assert!(refused("backup".into()).contains("is no absolute path"));
    assert!(refused(data(&folder, "backup")).contains("lies in the data folder"));
    assert!(refused(data(&folder, "")).contains("lies in the data folder"));
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(data(&folder, ""), &link).unwrap();
    assert!(refused(link.join("a/b")).contains("lies in the data folder"));
    assert!(!data(&folder, "a").exists());
    let notes = folder.path().join("notes");
    fs::create_dir(&notes).unwrap();
    fs::write(notes.join("notes.txt"), b"mine").unwrap();
    assert!(refused(notes).contains("holds notes.txt"));

    let other = Options { instance: [8; 16], ..options() };
    let other = DiskStore::open(folder.path().join("other"), other).unwrap();
    other.commit(&[item(1, 0)]).unwrap();
    other.backup(&order(to(&folder)), &quiet()).unwrap();
    assert!(refused(to(&folder)).contains("holds a backup of another store"));
}

#[test]
fn a_store_that_was_put_back_is_not_added_to_its_later_backup() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0)]).unwrap();
    let first = back_up(&store, &folder).commit;
    store.commit(&[item(1, 1)]).unwrap();
    back_up(&store, &folder);
    let (_, path) = restored(&folder, "copy", At::Commit(first));
    let copy = DiskStore::open(path, options()).unwrap();
    for version in 1..4 {
        let error = copy.backup(&order(to(&folder)), &quiet()).unwrap_err();
        assert!(error.to_string().contains("commits that this store does not have"), "{error}");
        copy.commit(&[item(1, version)]).unwrap();
    }
}

#[test]
fn one_that_is_called_off_or_cut_off_counts_for_nothing() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0)]).unwrap();
    let before = back_up(&store, &folder);
    store.put_blob(&[3; 50_000]).unwrap();
    store.commit(&[item(1, 1)]).unwrap();
    for word in ["copying the log", "copying blobs", "reading the commits back"] {
        let off: Tell = Arc::new(move |it| match it.doing == word {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        assert!(matches!(store.backup(&order(to(&folder)), &off), Err(StoreError::CalledOff)), "{word}");
        assert_eq!(restored(&folder, word, At::Newest).0.commit, before.commit);
    }
    let path = note::part_path(&to(&folder), 77, 99);
    fs::write(&path, b"left over").unwrap();
    assert_eq!(back_up(&store, &folder).sequence, 2);
    assert!(!path.exists());
    assert_eq!(restored(&folder, "copy", At::Newest).0.counts.moves, 2);
}

#[test]
fn what_is_copied_stays_until_it_is() {
    let folder = folder();
    let store = Arc::new(open(&folder));
    store.commit(&[item(1, 0)]).unwrap();
    let checkpoints = || checkpoint::list(&data(&folder, "")).unwrap().len();
    let (same, seen) = (Arc::clone(&store), Arc::new(AtomicBool::new(false)));
    let told = Arc::clone(&seen);
    let tell: Tell = Arc::new(move |it| {
        if it.doing == "copying the log" {
            // It writes the view, and puts the checkpoint off.
            same.shared.bell.order(Order::Checkpoint).unwrap();
            assert_eq!(same.stats(false).unwrap().checkpoint, None);
            told.store(true, Ordering::Relaxed);
        }
        ControlFlow::Continue(())
    });
    store.backup(&order(to(&folder)), &tell).unwrap();
    assert!(seen.load(Ordering::Relaxed) && checkpoints() == 0);
    store.shared.bell.order(Order::Checkpoint).unwrap();
    assert_eq!(checkpoints(), 1);
}

#[test]
fn one_at_a_time() {
    let folder = folder();
    let store = Arc::new(open(&folder));
    store.commit(&[item(1, 0)]).unwrap();
    let (second, other, was_busy) =
        (Arc::clone(&store), folder.path().join("other"), Arc::new(AtomicBool::new(false)));
    let told = Arc::clone(&was_busy);
    let tell: Tell = Arc::new(move |_| {
        let refused = second.backup(&order(other.clone()), &quiet());
        told.store(matches!(refused, Err(StoreError::Busy)), Ordering::Relaxed);
        ControlFlow::Continue(())
    });
    store.backup(&order(to(&folder)), &tell).unwrap();
    assert!(was_busy.load(Ordering::Relaxed));
}
