//! What an applicant must answer, and the answer as the core sees it: sealed.

use super::collection::CollectionKind;
use super::time::Time;

/// A question to the applicant; open while its collection is in the state that asked, answered
/// at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Its number within the application, from 1, never used again.
    pub number: u32,
    /// The collection that asks.
    pub collection: CollectionKind,
    /// What is asked for.
    pub kind: ChallengeKind,
    /// When it was asked.
    pub asked: Time,
    /// Until when an answer can be of use.
    pub deadline: Time,
    /// Answers that may still be given in this session, this one included.
    pub answers_left: u8,
    /// What the provider said to it, for the applicant to read; at most [`MESSAGE_LIMIT`] bytes.
    pub message: String,
    /// What the applicant must be shown with it.
    pub exhibit: Option<Exhibit>,
}

/// What an applicant must be shown with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exhibit {
    /// A picture to read (spec 002 §5.1.4 `pic_captcha`).
    Picture {
        /// The number of the document with it.
        document: u32,
        /// What another picture differs by.
        fingerprint: [u8; 16],
    },
    /// The banks to choose from, and the agreement to consent to (spec 002 §5.1.1, §6.1.2).
    Banks {
        /// The number of the document with the list.
        document: u32,
        /// The agreement.
        agreement: Agreement,
    },
}

/// An agreement that an applicant consents to before a bank is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// Of the first version of e-banking, which knows one (spec 002 §5.1.2).
    Ebank,
    /// 卡牛, type 1 of the second version (spec 002 §6.1.1).
    Kaniu,
    /// 坚果, type 2.
    Jianguo,
    /// 新颜, type 3.
    Xinyan,
}

impl Agreement {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Ebank, Self::Kaniu, Self::Jianguo, Self::Xinyan];

    /// Gives the permanent number; that of the second version is its `type`.
    pub const fn number(self) -> u8 {
        match self {
            Self::Ebank => 0,
            Self::Kaniu => 1,
            Self::Jianguo => 2,
            Self::Xinyan => 3,
        }
    }

    /// Finds an agreement by its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|agreement| agreement.number() == number)
    }

    /// Gives the name used in settings and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ebank => "ebank",
            Self::Kaniu => "kaniu",
            Self::Jianguo => "jianguo",
            Self::Xinyan => "xinyan",
        }
    }
}

/// The longest message of the provider that is kept, in bytes.
pub const MESSAGE_LIMIT: usize = 500;

/// Cuts a provider's message to [`MESSAGE_LIMIT`], at a character's end.
pub fn bounded(message: &str) -> String {
    let mut end = message.len().min(MESSAGE_LIMIT);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message[..end].to_owned()
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChallengeKind {
    /// The password of the operator's web site (spec 002 §3.1.1).
    ServicePassword,
    /// The code that the operator sent by SMS (spec 002 §3.1.3).
    SmsCode,
    /// The operator's query password (spec 002 §3.1.2).
    QueryPassword,
    /// The text of a picture (spec 002 §8.3, state 4).
    PictureCaptcha,
    /// The bank's dynamic password (spec 002 §8.3, state 2).
    DynamicPassword,
    /// The account at the register of degrees, with its password (spec 002 §4.1.2).
    DegreeAccount,
    /// Which bank and which way into it, its login, and the consent to the agreement (spec 002
    /// §5.1.3, §6.1.4).
    BankLogin,
}

impl ChallengeKind {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::ServicePassword,
        Self::SmsCode,
        Self::QueryPassword,
        Self::PictureCaptcha,
        Self::DynamicPassword,
        Self::DegreeAccount,
        Self::BankLogin,
    ];

    /// Gives the name used in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServicePassword => "service_password",
            Self::SmsCode => "sms_code",
            Self::QueryPassword => "query_password",
            Self::PictureCaptcha => "picture_captcha",
            Self::DynamicPassword => "dynamic_password",
            Self::DegreeAccount => "degree_account",
            Self::BankLogin => "bank_login",
        }
    }
}

/// An applicant's answer as ciphertext, with the place of its key. The core carries it to the
/// call that submits it; it can neither read nor print it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedAnswer {
    /// The slot of the key.
    pub slot: u32,
    /// The generation of the slot: a slot that was used again does not fit.
    pub generation: u64,
    /// The ciphertext.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for SealedAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedAnswer({}.{})", self.slot, self.generation)
    }
}
