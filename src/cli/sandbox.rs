//! `docket sandbox`: the provider's side, on its own.

use super::stop_requested;
use crate::clock;
use crate::provider::wire::Opaque;
use crate::sandbox::serve::serve;
use crate::sandbox::{Faults, Pace, Sandbox, Settings};
use anyhow::Context;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// The merchant account that a sandbox has unless told otherwise.
pub(super) const USERNAME: &str = "merchant1";

/// Its password: a sandbox guards nothing.
pub(super) const PASSWORD: &str = "sandbox";

/// What `docket sandbox` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8701")]
    listen: SocketAddr,
    /// Everything left to chance follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How fast sessions move: `real`, `quick` or `instant`.
    #[arg(long, default_value = "quick")]
    pace: Pace,
    /// How many of a million calls are disturbed, by faults of all kinds alike.
    #[arg(long, value_name = "PER_MILLION", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    faults: u32,
    /// Take the service password by a call of its own too.
    #[arg(long)]
    service_password: bool,
    /// Write the public key for the audit into this file.
    #[arg(long, value_name = "FILE")]
    public_key_file: Option<PathBuf>,
    /// The merchant account.
    #[arg(long, env = "DOCKET_PROVIDER_USERNAME", default_value = USERNAME)]
    username: String,
    /// The password of the account; better given by the variable.
    #[arg(long, env = "DOCKET_PROVIDER_PASSWORD", default_value = PASSWORD, hide_env_values = true, hide_default_value = true)]
    password: String,
}

/// Runs until it is told to stop.
pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let Options { listen, seed, pace, faults, service_password, public_key_file, username, password } =
        options;
    let mut sandbox = Sandbox::new(Settings { seed, username, password: Opaque::from(password), pace });
    sandbox.set_faults(Faults::of_all_kinds(seed, faults)).context("set the faults")?;
    sandbox.take_service_passwords(service_password);
    if let Some(file) = &public_key_file {
        write_key(&sandbox, file)?;
    }
    let listener = TcpListener::bind(listen).await.with_context(|| format!("listen on {listen}"))?;
    let stop = stop_requested();
    tracing::info!(address = %listener.local_addr()?, seed, "the sandbox provider is open");
    serve(listener, Arc::new(Mutex::new(sandbox)), millis, stop).await.context("serve")?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the public key for the audit into a file.
pub(super) fn write_key(sandbox: &Sandbox, file: &Path) -> anyhow::Result<()> {
    std::fs::write(file, sandbox.public_key_pem()).with_context(|| format!("write {}", file.display()))
}

/// The time as the sandbox counts it.
pub(super) fn millis() -> u64 {
    clock::now().as_millis()
}
