//! What the audit is told of an applicant, by the table of spec 006 §7.2 and §7.3.

use super::pushed::{Exchange, Pushed};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Checks and takes out what is Docket's own: number and time of the order.
pub(super) fn take_ours(data: &mut Value) {
    let order = data["order_detail"].as_object_mut().unwrap();
    assert!(order.remove("order_id").unwrap().as_i64().unwrap() > 0);
    let time = order.remove("order_time").unwrap();
    assert_eq!(time.as_str().unwrap().len(), "2018-12-24 10:00:00".len(), "{time}");
}

/// What is around the sealed data.
pub(super) fn outer(of: &Pushed) -> Value {
    json!({"token": "t", "name": of.name, "phone": of.phone.parse::<u64>().unwrap(), "id_card": of.id_card})
}

/// The sealed data, without what is Docket's own.
pub(super) fn data(of: &Pushed) -> Value {
    let contacts = of
        .contacts
        .iter()
        .map(|(name, phone, told)| json!({"moblie": phone, "name": name, "relation": relation(told)}));
    let book = of.book.iter().map(|(name, phone)| json!({"mobile": phone, "name": name}));
    let bills = of.bills.iter().map(|(month, fen)| json!({"month": month, "amount": fen.to_string()}));
    let [company, street, tel] = &of.company;
    let login = jiff::Timestamp::from_second(of.last_login + 8 * 3_600).unwrap();
    json!({
        "order_detail": {"amount": of.amount, "loan_term": 14},
        "basic_info": {
            "perm_address": of.address,
            "company_name": company, "company_phone": tel,
            "company_address": format!("{}{street}", of.region.concat()),
            "user_contact": contacts.collect::<Vec<_>>(),
        },
        "user_proof_materia": [
            {"url": "https://img.example.com/live.jpg", "type": 0},
            {"url": "https://img.example.com/front.jpg", "type": 1},
            {"url": "https://img.example.com/back.jpg", "type": 2},
        ],
        "user_mobile_contacts": book.collect::<Vec<_>>(),
        "telecom_data": {
            "real_name_status": i32::from(of.is_registered),
            "real_name_name": of.masked_name,
            "bill_list": bills.collect::<Vec<_>>(),
            "contact_list": numbers(of),
        },
        "user_login_upload_logs": [{
            "time": login.strftime("%Y-%m-%d %H:%M:%S").to_string(), "device_id": of.device,
        }],
    })
}

fn relation(told: &str) -> i32 {
    match told {
        "父亲" => 0,
        "母亲" => 1,
        "COUPLE" | "配偶" => 2,
        "FRIEND" | "朋友" => 3,
        _ => 4,
    }
}

/// The sums of each number that is told, in the order of the numbers.
fn numbers(of: &Pushed) -> Vec<Value> {
    let mut by_number: BTreeMap<&str, [Vec<&Exchange>; 2]> = BTreeMap::new();
    for (at, exchanges) in [&of.calls, &of.messages].into_iter().enumerate() {
        for exchange in exchanges.iter().filter(|it| it.number.bytes().all(|byte| byte.is_ascii_digit())) {
            by_number.entry(&exchange.number).or_default()[at].push(exchange);
        }
    }
    by_number.into_iter().map(|(number, [calls, messages])| sums(number, &calls, &messages)).collect()
}

fn sums(number: &str, calls: &[&Exchange], messages: &[&Exchange]) -> Value {
    let made = jiff::civil::date(2018, 9, 26).at(16, 8, 6, 0);
    let times = || calls.iter().chain(messages).map(|it| it.at());
    let within = |days: i64| {
        let from = made - jiff::Span::new().days(days);
        times().filter(|at| *at >= from && *at <= made).count()
    };
    let of_kind = |kind: &str| {
        calls.iter().filter(|call| call.kind == kind).map(|call| call.seconds).collect::<Vec<_>>()
    };
    let (outgoing, incoming) = (of_kind("主叫"), of_kind("被叫"));
    let all: Vec<_> = calls.iter().map(|call| call.seconds).collect();
    let seconds = |of: &[u64]| of.iter().sum::<u64>().to_string();
    let count = |of: &[u64]| of.len().to_string();
    let told = |kind: &str| messages.iter().filter(|message| message.kind == kind).count();
    let written = |at: jiff::civil::DateTime| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    json!({
        "phone": number,
        "first_contact_date": written(times().min().unwrap()),
        "last_contact_date": written(times().max().unwrap()),
        "talk_seconds": seconds(&all), "talk_cnt": count(&all),
        "call_seconds": seconds(&outgoing), "call_cnt": count(&outgoing),
        "called_seconds": seconds(&incoming), "called_cnt": count(&incoming),
        "msg_cnt": messages.len(), "send_cnt": told("发送"), "receive_cnt": told("接收"),
        "unknown_cnt": messages.len() - told("发送") - told("接收"),
        "contact_1w": within(7), "contact_1m": within(30),
    })
}
