//! How long the provider wants to be left alone before it is asked for a session's state again
//! (`request_delay`, spec 002 §5.1.4).
//!
//! Owns the moments, by session. Who asks sooner than the next poll would (after a lost answer, for an
//! operator, after a restart) is kept back by it. What a lost answer told nobody knows, and what a former
//! life of this process was told neither: then a session is left alone for as long as a poll ever waits by
//! itself. Of such a system one call of a collection is under way at a time: a question that overtakes an
//! answer, or is overtaken by it, could not keep what is told with the other. It must never be needed after
//! a restart.

use crate::engine::provider::{Ended, Failure};
use crate::machine::call::{Call, EffectId, Pending, Reply, Slot, Told};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use std::collections::BTreeMap;
use std::time::Duration;

/// For how long a session is left alone at least of which a former life may have been told something:
/// as long as the provider ever wants in earnest.
const UNHEARD: Duration = Duration::from_secs(10);

/// The earliest moment of the next question for the state of each session that told one.
pub(in super::super) struct Pauses {
    ends: BTreeMap<(ApplicationId, Slot), Time>,
    /// The call of each that is under way, wanted or not.
    under_way: BTreeMap<(ApplicationId, Slot), EffectId>,
    /// How long to wait for what was told and is not known.
    unknown: Duration,
    /// The earliest moment for those sessions of which nothing was heard yet.
    unheard: Time,
}

impl Pauses {
    /// A life begins: nothing was heard yet. What is told and not known is taken to be `unknown`.
    pub(in super::super) fn new(now: Time, unknown: Duration) -> Self {
        let unheard = now + unknown.max(UNHEARD);
        Self { ends: BTreeMap::new(), under_way: BTreeMap::new(), unknown, unheard }
    }

    /// A call goes its way.
    pub(super) fn go(&mut self, application: ApplicationId, effect: EffectId) {
        if tells(effect.slot) {
            self.under_way.insert((application, effect.slot), effect);
        }
    }

    /// Hears how a call ended: what is told last counts.
    pub(super) fn hear(&mut self, application: ApplicationId, effect: EffectId, ended: &Ended, now: Time) {
        if !tells(effect.slot) {
            return;
        }
        let key = (application, effect.slot);
        if self.under_way.get(&key) == Some(&effect) {
            self.under_way.remove(&key);
        }
        let reply = match ended {
            Ended::Told { reply, .. } => reply,
            Ended::Failed(Failure::Ambiguous { .. }) => {
                let end = self.ends.entry(key).or_insert(now);
                *end = (now + self.unknown).max(*end);
                return;
            }
            // Nothing was told.
            Ended::Failed(
                Failure::NotSent { .. } | Failure::Busy { .. } | Failure::Ours { .. } | Failure::Hopeless(_),
            ) => return,
        };
        match reply {
            Reply::State(Told { delay: Some(delay), .. })
            | Reply::Accepted { told: Some(Told { delay: Some(delay), .. }) } => {
                self.ends.insert(key, now + *delay);
            }
            // A session of this life, and it has told nothing.
            Reply::Opened { .. } => {
                self.ends.insert(key, now);
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
            | Reply::NotReady
            | Reply::Stored { .. }
            | Reply::Lost
            | Reply::Failed { .. }
                if now < self.unheard =>
            {
                // Heard of in this life: a former one does not count.
                self.ends.insert(key, now);
            }
            Reply::State(Told { delay: None, .. })
            | Reply::Accepted { .. }
            | Reply::BlacklistClear
            | Reply::BlacklistHit
            | Reply::AuditAccepted { .. }
            | Reply::AuditRunning
            | Reply::AuditApproved
            | Reply::AuditRejected { .. }
            | Reply::NotReady
            | Reply::Stored { .. }
            | Reply::Lost
            | Reply::Failed { .. } => {
                self.ends.remove(&key);
            }
        }
    }

    /// When a call that is due then may be made; none while another one of its collection is under way.
    pub(super) fn after(&self, application: ApplicationId, pending: &Pending, due: Time) -> Option<Time> {
        let key = (application, pending.id.slot);
        if self.under_way.get(&key).is_some_and(|effect| *effect != pending.id) {
            return None;
        }
        let is_look = matches!(pending.call, Call::EbankState { .. });
        let end = self.ends.get(&key).copied().unwrap_or(self.unheard);
        Some(if is_look { due.max(end) } else { due })
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

/// Whether the provider tells how long to wait where these calls go.
fn tells(slot: Slot) -> bool {
    matches!(slot, Slot::Collection(kind) if kind.tells_delay())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::collection::CollectionKind;
    use crate::machine::samples;

    const SLOT: Slot = Slot::Collection(CollectionKind::Ebank);

    fn application(number: u8) -> ApplicationId {
        ApplicationId::from_bytes([number; 16])
    }

    const UNKNOWN: Duration = Duration::from_secs(10);

    /// A life that has lasted for a while.
    fn pauses() -> Pauses {
        Pauses::new(Time::from_millis(samples::NOW.as_millis() - 10_000), UNKNOWN)
    }

    fn hears(pauses: &mut Pauses, reply: Reply) {
        ends(pauses, &Ended::Told { reply, document: None });
    }

    fn ends(pauses: &mut Pauses, ended: &Ended) {
        pauses.hear(application(1), EffectId { version: 1, slot: SLOT }, ended, samples::NOW);
    }

    /// How long a look that is due now waits, in seconds.
    fn waits(pauses: &Pauses, application: ApplicationId, call: Call) -> u64 {
        let pending = samples::pending(SLOT, call);
        pauses.after(application, &pending, samples::NOW).unwrap().since(samples::NOW).as_secs()
    }

    fn look() -> Call {
        Call::EbankState { open_id: "1".to_owned() }
    }

    fn told(seconds: u64) -> Told {
        Told { code: 6, message: String::new(), delay: Some(Duration::from_secs(seconds)), picture: None }
    }

    #[test]
    fn the_state_is_not_asked_for_sooner_than_the_provider_wants() {
        let mut pauses = pauses();
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
    fn what_a_former_life_was_told_is_given_time() {
        let mut pauses = Pauses::new(samples::NOW, UNKNOWN);
        assert_eq!(waits(&pauses, application(1), look()), 10);
        assert_eq!(waits(&pauses, application(1), Call::EbankBanks), 0, "no look");
        hears(&mut pauses, Reply::Refused { message: String::new() });
        assert_eq!(waits(&pauses, application(1), look()), 10, "it has not told how long");
        hears(&mut pauses, Reply::State(told(3)));
        assert_eq!(waits(&pauses, application(1), look()), 3);
        assert_eq!(waits(&pauses, application(2), look()), 10, "another applicant's session");
        hears(&mut pauses, Reply::Opened { open_id: "2".to_owned(), agreement: None });
        assert_eq!(waits(&pauses, application(1), look()), 0, "a session of this life");
    }

    #[test]
    fn what_a_lost_answer_told_is_given_time() {
        let mut pauses = pauses();
        hears(&mut pauses, Reply::State(told(3)));
        let detail = || "cut".to_owned();
        ends(&mut pauses, &Ended::Failed(Failure::NotSent { detail: detail() }));
        assert_eq!(waits(&pauses, application(1), look()), 3, "nothing was told");
        ends(&mut pauses, &Ended::Failed(Failure::Ambiguous { detail: detail() }));
        assert_eq!(waits(&pauses, application(1), look()), 10);
        hears(&mut pauses, Reply::State(told(3)));
        assert_eq!(waits(&pauses, application(1), look()), 3);
    }

    #[test]
    fn one_call_of_a_collection_is_under_way_at_a_time() {
        let mut pauses = pauses();
        let pending = samples::pending(SLOT, look());
        let before = EffectId { version: pending.id.version - 1, slot: SLOT };
        let may_go = |pauses: &Pauses, number: u8| {
            pauses.after(application(number), &pending, samples::NOW) == Some(samples::NOW)
        };
        let silent = Ended::Failed(Failure::NotSent { detail: "refused".to_owned() });
        pauses.go(application(1), before);
        assert!(!may_go(&pauses, 1) && may_go(&pauses, 2));
        pauses.hear(application(1), pending.id, &silent, samples::NOW);
        assert!(!may_go(&pauses, 1), "it was another one that ended");
        pauses.hear(application(1), before, &silent, samples::NOW);
        assert!(may_go(&pauses, 1));
        pauses.go(application(1), pending.id);
        assert!(may_go(&pauses, 1), "it keeps nobody back but others");
        let elsewhere = Slot::Collection(CollectionKind::EbankV2);
        pauses.go(application(2), EffectId { slot: elsewhere, ..before });
        let pending = samples::pending(elsewhere, Call::EbankV2State { open_id: "1".to_owned() });
        assert_eq!(
            pauses.after(application(2), &pending, samples::NOW),
            Some(samples::NOW),
            "no wait is told"
        );
    }

    #[test]
    fn nothing_is_left_of_an_application_that_is_forgotten() {
        let mut pauses = pauses();
        hears(&mut pauses, Reply::State(told(3)));
        pauses.forget(application(2));
        assert_eq!(pauses.ends.len(), 1);
        pauses.forget(application(1));
        assert!(pauses.ends.is_empty());
    }
}
