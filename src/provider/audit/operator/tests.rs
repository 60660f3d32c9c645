//! Sums and tolerance.

use serde_json::{Value, json};

use super::*;

fn call(number: &str, at: &str, kind: &str, seconds: Value) -> Value {
    json!({"call_other_number": number, "call_start_time": at, "call_type_name": kind, "call_time": seconds})
}

fn message(number: &str, at: &str, kind: &str) -> Value {
    json!({"msg_other_num": number, "msg_start_time": at, "msg_type": kind})
}

/// Data with one bill, these calls and these messages.
fn data(calls: &[Value], messages: &[Value]) -> Value {
    json!({
        "created_time": "2018-09-26 16:08:06",
        "task_data": {
            "bill_info": [{"bill_cycle": "2018-09", "bill_total": "5810"}],
            "call_info": [{"call_record": calls}],
            "sms_info": [{"sms_record": messages}],
        }
    })
}

fn drawn(data: &Value) -> TelecomData {
    telecom_data(data.to_string().as_bytes(), &AuditDialect::default()).unwrap()
}

#[test]
fn contacts_are_summed_by_number() {
    let calls = [
        call("1", "2018-09-25 08:00:00", "主叫", "10".into()),
        call("1", "2018-09-01 08:00:00", "被叫", 20.into()),
        call("1", "2018-08-27 16:08:06", "呼转", "x".into()),
        call("1", "2018-08-27 16:08:05", "未知", "3".into()),
        call("1", "2018-09-27 08:00:00", "主叫", "4".into()),
    ];
    let messages = [
        message("1", "2018-09-19 16:08:06", "发送"),
        message("1", "未知", "接收"),
        message("1", "2018-09-19 16:08:05", "?"),
    ];
    let drawn = drawn(&data(&calls, &messages));
    let [contact] = &drawn.contact_list[..] else {
        panic!("{drawn:?}");
    };
    let expected = json!({
        "phone": "1", "first_contact_date": "2018-08-27 16:08:05", "last_contact_date": "2018-09-27 08:00:00",
        "talk_seconds": "37", "talk_cnt": "5", "call_seconds": "14", "call_cnt": "2",
        "called_seconds": "20", "called_cnt": "1",
        "msg_cnt": 3, "send_cnt": 1, "receive_cnt": 1, "unknown_cnt": 1, "contact_1w": 2, "contact_1m": 5,
    });
    assert_eq!(serde_json::to_value(contact).unwrap(), expected);
}

#[test]
fn numbers_that_are_not_told_are_left_out() {
    let calls = [
        call("188****2312", "2018-09-01 08:00:00", "主叫", "1".into()),
        call("未知", "2018-09-01 08:00:00", "主叫", "1".into()),
        call("2", "yesterday", "主叫", "1".into()),
        call(" 3 ", "2018-09-01 08:00:00", "主叫", Value::Null),
        json!({"call_start_time": "2018-09-01 08:00:00"}),
        Value::Null,
        json!([]),
    ];
    let drawn = drawn(&data(&calls, &[]));
    let phones: Vec<_> = drawn.contact_list.iter().map(|contact| &contact.phone).collect();
    assert_eq!(phones, ["3"]);
}

#[test]
fn without_the_time_of_the_data_nothing_is_recent() {
    let mut data = data(&[call("1", "2018-09-25 08:00:00", "主叫", "1".into())], &[]);
    data["created_time"] = "未知".into();
    let contact = &drawn(&data).contact_list[0];
    assert_eq!((contact.contact_1w, contact.contact_1m), (None, None));
}

#[test]
fn the_data_is_found_in_any_wrapping() {
    let bare = data(&[call("1", "2018-09-25 08:00:00", "主叫", "1".into())], &[]);
    let expected = drawn(&bare);
    assert_eq!(drawn(&json!({"data": bare})), expected);
    assert_eq!(drawn(&json!({"data": {"data": bare}})), expected);
    assert_eq!(drawn(&json!([bare])), expected, "PHP makes a list of it");
    let mut beside = bare.clone();
    beside["data"] = json!("nothing");
    assert_eq!(drawn(&beside), expected);
    beside["data"] = json!({"task": 1});
    assert_eq!(drawn(&beside), expected);
}

#[test]
fn the_subscriber_is_told_as_far_as_known() {
    let mut data = data(&[call("1", "2018-09-25 08:00:00", "主叫", "1".into())], &[]);
    let check = |data: &Value, status, name: Option<&str>, id_card: Option<&str>| {
        let drawn = drawn(data);
        assert_eq!(drawn.real_name_status, status);
        assert_eq!(drawn.real_name_name.as_deref(), name);
        assert_eq!(drawn.real_name_id_card.as_deref(), id_card);
    };
    check(&data, 0, None, None);
    data["task_data"]["account_info"] = json!([]);
    data["task_data"]["base_info"] = json!({"user_name": "姚**", "cert_num": "5133**********3123"});
    check(&data, 0, Some("姚**"), None);
    data["task_data"]["account_info"] = json!({"real_info": "未登记"});
    data["task_data"]["base_info"] = json!({"user_name": null, "cert_num": "513301199123123123"});
    check(&data, 0, None, Some("513301199123123123"));
    data["task_data"]["account_info"] = json!({"real_info": "已登记"});
    check(&data, 1, None, Some("513301199123123123"));
}

#[test]
fn data_without_bills_or_contacts_cannot_be_audited() {
    let check = |data: &Value, field: &str| {
        let failure = telecom_data(data.to_string().as_bytes(), &AuditDialect::default()).unwrap_err();
        assert_eq!(failure, missing(field), "{data}");
    };
    let whole = data(&[call("1", "2018-09-25 08:00:00", "主叫", "1".into())], &[]);
    let mut data = whole.clone();
    data["task_data"]["bill_info"] =
        json!([{"bill_cycle": "未知", "bill_total": "1"}, {"bill_cycle": "2018-09"}]);
    check(&data, "telecom_data.bill_list");
    data = whole;
    data["task_data"]["call_info"] = Value::Null;
    check(&data, "telecom_data.contact_list");
    data["task_data"] = Value::Null;
    check(&data, "telecom_data");
    check(&json!({"transactions": []}), "telecom_data");
    check(&json!([]), "telecom_data");
}
