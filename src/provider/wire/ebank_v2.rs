//! Online banking, the second version, 网银数据接口 v2 (spec 002 §6).
//!
//! Owns the messages of its seven calls. It must never know in which order they are made, judge an
//! input's pattern, or look into the raw data, whose format is not printed.

pub use super::ebank::{Input, State};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Opaque, lenient};

/// Opens a collection session (spec 002 §6.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdRequest {
    /// The authentication token.
    pub token: Opaque,
    /// The person's name.
    pub name: String,
    /// The phone number.
    pub mobile: String,
    /// The ID-card number, its last letter in upper case (spec 002 §0).
    pub id_card: String,
}

impl OpenIdRequest {
    /// Where to `POST` it (spec 002 §6.1.1).
    pub const PATH: &str = "/v2/ebank/collect/open-id";
}

/// The session opened (spec 002 §6.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdReply {
    /// The session's id: 1 to 64 characters, nothing else is promised (spec 005 A-002-30).
    pub open_id: String,
    /// Who collects, and so whose agreement the applicant is shown; printed as `type`.
    #[serde(rename = "type")]
    pub provider: ServiceProvider,
}

/// Who collects (spec 002 §6.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServiceProvider {
    /// 1 卡牛.
    Kaniu,
    /// 2 坚果.
    Jianguo,
    /// 3 新颜.
    Xinyan,
    /// A number that is not printed, kept as it came (spec 005 A-002-43).
    Unknown(i64),
}

impl ServiceProvider {
    /// Every printed one, in the order of the print.
    pub const PRINTED: [Self; 3] = [Self::Kaniu, Self::Jianguo, Self::Xinyan];

    /// Names the one behind a number.
    #[must_use]
    pub const fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Kaniu,
            2 => Self::Jianguo,
            3 => Self::Xinyan,
            _ => Self::Unknown(code),
        }
    }

    /// Its number (spec 002 §6.1.1).
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Kaniu => 1,
            Self::Jianguo => 2,
            Self::Xinyan => 3,
            Self::Unknown(code) => code,
        }
    }
}

impl Serialize for ServiceProvider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.code())
    }
}

impl<'de> Deserialize<'de> for ServiceProvider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::int(deserializer).map(Self::from_code)
    }
}

/// Asks which banks there are (spec 002 §6.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankListRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
}

impl BankListRequest {
    /// Where to `POST` it (spec 002 §6.1.2).
    pub const PATH: &str = "/v2/ebank/collect/bank-list";
}

/// The banks (spec 002 §6.1.2); one bank alone is read as a list of it (spec 005 A-002-12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BankListReply(#[serde(deserialize_with = "lenient::list")] pub Vec<Bank>);

/// One bank, named in snake case, never disabled (spec 002 §6.1.2, spec 005 A-002-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bank {
    /// The bank's name, shown to the applicant.
    pub bank_name: String,
    /// The bank's code.
    #[serde(deserialize_with = "lenient::word")]
    pub bank_code: String,
    /// The ways to log in, 登录类型.
    #[serde(default, deserialize_with = "lenient::list")]
    pub login_types: Vec<LoginType>,
}

/// One way to log in at a bank (spec 002 §6.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginType {
    /// Its title.
    #[serde(default, deserialize_with = "lenient::text")]
    pub title: String,
    /// Its id, sent as `entry_id` by the calls that follow.
    #[serde(deserialize_with = "lenient::word")]
    pub entry_id: String,
    /// 0 credit and debit cards, 1 credit cards only, 2 debit cards only.
    #[serde(deserialize_with = "lenient::int")]
    pub entry_type: i64,
    /// What the applicant must fill in, in this order.
    #[serde(default, deserialize_with = "lenient::list")]
    pub inputs: Vec<Input>,
}

/// Tells that the applicant agreed, 授权协议上传接口 (spec 002 §6.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseUploadRequest {
    /// The merchant account: no token here, other than in the first version.
    pub username: String,
    /// The session.
    pub open_id: String,
    /// The login type chosen.
    pub entry_id: String,
    /// The login name at the bank: an ID card, a card number, a phone number or a name.
    pub login_name: Opaque,
}

impl LicenseUploadRequest {
    /// Where to `POST` it (spec 002 §6.1.3).
    pub const PATH: &str = "/v2/ebank/collect/license-upload";
}

/// Logs in at the bank, 提交网银登录信息接口 (spec 002 §6.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
    /// The login type chosen.
    pub entry_id: String,
    /// The login name at the bank: an ID card, a card number, a phone number or a name.
    pub login_name: Opaque,
    /// The login password; some banks want none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Opaque>,
}

impl LoginRequest {
    /// Where to `POST` it (spec 002 §6.1.4).
    pub const PATH: &str = "/v2/ebank/collect/login";
}

/// Where the session stands after the login (spec 002 §6.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginReply {
    /// The state, which alone decides (spec 005 A-002-32).
    pub state: State,
    /// Free text that goes with it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub message: String,
}

/// Asks where the session stands (spec 002 §6.1.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
}

impl StateRequest {
    /// Where to `POST` it (spec 002 §6.1.5).
    pub const PATH: &str = "/v2/ebank/collect/get-state";
}

/// Where the session stands (spec 002 §6.1.5): no `request_delay` in this version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReply {
    /// The state, which alone decides (spec 005 A-002-32).
    pub state: State,
    /// Free text that goes with it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub message: String,
    /// The picture to be shown, Base64; only told in [`State::PictureRequired`].
    #[serde(default, deserialize_with = "lenient::filled", skip_serializing_if = "Option::is_none")]
    pub pic_captcha: Option<String>,
}

/// Submits a dynamic password, a picture's text or an SMS code (spec 002 §6.1.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptchaRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
    /// What the applicant typed.
    pub verify_code: Opaque,
}

impl CaptchaRequest {
    /// Where to `POST` it (spec 002 §6.1.6).
    pub const PATH: &str = "/v2/ebank/collect/captcha";
}

/// Where the session stands after an answer (spec 002 §6.1.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptchaReply {
    /// The state, which alone decides (spec 005 A-002-32).
    pub state: State,
    /// Free text that goes with it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub message: String,
}

/// Fetches the raw data (spec 002 §6.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawDataRequest {
    /// The merchant account.
    pub username: String,
    /// The session, spelled as everywhere again.
    pub open_id: String,
}

impl RawDataRequest {
    /// Where to `POST` it (spec 002 §6.2.1).
    pub const PATH: &str = "/v2/ebank/data/raw-data";
}

/// The raw data, kept as received (spec 002 §6.2.1, spec 005 A-002-38).
pub type RawDataReply = Box<RawValue>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_messages_come_back_unchanged() {
        let printed = r#"[{"bank_name":"招商银行","bank_code":"CMB","login_types":[{"title":"身份证登录","entry_id":"101","entry_type":0,"inputs":[{"name":"login_name","label":"身份证号","desc":"请输入身份证号","valid":"^\\d{17}[0-9X]$"}]}]}]"#;
        let read: BankListReply = serde_json::from_str(printed).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), printed);
        let one: BankListReply = serde_json::from_str(printed.trim_matches(['[', ']'])).unwrap();
        assert_eq!(one, read);
        let printed = r#"{"username":"merchant1","open_id":"c1ec","entry_id":"101","login_name":"45215919990301502X","password":"123456"}"#;
        let read: LoginRequest = serde_json::from_str(printed).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), printed);
        let shown = format!("{read:?}");
        assert!(!shown.contains("123456") && !shown.contains("4521"), "{shown}");
        let printed = r#"{"state":6,"message":"需要短信验证码"}"#;
        let read: StateReply = serde_json::from_str(printed).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), printed);
    }

    #[test]
    fn numbers_and_providers_are_one_to_one() {
        for provider in ServiceProvider::PRINTED {
            assert_eq!(ServiceProvider::from_code(provider.code()), provider);
        }
        let printed = r#"{"open_id":"c1ec","type":1}"#;
        let read: OpenIdReply = serde_json::from_str(printed).unwrap();
        assert_eq!(read.provider, ServiceProvider::Kaniu);
        assert_eq!(serde_json::to_string(&read).unwrap(), printed);
        let read: OpenIdReply = serde_json::from_str(r#"{"open_id":"c","type":"9"}"#).unwrap();
        assert_eq!(read.provider, ServiceProvider::Unknown(9));
    }
}
