//! Every fault on a call that counts: what the client sees, and what was done.

use std::io::Read as _;

use bytes::Bytes;

use super::*;

/// A session that asks for a code, and the call that submits it.
fn asking() -> (Driver, String, Request) {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open("19901000001");
    while driver.state(&open_id) != 21 {
        driver.jump();
    }
    let body = json!({"username": "merchant1", "open_id": open_id, "captcha": "000101"});
    (driver, open_id, Request::post_json(tel::CaptchaRequest::PATH, body.to_string()))
}

fn planned(driver: &mut Driver, endpoint: Endpoint, fault: Fault) {
    driver.sandbox.plan_fault(Planned { endpoint, fault, mobile: None, times: 1 }).unwrap();
}

/// What a call is answered under a fault.
fn hit(fault: Fault) -> Answer {
    let (mut driver, open_id, request) = asking();
    planned(&mut driver, Endpoint::TelecomCaptcha, fault);
    let answer = driver.answer(&request);
    let state = if fault.is_processed() { 22 } else { 21 };
    assert_eq!(driver.state(&open_id), state, "{fault:?}");
    let counts = driver.sandbox.ledger().counts(Endpoint::TelecomCaptcha);
    let processed = u64::from(fault.is_processed());
    assert_eq!((counts.processed, counts.not_processed, counts.disturbed), (processed, 1 - processed, 1));
    let last = driver.sandbox.ledger().calls_after(0).filter(|call| call.path == request.path).last();
    assert_eq!(last.unwrap().outcome, Outcome::Fault { fault });
    answer
}

/// What a state call is answered under a fault.
fn told(fault: Fault) -> Value {
    let (mut driver, open_id, _) = asking();
    planned(&mut driver, Endpoint::TelecomState, fault);
    driver.in_session(tel::StateRequest::PATH, &open_id, json!({}))
}

#[test]
fn every_fault_is_processed_or_not_as_it_says() {
    for fault in Fault::ALL {
        let answer = hit(fault);
        let is_plain = answer.status == 200
            && answer.delivery == Delivery::Sent
            && answer.delay.is_zero()
            && answer.headers.is_empty()
            && answer.body == Bytes::from_static(br#"{"code":0,"msg":""}"#);
        // A reply without a state has none to spoil.
        assert_eq!(is_plain, fault == Fault::StateText, "{fault:?}: {answer:?}");
    }
}

#[test]
fn lost_answers_are_cut_late_or_slow() {
    assert_eq!(hit(Fault::RequestCut).delivery, Delivery::Cut);
    assert_eq!(hit(Fault::Cut).delivery, Delivery::Cut);
    assert_eq!(hit(Fault::Late).delay.as_secs(), 60);
    assert_eq!(hit(Fault::Drip).delivery, Delivery::Dripped);
}

#[test]
fn pages_have_their_status() {
    for (fault, status) in [
        (Fault::BadRequest, 400),
        (Fault::Unauthorized, 401),
        (Fault::Forbidden, 403),
        (Fault::NotFound, 404),
        (Fault::ServerError, 500),
        (Fault::BadGateway, 502),
        (Fault::Unavailable, 503),
        (Fault::TooManyRequests, 429),
        (Fault::HtmlPage, 200),
        (Fault::Redirect, 307),
    ] {
        let answer = hit(fault);
        assert_eq!((answer.status, answer.content_type), (status, "text/html; charset=utf-8"), "{fault:?}");
        assert!(answer.body.starts_with(b"<html>"));
    }
    assert_eq!(hit(Fault::TooManyRequests).headers, [("retry-after", "2")]);
    assert_eq!(hit(Fault::Redirect).headers, [("location", "/_sandbox/trap")]);
}

#[test]
fn envelopes_are_bent() {
    assert_eq!(told(Fault::SystemError), json!({"code": 1000, "msg": "系统错误"}));
    assert_eq!(told(Fault::TokenRejected), json!({"code": 1001, "msg": "令牌验证失败"}));
    let data = json!({"state": 21, "message": "需要验证码"});
    assert_eq!(told(Fault::CodeText), json!({"code": "0", "msg": "", "data": data}));
    assert_eq!(told(Fault::StateText)["data"], json!({"state": "21", "message": "需要验证码"}));
    assert_eq!(told(Fault::DataList)["data"], json!([data]));
    assert_eq!(told(Fault::MissingMembers), json!({"code": 0, "data": {}}));
    let more = told(Fault::UnknownMembers);
    assert_eq!((&more["code"], &more["data"]["state"]), (&0.into(), &21.into()));
    assert!(more["trace"].is_object() && more["data"]["extra"].is_array());
}

#[test]
fn bodies_are_spoilt() {
    assert_eq!(hit(Fault::Empty).body, Bytes::new());
    assert!(std::str::from_utf8(&hit(Fault::Garbage).body).is_err());
    let huge = hit(Fault::Huge).body;
    assert!(huge.len() > 20 << 20);
    assert_eq!(serde_json::from_slice::<Value>(&huge).unwrap()["code"], 0);
    let packed = hit(Fault::Gzip);
    assert_eq!(packed.headers, [("content-encoding", "gzip")]);
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.body.as_ref()).read_to_string(&mut text).unwrap();
    assert_eq!(text, r#"{"code":0,"msg":""}"#);
    let bomb = hit(Fault::GzipBomb);
    assert_eq!(bomb.headers, [("content-encoding", "gzip")]);
    assert!(bomb.body.len() < 2 << 20);
}

#[test]
fn hostile_text_quotes_the_secret() {
    let reply: Value = serde_json::from_slice(&hit(Fault::HostileText).body).unwrap();
    let msg = reply["msg"].as_str().unwrap();
    assert_eq!(reply["code"], 1000);
    assert!(msg.len() >= (1 << 20) - 2, "{}", msg.len());
    for hostile in ["\u{1b}[2J", "<script>", "\u{0}", "\r\n", "000101"] {
        assert!(msg.contains(hostile), "{hostile:?}");
    }
}

#[test]
fn chance_hits_some_calls_and_the_same_ones_again() {
    let run = |seed| {
        let mut driver = Driver::new(Pace::QUICK);
        driver.sandbox.set_faults(Faults::of_all_kinds(seed, 300_000)).unwrap();
        let body = json!({"token": driver.token, "name": "n", "id_card": "i", "mobile": "19901000001"});
        let request = Request::post_json(list::SearchRequest::PATH, body.to_string());
        (0..50).map(|_| driver.answer(&request)).collect::<Vec<_>>()
    };
    let answers = run(1);
    assert_eq!(answers, run(1));
    assert_ne!(answers, run(2));
    let healthy = answers.iter().filter(|answer| **answer == answers[0] || answer.status == 200).count();
    assert!(healthy > 10 && answers.iter().any(|answer| answer.status != 200), "{healthy}");
}

#[test]
fn an_outage_takes_one_system_only() {
    let (mut driver, open_id, _) = asking();
    driver.sandbox.start_outage(System::Telecom, OutageKind::Unavailable, Some(5_000));
    let state = Request::post_json(
        tel::StateRequest::PATH,
        json!({"username": "merchant1", "open_id": open_id}).to_string(),
    );
    assert_eq!(driver.answer(&state).status, 503);
    assert_eq!(driver.call(Endpoint::EbankBankInfo, json!({}))["code"], 0);
    driver.now += 5_000;
    assert_eq!(driver.answer(&state).status, 200);
    driver.sandbox.start_outage(System::Telecom, OutageKind::Cut, None);
    assert_eq!(driver.answer(&state).delivery, Delivery::Cut);
    driver.sandbox.end_outage(System::Telecom).unwrap();
    assert_eq!(driver.answer(&state).status, 200);
}
