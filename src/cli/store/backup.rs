//! `docket store backup`.

use super::size;
use super::telling::Telling;
use crate::api::proto::v1::back_up_store_response::Told;
use crate::api::proto::v1::{BackUpStoreRequest, StoreBackup};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, table, words};
use std::process::ExitCode;

/// What `docket store backup` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Another backup into the same folder adds what is new.

Examples:
  docket store backup /backups/docket
  docket store backup /backups/docket-with-keys --with-keys")]
pub(super) struct Options {
    /// The folder: an absolute path on the server's machine, outside of its data folder
    #[arg(value_name = "FOLDER")]
    to: String,
    /// Copy the data keys along: what is erased later stays readable in the backup
    #[arg(long)]
    with_keys: bool,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let Options { to, with_keys } = options;
    let request = BackUpStoreRequest { folder: to, with_keys };
    let mut told = client.answer(client.stores().back_up_store(request)).await?;
    let mut telling = Telling::default();
    while let Some(message) = told.message().await.map_err(|status| client.failure(&status))? {
        match message.told {
            Some(Told::Progress(progress)) => telling.tell(&progress),
            Some(Told::Backup(backup)) => return done(out, &backup),
            None => {}
        }
    }
    Err(Failure::new(Exit::Unavailable, "the server has left before the backup was complete"))
}

fn done(out: Out, backup: &StoreBackup) -> Ended {
    out.one(backup, |backup| page(out, backup))?;
    if backup.lacking_count == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let what = format!(
        "the backup is complete but for {} documents or archive files, which the store itself has lost: {}",
        backup.lacking_count,
        backup.lacking.join(", ")
    );
    Err(Failure::new(Exit::Damaged, what).hint("copy the blobs and files back from an older backup"))
}

fn page(out: Out, it: &StoreBackup) -> String {
    let kind = if it.incremental { "added to what was there" } else { "whole" };
    let facts = vec![
        ("folder", table::text(&it.folder)),
        ("up to commit", table::text(it.commit.to_string())),
        ("of", table::text(words::time(it.commit_time.as_ref()))),
        ("sequence", table::text(it.sequence.to_string())),
        ("written", table::text(format!("{} in {} files", size(it.bytes_written), it.files_written))),
        ("kind", table::text(kind)),
        ("blobs", table::text(it.blobs.to_string())),
        ("archive files", table::text(it.archives.to_string())),
        ("read back", table::text("yes")),
    ];
    table::page(out, facts)
}
