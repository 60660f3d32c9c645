//! The archive: files with the journals of applications that ended long ago.
//!
//! ```text
//! header   "DOCKETAR" | format u32 | instance 16 | number u64 | time u64 | crc32c u32
//! block    bytes u32 | bytes deflated u32 | crc32c of the deflated u32 | deflated:
//!          (application 16, entries u32, (record's version u16, length u32, record)*)*
//! index    (application 16, offset of its block u64, entries u64, chain after the last 16)*
//! trailer  offset of the index u64 | journals u64 | crc32c of the index u32 | SHA-256 of all before 32 | crc32c u32
//! ```
//!
//! A file is written once, read back, and never changed again; its name is its number, which grows.
//! Owns the form, which is permanent, and the order of writing: a file that is there under its name
//! is whole. It must never delete one: the rows that it replaced are gone.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub(super) use self::read::{index, journal, verify};
pub(super) use self::write::Writer;

use super::files;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::StoreError;
use crate::store::archive::{Filed, JOURNAL_LIMIT};
use crate::store::codec::Reader as Fields;
use std::path::{Path, PathBuf};

/// The name of the folder of archive files.
pub(super) const FOLDER: &str = "archive";

const MAGIC: [u8; 8] = *b"DOCKETAR";

/// The form that is written, and the newest that is read.
const FORMAT: u32 = 1;

const HEADER_LEN: usize = 48;
const BLOCK_HEAD_LEN: usize = 12;
const INDEX_ROW_LEN: usize = 48;
const TRAILER_LEN: usize = 56;

/// Bytes of journals after which a block ends: what is inflated to read one of them.
const BLOCK_BYTES: usize = 64 << 10;

/// No block has more bytes: the longest journal with its head, and a block that was almost full.
const BLOCK_LIMIT: usize = BLOCK_BYTES + JOURNAL_LIMIT + 20;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    instance: [u8; 16],
    number: u64,
    /// When it was begun.
    time: Time,
}

/// The archive files of a data folder, newest first, by their numbers.
pub(super) fn list(data: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let folder = data.join(FOLDER);
    let named = |name: &std::ffi::OsStr| {
        let digits = name.to_str()?.strip_suffix(".arch")?;
        (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok())?
    };
    let names = files::names(&folder)?;
    let mut found: Vec<_> = names.iter().filter_map(|name| Some((named(name)?, folder.join(name)))).collect();
    found.sort_by(|a, b| b.cmp(a));
    Ok(found)
}

/// The file with a number.
pub(super) fn path(data: &Path, number: u64) -> PathBuf {
    data.join(FOLDER).join(format!("{number:016x}.arch"))
}

fn write_head(head: &Head) -> [u8; HEADER_LEN] {
    let Head { instance, number, time } = head;
    let numbers = [*number, time.as_millis()].map(u64::to_be_bytes).concat();
    let body = [&MAGIC[..], &FORMAT.to_be_bytes(), instance, &numbers].concat();
    let mut out = [0; HEADER_LEN];
    out[..body.len()].copy_from_slice(&body);
    out[body.len()..].copy_from_slice(&crc32c::crc32c(&body).to_be_bytes());
    out
}

fn read_head(path: &Path, bytes: &[u8; HEADER_LEN]) -> Result<Head, StoreError> {
    let (body, crc) = bytes.split_at(HEADER_LEN - 4);
    if body[..8] != MAGIC || crc32c::crc32c(body).to_be_bytes() != crc {
        return Err(damaged(path, "its header is not one of an archive file"));
    }
    let mut fields = Fields::new("the header of an archive file", &body[8..]);
    let field = "the header has its length";
    let found = fields.u32().expect(field);
    if found > FORMAT {
        return Err(StoreError::NewerFolder { folder: path.to_owned(), found, known: FORMAT });
    }
    let instance = fields.array().expect(field);
    let number = fields.u64().expect(field);
    Ok(Head { instance, number, time: Time::from_millis(fields.u64().expect(field)) })
}

fn write_index(rows: &[(ApplicationId, Filed)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * INDEX_ROW_LEN);
    for (application, Filed { file: _, block, entries, chain }) in rows {
        out.extend_from_slice(application.as_bytes());
        out.extend_from_slice(&block.to_be_bytes());
        out.extend_from_slice(&entries.to_be_bytes());
        out.extend_from_slice(chain);
    }
    out
}

/// The end of a file: where the index is, and what all of it amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Trailer {
    index: u64,
    journals: u64,
    index_crc: u32,
    sha256: [u8; 32],
}

fn write_trailer(trailer: &Trailer) -> Vec<u8> {
    let Trailer { index, journals, index_crc, sha256 } = trailer;
    let numbers = [*index, *journals].map(u64::to_be_bytes).concat();
    let body = [&numbers, &index_crc.to_be_bytes()[..], sha256].concat();
    [&body[..], &crc32c::crc32c(&body).to_be_bytes()].concat()
}

fn damaged(path: &Path, what: &str) -> StoreError {
    let what = format!("{what} (put it back from a backup; nothing else is affected)");
    StoreError::FileDamaged { path: path.to_owned(), what }
}
