//! The four degree calls (spec 002 §4).
//!
//! Owns the way from a request to a session and back, and the steps that each script walks. It must
//! never move a session: that is [`super::course`].

use std::time::Duration;

use serde_json::{Value, json};

use super::answers::{AnswerKind, Expected, RIGHT_PASSWORD, WRONG_PASSWORD};
use super::chance::{Chance, Purpose};
use super::course::{Ask, Course, Mishap, Opening, Step, Wrong};
use super::params::Params;
use super::reply::{Reply, Setback};
use super::sessions::Moving as _;
use super::{Endpoint, Mobile, Pace, Sandbox, Script, Subject};
use crate::provider::wire::degree::{
    LoginRequest, OpenIdReply, OpenIdRequest, RawDataRequest, State, StateReply, StateRequest,
};

/// The applicant's account at CHSI, and a password that is right.
pub(super) fn login(mobile: Mobile) -> Expected {
    let fields = [("account", mobile.to_string()), ("password", RIGHT_PASSWORD.to_owned())];
    Expected::login(AnswerKind::DegreeLogin, fields.into())
}

/// What the `nth` session of a mobile walks through.
fn course(now: u64, mobile: Mobile, nth: u32, pace: Pace, chance: Chance) -> Course<State> {
    const READY: Step<State> = Step::Ready(State::CollectFinished);
    const FAIL: Step<State> = Step::Fail(State::CollectFailed);
    const SUBMITTED: State = State::PasswordSubmitted;
    let script = Script::of(mobile);
    let steps: &[Step<State>] =
        if script == Script::DegreeFailsAlways || (script == Script::DegreeFailedOnce && nth == 0) {
            &[FAIL]
        } else if script == Script::DegreeUnknownCode {
            // For so long that no poll every three seconds misses it.
            const UNKNOWN: Step<State> = Step::Show(State::Unknown(99));
            &[UNKNOWN, UNKNOWN, UNKNOWN, READY]
        } else if script == Script::DegreeGoesBack {
            &[Step::Show(State::CollectFinished), Step::Show(SUBMITTED), READY]
        } else if script == Script::DegreeStuck {
            &[Step::Hang(SUBMITTED)]
        } else {
            &[READY]
        };
    let late_replies = if script == Script::DegreeDataNever {
        u32::MAX
    } else if script == Script::DegreeDataLate {
        2
    } else {
        0
    };
    let first = Step::Ask(Ask {
        asked: State::Init,
        submitted: SUBMITTED,
        kind: AnswerKind::DegreeLogin,
        wrong: Wrong::Fails,
        mishap: Mishap::None,
    });
    Course::open(
        now,
        Opening {
            mobile,
            pace,
            chance,
            failed: State::CollectFailed,
            first,
            steps,
            is_hurried: script == Script::DegreeSkips,
            is_forgetful: false,
            late_replies,
        },
    )
}

impl Sandbox {
    /// Opens a session (spec 002 §4.1.1).
    pub(super) fn open_degree(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: OpenIdRequest = params.read(&["token", "name", "id_card", "mobile"], &[])?;
        let mobile = Mobile::of_field(&request.mobile)?;
        subject.mobile = Some(mobile);
        self.check_token(&request.token)?;
        let (now, pace) = (self.now, self.settings.pace);
        let open_id = self.degree.open(now, mobile, |nth, chance| course(now, mobile, nth, pace, chance));
        self.ledger.session_opened(Script::of(mobile));
        subject.open_id = Some(open_id.clone());
        Ok(Reply::data(OpenIdReply { open_id }))
    }

    /// Takes account and password (spec 002 §4.1.2); synchronously, it answers when all is over.
    pub(super) fn log_in_to_degree(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let required = ["username", "open_id", "account", "password"];
        let request: LoginRequest = params.read(&required, &["sync"])?;
        self.check_username(&request.username)?;
        let is_synchronous = match request.sync {
            LoginRequest::SYNCHRONOUS => true,
            LoginRequest::ASYNCHRONOUS => false,
            _other => return Err(Setback::field("sync", "must be 0 or 1")),
        };
        let texts = [request.account.expose(), request.password.expose()];
        for (name, text) in ["account", "password"].into_iter().zip(texts) {
            Self::check_length(name, text)?;
        }
        let now = self.now;
        let mobile = self.degree_session(&request.open_id, subject, |course| course.mobile())?;
        let is_refused = Script::of(mobile) == Script::DegreeLoginRefused
            && self.quirks.is_among_first(Endpoint::DegreeLogin, mobile, 1);
        if is_refused {
            return Err(Setback::field("account", "or password is wrong"));
        }
        let is_right = request.password.expose() != WRONG_PASSWORD;
        let (taken, ends) = self.degree_session(&request.open_id, subject, |course| {
            (course.submit_login(now, &texts, is_right), course.ends_at())
        })?;
        self.judged("login", taken, subject)?;
        let delay = if is_synchronous { ends.saturating_sub(now) } else { 0 };
        Ok(Reply::done().delayed(Duration::from_millis(delay)))
    }

    /// Tells where a session stands; the text is the constant's name (spec 002 §4.1.3).
    pub(super) fn degree_state(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: StateRequest = params.read(&["open_id"], &[])?;
        if let Some(username) = &request.username {
            self.check_username(username)?;
        }
        let state = self.degree_session(&request.open_id, subject, Course::tell_state)?;
        Ok(Reply::data(StateReply { state, message: state.constant().to_owned() }))
    }

    /// Hands out the raw data (spec 002 §4.2.1).
    pub(super) fn degree_data(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: RawDataRequest = params.read(&["username", "open_id"], &[])?;
        self.check_username(&request.username)?;
        let (fetched, mobile) =
            self.degree_session(&request.open_id, subject, |course| (course.fetch(), course.mobile()))?;
        fetched.map_err(|no_data| self.no_data("raw-data", no_data, subject))?;
        Ok(Reply::data(degrees(self.settings.seed, mobile)))
    }

    fn degree_session<R>(
        &mut self,
        open_id: &str,
        subject: &mut Subject,
        act: impl FnOnce(&mut Course<State>) -> R,
    ) -> Result<R, Setback> {
        let result = self.degree.with(self.now, open_id, |course| {
            subject.found(course);
            act(course)
        });
        result.ok_or_else(|| Setback::field("open_id", "is unknown"))
    }
}

/// The raw data, of which only `length_school` is printed (spec 002 §4.2.1): a degree, the same for
/// the same mobile.
fn degrees(seed: u64, mobile: Mobile) -> Value {
    let mut chance = Chance::new(seed, Purpose::Data, mobile.number(), 2);
    let begun = chance.between(1995, 2012);
    json!({
        "message": "成功",
        "data": { "degrees": [{
            "real_name": "测**",
            "academic_level": chance.one_of(&["本科", "专科", "硕士研究生"]),
            "major_name": chance.one_of(&["测试工程", "会计学", "土木工程"]),
            "date_enrollment": format!("{begun}-09-01"),
            "date_graduation": format!("{}-07-01", begun + 4),
            "length_school": "四年制",
        }] },
    })
}
