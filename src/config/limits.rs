//! What each system of the provider may be asked, and when it is taken to be down, as written in the
//! settings: `[provider.limits.telecom]`, `[provider.breaker]`.

use super::SettingsError;
use super::patience;
use crate::machine::call::System;
use crate::machine::collection::CollectionKind;
use serde::Deserialize;
use std::num::NonZeroU32;
use std::time::Duration;

/// The most calls to one system at the same time, and the most at once after a rest: each under way
/// is a connection.
const CONCURRENCY_LIMIT: u32 = 1_000;

/// The most calls a second: more than a thread of the engine makes.
const RATE_LIMIT: u32 = 1_000_000;

/// The most failures in a row that a breaker may wait for.
const FAILURES_LIMIT: u32 = 1_000;

/// What one system may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Calls under way at the same time.
    pub concurrency: NonZeroU32,
    /// Calls a second, on average.
    pub calls_per_s: NonZeroU32,
    /// Calls at once after a rest.
    pub burst: NonZeroU32,
}

/// The limits of every system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the system of its name")]
pub struct AllLimits {
    pub blacklist: Limits,
    pub audit: Limits,
    pub telecom: Limits,
    pub degree: Limits,
    pub ebank: Limits,
    pub ebank_v2: Limits,
}

/// When a system is taken to be down, and how it is asked whether it is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Breaker {
    /// Failures in a row that open it.
    pub failures: NonZeroU32,
    /// How long nothing is called after it has opened.
    #[serde(deserialize_with = "patience::duration")]
    pub pause_min: Duration,
    /// How long at most, after question upon question in vain.
    #[serde(deserialize_with = "patience::duration")]
    pub pause_max: Duration,
    /// How much of one outage is waited for.
    #[serde(deserialize_with = "patience::duration")]
    pub longest_outage: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrency: some(64), calls_per_s: some(100), burst: some(100) }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: some(5),
            pause_min: Duration::from_secs(5),
            pause_max: Duration::from_secs(60),
            longest_outage: Duration::from_secs(24 * 60 * 60),
        }
    }
}

const fn some(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("no default is 0")
}

impl AllLimits {
    /// No limits to speak of: to measure what is left.
    pub fn none() -> Self {
        let free = Limits {
            concurrency: some(CONCURRENCY_LIMIT),
            calls_per_s: some(RATE_LIMIT),
            burst: some(RATE_LIMIT),
        };
        Self { blacklist: free, audit: free, telecom: free, degree: free, ebank: free, ebank_v2: free }
    }

    /// Gives the limits of a system.
    pub const fn of(&self, system: System) -> Limits {
        match system {
            System::Blacklist => self.blacklist,
            System::Audit => self.audit,
            System::Collection(CollectionKind::Telecom) => self.telecom,
            System::Collection(CollectionKind::Degree) => self.degree,
            System::Collection(CollectionKind::Ebank) => self.ebank,
            System::Collection(CollectionKind::EbankV2) => self.ebank_v2,
        }
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        for system in System::ALL {
            let Limits { concurrency, calls_per_s, burst } = self.of(system);
            for (field, given, limit) in [
                ("concurrency", concurrency, CONCURRENCY_LIMIT),
                ("calls_per_s", calls_per_s, RATE_LIMIT),
                ("burst", burst, RATE_LIMIT),
            ] {
                at_most(&format!("provider.limits.{}.{field}", system.name()), given, limit)?;
            }
        }
        Ok(())
    }
}

impl Breaker {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        at_most("provider.breaker.failures", self.failures, FAILURES_LIMIT)?;
        if self.pause_max < self.pause_min {
            return Err(senseless("provider.breaker.pause_max", "must not be shorter than `pause_min`"));
        }
        Ok(())
    }
}

fn at_most(key: &str, given: NonZeroU32, limit: u32) -> Result<(), SettingsError> {
    if given.get() > limit {
        return Err(senseless(key, &format!("must be at most {limit}")));
    }
    Ok(())
}

fn senseless(key: &str, problem: &str) -> SettingsError {
    SettingsError::Senseless { key: key.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, config::ConfigError> {
        let file = config::File::from_str(text, config::FileFormat::Toml);
        config::Config::builder().add_source(file).build().unwrap().try_deserialize()
    }

    #[test]
    fn what_is_not_given_is_as_always() {
        let limits: AllLimits = read("telecom.calls_per_s = 7\nebank_v2.concurrency = \"2\"").unwrap();
        let telecom = limits.of(System::Collection(CollectionKind::Telecom));
        assert_eq!(telecom, Limits { calls_per_s: some(7), ..Limits::default() });
        assert_eq!(limits.of(System::Collection(CollectionKind::EbankV2)).concurrency, some(2));
        assert_eq!(limits.of(System::Audit), Limits::default());
        let breaker: Breaker = read("pause_max = \"90s\"").unwrap();
        assert_eq!(breaker, Breaker { pause_max: Duration::from_secs(90), ..Breaker::default() });
        assert!(limits.check().is_ok() && breaker.check().is_ok() && AllLimits::none().check().is_ok());
    }

    #[test]
    fn what_is_senseless_is_named() {
        assert!(read::<AllLimits>("telecom.burst = 0").is_err());
        assert!(read::<AllLimits>("telecom.rate = 1").is_err());
        let limits: AllLimits = read("audit.concurrency = 1001").unwrap();
        let told = limits.check().unwrap_err().to_string();
        assert_eq!(told, "provider.limits.audit.concurrency: must be at most 1000");
        let breaker: Breaker = read("pause_min = \"2m\"").unwrap();
        let told = breaker.check().unwrap_err().to_string();
        assert_eq!(told, "provider.breaker.pause_max: must not be shorter than `pause_min`");
    }
}
