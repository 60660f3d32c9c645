//! Degrees and banks: every script, walked to its end by an honest client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const HAPPY: &[i64] = &[1, 6, 7, 10];

/// The calls of a system.
struct Calls {
    system: System,
    state: Endpoint,
    captcha: Option<Endpoint>,
    data: Endpoint,
}

const DEGREE: Calls = Calls {
    system: System::Degree,
    state: Endpoint::DegreeState,
    captcha: None,
    data: Endpoint::DegreeRawData,
};
const FIRST: Calls = Calls {
    system: System::Ebank,
    state: Endpoint::EbankState,
    captcha: Some(Endpoint::EbankCaptcha),
    data: Endpoint::EbankRawData,
};
const SECOND: Calls = Calls {
    system: System::EbankV2,
    state: Endpoint::EbankV2State,
    captcha: Some(Endpoint::EbankV2Captcha),
    data: Endpoint::EbankV2RawData,
};

impl Driver {
    fn expected(&self, system: System, mobile: &str) -> Expected {
        self.sandbox.expected_answer_of(system, mobile).expect("something is asked for")
    }

    /// Brings a login until it is taken.
    fn brought(&mut self, endpoint: Endpoint, body: &Value) -> Value {
        loop {
            let reply = self.call(endpoint, body.clone());
            if reply["code"] == 0 {
                return reply;
            }
            self.refusals += 1;
            assert!(self.refusals < 3, "{reply}");
        }
    }

    fn opened(&mut self, endpoint: Endpoint, mobile: &str, fields: &Value) -> String {
        let mut body = json!({
            "token": self.token, "name": "李测试", "id_card": "45215919990301502X", "mobile": mobile,
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let opened = self.brought(endpoint, &body);
        opened["data"]["open_id"].as_str().expect("an id").to_owned()
    }

    pub(super) fn open_degree_for(&mut self, mobile: &str) -> String {
        self.opened(Endpoint::DegreeOpenId, mobile, &json!({}))
    }

    fn log_in_to_chsi(&mut self, mobile: &str, open_id: &str) {
        let fields = self.expected(System::Degree, mobile).fields;
        let mut body = json!({"username": "merchant1", "open_id": open_id, "sync": 1});
        body.as_object_mut().unwrap().extend(json!(fields).as_object().unwrap().clone());
        self.brought(Endpoint::DegreeLogin, &body);
    }

    /// Agrees, and opens a session of the first version.
    pub(super) fn open_bank(&mut self, mobile: &str) -> String {
        let fields = json!(self.expected(System::Ebank, mobile).fields);
        let license = json!({
            "token": self.token, "name": "李测试", "id_card": "45215919990301502X",
            "entry_id": fields["entry_id"], "login_name": fields["login_name"],
        });
        assert_eq!(self.call(Endpoint::EbankLicense, license)["code"], 0);
        self.opened(Endpoint::EbankOpenId, mobile, &fields)
    }

    pub(super) fn open_bank_v2(&mut self, mobile: &str) -> String {
        self.opened(Endpoint::EbankV2OpenId, mobile, &json!({}))
    }

    /// Agrees, and logs in to a session of the second version.
    pub(super) fn log_in_to_bank(&mut self, mobile: &str, open_id: &str) {
        let mut fields = json!(self.expected(System::EbankV2, mobile).fields);
        fields["username"] = "merchant1".into();
        fields["open_id"] = open_id.into();
        let mut license = fields.clone();
        license.as_object_mut().unwrap().remove("password");
        assert_eq!(self.call(Endpoint::EbankV2License, license)["code"], 0);
        let reply = self.brought(Endpoint::EbankV2Login, &fields);
        assert_eq!(reply["data"]["state"], 1);
    }

    /// Does what a good client does until the session is over; tells the states it saw.
    fn walk_course(&mut self, calls: &Calls, mobile: &str, open_id: &str) -> Vec<i64> {
        let session = json!({"username": "merchant1", "open_id": open_id});
        let mut seen: Vec<i64> = Vec::new();
        loop {
            let told = self.call(calls.state, session.clone());
            let state = told["data"]["state"].as_i64().unwrap_or_else(|| panic!("{told}"));
            let has_picture = told["data"].get("pic_captcha").is_some();
            assert_eq!(has_picture, calls.captcha.is_some() && state == 4, "{told}");
            if seen.last() != Some(&state) {
                seen.push(state);
            }
            let delay = told["data"]["request_delay"].as_u64().unwrap_or_default();
            self.now += delay * 1_000;
            let ends = if calls.system == System::Degree { [21, 22] } else { [10, 11] };
            let is_over = ends.contains(&state);
            if is_over {
                return seen;
            }
            self.sandbox.settle(self.now);
            let expected = self.sandbox.expected_answer_of(calls.system, mobile);
            match (expected, calls.captcha) {
                (Some(expected), _) if expected.kind == AnswerKind::DegreeLogin && state == 0 => {
                    self.log_in_to_chsi(mobile, open_id);
                }
                (Some(expected), _) if expected.kind == AnswerKind::BankLogin && state == 0 => {
                    self.log_in_to_bank(mobile, open_id);
                }
                (Some(expected), Some(captcha)) if !expected.is_stale && expected.fields.is_empty() => {
                    let mut body = session.clone();
                    body["verify_code"] = expected.answer.into();
                    let reply = self.call(captcha, body);
                    assert_eq!(reply["code"], 0, "{reply}");
                    let delay = reply["data"]["request_delay"].as_u64().unwrap_or_default();
                    self.now += delay * 1_000;
                }
                _ if delay > 0 => {}
                // It may have ended since.
                _ => self.now = self.sandbox.next_moment(self.now).unwrap_or(self.now),
            }
        }
    }

    fn data_code(&mut self, calls: &Calls, open_id: &str) -> i64 {
        let body = json!({"username": "merchant1", "open_id": open_id});
        self.call(calls.data, body)["code"].as_i64().unwrap()
    }

    fn session_of(&mut self, calls: &Calls, mobile: &str) -> String {
        if calls.system == System::Degree {
            self.open_degree_for(mobile)
        } else if calls.system == System::Ebank {
            self.open_bank(mobile)
        } else {
            self.open_bank_v2(mobile)
        }
    }
}

/// Walks one session after the other and compares the states seen.
fn check(calls: &Calls, mobile: &str, sessions: &[&[i64]]) -> Driver {
    let mut driver = Driver::new(Pace::QUICK.without_delay());
    for expected in sessions {
        let open_id = driver.session_of(calls, mobile);
        assert_eq!(driver.walk_course(calls, mobile, &open_id), *expected, "{mobile}");
        let has_data = matches!((calls.system, expected.last()), (System::Degree, Some(21)) | (_, Some(10)));
        if has_data && calls.system != System::Degree {
            assert_eq!(driver.data_code(calls, &open_id), 0, "{mobile}");
        }
    }
    assert_eq!(driver.breaches(), [""; 0], "{mobile}");
    assert_eq!(driver.sandbox.ledger().twice_processed(), 0, "{mobile}");
    driver
}

#[test]
fn degree_scripts_walk_as_described() {
    const HAPPY: &[i64] = &[0, 11, 21];
    check(&DEGREE, "19901000001", &[HAPPY]);
    check(&DEGREE, "19940000001", &[HAPPY]);
    assert_eq!(check(&DEGREE, "19941000001", &[HAPPY]).refusals, 1);
    check(&DEGREE, "19942000001", &[&[0, 11, 22], HAPPY]);
    check(&DEGREE, "19943000001", &[&[0, 11, 22], &[0, 11, 22], &[0, 11, 22]]);
    check(&DEGREE, "19946000001", &[&[0, 11, 99, 21]]);
    check(&DEGREE, "19947000001", &[HAPPY]);
    check(&DEGREE, "19948000001", &[&[0, 21]]);
    check(&DEGREE, "19949000001", &[&[0, 11, 22]]);
}

#[test]
fn degree_data_comes_as_the_script_says() {
    let codes = |mobile: &str| {
        let mut driver = Driver::new(Pace::INSTANT);
        let open_id = driver.session_of(&DEGREE, mobile);
        driver.walk_course(&DEGREE, mobile, &open_id);
        [(); 4].map(|()| driver.data_code(&DEGREE, &open_id))
    };
    assert_eq!(codes("19940000001"), [0; 4]);
    assert_eq!(codes("19944000001"), [1003, 1003, 0, 0]);
    assert_eq!(codes("19945000001"), [1003; 4]);
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.session_of(&DEGREE, "19947000001");
    driver.walk_course(&DEGREE, "19947000001", &open_id);
    driver.jump();
    let told = driver.call(Endpoint::DegreeState, json!({"open_id": open_id}));
    assert_eq!(told["data"], json!({"state": 11, "message": "STATE_PWD_SUBMITTED"}), "gone back");
    assert_eq!(driver.data_code(&DEGREE, &open_id), 1003);
    driver.jump();
    assert_eq!(driver.data_code(&DEGREE, &open_id), 0);
}

#[test]
fn a_synchronous_login_answers_when_all_is_over() {
    let mut driver = Driver::new(Pace::REAL);
    let open_id = driver.open_degree_for("19940000001");
    let body =
        json!({"username": "merchant1", "open_id": open_id, "account": "a", "password": "p", "sync": 0});
    let printed = deg::LoginRequest::PRINTED_PATH;
    let answer = driver.answer(&Request::post_json(printed, body.to_string()));
    let delay = answer.delay.as_millis() as u64;
    assert!((1_000..=3_000).contains(&delay), "{delay}");
    driver.now += delay;
    let told = driver.call(Endpoint::DegreeState, json!({"open_id": open_id}));
    assert_eq!(told["data"]["state"], 21);
}

#[test]
fn a_wrong_password_fails() {
    let mut driver = Driver::new(Pace::INSTANT);
    let open_id = driver.open_degree_for("19940000001");
    let body = json!({"username": "merchant1", "open_id": open_id, "account": "a", "password": "000000", "sync": "1"});
    assert_eq!(driver.call(Endpoint::DegreeLogin, body)["code"], 0);
    let told = driver.call(Endpoint::DegreeState, json!({"open_id": open_id}));
    assert_eq!(told["data"]["state"], 22);
}

/// A script of both versions, by its place among those of a version.
fn check_banks(place: u8, sessions: &[&[i64]]) -> [Driver; 2] {
    let first = check(&FIRST, &format!("199{:02}000001", 50 + place), sessions);
    let sessions: Vec<Vec<i64>> =
        sessions.iter().map(|states| [&[0], states.strip_prefix(&[0]).unwrap_or(states)].concat()).collect();
    let sessions: Vec<&[i64]> = sessions.iter().map(Vec::as_slice).collect();
    [first, check(&SECOND, &format!("199{:02}000001", 70 + place), &sessions)]
}

#[test]
fn bank_scripts_walk_as_described() {
    check(&FIRST, "19901000001", &[HAPPY]);
    check_banks(0, &[HAPPY]);
    check_banks(1, &[&[1, 2, 3, 10]]);
    check_banks(2, &[&[1, 4, 5, 10]]);
    check_banks(3, &[&[1, 2, 3, 4, 5, 6, 7, 10]]);
    check_banks(4, &[&[1, 6, 7, 4, 5, 2, 3, 10]]);
    check_banks(5, &[&[1, 2, 3, 8, 3, 4, 5, 8, 5, 6, 7, 8, 7, 10]]);
    check_banks(6, &[&[1, 2, 3, 8, 2, 3, 4, 5, 8, 4, 5, 6, 7, 8, 6, 7, 10]]);
    check_banks(7, &[&[1, 6, 7, 8, 9, 7, 10]]);
    check_banks(8, &[&[1, 2, 8, 2, 3, 4, 8, 4, 5, 6, 8, 6, 7, 10]]);
    check_banks(9, &[&[0, 1, 10]]);
    check_banks(10, &[HAPPY]);
    check_banks(11, &[&[1, 11], HAPPY]);
    check_banks(12, &[&[1, 11], &[1, 11], &[1, 11]]);
    check_banks(13, &[&[1, 6, 7, 11], HAPPY]);
    check_banks(14, &[&[1, 99, 6, 7, 99, 10]]);
    check_banks(15, &[&[1, 6, 7, 1, 7, 10]]);
    check_banks(16, &[&[6, 10]]);
    assert!(check_banks(17, &[HAPPY]).iter().all(|driver| driver.refusals == 1));
    check_banks(19, &[&[1, 11]]);
}

#[test]
fn a_forgotten_bank_session_is_unknown() {
    for (calls, mobile) in [(&FIRST, "19968000001"), (&SECOND, "19988000001")] {
        let mut driver = Driver::new(Pace::INSTANT);
        let open_id = driver.session_of(calls, mobile);
        if calls.system == System::EbankV2 {
            driver.log_in_to_bank(mobile, &open_id);
        }
        let code = driver.expected(calls.system, mobile).answer;
        let session = json!({"username": "merchant1", "open_id": open_id});
        let mut body = session.clone();
        body["verify_code"] = code.into();
        assert_eq!(driver.call(calls.captcha.unwrap(), body)["code"], 0);
        assert_eq!(driver.call(calls.state, session)["msg"], "输入错误: open_id is unknown");
        let open_id = driver.session_of(calls, mobile);
        assert_eq!(driver.walk_course(calls, mobile, &open_id).last(), Some(&10), "{mobile}");
    }
}

#[test]
fn who_waits_as_told_breaks_no_rule() {
    for pace in [Pace::QUICK, Pace::REAL, Pace::INSTANT] {
        for script in Script::ALL.into_iter().filter(|script| script.system() == System::Ebank) {
            if script == Script::EbankForgotten {
                continue; // It has a test of its own.
            }
            let mut driver = Driver::new(pace);
            let mobile = script.row().example;
            let mut last = None;
            for _ in 0..2 {
                let open_id = driver.open_bank(&mobile);
                last = driver.walk_course(&FIRST, &mobile, &open_id).last().copied();
                if last == Some(10) {
                    break;
                }
            }
            let is_approved = script.ending() == Ending::Approved;
            assert_eq!(last, Some(if is_approved { 10 } else { 11 }), "{script:?}");
            assert_eq!(driver.breaches(), [""; 0], "{script:?}");
        }
    }
}

#[test]
fn three_sessions_end_as_the_table_says() {
    for calls in [DEGREE, FIRST, SECOND] {
        for script in Script::ALL.into_iter().filter(|script| script.system() == calls.system) {
            if matches!(script, Script::EbankForgotten | Script::EbankV2Forgotten) {
                continue; // They have a test of their own.
            }
            let mut driver = Driver::new(Pace::QUICK.without_delay());
            let mobile = script.row().example;
            let has_data = (0..3).any(|_| {
                let open_id = driver.session_of(&calls, &mobile);
                driver.walk_course(&calls, &mobile, &open_id);
                (0..4).any(|_| {
                    driver.now += 1_000;
                    driver.data_code(&calls, &open_id) == 0
                })
            });
            assert_eq!(has_data, script.ending() == Ending::Approved, "{script:?}");
        }
    }
}

#[test]
fn a_new_picture_has_another_text() {
    let mut driver = Driver::new(Pace::QUICK.without_delay());
    let mobile = "19956000001";
    let open_id = driver.open_bank(mobile);
    let session = json!({"username": "merchant1", "open_id": open_id});
    let mut pictures = Vec::new();
    while pictures.len() < 2 {
        let told = driver.call(Endpoint::EbankState, session.clone());
        let picture = told["data"]["pic_captcha"].as_str().map(|text| STANDARD.decode(text).unwrap());
        if let Some(picture) = picture.filter(|picture| pictures.last() != Some(picture)) {
            assert!(picture.starts_with(b"\x89PNG"));
            pictures.push(picture);
        }
        match driver.sandbox.expected_answer_of(System::Ebank, mobile) {
            Some(expected) if !expected.is_stale => {
                let mut body = session.clone();
                body["verify_code"] = expected.answer.into();
                driver.call(Endpoint::EbankCaptcha, body);
            }
            _ => driver.jump(),
        }
    }
    assert_ne!(pictures[0], pictures[1]);
}

#[test]
fn a_bank_session_lives_for_ten_minutes() {
    let mut driver = Driver::new(Pace::QUICK);
    let open_id = driver.open_bank_v2("19970000001");
    driver.now = START + 599_999;
    let session = json!({"username": "merchant1", "open_id": open_id});
    assert_eq!(driver.call(Endpoint::EbankV2State, session.clone())["data"]["state"], 0);
    driver.now += 1;
    assert_eq!(driver.call(Endpoint::EbankV2State, session)["data"]["state"], 11);
}

#[test]
fn who_collects_follows_from_the_mobile() {
    let mut driver = Driver::new(Pace::QUICK);
    let providers: Vec<i64> = (0..3)
        .map(|number| {
            let mobile = format!("1997000000{number}");
            let body = json!({"token": driver.token, "name": "n", "id_card": "i", "mobile": mobile});
            driver.call(Endpoint::EbankV2OpenId, body)["data"]["type"].as_i64().unwrap()
        })
        .collect();
    let mut sorted = providers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [1, 2, 3], "{providers:?}");
}

#[test]
fn the_lists_of_banks_are_as_printed() {
    let mut driver = Driver::new(Pace::QUICK);
    let list = driver.call(Endpoint::EbankBankInfo, json!({}));
    let read: ebank::BankInfoReply = serde_json::from_value(list["data"].clone()).unwrap();
    assert!(read.0.iter().any(|bank| bank.disable && !bank.disable_reason.is_empty()));
    let open_id = driver.open_bank_v2("19970000001");
    let list = driver.call(Endpoint::EbankV2BankList, json!({"username": "merchant1", "open_id": open_id}));
    let read: ebank_v2::BankListReply = serde_json::from_value(list["data"].clone()).unwrap();
    assert!(read.0.len() > 3);
}
