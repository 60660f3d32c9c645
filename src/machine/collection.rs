//! The collections: what each knows in each state.
//!
//! One shape serves the four kinds; what differs between them is drawn (`state/*.toml`) and written
//! down in a file of its own each: [`telecom`], [`degree`], [`ebank`] (both versions). The data lives in the
//! situation it belongs to; [`Collection::state`] names the drawn state. What happens is in [`step`].

mod calls;
mod deeds;
mod degree;
mod drawn;
mod ebank;
mod follow;
mod kind;
mod situation;
pub(crate) mod step;
mod telecom;

pub use self::drawn::Timer;
#[cfg(test)]
pub(crate) use self::drawn::{Bearing, What};
pub use self::kind::CollectionKind;
pub use self::situation::{Blame, OPEN_ID_LIMIT, Question, Session, Situation, StateNumber};

use super::call::Cause;
use super::challenge::{Challenge, SealedAnswer};
use super::table::StateDefinition;
use super::time::Time;
use std::time::Duration;

/// A run of one collection inside an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// What is collected.
    pub kind: CollectionKind,
    /// Whether the product cannot do without it.
    pub required: bool,
    /// Sessions opened or tried so far.
    pub attempt: u8,
    /// Since when it is in its state.
    pub since: Time,
    /// Since when outages of its system count for the deadline that it waits for: since it was set, or put
    /// off by those before.
    pub counted: Option<Time>,
    /// Where it stands.
    pub situation: Situation,
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

impl Collection {
    /// Gives the drawn state.
    pub fn state(&self) -> &'static StateDefinition {
        let number = self.situation.number();
        self.kind.state(number).expect("every situation of a kind is drawn: a test walks them all")
    }

    /// Says what it amounts to.
    pub const fn standing(&self) -> Standing {
        match &self.situation {
            Situation::Needing { .. } | Situation::Asking { .. } => Standing::InputNeeded,
            Situation::Listing { .. }
            | Situation::Licensing { .. }
            | Situation::Opening { .. }
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
            Situation::Listing { .. }
            | Situation::Licensing { .. }
            | Situation::Opening { .. }
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
    pub fn deadline(&self) -> Option<(Time, Timer)> {
        match &self.situation {
            Situation::Needing { challenge } => Some((challenge.deadline, Timer::ChallengeDeadline)),
            Situation::Asking { state, challenge, .. } if self.kind.bearing(*state).is_unhurried() => {
                Some((challenge.deadline, Timer::ChallengeDeadline))
            }
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
            Situation::Listing { .. }
            | Situation::Licensing { .. }
            | Situation::Opening { .. }
            | Situation::Delivered { .. }
            | Situation::Exhausted => None,
        }
    }

    /// Says since when outages of its system would be counted in the deadline that it waits for;
    /// none where the deadline is the provider's, or the applicant's.
    pub fn excused_since(&self) -> Option<Time> {
        let is_ours = match &self.situation {
            Situation::Building { .. } | Situation::Fetching { .. } | Situation::Reporting { .. } => true,
            Situation::Working { .. }
            | Situation::Asking { .. }
            | Situation::Submitting { .. }
            | Situation::Checking { .. } => {
                let is_timed = matches!(self.deadline(), Some((_, Timer::SessionDeadline)));
                is_timed && !self.kind.has_printed_limit()
            }
            Situation::Listing { .. }
            | Situation::Needing { .. }
            | Situation::Licensing { .. }
            | Situation::Opening { .. }
            | Situation::Resending { .. }
            | Situation::Dead { .. }
            | Situation::Parked { .. }
            | Situation::Delivered { .. }
            | Situation::Exhausted => false,
        };
        is_ours.then_some(self.counted.unwrap_or(self.since))
    }

    /// Says why it is parked, if it is.
    pub const fn parked(&self) -> Option<&Cause> {
        if let Situation::Parked { cause, .. } = &self.situation {
            return Some(cause);
        }
        None
    }

    /// Gives the number of the document with the raw data that it delivered.
    pub const fn raw_data(&self) -> Option<u32> {
        if let Situation::Delivered { raw, .. } = self.situation {
            return Some(raw);
        }
        None
    }

    /// Gives the answer that it keeps besides those in the calls that wait.
    pub const fn answer_kept(&self) -> Option<&SealedAnswer> {
        match &self.situation {
            Situation::Licensing { login: answer, .. }
            | Situation::Opening { account: answer }
            | Situation::Checking { answer, .. } => answer.as_ref(),
            Situation::Listing { .. }
            | Situation::Needing { .. }
            | Situation::Working { .. }
            | Situation::Asking { .. }
            | Situation::Submitting { .. }
            | Situation::Resending { .. }
            | Situation::Building { .. }
            | Situation::Fetching { .. }
            | Situation::Reporting { .. }
            | Situation::Dead { .. }
            | Situation::Parked { .. }
            | Situation::Delivered { .. }
            | Situation::Exhausted => None,
        }
    }

    /// Waits as much longer for what is ours to wait for; the provider's time runs on.
    pub(crate) fn postpone(&mut self, by: Duration) {
        let is_ours = !self.kind.has_printed_limit();
        match &mut self.situation {
            Situation::Needing { challenge } => challenge.deadline = challenge.deadline + by,
            Situation::Asking { session, challenge, .. } if is_ours => {
                session.deadline = session.deadline + by;
                challenge.deadline = challenge.deadline + by;
            }
            Situation::Working { session, .. }
            | Situation::Submitting { session, .. }
            | Situation::Checking { session, .. }
                if is_ours =>
            {
                session.deadline = session.deadline + by;
            }
            Situation::Building { deadline, .. }
            | Situation::Fetching { deadline, .. }
            | Situation::Reporting { deadline, .. } => *deadline = *deadline + by,
            Situation::Listing { .. }
            | Situation::Licensing { .. }
            | Situation::Opening { .. }
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
