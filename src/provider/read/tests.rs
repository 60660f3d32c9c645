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
    TokenRejected,
    Ambiguous,
    Busy,
    Unintelligible,
    Other,
}
use Expected::{Ambiguous, Busy, TokenRejected, Unintelligible};

fn meaning(call: &Call, answer: &Response<Bytes>) -> Expected {
    match read(call, answer, &[], Time::default()) {
        Ok(Told::Reply(reply)) => Expected::Reply(reply),
        Ok(Told::Data { kind, text }) => Expected::Data(kind, text.get().to_owned()),
        Ok(Told::TokenRejected { .. }) => TokenRejected,
        Err(Failure::Ambiguous { .. }) => Ambiguous,
        Err(Failure::Busy { .. }) => Busy,
        Err(Failure::Hopeless(Cause::Unintelligible { .. })) => Unintelligible,
        Err(Failure::Hopeless(_) | Failure::NotSent { .. }) => Expected::Other,
    }
}

fn check(call: &Call, status: u16, body: &str, expected: Expected) {
    let found = meaning(call, &specimen::answer(status, body));
    assert_eq!(found, expected, "{}: {status} {body}", call.name());
}

fn told(call: &Call, body: &str, reply: Reply) {
    check(call, 200, body, Expected::Reply(reply));
}

#[test]
fn every_reply_that_is_printed_is_understood() {
    let [blacklist, apply, result, open, password, captcha, resend, state, raw, report] = specimen::calls();
    told(&blacklist, r#"{"code":0,"msg":"","data":{"is_in":true}}"#, Reply::BlacklistHit);
    told(&blacklist, r#"{"code":"0","data":{"is_in":false}}"#, Reply::BlacklistClear);
    let open_id = "f47e9276860685349c7ef4be67c823".to_owned();
    let opened = format!(r#"{{"code":0,"msg":"","data":{{"open_id":"{open_id}"}}}}"#);
    told(&open, &opened, Reply::TelecomOpened { open_id: open_id.clone() });
    told(&apply, &opened, Reply::AuditAccepted { open_id });
    told(
        &result,
        r#"{"code":0,"msg":"","data":{"state":1,"reason":"命中多头借贷"}}"#,
        Reply::AuditRejected { reason: "命中多头借贷".to_owned() },
    );
    told(&result, r#"{"code":0,"msg":"","data":{"state":2,"reason":""}}"#, Reply::AuditRunning);
    told(&result, r#"{"code":0,"data":[{"state":"0","reason":null}]}"#, Reply::AuditApproved);
    told(&result, r#"{"code":0,"data":{"state":3}}"#, Reply::AuditRunning);
    for call in [&password, &captcha, &resend] {
        told(call, r#"{"code":0,"msg":""}"#, Reply::Accepted);
        told(call, r#"{"code":0,"msg":"","data":[]}"#, Reply::Accepted);
    }
    let state_told = |code, message: &str| Reply::TelecomState { code, message: message.to_owned() };
    told(
        &state,
        r#"{"code":0,"msg":"","data":{"state":21,"message":"需要验证码"}}"#,
        state_told(21, "需要验证码"),
    );
    told(&state, r#"{"code":0,"data":{"state":"99"}}"#, state_told(99, ""));
    let data = r#"{"report":{"update_time":"2018-04-10T15:31:47+0800"}, "a":[ ]}"#;
    let body = format!("\u{feff}{{\"code\":0,\"msg\":\"\",\"data\":{data}}}");
    let expected = |kind| Expected::Data(kind, data.to_owned());
    check(&raw, 200, &body, expected(DocumentKind::TelecomRawData));
    check(&report, 200, &body, expected(DocumentKind::TelecomReport));
    for call in [&raw, &report] {
        told(call, r#"{"code":1003,"msg":"正在采集数据"}"#, Reply::NotReady);
    }
}

#[test]
fn codes_mean_the_same_for_every_call() {
    for call in specimen::calls() {
        let refused = Reply::Refused { message: "输入错误".to_owned() };
        told(&call, r#"{"code":1001,"msg":"输入错误"}"#, refused);
        check(&call, 200, r#"{"code":1000,"msg":"服务不可用"}"#, Busy);
        check(&call, 200, r#"{"code":4711,"msg":"new"}"#, Unintelligible);
        if !is_for_data(&call) {
            check(&call, 200, r#"{"code":1003,"msg":""}"#, Unintelligible);
        }
        let about_token = match Credential::of(&call) {
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
        if call.class() != CallClass::PollFirst {
            check(&call, 200, r#"{"code":0,"msg":""}"#, Ambiguous);
            check(&call, 200, r#"{"code":0,"msg":"","data":null}"#, Ambiguous);
        }
    }
    let [blacklist, _, result, .., state, _, _] = specimen::calls();
    check(&blacklist, 200, r#"{"code":0,"data":{"is_in":"maybe"}}"#, Ambiguous);
    check(&result, 200, r#"{"code":0,"data":[]}"#, Ambiguous);
    check(&state, 200, r#"{"code":0,"data":{}}"#, Ambiguous);
}

#[test]
fn an_id_that_cannot_be_kept_is_refused() {
    for call in specimen::calls() {
        if matches!(call, Call::TelecomOpen { .. } | Call::AuditApply) {
            let body = |length| format!(r#"{{"code":0,"data":{{"open_id":"{}"}}}}"#, "a".repeat(length));
            check(&call, 200, &body(0), Unintelligible);
            check(&call, 200, &body(65), Unintelligible);
            let found = meaning(&call, &specimen::answer(200, &body(64)));
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
    let check = |code: i64, carried: &[&str], expected: &str| {
        let body = format!(r#"{{"code":{code},"msg":"验证码 123456 of 李测试: no"}}"#);
        let told = read(&Call::Blacklist, &specimen::answer(200, &body), carried, Time::default());
        let text = format!("{told:?}");
        assert!(text.contains(expected) && !text.contains("123456"), "{text}");
    };
    for code in [1000, 1001, 4711] {
        check(code, &["", "1", "李测试", "123456"], "验证码 … of …: no");
    }
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
