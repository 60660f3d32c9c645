//! The check of an opened dossier (spec 002 §7.1).
//!
//! Owns the table of required sections and fields, so that a refusal can name the one that is
//! wrong. It must never be more tolerant than the print, but for `moblie` (spec 005 A-002-13).

use serde_json::{Map, Value};

/// What a required field must be.
enum Shape {
    Integer,
    Text,
    Object(&'static [Field]),
    List(&'static [Field]),
}

/// A required field: its printed name, and another that is taken for it.
struct Field {
    name: &'static str,
    alias: Option<&'static str>,
    shape: Shape,
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, alias: None, shape }
}

/// Required fields as printed; optional ones are not looked at.
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
        Shape::Object(&[field(
            "user_contact",
            Shape::List(&[
                Field { name: "moblie", alias: Some("mobile"), shape: Shape::Text },
                field("name", Shape::Text),
            ]),
        )]),
    ),
    field("user_proof_materia", Shape::List(&[field("url", Shape::Text), field("type", Shape::Integer)])),
    field("user_mobile_contacts", Shape::List(&[field("mobile", Shape::Text), field("name", Shape::Text)])),
    field(
        "telecom_data",
        Shape::Object(&[
            field("real_name_status", Shape::Integer),
            field("bill_list", Shape::List(&[field("month", Shape::Text), field("amount", Shape::Text)])),
            field(
                "contact_list",
                Shape::List(&[
                    field("phone", Shape::Text),
                    field("last_contact_date", Shape::Text),
                    field("talk_seconds", Shape::Text),
                    field("talk_cnt", Shape::Text),
                ]),
            ),
        ]),
    ),
];

/// Checks the plain text of a dossier and finds its order; the error names the field.
pub(super) fn checked_order(plain: &[u8]) -> Result<i64, String> {
    let dossier: Map<String, Value> =
        serde_json::from_slice(plain).map_err(|error| format!("holds no JSON object: {error}"))?;
    check_fields(&dossier, SECTIONS, "")?;
    dossier
        .get("order_detail")
        .and_then(|section| section.get("order_id"))
        .and_then(Value::as_i64)
        .filter(|order_id| *order_id > 0)
        .ok_or_else(|| "field order_detail.order_id must be a positive integer".to_owned())
}

fn check_fields(object: &Map<String, Value>, fields: &[Field], at: &str) -> Result<(), String> {
    for field in fields {
        let path = match at {
            "" => field.name.to_owned(),
            _ => format!("{at}.{}", field.name),
        };
        let found = object
            .get(field.name)
            .or_else(|| object.get(field.alias?))
            .filter(|value| !value.is_null())
            .ok_or_else(|| format!("field {path} is missing"))?;
        check_shape(found, &field.shape, &path)?;
    }
    Ok(())
}

fn check_shape(value: &Value, shape: &Shape, path: &str) -> Result<(), String> {
    let must_be = |what: &str| format!("field {path} must be {what}");
    match shape {
        Shape::Integer => match value.is_i64() {
            true => Ok(()),
            false => Err(must_be("an integer")),
        },
        Shape::Text => match value.as_str() {
            Some("") => Err(format!("field {path} is empty")),
            Some(_) => Ok(()),
            None => Err(must_be("a string")),
        },
        Shape::Object(fields) => {
            let object = value.as_object().ok_or_else(|| must_be("an object"))?;
            check_fields(object, fields, path)
        }
        Shape::List(fields) => {
            let list = value.as_array().ok_or_else(|| must_be("a list"))?;
            for (index, element) in list.iter().enumerate() {
                let path = format!("{path}[{index}]");
                let object = element.as_object().ok_or_else(|| format!("field {path} must be an object"))?;
                check_fields(object, fields, &path)?;
            }
            Ok(())
        }
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
        let error = checked_order(dossier.to_string().as_bytes()).unwrap_err();
        assert_eq!(error, expected);
    }

    #[test]
    fn a_whole_dossier_passes() {
        assert_eq!(checked_order(whole().to_string().as_bytes()), Ok(7));
        let text = whole().to_string().replace("moblie", "mobile");
        assert_eq!(checked_order(text.as_bytes()), Ok(7));
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
        let error = checked_order(b"\xff").unwrap_err();
        assert!(error.starts_with("holds no JSON object"), "{error}");
    }
}
