//! `docket store check`.

use super::failure;
use super::telling::teller;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, table};
use crate::store::disk::{self, CheckOrder, Finding, Findings, KeyState, Keys, Level};
use crate::store::upkeep::Tell;
use crate::vault::{KeyFile, KeyFound};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tempfile::TempDir;

/// What `docket store check` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with exit code 10 if something is damaged, and 11 if something is lost.

Examples:
  docket store check --data /var/lib/docket
  docket store check --data /var/lib/docket --scratch /var/tmp -o json")]
pub(super) struct Options {
    /// The data folder; no server may use it
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    #[command(flatten)]
    scratch: Scratch,
}

/// Where the view is copied to, so that looking at it changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Scratch {
    /// Where there is room for a copy of the view, which is removed again [default: the system's
    /// temporary folder]
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
}

impl Scratch {
    /// Makes a folder that goes when it is dropped.
    pub(super) fn folder(&self) -> Result<TempDir, Failure> {
        let place = self.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let made = tempfile::Builder::new().prefix("docket-check-").tempdir_in(&place);
        made.map_err(|error| {
            let what = format!("no folder can be made in {}: {error}", place.display());
            Failure::new(Exit::Other, what).hint("name another place with --scratch")
        })
    }
}

pub(super) async fn run(out: Out, options: Options) -> Ended {
    let Options { data, scratch } = options;
    let work = move || {
        let folder = scratch.folder()?;
        check(&data, Some(folder.path()), true, &teller())
    };
    let done = tokio::task::spawn_blocking(work).await;
    let findings = done.map_err(|panic| Failure::new(Exit::Other, panic.to_string()))??;
    out.object("check", &written(&findings), &page(out, &findings))?;
    Ok(exit(&findings))
}

/// Checks a folder, and its keys if they are to be there.
pub(super) fn check(
    data: &Path,
    scratch: Option<&Path>,
    with_keys: bool,
    tell: &Tell,
) -> Result<Findings, Failure> {
    let file = KeyFile::open(&data.join("keys"));
    let file = file.map_err(|error| Failure::new(Exit::Other, crate::engine::chain(&error)))?;
    let look = |slot, application| match file.as_ref().map(|file| file.look(slot, application)) {
        Some(KeyFound::Key) => KeyState::IsThere,
        Some(KeyFound::Erased) => KeyState::Erased,
        Some(KeyFound::Nothing) | None => KeyState::Lost,
    };
    let keys = match (with_keys, &file) {
        (false, _) => Keys::Unchecked,
        (true, Some(_)) => Keys::Look(&look),
        (true, None) => Keys::Missing,
    };
    let order = CheckOrder { data: data.to_owned(), scratch: scratch.map(Path::to_owned), keys };
    disk::check(&order, tell).map_err(|error| failure(&error))
}

/// The exit code that says how bad it is.
pub(super) fn exit(findings: &Findings) -> ExitCode {
    match findings.level() {
        Level::Note => ExitCode::SUCCESS,
        Level::Damaged => Exit::Damaged.into(),
        Level::Lost => Exit::Lost.into(),
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Note => "note",
        Level::Damaged => "damaged",
        Level::Lost => "lost",
    }
}

/// What was found, as JSON.
pub(super) fn written(findings: &Findings) -> Value {
    let counted = &findings.counted;
    let finding = |it: &Finding| {
        json!({
            "problem": it.problem.name(),
            "level": level(it.problem.level()),
            "count": it.count,
            "named": it.named,
            "advice": it.problem.advice(),
        })
    };
    json!({
        "level": level(findings.level()),
        "commit": counted.commit,
        "applications": counted.counts.applications,
        "live_applications": counted.counts.live,
        "moves": counted.counts.moves,
        "rows": counted.rows,
        "blobs": counted.blobs,
        "archives": counted.archives,
        "held": counted.is_held,
        "findings": findings.list().into_iter().map(finding).collect::<Vec<_>>(),
    })
}

/// What was found, for people.
pub(super) fn page(out: Out, findings: &Findings) -> String {
    let counted = &findings.counted;
    let held = if counted.is_held { "yes" } else { "no" };
    let counts = counted.counts;
    let mut page = table::page(
        out,
        vec![
            ("commit", table::text(counted.commit.to_string())),
            ("applications", table::text(format!("{} ({} live)", counts.applications, counts.live))),
            ("moves", table::text(counts.moves.to_string())),
            ("rows", table::text(counted.rows.to_string())),
            ("blobs", table::text(counted.blobs.to_string())),
            ("archive files", table::text(counted.archives.to_string())),
            ("held", table::text(held)),
        ],
    );
    for it in findings.list() {
        let (name, how) = (it.problem.name(), level(it.problem.level()));
        page += &format!("\n\n{how}: {name}, {}", it.count);
        for named in &it.named {
            page += &format!("\n  {named}");
        }
        if it.count > it.named.len() as u64 && !it.named.is_empty() {
            page += "\n  …";
        }
        page += &format!("\n  what to do: {}", it.problem.advice());
    }
    page += match findings.level() {
        Level::Note => "\n\nnothing is damaged and nothing is lost",
        Level::Damaged => "\n\nit is damaged; what was acknowledged is there",
        Level::Lost => "\n\nsomething that was acknowledged is lost",
    };
    page
}
