//! The folder that a backup goes into.
//!
//! Owns which folders may take one, and which files in them are left over. It must never take a
//! folder with something else in it, and never delete a file that is not of a backup.

use super::note::{NAME, Note};
use crate::store::disk::{archive, checkpoint, files};
use crate::store::upkeep::BackupOrder;
use crate::store::{BlobId, StoreError};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the file that tells a wrong master key, here as in the vault.
pub(super) const MASTER_CHECK: &str = "master.check";

/// What may lie in a folder in which a first backup was cut off, or which is a disk of its own.
const HARMLESS: [&str; 7] =
    [checkpoint::FOLDER, "log", "blob", archive::FOLDER, "keys", "BACKUP.new", "lost+found"];

/// Opens the folder, made if it is not there; gives what it says that it holds.
pub(super) fn open(
    data: &Path,
    instance: [u8; 16],
    order: &BackupOrder<'_>,
) -> Result<Option<Note>, StoreError> {
    let to = &order.to;
    let declined = |why: String| StoreError::Declined { why: format!("{} {why}", to.display()) };
    if !to.is_absolute() {
        return Err(declined(
            "is no absolute path: the backup is written on the server's machine".to_owned(),
        ));
    }
    let place = resolved(to)?;
    if place.starts_with(fs::canonicalize(data).map_err(files::failed("look at", data))?) {
        return Err(declined("lies in the data folder: choose another one, on another disk".to_owned()));
    }
    let note = Note::read(to)?;
    match &note {
        Some(note) if note.instance != instance => {
            let theirs = hex::encode(note.instance);
            return Err(declined(format!(
                "holds a backup of another store, {theirs}: choose another folder"
            )));
        }
        Some(note) if note.keys.is_some() && order.data_keys.is_none() => {
            return Err(declined(
                "holds a backup with keys: they would get old; say that they are to be copied again, or \
                 choose another folder"
                    .to_owned(),
            ));
        }
        Some(_) => {}
        None => {
            let names = files::names(to)?;
            let stranger = names.iter().find(|name| !HARMLESS.iter().any(|known| name.as_os_str() == *known));
            if let Some(name) = stranger {
                let name = name.to_string_lossy();
                return Err(declined(format!("holds {name}, which is of no backup: choose an empty folder")));
            }
        }
    }
    files::make_folder(to)?;
    Ok(note)
}

/// A path without links, even if the last of it is not there yet.
fn resolved(path: &Path) -> Result<PathBuf, StoreError> {
    match fs::canonicalize(path) {
        Ok(found) => Ok(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
                return Err(files::failed("look at", path)(error));
            };
            Ok(resolved(above)?.join(name))
        }
        Err(error) => Err(files::failed("look at", path)(error)),
    }
}

/// The name of the file of data keys in a backup: another one is written beside it, not over it.
pub(super) fn slots_name(hash: [u8; 32]) -> String {
    format!("{}.slots", BlobId(hash))
}

/// Says whether a file in `keys/` is one that [`slots_name`] names.
fn is_slots(name: &str) -> bool {
    let hash = name.strip_suffix(".new").unwrap_or(name).strip_suffix(".slots");
    hash.is_some_and(|hash| hash.len() == 64 && hash.bytes().all(|it| it.is_ascii_hexdigit()))
}

/// Deletes what backups that were cut off have left, and data keys that are no longer named, but for what
/// stays.
pub(super) fn sweep(folder: &Path, note: Option<&Note>, stays: &[PathBuf]) -> Result<(), StoreError> {
    for path in left_over(folder, note)?.iter().filter(|path| !stays.contains(path)) {
        fs::remove_file(path).map_err(files::failed("delete", path))?;
    }
    Ok(())
}

/// The files that are left over where a folder has this note.
pub(super) fn left_over(folder: &Path, note: Option<&Note>) -> Result<Vec<PathBuf>, StoreError> {
    let lines = note.map_or(&[][..], |note| &note.lines);
    let bases = lines.iter().filter_map(|line| line.base.path(folder));
    let parts = lines.iter().flat_map(|line| line.files(folder)).map(|(_, path)| path);
    let keys = note.and_then(|note| note.keys).map(|hash| folder.join("keys").join(slots_name(hash)));
    let named: Vec<_> = bases.chain(parts).chain(keys).collect();
    let is_ours = |of: &str, name: &str| match of {
        "keys" => is_slots(name),
        "log" => name.ends_with(".part") || name.ends_with(".part.new"),
        checkpoint::FOLDER => name.ends_with(".ckpt") || name.ends_with(".ckpt.new"),
        // Those that are whole stay: nobody can make them again.
        _ => name.ends_with(".arch.new"),
    };
    let mut found = Vec::new();
    for of in ["keys", "log", checkpoint::FOLDER, archive::FOLDER] {
        let names = files::names(&folder.join(of))?;
        let ours = names.iter().filter(|name| is_ours(of, &name.to_string_lossy()));
        found.extend(ours.map(|name| folder.join(of).join(name)));
    }
    found.retain(|path| !named.contains(path));
    Ok(found)
}

/// Says whether a folder holds a backup.
pub(super) fn note(folder: &Path) -> Result<Note, StoreError> {
    let none = || StoreError::Declined {
        why: format!("{} holds no backup: there is no {NAME} in it", folder.display()),
    };
    Note::read(folder)?.ok_or_else(none)
}
