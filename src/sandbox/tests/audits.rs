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
        if matches!(state, 0 | 1) {
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
    check(Pace::INSTANT, "19996000001", &[7, 7, 0], "");
    let mut long = vec![2; 20];
    long.push(0);
    check(Pace::QUICK, "19992000001", &long, "");
}

#[test]
fn an_audit_fails_as_the_script_says() {
    let codes = |mobile: &str| {
        let mut driver = Driver::new(Pace::INSTANT);
        [(); 3].map(|()| driver.apply(mobile, ORDER)["code"].as_i64().unwrap())
    };
    assert_eq!(codes("19993000001"), [1000, 1000, 0]);
    assert_eq!(codes("19994000001"), [1001; 3]);

    let mut driver = Driver::new(Pace::INSTANT);
    let body = driver.application("19995000001", ORDER).to_string();
    let request = Request::post_json(audit_wire::ApplyRequest::PATH, body);
    assert_eq!(driver.answer(&request).delivery, Delivery::Cut);
    assert_eq!(driver.answer(&request).delivery, Delivery::Sent, "the order is known");
    assert_eq!(driver.sandbox.ledger().tally(Script::AuditAnswerLost).audits_processed, 1);

    let mut driver = Driver::new(Pace::INSTANT);
    let opened = driver.apply("19998000001", ORDER);
    let open_id = opened["data"]["open_id"].as_str().unwrap().to_owned();
    let codes = [(); 3].map(|()| driver.result(&open_id)["code"].as_i64().unwrap());
    assert_eq!(codes, [1000, 1000, 0]);

    let mut driver = Driver::new(Pace::INSTANT);
    let opened = driver.apply("19997000001", ORDER);
    let open_id = opened["data"]["open_id"].as_str().unwrap().to_owned();
    assert_eq!(driver.result(&open_id)["data"], json!([{"state": 1, "reason": ""}]));
}

#[test]
fn the_blacklist_fails_as_the_script_says() {
    let mut driver = Driver::new(Pace::INSTANT);
    let mut codes = |mobile: &str| {
        let body = json!({"token": driver.token, "name": "n", "id_card": "i", "mobile": mobile});
        [(); 4].map(|()| {
            let reply = driver.post(list::SearchRequest::PATH, &body);
            format!("{} {}", reply["code"], reply["msg"].as_str().unwrap())
        })
    };
    assert_eq!(codes("19990000001"), ["1000 服务不可用", "1000 服务不可用", "1000 服务不可用", "0 "]);
    assert_eq!(codes("19991000001"), ["1001 输入错误: id_card is not accepted"; 4]);
    assert_eq!(codes("19999000001"), ["1001 令牌验证失败", "0 ", "0 ", "0 "]);
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
