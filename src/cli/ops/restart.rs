//! `docket ops restart`: a collection begun anew, and which one is meant.

use super::steer::{self, Act};
use crate::api::proto::v1::ExplainApplicationRequest;
use crate::api::proto::v1::explanation::Command;
use crate::api::proto::v1::explanation::command::Outlook;
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::Out;
use crate::machine::collection::CollectionKind;
use crate::machine::graph::application::EventKind;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// What `docket ops restart` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket ops restart acme/order-42 --reason 'the applicant has a new phone'
  docket ops restart acme/order-42 --collection degree --reason 'a wrong account was given'")]
pub(super) struct RestartOptions {
    /// The collection; when not given, the only one that can begin anew
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    collection: Option<CollectionKind>,
    #[command(flatten)]
    steering: steer::Options,
}

fn kinds() -> impl TypedValueParser<Value = CollectionKind> {
    let names = PossibleValuesParser::new(CollectionKind::ALL.map(CollectionKind::name));
    names.try_map(|name| CollectionKind::from_name(&name).ok_or("is no collection"))
}

pub(super) async fn run(client: &Client, out: Out, options: RestartOptions) -> Ended {
    let RestartOptions { collection, steering } = options;
    steer::run(client, out, Act::Restart { collection }, steering).await
}

/// The resource name of the collection that is meant.
pub(super) async fn meant(
    client: &Client,
    application: &str,
    collection: Option<CollectionKind>,
) -> Result<String, Failure> {
    let name = |kind: &str| format!("{application}/collections/{kind}");
    if let Some(kind) = collection {
        return Ok(name(kind.name()));
    }
    let request = ExplainApplicationRequest { name: application.to_owned() };
    let explained = client.answer(client.applications().explain_application(request)).await?;
    let is_restart = |command: &&Command| command.event == EventKind::RestartRequested.name();
    let all: Vec<_> = explained.commands.iter().filter(is_restart).collect();
    let is_allowed = |command: &Command| !matches!(command.outlook, Some(Outlook::Refused(_)) | None);
    let able: Vec<_> = all.iter().copied().filter(|command| is_allowed(command)).collect();
    match (&able[..], &all[..]) {
        // Where there is but one the server says why it cannot begin anew.
        ([only], _) | ([], [only]) => Ok(name(&only.collection)),
        ([], []) => {
            let what = format!("{application} has not begun to collect anything");
            Err(Failure::new(Exit::NotFound, what))
        }
        ([], _) => {
            let what = format!("no collection of {application} can begin anew now");
            let hint = format!("`docket apps explain {application}` tells what may be done");
            Err(Failure::new(Exit::Conflict, what).hint(hint))
        }
        (several, _) => {
            let kinds: Vec<_> = several.iter().map(|command| command.collection.as_str()).collect();
            let what = format!("more than one collection of {application} can begin anew");
            let hint = format!("name one with --collection: {}", kinds.join(", "));
            Err(Failure::new(Exit::Conflict, what).hint(hint))
        }
    }
}
