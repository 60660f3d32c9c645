//! What an application can hold, by kind: the machines see only what is there and what is missing.

use super::time::Time;

/// A kind of evidence. The numbers are permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceKind {
    /// Name, mobile number, identity number.
    Identity,
    /// The amount asked for.
    Loan,
    /// Photos of face and identity card, with what was read from the card.
    IdentityCard,
    /// Emergency contacts.
    Contacts,
    /// Where the applicant works.
    Work,
    /// The device used.
    Device,
    /// The address book.
    AddressBook,
    /// The operator's raw data, brought by a partner.
    OperatorData,
    /// Education, address, social insurance and credit score, as the applicant told them (spec 003).
    Profile,
    /// What the applicant answered about earlier debts (spec 004 §1).
    Questionnaire,
    /// Birth, sex, household and education (spec 004 §6).
    Personal,
    /// Where the loan is paid out to (spec 004 §12).
    Card,
    /// A photo of the face, uploaded (spec 004 §4).
    FacePhoto,
    /// A photo of the identity card's front, uploaded.
    FrontPhoto,
    /// A photo of the identity card's back, uploaded.
    BackPhoto,
}

impl EvidenceKind {
    /// Says whether a signed push can tell it (spec 003); the amount is the product's.
    pub(crate) const fn is_in_signed_push(self) -> bool {
        matches!(self, Self::Identity | Self::Loan | Self::Contacts | Self::Profile)
    }

    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Identity,
        Self::Loan,
        Self::IdentityCard,
        Self::Contacts,
        Self::Work,
        Self::Device,
        Self::AddressBook,
        Self::OperatorData,
        Self::Profile,
        Self::Questionnaire,
        Self::Personal,
        Self::Card,
        Self::FacePhoto,
        Self::FrontPhoto,
        Self::BackPhoto,
    ];

    /// Gives the permanent number.
    pub const fn number(self) -> u16 {
        match self {
            Self::Identity => 1,
            Self::Loan => 2,
            Self::IdentityCard => 3,
            Self::Contacts => 4,
            Self::Work => 5,
            Self::Device => 6,
            Self::AddressBook => 7,
            Self::OperatorData => 8,
            Self::Profile => 9,
            Self::Questionnaire => 10,
            Self::Personal => 11,
            Self::Card => 12,
            Self::FacePhoto => 13,
            Self::FrontPhoto => 14,
            Self::BackPhoto => 15,
        }
    }

    /// Finds a kind by its number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Gives the name used in messages and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Loan => "loan",
            Self::IdentityCard => "identity_card",
            Self::Contacts => "contacts",
            Self::Work => "work",
            Self::Device => "device",
            Self::AddressBook => "address_book",
            Self::OperatorData => "operator_data",
            Self::Profile => "profile",
            Self::Questionnaire => "questionnaire",
            Self::Personal => "personal",
            Self::Card => "card",
            Self::FacePhoto => "face_photo",
            Self::FrontPhoto => "front_photo",
            Self::BackPhoto => "back_photo",
        }
    }

    /// Finds a kind by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A kind of evidence that is there, and the document it is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// What.
    pub kind: EvidenceKind,
    /// The number of the sealed document that holds the values.
    pub document: u32,
    /// When it came.
    pub at: Time,
    /// Who supplied it.
    pub supplier: Supplier,
}

/// Who supplied evidence. The numbers are permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Supplier {
    /// Nobody knows any more: it came before that was kept.
    Untold,
    /// A partner, with a push.
    Partner,
    /// The applicant, with the mobile app.
    Applicant,
    /// A service of the lender.
    Service,
}

impl Supplier {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Untold, Self::Partner, Self::Applicant, Self::Service];

    /// Gives the permanent number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Untold => 0,
            Self::Partner => 1,
            Self::Applicant => 2,
            Self::Service => 3,
        }
    }

    /// Finds one by its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|supplier| supplier.number() == number)
    }

    /// Gives the name used in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Untold => "untold",
            Self::Partner => "partner",
            Self::Applicant => "applicant",
            Self::Service => "service",
        }
    }
}

/// A sealed document of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document {
    /// Its number within the application, drawn at random.
    pub number: u32,
    /// What it is.
    pub kind: DocumentKind,
    /// When it came.
    pub at: Time,
    /// A keyed digest of the plain text: the same content again is recognised by it.
    pub fingerprint: [u8; 16],
}

/// What a document is. The numbers are permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// The body of a base-info push, as received (spec 000).
    BasePush,
    /// The body of an additional-info push, as received (spec 001).
    AdditionalPush,
    /// Typed values drawn from a push or given by a service.
    Dossier,
    /// The operator's raw data, collected (spec 002 §3.2.1).
    TelecomRawData,
    /// The operator's report, collected (spec 002 §3.2.2).
    TelecomReport,
    /// The record of degrees, collected (spec 002 §4.2.1).
    DegreeRawData,
    /// The bank's raw data, collected (spec 002 §5.2.1).
    EbankRawData,
    /// The bank's raw data, collected by the second version (spec 002 §6.2.1).
    EbankV2RawData,
    /// The banks that could be chosen from, of either version (spec 002 §5.1.1, §6.1.2).
    BankList,
    /// A picture that the applicant was to read, as an image file (spec 002 §5.1.4).
    Picture,
    /// The body of a signed push, as received (spec 003).
    SignedPush,
    /// A photo that the applicant uploaded, as an image file (spec 004 §4).
    Photo,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::BasePush,
        Self::AdditionalPush,
        Self::Dossier,
        Self::TelecomRawData,
        Self::TelecomReport,
        Self::DegreeRawData,
        Self::EbankRawData,
        Self::EbankV2RawData,
        Self::BankList,
        Self::Picture,
        Self::SignedPush,
        Self::Photo,
    ];

    /// Gives the permanent number.
    pub const fn number(self) -> u8 {
        match self {
            Self::BasePush => 1,
            Self::AdditionalPush => 2,
            Self::Dossier => 3,
            Self::TelecomRawData => 4,
            Self::TelecomReport => 5,
            Self::DegreeRawData => 6,
            Self::EbankRawData => 7,
            Self::EbankV2RawData => 8,
            Self::BankList => 9,
            Self::Picture => 10,
            Self::SignedPush => 11,
            Self::Photo => 12,
        }
    }

    /// Finds a kind by its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}
