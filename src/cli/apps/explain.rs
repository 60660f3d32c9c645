//! `docket apps explain`: a page on where an application stands.

use super::get::{because, certification, challenges, collections};
use super::name::Named;
use crate::api::proto::v1::explanation::command::Outlook;
use crate::api::proto::v1::explanation::{Command, System};
use crate::api::proto::v1::{Application, ExplainApplicationRequest, Explanation, ProviderStatus};
use crate::cli::client::Client;
use crate::cli::failure::Ended;
use crate::cli::out::{Out, table, words};
use std::process::ExitCode;

/// What `docket apps explain` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket apps explain acme/order-42
  docket apps explain acme/order-42 -o json | jq '.blocks'")]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let name = options.named.find(client).await?;
    let request = ExplainApplicationRequest { name };
    let explanation = client.answer(client.applications().explain_application(request)).await?;
    out.one(&explanation, |explanation| page(out, explanation))?;
    Ok(ExitCode::SUCCESS)
}

fn page(out: Out, it: &Explanation) -> String {
    let unknown = Application::default();
    let application = it.application.as_ref().unwrap_or(&unknown);
    let dwell = it.dwell.as_ref().map_or_else(String::new, |dwell| format!(" for {}", words::stretch(dwell)));
    let expected = it.expected_dwell.as_ref();
    let expected = expected.map_or_else(String::new, |usual| format!(", expected {}", words::stretch(usual)));
    let since = words::time(application.state_time.as_ref());
    let state = format!("{}{dwell}{expected} (since {since})", words::state(application.state));
    let mut facts = vec![
        ("application", table::text(&application.name)),
        ("order", table::text(format!("{}/{}", application.partner, application.order_number))),
        ("state", table::state_with(out, application.state, &state)),
        ("next move", table::text(words::owner(it.owner))),
    ];
    if !it.blocks.is_empty() {
        facts.push(("waits for", table::lines(&it.blocks)));
    }
    if !application.challenges.is_empty() {
        facts.push(("asks", table::lines(&challenges(application))));
    }
    if !application.collections.is_empty() {
        facts.push(("collections", table::lines(&collections(application))));
    }
    let step = application.certification.as_ref();
    facts.extend(step.map(|it| ("certification", table::text(certification(it)))));
    if let Some(outcome) = &application.outcome {
        facts.push(("because", table::text(because(outcome))));
    }
    if let Some(deadline) = &it.deadline {
        let of = Some(&deadline.collection).filter(|of| !of.is_empty());
        let of = of.map_or_else(String::new, |of| format!(" of {of}"));
        facts.push((
            "deadline",
            table::text(format!("{}{of} {}", deadline.timer, words::ahead(deadline.time.as_ref()))),
        ));
    }
    if let Some(look) = &application.next_look_time {
        facts.push(("next wake-up", table::text(words::ahead(Some(look)))));
    }
    let calls: Vec<_> = it
        .calls
        .iter()
        .map(|call| format!("{}, due {}", call.call, words::ahead(call.due_time.as_ref())))
        .collect();
    if !calls.is_empty() {
        facts.push(("calls", table::lines(&calls)));
    }
    if let Some(trouble) = &it.trouble {
        facts.push(("attempts", table::text(format!("{} in vain", trouble.tries))));
        facts.push(("last error", table::text(&trouble.last_error)));
    }
    let systems: Vec<_> = it.systems.iter().map(system).collect();
    if !systems.is_empty() {
        facts.push(("provider", table::lines(&systems)));
    }
    facts.push(("may be done", table::lines(&may_be_done(application, &it.commands))));
    let refused = refused(&it.commands);
    if !refused.is_empty() {
        facts.push(("is refused", table::lines(&refused)));
    }
    table::page(out, facts)
}

/// How it stands with a system of the provider, and what waits for it.
fn system(system: &System) -> String {
    let unknown = ProviderStatus::default();
    let it = system.status.as_ref().unwrap_or(&unknown);
    let mut line = format!("{} {}", it.system, words::breaker(it.state));
    if it.since_time.is_some() {
        let parked = if system.parked_calls.is_empty() {
            "nothing".to_owned()
        } else {
            system.parked_calls.join(", ")
        };
        line.push_str(&format!(", down for {}", words::ago(it.since_time.as_ref())));
        line.push_str(&format!(
            ", asked again {}: {parked} is parked",
            words::ahead(it.next_try_time.as_ref())
        ));
    }
    line
}

const fn is_refused(command: &Command) -> bool {
    matches!(command.outlook, Some(Outlook::Refused(_)))
}

/// What may be done, and what would follow.
fn may_be_done(application: &Application, commands: &[Command]) -> Vec<String> {
    let mut lines = Vec::new();
    for command in commands {
        let event = by_hand(command, &application.name);
        match &command.outlook {
            Some(Outlook::LeadsTo(leads)) => {
                let effects = leads.effects.join(", ");
                let effects = if effects.is_empty() { effects } else { format!(": {effects}") };
                lines.push(format!("{event} leads to {}{effects}", words::state(leads.state)));
            }
            Some(Outlook::Depends(depends)) if depends.edges.is_empty() => {
                lines.push(format!("{event} would be kept and move nothing"));
            }
            Some(Outlook::Depends(depends)) => {
                let edges = depends.edges.join(", ");
                lines.push(format!("{event} depends on what it brings: {edges}"));
            }
            Some(Outlook::Refused(_)) | None => {}
        }
    }
    lines
}

/// What would be refused: an event a line, with the collections that refuse it.
fn refused(commands: &[Command]) -> Vec<String> {
    let mut refused: Vec<(&str, Vec<&str>)> = Vec::new();
    for command in commands.iter().filter(|it| is_refused(it)) {
        let of = Some(command.collection.as_str()).filter(|of| !of.is_empty());
        match refused.iter_mut().find(|(event, _)| *event == command.event) {
            Some((_, collections)) => collections.extend(of),
            None => refused.push((&command.event, of.into_iter().collect())),
        }
    }
    let line = |(event, of): (&str, Vec<&str>)| {
        if of.is_empty() { event.to_owned() } else { format!("{event} of {}", of.join(", ")) }
    };
    refused.into_iter().map(line).collect()
}

/// The event of a command and the collection that it is for, with how it is caused by hand.
fn by_hand(command: &Command, application: &str) -> String {
    let Command { event, collection, .. } = command;
    let of = if collection.is_empty() { String::new() } else { format!(" of {collection}") };
    let verb = match event.as_str() {
        "AnswerSubmitted" => "apps answer",
        "ResendRequested" => "apps resend",
        "CancelRequested" => "apps cancel",
        "ResumeRequested" => "ops resume",
        "RetryRequested" => "ops retry",
        "HoldRequested" => "ops hold",
        "ReleaseRequested" => "ops release",
        "RestartRequested" => {
            return format!("{event}{of} (docket ops restart {application} --collection {collection})");
        }
        _other => return format!("{event}{of}"),
    };
    format!("{event}{of} (docket {verb} {application})")
}
