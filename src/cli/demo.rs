//! `docket demo`: a dozen applications from push to decision, in front of your eyes.

mod applicant;
mod cast;
mod tell;

use super::house::Pair;
use super::{Output, stop_requested};
use crate::api::proto::v1::application_service_client::ApplicationServiceClient;
use crate::api::proto::v1::{Application, WatchChangesRequest, watch_changes_response::Kind};
use crate::config::Patience;
use crate::sandbox::Pace;
use anyhow::Context;
use applicant::Applicants;
use cast::{Part, dozen, everybody};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;
use tell::{Teller, short};
use tokio::sync::oneshot;
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
}

/// After this time the demo has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// The same, when everybody plays: some sessions must run out of time, several after one another.
const PATIENCE_FOR_ALL: Duration = Duration::from_secs(300);

/// Any free port of this machine.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Runs the demo.
pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir().context("make a fresh folder")?;
    let data = folder.path().join("data");
    let pair = Pair {
        listen: ANYWHERE,
        data,
        sandbox_listen: ANYWHERE,
        pace: Pace::QUICK,
        seed: options.seed,
        patience: if options.all { Patience::short() } else { Patience::quick() },
    };
    let (house, sandbox) = pair.open().await?;
    let (docket, provider) = (house.address(), sandbox.address());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(house.serve(async {
        let _gone = stopped.await;
    }));
    let teller = Teller::new(options.output);
    let parts = if options.all { everybody() } else { dozen() };
    let patience = if options.all { PATIENCE_FOR_ALL } else { PATIENCE };
    teller.open(docket, provider, parts.len());
    let ended = tokio::select! {
        ended = play(docket, provider, &teller, parts, patience) => ended,
        () = stop_requested() => Err(anyhow::anyhow!("end the demo: it was stopped")),
    };
    let _gone = stop.send(());
    serving.await.context("serve")??;
    sandbox.stop().await;
    Ok(if ended? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Pushes, watches and answers until every application has ended; says whether all ended as
/// their scripts say.
async fn play(
    docket: SocketAddr,
    provider: SocketAddr,
    teller: &Teller,
    parts: Vec<Part>,
    patience: Duration,
) -> anyhow::Result<bool> {
    let channel = Channel::from_shared(format!("http://{docket}")).context("find Docket")?;
    let mut client = ApplicationServiceClient::new(channel.connect().await.context("reach Docket")?);
    let mut changes =
        client.watch_changes(WatchChangesRequest::default()).await.context("watch")?.into_inner();
    let applicants = Applicants::new(docket, provider, client, &parts)?;
    let pushing = tokio::spawn(applicants.clone().push_all(parts.clone()));
    let mut last: BTreeMap<String, Application> = BTreeMap::new();
    let mut told_states: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let until = Instant::now() + patience;
    while !is_over(&parts, &last) {
        let told = tokio::time::timeout_at(until, changes.message()).await;
        let Ok(told) = told else { break };
        let told = told.context("watch")?.context("watch: the stream ended")?;
        if matches!(told.kind(), Kind::Entered | Kind::Changed)
            && let Some(application) = told.application
        {
            teller.change(&parts, &application);
            applicants.see(&application);
            let states = told_states.entry(application.order_number.clone()).or_default();
            let state = short(application.state().as_str_name()).to_owned();
            if states.last() != Some(&state) {
                states.push(state);
            }
            last.insert(application.order_number.clone(), application);
        }
    }
    pushing.await.context("push")??;
    let is_told = applicants.partner_is_told(&told_states, until).await?;
    let ledger = applicants.ledger().await?;
    Ok(teller.summary(&parts, &last, &ledger, &is_told))
}

fn is_over(parts: &[Part], last: &BTreeMap<String, Application>) -> bool {
    parts.iter().all(|part| last.get(&part.order).is_some_and(|it| part.has_ended(it)))
}
