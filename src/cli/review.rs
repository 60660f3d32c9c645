//! `docket review`: what people do who decide about applications.

mod act;
mod show;

use super::client::{Client, Reach};
use super::failure::Ended;
use super::out::{Form, Show};
use act::Act;
use clap::Subcommand;

/// What `docket review` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Applications that wait for a person:
  docket apps list --filter 'state = REVIEW_PENDING' --order-by state_time")]
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
    /// Take a review, alone for a while; again to have it longer
    Claim(act::Options),
    /// Give a review back
    Return(act::Options),
    /// Show the evidence, masked as the role says
    Show(show::Options),
    /// Approve an application
    Approve(act::Options),
    /// Reject an application
    Reject(act::Options),
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
        Command::Claim(options) => act::run(&client, out, Act::Claim, options).await,
        Command::Return(options) => act::run(&client, out, Act::Return, options).await,
        Command::Show(options) => show::run(&client, out, options).await,
        Command::Approve(options) => act::run(&client, out, Act::Approve, options).await,
        Command::Reject(options) => act::run(&client, out, Act::Reject, options).await,
    }
}
