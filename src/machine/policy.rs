//! How patient Docket is: every wait and limit that the machines use.

use super::collection::CollectionKind;
use std::time::Duration;

/// Waits and limits; the same for all applications of a server. The defaults are for the real
/// provider, a demo shortens them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// For the evidence to be complete (72 h, spec 005 A-001-11).
    pub intake: Duration,
    /// For all collections of an application together.
    pub collections: Duration,
    /// For the applicant to bring credentials.
    pub credentials: Duration,
    /// The same for a collection that the product can do without: its application waits for it.
    pub credentials_optional: Duration,
    /// From open-id until the applicant's part is done, where a limit is printed (600 s, spec 002 §3, §4).
    pub session: Duration,
    /// The same for e-banking, where none is printed (600 s, spec 005 A-002-26).
    pub ebank_session: Duration,
    /// From the end of the applicant's part until the data is here.
    pub data: Duration,
    /// For the audit's decision.
    pub audit: Duration,
    /// Between two looks at what is suspended or parked.
    pub reminder: Duration,
    /// For a person who took a review to decide, or to say that it takes longer.
    pub review: Duration,
    /// Between a dead session and the next.
    pub restart: Duration,
    /// Between two polls of a working session, at first (3 s, spec 005 A-002-27).
    pub poll_min: Duration,
    /// Between two polls of a working session, at most (10 s).
    pub poll_max: Duration,
    /// Between two polls while the applicant owes an answer.
    pub poll_asking: Duration,
    /// Between two questions for the audit's result, at first (5 s, spec 006 §5).
    pub audit_min: Duration,
    /// Between two questions for the audit's result, at most (60 s).
    pub audit_max: Duration,
    /// How long one call may be tried in vain before what asked for it is parked.
    pub call_budget: Duration,
    /// Sessions a collection may open before it is parked or exhausted.
    pub sessions: u8,
    /// Answers an applicant may give to one kind of question before the session is given up.
    pub answers: u8,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Default for Policy {
    fn default() -> Self {
        Self {
            intake: Duration::from_secs(72 * HOUR),
            collections: Duration::from_secs(14 * DAY),
            credentials: Duration::from_secs(72 * HOUR),
            credentials_optional: Duration::from_secs(HOUR),
            session: Duration::from_secs(600),
            ebank_session: Duration::from_secs(600),
            data: Duration::from_secs(30 * MINUTE),
            audit: Duration::from_secs(DAY),
            reminder: Duration::from_secs(DAY),
            review: Duration::from_secs(30 * MINUTE),
            restart: Duration::from_secs(2),
            poll_min: Duration::from_secs(3),
            poll_max: Duration::from_secs(10),
            poll_asking: Duration::from_secs(30),
            audit_min: Duration::from_secs(5),
            audit_max: Duration::from_secs(60),
            call_budget: Duration::from_secs(15 * MINUTE),
            sessions: 3,
            answers: 5,
        }
    }
}

impl Policy {
    /// Says how long a session of a collection may take.
    pub const fn session(&self, kind: CollectionKind) -> Duration {
        if kind.has_printed_limit() { self.session } else { self.ebank_session }
    }

    /// Says how long an applicant has to bring credentials.
    pub const fn credentials(&self, is_required: bool) -> Duration {
        if is_required { self.credentials } else { self.credentials_optional }
    }

    /// Says when to poll a working session again that has been in its state for `dwell`.
    pub fn poll_after(&self, dwell: Duration) -> Duration {
        grown(dwell, self.poll_min, self.poll_max)
    }

    /// Says when to ask for the audit's result again after waiting for `dwell`.
    pub fn audit_after(&self, dwell: Duration) -> Duration {
        grown(dwell, self.audit_min, self.audit_max)
    }
}

/// A quarter of the time already waited, within bounds.
fn grown(dwell: Duration, min: Duration, max: Duration) -> Duration {
    (dwell / 4).max(min).min(max)
}
