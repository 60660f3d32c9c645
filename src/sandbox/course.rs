//! One session of a system whose states are a plain list: degrees and both e-bankings (spec 006 §3,
//! §4).
//!
//! Owns the session's way through its steps, the judging of answers, and what the client has been
//! told. Time is an argument; what is due moves when [`Moving::settle`] is called. It must never
//! know what a state means: that is in the steps, which the systems make.

mod step;

use std::fmt::Debug;

pub(super) use step::{Ask, Mishap, Step, Wrong};

use super::answers::{AnswerKind, Expected, fingerprint};
use super::chance::{Chance, Purpose};
use super::misfit::{Dictionary, Misfit, NoData, NotTaken, Taken};
use super::sessions::Moving;
use super::{Millis, Mobile, Pace};

/// The collection must be finished within 10 minutes (spec 002 §4, spec 005 A-002-26).
const LIMIT: Millis = 600_000;
/// Wrong answers that end a session (spec 006 §4 row 11).
const MAX_MISTAKES: u32 = 6;

/// Where a session stands, with what is known only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Situation<S> {
    /// Told for a while.
    Shown(S),
    /// An answer is asked for; `told` may be that the last one was wrong.
    Asking { ask: Ask<S>, told: S, then: Then<S> },
    /// An answer is being judged.
    Submitted { ask: Ask<S>, is_right: bool, then: Then<S> },
    /// The data can be fetched.
    Ready(S),
    /// Over without data; while it was asking, so that the client could not know, or not.
    Over { state: S, was_asking: bool },
}

/// What becomes of a question that nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then<S> {
    /// It waits.
    Nothing,
    /// Its time is over: told as wrong, then asked anew.
    RunOut,
    /// It is asked anew.
    AskAnew,
    /// Another SMS comes, told as this state.
    Resend(S),
}

/// One session.
#[derive(Debug, Clone)]
pub(super) struct Course<S: 'static> {
    open_id: String,
    mobile: Mobile,
    opened_at: Millis,
    pub(super) pace: Pace,
    chance: Chance,
    /// What the end without data is told as.
    failed: S,
    /// What is still to come, the step under way excluded.
    steps: &'static [Step<S>],
    situation: Situation<S>,
    /// When the situation ends by itself.
    until: Option<Millis>,
    /// How often something was asked for: SMS codes, pictures and dynamic passwords are numbered.
    asked: u32,
    mistakes: u32,
    /// Fingerprints of the answers taken.
    answers: Vec<(AnswerKind, u64)>,
    is_end_told: bool,
    /// Nothing is known of it any more.
    is_forgotten: bool,
    /// Steps take no time.
    is_hurried: bool,
    /// The script wants it forgotten once an answer is processed.
    is_forgetful: bool,
    /// The earliest moment of the next poll that the client was told.
    pub(super) not_before: Option<Millis>,
    /// Data calls still to be answered 1003.
    late_replies_left: u32,
    /// Fingerprint of what the applicant agreed to: login type and login name.
    pub(super) consent: Option<u64>,
}

/// What a session begins with.
pub(super) struct Opening<S: 'static> {
    pub(super) mobile: Mobile,
    pub(super) pace: Pace,
    pub(super) chance: Chance,
    pub(super) failed: S,
    pub(super) first: Step<S>,
    pub(super) steps: &'static [Step<S>],
    pub(super) is_hurried: bool,
    pub(super) is_forgetful: bool,
    pub(super) late_replies: u32,
}

impl<S: Dictionary + Eq + Debug> Course<S> {
    pub(super) fn open(now: Millis, opening: Opening<S>) -> Self {
        let Opening { mobile, pace, mut chance, failed, first, steps, .. } = opening;
        let mut course = Self {
            open_id: format!("{}{:02x}", chance.id(), chance.between(0, 255)),
            mobile,
            opened_at: now,
            pace,
            chance,
            failed,
            steps,
            situation: Situation::Over { state: failed, was_asking: false },
            until: None,
            asked: 0,
            mistakes: 0,
            answers: Vec::new(),
            is_end_told: false,
            is_forgotten: false,
            is_hurried: opening.is_hurried,
            is_forgetful: opening.is_forgetful,
            not_before: None,
            late_replies_left: opening.late_replies,
            consent: None,
        };
        course.enter(now, first);
        course
    }

    /// Where the session stands.
    pub(super) const fn state(&self) -> S {
        match self.situation {
            Situation::Shown(state)
            | Situation::Asking { told: state, .. }
            | Situation::Ready(state)
            | Situation::Over { state, .. } => state,
            Situation::Submitted { ask, .. } => ask.submitted,
        }
    }

    pub(super) const fn is_forgotten(&self) -> bool {
        self.is_forgotten
    }

    /// Tells the state to the client.
    pub(super) const fn tell_state(&mut self) -> S {
        self.is_end_told = self.is_over();
        self.state()
    }

    /// What is asked for.
    pub(super) const fn asked(&self) -> Option<AnswerKind> {
        match self.situation {
            Situation::Asking { ask, .. } => Some(ask.kind),
            Situation::Shown(_)
            | Situation::Submitted { .. }
            | Situation::Ready(_)
            | Situation::Over { .. } => None,
        }
    }

    /// Takes the fields of a login.
    pub(super) fn submit_login(
        &mut self,
        now: Millis,
        fields: &[&str],
        is_right: bool,
    ) -> Result<Taken, NotTaken> {
        match self.situation {
            Situation::Asking { ask, .. } if !ask.is_factor() => Ok(self.submit(now, ask, fields, is_right)),
            Situation::Asking { .. }
            | Situation::Shown(_)
            | Situation::Submitted { .. }
            | Situation::Ready(_)
            | Situation::Over { .. } => Err(NotTaken::Misfit(self.misfit())),
        }
    }

    /// Takes a code, a password or the text of a picture.
    pub(super) fn submit_factor(&mut self, now: Millis, text: &str) -> Result<Taken, NotTaken> {
        match self.situation {
            Situation::Asking { ask, .. } if ask.is_factor() => {
                let is_right = self.right_text(ask.kind).is_some_and(|right| right == text);
                Ok(self.submit(now, ask, &[text], is_right))
            }
            Situation::Asking { .. }
            | Situation::Shown(_)
            | Situation::Submitted { .. }
            | Situation::Ready(_)
            | Situation::Over { .. } => Err(NotTaken::Misfit(self.misfit())),
        }
    }

    /// When the session will be over, if nobody does anything.
    pub(super) fn ends_at(&self) -> Millis {
        let mut ahead = self.clone();
        let mut at = self.opened_at;
        while let Some(moment) = ahead.next_moment() {
            at = moment;
            ahead.move_on(moment);
        }
        at
    }

    fn submit(&mut self, now: Millis, ask: Ask<S>, texts: &[&str], is_right: bool) -> Taken {
        let (is_judged_right, then) = match ask.mishap {
            Mishap::TakenAgain if is_right => (false, Then::Nothing),
            Mishap::AskedAgain if is_right => (false, Then::AskAnew),
            Mishap::Resent(state) if is_right => (false, Then::Resend(state)),
            Mishap::None | Mishap::RunsOut | Mishap::TakenAgain | Mishap::AskedAgain | Mishap::Resent(_) => {
                (is_right, Then::Nothing)
            }
        };
        let print = fingerprint(texts);
        let is_repeat = self.answers.contains(&(ask.kind, print));
        // A right answer that is refused on purpose may be given again.
        if is_judged_right == is_right {
            self.answers.push((ask.kind, print));
        }
        let ask = if is_judged_right == is_right { ask } else { ask.without_mishap() };
        self.situation = Situation::Submitted { ask, is_right: is_judged_right, then };
        self.until = Some(now + self.step());
        self.is_forgotten = self.is_forgetful && is_judged_right && ask.is_factor();
        Taken { is_repeat, is_cut: false }
    }

    /// Whether the data can be fetched; asking counts.
    pub(super) fn fetch(&mut self) -> Result<(), NoData> {
        match self.situation {
            Situation::Ready(_) if self.late_replies_left > 0 => {
                self.late_replies_left -= 1;
                Err(NoData::NotYet)
            }
            Situation::Ready(_) => Ok(()),
            Situation::Shown(_) => Err(NoData::NotYet),
            Situation::Asking { .. } | Situation::Submitted { .. } | Situation::Over { .. } => {
                Err(NoData::Misfit(self.misfit()))
            }
        }
    }

    /// What is known of a call that does not fit.
    pub(super) fn misfit(&self) -> Misfit {
        let was_asking = matches!(self.situation, Situation::Over { was_asking: true, .. });
        let is_excused = was_asking && !self.is_end_told;
        Misfit::new(self.state(), self.is_over() && self.is_end_told, is_excused)
    }

    /// What the applicant should type now; `login` once a new session is needed, or to begin.
    pub(super) fn expected(&self, login: Expected) -> Option<Expected> {
        match self.situation {
            Situation::Over { .. } => Some(login),
            Situation::Asking { .. } if self.is_forgotten => Some(login),
            Situation::Asking { ask, then, .. } => Some(match self.right_text(ask.kind) {
                Some(text) => Expected::text(ask.kind, text, self.is_waiting(then)),
                None => login,
            }),
            Situation::Shown(_) | Situation::Submitted { .. } | Situation::Ready(_) => {
                self.is_forgotten.then_some(login)
            }
        }
    }

    /// The text of the newest picture.
    pub(super) fn picture_text(&self) -> String {
        let nth = u64::from(self.asked);
        let mut chance = Chance::new(0, Purpose::Picture, self.mobile.number(), nth);
        format!("{:04}", chance.between(0, 9_999))
    }

    const fn is_over(&self) -> bool {
        matches!(self.situation, Situation::Over { .. } | Situation::Ready(_))
    }

    /// The right text, but for logins.
    fn right_text(&self, kind: AnswerKind) -> Option<String> {
        match kind {
            AnswerKind::Sms => Some(self.mobile.sms_code(self.asked)),
            AnswerKind::DynamicPassword => Some(self.mobile.dynamic_password(self.asked)),
            AnswerKind::Picture => Some(self.picture_text()),
            AnswerKind::DegreeLogin | AnswerKind::BankLogin => None,
            AnswerKind::ServicePassword | AnswerKind::QueryPassword => {
                unreachable!("no step asks for what telecom operators want")
            }
        }
    }

    /// The question is about to be asked anew, or is one of the script's that runs out.
    const fn is_waiting(&self, then: Then<S>) -> bool {
        match then {
            Then::AskAnew | Then::Resend(_) => true,
            Then::RunOut => {
                matches!(self.situation, Situation::Asking { ask: Ask { mishap: Mishap::RunsOut, .. }, .. })
            }
            Then::Nothing => false,
        }
    }

    fn step(&mut self) -> Millis {
        if self.is_hurried { 0 } else { self.pace.step(&mut self.chance) }
    }

    /// The end of the ten minutes.
    fn limit(&self) -> Option<Millis> {
        (!self.is_over()).then_some(self.opened_at + LIMIT)
    }

    fn enter(&mut self, at: Millis, step: Step<S>) {
        match step {
            Step::Show(state) => {
                self.situation = Situation::Shown(state);
                self.until = Some(at + self.step());
            }
            Step::Hang(state) => {
                self.situation = Situation::Shown(state);
                self.until = None;
            }
            Step::Ask(ask) => self.ask(at, ask),
            Step::Ready(state) => self.rest(Situation::Ready(state)),
            Step::Fail(state) => self.end(state),
        }
    }

    fn next(&mut self, at: Millis) {
        match self.steps.split_first() {
            Some((step, rest)) => {
                self.steps = rest;
                self.enter(at, *step);
            }
            None => self.end(self.failed),
        }
    }

    fn ask(&mut self, at: Millis, ask: Ask<S>) {
        let is_login = !ask.is_factor();
        self.asked += u32::from(!is_login);
        let then = if is_login { Then::Nothing } else { Then::RunOut };
        self.situation = Situation::Asking { ask, told: ask.asked, then };
        let lasts = if ask.mishap == Mishap::RunsOut {
            self.pace.step(&mut self.chance)
        } else {
            self.pace.sms_valid()
        };
        self.until = (!is_login).then_some(at + lasts);
    }

    fn move_on(&mut self, at: Millis) {
        if self.limit().is_some_and(|limit| at >= limit) {
            return self.end(self.failed);
        }
        match self.situation {
            Situation::Shown(_) | Situation::Submitted { is_right: true, .. } => self.next(at),
            Situation::Submitted { ask, is_right: false, then } => self.tell_wrong(at, ask, then),
            Situation::Asking { ask, then: Then::RunOut, .. } => {
                self.tell_wrong(at, ask.without_mishap(), Then::AskAnew);
            }
            Situation::Asking { ask, then: Then::AskAnew, .. } => self.ask(at, ask),
            Situation::Asking { ask, then: Then::Resend(state), .. } => {
                self.asked += 1;
                self.rest(Situation::Asking { ask, told: state, then: Then::Nothing });
            }
            Situation::Asking { then: Then::Nothing, .. } | Situation::Ready(_) | Situation::Over { .. } => {
                self.until = None;
            }
        }
    }

    fn tell_wrong(&mut self, at: Millis, ask: Ask<S>, then: Then<S>) {
        self.mistakes += u32::from(then == Then::Nothing);
        match ask.wrong {
            Wrong::Told(state) if self.mistakes < MAX_MISTAKES => {
                self.situation = Situation::Asking { ask, told: state, then };
                self.until = (then != Then::Nothing).then(|| at + self.pace.step(&mut self.chance));
            }
            Wrong::Told(_) | Wrong::Fails => self.end(self.failed),
        }
    }

    const fn end(&mut self, state: S) {
        let was_asking = matches!(self.situation, Situation::Asking { .. });
        self.rest(Situation::Over { state, was_asking });
    }

    /// Stays until somebody does something.
    const fn rest(&mut self, situation: Situation<S>) {
        self.situation = situation;
        self.until = None;
    }
}

impl<S: Dictionary + Eq + Debug> Moving for Course<S> {
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
        self.state().number()
    }

    fn hasten(&mut self, now: Millis) -> bool {
        let is_moving = self.until.is_some();
        if is_moving {
            self.until = Some(now);
            self.move_on(now);
        }
        is_moving
    }

    fn give_up(&mut self, state: i64) -> bool {
        let is_meant = state == self.failed.number() && !self.is_over();
        if is_meant {
            self.end(self.failed);
        }
        is_meant
    }

    fn unsay(&mut self) {
        self.unsay_end();
        self.not_before = None;
    }

    fn unsay_end(&mut self) {
        self.is_end_told = false;
    }
}
