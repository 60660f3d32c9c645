//! Merchant authentication, 商户认证接口 (spec 002 §1).
//!
//! Owns the messages that exchange account and password for a token. It must never keep a token.

use serde::{Deserialize, Serialize};

use super::Opaque;

/// Asks for a token (spec 002 §1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRequest {
    /// The merchant account, 商户账号.
    pub username: String,
    /// The account's password, 账户密码.
    pub password: Opaque,
    /// The token's life in hours, as a string of digits; the provider's default is 24.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
}

impl TokenRequest {
    /// Where to `POST` it (spec 002 §1).
    pub const PATH: &str = "/client/authorize/token";
}

/// The token granted (spec 002 §1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenReply {
    /// The authentication token, 认证令牌.
    pub token: Opaque,
}
