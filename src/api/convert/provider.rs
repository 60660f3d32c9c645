//! From the systems of the provider to the wire.

use super::{duration, timestamp};
use crate::api::proto::v1::provider_status::State as WireState;
use crate::api::proto::v1::{ListProviderSystemsResponse, ProviderStatus, ProviderSystem};
use crate::engine::outage::{Report, Standing, State};

/// Shows how it stands with a system.
pub(super) fn status(standing: &Standing) -> ProviderStatus {
    let state = match standing.state {
        State::Closed => WireState::Closed,
        State::Open => WireState::Open,
        State::HalfOpen => WireState::HalfOpen,
    };
    ProviderStatus {
        system: standing.system.name().to_owned(),
        state: state.into(),
        since_time: standing.since.map(timestamp),
        next_try_time: standing.next_try.map(timestamp),
    }
}

/// Shows all systems.
pub(in super::super) fn systems(reports: Vec<Report>) -> ListProviderSystemsResponse {
    ListProviderSystemsResponse { systems: reports.into_iter().map(system).collect() }
}

fn system(report: Report) -> ProviderSystem {
    let Report { standing, detail, limits, under_way, waiting, opened, limited: _, down } = report;
    ProviderSystem {
        status: Some(status(&standing)),
        last_error: detail,
        calls_under_way: count(under_way),
        calls_waiting: i64::try_from(waiting).unwrap_or(i64::MAX),
        concurrency: count(limits.concurrency),
        calls_per_second: count(limits.calls_per_s),
        burst: count(limits.burst),
        opened_count: i64::try_from(opened).unwrap_or(i64::MAX),
        down_duration: Some(duration(down)),
    }
}

fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
