//! Telecom operator data, 运营商数据接口 (spec 002 §3).
//!
//! Owns the messages of the seven telecom calls. It must never know in which order they are made,
//! nor look into raw data or report, whose formats are not printed.

mod state;

pub use state::State;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Opaque, lenient};

/// Opens a collection session (spec 002 §3.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdRequest {
    /// The authentication token.
    pub token: Opaque,
    /// The person's name.
    pub name: String,
    /// The ID-card number, its last letter in upper case (spec 002 §0).
    pub id_card: String,
    /// The phone number whose data is collected.
    pub mobile: String,
    /// The operator's service password, 运营商服务密码.
    pub service_password: Opaque,
    /// What else is known of the person; printed as array, an object in fact (spec 005 A-002-9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Options>,
}

impl OpenIdRequest {
    /// Where to `POST` it (spec 002 §3.1.1).
    pub const PATH: &str = "/telecom/collect/open-id";
}

/// The optional part of [`OpenIdRequest`] (spec 002 §3.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Work address, 工作地址.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_addr: Option<String>,
    /// Work phone, 工作电话.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_tel: Option<String>,
    /// Home address, 家庭地址.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_addr: Option<String>,
    /// Home phone, 家庭电话.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_tel: Option<String>,
    /// Contacts, 联系人信息.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

/// One contact of [`Options`] (spec 002 §3.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The contact's phone, 联系人手机.
    pub contact_tel: String,
    /// The contact's name, 联系人姓名.
    pub contact_name: String,
    /// `"0"` spouse, `"1"` parents, `"2"` sibling, `"3"` child, `"4"` colleague, `"5"` classmate,
    /// `"6"` friend.
    pub contact_type: String,
}

/// The session opened (spec 002 §3.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdReply {
    /// The session's id: 1 to 64 characters, nothing else is promised (spec 005 A-002-30).
    pub open_id: String,
}

/// Submits the operator's query password, 提交运营商查询密码 (spec 002 §3.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryPasswordRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
    /// The query password.
    pub query_password: Opaque,
}

impl QueryPasswordRequest {
    /// Where to `POST` it (spec 002 §3.1.2).
    pub const PATH: &str = "/telecom/collect/query-password";
}

/// Submits the code that came by SMS, 提交手机验证码 (spec 002 §3.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptchaRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
    /// The SMS code.
    pub captcha: Opaque,
}

impl CaptchaRequest {
    /// Where to `POST` it (spec 002 §3.1.3).
    pub const PATH: &str = "/telecom/collect/captcha";
}

/// Asks for another SMS, 重发手机验证码 (spec 002 §3.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResendCaptchaRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
}

impl ResendCaptchaRequest {
    /// Where to `POST` it (spec 002 §3.1.4).
    pub const PATH: &str = "/telecom/collect/resend-captcha";
}

/// Submits the service password again, or for the first time (spec 005 A-002-8): not printed, seen
/// in use, and so behind a switch on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServicePasswordRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
    /// The operator's service password.
    pub service_password: Opaque,
}

impl ServicePasswordRequest {
    /// Where to `POST` it (spec 005 A-002-8).
    pub const PATH: &str = "/telecom/collect/service-password";
}

/// Asks where the session stands, 查询状态接口 (spec 002 §3.1.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
}

impl StateRequest {
    /// Where to `POST` it (spec 002 §3.1.5).
    pub const PATH: &str = "/telecom/collect/get-state";
}

/// Where the session stands (spec 002 §3.1.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReply {
    /// The state, which alone decides (spec 005 A-002-32).
    pub state: State,
    /// Free text that goes with it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub message: String,
}

/// Fetches the raw data, 原始数据查询 (spec 002 §3.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawDataRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
}

impl RawDataRequest {
    /// Where to `POST` it (spec 002 §3.2.1).
    pub const PATH: &str = "/telecom/data/raw-data";
}

/// The raw data, kept as received (spec 002 §3.2.1, spec 005 A-002-38).
pub type RawDataReply = Box<RawValue>;

/// Fetches the report data, 报告数据查询 (spec 002 §3.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
}

impl ReportRequest {
    /// Where to `POST` it (spec 002 §3.2.2).
    pub const PATH: &str = "/telecom/data/report";
}

/// The report data, kept as received (spec 002 §3.2.2, spec 005 A-002-38).
pub type ReportReply = Box<RawValue>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_request_comes_back_unchanged() {
        let printed = r#"{"token":"2ae8","name":"李测试","id_card":"45215919990301502X","mobile":"18698574854","service_password":"123456","options":{"work_addr":"政学路1号","work_tel":"021-12345678","home_addr":"测试地址","home_tel":"","contacts":[{"contact_tel":"13432499954","contact_name":"张一","contact_type":"5"}]}}"#;
        let read: OpenIdRequest = serde_json::from_str(printed).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), printed);
        let shown = format!("{read:?}");
        assert!(!shown.contains("123456\"") && !shown.contains("2ae8"), "{shown}");
    }
}
