//! The envelope round every stored value, and the encoding of what lies in it.
//!
//! ```text
//! kind u8 | version u16 | codec u8 | flags u8 | crc32c u32 | body
//! ```
//!
//! Owns the permanent numbers of kinds and codecs and the checksum. It must never let a damaged,
//! foreign or newer value through as if it were whole, and never store a core enum by position:
//! stored structs are frozen copies made for storing.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// A record's body with the version of its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The version of the form of `body`, from 1; people assign it and never reuse it.
    pub version: u16,
    /// The bytes.
    pub body: Vec<u8>,
}

/// What a stored value is. The numbers are permanent: never changed, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// An application: its header and its snapshot.
    Application = 1,
    /// One move in an application's journal.
    Journal = 2,
    /// One line of the stream of changes.
    Change = 3,
    /// A wake-up; its key says it all.
    Wake = 4,
    /// A row of an index; its key says it all.
    Index = 5,
    /// A document, or a pointer to its blob.
    Document = 6,
    /// How much is there.
    Totals = 7,
    /// Whose rows these are.
    Identity = 8,
    /// What became of a request.
    Request = 9,
    /// The request of a change.
    RequestOf = 10,
    /// Up to where the stream is taken over into a partner's deliveries.
    Cursor = 11,
    /// What must reach a partner of one move.
    Delivery = 12,
    /// A row of a queue of deliveries.
    Queued = 13,
    /// A stretch of time in which a part of the provider could not be used.
    Outage = 14,
    /// A part of what the Docket that ran here last was made of.
    Definition = 15,
    /// What a view holds.
    Mark = 16,
    /// Where an archived journal lies.
    Archived = 17,
}

impl Kind {
    /// Finds the kind of a number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Application,
            2 => Self::Journal,
            3 => Self::Change,
            4 => Self::Wake,
            5 => Self::Index,
            6 => Self::Document,
            7 => Self::Totals,
            8 => Self::Identity,
            9 => Self::Request,
            10 => Self::RequestOf,
            11 => Self::Cursor,
            12 => Self::Delivery,
            13 => Self::Queued,
            14 => Self::Outage,
            15 => Self::Definition,
            16 => Self::Mark,
            17 => Self::Archived,
            _ => return None,
        })
    }

    /// Gives the permanent number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Journal => "journal entry",
            Self::Change => "change",
            Self::Wake => "wake-up",
            Self::Index => "index row",
            Self::Document => "document",
            Self::Totals => "totals",
            Self::Identity => "identity",
            Self::Request => "request",
            Self::RequestOf => "request of a change",
            Self::Cursor => "cursor",
            Self::Delivery => "delivery",
            Self::Queued => "row of a queue",
            Self::Outage => "outage",
            Self::Definition => "definition",
            Self::Mark => "mark",
            Self::Archived => "place of an archived journal",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Bytes of the envelope before the body.
pub const ENVELOPE_LEN: usize = 9;

/// The codec of bodies laid out by hand, big-endian; it is permanent, as is every codec number.
/// Number 1 is kept for a body that is bincode as a whole.
const BY_HAND: u8 = 0;

/// No flag has a meaning yet; one that is set was set by a newer Docket.
const NO_FLAGS: u8 = 0;

/// The largest body that [`from_body`] decodes: far above any record, far below what a corrupt
/// length could ask for.
pub const BODY_LIMIT: usize = 1 << 20;

/// A stored value cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Fewer bytes than the form needs.
    #[error("{what} is cut short: {found} bytes where at least {needed} are needed")]
    Short {
        /// What is damaged.
        what: &'static str,
        /// Bytes found.
        found: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// More bytes than the form has.
    #[error("{what} is followed by {extra} bytes that do not belong to it")]
    Trailing {
        /// What is damaged.
        what: &'static str,
        /// Bytes left over.
        extra: usize,
    },
    /// Another kind than the key promises.
    #[error("found kind number {found} where a {expected} (number {}) must be", expected.number())]
    Kind {
        /// What must be there.
        expected: Kind,
        /// The number found.
        found: u8,
    },
    /// Written by a newer Docket.
    #[error("the {kind} has version {found}, the newest that this docket knows is {known}")]
    Newer {
        /// What it is.
        kind: Kind,
        /// The record's version.
        found: u16,
        /// The newest version known.
        known: u16,
    },
    /// A codec, flags or a version that no Docket of this line has written.
    #[error("the {kind} has {field} {found}, which this docket does not know")]
    Unknown {
        /// What it is.
        kind: Kind,
        /// Which field.
        field: &'static str,
        /// What it says.
        found: u16,
    },
    /// The bytes are not those that were written.
    #[error("the {kind} is damaged: its checksum is {found:08x}, its bytes make {computed:08x}")]
    Checksum {
        /// What it is.
        kind: Kind,
        /// The checksum stored.
        found: u32,
        /// The checksum of what was read.
        computed: u32,
    },
    /// A field holds a number without a meaning.
    #[error("{what} holds {found}, which means nothing")]
    Field {
        /// Which field.
        what: &'static str,
        /// What it holds.
        found: u8,
    },
    /// The body is not what bincode wrote for this type.
    #[error("the body does not decode")]
    Body(#[source] Box<bincode::error::DecodeError>),
}

/// Puts a body into its envelope.
pub fn seal(kind: Kind, version: u16, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(ENVELOPE_LEN + body.len());
    out.push(kind.number());
    out.extend_from_slice(&version.to_be_bytes());
    out.extend_from_slice(&[BY_HAND, NO_FLAGS]);
    out.extend_from_slice(&checksum(&out, body).to_be_bytes());
    out.extend_from_slice(body);
    out
}

/// Takes a body of the expected kind out of its envelope, with its version: from 1 to `known`.
///
/// # Errors
/// Everything but [`CodecError::Body`], [`CodecError::Field`] and [`CodecError::Trailing`].
pub fn open(expected: Kind, known: u16, bytes: &[u8]) -> Result<(u16, &[u8]), CodecError> {
    let mut reader = Reader::new("the envelope", bytes);
    let found = reader.u8()?;
    let version = reader.u16()?;
    let (codec, flags) = (reader.u8()?, reader.u8()?);
    let stored = reader.u32()?;
    let body = reader.rest();
    if found != expected.number() {
        return Err(CodecError::Kind { expected, found });
    }
    let kind = expected;
    // Before the versions: a flipped bit must not pass for a record from the future.
    let computed = checksum(&bytes[..ENVELOPE_LEN - 4], body);
    if stored != computed {
        return Err(CodecError::Checksum { kind, found: stored, computed });
    }
    if version > known {
        return Err(CodecError::Newer { kind, found: version, known });
    }
    for (field, value, fine) in [
        ("version", version, version > 0),
        ("codec", u16::from(codec), codec == BY_HAND),
        ("flags", u16::from(flags), flags == NO_FLAGS),
    ] {
        if !fine {
            return Err(CodecError::Unknown { kind, field, found: value });
        }
    }
    Ok((version, body))
}

fn checksum(head: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(head), body)
}

const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<BODY_LIMIT>,
> = bincode::config::standard().with_limit::<BODY_LIMIT>();

/// Room for most bodies, in bytes, so that they need not grow while they are written.
const USUAL_BODY: usize = 1_024;

/// Encodes a frozen struct as the body of a record.
///
/// # Panics
/// When the value has a sequence of unknown length or its `Serialize` fails: frozen structs have
/// neither.
pub fn to_body<T: Serialize>(value: &T) -> Vec<u8> {
    let mut body = Vec::with_capacity(USUAL_BODY);
    bincode::serde::encode_into_std_write(value, &mut body, CONFIG)
        .expect("a frozen struct encodes into memory");
    body
}

/// Decodes a frozen struct from the body of a record of at most [`BODY_LIMIT`] bytes.
///
/// # Errors
/// [`CodecError::Body`] when it does not decode, [`CodecError::Trailing`] when bytes are left.
pub fn from_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, CodecError> {
    let (value, read) =
        bincode::serde::decode_from_slice(body, CONFIG).map_err(|e| CodecError::Body(Box::new(e)))?;
    match body.len() - read {
        0 => Ok(value),
        extra => Err(CodecError::Trailing { what: "the body", extra }),
    }
}

/// Takes big-endian fields off bytes, one after the other.
pub(super) struct Reader<'a> {
    what: &'static str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { what, bytes, at: 0 }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let short = CodecError::Short { what: self.what, found: self.bytes.len(), needed: self.at + N };
        let array = *self.bytes[self.at..].first_chunk::<N>().ok_or(short)?;
        self.at += N;
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, CodecError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, CodecError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, CodecError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, CodecError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], CodecError> {
        let short = CodecError::Short { what: self.what, found: self.bytes.len(), needed: self.at + len };
        let taken = self.bytes[self.at..].get(..len).ok_or(short)?;
        self.at += len;
        Ok(taken)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    pub(super) fn end(self) -> Result<(), CodecError> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            extra => Err(CodecError::Trailing { what: self.what, extra }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_number() {
        let known: Vec<u8> = (0..=u8::MAX).filter(|n| Kind::from_number(*n).is_some()).collect();
        assert_eq!(known, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
        for number in known {
            assert_eq!(Kind::from_number(number).map(Kind::number), Some(number));
        }
    }

    #[test]
    fn any_flipped_bit_is_found() {
        let whole = seal(Kind::Change, 1, b"body");
        assert_eq!(open(Kind::Change, 1, &whole).unwrap(), (1, b"body".as_slice()));
        for bit in 0..whole.len() * 8 {
            let mut torn = whole.clone();
            torn[bit / 8] ^= 1 << (bit % 8);
            assert!(open(Kind::Change, 1, &torn).is_err(), "bit {bit}");
        }
        for len in 0..whole.len() {
            assert!(open(Kind::Change, 1, &whole[..len]).is_err(), "cut to {len}");
        }
    }

    #[test]
    fn a_record_from_the_future_names_both_versions() {
        let error = open(Kind::Journal, 2, &seal(Kind::Journal, 7, b"")).unwrap_err();
        let text = "the journal entry has version 7, the newest that this docket knows is 2";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn another_kind_version_nought_and_other_codecs_are_refused() {
        let change = seal(Kind::Change, 1, b"");
        assert!(matches!(open(Kind::Wake, 1, &change), Err(CodecError::Kind { found: 3, .. })));
        let nought = seal(Kind::Change, 0, b"");
        assert!(matches!(open(Kind::Change, 1, &nought), Err(CodecError::Unknown { field: "version", .. })));
        for (at, field) in [(3, "codec"), (4, "flags")] {
            let mut other = change.clone();
            other[at] = 9;
            let sum = checksum(&other[..5], b"");
            other[5..9].copy_from_slice(&sum.to_be_bytes());
            let error = open(Kind::Change, 1, &other).unwrap_err();
            assert!(matches!(error, CodecError::Unknown { field: f, .. } if f == field), "{error}");
        }
    }

    #[test]
    fn a_body_reads_back_whole_or_not_at_all() {
        let body = to_body(&(7_u64, "text".to_owned(), vec![1_u8, 2]));
        type Form = (u64, String, Vec<u8>);
        assert_eq!(from_body::<Form>(&body).unwrap(), (7, "text".to_owned(), vec![1, 2]));
        let longer = [body.as_slice(), &[0]].concat();
        assert!(matches!(from_body::<Form>(&longer), Err(CodecError::Trailing { extra: 1, .. })));
        assert!(from_body::<Form>(&body[..body.len() - 1]).is_err());
        // A length of 2^40 is refused, not allocated.
        let huge = to_body(&(1_u64 << 40));
        assert!(matches!(from_body::<Vec<u8>>(&huge), Err(CodecError::Body(_))));
    }
}
