//! A copy of a store's rows, to look at what no store may be opened for.
//!
//! Opening a store writes: a lock, a MANIFEST, whatever its trees put in order. Who only wants to look
//! opens a copy. Owns what such a copy leaves out, and never changes the folder that it is made of.

use super::StoreError;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

/// What a folder of data holds besides rows: documents and keys, which no row needs, what
/// takes up room or was put aside, and the lock, which is a file of its own for each store.
const LEFT_OUT: [&str; 5] = ["aside", "ballast", "blob", "keys", "LOCK"];

/// Copies the rows of the store in `from`, which nobody may have open, into the folder `to`, which is
/// there. Documents in blobs cannot be read from the copy.
///
/// # Errors
/// [`StoreError::Locked`] while it is open, or the system's.
pub fn copy_rows(from: &Path, to: &Path) -> Result<(), StoreError> {
    // Held until all is copied.
    let _lock = lock(from)?;
    copy(from, to, &LEFT_OUT)
}

/// Takes the lock of a folder, if there is one to take: who never opened it here has none.
fn lock(folder: &Path) -> Result<Option<File>, StoreError> {
    let path = folder.join("LOCK");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", &path)(error)),
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(failed("lock", &path)(error)),
    }
}

fn copy(from: &Path, to: &Path, left_out: &[&str]) -> Result<(), StoreError> {
    for entry in fs::read_dir(from).map_err(failed("read the folder", from))? {
        let entry = entry.map_err(failed("read the folder", from))?;
        let (path, name) = (entry.path(), entry.file_name());
        if left_out.iter().any(|out| name == *out) {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type().map_err(failed("look at", &path))?.is_dir() {
            fs::create_dir(&target).map_err(failed("make folder", &target))?;
            copy(&path, &target, &[])?;
        } else {
            fs::copy(&path, &target).map_err(failed("copy", &path))?;
        }
    }
    Ok(())
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { doing, path, source }
}
