//! Risk audit, 风控审核接口 (spec 002 §7).
//!
//! Owns the messages of applying and of asking for the result; the plain text that is sealed into
//! the application is in [`dossier`]. It must never encrypt or compress: see [`super::seal`].

pub mod dossier;

pub use dossier::Dossier;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Opaque, lenient};

/// Applies for an audit (spec 002 §7.1). The whole body is sent gzip-compressed, with the header
/// `Content-Encoding: gzip`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyRequest {
    /// The authentication token.
    pub token: Opaque,
    /// The person's name.
    pub name: String,
    /// The phone number, an integer here alone; a string is read too (spec 005 A-002-16).
    #[serde(deserialize_with = "lenient::natural")]
    pub phone: u64,
    /// The ID-card number.
    pub id_card: String,
    /// The sealed [`Dossier`]: Base64 of RSA blocks (spec 005 A-002-20).
    pub data: String,
}

impl ApplyRequest {
    /// Where to `POST` it (spec 002 §7.1).
    pub const PATH: &str = "/risk-model/audit/open-id";
}

/// The audit opened (spec 002 §7.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyReply {
    /// The audit's id: 1 to 64 characters, nothing else is promised (spec 005 A-002-30).
    pub open_id: String,
}

/// Asks for the result, by `GET`, as a query string (spec 002 §7.2, spec 005 A-002-23).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRequest {
    /// The audit.
    pub open_id: String,
}

impl ResultRequest {
    /// Where to `GET` it (spec 002 §7.2).
    pub const PATH: &str = "/risk-model/audit/result";
}

/// What the audit suggests (spec 002 §7.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResultReply {
    /// The suggestion.
    pub state: Suggestion,
    /// Why rejection is suggested; kept for every state (spec 005 A-002-21).
    pub reason: String,
}

impl<'de> Deserialize<'de> for ResultReply {
    /// Reads an object, or a list of exactly one (spec 005 A-002-22).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Printed {
            state: Suggestion,
            #[serde(default, deserialize_with = "lenient::text")]
            reason: String,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Shape {
            List([Printed; 1]),
            Object(Printed),
        }
        let (Shape::List([printed]) | Shape::Object(printed)) = Shape::deserialize(deserializer)?;
        Ok(Self { state: printed.state, reason: printed.reason })
    }
}

/// The provider's opinion, which is a suggestion only (spec 002 §7.2, spec 005 A-002-45).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suggestion {
    /// 0 建议通过: approval suggested.
    Approve,
    /// 1 建议拒绝: rejection suggested.
    Reject,
    /// 2 审核中: the audit goes on.
    Pending,
    /// A number that is not printed, kept as it came (spec 005 A-002-43).
    Unknown(i64),
}

impl Suggestion {
    /// Names the suggestion behind a number.
    #[must_use]
    pub const fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Approve,
            1 => Self::Reject,
            2 => Self::Pending,
            _ => Self::Unknown(code),
        }
    }

    /// The suggestion's number (spec 002 §7.2).
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Approve => 0,
            Self::Reject => 1,
            Self::Pending => 2,
            Self::Unknown(code) => code,
        }
    }
}

impl Serialize for Suggestion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.code())
    }
}

impl<'de> Deserialize<'de> for Suggestion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::int(deserializer).map(Self::from_code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, state: Suggestion, reason: &str) {
        let read: ResultReply = serde_json::from_str(text).expect(text);
        assert_eq!((read.state, read.reason.as_str()), (state, reason));
    }

    #[test]
    fn a_result_is_read_in_every_shape_seen() {
        check(r#"{"state":1,"reason":"命中多头借贷"}"#, Suggestion::Reject, "命中多头借贷");
        check(r#"[{"state":"0","reason":null}]"#, Suggestion::Approve, "");
        check(r#"{"state":2}"#, Suggestion::Pending, "");
        check(r#"{"state":7,"reason":""}"#, Suggestion::Unknown(7), "");
        assert!(serde_json::from_str::<ResultReply>("[]").is_err());
    }

    #[test]
    fn a_phone_is_read_as_number_or_string() {
        let body =
            |phone: &str| format!(r#"{{"token":"t","name":"n","phone":{phone},"id_card":"i","data":"d"}}"#);
        for phone in ["18301231234", "\"18301231234\""] {
            let read: ApplyRequest = serde_json::from_str(&body(phone)).unwrap();
            assert_eq!(read.phone, 18_301_231_234);
            assert_eq!(serde_json::to_string(&read).unwrap(), body("18301231234"));
        }
    }
}
