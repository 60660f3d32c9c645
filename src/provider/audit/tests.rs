//! The dossier against the example of spec 002 §7.1, and what keeps it from being filled.

use serde_json::{Value, json};

use super::*;
use crate::machine::call::Cause;
use crate::provider::specimen;

#[test]
fn the_evidence_of_the_spec_fills_the_dossier_of_the_spec() {
    let filled =
        dossier(&specimen::application(), &specimen::dossier(), None, &AuditDialect::default()).unwrap();
    let contact = |phone: &str, at: &str, called: [&str; 2], messages: [i64; 2], month: i64| {
        json!({
            "phone": phone, "last_contact_date": at, "first_contact_date": at,
            "talk_seconds": called[0], "talk_cnt": called[1],
            "call_seconds": "0", "call_cnt": "0", "called_seconds": called[0], "called_cnt": called[1],
            "msg_cnt": messages[0], "send_cnt": 0, "receive_cnt": messages[1], "unknown_cnt": 0,
            "contact_1w": 0, "contact_1m": month,
        })
    };
    let expected = json!({
        "order_detail": {
            "order_id": 245_132_241_561_415_u64, "amount": 150_000, "loan_term": 7, "order_time": "2018-12-24 10:00:00"
        },
        "basic_info": {
            "perm_address": "四川省测试地址",
            "company_name": "测试公司", "company_phone": "021-12345678", "company_address": "上海市上海市杨浦区政学路1号",
            "user_contact": [
                {"moblie": "18221501320", "name": "张一", "relation": 4},
                {"moblie": "13671618954", "name": "李二", "relation": 3}
            ]
        },
        "user_proof_materia": [
            {"url": "https://img.example.com/live.jpg", "type": 0},
            {"url": "https://img.example.com/front.jpg", "type": 1},
            {"url": "https://img.example.com/back.jpg", "type": 2}
        ],
        "user_mobile_contacts": [{"mobile": "10086", "name": "中国移动"}, {"mobile": "18812345678", "name": "陵辛"}],
        "telecom_data": {
            "real_name_status": 1,
            "real_name_name": "姚**",
            "bill_list": [{"month": "2018-09", "amount": "5810"}],
            "contact_list": [
                contact("10086", "2018-09-01 10:30:45", ["0", "0"], [1, 1], 1),
                contact("18812312312", "2018-09-01 00:46:19", ["50", "1"], [0, 0], 1),
            ]
        },
        "user_login_upload_logs": [{"time": "2016-10-17 16:14:04", "device_id": "7d50dcb97e654de6890ae8000bb4558a"}]
    });
    assert_eq!(serde_json::to_value(&filled).unwrap(), expected);
}

/// Takes something away from the evidence and expects the field that then has no source.
fn check(path: &str, value: Value, field: &str) {
    let mut evidence = serde_json::to_value(specimen::dossier()).unwrap();
    *evidence.pointer_mut(path).expect(path) = value;
    let mut evidence: Dossier = serde_json::from_value(evidence).unwrap();
    evidence.operator_data = specimen::dossier().operator_data;
    let failure = dossier(&specimen::application(), &evidence, None, &AuditDialect::default()).unwrap_err();
    let detail = field.to_owned();
    assert_eq!(failure, Failure::Hopeless(Cause::Missing { detail }));
}

#[test]
fn a_required_field_without_a_source_is_named() {
    check("/loan", Value::Null, "order_detail.amount");
    check("/loan/amount_fen", 0.into(), "order_detail.amount");
    check("/loan/amount_fen", u64::MAX.into(), "order_detail.amount");
    check("/contacts", Value::Null, "basic_info.user_contact");
    check("/contacts", json!([]), "basic_info.user_contact");
    check("/identity_card", Value::Null, "user_proof_materia");
    check("/identity_card/back_url", " ".into(), "user_proof_materia[2].url");
    check("/address_book", Value::Null, "user_mobile_contacts");
    check("/address_book", json!([{"name": "n", "phone": ""}]), "user_mobile_contacts");

    let mut application = specimen::application();
    application.plan.term_days = 0;
    let failure = dossier(&application, &specimen::dossier(), None, &AuditDialect::default()).unwrap_err();
    assert_eq!(failure, missing("order_detail.loan_term"));
    let mut evidence = specimen::dossier();
    evidence.operator_data = None;
    let failure = dossier(&specimen::application(), &evidence, None, &AuditDialect::default()).unwrap_err();
    assert_eq!(failure, missing("telecom_data"));
}

#[test]
fn collected_data_goes_before_a_partners() {
    let collected = specimen::OPERATOR_DATA.replace("5810", "77");
    let filled = dossier(
        &specimen::application(),
        &specimen::dossier(),
        Some(collected.as_bytes()),
        &AuditDialect::default(),
    );
    assert_eq!(filled.unwrap().telecom_data.bill_list[0].amount, "77");
}

#[test]
fn only_what_is_optional_may_be_absent() {
    let mut evidence = specimen::dossier();
    evidence.work = None;
    evidence.device = None;
    let filled = dossier(&specimen::application(), &evidence, None, &AuditDialect::default()).unwrap();
    assert_eq!(filled.user_login_upload_logs, None);
    assert_eq!(filled.basic_info.company_address, None);
}

#[test]
fn relations_have_the_codes_of_the_table() {
    let check = |relation, told_as: &str, code| {
        let contact = dossier::Contact {
            name: String::new(),
            phone: String::new(),
            relation,
            told_as: told_as.to_owned(),
        };
        assert_eq!(super::relation(&contact), code, "{relation:?} {told_as}");
    };
    check(Relation::Parent, "父亲", 0);
    check(Relation::Parent, "母亲", 1);
    check(Relation::Parent, "PARENT", 4);
    check(Relation::Spouse, "COUPLE", 2);
    check(Relation::Friend, "FRIEND", 3);
    for relation in
        [Relation::Sibling, Relation::Child, Relation::Colleague, Relation::Classmate, Relation::Other]
    {
        check(relation, "", 4);
    }
}

#[test]
fn what_the_applicant_told_of_home_score_and_card_is_passed_on() {
    let mut evidence = specimen::dossier();
    evidence.profile = Some(Profile {
        province: "广东省".to_owned(),
        city: "佛山市".to_owned(),
        district: "南海区".to_owned(),
        address: "测试地址".to_owned(),
        zhima_score: 750,
        ..Profile::default()
    });
    let card = |kind| Card {
        kind,
        bank_code: "40012".to_owned(),
        number: "012180001234567899".to_owned(),
        holder: String::new(),
    };
    for (kind, code) in [(CardKind::Debit, 2), (CardKind::Clabe, 3)] {
        evidence.card = Some(card(kind));
        let filled = dossier(&specimen::application(), &evidence, None, &AuditDialect::default()).unwrap();
        assert_eq!(filled.basic_info.cur_address.as_deref(), Some("广东省佛山市南海区测试地址"));
        assert_eq!(filled.zm_data.unwrap().zm_score, Some(750));
        let card = &filled.card_info.unwrap()[0];
        assert_eq!((card.kind, card.card_no.as_deref()), (Some(code), Some("012180001234567899")));
    }
}

#[test]
fn the_dialect_decides_about_empty_lists_yuan_and_collected_data() {
    let mut evidence = specimen::dossier();
    evidence.address_book = Some(Vec::new());
    let dialect = AuditDialect { empty_lists: true, bills_in_yuan: true, ..AuditDialect::default() };
    let filled = dossier(&specimen::application(), &evidence, None, &dialect).unwrap();
    assert_eq!(filled.user_mobile_contacts, []);
    assert_eq!(filled.telecom_data.bill_list[0].amount, "58.10");

    let collected = specimen::OPERATOR_DATA.replace("5810", "77");
    let dialect = AuditDialect { extractor: Extractor::None, ..AuditDialect::default() };
    let both = specimen::dossier();
    let filled = dossier(&specimen::application(), &both, Some(collected.as_bytes()), &dialect).unwrap();
    assert_eq!(filled.telecom_data.bill_list[0].amount, "5810");
    let alone = Dossier { operator_data: None, ..both };
    let failure =
        dossier(&specimen::application(), &alone, Some(collected.as_bytes()), &dialect).unwrap_err();
    assert_eq!(failure, missing("telecom_data"));
}
