//! `docket apps get`, and the page of one application.

use super::name::Named;
use crate::api::proto::v1::application::Outcome;
use crate::api::proto::v1::{Application, Certification, EvidenceKind, GetApplicationRequest};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Failure};
use crate::cli::out::{Out, table, words};
use comfy_table::Cell;
use std::process::ExitCode;

/// What `docket apps get` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket apps get applications/0199c0de-0000-7000-8000-000000000001
  docket apps get acme/order-42 -o json")]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let application = fetch(client, options.named.find(client).await?).await?;
    show(out, &application)?;
    Ok(ExitCode::SUCCESS)
}

/// Fetches one application.
pub(super) async fn fetch(client: &Client, name: String) -> Result<Application, Failure> {
    client.answer(client.applications().get_application(GetApplicationRequest { name })).await
}

/// Prints one application.
pub(in crate::cli) fn show(out: Out, application: &Application) -> Result<(), Failure> {
    out.one(application, |application| table::page(out, facts(out, application)))
}

fn facts(out: Out, it: &Application) -> Vec<(&'static str, Cell)> {
    let since = format!("{}  since {}", words::state(it.state), words::time(it.state_time.as_ref()));
    let product = format!("{}, version {}", it.product, it.product_version);
    let mut facts = vec![
        ("name", table::text(&it.name)),
        ("order", table::text(format!("{}/{}", it.partner, it.order_number))),
        ("product", table::text(product)),
        ("state", table::state_with(out, it.state, &since)),
        ("next move", table::text(words::owner(it.owner))),
        ("created", table::text(words::time(it.create_time.as_ref()))),
        ("version", table::text(it.version.to_string())),
    ];
    if let Some(hold) = &it.hold {
        let since = words::time(hold.hold_time.as_ref());
        facts.push(("held", table::text(format!("by {} since {since}: {}", hold.actor, hold.reason))));
    }
    if let Some(look) = &it.next_look_time {
        facts.push(("next look", table::text(words::ahead(Some(look)))));
    }
    if !it.missing_evidence.is_empty() {
        let missing: Vec<_> = it.missing_evidence().map(evidence).collect();
        facts.push(("missing", table::text(missing.join(", "))));
    }
    if !it.challenges.is_empty() {
        facts.push(("asks", table::lines(&challenges(it))));
    }
    if !it.collections.is_empty() {
        facts.push(("collections", table::lines(&collections(it))));
    }
    facts.extend(it.certification.as_ref().map(|it| ("certification", table::text(certification(it)))));
    if let Some(outcome) = &it.outcome {
        facts.push(("because", table::text(because(outcome))));
    }
    facts
}

/// The open challenges, a line each.
pub(super) fn challenges(it: &Application) -> Vec<String> {
    let line = |challenge: &crate::api::proto::v1::Challenge| {
        let number = challenge.name.rsplit('/').next().unwrap_or_default();
        let (kind, end) = (words::challenge(challenge.kind()), words::ahead(challenge.deadline.as_ref()));
        let said =
            if challenge.message.is_empty() { String::new() } else { format!(": {}", challenge.message) };
        format!("{number} {kind}, ends {end}, {} answers left{said}", challenge.answers_left)
    };
    it.challenges.iter().map(line).collect()
}

/// The collections, a line each.
pub(super) fn collections(it: &Application) -> Vec<String> {
    let line = |collection: &crate::api::proto::v1::Collection| {
        let (kind, standing) = (words::collection(collection.kind()), words::standing(collection.standing()));
        let parked = collection.parked.as_ref().map_or_else(String::new, |cause| {
            format!(": {} {}", cause.reason, cause.detail).trim_end().to_owned()
        });
        let (state, attempt) = (&collection.state, collection.attempt);
        let optional = if collection.required { "" } else { " (optional)" };
        format!(
            "{kind}{optional} {standing}, in {state} for {}, session {attempt}{parked}",
            words::ago(collection.state_time.as_ref())
        )
    };
    it.collections.iter().map(line).collect()
}

/// Where the certification stands.
pub(super) fn certification(it: &Certification) -> String {
    format!("{}: {}", it.state, it.about)
}

fn evidence(kind: EvidenceKind) -> String {
    kind.as_str_name().trim_start_matches("EVIDENCE_KIND_").to_lowercase()
}

/// Why it ended, or is suspended.
pub(super) fn because(outcome: &Outcome) -> String {
    let (why, detail) = match outcome {
        Outcome::Rejection(rejection) => (rejection.reason().as_str_name(), rejection.detail.as_str()),
        Outcome::Suspension(cause) => (cause.reason.as_str(), cause.detail.as_str()),
        Outcome::Cancellation(cancellation) => ("", cancellation.reason.as_str()),
        Outcome::Expiry(expiry) => (expiry.want().as_str_name(), ""),
    };
    format!("{why} {detail}").trim().to_owned()
}
