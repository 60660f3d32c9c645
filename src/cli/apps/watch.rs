//! `docket apps watch`: every change, across the server's absences, without a gap or a repeat.

mod beginning;
mod token;

use super::selection::Selection;
use crate::api::proto::v1::watch_changes_response::Kind;
use crate::api::proto::v1::{WatchChangesRequest, WatchChangesResponse};
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Failure};
use crate::cli::out::{Out, table, words};
use beginning::Beginning;
use std::path::PathBuf;
use std::time::Duration;
use token::TokenFile;
use tonic::{Status, Streaming};

/// How long a server may take to begin.
pub(super) const BEGIN: Duration = Duration::from_secs(30);

/// What `docket apps watch` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It ends only when it is stopped. While the server is away it keeps trying, and goes on
where it was; a server that was never there is an error. With a token file the next run
goes on where this one ended; a run that is killed between a line and its token tells that
line once more.

PRESENT  matched at the beginning       ENTERED  matches since
CHANGED  matched before, and still does LEFT     matches no more
PROVIDER a system of the provider is down, asked whether it is back, or back

With -o json or jsonl, COMPLETE tells that the beginning is over, and PROGRESS that nothing
has happened for a while.

Examples:
  docket apps watch --state captcha_required
  docket apps watch --partner acme --token-file acme.token -o jsonl"
)]
pub(super) struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Where to keep the place in the stream between two runs with the same selection
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let file = options.token_file.map(TokenFile::new);
    let token = file.as_ref().map_or_else(|| Ok(String::new()), TokenFile::read)?;
    let request = WatchChangesRequest { filter: options.selection.filter(), resume_token: token };
    let mut watch = Watch { client, out, request, beginning: Beginning::default(), file };
    let mut outage = client.outage();
    loop {
        let ended = match open(client, &watch.request).await {
            Ok(mut lines) => {
                outage.is_over();
                watch.beginning.again();
                loop {
                    match next(&mut lines).await {
                        Ok(line) => watch.tell(line).await?,
                        Err(status) => break status,
                    }
                }
            }
            Err(status) => status,
        };
        outage.sit_out(&ended).await?;
    }
}

/// Begins a stream.
pub(super) async fn open(
    client: &Client,
    request: &WatchChangesRequest,
) -> Result<Streaming<WatchChangesResponse>, Status> {
    client.within(BEGIN, client.applications().watch_changes(request.clone())).await
}

/// The next line; a stream has no end but an error.
pub(super) async fn next(
    lines: &mut Streaming<WatchChangesResponse>,
) -> Result<WatchChangesResponse, Status> {
    lines.message().await?.ok_or_else(|| Status::unavailable("the stream ended"))
}

struct Watch<'a> {
    client: &'a Client,
    out: Out,
    request: WatchChangesRequest,
    beginning: Beginning,
    file: Option<TokenFile>,
}

impl Watch<'_> {
    /// Tells a line, then keeps its place.
    async fn tell(&mut self, line: WatchChangesResponse) -> Result<(), Failure> {
        if line.kind() == Kind::Complete {
            for gone in self.beginning.complete(self.client).await? {
                self.print(&gone)?;
            }
        }
        if self.beginning.is_news(&line) {
            self.print(&line)?;
        }
        if !line.resume_token.is_empty() {
            if let Some(file) = &self.file {
                file.write(&line.resume_token)?;
            }
            self.request.resume_token = line.resume_token;
        }
        Ok(())
    }

    fn print(&self, line: &WatchChangesResponse) -> Result<(), Failure> {
        self.out.next(line, |line| row(self.out, line))
    }
}

fn row(out: Out, line: &WatchChangesResponse) -> Option<String> {
    if let Some(status) = &line.provider {
        let (time, system) = (words::time(line.time.as_ref()), &status.system);
        let breaker = words::breaker(status.state);
        let since = status.since_time.as_ref();
        let since =
            since.map_or_else(String::new, |since| format!("  down since {}", words::time(Some(since))));
        return Some(format!("{time}  PROVIDER {system}  {breaker}{since}"));
    }
    let it = line.application.as_ref()?;
    let kind = line.kind().as_str_name().trim_start_matches("KIND_");
    let (time, state) = (words::time(line.time.as_ref()), table::painted(out, it.state));
    let (owner, asks) = (words::owner(it.owner), it.challenges.first().map(|it| words::challenge(it.kind())));
    let order = words::plain(&format!("{}/{}", it.partner, it.order_number));
    let asks = asks.map_or_else(String::new, |kind| format!("  asks for {kind}"));
    Some(format!("{time}  {kind:<7}  {state}  {owner:<9}  {}  {order}{asks}", it.name))
}
