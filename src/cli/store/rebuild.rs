//! `docket store rebuild`.

use super::size;
use super::telling::Telling;
use crate::api::proto::v1::rebuild_store_response::Told;
use crate::api::proto::v1::{RebuildStoreRequest, StoreRebuild};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, table};
use std::process::ExitCode;

/// What `docket store rebuild` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Options {}

pub(super) async fn run(client: &Client, out: Out, _options: Options) -> Ended {
    let mut told = client.answer(client.stores().rebuild_store(RebuildStoreRequest {})).await?;
    let mut telling = Telling::default();
    while let Some(message) = told.message().await.map_err(|status| client.failure(&status))? {
        match message.told {
            Some(Told::Progress(progress)) => telling.tell(&progress),
            Some(Told::Rebuild(rebuild)) => {
                out.one(&rebuild, |rebuild| page(out, rebuild))?;
                return Ok(ExitCode::SUCCESS);
            }
            None => {}
        }
    }
    Err(Failure::new(Exit::Unavailable, "the server has left before the view was rebuilt"))
}

fn page(out: Out, it: &StoreRebuild) -> String {
    let facts = vec![
        ("rows", table::text(it.rows.to_string())),
        ("before", table::text(size(it.bytes_before))),
        ("after", table::text(size(it.bytes_after))),
    ];
    table::page(out, facts)
}
