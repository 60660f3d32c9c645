//! The command line: arguments, wiring, signals, exit codes.

mod apps;
mod bench;
mod client;
mod demo;
mod dev;
mod failure;
mod health;
mod house;
mod machine;
mod ops;
mod out;
mod pages;
mod prompt;
mod reference;
mod review;
mod sandbox;
mod serve;
mod session;
mod settings;
#[cfg(test)]
mod shown;
mod store;

use crate::telemetry;
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use failure::{Ended, Exit, Failure};
use out::Form;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Carries loan applications from a partner's push to a decision, and never loses one.
#[derive(Debug, Parser)]
#[command(
    name = "docket",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 other, 2 usage, 3 not found, 4 invalid, 5 conflict, 6 not permitted,
7 unavailable, 8 the awaited application ended without approval or is parked, 9 what is stored does
not fit this docket, 10 damaged, 11 lost.

Begin with:
  docket demo                      a dozen applications, start to end
  docket dev                       a server and a sandbox provider to play with
  docket apps create --template    an application to bring"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a dozen applications from push to decision, on a sandbox provider.
    ///
    /// Starts Docket in a fresh folder and a sandbox provider, both on loopback, pushes
    /// applications over HTTP, answers their challenges as applicants would, and shows every
    /// change of state as it happens. Exits with 0 only if every application ended as it
    /// should and the provider saw no violation.
    Demo(demo::Options),
    /// Run Docket with a sandbox provider beside it, to play with.
    Dev(dev::Options),
    /// Run Docket.
    Serve(serve::Options),
    /// Run the sandbox provider.
    Sandbox(sandbox::Options),
    /// Bring, follow, answer and call off applications on a running server
    Apps(apps::Options),
    /// Find what is stuck on a running server, and steer it
    Ops(ops::Options),
    /// Issue a session to a user of a mobile app, as the app's backend does
    Session(session::Options),
    /// Decide about applications, as a person
    Review(review::Options),
    /// Back the store up, restore, check and look after it
    Store(store::Options),
    /// Show the state machines that a running server has
    Machine(machine::Options),
    /// Say whether a server serves
    Health(health::Options),
    /// Show and check the settings of a server
    Config(settings::Options),
    /// Print a completion script for a shell
    Completion(pages::CompletionOptions),
    /// Print the manual page, or write a page for every command
    Man(pages::ManOptions),
    /// Measure Docket against its own gRPC port.
    ///
    /// Starts a server as a process of its own, on a fresh folder, and drives one journey after
    /// another through it: create, wait for the challenge, answer, wait for the decision.
    Bench(bench::Options),
    /// The server that `bench` measures.
    #[command(hide = true)]
    BenchServer(bench::server::Options),
}

/// How the demo's results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where a server listens.
#[derive(Debug, Clone, clap::Args)]
struct Place {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", env = "DOCKET_LISTEN")]
    listen: Option<SocketAddr>,
    /// The folder of the store, the keys and the blobs.
    #[arg(long, value_name = "FOLDER", env = "DOCKET_DATA")]
    data: Option<PathBuf>,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Two providers of cryptography may be compiled in; the first to be asked for must be named.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (default_log, is_json) = match &arguments.command {
        Command::BenchServer(_) => ("error", false),
        Command::Dev(_) => ("info", false),
        Command::Serve(_) | Command::Sandbox(_) => ("info", true),
        Command::Demo(_)
        | Command::Bench(_)
        | Command::Apps(_)
        | Command::Ops(_)
        | Command::Session(_)
        | Command::Review(_)
        | Command::Store(_)
        | Command::Machine(_)
        | Command::Health(_)
        | Command::Config(_)
        | Command::Completion(_)
        | Command::Man(_) => ("warn", false),
    };
    if let Err(problem) = telemetry::start(default_log, is_json) {
        let failure = Failure::new(Exit::Invalid, format!("{} makes no sense", telemetry::VARIABLE));
        let failure = failure.field(telemetry::VARIABLE, problem);
        return failure.hint("it looks like info, or docket=debug,warn").tell(Form::Table);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    runtime.block_on(async {
        let ended = match arguments.command {
            Command::Demo(options) => demo::run(options).await,
            Command::Dev(options) => dev::run(options).await,
            Command::Serve(options) => match serve::settings(&options) {
                Ok(settings) => serve::run(&settings).await,
                Err(failure) => return failure.tell(Form::Table),
            },
            Command::Sandbox(options) => sandbox::run(options).await,
            Command::Bench(options) => bench::run(options).await,
            Command::BenchServer(options) => bench::server::run(options).await,
            Command::Apps(options) => return told(options.form(), apps::run(options).await),
            Command::Ops(options) => return told(options.form(), ops::run(options).await),
            Command::Session(options) => return told(options.form(), session::run(options).await),
            Command::Review(options) => return told(options.form(), review::run(options).await),
            Command::Store(options) => return told(options.form(), store::run(options).await),
            Command::Machine(options) => return told(options.form(), machine::run(options).await),
            Command::Health(options) => return told(options.form(), health::run(options).await),
            Command::Config(options) => return told(options.form(), settings::run(options)),
            Command::Completion(options) => return told(Form::Table, pages::completion(&options)),
            Command::Man(options) => return told(Form::Table, pages::man(&options)),
        };
        ended.unwrap_or_else(|error| fail(&error))
    })
}

/// Tells why a command failed, if it did.
fn told(form: Form, ended: Ended) -> ExitCode {
    ended.unwrap_or_else(|failure| failure.tell(form))
}

/// The tree of all commands.
fn tree() -> clap::Command {
    Arguments::command()
}

/// Writes the reference of the command line, as Markdown.
pub fn reference() -> String {
    reference::page(tree())
}

/// Says what went wrong, all of it on one line.
fn fail(error: &anyhow::Error) -> ExitCode {
    told_as(Exit::Other, error)
}

/// Says what went wrong, and ends with a code of its own.
fn told_as(exit: Exit, error: &anyhow::Error) -> ExitCode {
    eprintln!("docket: failed to {error:#}");
    exit.into()
}

/// Waits until somebody wants the program to end. It listens from this call on: whoever is told that the
/// program is open must find it so.
fn stop_requested() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
