//! `docket serve`: Docket, on its own.

use super::house::House;
use super::{Place, stop_requested};
use crate::config::{Overrides, Settings};
use anyhow::Context;
use std::path::{Path, PathBuf};
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

impl Options {
    /// The file with the settings.
    pub(super) fn file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The settings that are given on the command line; what a flag has from its variable is the
    /// variable's.
    pub(super) fn overrides(&self) -> Overrides {
        let given = [
            ("listen", "DOCKET_LISTEN", self.place.listen.map(|listen| listen.to_string())),
            ("data", "DOCKET_DATA", self.place.data.as_ref().map(|data| data.display().to_string())),
        ];
        let flag = |(key, variable, value): (&'static str, &str, Option<String>)| {
            let value = value.filter(|value| std::env::var(variable).ok().as_ref() != Some(value))?;
            Some((key, value))
        };
        given.into_iter().filter_map(flag).collect()
    }
}

/// Runs until it is told to stop, or until nothing more can be acknowledged.
pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(options.file(), options.overrides()).context("start")?;
    let house = House::open(&settings).await?;
    house.serve(stop_requested()).await
}
