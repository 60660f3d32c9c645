//! One telecom session: from open-id to its data, or to its end (spec 006 §2).
//!
//! Owns the session's state and the judging of answers. Time is an argument; what is due moves when
//! [`Session::settle`] is called. It must never know tokens, accounts or other sessions.

mod situation;

use serde::Serialize;

use situation::{Situation, Verdict};

use super::chance::Chance;
use super::script::Leg;
use super::{Millis, Mobile, Pace, Script};
use crate::provider::wire::Opaque;
use crate::provider::wire::telecom::State;

/// The collection must be finished within 10 minutes (spec 002 §3).
const LIMIT: Millis = 600_000;
/// Wrong answers that end a session (spec 006 §2 row 10).
const MAX_MISTAKES: u32 = 5;
/// Messages sent within a session: the code has two digits for them.
const MAX_SMS: u32 = 99;
/// Steps that data which comes late takes to build, instead of one.
const LATE_STEPS: u64 = 5;
/// The one service password that is wrong.
const WRONG_SERVICE_PASSWORD: &str = "000000";

/// What the applicant is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// The operator's service password, which opens a session.
    ServicePassword,
    /// The code of the newest SMS.
    Sms,
    /// The operator's query password.
    QueryPassword,
}

/// What the applicant should type now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// What is asked for.
    pub kind: AnswerKind,
    /// The right text.
    pub answer: String,
    /// Whether even the right text is too late: another SMS must be asked for first.
    pub is_stale: bool,
}

/// Any service password opens a session, but one.
pub(super) fn service_password() -> Expected {
    Expected { kind: AnswerKind::ServicePassword, answer: "123456".to_owned(), is_stale: false }
}

/// An answer that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// The same text had been taken before.
    pub(super) is_repeat: bool,
    /// The script wants the reply lost.
    pub(super) is_cut: bool,
}

/// A call that does not fit the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Where the session stands.
    pub(super) state: State,
    /// The client had been told that the session is over.
    pub(super) is_end_told: bool,
    /// The session ended while it was asking, and the client had not been told.
    pub(super) is_excused: bool,
}

/// Why there is no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoData {
    /// Later (1003).
    NotYet,
    /// Never, or not asked at the right time.
    Misfit(Misfit),
}

/// One session.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) open_id: String,
    pub(super) mobile: Mobile,
    pub(super) script: Script,
    pub(super) opened_at: Millis,
    pace: Pace,
    chance: Chance,
    /// What is still to come, the leg under way excluded.
    legs: &'static [Leg],
    situation: Situation,
    /// When the situation ends by itself.
    until: Option<Millis>,
    sms_sent: u32,
    sms_expires: Millis,
    mistakes: u32,
    answers: Vec<(AnswerKind, Opaque)>,
    is_end_told: bool,
    errors_left: u32,
    cuts_left: u32,
    late_replies_left: u32,
}

impl Session {
    /// Opens the `nth` session of a mobile, counted from 0 (spec 006 §2 row 1).
    pub(super) fn open(
        now: Millis,
        mobile: Mobile,
        nth: u32,
        service_password: &str,
        pace: Pace,
        mut chance: Chance,
    ) -> Self {
        let script = Script::of(mobile);
        let legs =
            if service_password == WRONG_SERVICE_PASSWORD { &[Leg::Restart] } else { script.legs(nth) };
        let once_for = |wanted: Script, times: u32| if script == wanted { times } else { 0 };
        Self {
            open_id: chance.id(),
            mobile,
            script,
            opened_at: now,
            pace,
            legs,
            situation: Situation::Init,
            until: Some(now + pace.step(&mut chance)),
            chance,
            sms_sent: 0,
            sms_expires: now,
            mistakes: 0,
            answers: Vec::new(),
            is_end_told: false,
            errors_left: once_for(Script::ServerError, 2),
            cuts_left: once_for(Script::AnswerLost, 1),
            late_replies_left: once_for(Script::DataLate, 2),
        }
    }

    /// Moves through everything that is due.
    pub(super) fn settle(&mut self, now: Millis) {
        while let Some(at) = self.next_moment().filter(|at| *at <= now) {
            self.move_on(at);
        }
    }

    /// When the session will next move by itself.
    pub(super) fn next_moment(&self) -> Option<Millis> {
        [self.until, self.limit()].into_iter().flatten().min()
    }

    /// Where the session stands.
    pub(super) const fn state(&self) -> State {
        self.situation.state()
    }

    /// Tells the state to the client; `None` when the script wants the provider to break down.
    pub(super) const fn tell_state(&mut self) -> Option<State> {
        if self.errors_left > 0 {
            self.errors_left -= 1;
            return None;
        }
        self.is_end_told = self.is_over();
        Some(self.state())
    }

    /// Takes an answer to be judged (spec 006 §2 rows 5 and 12).
    pub(super) fn submit(&mut self, now: Millis, kind: AnswerKind, text: &Opaque) -> Result<Taken, Misfit> {
        if self.asked() != Some(kind) {
            return Err(self.misfit());
        }
        let is_right = self.expected(now).is_some_and(|it| it.answer == text.expose() && !it.is_stale);
        let is_unlucky = self.script == Script::CaptchaWrongOnce && self.mistakes == 0;
        let verdict = if is_right && !is_unlucky { Verdict::Right } else { Verdict::Wrong };
        let mut taken = self.answers.iter();
        let is_repeat = taken.any(|(of, known)| *of == kind && known == text);
        // A right answer that we refused on purpose may be given again.
        if !(is_right && is_unlucky) {
            self.answers.push((kind, text.clone()));
        }
        self.situation = match kind {
            AnswerKind::QueryPassword => Situation::QueryPasswordSubmitted(verdict),
            AnswerKind::Sms | AnswerKind::ServicePassword => Situation::CaptchaSubmitted(verdict),
        };
        self.until = Some(now + self.pace.step(&mut self.chance));
        let is_cut = self.cuts_left > 0;
        self.cuts_left = self.cuts_left.saturating_sub(1);
        Ok(Taken { is_repeat, is_cut })
    }

    /// Sends another SMS (spec 006 §2 row 6).
    pub(super) fn resend(&mut self, now: Millis) -> Result<(), Misfit> {
        if self.asked() != Some(AnswerKind::Sms) || self.sms_sent >= MAX_SMS {
            return Err(self.misfit());
        }
        self.send_sms(now);
        self.situation = Situation::CaptchaResent;
        self.until = Some(now + self.pace.step(&mut self.chance));
        Ok(())
    }

    /// Whether the raw data can be fetched (spec 002 §3.2.1); asking counts.
    pub(super) fn fetch_raw_data(&mut self) -> Result<(), NoData> {
        self.fetch_report()?;
        if self.late_replies_left > 0 {
            self.late_replies_left -= 1;
            return Err(NoData::NotYet);
        }
        Ok(())
    }

    /// Whether the report can be fetched (spec 002 §3.2.2).
    pub(super) fn fetch_report(&self) -> Result<(), NoData> {
        match self.state() {
            State::DataReady => Ok(()),
            State::CollectFinished => Err(NoData::NotYet),
            State::Init
            | State::Restart
            | State::ServicePasswordSubmitted
            | State::CaptchaRequired
            | State::CaptchaSubmitted
            | State::CaptchaError
            | State::CaptchaResent
            | State::QueryPasswordRequired
            | State::QueryPasswordSubmitted
            | State::QueryPasswordError
            | State::CollectFailed
            | State::Unknown(_) => Err(NoData::Misfit(self.misfit())),
        }
    }

    /// What the applicant should type now; a service password once a new session is needed.
    pub(super) fn expected(&self, now: Millis) -> Option<Expected> {
        if self.is_over() && self.situation != Situation::Ready {
            return Some(service_password());
        }
        let kind = self.asked()?;
        let is_sms = kind == AnswerKind::Sms;
        Some(Expected {
            kind,
            answer: if is_sms { self.mobile.sms_code(self.sms_sent) } else { self.mobile.query_password() },
            is_stale: is_sms && (self.is_sms_lost() || now >= self.sms_expires),
        })
    }

    /// What is asked for within the session.
    const fn asked(&self) -> Option<AnswerKind> {
        self.situation.asked()
    }

    const fn is_over(&self) -> bool {
        self.situation.is_over()
    }

    const fn misfit(&self) -> Misfit {
        Misfit {
            state: self.state(),
            is_end_told: self.is_over() && self.is_end_told,
            is_excused: matches!(self.situation, Situation::TimedOut) && !self.is_end_told,
        }
    }

    /// The end of the ten minutes, which do not count while data is built (spec 005 A-002-26).
    fn limit(&self) -> Option<Millis> {
        let is_building = self.situation.is_building();
        (!is_building && !self.is_over()).then_some(self.opened_at + LIMIT)
    }

    /// The script wants the first SMS to run out at once.
    fn is_sms_lost(&self) -> bool {
        self.script == Script::CaptchaTimedOut && self.sms_sent == 1
    }

    fn move_on(&mut self, at: Millis) {
        if self.limit().is_some_and(|limit| at >= limit) {
            let was_asking = self.asked().is_some();
            self.rest(if was_asking { Situation::TimedOut } else { Situation::Failed });
            return;
        }
        match self.situation {
            Situation::Init => {
                self.situation = Situation::ServicePasswordSubmitted;
                self.until = Some(at + self.pace.step(&mut self.chance));
            }
            Situation::ServicePasswordSubmitted
            | Situation::CaptchaSubmitted(Verdict::Right)
            | Situation::QueryPasswordSubmitted(Verdict::Right) => self.enter_leg(at),
            Situation::CaptchaSubmitted(Verdict::Wrong) => {
                self.count_mistake(Situation::CaptchaError);
            }
            Situation::QueryPasswordSubmitted(Verdict::Wrong) => {
                self.count_mistake(Situation::QueryPasswordError);
            }
            Situation::CaptchaRequired => self.rest(Situation::CaptchaError),
            Situation::CaptchaResent => self.await_code(at),
            Situation::Building => self.rest(Situation::Ready),
            Situation::DoomedBuilding => self.rest(Situation::Failed),
            Situation::CaptchaError
            | Situation::QueryPasswordRequired
            | Situation::QueryPasswordError
            | Situation::Ready
            | Situation::Failed
            | Situation::TimedOut
            | Situation::Restarted => self.until = None,
        }
    }

    fn enter_leg(&mut self, at: Millis) {
        let Some((leg, rest)) = self.legs.split_first() else {
            return self.rest(Situation::Failed);
        };
        self.legs = rest;
        match leg {
            Leg::Captcha => {
                self.send_sms(at);
                self.await_code(at);
            }
            Leg::QueryPassword => self.rest(Situation::QueryPasswordRequired),
            Leg::Deliver | Leg::Lose => {
                self.situation =
                    if *leg == Leg::Deliver { Situation::Building } else { Situation::DoomedBuilding };
                let is_late = self.script == Script::DataLate;
                let steps = if is_late { LATE_STEPS } else { 1 };
                self.until = Some(at + steps * self.pace.step(&mut self.chance));
            }
            Leg::Fail => self.rest(Situation::Failed),
            Leg::Restart => self.rest(Situation::Restarted),
        }
    }

    fn send_sms(&mut self, at: Millis) {
        self.sms_sent += 1;
        self.sms_expires =
            at + if self.is_sms_lost() { self.pace.step(&mut self.chance) } else { self.pace.sms_valid() };
    }

    /// Asks for the code until it expires (spec 006 §2 rows 7 and 11).
    const fn await_code(&mut self, at: Millis) {
        if at >= self.sms_expires {
            self.rest(Situation::CaptchaError);
        } else {
            self.situation = Situation::CaptchaRequired;
            self.until = Some(self.sms_expires);
        }
    }

    const fn count_mistake(&mut self, otherwise: Situation) {
        self.mistakes += 1;
        let is_enough = self.mistakes >= MAX_MISTAKES;
        self.rest(if is_enough { Situation::Failed } else { otherwise });
    }

    /// Stays until somebody does something.
    const fn rest(&mut self, situation: Situation) {
        self.situation = situation;
        self.until = None;
    }
}
