//! A segment: a file of the log, its name and its header.
//!
//! ```text
//! magic 8 | format u32 | instance 16 | first commit u64 | chain before it 16
//!   | reused u8 | zeros | crc32c u32 as the last of 4096 bytes
//! ```
//!
//! Owns this form, which is a promise; whole numbers are big-endian. Magic, format and checksum
//! stand where they stand in every format to come. Segments are named after their first commit,
//! `0000000000000001.log`. It must never take a segment of another store, or of a newer Docket,
//! for one of its own.

use super::frame::Tip;
use super::source::Source;
use crate::store::StoreError;
use crate::store::codec::{CodecError, Reader};
use crate::store::disk::files;
use std::path::{Path, PathBuf};

/// Bytes of the header; the first frame begins behind them.
pub(super) const HEADER: u64 = 4096;

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;

const MAGIC: [u8; 8] = *b"DocketLg";

/// Where the checksum of the header stands.
const SUM_AT: usize = 4092;

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) instance: [u8; 16],
    /// The commit before the first one.
    pub(super) before: Tip,
    /// The file was a segment before: frames of then may lie behind those of now.
    pub(super) reused: bool,
}

/// Why a header cannot be used.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    Damaged,
    Newer { found: u32 },
}

impl Header {
    pub(super) fn first(&self) -> u64 {
        self.before.commit + 1
    }

    /// Lays out the header.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&FORMAT.to_be_bytes());
        out.extend_from_slice(&self.instance);
        out.extend_from_slice(&self.first().to_be_bytes());
        out.extend_from_slice(&self.before.chain);
        out.push(u8::from(self.reused));
        out.resize(SUM_AT, 0);
        let sum = crc32c::crc32c(&out);
        out.extend_from_slice(&sum.to_be_bytes());
        out
    }

    fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        match fields(bytes) {
            Ok(Some(read)) => read,
            Ok(None) | Err(_) => Err(Refusal::Damaged),
        }
    }

    /// Reads the header of a segment; `None` if it is damaged.
    pub(super) fn of(source: &mut Source, instance: [u8; 16]) -> Result<Option<Self>, StoreError> {
        let read = Self::read(source.at(0, HEADER)?);
        let folder = source.path.parent().unwrap_or(&source.path).to_owned();
        match read {
            Ok(header) if header.instance == instance => Ok(Some(header)),
            Ok(header) => {
                let (theirs, ours) = (hex::encode(header.instance), hex::encode(instance));
                let name = name(&source.path);
                let lost = format!("{name} belongs to another store, {theirs}, and not to this one, {ours}");
                Err(StoreError::Lost { folder, lost })
            }
            Err(Refusal::Damaged) => Ok(None),
            Err(Refusal::Newer { found }) => {
                Err(StoreError::NewerFolder { folder: source.path.clone(), found, known: FORMAT })
            }
        }
    }
}

/// Reads the fields; `None` where one holds what it cannot hold.
fn fields(bytes: &[u8]) -> Result<Option<Result<Header, Refusal>>, CodecError> {
    let mut reader = Reader::new("the header of a segment", bytes);
    let magic: [u8; 8] = reader.array()?;
    let format = reader.u32()?;
    let (instance, first, chain) = (reader.array()?, reader.u64()?, reader.array()?);
    let reused = reader.u8()?;
    reader.take(SUM_AT - 53)?;
    // Before the format: a flipped bit must not pass for a segment from the future.
    if magic != MAGIC || reader.u32()? != crc32c::crc32c(&bytes[..SUM_AT]) {
        return Ok(None);
    }
    if format > FORMAT {
        return Ok(Some(Err(Refusal::Newer { found: format })));
    }
    let fine = format > 0 && first > 0 && reused <= 1;
    let before = Tip { commit: first.saturating_sub(1), chain };
    Ok(fine.then_some(Ok(Header { instance, before, reused: reused == 1 })))
}

/// Gives the path of the segment that begins with a commit.
pub(super) fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:016x}.log"))
}

/// Gives the name of a file, for messages.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log").filter(|digits| digits.len() == 16)?;
    let first = u64::from_str_radix(digits, 16).ok().filter(|first| *first > 0)?;
    // One way to write it: no capitals, no sign.
    (format!("{first:016x}") == digits).then_some(first)
}

/// Lists the segments of a log by their names, in order; none if the folder is not there.
pub(in crate::store::disk) fn list(folder: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let names = files::names(folder)?;
    let mut list: Vec<_> = names.iter().filter_map(|name| first_of(name.to_str()?)).collect();
    list.sort_unstable();
    Ok(list.into_iter().map(|first| (first, path(folder, first))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER_OF: Header = Header {
        instance: [0xab; 16],
        before: Tip { commit: 0x0102_0303, chain: *b"chain of 16 byte" },
        reused: true,
    };

    #[test]
    fn its_bytes_are_a_promise() {
        let bytes = HEADER_OF.write();
        let promised = "446f636b65744c6700000001abababababababababababababababab\
             0000000001020304636861696e206f66203136206279746501";
        assert_eq!(hex::encode(&bytes[..53]), promised);
        assert_eq!(hex::encode(&bytes[SUM_AT..]), "e8d520dc");
        assert!(bytes.len() as u64 == HEADER && bytes[53..SUM_AT].iter().all(|byte| *byte == 0));
        assert_eq!(Header::read(&bytes), Ok(HEADER_OF));
    }

    #[test]
    fn any_changed_byte_is_damage() {
        let bytes = HEADER_OF.write();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x10;
            assert_eq!(Header::read(&other), Err(Refusal::Damaged), "byte {at}");
        }
        for len in [0, 1, 52, 53, SUM_AT, 4095] {
            assert_eq!(Header::read(&bytes[..len]), Err(Refusal::Damaged), "cut to {len}");
        }
    }

    #[test]
    fn only_names_of_its_own_are_taken() {
        assert_eq!(first_of("00000000000000ff.log"), Some(255));
        for other in ["00000000000000FF.log", "+0000000000000ff.log", "ff.log", "0000000000000000.log", "x"] {
            assert_eq!(first_of(other), None, "{other}");
        }
    }
}
