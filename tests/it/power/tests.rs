//! The model of the disk by itself.

use super::disk::{Disk, SECTOR};
use super::fate::{Fate, Kind};
use super::record::{Event, Node, ROOT};
use crate::tree::Tree;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const FILE: Node = 2;

fn make(name: &str, node: Node) -> Event {
    Event::Make { folder: ROOT, name: name.into(), node, is_folder: false }
}

fn write(at: u64, bytes: &[u8]) -> Event {
    Event::Write { file: FILE, at, bytes: bytes.to_vec() }
}

const SYNC: Event = Event::Sync { file: FILE };
const SYNC_FOLDER: Event = Event::SyncFolder { folder: ROOT };

fn disk(events: &[Event]) -> Disk {
    let mut disk = Disk::new();
    events.iter().for_each(|event| disk.take(event));
    disk
}

fn image(disk: &Disk, names: Kind, bytes: Kind, seed: u64) -> Tree {
    disk.image(&mut Fate::new(names, bytes, seed))
}

/// What the file may hold after these events, its name being safe.
fn contents(events: &[Event], bytes: Kind) -> BTreeSet<Vec<u8>> {
    let disk = disk(&[&[make("a", FILE), SYNC_FOLDER], events].concat());
    let one = |seed| image(&disk, Kind::Lost, bytes, seed).0[Path::new("a")].clone().expect("a file");
    (0..400).map(one).collect()
}

/// Which names there may be after these events.
fn names(events: &[Event], kind: Kind) -> BTreeSet<Vec<PathBuf>> {
    let disk = disk(events);
    (0..200).map(|seed| image(&disk, kind, Kind::Kept, seed).0.into_keys().collect()).collect()
}

fn all(paths: &[&[&str]]) -> BTreeSet<Vec<PathBuf>> {
    paths.iter().map(|names| names.iter().map(PathBuf::from).collect()).collect()
}

#[test]
fn what_was_synced_is_there_whatever_comes() {
    for names in Kind::ALL {
        for bytes in Kind::ALL {
            let events = [make("a", FILE), write(0, b"safe"), SYNC, SYNC_FOLDER];
            let safe = disk(&events);
            assert_eq!(safe.loose(), 0);
            let expected = Some(b"safe".to_vec());
            for seed in 0..20 {
                assert_eq!(image(&safe, names, bytes, seed).0[Path::new("a")], expected);
            }
        }
    }
}

#[test]
fn what_was_not_synced_is_lost_or_kept_or_torn() {
    let long = [vec![1; SECTOR], vec![2; SECTOR]].concat();
    let lost = contents(&[write(0, &long)], Kind::Lost);
    assert_eq!(lost, BTreeSet::from([Vec::new()]));
    assert_eq!(contents(&[write(0, &long)], Kind::Kept), BTreeSet::from([long.clone()]));
    let first = long[..SECTOR].to_vec();
    let second = [vec![0; SECTOR], vec![2; SECTOR]].concat();
    let zeroes = vec![0; 2 * SECTOR];
    let first_and_zeroes = [first.clone(), vec![0; SECTOR]].concat();
    let any = contents(&[write(0, &long)], Kind::Any);
    assert_eq!(any, BTreeSet::from([Vec::new(), long, first, second, zeroes, first_and_zeroes]));
}

#[test]
fn a_later_write_may_be_there_without_an_earlier_one() {
    let room = vec![0; 2 * SECTOR];
    let later = [vec![0; SECTOR], vec![2; SECTOR]].concat();
    let events = [write(0, &room), SYNC, write(0, &[1; SECTOR]), write(SECTOR as u64, &[2; SECTOR])];
    for kind in [Kind::Any, Kind::Overtaken] {
        assert!(contents(&events, kind).contains(&later), "{kind:?}");
    }
    assert!(!contents(&events, Kind::Prefix).contains(&later));
}

#[test]
fn a_sector_shows_one_moment() {
    let events = [write(0, b"....."), SYNC, write(0, b"one"), write(2, b"two")];
    let expected = [b".....", b"one..", b"ontwo"].map(|text| text.to_vec());
    assert_eq!(contents(&events, Kind::Any), BTreeSet::from(expected));
}

#[test]
fn a_cut_may_be_lost() {
    let cut = Event::Size { file: FILE, size: 2 };
    let expected = [b"12345".to_vec(), b"12".to_vec()];
    assert_eq!(contents(&[write(0, b"12345"), SYNC, cut.clone()], Kind::Any), BTreeSet::from(expected));
    assert_eq!(contents(&[write(0, b"12345"), cut, SYNC], Kind::Lost), BTreeSet::from([b"12".to_vec()]));
}

#[test]
fn a_name_is_safe_with_its_folder_only() {
    let made = [make("a", FILE), write(0, b"text"), SYNC];
    assert_eq!(names(&made, Kind::Lost), all(&[&[]]));
    assert_eq!(names(&made, Kind::Any), all(&[&[], &["a"]]));
    assert_eq!(names(&[&made[..], &[SYNC_FOLDER]].concat(), Kind::Lost), all(&[&["a"]]));
}

#[test]
fn a_move_is_made_whole_or_not() {
    let moved = Event::Move { from: (ROOT, "new".into()), to: (ROOT, "a".into()) };
    let events = [make("a", FILE), make("new", 3), SYNC_FOLDER, moved];
    assert_eq!(names(&events, Kind::Any), all(&[&["a", "new"], &["a"]]));
    let events = [&events[..], &[SYNC_FOLDER]].concat();
    assert_eq!(names(&events, Kind::Any), all(&[&["a"]]));
}

#[test]
fn names_of_a_folder_keep_their_order_or_not() {
    let events = [make("a", 2), make("b", 3)];
    assert_eq!(names(&events, Kind::Prefix), all(&[&[], &["a"], &["a", "b"]]));
    assert_eq!(names(&events, Kind::Any), all(&[&[], &["a"], &["b"], &["a", "b"]]));
    // A folder that is lost takes along what is in it, synced or not.
    let inner = Event::Make { folder: 2, name: "inner".into(), node: 3, is_folder: false };
    let folder = Event::Make { folder: ROOT, name: "f".into(), node: 2, is_folder: true };
    let events = [folder, inner, Event::SyncFolder { folder: 2 }];
    assert_eq!(names(&events, Kind::Any), all(&[&[], &["f", "f/inner"]]));
}

#[test]
fn a_removed_file_may_be_back() {
    let removed = Event::Remove { folder: ROOT, name: "a".into() };
    let events = [make("a", FILE), SYNC_FOLDER, removed];
    assert_eq!(names(&events, Kind::Any), all(&[&[], &["a"]]));
}
