//! Finding the challenge that is meant, and `docket apps resend`.

use super::get::{fetch, show};
use super::name::{Named, Target};
use super::terms::Expecting;
use crate::api::proto::v1::challenge::Kind;
use crate::api::proto::v1::{Challenge, ResendChallengeRequest};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, words};
use std::process::ExitCode;

/// What `docket apps resend` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "A challenge itself may be named too: applications/{id}/challenges/{number}.

Examples:
  docket apps resend acme/order-42")]
pub(super) struct ResendOptions {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    terms: Expecting,
}

pub(super) async fn resend(client: &Client, out: Out, options: ResendOptions) -> Ended {
    let target = options.named.find_target(client).await?;
    let name = match target.challenge {
        Some(challenge) => challenge,
        None => meant(open(client, &target).await?, Kind::SmsCode)?.name,
    };
    let (request_id, validate_only, etag) = options.terms.wire();
    let request = ResendChallengeRequest { name, request_id, validate_only, etag };
    show(out, &client.answer(client.applications().resend_challenge(request)).await?)?;
    Ok(ExitCode::SUCCESS)
}

/// The open challenges: at least one.
pub(super) async fn open(client: &Client, target: &Target) -> Result<Vec<Challenge>, Failure> {
    let application = fetch(client, target.application.clone()).await?;
    let is_meant = |it: &Challenge| target.challenge.as_ref().is_none_or(|name| *name == it.name);
    let open: Vec<_> = application.challenges.into_iter().filter(is_meant).collect();
    if open.is_empty() {
        let what =
            format!("{} asks for nothing now", target.challenge.as_ref().unwrap_or(&target.application));
        let hint = format!("`docket apps explain {}` tells what it waits for", target.application);
        return Err(Failure::new(Exit::Conflict, what).hint(hint));
    }
    Ok(open)
}

/// The challenge of this kind; if there is none, the first, and the server says what is wrong. Of
/// several one must be named: an answer to another's question would be lost.
pub(super) fn meant(mut open: Vec<Challenge>, kind: Kind) -> Result<Challenge, Failure> {
    let of_kind: Vec<_> = open.iter().filter(|it| it.kind() == kind).map(|it| it.name.clone()).collect();
    if of_kind.len() > 1 {
        let what = format!("more than one challenge asks for {}", words::challenge(kind));
        return Err(Failure::new(Exit::Usage, what).hint(format!("name one of {}", of_kind.join(", "))));
    }
    let at = open.iter().position(|it| it.kind() == kind).unwrap_or(0);
    Ok(open.swap_remove(at))
}
