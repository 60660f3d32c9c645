//! Where a collection stands, with what is known there.

use super::drawn::own;
use crate::machine::call::Cause;
use crate::machine::challenge::{Agreement, Challenge, ChallengeKind, Exhibit, SealedAnswer};
use crate::machine::time::Time;

/// A session at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id at the provider, at most [`OPEN_ID_LIMIT`] bytes.
    pub open_id: String,
    /// When its time is over: the provider's ten minutes, or what the settings give it.
    pub deadline: Time,
    /// Answers handed over so far to what is asked; another kind of question is answered anew.
    pub answers: u8,
    /// The last code that no document knows.
    pub odd: Option<i64>,
    /// What the applicant was asked last, for a provider that does not say it again.
    pub asked: Option<Question>,
}

/// What an applicant was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question {
    /// What for.
    pub kind: ChallengeKind,
    /// What was shown.
    pub exhibit: Option<Exhibit>,
}

/// The longest id of a session that is accepted (spec 005 A-002-30).
pub const OPEN_ID_LIMIT: usize = 64;

/// A state of a collection's machine, by its permanent number. The provider's states have the
/// number 100 + their code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateNumber(pub u16);

/// The state in which a session begins, whatever is collected: 0 of every dictionary (spec 002 §8).
pub(super) const INIT: StateNumber = StateNumber(100);

/// Where a collection stands, with what is known there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Situation {
    /// The list of banks is being fetched.
    Listing {
        /// The session, where the list is asked for within one.
        session: Option<Session>,
        /// The agreement that the applicant will be shown with it.
        agreement: Agreement,
    },
    /// The applicant owes what a session cannot be opened without.
    Needing {
        /// The question.
        challenge: Challenge,
    },
    /// The applicant's consent is being recorded.
    Licensing {
        /// The session, where the consent is given within one.
        session: Option<Session>,
        /// The bank's login, for the call after this one; none once its application is over.
        login: Option<SealedAnswer>,
    },
    /// Open-id is being called.
    Opening {
        /// What is to be submitted once the session is there.
        account: Option<SealedAnswer>,
    },
    /// The provider works.
    Working {
        /// The session.
        session: Session,
        /// What it told.
        state: StateNumber,
    },
    /// The provider asks the applicant.
    Asking {
        /// The session.
        session: Session,
        /// What it told.
        state: StateNumber,
        /// The question.
        challenge: Challenge,
    },
    /// The applicant's answer is being submitted.
    Submitting {
        /// The session.
        session: Session,
        /// The state in which the provider had asked.
        asked: StateNumber,
        /// How often this answer was submitted, this time included.
        submits: u8,
    },
    /// Another SMS code is being ordered.
    Resending {
        /// The session.
        session: Session,
        /// The state in which the provider had asked.
        asked: StateNumber,
        /// The question as it stands.
        challenge: Challenge,
    },
    /// The provider's answer was lost; its state is asked first.
    Checking {
        /// The session.
        session: Session,
        /// The state in which the provider had asked.
        asked: StateNumber,
        /// The answer, when it may be submitted once more.
        answer: Option<SealedAnswer>,
        /// How often the provider was seen asking as before.
        seen: u8,
    },
    /// The data is being built.
    Building {
        /// The session.
        session: Session,
        /// What it told.
        state: StateNumber,
        /// Until when the data must be here.
        deadline: Time,
    },
    /// The raw data can be fetched.
    Fetching {
        /// The session.
        session: Session,
        /// What it told.
        state: StateNumber,
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
        /// How: told by the provider, expired or lost.
        state: StateNumber,
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
    /// The data is stored.
    Delivered {
        /// The number of the document with the raw data.
        raw: u32,
        /// The number of the document with the report, where there is one.
        report: Option<u32>,
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

impl Situation {
    /// Lets go of the answer that it keeps.
    pub(super) fn drop_answer(&mut self) {
        if let Self::Licensing { login: answer, .. }
        | Self::Opening { account: answer }
        | Self::Checking { answer, .. } = self
        {
            *answer = None;
        }
    }

    /// Gives the number of the drawn state.
    pub const fn number(&self) -> StateNumber {
        match self {
            Self::Needing { .. } => own::CREDENTIALS_REQUIRED,
            Self::Opening { .. } => own::OPENING,
            Self::Submitting { .. } => own::SUBMITTING,
            Self::Resending { .. } => own::RESENDING,
            Self::Checking { .. } => own::CHECKING,
            Self::Reporting { .. } => own::REPORT_PENDING,
            Self::Delivered { .. } => own::DELIVERED,
            Self::Parked { .. } => own::PARKED,
            Self::Exhausted => own::EXHAUSTED,
            Self::Listing { .. } => own::BANKS_PENDING,
            Self::Licensing { .. } => own::LICENSING,
            Self::Working { state, .. }
            | Self::Asking { state, .. }
            | Self::Building { state, .. }
            | Self::Fetching { state, .. }
            | Self::Dead { state, .. } => *state,
        }
    }

    /// Gives the session, where there is one.
    pub const fn session(&self) -> Option<&Session> {
        match self {
            Self::Listing { session, .. } | Self::Licensing { session, .. } => session.as_ref(),
            Self::Working { session, .. }
            | Self::Asking { session, .. }
            | Self::Submitting { session, .. }
            | Self::Resending { session, .. }
            | Self::Checking { session, .. }
            | Self::Building { session, .. }
            | Self::Fetching { session, .. }
            | Self::Reporting { session, .. } => Some(session),
            Self::Needing { .. }
            | Self::Opening { .. }
            | Self::Dead { .. }
            | Self::Parked { .. }
            | Self::Delivered { .. }
            | Self::Exhausted => None,
        }
    }
}
