//! The plain text of an audit application's `data` (spec 002 §7.1).
//!
//! Owns the eleven sections with the types exactly as printed, whether they make sense or not
//! (spec 005 A-002-15, A-002-18). It must never say which of them we can fill.

mod zfb;

pub use zfb::{AntsLines, Deal, ZfbContact, ZfbData};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The plain text of [`super::ApplyRequest::data`] (spec 002 §7.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// The loan asked for, 借款订单信息.
    pub order_detail: OrderDetail,
    /// The borrower, 借款人基本信息.
    pub basic_info: BasicInfo,
    /// The ID photos, 身份证信息; spelled as printed.
    pub user_proof_materia: Vec<ProofPhoto>,
    /// The address book, 通讯录.
    pub user_mobile_contacts: Vec<MobileContact>,
    /// The operator data, 运营商数据.
    pub telecom_data: TelecomData,
    /// Zhima credit, 芝麻信息; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zm_data: Option<ZmData>,
    /// Earlier loans, 之前的借款信息; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_loan_orders: Option<Vec<LoanOrder>>,
    /// Alipay, 支付宝信息.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zfb_data: Option<ZfbData>,
    /// Logins, 登录信息.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_login_upload_logs: Option<Vec<LoginLog>>,
    /// Bound cards, 绑卡信息.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_info: Option<Vec<Card>>,
    /// Installed apps, 用户安装 app 信息.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_info: Option<Vec<App>>,
}

/// The loan asked for (spec 002 §7.1, `order_detail`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDetail {
    /// Our own number of the order, which prevents duplicate audits (spec 005 A-002-17).
    pub order_id: i64,
    /// The amount in fen.
    pub amount: i64,
    /// The term in days.
    pub loan_term: i64,
    /// When it was asked for, `YYYY-MM-DD HH:MM:SS` in Shanghai (spec 005 A-002-40).
    pub order_time: String,
}

/// The borrower (spec 002 §7.1, `basic_info`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasicInfo {
    /// Where the person lives, 常住地址.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cur_address: Option<String>,
    /// Where the person is registered, 户籍地址.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perm_address: Option<String>,
    /// The employer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// The employer's phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_phone: Option<String>,
    /// The employer's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_address: Option<String>,
    /// Emergency contacts, 紧急联系人.
    pub user_contact: Vec<EmergencyContact>,
}

/// One emergency contact (spec 002 §7.1, `basic_info.user_contact[]`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyContact {
    /// The phone; spelled as printed (spec 005 A-002-13).
    pub moblie: String,
    /// The name.
    pub name: String,
    /// 0 father, 1 mother, 2 spouse, 3 friend, 4 other; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<i64>,
}

/// One ID photo (spec 002 §7.1, `user_proof_materia[]`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofPhoto {
    /// Where the photo is fetched.
    pub url: String,
    /// 0 liveness photo, 1 front of the ID card, 2 its back.
    #[serde(rename = "type")]
    pub kind: i64,
}

/// One entry of the address book (spec 002 §7.1, `user_mobile_contacts[]`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MobileContact {
    /// The phone.
    pub mobile: String,
    /// The name.
    pub name: String,
}

/// The operator data (spec 002 §7.1, `telecom_data`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelecomData {
    /// 0 not verified by real name, 1 verified.
    pub real_name_status: i64,
    /// When it was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_name_time: Option<String>,
    /// The verified name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_name_name: Option<String>,
    /// The verified ID-card number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_name_id_card: Option<String>,
    /// Monthly bills, 月账单.
    pub bill_list: Vec<Bill>,
    /// Recent calls, one entry for each number, 最近通话记录.
    pub contact_list: Vec<CallContact>,
}

/// One monthly bill (spec 002 §7.1, `telecom_data.bill_list[]`, spec 005 A-002-14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// The month, `YYYY-MM` (spec 005 A-002-18).
    pub month: String,
    /// The amount in fen, as a string (spec 005 A-002-18).
    pub amount: String,
}

/// What was exchanged with one number (spec 002 §7.1, `telecom_data.contact_list[]`). Half of
/// the counts are printed as strings, the other half as integers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallContact {
    /// The other number.
    pub phone: String,
    /// The last contact.
    pub last_contact_date: String,
    /// Seconds talked.
    pub talk_seconds: String,
    /// Calls.
    pub talk_cnt: String,
    /// Seconds of outgoing calls, 主叫; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_seconds: Option<String>,
    /// Outgoing calls; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_cnt: Option<String>,
    /// Seconds of incoming calls, 被叫; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_seconds: Option<String>,
    /// Incoming calls; optional but important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_cnt: Option<String>,
    /// The first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_contact_date: Option<String>,
    /// Messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg_cnt: Option<i64>,
    /// Messages sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_cnt: Option<i64>,
    /// Messages received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive_cnt: Option<i64>,
    /// Messages of unknown direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_cnt: Option<i64>,
    /// Contacts in the last week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_1w: Option<i64>,
    /// Contacts in the last month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_1m: Option<i64>,
}

/// Zhima credit (spec 002 §7.1, `zm_data`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZmData {
    /// The score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zm_score: Option<i64>,
    /// The industry's watch list, 行业关注名单, of no printed shape (spec 005 A-002-37).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch_info: Option<Value>,
}

/// One earlier loan (spec 002 §7.1, `user_loan_orders[]`); every field is optional but important.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoanOrder {
    /// The amount in fen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// 0 repaid, 1 in progress, 2 overdue and unpaid, 3 rejected by audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<i64>,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_time: Option<String>,
    /// Days overdue for states 0 and 2, else 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_day: Option<i64>,
    /// When it was repaid for state 0, else `"0"` (spec 005 A-002-44).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repayment_time: Option<String>,
}

/// One login (spec 002 §7.1, `user_login_upload_logs[]`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginLog {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The device, 设备号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

/// One bound card (spec 002 §7.1, `card_info[]`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// 1 credit card, 2 debit card, 3 unknown.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<i64>,
    /// The card's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_no: Option<String>,
}

/// One installed app (spec 002 §7.1, `app_info[]`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The app's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_name: Option<String>,
    /// Where it was installed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_market: Option<String>,
    /// The operating system, 操作系统.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_type: Option<String>,
    /// The system's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of spec 002 §7.1.
    const PRINTED: &str = r#"{
      "order_detail": {"order_id": 245132241561415, "amount": 150000, "loan_term": 7, "order_time": "2018-12-24 10:00:00"},
      "basic_info": {
        "cur_address": "广东省佛山市南海区测试地址",
        "user_contact": [{"moblie": "18221501320", "name": "张一", "relation": 4}]
      },
      "user_proof_materia": [{"url": "https://img.example.com/live.jpg", "type": 0}],
      "user_mobile_contacts": [{"mobile": "10086", "name": "中国移动"}],
      "telecom_data": {
        "real_name_status": 1,
        "bill_list": [{"month": "2018-09", "amount": "5810"}],
        "contact_list": [{
          "phone": "18812312312", "last_contact_date": "2018-09-01 00:46:19", "talk_seconds": "50", "talk_cnt": "1",
          "msg_cnt": 0, "contact_1m": 1
        }]
      },
      "zm_data": {"zm_score": 750},
      "card_info": [{"type": 2, "card_no": "6222022005001212723"}]
    }"#;

    #[test]
    fn the_printed_example_comes_back_unchanged() {
        let read: Dossier = serde_json::from_str(PRINTED).unwrap();
        assert_eq!(
            serde_json::to_value(&read).unwrap(),
            serde_json::from_str::<Value>(PRINTED).unwrap(),
            "absent sections must stay absent"
        );
    }
}
