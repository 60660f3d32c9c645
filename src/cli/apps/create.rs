//! `docket apps create`.

use super::file::{read, text, wrong};
use super::get::show;
use super::terms::Terms;
use crate::api::proto::v1::CreateApplicationRequest;
use crate::cli::client::Client;
use crate::cli::failure::Ended;
use crate::cli::out::{Out, json, print};
use std::path::PathBuf;
use std::process::ExitCode;

/// An application that a server with the default products takes.
const TEMPLATE: &str = include_str!("create/template.json");

/// What `docket apps create` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The file is the JSON form of docket.v1.CreateApplicationRequest; fields may be written
as `order_number` or `orderNumber`. The same order with the same content gives the
application as it is since; with other content it is refused.

Examples:
  docket apps create --template > order.json
  docket apps create --from order.json
  jq '.order_number = \"43\"' order.json | docket apps create --from - -o name"
)]
pub(super) struct Options {
    /// The file with the application as JSON; `-` reads the standard input
    #[arg(long, value_name = "FILE", required_unless_present = "template")]
    from: Option<PathBuf>,
    /// The file with the mobile operator's raw data, a JSON object, sent as it is
    #[arg(long, value_name = "FILE")]
    operator_data: Option<PathBuf>,
    /// Print an example to begin with, and do nothing
    #[arg(long, conflicts_with_all = ["from", "operator_data"])]
    template: bool,
    #[command(flatten)]
    terms: Terms,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let Some(from) = options.from else {
        print(TEMPLATE)?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut request: CreateApplicationRequest = json::read(&text(&from)?).map_err(|error| {
        wrong(&from, &format!("is no application: {error}")).hint("`docket apps create --template` shows one")
    })?;
    if let Some(file) = options.operator_data {
        request.evidence.get_or_insert_default().operator_data = read(&file)?;
    }
    request.request_id = options.terms.request_id.unwrap_or(request.request_id);
    request.validate_only |= options.terms.dry_run;
    let application = client.answer(client.applications().create_application(request)).await?;
    show(out, &application)?;
    Ok(ExitCode::SUCCESS)
}
