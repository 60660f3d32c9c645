//! `docket ops resume`, `retry`, `restart`, `hold` and `release`: one act on one application, or on
//! all of a group.

use super::{restart, stuck};
use crate::api::proto::v1::{
    HoldApplicationRequest, OperatorResponse, ReleaseApplicationRequest, RestartCollectionRequest,
    ResumeApplicationRequest, RetryNowRequest,
};
use crate::cli::apps::name::Named;
use crate::cli::apps::terms::Expecting;
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, table, words};
use crate::machine::collection::CollectionKind;
use std::process::ExitCode;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Resume,
    Retry,
    Restart { collection: Option<CollectionKind> },
    Hold,
    Release,
}

/// What each of these commands can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket ops resume acme/order-42 --reason 'the provider is back'
  docket ops resume acme/order-42 --reason 'the provider is back' --dry-run
  docket ops hold acme/order-42 acme/order-43 --reason 'the partner disputes them'
  docket ops resume --fingerprint 0f1e2d3c4b5a6978 --reason 'the provider is back'")]
pub(super) struct Options {
    /// The applications: `applications/{id}`, the bare id, or `partner/order`
    #[arg(value_name = "NAME", required_unless_present = "fingerprint")]
    names: Vec<String>,
    /// All applications of a group that `docket ops stuck` shows
    #[arg(long, value_name = "FINGERPRINT", conflicts_with = "names")]
    fingerprint: Option<String>,
    /// Why; kept for good, so nothing about the person belongs here
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who does it; kept for good
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true)]
    actor: String,
    #[command(flatten)]
    terms: Expecting,
}

pub(super) async fn run(client: &Client, out: Out, act: Act, options: Options) -> Ended {
    let Options { names, fingerprint, reason, actor, terms } = options;
    let mut found = Vec::new();
    match &fingerprint {
        Some(fingerprint) => found = stuck::group(client, fingerprint).await?.names,
        None => {
            for name in names {
                found.push(Named::new(name).find(client).await?);
            }
        }
    }
    if found.len() > 1 && (terms.terms.request_id.is_some() || terms.etag.is_some()) {
        let what = "--request-id and --etag are for one application, and more than one is meant";
        return Err(Failure::new(Exit::Usage, what));
    }
    let steering = Steering { client, act, actor, reason, terms };
    if let [name] = &found[..] {
        let answer = steering.steer(name).await?;
        out.one(&answer, |answer| page(out, answer))?;
        return Ok(ExitCode::SUCCESS);
    }
    all(&steering, out, &found).await
}

/// Steers many, one after the other; what cannot be done is told, and the others are gone on with.
async fn all(steering: &Steering<'_>, out: Out, names: &[String]) -> Ended {
    let mut failed = 0;
    for (done, name) in names.iter().enumerate() {
        match steering.steer(name).await {
            Ok(answer) => out.next(&answer, |answer| Some(line(answer)))?,
            Err(failure) if failure.is_of_one() => {
                failed += 1;
                failure.mention(name);
            }
            Err(failure) => return Err(failure),
        }
        if (done + 1).is_multiple_of(PROGRESS) {
            eprintln!("docket: {} of {}", done + 1, names.len());
        }
    }
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let what = format!("{failed} of {} applications were left as they are", names.len());
    Err(Failure::new(Exit::Conflict, what).hint("`docket apps explain NAME` tells what may be done"))
}

/// After how many applications it is told how far it is.
const PROGRESS: usize = 100;

struct Steering<'a> {
    client: &'a Client,
    act: Act,
    actor: String,
    reason: String,
    terms: Expecting,
}

impl Steering<'_> {
    async fn steer(&self, name: &str) -> Result<OperatorResponse, Failure> {
        let (actor, reason) = (self.actor.clone(), self.reason.clone());
        let (request_id, validate_only, etag) = self.terms.clone().wire();
        let name = name.to_owned();
        let mut operators = self.client.operators();
        macro_rules! ask {
            ($method:ident, $request:ident, $name:expr) => {{
                let name = $name;
                let request = $request { name, actor, reason, request_id, validate_only, etag };
                self.client.answer(operators.$method(request)).await
            }};
        }
        match self.act {
            Act::Resume => ask!(resume_application, ResumeApplicationRequest, name),
            Act::Retry => ask!(retry_now, RetryNowRequest, name),
            Act::Restart { collection } => {
                let collection = restart::meant(self.client, &name, collection).await?;
                ask!(restart_collection, RestartCollectionRequest, collection)
            }
            Act::Hold => ask!(hold_application, HoldApplicationRequest, name),
            Act::Release => ask!(release_application, ReleaseApplicationRequest, name),
        }
    }
}

fn calls(answer: &OperatorResponse) -> String {
    let calls: Vec<_> = answer.calls.iter().map(|call| call.call.as_str()).collect();
    if calls.is_empty() { "-".to_owned() } else { calls.join(", ") }
}

fn line(answer: &OperatorResponse) -> String {
    let application = answer.application.clone().unwrap_or_default();
    format!("{}  {}  calls {}", application.name, words::state(application.state), calls(answer))
}

fn page(out: Out, answer: &OperatorResponse) -> String {
    let application = answer.application.clone().unwrap_or_default();
    let facts = vec![
        ("name", table::text(&application.name)),
        ("state", table::state(out, application.state)),
        ("next move", table::text(words::owner(application.owner))),
        ("calls", table::text(calls(answer))),
        ("version", table::text(application.version.to_string())),
    ];
    table::page(out, facts)
}
