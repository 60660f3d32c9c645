//! The names of things: ids that cannot be mixed up.

use super::time::Time;
use std::fmt;
use std::str::FromStr;

/// The id of an application: a UUID of version 7, so that ids sort by time of creation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationId([u8; 16]);

impl ApplicationId {
    /// Takes the 16 bytes of a UUID, most significant first.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Gives the 16 bytes, most significant first.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Gives the time of creation, with which a UUID of version 7 begins.
    pub const fn created(&self) -> Time {
        let millis = u128::from_be_bytes(self.0) >> 80;
        Time::from_millis(millis as u64)
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = u128::from_be_bytes(self.0);
        let (a, b) = ((hex >> 96) as u32, (hex >> 80) as u16);
        let (c, d) = ((hex >> 64) as u16, (hex >> 48) as u16);
        write!(f, "{a:08x}-{b:04x}-{c:04x}-{d:04x}-{:012x}", hex & 0xffff_ffff_ffff)
    }
}

impl fmt::Debug for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not 32 hexadecimal digits, with or without the dashes of a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

impl FromStr for ApplicationId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let dashed = text.len() == 36;
        if !dashed && text.len() != 32 {
            return Err(NotAnId);
        }
        let mut value = 0_u128;
        for (at, c) in text.bytes().enumerate() {
            if dashed && matches!(at, 8 | 13 | 18 | 23) {
                if c != b'-' {
                    return Err(NotAnId);
                }
                continue;
            }
            let digit = match c {
                b'0'..=b'9' => c - b'0',
                b'a'..=b'f' => c - b'a' + 10,
                b'A'..=b'F' => c - b'A' + 10,
                _ => return Err(NotAnId),
            };
            value = value << 4 | u128::from(digit);
        }
        Ok(Self(value.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_written() {
        let id =
            ApplicationId::from_bytes(*b"\x01\x9a\xff\x00\x10\x20\x7f\xee\x80\x01\x02\x03\x04\x05\x06\x07");
        assert_eq!(id.to_string(), "019aff00-1020-7fee-8001-020304050607");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("019aff0010207fee8001020304050607".parse(), Ok(id));
        assert_eq!("019aff00-1020-7fee-8001-02030405060".parse::<ApplicationId>(), Err(NotAnId));
        assert_eq!("019aff00x1020-7fee-8001-020304050607".parse::<ApplicationId>(), Err(NotAnId));
    }
}
