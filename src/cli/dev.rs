//! `docket dev`: Docket and a sandbox provider side by side, left running.

use super::house::Pair;
use super::{Place, stop_requested};
use crate::config;
use crate::config::Patience;
use crate::sandbox::Pace;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `docket dev` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// The address of the sandbox provider; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8701")]
    sandbox_listen: SocketAddr,
    /// How fast the sandbox's sessions move: `real`, `quick` or `instant`.
    #[arg(long, default_value = "quick")]
    pace: Pace,
}

/// Runs until it is told to stop.
#[expect(clippy::print_stdout, reason = "it is what the command tells")]
pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let Options { place, sandbox_listen, pace } = options;
    let listen = place.listen.unwrap_or_else(config::listen);
    let data = place.data.unwrap_or_else(|| PathBuf::from("docket-dev"));
    let patience = if pace == Pace::REAL { Patience::default() } else { Patience::quick() };
    let pair = Pair { listen, data, sandbox_listen, pace, seed: 1, patience, furnish: |_settings| {} };
    let (house, sandbox) = pair.open().await?;
    println!("docket   http://{}   gRPC and HTTP, data in {}", house.address(), pair.data.display());
    println!("sandbox  http://{}   test numbers: /_sandbox/scripts", sandbox.address());
    println!("stop with Ctrl-C");
    let ended = house.serve(stop_requested()).await;
    sandbox.stop().await;
    ended
}
