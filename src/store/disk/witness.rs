//! The witness: a small file that says up to which commit the log was synced.
//!
//! The last group of a log has no later one to say that it was durable: if it is damaged, it looks like
//! one that was never acknowledged. So the word is written after each sync, and never synced itself: a
//! process that is killed leaves it as it was; a loss of power leaves an older word, which is true as
//! well. Owns that file. It must never be written ahead of a sync.

use super::files;
use crate::store::StoreError;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The name of the file, in the folder of the log.
const NAME: &str = "synced";

/// commit u64 | crc32c of the instance and the commit u32
const LEN: usize = 12;

pub(super) struct Witness {
    file: File,
    path: PathBuf,
    instance: [u8; 16],
}

impl Witness {
    /// Opens the witness of a log, making it if it is not there.
    pub(super) fn open(log: &Path, instance: [u8; 16]) -> Result<Self, StoreError> {
        let path = log.join(NAME);
        let file = files::open_or_make(&path)?;
        Ok(Self { file, path, instance })
    }

    /// Reads what it says; nothing if it is not there, torn or another's.
    pub(super) fn read(log: &Path, instance: [u8; 16]) -> Result<Option<u64>, StoreError> {
        let bytes = files::read_if_there(&log.join(NAME))?.unwrap_or_default();
        let commit = bytes.first_chunk().map(|commit| u64::from_be_bytes(*commit));
        Ok(commit.filter(|commit| word(instance, *commit) == bytes.as_slice()))
    }

    /// Says that the log is synced up to a commit.
    pub(super) fn note(&self, commit: u64) -> Result<(), StoreError> {
        self.file.write_all_at(&word(self.instance, commit), 0).map_err(files::failed("write", &self.path))
    }
}

fn word(instance: [u8; 16], commit: u64) -> [u8; LEN] {
    let mut word = [0; LEN];
    let commit = commit.to_be_bytes();
    word[..8].copy_from_slice(&commit);
    let sum = crc32c::crc32c_append(crc32c::crc32c(&instance), &commit);
    word[8..].copy_from_slice(&sum.to_be_bytes());
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_the_last_word_to_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let read = |instance| Witness::read(folder.path(), instance).unwrap();
        assert_eq!(read([7; 16]), None);
        let witness = Witness::open(folder.path(), [7; 16]).unwrap();
        for commit in [1, 300, 299] {
            witness.note(commit).unwrap();
            assert_eq!((read([7; 16]), read([8; 16])), (Some(commit), None));
        }
        let path = folder.path().join(NAME);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..LEN {
            let mut torn = whole.clone();
            torn[at] ^= 1;
            std::fs::write(&path, &torn).unwrap();
            assert_eq!(read([7; 16]), None);
        }
    }
}
