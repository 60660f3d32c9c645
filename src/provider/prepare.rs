//! From a call and its material to the request that is sent (spec 002).
//!
//! Owns which field of which request comes from where, and how a request is written. It must never
//! do IO; all it needs is given, the token last, so that a rejected one can be replaced.

mod apply;
mod degree;
mod ebank;
mod ebank_v2;
mod telecom;
mod written;

pub use written::Encoding;
pub(super) use written::post;

use bytes::Bytes;
use http::Request;
use serde::Serialize;

use self::written::{get, post_compressed};
use super::audit::sealing::Sealer;
use super::calls::Endpoint;
use super::failure::{answer_missing, missing};
use super::material::Material;
use super::wire::Opaque;
use super::wire::audit::ResultRequest;
use super::wire::blacklist::SearchRequest;
use crate::engine::answer::{AnswerError, BankLogin, DegreeAccount};
use crate::engine::dossier::{self, Dossier, Relation};
use crate::engine::provider::Failure;
use crate::machine::application::Application;
use crate::machine::call::Call;

/// How the provider is spoken to, where the print leaves a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// How the fields of a request are written (spec 005 A-002-7).
    pub encoding: Encoding,
    /// Where the account of the register of degrees is submitted to (spec 005 A-002-1).
    pub degree_login_path: String,
    /// Whether the state of a degree session is asked for with the merchant account (spec 005 A-002-2).
    pub degree_state_username: bool,
    /// How an audit is filled.
    pub audit: AuditDialect,
}

/// How an audit is filled, where the print leaves a choice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditDialect {
    /// How the raw data of a telecom collection is read.
    pub extractor: Extractor,
    /// Whether the amounts of bills are told in yuan, and not in fen as they come (spec 005 A-002-18).
    pub bills_in_yuan: bool,
    /// Whether a required list may be sent empty; otherwise the application cannot be audited
    /// (spec 006 §7.2).
    pub empty_lists: bool,
}

/// How the raw data of a telecom collection becomes the audit's telecom section: the provider prints no
/// format (spec 005 A-002-38).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extractor {
    /// In the shape that partners push operator data in (spec 000 `task_data`), which the sandbox uses.
    #[default]
    TaskData,
    /// Not at all: the section is drawn from the operator data that somebody brings.
    None,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            encoding: Encoding::default(),
            degree_login_path: super::wire::degree::LoginRequest::PATH.to_owned(),
            degree_state_username: false,
            audit: AuditDialect::default(),
        }
    }
}

/// What requests are drafted with, beside their material.
pub(super) struct Means<'a> {
    /// The merchant account.
    pub(super) username: &'a str,
    /// How the provider is spoken to.
    pub(super) dialect: &'a Dialect,
    /// Seals what is sent to the audit.
    pub(super) sealer: &'a Sealer,
}

/// A request that lacks at most its token.
pub(super) struct Draft {
    message: Box<dyn Message>,
    /// Secrets and what is personal, as they go with the request in the clear.
    carried: Vec<Opaque>,
}

/// A message that can be written once it has its token.
trait Message: Send {
    fn write(&mut self, token: Option<&Opaque>, encoding: Encoding) -> Request<Bytes>;
}

/// A message, its path, and where its token goes.
struct Letter<R> {
    message: R,
    path: String,
    manner: Manner,
    token: Option<fn(&mut R) -> &mut Opaque>,
}

/// How a message is sent.
enum Manner {
    Post,
    PostCompressed,
    Get,
}

impl<R: Serialize + Send> Message for Letter<R> {
    fn write(&mut self, token: Option<&Opaque>, encoding: Encoding) -> Request<Bytes> {
        if let (Some(place), Some(token)) = (self.token, token) {
            *place(&mut self.message) = token.clone();
        }
        match self.manner {
            Manner::Post => post(&self.path, &self.message, encoding),
            Manner::PostCompressed => post_compressed(&self.path, &self.message),
            Manner::Get => get(&self.path, &self.message),
        }
    }
}

impl Draft {
    /// Drafts a message that proves no token.
    fn plain<R: Serialize + Send + 'static>(call: &Call, message: R) -> Self {
        Self::letter(call, message, Manner::Post, None)
    }

    /// Drafts a message whose token goes to this place.
    fn with_token<R: Serialize + Send + 'static>(
        call: &Call,
        message: R,
        token: fn(&mut R) -> &mut Opaque,
    ) -> Self {
        Self::letter(call, message, Manner::Post, Some(token))
    }

    fn letter<R: Serialize + Send + 'static>(
        call: &Call,
        message: R,
        manner: Manner,
        token: Option<fn(&mut R) -> &mut Opaque>,
    ) -> Self {
        let path = Endpoint::of(call).path.to_owned();
        let message = Box::new(Letter { message, path, manner, token });
        Self { message, carried: Vec::new() }
    }

    /// Says what goes with it in the clear and must not come back.
    fn carrying<'a>(mut self, texts: impl IntoIterator<Item = &'a str>) -> Self {
        self.carried.extend(texts.into_iter().map(Opaque::from));
        self
    }

    /// Lists the secrets and personal data that go with the request in the clear, the token aside.
    pub(super) fn carried(&self) -> Vec<&str> {
        self.carried.iter().map(Opaque::expose).collect()
    }

    /// Writes the request. Its URI is a path: where the provider is, the transport knows.
    pub(super) fn write(&mut self, token: Option<&Opaque>, encoding: Encoding) -> Request<Bytes> {
        self.message.write(token, encoding)
    }
}

/// Drafts the request of a call; fails when something is missing that it cannot be made without.
pub(super) fn draft(
    call: &Call,
    application: &Application,
    material: &Material,
    means: &Means<'_>,
) -> Result<Draft, Failure> {
    let username = || means.username.to_owned();
    Ok(match call {
        Call::Blacklist => blacklist(call, material)?,
        Call::AuditApply => apply::apply(call, application, material, means)?,
        Call::AuditResult { open_id } => {
            let message = ResultRequest { open_id: open_id.clone() };
            Draft::letter(call, message, Manner::Get, None)
        }
        Call::TelecomOpen { .. } => telecom::open(call, material)?,
        Call::TelecomQueryPassword { open_id, .. } => {
            telecom::query_password(call, username(), open_id, material)?
        }
        Call::TelecomCaptcha { open_id, .. } => telecom::captcha(call, username(), open_id, material)?,
        Call::TelecomResend { open_id } => telecom::resend(call, username(), open_id),
        Call::TelecomState { open_id } => telecom::state(call, username(), open_id),
        Call::TelecomRawData { open_id } => telecom::raw_data(call, username(), open_id),
        Call::TelecomReport { open_id } => telecom::report(call, username(), open_id),
        Call::DegreeOpen => degree::open(call, material)?,
        Call::DegreeLogin { open_id, .. } => degree::login(means, open_id, material)?,
        Call::DegreeState { open_id } => degree::state(call, means, open_id),
        Call::DegreeRawData { open_id } => degree::raw_data(call, username(), open_id),
        Call::EbankBanks => ebank::banks(call),
        Call::EbankLicense { .. } => ebank::license(call, material)?,
        Call::EbankOpen { .. } => ebank::open(call, material)?,
        Call::EbankState { open_id } => ebank::state(call, username(), open_id),
        Call::EbankCaptcha { open_id, .. } => ebank::captcha(call, username(), open_id, material)?,
        Call::EbankRawData { open_id } => ebank::raw_data(call, username(), open_id),
        Call::EbankV2Open => ebank_v2::open(call, material)?,
        Call::EbankV2Banks { open_id } => ebank_v2::banks(call, username(), open_id),
        Call::EbankV2License { open_id, .. } => ebank_v2::license(call, username(), open_id, material)?,
        Call::EbankV2Login { open_id, .. } => ebank_v2::login(call, username(), open_id, material)?,
        Call::EbankV2State { open_id } => ebank_v2::state(call, username(), open_id),
        Call::EbankV2Captcha { open_id, .. } => ebank_v2::captcha(call, username(), open_id, material)?,
        Call::EbankV2RawData { open_id } => ebank_v2::raw_data(call, username(), open_id),
    })
}

fn blacklist(call: &Call, material: &Material) -> Result<Draft, Failure> {
    let identity = identity(&material.dossier)?;
    let message = SearchRequest {
        token: Opaque::default(),
        name: identity.name.clone(),
        id_card: id_card(identity),
        mobile: identity.phone.clone(),
    };
    Ok(Draft::with_token(call, message, |it| &mut it.token).carrying(personal(identity)))
}

fn identity(dossier: &Dossier) -> Result<&dossier::Identity, Failure> {
    let identity = dossier.identity.as_ref().ok_or_else(|| missing("id_card"))?;
    let fields = [("name", &identity.name), ("id_card", &identity.id_card), ("mobile", &identity.phone)];
    match fields.into_iter().find(|(_, value)| value.is_empty()) {
        Some((field, _)) => Err(missing(field)),
        None => Ok(identity),
    }
}

/// The identity number as the provider wants it, its last letter in upper case (spec 002 §0).
fn id_card(identity: &dossier::Identity) -> String {
    identity.id_card.to_ascii_uppercase()
}

/// What of a person must not come back in a text; the identity number in both spellings.
fn personal(identity: &dossier::Identity) -> Vec<&str> {
    let digits = identity.id_card.trim_end_matches(['x', 'X']);
    vec![&identity.name, &identity.phone, digits]
}

/// What of the applicant's circle and work must not come back in a text.
fn circle(dossier: &Dossier) -> Vec<&str> {
    let contacts = dossier.contacts.iter().flatten().flat_map(|contact| [&*contact.name, &*contact.phone]);
    let work = dossier.work.iter().flat_map(|work| [&*work.address, &*work.phone]);
    contacts.chain(work).collect()
}

/// An answer of one text.
fn answer(material: &Material) -> Result<Opaque, Failure> {
    let answer = material.answer.as_ref().ok_or_else(answer_missing)?;
    answer.expose_text().map(Opaque::from).ok_or_else(answer_missing)
}

fn degree_account(material: &Material) -> Result<DegreeAccount, Failure> {
    let answer = material.answer.as_ref().ok_or_else(answer_missing)?;
    DegreeAccount::from_secret(answer).map_err(unreadable)
}

fn bank_login(material: &Material) -> Result<BankLogin, Failure> {
    let answer = material.answer.as_ref().ok_or_else(answer_missing)?;
    BankLogin::from_secret(answer).map_err(unreadable)
}

fn login_name(login: &BankLogin) -> Result<Opaque, Failure> {
    login.login_name().map(Opaque::from).ok_or_else(|| missing("login_name"))
}

fn password(login: &BankLogin) -> Option<Opaque> {
    login.password().map(Opaque::from)
}

/// What of a bank login must not come back in a text.
fn typed(login: &BankLogin) -> impl Iterator<Item = &str> {
    login.inputs.iter().map(|typed| &*typed.value)
}

fn unreadable(error: AnswerError) -> Failure {
    missing(error.to_string())
}

/// The code of a relation here; "other" has none and counts as a friend (spec 006 §7.3).
const fn contact_type(relation: Relation) -> &'static str {
    match relation {
        Relation::Spouse => "0",
        Relation::Parent => "1",
        Relation::Sibling => "2",
        Relation::Child => "3",
        Relation::Colleague => "4",
        Relation::Classmate => "5",
        Relation::Friend | Relation::Other => "6",
    }
}

#[cfg(test)]
mod tests;
