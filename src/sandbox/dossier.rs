//! The check of an opened dossier (spec 002 §7.1).
//!
//! Owns the table of sections and fields as printed, so that a refusal can name the one that is
//! wrong. It must never be more tolerant than the print, but for `moblie` (spec 005 A-002-13).

use serde_json::{Map, Value};

/// Unknown members that are named.
const MAX_UNKNOWN: usize = 20;

/// What a field must be.
enum Shape {
    Integer,
    Number,
    Text,
    /// What is not printed.
    Anything,
    Object(&'static [Field]),
    List(&'static [Field]),
}

/// A field: its printed name, and another that is taken for it.
struct Field {
    name: &'static str,
    alias: Option<&'static str>,
    is_required: bool,
    shape: Shape,
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, alias: None, is_required: true, shape }
}

const fn option(name: &'static str, shape: Shape) -> Field {
    Field { name, alias: None, is_required: false, shape }
}

/// Every section as printed.
const SECTIONS: &[Field] = &[
    field(
        "order_detail",
        Shape::Object(&[
            field("order_id", Shape::Integer),
            field("amount", Shape::Integer),
            field("loan_term", Shape::Integer),
            field("order_time", Shape::Text),
        ]),
    ),
    field(
        "basic_info",
        Shape::Object(&[
            option("cur_address", Shape::Text),
            option("perm_address", Shape::Text),
            option("company_name", Shape::Text),
            option("company_phone", Shape::Text),
            option("company_address", Shape::Text),
            field(
                "user_contact",
                Shape::List(&[
                    Field { name: "moblie", alias: Some("mobile"), is_required: true, shape: Shape::Text },
                    field("name", Shape::Text),
                    option("relation", Shape::Integer),
                ]),
            ),
        ]),
    ),
    field("user_proof_materia", Shape::List(&[field("url", Shape::Text), field("type", Shape::Integer)])),
    field("user_mobile_contacts", Shape::List(&[field("mobile", Shape::Text), field("name", Shape::Text)])),
    field(
        "telecom_data",
        Shape::Object(&[
            field("real_name_status", Shape::Integer),
            option("real_name_time", Shape::Text),
            option("real_name_name", Shape::Text),
            option("real_name_id_card", Shape::Text),
            field("bill_list", Shape::List(&[field("month", Shape::Text), field("amount", Shape::Text)])),
            field(
                "contact_list",
                Shape::List(&[
                    field("phone", Shape::Text),
                    field("last_contact_date", Shape::Text),
                    field("talk_seconds", Shape::Text),
                    field("talk_cnt", Shape::Text),
                    option("call_seconds", Shape::Text),
                    option("call_cnt", Shape::Text),
                    option("called_seconds", Shape::Text),
                    option("called_cnt", Shape::Text),
                    option("first_contact_date", Shape::Text),
                    option("msg_cnt", Shape::Integer),
                    option("send_cnt", Shape::Integer),
                    option("receive_cnt", Shape::Integer),
                    option("unknown_cnt", Shape::Integer),
                    option("contact_1w", Shape::Integer),
                    option("contact_1m", Shape::Integer),
                ]),
            ),
        ]),
    ),
    option(
        "zm_data",
        Shape::Object(&[option("zm_score", Shape::Integer), option("watch_info", Shape::Anything)]),
    ),
    option(
        "user_loan_orders",
        Shape::List(&[
            option("amount", Shape::Integer),
            option("state", Shape::Integer),
            option("order_time", Shape::Text),
            option("overdue_day", Shape::Integer),
            option("repayment_time", Shape::Text),
        ]),
    ),
    option(
        "zfb_data",
        Shape::Object(&[
            option(
                "ants_lines",
                Shape::Object(&[
                    option("ants_lines_total", Shape::Number),
                    option("ants_lines_usable", Shape::Number),
                    option("ants_arrears", Shape::Number),
                ]),
            ),
            option("real_name", Shape::Text),
            option("real_name_status", Shape::Text),
            option("create_time", Shape::Text),
            option("wealth", Shape::Number),
            option("balance", Shape::Number),
            option("balance_bao", Shape::Number),
            option("fortune_bao", Shape::Number),
            option("deposit_bao", Shape::Number),
            option("taobao_financial", Shape::Number),
            option("fund", Shape::Number),
            option("bank_cards", Shape::Anything),
            option("email", Shape::Text),
            option("mobile", Shape::Text),
            option("register_time", Shape::Text),
            option("taobao_name", Shape::Text),
            option(
                "friends_contact",
                Shape::List(&[option("name", Shape::Text), option("account", Shape::Text)]),
            ),
            option(
                "trade_contact",
                Shape::List(&[option("name", Shape::Text), option("account", Shape::Text)]),
            ),
            option(
                "deal_record",
                Shape::List(&[
                    option("deal_time", Shape::Text),
                    option("deal_amount", Shape::Number),
                    option("trade_no", Shape::Text),
                    option("order_no", Shape::Text),
                    option("log_no", Shape::Text),
                    option("name", Shape::Text),
                    option("status", Shape::Integer),
                    option("other_party", Shape::Text),
                ]),
            ),
        ]),
    ),
    option(
        "user_login_upload_logs",
        Shape::List(&[option("time", Shape::Text), option("device_id", Shape::Text)]),
    ),
    option("card_info", Shape::List(&[option("type", Shape::Integer), option("card_no", Shape::Text)])),
    option(
        "app_info",
        Shape::List(&[
            option("app_name", Shape::Text),
            option("app_market", Shape::Text),
            option("client_type", Shape::Text),
            option("os_version", Shape::Text),
        ]),
    ),
];

/// What a dossier is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Its `order_id`.
    pub(super) id: i64,
    /// Members that are not printed: some of them, by their paths.
    pub(super) unknown: Vec<String>,
}

/// Checks the plain text of a dossier and finds its order; the error names the field.
pub(super) fn checked(plain: &[u8]) -> Result<Order, String> {
    let dossier: Map<String, Value> =
        serde_json::from_slice(plain).map_err(|error| format!("holds no JSON object: {error}"))?;
    let mut unknown = Vec::new();
    check_fields(&dossier, SECTIONS, "", &mut unknown)?;
    let id = dossier
        .get("order_detail")
        .and_then(|section| section.get("order_id"))
        .and_then(Value::as_i64)
        .filter(|order_id| *order_id > 0)
        .ok_or_else(|| "field order_detail.order_id must be a positive integer".to_owned())?;
    Ok(Order { id, unknown })
}

fn check_fields(
    object: &Map<String, Value>,
    fields: &[Field],
    at: &str,
    unknown: &mut Vec<String>,
) -> Result<(), String> {
    let path = |name: &str| match at {
        "" => name.to_owned(),
        _ => format!("{at}.{name}"),
    };
    for field in fields {
        let found = object.get(field.name).or_else(|| object.get(field.alias?));
        match found.filter(|value| !value.is_null()) {
            Some(found) => check_shape(found, field, &path(field.name), unknown)?,
            None if field.is_required => return Err(format!("field {} is missing", path(field.name))),
            None => {}
        }
    }
    let is_known = |name: &str| fields.iter().any(|field| field.name == name || field.alias == Some(name));
    let strangers = object.keys().filter(|name| !is_known(name)).map(|name| path(name));
    unknown.extend(strangers.take(MAX_UNKNOWN.saturating_sub(unknown.len())));
    Ok(())
}

fn check_shape(value: &Value, field: &Field, path: &str, unknown: &mut Vec<String>) -> Result<(), String> {
    let must_be = |what: &str| Err(format!("field {path} must be {what}"));
    match (&field.shape, value) {
        (Shape::Anything, _) => Ok(()),
        (Shape::Integer, value) if value.is_i64() => Ok(()),
        (Shape::Integer, _) => must_be("an integer"),
        (Shape::Number, Value::Number(_)) => Ok(()),
        (Shape::Number, _) => must_be("a number"),
        (Shape::Text, Value::String(text)) if text.is_empty() && field.is_required => {
            Err(format!("field {path} is empty"))
        }
        (Shape::Text, Value::String(_)) => Ok(()),
        (Shape::Text, _) => must_be("a string"),
        (Shape::Object(fields), Value::Object(object)) => check_fields(object, fields, path, unknown),
        (Shape::Object(_), _) => must_be("an object"),
        (Shape::List(fields), Value::Array(list)) => {
            for (index, element) in list.iter().enumerate() {
                let path = format!("{path}[{index}]");
                let object = element.as_object().ok_or_else(|| format!("field {path} must be an object"))?;
                check_fields(object, fields, &path, unknown)?;
            }
            Ok(())
        }
        (Shape::List(_), _) => must_be("a list"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn whole() -> Value {
        json!({
            "order_detail": {"order_id": 7, "amount": 150_000, "loan_term": 7, "order_time": "2018-12-24 10:00:00"},
            "basic_info": {"user_contact": [{"moblie": "18221501320", "name": "张一"}]},
            "user_proof_materia": [{"url": "https://img.example.com/live.jpg", "type": 0}],
            "user_mobile_contacts": [{"mobile": "10086", "name": "中国移动"}],
            "telecom_data": {
                "real_name_status": 1,
                "bill_list": [{"month": "2018-09", "amount": "5810"}],
                "contact_list": [{
                    "phone": "1", "last_contact_date": "2018-09-01", "talk_seconds": "50", "talk_cnt": "1"
                }]
            }
        })
    }

    fn check(pointer: &str, value: Value, expected: &str) {
        let mut dossier = whole();
        *dossier.pointer_mut(pointer).expect(pointer) = value;
        let error = checked(dossier.to_string().as_bytes()).unwrap_err();
        assert_eq!(error, expected);
    }

    #[test]
    fn a_whole_dossier_passes() {
        let whole = whole().to_string();
        for text in [&whole, &whole.replace("moblie", "mobile")] {
            assert_eq!(checked(text.as_bytes()), Ok(Order { id: 7, unknown: Vec::new() }));
        }
    }

    #[test]
    fn members_that_are_not_printed_are_named() {
        let mut dossier = whole();
        dossier["ip"] = "127.0.0.1".into();
        dossier["telecom_data"]["contact_list"][0]["city"] = "x".into();
        let order = checked(dossier.to_string().as_bytes()).unwrap();
        assert_eq!(order.unknown, ["telecom_data.contact_list[0].city", "ip"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        check("/order_detail", Value::Null, "field order_detail is missing");
        check("/order_detail/order_id", "7".into(), "field order_detail.order_id must be an integer");
        check("/order_detail/order_id", 0.into(), "field order_detail.order_id must be a positive integer");
        check(
            "/basic_info/user_contact/0",
            json!({"name": "n"}),
            "field basic_info.user_contact[0].moblie is missing",
        );
        check(
            "/telecom_data/bill_list/0/amount",
            5810.into(),
            "field telecom_data.bill_list[0].amount must be a string",
        );
        check("/user_proof_materia", json!({}), "field user_proof_materia must be a list");
        check("/user_proof_materia/0/url", "".into(), "field user_proof_materia[0].url is empty");
        let mut dossier = whole();
        dossier["zm_data"] = json!({"zm_score": "750"});
        let error = checked(dossier.to_string().as_bytes()).unwrap_err();
        assert_eq!(error, "field zm_data.zm_score must be an integer");
        let error = checked(b"\xff").unwrap_err();
        assert!(error.starts_with("holds no JSON object"), "{error}");
    }
}
