//! `docket apps challenge`: a question with all that the applicant must be shown with it.

use super::challenges::open;
use super::name::{Named, Target};
use crate::api::proto::v1::{Agreement, Bank, BankList, Challenge, GetChallengeRequest, LoginType};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, table, words};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `docket apps challenge` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "A challenge itself may be named too: applications/{id}/challenges/{number}.

Examples:
  docket apps challenge acme/order-42
  docket apps challenge acme/order-42 --image captcha.png
  docket apps challenge acme/order-42 -o json | jq '.banks'")]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    /// Write the picture to this file
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let target = options.named.find_target(client).await?;
    let challenge = fetch(client, the_one(client, target).await?).await?;
    if let Some(file) = options.image {
        write(&challenge, &file)?;
    }
    out.one(&challenge, |challenge| table::page(out, facts(challenge)))?;
    Ok(ExitCode::SUCCESS)
}

/// Fetches a challenge with what must be shown with it.
pub(super) async fn fetch(client: &Client, name: String) -> Result<Challenge, Failure> {
    client.answer(client.applications().get_challenge(GetChallengeRequest { name })).await
}

/// The challenge that was named, or the only one that is open.
async fn the_one(client: &Client, target: Target) -> Result<String, Failure> {
    if let Some(challenge) = target.challenge {
        return Ok(challenge);
    }
    let open = open(client, &target).await?;
    if let [only] = &open[..] {
        return Ok(only.name.clone());
    }
    let named = |it: &Challenge| format!("{} ({})", it.name, words::challenge(it.kind()));
    let names: Vec<_> = open.iter().map(named).collect();
    let what = format!("{} asks for more than one thing", target.application);
    Err(Failure::new(Exit::Usage, what).hint(format!("name one of {}", names.join(", "))))
}

/// Writes the picture of a challenge to a file.
pub(super) fn write(challenge: &Challenge, file: &Path) -> Result<(), Failure> {
    if challenge.image.is_empty() {
        let what =
            format!("{} asks for {} and has no picture", challenge.name, words::challenge(challenge.kind()));
        return Err(Failure::new(Exit::Conflict, what));
    }
    let written = std::fs::write(file, &challenge.image);
    written.map_err(|error| Failure::new(Exit::Other, format!("failed to write {}: {error}", file.display())))
}

fn facts(it: &Challenge) -> Vec<(&'static str, comfy_table::Cell)> {
    let mut facts = vec![
        ("name", table::text(&it.name)),
        ("asks for", table::text(words::challenge(it.kind()))),
        ("asked", table::text(words::time(it.ask_time.as_ref()))),
        ("ends", table::text(words::ahead(it.deadline.as_ref()))),
        ("answers left", table::text(it.answers_left.to_string())),
    ];
    if !it.message.is_empty() {
        facts.push(("message", table::text(&it.message)));
    }
    if !it.image.is_empty() {
        let picture = format!("{}, {} bytes (--image FILE writes it)", it.image_type, it.image.len());
        facts.push(("picture", table::text(picture)));
    }
    if let Some(agreement) = &it.agreement {
        facts.push(("agreement", table::text(agreed(agreement))));
    }
    if let Some(banks) = &it.banks {
        facts.push(("banks", table::lines(&lines(banks))));
    }
    facts
}

/// An agreement in words: its title and name, and where it can be read.
pub(super) fn agreed(agreement: &Agreement) -> String {
    let Agreement { name, title, url } = agreement;
    let place = if url.is_empty() { String::new() } else { format!(", to be read at {url}") };
    format!("{title} ({name}){place}")
}

/// A line a bank, and one a way to log in.
fn lines(banks: &BankList) -> Vec<String> {
    let mut lines = Vec::new();
    for bank in &banks.banks {
        lines.push(named(bank));
        lines.extend(bank.logins.iter().map(|login| format!("  {}", way(login))));
    }
    lines
}

/// A bank in words, and why it cannot be chosen if it cannot.
pub(super) fn named(bank: &Bank) -> String {
    format!("{} ({}){}", bank.name, bank.code, unless(&bank.disabled))
}

/// A way to log in, in words, and why it cannot be chosen if it cannot.
pub(super) fn way(login: &LoginType) -> String {
    let inputs: Vec<_> = login.inputs.iter().map(|input| input.name.as_str()).collect();
    let (title, id) = (&login.title, &login.entry_id);
    format!("{id} {title}: {}{}", inputs.join(", "), unless(&login.disabled))
}

fn unless(disabled: &str) -> String {
    if disabled.is_empty() { String::new() } else { format!(", cannot be chosen: {disabled}") }
}
