//! Metrics: which there are, and how they are told.
//!
//! Owns the one list of metrics: descriptions, buckets and the reference are made from it. No label
//! is an id, and every label has few values.

use metrics::Unit;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::fmt::Write as _;

/// A metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it is counted.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub about: &'static str,
}

/// How a metric is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only ever rises.
    Counter,
    /// Is what it is now.
    Gauge,
    /// Durations in seconds.
    Seconds,
    /// Sizes.
    Sizes,
}

macro_rules! metrics {
    ($($constant:ident = $name:literal, $kind:ident, [$($label:literal),*], $about:literal;)*) => {
        $(#[doc = $about] pub const $constant: &str = $name;)*

        /// Every metric, in the order of the reference.
        pub const METRICS: &[Metric] = &[
            $(Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], about: $about },)*
        ];
    };
}

metrics! {
    APPLICATIONS = "docket_applications", Gauge, ["state"], "Applications in each state.";
    TRANSITIONS = "docket_transitions_total", Counter, ["machine", "edge"], "Edges taken since the start.";
    STUCK = "docket_stuck", Gauge, ["kind", "reason"],
        "Applications that are stuck, by what holds them up and why; looked at every 15 s.";
    ORPHANS = "docket_orphans", Gauge, [],
        "Live applications without a wake-up, and wake-ups without one. Must be 0; looked at every 10 minutes.";
    CHANGES_OLDEST = "docket_changes_oldest", Gauge, [], "The oldest change that is kept.";
    CHANGES_NEWEST = "docket_changes_newest", Gauge, [], "The newest durable change.";
    WATCHERS = "docket_watchers", Gauge, [], "Streams of changes that are open.";
    ARCHIVED = "docket_archived_journals_total", Counter, [], "Journals moved into the archive since the start.";
    ARCHIVED_BYTES = "docket_archived_bytes_total", Counter, [],
        "Bytes of the archive files that were written since the start.";
    SWEPT = "docket_swept_blobs_total", Counter, [],
        "Blobs deleted since the start because no document named them.";
    SWEPT_BYTES = "docket_swept_bytes_total", Counter, [], "Bytes of these blobs.";
    QUEUE = "docket_queue", Gauge, [], "Inputs that wait for the engine; at most 4,096.";
    GROUP_SIZE = "docket_group_moves", Sizes, [], "Moves that became durable with one sync.";
    GROUP_TIME = "docket_group_seconds", Seconds, [], "Time to decide a group and write it, until it is durable.";
    STORE_SYNC = "docket_store_sync_seconds", Seconds, [], "Time of the syncs of the store's file.";
    KEYS_SYNC = "docket_keys_sync_seconds", Seconds, [], "Time of the syncs of the files of keys.";
    CALLS = "docket_provider_calls_total", Counter, ["call", "outcome"],
        "Calls to the provider by what became of them: `told`, `not_sent`, `ours`, `busy`, `ambiguous`, `hopeless`.";
    CALL_TIME = "docket_provider_call_seconds", Seconds, ["call"], "Time of calls to the provider.";
    CALLS_UNDER_WAY = "docket_provider_calls_under_way", Gauge, [],
        "Calls to the provider that are under way.";
    SYSTEM_STATE = "docket_provider_state", Gauge, ["system"],
        "How the breaker of each system of the provider stands: 0 closed, 1 open, 2 half-open.";
    SYSTEM_OPENED = "docket_provider_opened_total", Counter, ["system"],
        "How often a system was found down since the start.";
    SYSTEM_UNDER_WAY = "docket_provider_under_way", Gauge, ["system"], "Calls to a system that are under way.";
    SYSTEM_WAITING = "docket_provider_waiting", Gauge, ["system"],
        "Calls that are due and wait for our limits, or are parked while the system is down.";
    SYSTEM_LIMITED = "docket_provider_limited_total", Counter, ["system"],
        "Calls that had to wait for our limits since the start.";
    SYSTEM_DOWN = "docket_provider_outage_seconds_total", Counter, ["system"],
        "For how long a system was down since the start.";
    REQUESTS = "docket_grpc_requests_total", Counter, ["method", "code"], "gRPC requests answered.";
    REQUEST_TIME = "docket_grpc_seconds", Seconds, ["method"], "Time until a gRPC request is answered, or its stream begins.";
    PUSHES = "docket_pushes_total", Counter, ["push", "status"], "Pushes of partners, by the HTTP status of the answer and whether it says yes.";
    PUSHES_FLAGGED = "docket_pushes_flagged_total", Counter, [],
        "Pushes taken in whose identity number fails its own check digit.";
    MOBILE_CALLS = "docket_mobile_calls_total", Counter, ["call", "code"], "Calls of mobile apps, by the code of the answer.";
    MOBILE_DOUBTS = "docket_mobile_doubts_total", Counter, ["field"],
        "Answers that mobile apps brought and that were taken though they are doubtful, by field.";
    DELIVERIES = "docket_deliveries", Gauge, ["partner", "status"],
        "Deliveries to partners that are `waiting` or `dead`; looked at every 15 s.";
    DELIVERIES_OLDEST = "docket_deliveries_oldest_seconds", Gauge, ["partner"],
        "Since when the oldest delivery waits, to the minute; 0 when none does.";
    DELIVERIES_BEHIND = "docket_deliveries_behind", Gauge, ["partner"],
        "Durable changes that are not yet taken over into deliveries.";
    DELIVERIES_MISSED = "docket_deliveries_missed", Gauge, ["partner"],
        "Changes that were forgotten before a partner was told of them, since the start. Must be 0.";
    TRIES = "docket_delivery_tries_total", Counter, ["partner", "outcome"],
        "Tries to tell partners by how they ended: `received`, `failed`, `unwanted`.";
    TRY_TIME = "docket_delivery_try_seconds", Seconds, ["partner"], "Time of tries to tell partners.";
    CONNECTIONS = "docket_connections", Gauge, [], "Open connections; at most 4,096.";
    MEMORY = "docket_process_resident_bytes", Gauge, [], "Memory of the process.";
    CPU = "docket_process_cpu_seconds_total", Counter, [], "Processor time of the process.";
    FILES = "docket_process_open_files", Gauge, [], "Open files of the process.";
    BUILD = "docket_build", Gauge, ["version", "machines"], "Always 1: the version, and those of the machines.";
}

/// Upper bounds of histograms of time, in seconds: from a sync on a fast disk to a call that hangs.
const SECONDS: [f64; 14] =
    [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Upper bounds of histograms of sizes.
const SIZES: [f64; 8] = [1.0, 4.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// What tells the metrics.
#[derive(Clone)]
pub struct Teller {
    handle: PrometheusHandle,
}

impl Teller {
    /// Begins to count, for the whole process. Once: a second one counts nothing.
    ///
    /// # Panics
    /// If the buckets of a histogram make no sense.
    pub fn start() -> Self {
        let mut builder = PrometheusBuilder::new();
        for metric in METRICS {
            let buckets: &[f64] = match metric.kind {
                Kind::Counter | Kind::Gauge => continue,
                Kind::Seconds => &SECONDS,
                Kind::Sizes => &SIZES,
            };
            let matcher = Matcher::Full(metric.name.to_owned());
            builder = builder.set_buckets_for_metric(matcher, buckets).expect("there are buckets");
        }
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_ok() {
            METRICS.iter().for_each(describe);
        }
        Self { handle }
    }

    /// Puts what was measured since the last time into its buckets: until then each value is kept,
    /// so that it is to be done every few seconds whether anybody asks for the figures or not.
    pub fn tidy(&self) {
        self.handle.run_upkeep();
    }

    /// Tells all of them, as Prometheus reads them.
    pub fn tell(&self) -> String {
        tell_process();
        self.handle.run_upkeep();
        self.handle.render()
    }
}

impl std::fmt::Debug for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Teller")
    }
}

fn describe(metric: &Metric) {
    let Metric { name, kind, about, .. } = *metric;
    match kind {
        Kind::Counter => metrics::describe_counter!(name, about),
        Kind::Gauge => metrics::describe_gauge!(name, about),
        Kind::Seconds => metrics::describe_histogram!(name, Unit::Seconds, about),
        Kind::Sizes => metrics::describe_histogram!(name, Unit::Count, about),
    }
}

/// What the system says of the process; what it does not say is not told.
fn tell_process() {
    /// The kernel's unit of processor time on every Linux: a hundredth of a second.
    const TICKS_PER_SECOND: u64 = 100;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u32>().ok());
    if let Some(kib) = kib {
        metrics::gauge!(MEMORY).set(f64::from(kib) * 1024.0);
    }
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field, the name, may have spaces; after its `)` the 12th and 13th are times.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Vec<u64> =
        fields.split_whitespace().skip(11).take(2).filter_map(|text| text.parse().ok()).collect();
    if let [user, system] = ticks[..] {
        metrics::counter!(CPU).absolute((user + system) / TICKS_PER_SECOND);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        metrics::gauge!(FILES).set(u32::try_from(files.count()).map_or(f64::MAX, f64::from));
    }
}

/// Writes the reference of the metrics, as Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Metrics\n\nTold at `/metrics` in the text form of Prometheus. Generated from the code.\n\n\
         | name | kind | labels | tells |\n|---|---|---|---|\n",
    );
    for Metric { name, kind, labels, about } in METRICS {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Seconds => "histogram, seconds",
            Kind::Sizes => "histogram",
        };
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let _always = writeln!(page, "| `{name}` | {kind} | {} | {about} |", labels.join(", "));
    }
    page
}
