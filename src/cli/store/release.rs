//! `docket store release`.

use crate::api::proto::v1::ReleaseStoreRequest;
use crate::cli::client::Client;
use crate::cli::failure::Ended;
use crate::cli::out::Out;
use serde_json::json;
use std::process::ExitCode;

/// What `docket store release` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The server that the copy was made of must never run again: both would call the provider.

Examples:
  docket store release --reason 'the old machine is gone for good'"
)]
pub(super) struct Options {
    /// Why; told in the server's log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who does it; told in the server's log
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true)]
    actor: String,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let Options { reason, actor } = options;
    client.answer(client.stores().release_store(ReleaseStoreRequest { actor, reason })).await?;
    let page = "released: it calls the provider and tells partners from now on";
    out.object("released", &json!({ "held": false }), page)?;
    Ok(ExitCode::SUCCESS)
}
