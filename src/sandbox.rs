//! The provider's side of the wire, scriptable: a stand-in for "Qiancheng credit" (spec 002).
//!
//! Owns sessions, audits, tokens, and the [`Ledger`] that judges the client. The core is pure: time
//! is an argument, randomness comes from the seed, and the same calls get the same answers; only
//! [`serve`] does IO. It must never know the client beyond [`crate::provider::wire`], nor keep
//! anything that a restart would miss.
//!
//! The mobile number chooses what happens, see [`Script`]. What the applicant must type follows
//! from it too: an SMS code is the mobile's last four digits and the two-digit number of the SMS
//! within the session, a query password the last six digits; any service password is right but
//! `000000`. [`Sandbox::expected_answer`] says it at any moment.

mod audit;
mod audits;
mod blacklist;
mod chance;
mod control;
mod dossier;
mod ledger;
mod mobile;
mod operator_data;
mod pace;
mod params;
pub mod partner;
pub mod people;
mod reply;
mod request;
mod script;
pub mod serve;
mod session;
mod sessions;
mod telecom;
mod tokens;

pub use ledger::Violation;
pub use ledger::{Breach, Call, Fault, KEPT_BREACHES, KEPT_CALLS, Ledger, Outcome, Subject, Tally};
pub use mobile::Mobile;
pub use pace::{Pace, UnknownPace};
pub use reply::{Answer, Delivery};
pub use request::{MAX_BODY, Request};
pub use script::{Script, ScriptRow};
pub use session::{AnswerKind, Expected};

use std::collections::BTreeSet;
use std::sync::OnceLock;

use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};

use crate::provider::wire::{Opaque, audit as audit_wire, authorize, blacklist as list, telecom as tel};
use audits::Audits;
use reply::{Reply, Setback};
use sessions::Sessions;
use tokens::Tokens;

/// Unix milliseconds.
pub type Millis = u64;

/// Bits of the audit key, the size that the recipe of spec 005 A-002-20 is known for.
const KEY_BITS: usize = 1024;

/// What a sandbox is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Everything left to chance follows from it: ids, durations, the audit key.
    pub seed: u64,
    /// The merchant account.
    pub username: String,
    /// Its password.
    pub password: Opaque,
    /// How fast sessions move.
    pub pace: Pace,
}

/// The provider.
#[derive(Debug)]
pub struct Sandbox {
    settings: Settings,
    key: OnceLock<RsaPrivateKey>,
    now: Millis,
    tokens: Tokens,
    sessions: Sessions,
    audits: Audits,
    /// Applicants of [`Script::ServerError`] whose blacklist call has failed as it should.
    blacklist_failed: BTreeSet<Mobile>,
    ledger: Ledger,
}

impl Sandbox {
    /// Opens an empty provider. The audit key is made when first needed.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            tokens: Tokens::new(settings.seed),
            sessions: Sessions::new(settings.seed, settings.pace),
            audits: Audits::new(settings.seed, settings.pace),
            settings,
            key: OnceLock::new(),
            now: 0,
            blacklist_failed: BTreeSet::new(),
            ledger: Ledger::default(),
        }
    }

    /// Answers one call. Time that runs backwards is taken to stand still.
    pub fn handle(&mut self, now: Millis, request: &Request) -> Answer {
        self.settle(now);
        let mut subject = Subject::default();
        let result = match Endpoint::of(request) {
            Ok(endpoint) => self.dispatch(endpoint, request, &mut subject),
            Err(setback) => Err(setback),
        };
        let (answer, outcome) = reply::conclude(result);
        let method = request.method.as_str();
        self.ledger.log(self.now, method, &request.path, subject, outcome);
        answer
    }

    /// Lets every session move to where it stands at `now`; [`Sandbox::handle`] does so first.
    pub fn settle(&mut self, now: Millis) {
        self.now = self.now.max(now);
        self.sessions.settle(self.now);
        self.audits.settle(self.now);
    }

    /// The audit's public key as X.509 SPKI PEM (spec 005 A-002-20).
    ///
    /// # Panics
    /// Never: a key of a fixed, sufficient size can be made and written.
    #[must_use]
    pub fn public_key_pem(&self) -> String {
        self.key()
            .to_public_key()
            .to_public_key_pem(LineEnding::LF)
            .expect("an RSA key of a fixed size can be written as PEM")
    }

    /// What was processed, and what should not have been asked.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// When, after `now`, a session or an audit will next move by itself.
    #[must_use]
    pub fn next_moment(&self, now: Millis) -> Option<Millis> {
        let now = now.max(self.now);
        let moments = [self.sessions.next_moment(now), self.audits.next_moment(now)];
        moments.into_iter().flatten().min()
    }

    /// What the applicant with this mobile should type, as of the last [`Sandbox::settle`]; `None`
    /// when nothing is asked for, or the mobile is none.
    #[must_use]
    pub fn expected_answer(&self, mobile: &str) -> Option<Expected> {
        let mobile = Mobile::parse(mobile)?;
        self.sessions
            .latest(mobile)
            .map_or_else(|| Some(session::service_password()), |session| session.expected(self.now))
    }

    fn key(&self) -> &RsaPrivateKey {
        self.key.get_or_init(|| {
            RsaPrivateKey::new(&mut chance::key_stream(self.settings.seed), KEY_BITS)
                .expect("an RSA key of a fixed, sufficient size can be made")
        })
    }

    fn dispatch(
        &mut self,
        endpoint: Endpoint,
        request: &Request,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        let params = params::Params::of(request)?;
        match endpoint {
            Endpoint::Token => self.authorize(params),
            Endpoint::Blacklist => self.search_blacklist(params, subject),
            Endpoint::OpenId => self.open_session(params, subject),
            Endpoint::QueryPassword => self.submit_query_password(params, subject),
            Endpoint::Captcha => self.submit_captcha(params, subject),
            Endpoint::ResendCaptcha => self.resend_captcha(params, subject),
            Endpoint::State => self.session_state(params, subject),
            Endpoint::RawData => self.raw_data(params, subject),
            Endpoint::Report => self.report(params, subject),
            Endpoint::AuditApply => self.apply_for_audit(params, subject),
            Endpoint::AuditResult => self.audit_result(params, subject),
        }
    }

    /// Refuses a merchant account that is not ours (spec 002 §0).
    fn check_username(&self, username: &str) -> Result<(), Setback> {
        if username == self.settings.username {
            Ok(())
        } else {
            Err(Setback::field("username", "is unknown"))
        }
    }
}

/// The calls answered, each with one path and one method.
#[derive(Debug, Clone, Copy)]
enum Endpoint {
    Token,
    Blacklist,
    OpenId,
    QueryPassword,
    Captcha,
    ResendCaptcha,
    State,
    RawData,
    Report,
    AuditApply,
    AuditResult,
}

impl Endpoint {
    fn of(request: &Request) -> Result<Self, Setback> {
        let endpoint = match request.path.as_str() {
            authorize::TokenRequest::PATH => Self::Token,
            list::SearchRequest::PATH => Self::Blacklist,
            tel::OpenIdRequest::PATH => Self::OpenId,
            tel::QueryPasswordRequest::PATH => Self::QueryPassword,
            tel::CaptchaRequest::PATH => Self::Captcha,
            tel::ResendCaptchaRequest::PATH => Self::ResendCaptcha,
            tel::StateRequest::PATH => Self::State,
            tel::RawDataRequest::PATH => Self::RawData,
            tel::ReportRequest::PATH => Self::Report,
            audit_wire::ApplyRequest::PATH => Self::AuditApply,
            audit_wire::ResultRequest::PATH => Self::AuditResult,
            _ => return Err(Setback::no_such_path()),
        };
        if request.method == endpoint.method() { Ok(endpoint) } else { Err(Setback::wrong_method()) }
    }

    /// `POST` everywhere, except the audit's result (spec 002 §0).
    const fn method(self) -> http::Method {
        match self {
            Self::Token
            | Self::Blacklist
            | Self::OpenId
            | Self::QueryPassword
            | Self::Captcha
            | Self::ResendCaptcha
            | Self::State
            | Self::RawData
            | Self::Report
            | Self::AuditApply => http::Method::POST,
            Self::AuditResult => http::Method::GET,
        }
    }
}

#[cfg(test)]
mod tests;
