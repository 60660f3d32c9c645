//! Values that print nothing and are wiped when they are dropped.
//!
//! No `Display`, no serde, no equality (it would leak by its timing), and a `Debug` that says only
//! the name of the type. Who looks inside says so: `expose()`.

use super::random::Random;
use super::{VaultError, folder};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// The length of every key in bytes.
pub(super) const KEY_BYTES: usize = 32;

/// Bytes or text that must not be seen.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes bytes; the caller's buffer becomes the secret's.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads a text from a file that nobody else may read (mode 0600 or less); space around it does
    /// not matter.
    ///
    /// # Errors
    /// [`VaultError::Exposed`] if others may read it, and the system's.
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        Ok(Self::new(folder::read_private(path)?.trim().as_bytes().to_vec()))
    }

    /// Shows the bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Shows the text; `None` if the bytes are not UTF-8.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

/// The key that wraps all others.
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl MasterKey {
    /// Reads a key from text, 32 bytes as 64 hexadecimal digits or as padded base64, as it comes
    /// from the environment. Space around it does not matter.
    ///
    /// # Errors
    /// [`VaultError::BadMasterKey`], which does not repeat the text.
    pub fn from_text(text: &str) -> Result<Self, VaultError> {
        let text = text.trim();
        let bytes = hex::decode(text).or_else(|_| STANDARD.decode(text));
        let bytes = Zeroizing::new(bytes.map_err(|_| VaultError::BadMasterKey)?);
        let key = bytes.as_slice().try_into().map_err(|_| VaultError::BadMasterKey)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// Reads a key from a file of text that nobody else may read (mode 0600 or less).
    ///
    /// # Errors
    /// [`VaultError::Exposed`] if others may read it, [`VaultError::BadMasterKey`], the system's.
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        Self::from_text(&folder::read_private(path)?)
    }

    /// Makes a random key and keeps it in a new file of mode 0600, durable on return; its folder
    /// is made, mode 0700, if it is not there.
    ///
    /// # Errors
    /// The system's, also when the file is there already: a key is never overwritten.
    pub fn generate(path: &Path, random: &Random) -> Result<Self, VaultError> {
        let key = Self(random.key());
        let mut text = Zeroizing::new(hex::encode(*key.0));
        text.push('\n');
        if let Some(above) = path.parent().filter(|above| !above.exists()) {
            folder::make(above)?;
        }
        folder::write_private(path, text.as_bytes())?;
        Ok(key)
    }

    pub(super) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

/// The key of one application's documents.
pub struct DataKey(pub(super) Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey")
    }
}
