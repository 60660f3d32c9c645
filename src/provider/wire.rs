//! The provider's messages exactly as printed (spec 002), typos included.
//!
//! Owns the names, types and paths that cross the wire, for both sides of it: the client writes
//! requests and reads replies, the sandbox the other way round. It must never decide anything, do
//! IO, or lend its names to the interior: there the right words are used.

pub mod audit;
pub mod authorize;
pub mod blacklist;
pub mod degree;
pub mod ebank;
pub mod ebank_v2;
mod lenient;
mod opaque;
pub mod seal;
pub mod telecom;

pub use opaque::Opaque;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Success (spec 002 §0).
pub const OK: i64 = 0;
/// 系统错误: the provider failed, the call may be repeated (spec 002 §0).
pub const SYSTEM_ERROR: i64 = 1000;
/// 输入错误: the call is refused as it stands (spec 002 §0).
pub const INPUT_ERROR: i64 = 1001;
/// 正在采集数据: the data is still being collected (spec 002 §3.2.1, §3.2.2).
pub const COLLECTING: i64 = 1003;

/// The text that tells a wrong or expired token, for which no code exists (spec 002 §0).
pub const TOKEN_REJECTED: &str = "令牌验证失败";

/// The frame of every reply (spec 002 §0).
///
/// Reading tolerates a code written as a digit string, and an absent or null `msg` or `data`
/// (spec 005 A-002-31). `data` is read on success only, since no other code promises its shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Envelope<T> {
    /// [`OK`] or the kind of failure; numbers that are not printed are kept.
    pub code: i64,
    /// The text of the failure, empty on success.
    pub msg: String,
    /// What was asked for; absent where the print promises none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
}

impl<T> Envelope<T> {
    /// Frames a successful reply.
    #[must_use]
    pub const fn success(data: T) -> Self {
        Self { code: OK, msg: String::new(), data: Some(data) }
    }

    /// Frames a reply without data: a failure, or the success of a call that returns nothing.
    #[must_use]
    pub fn bare(code: i64, msg: impl Into<String>) -> Self {
        Self { code, msg: msg.into(), data: None }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Envelope<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Printed {
            #[serde(deserialize_with = "lenient::int")]
            code: i64,
            #[serde(default, deserialize_with = "lenient::text")]
            msg: String,
            #[serde(default)]
            data: Option<Box<RawValue>>,
        }
        let printed = Printed::deserialize(deserializer)?;
        let data = match printed.data {
            Some(raw) if printed.code == OK => serde_json::from_str(raw.get()).map_err(D::Error::custom)?,
            Some(_) | None => None,
        };
        Ok(Self { code: printed.code, msg: printed.msg, data })
    }
}

/// The data of a call that returns none (spec 002 §3.1.2 to §3.1.4); whatever is sent is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Nothing {}

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: i64, msg: &str, has_data: bool) {
        let read: Envelope<telecom::StateReply> = serde_json::from_str(text).expect(text);
        assert_eq!((read.code, read.msg.as_str(), read.data.is_some()), (code, msg, has_data), "{text}");
    }

    #[test]
    fn a_frame_is_read_in_every_shape_seen() {
        check(r#"{"code":0,"msg":"","data":{"state":21,"message":"需要验证码"}}"#, 0, "", true);
        check(r#"{"code":"0","data":{"state":"21"}}"#, 0, "", true);
        check(r#"{"code":"1003","msg":null,"data":null}"#, 1003, "", false);
        check(r#"{"code":1001,"msg":"输入错误","data":[]}"#, 1001, "输入错误", false);
        check(r#"{"code":4711,"msg":"new"}"#, 4711, "new", false);
        assert!(serde_json::from_str::<Envelope<Nothing>>(r#"{"msg":""}"#).is_err());
        assert!(serde_json::from_str::<Envelope<Nothing>>(r#"{"code":"many"}"#).is_err());
    }

    #[test]
    fn opaque_data_keeps_its_bytes() {
        let text = r#"{"code":0,"msg":"","data":{"b": 1, "a":[ ]}}"#;
        let read: Envelope<Box<RawValue>> = serde_json::from_str(text).unwrap();
        assert_eq!(read.data.unwrap().get(), r#"{"b": 1, "a":[ ]}"#);
    }

    #[test]
    fn a_call_without_data_writes_none() {
        let text = serde_json::to_string(&Envelope::<Nothing>::bare(OK, "")).unwrap();
        assert_eq!(text, r#"{"code":0,"msg":""}"#);
        let read: Envelope<Nothing> = serde_json::from_str(r#"{"code":0,"data":""}"#).unwrap();
        assert_eq!(read.data, Some(Nothing {}));
    }
}
