//! From a request with evidence to what the engine takes in.

use super::check::{ADDRESS_LIMIT, Check, Empty, NAME_LIMIT};
use super::terms::terms;
use crate::api::proto::v1::contact::Relation as WireRelation;
use crate::api::proto::v1::{self, CreateApplicationRequest, SubmitEvidenceRequest};
use crate::engine::archive::Archive;
use crate::engine::core::Terms;
use crate::engine::dossier::{
    BookEntry, Contact, Device, Dossier, Identity, IdentityCard, Loan, Relation, Work,
};
use crate::engine::entrance::{Brought, Supplied};
use crate::machine::application::Source;
use crate::machine::evidence::Supplier;
use crate::machine::id::ApplicationId;
use crate::machine::products::Products;
use crate::store::Store;
use serde_json::value::RawValue;
use tonic::Status;

/// The most emergency contacts.
pub(super) const CONTACTS_LIMIT: usize = 20;

/// The most entries of an address book: more than phones hold.
pub(super) const ADDRESS_BOOK_LIMIT: usize = 50_000;

/// The largest operator data, in bytes: half a year of calls and bills.
pub(super) const OPERATOR_DATA_LIMIT: usize = 2 << 20;

/// Checks an application that is to be created.
pub(in super::super) fn brought<S: Store>(
    mut request: CreateApplicationRequest,
    products: &Products,
    archive: &Archive<S>,
) -> Result<(Brought, Terms), Status> {
    let mut check = Check::default();
    let terms = terms(&mut check, &mut request, archive);
    let CreateApplicationRequest { partner, order_number, product, evidence, credentials, .. } = request;
    let partner = check.label("partner", partner);
    let order = check.label("order_number", order_number);
    let product = check.label("product", product);
    let service_password = credentials
        .map(|given| given.service_password)
        .filter(|password| !password.is_empty())
        .and_then(|password| check.secret("credentials.service_password", password));
    let dossier = check.present("evidence", evidence).map(|given| dossier(&mut check, given));
    if let (Some(product), Some((_, told))) = (&product, &dossier)
        && let Some(plan) = products.plan(product)
    {
        for kind in plan.evidence.iter().filter(|kind| !told.contains(kind)) {
            check.wrong::<()>(format_args!("evidence.{}", kind.name()), "must be set: the product wants it");
        }
    }
    let made = || {
        let (dossier, _) = dossier?;
        let identity = dossier.identity.as_ref();
        Some(Brought {
            source: Source { partner: partner?, order: order? },
            product: product?,
            supplier: Supplier::Service,
            original: None,
            phone: identity.map(|identity| identity.phone.clone()),
            id_card: identity.map(|identity| identity.id_card.clone()),
            parts: parts(dossier),
            service_password,
        })
    };
    let made = made();
    check.finish(made.zip(terms))
}

/// Checks evidence that is brought for an application; the phone and the identity number as told.
pub(in super::super) fn submitted<S: Store>(
    mut request: SubmitEvidenceRequest,
    archive: &Archive<S>,
) -> Result<(ApplicationId, Supplied, Terms), Status> {
    let mut check = Check::default();
    let terms = terms(&mut check, &mut request, archive);
    let SubmitEvidenceRequest { name, evidence, .. } = request;
    let id = check.application("name", &name);
    let dossier = check.present("evidence", evidence).map(|given| dossier(&mut check, given));
    if let Some((_, told)) = &dossier
        && told.is_empty()
    {
        check.wrong::<()>("evidence", "must have at least one kind");
    }
    let supplied = dossier.map(|(dossier, _)| Supplied {
        supplier: Supplier::Service,
        phone: dossier.identity.as_ref().map(|identity| identity.phone.clone()),
        id_card: dossier.identity.as_ref().map(|identity| identity.id_card.clone()),
        parts: parts(dossier),
    });
    let made = || Some((id?, supplied?, terms?));
    let made = made();
    check.finish(made)
}

/// What is small together, what may be large apart: large parts are read only when they are used.
fn parts(mut dossier: Dossier) -> Vec<Dossier> {
    let address_book = Dossier { address_book: dossier.address_book.take(), ..Dossier::default() };
    let operator_data = Dossier { operator_data: dossier.operator_data.take(), ..Dossier::default() };
    let mut parts = vec![dossier, address_book, operator_data];
    parts.retain(|part| !part.kinds().is_empty());
    parts
}

/// The evidence that is right, and the kinds that were told at all.
fn dossier(
    check: &mut Check,
    evidence: v1::Evidence,
) -> (Dossier, Vec<crate::machine::evidence::EvidenceKind>) {
    use crate::machine::evidence::EvidenceKind as E;
    let told = [
        (E::Identity, evidence.identity.is_some()),
        (E::Loan, evidence.loan.is_some()),
        (E::IdentityCard, evidence.identity_card.is_some()),
        (E::Contacts, evidence.contacts.is_some()),
        (E::Work, evidence.work.is_some()),
        (E::Device, evidence.device.is_some()),
        (E::AddressBook, evidence.address_book.is_some()),
        (E::OperatorData, !evidence.operator_data.is_empty()),
    ];
    let told = told.into_iter().filter(|(_, is_told)| *is_told).map(|(kind, _)| kind).collect();
    let dossier = Dossier {
        identity: evidence.identity.and_then(|given| identity(check, given)),
        loan: evidence.loan.and_then(|given| loan(check, &given)),
        identity_card: evidence.identity_card.and_then(|given| identity_card(check, given)),
        contacts: evidence.contacts.and_then(|given| contacts(check, given)),
        work: evidence.work.and_then(|given| work(check, given)),
        device: evidence.device.and_then(|given| device(check, given)),
        address_book: evidence.address_book.and_then(|given| address_book(check, given)),
        operator_data: operator_data(check, evidence.operator_data),
        ..Dossier::default()
    };
    (dossier, told)
}

fn identity(check: &mut Check, given: v1::Identity) -> Option<Identity> {
    let name = check.text("evidence.identity.name", given.name, NAME_LIMIT, Empty::Refused);
    let phone = check.mobile("evidence.identity.phone", given.phone);
    let id_card = check.id_card("evidence.identity.id_card", given.id_card);
    Some(Identity { name: name?, phone: phone?, id_card: id_card? })
}

fn loan(check: &mut Check, given: &v1::Loan) -> Option<Loan> {
    match u64::try_from(given.amount_fen) {
        Ok(amount_fen) if amount_fen > 0 => Some(Loan { amount_fen }),
        Ok(_) | Err(_) => check.wrong("evidence.loan.amount_fen", "must be above zero"),
    }
}

fn identity_card(check: &mut Check, given: v1::IdentityCard) -> Option<IdentityCard> {
    let face_url = check.url("evidence.identity_card.face_url", given.face_url);
    let front_url = check.url("evidence.identity_card.front_url", given.front_url);
    let back_url = check.url("evidence.identity_card.back_url", given.back_url);
    let address = check.text("evidence.identity_card.address", given.address, ADDRESS_LIMIT, Empty::Allowed);
    Some(IdentityCard { face_url: face_url?, front_url: front_url?, back_url: back_url?, address: address? })
}

fn contacts(check: &mut Check, given: v1::Contacts) -> Option<Vec<Contact>> {
    let given = given.contacts;
    if given.is_empty() || given.len() > CONTACTS_LIMIT {
        let must = format_args!("must be 1 to {CONTACTS_LIMIT} contacts");
        return check.wrong("evidence.contacts.contacts", must);
    }
    let contacts: Vec<_> =
        given.into_iter().enumerate().map(|(at, given)| contact(check, at, given)).collect();
    contacts.into_iter().collect()
}

fn contact(check: &mut Check, at: usize, given: v1::Contact) -> Option<Contact> {
    let path = format!("evidence.contacts.contacts[{at}]");
    let name = check.text(format_args!("{path}.name"), given.name, NAME_LIMIT, Empty::Refused);
    let phone = check.phone(format_args!("{path}.phone"), given.phone);
    let relation = match WireRelation::try_from(given.relation) {
        Ok(relation) => Some(told_relation(relation)),
        Err(_unknown) => check.wrong(format_args!("{path}.relation"), "must be a relation that is known"),
    };
    Some(Contact { name: name?, phone: phone?, relation: relation?, told_as: String::new() })
}

const fn told_relation(relation: WireRelation) -> Relation {
    match relation {
        WireRelation::Spouse => Relation::Spouse,
        WireRelation::Parent => Relation::Parent,
        WireRelation::Sibling => Relation::Sibling,
        WireRelation::Child => Relation::Child,
        WireRelation::Colleague => Relation::Colleague,
        WireRelation::Classmate => Relation::Classmate,
        WireRelation::Friend => Relation::Friend,
        WireRelation::Other | WireRelation::Unspecified => Relation::Other,
    }
}

fn work(check: &mut Check, given: v1::Work) -> Option<Work> {
    let company = check.text("evidence.work.company", given.company, NAME_LIMIT, Empty::Refused);
    let region = check.text("evidence.work.region", given.region, NAME_LIMIT, Empty::Allowed);
    let address = check.text("evidence.work.address", given.address, ADDRESS_LIMIT, Empty::Refused);
    let phone = check.phone("evidence.work.phone", given.phone);
    Some(Work { company: company?, region: region?, address: address?, phone: phone?, ..Work::default() })
}

fn device(check: &mut Check, given: v1::Device) -> Option<Device> {
    let device_id = check.text("evidence.device.device_id", given.device_id, NAME_LIMIT, Empty::Refused);
    let os = check.text("evidence.device.os", given.os, NAME_LIMIT, Empty::Allowed);
    let os_version = check.text("evidence.device.os_version", given.os_version, NAME_LIMIT, Empty::Allowed);
    let app_market = check.text("evidence.device.app_market", given.app_market, NAME_LIMIT, Empty::Allowed);
    let last_login = given.last_login_time.map(|time| time.seconds);
    if last_login.is_some_and(|seconds| seconds < 0) {
        return check.wrong("evidence.device.last_login_time", "must not be before 1970");
    }
    Some(Device {
        device_id: device_id?,
        last_login,
        os: os?,
        os_version: os_version?,
        app_market: app_market?,
    })
}

fn address_book(check: &mut Check, given: v1::AddressBook) -> Option<Vec<BookEntry>> {
    let given = given.entries;
    let path = "evidence.address_book.entries";
    if given.len() > ADDRESS_BOOK_LIMIT {
        return check.wrong(path, format_args!("must be at most {ADDRESS_BOOK_LIMIT} entries"));
    }
    let mut entries = Vec::with_capacity(given.len());
    for (at, given) in given.into_iter().enumerate() {
        let name = check.text(format_args!("{path}[{at}].name"), given.name, NAME_LIMIT, Empty::Allowed);
        let phone = check.text(format_args!("{path}[{at}].phone"), given.phone, NAME_LIMIT, Empty::Refused);
        entries.extend(name.zip(phone).map(|(name, phone)| BookEntry { name, phone }));
    }
    Some(entries)
}

/// Kept as it came: whoever reads it later knows its shape.
fn operator_data(check: &mut Check, given: Vec<u8>) -> Option<Box<RawValue>> {
    if given.is_empty() {
        return None;
    }
    let path = "evidence.operator_data";
    if given.len() > OPERATOR_DATA_LIMIT {
        return check.wrong(path, format_args!("must be at most {OPERATOR_DATA_LIMIT} bytes"));
    }
    let text = String::from_utf8(given).ok();
    // Read once in full, so that whoever reads it later can: not too deep, no broken text.
    let is_object =
        |text: &String| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok();
    match text.filter(is_object).map(RawValue::from_string) {
        Some(Ok(data)) => Some(data),
        Some(Err(_)) | None => check.wrong(path, "must be a JSON object"),
    }
}
