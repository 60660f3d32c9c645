//! `docket demo`: applications from push to decision, in front of your eyes.

mod applicant;
mod cast;
mod intake;
mod reviewer;
mod tell;

use super::house::Pair;
use super::{Output, stop_requested};
use crate::api::proto::v1::application_service_client::ApplicationServiceClient;
use crate::api::proto::v1::{Application, WatchChangesRequest, watch_changes_response::Kind};
use crate::config::{Patience, Settings};
use crate::sandbox::Pace;
use anyhow::{Context, bail};
use applicant::Applicants;
use cast::{Part, dozen, everybody};
use reviewer::Reviewers;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;
use tell::{Teller, short};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::transport::Channel;

/// What `docket demo` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// How results are printed.
    #[arg(short, long, value_enum, default_value = "text", env = "DOCKET_OUTPUT")]
    output: Output,
    /// Everything left to chance in the sandbox follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// An applicant for every test number of the sandbox, and one of whom everything is collected
    #[arg(long)]
    all: bool,
    /// An application by each way in: both pushes, the signed push, the mobile app, a person who decides
    #[arg(long, conflicts_with = "all")]
    intake: bool,
}

/// Who plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plot {
    /// A dozen scripts of the sandbox.
    Dozen,
    /// All of them.
    Everybody,
    /// Every way in.
    Intake,
}

impl Plot {
    fn parts(self) -> Vec<Part> {
        match self {
            Self::Dozen => dozen(),
            Self::Everybody => everybody(),
            Self::Intake => intake::parts(),
        }
    }

    const fn who(self) -> &'static str {
        match self {
            Self::Dozen | Self::Everybody => "applicants, each with a script of their own",
            Self::Intake => "applications, each by a way in of its own",
        }
    }

    /// After which time the demo has failed: of everybody some sessions must run out of time, several
    /// after one another.
    const fn limit(self) -> Duration {
        match self {
            Self::Dozen | Self::Intake => Duration::from_secs(120),
            Self::Everybody => Duration::from_secs(300),
        }
    }

    /// How patient Docket is meanwhile.
    fn patience(self) -> Patience {
        match self {
            Self::Dozen | Self::Intake => Patience::quick(),
            Self::Everybody => Patience::short(),
        }
    }

    const fn furnish(self) -> fn(&mut Settings) {
        match self {
            Self::Dozen | Self::Everybody => |_settings| {},
            Self::Intake => intake::furnish,
        }
    }
}

/// Any free port of this machine.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Runs the demo.
pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let plot = match (options.all, options.intake) {
        (false, false) => Plot::Dozen,
        (true, _) => Plot::Everybody,
        (false, true) => Plot::Intake,
    };
    let folder = tempfile::tempdir().context("make a fresh folder")?;
    let data = folder.path().join("data");
    let pair = Pair {
        listen: ANYWHERE,
        data,
        sandbox_listen: ANYWHERE,
        pace: Pace::QUICK,
        seed: options.seed,
        patience: plot.patience(),
        furnish: plot.furnish(),
    };
    let (house, sandbox) = pair.open().await?;
    let (docket, provider) = (house.address(), sandbox.address());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(house.serve(async {
        let _gone = stopped.await;
    }));
    let teller = Teller::new(options.output);
    let ended = tokio::select! {
        ended = play(docket, provider, teller, plot) => ended,
        () = stop_requested() => Err(anyhow::anyhow!("end the demo: it was stopped")),
    };
    let _gone = stop.send(());
    serving.await.context("serve")??;
    sandbox.stop().await;
    Ok(if ended? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Pushes, watches, answers and decides until every application has ended; says whether all ended as
/// they should.
async fn play(docket: SocketAddr, provider: SocketAddr, teller: Teller, plot: Plot) -> anyhow::Result<bool> {
    let parts = plot.parts();
    teller.open(docket, provider, &format!("{} {}", parts.len(), plot.who()));
    let channel = Channel::from_shared(format!("http://{docket}")).context("find Docket")?;
    let channel = channel.connect().await.context("reach Docket")?;
    let mut client = ApplicationServiceClient::new(channel.clone());
    let mut changes =
        client.watch_changes(WatchChangesRequest::default()).await.context("watch")?.into_inner();
    let applicants = Applicants::new(docket, provider, client)?;
    let mut reviewers = Reviewers::new(channel.clone(), teller);
    // Whoever does something by themselves; what goes wrong there ends the demo.
    let mut busy = JoinSet::new();
    match plot {
        Plot::Dozen | Plot::Everybody => drop(busy.spawn(applicants.clone().push_all(parts.clone()))),
        Plot::Intake => intake::begin(&mut busy, &applicants, &channel, teller),
    }
    let mut last: BTreeMap<String, Application> = BTreeMap::new();
    let mut told_states: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let until = Instant::now() + plot.limit();
    while !is_over(&parts, &last) {
        let told = tokio::select! {
            told = tokio::time::timeout_at(until, changes.message()) => told,
            Some(done) = busy.join_next() => {
                done.context("play")??;
                continue;
            }
        };
        let Ok(told) = told else { break };
        let told = told.context("watch")?.context("watch: the stream ended")?;
        if matches!(told.kind(), Kind::Entered | Kind::Changed)
            && let Some(application) = told.application
        {
            let Some(part) = parts.iter().find(|part| part.is_of(&application)) else {
                bail!("watch: {} is nobody's", application.order_number);
            };
            teller.change(part, &application);
            applicants.see(part, &application);
            reviewers.see(part, &application, &mut busy);
            let states = told_states.entry(application.order_number.clone()).or_default();
            let state = short(application.state().as_str_name()).to_owned();
            if states.last() != Some(&state) {
                states.push(state);
            }
            last.insert(application.order_number.clone(), application);
        }
    }
    while let Ok(Some(done)) = tokio::time::timeout_at(until, busy.join_next()).await {
        done.context("play")??;
    }
    let is_told = applicants.partner_is_told(&told_states, until).await?;
    let ledger = applicants.ledger().await?;
    Ok(teller.summary(&parts, &last, &ledger, &is_told))
}

fn is_over(parts: &[Part], last: &BTreeMap<String, Application>) -> bool {
    parts.iter().all(|part| part.find(last).is_some_and(|it| part.has_ended(it)))
}
