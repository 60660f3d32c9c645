//! `docket serve`: Docket, on its own.

use super::house::House;
use super::{Place, stop_requested};
use crate::config::Settings;
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `docket serve` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// The file with the settings; every one can also be given as a `DOCKET_…` variable.
    #[arg(long, value_name = "FILE", env = "DOCKET_CONFIG")]
    config: Option<PathBuf>,
}

/// Runs until it is told to stop, or until nothing more can be acknowledged.
pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let Options { place, config } = options;
    let mut overrides = Vec::new();
    overrides.extend(place.listen.map(|listen| ("listen", listen.to_string())));
    overrides.extend(place.data.map(|data| ("data", data.display().to_string())));
    let settings = Settings::read(config.as_deref(), overrides).context("start")?;
    let house = House::open(&settings).await?;
    house.serve(stop_requested()).await
}
