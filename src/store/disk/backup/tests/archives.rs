//! Journals that lie in files: in the backup, and in what is made of it.

use super::*;
use crate::store::disk::archive;

/// Brings applications that are ended, and moves their journals into a file.
fn archived(store: &DiskStore, numbers: impl Iterator<Item = u8> + Clone) {
    for number in numbers.clone() {
        store.commit(&[item(number, 0)]).unwrap();
        store.commit(&[Item { wake: None, ..item(number, 1) }]).unwrap();
    }
    let ids: Vec<_> = numbers.map(id).collect();
    assert_eq!(store.archive(&ids).unwrap().journals, ids.len() as u64);
}

/// The archive files below a folder, oldest first.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    archive::list(folder).unwrap().into_iter().rev().map(|(_, path)| path).collect()
}

#[test]
fn a_first_backup_that_was_cut_off_behind_an_archive_file_is_made_again() {
    let folder = folder();
    let store = open(&folder);
    archived(&store, 1..=2);
    let broken: ReadKeys<'_> = &|| Err("no keys to be had".into());
    let cut = store.backup(&BackupOrder { master_check: broken, ..order(to(&folder)) }, &quiet());
    assert!(matches!(cut, Err(StoreError::Keys { .. })), "{cut:?}");
    assert_eq!(files_in(&to(&folder)).len(), 1);
    back_up(&store, &folder);
    let (_, path) = restored(&folder, "copy", At::Newest);
    assert_eq!(contents(&DiskStore::open(path, options()).unwrap()), contents(&store));
}

fn note(folder: &TempDir) -> Note {
    Note::read(&to(folder)).unwrap().unwrap()
}

/// Reads a file with one bit of it changed.
fn flipped(path: &Path, at: usize) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    bytes
}

#[test]
fn each_file_is_copied_once_and_named_in_the_note() {
    let folder = folder();
    let store = open(&folder);
    archived(&store, 1..=2);
    let first = back_up(&store, &folder);
    assert_eq!((first.archives, first.lacking_count), (1, 0));
    archived(&store, 3..=5);
    let second = back_up(&store, &folder);
    assert_eq!((second.archives, second.is_incremental), (2, true));
    let sources = files_in(&data(&folder, ""));
    let noted = note(&folder).archives.unwrap();
    assert_eq!(noted.len(), 2);
    for (source, noted) in sources.iter().zip(&noted) {
        let whole = fs::read(source).unwrap();
        assert_eq!(archive::path(&data(&folder, ""), noted.number), *source);
        assert_eq!((noted.bytes, noted.hash), (whole.len() as u64, BlobId::of(&whole).0));
    }
    let stats = store.stats(false).unwrap();
    assert_eq!((stats.archives, stats.archive_bytes), (2, noted.iter().map(|it| it.bytes).sum()));

    // The files are not copied again, but for one that is not whole any more.
    let copies = files_in(&to(&folder));
    assert_eq!(copies.len(), 2);
    let written = |backed: BackedUp| backed.files - back_up(&store, &folder).files;
    assert_eq!(written(back_up(&store, &folder)), 0);
    for damaged in [flipped(&copies[0], 70), Vec::new()] {
        fs::write(&copies[0], damaged).unwrap();
        assert_eq!(written(back_up(&store, &folder)), 1);
        assert_eq!(fs::read(&copies[0]).unwrap(), fs::read(&sources[0]).unwrap());
    }
    fs::remove_file(&copies[1]).unwrap();
    assert_eq!(written(back_up(&store, &folder)), 1);
    // What is left half-written goes, with the next one.
    let half = copies[0].with_extension("arch.new");
    fs::write(&half, b"half").unwrap();
    back_up(&store, &folder);
    assert!(!half.exists() && copies[0].exists());
    let (made, path) = restored(&folder, "copy", At::Newest);
    assert_eq!(made.damaged, Vec::<String>::new());
    assert_eq!(contents(&DiskStore::open(path, options()).unwrap()), contents(&store));
}

#[test]
fn a_file_that_the_store_lacks_is_said_and_the_rest_is_kept() {
    let folder = folder();
    let store = open(&folder);
    archived(&store, 1..=2);
    back_up(&store, &folder);
    archived(&store, 3..=4);
    let sources = files_in(&data(&folder, ""));
    let whole = fs::read(&sources[1]).unwrap();
    // The backup has the first one, so nothing is lacking of it.
    fs::remove_file(&sources[0]).unwrap();
    fs::write(&sources[1], flipped(&sources[1], 60)).unwrap();
    let backed = back_up(&store, &folder);
    assert_eq!((backed.archives, backed.lacking_count, note(&folder).lacking), (1, 1, 1));
    let name = sources[1].file_name().unwrap().to_str().unwrap();
    assert!(backed.lacking[0].contains(name), "{backed:?}");
    // Its journals alone cannot be read in what is made of it.
    let (_, path) = restored(&folder, "copy", At::Newest);
    let copy = DiskStore::open(path, options()).unwrap();
    assert_eq!(copy.journal(id(1), 0, 9).unwrap().len(), 2);
    assert!(copy.journal(id(3), 0, 9).unwrap_err().to_string().contains(name));

    fs::write(&sources[1], whole).unwrap();
    let backed = back_up(&store, &folder);
    assert_eq!((backed.archives, backed.lacking_count), (2, 0));
    // One that is gone is known by the rows that name it.
    fs::remove_file(&sources[1]).unwrap();
    let other = folder.path().join("other");
    let backed = store.backup(&order(other), &quiet()).unwrap();
    assert_eq!((backed.archives, backed.lacking_count), (0, 2));
    assert!(backed.lacking[1].contains("it is missing"), "{backed:?}");
}

#[test]
fn a_backup_without_one_of_its_files_is_refused_by_name() {
    let folder = folder();
    let store = open(&folder);
    store.commit(&[item(9, 0)]).unwrap();
    let early = back_up(&store, &folder).commit;
    archived(&store, 1..=2);
    archived(&store, 3..=5);
    back_up(&store, &folder);
    let copies = files_in(&to(&folder));
    let whole = fs::read(&copies[1]).unwrap();
    let name = copies[1].file_name().unwrap().to_str().unwrap().to_owned();

    let other = Options { instance: [8; 16], ..options() };
    let other = DiskStore::open(folder.path().join("other"), other).unwrap();
    archived(&other, 1..=2);
    let foreign = fs::read(&files_in(&folder.path().join("other"))[0]).unwrap();
    let damages = [
        (None, "it is missing"),
        (Some(flipped(&copies[1], 70)), "make another hash"),
        (Some(flipped(&copies[1], whole.len() - 30)), "its end is not one"),
        (Some(whole[..whole.len() - 1].to_vec()), "its end is not one"),
        (Some(fs::read(&copies[0]).unwrap()), "under another name"),
        (Some(foreign), "belongs to another store"),
    ];
    for (at, (bytes, expected)) in damages.into_iter().enumerate() {
        fs::remove_file(&copies[1]).unwrap();
        if let Some(bytes) = bytes {
            fs::write(&copies[1], bytes).unwrap();
        }
        let text = refusal(&folder, At::Newest);
        assert!(text.starts_with("the backup is damaged: ") && text.contains(&name), "{text}");
        assert!(text.contains(expected) && text.contains("journals of 3 applications"), "{text}");
        // Before a row names it, it is not needed.
        let (made, path) = restored(&folder, &format!("early-{at}"), At::Commit(early));
        assert!(made.damaged.len() == 1 && made.damaged[0].contains(&name), "{made:?}");
        DiskStore::open(path, options()).unwrap();
        fs::write(&copies[1], &whole).unwrap();
    }
    // Another file that says so is whole, and still is not the one.
    let path = folder.path().join("swapped");
    let number = note(&folder).archives.unwrap()[1].number;
    let mut writer = archive::Writer::begin(&path, store.instance(), number, Time::from_millis(1)).unwrap();
    writer.add(&crate::store::archive::Journal { application: id(7), entries: vec![] }).unwrap();
    writer.finish().unwrap();
    fs::copy(&files_in(&path)[0], &copies[1]).unwrap();
    assert!(refusal(&folder, At::Newest).contains("it is not the file that was written"));
}

#[test]
fn a_backup_whose_note_is_older_is_read_and_added_to() {
    let folder = folder();
    let store = open(&folder);
    archived(&store, 1..=2);
    back_up(&store, &folder);
    Note { archives: None, ..note(&folder) }.write(&to(&folder)).unwrap();
    let (_, path) = restored(&folder, "copy", At::Newest);
    assert_eq!(contents(&DiskStore::open(path, options()).unwrap()), contents(&store));
    let copy = files_in(&to(&folder)).remove(0);
    let whole = fs::read(&copy).unwrap();
    fs::remove_file(&copy).unwrap();
    assert!(refusal(&folder, At::Newest).contains("it is missing"));
    fs::write(&copy, whole).unwrap();
    back_up(&store, &folder);
    assert_eq!(note(&folder).archives.unwrap().len(), 1);
}

#[test]
fn a_copy_that_no_note_names_makes_up_for_a_file_that_the_store_lost() {
    // The note is of the format that does not say; and it is not there, as where a first one was cut off.
    for is_older in [true, false] {
        let folder = folder();
        let store = open(&folder);
        archived(&store, 1..=2);
        back_up(&store, &folder);
        let source = files_in(&data(&folder, "")).remove(0);
        if is_older {
            Note { archives: None, ..note(&folder) }.write(&to(&folder)).unwrap();
            fs::remove_file(&source).unwrap();
        } else {
            fs::remove_file(to(&folder).join(note::NAME)).unwrap();
            fs::write(&source, flipped(&source, 60)).unwrap();
        }
        // One that nobody asks for is not missed.
        fs::write(archive::path(&to(&folder), 0xffff), b"of something else").unwrap();
        let backed = back_up(&store, &folder);
        assert_eq!((backed.archives, backed.lacking_count), (1, 0), "{backed:?}");
        let (made, path) = restored(&folder, "copy", At::Newest);
        assert_eq!(made.damaged, Vec::<String>::new());
        let copy = DiskStore::open(path, options()).unwrap();
        assert_eq!(copy.journal(id(1), 0, 9).unwrap().len(), 2);
    }
}

#[test]
fn what_is_lacking_is_said_again_until_it_is_there() {
    let folder = folder();
    let store = open(&folder);
    archived(&store, 1..=2);
    let blob = store.put_blob(&[5; 70_000]).unwrap();
    store.commit(&[Item { documents: vec![(1, Document::Blob(blob))], ..item(3, 0) }]).unwrap();
    let lost = [files_in(&data(&folder, "")).remove(0), super::blobs::path(&data(&folder, ""), blob)];
    let whole = lost.each_ref().map(|path| fs::read(path).unwrap());
    lost.iter().for_each(|path| fs::remove_file(path).unwrap());
    let lacking = || {
        let backed = back_up(&store, &folder);
        assert_eq!(backed.lacking_count, note(&folder).lacking);
        (backed.lacking_count, backed.is_incremental)
    };
    assert_eq!(lacking(), (2, false));
    assert_eq!(lacking(), (2, true));
    store.commit(&[item(4, 0)]).unwrap();
    assert_eq!(lacking(), (2, true));
    // A note of the older format knew of no archive files.
    Note { archives: None, lacking: 0, ..note(&folder) }.write(&to(&folder)).unwrap();
    assert_eq!(lacking(), (2, true));
    for (path, bytes) in lost.iter().zip(whole) {
        fs::write(path, bytes).unwrap();
    }
    assert_eq!(lacking(), (0, true));
    assert_eq!(lacking(), (0, true));
}
