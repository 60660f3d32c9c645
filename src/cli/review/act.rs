//! `docket review claim`, `return`, `approve` and `reject`.

use crate::api::proto::v1::{
    ApproveApplicationRequest, ClaimReviewRequest, RejectApplicationRequest, ReturnReviewRequest,
};
use crate::cli::apps::get::show;
use crate::cli::apps::name::Named;
use crate::cli::apps::terms::Expecting;
use crate::cli::client::Client;
use crate::cli::failure::Ended;
use crate::cli::out::Out;
use std::process::ExitCode;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Claim,
    Return,
    Approve,
    Reject,
}

/// What each of these commands can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket review claim crapido/order-42 --reason 'next in the queue'
  docket review approve crapido/order-42 --reason 'income and card fit'
  docket review reject crapido/order-42 --reason 'the photo is of somebody else'")]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    /// Why; kept for good, so nothing about the person belongs here
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who reviews it; kept for good
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true)]
    actor: String,
    #[command(flatten)]
    terms: Expecting,
}

pub(super) async fn run(client: &Client, out: Out, act: Act, options: Options) -> Ended {
    let Options { named, reason, actor, terms } = options;
    let name = named.find(client).await?;
    let (request_id, validate_only, etag) = terms.wire();
    let mut reviews = client.reviews();
    macro_rules! ask {
        ($method:ident, $request:ident) => {{
            let request = $request { name, actor, reason, request_id, validate_only, etag };
            client.answer(reviews.$method(request)).await
        }};
    }
    let application = match act {
        Act::Claim => ask!(claim_review, ClaimReviewRequest),
        Act::Return => ask!(return_review, ReturnReviewRequest),
        Act::Approve => ask!(approve_application, ApproveApplicationRequest),
        Act::Reject => ask!(reject_application, RejectApplicationRequest),
    }?;
    show(out, &application)?;
    Ok(ExitCode::SUCCESS)
}
