//! What the edges, guards and states of the telecom collection mean (spec 006 §2).

use super::drawn::{Bearing, Deed, Query, What};
use crate::machine::challenge::ChallengeKind;
use crate::machine::graph::telecom::{Edge, Guard, State};

pub(super) const fn deed(edge: Edge) -> Deed {
    match edge {
        Edge::CredentialsGiven => Deed::Open,
        Edge::CredentialsOverdue | Edge::ApplicantGaveUp => Deed::Exhaust,
        Edge::SessionOpened => Deed::TakeUp,
        Edge::OpenRefused | Edge::OpenLost | Edge::SessionRefused => Deed::Abandon,
        Edge::AnswersExhausted | Edge::RefusalsExhausted => Deed::AbandonAnswered,
        Edge::StateReported | Edge::StateReportedLate => Deed::Follow,
        Edge::UnknownReported => Deed::NoteOdd,
        Edge::AnswerSubmitted => Deed::Submit,
        Edge::ResendRequested => Deed::Resend,
        Edge::CodeAccepted | Edge::PasswordAccepted => Deed::GoOnAccepted,
        Edge::CodeResent => Deed::GoOnResent,
        Edge::AnswerRefused => Deed::AskAgain,
        Edge::ResendRefused => Deed::LetStand,
        Edge::AnswerLost | Edge::ResendLost => Deed::Check,
        Edge::StillAsking => Deed::LookOnceMore,
        Edge::SubmittedAgain => Deed::SubmitAgain,
        Edge::MovedOn => Deed::FollowChecked,
        Edge::SessionOverdue => Deed::Expire,
        Edge::RawDataStored => Deed::TakeRawData,
        Edge::RawDataNotReady => Deed::FetchAgain,
        Edge::ReportStored => Deed::TakeReport,
        Edge::DataOverdue => Deed::ParkOverdue,
        Edge::ProviderGaveUp => Deed::ParkUsedUp,
        Edge::CallFailed => Deed::ParkFailed,
        Edge::StartedOver => Deed::BeginAgain,
        Edge::Resumed => Deed::Resume,
        Edge::ResumedAnew | Edge::Restarted => Deed::BeginAnew,
        Edge::Reminded => Deed::Remind,
        Edge::OutageCounted => Deed::Excuse,
    }
}

pub(super) const fn query(guard: Guard) -> Query {
    match guard {
        Guard::AnswersUsedUp => Query::AnswersUsedUp,
        Guard::AskedForCode => Query::AskedForCode,
        Guard::FirstTimeStillAsking => Query::FirstTimeStillAsking,
        Guard::MaySubmitAgain => Query::MaySubmitAgain,
        Guard::AttemptsLeft => Query::AttemptsLeft,
        Guard::ApplicantToBlame => Query::ApplicantToBlame,
        Guard::SessionAlive => Query::SessionAlive,
    }
}

/// After 21 another code may be wanted, 23 and 33 are also where a wrong answer leads: there only
/// the applicant may answer again. 24 and 31 are left for good (spec 006 §2 rows 5 to 15).
pub(super) fn bearing(state: State) -> Bearing {
    let asks = |kind, is_wrong, is_left_for_good| Bearing::Asks {
        what: What::Kind(kind),
        is_wrong,
        is_left_for_good,
    };
    match state {
        State::Init | State::ServicePwdSubmitted | State::CaptchaSubmitted | State::QueryPwdSubmitted => {
            Bearing::Works
        }
        State::CaptchaRequired => asks(ChallengeKind::SmsCode, false, false),
        State::CaptchaError => asks(ChallengeKind::SmsCode, true, false),
        State::CaptchaResend => asks(ChallengeKind::SmsCode, false, true),
        State::QueryPwdRequired => asks(ChallengeKind::QueryPassword, false, true),
        State::QueryPwdError => asks(ChallengeKind::QueryPassword, true, false),
        State::CollectFinished => Bearing::Builds,
        State::DataReady => Bearing::Delivers,
        State::Restart | State::CollectFailed => Bearing::Ends,
        State::CredentialsRequired
        | State::Opening
        | State::Submitting
        | State::Resending
        | State::Checking
        | State::ReportPending
        | State::Delivered
        | State::SessionExpired
        | State::SessionLost
        | State::Parked
        | State::Exhausted => unreachable!("the provider never tells {}", state.name()),
    }
}
