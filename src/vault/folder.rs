//! The folder of keys: who may read it, whose it is, whether the master key is its own.
//!
//! Owns `master.check`, the lock and the modes. It must never make new files where old ones are
//! missing though others are there.

use super::VaultError;
use super::crypt::Master;
use super::slots::Slots;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

pub(super) const DATA: &str = "data.slots";
pub(super) const ANSWERS: &str = "answers.slots";
const CHECK: &str = "master.check";
/// The form of the check that is written, and the newest that is read.
pub(super) const CHECK_VERSION: u32 = 1;
/// Before the form and the check in hexadecimal digits.
const CHECK_TITLE: &str = "docket master check ";

/// Opens the slots of a folder, for data keys and for answer keys.
pub(super) fn open(folder: &Path, master: &Master) -> Result<(Slots, Slots), VaultError> {
    make(folder)?;
    // It is made after the data keys' file, so it is never there without it. The answers' file
    // may be missing: a backup leaves it out.
    if there(&folder.join(CHECK))? && !there(&folder.join(DATA))? {
        return Err(VaultError::SlotsMissing { folder: folder.to_owned() });
    }
    let (data, answers) = (open_slots(folder, DATA)?, open_slots(folder, ANSWERS)?);
    check(folder, master, data.len()? > 0 || answers.len()? > 0)?;
    sync_folder(folder)?;
    Ok((data, answers))
}

/// Makes a folder that only its owner may enter, or closes one that is there to others.
pub(super) fn make(folder: &Path) -> Result<(), VaultError> {
    let made = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder);
    made.map_err(failed("make folder", folder))?;
    let closed = fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE));
    closed.map_err(failed("close to others", folder))?;
    sync_above(folder)
}

fn there(path: &Path) -> Result<bool, VaultError> {
    path.try_exists().map_err(failed("look at", path))
}

fn open_slots(folder: &Path, name: &'static str) -> Result<Slots, VaultError> {
    let path = folder.join(name);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
    let file = options.open(&path).map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Slots::in_file(name, file, path)),
        Err(TryLockError::WouldBlock) => Err(VaultError::Locked { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
    }
}

/// The text by which a wrong master key is told.
pub(super) fn check_text(master: &Master) -> String {
    format!("{CHECK_TITLE}{CHECK_VERSION} {}\n", hex::encode(master.check()))
}

/// Compares the master key with the one that made the folder, or makes it that one.
fn check(folder: &Path, master: &Master, used: bool) -> Result<(), VaultError> {
    let path = folder.join(CHECK);
    let text = match fs::read(&path) {
        // What is no text is damaged, as a text that says something else is.
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !used => {
            let temporary = folder.join("master.check.new");
            let text = check_text(master);
            // Left by a crash before the rename: it never counted.
            match fs::remove_file(&temporary) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed("delete", &temporary)(error));
                }
                Ok(()) | Err(_) => {}
            }
            write_private(&temporary, text.as_bytes())?;
            fs::rename(&temporary, &path).map_err(failed("rename into", &path))?;
            return sync_folder(folder);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(VaultError::CheckMissing { folder: folder.to_owned() });
        }
        Err(error) => return Err(failed("read", &path)(error)),
    };
    let told = text.trim_end().strip_prefix(CHECK_TITLE).and_then(|told| told.split_once(' '));
    let version = told.and_then(|(version, _)| version.parse().ok());
    if let Some(found) = version.filter(|found| *found > CHECK_VERSION) {
        return Err(VaultError::NewerCheck { folder: folder.to_owned(), found, known: CHECK_VERSION });
    }
    let check = told.filter(|_| version == Some(CHECK_VERSION));
    match check.and_then(|(_, digits)| hex::decode(digits).ok()) {
        Some(check) if check.len() == master.check().len() => match master.is_checked_by(&check) {
            true => Ok(()),
            false => Err(VaultError::WrongMasterKey { folder: folder.to_owned() }),
        },
        Some(_) | None => Err(VaultError::CheckMissing { folder: folder.to_owned() }),
    }
}

/// Reads a text that only its owner may read.
pub(super) fn read_private(path: &Path) -> Result<zeroize::Zeroizing<String>, VaultError> {
    let file = File::open(path).map_err(failed("open", path))?;
    let mode = file.metadata().map_err(failed("look at", path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(VaultError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = zeroize::Zeroizing::new(String::new());
    file.take(KEY_FILE_LIMIT).read_to_string(&mut text).map_err(failed("read", path))?;
    Ok(text)
}

/// No text of a key is longer.
const KEY_FILE_LIMIT: u64 = 1_024;

/// Writes a new file that only its owner may read, durable on return.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(failed("write", path))?;
    sync_above(path)
}

fn sync_above(path: &Path) -> Result<(), VaultError> {
    match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => sync_folder(above),
        Some(_) | None => sync_folder(Path::new(".")),
    }
}

fn sync_folder(folder: &Path) -> Result<(), VaultError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(failed("sync", folder))
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> VaultError {
    let path = path.to_owned();
    move |source| VaultError::Io { doing, path, source }
}
