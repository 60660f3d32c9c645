//! What the printed examples say, in all the shapes they may come in.

mod bad;
mod signed;

use super::*;
use crate::engine::dossier::Relation;
use crate::machine::evidence::EvidenceKind;

/// The example of spec 000.
pub(super) const BASE: &str = include_str!("examples/base.json");

/// The example of spec 001.
pub(super) const ADDITIONAL: &str = include_str!("examples/additional.json");

#[test]
fn the_base_example_is_read() {
    let push = base(&[]);
    assert_eq!(push.kind(), Kind::Base);
    assert_eq!(push.order, Order::Told("245132241561415".to_owned()));
    assert_eq!(push.phone.as_deref(), Some("18301231234"));
    assert_eq!(push.id_card.as_deref(), Some("513301199123123123"));
    let kinds: Vec<_> = push.parts.iter().map(Dossier::kinds).collect();
    let small = vec![EvidenceKind::Identity, EvidenceKind::Loan, EvidenceKind::IdentityCard];
    assert_eq!(kinds, [small, vec![EvidenceKind::OperatorData]]);
    check(
        &push.parts[0],
        r#"{
            "identity": {"name": "姚测试", "phone": "18301231234", "id_card": "513301199123123123"},
            "loan": {"amount_fen": 150000},
            "identity_card": {
                "face_url": "https://img.example.com/live.jpg",
                "front_url": "https://img.example.com/front.jpg",
                "back_url": "https://img.example.com/back.jpg",
                "address": "四川省测试地址"
            }
        }"#,
    );
}

#[test]
fn operator_data_is_the_object_with_task_data() {
    let example = base(&[]);
    let inner = operator(&example);
    assert!(inner.starts_with("{\n        \"identity_code\"") && inner.ends_with('}'));
    assert!(inner.contains("\"call_address\": \"上海市.上海市\""));

    let whole = &BASE[BASE.find("\"operatorVerify\"").unwrap()..];
    let outer = &whole[..whole.find("\"operatorReportVerify\"").unwrap()];
    let bare = BASE.replace(outer, &format!("\"operatorVerify\": {inner},\n"));
    assert_eq!(operator(&Push::base(bare.as_bytes()).unwrap()), inner);

    for other in [r#"{"data": {"a": 1}}"#, r#"{"data": "text", "task_data": {}}"#, r#"{"a":  [1.5e3, "\n"]}"#]
    {
        let body = BASE.replace(outer, &format!("\"operatorVerify\": {other},\n"));
        assert_eq!(operator(&Push::base(body.as_bytes()).unwrap()), other);
    }
}

#[test]
fn the_card_may_stand_within_itself() {
    let (head, card) = BASE.split_once("\"idCardInfo\": {").unwrap();
    let end = card.find('}').unwrap();
    let twice = format!("{head}\"idCardInfo\": {{\"idCardInfo\": {{{}}}{}", &card[..end], &card[end..]);
    let push = Push::base(twice.as_bytes()).unwrap();
    assert_eq!(json(&push.parts[0]), json(&base(&[]).parts[0]));

    let broken = twice.replace("\"ocrRace\"", "\"race\"");
    let error = Push::base(broken.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "userVerify.idCardInfo.idCardInfo.ocrRace: is required");
}

#[test]
fn a_base_push_may_be_said_otherwise() {
    let amount = |to| base(&[("\"loanMount\": \"150000\"", to)]).parts[0].loan.clone();
    for (to, fen) in [
        ("\"loanMount\": 150000", 150_000),
        ("\"loanmount\": \" 0150000 \"", 150_000),
        ("\"loanAmount\": \"150000\"", 150_000),
        ("\"loan_amount\": \"1\"", 1),
        ("\"loanMount\": null, \"loan_amount\": 7", 7),
        ("\"loanMount\": \"8\", \"loan_amount\": \"8\"", 8),
        ("\"loanMount\": 9223372036854775807", i64::MAX as u64),
    ] {
        assert_eq!(amount(to).unwrap().amount_fen, fen, "{to}");
    }

    let id_card = |to| {
        let member = format!("\"userIdCard\": \"{to}\"");
        base(&[("\"userIdCard\": \"513301199123123123\"", &member)]).id_card
    };
    assert_eq!(id_card("45215919990301502x").as_deref(), Some("45215919990301502X"));
    assert_eq!(id_card("130503670401001").as_deref(), Some("130503670401001"));

    let said = base(&[
        ("\"姚测试\", \"userPhone\"", "\" \\u59da测试\\u0020\", \"more\": [{}], \"userPhone\""),
        ("\"operatorReportVerify\": null", "\"operatorReportVerify\": {\"any\": [1]}"),
        ("\"四川省测试地址\"", "\"\""),
        ("\"ocrName\"", "\"idNumberPicture\": \"\", \"ocrName\""),
        ("https://img.example.com/live.jpg", "HTTP://图.example:8080/live.jpg?a=b%20c"),
    ]);
    assert_eq!(said.parts[0].identity.as_ref().unwrap().name, "姚测试");
    let card = said.parts[0].identity_card.as_ref().unwrap();
    assert_eq!(card.address, "");
    assert_eq!(card.face_url, "HTTP://图.example:8080/live.jpg?a=b%20c");
    base(&[("    \"operatorReportVerify\": null,\n", "")]);
}

#[test]
fn the_additional_example_is_read() {
    let push = additional(&[]);
    assert_eq!(push.kind(), Kind::Additional);
    assert_eq!(push.order, Order::Told("245132241561415".to_owned()));
    assert_eq!(push.phone.as_deref(), Some("18301231234"));
    assert_eq!(push.id_card, None);
    assert_eq!(push.parts.len(), 2);
    check(
        &push.parts[0],
        r#"{
            "loan": {"amount_fen": 150000},
            "contacts": [
                {"name": "张一", "phone": "18221501320", "relation": "parent", "told_as": "PARENT"},
                {"name": "李二", "phone": "13671618954", "relation": "friend", "told_as": "FRIEND"}
            ],
            "work": {
                "company": "测试公司",
                "region": "上海市上海市杨浦区",
                "address": "政学路1号",
                "phone": "021-12345678"
            },
            "device": {
                "device_id": "7d50dcb97e654de6890ae8000bb4558a",
                "last_login": 1476692044,
                "os": "iOS",
                "os_version": "9.300000",
                "app_market": "appstore"
            }
        }"#,
    );
    check(
        &push.parts[1],
        r#"{"address_book": [
            {"name": "中国移动", "phone": "10086"},
            {"name": "中国电信", "phone": "10001"},
            {"name": "陵辛", "phone": "18812345678"}
        ]}"#,
    );
}

#[test]
fn an_address_book_is_read_element_by_element() {
    for (list, entries) in [
        ("[]", "[]"),
        ("[\"a_b_1\", \"5\"]", r#"[{"name":"a_b","phone":"1"},{"name":"","phone":"5"}]"#),
        ("[\"a_\", \"7_\", \"\", \"_\", null, {}, {\"name\": \"b\"}, \"c_d\"]", "[]"),
        ("[{\"phone\": \"+86 1\", \"name\": \"d\"}]", r#"[{"name":"d","phone":"+86 1"}]"#),
        ("[{\"phone\": \"2\", \"x\": 1}]", r#"[{"name":"","phone":"2"}]"#),
    ] {
        let push = additional(&[(BOOK, list)]);
        check(&push.parts[1], &format!("{{\"address_book\": {entries}}}"));
    }
    let most = format!("[{}\"1\"]", "\"a_1\",".repeat(49_999));
    let push = additional(&[(BOOK, &most)]);
    assert_eq!(push.parts[1].address_book.as_ref().unwrap().len(), 50_000);
}

/// The address book of the example.
pub(super) const BOOK: &str = r#"["中国移动_10086", "中国电信_10001", "陵辛_18812345678"]"#;

#[test]
fn a_relation_is_known_by_code_and_by_word() {
    for (told, relation) in [
        ("PARENT", Relation::Parent),
        ("COUPLE", Relation::Spouse),
        ("SIBLING", Relation::Sibling),
        ("CHILD", Relation::Child),
        ("CLASSMATE", Relation::Classmate),
        ("FRIEND", Relation::Friend),
        ("COLLEAGUE", Relation::Colleague),
        ("父母", Relation::Parent),
        ("配偶", Relation::Spouse),
        ("兄弟姐妹", Relation::Sibling),
        ("子女", Relation::Child),
        ("同学", Relation::Classmate),
        (" 朋友 ", Relation::Friend),
        ("同事", Relation::Colleague),
        ("0", Relation::Other),
        ("", Relation::Other),
    ] {
        let push = additional(&[("\"PARENT\"", &format!("\"{told}\""))]);
        let contact = &push.parts[0].contacts.as_ref().unwrap()[0];
        assert_eq!(contact.relation, relation, "{told}");
        assert_eq!(contact.told_as, told.trim());
    }
}

#[test]
fn an_additional_push_may_be_said_otherwise() {
    for (from, to) in [
        ("\"loan_amount\": \"150000\"", "\"loanAmount\": 150000"),
        ("\"loan_amount\"", "\"loanMount\""),
        ("\"device_info\"", "\"deviceInfo\""),
        ("\"device_info\"", "\"deviceName\""),
        ("\"bettary\"", "\"battery\""),
        ("\"1476692044\"", "\"1476692044123\""),
        ("\"上海市,上海市,杨浦区\"", "\"上海市，上海市, 杨浦区\""),
        ("\"wifiName\": \"office\"", "\"wifiName\": null"),
        ("\"3.66 GB\"", "\"\""),
    ] {
        let push = additional(&[(from, to)]);
        assert_eq!(json(&push.parts[0]), json(&additional(&[]).parts[0]), "{to}");
    }
    for unreadable in ["yesterday", "", "-147669204", "147669204"] {
        let push = additional(&[("1476692044", unreadable)]);
        assert_eq!(push.parts[0].device.as_ref().unwrap().last_login, None);
    }
}

#[test]
fn nothing_of_a_person_is_printed_for_debugging() {
    let printed = format!("{:?}{:?}", base(&[]), additional(&[]));
    for secret in ["姚", "1830", "5133", "example.com", "张一", "10086"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

fn base(edits: &[(&str, &str)]) -> Push {
    Push::base(edited(BASE, edits).as_bytes()).unwrap()
}

fn additional(edits: &[(&str, &str)]) -> Push {
    Push::additional(edited(ADDITIONAL, edits).as_bytes()).unwrap()
}

/// Replaces texts that occur once each.
pub(super) fn edited(example: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(example.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    })
}

fn operator(push: &Push) -> &str {
    push.parts[1].operator_data.as_ref().unwrap().get()
}

fn json(dossier: &Dossier) -> serde_json::Value {
    serde_json::from_str(&serde_json::to_string(dossier).unwrap()).unwrap()
}

fn check(dossier: &Dossier, expected: &str) {
    assert_eq!(json(dossier), serde_json::from_str::<serde_json::Value>(expected).unwrap());
}
