//! The vault: what must not be read by whoever gets hold of the disk.
//!
//! ```text
//! keys/master.check    tells a wrong master key before it does harm
//! keys/data.slots      a data key per application, wrapped by the master key
//! keys/answers.slots   a key per answer that waits to be submitted, likewise
//! ```
//!
//! Owns all keys and all use of them: sealing documents, sealing answers, fingerprints. Keys lie in
//! fixed slots that are overwritten in place, because the store never really forgets: to destroy
//! the key is to destroy what it sealed. It must never print, log or return a key, never keep an
//! answer's key in memory, and never open anything under another label than it was sealed under.

mod answers;
mod crypt;
mod data;
mod error;
mod folder;
mod inspect;
mod random;
mod sealed;
mod secret;
mod slots;
#[cfg(test)]
mod tests;

pub use answers::{AnswerPlace, AnswerSealed};
pub use data::KEYS_CACHED;
pub use error::VaultError;
pub use inspect::{KeyFile, KeyFound};
pub use random::Random;
pub use sealed::DOCUMENT_LIMIT;
pub use secret::{DataKey, MasterKey, Secret};

use crate::machine::id::ApplicationId;
use answers::Answers;
use crypt::Master;
use data::DataKeys;
use slots::Slots;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The largest answer in bytes: far above any password, captcha or login.
pub const ANSWER_LIMIT: usize = 4 * 1024;

/// The vault; clones share it.
///
/// Keys are written when they are made, and durable only after [`sync`](Self::sync): call it
/// before the commit that mentions them.
#[derive(Clone)]
pub struct Vault {
    shared: Arc<Shared>,
}

struct Shared {
    master: Master,
    random: Random,
    data: DataKeys,
    answers: Answers,
}

/// What a sealed document is: it opens only as the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Whose.
    pub application: ApplicationId,
    /// The permanent number of its kind.
    pub kind: u8,
    /// Its number in the application.
    pub number: u32,
}

impl Vault {
    /// Opens the vault in a folder of its own, which is made if it is not there (mode 0700, files
    /// 0600). Nothing else may be kept in `keys` but the file of the master key.
    ///
    /// # Errors
    /// [`VaultError::WrongMasterKey`], [`VaultError::CheckMissing`], [`VaultError::SlotsMissing`],
    /// [`VaultError::Locked`], or the system's.
    pub fn open(keys: impl AsRef<Path>, master: MasterKey, random: Random) -> Result<Self, VaultError> {
        let master = Master::new(master);
        let (data, answers) = folder::open(keys.as_ref(), &master)?;
        Self::on(data, answers, master, random)
    }

    /// Makes a vault in memory that behaves alike and is durable at once: keep a clone, and it
    /// survives a crash.
    pub fn volatile(master: MasterKey, random: Random) -> Self {
        let master = Master::new(master);
        let (data, answers) = (Slots::in_memory(folder::DATA), Slots::in_memory(folder::ANSWERS));
        Self::on(data, answers, master, random).expect("empty memory has no damage")
    }

    fn on(data: Slots, answers: Slots, master: Master, random: Random) -> Result<Self, VaultError> {
        let (data, answers) = (DataKeys::open(data)?, Answers::open(answers)?);
        Ok(Self { shared: Arc::new(Shared { master, random, data, answers }) })
    }

    /// Makes every key written and every key destroyed so far durable: one sync for each of the
    /// two files that changed, nothing if none did.
    ///
    /// # Errors
    /// The system's; after one, every later call fails with [`VaultError::Stopped`].
    pub fn sync(&self) -> Result<(), VaultError> {
        self.shared.data.slots().sync()?;
        self.shared.answers.slots().sync()
    }

    /// Makes the data key of an application and gives its slot, which is never used again for
    /// another; not durable before [`sync`](Self::sync).
    pub fn create_key(&self, application: ApplicationId) -> Result<u32, VaultError> {
        self.shared.data.create(application, &self.shared.master, &self.shared.random)
    }

    /// Reads the data key of an application; the last [`KEYS_CACHED`] are remembered.
    ///
    /// # Errors
    /// [`VaultError::Erased`] after [`erase`](Self::erase); [`VaultError::NoKey`] if the slot was
    /// never written, [`VaultError::OtherOwner`] if it is another's, [`VaultError::DamagedSlot`].
    pub fn key(&self, slot: u32, application: ApplicationId) -> Result<Arc<DataKey>, VaultError> {
        self.shared.data.key(slot, application, &self.shared.master)
    }

    /// Overwrites the data key of an application, durable on return: what it sealed can never be
    /// read again. Erasing twice is no error.
    ///
    /// # Errors
    /// [`VaultError::OtherOwner`] if the slot is another's, which then stays as it is.
    pub fn erase(&self, slot: u32, application: ApplicationId) -> Result<(), VaultError> {
        self.shared.data.erase(slot, application)
    }

    /// Copies the file of data keys for a backup: each of them is wrapped by the master key.
    ///
    /// # Errors
    /// The system's.
    pub fn copy_data_keys(&self) -> Result<Vec<u8>, VaultError> {
        self.shared.data.copy()
    }

    /// Gives the text of the file that tells a wrong master key; it is no secret.
    pub fn master_check(&self) -> String {
        folder::check_text(&self.shared.master)
    }

    /// Seals a document of at most [`DOCUMENT_LIMIT`] bytes under the data key in `slot`.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`], and those of [`key`](Self::key).
    pub fn seal(&self, slot: u32, label: Label, document: &[u8]) -> Result<Vec<u8>, VaultError> {
        let key = self.key(slot, label.application)?;
        sealed::seal(&key, label, document, &self.shared.random)
    }

    /// Opens a document.
    ///
    /// # Errors
    /// [`VaultError::Refused`] if it was changed, or sealed under another key or label;
    /// [`VaultError::NewerSeal`]; those of [`key`](Self::key).
    pub fn unseal(&self, slot: u32, label: Label, sealed: &[u8]) -> Result<Secret, VaultError> {
        let key = self.key(slot, label.application)?;
        sealed::unseal(&key, label, sealed)
    }

    /// Seals an answer of at most [`ANSWER_LIMIT`] bytes under a key of its own, bound to the
    /// application and to `challenge`, which names what it answers; the key is not durable before
    /// [`sync`](Self::sync).
    ///
    /// # Errors
    /// [`VaultError::TooLarge`]; [`VaultError::Full`] if nobody destroys them.
    pub fn seal_answer(
        &self,
        application: ApplicationId,
        challenge: &[u8],
        answer: &Secret,
    ) -> Result<AnswerSealed, VaultError> {
        let Shared { master, random, answers, .. } = &*self.shared;
        answers.seal(application, challenge, answer, master, random)
    }

    /// Opens an answer; `None` if its key was destroyed.
    ///
    /// # Errors
    /// [`VaultError::Refused`] if it was changed or sealed for another application or challenge;
    /// [`VaultError::DamagedSlot`].
    pub fn open_answer(
        &self,
        application: ApplicationId,
        challenge: &[u8],
        sealed: &AnswerSealed,
    ) -> Result<Option<Secret>, VaultError> {
        self.shared.answers.open_sealed(application, challenge, sealed, &self.shared.master)
    }

    /// Overwrites the key of an answer, durable after the next [`sync`](Self::sync). Does nothing
    /// if it was destroyed already, even if its slot has another key by now.
    pub fn destroy_answer(&self, place: AnswerPlace) -> Result<(), VaultError> {
        self.shared.answers.destroy(place)
    }

    /// Destroys the keys of all answers but these, durable on return. Call it after opening and
    /// before anything else: it sweeps up what a crash left.
    pub fn retain_answers(&self, live: impl IntoIterator<Item = AnswerPlace>) -> Result<(), VaultError> {
        self.shared.answers.retain(live)
    }

    /// Seals a few bytes that whoever holds them gives back as they are; for the same `purpose` they open
    /// with [`open_token`](Self::open_token) as long as there is the master key.
    pub fn seal_token(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        crypt::seal(&self.shared.master.token, purpose.as_bytes(), plain, &self.shared.random)
    }

    /// Opens a token.
    ///
    /// # Errors
    /// [`VaultError::Refused`] if it was changed, sealed for another purpose, or under another master key.
    pub fn open_token(&self, purpose: &str, sealed: &[u8]) -> Result<Secret, VaultError> {
        let plain = crypt::open(&self.shared.master.token, purpose.as_bytes(), sealed)?;
        Ok(Secret::new(plain.to_vec()))
    }

    /// Digests bytes so that only who has the master key can compare: the same bytes for the same
    /// purpose give the same digest, and nothing else can be told from it.
    pub fn fingerprint(&self, purpose: &str, bytes: &[u8]) -> [u8; 16] {
        self.shared.master.fingerprint(purpose, bytes)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}
