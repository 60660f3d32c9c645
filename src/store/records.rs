//! What the store's bytes mean: frozen structs, one for each version of each record.
//!
//! A struct here is never edited once released; a change makes a new version beside it, and the
//! old one is turned into it on reading. The core's own types are never stored: bincode writes
//! the position of an enum's variant, and theirs may change. Permanent numbers do not.

pub mod change;
pub mod definition;
pub mod delivery;
pub mod index;
pub mod journal;
pub mod snapshot;
#[cfg(test)]
mod tests;

use super::codec::{self, CodecError, Encoded};

/// A record read back makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The bytes are not those of the struct.
    #[error("read a {record} record")]
    Codec {
        /// Which record.
        record: &'static str,
        /// What is wrong with the bytes.
        #[source]
        source: CodecError,
    },
    /// The record was written by a newer Docket.
    #[error(
        "read a {record} record of version {found}: this Docket knows versions up to {known}; run a newer one"
    )]
    Newer {
        /// Which record.
        record: &'static str,
        /// The version found.
        found: u16,
        /// The newest version known.
        known: u16,
    },
    /// The application follows a drawing of a newer Docket.
    #[error(
        "read an application that follows version {found} of the {machine} machine: this Docket knows version {known}; run a newer one"
    )]
    NewerMachine {
        /// The machine's name.
        machine: &'static str,
        /// The version found.
        found: u16,
        /// The version known.
        known: u16,
    },
    /// A permanent number in it is not known.
    #[error("read a {record} record: no {what} has the number {number}")]
    Unknown {
        /// Which record.
        record: &'static str,
        /// What kind of number.
        what: &'static str,
        /// The number.
        number: u64,
    },
}

fn encode<T: serde::Serialize>(version: u16, record: &T) -> Encoded {
    Encoded { version, body: codec::to_body(record) }
}

fn decode<T: serde::de::DeserializeOwned>(
    record: &'static str,
    known: u16,
    encoded: &Encoded,
) -> Result<T, RecordError> {
    if encoded.version != known {
        return Err(RecordError::Newer { record, found: encoded.version, known });
    }
    codec::from_body(&encoded.body).map_err(|source| RecordError::Codec { record, source })
}
