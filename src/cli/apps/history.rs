//! `docket apps history`: an application's journal, once or as it grows.

use super::name::Named;
use super::selection::equals;
use super::watch;
use crate::api::proto::v1::application::State;
use crate::api::proto::v1::{ListTransitionsRequest, Transition, WatchChangesRequest, WatchChangesResponse};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Failure};
use crate::cli::out::{Out, table, words};
use std::process::ExitCode;
use tonic::{Status, Streaming};

/// The size of a page: the most that a server gives.
const PAGE: i32 = 1000;

/// What `docket apps history` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "With --follow it goes on until the application has ended, and sits out the server's
absences; no entry is left out or told twice.

Examples:
  docket apps history acme/order-42
  docket apps history acme/order-42 --follow -o jsonl")]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    /// Go on as entries come, until the application has ended
    #[arg(short, long)]
    follow: bool,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let name = options.named.find(client).await?;
    let mut journal = Journal { client, name, page_token: String::new(), last: 0 };
    if options.follow {
        follow(journal, out).await?;
    } else {
        let transitions = journal.more().await.map_err(|status| client.failure(&status))?;
        out.many(&transitions, |all| draw(out, all))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How far a journal was read.
struct Journal<'a> {
    client: &'a Client,
    name: String,
    /// Where the page begins that was not full.
    page_token: String,
    /// The newest entry that was read.
    last: i64,
}

impl Journal<'_> {
    /// Reads what has come since.
    async fn more(&mut self) -> Result<Vec<Transition>, Status> {
        let mut read = Vec::new();
        loop {
            let request = ListTransitionsRequest {
                parent: self.name.clone(),
                page_size: PAGE,
                page_token: self.page_token.clone(),
            };
            let limit = self.client.patience().unwrap_or(watch::BEGIN);
            let page =
                self.client.within(limit, self.client.applications().list_transitions(request)).await?;
            read.extend(page.transitions.into_iter().filter(|entry| entry.version > self.last));
            self.last = read.last().map_or(self.last, |entry: &Transition| entry.version);
            if page.next_page_token.is_empty() {
                return Ok(read);
            }
            self.page_token = page.next_page_token;
        }
    }
}

/// Tells entries as they come: the stream of changes says when to look.
async fn follow(mut journal: Journal<'_>, out: Out) -> Result<(), Failure> {
    let filter = equals("name", &journal.name);
    let request = WatchChangesRequest { filter, resume_token: String::new() };
    let mut outage = journal.client.outage();
    loop {
        let ended = match watch::open(journal.client, &request).await {
            Ok(mut lines) => {
                outage.is_over();
                match tell(&mut journal, &mut lines, out).await? {
                    Some(status) => status,
                    None => return Ok(()),
                }
            }
            Err(status) => status,
        };
        outage.sit_out(&ended).await?;
    }
}

/// Tells what comes until the application has ended, which is none, or the stream has.
async fn tell(
    journal: &mut Journal<'_>,
    lines: &mut Streaming<WatchChangesResponse>,
    out: Out,
) -> Result<Option<Status>, Failure> {
    loop {
        let application = match watch::next(lines).await {
            Ok(line) => line.application,
            Err(status) => return Ok(Some(status)),
        };
        let Some(application) = application else { continue };
        match journal.more().await {
            Ok(transitions) => {
                transitions.iter().try_for_each(|entry| out.next(entry, |it| Some(line_of(it))))?;
            }
            Err(status) => return Ok(Some(status)),
        }
        if is_over(application.state()) {
            return Ok(None);
        }
    }
}

/// Says whether a state is final.
pub(super) const fn is_over(state: State) -> bool {
    match state {
        State::Approved | State::Rejected | State::Cancelled | State::Expired => true,
        State::Unspecified
        | State::Init
        | State::Collecting
        | State::CaptchaRequired
        | State::DataReady
        | State::AuditPending
        | State::ReviewPending
        | State::Suspended => false,
    }
}

fn draw(out: Out, transitions: &[Transition]) -> String {
    let row = |it: &Transition| {
        vec![
            table::text(it.version.to_string()),
            table::text(words::time(it.time.as_ref())),
            table::text(&it.event),
            table::lines(&moves(it)),
            table::text(calls(it)),
            table::text(detail(it)),
        ]
    };
    table::table(out, &["VERSION", "TIME", "EVENT", "MOVES", "CALLS", "DETAIL"], transitions.iter().map(row))
}

fn line_of(it: &Transition) -> String {
    let (time, moves, calls) = (words::time(it.time.as_ref()), moves(it).join("; "), calls(it));
    let calls = if calls.is_empty() { calls } else { format!("  calls {calls}") };
    let detail = words::plain(&detail(it));
    format!("{:>4}  {time}  {:<22}  {moves}{calls}  {detail}", it.version, it.event).trim_end().to_owned()
}

/// What is said about it, after who did it.
fn detail(it: &Transition) -> String {
    if it.actor.is_empty() { it.detail.clone() } else { format!("{}: {}", it.actor, it.detail) }
}

fn moves(it: &Transition) -> Vec<String> {
    let tell = |moved: &crate::api::proto::v1::transition::Move| {
        let from = if moved.from_state.is_empty() { "-" } else { &moved.from_state };
        format!("{} {from} -> {} ({})", moved.machine, moved.to_state, moved.edge)
    };
    it.moves.iter().map(tell).collect()
}

fn calls(it: &Transition) -> String {
    it.calls.iter().map(|call| call.call.as_str()).collect::<Vec<_>>().join(", ")
}
