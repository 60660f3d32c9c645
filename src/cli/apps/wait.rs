//! `docket apps wait`.

use super::get::show;
use super::history::is_over;
use super::name::Named;
use super::selection::named;
use crate::api::proto::v1::application::State;
use crate::api::proto::v1::{Application, WaitApplicationRequest};
use crate::cli::client::{Client, Outage};
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, words};
use crate::machine::graph::application::State as Drawn;
use clap::builder::PossibleValuesParser;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::Instant;

/// How long one question to the server waits: a server that is gone is noticed after it.
const ROUND: Duration = Duration::from_secs(60);

/// How much longer the answer may take.
const GRACE: Duration = Duration::from_secs(10);

const ENDED: &str = "ended";

/// What `docket apps wait` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It ends with exit code 0 once the application is in one of the states; for `ended`, once it
is approved. If it comes to rest elsewhere (rejected, expired, cancelled, suspended) the
exit code is 8, if --timeout runs out it is 1. The server's absences are sat out.

Examples:
  docket apps wait acme/order-42 --timeout 10m && echo approved
  docket apps wait acme/order-42 --for captcha_required,suspended"
)]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    /// The states to wait for, or `ended`; may be given more than once
    #[arg(
        long = "for",
        value_name = "STATE",
        value_delimiter = ',',
        default_value = ENDED,
        ignore_case = true,
        value_parser = PossibleValuesParser::new(Drawn::ALL.iter().map(|state| state.name()).chain([ENDED])),
    )]
    wanted: Vec<String>,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let mut outage = client.outage();
    let name = options.named.find(client).await?;
    let wanted: Vec<_> = options.wanted.iter().filter_map(|name| named(name)).map(wire).collect();
    let until = client.patience().map(|patience| Instant::now() + patience);
    let application = rest(client, &mut outage, &name, &wanted, until).await?;
    show(out, &application)?;
    let state = application.state();
    let is_right =
        wanted.contains(&state) || (wanted.len() < options.wanted.len() && state == State::Approved);
    if is_right {
        return Ok(ExitCode::SUCCESS);
    }
    let told = words::state(application.state);
    if is_over(state) || state == State::Suspended {
        let what = if state == State::Suspended {
            "the application is suspended and waits for an operator".to_owned()
        } else {
            format!("the application ended in {told}")
        };
        let hint = format!("`docket apps explain {name}` tells why");
        return Err(Failure::new(Exit::EndedOtherwise, what).hint(hint));
    }
    let what = format!("the time is over, and the application is in {told}");
    Err(Failure::new(Exit::Other, what).hint(format!("`docket apps explain {name}` tells what it waits for")))
}

/// Waits until an application is as wanted, cannot become so by itself, or the time is over.
async fn rest(
    client: &Client,
    outage: &mut Outage,
    name: &str,
    wanted: &[State],
    until: Option<Instant>,
) -> Result<Application, Failure> {
    let at_rest = [State::Approved, State::Rejected, State::Cancelled, State::Expired, State::Suspended];
    let states: Vec<i32> = wanted.iter().chain(&at_rest).map(|state| i32::from(*state)).collect();
    // The first question does not wait: it tells whether there is a server, and what is waited from.
    let mut round = Duration::ZERO;
    loop {
        let left = until.map_or(round, |until| until.saturating_duration_since(Instant::now()).min(round));
        let timeout = prost_types::Duration::try_from(left).ok();
        let request = WaitApplicationRequest { name: name.to_owned(), states: states.clone(), timeout };
        match client.within(left + GRACE, client.applications().wait_application(request)).await {
            Ok(waited) => {
                outage.is_over();
                let Some(application) = waited.application else { continue };
                let is_late = until.is_some_and(|until| Instant::now() >= until);
                if waited.reached || is_late {
                    return Ok(application);
                }
                if round.is_zero() {
                    eprintln!("docket: {name} is in {}", words::state(application.state));
                }
                round = ROUND;
            }
            Err(status) => outage.sit_out(&status).await?,
        }
    }
}

fn wire(state: Drawn) -> State {
    State::try_from(i32::from(state.number())).unwrap_or_default()
}
