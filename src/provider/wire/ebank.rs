//! Online banking, the first version, 网银数据接口 (spec 002 §5).
//!
//! Owns the messages of its six calls. It must never know in which order they are made, judge an
//! input's pattern, or look into the raw data, whose format is not printed.

mod state;

pub use state::State;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Opaque, lenient};

/// Asks which banks there are (spec 002 §5.1.1): no parameters, no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankInfoRequest {}

impl BankInfoRequest {
    /// Where to `POST` it (spec 002 §5.1.1).
    pub const PATH: &str = "/ebank/collect/bank-info";
}

/// The banks (spec 002 §5.1.1); one bank alone is read as a list of it (spec 005 A-002-12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BankInfoReply(#[serde(deserialize_with = "lenient::list")] pub Vec<Bank>);

/// One bank, named in camel case here alone (spec 002 §5.1.1, spec 005 A-002-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bank {
    /// The bank's name, shown to the applicant.
    pub bank_name: String,
    /// The bank's code.
    #[serde(deserialize_with = "lenient::word")]
    pub bank_code: String,
    /// Whether none of its login types is usable.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub disable: bool,
    /// Why.
    #[serde(default, deserialize_with = "lenient::text")]
    pub disable_reason: String,
    /// The ways to log in, 登录类型.
    #[serde(default, deserialize_with = "lenient::list")]
    pub login_types: Vec<LoginType>,
}

/// One way to log in at a bank (spec 002 §5.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginType {
    /// Its title.
    #[serde(default, deserialize_with = "lenient::text")]
    pub title: String,
    /// Whether it is not usable.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub disable: bool,
    /// Why.
    #[serde(default, deserialize_with = "lenient::text")]
    pub disable_reason: String,
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

/// One field of a bank's login form (spec 002 §5.1.1, §6.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its HTML name: `login_name`, `password` or another (spec 005 A-002-34).
    pub name: String,
    /// Its label.
    #[serde(default, deserialize_with = "lenient::text")]
    pub label: String,
    /// What it is for.
    #[serde(default, deserialize_with = "lenient::text")]
    pub desc: String,
    /// A regular expression that a good value matches: of foreign make, in any dialect.
    #[serde(default, deserialize_with = "lenient::text")]
    pub valid: String,
}

/// Tells that the applicant agreed, 授权协议上传接口 (spec 002 §5.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseUploadRequest {
    /// The authentication token.
    pub token: Opaque,
    /// The login type chosen.
    pub entry_id: String,
    /// The login name at the bank: an ID card, a card number or a name.
    pub login_name: Opaque,
    /// The person's name.
    pub name: String,
    /// The ID-card number, its last letter in upper case (spec 002 §0).
    pub id_card: String,
}

impl LicenseUploadRequest {
    /// Where to `POST` it (spec 002 §5.1.2).
    pub const PATH: &str = "/ebank/collect/license-upload";
}

/// Opens a collection session and logs in, 获取网银查询令牌接口 (spec 002 §5.1.3).
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
    /// The login type chosen.
    pub entry_id: String,
    /// The login name at the bank: an ID card, a card number or a name.
    pub login_name: Opaque,
    /// The login password; some banks want none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Opaque>,
    /// Where the applicant is; printed as array, an object in fact (spec 005 A-002-9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_info: Option<UserInfo>,
}

impl OpenIdRequest {
    /// Where to `POST` it; printed without its first slash (spec 005 A-002-6).
    pub const PATH: &str = "/ebank/collect/open-id";
}

/// The optional part of [`OpenIdRequest`] (spec 002 §5.1.3, spec 005 A-002-36).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// The applicant's IP address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The applicant's city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The applicant's province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Latitude in degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<String>,
    /// Longitude in degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<String>,
    /// The terminal device's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub udid: Option<String>,
    /// 0 other, 1 iOS, 2 Android; required here.
    #[serde(deserialize_with = "lenient::int")]
    pub client_type: i64,
}

/// The session opened (spec 002 §5.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdReply {
    /// The session's id: 1 to 64 characters, nothing else is promised (spec 005 A-002-30).
    pub open_id: String,
}

/// Asks where the session stands (spec 002 §5.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
}

impl StateRequest {
    /// Where to `POST` it (spec 002 §5.1.4).
    pub const PATH: &str = "/ebank/collect/get-state";
}

/// Where the session stands (spec 002 §5.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReply {
    /// The state, which alone decides (spec 005 A-002-32).
    pub state: State,
    /// Free text that goes with it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub message: String,
    /// Seconds until the next poll, a fraction rounded up (spec 005 A-002-27).
    #[serde(default, deserialize_with = "lenient::seconds", skip_serializing_if = "Option::is_none")]
    pub request_delay: Option<u64>,
    /// The picture to be shown, Base64; only told in [`State::PictureRequired`].
    #[serde(default, deserialize_with = "lenient::filled", skip_serializing_if = "Option::is_none")]
    pub pic_captcha: Option<String>,
}

/// Submits a dynamic password, a picture's text or an SMS code (spec 002 §5.1.5).
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
    /// Where to `POST` it (spec 002 §5.1.5).
    pub const PATH: &str = "/ebank/collect/captcha";
}

/// Where the session stands after an answer (spec 002 §5.1.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptchaReply {
    /// The state, which alone decides (spec 005 A-002-32).
    pub state: State,
    /// Free text that goes with it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub message: String,
    /// Seconds until the next poll, a fraction rounded up (spec 005 A-002-27).
    #[serde(default, deserialize_with = "lenient::seconds", skip_serializing_if = "Option::is_none")]
    pub request_delay: Option<u64>,
}

/// Fetches the raw data (spec 002 §5.2.1).
///
/// The session is printed as `openId` here and as `open_id` everywhere else: both are written, and
/// either is read (spec 005 A-002-4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawDataRequest {
    /// The merchant account.
    pub username: String,
    /// The session.
    pub open_id: String,
}

impl RawDataRequest {
    /// Where to `POST` it (spec 002 §5.2.1).
    pub const PATH: &str = "/ebank/data/raw-data";
}

#[derive(Serialize, Deserialize)]
struct PrintedRawDataRequest {
    username: String,
    #[serde(rename = "openId", default)]
    camel: Option<String>,
    #[serde(rename = "open_id", default)]
    snake: Option<String>,
}

impl Serialize for RawDataRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let open_id = Some(self.open_id.clone());
        let printed =
            PrintedRawDataRequest { username: self.username.clone(), camel: open_id.clone(), snake: open_id };
        printed.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawDataRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let PrintedRawDataRequest { username, camel, snake } = Deserialize::deserialize(deserializer)?;
        let open_id = match (camel, snake) {
            (Some(camel), Some(snake)) if camel != snake => {
                return Err(D::Error::custom("openId and open_id differ"));
            }
            (Some(id), Some(_) | None) | (None, Some(id)) => id,
            (None, None) => return Err(D::Error::missing_field("openId")),
        };
        Ok(Self { username, open_id })
    }
}

/// The raw data, kept as received (spec 002 §5.2.1, spec 005 A-002-38).
pub type RawDataReply = Box<RawValue>;

#[cfg(test)]
mod tests;
