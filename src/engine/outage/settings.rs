//! What the provider's systems may be asked, and when one is taken to be down.

use crate::machine::call::System;
use std::collections::BTreeMap;
use std::time::Duration;

/// What one system may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls under way at the same time.
    pub concurrency: u32,
    /// Calls a second, on average.
    pub calls_per_s: u32,
    /// Calls at once after a rest.
    pub burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrency: 64, calls_per_s: 100, burst: 100 }
    }
}

/// When a system is taken to be down, and how it is asked whether it is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// Failures in a row that open the breaker.
    pub failures: u32,
    /// How long nothing is called after it has opened.
    pub pause_min: Duration,
    /// How long at most, after question upon question in vain.
    pub pause_max: Duration,
    /// How much of one outage counts: after it parked calls use their budgets up.
    pub longest: Duration,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            failures: 5,
            pause_min: Duration::from_secs(5),
            pause_max: Duration::from_secs(60),
            longest: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// Limits and tolerance; the limits of a system that is not named are the default ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// What each system may be asked.
    pub limits: BTreeMap<System, Limits>,
    /// When each is taken to be down.
    pub tolerance: Tolerance,
}

impl Settings {
    /// Gives the limits of a system.
    pub fn limits_of(&self, system: System) -> Limits {
        self.limits.get(&system).copied().unwrap_or_default()
    }

    /// Says how many calls may be under way to all systems together.
    pub fn concurrency(&self) -> usize {
        System::ALL.into_iter().map(|system| self.limits_of(system).concurrency as usize).sum()
    }
}
