//! How fast calls may follow each other: a bucket of tokens that fills with time.

use crate::machine::time::Time;
use std::time::Duration;

/// What one call takes, in thousandths: at so many calls a second as many thousandths fill in each
/// millisecond.
const CALL: u64 = 1_000;

/// Tokens, in thousandths of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    level: u64,
    capacity: u64,
    per_milli: u64,
    /// Up to when it has filled.
    filled: Time,
}

impl Bucket {
    /// Makes a full bucket. A rate or a burst of nought is taken as one.
    pub(super) fn new(calls_per_s: u32, burst: u32) -> Self {
        let capacity = u64::from(burst.max(1)) * CALL;
        let per_milli = u64::from(calls_per_s.max(1));
        Self { level: capacity, capacity, per_milli, filled: Time::from_millis(0) }
    }

    /// Gives the moment at which a call may go: not later than any moment at which one may.
    pub(super) fn ready_at(&self) -> Time {
        let lacking = CALL.saturating_sub(self.level);
        self.filled + Duration::from_millis(lacking.div_ceil(self.per_milli))
    }

    /// Takes what a call needs; only from [`ready_at`](Self::ready_at) on.
    pub(super) fn take(&mut self, now: Time) {
        let millis = now.as_millis().saturating_sub(self.filled.as_millis());
        self.level = self.level.saturating_add(millis.saturating_mul(self.per_milli)).min(self.capacity);
        self.filled = self.filled.max(now);
        self.level = self.level.saturating_sub(CALL);
    }
}
