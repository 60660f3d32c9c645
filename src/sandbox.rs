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

mod answers;
mod audit;
mod audits;
mod bank;
mod blacklist;
mod chance;
mod control;
mod course;
mod degree;
mod dossier;
mod ebank;
mod endpoint;
mod faults;
mod judge;
mod ledger;
mod mangle;
mod misfit;
mod mobile;
mod operator_data;
mod pace;
mod params;
pub mod partner;
pub mod people;
pub(crate) mod picture;
mod quirks;
mod reference;
mod reply;
mod request;
mod script;
pub mod serve;
mod session;
mod sessions;
mod steering;
mod telecom;
mod tokens;

pub use answers::{AnswerKind, Expected};
pub use endpoint::{Endpoint, System};
pub use faults::{Fault, Faults, MAX_PLANNED, MILLION, Outage, OutageKind, Planned};
pub use ledger::Violation;
pub use ledger::{Breach, Call, Counts, KEPT_BREACHES, KEPT_CALLS, Ledger, Outcome, Subject, Tally};
pub use mobile::Mobile;
pub use pace::{Pace, UnknownPace};
pub use reference::reference;
pub use reply::{Answer, Delivery};
pub use request::{MAX_BODY, Request};
pub use script::{Ending, Script, ScriptRow};
pub use steering::{Cannot, SessionView};

use std::sync::OnceLock;

use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};

use crate::provider::wire::{Opaque, degree as degree_wire, ebank as ebank_wire};
use audits::Audits;
use chance::Purpose;
use course::Course;
use ebank::Consents;
use faults::Trouble;
use params::Params;
use quirks::Quirks;
use reply::{Conclusion, Reply, Setback};
use session::Session;
use sessions::Sessions;
use tokens::Tokens;

/// Where a redirect leads: whoever comes followed it.
pub const TRAP: &str = "/_sandbox/trap";

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
    telecom: Sessions<Session>,
    degree: Sessions<Course<degree_wire::State>>,
    ebank: Sessions<Course<ebank_wire::State>>,
    ebank_v2: Sessions<Course<ebank_wire::State>>,
    consents: Consents,
    audits: Audits,
    quirks: Quirks,
    trouble: Trouble,
    /// Whether there is the call of spec 005 A-002-8.
    takes_service_password: bool,
    /// The session that the last answer was about.
    last_told: Option<String>,
    ledger: Ledger,
}

impl Sandbox {
    /// Opens an empty provider. The audit key is made when first needed.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let (seed, pace) = (settings.seed, settings.pace);
        Self {
            tokens: Tokens::new(seed),
            telecom: Sessions::new(seed, Purpose::Session),
            degree: Sessions::new(seed, Purpose::Degree),
            ebank: Sessions::new(seed, Purpose::Ebank),
            ebank_v2: Sessions::new(seed, Purpose::EbankV2),
            consents: Consents::default(),
            audits: Audits::new(seed, pace),
            settings,
            key: OnceLock::new(),
            now: 0,
            quirks: Quirks::default(),
            trouble: Trouble::default(),
            takes_service_password: false,
            last_told: None,
            ledger: Ledger::default(),
        }
    }

    /// Answers one call. Time that runs backwards is taken to stand still.
    pub fn handle(&mut self, now: Millis, request: &Request) -> Answer {
        self.settle(now);
        let mut subject = Subject::default();
        let Conclusion { answer, outcome, .. } = match Endpoint::of(request) {
            Ok(endpoint) => self.answer(endpoint, request, &mut subject),
            Err(setback) => {
                if request.path == TRAP {
                    let text = format!("redirect followed, with {} bytes", request.body.len());
                    self.ledger.breach(self.now, Violation::RedirectFollowed, &subject, text);
                }
                reply::conclude(Err(setback))
            }
        };
        self.last_told.clone_from(&subject.open_id);
        let method = request.method.as_str();
        self.ledger.log(self.now, method, &request.path, subject, outcome);
        answer
    }

    /// Takes note that the last answer never reached the client, which so cannot know what it told.
    /// The faults that the sandbox makes itself are known to it.
    pub fn lose_answer(&mut self) {
        if let Some(open_id) = self.last_told.take() {
            self.unsay(&open_id);
        }
    }

    /// Takes note that the client has lost its memory with whatever was on its way to it: it cannot know of
    /// any end that it was told. How long it was told to wait it can always wait out.
    pub fn lose_memory(&mut self) {
        self.last_told = None;
        self.telecom.unsay_ends();
        self.degree.unsay_ends();
        self.ebank.unsay_ends();
        self.ebank_v2.unsay_ends();
    }

    /// Lets every session move to where it stands at `now`; [`Sandbox::handle`] does so first.
    pub fn settle(&mut self, now: Millis) {
        self.now = self.now.max(now);
        self.telecom.settle(self.now);
        self.degree.settle(self.now);
        self.ebank.settle(self.now);
        self.ebank_v2.settle(self.now);
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
        let moments = [
            self.telecom.next_moment(now),
            self.degree.next_moment(now),
            self.ebank.next_moment(now),
            self.ebank_v2.next_moment(now),
            self.audits.next_moment(now),
        ];
        moments.into_iter().flatten().min()
    }

    /// What the applicant with this mobile should type for telecom, as of the last
    /// [`Sandbox::settle`]; `None` when nothing is asked for, or the mobile is none.
    #[must_use]
    pub fn expected_answer(&self, mobile: &str) -> Option<Expected> {
        self.expected_answer_of(System::Telecom, mobile)
    }

    /// The same for any system: before anything is asked for, what its first question will be. The
    /// blacklist and the audit ask for nothing.
    #[must_use]
    pub fn expected_answer_of(&self, system: System, mobile: &str) -> Option<Expected> {
        let first = self.first_answer_of(system, mobile)?;
        let mobile = Mobile::parse(mobile)?;
        match system {
            System::Telecom => match self.telecom.latest(mobile) {
                Some(session) => session.expected(self.now),
                None => Some(first),
            },
            System::Degree => of_course(&self.degree, mobile, first),
            System::Ebank => of_course(&self.ebank, mobile, first),
            System::EbankV2 => of_course(&self.ebank_v2, mobile, first),
            System::Account | System::Blacklist | System::Audit => None,
        }
    }

    /// What the applicant should type for another session, wherever the last one stands: who calls may
    /// have given it up.
    #[must_use]
    pub fn first_answer_of(&self, system: System, mobile: &str) -> Option<Expected> {
        let mobile = Mobile::parse(mobile)?;
        match system {
            System::Telecom => Some(answers::service_password()),
            System::Degree => Some(degree::login(mobile)),
            System::Ebank | System::EbankV2 => Some(ebank::login(mobile)),
            System::Account | System::Blacklist | System::Audit => None,
        }
    }

    fn key(&self) -> &RsaPrivateKey {
        self.key.get_or_init(|| {
            RsaPrivateKey::new(&mut chance::key_stream(self.settings.seed), KEY_BITS)
                .expect("an RSA key of a fixed, sufficient size can be made")
        })
    }

    /// Answers a call of a known path, disturbed if that is its fate.
    fn answer(&mut self, endpoint: Endpoint, request: &Request, subject: &mut Subject) -> Conclusion {
        let parsed = self.parsed(endpoint, request);
        let params = match parsed {
            Ok(params) => params,
            Err(setback) => return reply::conclude(Err(setback)),
        };
        let whose = self.whose(&params);
        let call = self.ledger.current_call();
        let fault = self.trouble.next(self.now, endpoint, whose, call);
        let said = fault.map_or_else(String::new, |_| params.secrets());
        let mut conclusion = match fault {
            Some(fault) if !fault.is_processed() => {
                subject.mobile = whose;
                reply::conclude(Err(Setback::Fault(fault)))
            }
            Some(_) | None => reply::conclude(self.dispatch(endpoint, params, subject)),
        };
        if let Some(fault) = fault {
            conclusion.answer = mangle::mangled(fault, conclusion.answer, &said, self.trouble.late());
            conclusion.outcome = Outcome::Fault { fault };
            if fault.loses_answer()
                && let Some(open_id) = &subject.open_id
            {
                self.unsay(open_id);
            }
        }
        let is_disturbed = matches!(conclusion.outcome, Outcome::Fault { .. });
        self.ledger.count_call(endpoint, subject.open_id.as_deref(), conclusion.is_processed, is_disturbed);
        conclusion
    }

    fn parsed(&mut self, endpoint: Endpoint, request: &Request) -> Result<Params, Setback> {
        let subject = Subject::default();
        if request.method != endpoint.method() {
            let text = format!("{} {}", request.method, endpoint.name());
            self.ledger.breach(self.now, Violation::WrongMethod, &subject, text);
            return Err(Setback::wrong_method());
        }
        let params = Params::of(request)?;
        if params.is_in_query {
            let text = format!("parameters of {} in the query", endpoint.name());
            self.ledger.breach(self.now, Violation::WrongMethod, &subject, text);
        }
        Ok(params)
    }

    /// Whom a call is about, by its mobile or its session.
    fn whose(&self, params: &Params) -> Option<Mobile> {
        use sessions::Moving as _;
        if let Some(mobile) = params.text("mobile").or_else(|| params.text("phone")) {
            return Mobile::parse(mobile);
        }
        if let Some(number) = params.value("phone").and_then(serde_json::Value::as_u64) {
            return Mobile::from_number(number);
        }
        let open_id = params.text("open_id").or_else(|| params.text("openId"))?;
        let of_bank = |sessions: &Sessions<Course<_>>| sessions.get(open_id).map(|it| it.mobile());
        self.telecom
            .get(open_id)
            .map(|session| session.mobile())
            .or_else(|| self.degree.get(open_id).map(|course| course.mobile()))
            .or_else(|| of_bank(&self.ebank))
            .or_else(|| of_bank(&self.ebank_v2))
            .or_else(|| self.audits.mobile_of(open_id))
    }

    fn dispatch(
        &mut self,
        endpoint: Endpoint,
        params: Params,
        subject: &mut Subject,
    ) -> Result<Reply, Setback> {
        match endpoint {
            Endpoint::Token => self.authorize(params),
            Endpoint::Blacklist => self.search_blacklist(params, subject),
            Endpoint::TelecomOpenId => self.open_session(params, subject),
            Endpoint::TelecomQueryPassword => self.submit_query_password(params, subject),
            Endpoint::TelecomCaptcha => self.submit_captcha(params, subject),
            Endpoint::TelecomResend => self.resend_captcha(params, subject),
            Endpoint::TelecomState => self.session_state(params, subject),
            Endpoint::TelecomRawData => self.raw_data(params, subject),
            Endpoint::TelecomReport => self.report(params, subject),
            Endpoint::TelecomServicePassword => self.submit_service_password(params, subject),
            Endpoint::DegreeOpenId => self.open_degree(params, subject),
            Endpoint::DegreeLogin => self.log_in_to_degree(params, subject),
            Endpoint::DegreeState => self.degree_state(params, subject),
            Endpoint::DegreeRawData => self.degree_data(params, subject),
            Endpoint::EbankBankInfo => self.bank_info(params),
            Endpoint::EbankLicense => self.upload_license(params, subject),
            Endpoint::EbankOpenId => self.open_ebank(params, subject),
            Endpoint::EbankState => self.ebank_state(params, subject),
            Endpoint::EbankCaptcha => self.ebank_captcha(params, subject),
            Endpoint::EbankRawData => self.ebank_data(params, subject),
            Endpoint::EbankV2OpenId => self.open_ebank_v2(params, subject),
            Endpoint::EbankV2BankList => self.bank_list(params, subject),
            Endpoint::EbankV2License => self.upload_license_v2(params, subject),
            Endpoint::EbankV2Login => self.log_in_to_ebank_v2(params, subject),
            Endpoint::EbankV2State => self.ebank_v2_state(params, subject),
            Endpoint::EbankV2Captcha => self.ebank_v2_captcha(params, subject),
            Endpoint::EbankV2RawData => self.ebank_v2_data(params, subject),
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

/// What the newest session of a system asks for; `first` if there is none.
fn of_course<S>(sessions: &Sessions<Course<S>>, mobile: Mobile, first: Expected) -> Option<Expected>
where
    Course<S>: sessions::Moving,
    S: misfit::Dictionary + Eq + std::fmt::Debug,
{
    match sessions.latest(mobile) {
        Some(course) => course.expected(first),
        None => Some(first),
    }
}

#[cfg(test)]
mod tests;
