//! `docket machine plan`: whether what is stored fits a server, or this program before it is one.

use crate::api;
use crate::api::proto::v1::migration_row::Verdict;
use crate::api::proto::v1::{MigrationRow, PlanMigrationRequest};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, table};
use crate::cli::serve;
use crate::engine::{chain, migration};
use crate::machine::products::Products;
use crate::store::StoreError;
use crate::store::copy::copy_rows;
use crate::store::disk::{DiskStore, Options as StoreOptions};
use comfy_table::Cell;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `docket machine plan` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Ends with exit code 0 if whoever was asked can go on with everything that is stored, and 9 if not.

With --data no server is asked: this program compares the folder with itself and with the products of
its settings, which are read as `docket serve` reads them. It does so before a new version is
started, while the former one does not run. The folder is not changed: its rows are copied into a
temporary folder, which needs as much room.

Examples:
  docket machine plan
  docket machine plan --data /var/lib/docket --config /etc/docket/docket.toml
  docket machine plan -o json | jq '.[] | select(.verdict != \"VERDICT_SAME\")'"
)]
pub(super) struct Options {
    /// Look at the store in this folder, which no server has open, instead of asking a server
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The file with the settings; counts with --data only
    #[arg(long, value_name = "FILE", env = "DOCKET_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let rows = match options.data {
        None => client.answer(client.operators().plan_migration(PlanMigrationRequest {})).await?.rows,
        Some(data) => {
            let settings = serve::settings(&serve::Options::of(data.clone(), options.config))?;
            look(&data, &settings.products())?
        }
    };
    out.many(&rows, |rows| draw(out, rows))?;
    let impossible: Vec<_> = rows.iter().filter(|it| it.verdict() == Verdict::Impossible).collect();
    match impossible.first() {
        None => Ok(ExitCode::SUCCESS),
        Some(first) => {
            let hint = "start the docket that ran there last with its settings, until none of these is left";
            Err(Failure::new(Exit::Impossible, refusal(first, impossible.len() - 1)).hint(hint))
        }
    }
}

/// What is in the way, in a sentence.
fn refusal(first: &MigrationRow, more: usize) -> String {
    let MigrationRow { count, name, reason, stored_state, .. } = first;
    let place = if stored_state.is_empty() { String::new() } else { format!(" in state {stored_state}") };
    let more = if more == 0 { String::new() } else { format!(", and {more} rows more") };
    format!("nothing can go on with {count} of {name}{place} ({reason}){more}")
}

/// Compares what lies in a folder with this program.
fn look(data: &Path, products: &Products) -> Result<Vec<MigrationRow>, Failure> {
    if !data.join("MANIFEST").exists() {
        let what = format!("there is no store in {}: it has no MANIFEST", data.display());
        return Err(Failure::new(Exit::NotFound, what));
    }
    let beside = tempfile::tempdir()?;
    // What an error says to do is to be done to the folder, not to its copy.
    let failed = |doing: &str, error: &dyn Error| {
        let told = chain(error).replace(&beside.path().display().to_string(), &data.display().to_string());
        Failure::new(Exit::Other, format!("failed to {doing}: {told}"))
    };
    if let Err(error) = copy_rows(data, beside.path()) {
        return Err(if matches!(error, StoreError::Locked { .. }) {
            let hint = "a running server is asked without --data";
            Failure::new(Exit::Conflict, error.to_string()).hint(hint)
        } else {
            failed("copy the rows", &error)
        });
    }
    // The name is for a new folder; this one has its own.
    let store = DiskStore::open(beside.path(), StoreOptions::new([0; 16]));
    let store = store.map_err(|error| failed("open the store", &error))?;
    let migration = migration::compare(&store, products);
    Ok(api::migration(migration.map_err(|error| failed("compare what is stored", &error))?))
}

fn draw(out: Out, rows: &[MigrationRow]) -> String {
    if rows.is_empty() {
        return "nothing is stored".to_owned();
    }
    let row = |it: &MigrationRow| -> Vec<Cell> {
        vec![
            table::text(&it.name),
            table::text(change(&version(it.stored_version), &version(it.running_version))),
            table::text(change(&it.stored_state, &it.running_state)),
            table::text(it.count.to_string()),
            table::text(it.live_count.to_string()),
            table::text(word(it.verdict())),
            table::text(&it.reason),
        ]
    };
    table::table(out, &["NAME", "VERSION", "STATE", "COUNT", "LIVE", "VERDICT", "WHY"], rows.iter().map(row))
}

fn version(version: i64) -> String {
    if version == 0 { String::new() } else { version.to_string() }
}

/// `A`, or `A → B` where it becomes another.
fn change(from: &str, to: &str) -> String {
    match (from, to) {
        (from, to) if from == to || to.is_empty() => from.to_owned(),
        (from, to) => format!("{from} → {to}"),
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unspecified => "-",
        Verdict::Same => "same",
        Verdict::Renamed => "renamed",
        Verdict::NeedsRule => "needs a rule",
        Verdict::Impossible => "impossible",
    }
}
