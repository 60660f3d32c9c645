//! Raw data and report of a telecom session, made up.
//!
//! Owns their content: a believable phone life, the same for the same mobile and opening time. Raw
//! data has the shape of spec 000's `operatorVerify.data`, in which every number is a string; the
//! report has members that spec 002 §3.2.2 mentions. It must never hold anything of a real person.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _, Zoned};
use serde_json::{Value, json};

use super::chance::{Chance, Purpose};
use super::{Millis, Mobile};

/// Months of bills, calls and messages, the current one first.
const MONTHS: i64 = 6;
/// Calls listed a month.
const CALLS: u64 = 6;
/// Messages listed a month.
const MESSAGES: u64 = 2;
/// The provider's time is Shanghai's (spec 005 A-X-1).
const OFFSET: Offset = Offset::constant(8);

const PLACES: [&str; 4] = ["上海市.上海市", "广东省.佛山市", "四川省.成都市", "未知"];
const OPERATORS: [&str; 3] = ["中国移动", "中国联通", "中国电信"];
const SERVICES: [&str; 4] = ["10086", "95588", "12306", "1069012345"];

/// The raw data (spec 002 §3.2.1, spec 000 `operatorVerify.data`).
pub(super) fn raw(seed: u64, mobile: Mobile, opened_at: Millis) -> Value {
    let mut chance = Chance::new(seed, Purpose::Data, mobile.number(), 0);
    let opened = local(opened_at);
    let friends: Vec<String> = (0..5).map(|_| number(&mut chance)).collect();
    let months: Vec<Date> = (0..MONTHS).map(|back| month(&opened, back)).collect();
    let bills: Vec<Value> = months.iter().map(|month| bill(&mut chance, mobile, *month)).collect();
    let calls: Vec<Value> = months.iter().map(|month| calls(&mut chance, &friends, *month)).collect();
    let messages: Vec<Value> = months.iter().map(|month| messages(&mut chance, *month)).collect();
    let age = chance.between(13, 120);
    let joined = opened.date().saturating_sub((age as i64).months());
    json!({
        "identity_code": null,
        "created_time": opened.strftime("%F %T").to_string(),
        "channel_src": chance.one_of(&OPERATORS),
        "user_mobile": mobile,
        "task_data": {
            "bill_info": bills,
            "family_info": [],
            "sms_info": messages,
            "account_info": {
                "mobile_status": "正常",
                "credit_point": chance.between(0, 3_000).to_string(),
                "account_balance": chance.between(0, 20_000).to_string(),
                "current_fee": chance.between(1_000, 9_900).to_string(),
                "credit_level": chance.between(1, 5).to_string(),
                "net_time": joined.to_string(),
                "net_age": age.to_string(),
                "real_info": "已登记",
            },
            "point_info": {"point_record": [], "point_detail": []},
            "base_info": {
                "user_name": "测**", "user_sex": "未知", "user_number": mobile, "cert_num": "未知",
                "cert_addr": "未知", "user_contact_no": "未知", "user_email": "未知", "post_code": null,
            },
            "payment_info": [{
                "pay_date": opened.date().first_of_month().to_string(),
                "pay_channel": "其他",
                "pay_fee": "5000",
                "pay_type": "线上充值",
            }],
            "package_info": {"brand_name": "全球通", "pay_type": null, "package_detail": []},
            "call_info": calls,
        },
        "user_name": mobile,
        "real_name": "测**",
        "channel_code": "100000",
        "channel_type": "YYS",
        "lost_data": null,
    })
}

/// The report (spec 002 §3.2.2).
pub(super) fn report(seed: u64, mobile: Mobile, opened_at: Millis) -> Value {
    let mut chance = Chance::new(seed, Purpose::Data, mobile.number(), 1);
    let opened = local(opened_at);
    let contacts: Vec<Value> = (0..3)
        .map(|_| {
            json!({
                "phone_num": number(&mut chance),
                "call_cnt": chance.between(1, 90),
                "contact_1w": chance.between(0, 5),
                "contact_1m": chance.between(0, 20),
            })
        })
        .collect();
    json!({
        "report": {"update_time": opened.strftime("%FT%T%z").to_string()},
        "contact_list": contacts,
        "cell_behavior": [{
            "phone_num": mobile,
            "behavior": [{"cell_mth": opened.strftime("%Y-%m").to_string(), "sms_cnt": chance.between(0, 40)}],
        }],
    })
}

fn bill(chance: &mut Chance, mobile: Mobile, month: Date) -> Value {
    let (fixed, extra) = (chance.between(18, 99) * 100, chance.between(0, 900));
    let total = (fixed + extra).to_string();
    json!({
        "bill_cycle": cycle(month),
        "bill_fee": total,
        "bill_total": total,
        "bill_discount": null,
        "paid_amount": null,
        "unpaid_amount": null,
        "breach_amount": null,
        "usage_detail": [],
        "bill_record": [{
            "fee_name": "固定费用",
            "fee_amount": fixed.to_string(),
            "fee_category": null,
            "user_number": mobile,
        }],
    })
}

fn calls(chance: &mut Chance, friends: &[String], month: Date) -> Value {
    let friends: Vec<&str> = friends.iter().map(String::as_str).collect();
    let mut seconds = 0;
    let records: Vec<Value> = (0..CALLS)
        .map(|_| {
            let duration = chance.between(5, 900);
            seconds += duration;
            json!({
                "call_start_time": moment(chance, month),
                "call_type_name": chance.one_of(&["主叫", "被叫"]),
                "call_other_number": chance.one_of(&friends),
                "call_time": duration.to_string(),
                "call_address": chance.one_of(&PLACES),
                "call_land_type": chance.one_of(&["本地通话", "国内长途"]),
                "call_cost": "0",
                "call_long_distance": null,
                "call_roam_cost": null,
                "call_discount": null,
            })
        })
        .collect();
    json!({
        "call_cycle": cycle(month),
        "total_call_count": CALLS.to_string(),
        "total_call_time": seconds.to_string(),
        "total_fee": "0",
        "call_record": records,
    })
}

fn messages(chance: &mut Chance, month: Date) -> Value {
    let records: Vec<Value> = (0..MESSAGES)
        .map(|_| {
            json!({
                "msg_start_time": moment(chance, month),
                "msg_type": "接收",
                "msg_other_num": chance.one_of(&SERVICES),
                "msg_channel": "短信",
                "msg_address": "未知",
                "msg_cost": "0",
                "msg_fee": null,
                "msg_biz_name": null,
                "msg_discount": null,
                "msg_remark": null,
            })
        })
        .collect();
    json!({
        "msg_cycle": cycle(month),
        "total_msg_cost": "0",
        "total_msg_count": MESSAGES.to_string(),
        "sms_record": records,
    })
}

fn number(chance: &mut Chance) -> String {
    format!("188{:08}", chance.between(0, 99_999_999))
}

fn cycle(month: Date) -> String {
    month.strftime("%Y-%m").to_string()
}

/// A moment of the month, whole or not: its first 28 days.
fn moment(chance: &mut Chance, month: Date) -> String {
    format!(
        "{}-{:02} {:02}:{:02}:{:02}",
        cycle(month),
        chance.between(1, 28),
        chance.between(7, 22),
        chance.between(0, 59),
        chance.between(0, 59)
    )
}

fn month(opened: &Zoned, back: i64) -> Date {
    opened.date().first_of_month().saturating_sub(back.months())
}

fn local(at: Millis) -> Zoned {
    i64::try_from(at)
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .unwrap_or(Timestamp::MAX)
        .to_zoned(TimeZone::fixed(OFFSET))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_believable_and_repeats() {
        let mobile = Mobile::parse("19901000001").unwrap();
        let data = raw(1, mobile, 1_545_616_800_000);
        assert_eq!(data, raw(1, mobile, 1_545_616_800_000));
        assert_ne!(data, raw(2, mobile, 1_545_616_800_000));
        assert_eq!(data["created_time"], "2018-12-24 10:00:00");
        let task = &data["task_data"];
        assert_eq!(task["bill_info"][5]["bill_cycle"], "2018-07");
        assert!(task["call_info"][0]["call_record"][0]["call_time"].is_string());
        let size = data.to_string().len();
        assert!((5_000..25_000).contains(&size), "{size}");
        let report = report(1, mobile, 1_545_616_800_000);
        assert_eq!(report["report"]["update_time"], "2018-12-24T10:00:00+0800");
    }
}
