//! Failures of our own making, before a call or after it.
//!
//! Owns what is said of them and whether another try can help. It must never name a value that is
//! missing or wrong, only its place.

use crate::engine::archive::ArchiveError;
use crate::engine::provider::Failure;
use crate::machine::call::Cause;
use crate::machine::challenge::bounded;
use crate::vault::VaultError;

/// The failure of a call whose answer is not there any more.
pub(super) fn answer_missing() -> Failure {
    missing("the applicant's answer")
}

/// The failure of a call that cannot be made without something.
pub(super) fn missing(what: impl Into<String>) -> Failure {
    Failure::Hopeless(Cause::Missing { detail: what.into() })
}

/// What a failure of the archive means for a call that was not made yet, or can be made again: what is
/// gone stays gone, a disk may recover.
pub(super) fn unavailable(error: ArchiveError) -> Failure {
    let is_gone = match &error {
        ArchiveError::Missing { kind } => return missing(kind.name()),
        ArchiveError::Lost { .. } | ArchiveError::NoDossier { .. } => true,
        ArchiveError::Store(_) => false,
        ArchiveError::Vault(error) => match error {
            VaultError::NoKey { .. }
            | VaultError::Erased { .. }
            | VaultError::OtherOwner { .. }
            | VaultError::DamagedSlot { .. }
            | VaultError::NewerSlot { .. }
            | VaultError::NewerSeal { .. }
            | VaultError::Refused
            | VaultError::TooLarge { .. } => true,
            VaultError::BadMasterKey
            | VaultError::WrongMasterKey { .. }
            | VaultError::CheckMissing { .. }
            | VaultError::NewerCheck { .. }
            | VaultError::SlotsMissing { .. }
            | VaultError::Exposed { .. }
            | VaultError::Locked { .. }
            | VaultError::Full { .. }
            | VaultError::Io { .. }
            | VaultError::Stopped { .. } => false,
        },
    };
    let detail = described(&error);
    if is_gone { missing(detail) } else { Failure::Ours { detail } }
}

/// An error with its sources: the outermost alone says little more than "error".
pub(super) fn described(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = sources.map(ToString::to_string).collect();
    bounded(&texts.join(": "))
}
