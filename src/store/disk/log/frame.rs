//! A frame: one commit as it lies in the log.
//!
//! ```text
//! magic 3 | kind u8 | length of the body u32 | commit u64 | durable u64 | time u64 in milliseconds
//!   | chain 16 | crc32c u32 | body | zeros up to a multiple of 8
//! ```
//!
//! Owns this form, which is a promise; whole numbers are big-endian. The checksum covers the head
//! before it and the body. The chain is the first 16 bytes of SHA-256(chain before, commit,
//! durable, time, body). It must never let a frame through that is not what was laid out.

use crate::machine::time::Time;
use crate::store::codec::{CodecError, Reader};
use aws_lc_rs::digest;

/// Where frames begin: multiples of this. A processor's word: what is searched after damage is
/// searched word by word, and little is lost to padding.
pub(super) const ALIGN: usize = 8;

/// Bytes of a frame before its body.
pub(super) const HEAD: usize = 52;

/// Bytes of the head that the checksum covers.
const COVERED: usize = HEAD - 4;

/// How a frame of a commit begins: the magic, which is no text in any encoding, and kind 1, the
/// only one so far.
pub(super) const MARK: [u8; 4] = [0xd0, 0xce, 0x7f, 1];

/// The hash that ties a commit to all before it.
pub(in crate::store::disk) type Chain = [u8; 16];

/// The last commit of a log, and the hash that ties it to all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::disk) struct Tip {
    pub(in crate::store::disk) commit: u64,
    pub(in crate::store::disk) chain: Chain,
}

impl Tip {
    /// Before the first commit.
    pub(in crate::store::disk) const START: Self = Self { commit: 0, chain: [0; 16] };
}

/// Why there is no good frame at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    /// Zeros, or anything else that no frame begins with.
    #[error("no frame begins where it must")]
    NoFrame,
    #[error("its frame has {length} bytes, which goes beyond the end of the file")]
    Length { length: u64 },
    #[error("its checksum is {found:08x}, its bytes make {computed:08x}")]
    Checksum { found: u32, computed: u32 },
    #[error("the frame in its place is that of commit {found}")]
    Number { found: u64 },
    #[error("it does not follow on the commit before it: their chain is broken")]
    Chain,
}

/// What stands before the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Of the body, in bytes.
    length: u32,
    pub(super) commit: u64,
    /// The highest commit known to be on disk when this one was laid out.
    pub(super) durable: u64,
    pub(super) time: Time,
    pub(super) chain: Chain,
    crc: u32,
}

impl Head {
    /// Reads a head, unchecked but for what every head has.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (mark, head) = fields(bytes).ok()?;
        // A commit cannot be durable before it is laid out.
        (mark == MARK && head.durable < head.commit).then_some(head)
    }

    /// Bytes of the frame without its padding.
    pub(super) fn bytes(&self) -> u64 {
        HEAD as u64 + u64::from(self.length)
    }

    /// Bytes from the frame to the next one.
    pub(super) fn step(&self) -> u64 {
        self.bytes().next_multiple_of(ALIGN as u64)
    }

    pub(super) fn tip(&self) -> Tip {
        Tip { commit: self.commit, chain: self.chain }
    }
}

fn fields(bytes: &[u8]) -> Result<([u8; 4], Head), CodecError> {
    let mut reader = Reader::new("the head of a frame", bytes);
    let mark = reader.array()?;
    let (length, commit, durable) = (reader.u32()?, reader.u64()?, reader.u64()?);
    let time = Time::from_millis(reader.u64()?);
    let head = Head { length, commit, durable, time, chain: reader.array()?, crc: reader.u32()? };
    Ok((mark, head))
}

/// A frame whose checksum is right.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) head: Head,
    pub(super) body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Checks a frame against its checksum; `bytes` are those of the whole frame without padding.
    pub(super) fn check(head: Head, bytes: &'a [u8]) -> Result<Self, Flaw> {
        let body = &bytes[HEAD..];
        let computed = checksum(&bytes[..COVERED], body);
        if computed != head.crc {
            return Err(Flaw::Checksum { found: head.crc, computed });
        }
        Ok(Self { head, body })
    }

    /// Says whether this is the commit after `before`, and nothing else than what was laid out after it.
    pub(super) fn follows(&self, before: Tip) -> bool {
        let Head { commit, durable, time, .. } = self.head;
        before.commit + 1 == commit && link(before.chain, commit, durable, time, self.body) == self.head.chain
    }
}

/// Lays out the frame of the commit after `before` behind other frames, or nothing, in `out`.
///
/// # Panics
/// When `out` does not end where a frame may begin, when the commit is said to be durable already, or on a body of 4 GiB.
pub(in crate::store::disk) fn write_frame(
    out: &mut Vec<u8>,
    before: Tip,
    durable: u64,
    time: Time,
    body: &[u8],
) -> Tip {
    assert!(out.len().is_multiple_of(ALIGN), "frames are padded");
    assert!(durable <= before.commit, "commit {} is not durable before it is written", before.commit + 1);
    let length = u32::try_from(body.len()).expect("a group has far less than 4 GiB");
    let commit = before.commit + 1;
    let chain = link(before.chain, commit, durable, time, body);
    let start = out.len();
    out.reserve((HEAD + body.len()).next_multiple_of(ALIGN));
    out.extend_from_slice(&MARK);
    out.extend_from_slice(&length.to_be_bytes());
    for number in [commit, durable, time.as_millis()] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(&chain);
    let crc = checksum(&out[start..], body);
    out.extend_from_slice(&crc.to_be_bytes());
    out.extend_from_slice(body);
    out.resize(out.len().next_multiple_of(ALIGN), 0);
    Tip { commit, chain }
}

fn checksum(head: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(head), body)
}

pub(super) fn link(before: Chain, commit: u64, durable: u64, time: Time, body: &[u8]) -> Chain {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(&before);
    for number in [commit, durable, time.as_millis()] {
        hash.update(&number.to_be_bytes());
    }
    hash.update(body);
    *hash.finish().as_ref().first_chunk().expect("a SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Tip = Tip { commit: 0x0102_0303, chain: *b"chain of 16 byte" };

    fn laid_out() -> (Vec<u8>, Tip) {
        let mut out = Vec::new();
        let time = Time::from_millis(1_760_000_000_123);
        let tip = write_frame(&mut out, BEFORE, 0x0102_0300, time, b"body of the commit");
        (out, tip)
    }

    fn open(bytes: &[u8]) -> Option<Frame<'_>> {
        let head = Head::read(bytes)?;
        Frame::check(head, bytes.get(..usize::try_from(head.bytes()).unwrap())?).ok()
    }

    #[test]
    fn its_bytes_are_a_promise() {
        let (bytes, tip) = laid_out();
        let promised = "d0ce7f010000001200000000010203040000000001020300000001\
             99c82cc07b7b169046f22a2820be9073a1e3a21218fe32ff39626f6479206f662074686520636f6d6d69740000";
        assert_eq!(hex::encode(&bytes), promised);
        let frame = open(&bytes).unwrap();
        assert!(frame.follows(BEFORE) && frame.head.tip() == tip);
        assert_eq!((frame.head.durable, frame.body), (0x0102_0300, b"body of the commit".as_slice()));
        assert_eq!(frame.head.time, Time::from_millis(1_760_000_000_123));
        assert_eq!(frame.head.step(), bytes.len() as u64);
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_found() {
        let (bytes, _) = laid_out();
        let whole = usize::try_from(open(&bytes).unwrap().head.bytes()).unwrap();
        for bit in 0..whole * 8 {
            let mut torn = bytes.clone();
            torn[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&torn).is_none(), "bit {bit}");
        }
        for len in 0..whole {
            assert!(open(&bytes[..len]).is_none(), "cut to {len}");
        }
        assert!(open(&bytes[..whole]).is_some());
    }

    #[test]
    fn it_follows_on_one_commit_only() {
        let (bytes, _) = laid_out();
        let frame = open(&bytes).unwrap();
        assert!(!frame.follows(Tip { commit: BEFORE.commit - 1, ..BEFORE }));
        assert!(!frame.follows(Tip { chain: [0; 16], ..BEFORE }));
    }
}
