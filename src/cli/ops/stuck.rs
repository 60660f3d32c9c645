//! `docket ops stuck`.

use crate::api::proto::v1::{ListStuckRequest, ListStuckResponse, StuckGroup};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, table, words};
use comfy_table::Cell;
use std::process::ExitCode;

/// What `docket ops stuck` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket ops stuck
  docket ops stuck --fingerprint 0f1e2d3c4b5a6978 -o json
  docket ops resume --fingerprint 0f1e2d3c4b5a6978 --reason 'the provider is back'")]
pub(super) struct Options {
    /// Only the group with this fingerprint, with the names of all its applications
    #[arg(long, value_name = "FINGERPRINT")]
    fingerprint: Option<String>,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let (groups, untold) = match &options.fingerprint {
        Some(fingerprint) => (vec![group(client, fingerprint).await?], 0),
        None => {
            let ListStuckResponse { groups, untold_groups } = fetch(client, String::new()).await?;
            (groups, untold_groups)
        }
    };
    out.many(&groups, |groups| draw(out, groups))?;
    if untold > 0 {
        eprintln!("docket: there are {untold} smaller groups besides");
    }
    Ok(ExitCode::SUCCESS)
}

/// The group with a fingerprint, with the names of all its applications.
pub(super) async fn group(client: &Client, fingerprint: &str) -> Result<StuckGroup, Failure> {
    let found = fetch(client, fingerprint.to_owned()).await?;
    found.groups.into_iter().next().ok_or_else(|| {
        Failure::new(Exit::NotFound, format!("nothing is stuck with the fingerprint {fingerprint}"))
            .hint("`docket ops stuck` shows what is")
    })
}

async fn fetch(client: &Client, fingerprint: String) -> Result<ListStuckResponse, Failure> {
    client.answer(client.operators().list_stuck(ListStuckRequest { fingerprint })).await
}

fn draw(out: Out, groups: &[StuckGroup]) -> String {
    if groups.is_empty() {
        return "nothing is stuck".to_owned();
    }
    let row = |it: &StuckGroup| -> Vec<Cell> {
        vec![
            table::text(it.count.to_string()),
            table::text(&it.reason),
            table::text(&it.place),
            table::text(words::ago(it.oldest_time.as_ref())),
            table::text(&it.fingerprint),
            table::text(&it.detail),
        ]
    };
    let header = ["COUNT", "REASON", "STANDS IN", "OLDEST", "FINGERPRINT", "FOR INSTANCE"];
    table::table(out, &header, groups.iter().map(row))
}
