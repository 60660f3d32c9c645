//! How long the provider wants to be left alone before it is asked for a session's state again
//! (`request_delay`, spec 002 §5.1.4).
//!
//! Owns the moments, by session. Who asks sooner than the next poll would (after a lost answer, for an
//! operator) is kept back by it. It must never be needed after a restart.

use crate::engine::provider::Ended;
use crate::machine::call::{Call, EffectId, Pending, Reply, Slot, Told};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use std::collections::BTreeMap;

/// The earliest moment of the next question for the state of each session that told one.
#[derive(Default)]
pub(super) struct Pauses {
    ends: BTreeMap<(ApplicationId, Slot), Time>,
}

impl Pauses {
    /// Hears how a call ended: what is told last counts.
    pub(super) fn hear(&mut self, application: ApplicationId, effect: EffectId, ended: &Ended, now: Time) {
        let Ended::Told { reply, .. } = ended else { return };
        let key = (application, effect.slot);
        match reply {
            Reply::State(Told { delay: Some(delay), .. })
            | Reply::Accepted { told: Some(Told { delay: Some(delay), .. }) } => {
                self.ends.insert(key, now + *delay);
            }
            // What was refused changes nothing.
            Reply::Refused { .. } => {}
            Reply::State(Told { delay: None, .. })
            | Reply::Accepted { .. }
            | Reply::BlacklistClear
            | Reply::BlacklistHit
            | Reply::AuditAccepted { .. }
            | Reply::AuditRunning
            | Reply::AuditApproved
            | Reply::AuditRejected { .. }
            | Reply::Opened { .. }
            | Reply::NotReady
            | Reply::Stored { .. }
            | Reply::Lost
            | Reply::Failed { .. } => {
                self.ends.remove(&key);
            }
        }
    }

    /// When a call that is due then may be made.
    pub(super) fn after(&self, application: ApplicationId, pending: &Pending, due: Time) -> Time {
        let is_look = matches!(pending.call, Call::EbankState { .. });
        let end = self.ends.get(&(application, pending.id.slot)).filter(|_| is_look);
        end.map_or(due, |end| due.max(*end))
    }

    /// Forgets an application.
    pub(super) fn forget(&mut self, application: ApplicationId) {
        let span = (application, Slot::Application)..=(application, Slot::LAST);
        let keys: Vec<_> = self.ends.range(span).map(|(key, _)| *key).collect();
        for key in keys {
            self.ends.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::collection::CollectionKind;
    use crate::machine::samples;
    use std::time::Duration;

    const SLOT: Slot = Slot::Collection(CollectionKind::Ebank);

    fn application(number: u8) -> ApplicationId {
        ApplicationId::from_bytes([number; 16])
    }

    fn hears(pauses: &mut Pauses, reply: Reply) {
        let ended = Ended::Told { reply, document: None };
        pauses.hear(application(1), EffectId { version: 1, slot: SLOT }, &ended, samples::NOW);
    }

    /// How long a look that is due now waits, in seconds.
    fn waits(pauses: &Pauses, application: ApplicationId, call: Call) -> u64 {
        let pending = samples::pending(SLOT, call);
        pauses.after(application, &pending, samples::NOW).since(samples::NOW).as_secs()
    }

    fn look() -> Call {
        Call::EbankState { open_id: "1".to_owned() }
    }

    fn told(seconds: u64) -> Told {
        Told { code: 6, message: String::new(), delay: Some(Duration::from_secs(seconds)), picture: None }
    }

    #[test]
    fn the_state_is_not_asked_for_sooner_than_the_provider_wants() {
        let mut pauses = Pauses::default();
        hears(&mut pauses, Reply::State(told(3)));
        assert_eq!(waits(&pauses, application(1), look()), 3);
        assert_eq!(waits(&pauses, application(2), look()), 0, "another applicant's session");
        assert_eq!(waits(&pauses, application(1), Call::EbankBanks), 0, "no look");
        hears(&mut pauses, Reply::Refused { message: String::new() });
        assert_eq!(waits(&pauses, application(1), look()), 3);
        hears(&mut pauses, Reply::Accepted { told: Some(told(7)) });
        assert_eq!(waits(&pauses, application(1), look()), 7, "what is told last counts");
        hears(&mut pauses, Reply::Opened { open_id: "2".to_owned(), agreement: None });
        assert_eq!(waits(&pauses, application(1), look()), 0, "another session");
    }

    #[test]
    fn nothing_is_left_of_an_application_that_is_forgotten() {
        let mut pauses = Pauses::default();
        hears(&mut pauses, Reply::State(told(3)));
        pauses.forget(application(2));
        assert_eq!(pauses.ends.len(), 1);
        pauses.forget(application(1));
        assert!(pauses.ends.is_empty());
    }
}
