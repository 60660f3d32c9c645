//! `docket ops`: what operators do about applications that do not go on by themselves, and about
//! partners that could not be told.

mod deliveries;
mod provider;
mod resend;
mod restart;
mod steer;
mod stuck;

use super::client::{Client, Reach};
use super::failure::Ended;
use super::out::{Form, Show};
use clap::Subcommand;
use steer::Act;

/// What `docket ops` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    show: Show,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what is stuck, in groups of the same failure
    Stuck(stuck::Options),
    /// Let suspended applications go on where they stood
    Resume(steer::Options),
    /// Make the calls that wait now, with their whole budget
    Retry(steer::Options),
    /// Begin a collection anew: the applicant is asked again, with all attempts
    Restart(restart::RestartOptions),
    /// Let nothing be done about applications until they are released
    Hold(steer::Options),
    /// Let held applications go on
    Release(steer::Options),
    /// Show how it stands with the systems of the provider, and what waits there
    Provider(provider::Options),
    /// List what partners were told, are to be told, and could not be told
    Deliveries(deliveries::Options),
    /// Tell partners once more
    Resend(resend::Options),
}

impl Options {
    pub(super) const fn form(&self) -> Form {
        self.show.form()
    }
}

/// Runs one of the commands.
pub(super) async fn run(options: Options) -> Ended {
    let (client, out) = (Client::new(&options.reach)?, options.show.out());
    match options.command {
        Command::Stuck(options) => stuck::run(&client, out, options).await,
        Command::Resume(options) => steer::run(&client, out, Act::Resume, options).await,
        Command::Retry(options) => steer::run(&client, out, Act::Retry, options).await,
        Command::Restart(options) => restart::run(&client, out, options).await,
        Command::Hold(options) => steer::run(&client, out, Act::Hold, options).await,
        Command::Deliveries(options) => deliveries::run(&client, out, options).await,
        Command::Provider(options) => provider::run(&client, out, options).await,
        Command::Resend(options) => resend::run(&client, out, options).await,
        Command::Release(options) => steer::run(&client, out, Act::Release, options).await,
    }
}
