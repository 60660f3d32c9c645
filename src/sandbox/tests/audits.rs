//! The risk audit, from the sealed dossier to the suggestion.

use std::io::Write as _;

use super::*;

impl Driver {
    fn apply(&mut self, mobile: &str, dossier: &str) -> Value {
        let body = self.application(mobile, dossier).to_string();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(body.as_bytes()).unwrap();
        let mut request = Request::post_json(audit_wire::ApplyRequest::PATH, gzip.finish().unwrap());
        request.content_encoding = Some("gzip".to_owned());
        let answer = self.answer(&request);
        serde_json::from_slice(&answer.body).unwrap()
    }

    fn result(&mut self, open_id: &str) -> Value {
        let query = format!("open_id={open_id}");
        let answer = self.answer(&Request::get(audit_wire::ResultRequest::PATH, query));
        serde_json::from_slice(&answer.body).unwrap()
    }
}

/// Polls an audit to its end and compares what was told.
fn check(pace: Pace, mobile: &str, states: &[i64], reason: &str) {
    let mut driver = Driver::new(pace);
    let opened = driver.apply(mobile, ORDER);
    let open_id = opened["data"]["open_id"].as_str().expect("an id");
    let mut told = Vec::new();
    loop {
        let result = driver.result(open_id);
        let state = result["data"]["state"].as_i64().unwrap();
        told.push(state);
        if state != 2 {
            assert_eq!(result["data"]["reason"], reason);
            break;
        }
        driver.now = driver.sandbox.next_moment(driver.now).unwrap_or(driver.now);
    }
    assert_eq!(told, states, "{mobile}");
}

#[test]
fn an_audit_ends_as_the_script_says() {
    check(Pace::QUICK, "19901000001", &[2, 0], "");
    check(Pace::QUICK, "19909000001", &[2, 1], "命中多头借贷");
    check(Pace::QUICK, "19912000001", &[2, 2, 2, 2, 2, 0], "");
    check(Pace::INSTANT, "19901000001", &[0], "");
}

#[test]
fn an_order_is_audited_once() {
    let mut driver = Driver::new(Pace::QUICK);
    let first = driver.apply("19901000001", ORDER);
    assert_eq!(first["code"], 0, "{first}");
    driver.now += 1_000;
    assert_eq!(driver.apply("19901000001", ORDER), first);
    let ledger = driver.sandbox.ledger();
    let tally = ledger.tally(Script::Happy);
    assert_eq!((tally.audits_processed, tally.repeats), (1, 1));
    assert_eq!(ledger.count(Violation::AuditTwice), 0);
    let other = ORDER.replace("245132241561415", "2");
    assert_ne!(driver.apply("19901000001", &other), first);
}

#[test]
fn what_is_wrong_with_an_application_is_named() {
    let mut driver = Driver::new(Pace::QUICK);
    let path = audit_wire::ApplyRequest::PATH;
    let whole = driver.application("19901000001", ORDER);
    for name in ["token", "name", "phone", "id_card", "data"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(name);
        let reply = driver.post(path, &body);
        assert_eq!(reply["msg"], format!("输入错误: {name} is missing"));
    }
    let mut short = whole.clone();
    short["phone"] = 5.into();
    let reply = driver.post(path, &short);
    assert_eq!(reply["msg"], "输入错误: phone must have 11 digits");
    let mut torn = whole.clone();
    torn["data"] = "AAAA".into();
    let reply = driver.post(path, &torn);
    assert!(reply["msg"].as_str().unwrap().contains("data does not open"));
    let mut text = whole;
    text["phone"] = "19901000001".into();
    assert_eq!(driver.post(path, &text)["code"], 0, "a string is taken too");
    let reply = driver.apply("19901000001", &ORDER.replace("loan_term", "term"));
    let msg = "输入错误: data field order_detail.loan_term is missing";
    assert_eq!(reply["msg"], msg);
    let reply = driver.result("feed");
    assert_eq!(reply["msg"], "参数错误错误: open_id is unknown");
}

#[test]
fn the_typed_dossier_passes_the_check() {
    let typed: audit_wire::Dossier = serde_json::from_str(ORDER).unwrap();
    let text = serde_json::to_string(&typed).unwrap();
    let mut driver = Driver::new(Pace::QUICK);
    assert_eq!(driver.apply("19901000001", &text)["code"], 0);
}
