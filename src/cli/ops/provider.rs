//! `docket ops provider`.

use crate::api::proto::v1::{ListProviderSystemsRequest, ProviderSystem};
use crate::cli::client::Client;
use crate::cli::failure::Ended;
use crate::cli::out::{Out, table, words};
use comfy_table::Cell;
use std::process::ExitCode;

/// What `docket ops provider` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A system whose breaker is open is down: its calls are parked and lose nothing, one at a time
asks whether it is back. They come back by themselves.

Examples:
  docket ops provider
  docket ops provider -o json | jq '.[] | select(.status.state != \"STATE_CLOSED\")'"
)]
pub(super) struct Options {}

pub(super) async fn run(client: &Client, out: Out, Options {}: Options) -> Ended {
    let request = ListProviderSystemsRequest {};
    let systems = client.answer(client.operators().list_provider_systems(request)).await?.systems;
    out.many(&systems, |systems| draw(out, systems))?;
    Ok(ExitCode::SUCCESS)
}

fn draw(out: Out, systems: &[ProviderSystem]) -> String {
    let row = |it: &ProviderSystem| -> Vec<Cell> {
        let status = it.status.clone().unwrap_or_default();
        vec![
            table::text(&status.system),
            table::text(words::breaker(status.state)),
            table::text(words::ago(status.since_time.as_ref())),
            table::text(words::ahead(status.next_try_time.as_ref())),
            table::text(format!("{}/{}", it.calls_under_way, it.concurrency)),
            table::text(it.calls_waiting.to_string()),
            table::text(format!("{}/s", it.calls_per_second)),
            table::text(it.down_duration.as_ref().map_or_else(|| "-".to_owned(), words::stretch)),
            table::text(&it.last_error),
        ]
    };
    let header = [
        "SYSTEM",
        "BREAKER",
        "DOWN FOR",
        "NEXT TRY",
        "UNDER WAY",
        "WAITING",
        "LIMIT",
        "DOWN IN 30D",
        "LAST ERROR",
    ];
    table::table(out, &header, systems.iter().map(row))
}
