//! What a partner is told of one change: the message, as it is sent and as it is asked for.
//!
//! It must never hold a free text: reasons are permanent words, so that nothing that somebody typed,
//! or that the provider said, can leave the house.

use crate::engine::core::LoadError;
use crate::machine::application::{Rejection, Want};
use crate::machine::graph::application::State;
use crate::machine::time::Time;
use crate::machine::view::Word;
use crate::store::records::change::{self, ChangeRecord};
use crate::store::{Change, DeliveryKey};
use serde::Serialize;

/// What a partner is told of one change.
pub(super) struct Outcome {
    pub(super) sequence: u64,
    pub(super) key: DeliveryKey,
    pub(super) partner: String,
    pub(super) state: State,
    pub(super) at: Time,
    pub(super) message: String,
}

impl Outcome {
    /// Reads a change; none if its state did not change, or if `is_wanted` does not want it.
    pub(super) fn of(
        stored: &Change,
        is_wanted: impl FnOnce(&str, State) -> bool,
    ) -> Result<Option<Self>, LoadError> {
        let record = change::from_record(stored.application, stored.version, &stored.body)?;
        let ChangeRecord { at, before, after } = record;
        let before = before.map(|before| before.state);
        if before == Some(after.state) || !is_wanted(&after.source.partner, after.state) {
            return Ok(None);
        }
        let key = DeliveryKey { application: stored.application, version: stored.version };
        let message = Message {
            id: id(key),
            sequence: stored.sequence,
            application: format!("applications/{}", stored.application),
            order_number: &after.source.order,
            partner: &after.source.partner,
            product: &after.product,
            state: after.state.name(),
            previous_state: before.map(|state| state.name()),
            version: stored.version,
            time: moment(at),
            outcome: ending(after.state, &after.word),
        };
        let message = serde_json::to_string(&message).expect("names are texts");
        let (sequence, partner, state) = (stored.sequence, after.source.partner, after.state);
        Ok(Some(Self { sequence, key, partner, state, at, message }))
    }
}

/// Names a delivery for its receiver: the same with every try.
pub(super) fn id(key: DeliveryKey) -> String {
    format!("{}-{}", key.application, key.version)
}

#[derive(Serialize)]
struct Message<'a> {
    id: String,
    sequence: u64,
    application: String,
    order_number: &'a str,
    partner: &'a str,
    product: &'a str,
    state: &'static str,
    previous_state: Option<&'static str>,
    version: u64,
    time: String,
    outcome: Option<Ending>,
}

/// How it ended, or why it is suspended.
#[derive(Serialize)]
struct Ending {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

fn ending(state: State, word: &Word) -> Option<Ending> {
    let (kind, reason) = match word {
        Word::None if state == State::Approved => ("approved", None),
        Word::None => return None,
        Word::Rejected(Rejection::Blacklisted) => ("rejected", Some("blacklisted".to_owned())),
        Word::Rejected(Rejection::Audit { .. }) => ("rejected", Some("audit".to_owned())),
        Word::Rejected(Rejection::Review { .. }) => ("rejected", Some("review".to_owned())),
        Word::Suspended(cause) => ("suspended", Some(cause.name().to_owned())),
        Word::Cancelled(_in_their_words) => ("cancelled", None),
        Word::Expired(want) => {
            let wanted = match want {
                Want::Evidence => "evidence",
                Want::Collections => "collections",
                Want::Applicant => "applicant",
            };
            ("expired", Some(wanted.to_owned()))
        }
    };
    Some(Ending { kind, reason })
}

/// A moment as RFC 3339 has it, in UTC.
fn moment(at: Time) -> String {
    let millis = i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_beyond| String::new(), |it| it.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::application::Phase;
    use crate::machine::call::Cause;
    use crate::machine::samples;
    use crate::machine::samples::Wanted;
    use crate::machine::view::View;

    fn told(phase: Phase, before: Option<State>) -> Option<serde_json::Value> {
        let application = samples::application(phase, Wanted::No);
        let before = before.map(|state| {
            let view = View::of(&application);
            crate::machine::view::Brief { state, ..view.brief() }
        });
        let record = ChangeRecord { at: samples::NOW, before, after: View::of(&application) };
        let stored =
            Change { sequence: 9, application: application.id, version: 4, body: change::to_record(&record) };
        let outcome = Outcome::of(&stored, |_, _| true).unwrap()?;
        Some(serde_json::from_str(&outcome.message).unwrap())
    }

    #[test]
    fn a_change_of_state_is_told_whole() {
        let phase = Phase::Rejected { reason: Rejection::Audit { reason: "he owes 5".to_owned() } };
        let told = told(phase, Some(State::AuditPending)).unwrap();
        let id = format!("{}-4", samples::ID);
        let expected = serde_json::json!({
            "id": id,
            "sequence": 9,
            "application": format!("applications/{}", samples::ID),
            "order_number": told["order_number"],
            "partner": told["partner"],
            "product": told["product"],
            "state": "REJECTED",
            "previous_state": "AUDIT_PENDING",
            "version": 4,
            "time": moment(samples::NOW),
            "outcome": { "kind": "rejected", "reason": "audit" },
        });
        assert_eq!(told, expected);
        assert!(told["order_number"].is_string() && !told.to_string().contains("owes"));
    }

    #[test]
    fn what_did_not_change_is_not_told_and_a_creation_is() {
        assert!(told(samples::init(), Some(State::Init)).is_none());
        let created = told(samples::init(), None).unwrap();
        assert_eq!(created["state"], "INIT");
        assert!(created["previous_state"].is_null() && created["outcome"].is_null());
    }

    #[test]
    fn no_free_text_is_told() {
        for phase in [
            Phase::Cancelled { reason: "free text".to_owned() },
            samples::suspended(samples::init(), Cause::Refused { detail: "free text".to_owned() }),
        ] {
            let told = told(phase, Some(State::Init)).unwrap();
            assert!(told["outcome"]["kind"].is_string(), "{told}");
            assert!(!told.to_string().contains("free text"), "{told}");
        }
    }
}
