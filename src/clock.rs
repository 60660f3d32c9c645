//! The clock: the only place that reads the time of day and that waits.

use crate::machine::time::Time;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment of the steady clock, which nobody sets.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How far the time of day is ahead of the steady clock, in milliseconds: the most ever seen.
static AHEAD: AtomicU64 = AtomicU64::new(0);

/// Tells the time, never earlier than it told before. When the system's clock is set back, Docket's
/// goes on at its own pace, so that whatever waits is still looked at.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn now() -> Time {
    let steady = millis(BEGINNING.elapsed());
    let told = millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
    Time::from_millis(ahead(&AHEAD, steady, told).saturating_add(steady))
}

/// How far to tell the time ahead of the steady clock, which says `steady` while the system says `told`.
fn ahead(most: &AtomicU64, steady: u64, told: u64) -> u64 {
    let seen = told.saturating_sub(steady);
    most.fetch_max(seen, Ordering::Relaxed).max(seen)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Reads it.
    pub fn read(self) -> Duration {
        self.0.elapsed()
    }
}

/// Waits.
pub async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_goes_on() {
        let most = AtomicU64::new(0);
        let tell = |steady, told| ahead(&most, steady, told) + steady;
        assert_eq!(tell(0, 1_000), 1_000);
        assert_eq!(tell(10, 1_010), 1_010);
        // Set back by half a second, then set right, then forward.
        assert_eq!(tell(20, 520), 1_020);
        assert_eq!(tell(30, 530), 1_030);
        assert_eq!(tell(40, 1_040), 1_040);
        assert_eq!(tell(50, 9_050), 9_050);
        assert_eq!(tell(60, 1_060), 9_060);
    }
}
