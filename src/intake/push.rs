//! A partner's push: what a body says, checked and typed.
//!
//! It owns the wire names of the three pushes, their limits and what is wrong with a body. It is
//! pure: it reads bytes and nothing else. It must never put a value into an error: a problem
//! names the field and what it must be.
//!
//! [`base`], [`additional`] and [`signed`] read the fields one by one from [`json`], by the rules of
//! [`field`]; [`sound`] looks at the parts that nobody read; [`envelope`] is what may stand round one.

mod additional;
mod base;
mod contact;
mod envelope;
pub(super) mod field;
pub(super) mod json;
mod signed;
mod sound;
#[cfg(test)]
mod tests;

pub(super) use envelope::Envelope;

use crate::engine::dossier::Dossier;
use crate::machine::evidence::DocumentKind;
use thiserror::Error;

/// What a partner pushed about an order.
///
/// It can only be read from a body, so whoever holds one holds checked values.
#[derive(Clone)]
pub struct Push {
    /// By what its application is found.
    pub order: Order,
    /// The evidence, cut into what is kept as a document each: the large part stands alone.
    pub parts: Vec<Dossier>,
    /// The applicant's mobile number, which both pushes of an order must share (spec 005
    /// A-001-9).
    pub phone: Option<String>,
    /// The applicant's identity number, with an upper-case `X`; only a base push has it.
    pub id_card: Option<String>,
    /// Whether the identity number fails its own check digit: it is taken all the same (spec 003,
    /// "Request body").
    pub has_wrong_check_digit: bool,
    kind: Kind,
}

/// By what the application of a push is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// The partner's order number (spec 000 2.2.1, 001 3.2.1).
    Told(String),
    /// Mobile and identity number: a signed push has no order number (spec 005 A-003-5).
    OfPerson,
}

impl Push {
    /// Reads a base-info push: the JSON text itself, without envelope (spec 000).
    pub fn base(body: &[u8]) -> Result<Self, PushError> {
        base::read(body)
    }

    /// Reads an additional-info push: the JSON text itself, without envelope (spec 001).
    pub fn additional(body: &[u8]) -> Result<Self, PushError> {
        additional::read(body)
    }

    /// Reads a signed push: the whole body, whose signature is not looked at here (spec 003).
    pub fn signed(body: &[u8]) -> Result<Self, PushError> {
        signed::read(body)
    }

    /// Says which push it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

/// Which push it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The first half of an order (spec 000).
    Base,
    /// The second half (spec 001).
    Additional,
    /// The signed one (spec 003).
    Signed,
}

impl Kind {
    /// Says which document its body is.
    pub const fn document(self) -> DocumentKind {
        match self {
            Self::Base => DocumentKind::BasePush,
            Self::Additional => DocumentKind::AdditionalPush,
            Self::Signed => DocumentKind::SignedPush,
        }
    }

    /// What names its order, by the names of the wire.
    pub const fn order_field(self) -> &'static str {
        match self {
            Self::Base | Self::Additional => "orderInfo.orderNo",
            Self::Signed => "data",
        }
    }

    /// The mobile number, by the names of the wire.
    pub const fn phone_field(self) -> &'static str {
        match self {
            Self::Base => "userInfo.userPhone",
            Self::Additional => "orderInfo.userPhone",
            Self::Signed => "data.phone",
        }
    }

    /// The identity number, by the names of the wire; an additional push has none.
    pub const fn id_card_field(self) -> &'static str {
        match self {
            Self::Base | Self::Additional => "userInfo.userIdCard",
            Self::Signed => "data.idNum",
        }
    }
}

impl std::fmt::Debug for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Push")
            .field("kind", &self.kind)
            .field("order", &self.order)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

/// Why a body is not a push; it reads like `userInfo.userPhone: must be 5 to 20 digits`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct PushError {
    /// Where, by the names of the wire; `body` is the whole.
    pub field: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Problem {
    /// The bytes are not UTF-8.
    #[error("must be UTF-8")]
    NotUtf8,
    /// The text is not JSON, or has a number or an escape that nobody can read.
    #[error("must be JSON, and is not at line {line}, column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1 in most cases.
        column: usize,
    },
    /// Arrays and objects within each other beyond the limit.
    #[error("must not be nested more than {limit} deep")]
    TooDeep {
        /// How deep they may be.
        limit: usize,
    },
    /// An object names a member twice.
    #[error("must not have a member twice")]
    Repeated,
    /// An object has too many members.
    #[error("must have at most {limit} members")]
    TooManyMembers {
        /// How many it may have.
        limit: usize,
    },
    /// An array has too many elements.
    #[error("must have at most {limit} elements")]
    TooManyElements {
        /// How many it may have.
        limit: usize,
    },
    /// It is not there, or null.
    #[error("is required")]
    Missing,
    /// It is of another type.
    #[error("must be {0}")]
    WrongType(Type),
    /// It is there under two of its names, with two values.
    #[error("must not differ from the same value under its other name")]
    Differs,
    /// A text or an object with nothing in it.
    #[error("must not be empty")]
    Empty,
    /// A text beyond its limit.
    #[error("must be at most {limit} {unit}")]
    TooLong {
        /// How long it may be.
        limit: usize,
        /// In what the limit counts.
        unit: Unit,
    },
    /// A text with a control character.
    #[error("must not have control characters")]
    Control,
    /// A text with half of a surrogate pair.
    #[error("must be whole Unicode characters")]
    BrokenText,
    /// Not a phone number.
    #[error("must be 5 to 20 digits")]
    NotAPhone,
    /// Not an identity number.
    #[error("must be 15 digits, or 17 digits and a digit or X")]
    NotAnIdCard,
    /// Not a web address.
    #[error("must be an http or https URL")]
    NotAUrl,
    /// A string that should hold an object.
    #[error("must hold a JSON object")]
    NotAnObjectWithin,
    /// Not a number within its limit.
    #[error("must be a whole number from 0 to {most}")]
    NotUpTo {
        /// The most that it may be.
        most: u32,
    },
    /// Not an amount of money.
    #[error("must be a whole number of fen from 1 to 9223372036854775807")]
    NotAnAmount,
}

/// A type of a JSON value, or a choice of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Type {
    /// An object.
    #[error("an object")]
    Object,
    /// An array.
    #[error("an array")]
    Array,
    /// A string.
    #[error("a string")]
    String,
    /// A string or a number.
    #[error("a string or a number")]
    StringOrNumber,
    /// A string or an object.
    #[error("a string or an object")]
    StringOrObject,
}

/// In what the limit of a text counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unit {
    /// Bytes of UTF-8.
    #[error("bytes")]
    Bytes,
    /// Unicode characters.
    #[error("characters")]
    Characters,
}

/// Reads the bytes as text.
fn utf8(body: &[u8]) -> Result<&str, PushError> {
    std::str::from_utf8(body)
        .map_err(|_| PushError { field: json::BODY.to_owned(), problem: Problem::NotUtf8 })
}
