//! The rows of spec 006 §2 that no good client walks.

use super::*;

fn at_first_code(mobile: &str) -> (Driver, String) {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open(mobile);
    while driver.state(&open_id) != 21 {
        driver.jump();
    }
    (driver, open_id)
}

#[test]
fn an_idle_applicant_lets_the_code_and_then_the_session_run_out() {
    let (mut driver, open_id) = at_first_code("19901000001");
    driver.jump();
    assert_eq!(driver.state(&open_id), 23, "row 7");
    driver.now = START + 599_999;
    assert_eq!(driver.state(&open_id), 23);
    driver.now += 1;
    let late = driver.captcha(&open_id, "000101");
    assert_eq!(late["code"], 1001);
    assert_eq!(driver.breaches(), Vec::<String>::new(), "nobody had told");
    assert_eq!(driver.state(&open_id), 42, "row 18");
    driver.captcha(&open_id, "000101");
    assert_eq!(driver.breaches(), ["captcha after the end in state 42"]);
    assert_eq!(driver.sandbox.next_moment(driver.now), None);
}

#[test]
fn a_message_sent_again_asks_again_and_runs_out_too() {
    let (mut driver, open_id) = at_first_code("19901000001");
    assert_eq!(driver.resend(&open_id)["code"], 0);
    assert_eq!(driver.state(&open_id), 24, "row 6");
    driver.jump();
    assert_eq!(driver.state(&open_id), 21, "row 11");
    driver.captcha(&open_id, "000101");
    assert_eq!(driver.state(&open_id), 22, "row 5");
    driver.jump();
    assert_eq!(driver.state(&open_id), 23, "row 8: the older code");
    assert_eq!(driver.resend(&open_id)["code"], 0);
    assert_eq!(driver.state(&open_id), 24);
    driver.jump();
    driver.jump();
    assert_eq!(driver.state(&open_id), 23, "row 7");
}

#[test]
fn six_wrong_answers_end_the_session() {
    let (mut driver, open_id) = at_first_code("19901000001");
    for wrong in ["1", "2", "3", "4", "5", "6"] {
        assert_eq!(driver.captcha(&open_id, wrong)["code"], 0);
        driver.jump();
    }
    assert_eq!(driver.state(&open_id), 42, "row 10");
    let expected = driver.sandbox.expected_answer("19901000001").unwrap();
    assert_eq!(expected.kind, AnswerKind::ServicePassword);

    let mut driver = Driver::new(Pace::INSTANT);
    let open_id = driver.open("19915000001");
    for wrong in ["1", "2", "3", "4", "5"] {
        driver.query_password(&open_id, wrong);
        assert_eq!(driver.state(&open_id), 33, "row 13");
    }
    driver.query_password(&open_id, "6");
    assert_eq!(driver.state(&open_id), 42, "row 15");
}

#[test]
fn a_wrong_service_password_restarts() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open_with("19901000001", "000000");
    assert_eq!(driver.walk("19901000001", &open_id), [0, 11, 1], "row 4");
    driver.resend(&open_id);
    driver.in_session(tel::RawDataRequest::PATH, &open_id, json!({}));
    let breaches = ["resend-captcha after the end in state 1", "raw-data after the end in state 1"];
    assert_eq!(driver.breaches(), breaches);
}

#[test]
fn calls_that_do_not_fit_change_nothing() {
    let (mut driver, open_id) = at_first_code("19901000001");
    let wrong_kind = driver.query_password(&open_id, "000001");
    assert_eq!(wrong_kind["code"], 1001);
    let early = driver.in_session(tel::ReportRequest::PATH, &open_id, json!({}));
    assert_eq!(early["msg"], "输入错误: report does not fit state 21 需要验证码");
    assert_eq!(driver.state(&open_id), 21, "row 19");
    let nobody_asked = "query_password nobody asked for in state 21";
    assert_eq!(driver.breaches(), [nobody_asked]);
}

#[test]
fn the_same_text_twice_is_noticed() {
    let (mut driver, open_id) = at_first_code("19901000001");
    for _ in 0..2 {
        driver.captcha(&open_id, "999999");
        driver.jump();
    }
    assert_eq!(driver.sandbox.ledger().twice_processed(), 1);
    assert_eq!(driver.breaches(), ["captcha: answer twice"]);
}

#[test]
fn the_expected_answer_follows_the_session() {
    let mut driver = Driver::new(Pace::QUICK);
    let kind = |driver: &Driver| {
        let expected = driver.sandbox.expected_answer("19904123456");
        expected.map(|it| (it.kind, it.answer))
    };
    let text = |text: &str| text.to_owned();
    let service = Some((AnswerKind::ServicePassword, text("123456")));
    assert_eq!(kind(&driver), service, "nothing is open yet");
    let open_id = driver.open("19904123456");
    assert_eq!(kind(&driver), None, "state 0");
    while driver.state(&open_id) != 21 {
        driver.jump();
    }
    assert_eq!(kind(&driver), Some((AnswerKind::Sms, text("345601"))));
    driver.resend(&open_id);
    assert_eq!(kind(&driver), Some((AnswerKind::Sms, text("345602"))));
    driver.captcha(&open_id, "345602");
    assert_eq!(kind(&driver), None, "state 22");
    driver.jump();
    driver.sandbox.settle(driver.now);
    let password = Some((AnswerKind::QueryPassword, text("123456")));
    assert_eq!(kind(&driver), password);
    assert_eq!(driver.sandbox.expected_answer("12"), None, "no mobile");
}
