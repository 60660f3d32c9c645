//! From a call and its material to the request that is sent (spec 002).
//!
//! Owns which field of which request comes from where, and how a request is written. It must never
//! do IO; all it needs is given, the token last, so that a rejected one can be replaced.

mod written;

pub use written::Encoding;
pub(super) use written::post;

use bytes::Bytes;
use http::Request;

use self::written::{get, json, post_compressed};
use super::audit;
use super::audit::sealing::Sealer;
use super::failure::{answer_missing, missing};
use super::material::Material;
use super::wire::Opaque;
use super::wire::audit::{ApplyRequest, ResultRequest};
use super::wire::blacklist::SearchRequest;
use super::wire::telecom::{
    CaptchaRequest, Contact, OpenIdRequest, Options, QueryPasswordRequest, RawDataRequest, ReportRequest,
    ResendCaptchaRequest, StateRequest,
};
use crate::engine::dossier::{self, Dossier, Relation};
use crate::engine::provider::Failure;
use crate::machine::application::Application;
use crate::machine::call::Call;
use crate::vault::Secret;

/// What a call proves to the provider (spec 002 §0, "Who needs what").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// A token.
    Token,
    /// The name of the merchant account.
    Username,
    /// Nothing but the id of the session or audit.
    Neither,
}

impl Credential {
    /// Says what a call proves.
    pub(super) const fn of(call: &Call) -> Self {
        match call {
            Call::Blacklist | Call::AuditApply | Call::TelecomOpen { .. } => Self::Token,
            Call::TelecomQueryPassword { .. }
            | Call::TelecomCaptcha { .. }
            | Call::TelecomResend { .. }
            | Call::TelecomState { .. }
            | Call::TelecomRawData { .. }
            | Call::TelecomReport { .. } => Self::Username,
            Call::AuditResult { .. } => Self::Neither,
        }
    }
}

/// A request that lacks at most its token.
pub(super) enum Draft {
    Blacklist(SearchRequest),
    AuditApply(ApplyRequest),
    AuditResult(ResultRequest),
    TelecomOpen(OpenIdRequest),
    TelecomQueryPassword(QueryPasswordRequest),
    TelecomCaptcha(CaptchaRequest),
    TelecomResend(ResendCaptchaRequest),
    TelecomState(StateRequest),
    TelecomRawData(RawDataRequest),
    TelecomReport(ReportRequest),
}

/// Drafts the request of a call; fails when something is missing that it cannot be made without.
pub(super) fn draft(
    call: &Call,
    application: &Application,
    material: &Material,
    username: &str,
    sealer: &Sealer,
) -> Result<Draft, Failure> {
    let username = username.to_owned();
    Ok(match call {
        Call::Blacklist => {
            let identity = identity(&material.dossier)?;
            Draft::Blacklist(SearchRequest {
                token: Opaque::default(),
                name: identity.name.clone(),
                id_card: id_card(identity),
                mobile: identity.phone.clone(),
            })
        }
        Call::AuditApply => Draft::AuditApply(application_for_audit(application, material, sealer)?),
        Call::AuditResult { open_id } => Draft::AuditResult(ResultRequest { open_id: open_id.clone() }),
        Call::TelecomOpen { .. } => {
            let identity = identity(&material.dossier)?;
            Draft::TelecomOpen(OpenIdRequest {
                token: Opaque::default(),
                name: identity.name.clone(),
                id_card: id_card(identity),
                mobile: identity.phone.clone(),
                service_password: answer(material)?,
                options: options(&material.dossier),
            })
        }
        Call::TelecomQueryPassword { open_id, .. } => Draft::TelecomQueryPassword(QueryPasswordRequest {
            username,
            open_id: open_id.clone(),
            query_password: answer(material)?,
        }),
        Call::TelecomCaptcha { open_id, .. } => Draft::TelecomCaptcha(CaptchaRequest {
            username,
            open_id: open_id.clone(),
            captcha: answer(material)?,
        }),
        Call::TelecomResend { open_id } => {
            Draft::TelecomResend(ResendCaptchaRequest { username, open_id: open_id.clone() })
        }
        Call::TelecomState { open_id } => {
            Draft::TelecomState(StateRequest { username, open_id: open_id.clone() })
        }
        Call::TelecomRawData { open_id } => {
            Draft::TelecomRawData(RawDataRequest { username, open_id: open_id.clone() })
        }
        Call::TelecomReport { open_id } => {
            Draft::TelecomReport(ReportRequest { username, open_id: open_id.clone() })
        }
    })
}

impl Draft {
    /// Gives the place of the token in a request that has one.
    pub(super) const fn token_mut(&mut self) -> Option<&mut Opaque> {
        match self {
            Self::Blacklist(request) => Some(&mut request.token),
            Self::AuditApply(request) => Some(&mut request.token),
            Self::TelecomOpen(request) => Some(&mut request.token),
            Self::AuditResult(_)
            | Self::TelecomQueryPassword(_)
            | Self::TelecomCaptcha(_)
            | Self::TelecomResend(_)
            | Self::TelecomState(_)
            | Self::TelecomRawData(_)
            | Self::TelecomReport(_) => None,
        }
    }

    /// Lists the secrets and personal data that go with the request in the clear.
    pub(super) fn carried(&self) -> Vec<&str> {
        match self {
            Self::Blacklist(SearchRequest { token, name, id_card, mobile }) => {
                vec![token.expose(), name, id_card, mobile]
            }
            Self::AuditApply(ApplyRequest { token, name, id_card, .. }) => {
                vec![token.expose(), name, id_card]
            }
            Self::TelecomOpen(OpenIdRequest { token, name, id_card, mobile, service_password, .. }) => {
                vec![token.expose(), service_password.expose(), name, id_card, mobile]
            }
            Self::TelecomQueryPassword(request) => vec![request.query_password.expose()],
            Self::TelecomCaptcha(request) => vec![request.captcha.expose()],
            Self::AuditResult(_)
            | Self::TelecomResend(_)
            | Self::TelecomState(_)
            | Self::TelecomRawData(_)
            | Self::TelecomReport(_) => Vec::new(),
        }
    }

    /// Writes the request. Its URI is a path: where the provider is, the transport knows.
    pub(super) fn write(&self, encoding: Encoding) -> Request<Bytes> {
        match self {
            Self::Blacklist(request) => post(SearchRequest::PATH, request, encoding),
            Self::AuditApply(request) => post_compressed(ApplyRequest::PATH, request),
            Self::AuditResult(request) => get(ResultRequest::PATH, request),
            Self::TelecomOpen(request) => post(OpenIdRequest::PATH, request, encoding),
            Self::TelecomQueryPassword(request) => post(QueryPasswordRequest::PATH, request, encoding),
            Self::TelecomCaptcha(request) => post(CaptchaRequest::PATH, request, encoding),
            Self::TelecomResend(request) => post(ResendCaptchaRequest::PATH, request, encoding),
            Self::TelecomState(request) => post(StateRequest::PATH, request, encoding),
            Self::TelecomRawData(request) => post(RawDataRequest::PATH, request, encoding),
            Self::TelecomReport(request) => post(ReportRequest::PATH, request, encoding),
        }
    }
}

fn application_for_audit(
    application: &Application,
    material: &Material,
    sealer: &Sealer,
) -> Result<ApplyRequest, Failure> {
    let identity = identity(&material.dossier)?;
    let phone = identity.phone.parse().map_err(|_| missing("phone"))?;
    let plain =
        audit::dossier(application, &material.dossier, material.collected.as_ref().map(Secret::expose))?;
    let data = sealer
        .seal(&json(&plain))
        .map_err(|error| Failure::NotSent { detail: format!("seal the audit's data: {error}") })?;
    Ok(ApplyRequest {
        token: Opaque::default(),
        name: identity.name.clone(),
        phone,
        id_card: id_card(identity),
        data,
    })
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

fn answer(material: &Material) -> Result<Opaque, Failure> {
    let answer = material.answer.as_ref().ok_or_else(answer_missing)?;
    answer.expose_text().map(Opaque::from).ok_or_else(answer_missing)
}

/// What else is known of the person (spec 006 §7.2, "Intake → collection inputs").
fn options(dossier: &Dossier) -> Option<Options> {
    let contacts = dossier.contacts.iter().flatten().map(|contact| Contact {
        contact_tel: contact.phone.clone(),
        contact_name: contact.name.clone(),
        contact_type: contact_type(contact.relation).to_owned(),
    });
    let options = Options {
        work_addr: dossier.work.as_ref().map(|work| work.address.clone()),
        work_tel: dossier.work.as_ref().map(|work| work.phone.clone()),
        home_addr: None,
        home_tel: None,
        contacts: contacts.collect(),
    };
    (options != Options::default()).then_some(options)
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
