//! One telecom session: from open-id to its data, or to its end (spec 006 §2).
//!
//! Owns the session's state and the judging of answers. Time is an argument; what is due moves when
//! [`Session::settle`] is called. It must never know tokens, accounts or other sessions.

mod situation;

use situation::{Situation, Verdict};

use super::answers::{AnswerKind, Expected, WRONG_PASSWORD, fingerprint, service_password};
use super::chance::Chance;
use super::misfit::{Misfit, NoData, NotTaken, Taken};
use super::script::Leg;
use super::sessions::Moving;
use super::{Millis, Mobile, Pace, Script};
use crate::provider::wire::Opaque;
use crate::provider::wire::telecom::State;

/// The collection must be finished within 10 minutes (spec 002 §3).
const LIMIT: Millis = 600_000;
/// Wrong answers that end a session (spec 006 §2 row 10).
const MAX_MISTAKES: u32 = 6;
/// Messages sent within a session: the code has two digits for them.
const MAX_SMS: u32 = 99;
/// Steps that data which comes late takes to build, instead of one.
const LATE_STEPS: u64 = 5;
/// Steps that a state stays where the script wants it told again and again.
const REPEATED_STEPS: u64 = 5;
/// Steps after which a session gives up that asks for something.
const DOOMED_STEPS: u64 = 4;

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
    /// Fingerprints of the answers taken.
    answers: Vec<(AnswerKind, u64)>,
    /// What ends the question under way, if nobody answers it.
    doom: Option<Situation>,
    is_end_told: bool,
    /// Nothing is known of it any more.
    is_forgotten: bool,
    /// Whether it is the applicant's first.
    is_first: bool,
    errors_left: u32,
    cuts_left: u32,
    refusals_left: u32,
    late_replies_left: u32,
    late_reports_left: u32,
    lost_replies_left: u32,
}

impl Session {
    /// Opens the `nth` session of a mobile, counted from 0 (spec 006 §2 row 1).
    pub(super) fn open(
        now: Millis,
        mobile: Mobile,
        nth: u32,
        service_password: &str,
        pace: Pace,
        chance: Chance,
    ) -> Self {
        let script = Script::of(mobile);
        let legs = if service_password == WRONG_PASSWORD { &[Leg::Restart] } else { script.legs(nth) };
        let once_for = |wanted: Script, times: u32| if script == wanted { times } else { 0 };
        let late_replies = once_for(Script::DataLate, 2) + once_for(Script::DataNever, u32::MAX);
        let mut session = Self {
            open_id: String::new(),
            mobile,
            script,
            opened_at: now,
            pace,
            legs,
            situation: Situation::Init,
            until: None,
            chance,
            sms_sent: 0,
            sms_expires: now,
            mistakes: 0,
            answers: Vec::new(),
            doom: None,
            is_end_told: false,
            is_forgotten: false,
            is_first: nth == 0,
            errors_left: once_for(Script::ServerError, 2),
            cuts_left: once_for(Script::AnswerLost, 1),
            refusals_left: once_for(Script::CaptchaRefused, 1) + once_for(Script::CaptchaSystemError, 1),
            late_replies_left: late_replies,
            late_reports_left: once_for(Script::ReportLate, 2),
            lost_replies_left: once_for(Script::DataRefused, 1),
        };
        session.open_id = session.chance.id();
        if service_password.is_empty() {
            session.situation = Situation::AwaitsServicePassword;
        } else {
            session.until = Some(now + session.step());
        }
        session
    }

    /// Where the session stands.
    pub(super) fn state(&self) -> State {
        self.situation.state()
    }

    pub(super) const fn is_forgotten(&self) -> bool {
        self.is_forgotten
    }

    /// Tells the state to the client; `None` when the script wants the provider to break down.
    pub(super) fn tell_state(&mut self) -> Option<State> {
        if self.errors_left > 0 {
            self.errors_left -= 1;
            return None;
        }
        self.is_end_told = self.is_over();
        Some(self.state())
    }

    /// Takes an answer to be judged (spec 006 §2 rows 5 and 12).
    pub(super) fn submit(&mut self, now: Millis, kind: AnswerKind, text: &Opaque) -> Result<Taken, NotTaken> {
        if self.asked() != Some(kind) {
            return Err(NotTaken::Misfit(self.misfit()));
        }
        if kind == AnswerKind::ServicePassword {
            return Ok(self.begin(now, text));
        }
        if self.script == Script::ResentSettles && self.situation == Situation::CaptchaResent {
            return Err(NotTaken::Refused);
        }
        if kind == AnswerKind::Sms && self.refusals_left > 0 {
            self.refusals_left -= 1;
            let is_system = self.script == Script::CaptchaSystemError;
            return Err(if is_system { NotTaken::SystemError } else { NotTaken::Refused });
        }
        let is_right = self.expected(now).is_some_and(|it| it.answer == text.expose() && !it.is_stale);
        let is_unlucky = self.is_unlucky(kind);
        let verdict = if is_right && !is_unlucky { Verdict::Right } else { Verdict::Wrong };
        let print = fingerprint(&[text.expose()]);
        let is_repeat = self.answers.contains(&(kind, print));
        // A right answer that we refused on purpose may be given again.
        if !(is_right && is_unlucky) {
            self.answers.push((kind, print));
        }
        self.situation = if kind == AnswerKind::QueryPassword {
            Situation::QueryPasswordSubmitted(verdict)
        } else {
            Situation::CaptchaSubmitted(verdict)
        };
        self.doom = None;
        self.until = Some(now + self.step());
        let is_cut = self.cuts_left > 0;
        self.cuts_left = self.cuts_left.saturating_sub(1);
        self.is_forgotten = self.script == Script::SessionForgotten && self.is_first;
        Ok(Taken { is_repeat, is_cut })
    }

    /// The script wants a right answer judged wrong.
    fn is_unlucky(&self, kind: AnswerKind) -> bool {
        let is_first = self.mistakes == 0;
        (self.script == Script::CaptchaWrongOnce && is_first)
            || (self.script == Script::QueryPasswordWrongOnce
                && kind == AnswerKind::QueryPassword
                && is_first)
            || (self.script == Script::CaptchaWrongAlways && kind == AnswerKind::Sms)
    }

    /// Takes the service password of a session that was opened without (spec 005 A-002-8).
    fn begin(&mut self, now: Millis, password: &Opaque) -> Taken {
        if password.expose() == WRONG_PASSWORD {
            self.legs = &[Leg::Restart];
        }
        self.situation = Situation::ServicePasswordSubmitted;
        self.until = Some(now + self.step());
        Taken { is_repeat: false, is_cut: false }
    }

    /// Sends another SMS (spec 006 §2 row 6).
    pub(super) fn resend(&mut self, now: Millis) -> Result<(), Misfit> {
        if self.asked() != Some(AnswerKind::Sms) || self.sms_sent >= MAX_SMS {
            return Err(self.misfit());
        }
        self.send_sms(now);
        self.situation = Situation::CaptchaResent;
        self.until = Some(now + self.step());
        Ok(())
    }

    /// Whether the raw data can be fetched (spec 002 §3.2.1); asking counts.
    pub(super) fn fetch_raw_data(&mut self) -> Result<(), NoData> {
        self.is_ready()?;
        if self.lost_replies_left > 0 {
            self.lost_replies_left -= 1;
            return Err(NoData::SystemError);
        }
        if self.late_replies_left > 0 {
            self.late_replies_left -= 1;
            return Err(NoData::NotYet);
        }
        Ok(())
    }

    /// Whether the report can be fetched (spec 002 §3.2.2); asking counts.
    pub(super) fn fetch_report(&mut self) -> Result<(), NoData> {
        self.is_ready()?;
        if self.late_reports_left > 0 {
            self.late_reports_left -= 1;
            return Err(NoData::NotYet);
        }
        Ok(())
    }

    fn is_ready(&self) -> Result<(), NoData> {
        match self.situation {
            Situation::Ready => Ok(()),
            Situation::Building | Situation::DoomedBuilding => Err(NoData::NotYet),
            Situation::Init
            | Situation::AwaitsServicePassword
            | Situation::ServicePasswordSubmitted
            | Situation::CaptchaRequired
            | Situation::CaptchaSubmitted(_)
            | Situation::CaptchaError
            | Situation::CaptchaResent
            | Situation::QueryPasswordRequired
            | Situation::QueryPasswordSubmitted(_)
            | Situation::QueryPasswordError
            | Situation::Shown(_)
            | Situation::Failed
            | Situation::TimedOut
            | Situation::Restarted
            | Situation::RestartedAsking => Err(NoData::Misfit(self.misfit())),
        }
    }

    /// What the applicant should type now; a service password once a new session is needed.
    pub(super) fn expected(&self, now: Millis) -> Option<Expected> {
        if self.is_forgotten || (self.is_over() && self.situation != Situation::Ready) {
            return Some(service_password());
        }
        let kind = self.asked()?;
        if kind == AnswerKind::ServicePassword {
            return Some(service_password());
        }
        let is_sms = kind == AnswerKind::Sms;
        let answer = if is_sms { self.mobile.sms_code(self.sms_sent) } else { self.mobile.query_password() };
        let is_on_its_way =
            self.script == Script::ResentSettles && self.situation == Situation::CaptchaResent;
        let is_stale = is_sms && (self.is_sms_lost() || is_on_its_way || now >= self.sms_expires);
        Some(Expected::text(kind, answer, is_stale))
    }

    /// What is asked for within the session.
    const fn asked(&self) -> Option<AnswerKind> {
        self.situation.asked()
    }

    const fn is_over(&self) -> bool {
        self.situation.is_over()
    }

    /// What is known of a call that does not fit.
    pub(super) fn misfit(&self) -> Misfit {
        let was_asking = matches!(self.situation, Situation::TimedOut | Situation::RestartedAsking);
        Misfit::new(self.state(), self.is_over() && self.is_end_told, was_asking && !self.is_end_told)
    }

    /// How long the next step takes.
    fn step(&mut self) -> Millis {
        let step = self.pace.step(&mut self.chance);
        if self.script == Script::Skips {
            0
        } else if self.script == Script::Repeats {
            REPEATED_STEPS * step
        } else {
            step
        }
    }

    /// The end of the ten minutes, which do not count while data is built (spec 005 A-002-26).
    fn limit(&self) -> Option<Millis> {
        let is_building = self.situation.is_building();
        (!is_building && !self.is_over()).then_some(self.opened_at + LIMIT)
    }

    /// The script wants the first SMS to run out at once.
    const fn is_sms_lost(&self) -> bool {
        matches!(self.script, Script::CaptchaTimedOut | Script::ResentSettles) && self.sms_sent == 1
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
                self.until = Some(at + self.step());
            }
            Situation::CaptchaRequired | Situation::QueryPasswordRequired if self.doom.is_some() => {
                if let Some(doom) = self.doom.take() {
                    self.rest(doom);
                }
            }
            Situation::ServicePasswordSubmitted
            | Situation::Shown(_)
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
            Situation::AwaitsServicePassword
            | Situation::CaptchaError
            | Situation::QueryPasswordRequired
            | Situation::QueryPasswordError
            | Situation::Ready
            | Situation::Failed
            | Situation::TimedOut
            | Situation::Restarted
            | Situation::RestartedAsking => self.until = None,
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
            Leg::AskCodeAndFail => {
                self.send_sms(at);
                self.ask_in_vain(at, Situation::CaptchaRequired, Situation::TimedOut);
            }
            Leg::AskPasswordAndRestart => {
                self.ask_in_vain(at, Situation::QueryPasswordRequired, Situation::RestartedAsking);
            }
            Leg::QueryPassword => self.rest(Situation::QueryPasswordRequired),
            Leg::Show(code) => {
                self.situation = Situation::Shown(*code);
                self.until = Some(at + self.step());
            }
            Leg::Hang => self.until = None,
            Leg::Deliver | Leg::Lose => {
                self.situation =
                    if *leg == Leg::Deliver { Situation::Building } else { Situation::DoomedBuilding };
                let is_late = self.script == Script::DataLate;
                let steps = if is_late { LATE_STEPS } else { 1 };
                let ready = at + steps * self.step();
                self.until = (self.script != Script::BuildsForever).then_some(ready);
            }
            Leg::Fail => self.rest(Situation::Failed),
            Leg::Restart => self.rest(Situation::Restarted),
        }
    }

    /// Asks for something, and gives up soon.
    fn ask_in_vain(&mut self, at: Millis, question: Situation, end: Situation) {
        self.situation = question;
        self.doom = Some(end);
        self.until = Some(at + DOOMED_STEPS * self.step());
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

impl Moving for Session {
    fn open_id(&self) -> &str {
        &self.open_id
    }

    fn mobile(&self) -> Mobile {
        self.mobile
    }

    fn opened_at(&self) -> Millis {
        self.opened_at
    }

    fn settle(&mut self, now: Millis) {
        while let Some(at) = self.next_moment().filter(|at| *at <= now) {
            self.move_on(at);
        }
    }

    fn next_moment(&self) -> Option<Millis> {
        [self.until, self.limit()].into_iter().flatten().min()
    }

    fn state_number(&self) -> i64 {
        self.state().code()
    }

    fn hasten(&mut self, now: Millis) -> bool {
        let is_moving = self.until.is_some();
        if is_moving {
            if self.situation == Situation::CaptchaRequired {
                self.sms_expires = self.sms_expires.min(now);
            }
            self.until = Some(now);
            self.move_on(now);
        }
        is_moving
    }

    fn give_up(&mut self, state: i64) -> bool {
        let is_restart = state == State::Restart.code();
        let is_failure = state == State::CollectFailed.code();
        let end = match self.asked().is_some() {
            true if is_restart => Situation::RestartedAsking,
            true => Situation::TimedOut,
            false if is_restart => Situation::Restarted,
            false => Situation::Failed,
        };
        let is_meant = (is_failure || is_restart) && !self.is_over();
        if is_meant {
            self.rest(end);
        }
        is_meant
    }

    fn unsay(&mut self) {
        self.unsay_end();
    }

    fn unsay_end(&mut self) {
        self.is_end_told = false;
    }
}
