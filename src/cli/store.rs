//! `docket store`: backups, and the folder that the data lies in.

mod backup;
mod check;
mod rebuild;
mod release;
mod restore;
mod stats;
mod telling;

use super::client::{Client, Reach};
use super::failure::{Ended, Exit, Failure};
use super::out::{Form, Show};
use crate::engine::chain;
use crate::store::StoreError;
use clap::Subcommand;

/// What `docket store` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    show: Show,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Have a running server copy its store into a folder of its machine, and read the copy back
    Backup(backup::Options),
    /// Make a data folder out of a backup; it calls nobody until it is released
    Restore(restore::Options),
    /// Check a data folder that no server uses; nothing is changed
    Check(check::Options),
    /// Show how much is in the store of a running server, or in a folder that no server uses
    Stats(stats::Options),
    /// Have a running server give back the room that its view has lost on disk
    Rebuild(rebuild::Options),
    /// Let a server on a restored copy call the provider and tell partners
    Release(release::Options),
}

impl Options {
    pub(super) const fn form(&self) -> Form {
        self.show.form()
    }
}

/// Runs one of the commands.
pub(super) async fn run(options: Options) -> Ended {
    let (reach, out) = (options.reach, options.show.out());
    match options.command {
        Command::Backup(options) => backup::run(&Client::new(&reach)?, out, options).await,
        Command::Restore(options) => restore::run(out, options).await,
        Command::Check(options) => check::run(out, options).await,
        Command::Stats(options) => stats::run(&Client::new(&reach)?, out, options).await,
        Command::Rebuild(options) => rebuild::run(&Client::new(&reach)?, out, options).await,
        Command::Release(options) => release::run(&Client::new(&reach)?, out, options).await,
    }
}

/// What could not be done with a folder.
fn failure(error: &StoreError) -> Failure {
    let exit = match error {
        StoreError::Declined { .. } | StoreError::Locked { .. } => Exit::Conflict,
        StoreError::Damaged { .. }
        | StoreError::Inconsistent { .. }
        | StoreError::BlobDamaged { .. }
        | StoreError::FileDamaged { .. } => Exit::Damaged,
        StoreError::Lost { .. } => Exit::Lost,
        StoreError::TooLarge { .. }
        | StoreError::BlobTooLarge { .. }
        | StoreError::NoBlob { .. }
        | StoreError::TooOld { .. }
        | StoreError::NewerFolder { .. }
        | StoreError::Full { .. }
        | StoreError::Busy
        | StoreError::CalledOff
        | StoreError::Io { .. }
        | StoreError::BeforeSync { .. }
        | StoreError::Keys { .. }
        | StoreError::Sled { .. }
        | StoreError::SledPanic { .. }
        | StoreError::Stopped { .. } => Exit::Other,
    };
    let failure = Failure::new(exit, chain(error));
    if matches!(error, StoreError::Locked { .. }) {
        return failure.hint("`docket store stats` asks the server that uses it");
    }
    failure
}

/// Bytes as people read them.
fn size(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let bytes = u64::try_from(bytes).unwrap_or_default();
    let unit = (1..UNITS.len()).rfind(|unit| bytes >> (10 * unit) > 0).unwrap_or(0);
    let whole = bytes >> (10 * unit);
    let tenth = ((u128::from(bytes) * 10) >> (10 * unit)) % 10;
    if unit == 0 { format!("{whole} B") } else { format!("{whole}.{tenth} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn bytes_are_told_in_the_largest_unit() {
        assert_eq!([size(0), size(1023), size(1024)], ["0 B", "1023 B", "1.0 KiB"]);
        assert_eq!([size(1_600_000), size(5 << 30), size(i64::MAX)], ["1.5 MiB", "5.0 GiB", "8388607.9 TiB"]);
    }
}
