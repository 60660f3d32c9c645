//! `docket config`: a server's settings, where each came from, and what is wrong with them.

use super::failure::{Ended, Exit, Failure};
use super::out::{Form, Out, Show, table};
use super::serve;
use crate::config::{Origin, Settings, SettingsError, Shown, show};
use clap::Subcommand;
use serde_json::{Value, json};
use std::process::ExitCode;

/// What `docket config` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    show: Show,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show every setting with its value and where it came from
    #[command(
        after_help = "It takes the same file, variables and flags as `docket serve`. Secrets are never shown.

Examples:
  docket config show --config docket.toml
  docket config show -o json | jq '.[] | select(.origin != \"default\")'"
    )]
    Show(serve::Options),
    /// Say what is wrong with the settings; exit code 0 if nothing is, 4 otherwise
    #[command(
        after_help = "It takes the same file, variables and flags as `docket serve`, and starts nothing.

Examples:
  docket config check --config docket.toml"
    )]
    Check(serve::Options),
}

impl Options {
    pub(super) const fn form(&self) -> Form {
        self.show.form()
    }
}

pub(super) fn run(options: Options) -> Ended {
    match options.command {
        Command::Show(place) => show_all(options.show.out(), &place),
        Command::Check(place) => check(&place),
    }
}

fn show_all(out: Out, place: &serve::Options) -> Ended {
    let shown = show(place.file(), &place.overrides()).map_err(|error| failure(&[error]))?;
    let rows: Vec<_> = shown.iter().map(|it| (it.path.to_owned(), object(it))).collect();
    out.rows(&rows, || {
        let row = |it: &Shown| {
            let value = it.value.as_deref().unwrap_or("-");
            vec![table::text(it.path), table::text(value), table::text(origin(it, place))]
        };
        table::table(out, &["KEY", "VALUE", "FROM"], shown.iter().map(row))
    })?;
    Ok(ExitCode::SUCCESS)
}

fn object(it: &Shown) -> Value {
    json!({ "key": it.path, "value": it.value, "origin": word(it.origin) })
}

/// Where a value came from, for people.
fn origin(it: &Shown, place: &serve::Options) -> String {
    match it.origin {
        Origin::File => place.file().map_or_else(String::new, |file| file.display().to_string()),
        Origin::Variable => it.variable(),
        Origin::Flag => format!("--{}", it.path),
        Origin::Unset | Origin::Default => word(it.origin).to_owned(),
    }
}

const fn word(origin: Origin) -> &'static str {
    match origin {
        Origin::Unset => "unset",
        Origin::Default => "default",
        Origin::File => "file",
        Origin::Variable => "variable",
        Origin::Flag => "flag",
    }
}

fn check(place: &serve::Options) -> Ended {
    let problems = Settings::problems(place.file(), place.overrides());
    if problems.is_empty() {
        eprintln!("docket: the settings are fine");
        return Ok(ExitCode::SUCCESS);
    }
    Err(failure(&problems))
}

/// What is wrong with the settings, all of it.
pub(super) fn failure(problems: &[SettingsError]) -> Failure {
    let count = problems.len();
    let what =
        if count == 1 { "a setting is wrong".to_owned() } else { format!("{count} settings are wrong") };
    let failure = Failure::new(Exit::Invalid, what).hint("`docket config show` lists every setting");
    problems.iter().fold(failure, |failure, problem| {
        let (key, text) = match problem {
            SettingsError::Read(error) => ("settings", error.to_string()),
            SettingsError::UnknownVariable { name, like } => (name.as_str(), unknown(like.as_deref())),
            SettingsError::UnknownKey { key, like } => (key.as_str(), unknown(like.as_deref())),
            SettingsError::Missing { key, variable } => {
                (key.as_str(), format!("must be given, in the file or as {variable}"))
            }
            SettingsError::Senseless { key, problem } => (key.as_str(), problem.clone()),
        };
        failure.field(key, text)
    })
}

fn unknown(like: Option<&str>) -> String {
    like.map_or_else(|| "is no setting".to_owned(), |like| format!("is no setting; did you mean {like}?"))
}
