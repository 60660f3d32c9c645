//! How long is waited between two tries.

use std::time::Duration;

/// The wait after the first try that failed.
const FIRST: Duration = Duration::from_secs(1);

/// The longest wait: a partner that is back hears of what waits within the hour.
pub(super) const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Gives the wait after so many tries in vain: twice as long each time, and by chance (from 0 to
/// 1) between half of it and all, so that what failed together is not tried together.
pub(super) fn after(tries: u32, chance: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.min(LONGEST).mul_f64(0.5 + chance / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let waits: Vec<_> = [1, 2, 3, 12, 13, 40, u32::MAX].map(|tries| after(tries, 1.0).as_secs()).into();
        assert_eq!(waits, [1, 2, 4, 2048, 3600, 3600, 3600]);
        assert_eq!(after(3, 0.0), Duration::from_secs(2));
    }
}
