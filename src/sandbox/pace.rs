//! How fast the sandbox's time runs.
//!
//! Owns the durations of steps, codes and slow answers. It must never read a clock.

use std::str::FromStr;
use std::time::Duration;

use super::Millis;
use super::chance::Chance;

/// The scale of every duration but the ten minutes of a session, which are printed (spec 002 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    shortest_step: Millis,
    longest_step: Millis,
    sms_valid: Millis,
    slow: Millis,
    request_delay_seconds: u64,
}

impl Pace {
    /// As an operator behaves: a step takes 1 to 3 s, an SMS code lives for 60 s.
    pub const REAL: Self = Self {
        shortest_step: 1_000,
        longest_step: 3_000,
        sms_valid: 60_000,
        slow: 2_000,
        request_delay_seconds: 3,
    };
    /// For demonstrations: a step takes 100 to 400 ms, an SMS code lives for 3 s.
    pub const QUICK: Self =
        Self { shortest_step: 100, longest_step: 400, sms_valid: 3_000, slow: 700, request_delay_seconds: 1 };
    /// For load: no step takes any time; an SMS code still lives for 60 s.
    pub const INSTANT: Self =
        Self { shortest_step: 0, longest_step: 0, sms_valid: 60_000, slow: 0, request_delay_seconds: 0 };

    /// Draws how long one step takes.
    pub(super) const fn step(self, chance: &mut Chance) -> Millis {
        chance.between(self.shortest_step, self.longest_step)
    }

    /// How long an SMS code is accepted.
    pub(super) const fn sms_valid(self) -> Millis {
        self.sms_valid
    }

    /// How long a slow answer takes.
    pub(super) const fn slow(self) -> Duration {
        Duration::from_millis(self.slow)
    }

    /// The `request_delay` told to who polls a bank session, in seconds (spec 002 §5.1.4).
    pub(super) const fn request_delay_seconds(self) -> u64 {
        self.request_delay_seconds
    }

    /// The same with polls at any time, so that no state is missed.
    #[cfg(test)]
    pub(super) const fn without_delay(self) -> Self {
        Self { request_delay_seconds: 0, ..self }
    }

    /// Whether waiting is left out altogether.
    pub(super) const fn is_instant(self) -> bool {
        self.longest_step == 0
    }
}

/// No pace has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("use one of the paces real, quick, instant, not {0:?}")]
pub struct UnknownPace(String);

impl FromStr for Pace {
    type Err = UnknownPace;

    fn from_str(name: &str) -> Result<Self, UnknownPace> {
        match name {
            "real" => Ok(Self::REAL),
            "quick" => Ok(Self::QUICK),
            "instant" => Ok(Self::INSTANT),
            _ => Err(UnknownPace(name.to_owned())),
        }
    }
}
