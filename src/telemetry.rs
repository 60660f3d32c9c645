//! Logs: to the standard error output, as text or JSON, chosen by `DOCKET_LOG`.

pub mod metrics;

use std::io::IsTerminal as _;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The variable that chooses what is logged.
pub const VARIABLE: &str = "DOCKET_LOG";

/// Starts logging. `DOCKET_LOG` chooses what (`info`, `docket=debug`); `default` stands in for it.
///
/// # Errors
/// If the variable makes no sense: what is wrong with it.
pub fn start(default: &str, is_json: bool) -> Result<(), String> {
    let chosen = std::env::var_os(VARIABLE).unwrap_or_default();
    let chosen = chosen.to_str().ok_or("is no text")?;
    let chosen = if chosen.trim().is_empty() { default } else { chosen };
    let filter = EnvFilter::builder().parse(chosen).map_err(|error| error.to_string())?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if is_json {
        logs.json().finish().with(filter_fn(is_told)).init();
    } else {
        let logs = logs.compact().with_ansi(std::io::stderr().is_terminal());
        logs.finish().with(filter_fn(is_told)).init();
    }
    Ok(())
}

/// Whatever is chosen, sled says no more than warnings: its lines have the rows in them, and those
/// that it writes while a thread ends find no logger any more, which aborts the process.
fn is_told(line: &Metadata<'_>) -> bool {
    !line.target().starts_with("sled") || *line.level() <= Level::WARN
}
