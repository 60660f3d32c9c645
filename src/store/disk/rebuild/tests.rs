use super::*;
use crate::store::conformance::{id, item};
use crate::store::disk::Manifest;
use crate::store::disk::tests::{data, folder, options};
use crate::store::disk::{DiskStore, view};
use crate::store::upkeep::Upkeep;
use crate::store::{Counts, Document, INLINE_LIMIT, Item, Store, keys};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tempfile::TempDir;

fn quiet() -> Tell {
    Arc::new(|_| ControlFlow::Continue(()))
}

fn open(folder: &TempDir) -> DiskStore {
    DiskStore::open(data(folder, ""), options()).unwrap()
}

/// Writes the same rows again and again, so that sled has much to throw away.
fn churn(store: &DiskStore, number: u8, versions: std::ops::Range<u64>) {
    for version in versions {
        let documents = (0..20).map(|at| (at, Document::Inline(vec![version as u8; INLINE_LIMIT]))).collect();
        store.commit(&[Item { documents, ..item(number, version) }]).unwrap();
    }
}

#[test]
fn room_comes_back_while_commits_and_reads_go_on() {
    let folder = folder();
    let store = open(&folder);
    for round in 0..6 {
        churn(&store, 1, round * 60..(round + 1) * 60);
        store.shared.bell.order(super::super::keeper::Order::Checkpoint).unwrap();
    }
    let stop = AtomicBool::new(false);
    let (written, read) = (AtomicU64::new(0), AtomicU64::new(0));
    let rebuilt = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let version = written.fetch_add(1, Ordering::Relaxed);
                store.commit(&[item(2, version)]).unwrap();
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(store.journal(id(1), 0, 999).unwrap().len(), 360);
                assert_eq!(store.document(id(1), 7).unwrap().unwrap(), [(359 % 256) as u8; INLINE_LIMIT]);
                read.fetch_add(1, Ordering::Relaxed);
            }
        });
        let rebuilt: Vec<_> = (0..3).map(|_| store.rebuild(&quiet()).unwrap()).collect();
        stop.store(true, Ordering::Relaxed);
        rebuilt
    });
    println!("{rebuilt:?}");
    assert!(rebuilt[0].bytes_after < rebuilt[0].bytes_before, "{rebuilt:?}");
    assert!(written.load(Ordering::Relaxed) > 3 && read.load(Ordering::Relaxed) > 3);
    let moves = 360 + written.load(Ordering::Relaxed);
    assert_eq!(store.counts(), Counts { applications: 2, live: 2, moves });
    assert_eq!(views(&folder), ["sled-3"]);
    store.close().unwrap();
    let store = open(&folder);
    assert_eq!(store.counts().moves, moves);
    assert_eq!(store.audit().unwrap().orphan_count, 0);
    assert!(!data(&folder, "aside").exists(), "the view is trusted");
}

fn views(folder: &TempDir) -> Vec<String> {
    let names = files::names(&data(folder, "")).unwrap();
    let names = names.into_iter().map(|name| name.into_string().unwrap());
    names.filter(|name| name.starts_with("sled")).collect()
}

#[test]
fn a_crash_between_any_two_steps_leaves_one_view() {
    // Before the MANIFEST names the new view, and after.
    for is_named in [false, true] {
        let folder = folder();
        let store = open(&folder);
        store.commit(&[item(1, 0), item(2, 0)]).unwrap();
        store.close().unwrap();
        let old = view::View::open(&data(&folder, "sled"), 8 << 20).unwrap();
        let mut new = view::View::make(&data(&folder, "sled-1"), 8 << 20).unwrap();
        new.fill(old.rows(), old.mark().tip, &|_| {}).unwrap();
        drop((old, new));
        if is_named {
            let manifest = Manifest::read(&data(&folder, "")).unwrap().unwrap();
            Manifest { view: 1, ..manifest }.write(&data(&folder, "")).unwrap();
        }
        std::fs::create_dir(data(&folder, "sled-old")).unwrap();
        let store = open(&folder);
        assert_eq!(store.counts().moves, 2);
        let expected = if is_named { "sled-1" } else { "sled" };
        let mut left = views(&folder);
        left.retain(|name| name != "sled-old");
        assert_eq!(left, [expected]);
        assert!(data(&folder, "sled-old").exists(), "what has another name is not ours");
        assert_eq!(store.rebuild(&quiet()).unwrap().rows, store.rebuild(&quiet()).unwrap().rows);
        assert!(!data(&folder, "aside").exists());
    }
}

#[test]
fn one_that_is_called_off_changes_nothing() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0)]).unwrap();
    for word in ["writing the new view", "reading the new view back"] {
        let off: Tell = Arc::new(move |it| match it.doing == word {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        assert!(matches!(store.rebuild(&off), Err(StoreError::CalledOff)), "{word}");
        assert_eq!(views(&folder), ["sled"]);
    }
    store.commit(&[item(1, 1)]).unwrap();
    assert_eq!(store.rebuild(&quiet()).unwrap().rows, store.stats(false).unwrap().view.unwrap().rows);
}

#[test]
fn one_that_may_lack_room_is_not_begun() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0)]).unwrap();
    // It claims room, and takes none: more than any disk has.
    let claims = data(&folder, "sled/claims");
    std::fs::File::create(&claims).unwrap().set_len(1 << 43).unwrap();
    assert!(matches!(store.rebuild(&quiet()), Err(StoreError::Full { .. })));
    assert_eq!(views(&folder), ["sled"]);
    std::fs::remove_file(&claims).unwrap();
    store.rebuild(&quiet()).unwrap();
}

#[test]
fn a_view_that_has_lost_a_row_is_not_copied() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0), item(2, 0)]).unwrap();
    store.shared.bell.order(super::super::keeper::Order::Checkpoint).unwrap();
    store.shared.rows.view().remove(keys::change(1)).unwrap();
    assert!(matches!(store.rebuild(&quiet()), Err(StoreError::Stopped { .. })));
    assert!(store.commit(&[item(1, 1)]).is_err());
    drop(store);
    let store = open(&folder);
    assert_eq!(store.changes(0, 9).unwrap().len(), 2);
}

#[test]
fn what_is_there_is_counted() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0), item(2, 0), item(1, 1)]).unwrap();
    store.put_blob(&[1; 50_000]).unwrap();
    let stats = store.stats(true).unwrap();
    assert_eq!(stats.counts, Counts { applications: 2, live: 2, moves: 3 });
    assert_eq!((stats.commit, stats.blobs, stats.blob_bytes), (2, 1, 50_000));
    assert_eq!((stats.log.oldest, stats.log.segments, stats.is_held), (1, 1, false));
    assert_eq!((stats.view.unwrap().commit, stats.checkpoint), (0, None));
    let rows: Vec<_> = stats.kinds.iter().map(|it| (it.kind, it.rows)).collect();
    let expected = [("meta", 2), ("application", 2), ("journal entry", 3), ("change", 3), ("wake-up", 2)];
    assert_eq!(rows, expected);
    store.shared.bell.order(super::super::keeper::Order::Checkpoint).unwrap();
    let stats = store.stats(false).unwrap();
    assert_eq!((stats.view.unwrap().rows, stats.checkpoint.unwrap().commit), (12, 2));
    assert!(stats.kinds.is_empty());
}
