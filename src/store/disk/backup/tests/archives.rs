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
