//! `docket serve`: Docket, on its own.

use super::failure::{Exit, Failure};
use super::house::House;
use super::{Place, settings, stop_requested};
use crate::config::{Overrides, Settings};
use crate::engine::migration::MigrationError;
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
    /// Those of a server on this folder.
    pub(super) const fn of(data: PathBuf, config: Option<PathBuf>) -> Self {
        Self { place: Place { listen: None, data: Some(data) }, config }
    }

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

/// Reads the settings, or tells all that is wrong with them, as `docket config check` does.
pub(super) fn settings(options: &Options) -> Result<Settings, Failure> {
    let problems = Settings::problems(options.file(), options.overrides());
    if !problems.is_empty() {
        return Err(settings::failure(&problems));
    }
    Settings::read(options.file(), options.overrides()).map_err(|error| settings::failure(&[error]))
}

/// Runs until it is told to stop, or until nothing more can be acknowledged.
pub(super) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let house = match House::open(settings).await {
        Ok(house) => house,
        Err(error) if matches!(error.downcast_ref(), Some(MigrationError::Impossible(_))) => {
            return Ok(super::told_as(Exit::Impossible, &error));
        }
        Err(error) => return Err(error),
    };
    house.serve(stop_requested()).await
}
