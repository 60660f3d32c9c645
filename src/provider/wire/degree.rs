//! Degree data of CHSI, 学信网数据接口 (spec 002 §4).
//!
//! Owns the messages of the four degree calls. It must never know in which order they are made, nor
//! look into the raw data, whose print is destroyed (spec 005 A-002-11).

mod state;

pub use state::State;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Opaque, lenient};

/// Opens a collection session (spec 002 §4.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdRequest {
    /// The authentication token.
    pub token: Opaque,
    /// The person's name.
    pub name: String,
    /// The ID-card number, its last letter in upper case (spec 002 §0).
    pub id_card: String,
    /// The phone number.
    pub mobile: String,
    /// What else is known of the person; printed as array, an object in fact (spec 005 A-002-9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Options>,
}

impl OpenIdRequest {
    /// Where to `POST` it (spec 002 §4.1.1).
    pub const PATH: &str = "/degree/collect/open-id";
}

/// The optional part of [`OpenIdRequest`], named otherwise than telecom's (spec 002 §4.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Work address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_address: Option<String>,
    /// Work phone; spelled as printed, read without `_tel` too (spec 005 A-002-9).
    #[serde(default, alias = "work_phone_number", skip_serializing_if = "Option::is_none")]
    pub work_phone_number_tel: Option<String>,
    /// Home address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_address: Option<String>,
    /// Home phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_phone_number: Option<String>,
    /// Contacts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

/// One contact of [`Options`] (spec 002 §4.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The contact's phone.
    pub contact_cell_phone_number: String,
    /// The contact's name.
    pub contact_name: String,
    /// The relation, in the codes of [`super::telecom::Contact`] (spec 005 A-002-10).
    pub contact_type: String,
}

/// The session opened (spec 002 §4.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdReply {
    /// The session's id: 1 to 64 characters, nothing else is promised (spec 005 A-002-30).
    pub open_id: String,
}

/// Submits account and password, 提交学信网账号密码登录 (spec 002 §4.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
    /// The person's account at CHSI, 学信网账号.
    pub account: Opaque,
    /// The password of that account.
    pub password: Opaque,
    /// [`LoginRequest::SYNCHRONOUS`] or [`LoginRequest::ASYNCHRONOUS`].
    #[serde(deserialize_with = "lenient::int")]
    pub sync: i64,
}

impl LoginRequest {
    /// Where to `POST` it, by the sense of it (spec 005 A-002-1).
    pub const PATH: &str = "/degree/collect/login";
    /// Where to `POST` it by the print (spec 002 §4.1.2).
    pub const PRINTED_PATH: &str = "/telecom/collect/login";
    /// 同步获取: the call returns when the collection is over (spec 005 A-002-33).
    pub const SYNCHRONOUS: i64 = 0;
    /// 异步获取: the call returns at once, the state is polled (spec 005 A-002-33).
    pub const ASYNCHRONOUS: i64 = 1;
}

/// Asks where the session stands (spec 002 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRequest {
    /// The session.
    pub open_id: String,
    /// The merchant account, which is not printed here (spec 005 A-002-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

impl StateRequest {
    /// Where to `POST` it (spec 002 §4.1.3).
    pub const PATH: &str = "/degree/collect/get-state";
}

/// Where the session stands (spec 002 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReply {
    /// The state, which alone decides (spec 005 A-002-32).
    pub state: State,
    /// Free text that goes with it; the sample shows [`State::constant`].
    #[serde(default, deserialize_with = "lenient::text")]
    pub message: String,
}

/// Fetches the raw data (spec 002 §4.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawDataRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
}

impl RawDataRequest {
    /// Where to `POST` it (spec 002 §4.2.1).
    pub const PATH: &str = "/degree/data/raw-data";
}

/// The raw data, kept as received (spec 002 §4.2.1, spec 005 A-002-11).
pub type RawDataReply = Box<RawValue>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_requests_come_back_unchanged() {
        let printed = r#"{"token":"2ae8","name":"李测试","id_card":"45215919990301502X","mobile":"18698574854","options":{"work_address":"政学路1号","work_phone_number_tel":"021-12345678","home_address":"测试地址","home_phone_number":"","contacts":[{"contact_cell_phone_number":"13432499954","contact_name":"张一","contact_type":"5"}]}}"#;
        let read: OpenIdRequest = serde_json::from_str(printed).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), printed);
        let repaired: OpenIdRequest = serde_json::from_str(&printed.replace("number_tel", "number")).unwrap();
        assert_eq!(repaired, read);
        let printed = r#"{"username":"merchant1","open_id":"f47e","account":"13800000000","password":"secret","sync":1}"#;
        let read: LoginRequest = serde_json::from_str(printed).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), printed);
        let shown = format!("{read:?}");
        assert!(!shown.contains("13800000000") && !shown.contains("\"secret\""), "{shown}");
    }

    #[test]
    fn a_state_call_has_an_account_only_if_wanted() {
        let mut request = StateRequest { open_id: "f47e".to_owned(), username: None };
        assert_eq!(serde_json::to_string(&request).unwrap(), r#"{"open_id":"f47e"}"#);
        request.username = Some("merchant1".to_owned());
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<StateRequest>(&text).unwrap(), request);
    }
}
