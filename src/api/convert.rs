//! Between the wire and the engine: requests checked, answers mapped.
//!
//! The only place that makes a `Status`. Every error says why in a `google.rpc.ErrorInfo`, all
//! violations of a request are told together, and no value that was sent is ever repeated.

mod application;
mod challenge;
mod check;
mod delivery;
mod evidence;
mod explanation;
mod line;
mod machine;
mod migration;
mod name;
mod provider;
mod request;
mod review;
mod session;
mod status;
mod steering;
mod store;
mod terms;
mod token;
mod transition;

pub(super) use self::application::{application, page, view};
pub(super) use self::challenge::posed;
pub(super) use self::check::WAIT_LIMIT;
pub(super) use self::delivery::{deliveries, delivery, delivery_key, delivery_page, resend};
pub(super) use self::evidence::{brought, submitted};
pub(super) use self::explanation::explanation;
pub(super) use self::line::line;
pub(super) use self::machine::{machine, machine_named, machine_outline};
pub(crate) use self::migration::migration;
pub(super) use self::name::{application_name, challenge_name};
pub(super) use self::provider::systems;
pub(super) use self::request::{
    Given, Typed, another, answer, application_id, cancellation, challenge_id, history, list, wait, watch,
};
pub(super) use self::review::{items, looking};
pub(super) use self::session::{issued, session};
pub(super) use self::status::{
    bare, found, leaving, overloaded, refused, too_slow, undelivered, unfit, unkept, unknown_service,
    unlisted, unwatched,
};
pub(super) use self::steering::{collection_steering, steered, steering, stuck};
pub(crate) use self::store::store_stats;
pub(super) use self::store::{backed_up, backup, backup_progress, rebuild_progress, rebuilt, release};
pub(super) use self::transition::transitions;

use crate::machine::time::Time;
use prost_types::{Duration, Timestamp};

/// The reasons of `google.rpc.ErrorInfo` are unique within this domain.
const DOMAIN: &str = "docket";

/// A moment as the wire tells it.
fn timestamp(time: Time) -> Timestamp {
    let millis = time.as_millis();
    let seconds = i64::try_from(millis / 1000).expect("milliseconds of 64 bits are seconds of 63");
    let nanos = i32::try_from(millis % 1000 * 1_000_000).expect("below a second");
    Timestamp { seconds, nanos }
}

/// A moment as people read it.
fn moment(time: Time) -> String {
    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_beyond| String::new(), |it| it.to_string())
}

/// A stretch of time as the wire tells it.
fn duration(duration: std::time::Duration) -> Duration {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let nanos = i32::try_from(duration.subsec_nanos()).expect("below a second");
    Duration { seconds, nanos }
}

/// A version as the wire tells it.
fn version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}
