//! Evidence as typed values: what is drawn from a push or given by a service.
//!
//! A dossier holds any part of the evidence. It is stored as sealed JSON, one document for each
//! part that arrived; the application knows which document holds which kind.

mod certified;
pub mod masked;

pub use certified::{Card, CardKind, Personal, Photo, Profile, Questionnaire, Recognised, Sex};

use crate::machine::evidence::EvidenceKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Any part of the evidence about an applicant.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dossier {
    /// Who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// What is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loan: Option<Loan>,
    /// Photos of face and identity card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_card: Option<IdentityCard>,
    /// Emergency contacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<Contact>>,
    /// Where the applicant works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work: Option<Work>,
    /// The device used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// The address book.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_book: Option<Vec<BookEntry>>,
    /// The operator's raw data as JSON text, whatever its shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_data: Option<Box<serde_json::value::RawValue>>,
    /// Education, address, social insurance and credit score, as the applicant told them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// What the applicant answered about earlier debts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questionnaire: Option<Questionnaire>,
    /// Birth, sex, household and education.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal: Option<Personal>,
    /// Where the loan is paid out to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
    /// A photo of the face, uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_photo: Option<Photo>,
    /// A photo of the identity card's front, uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_photo: Option<Photo>,
    /// A photo of the identity card's back, uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back_photo: Option<Photo>,
}

/// Who the applicant is.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identity {
    /// The name on the identity card.
    pub name: String,
    /// The mobile number, digits only.
    pub phone: String,
    /// The identity number, with an upper-case `X`.
    pub id_card: String,
}

/// What is asked for.
#[derive(Clone, Serialize, Deserialize)]
pub struct Loan {
    /// The amount in fen.
    pub amount_fen: u64,
}

/// Photos of face and identity card, with what was read from the card.
#[derive(Clone, Serialize, Deserialize)]
pub struct IdentityCard {
    /// The URL of the liveness photo.
    pub face_url: String,
    /// The URL of the card's front.
    pub front_url: String,
    /// The URL of the card's back.
    pub back_url: String,
    /// The address read from the card; empty when unknown.
    #[serde(default)]
    pub address: String,
}

/// An emergency contact.
#[derive(Clone, Serialize, Deserialize)]
pub struct Contact {
    /// The contact's name.
    pub name: String,
    /// The contact's phone number.
    pub phone: String,
    /// Who that is to the applicant.
    pub relation: Relation,
    /// The word with which the relation was told.
    #[serde(default)]
    pub told_as: String,
}

/// Who a contact is to the applicant (spec 006 §7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Husband or wife.
    Spouse,
    /// Father or mother, it is not told which.
    Parent,
    /// Brother or sister.
    Sibling,
    /// Son or daughter.
    Child,
    /// Somebody from work.
    Colleague,
    /// Somebody from school.
    Classmate,
    /// A friend.
    Friend,
    /// Somebody else, or it is not told.
    Other,
}

/// Where the applicant works.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Work {
    /// The company's name.
    pub company: String,
    /// Province, city and district, without separators.
    #[serde(default)]
    pub region: String,
    /// The company's address within the region.
    pub address: String,
    /// The company's phone number.
    pub phone: String,
    /// The job and its pay, as codes of the form that asked (spec 004 §8, §9): by their names there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

/// The device used.
#[derive(Clone, Serialize, Deserialize)]
pub struct Device {
    /// The device's id.
    pub device_id: String,
    /// The last login, Unix seconds; none when it was not readable.
    #[serde(default)]
    pub last_login: Option<i64>,
    /// Its operating system, as told.
    #[serde(default)]
    pub os: String,
    /// Its operating system's version, as told.
    #[serde(default)]
    pub os_version: String,
    /// The market that the app came from, as told.
    #[serde(default)]
    pub app_market: String,
}

/// A line of the address book.
#[derive(Clone, Serialize, Deserialize)]
pub struct BookEntry {
    /// The name.
    pub name: String,
    /// The phone number.
    pub phone: String,
}

impl Dossier {
    /// Writes it as it is sealed: the same content always gives the same bytes.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a dossier is always JSON")
    }

    /// Lists the kinds of evidence that it holds.
    pub fn kinds(&self) -> Vec<EvidenceKind> {
        let held = [
            (EvidenceKind::Identity, self.identity.is_some()),
            (EvidenceKind::Loan, self.loan.is_some()),
            (EvidenceKind::IdentityCard, self.identity_card.is_some()),
            (EvidenceKind::Contacts, self.contacts.is_some()),
            (EvidenceKind::Work, self.work.is_some()),
            (EvidenceKind::Device, self.device.is_some()),
            (EvidenceKind::AddressBook, self.address_book.is_some()),
            (EvidenceKind::OperatorData, self.operator_data.is_some()),
            (EvidenceKind::Profile, self.profile.is_some()),
            (EvidenceKind::Questionnaire, self.questionnaire.is_some()),
            (EvidenceKind::Personal, self.personal.is_some()),
            (EvidenceKind::Card, self.card.is_some()),
            (EvidenceKind::FacePhoto, self.face_photo.is_some()),
            (EvidenceKind::FrontPhoto, self.front_photo.is_some()),
            (EvidenceKind::BackPhoto, self.back_photo.is_some()),
        ];
        held.into_iter().filter(|(_, is_held)| *is_held).map(|(kind, _)| kind).collect()
    }

    /// Takes the part of `from` that is evidence of this kind.
    pub fn take(&mut self, kind: EvidenceKind, from: &mut Self) {
        match kind {
            EvidenceKind::Identity => self.identity = from.identity.take(),
            EvidenceKind::Loan => self.loan = from.loan.take(),
            EvidenceKind::IdentityCard => self.identity_card = from.identity_card.take(),
            EvidenceKind::Contacts => self.contacts = from.contacts.take(),
            EvidenceKind::Work => self.work = from.work.take(),
            EvidenceKind::Device => self.device = from.device.take(),
            EvidenceKind::AddressBook => self.address_book = from.address_book.take(),
            EvidenceKind::OperatorData => self.operator_data = from.operator_data.take(),
            EvidenceKind::Profile => self.profile = from.profile.take(),
            EvidenceKind::Questionnaire => self.questionnaire = from.questionnaire.take(),
            EvidenceKind::Personal => self.personal = from.personal.take(),
            EvidenceKind::Card => self.card = from.card.take(),
            EvidenceKind::FacePhoto => self.face_photo = from.face_photo.take(),
            EvidenceKind::FrontPhoto => self.front_photo = from.front_photo.take(),
            EvidenceKind::BackPhoto => self.back_photo = from.back_photo.take(),
        }
    }
}

impl std::fmt::Debug for Dossier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Dossier").field(&self.kinds()).finish()
    }
}
