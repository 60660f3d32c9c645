//! The breaker of one system: closed, open after a run of failures, half-open while one call asks.
//!
//! After an outage it closes with a narrow way that each success widens.

use super::{Outcome, Tolerance};
use crate::machine::time::Time;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use std::time::Duration;

/// How a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Calls go, within the limits.
    Closed,
    /// No call goes: the system is down.
    Open,
    /// One call asks whether the system is back.
    HalfOpen,
}

impl State {
    /// Gives the number that metrics tell: 0, 1, 2.
    pub const fn number(self) -> u32 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
            Self::HalfOpen => 2,
        }
    }

    /// Gives the name used in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// How many calls may be under way right after an outage: twice what has just succeeded.
const FIRST_WAVE: u32 = 2;

/// Which stretch between two openings a call went in: the failures of an earlier one tell nothing
/// of now, for they may come long after, when a call has waited its time out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epoch(u64);

pub(super) struct Breaker {
    tolerance: Tolerance,
    position: Position,
    /// How often it has opened.
    opened: u64,
    detail: String,
}

enum Position {
    Closed {
        /// Failures since the last success, and when the first of them came.
        failures: u32,
        first: Time,
        /// How many calls may be under way.
        width: u32,
    },
    Open {
        since: Time,
        until: Time,
        pause: Duration,
    },
    HalfOpen {
        since: Time,
        pause: Duration,
    },
}

impl Breaker {
    /// Makes one that is closed, or one that may ask at once, if the system is known to be down.
    pub(super) fn new(tolerance: Tolerance, down_since: Option<Time>) -> Self {
        let closed = Position::Closed { failures: 0, first: Time::default(), width: u32::MAX };
        let open = |since| Position::Open { since, until: since, pause: tolerance.pause_min };
        let position = down_since.map_or(closed, open);
        Self { tolerance, position, opened: 0, detail: String::new() }
    }

    pub(super) const fn state(&self) -> State {
        match &self.position {
            Position::Closed { .. } => State::Closed,
            Position::Open { .. } => State::Open,
            Position::HalfOpen { .. } => State::HalfOpen,
        }
    }

    /// Since when the system is down.
    pub(super) const fn down_since(&self) -> Option<Time> {
        match &self.position {
            Position::Closed { .. } => None,
            Position::Open { since, .. } | Position::HalfOpen { since, .. } => Some(*since),
        }
    }

    /// When the system may be asked whether it is back.
    pub(super) const fn next_try(&self) -> Option<Time> {
        match &self.position {
            Position::Closed { .. } | Position::HalfOpen { .. } => None,
            Position::Open { until, .. } => Some(*until),
        }
    }

    /// How many calls may be under way as far as the breaker is concerned; none more while it is
    /// half-open.
    pub(super) const fn width(&self) -> u32 {
        match &self.position {
            Position::Closed { width, .. } => *width,
            Position::Open { .. } => u32::MAX,
            Position::HalfOpen { .. } => 0,
        }
    }

    pub(super) const fn opened(&self) -> u64 {
        self.opened
    }

    /// What went wrong when it opened last.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// A call goes; says whether it is the one that asks.
    pub(super) fn goes(&mut self) -> (bool, Epoch) {
        let is_canary = if let Position::Open { since, pause, .. } = self.position {
            self.position = Position::HalfOpen { since, pause };
            true
        } else {
            false
        };
        (is_canary, Epoch(self.opened))
    }

    /// A call has ended. While the breaker is half-open only the one that asks counts.
    pub(super) fn ended(
        &mut self,
        epoch: Epoch,
        is_canary: bool,
        outcome: Outcome,
        now: Time,
        chance: &mut ChaCha8Rng,
    ) {
        match (&mut self.position, outcome) {
            (Position::Closed { failures, width, .. }, Outcome::Answered) => {
                *failures = 0;
                *width = width.saturating_add(1);
            }
            (Position::Closed { failures, first, .. }, Outcome::Failed { detail, .. }) => {
                if epoch != Epoch(self.opened) {
                    return;
                }
                if *failures == 0 {
                    *first = now;
                }
                *failures += 1;
                if *failures >= self.tolerance.failures {
                    let (since, pause) = (*first, self.tolerance.pause_min);
                    (self.opened, self.detail) = (self.opened + 1, detail);
                    self.position = Position::Open { since, until: now + spread(pause, chance), pause };
                }
            }
            // It went before the breaker opened, and something is alive: that is worth a question.
            (Position::Open { until, .. }, Outcome::Answered) => *until = now,
            (Position::HalfOpen { .. }, Outcome::Answered) if is_canary => {
                self.position = Position::Closed { failures: 0, first: now, width: FIRST_WAVE };
            }
            (Position::HalfOpen { since, pause }, Outcome::Failed { detail, .. }) if is_canary => {
                let (since, pause) = (*since, pause.saturating_mul(2).min(self.tolerance.pause_max));
                self.detail = detail;
                self.position = Position::Open { since, until: now + spread(pause, chance), pause };
            }
            (Position::HalfOpen { since, pause }, Outcome::Silent) if is_canary => {
                let (since, pause) = (*since, *pause);
                self.position = Position::Open { since, until: now + spread(pause, chance), pause };
            }
            (Position::Closed { .. }, Outcome::Silent)
            | (Position::Open { .. }, Outcome::Failed { .. } | Outcome::Silent)
            | (Position::HalfOpen { .. }, _) => {}
        }
    }
}

/// The pause and up to a quarter more, by chance: many servers must not ask in step.
fn spread(pause: Duration, chance: &mut ChaCha8Rng) -> Duration {
    let quarter = u64::try_from(pause.as_millis() / 4).unwrap_or(u64::MAX);
    pause + Duration::from_millis(chance.next_u64() % quarter.max(1))
}
