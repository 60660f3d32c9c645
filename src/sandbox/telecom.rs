//! The seven telecom calls (spec 002 §3).
//!
//! Owns the way from a request to a session and back, and notes what a client should not have
//! done. It must never move a session: that is [`super::session`].

use super::ledger::Violation;
use super::params::Params;
use super::reply::{Reply, Setback};
use super::session::{AnswerKind, Misfit, NoData, Session};
use super::{Mobile, Sandbox, Script, Subject, operator_data};
use crate::provider::wire::Opaque;
use crate::provider::wire::telecom::{
    CaptchaRequest, OpenIdReply, OpenIdRequest, QueryPasswordRequest, RawDataRequest, ReportRequest,
    ResendCaptchaRequest, StateReply, StateRequest,
};

/// Bytes of an answer: a session remembers each.
const MAX_ANSWER: usize = 64;
const SESSION_FIELDS: [&str; 2] = ["username", "open_id"];

impl Sandbox {
    /// Opens a session (spec 002 §3.1.1).
    pub(super) fn open_session(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let required = ["token", "name", "id_card", "mobile", "service_password"];
        let request: OpenIdRequest = params.read(&required, &[])?;
        let mobile =
            Mobile::parse(&request.mobile).ok_or_else(|| Setback::field("mobile", "must be 11 digits"))?;
        subject.mobile = Some(mobile);
        self.check_token(&request.token)?;
        let password = request.service_password.expose();
        let session = self.sessions.open(self.now, mobile, password);
        self.ledger.session_opened(session.script);
        let open_id = session.open_id.clone();
        subject.open_id = Some(open_id.clone());
        Ok(Reply::data(OpenIdReply { open_id }))
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
        self.submit(&request.open_id, AnswerKind::QueryPassword, text, subject)
    }

    /// Takes an SMS code (spec 002 §3.1.3).
    pub(super) fn submit_captcha(&mut self, params: Params, subject: &mut Subject) -> Result<Reply, Setback> {
        let request: CaptchaRequest = params.read(&["username", "open_id", "captcha"], &[])?;
        self.check_username(&request.username)?;
        let text = &request.captcha;
        self.submit(&request.open_id, AnswerKind::Sms, text, subject)
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
        let state = state.ok_or(Setback::ServerError)?;
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
        let result = self.sessions.with(self.now, open_id, |session| {
            subject.mobile = Some(session.mobile);
            subject.open_id = Some(session.open_id.clone());
            act(session)
        });
        result.ok_or_else(|| Setback::field("open_id", "is unknown"))
    }

    fn submit(
        &mut self,
        open_id: &str,
        kind: AnswerKind,
        text: &Opaque,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let name = match kind {
            AnswerKind::Sms => "captcha",
            AnswerKind::QueryPassword => "query_password",
            AnswerKind::ServicePassword => "service_password",
        };
        if text.expose().len() > MAX_ANSWER {
            return Err(Setback::field(name, "is longer than 64 bytes"));
        }
        let now = self.now;
        let (taken, script) =
            self.with_session(open_id, subject, |session| (session.submit(now, kind, text), session.script))?;
        let taken = taken.map_err(|misfit| {
            if !misfit.is_end_told && !misfit.is_excused {
                let text = format!("{name} nobody asked for in state {}", misfit.state.code());
                self.ledger.breach(now, Violation::NobodyAsked, subject, text);
            }
            self.misfit(name, misfit, subject)
        })?;
        self.ledger.answer_processed(script);
        if taken.is_repeat {
            let text = format!("{name}: answer twice");
            self.ledger.breach(now, Violation::AnswerTwice, subject, text);
        }
        Ok(match taken.is_cut {
            true => Reply::done().cut(),
            false => Reply::done(),
        })
    }

    fn no_data(&mut self, call: &str, no_data: NoData, subject: &Subject) -> Setback {
        match no_data {
            NoData::NotYet => Setback::collecting(),
            NoData::Misfit(misfit) => self.misfit(call, misfit, subject),
        }
    }

    /// A call that does not fit the state: it changes nothing (spec 006 §2 row 19).
    fn misfit(&mut self, call: &str, misfit: Misfit, subject: &Subject) -> Setback {
        let state = misfit.state;
        if misfit.is_end_told {
            let text = format!("{call} after the end in state {}", state.code());
            self.ledger.breach(self.now, Violation::CallAfterEnd, subject, text);
        }
        let code = state.code();
        Setback::field(call, format_args!("does not fit state {code} {}", state.message()))
    }
}
