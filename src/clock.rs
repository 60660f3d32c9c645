//! The clock: the only place that reads the time of day and that waits.

use crate::machine::time::Time;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The latest time ever told: the system's clock may be set back, Docket's never goes back.
static LATEST: AtomicU64 = AtomicU64::new(0);

/// Tells the time, never earlier than it told before.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn now() -> Time {
    let told = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let told = u64::try_from(told.as_millis()).unwrap_or(u64::MAX);
    Time::from_millis(LATEST.fetch_max(told, Ordering::Relaxed).max(told))
}

/// Waits.
pub async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}
