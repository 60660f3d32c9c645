//! What the sessions of both e-bankings walk through.
//!
//! Owns the steps of each script after the login. It must never know how a login came about.

use crate::provider::wire::ebank::State;
use crate::sandbox::course::{Ask, Mishap, Step, Wrong};
use crate::sandbox::{AnswerKind, Script};

type Plan = &'static [Step<State>];

const READY: Step<State> = Step::Ready(State::CollectFinished);
const FAIL: Step<State> = Step::Fail(State::CollectFailed);

const fn dynamic(mishap: Mishap<State>) -> Step<State> {
    let (asked, submitted) = (State::DynamicPasswordRequired, State::DynamicPasswordSubmitted);
    factor(asked, submitted, AnswerKind::DynamicPassword, mishap)
}

const fn picture(mishap: Mishap<State>) -> Step<State> {
    factor(State::PictureRequired, State::PictureSubmitted, AnswerKind::Picture, mishap)
}

const fn sms(mishap: Mishap<State>) -> Step<State> {
    factor(State::SmsRequired, State::SmsSubmitted, AnswerKind::Sms, mishap)
}

const fn factor(asked: State, submitted: State, kind: AnswerKind, mishap: Mishap<State>) -> Step<State> {
    Step::Ask(Ask { asked, submitted, kind, wrong: Wrong::Told(State::CaptchaError), mishap })
}

/// All three factors with the same mishap.
macro_rules! all_three {
    ($mishap:expr) => {
        const { &[dynamic($mishap), picture($mishap), sms($mishap), READY] }
    };
}

/// The first session walks one way, the next the happy one.
const fn first(plan: Plan, nth: u32) -> Plan {
    if nth == 0 { plan } else { HAPPY }
}

const HAPPY: Plan = &[sms(Mishap::None), READY];

/// The steps of the `nth` session of a mobile (counted from 0) after the login.
#[expect(clippy::wildcard_enum_match_arm, reason = "a hundred scripts, most of them of other systems")]
pub(super) fn steps(script: Script, nth: u32) -> Plan {
    match script {
        Script::EbankDynamic | Script::EbankV2Dynamic => const { &[dynamic(Mishap::None), READY] },
        Script::EbankPicture | Script::EbankV2Picture => const { &[picture(Mishap::None), READY] },
        Script::EbankAllFactors | Script::EbankV2AllFactors => all_three!(Mishap::None),
        Script::EbankFactorsReversed | Script::EbankV2FactorsReversed => {
            const { &[sms(Mishap::None), picture(Mishap::None), dynamic(Mishap::None), READY] }
        }
        Script::EbankWrongOnce | Script::EbankV2WrongOnce => all_three!(Mishap::TakenAgain),
        Script::EbankAskedAgain | Script::EbankV2AskedAgain => all_three!(Mishap::AskedAgain),
        Script::EbankTimedOut | Script::EbankV2TimedOut => all_three!(Mishap::RunsOut),
        Script::EbankResent | Script::EbankV2Resent => {
            const { &[sms(Mishap::Resent(State::CaptchaResent)), READY] }
        }
        Script::EbankNoFactor => &[Step::Show(State::AccountSubmitted), READY],
        Script::EbankV2NoFactor => &[READY],
        Script::EbankFailedOnce | Script::EbankV2FailedOnce => first(&[FAIL], nth),
        Script::EbankFailsAlways | Script::EbankV2FailsAlways => &[FAIL],
        Script::EbankFailedAfterCode | Script::EbankV2FailedAfterCode => {
            first(const { &[sms(Mishap::None), FAIL] }, nth)
        }
        Script::EbankUnknownCode | Script::EbankV2UnknownCode => {
            const UNKNOWN: Step<State> = Step::Show(State::Unknown(99));
            const { &[UNKNOWN, sms(Mishap::None), UNKNOWN, READY] }
        }
        Script::EbankGoesBack | Script::EbankV2GoesBack => {
            const BACK: Step<State> = Step::Show(State::AccountSubmitted);
            const { &[sms(Mishap::None), BACK, Step::Show(State::SmsSubmitted), READY] }
        }
        Script::EbankStuck | Script::EbankV2Stuck => &[Step::Hang(State::AccountSubmitted)],
        // The rest differs in other ways, or is of other systems.
        _other => HAPPY,
    }
}

/// What the first version tells right after open-id (spec 006 §4 row 1).
pub(super) fn first_state(script: Script) -> State {
    if script == Script::EbankNoFactor { State::Init } else { State::AccountSubmitted }
}

/// Steps take no time.
pub(super) const fn is_hurried(script: Script) -> bool {
    matches!(script, Script::EbankSkips | Script::EbankV2Skips)
}

/// The first session is forgotten once its code is processed.
pub(super) const fn is_forgetful(script: Script, nth: u32) -> bool {
    nth == 0 && matches!(script, Script::EbankForgotten | Script::EbankV2Forgotten)
}

/// The bank of the script has no password.
pub(super) const fn has_no_password(script: Script) -> bool {
    matches!(script, Script::EbankNoPassword | Script::EbankV2NoPassword)
}

/// The first login is refused.
pub(super) const fn is_refused_once(script: Script) -> bool {
    matches!(script, Script::EbankRefused | Script::EbankV2Refused)
}
