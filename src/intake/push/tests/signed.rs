//! The signed push, in all the shapes it may come in.

use super::{check, edited, json};
use crate::engine::dossier::Relation;
use crate::intake::push::{Kind, Order, Push, field};

/// The example of spec 003, whose `data` is a string.
const STRING: &str = include_str!("../examples/signed.json");

/// The same, whose `data` is an object.
const OBJECT: &str = include_str!("../examples/signed-object.json");

#[test]
fn the_examples_are_read_alike() {
    let push = signed(&[]);
    assert_eq!(push.kind(), Kind::Signed);
    assert_eq!(push.order, Order::OfPerson);
    assert_eq!(push.phone.as_deref(), Some("18698574854"));
    assert_eq!(push.id_card.as_deref(), Some("45215919990301502X"));
    assert!(push.has_wrong_check_digit);
    assert_eq!(push.parts.len(), 1);
    check(
        &push.parts[0],
        r#"{
            "identity": {"name": "李测试", "phone": "18698574854", "id_card": "45215919990301502X"},
            "profile": {
                "wechat": "24554658465", "qq": "2455465", "education": "本科", "province": "广东省",
                "city": "佛山市", "district": "南海区", "address": "测试地址",
                "pays_social_insurance": true, "zhima_score": 750, "has_wrong_check_digit": true
            },
            "contacts": [
                {"name": "测试他妈", "phone": "13432499954", "relation": "classmate", "told_as": "同学"}
            ]
        }"#,
    );
    let inner = OBJECT.strip_prefix("{\"data\":").unwrap().strip_suffix('}').unwrap();
    for other in [STRING, inner, &format!(r#"{{"data":null,{}"#, &inner[1..])] {
        let other = Push::signed(other.as_bytes()).unwrap();
        assert_eq!(json(&other.parts[0]), json(&push.parts[0]));
    }
}

#[test]
fn a_signed_push_may_be_said_otherwise() {
    for (from, to) in [
        ("\"socialInsurancePayed\":\"1\"", "\"socialInsurancePayed\":1"),
        ("\"zhimaScore\":\"750\"", "\"zhimaScore\":750"),
        ("\"zhimaScore\":\"750\"", "\"zhimaScore\":\" 0750 \""),
        ("\"同学\"", "\" 同学 \""),
        ("\"本科\"", "\" 本科\",\"more\":{}"),
        ("45215919990301502X", "45215919990301502x"),
    ] {
        assert_eq!(json(&signed(&[(from, to)]).parts[0]), json(&signed(&[]).parts[0]), "{to}");
    }
    let profile = |from, to| signed(&[(from, to)]).parts[0].profile.clone().unwrap();
    assert!(!profile("\"socialInsurancePayed\":\"1\"", "\"socialInsurancePayed\":0").pays_social_insurance);
    for (from, to, score) in [("\"750\"", "0", 0), ("\"750\"", "\"1000\"", 1_000)] {
        assert_eq!(profile(from, to).zhima_score, score);
    }
    assert_eq!(profile("\"本科\"", "\"博士\"").education, "博士");
    assert_eq!(profile("\"24554658465\"", "\"\"").wechat, "");
    for (told, relation) in [
        ("配偶", Relation::Spouse),
        ("父母", Relation::Parent),
        ("朋友", Relation::Friend),
        ("邻居", Relation::Other),
    ] {
        let push = signed(&[("\"同学\"", &format!("\"{told}\""))]);
        let contact = &push.parts[0].contacts.as_ref().unwrap()[0];
        assert_eq!((contact.relation, contact.told_as.as_str()), (relation, told));
    }
}

#[test]
fn a_check_digit_that_is_right_flags_nothing() {
    for right in ["452159199903015020", "11010519491231002X", "110105491231002"] {
        let push = signed(&[("45215919990301502X", right)]);
        assert!(!push.has_wrong_check_digit, "{right}");
        assert!(!push.parts[0].profile.as_ref().unwrap().has_wrong_check_digit);
        assert!(field::is_check_digit_right(right));
    }
    for wrong in ["452159199903015021", "110105194912310020", "11010519491231003X"] {
        assert!(!field::is_check_digit_right(wrong), "{wrong}");
    }
}

#[test]
fn every_bad_signed_push_is_refused_by_name() {
    let table = include_str!("bad_signed.txt");
    super::bad::check_table(OBJECT, Push::signed, table);
}

#[test]
fn a_string_of_data_holds_one_object() {
    for (body, expected) in [
        (r#"{"data":"{}"}"#, "data.phone: is required"),
        (r#"{"data":"[]"}"#, "data: must hold a JSON object"),
        (r#"{"data":""}"#, "data: must hold a JSON object"),
        (r#"{"data":"{}{}"}"#, "data: must hold a JSON object"),
        (r#"{"data":"\"{}\""}"#, "data: must hold a JSON object"),
        (r#"{"data":"{\"a\":1,\"a\":1}"}"#, "data: must not have a member twice"),
        (r#"{"data":"{\"data\":{}}"}"#, "data.phone: is required"),
        (r#"{"data":7}"#, "data: must be a string or an object"),
        (r#"{"data":{},"data":{}}"#, "body: must not have a member twice"),
        ("{}", "phone: is required"),
    ] {
        assert_eq!(Push::signed(body.as_bytes()).unwrap_err().to_string(), expected, "{body}");
    }
    let deep =
        STRING.replace("\\\"qq\\\"", &format!("\\\"x\\\":{}{},\\\"qq\\\"", "[".repeat(200), "]".repeat(200)));
    let said = Push::signed(deep.as_bytes()).unwrap_err().to_string();
    assert_eq!(said, "body: must not be nested more than 100 deep");
}

fn signed(edits: &[(&str, &str)]) -> Push {
    Push::signed(edited(OBJECT, edits).as_bytes()).unwrap()
}
