//! Resource names.

use crate::machine::collection::CollectionKind;
use crate::machine::id::ApplicationId;
use crate::store::DeliveryKey;

const APPLICATIONS: &str = "applications/";
const CHALLENGES: &str = "challenges/";
const COLLECTIONS: &str = "collections/";
const DELIVERIES: &str = "deliveries/";
const MACHINES: &str = "machines/";

/// Names an application.
pub(in super::super) fn application_name(id: ApplicationId) -> String {
    format!("{APPLICATIONS}{id}")
}

/// Names a challenge.
pub(in super::super) fn challenge_name(application: ApplicationId, challenge: u32) -> String {
    format!("{APPLICATIONS}{application}/{CHALLENGES}{challenge}")
}

/// Names a transition.
pub(super) fn transition(application: ApplicationId, version: u64) -> String {
    format!("{APPLICATIONS}{application}/transitions/{version}")
}

/// Names a delivery.
pub(super) fn delivery(key: DeliveryKey) -> String {
    format!("{APPLICATIONS}{}/{DELIVERIES}{}", key.application, key.version)
}

/// Reads the name of a delivery.
pub(super) fn read_delivery(name: &str) -> Option<DeliveryKey> {
    let (application, delivery) = name.strip_prefix(APPLICATIONS)?.split_once('/')?;
    let version = delivery.strip_prefix(DELIVERIES)?;
    let is_plain = version.bytes().all(|byte| byte.is_ascii_digit());
    let version = version.parse().ok().filter(|_| is_plain)?;
    Some(DeliveryKey { application: application.parse().ok()?, version })
}

/// Names a machine.
pub(super) fn machine(name: &str) -> String {
    format!("{MACHINES}{name}")
}

/// Reads the name of an application.
pub(super) fn read_application(name: &str) -> Option<ApplicationId> {
    name.strip_prefix(APPLICATIONS)?.parse().ok()
}

/// Reads the name of a challenge.
pub(super) fn read_challenge(name: &str) -> Option<(ApplicationId, u32)> {
    let (application, challenge) = name.strip_prefix(APPLICATIONS)?.split_once('/')?;
    let challenge = challenge.strip_prefix(CHALLENGES)?;
    let is_plain = challenge.bytes().all(|byte| byte.is_ascii_digit());
    Some((application.parse().ok()?, challenge.parse().ok().filter(|_| is_plain)?))
}

/// Reads the name of a collection.
pub(super) fn read_collection(name: &str) -> Option<(ApplicationId, CollectionKind)> {
    let (application, collection) = name.strip_prefix(APPLICATIONS)?.split_once('/')?;
    let kind = CollectionKind::from_name(collection.strip_prefix(COLLECTIONS)?)?;
    Some((application.parse().ok()?, kind))
}

/// Reads the name of a machine.
pub(super) fn read_machine(name: &str) -> Option<&str> {
    name.strip_prefix(MACHINES)
}
