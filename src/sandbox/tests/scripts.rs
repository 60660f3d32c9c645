//! Every script, walked to its end.

use std::collections::BTreeSet;

use super::*;

/// Walks one session after the other and compares the states seen.
fn check(mobile: &str, sessions: &[&[i64]]) -> Driver {
    let mut driver = Driver::new(Pace::QUICK);
    for expected in sessions {
        let open_id = driver.open(mobile);
        assert_eq!(driver.walk(mobile, &open_id), *expected, "{mobile}");
    }
    assert_eq!(driver.breaches(), Vec::<String>::new(), "{mobile}");
    assert_eq!(driver.sandbox.ledger().twice_processed(), 0, "{mobile}");
    driver
}

#[test]
fn later_scripts_walk_as_described() {
    const HAPPY: &[i64] = &[0, 11, 21, 22, 41, 43];
    check("19917000001", &[&[0, 11, 31, 32, 33, 32, 41, 43]]);
    check("19918000001", &[&[0, 11, 21, 23, 24, 21, 22, 41, 43]]);
    check("19919000001", &[&[0, 11, 99, 21, 22, 99, 41, 43]]);
    check("19920000001", &[&[0, 11, 0, 11, 21, 22, 11, 41, 43]]);
    check("19921000001", &[HAPPY]);
    check("19922000001", &[&[21, 43]]);
    check("19928000001", &[&[0, 11, 42], &[0, 11, 42], &[0, 11, 42]]);
    check("19929000001", &[&[0, 11, 21, 22, 1], HAPPY]);
    check("19930000001", &[&[0, 11, 21, 22, 42], HAPPY]);
    check("19931000001", &[&[0, 11, 31, 32, 42], HAPPY]);
    check("19932000001", &[&[0, 11, 31, 32, 42], HAPPY]);
    check("19937000001", &[&[0, 11, 42]]);
    check("19938000001", &[&[0, 11, 21, 22, 31, 32, 21, 22, 21, 22, 41, 43]]);
    for mobile in ["19923000001", "19936000001"] {
        assert_eq!(check(mobile, &[HAPPY]).refusals, 1, "{mobile}");
    }
    for other in Script::ALL.into_iter().filter(|script| script.system() != System::Telecom) {
        check(&other.row().example, &[HAPPY]);
    }
}

#[test]
fn three_sessions_end_as_the_table_says() {
    // Each of these disturbs the asking itself, and has a test of its own.
    let apart = [Script::ServerError, Script::OpenIdRefused, Script::SessionForgotten, Script::BuildsForever];
    let telecom = Script::ALL.into_iter().filter(|script| script.system() == System::Telecom);
    for script in telecom.filter(|script| !apart.contains(script)) {
        let mut driver = Driver::new(Pace::QUICK);
        let mobile = script.row().example;
        let has_data = (0..3).any(|_| {
            let open_id = driver.open(&mobile);
            driver.walk(&mobile, &open_id);
            let mut codes = (0..4)
                .map(|_| driver.in_session(tel::RawDataRequest::PATH, &open_id, json!({}))["code"].clone());
            codes.any(|code| code == 0)
        });
        assert_eq!(has_data, script.ending() == Ending::Approved, "{script:?}");
    }
}

#[test]
fn a_session_that_gives_up_does_not_wait_for_the_applicant() {
    for (mobile, seen) in [("19930000001", [21, 42]), ("19932000001", [31, 1])] {
        let mut driver = Driver::new(Pace::QUICK);
        let open_id = driver.open(mobile);
        while driver.state(&open_id) != seen[0] {
            driver.jump();
        }
        driver.jump();
        let late = match seen[0] {
            21 => driver.captcha(&open_id, "000101"),
            _ => driver.query_password(&open_id, "000001"),
        };
        assert_eq!(late["code"], 1001);
        assert_eq!(driver.state(&open_id), seen[1], "{mobile}");
        assert_eq!(driver.breaches(), [""; 0], "nobody had told");
        assert!(driver.now < START + 10_000);
    }
}

#[test]
fn every_code_is_wrong_until_the_sixth_ends_the_session() {
    let driver = check("19933000001", &[&[0, 11, 21, 22, 23, 22, 23, 22, 23, 22, 23, 22, 23, 22, 42]]);
    assert_eq!(driver.sandbox.ledger().tally(Script::CaptchaWrongAlways).answers_processed, 6);
}

#[test]
fn an_open_id_is_refused_once() {
    let mut driver = Driver::new(Pace::QUICK);
    let body = json!({
        "token": driver.token, "name": "n", "id_card": "i", "mobile": "19924000001", "service_password": "1",
    });
    assert_eq!(driver.call(Endpoint::TelecomOpenId, body)["code"], 1001);
    let open_id = driver.open("19924000001");
    assert_eq!(driver.walk("19924000001", &open_id), [0, 11, 21, 22, 41, 43]);
}

#[test]
fn a_forgotten_session_is_unknown() {
    let mut driver = Driver::new(Pace::QUICK);
    let mobile = "19925000001";
    let open_id = driver.open(mobile);
    while driver.state(&open_id) != 21 {
        driver.jump();
    }
    assert_eq!(driver.captcha(&open_id, "000101")["code"], 0);
    let state = driver.in_session(tel::StateRequest::PATH, &open_id, json!({}));
    assert_eq!(state["msg"], "输入错误: open_id is unknown");
    let expected = driver.sandbox.expected_answer(mobile).unwrap();
    assert_eq!(expected.kind, AnswerKind::ServicePassword);
    let open_id = driver.open(mobile);
    assert_eq!(driver.walk(mobile, &open_id), [0, 11, 21, 22, 41, 43]);
}

#[test]
fn data_comes_as_the_script_says() {
    let codes = |mobile: &str, path: &str| {
        let mut driver = Driver::new(Pace::INSTANT);
        let open_id = driver.open(mobile);
        driver.captcha(&open_id, "000101");
        [(); 4].map(|()| driver.in_session(path, &open_id, json!({}))["code"].as_i64().unwrap())
    };
    let (raw, report) = (tel::RawDataRequest::PATH, tel::ReportRequest::PATH);
    assert_eq!(codes("19926000001", raw), [1003; 4]);
    assert_eq!(codes("19927000001", raw), [1003; 4]);
    assert_eq!(codes("19927000001", report), [1003; 4]);
    assert_eq!(codes("19934000001", raw), [0; 4]);
    assert_eq!(codes("19934000001", report), [1003, 1003, 0, 0]);
    assert_eq!(codes("19935000001", raw), [1000, 0, 0, 0]);
}

#[test]
fn a_service_password_may_come_later_if_the_sandbox_takes_it() {
    let mut driver = Driver::new(Pace::QUICK);
    let mobile = "19901000001";
    let open = |driver: &Driver| json!({"token": driver.token, "name": "n", "id_card": "i", "mobile": mobile, "service_password": ""});
    let path = tel::ServicePasswordRequest::PATH;
    let body = open(&driver);
    assert_eq!(driver.call(Endpoint::TelecomOpenId, body)["msg"], "输入错误: service_password is empty");
    assert_eq!(driver.in_session(path, "x", json!({}))["code"], 404);
    driver.sandbox.take_service_passwords(true);
    let body = open(&driver);
    let open_id = driver.call(Endpoint::TelecomOpenId, body)["data"]["open_id"].as_str().unwrap().to_owned();
    assert_eq!(driver.state(&open_id), 0);
    let expected = driver.sandbox.expected_answer(mobile).unwrap();
    assert_eq!(expected.kind, AnswerKind::ServicePassword);
    let taken = driver.in_session(path, &open_id, json!({"service_password": expected.answer}));
    assert_eq!(taken["code"], 0, "{taken}");
    assert_eq!(driver.walk(mobile, &open_id), [11, 21, 22, 41, 43]);
    assert_eq!(driver.breaches(), [""; 0]);
}

#[test]
fn scripts_walk_as_described() {
    const HAPPY: &[i64] = &[0, 11, 21, 22, 41, 43];
    check("18698574854", &[HAPPY]);
    check("19901000001", &[HAPPY]);
    check("19902000001", &[&[0, 11, 21, 22, 23, 22, 41, 43]]);
    check("19903000001", &[&[0, 11, 21, 23, 24, 22, 41, 43]]);
    check("19904000001", &[&[0, 11, 21, 22, 31, 32, 41, 43]]);
    check("19905000001", &[&[0, 11, 1], HAPPY]);
    check("19906000001", &[&[0, 11, 21, 22, 42], HAPPY]);
    check("19907000001", &[HAPPY]);
    check("19908000001", &[HAPPY]);
    check("19909000001", &[HAPPY]);
    check("19912000001", &[HAPPY]);
    check("19913000001", &[&[0, 11, 21, 22, 21, 22, 41, 43]]);
    check("19914000001", &[&[0, 11, 41, 43]]);
    check("19915000001", &[&[0, 11, 31, 32, 21, 22, 41, 43]]);
    check("19916000001", &[&[0, 11, 21, 22, 41, 42], HAPPY]);
}

#[test]
fn an_instant_pace_waits_for_the_applicant_only() {
    let mut driver = Driver::new(Pace::INSTANT);
    for (mobile, expected) in [
        ("19901000001", vec![21, 43]),
        ("19902000001", vec![21, 23, 43]),
        ("19904000001", vec![21, 31, 43]),
        ("19914000001", vec![43]),
    ] {
        let open_id = driver.open(mobile);
        assert_eq!(driver.walk(mobile, &open_id), expected, "{mobile}");
    }
    let open_id = driver.open("19903000001");
    assert_eq!(driver.state(&open_id), 23, "its code ran out at once");
    assert_eq!(driver.now, START);
}

#[test]
fn only_a_code_sent_again_gets_past_the_lost_one() {
    let mut driver = Driver::new(Pace::INSTANT);
    let open_id = driver.open("19903004711");
    driver.captcha(&open_id, "471101");
    assert_eq!(driver.state(&open_id), 23, "right, and yet too late");
    driver.resend(&open_id);
    driver.captcha(&open_id, "471101");
    assert_eq!(driver.state(&open_id), 23, "only the newest is right");
    driver.captcha(&open_id, "471102");
    assert_eq!(driver.state(&open_id), 43);
    assert_eq!(driver.sandbox.ledger().twice_processed(), 1);
}

#[test]
fn late_data_is_refused_while_built_and_twice_more() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open("19907000001");
    let raw = tel::RawDataRequest::PATH;
    let mut codes = Vec::new();
    while codes.last() != Some(&0) {
        let state = driver.state(&open_id);
        match state {
            41 | 43 => {
                let reply = driver.in_session(raw, &open_id, json!({}));
                codes.push(reply["code"].as_i64().unwrap());
                if state == 41 {
                    driver.jump();
                }
            }
            21 => driver.obey("19907000001", &open_id, state),
            _ => driver.jump(),
        }
    }
    assert_eq!(codes, [1003, 1003, 1003, 0], "once at 41, twice at 43");
    let report = driver.in_session(tel::ReportRequest::PATH, &open_id, json!({}));
    assert!(report["data"]["report"]["update_time"].is_string());
}

#[test]
fn a_server_error_comes_twice_and_once() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open("19910000001");
    let body = json!({"username": "merchant1", "open_id": open_id}).to_string();
    let state = Request::post_json(tel::StateRequest::PATH, body);
    let body = json!({"token": driver.token, "name": "n", "id_card": "i", "mobile": "19910000001"});
    let search = Request::post_json(list::SearchRequest::PATH, body.to_string());
    let mut status = |request: &Request| driver.answer(request).status;
    assert_eq!([(); 3].map(|()| status(&state)), [500, 500, 200]);
    assert_eq!([(); 3].map(|()| status(&search)), [500, 200, 200]);
    let mobile = "19910000001";
    assert_eq!(driver.walk(mobile, &open_id), [0, 11, 21, 22, 41, 43]);
}

#[test]
fn a_lost_answer_was_processed() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open("19911000001");
    while driver.state(&open_id) != 21 {
        driver.jump();
    }
    let body = json!({"username": "merchant1", "open_id": open_id, "captcha": "000101"});
    let request = Request::post_json(tel::CaptchaRequest::PATH, body.to_string());
    assert_eq!(driver.answer(&request).delivery, Delivery::Cut);
    assert_eq!(driver.state(&open_id), 22);
    let again = driver.answer(&request);
    assert_eq!(again.delivery, Delivery::Sent);
    let text = String::from_utf8_lossy(&again.body).into_owned();
    assert!(text.contains("captcha does not fit state 22"), "{text}");
    assert_eq!(driver.breaches(), ["captcha nobody asked for in state 22"]);
    assert_eq!(driver.walk("19911000001", &open_id), [22, 41, 43]);
    let tally = driver.sandbox.ledger().tally(Script::AnswerLost);
    assert_eq!((tally.sessions_opened, tally.answers_processed), (1, 1));
}

#[test]
fn a_slow_provider_answers_late() {
    for (pace, delay) in [(Pace::REAL, 2_000), (Pace::QUICK, 700), (Pace::INSTANT, 0)] {
        let mut driver = Driver::new(pace);
        let open_id = driver.open("19912000001");
        let body = json!({"username": "merchant1", "open_id": open_id}).to_string();
        let answer = driver.answer(&Request::post_json(tel::StateRequest::PATH, body));
        assert_eq!(answer.delay.as_millis(), delay);
    }
}

#[test]
fn only_one_script_is_on_the_blacklist() {
    let mut driver = Driver::new(Pace::QUICK);
    for (mobile, is_in) in [("19908000001", true), ("19901000001", false)] {
        let body = json!({"token": driver.token, "name": "n", "id_card": "i", "mobile": mobile});
        let found = driver.post(list::SearchRequest::PATH, &body);
        assert_eq!(found["data"]["is_in"], is_in);
    }
}

#[test]
fn the_same_seed_gives_the_same_run_in_any_order() {
    let run = |mobiles: &[&str]| {
        let mut driver = Driver::new(Pace::QUICK);
        let mut ids = BTreeSet::new();
        for mobile in mobiles {
            let open_id = driver.open(mobile);
            driver.walk(mobile, &open_id);
            let raw = driver.in_session(tel::RawDataRequest::PATH, &open_id, json!({}));
            let content = raw["data"]["task_data"]["account_info"].to_string();
            ids.insert((open_id, content));
        }
        (driver.sandbox.public_key_pem(), driver.now - START, ids)
    };
    let one = run(&["19902000001", "19904000001"]);
    assert_eq!(one, run(&["19902000001", "19904000001"]));
    assert_eq!(one, run(&["19904000001", "19902000001"]));
    assert_ne!(one.2, run(&["19902000001", "19904000002"]).2);
}
