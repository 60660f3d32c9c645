//! A table of answers and what they mean.

use http::HeaderValue;
use http::header::RETRY_AFTER;
use std::time::Duration;

use super::*;
use crate::machine::call::CallClass;
use crate::provider::specimen;

/// What is expected of an answer, as far as it can be written on one line.
#[derive(Debug, PartialEq)]
enum Expected {
    Reply(Reply),
    Data(DocumentKind, String),
    Picture(Told, Vec<u8>),
    TokenRejected,
    Ambiguous,
    Busy,
    Unintelligible,
    Other,
}
use Expected::{Ambiguous, Busy, TokenRejected, Unintelligible};

fn meaning(call: &Call, answer: &Response<Bytes>) -> Expected {
    match read(call, answer, &[], Time::default()) {
        Ok(Meaning::Reply(reply)) => Expected::Reply(reply),
        Ok(Meaning::Data { kind, text }) => Expected::Data(kind, text.into()),
        Ok(Meaning::Picture { told, image }) => Expected::Picture(told, image),
        Ok(Meaning::TokenRejected { .. }) => TokenRejected,
        Err(Failure::Ambiguous { .. }) => Ambiguous,
        Err(Failure::Busy { .. }) => Busy,
        Err(Failure::Hopeless(Cause::Unintelligible { .. })) => Unintelligible,
        Err(Failure::Hopeless(_) | Failure::NotSent { .. } | Failure::Ours { .. }) => Expected::Other,
    }
}

fn check(call: &Call, status: u16, body: &str, expected: Expected) {
    let found = meaning(call, &specimen::answer(status, body));
    assert_eq!(found, expected, "{}: {status} {body}", call.name());
}

fn told(name: &str, body: &str, reply: Reply) {
    check(&specimen::call(name), 200, body, Expected::Reply(reply));
}

fn state(code: i64, message: &str) -> Told {
    Told::plain(code, message.to_owned())
}

#[test]
fn every_reply_that_is_printed_is_understood() {
    told("blacklist", r#"{"code":0,"msg":"","data":{"is_in":true}}"#, Reply::BlacklistHit);
    told("blacklist", r#"{"code":"0","data":{"is_in":false}}"#, Reply::BlacklistClear);
    let open_id = specimen::OPEN_ID.to_owned();
    let opened = format!(r#"{{"code":0,"msg":"","data":{{"open_id":"{open_id}"}}}}"#);
    for name in ["telecom_open", "degree_open", "ebank_open"] {
        told(name, &opened, Reply::Opened { open_id: open_id.clone(), agreement: None });
    }
    told("audit_apply", &opened, Reply::AuditAccepted { open_id });
    told(
        "audit_result",
        r#"{"code":0,"msg":"","data":{"state":1,"reason":"命中多头借贷"}}"#,
        Reply::AuditRejected { reason: "命中多头借贷".to_owned() },
    );
    told("audit_result", r#"{"code":0,"msg":"","data":{"state":2,"reason":""}}"#, Reply::AuditRunning);
    told("audit_result", r#"{"code":0,"data":[{"state":"0","reason":null}]}"#, Reply::AuditApproved);
    told("audit_result", r#"{"code":0,"data":{"state":3}}"#, Reply::AuditRunning);
    for name in [
        "telecom_query_password",
        "telecom_captcha",
        "telecom_resend",
        "degree_login",
        "ebank_license",
        "ebank_v2_license",
    ] {
        told(name, r#"{"code":0,"msg":""}"#, Reply::Accepted { told: None });
        told(name, r#"{"code":0,"msg":"","data":[]}"#, Reply::Accepted { told: None });
    }
    told(
        "telecom_state",
        r#"{"code":0,"msg":"","data":{"state":21,"message":"需要验证码"}}"#,
        Reply::State(state(21, "需要验证码")),
    );
    told(
        "degree_state",
        r#"{"code":0,"msg":"","data":{"state":21,"message":"STATE_COLLECT_FINISHED"}}"#,
        Reply::State(state(21, "STATE_COLLECT_FINISHED")),
    );
    for name in ["telecom_state", "degree_state", "ebank_state", "ebank_v2_state"] {
        told(name, r#"{"code":0,"data":{"state":"99"}}"#, Reply::State(state(99, "")));
    }
}

#[test]
fn data_is_kept_as_it_came() {
    let data = r#"{"report":{"update_time":"2018-04-10T15:31:47+0800"}, "a":[ ]}"#;
    let body = format!("\u{feff}{{\"code\":0,\"msg\":\"\",\"data\":{data}}}");
    for (name, kind) in [
        ("telecom_raw_data", DocumentKind::TelecomRawData),
        ("telecom_report", DocumentKind::TelecomReport),
        ("degree_raw_data", DocumentKind::DegreeRawData),
        ("ebank_raw_data", DocumentKind::EbankRawData),
        ("ebank_v2_raw_data", DocumentKind::EbankV2RawData),
    ] {
        check(&specimen::call(name), 200, &body, Expected::Data(kind, data.to_owned()));
    }
    for name in ["telecom_raw_data", "telecom_report", "degree_raw_data"] {
        told(name, r#"{"code":1003,"msg":"正在采集数据"}"#, Reply::NotReady);
    }
}

#[test]
fn data_with_nothing_in_it_is_asked_for_again() {
    for name in
        ["telecom_raw_data", "telecom_report", "degree_raw_data", "ebank_raw_data", "ebank_v2_raw_data"]
    {
        for data in ["{}", "{ \n}", "[]", "[ ]", r#""""#] {
            check(&specimen::call(name), 200, &format!("{{\"code\":0,\"data\":{data}}}"), Ambiguous);
        }
    }
}

/// What is printed of degree data is an object with a status text and, further in, the list (spec 002
/// §4.2.1): who has no degree has an empty list there.
#[test]
fn that_there_is_no_degree_is_data() {
    let data = r#"{"message":"成功","data":{"degrees":[]}}"#;
    let kept = Expected::Data(DocumentKind::DegreeRawData, data.to_owned());
    check(&specimen::call("degree_raw_data"), 200, &format!("{{\"code\":0,\"data\":{data}}}"), kept);
}

#[test]
fn the_type_of_a_session_chooses_its_agreement() {
    let body = |code: &str| format!(r#"{{"code":0,"data":{{"open_id":"c1ec","type":{code}}}}}"#);
    for (code, agreement) in
        [("1", Agreement::Kaniu), ("\"2\"", Agreement::Jianguo), ("3", Agreement::Xinyan)]
    {
        let opened = Reply::Opened { open_id: "c1ec".to_owned(), agreement: Some(agreement) };
        told("ebank_v2_open", &body(code), opened);
    }
    let open = specimen::call("ebank_v2_open");
    for code in ["0", "4", "-1"] {
        check(&open, 200, &body(code), Unintelligible);
    }
    check(&open, 200, r#"{"code":0,"data":{"open_id":"c1ec"}}"#, Ambiguous);
}

#[test]
fn an_answer_taken_may_tell_where_the_session_is() {
    let accepted = |told| Reply::Accepted { told };
    for name in ["ebank_captcha", "ebank_v2_login", "ebank_v2_captcha"] {
        let body = r#"{"code":0,"msg":"","data":{"state":7,"message":"短信验证码已提交"}}"#;
        told(name, body, accepted(Some(state(7, "短信验证码已提交"))));
        // A picture is wanted, and only the state brings it.
        told(name, r#"{"code":0,"data":{"state":4}}"#, accepted(None));
        for unread in [r#"{"code":0}"#, r#"{"code":0,"data":[]}"#, r#"{"code":0,"data":{"state":"x"}}"#] {
            told(name, unread, accepted(None));
        }
    }
    let with_delay = Told { delay: Some(Duration::from_secs(3)), ..state(5, "") };
    let body = r#"{"code":0,"msg":"","data":{"state":5,"message":"","request_delay":3}}"#;
    told("ebank_captcha", body, accepted(Some(with_delay)));
}

#[test]
fn a_delay_is_believed_within_reason() {
    let check = |given: &str, expected: Option<u64>| {
        let body = format!(r#"{{"code":0,"data":{{"state":1,"request_delay":{given}}}}}"#);
        let delay = expected.map(Duration::from_secs);
        told("ebank_state", &body, Reply::State(Told { delay, ..state(1, "") }));
    };
    check("3", Some(3));
    check("\"7\"", Some(7));
    check("0", Some(1));
    check("-5", Some(1));
    check("1e300", Some(60));
    check("3600", Some(60));
    check("null", None);
    check("\"\"", None);
    told("ebank_v2_state", r#"{"code":0,"data":{"state":1,"request_delay":3}}"#, Reply::State(state(1, "")));
}

#[test]
fn a_picture_comes_with_the_state_that_asks_for_it() {
    let png = b"\x89PNG\r\n\x1a\n".to_vec();
    let body = |members: &str| format!(r#"{{"code":0,"data":{{{members}}}}}"#);
    let asked =
        body(r#""state":4,"message":"需要图片验证码","request_delay":3,"pic_captcha":"iVBORw0KGgo=""#);
    let with_delay = Told { delay: Some(Duration::from_secs(3)), ..state(4, "需要图片验证码") };
    check(&specimen::call("ebank_state"), 200, &asked, Expected::Picture(with_delay, png.clone()));
    let plain = Expected::Picture(state(4, "需要图片验证码"), png);
    check(&specimen::call("ebank_v2_state"), 200, &asked, plain);
    for name in ["ebank_state", "ebank_v2_state"] {
        let call = specimen::call(name);
        for unusable in
            ["", r#","pic_captcha":null"#, r#","pic_captcha":"PGh0bWw+""#, r#","pic_captcha":"?""#]
        {
            check(&call, 200, &body(&format!(r#""state":4{unusable}"#)), Ambiguous);
        }
        // Told beside another state it is none.
        told(name, &body(r#""state":6,"pic_captcha":"iVBORw0KGgo=""#), Reply::State(state(6, "")));
    }
}

#[test]
fn banks_are_one_list_whatever_the_version() {
    let first = r#"{"code":0,"data":[{"bankName":"招商银行","bankCode":"CMB","disable":false,"disableReason":"","loginTypes":[]}]}"#;
    let second = r#"{"code":0,"data":{"bank_name":"招商银行","bank_code":"CMB","login_types":[]}}"#;
    let list = r#"{"banks":[{"name":"招商银行","code":"CMB","disabled":null,"logins":[]}]}"#;
    for (name, body) in [("ebank_banks", first), ("ebank_v2_banks", second)] {
        let call = specimen::call(name);
        check(&call, 200, body, Expected::Data(DocumentKind::BankList, list.to_owned()));
        check(&call, 200, r#"{"code":0,"data":[]}"#, Ambiguous);
        check(&call, 200, r#"{"code":0,"data":[{"x":1}]}"#, Ambiguous);
    }
    let bank = r#"{"bankName":"","bankCode":"","loginTypes":[]}"#;
    let many = vec![bank; crate::engine::bank::BANKS_LIMIT + 1].join(",");
    check(&specimen::call("ebank_banks"), 200, &format!(r#"{{"code":0,"data":[{many}]}}"#), Unintelligible);
}

#[test]
fn codes_mean_the_same_for_every_call() {
    for call in specimen::calls() {
        let refused = Reply::Refused { message: "输入错误".to_owned() };
        told(call.name(), r#"{"code":1001,"msg":"输入错误"}"#, refused);
        check(&call, 200, r#"{"code":1000,"msg":"服务不可用"}"#, Busy);
        check(&call, 200, r#"{"code":4711,"msg":"new"}"#, Unintelligible);
        if !is_collected(&call) {
            check(&call, 200, r#"{"code":1003,"msg":""}"#, Unintelligible);
        }
        let about_token = match Endpoint::of(&call).credential {
            Credential::Token => TokenRejected,
            Credential::Username | Credential::Neither => {
                Expected::Reply(Reply::Refused { message: "令牌验证失败".to_owned() })
            }
        };
        check(&call, 200, r#"{"code":1001,"msg":"令牌验证失败"}"#, about_token);
    }
}

#[test]
fn what_stands_between_us_answers_by_status() {
    let page = "<html><body>502 Bad Gateway</body></html>";
    for call in specimen::calls() {
        for status in [429, 503] {
            check(&call, status, page, Busy);
        }
        for status in [408, 500, 502, 504] {
            check(&call, status, r#"{"code":0,"msg":""}"#, Ambiguous);
        }
        for status in [301, 302, 307, 400, 401, 403, 404, 413] {
            check(&call, status, page, Unintelligible);
        }
    }
}

#[test]
fn an_answer_that_cannot_be_trusted_is_none() {
    for call in specimen::calls() {
        let bodies =
            ["", " \n", "<!DOCTYPE html><html></html>", "{", "null", "[]", "{}", r#"{"code":"many"}"#];
        for body in bodies {
            check(&call, 200, body, Ambiguous);
        }
        let brings_data = call.class() != CallClass::PollFirst
            && !matches!(call, Call::EbankLicense { .. } | Call::EbankV2License { .. });
        if brings_data {
            check(&call, 200, r#"{"code":0,"msg":""}"#, Ambiguous);
            check(&call, 200, r#"{"code":0,"msg":"","data":null}"#, Ambiguous);
        }
    }
    check(&Call::Blacklist, 200, r#"{"code":0,"data":{"is_in":"maybe"}}"#, Ambiguous);
    check(&specimen::call("audit_result"), 200, r#"{"code":0,"data":[]}"#, Ambiguous);
    check(&specimen::call("telecom_state"), 200, r#"{"code":0,"data":{}}"#, Ambiguous);
}

#[test]
fn an_id_that_cannot_be_kept_is_refused() {
    for call in specimen::calls() {
        if call.class() == CallClass::NewSession || call == Call::AuditApply {
            let body = |id: &str| format!(r#"{{"code":0,"data":{{"open_id":"{id}","type":1}}}}"#);
            check(&call, 200, &body(""), Unintelligible);
            check(&call, 200, &body(&"a".repeat(65)), Unintelligible);
            check(&call, 200, &body("a\\u001b[2J"), Unintelligible);
            let found = meaning(&call, &specimen::answer(200, &body(&"a".repeat(64))));
            assert!(matches!(found, Expected::Reply(_)), "{found:?}");
        }
    }
}

#[test]
fn errors_do_not_quote_the_answer() {
    let body = r#"{"code":0,"data":{"is_in":"18698574854"}}"#;
    let failure = read(&Call::Blacklist, &specimen::answer(200, body), &[], Time::default());
    let text = format!("{:?}", failure.unwrap_err());
    assert!(text.contains("Data error") && !text.contains("186985"), "{text}");
}

#[test]
fn what_we_sent_is_hidden_where_it_is_repeated() {
    let carried = ["", "1", "李测试", "123456"];
    let check = |call: &Call, body: &str| {
        let told = read(call, &specimen::answer(200, body), &carried, Time::default());
        let text = format!("{told:?}");
        assert!(text.contains("验证码 … of …: no") && !text.contains("123456"), "{text}");
    };
    for code in [1000, 1001, 4711] {
        check(&Call::Blacklist, &format!(r#"{{"code":{code},"msg":"验证码 123456 of 李测试: no"}}"#));
    }
    let state = r#"{"code":0,"data":{"state":8,"message":"验证码 123456 of 李测试: no"}}"#;
    for name in ["telecom_state", "degree_state", "ebank_state", "ebank_v2_state", "ebank_captcha"] {
        check(&specimen::call(name), state);
    }
    let reason = r#"{"code":0,"data":{"state":1,"reason":"验证码 123456 of 李测试: no"}}"#;
    check(&specimen::call("audit_result"), reason);
}

#[test]
fn texts_are_cut_and_waits_are_told() {
    let body = format!(r#"{{"code":1001,"msg":"{}"}}"#, "错".repeat(400));
    let found = meaning(&Call::Blacklist, &specimen::answer(200, &body));
    let Expected::Reply(Reply::Refused { message }) = found else {
        panic!("{found:?}");
    };
    assert_eq!(message.len(), 498);
    let mut answer = specimen::answer(503, "");
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("7"));
    let failure = read(&Call::Blacklist, &answer, &[], Time::default()).unwrap_err();
    let retry_after = Some(Duration::from_secs(7));
    assert_eq!(failure, Failure::Busy { detail: "HTTP status 503".to_owned(), retry_after });
}
