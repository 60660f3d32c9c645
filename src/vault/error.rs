//! What can go wrong with the vault. No message holds a secret.

use crate::machine::id::ApplicationId;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The vault failed, or refuses.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The text of a master key is not one.
    #[error("the master key must be 32 bytes as 64 hexadecimal digits or as base64")]
    BadMasterKey,
    /// Another master key than the one with which the folder was made.
    #[error(
        "the master key is not the one with which {0} was made, or master.check in {0} is damaged: give that \
         master key, without it nothing can be read, or restore master.check from a backup",
        folder.display()
    )]
    WrongMasterKey {
        /// The folder.
        folder: PathBuf,
    },
    /// Keys without the file that tells whether the master key is theirs.
    #[error("master.check is missing or damaged in {}, though keys are there: restore it from a backup", folder.display())]
    CheckMissing {
        /// The folder.
        folder: PathBuf,
    },
    /// The file that tells whether the master key is right was written by a newer Docket.
    #[error(
        "master.check in {} has version {found}, the newest that this docket knows is {known}: start the docket that wrote it",
        folder.display()
    )]
    NewerCheck {
        /// The folder.
        folder: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version known.
        known: u32,
    },
    /// The file of data keys is gone.
    #[error("data.slots is missing in {}: without it no document can be read, restore it from a backup", folder.display())]
    SlotsMissing {
        /// The folder.
        folder: PathBuf,
    },
    /// Others may read the file of the master key.
    #[error("{} has mode {mode:o}: others may read it (chmod 600)", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Another vault has the folder open.
    #[error("{} is in use by another docket: stop that one first", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// A slot was never written, or is lost.
    #[error("slot {slot} of {file} holds no key for application {application}")]
    NoKey {
        /// Which file.
        file: &'static str,
        /// Which slot.
        slot: u32,
        /// Whose key was sought.
        application: ApplicationId,
    },
    /// The key was erased: what it sealed is gone for good.
    #[error("the data of application {application} was erased")]
    Erased {
        /// Whose.
        application: ApplicationId,
    },
    /// A slot holds the key of another application.
    #[error("slot {slot} of {file} is not that of application {application}")]
    OtherOwner {
        /// Which file.
        file: &'static str,
        /// Which slot.
        slot: u32,
        /// Whose key was sought.
        application: ApplicationId,
    },
    /// A slot is not what was written.
    #[error("slot {slot} of {file} is damaged: restore it from the backup of the keys")]
    DamagedSlot {
        /// Which file.
        file: &'static str,
        /// Which slot.
        slot: u32,
    },
    /// A slot was written by a newer Docket.
    #[error("slot {slot} of {file} has version {found}, the newest that this docket knows is {known}")]
    NewerSlot {
        /// Which file.
        file: &'static str,
        /// Which slot.
        slot: u32,
        /// Its version.
        found: u8,
        /// The newest version known.
        known: u8,
    },
    /// Something sealed was written by a newer Docket.
    #[error("what is sealed has version {found}, the newest that this docket knows is {known}")]
    NewerSeal {
        /// Its version.
        found: u8,
        /// The newest version known.
        known: u8,
    },
    /// Something sealed does not open here.
    #[error("what is sealed was changed, or was sealed under another key or for something else")]
    Refused,
    /// More than may be sealed, or than may come out.
    #[error("{what} has more than {limit} bytes")]
    TooLarge {
        /// What.
        what: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// Every slot is taken.
    #[error("{limit} keys are in {file}, which is all that it may hold")]
    Full {
        /// Which file.
        file: &'static str,
        /// The limit.
        limit: u32,
    },
    /// The operating system refused.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A sync failed, so nobody can say which keys are on disk.
    #[error("the vault has stopped, because {file} could not be synced: restart")]
    Stopped {
        /// Which file.
        file: &'static str,
        /// The failure that stopped it.
        #[source]
        cause: Arc<io::Error>,
    },
}
