//! Looking at the file of data keys without the master key, and without changing it.
//!
//! It tells whether a slot holds a key; whether the key opens is for the master key to say.

use super::slots::{Slots, Use};
use super::{VaultError, folder};
use crate::machine::id::ApplicationId;
use std::fs::File;
use std::io;
use std::path::Path;

/// The data keys of a folder that no vault has open.
pub struct KeyFile(Slots);

/// What lies in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFound {
    /// The key of that application.
    Key,
    /// The word that it was erased.
    Erased,
    /// Nothing of that application that can be read.
    Nothing,
}

impl KeyFile {
    /// Opens the data keys in a folder; none if they are not there.
    ///
    /// # Errors
    /// The system's.
    pub fn open(keys: &Path) -> Result<Option<Self>, VaultError> {
        let path = keys.join(folder::DATA);
        match File::open(&path) {
            Ok(file) => Ok(Some(Self(Slots::in_file(folder::DATA, file, path)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(VaultError::Io { doing: "open", path, source }),
        }
    }

    /// Looks for the key of an application.
    pub fn look(&self, slot: u32, application: ApplicationId) -> KeyFound {
        match self.0.read(slot) {
            Ok(Some(found)) if found.application == application => match found.purpose {
                Use::DataKey => KeyFound::Key,
                Use::Erased => KeyFound::Erased,
                Use::AnswerKey => KeyFound::Nothing,
            },
            Ok(_) | Err(_) => KeyFound::Nothing,
        }
    }
}
