//! States, owners and times in the words of tables.

use crate::api::proto::v1::application::State;
use crate::api::proto::v1::evidence_item::Supplier;
use crate::api::proto::v1::{EvidenceKind, Owner, challenge, collection, provider_status};
use crate::clock;
use prost_types::{Duration as WireDuration, Timestamp};
use std::time::Duration;

/// The name of a state; of one that this program does not know, its number.
pub(in super::super) fn state(number: i32) -> String {
    State::try_from(number).map_or_else(
        |_unknown| format!("STATE_{number}"),
        |state| state.as_str_name().trim_start_matches("STATE_").to_owned(),
    )
}

/// Whoever owes the next move; `-` when nobody does.
pub(in super::super) fn owner(number: i32) -> String {
    match Owner::try_from(number) {
        Ok(Owner::Unspecified) => "-".to_owned(),
        Ok(owner) => owner.as_str_name().trim_start_matches("OWNER_").to_lowercase(),
        Err(_unknown) => number.to_string(),
    }
}

/// What a challenge asks for, as the field of its answer is called.
pub(in super::super) fn challenge(kind: challenge::Kind) -> String {
    kind.as_str_name().trim_start_matches("KIND_").to_lowercase()
}

/// What is collected.
pub(in super::super) fn collection(kind: collection::Kind) -> String {
    kind.as_str_name().trim_start_matches("KIND_").to_lowercase()
}

/// What a collection amounts to.
pub(in super::super) fn standing(standing: collection::Standing) -> String {
    standing.as_str_name().trim_start_matches("STANDING_").to_lowercase().replace('_', " ")
}

/// How the breaker of a system of the provider stands.
pub(in super::super) fn breaker(number: i32) -> String {
    provider_status::State::try_from(number).map_or_else(
        |_unknown| number.to_string(),
        |state| state.as_str_name().trim_start_matches("STATE_").to_lowercase().replace('_', "-"),
    )
}

/// A kind of evidence.
pub(in super::super) fn evidence(number: i32) -> String {
    EvidenceKind::try_from(number).map_or_else(
        |_unknown| number.to_string(),
        |kind| kind.as_str_name().trim_start_matches("EVIDENCE_KIND_").to_lowercase(),
    )
}

/// Who supplied evidence; `-` when nobody knows.
pub(in super::super) fn supplier(number: i32) -> String {
    match Supplier::try_from(number) {
        Ok(Supplier::Unspecified) => "-".to_owned(),
        Ok(supplier) => supplier.as_str_name().trim_start_matches("SUPPLIER_").to_lowercase(),
        Err(_unknown) => number.to_string(),
    }
}

/// A moment, in UTC.
pub(in super::super) fn time(time: Option<&Timestamp>) -> String {
    let told =
        time.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos / 1_000_000 * 1_000_000).ok());
    told.map_or_else(|| "-".to_owned(), |told| format!("{told:.3}"))
}

/// How long ago a moment was.
pub(in super::super) fn ago(time: Option<&Timestamp>) -> String {
    time.map_or_else(
        || "-".to_owned(),
        |time| span(Duration::from_millis(now().saturating_sub(millis(time)))),
    )
}

/// How far away a moment is: `in 3m`, or `now` when it is over.
pub(in super::super) fn ahead(time: Option<&Timestamp>) -> String {
    let Some(time) = time else { return "-".to_owned() };
    let left = millis(time).saturating_sub(now());
    if left == 0 { "now".to_owned() } else { format!("in {}", span(Duration::from_millis(left))) }
}

/// A stretch of time of the contract.
pub(in super::super) fn stretch(duration: &WireDuration) -> String {
    span(Duration::try_from(*duration).unwrap_or_default())
}

/// A stretch of time in its two largest units.
pub(in super::super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts =
        [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(parts.len() - 1);
    let told = parts.iter().skip(first).take(2).filter(|(count, _)| *count > 0);
    let told: Vec<_> = told.map(|(count, unit)| format!("{count}{unit}")).collect();
    if told.is_empty() { "0s".to_owned() } else { told.join(" ") }
}

/// A text from outside without what would steer a terminal.
pub(in super::super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn now() -> u64 {
    clock::now().as_millis()
}

fn millis(time: &Timestamp) -> u64 {
    let seconds = u64::try_from(time.seconds).unwrap_or_default();
    seconds.saturating_mul(1000) + u64::try_from(time.nanos / 1_000_000).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_told_in_its_two_largest_units() {
        let told = |seconds| span(Duration::from_secs(seconds));
        assert_eq!([told(0), told(59), told(60), told(3_661)], ["0s", "59s", "1m", "1h 1m"]);
        assert_eq!([told(86_400), told(90_000), told(3_605)], ["1d", "1d 1h", "1h"]);
    }

    #[test]
    fn a_state_of_tomorrow_has_a_name() {
        assert_eq!([state(8), state(12)], ["REVIEW_PENDING", "STATE_12"]);
    }

    #[test]
    fn a_breaker_has_its_word() {
        assert_eq!([breaker(1), breaker(3), breaker(9)], ["closed", "half-open", "9"]);
    }

    #[test]
    fn nothing_from_outside_steers_a_terminal() {
        assert_eq!(plain("a\x1b[31mb\n"), "a [31mb ");
    }
}
