//! What a judge needs to know of a run.
//!
//! Owns the log of calls, the counters and the violations of good manners by the client. It must
//! never keep an answer, a password or a token, nor influence what is answered.

mod breach;
mod counters;

pub use breach::{Breach, Violation};
pub use counters::Counts;

use counters::Counters;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use super::faults::Fault;
use super::sessions::Moving;
use super::{Endpoint, Millis, Mobile, Script};

/// Calls kept; the oldest go first, the counters stay. Some 20 MB.
pub const KEPT_CALLS: usize = 50_000;
/// Violations kept with their text; all are counted.
pub const KEPT_BREACHES: usize = 1_000;
/// Orders remembered, to notice an audit processed twice.
const KEPT_ORDERS: usize = 2_000_000;
/// Characters of a path that are logged: a client may send any.
const LOGGED_PATH: usize = 200;

/// One call, as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Counted from 1 without a gap.
    pub number: u64,
    /// When it came, unix milliseconds.
    pub at: Millis,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// Whom it is about, as far as that became clear.
    #[serde(flatten)]
    pub subject: Subject,
    /// What became of it.
    pub outcome: Outcome,
}

/// Whom a call is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The applicant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<Mobile>,
    /// The session or the audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_id: Option<String>,
    /// The order audited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<i64>,
}

impl Subject {
    /// A session was found.
    pub(super) fn found(&mut self, session: &impl Moving) {
        self.mobile = Some(session.mobile());
        self.open_id = Some(session.open_id().to_owned());
    }
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// Done and told.
    Processed,
    /// Not done, and told why.
    Refused {
        /// The envelope's code, or the HTTP status where there is no such path.
        code: i64,
        /// The envelope's text.
        msg: String,
    },
    /// Disturbed on purpose.
    Fault {
        /// How.
        fault: Fault,
    },
}

/// Counts of one script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Sessions opened, of any system.
    pub sessions_opened: u64,
    /// Captchas, passwords and logins taken and judged.
    pub answers_processed: u64,
    /// Audits opened.
    pub audits_processed: u64,
    /// Audits asked for again under an order already audited.
    pub repeats: u64,
}

/// Everything that was processed, and what should not have been asked.
#[derive(Debug, Default)]
pub struct Ledger {
    calls: VecDeque<Call>,
    counted_calls: u64,
    tallies: BTreeMap<Script, Tally>,
    breaches: VecDeque<Breach>,
    counted_breaches: BTreeMap<Violation, u64>,
    orders: BTreeSet<i64>,
    counters: Counters,
}

impl Ledger {
    /// The calls still kept with a number greater than `number`, oldest first.
    pub fn calls_after(&self, number: u64) -> impl Iterator<Item = &Call> {
        let first = self.counted_calls - self.calls.len() as u64;
        let skipped = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        self.calls.iter().skip(skipped)
    }

    /// How many calls were made, kept or not.
    #[must_use]
    pub const fn call_count(&self) -> u64 {
        self.counted_calls
    }

    /// The counts of one script.
    #[must_use]
    pub fn tally(&self, script: Script) -> Tally {
        self.tallies.get(&script).copied().unwrap_or_default()
    }

    /// The violations still kept, oldest first.
    pub fn breaches(&self) -> impl Iterator<Item = &Breach> {
        self.breaches.iter()
    }

    /// How often a rule was violated, kept or not.
    #[must_use]
    pub fn count(&self, violation: Violation) -> u64 {
        self.counted_breaches.get(&violation).copied().unwrap_or_default()
    }

    /// How many answers were processed although the same text had been processed in that session.
    #[must_use]
    pub fn twice_processed(&self) -> u64 {
        self.count(Violation::AnswerTwice)
    }

    /// What became of the calls of one kind.
    #[must_use]
    pub fn counts(&self, endpoint: Endpoint) -> Counts {
        self.counters.of(endpoint)
    }

    /// What was processed for a session or an audit, by call; empty when it is not known any more.
    #[must_use]
    pub fn processed_for(&self, open_id: &str) -> BTreeMap<Endpoint, u64> {
        self.counters.processed_for(open_id)
    }

    pub(super) fn count_call(
        &mut self,
        endpoint: Endpoint,
        open_id: Option<&str>,
        is_processed: bool,
        is_faulty: bool,
    ) {
        self.counters.count(endpoint, open_id, is_processed, is_faulty);
    }

    /// The number the call under way will have.
    pub(super) const fn current_call(&self) -> u64 {
        self.counted_calls + 1
    }

    pub(super) fn session_opened(&mut self, script: Script) {
        self.tallies.entry(script).or_default().sessions_opened += 1;
    }

    pub(super) fn answer_processed(&mut self, script: Script) {
        self.tallies.entry(script).or_default().answers_processed += 1;
    }

    pub(super) fn audit_repeated(&mut self, script: Script) {
        self.tallies.entry(script).or_default().repeats += 1;
    }

    /// Counts an audit; it has its own memory of orders, since it is there to doubt the audits'.
    pub(super) fn audit_processed(&mut self, at: Millis, script: Script, subject: &Subject) {
        self.tallies.entry(script).or_default().audits_processed += 1;
        let Some(order) = subject.order_id else {
            return;
        };
        if self.orders.contains(&order) {
            self.breach(at, Violation::AuditTwice, subject, "audit processed twice");
        } else if self.orders.len() < KEPT_ORDERS {
            self.orders.insert(order);
        }
    }

    pub(super) fn breach(
        &mut self,
        at: Millis,
        violation: Violation,
        subject: &Subject,
        text: impl Into<String>,
    ) {
        *self.counted_breaches.entry(violation).or_default() += 1;
        if self.breaches.len() == KEPT_BREACHES {
            self.breaches.pop_front();
        }
        self.breaches.push_back(Breach {
            violation,
            call: self.current_call(),
            at,
            subject: subject.clone(),
            text: text.into(),
        });
    }

    pub(super) fn log(&mut self, at: Millis, method: &str, path: &str, subject: Subject, outcome: Outcome) {
        if self.calls.len() == KEPT_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(Call {
            number: self.current_call(),
            at,
            method: method.to_owned(),
            path: path.chars().take(LOGGED_PATH).collect(),
            subject,
            outcome,
        });
        self.counted_calls += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_bounded_and_its_numbers_go_on() {
        let mut ledger = Ledger::default();
        for at in 0..KEPT_CALLS as u64 + 10 {
            ledger.log(at, "POST", "/p", Subject::default(), Outcome::Processed);
        }
        let numbers = |after| ledger.calls_after(after).map(|call| call.number);
        assert_eq!(numbers(0).next(), Some(11), "ten have gone");
        assert_eq!(numbers(0).count(), KEPT_CALLS);
        assert_eq!(numbers(50_008).collect::<Vec<_>>(), [50_009, 50_010]);
        assert_eq!(numbers(60_000).next(), None);
        assert_eq!(ledger.call_count(), 50_010);
    }

    #[test]
    fn a_second_audit_of_an_order_is_noticed() {
        let mut ledger = Ledger::default();
        let subject = Subject { order_id: Some(7), ..Subject::default() };
        ledger.audit_processed(1, Script::Happy, &subject);
        assert_eq!(ledger.count(Violation::AuditTwice), 0);
        ledger.audit_processed(2, Script::Happy, &subject);
        assert_eq!(ledger.count(Violation::AuditTwice), 1);
        assert_eq!(ledger.breaches().next().unwrap().at, 2);
    }
}
