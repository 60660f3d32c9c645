//! Wrong calls, and what they are told.

use super::*;

fn check(driver: &mut Driver, path: &str, body: Value, msg: &str) {
    let reply = driver.post(path, &body);
    assert_eq!((&reply["code"], &reply["msg"]), (&1001.into(), &msg.into()));
}

#[test]
fn wrong_credentials_are_refused_as_printed() {
    let mut driver = Driver::new(Pace::QUICK);
    let path = authorize::TokenRequest::PATH;
    let body = |username: &str, password: &str| json!({"username": username, "password": password});
    for wrong in [body("merchant2", "secret"), body("merchant1", "Secret")] {
        check(&mut driver, path, wrong, "账户或密码错误");
    }
    let empty = body("", "secret");
    check(&mut driver, path, empty, "输入错误: username is empty");
    let mut odd = body("merchant1", "secret");
    odd["hours"] = "x".into();
    let msg = "输入错误: hours must be 1 to 720, in digits";
    check(&mut driver, path, odd, msg);
}

#[test]
fn a_token_lives_for_a_day() {
    let mut driver = Driver::new(Pace::QUICK);
    let search = |token: &str| json!({"token": token, "name": "n", "id_card": "i", "mobile": "19901000001"});
    let path = list::SearchRequest::PATH;
    check(&mut driver, path, search("nonsense"), "令牌验证失败");
    driver.now = START + 24 * 3_600_000 - 1;
    let token = driver.token.clone();
    assert_eq!(driver.post(path, &search(&token))["code"], 0);
    driver.now += 1;
    check(&mut driver, path, search(&token), "令牌验证失败");
}

#[test]
fn a_wrong_field_is_named() {
    let mut driver = Driver::new(Pace::QUICK);
    let whole = json!({
        "token": driver.token, "name": "n", "id_card": "i",
        "mobile": "19901000001", "service_password": "1",
    });
    for name in ["token", "name", "id_card", "mobile", "service_password"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(name);
        let msg = format!("输入错误: {name} is missing");
        check(&mut driver, tel::OpenIdRequest::PATH, body, &msg);
    }
    let mut odd = whole;
    odd["mobile"] = "1990100000x".into();
    let msg = "输入错误: mobile must be 11 digits";
    check(&mut driver, tel::OpenIdRequest::PATH, odd, msg);
}

#[test]
fn a_wrong_account_or_session_is_named() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open("19901000001");
    for path in [
        tel::QueryPasswordRequest::PATH,
        tel::CaptchaRequest::PATH,
        tel::ResendCaptchaRequest::PATH,
        tel::StateRequest::PATH,
        tel::RawDataRequest::PATH,
        tel::ReportRequest::PATH,
    ] {
        let body = |username: &str, open_id: &str| json!({"username": username, "open_id": open_id, "captcha": "1", "query_password": "1"});
        let stranger = body("merchant2", &open_id);
        check(&mut driver, path, stranger, "输入错误: username is unknown");
        let nowhere = body("merchant1", "feed");
        check(&mut driver, path, nowhere, "输入错误: open_id is unknown");
    }
}

#[test]
fn unknown_paths_and_methods_are_told() {
    let mut driver = Driver::new(Pace::QUICK);
    let lost = Request::post_json("/telecom/collect/logout", "{}");
    let answer = driver.answer(&lost);
    assert_eq!(answer.status, 404);
    assert_eq!(&answer.body[..], br#"{"code":404,"msg":"no such path"}"#);
    let wrong = Request::get(tel::StateRequest::PATH, "open_id=1");
    assert_eq!(driver.answer(&wrong).status, 405);
}

#[test]
fn an_endless_answer_is_not_kept() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open("19901000001");
    let reply = driver.captcha(&open_id, &"1".repeat(65));
    assert_eq!(reply["msg"], "输入错误: captcha is longer than 64 bytes");
}

#[test]
fn form_fields_do_as_well() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open("19901000001");
    let mut request =
        Request::post_json(tel::StateRequest::PATH, format!("username=merchant1&open_id={open_id}"));
    request.content_type = Some("application/x-www-form-urlencoded".to_owned());
    let answer = driver.answer(&request);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains("查询已初始化"), "{text}");
}

#[test]
fn the_log_tells_whom_and_what_and_no_secret() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open("19901000001");
    driver.captcha(&open_id, "hush-hush");
    while driver.state(&open_id) != 21 {
        driver.jump();
    }
    driver.captcha(&open_id, "hush-hush");
    let calls: Vec<_> = driver.sandbox.ledger().calls_after(1).collect();
    let log = serde_json::to_value(&calls).unwrap();
    assert_eq!(
        log[0],
        json!({
            "number": 2, "at": START, "method": "POST", "path": "/telecom/collect/open-id",
            "mobile": "19901000001", "open_id": open_id, "outcome": {"kind": "processed"},
        })
    );
    assert_eq!(log[1]["outcome"]["kind"], "refused");
    let everything = format!("{log}{:?}{:?}", driver.breaches(), driver.sandbox);
    assert!(!everything.contains("hush-hush"));
    assert!(!log.to_string().contains(&driver.token));
}
