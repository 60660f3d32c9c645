//! `docket apps submit`.

use super::file::{read, text, wrong};
use super::get::show;
use super::name::Named;
use super::terms::Expecting;
use crate::api::proto::v1::{Evidence, SubmitEvidenceRequest};
use crate::cli::client::Client;
use crate::cli::failure::Ended;
use crate::cli::out::{Out, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// What `docket apps submit` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "The file is the JSON form of docket.v1.Evidence, with the kinds that are brought.

Examples:
  docket apps submit acme/order-42 --from evidence.json
  docket apps submit acme/order-42 --operator-data records.json")]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    /// The file with the evidence as JSON; `-` reads the standard input
    #[arg(long, value_name = "FILE", required_unless_present = "operator_data")]
    from: Option<PathBuf>,
    /// The file with the mobile operator's raw data, a JSON object, sent as it is
    #[arg(long, value_name = "FILE")]
    operator_data: Option<PathBuf>,
    #[command(flatten)]
    terms: Expecting,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let mut evidence = Evidence::default();
    if let Some(from) = options.from {
        evidence =
            json::read(&text(&from)?).map_err(|error| wrong(&from, &format!("is no evidence: {error}")))?;
    }
    if let Some(file) = options.operator_data {
        evidence.operator_data = read(&file)?;
    }
    let name = options.named.find(client).await?;
    let (request_id, validate_only, etag) = options.terms.wire();
    let request = SubmitEvidenceRequest { name, evidence: Some(evidence), request_id, validate_only, etag };
    show(out, &client.answer(client.applications().submit_evidence(request)).await?)?;
    Ok(ExitCode::SUCCESS)
}
