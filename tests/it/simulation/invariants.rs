//! What must always hold, after each step and at the end.

use super::world::World;
use crate::applicant::{PASSWORD, system};
use crate::moves;
use docket::engine::outage::State as Breaker;
use docket::engine::provider::Order;
use docket::machine::application::{Application, Phase};
use docket::machine::call::{Cause, System};
use docket::machine::collection::CollectionKind;
use docket::machine::graph::application::State;
use docket::machine::id::ApplicationId;
use docket::sandbox::Violation;
use docket::store::Store;
use std::collections::BTreeSet;

/// How long nothing may happen to an application that something is due for, in milliseconds:
/// longer than any backoff, shorter than the deadline of a session, which would hide a poll that
/// was never made.
const SILENCE: u64 = 300_000;

impl World {
    /// No call is made that was not asked for durably, nor with anything that is not durable.
    pub(super) fn check_intent(&self, order: &Order) {
        let Order { application, pending } = order;
        self.check_durable(application.id, application.version);
        let durable = &self.witness[&application.id];
        let is_asked_for = durable.outbox.iter().any(|asked| asked.id == pending.id);
        assert!(is_asked_for, "{} is called and is not durable", pending.call.name());
        assert_eq!(durable.held, None, "{} is called and it is held", pending.call.name());
    }

    /// Nothing is told that is not durable.
    pub(super) fn check_durable(&self, application: ApplicationId, version: u64) {
        let durable = self.witness.get(&application).map_or(0, |durable| durable.version);
        assert!(version <= durable, "version {version} is told, {durable} is durable");
    }

    /// A crash leaves all that was synced, and nothing else; every answer that is held can be opened.
    pub(super) fn check_what_is_left(&self) {
        let left = self.store.applications(None, 100).unwrap();
        let left: Vec<_> = left.into_iter().map(|(id, stored)| (id, stored.version)).collect();
        let mut synced: Vec<_> = self.witness.iter().map(|(id, durable)| (*id, durable.version)).collect();
        synced.sort_unstable();
        assert_eq!(left, synced);
        for application in self.witness.values() {
            for answer in application.answers() {
                let opened = self.archive().answer(application, answer).unwrap();
                assert!(opened.is_some(), "the key of an answer is gone that is still to be submitted");
            }
        }
    }

    /// No application for which something is due is forgotten.
    fn check_silence(&self, application: &Application) {
        let is_due = application.wake().is_some_and(|wake| wake.as_millis() + SILENCE < self.now);
        let is_away = self.flights.iter().any(|flight| flight.application == application.id);
        let stirred = self.stirred.get(&application.id).copied().unwrap_or_default();
        let is_silent = is_due && !is_away && stirred + SILENCE < self.now;
        assert!(!is_silent, "nobody looks after {}: {application:?}", application.source.order);
    }

    pub(super) fn breaker(&self, system: System) -> Breaker {
        let standings = self.core.standings();
        standings.into_iter().find(|standing| standing.system == system).unwrap().state
    }

    /// No outage uses the budget of a call up: none lasts as long as is waited for.
    pub(super) fn check_patience(&self, application: &Application) {
        let cause = match &application.phase {
            Phase::Suspended { cause, .. } => Some(cause),
            _ => None,
        };
        let parked = application.collections.iter().filter_map(|collection| collection.parked());
        for cause in cause.into_iter().chain(parked) {
            assert!(!matches!(cause, Cause::Unavailable { .. }), "given up: {application:?}");
        }
    }

    /// What must hold after each step; of what is stored, after each write, and now and then for
    /// what time alone can break.
    pub(super) fn check(&mut self, step: u32) {
        // What is parked is looked after: it goes when its system is back, or nothing ever ends.
        for (application, _) in self.people.iter().filter_map(|person| person.application) {
            if !self.core.parked(application).is_empty() {
                self.stirred.insert(application, self.now);
            }
        }
        let (_, newest) = self.store.span().unwrap();
        if newest != self.checked || step.is_multiple_of(16) {
            self.checked = newest;
            self.check_stored();
        }
        let calls = self.network.with(|sandbox| sandbox.ledger().call_count());
        if calls != self.checked_calls {
            self.checked_calls = calls;
            self.check_ledger();
        }
    }

    fn check_stored(&self) {
        for person in 0..self.people.len() {
            if let (Some((_, version)), Some(application)) =
                (self.people[person].application, self.durable(person))
            {
                assert!(application.version >= version, "an acknowledged event is gone");
                assert_eq!(application.wake().is_none(), application.state().is_terminal());
                self.check_silence(&application);
            }
        }
        let audit = self.store.audit().unwrap();
        assert_eq!((audit.orphan_count, audit.live), (0, audit.wakes), "nothing waits without a wake-up");
    }

    fn check_ledger(&self) {
        self.network.with(|sandbox| {
            let ledger = sandbox.ledger();
            assert_eq!(ledger.twice_processed(), 0, "no answer is processed twice");
            for violation in Violation::ALL {
                let count = ledger.count(violation);
                assert_eq!(count, 0, "{violation:?}: {:?}", ledger.breaches().collect::<Vec<_>>());
            }
        });
    }

    pub(super) fn check_the_end(&self) {
        let (oldest, newest) = self.store.span().unwrap();
        let changes = self.store.changes(oldest - 1, 10_000).unwrap();
        assert_eq!(changes.len() as u64, newest, "the stream has no gap");
        for (at, change) in changes.iter().enumerate() {
            assert_eq!(change.sequence, at as u64 + 1);
        }
        for person in 0..self.people.len() {
            let applicant = &self.people[person];
            let application = self.durable(person).unwrap();
            let state = application.state();
            let wants_something = application.plan.collections.iter().any(|wish| wish.required);
            let is_as_told = state == applicant.expected(&application)
                || (applicant.is_cancelled && state == State::Cancelled)
                || (state == State::Expired && wants_something);
            assert!(is_as_told, "{:?} ended {}", applicant.script, state.name());
            assert_eq!(application.answers().count(), 0, "no answer outlives its application");
            moves::check(&self.store, &application);
        }
        self.check_nothing_is_readable();
    }

    /// No stored byte tells who applied.
    fn check_nothing_is_readable(&self) {
        let rows = self.store.dump();
        for person in &self.people {
            let logins: BTreeSet<String> = self.network.with(|sandbox| {
                let kinds = CollectionKind::ALL.into_iter().skip(1);
                let firsts = kinds.filter_map(|kind| sandbox.first_answer_of(system(kind), &person.phone));
                let is_telling = |(name, _): &(&'static str, String)| *name != "entry_id";
                firsts.flat_map(|first| first.fields).filter(is_telling).map(|(_, typed)| typed).collect()
            });
            let told = [&person.name, &person.phone, &person.id_card].map(String::as_str);
            for secret in told.into_iter().chain([PASSWORD]).chain(logins.iter().map(String::as_str)) {
                let needle = secret.as_bytes();
                let found = rows.iter().any(|(key, value)| contains(key, needle) || contains(value, needle));
                assert!(!found, "{secret} lies in the store in the clear");
            }
        }
    }
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}
