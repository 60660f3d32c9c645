//! Where a session stands, with what is known only there.
//!
//! Owns the situations and their printed numbers. It must never move from one to another.

use crate::provider::wire::telecom::State;
use crate::sandbox::AnswerKind;

/// What will be said of an answer once it has been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
}

/// Where the session stands, with what is known only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Situation {
    Init,
    /// Opened without a service password (spec 005 A-002-8).
    AwaitsServicePassword,
    ServicePasswordSubmitted,
    CaptchaRequired,
    CaptchaSubmitted(Verdict),
    CaptchaError,
    CaptchaResent,
    QueryPasswordRequired,
    QueryPasswordSubmitted(Verdict),
    QueryPasswordError,
    Building,
    DoomedBuilding,
    Ready,
    Failed,
    /// Failed by the ten minutes while an answer was awaited: the client could not know.
    TimedOut,
    Restarted,
    /// Restarted while an answer was awaited: the client could not know.
    RestartedAsking,
    /// A code out of turn.
    Shown(i64),
}

impl Situation {
    /// The state the situation is told as (spec 002 §8.1).
    pub(super) fn state(self) -> State {
        match self {
            Self::Init | Self::AwaitsServicePassword => State::Init,
            Self::ServicePasswordSubmitted => State::ServicePasswordSubmitted,
            Self::CaptchaRequired => State::CaptchaRequired,
            Self::CaptchaSubmitted(_) => State::CaptchaSubmitted,
            Self::CaptchaError => State::CaptchaError,
            Self::CaptchaResent => State::CaptchaResent,
            Self::QueryPasswordRequired => State::QueryPasswordRequired,
            Self::QueryPasswordSubmitted(_) => State::QueryPasswordSubmitted,
            Self::QueryPasswordError => State::QueryPasswordError,
            Self::Building | Self::DoomedBuilding => State::CollectFinished,
            Self::Ready => State::DataReady,
            Self::Failed | Self::TimedOut => State::CollectFailed,
            Self::Restarted | Self::RestartedAsking => State::Restart,
            Self::Shown(code) => State::from_code(code),
        }
    }

    /// What the applicant is asked for.
    pub(super) const fn asked(self) -> Option<AnswerKind> {
        match self {
            Self::CaptchaRequired | Self::CaptchaError | Self::CaptchaResent => Some(AnswerKind::Sms),
            Self::QueryPasswordRequired | Self::QueryPasswordError => Some(AnswerKind::QueryPassword),
            Self::AwaitsServicePassword => Some(AnswerKind::ServicePassword),
            Self::Init
            | Self::ServicePasswordSubmitted
            | Self::Shown(_)
            | Self::CaptchaSubmitted(_)
            | Self::QueryPasswordSubmitted(_)
            | Self::Building
            | Self::DoomedBuilding
            | Self::Ready
            | Self::Failed
            | Self::TimedOut
            | Self::Restarted
            | Self::RestartedAsking => None,
        }
    }

    /// Whether the session does nothing any more (spec 006 §2).
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Ready | Self::Failed | Self::TimedOut | Self::Restarted | Self::RestartedAsking)
    }

    /// Whether the applicant's part is done and the data is on its way.
    pub(super) const fn is_building(self) -> bool {
        matches!(self, Self::Building | Self::DoomedBuilding)
    }
}
