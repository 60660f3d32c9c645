//! `docket apps cancel`.

use super::get::show;
use super::name::Named;
use super::terms::Expecting;
use crate::api::proto::v1::CancelApplicationRequest;
use crate::cli::client::Client;
use crate::cli::failure::Ended;
use crate::cli::out::Out;
use std::process::ExitCode;

/// What `docket apps cancel` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket apps cancel acme/order-42 --reason 'withdrawn by the applicant'")]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    /// Why; kept for good, so nothing about the person belongs here
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    terms: Expecting,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let name = options.named.find(client).await?;
    let (request_id, validate_only, etag) = options.terms.wire();
    let request = CancelApplicationRequest { name, reason: options.reason, request_id, validate_only, etag };
    show(out, &client.answer(client.applications().cancel_application(request)).await?)?;
    Ok(ExitCode::SUCCESS)
}
