//! Clients who break the rules, and those who could not know.

use super::*;

/// Compares what was noted.
fn check(driver: &Driver, violation: Violation, texts: &[&str]) {
    assert_eq!(driver.breaches(), texts);
    assert_eq!(driver.sandbox.ledger().count(violation), texts.len() as u64);
    let total: u64 = Violation::ALL.into_iter().map(|rule| driver.sandbox.ledger().count(rule)).sum();
    assert_eq!(total, texts.len() as u64, "and nothing else");
}

#[test]
fn a_poll_before_its_time_is_noted() {
    let mut driver = Driver::new(Pace::REAL);
    let open_id = driver.open_bank("19950000001");
    let session = json!({"username": "merchant1", "open_id": open_id});
    let poll = |driver: &mut Driver, after: Millis| {
        driver.now += after;
        driver.call(Endpoint::EbankState, session.clone())["data"]["request_delay"].as_u64().unwrap()
    };
    assert_eq!(poll(&mut driver, 0), 3, "the first may come at once");
    poll(&mut driver, 3_000);
    poll(&mut driver, 2_960);
    check(&driver, Violation::PolledEarly, &[]);
    poll(&mut driver, 1_000);
    check(&driver, Violation::PolledEarly, &["get-state 2000 ms too early"]);
}

#[test]
fn who_never_got_the_delay_cannot_obey_it() {
    let mut driver = Driver::new(Pace::REAL);
    let open_id = driver.open_bank("19950000001");
    let session = json!({"username": "merchant1", "open_id": open_id});
    let fault = Planned { endpoint: Endpoint::EbankState, fault: Fault::Cut, mobile: None, times: 1 };
    driver.sandbox.plan_fault(fault).unwrap();
    let request = Request::post_json(Endpoint::EbankState.path(), session.to_string());
    assert_eq!(driver.answer(&request).delivery, Delivery::Cut);
    driver.call(Endpoint::EbankState, session.clone());
    driver.sandbox.lose_answer();
    driver.call(Endpoint::EbankState, session);
    check(&driver, Violation::PolledEarly, &[]);
}

#[test]
fn a_login_without_consent_is_noted() {
    let mut driver = Driver::new(Pace::QUICK);
    let login = |entry: &str, name: &str| {
        json!({
            "token": driver.token, "name": "n", "id_card": "i", "mobile": "19950000001",
            "entry_id": entry, "login_name": name, "password": "123456",
        })
    };
    let bodies = [login("101", "45215919990301502X"), login("102", "6222022005001212723")];
    let other = login("101", "452159199903015021");
    let [first, second] = bodies;
    let text = "login without a license-upload for it";
    assert_eq!(driver.call(Endpoint::EbankOpenId, first.clone())["code"], 1001);
    let mut license = first.clone();
    license.as_object_mut().unwrap().retain(|name, _| name != "password" && name != "mobile");
    assert_eq!(driver.call(Endpoint::EbankLicense, license)["code"], 0);
    assert_eq!(driver.call(Endpoint::EbankOpenId, second)["code"], 1001, "for another login type");
    assert_eq!(driver.call(Endpoint::EbankOpenId, other)["code"], 1001, "for another login name");
    assert_eq!(driver.call(Endpoint::EbankOpenId, first)["code"], 0);
    check(&driver, Violation::NoConsent, &[text; 3]);
}

#[test]
fn a_login_of_the_second_version_without_consent_is_noted() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open_bank_v2("19970000001");
    let login = json!({
        "username": "merchant1", "open_id": open_id, "entry_id": "101",
        "login_name": "45215919990301502X", "password": "123456",
    });
    assert_eq!(driver.call(Endpoint::EbankV2Login, login.clone())["code"], 1001);
    check(&driver, Violation::NoConsent, &["login without a license-upload for it"]);
    let license = json!({
        "username": "merchant1", "open_id": open_id, "entry_id": "101", "login_name": "45215919990301502X",
    });
    assert_eq!(driver.call(Endpoint::EbankV2License, license)["code"], 0);
    assert_eq!(driver.call(Endpoint::EbankV2Login, login)["code"], 0);
}

#[test]
fn a_login_that_the_list_does_not_allow_is_noted() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open_bank_v2("19970000001");
    let mut license = |entry: &str, name: &str| {
        let body =
            json!({"username": "merchant1", "open_id": open_id, "entry_id": entry, "login_name": name});
        driver.call(Endpoint::EbankV2License, body)["msg"].as_str().unwrap().to_owned()
    };
    assert_eq!(license("999", "x"), "输入错误: entry_id is unknown");
    assert_eq!(license("601", "x"), "输入错误: entry_id is disabled: 银行系统升级");
    assert_eq!(license("101", "hush"), r"输入错误: login_name does not fit ^\d{17}[0-9X]$");
    let texts = [
        "entry_id is unknown",
        "entry_id is disabled: 银行系统升级",
        r"login_name does not fit ^\d{17}[0-9X]$",
    ];
    check(&driver, Violation::LoginMisfit, &texts);
}

#[test]
fn what_nobody_asked_for_is_noted_in_every_system() {
    let mut driver = Driver::new(Pace::QUICK);
    let mobile = "19970000001";
    let open_id = driver.open_bank_v2(mobile);
    let body = json!({"username": "merchant1", "open_id": open_id, "verify_code": "1"});
    assert_eq!(driver.call(Endpoint::EbankV2Captcha, body)["code"], 1001);
    driver.log_in_to_bank(mobile, &open_id);
    let license = json!({
        "username": "merchant1", "open_id": open_id, "entry_id": "101", "login_name": "45215919990301502X",
    });
    assert_eq!(driver.call(Endpoint::EbankV2License, license.clone())["code"], 1001);
    let mut login = license;
    login["password"] = "123456".into();
    assert_eq!(driver.call(Endpoint::EbankV2Login, login)["code"], 1001);
    let open_id = driver.open_degree_for(mobile);
    let login =
        json!({"username": "merchant1", "open_id": open_id, "account": "a", "password": "p", "sync": 1});
    assert_eq!(driver.call(Endpoint::DegreeLogin, login.clone())["code"], 0);
    assert_eq!(driver.call(Endpoint::DegreeLogin, login)["code"], 1001);
    let texts = [
        "captcha nobody asked for in state 0",
        "license-upload nobody asked for in state 1",
        "login nobody asked for in state 1",
        "login nobody asked for in state 11",
    ];
    check(&driver, Violation::NobodyAsked, &texts);
}

#[test]
fn the_same_bank_answer_twice_is_noted() {
    let mut driver = Driver::new(Pace::INSTANT);
    let open_id = driver.open_bank("19950000001");
    for _ in 0..2 {
        let body = json!({"username": "merchant1", "open_id": open_id, "verify_code": "999999"});
        assert_eq!(driver.call(Endpoint::EbankCaptcha, body)["code"], 0);
    }
    check(&driver, Violation::AnswerTwice, &["captcha: answer twice"]);
}

#[test]
fn a_call_after_the_end_is_noted_once_the_end_was_told() {
    let mut driver = Driver::new(Pace::INSTANT);
    let open_id = driver.open_bank("19962000001");
    let session = json!({"username": "merchant1", "open_id": open_id});
    driver.call(Endpoint::EbankRawData, session.clone());
    check(&driver, Violation::CallAfterEnd, &[]);
    assert_eq!(driver.call(Endpoint::EbankState, session.clone())["data"]["state"], 11);
    driver.sandbox.lose_answer();
    driver.call(Endpoint::EbankRawData, session.clone());
    check(&driver, Violation::CallAfterEnd, &[]);
    driver.call(Endpoint::EbankState, session.clone());
    driver.call(Endpoint::EbankRawData, session);
    check(&driver, Violation::CallAfterEnd, &["raw-data after the end in state 11"]);
}

#[test]
fn audit_data_that_is_not_as_printed_is_noted() {
    let path = audit_wire::ApplyRequest::PATH;
    let noted = |change: fn(&mut Value), wire: fn(&mut Value)| {
        let mut driver = Driver::new(Pace::QUICK);
        let mut dossier: Value = serde_json::from_str(ORDER).unwrap();
        change(&mut dossier);
        let mut body = driver.application("19901000001", &dossier.to_string());
        wire(&mut body);
        let code = driver.post(path, &body)["code"].as_i64().unwrap();
        let breaches = driver.breaches();
        assert_eq!(driver.sandbox.ledger().count(Violation::AuditData), breaches.len() as u64);
        (code, breaches.join("; "))
    };
    let told = |code, text: &str| (code, text.to_owned());
    assert_eq!(noted(|_| (), |_| ()), told(0, ""));
    assert_eq!(
        noted(|it| it["zm_data"]["zm_score"] = "750".into(), |_| ()),
        told(1001, "field zm_data.zm_score must be an integer")
    );
    assert_eq!(
        noted(|it| it["order_detail"]["loan_term"] = Value::Null, |_| ()),
        told(1001, "field order_detail.loan_term is missing")
    );
    assert_eq!(
        noted(|it| it["basic_info"]["mood"] = 1.into(), |_| ()),
        told(0, "member basic_info.mood is not printed")
    );
    assert_eq!(noted(|_| (), |body| body["ip"] = 1.into()), told(0, "member ip is not printed"));
    assert_eq!(
        noted(|_| (), |body| body["phone"] = body["phone"].to_string().into()),
        told(0, "phone is a string, not an integer")
    );
    let (code, text) = noted(|_| (), |body| body["data"] = "AAAA".into());
    assert_eq!(code, 1001);
    assert!(text.starts_with("does not open"), "{text}");
}

#[test]
fn an_order_audited_again_with_other_content_is_noted() {
    let mut driver = Driver::new(Pace::QUICK);
    let path = audit_wire::ApplyRequest::PATH;
    let first = driver.application("19901000001", ORDER);
    let opened = driver.post(path, &first);
    let again = driver.application("19901000001", ORDER);
    assert_eq!(driver.post(path, &again), opened);
    check(&driver, Violation::AuditChanged, &[]);
    let other = driver.application("19901000001", &ORDER.replace("150000", "160000"));
    assert_eq!(driver.post(path, &other), opened);
    check(&driver, Violation::AuditChanged, &["the order was audited with other content"]);
}

#[test]
fn a_redirect_followed_is_noted() {
    let mut driver = Driver::new(Pace::QUICK);
    let answer = driver.answer(&Request::post_json(TRAP, r#"{"captcha":"000101"}"#));
    assert_eq!(answer.status, 404);
    check(&driver, Violation::RedirectFollowed, &["redirect followed, with 20 bytes"]);
}

#[test]
fn wrong_methods_and_parameters_in_a_query_are_noted() {
    let mut driver = Driver::new(Pace::QUICK);
    assert_eq!(driver.answer(&Request::get(Endpoint::TelecomState.path(), "open_id=1")).status, 405);
    assert_eq!(driver.answer(&Request::post_json(Endpoint::AuditResult.path(), "{}")).status, 405);
    let mut request = Request::post_json(Endpoint::EbankBankInfo.path(), "{}");
    request.query = Some("a=1".to_owned());
    assert_eq!(driver.answer(&request).status, 200);
    let texts = ["GET telecom_get_state", "POST audit_result", "parameters of ebank_bank_info in the query"];
    check(&driver, Violation::WrongMethod, &texts);
}
