//! The server that is measured: Docket on its real port and store, with a provider that costs
//! nothing or with the sandbox over HTTP.

use super::Journey;
use crate::cli::house::{House, Pair};
use crate::cli::stop_requested;
use crate::config::{AllLimits, Patience, Provider as Upstream, Settings};
use crate::engine::archive::Archive;
use crate::engine::provider::{Ended, Failure, Order, Provider};
use crate::machine::application::Application;
use crate::machine::call::{Call, Reply, Told};
use crate::machine::collection::CollectionKind;
use crate::machine::evidence::DocumentKind;
use crate::sandbox::Pace;
use crate::store::Store;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

/// What the server can be told.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// The folder of the store.
    #[arg(long)]
    data: PathBuf,
    /// The provider behind it.
    #[arg(long, value_enum)]
    journey: Journey,
}

/// Runs until it is told to stop; its first line of output is its address.
#[expect(clippy::print_stdout, reason = "the address is what the command tells")]
pub(in crate::cli) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    match options.journey {
        Journey::W => {
            let settings = Settings {
                listen: anywhere,
                provider: Upstream { limits: AllLimits::none(), ..Upstream::default() },
                patience: Patience::none(),
                ..Settings::in_folder(options.data)
            };
            let house = House::open_with(&settings, |archive, _random| Ok(Nothing { archive })).await?;
            println!("{}", house.address());
            house.serve(stop_requested()).await
        }
        Journey::R => {
            let (listen, sandbox_listen) = (anywhere, anywhere);
            let (data, pace, patience) = (options.data, Pace::INSTANT, Patience::quick());
            let furnish = |_: &mut Settings| {};
            let pair = Pair { listen, data, sandbox_listen, pace, seed: 1, patience, furnish };
            let (house, sandbox) = pair.open().await?;
            println!("{}", house.address());
            let ended = house.serve(stop_requested()).await;
            sandbox.stop().await;
            ended
        }
    }
}

/// A provider inside the process: it answers at once and skips the states between.
struct Nothing<S> {
    archive: Archive<S>,
}

impl<S: Store> Provider for Nothing<S> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "journey W collects from telecom only")]
    async fn call(&self, order: Order) -> Ended {
        let application = &order.application;
        let open_id = || application.id.to_string();
        let reply = match &order.pending.call {
            Call::Blacklist => Reply::BlacklistClear,
            Call::AuditApply => Reply::AuditAccepted { open_id: open_id() },
            Call::AuditResult { .. } => Reply::AuditApproved,
            Call::TelecomOpen { .. } => Reply::Opened { open_id: open_id(), agreement: None },
            Call::TelecomQueryPassword { .. } | Call::TelecomCaptcha { .. } | Call::TelecomResend { .. } => {
                Reply::Accepted { told: None }
            }
            Call::TelecomState { .. } => Reply::State(Told::plain(next_state(application), String::new())),
            Call::TelecomRawData { .. } => return self.document(application, DocumentKind::TelecomRawData),
            Call::TelecomReport { .. } => return self.document(application, DocumentKind::TelecomReport),
            other => unreachable!("journey W collects from telecom only, and {} was called", other.name()),
        };
        Ended::Told { reply, document: None }
    }
}

impl<S: Store> Nothing<S> {
    fn document(&self, application: &Application, kind: DocumentKind) -> Ended {
        let now = crate::clock::now();
        match self.archive.seal(application.id, application.key, kind, now, b"{}") {
            Ok((document, body)) => Ended::Told { reply: Reply::Stored { document }, document: Some(body) },
            Err(error) => Ended::Failed(Failure::Ours { detail: error.to_string() }),
        }
    }
}

/// The captcha after the opening, the data after the captcha (spec 002 §8.1).
fn next_state(application: &Application) -> i64 {
    let telecom = application.collection(CollectionKind::Telecom);
    let state = telecom.map_or("", |telecom| telecom.state().name);
    if matches!(state, "INIT" | "CAPTCHA_REQUIRED") { 21 } else { 43 }
}
