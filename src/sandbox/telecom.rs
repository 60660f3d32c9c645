//! The seven telecom calls (spec 002 §3).
//!
//! Owns the way from a request to a session and back, and notes what a client should not have
//! done. It must never move a session: that is [`super::session`].

use super::answers::AnswerKind;
use super::faults::Fault;
use super::params::Params;
use super::reply::{Reply, Setback};
use super::session::Session;
use super::{Endpoint, Mobile, Sandbox, Script, Subject, operator_data};
use crate::provider::wire::Opaque;
use crate::provider::wire::telecom::{
    CaptchaRequest, OpenIdReply, OpenIdRequest, QueryPasswordRequest, RawDataRequest, ReportRequest,
    ResendCaptchaRequest, ServicePasswordRequest, StateReply, StateRequest,
};

const SESSION_FIELDS: [&str; 2] = ["username", "open_id"];

impl Sandbox {
    /// Opens a session (spec 002 §3.1.1).
    pub(super) fn open_session(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let mut required = vec!["token", "name", "id_card", "mobile"];
        if !self.takes_service_password {
            required.push("service_password");
        }
        let request: OpenIdRequest = params.read(&required, &[])?;
        let mobile = Mobile::of_field(&request.mobile)?;
        subject.mobile = Some(mobile);
        self.check_token(&request.token)?;
        let script = Script::of(mobile);
        let is_refused =
            script == Script::OpenIdRefused && self.quirks.is_among_first(Endpoint::TelecomOpenId, mobile, 1);
        if is_refused {
            return Err(Setback::field("service_password", "is wrong"));
        }
        let password = request.service_password.expose();
        let (now, pace) = (self.now, self.settings.pace);
        let open_id = self
            .telecom
            .open(now, mobile, |nth, chance| Session::open(now, mobile, nth, password, pace, chance));
        self.ledger.session_opened(script);
        subject.open_id = Some(open_id.clone());
        Ok(Reply::data(OpenIdReply { open_id }))
    }

    /// Takes the service password of a session that was opened without; only if the sandbox has this
    /// call (spec 005 A-002-8).
    pub(super) fn submit_service_password(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        if !self.takes_service_password {
            return Err(Setback::no_such_path());
        }
        let request: ServicePasswordRequest =
            params.read(&["username", "open_id", "service_password"], &[])?;
        self.check_username(&request.username)?;
        let text = &request.service_password;
        self.submit(&request.open_id, AnswerKind::ServicePassword, "service_password", text, subject)
    }

    /// Takes a query password (spec 002 §3.1.2).
    pub(super) fn submit_query_password(
        &mut self,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let request: QueryPasswordRequest = params.read(&["username", "open_id", "query_password"], &[])?;
        self.check_username(&request.username)?;
        let text = &request.query_password;
        self.submit(&request.open_id, AnswerKind::QueryPassword, "query_password", text, subject)
    }

    /// Takes an SMS code (spec 002 §3.1.3).
    pub(super) fn submit_captcha(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: CaptchaRequest = params.read(&["username", "open_id", "captcha"], &[])?;
        self.check_username(&request.username)?;
        let text = &request.captcha;
        self.submit(&request.open_id, AnswerKind::Sms, "captcha", text, subject)
    }

    /// Sends another SMS (spec 002 §3.1.4).
    pub(super) fn resend_captcha(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: ResendCaptchaRequest = params.read(&SESSION_FIELDS, &[])?;
        self.check_username(&request.username)?;
        let now = self.now;
        let sent = self.with_session(&request.open_id, subject, |it| it.resend(now))?;
        sent.map_err(|misfit| self.misfit("resend-captcha", misfit, subject))?;
        Ok(Reply::done())
    }

    /// Tells where a session stands (spec 002 §3.1.5).
    pub(super) fn session_state(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: StateRequest = params.read(&SESSION_FIELDS, &[])?;
        self.check_username(&request.username)?;
        let (state, script) =
            self.with_session(&request.open_id, subject, |session| (session.tell_state(), session.script))?;
        let state = state.ok_or(Setback::Fault(Fault::ServerError))?;
        let message = state.message().to_owned();
        let reply = Reply::data(StateReply { state, message });
        Ok(match script == Script::Slow {
            true => reply.delayed(self.settings.pace.slow()),
            false => reply,
        })
    }

    /// Hands out the raw data (spec 002 §3.2.1).
    pub(super) fn raw_data(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: RawDataRequest = params.read(&SESSION_FIELDS, &[])?;
        self.check_username(&request.username)?;
        let seed = self.settings.seed;
        let fetched = self.with_session(&request.open_id, subject, |session| {
            session.fetch_raw_data().map(|()| operator_data::raw(seed, session.mobile, session.opened_at))
        })?;
        fetched.map(Reply::data).map_err(|no_data| self.no_data("raw-data", no_data, subject))
    }

    /// Hands out the report (spec 002 §3.2.2).
    pub(super) fn report(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: ReportRequest = params.read(&SESSION_FIELDS, &[])?;
        self.check_username(&request.username)?;
        let seed = self.settings.seed;
        let fetched = self.with_session(&request.open_id, subject, |session| {
            session.fetch_report().map(|()| operator_data::report(seed, session.mobile, session.opened_at))
        })?;
        fetched.map(Reply::data).map_err(|no_data| self.no_data("report", no_data, subject))
    }

    fn with_session<R>(
        &mut self,
        open_id: &str,
        subject: &mut Subject,
        act: impl FnOnce(&mut Session) -> R,
    ) -> Result<R, Setback> {
        let result = self.telecom.with(self.now, open_id, |session| {
            subject.found(session);
            (!session.is_forgotten()).then(|| act(session))
        });
        result.flatten().ok_or_else(|| Setback::field("open_id", "is unknown"))
    }

    fn submit(
        &mut self,
        open_id: &str,
        kind: AnswerKind,
        name: &str,
        text: &Opaque,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        Self::check_length(name, text.expose())?;
        let now = self.now;
        let taken = self.with_session(open_id, subject, |session| session.submit(now, kind, text))?;
        let taken = self.judged(name, taken, subject)?;
        Ok(match taken.is_cut {
            true => Reply::done().cut(),
            false => Reply::done(),
        })
    }
}
