//! What the edges, guards and states of the e-bank collections mean, in both versions (spec 006 §4).
//!
//! They share dictionary 8.3. No state of it proves that an answer was not processed: after a further
//! factor each may come again, and 8 does not tell what was wrong. Only in the second version is 0 left
//! for good by a login.

use super::drawn::{Bearing, What};

const fn asks(what: What, is_wrong: bool) -> Bearing {
    Bearing::Asks { what, is_wrong, is_left_for_good: false }
}

/// The first version: the login opens the session.
pub(super) mod first {
    use super::super::drawn::{Bearing, Deed, Query};
    use super::asks;
    use crate::machine::challenge::ChallengeKind as Kind;
    use crate::machine::collection::drawn::What;
    use crate::machine::graph::ebank::{Edge, Guard, State};

    pub(in super::super) const fn deed(edge: Edge) -> Deed {
        match edge {
            Edge::BanksListed => Deed::OfferBanks,
            Edge::CredentialsGiven => Deed::License,
            Edge::CredentialsOverdue | Edge::ApplicantGaveUp => Deed::Exhaust,
            Edge::Licensed => Deed::GoOnLicensed,
            Edge::SessionOpened => Deed::TakeUp,
            Edge::ListRefused
            | Edge::LicenseRefused
            | Edge::OpenRefused
            | Edge::OpenLost
            | Edge::SessionRefused => Deed::Abandon,
            Edge::AnswersExhausted | Edge::RefusalsExhausted => Deed::AbandonAnswered,
            Edge::StateReported => Deed::Follow,
            Edge::UnknownReported => Deed::NoteOdd,
            Edge::AnswerSubmitted => Deed::Submit,
            Edge::AnswerAccepted => Deed::GoOnAccepted,
            Edge::AnswerRefused => Deed::AskAgain,
            Edge::AnswerLost => Deed::Check,
            Edge::StillAsking => Deed::LookOnceMore,
            Edge::MovedOn => Deed::FollowChecked,
            Edge::SessionOverdue => Deed::Expire,
            Edge::RawDataStored => Deed::TakeRawData,
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

    pub(in super::super) const fn query(guard: Guard) -> Query {
        match guard {
            Guard::AnswersUsedUp => Query::AnswersUsedUp,
            Guard::FirstTimeStillAsking => Query::FirstTimeStillAsking,
            Guard::AttemptsLeft => Query::AttemptsLeft,
            Guard::ApplicantToBlame => Query::ApplicantToBlame,
            Guard::SessionAlive => Query::SessionAlive,
        }
    }

    pub(in super::super) fn bearing(state: State) -> Bearing {
        match state {
            State::Init
            | State::AccountSubmitted
            | State::DynamicPwdSubmitted
            | State::PicCaptchaSubmitted
            | State::MsgCaptchaSubmitted => Bearing::Works,
            State::DynamicPwdRequired => asks(What::Kind(Kind::DynamicPassword), false),
            State::PicCaptchaRequired => asks(What::Kind(Kind::PictureCaptcha), false),
            State::MsgCaptchaRequired | State::CaptchaResend => asks(What::Kind(Kind::SmsCode), false),
            State::CaptchaError => asks(What::SameAgain, true),
            State::CollectFinished => Bearing::Delivers,
            State::CollectFailed => Bearing::Ends,
            State::BanksPending
            | State::CredentialsRequired
            | State::Licensing
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
}

/// The second version: the session comes first, and in it the choice of a bank.
pub(super) mod second {
    use super::super::drawn::{Bearing, Deed, Query};
    use super::asks;
    use crate::machine::challenge::ChallengeKind as Kind;
    use crate::machine::collection::drawn::What;
    use crate::machine::graph::ebank_v2::{Edge, Guard, State};

    pub(in super::super) const fn deed(edge: Edge) -> Deed {
        match edge {
            Edge::SessionOpened => Deed::TakeUp,
            Edge::OpenRefused | Edge::OpenLost | Edge::SessionRefused => Deed::Abandon,
            Edge::BanksListed => Deed::OfferBanks,
            Edge::CredentialsGiven => Deed::License,
            Edge::CredentialsOverdue | Edge::ApplicantGaveUp => Deed::Exhaust,
            Edge::Licensed => Deed::GoOnLicensed,
            Edge::AnswersExhausted | Edge::LoginExhausted => Deed::AbandonAnswered,
            Edge::StateReported => Deed::Follow,
            Edge::UnknownReported => Deed::NoteOdd,
            Edge::AnswerSubmitted => Deed::Submit,
            Edge::AnswerAccepted => Deed::GoOnAccepted,
            Edge::AnswerRefused => Deed::AskAgain,
            Edge::AnswerLost => Deed::Check,
            Edge::StillAsking => Deed::LookOnceMore,
            Edge::SubmittedAgain => Deed::SubmitAgain,
            Edge::MovedOn => Deed::FollowChecked,
            Edge::SessionOverdue => Deed::Expire,
            Edge::RawDataStored => Deed::TakeRawData,
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

    pub(in super::super) const fn query(guard: Guard) -> Query {
        match guard {
            Guard::AnswersUsedUp => Query::AnswersUsedUp,
            Guard::FirstTimeStillAsking => Query::FirstTimeStillAsking,
            Guard::MaySubmitAgain => Query::MaySubmitAgain,
            Guard::AttemptsLeft => Query::AttemptsLeft,
            Guard::ApplicantToBlame => Query::ApplicantToBlame,
            Guard::SessionAlive => Query::SessionAlive,
        }
    }

    pub(in super::super) fn bearing(state: State) -> Bearing {
        match state {
            State::Init => Bearing::Asks { what: What::Choice, is_wrong: false, is_left_for_good: true },
            State::AccountSubmitted
            | State::DynamicPwdSubmitted
            | State::PicCaptchaSubmitted
            | State::MsgCaptchaSubmitted => Bearing::Works,
            State::DynamicPwdRequired => asks(What::Kind(Kind::DynamicPassword), false),
            State::PicCaptchaRequired => asks(What::Kind(Kind::PictureCaptcha), false),
            State::MsgCaptchaRequired | State::CaptchaResend => asks(What::Kind(Kind::SmsCode), false),
            State::CaptchaError => asks(What::SameAgain, true),
            State::CollectFinished => Bearing::Delivers,
            State::CollectFailed => Bearing::Ends,
            State::Opening
            | State::BanksPending
            | State::Licensing
            | State::Submitting
            | State::Checking
            | State::Delivered
            | State::SessionExpired
            | State::SessionLost
            | State::Parked
            | State::Exhausted => unreachable!("the provider never tells {}", state.name()),
        }
    }
}
