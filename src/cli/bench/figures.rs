//! What was measured, as figures.

use super::Journey;
use super::journey::Times;
use super::limits::Limits;
use crate::cli::Output;
use serde_json::{Value, json};
use std::time::Duration;

/// What was measured.
pub(super) struct Measured {
    pub(super) journey: Journey,
    pub(super) concurrency: u32,
    pub(super) applications: u32,
    pub(super) waiting: u32,
    pub(super) took: Duration,
    pub(super) times: Vec<Times>,
    pub(super) cpu: Duration,
    pub(super) rss_mb: f64,
    pub(super) disk: u64,
    pub(super) lost: u32,
    pub(super) transitions: u64,
}

/// The figures, by name.
pub(super) struct Figures {
    line: Value,
}

impl Figures {
    pub(super) fn of(measured: &Measured, limits: Option<Limits>) -> Self {
        let seconds = measured.took.as_secs_f64();
        let applications = f64::from(measured.applications);
        #[expect(clippy::cast_precision_loss, reason = "figures are rounded anyway")]
        let (transitions, disk) = (measured.transitions as f64, measured.disk as f64);
        let percentiles = |of: fn(&Times) -> Duration| {
            let mut sorted: Vec<_> = measured.times.iter().map(of).collect();
            sorted.sort_unstable();
            let at = |share: usize| {
                let found = sorted.get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1)));
                rounded(found.copied().unwrap_or_default().as_secs_f64() * 1000.0)
            };
            json!({ "p50": at(50), "p90": at(90), "p99": at(99) })
        };
        let mut line = json!({
            "journey": if measured.journey == Journey::W { "W" } else { "R" },
            "concurrency": measured.concurrency,
            "applications": measured.applications,
            "waiting": measured.waiting,
            "applications_per_s": rounded(applications / seconds),
            "transitions_per_s": rounded(transitions / seconds),
            "create_ms": percentiles(|times| times.create),
            "answer_to_final_ms": percentiles(|times| times.answer_to_final),
            "total_ms": percentiles(|times| times.total),
            "server_cpu_ms_per_application": rounded(measured.cpu.as_secs_f64() * 1000.0 / applications),
            "rss_mb": rounded(measured.rss_mb),
            "disk_mb_per_10k": rounded(disk / 1_048_576.0 / applications * 10_000.0),
            "lost": measured.lost,
        });
        if let Some(limits) = limits {
            line["limits"] = json!({
                "grpc_calls_per_s": rounded(limits.calls_per_s),
                "group_commit_records_per_s": rounded(limits.records_per_s),
            });
        }
        Self { line }
    }

    #[expect(clippy::print_stdout, reason = "it is what the command tells")]
    pub(super) fn print(&self, output: Output) {
        match output {
            Output::Json => println!("{}", self.line),
            Output::Text => {
                for (name, value) in self.line.as_object().into_iter().flatten() {
                    println!("{name:<30} {value}");
                }
            }
        }
    }
}

/// Three digits after the point are more than the machine repeats.
fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}
