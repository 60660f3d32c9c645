//! From what we know of an application to the plain text of its audit (spec 002 §7.1, 006 §7.2).
//!
//! Owns which field comes from which evidence, and what the audit cannot do without. It must never
//! invent a value, and never send an empty list where a filled one is required: that is an
//! application that cannot be audited.

mod operator;
pub(super) mod sealing;

pub use sealing::{AuditCipher, KeyError};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::failure::missing;
use super::prepare::{AuditDialect, Extractor};
use super::wire::audit::dossier as wire;
use crate::engine::dossier::{self, Card, CardKind, Dossier, Profile, Relation};
use crate::engine::provider::Failure;
use crate::machine::application::Application;

/// Times are written as the provider's clocks show them (spec 005 A-X-1).
const SHANGHAI: Offset = Offset::constant(8);

/// How times are written (spec 005 A-002-40).
const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// Fills the dossier. `collected` is raw data from the telecom collection; without it, or without an
/// extractor for it, operator data that somebody brought is used. The error names the first required field
/// that has no source.
pub(super) fn dossier(
    application: &Application,
    dossier: &Dossier,
    collected: Option<&[u8]>,
    dialect: &AuditDialect,
) -> Result<wire::Dossier, Failure> {
    let brought = dossier.operator_data.as_ref();
    let brought = brought.map(|data| data.get().as_bytes());
    let operator = match dialect.extractor {
        Extractor::TaskData => collected.or(brought),
        Extractor::None => brought,
    };
    Ok(wire::Dossier {
        order_detail: order_detail(application, dossier)?,
        basic_info: basic_info(dossier, dialect)?,
        user_proof_materia: photos(dossier)?,
        user_mobile_contacts: address_book(dossier, dialect)?,
        telecom_data: operator::telecom_data(operator.ok_or_else(|| missing("telecom_data"))?, dialect)?,
        zm_data: dossier.profile.as_ref().map(zhima),
        user_loan_orders: None,
        zfb_data: None,
        user_login_upload_logs: dossier.device.as_ref().and_then(logins),
        card_info: dossier.card.as_ref().map(|card| vec![bound(card)]),
        app_info: None,
    })
}

fn order_detail(application: &Application, dossier: &Dossier) -> Result<wire::OrderDetail, Failure> {
    let amount = dossier.loan.as_ref().map_or(0, |loan| loan.amount_fen);
    let created = i64::try_from(application.created.as_millis());
    let created = created.ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    Ok(wire::OrderDetail {
        order_id: positive(application.order_id, "order_detail.order_id")?,
        amount: positive(amount, "order_detail.amount")?,
        loan_term: positive(application.plan.term_days.into(), "order_detail.loan_term")?,
        order_time: shanghai(created.ok_or_else(|| missing("order_detail.order_time"))?),
    })
}

/// A number above zero, as the provider's integers are signed.
fn positive(number: u64, field: &str) -> Result<i64, Failure> {
    match i64::try_from(number) {
        Ok(number @ 1..) => Ok(number),
        Ok(_) | Err(_) => Err(missing(field)),
    }
}

fn basic_info(dossier: &Dossier, dialect: &AuditDialect) -> Result<wire::BasicInfo, Failure> {
    let contacts = dossier.contacts.iter().flatten();
    let contacts =
        contacts.filter(|contact| is_told(&contact.phone) && is_told(&contact.name)).map(|contact| {
            wire::EmergencyContact {
                moblie: contact.phone.clone(),
                name: contact.name.clone(),
                relation: Some(relation(contact)),
            }
        });
    let work = dossier.work.as_ref();
    let card = dossier.identity_card.as_ref();
    Ok(wire::BasicInfo {
        cur_address: home(dossier),
        perm_address: card.and_then(|card| told(&card.address)),
        company_name: work.and_then(|work| told(&work.company)),
        company_phone: work.and_then(|work| told(&work.phone)),
        company_address: work.and_then(|work| told(&format!("{}{}", work.region, work.address))),
        user_contact: filled(contacts.collect(), "basic_info.user_contact", dialect)?,
    })
}

/// Where the applicant lives, as far as they told it.
fn home(dossier: &Dossier) -> Option<String> {
    if let Some(profile) = &dossier.profile {
        let Profile { province, city, district, address, .. } = profile;
        return told(&[province, city, district, address].map(|part| part.trim()).concat());
    }
    dossier.personal.as_ref().and_then(|personal| told(&personal.home))
}

fn zhima(profile: &Profile) -> wire::ZmData {
    wire::ZmData { zm_score: Some(profile.zhima_score.into()), watch_info: None }
}

/// An account number of Mexico is none of the provider's kinds: unknown (spec 006 §7.2).
fn bound(card: &Card) -> wire::Card {
    let kind = match card.kind {
        CardKind::Debit => 2,
        CardKind::Clabe => 3,
    };
    wire::Card { kind: Some(kind), card_no: told(&card.number) }
}

/// The code of a relation here (spec 006 §7.3): a parent is father or mother only if it was said.
fn relation(contact: &dossier::Contact) -> i64 {
    match contact.relation {
        Relation::Parent => match contact.told_as.trim() {
            "父亲" => 0,
            "母亲" => 1,
            _ => 4,
        },
        Relation::Spouse => 2,
        Relation::Friend => 3,
        Relation::Sibling | Relation::Child | Relation::Colleague | Relation::Classmate | Relation::Other => {
            4
        }
    }
}

fn photos(dossier: &Dossier) -> Result<Vec<wire::ProofPhoto>, Failure> {
    let card = dossier.identity_card.as_ref();
    let card = card.ok_or_else(|| missing("user_proof_materia"))?;
    let urls = [&card.face_url, &card.front_url, &card.back_url];
    let photo = |(kind, url): (i64, &String)| {
        let url = told(url).ok_or_else(|| missing(format!("user_proof_materia[{kind}].url")))?;
        Ok(wire::ProofPhoto { url, kind })
    };
    (0..).zip(urls).map(photo).collect()
}

fn address_book(dossier: &Dossier, dialect: &AuditDialect) -> Result<Vec<wire::MobileContact>, Failure> {
    let entries = dossier.address_book.iter().flatten();
    let entries = entries
        .filter(|entry| is_told(&entry.phone) && is_told(&entry.name))
        .map(|entry| wire::MobileContact { mobile: entry.phone.clone(), name: entry.name.clone() });
    filled(entries.collect(), "user_mobile_contacts", dialect)
}

fn logins(device: &dossier::Device) -> Option<Vec<wire::LoginLog>> {
    let login = device.last_login.map(Timestamp::from_second);
    let log =
        wire::LoginLog { time: login.and_then(Result::ok).map(shanghai), device_id: told(&device.device_id) };
    (log != wire::LoginLog::default()).then(|| vec![log])
}

/// A list that must not be empty, unless the provider takes it so (spec 006 §7.2).
fn filled<E>(list: Vec<E>, field: &str, dialect: &AuditDialect) -> Result<Vec<E>, Failure> {
    if list.is_empty() && !dialect.empty_lists {
        return Err(missing(field));
    }
    Ok(list)
}

fn is_told(text: &str) -> bool {
    !text.trim().is_empty()
}

fn told(text: &str) -> Option<String> {
    is_told(text).then(|| text.to_owned())
}

fn shanghai(at: Timestamp) -> String {
    let local = at.to_zoned(TimeZone::fixed(SHANGHAI));
    local.strftime(FORMAT).to_string()
}

#[cfg(test)]
mod tests;
