//! Blacklist query, 黑名单查询接口 (spec 002 §2).
//!
//! Owns the messages of the one call. It must never judge what a hit means.

use serde::{Deserialize, Serialize};

use super::Opaque;

/// Asks whether a person is on the blacklist (spec 002 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchRequest {
    /// The authentication token.
    pub token: Opaque,
    /// The person's name, 姓名.
    pub name: String,
    /// The ID-card number, its last letter in upper case (spec 002 §0).
    pub id_card: String,
    /// The phone number, 手机号.
    pub mobile: String,
}

impl SearchRequest {
    /// Where to `POST` it (spec 002 §2).
    pub const PATH: &str = "/blacklist/search/single";
}

/// What the blacklist says (spec 002 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchReply {
    /// Whether the person is on the blacklist.
    pub is_in: bool,
}
