//! Files that are there after loss of power, or not at all.
//!
//! Owns the order: bytes, sync, rename, sync of the folder. Deletes nothing.

use crate::store::StoreError;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Only the user that Docket runs as reads what it stores.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Turns the system's error into the store's, for `map_err`.
pub(super) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { doing, path, source }
}

/// Makes a folder and those above it, unless they are there, and syncs the one above it.
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path).map_err(failed("make folder", path))?;
    match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => sync(above),
        Some(_) | None => sync(Path::new(".")),
    }
}

/// Syncs a folder (its names) or a file (its bytes).
pub(super) fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|f| f.sync_all()).map_err(failed("sync", path))
}

/// Opens a file for writing, made if it is not there, as it is if it is.
pub(super) fn open_or_make(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
    options.open(path).map_err(failed("open", path))
}

/// Makes an empty file for writing, in place of one that may be there.
pub(super) fn make(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(FILE_MODE).open(path);
    file.map_err(failed("write", path))
}

/// Puts a file in place whole, by way of `temporary` in the same folder, which is not synced yet.
pub(super) fn write_whole(path: &Path, temporary: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(FILE_MODE).open(temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(failed("write", temporary))?;
    fs::rename(temporary, path).map_err(failed("rename into", path))
}

/// Reads a file that may not be there.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// The names in a folder; none if it is not there.
pub(super) fn names(folder: &Path) -> Result<Vec<OsString>, StoreError> {
    let list = || fs::read_dir(folder)?.map(|entry| entry.map(|e| e.file_name())).collect();
    match list() {
        Ok(names) => Ok(names),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed("list", folder)(error)),
    }
}

/// Syncs the files of a folder that are not in `known`, and the folder if there were any; `known`
/// becomes what is there. Costs one listing when there is nothing.
pub(super) fn sync_new_files(folder: &Path, known: &mut Vec<OsString>) -> Result<(), StoreError> {
    let names = names(folder)?;
    let mut new = names.iter().filter(|name| !known.contains(name)).peekable();
    if new.peek().is_some() {
        for name in new {
            match sync(&folder.join(name)) {
                // sled deletes what it no longer needs.
                Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        sync(folder)?;
    }
    *known = names;
    Ok(())
}
