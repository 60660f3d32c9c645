//! Sessions moved by hand, and a memory that ends.

use super::*;

fn mobile(text: &str) -> Mobile {
    Mobile::parse(text).unwrap()
}

#[test]
fn a_session_moves_when_told_to() {
    let mut driver = Driver::new(Pace::REAL);
    let open_id = driver.open("19904000001");
    let whose = mobile("19904000001");
    let advance = |driver: &mut Driver, to| driver.sandbox.advance(System::Telecom, whose, to);
    assert_eq!(advance(&mut driver, None), Ok(11));
    assert_eq!(advance(&mut driver, Some(21)), Ok(21));
    assert_eq!(advance(&mut driver, Some(23)), Ok(23), "the code runs out");
    assert_eq!(advance(&mut driver, None), Err(Cannot::Rests { state: 23, is_asking: true }));
    driver.resend(&open_id);
    driver.captcha(&open_id, "000102");
    assert_eq!(advance(&mut driver, Some(31)), Ok(31));
    assert_eq!(advance(&mut driver, Some(43)), Err(Cannot::Rests { state: 31, is_asking: true }));
    driver.query_password(&open_id, "000001");
    assert_eq!(advance(&mut driver, Some(43)), Ok(43));
    assert_eq!(driver.now, START, "and no time has passed");
    assert_eq!(driver.breaches(), [""; 0]);
}

#[test]
fn a_session_ends_when_told_to() {
    for end in [1, 42] {
        let mut driver = Driver::new(Pace::REAL);
        let open_id = driver.open("19901000001");
        let whose = mobile("19901000001");
        driver.sandbox.advance(System::Telecom, whose, Some(21)).unwrap();
        assert_eq!(driver.sandbox.advance(System::Telecom, whose, Some(end)), Ok(end));
        assert_eq!(driver.captcha(&open_id, "000101")["code"], 1001);
        assert_eq!(driver.breaches(), [""; 0], "the client could not know");
        assert_eq!(driver.state(&open_id), end);
    }
    let mut driver = Driver::new(Pace::REAL);
    driver.open_degree_for("19940000001");
    assert_eq!(driver.sandbox.advance(System::Degree, mobile("19940000001"), Some(22)), Ok(22));
    driver.open_bank("19950000001");
    assert_eq!(driver.sandbox.advance(System::Ebank, mobile("19950000001"), Some(8)), Ok(8));
    assert_eq!(driver.sandbox.advance(System::Ebank, mobile("19950000001"), Some(11)), Ok(11));
}

#[test]
fn what_cannot_be_done_is_named() {
    let mut driver = Driver::new(Pace::REAL);
    let nobody = mobile("19901000001");
    let text = |cannot: Result<i64, Cannot>| cannot.unwrap_err().to_string();
    let sandbox = &mut driver.sandbox;
    let none = "mobile 19901000001 has no session of system telecom";
    assert_eq!(text(sandbox.advance(System::Telecom, nobody, None)), none);
    assert_eq!(text(sandbox.advance(System::Account, nobody, None)), "system account has no sessions");
    let ended = sandbox.end_outage(System::Audit).unwrap_err().to_string();
    assert_eq!(ended, "system audit has no outage");
    let faults =
        Faults { per_million: [(Fault::Cut, MILLION), (Fault::Late, 1)].into(), ..Faults::default() };
    let error = sandbox.set_faults(faults).unwrap_err().to_string();
    assert_eq!(error, "per_million: the rates add up to 1000001, more than 1000000");
    let never = Planned { endpoint: Endpoint::Token, fault: Fault::Cut, mobile: None, times: 0 };
    assert_eq!(sandbox.plan_fault(never), Err(Cannot::NoTimes));
}

#[test]
fn an_audit_is_decided_when_told_to() {
    let mut driver = Driver::new(Pace::REAL);
    let body = driver.application("19992000001", ORDER);
    let opened = driver.post(audit_wire::ApplyRequest::PATH, &body);
    driver.sandbox.decide_audits(mobile("19992000001")).unwrap();
    let query = format!("open_id={}", opened["data"]["open_id"].as_str().unwrap());
    let answer = driver.answer(&Request::get(audit_wire::ResultRequest::PATH, query));
    let result: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(result["data"]["state"], 0);
    assert!(driver.sandbox.decide_audits(mobile("19992000001")).is_err());
}

#[test]
fn a_session_is_shown_with_what_was_processed_for_it() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open("19901000001");
    driver.state(&open_id);
    driver.state(&open_id);
    let view = driver.sandbox.session(System::Telecom, mobile("19901000001")).unwrap();
    assert_eq!((view.open_id, view.state, view.opened_at), (open_id, 0, START));
    let processed = [(Endpoint::TelecomOpenId, 1), (Endpoint::TelecomState, 2)];
    assert_eq!(view.processed, processed.into());
}

#[test]
fn a_session_is_forgotten_after_a_day() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open("19901000001");
    driver.now = START + 24 * 3_600_000 - 1;
    assert_eq!(driver.state(&open_id), 42);
    driver.now += 1;
    let told = driver.in_session(tel::StateRequest::PATH, &open_id, json!({}));
    assert_eq!(told["msg"], "输入错误: open_id is unknown");
}

#[test]
fn a_reset_leaves_the_key_and_the_clock() {
    let mut driver = Driver::new(Pace::QUICK);
    let key = driver.sandbox.public_key_pem();
    driver.open("19901000001");
    driver.sandbox.start_outage(System::Audit, OutageKind::Cut, None);
    driver.sandbox.set_faults(Faults::of_all_kinds(1, 1_000)).unwrap();
    driver.sandbox.reset();
    assert_eq!(driver.sandbox.public_key_pem(), key);
    assert_eq!(driver.sandbox.ledger().call_count(), 0);
    assert!(driver.sandbox.outages().is_empty());
    assert_eq!(*driver.sandbox.faults(), Faults::default());
    let search = json!({"token": driver.token, "name": "n", "id_card": "i", "mobile": "19901000001"});
    assert_eq!(driver.call(Endpoint::Blacklist, search)["msg"], "令牌验证失败", "tokens are gone too");
}
