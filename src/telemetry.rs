//! Logs: to the standard error output, as text or JSON, chosen by `DOCKET_LOG`.

pub mod metrics;

use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Starts logging. `DOCKET_LOG` chooses what (`info`, `docket=debug`); `default` stands in for it.
pub fn start(default: &str, is_json: bool) {
    let filter = EnvFilter::try_from_env("DOCKET_LOG").unwrap_or_else(|_unset| EnvFilter::new(default));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if is_json {
        logs.json().init();
    } else {
        logs.compact().with_ansi(std::io::stderr().is_terminal()).init();
    }
}
