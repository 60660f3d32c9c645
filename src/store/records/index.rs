//! The indexes: which exist, and under which keys an application stands in them.

use crate::machine::application::{Application, Source};
use crate::machine::graph::application::State;
use crate::store::IndexKey;

/// By partner and order number; unique. 1.
const BY_SOURCE: u8 = 1;
/// By state. 2.
const BY_STATE: u8 = 2;
/// By a keyed digest of the mobile number. 3.
const BY_PHONE: u8 = 3;
/// By a keyed digest of the identity number. 4.
const BY_IDENTITY: u8 = 4;
/// By the reason for which it waits for an operator. 5.
const BY_CAUSE: u8 = 5;
/// Those that hold a sealed answer. 6.
const HOLDING: u8 = 6;

/// Those that are held by an operator. 7.
const HELD: u8 = 7;

/// Those of which a collection that they cannot do without is parked while others go on. 8.
const PARKED: u8 = 8;

/// The key of all of which a collection that they cannot do without is parked while others go on.
pub const fn parked() -> IndexKey {
    IndexKey { index: PARKED, value: Vec::new() }
}

/// The key of all that are held by an operator.
pub const fn held() -> IndexKey {
    IndexKey { index: HELD, value: Vec::new() }
}

/// The key of all that hold a sealed answer.
pub const fn holding() -> IndexKey {
    IndexKey { index: HOLDING, value: Vec::new() }
}

/// The key of a partner's order.
pub fn by_source(source: &Source) -> IndexKey {
    let mut value = Vec::with_capacity(source.partner.len() + source.order.len() + 1);
    value.extend_from_slice(source.partner.as_bytes());
    value.push(0);
    value.extend_from_slice(source.order.as_bytes());
    IndexKey { index: BY_SOURCE, value }
}

/// The key of a state.
pub fn by_state(state: State) -> IndexKey {
    by_state_number(state.number())
}

/// The key of a state that may be drawn no more, or not yet.
pub fn by_state_number(number: u16) -> IndexKey {
    IndexKey { index: BY_STATE, value: number.to_be_bytes().to_vec() }
}

/// The key of a mobile number's digest.
pub fn by_phone(digest: [u8; 16]) -> IndexKey {
    IndexKey { index: BY_PHONE, value: digest.to_vec() }
}

/// The key of an identity number's digest.
pub fn by_identity(digest: [u8; 16]) -> IndexKey {
    IndexKey { index: BY_IDENTITY, value: digest.to_vec() }
}

/// The key of a reason to wait for an operator.
pub fn by_cause(name: &str) -> IndexKey {
    IndexKey { index: BY_CAUSE, value: name.as_bytes().to_vec() }
}

/// Says whether few applications stand under a key: one order, one person.
pub const fn is_rare(key: &IndexKey) -> bool {
    matches!(key.index, BY_SOURCE | BY_PHONE | BY_IDENTITY)
}

/// Every key under which an application stands.
pub fn keys(application: &Application) -> Vec<IndexKey> {
    let mut keys = vec![by_source(&application.source), by_state(application.state())];
    keys.extend(application.phone.map(by_phone));
    keys.extend(application.identity.map(by_identity));
    if let Some(cause) = application.cause() {
        keys.push(by_cause(cause.name()));
        if application.state() != State::Suspended {
            keys.push(parked());
        }
    }
    if application.held.is_some() {
        keys.push(held());
    }
    if application.answers().next().is_some() {
        keys.push(holding());
    }
    keys
}

/// The keys that are lost and those that are gained between two values.
pub fn difference(before: Option<&Application>, after: &Application) -> (Vec<IndexKey>, Vec<IndexKey>) {
    let old = before.map(keys).unwrap_or_default();
    let new = keys(after);
    let lost = old.iter().filter(|key| !new.contains(key)).cloned().collect();
    let gained = new.iter().filter(|key| !old.contains(key)).cloned().collect();
    (lost, gained)
}
