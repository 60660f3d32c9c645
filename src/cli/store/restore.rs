//! `docket store restore`.

use super::check;
use super::failure;
use super::telling::teller;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, table, words};
use crate::machine::time::Time;
use crate::store::disk::{self, At, DiskStore, Findings, Level, RestoreOrder, Restored};
use prost_types::Timestamp;
use serde_json::json;
use std::path::PathBuf;

/// What `docket store restore` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket store restore /backups/docket --data /var/lib/docket
  docket store restore /backups/docket --data /tmp/yesterday --time 2026-11-28T23:59:59Z
  docket store restore /backups/docket --data /var/lib/docket --keys /safe/docket-keys")]
pub(super) struct Options {
    /// The folder of the backup
    #[arg(value_name = "FOLDER")]
    from: PathBuf,
    /// The data folder to make; empty, or not there yet
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Take everything up to this commit [default: all]
    #[arg(long, value_name = "NUMBER", conflicts_with = "time")]
    commit: Option<u64>,
    /// Take everything up to this moment, like 2026-11-28T23:59:59Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    time: Option<Time>,
    /// Take the data keys from this folder, with `data.slots` and `master.check`
    #[arg(long, value_name = "FOLDER")]
    keys: Option<PathBuf>,
}

fn moment(text: &str) -> Result<Time, String> {
    let read: jiff::Timestamp = text.parse().map_err(|error| format!("{error}"))?;
    let millis = u64::try_from(read.as_millisecond());
    millis.map(Time::from_millis).map_err(|_before| "must not be before 1970".to_owned())
}

pub(super) async fn run(out: Out, options: Options) -> Ended {
    let Options { from, data, commit, time, keys } = options;
    let at = commit.map(At::Commit).or_else(|| time.map(At::Time)).unwrap_or(At::Newest);
    let order = RestoreOrder { from, to: data, at, keys };
    let done = tokio::task::spawn_blocking(move || restore(&order)).await;
    let (restored, findings) = done.map_err(|panic| Failure::new(Exit::Other, panic.to_string()))??;
    let mut told = check::written(&findings);
    told["time"] = json!(words::time(Some(&timestamp(restored.time))));
    told["keys"] = json!(restored.has_keys);
    told["damaged_in_backup"] = json!(restored.damaged);
    out.object("restore", &told, &page(out, &restored, &findings))?;
    if !restored.damaged.is_empty() && findings.level() == Level::Note {
        return Ok(Exit::Damaged.into());
    }
    Ok(check::exit(&findings))
}

/// Makes the folder, opens it once, so that the view is made, and checks it.
fn restore(order: &RestoreOrder) -> Result<(Restored, Findings), Failure> {
    let tell = teller();
    let restored = disk::restore(order, &tell).map_err(|error| failure(&error))?;
    let told = teller();
    let on_progress: disk::OnProgress = Box::new(move |it| {
        // What is being opened is not called off.
        let _goes_on = told(it);
    });
    let options = disk::Options { on_progress: Some(on_progress), ..disk::Options::new([0; 16]) };
    let opened = DiskStore::open(&order.to, options).and_then(DiskStore::close);
    opened.map_err(|error| failure(&error))?;
    let findings = check::check(&order.to, None, restored.has_keys, &tell)?;
    Ok((restored, findings))
}

fn page(out: Out, restored: &Restored, findings: &Findings) -> String {
    let keys = match restored.has_keys {
        true => "there; the master key must be given to the server",
        false => "none: put data.slots into keys/ before the server is started",
    };
    let facts = vec![
        ("up to", table::text(words::time(Some(&timestamp(restored.time))))),
        ("keys", table::text(keys)),
        ("damaged in the backup", table::lines(&restored.damaged)),
    ];
    format!(
        "{}\n{}\n\nit is held: it calls no provider and tells no partner until `docket store release`",
        table::page(out, facts),
        check::page(out, findings)
    )
}

fn timestamp(time: Time) -> Timestamp {
    let millis = time.as_millis();
    let seconds = i64::try_from(millis / 1000).unwrap_or(i64::MAX);
    Timestamp { seconds, nanos: i32::try_from(millis % 1000 * 1_000_000).unwrap_or_default() }
}
