//! `docket store stats`.

use super::{check, failure, size};
use crate::api::convert::store_stats;
use crate::api::proto::v1::{GetStoreStatsRequest, StoreStats, store_stats as parts};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, table, words};
use crate::store::disk;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How long a server may take to read every row.
const PATIENCE: Duration = Duration::from_secs(600);

/// What `docket store stats` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket store stats
  docket store stats --rows -o json
  docket store stats --data /var/lib/docket --scratch /var/tmp")]
pub(super) struct Options {
    /// Look at this data folder, which no server uses, instead of asking a server
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Read every row and count them by kind; takes long in a large store
    #[arg(long)]
    rows: bool,
    #[command(flatten)]
    scratch: check::Scratch,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let Options { data, rows, scratch } = options;
    let stats = match data {
        None => {
            let request = GetStoreStatsRequest { by_kind: rows };
            let patience = client.patience().unwrap_or(PATIENCE);
            let answered = client.within(patience, client.stores().get_store_stats(request)).await;
            answered.map_err(|status| client.failure(&status))?
        }
        Some(data) => {
            let work = move || {
                let folder = scratch.folder()?;
                let stats = disk::stats_of(&data, Some(folder.path()), rows);
                stats.map(store_stats).map_err(|error| failure(&error))
            };
            let done = tokio::task::spawn_blocking(work).await;
            done.map_err(|panic| Failure::new(Exit::Other, panic.to_string()))??
        }
    };
    out.one(&stats, |stats| page(out, stats))?;
    Ok(ExitCode::SUCCESS)
}

fn page(out: Out, it: &StoreStats) -> String {
    let held = if it.held { "yes: it calls no provider and tells no partner until released" } else { "no" };
    let log = it.log.unwrap_or_default();
    let checkpoint = it.checkpoint.as_ref().map_or_else(
        || "none yet".to_owned(),
        |it| format!("commit {}, {}, {} ago", it.commit, size(it.bytes), words::ago(it.time.as_ref())),
    );
    let view = it.view.as_ref().map_or_else(
        || "cannot be read".to_owned(),
        |it| format!("commit {} ({} behind), {} rows, {}", it.commit, it.behind, it.rows, size(it.bytes)),
    );
    let facts = vec![
        ("instance", table::text(&it.instance)),
        ("held", table::text(held)),
        ("applications", table::text(format!("{} ({} live)", it.applications, it.live_applications))),
        ("changes", table::text(format!("{} to {}", it.oldest_change, it.sequence))),
        ("durable", table::text(format!("commit {}", it.commit))),
        (
            "log",
            table::text(format!(
                "from commit {}, {} in {} segments, {} spare",
                log.oldest_commit,
                size(log.bytes),
                log.segments,
                log.spares
            )),
        ),
        ("checkpoint", table::text(checkpoint)),
        ("view", table::text(view)),
        ("blobs", table::text(format!("{}, {}", it.blobs, size(it.blob_bytes)))),
        ("archive", table::text(format!("{} files, {}", it.archives, size(it.archive_bytes)))),
        ("ballast", table::text(size(it.ballast_bytes))),
        ("free", table::text(format!("{} (low water at {})", size(it.free_bytes), size(it.low_water_bytes)))),
    ];
    let page = table::page(out, facts);
    if it.kinds.is_empty() {
        return page;
    }
    let row = |it: &parts::Kind| {
        vec![table::text(&it.kind), table::text(it.rows.to_string()), table::text(size(it.bytes))]
    };
    format!("{page}\n\n{}", table::table(out, &["KIND", "ROWS", "SIZE"], it.kinds.iter().map(row)))
}
