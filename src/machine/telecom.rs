//! The telecom collection: what it knows in each state.
//!
//! The data lives in the situation it belongs to; [`Telecom::state`] names the drawn state.
//! What happens is in [`step`](super::telecom::step).

pub mod step;

use super::call::Cause;
use super::challenge::{Challenge, SealedAnswer};
use super::graph::telecom::{State, Timer};
use super::time::Time;
use std::time::Duration;

/// One run of the telecom collection inside an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telecom {
    /// Whether the product cannot do without it.
    pub required: bool,
    /// Sessions opened or tried so far.
    pub attempt: u8,
    /// Since when it is in its state.
    pub since: Time,
    /// Where it stands.
    pub situation: Situation,
}

/// A session at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id at the provider, at most [`OPEN_ID_LIMIT`] bytes.
    pub open_id: String,
    /// When its ten minutes are over.
    pub deadline: Time,
    /// Answers handed over so far.
    pub answers: u8,
    /// The last code that no document knows.
    pub odd: Option<i64>,
}

/// The longest id of a session that is accepted (spec 005 A-002-30).
pub const OPEN_ID_LIMIT: usize = 64;

/// Where a collection stands, with what is known there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Situation {
    /// The applicant owes the service password.
    Needing {
        /// The question.
        challenge: Challenge,
    },
    /// Open-id is being called.
    Opening,
    /// The provider works.
    Working {
        /// The session.
        session: Session,
        /// What it told: 0, 11, 22 or 32.
        state: State,
    },
    /// The provider asks the applicant.
    Asking {
        /// The session.
        session: Session,
        /// What it told: 21, 23, 24, 31 or 33.
        state: State,
        /// The question.
        challenge: Challenge,
    },
    /// The applicant's answer is being submitted.
    Submitting {
        /// The session.
        session: Session,
        /// The state in which the provider had asked.
        asked: State,
        /// How often this answer was submitted, this time included.
        submits: u8,
    },
    /// Another SMS code is being ordered.
    Resending {
        /// The session.
        session: Session,
        /// The state in which the provider had asked.
        asked: State,
        /// The question as it stands.
        challenge: Challenge,
    },
    /// The provider's answer was lost; its state is asked first.
    Checking {
        /// The session.
        session: Session,
        /// The state in which the provider had asked.
        asked: State,
        /// The answer, when it may be submitted once more.
        answer: Option<SealedAnswer>,
        /// How often the provider was seen asking as before.
        seen: u8,
    },
    /// The data is being built (41).
    Building {
        /// The session.
        session: Session,
        /// Until when the data must be here.
        deadline: Time,
    },
    /// The raw data can be fetched (43).
    Fetching {
        /// The session.
        session: Session,
        /// Until when the data must be here.
        deadline: Time,
    },
    /// The report is being fetched.
    Reporting {
        /// The session.
        session: Session,
        /// Until when the data must be here.
        deadline: Time,
        /// The number of the document with the raw data.
        raw: u32,
    },
    /// The session is over without data.
    Dead {
        /// How: 1, 42, expired or lost.
        state: State,
        /// Who could have prevented it.
        blame: Blame,
        /// When the next is begun.
        restart: Time,
        /// What the provider said.
        message: String,
    },
    /// An operator must look.
    Parked {
        /// Where it stood, when there was a session.
        origin: Option<Box<Self>>,
        /// Why.
        cause: Cause,
        /// When to say so again.
        reminder: Time,
    },
    /// Raw data and report are stored.
    Delivered {
        /// The number of the document with the raw data.
        raw: u32,
        /// The number of the document with the report.
        report: u32,
    },
    /// The applicant's attempts or time are used up.
    Exhausted,
}

/// Who could have prevented the end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The applicant did not answer, or answered wrong.
    Applicant,
    /// The provider.
    Provider,
}

/// What a collection amounts to for its application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Waits for the applicant.
    InputNeeded,
    /// Runs.
    Running,
    /// Has delivered.
    Delivered,
    /// Is parked; an operator can make it go on.
    Parked,
    /// Is over: the applicant used up what there was.
    Exhausted,
}

impl Telecom {
    /// Names the drawn state.
    pub const fn state(&self) -> State {
        self.situation.state()
    }

    /// Says what it amounts to.
    pub const fn standing(&self) -> Standing {
        match &self.situation {
            Situation::Needing { .. } | Situation::Asking { .. } => Standing::InputNeeded,
            Situation::Opening
            | Situation::Working { .. }
            | Situation::Submitting { .. }
            | Situation::Resending { .. }
            | Situation::Checking { .. }
            | Situation::Building { .. }
            | Situation::Fetching { .. }
            | Situation::Reporting { .. }
            | Situation::Dead { .. } => Standing::Running,
            Situation::Delivered { .. } => Standing::Delivered,
            Situation::Parked { .. } => Standing::Parked,
            Situation::Exhausted => Standing::Exhausted,
        }
    }

    /// Gives the open question to the applicant.
    pub const fn challenge(&self) -> Option<&Challenge> {
        match &self.situation {
            Situation::Needing { challenge } | Situation::Asking { challenge, .. } => Some(challenge),
            Situation::Opening
            | Situation::Working { .. }
            | Situation::Submitting { .. }
            | Situation::Resending { .. }
            | Situation::Checking { .. }
            | Situation::Building { .. }
            | Situation::Fetching { .. }
            | Situation::Reporting { .. }
            | Situation::Dead { .. }
            | Situation::Parked { .. }
            | Situation::Delivered { .. }
            | Situation::Exhausted => None,
        }
    }

    /// Gives the moment it waits for, and what that moment is.
    pub const fn deadline(&self) -> Option<(Time, Timer)> {
        match &self.situation {
            Situation::Needing { challenge } => Some((challenge.deadline, Timer::ChallengeDeadline)),
            Situation::Working { session, .. }
            | Situation::Asking { session, .. }
            | Situation::Submitting { session, .. }
            | Situation::Resending { session, .. }
            | Situation::Checking { session, .. } => Some((session.deadline, Timer::SessionDeadline)),
            Situation::Building { deadline, .. }
            | Situation::Fetching { deadline, .. }
            | Situation::Reporting { deadline, .. } => Some((*deadline, Timer::DataDeadline)),
            Situation::Dead { restart, .. } => Some((*restart, Timer::RestartPause)),
            Situation::Parked { reminder, .. } => Some((*reminder, Timer::Reminder)),
            Situation::Opening | Situation::Delivered { .. } | Situation::Exhausted => None,
        }
    }

    /// Says why it is parked, if it is.
    pub const fn parked(&self) -> Option<&Cause> {
        if let Situation::Parked { cause, .. } = &self.situation {
            return Some(cause);
        }
        None
    }

    /// Gives the answer that it keeps besides those in the calls that wait.
    pub const fn answer_kept(&self) -> Option<&SealedAnswer> {
        if let Situation::Checking { answer: Some(answer), .. } = &self.situation {
            return Some(answer);
        }
        None
    }

    /// Waits as much longer for what is ours to wait for; the provider's time runs on.
    pub(crate) fn postpone(&mut self, by: Duration) {
        match &mut self.situation {
            Situation::Needing { challenge } => challenge.deadline = challenge.deadline + by,
            Situation::Building { deadline, .. }
            | Situation::Fetching { deadline, .. }
            | Situation::Reporting { deadline, .. } => *deadline = *deadline + by,
            Situation::Opening
            | Situation::Working { .. }
            | Situation::Asking { .. }
            | Situation::Submitting { .. }
            | Situation::Resending { .. }
            | Situation::Checking { .. }
            | Situation::Dead { .. }
            | Situation::Parked { .. }
            | Situation::Delivered { .. }
            | Situation::Exhausted => {}
        }
    }

    /// Lets go of the answer that it keeps.
    pub(crate) fn drop_answer(&mut self) {
        self.situation.drop_answer();
    }
}

impl Situation {
    fn drop_answer(&mut self) {
        if let Self::Checking { answer, .. } = self {
            *answer = None;
        }
    }

    /// Names the drawn state.
    pub const fn state(&self) -> State {
        match self {
            Self::Needing { .. } => State::CredentialsRequired,
            Self::Opening => State::Opening,
            Self::Working { state, .. } | Self::Asking { state, .. } | Self::Dead { state, .. } => *state,
            Self::Submitting { .. } => State::Submitting,
            Self::Resending { .. } => State::Resending,
            Self::Checking { .. } => State::Checking,
            Self::Building { .. } => State::CollectFinished,
            Self::Fetching { .. } => State::DataReady,
            Self::Reporting { .. } => State::ReportPending,
            Self::Parked { .. } => State::Parked,
            Self::Delivered { .. } => State::Delivered,
            Self::Exhausted => State::Exhausted,
        }
    }

    /// Gives the session, where there is one.
    pub const fn session(&self) -> Option<&Session> {
        match self {
            Self::Working { session, .. }
            | Self::Asking { session, .. }
            | Self::Submitting { session, .. }
            | Self::Resending { session, .. }
            | Self::Checking { session, .. }
            | Self::Building { session, .. }
            | Self::Fetching { session, .. }
            | Self::Reporting { session, .. } => Some(session),
            Self::Needing { .. }
            | Self::Opening
            | Self::Dead { .. }
            | Self::Parked { .. }
            | Self::Delivered { .. }
            | Self::Exhausted => None,
        }
    }
}
