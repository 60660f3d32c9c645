//! The body of a commit in the log: the rows that it writes.
//!
//! ```text
//! (length of the key u16, key, length of the value u32 or ffffffff for a deleted row, value)*
//! ```
//!
//! Owns this form, which is permanent; its number stands in the header of a segment.

use crate::store::codec::{CodecError, Reader};
use crate::store::plan::Writes;

const DELETED: u32 = u32::MAX;

/// Lays rows out.
pub(super) fn write(writes: &Writes, out: &mut Vec<u8>) {
    let len = writes.iter().map(|(key, value)| 6 + key.len() + value.as_ref().map_or(0, Vec::len)).sum();
    out.reserve(len);
    for (key, value) in writes {
        let key_len = u16::try_from(key.len()).expect("no key is longer than its index value");
        out.extend_from_slice(&key_len.to_be_bytes());
        out.extend_from_slice(key);
        match value {
            Some(value) => {
                let len = u32::try_from(value.len()).expect("no value is longer than a record");
                out.extend_from_slice(&len.to_be_bytes());
                out.extend_from_slice(value);
            }
            None => out.extend_from_slice(&DELETED.to_be_bytes()),
        }
    }
}

/// Reads rows into what is there already: a later commit goes over an earlier one. Says how many bytes they have.
pub(super) fn read(body: &[u8], into: &mut Writes) -> Result<(), CodecError> {
    let mut rest = body;
    while !rest.is_empty() {
        let mut reader = Reader::new("the body of a commit", rest);
        let len = usize::from(reader.u16()?);
        let key = reader.take(len)?.to_vec();
        let value = match reader.u32()? {
            DELETED => None,
            len => Some(reader.take(len as usize)?.to_vec()),
        };
        rest = reader.rest();
        into.insert(key, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes() -> Writes {
        let row = |key: &[u8], value: Option<&[u8]>| (key.to_vec(), value.map(<[u8]>::to_vec));
        [row(b"", Some(b"")), row(b"gone", None), row(b"key", Some(b"value"))].into()
    }

    #[test]
    fn rows_read_back_over_older_ones() {
        let mut body = Vec::new();
        write(&writes(), &mut body);
        let mut read_back: Writes = [(b"gone".to_vec(), Some(b"older".to_vec()))].into();
        read(&body, &mut read_back).unwrap();
        assert_eq!(read_back, writes());
        let ends = [6, 16];
        for len in (1..body.len()).filter(|len| !ends.contains(len)) {
            assert!(read(&body[..len], &mut Writes::new()).is_err(), "cut to {len}");
        }
    }

    #[test]
    fn its_bytes_are_a_promise() {
        let mut body = Vec::new();
        write(&writes(), &mut body);
        assert_eq!(hex::encode(body), "0000000000000004676f6e65ffffffff00036b65790000000576616c7565");
    }
}
