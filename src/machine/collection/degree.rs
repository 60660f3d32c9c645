//! What the edges, guards and states of the degree collection mean (spec 006 §3).

use super::drawn::{Bearing, Deed, Query, What};
use crate::machine::challenge::ChallengeKind;
use crate::machine::graph::degree::{Edge, Guard, State};

pub(super) const fn deed(edge: Edge) -> Deed {
    match edge {
        Edge::CredentialsGiven => Deed::Open,
        Edge::CredentialsOverdue | Edge::ApplicantGaveUp => Deed::Exhaust,
        Edge::SessionOpened => Deed::TakeUp,
        Edge::OpenRefused | Edge::OpenLost | Edge::SessionRefused => Deed::Abandon,
        Edge::AnswersExhausted => Deed::AbandonAnswered,
        Edge::AnswerRefused => Deed::AskAgain,
        Edge::AnswerAccepted => Deed::GoOnAccepted,
        Edge::AnswerLost => Deed::Check,
        Edge::AnswerSubmitted => Deed::Submit,
        Edge::StateReported => Deed::Follow,
        Edge::UnknownReported => Deed::NoteOdd,
        Edge::StillAsking => Deed::LookOnceMore,
        Edge::SubmittedAgain => Deed::SubmitAgain,
        Edge::MovedOn => Deed::FollowChecked,
        Edge::SessionOverdue => Deed::Expire,
        Edge::RawDataStored => Deed::TakeRawData,
        Edge::RawDataNotReady => Deed::FetchAgain,
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
        Guard::FirstTimeStillAsking => Query::FirstTimeStillAsking,
        Guard::MaySubmitAgain => Query::MaySubmitAgain,
        Guard::AttemptsLeft => Query::AttemptsLeft,
        Guard::ApplicantToBlame => Query::ApplicantToBlame,
        Guard::SessionAlive => Query::SessionAlive,
    }
}

/// An account that is taken leaves 0 for good; one that is refused was not processed (spec 006 §3 rows 2, 5).
pub(super) fn bearing(state: State) -> Bearing {
    match state {
        State::Init => Bearing::Asks {
            what: What::Kind(ChallengeKind::DegreeAccount),
            is_wrong: false,
            is_left_for_good: true,
        },
        State::PwdSubmitted => Bearing::Works,
        State::CollectFinished => Bearing::Delivers,
        State::CollectFailed => Bearing::Ends,
        State::CredentialsRequired
        | State::Opening
        | State::Submitting
        | State::Checking
        | State::Delivered
        | State::SessionExpired
        | State::SessionLost
        | State::Parked
        | State::Exhausted => unreachable!("the provider never tells {}", state.name()),
    }
}
