//! The seven calls of online banking's second version (spec 002 §6).
//!
//! Owns the way from a request to a session and back. It must never move a session: that is
//! [`crate::sandbox::course`].

use super::{fetched, plan, shown_picture, with_session};
use crate::provider::wire::Opaque;
use crate::provider::wire::ebank_v2::{
    BankListRequest, CaptchaReply, CaptchaRequest, LicenseUploadRequest, LoginReply, LoginRequest,
    OpenIdReply, OpenIdRequest, RawDataRequest, ServiceProvider, State, StateReply, StateRequest,
};
use crate::sandbox::answers::{AnswerKind, WRONG_PASSWORD, fingerprint};
use crate::sandbox::course::{Ask, Course, Mishap, Opening, Step, Wrong};
use crate::sandbox::params::Params;
use crate::sandbox::reply::{Reply, Setback};
use crate::sandbox::sessions::Moving as _;
use crate::sandbox::{Endpoint, Mobile, Sandbox, Script, Subject, bank};

const SESSION_FIELDS: [&str; 2] = ["username", "open_id"];

/// What every session begins with.
const LOGIN: Step<State> = Step::Ask(Ask {
    asked: State::Init,
    submitted: State::AccountSubmitted,
    kind: AnswerKind::BankLogin,
    wrong: Wrong::Fails,
    mishap: Mishap::None,
});

impl Sandbox {
    /// Opens a session; who collects follows from the mobile (spec 002 §6.1.1).
    pub(in crate::sandbox) fn open_ebank_v2(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: OpenIdRequest = params.read(&["token", "name", "mobile", "id_card"], &[])?;
        let mobile = Mobile::of_field(&request.mobile)?;
        subject.mobile = Some(mobile);
        self.check_token(&request.token)?;
        let (now, pace, script) = (self.now, self.settings.pace, Script::of(mobile));
        let open_id = self.ebank_v2.open(now, mobile, |nth, chance| {
            let opening = Opening {
                mobile,
                pace,
                chance,
                failed: State::CollectFailed,
                first: LOGIN,
                steps: plan::steps(script, nth),
                is_hurried: plan::is_hurried(script),
                is_forgetful: plan::is_forgetful(script, nth),
                late_replies: 0,
            };
            Course::open(now, opening)
        });
        self.ledger.session_opened(script);
        subject.open_id = Some(open_id.clone());
        let provider = ServiceProvider::PRINTED[(mobile.number() % 3) as usize];
        Ok(Reply::data(OpenIdReply { open_id, provider }))
    }

    /// Lists the banks (spec 002 §6.1.2).
    pub(in crate::sandbox) fn bank_list(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: BankListRequest = params.read(&SESSION_FIELDS, &[])?;
        self.check_username(&request.username)?;
        with_session(&mut self.ebank_v2, self.now, &request.open_id, subject, |_| ())?;
        Ok(Reply::data(bank::list_v2()))
    }

    /// Notes that the applicant agreed (spec 002 §6.1.3).
    pub(in crate::sandbox) fn upload_license_v2(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: LicenseUploadRequest =
            params.read(&["username", "open_id", "entry_id", "login_name"], &[])?;
        self.check_username(&request.username)?;
        let login_name = request.login_name.expose();
        let misfit = with_session(&mut self.ebank_v2, self.now, &request.open_id, subject, |course| {
            (course.asked() != Some(AnswerKind::BankLogin)).then(|| course.misfit())
        })?;
        if let Some(misfit) = misfit {
            self.nobody_asked("license-upload", misfit, subject);
            return Err(self.misfit("license-upload", misfit, subject));
        }
        self.check_login(&request.entry_id, login_name, None, subject)?;
        let consent = fingerprint(&[&request.entry_id, login_name]);
        with_session(&mut self.ebank_v2, self.now, &request.open_id, subject, |course| {
            course.consent = Some(consent);
        })?;
        Ok(Reply::done())
    }

    /// Takes the login (spec 002 §6.1.4).
    pub(in crate::sandbox) fn log_in_to_ebank_v2(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: LoginRequest = params.read(&["username", "open_id", "entry_id", "login_name"], &[])?;
        self.check_username(&request.username)?;
        let (entry_id, login_name) = (request.entry_id.as_str(), request.login_name.expose());
        let password = request.password.as_ref().map(Opaque::expose);
        let now = self.now;
        let (mobile, is_asked, consent) =
            with_session(&mut self.ebank_v2, now, &request.open_id, subject, |course| {
                let is_asked = course.asked() == Some(AnswerKind::BankLogin);
                (course.mobile(), is_asked, course.consent)
            })?;
        if is_asked {
            self.check_login(entry_id, login_name, Some(password), subject)?;
            if consent != Some(fingerprint(&[entry_id, login_name])) {
                return Err(self.no_consent(subject));
            }
            if self.is_login_refused(Endpoint::EbankV2Login, mobile) {
                return Err(Setback::field("login_name", "or password is wrong"));
            }
        }
        let texts = [entry_id, login_name, password.unwrap_or_default()];
        let is_right = password != Some(WRONG_PASSWORD);
        let (taken, state) = with_session(&mut self.ebank_v2, now, &request.open_id, subject, |course| {
            (course.submit_login(now, &texts, is_right), course.state())
        })?;
        self.judged("login", taken, subject)?;
        Ok(Reply::data(LoginReply { state, message: state.message().to_owned() }))
    }

    /// Tells where a session stands (spec 002 §6.1.5).
    pub(in crate::sandbox) fn ebank_v2_state(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: StateRequest = params.read(&SESSION_FIELDS, &[])?;
        self.check_username(&request.username)?;
        let (state, pic_captcha) =
            with_session(&mut self.ebank_v2, self.now, &request.open_id, subject, |course| {
                (course.tell_state(), shown_picture(course))
            })?;
        Ok(Reply::data(StateReply { state, message: state.message().to_owned(), pic_captcha }))
    }

    /// Takes what the applicant typed (spec 002 §6.1.6).
    pub(in crate::sandbox) fn ebank_v2_captcha(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: CaptchaRequest = params.read(&["username", "open_id", "verify_code"], &[])?;
        self.check_username(&request.username)?;
        let text = request.verify_code.expose();
        Self::check_length("verify_code", text)?;
        let now = self.now;
        let (taken, state) = with_session(&mut self.ebank_v2, now, &request.open_id, subject, |course| {
            (course.submit_factor(now, text), course.state())
        })?;
        self.judged("captcha", taken, subject)?;
        Ok(Reply::data(CaptchaReply { state, message: state.message().to_owned() }))
    }

    /// Hands out the raw data (spec 002 §6.2.1).
    pub(in crate::sandbox) fn ebank_v2_data(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: RawDataRequest = params.read(&SESSION_FIELDS, &[])?;
        self.check_username(&request.username)?;
        let fetched = with_session(&mut self.ebank_v2, self.now, &request.open_id, subject, fetched)?;
        self.bank_data(fetched, subject)
    }
}
