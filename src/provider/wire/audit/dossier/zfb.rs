//! Alipay, the one section of the dossier that is large and rarely filled (spec 002 §7.1).
//!
//! Owns `zfb_data` with the types exactly as printed, floats included. It must never lend those
//! floats to our own sums.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Alipay (spec 002 §7.1, `zfb_data`). Its sums are printed as float, their unit is open.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ZfbData {
    /// Huabei credit, 花呗信息; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ants_lines: Option<AntsLines>,
    /// The real name; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_name: Option<String>,
    /// Whether it was verified, a string here; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_name_status: Option<String>,
    /// When the data was fetched, 扒取时间.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_time: Option<String>,
    /// All assets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wealth: Option<f64>,
    /// The balance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<f64>,
    /// 余额宝.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_bao: Option<f64>,
    /// 招财宝.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fortune_bao: Option<f64>,
    /// 存金宝.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit_bao: Option<f64>,
    /// 淘宝理财.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taobao_financial: Option<f64>,
    /// All funds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fund: Option<f64>,
    /// Bound bank cards, of no printed shape (spec 005 A-002-37).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_cards: Option<Vec<Value>>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// When the account was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register_time: Option<String>,
    /// The name at Taobao.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taobao_name: Option<String>,
    /// Recent friends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub friends_contact: Option<Vec<ZfbContact>>,
    /// Recent trade contacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_contact: Option<Vec<ZfbContact>>,
    /// The transactions of the last three months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal_record: Option<Vec<Deal>>,
}

/// Huabei credit (spec 002 §7.1, `zfb_data.ants_lines`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AntsLines {
    /// The limit; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ants_lines_total: Option<f64>,
    /// What is left of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ants_lines_usable: Option<f64>,
    /// What is in arrears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ants_arrears: Option<f64>,
}

/// One friend or trade contact (spec 002 §7.1, `zfb_data.friends_contact[]`, `trade_contact[]`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZfbContact {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// One transaction (spec 002 §7.1, `zfb_data.deal_record[]`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Deal {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal_time: Option<String>,
    /// The sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal_amount: Option<f64>,
    /// The trade's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_no: Option<String>,
    /// The order's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
    /// The log's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_no: Option<String>,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its status, of no printed meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// The other party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_party: Option<String>,
}
