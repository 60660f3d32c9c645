//! `docket apps`: applications on a running server.

mod answer;
mod cancel;
mod challenge;
mod challenges;
mod create;
mod explain;
mod file;
pub(super) mod get;
mod history;
mod list;
pub(super) mod name;
mod selection;
mod submit;
pub(super) mod terms;
mod wait;
mod watch;

use super::client::{Client, Reach};
use super::failure::Ended;
use super::out::{Form, Show};
use clap::Subcommand;

/// What `docket apps` can be told.
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
    /// Create an application with all its evidence
    Create(create::Options),
    /// Show one application
    Get(get::Options),
    /// List applications in the order of their creation
    List(list::Options),
    /// Show all applications that match, then every change as it happens
    Watch(watch::Options),
    /// Show what happened to an application, oldest first
    History(history::Options),
    /// Explain where an application stands: who owes the next move, and what may be done
    Explain(explain::Options),
    /// Show what an applicant must be shown with a question: its picture, or banks and agreement
    Challenge(challenge::Options),
    /// Answer what an application asks its applicant
    Answer(answer::Options),
    /// Order another code for a challenge whose code did not arrive
    Resend(challenges::ResendOptions),
    /// Bring evidence that an application lacks, or newer evidence
    Submit(submit::Options),
    /// Call an application off: everything under way is dropped
    Cancel(cancel::Options),
    /// Wait until an application has ended, or is in a state
    Wait(wait::Options),
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
        Command::Create(options) => create::run(&client, out, options).await,
        Command::Get(options) => get::run(&client, out, options).await,
        Command::List(options) => list::run(&client, out, options).await,
        Command::Watch(options) => watch::run(&client, out, options).await,
        Command::History(options) => history::run(&client, out, options).await,
        Command::Explain(options) => explain::run(&client, out, options).await,
        Command::Challenge(options) => challenge::run(&client, out, options).await,
        Command::Answer(options) => answer::run(&client, out, options).await,
        Command::Resend(options) => challenges::resend(&client, out, options).await,
        Command::Submit(options) => submit::run(&client, out, options).await,
        Command::Cancel(options) => cancel::run(&client, out, options).await,
        Command::Wait(options) => wait::run(&client, out, options).await,
    }
}
