//! The six calls of online banking's first version (spec 002 §5), and what the second shares.
//!
//! Owns the way from a request to a session and back, and who agreed to what. It must never move a
//! session: that is [`super::course`].

mod plan;
mod second;

use std::collections::{BTreeSet, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answers::{AnswerKind, Expected, RIGHT_PASSWORD, WRONG_PASSWORD, fingerprint};
use super::chance::{Chance, Purpose};
use super::course::{Course, Opening, Step};
use super::misfit::NoData;
use super::params::Params;
use super::reply::{Reply, Setback};
use super::sessions::{Moving as _, Sessions};
use super::{Endpoint, Millis, Mobile, Sandbox, Script, Subject, Violation, bank, picture};
use crate::provider::wire::Opaque;
use crate::provider::wire::ebank::{
    BankInfoRequest, CaptchaReply, CaptchaRequest, LicenseUploadRequest, OpenIdReply, OpenIdRequest,
    RawDataRequest, State, StateReply, StateRequest,
};

/// Consents remembered; the oldest go first.
const MAX_CONSENTS: usize = 100_000;
/// How much earlier than told a poll may come: clocks differ a little.
const TOLERANCE: Millis = 50;

/// Who agreed to what, as fingerprints.
#[derive(Debug, Default)]
pub(super) struct Consents {
    known: BTreeSet<u64>,
    order: VecDeque<u64>,
}

impl Consents {
    fn add(&mut self, consent: u64) {
        if !self.known.insert(consent) {
            return;
        }
        self.order.push_back(consent);
        if self.order.len() > MAX_CONSENTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// A login that is right.
pub(super) fn login(mobile: Mobile) -> Expected {
    let tail = mobile.number() % 10_000;
    let field = |name, value: String| (name, value);
    let fields = if plan::has_no_password(Script::of(mobile)) {
        vec![field("entry_id", "301".to_owned()), field("login_name", format!("622202200500{tail:04}"))]
    } else {
        vec![
            field("entry_id", "101".to_owned()),
            field("login_name", format!("51330119900101{tail:04}")),
            field("password", RIGHT_PASSWORD.to_owned()),
        ]
    };
    Expected::login(AnswerKind::BankLogin, fields.into_iter().collect())
}

impl Sandbox {
    /// Lists the banks (spec 002 §5.1.1).
    pub(super) fn bank_info(&self, params: Params) -> Result<Reply, Setback> {
        let _nothing: BankInfoRequest = params.read(&[], &[])?;
        Ok(Reply::data(bank::list()))
    }

    /// Notes that the applicant agreed (spec 002 §5.1.2).
    pub(super) fn upload_license(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let required = ["token", "entry_id", "login_name", "name", "id_card"];
        let request: LicenseUploadRequest = params.read(&required, &[])?;
        self.check_token(&request.token)?;
        let login_name = request.login_name.expose();
        self.check_login(&request.entry_id, login_name, None, subject)?;
        self.consents.add(fingerprint(&[&request.entry_id, login_name, &request.id_card]));
        Ok(Reply::done())
    }

    /// Opens a session, the login within (spec 002 §5.1.3).
    pub(super) fn open_ebank(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let required = ["token", "name", "mobile", "id_card", "entry_id", "login_name"];
        let request: OpenIdRequest = params.read(&required, &[])?;
        let mobile = Mobile::of_field(&request.mobile)?;
        subject.mobile = Some(mobile);
        self.check_token(&request.token)?;
        if request.user_info.as_ref().is_some_and(|info| !(0..=2).contains(&info.client_type)) {
            return Err(Setback::field("user_info.client_type", "must be 0, 1 or 2"));
        }
        let login_name = request.login_name.expose();
        let password = request.password.as_ref().map(Opaque::expose);
        self.check_login(&request.entry_id, login_name, Some(password), subject)?;
        let consent = fingerprint(&[&request.entry_id, login_name, &request.id_card]);
        if !self.consents.known.contains(&consent) {
            return Err(self.no_consent(subject));
        }
        let script = Script::of(mobile);
        if self.is_login_refused(Endpoint::EbankOpenId, mobile) {
            return Err(Setback::field("login_name", "or password is wrong"));
        }
        let (now, pace) = (self.now, self.settings.pace);
        let is_wrong = password == Some(WRONG_PASSWORD);
        let open_id = self.ebank.open(now, mobile, |nth, chance| {
            let steps: &[Step<State>] =
                if is_wrong { &[Step::Fail(State::CollectFailed)] } else { plan::steps(script, nth) };
            Course::open(
                now,
                Opening {
                    mobile,
                    pace,
                    chance,
                    failed: State::CollectFailed,
                    first: Step::Show(plan::first_state(script)),
                    steps,
                    is_hurried: plan::is_hurried(script),
                    is_forgetful: plan::is_forgetful(script, nth),
                    late_replies: 0,
                },
            )
        });
        self.ledger.session_opened(script);
        self.ledger.answer_processed(script);
        subject.open_id = Some(open_id.clone());
        Ok(Reply::data(OpenIdReply { open_id }))
    }

    /// Tells where a session stands, and when to ask again (spec 002 §5.1.4).
    pub(super) fn ebank_state(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: StateRequest = params.read(&["username", "open_id"], &[])?;
        self.check_username(&request.username)?;
        let now = self.now;
        let (state, early, pic_captcha, delay) =
            with_session(&mut self.ebank, now, &request.open_id, subject, |course| {
                let early = course.not_before.map(|at| at.saturating_sub(now + TOLERANCE));
                let state = course.tell_state();
                (state, early.unwrap_or_default(), shown_picture(course), told_delay(course, now))
            })?;
        if early > 0 {
            let text = format!("get-state {} ms too early", early + TOLERANCE);
            self.ledger.breach(now, Violation::PolledEarly, subject, text);
        }
        let message = state.message().to_owned();
        Ok(Reply::data(StateReply { state, message, request_delay: Some(delay), pic_captcha }))
    }

    /// Takes what the applicant typed (spec 002 §5.1.5).
    pub(super) fn ebank_captcha(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: CaptchaRequest = params.read(&["username", "open_id", "verify_code"], &[])?;
        self.check_username(&request.username)?;
        let text = request.verify_code.expose();
        Self::check_length("verify_code", text)?;
        let now = self.now;
        let (taken, state, delay) =
            with_session(&mut self.ebank, now, &request.open_id, subject, |course| {
                let taken = course.submit_factor(now, text);
                let delay = if taken.is_ok() { told_delay(course, now) } else { 0 };
                (taken, course.state(), delay)
            })?;
        self.judged("captcha", taken, subject)?;
        let message = state.message().to_owned();
        Ok(Reply::data(CaptchaReply { state, message, request_delay: Some(delay) }))
    }

    /// Hands out the raw data (spec 002 §5.2.1).
    pub(super) fn ebank_data(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: RawDataRequest = params.read(&["username"], &[])?;
        self.check_username(&request.username)?;
        let fetched = with_session(&mut self.ebank, self.now, &request.open_id, subject, fetched)?;
        self.bank_data(fetched, subject)
    }

    /// Data, or 1001: this version knows no 1003 (spec 005 A-002-28).
    fn bank_data(&mut self, fetched: Result<Mobile, NoData>, subject: &Subject) -> Result<Reply, Setback> {
        match fetched {
            Ok(mobile) => Ok(Reply::data(statements(self.settings.seed, mobile))),
            Err(NoData::NotYet) => Err(Setback::field("raw-data", "is not there yet")),
            Err(no_data @ (NoData::SystemError | NoData::Misfit(_))) => {
                Err(self.no_data("raw-data", no_data, subject))
            }
        }
    }

    /// Refuses a login that the bank list does not allow.
    fn check_login(
        &mut self,
        entry_id: &str,
        login_name: &str,
        password: Option<Option<&str>>,
        subject: &Subject,
    ) -> Result<(), Setback> {
        bank::check(entry_id, login_name, password).map_err(|problem| {
            self.ledger.breach(self.now, Violation::LoginMisfit, subject, problem.clone());
            Setback::input(format!("输入错误: {problem}"))
        })
    }

    fn no_consent(&mut self, subject: &Subject) -> Setback {
        let text = "login without a license-upload for it";
        self.ledger.breach(self.now, Violation::NoConsent, subject, text);
        Setback::input("输入错误: license-upload for this entry_id and login_name is missing")
    }

    fn is_login_refused(&mut self, endpoint: Endpoint, mobile: Mobile) -> bool {
        plan::is_refused_once(Script::of(mobile)) && self.quirks.is_among_first(endpoint, mobile, 1)
    }
}

fn with_session<R>(
    sessions: &mut Sessions<Course<State>>,
    now: Millis,
    open_id: &str,
    subject: &mut Subject,
    act: impl FnOnce(&mut Course<State>) -> R,
) -> Result<R, Setback> {
    let result = sessions.with(now, open_id, |course| {
        subject.found(course);
        (!course.is_forgotten()).then(|| act(course))
    });
    result.flatten().ok_or_else(|| Setback::field("open_id", "is unknown"))
}

fn fetched(course: &mut Course<State>) -> Result<Mobile, NoData> {
    course.fetch().map(|()| course.mobile())
}

/// The picture in Base64, which is told in one state only.
fn shown_picture(course: &Course<State>) -> Option<String> {
    let is_asked = course.state() == State::PictureRequired;
    is_asked.then(|| STANDARD.encode(picture::png(&course.picture_text())))
}

/// Tells how many seconds to wait, and remembers it.
fn told_delay(course: &mut Course<State>, now: Millis) -> u64 {
    let seconds = course.pace.request_delay_seconds();
    course.not_before = Some(now + seconds * 1_000);
    seconds
}

/// The raw data, whose form is not printed (spec 005 A-002-38): cards and what went over them.
fn statements(seed: u64, mobile: Mobile) -> Value {
    let mut chance = Chance::new(seed, Purpose::Data, mobile.number(), 3);
    let bills: Vec<Value> = (1..=6)
        .map(|month| {
            json!({"month": format!("2018-{month:02}"), "amount": chance.between(0, 900_000).to_string()})
        })
        .collect();
    json!({"cards": [{
        "bank": "招商银行",
        "card_no": format!("6222****{:04}", chance.between(0, 9_999)),
        "bills": bills,
    }]})
}
