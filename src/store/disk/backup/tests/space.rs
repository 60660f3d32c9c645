//! A backup on the disk of the data, where room is low.

use super::*;
use crate::store::Room;
use crate::store::disk::archive;
use std::fs::File;

/// More than any disk has.
const HUGE: u64 = 1 << 43;

fn open(folder: &TempDir) -> DiskStore {
    DiskStore::open(data(folder, ""), Options { low_water: 1, ..options() }).unwrap()
}

fn is_full<T: std::fmt::Debug>(backed: Result<T, StoreError>) {
    assert!(matches!(backed, Err(StoreError::Full { .. })), "{backed:?}");
}

/// All files below a folder.
fn all_in(folder: &Path) -> Vec<PathBuf> {
    let names = files::names(folder).unwrap();
    let paths = names.into_iter().map(|name| folder.join(name));
    paths.flat_map(|path| if path.is_dir() { all_in(&path) } else { vec![path] }).collect()
}

#[test]
fn what_would_take_the_last_of_the_room_is_not_begun() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0)]).unwrap();
    // It claims room, and takes none.
    let claims = archive::path(&data(&folder, ""), 77);
    let claim = || {
        fs::create_dir_all(claims.parent().unwrap()).unwrap();
        File::create(&claims).unwrap().set_len(HUGE).unwrap();
    };
    claim();
    is_full(store.backup(&order(to(&folder)), &quiet()));
    assert_eq!(all_in(&to(&folder)), Vec::<PathBuf>::new());
    fs::remove_file(&claims).unwrap();
    let before = back_up(&store, &folder);

    claim();
    store.commit(&[item(1, 1)]).unwrap();
    let held = all_in(&to(&folder));
    is_full(store.backup(&order(to(&folder)), &quiet()));
    assert_eq!(all_in(&to(&folder)), held);
    assert_eq!(restored(&folder, "copy", At::Newest).0.commit, before.commit);
    fs::remove_file(&claims).unwrap();
    assert_eq!(back_up(&store, &folder).sequence, 2);
}

#[test]
fn one_that_meets_low_room_ends_and_gives_back_what_it_took() {
    let folder = folder();
    let store = Arc::new(open(&folder));
    store.commit(&[item(1, 0)]).unwrap();
    let before = back_up(&store, &folder);
    for number in 0..3 {
        store.put_blob(&vec![number; 50_000]).unwrap();
        store.commit(&[item(1, 1 + u64::from(number))]).unwrap();
    }
    let held = all_in(&to(&folder));
    let path = folder.path().join("other");
    for (to, had) in [(to(&folder), held), (path, Vec::new())] {
        for word in ["copying the log", "copying blobs"] {
            let same = Arc::clone(&store);
            let low: Tell = Arc::new(move |it| {
                if it.doing == word {
                    same.shared.room.set(Room::Low);
                }
                ControlFlow::Continue(())
            });
            is_full(store.backup(&order(to.clone()), &low));
            store.shared.room.set(Room::Ample);
            let left: Vec<_> =
                all_in(&to).into_iter().filter(|it| !it.starts_with(to.join("blob"))).collect();
            let had: Vec<_> = had.iter().filter(|it| !it.starts_with(to.join("blob"))).cloned().collect();
            assert_eq!(left, had, "{word}");
        }
    }
    assert_eq!(restored(&folder, "copy", At::Newest).0.commit, before.commit);
    assert_eq!(back_up(&store, &folder).sequence, 4);
}

#[test]
fn a_log_is_counted_from_the_commit_that_is_there() {
    let folder = folder();
    let small = Options { segment_bytes: 64 << 10, ..options() };
    let store = DiskStore::open(data(&folder, ""), small).unwrap();
    for version in 0..20 {
        let documents = vec![(1, Document::Inline(vec![7; INLINE_LIMIT]))];
        store.commit(&[Item { documents, ..item(1, version) }]).unwrap();
    }
    let log = store.shared.log();
    let (all, tip, segment) = (log.bytes_after(0), log.tip().commit, log.segment());
    assert!(segment > 2 && all <= log.bytes() && all >= 20 * INLINE_LIMIT as u64, "{all}");
    assert!(log.bytes_after(segment - 1) < 65 << 10);
    assert!(log.bytes_after(segment - 2) > 65 << 10 && log.bytes_after(segment - 2) < all);
    assert_eq!(log.bytes_after(tip), 0);
}

#[test]
fn one_that_is_refused_deletes_nothing_that_was_there_before() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(1, 0)]).unwrap();
    let [keys, log] = ["keys", "log"].map(|name| to(&folder).join(name));
    let (theirs, old) = (keys.join("data.slots"), keys.join(target::slots_name([7; 32])));
    let part = log.join("old.part");
    for path in [&theirs, &old, &part] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"was there").unwrap();
    }
    let held = all_in(&to(&folder));
    let claims = archive::path(&data(&folder, ""), 77);
    fs::create_dir_all(claims.parent().unwrap()).unwrap();
    File::create(&claims).unwrap().set_len(HUGE).unwrap();
    is_full(store.backup(&order(to(&folder)), &quiet()));
    assert_eq!(all_in(&to(&folder)), held);
    fs::remove_file(&claims).unwrap();
    back_up(&store, &folder);
    // What is of no backup stays for ever.
    assert!(theirs.exists() && !old.exists() && !part.exists());
}
