//! The client against a provider that does everything wrong, over real sockets.
//!
//! Every kind of wrong is tried on every call; what comes of it is on one table. Whatever is said and
//! logged holds nothing of what was sent, and nothing that does things to a terminal.

mod bench;
mod server;
mod tls;

use std::time::Duration;

use bench::{Bench, Expected, check};
use server::{GUARD, Manner, Server, bomb, gzip, http};

use crate::machine::call::Call;
use crate::provider::specimen;
use crate::provider::transport::RESPONSE_LIMIT;

use Expected::{Ambiguous, Busy, Refused, Told, Unintelligible};

/// What an answer must bring for a call to mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Data of a printed shape.
    Shape,
    /// Data of any shape, with something in it.
    Anything,
    /// Code 0 is enough.
    Nothing,
}

impl Needs {
    fn of(call: &Call) -> Self {
        match call {
            Call::TelecomRawData { .. }
            | Call::TelecomReport { .. }
            | Call::DegreeRawData { .. }
            | Call::EbankRawData { .. }
            | Call::EbankV2RawData { .. } => Self::Anything,
            Call::TelecomQueryPassword { .. }
            | Call::TelecomCaptcha { .. }
            | Call::TelecomResend { .. }
            | Call::DegreeLogin { .. }
            | Call::EbankLicense { .. }
            | Call::EbankCaptcha { .. }
            | Call::EbankV2License { .. }
            | Call::EbankV2Login { .. }
            | Call::EbankV2Captcha { .. } => Self::Nothing,
            Call::Blacklist
            | Call::AuditApply
            | Call::AuditResult { .. }
            | Call::TelecomOpen { .. }
            | Call::TelecomState { .. }
            | Call::DegreeOpen
            | Call::DegreeState { .. }
            | Call::EbankBanks
            | Call::EbankOpen { .. }
            | Call::EbankState { .. }
            | Call::EbankV2Open
            | Call::EbankV2Banks { .. }
            | Call::EbankV2State { .. } => Self::Shape,
        }
    }
}

/// A kind of wrong, and what it comes to by what the call needs: shape, anything, nothing.
type Row = (&'static str, Manner, [Expected; 3]);

fn says(name: &'static str, body: impl AsRef<[u8]>, expected: [Expected; 3]) -> Row {
    (name, Manner::Says(http("200 OK", "", body)), expected)
}

fn status(line: &'static str, headers: &str, expected: Expected) -> Row {
    let page = format!("<html><body>{line}</body></html>");
    (line, Manner::Says(http(line, headers, page)), [expected; 3])
}

/// An answer that fits every call, its members told as their types are not printed.
const FITTING: &str = r#"{"code":"0","msg":null,"more":[{}],"data":{"open_id":"c1ec","type":"1","state":"2",
    "message":null,"reason":null,"is_in":false,"more":{"x":[1]},"request_delay":"3","pic_captcha":"",
    "bankName":"b","bankCode":7,"bank_name":"b","bank_code":7}}"#;

#[tokio::test]
async fn what_stands_between_us_is_told_from_the_provider() {
    let wait = |seconds| Busy(Some(Duration::from_secs(seconds)));
    check(vec![
        status("400 Bad Request", "", Unintelligible),
        status("401 Unauthorized", "WWW-Authenticate: Basic\r\n", Unintelligible),
        status("403 Forbidden", "", Unintelligible),
        status("404 Not Found", "", Unintelligible),
        status("408 Request Timeout", "", Ambiguous),
        status("413 Content Too Large", "", Unintelligible),
        status("429 Too Many Requests", "", Busy(None)),
        status("429 in seconds", "Retry-After: 7\r\n", wait(7)),
        // The bench's clock shows half a minute before.
        status("429 until then", "Retry-After: Mon, 24 Dec 2018 02:00:30 GMT\r\n", wait(30)),
        status("429 for ever", "Retry-After: 99999999999\r\n", wait(600)),
        status("429 nonsense", "Retry-After: soon\r\n", Busy(None)),
        status("500 Internal Server Error", "", Ambiguous),
        status("502 Bad Gateway", "", Ambiguous),
        status("503 Service Unavailable", "Retry-After: 3\r\n", wait(3)),
        status("504 Gateway Timeout", "", Ambiguous),
        status("999 Unheard", "", Unintelligible),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_that_is_none_is_ambiguous() {
    let cut = |text: &str| Manner::Says(text.as_bytes().to_vec());
    let garbage: Vec<u8> = (0..4096_u32).map(|at| u8::try_from(at * 167 % 251).unwrap()).collect();
    let headers = "x".repeat(1 << 20);
    check(vec![
        ("cut before a word", Manner::Says(Vec::new()), [Ambiguous; 3]),
        ("cut in the head", cut("HTTP/1.1 200 OK\r\nConte"), [Ambiguous; 3]),
        ("cut in the body", cut("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"code\":0"), [Ambiguous; 3]),
        ("no HTTP", Manner::Says(garbage.clone()), [Ambiguous; 3]),
        (
            "a head without end",
            Manner::Says(http("200 OK", &format!("X: {headers}\r\n"), "{}")),
            [Ambiguous; 3],
        ),
        ("no content", cut("HTTP/1.1 204 No Content\r\n\r\n"), [Ambiguous; 3]),
        says("garbage", &garbage, [Ambiguous; 3]),
        says("empty", "", [Ambiguous; 3]),
        says("blank", "\u{feff} \r\n", [Ambiguous; 3]),
        says("a page", "<!DOCTYPE html><html><body>login</body></html>", [Ambiguous; 3]),
        says("half", r#"{"code":0,"data":{"open_id":"#, [Ambiguous; 3]),
        says("two", r#"{"code":0}{"code":0}"#, [Ambiguous; 3]),
        says("a word", "success", [Ambiguous; 3]),
        says("null", "null", [Ambiguous; 3]),
        says("a list", r#"[0,"",{"open_id":"c1ec"}]"#, [Ambiguous; 3]),
        says("no UTF-8", b"{\"code\":0,\"msg\":\"\xff\xfe\",\"data\":{}}", [Ambiguous; 3]),
        says("deep", "[".repeat(200_000), [Ambiguous; 3]),
    ])
    .await;
}

#[tokio::test]
async fn types_and_members_are_believed_within_reason() {
    let deep = format!(r#"{{"code":0,"data":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    check(vec![
        says("other types, unknown members", FITTING, [Told; 3]),
        says("no code", r#"{"msg":"","data":{}}"#, [Ambiguous; 3]),
        says("code null", r#"{"code":null}"#, [Ambiguous; 3]),
        says("code true", r#"{"code":true}"#, [Ambiguous; 3]),
        says("code a list", r#"{"code":[0]}"#, [Ambiguous; 3]),
        says("code enormous", r#"{"code":99999999999999999999}"#, [Ambiguous; 3]),
        says("code unknown", r#"{"code":4711,"msg":"new"}"#, [Unintelligible; 3]),
        says("msg an object", r#"{"code":1001,"msg":{}}"#, [Ambiguous; 3]),
        says("no data", r#"{"code":0,"msg":""}"#, [Ambiguous, Ambiguous, Told]),
        says("data null", r#"{"code":0,"msg":"","data":null}"#, [Ambiguous, Ambiguous, Told]),
        says("data an empty list", r#"{"code":0,"data":[]}"#, [Ambiguous, Ambiguous, Told]),
        says("data a list", r#"{"code":0,"data":["c1ec",1,"",7]}"#, [Ambiguous, Told, Told]),
        says("data a text", r#"{"code":0,"data":"{}"}"#, [Ambiguous, Told, Told]),
        says("data empty", r#"{"code":0,"data":{}}"#, [Ambiguous, Ambiguous, Told]),
        says(
            "wrong types",
            r#"{"code":0,"data":{"open_id":7,"type":{},"state":"x","is_in":"no","bank_name":1,"bankName":[]}}"#,
            [Ambiguous, Told, Told],
        ),
        says("state a fraction", r#"{"code":0,"data":{"state":2.5}}"#, [Ambiguous, Told, Told]),
        says("data deep", &deep, [Ambiguous, Told, Told]),
        says("a picture that is none", r#"{"code":0,"data":{"state":4,"pic_captcha":"PHN2Zz4="}}"#, [
            // Systems without pictures know no state 4 either: it is one more unknown code.
            Expected::ToldOrAmbiguous,
            Told,
            Told,
        ]),
    ])
    .await;
}

#[tokio::test]
async fn hostile_texts_are_made_harmless() {
    let hostile = r"\u001b[2J\u001b]0;pwned\u0007\u202e\r\n\u0000<script>alert(1)</script>";
    let long = "x".repeat(1 << 20);
    let refused = |text: &str| format!(r#"{{"code":1001,"msg":"{text}"}}"#);
    check(vec![
        says("escapes", refused(hostile), [Refused; 3]),
        says("a long text", refused(&long), [Refused; 3]),
        ("an echo", Manner::Echoes { code: 1001 }, [Refused; 3]),
        ("an echo of a failure", Manner::Echoes { code: 1000 }, [Busy(None); 3]),
        ("an echo of nobody's code", Manner::Echoes { code: 7 }, [Unintelligible; 3]),
    ])
    .await;
}

#[tokio::test]
async fn what_is_compressed_is_inflated_within_the_limit() {
    let coded = |coding: &str, body: Vec<u8>| {
        Manner::Says(http("200 OK", &format!("Content-Encoding: {coding}\r\n"), body))
    };
    check(vec![
        ("gzip", coded("gzip", gzip(FITTING.as_bytes())), [Told; 3]),
        ("gzip that is none", coded("gzip", FITTING.as_bytes().to_vec()), [Ambiguous; 3]),
        ("gzip cut", coded("gzip", gzip(FITTING.as_bytes())[..30].to_vec()), [Ambiguous; 3]),
        ("another coding", coded("br", FITTING.as_bytes().to_vec()), [Ambiguous; 3]),
        ("twice", coded("gzip\r\nContent-Encoding: gzip", gzip(&gzip(b"{}"))), [Ambiguous; 3]),
        ("gzip unannounced", Manner::Says(http("200 OK", "", gzip(b"{}"))), [Ambiguous; 3]),
    ])
    .await;
    // A gigabyte in a mebibyte; the longest way that a call has, so only where data may be long.
    let bench = Bench::new(Manner::Says(http("200 OK", "Content-Encoding: gzip\r\n", bomb(1024)))).await;
    for name in ["telecom_raw_data", "blacklist"] {
        bench.check(&specimen::call(name), "a bomb", Ambiguous).await;
    }
}

#[tokio::test]
async fn a_long_answer_is_not_read_to_its_end() {
    let short = format!(r#"{{"code":0,"data":{{"open_id":"c1ec","pad":"{}"}}}}"#, "x".repeat(3 << 20));
    let bench = Bench::new(Manner::Says(http("200 OK", "", short))).await;
    bench.check(&specimen::call("telecom_open"), "3 MiB", Ambiguous).await;
    bench.check(&specimen::call("telecom_raw_data"), "3 MiB", Told).await;
    for manner in [Manner::Floods { announced: true }, Manner::Floods { announced: false }] {
        let bench = Bench::new(manner).await;
        for name in ["audit_apply", "telecom_report", "ebank_open", "ebank_v2_captcha"] {
            bench.check(&specimen::call(name), "a flood", Ambiguous).await;
        }
        let most = bench.server.written_at_most().await;
        assert!(most < RESPONSE_LIMIT + GUARD, "{most} bytes were taken of one answer");
    }
}

#[tokio::test]
async fn a_slow_answer_is_not_waited_for() {
    let bench = Bench::hurried(Manner::Drips).await;
    for name in ["blacklist", "telecom_open", "ebank_captcha", "ebank_v2_raw_data"] {
        let begun = std::time::Instant::now();
        bench.check(&specimen::call(name), "drops", Ambiguous).await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_secret_is_never_sent_to_a_second_place() {
    let second = Server::start(Manner::Says(http("200 OK", "", FITTING))).await;
    for line in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let headers = format!("Location: http://{}/telecom/collect/captcha\r\n", second.address);
        check(vec![status(line, &headers, Unintelligible)]).await;
    }
    let headers = format!("Refresh: 0; url=http://{0}/\r\nAlt-Svc: h2=\"{0}\"\r\n", second.address);
    check(vec![status("200 elsewhere", &headers, Ambiguous)]).await;
    assert_eq!(second.requests(), [""; 0], "nothing came to the second place");
}

#[tokio::test]
async fn without_a_token_nothing_of_the_call_is_sent() {
    let denied = http("200 OK", "", r#"{"code":1001,"msg":"no merchant1 with p4ssw0rd\u001b[2J"}"#);
    let token = |token: &str| http("200 OK", "", format!(r#"{{"code":0,"data":{{"token":{token}}}}}"#));
    let rows = [
        ("500", http("500 Oops", "", "p4ssw0rd"), Expected::NotSent),
        ("404", http("404 Not Found", "", ""), Expected::NotSent),
        ("a redirect", http("307 Elsewhere", "Location: http://127.0.0.1:9/\r\n", ""), Expected::NotSent),
        ("a page", http("200 OK", "", "<html>p4ssw0rd</html>"), Expected::NotSent),
        ("cut", Vec::new(), Expected::NotSent),
        ("no token", http("200 OK", "", r#"{"code":0}"#), Expected::NotSent),
        ("an empty token", token("\"\""), Expected::NotSent),
        ("a number", token("7"), Expected::NotSent),
        ("a long token", token(&format!("{:?}", "t".repeat(1025))), Expected::NotSent),
        ("busy", http("200 OK", "", r#"{"code":1000,"msg":"p4ssw0rd"}"#), Expected::NotSent),
        ("denied", denied, Expected::Denied),
    ];
    for (name, answer, expected) in rows {
        let bench = Bench::without_token(Manner::Says(answer)).await;
        for call in
            ["blacklist", "audit_apply", "telecom_open", "degree_open", "ebank_license", "ebank_v2_open"]
        {
            bench.check(&specimen::call(call), name, expected).await;
        }
        let paths = bench.server.requests();
        let is_token = |path: &String| path == "POST /client/authorize/token";
        assert!(!paths.is_empty() && paths.iter().all(is_token), "{name}: {paths:?}");
    }
}
