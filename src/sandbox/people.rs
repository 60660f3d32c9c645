//! Invented applicants: names, numbers, and the pushes that partners would send for them.
//!
//! For demos, tests and whoever tries the intake by hand. Nobody in here exists; the identity
//! numbers are of the right form, with the right check digit.

use super::Script;
use serde_json::{Value, json};

/// An invented applicant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The mobile number, which chooses the script.
    pub mobile: String,
    /// The identity number.
    pub id_card: String,
    /// What will happen.
    pub script: Script,
}

impl Person {
    /// Invents the applicant of this number (below a million) who runs a script.
    #[must_use]
    pub fn new(script: Script, number: u32) -> Self {
        let number = number % 1_000_000;
        Self {
            name: format!("测试{number:06}"),
            mobile: format!("199{:02}{number:06}", script.number()),
            id_card: id_card(number % 10_000),
            script,
        }
    }

    /// The birthday that the identity number tells.
    fn birthday(&self) -> String {
        let digits = |range| self.id_card.get(range).unwrap_or_default();
        format!("{}-{}-{}", digits(6..10), digits(10..12), digits(12..14))
    }

    /// The base-info push of an order (spec 000), as JSON.
    #[must_use]
    pub fn base_push(&self, order: &str) -> Value {
        json!({
            "orderInfo": { "orderNo": order, "loanMount": "150000" },
            "userInfo": { "userName": self.name, "userPhone": self.mobile, "userIdCard": self.id_card },
            "userVerify": {
                "operatorVerify": self.operator_data(),
                "idCardInfo": {
                    "faceRecognitionPicture": "https://img.example.com/live.jpg",
                    "idNumberZPicture": "https://img.example.com/front.jpg",
                    "idNumberFPicture": "https://img.example.com/back.jpg",
                    "ocrName": self.name, "ocrRace": "汉", "ocrSex": "男", "ocrBirthday": self.birthday(),
                    "ocrIdNumber": self.id_card, "ocrAddress": "四川省测试地址",
                    "ocrIssuedBy": "测试公安局", "ocrStartTime": "2016-05-25", "ocrEndTime": "2036-05-25"
                }
            }
        })
    }

    /// The additional-info push of an order (spec 001), as JSON.
    #[must_use]
    pub fn additional_push(&self, order: &str) -> Value {
        json!({
            "orderInfo": { "orderNo": order, "loan_amount": "150000", "userPhone": self.mobile },
            "userAdditional": {
                "deviceInfo": {
                    "deviceId": "7d50dcb97e654de6890ae8000bb4558a", "device_info": "iPhone 6 Plus",
                    "osType": "iOS", "osVersion": "9.300000", "lastLoginTime": "1476692044",
                    "ip": "127.0.0.1", "memory": "3.66 GB", "storage": "53.02 GB",
                    "unuseStorage": "43.47 GB", "bettary": "39", "appMarket": "appstore",
                    "isRoot": "0", "isSimulator": "0"
                },
                "addressBook": { "phoneList": ["中国移动_10086", "中国电信_10001", "陵辛_18812345678"] },
                "contactInfo": {
                    "name": "张一", "mobile": "18221501320", "relation": "PARENT",
                    "nameSpare": "李二", "mobileSpare": "13671618954", "relationSpare": "FRIEND"
                },
                "workOfficeInfo": {
                    "companyName": "测试公司", "areas": "上海市,上海市,杨浦区",
                    "address": "政学路1号", "telNo": "021-12345678"
                }
            }
        })
    }

    /// The signed push (spec 003), as JSON.
    #[must_use]
    pub fn signed_push(&self) -> Value {
        json!({ "data": {
            "phone": self.mobile, "idNum": self.id_card, "name": self.name,
            "wechat": "24554658465", "qq": "2455465", "eduLevel": "本科",
            "province": "四川省", "city": "成都市", "district": "锦江区", "address": "测试地址",
            "socialInsurancePayed": "1", "zhimaScore": "750",
            "emergencyContactName": "张一", "emergencyRelation": "同学", "emergencyContactPhone": "18221501320"
        } })
    }

    /// Operator data as a partner would have collected it (spec 000 1-1).
    fn operator_data(&self) -> Value {
        json!({ "data": {
            "identity_code": self.id_card, "created_time": "2018-09-26 16:08:06",
            "user_mobile": self.mobile, "real_name": "测**",
            "task_data": {
                "account_info": { "real_info": "已登记", "net_time": "2012-08-21" },
                "base_info": { "user_name": "测**", "cert_num": "未知", "user_number": self.mobile },
                "bill_info": [{ "bill_cycle": "2018-09", "bill_total": "5810", "bill_record": [] }],
                "call_info": [{ "call_cycle": "2018-09", "call_record": [
                    { "call_start_time": "2018-09-01 00:46:19", "call_type_name": "被叫",
                      "call_time": "50", "call_other_number": "18812312312" },
                    { "call_start_time": "2018-09-20 12:00:00", "call_type_name": "主叫",
                      "call_time": "61", "call_other_number": "18221501320" }
                ] }],
                "sms_info": [{ "msg_cycle": "2018-09", "sms_record": [
                    { "msg_start_time": "2018-09-01 10:30:45", "msg_type": "接收", "msg_other_num": "10086" }
                ] }]
            }
        } })
    }
}

/// The identity number of this number (below ten thousand), born in the first days of 1990.
fn id_card(number: u32) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = format!("513301199001{:02}{:03}", number / 1_000 + 1, number % 1_000);
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    // The checks of GB 11643, by the remainder.
    let check = char::from(b"10X98765432"[sum as usize % 11]);
    format!("{digits}{check}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_number_of_their_own_that_tells_their_birthday() {
        let of: std::collections::BTreeSet<_> = (0..10_000).map(id_card).collect();
        assert_eq!(of.len(), 10_000);
        assert!(of.iter().all(|number| number.len() == 18));
        let person = Person::new(Script::Happy, 9_999);
        assert_eq!(person.birthday(), "1990-01-10");
        assert_eq!(person.base_push("o")["userVerify"]["idCardInfo"]["ocrBirthday"], "1990-01-10");
    }
}
