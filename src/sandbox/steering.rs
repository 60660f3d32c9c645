//! What is done to a sandbox from outside the wire: faults, outages, sessions moved by hand.
//!
//! Owns the requests of the control API as methods, with errors that name what is wrong. It must
//! never be reached by a provider's call.

use std::collections::BTreeMap;

use serde::Serialize;

use super::faults::{MAX_PLANNED, MILLION, Trouble};
use super::sessions::{Moving, Sessions};
use super::{
    Endpoint, Expected, Faults, Millis, Mobile, Outage, OutageKind, Planned, Sandbox, System, faults,
};

/// Moves that one request makes at most: no session has as many.
const MAX_MOVES: usize = 100;

/// Why a request of the control API is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cannot {
    /// More faults than calls.
    #[error("per_million: the rates add up to {0}, more than {MILLION}")]
    TooManyFaults(u64),
    /// The plan is full.
    #[error("{MAX_PLANNED} faults are planned: clear them first")]
    PlanIsFull,
    /// A planned fault that never comes.
    #[error("times must be at least 1")]
    NoTimes,
    /// The system is up.
    #[error("system {0} has no outage")]
    NoOutage(&'static str),
    /// The system has no sessions.
    #[error("system {0} has no sessions")]
    NoSessions(&'static str),
    /// Nobody has such a session.
    #[error("mobile {mobile} has no session of system {system}")]
    NoSession {
        /// The applicant.
        mobile: Mobile,
        /// The system.
        system: &'static str,
    },
    /// The session does not move.
    #[error("the session rests in state {state}{}", if *.is_asking { ": it waits for an answer" } else { "" })]
    Rests {
        /// Where.
        state: i64,
        /// Whether it waits for the applicant.
        is_asking: bool,
    },
}

/// A session as the control API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionView {
    /// The system.
    pub system: System,
    /// The applicant.
    pub mobile: Mobile,
    /// The session's id.
    pub open_id: String,
    /// The number of its state, in the dictionary of its system (spec 002 §8).
    pub state: i64,
    /// When it was opened, unix milliseconds.
    pub opened_at: Millis,
    /// When it moves by itself next, unix milliseconds.
    pub next_move: Option<Millis>,
    /// What the applicant should type.
    pub expected: Option<Expected>,
    /// What was processed for it, by call.
    pub processed: BTreeMap<Endpoint, u64>,
}

impl Sandbox {
    /// Sets the faults that come by chance; those planned and the outages stay.
    ///
    /// # Errors
    /// If the rates add up to more than [`MILLION`].
    pub fn set_faults(&mut self, faults: Faults) -> Result<(), Cannot> {
        let total = faults.total();
        if total > u64::from(MILLION) {
            return Err(Cannot::TooManyFaults(total));
        }
        self.trouble.faults = faults;
        Ok(())
    }

    /// The faults that come by chance.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.trouble.faults
    }

    /// Plans a fault for the next calls of one kind; those planned first come first.
    ///
    /// # Errors
    /// If it would never come, or too many are planned.
    pub fn plan_fault(&mut self, planned: Planned) -> Result<(), Cannot> {
        if planned.times == 0 {
            return Err(Cannot::NoTimes);
        }
        if self.trouble.plan(planned) { Ok(()) } else { Err(Cannot::PlanIsFull) }
    }

    /// The faults planned that have not come yet.
    pub fn planned_faults(&self) -> impl Iterator<Item = &Planned> {
        self.trouble.planned()
    }

    /// Clears all faults, by chance and planned.
    pub fn clear_faults(&mut self) {
        self.trouble.clear();
    }

    /// Takes a system down, for so many milliseconds or until the outage is ended.
    pub fn start_outage(&mut self, system: System, kind: OutageKind, lasts: Option<Millis>) {
        let until = lasts.map(|lasts| self.now.saturating_add(lasts));
        self.trouble.start_outage(system, Outage { kind, until });
    }

    /// Brings a system back.
    ///
    /// # Errors
    /// If it was not out.
    pub fn end_outage(&mut self, system: System) -> Result<(), Cannot> {
        if self.trouble.end_outage(system) { Ok(()) } else { Err(Cannot::NoOutage(system.name())) }
    }

    /// The systems that are out.
    #[must_use]
    pub fn outages(&self) -> BTreeMap<System, faults::Outage> {
        self.trouble.outages(self.now)
    }

    /// Opens the call that takes a service password apart from open-id, which then may come without
    /// one (spec 005 A-002-8).
    pub const fn take_service_passwords(&mut self, takes: bool) {
        self.takes_service_password = takes;
    }

    /// Forgets everything but the settings, the audit key and the time.
    pub fn reset(&mut self) {
        let takes_service_password = self.takes_service_password;
        let fresh = Self::new(self.settings.clone());
        let (key, now) = (std::mem::take(&mut self.key), self.now);
        *self = Self { key, now, takes_service_password, trouble: Trouble::default(), ..fresh };
    }

    /// The newest session of an applicant, as of the last [`Sandbox::settle`].
    ///
    /// # Errors
    /// If there is none.
    pub fn session(&self, system: System, mobile: Mobile) -> Result<SessionView, Cannot> {
        match system {
            System::Telecom => self.view(&self.telecom, system, mobile),
            System::Degree => self.view(&self.degree, system, mobile),
            System::Ebank => self.view(&self.ebank, system, mobile),
            System::EbankV2 => self.view(&self.ebank_v2, system, mobile),
            System::Account | System::Blacklist | System::Audit => Err(Cannot::NoSessions(system.name())),
        }
    }

    /// Moves the newest session of an applicant: to its next state, or on until it is in state `to`.
    /// A state that ends a session without data is reached from anywhere. Tells the state.
    ///
    /// # Errors
    /// If there is no such session, or it rests before it gets there.
    pub fn advance(&mut self, system: System, mobile: Mobile, to: Option<i64>) -> Result<i64, Cannot> {
        let open_id = self.session(system, mobile)?.open_id;
        let now = self.now;
        let moved = match system {
            System::Telecom => self.telecom.with(now, &open_id, |it| advanced(it, now, to)),
            System::Degree => self.degree.with(now, &open_id, |it| advanced(it, now, to)),
            System::Ebank => self.ebank.with(now, &open_id, |it| advanced(it, now, to)),
            System::EbankV2 => self.ebank_v2.with(now, &open_id, |it| advanced(it, now, to)),
            System::Account | System::Blacklist | System::Audit => None,
        };
        let (state, has_arrived) =
            moved.ok_or_else(|| Cannot::NoSession { mobile, system: system.name() })?;
        if has_arrived {
            return Ok(state);
        }
        let is_asking = self.expected_answer_of(system, &mobile.to_string()).is_some();
        Err(Cannot::Rests { state, is_asking })
    }

    /// Decides the audits of an applicant that are in progress.
    ///
    /// # Errors
    /// If there is none.
    pub fn decide_audits(&mut self, mobile: Mobile) -> Result<(), Cannot> {
        match self.audits.hasten(self.now, mobile) {
            true => Ok(()),
            false => Err(Cannot::NoSession { mobile, system: System::Audit.name() }),
        }
    }

    fn view<S: Moving>(
        &self,
        sessions: &Sessions<S>,
        system: System,
        mobile: Mobile,
    ) -> Result<SessionView, Cannot> {
        let none = || Cannot::NoSession { mobile, system: system.name() };
        let session = sessions.latest(mobile).ok_or_else(none)?;
        let open_id = session.open_id().to_owned();
        Ok(SessionView {
            system,
            mobile,
            state: session.state_number(),
            opened_at: session.opened_at(),
            next_move: session.next_moment(),
            expected: self.expected_answer_of(system, &mobile.to_string()),
            processed: self.ledger.processed_for(&open_id),
            open_id,
        })
    }

    /// Takes back what a client was told of a session.
    pub(super) fn unsay(&mut self, open_id: &str) {
        self.telecom.with(self.now, open_id, Moving::unsay);
        self.degree.with(self.now, open_id, Moving::unsay);
        self.ebank.with(self.now, open_id, Moving::unsay);
        self.ebank_v2.with(self.now, open_id, Moving::unsay);
    }
}

/// Moves a session; tells its state, and whether it is where it should be.
fn advanced(session: &mut impl Moving, now: Millis, to: Option<i64>) -> (i64, bool) {
    let Some(to) = to else {
        let before = session.state_number();
        let has_moved = (0..MAX_MOVES).any(|_| session.hasten(now) && session.state_number() != before);
        return (session.state_number(), has_moved);
    };
    let mut moves = 0;
    while session.state_number() != to && moves < MAX_MOVES {
        let has_moved = session.give_up(to) || session.hasten(now);
        moves += 1;
        if !has_moved {
            break;
        }
    }
    (session.state_number(), session.state_number() == to)
}
