//! The routes through a real socket, before a desk that says what it is told to say.

use super::*;
use crate::intake::push::Kind;
use crate::vault::Secret;
use md5::{Digest as _, Md5};
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const BASE: &str = include_str!("../push/examples/base.json");
const ADDITIONAL: &str = include_str!("../push/examples/additional.json");
const SIGNED: &str = include_str!("../push/examples/signed.json");
const SUCCESS: &str = r#"{"status":1,"message":"success","data":null}"#;

#[tokio::test]
async fn both_pushes_reach_the_desk() {
    let (desk, at) = serve(Ok(Receipt::Accepted), Limits::default()).await;
    check(post_json(at, "/pushUserBaseInfo", BASE).await, 200, SUCCESS);
    check(post_json(at, "/pushUserAdditionalInfo", ADDITIONAL).await, 200, SUCCESS);
    let taken = desk.taken.lock().unwrap();
    let kinds: Vec<_> = taken.iter().map(|taken| taken.push.kind()).collect();
    assert_eq!(kinds, [Kind::Base, Kind::Additional]);
    assert_eq!(taken[0].body, BASE.as_bytes());
    assert_eq!(taken[0].partner, "default");
    assert!(!format!("{taken:?}").contains("18301231234"));
}

#[tokio::test]
async fn the_desk_decides_the_answer() {
    for (verdict, status, body) in [
        (Ok(Receipt::Repeated), 200, SUCCESS),
        (
            Err(Refused::Disagrees { field: "orderInfo.userPhone" }),
            200,
            r#"{"status":0,"message":"orderInfo.userPhone: must be the same in all pushes of the order","data":null}"#,
        ),
        (
            Err(Refused::TooLate { field: "orderInfo.orderNo" }),
            200,
            r#"{"status":0,"message":"orderInfo.orderNo: the order can no longer be changed","data":null}"#,
        ),
        (
            Err(Refused::TooOften { field: "orderInfo.orderNo" }),
            200,
            r#"{"status":0,"message":"orderInfo.orderNo: the order has been changed too often","data":null}"#,
        ),
        (
            Err(Refused::TooMany { field: "data" }),
            200,
            r#"{"status":0,"message":"data: the person has applied too often","data":null}"#,
        ),
        (Err(Refused::Unavailable), 503, BUSY),
    ] {
        let (_, at) = serve(verdict, Limits::default()).await;
        let response = post_json(at, "/pushUserBaseInfo", BASE).await;
        let retry_after = response.headers.get(header::RETRY_AFTER).cloned();
        assert_eq!(retry_after.is_some(), status == 503);
        check(response, status, body);
    }
}

const BUSY: &str = r#"{"status":0,"message":"busy, send it again later","data":null}"#;

#[tokio::test]
async fn a_bad_body_is_answered_within_the_contract() {
    let (desk, at) = serve(Ok(Receipt::Accepted), Limits::default()).await;
    for (path, body, message) in [
        ("/pushUserBaseInfo", "", "body: must be JSON, and is not at line 1, column 0"),
        ("/pushUserBaseInfo", "{", "body: must be JSON, and is not at line 1, column 1"),
        ("/pushUserBaseInfo", ADDITIONAL, "userInfo: is required"),
        ("/pushUserAdditionalInfo", BASE, "orderInfo.userPhone: is required"),
    ] {
        let expected = format!(r#"{{"status":0,"message":"{message}","data":null}}"#);
        check(post_json(at, path, body).await, 200, &expected);
    }
    assert!(desk.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_posts_are_taken() {
    let (_, at) = serve(Ok(Receipt::Accepted), Limits::default()).await;
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        for path in ["/pushUserBaseInfo", "/pushUserAdditionalInfo"] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let request = reqwest::Client::new().request(method, format!("http://{at}{path}"));
            let response = answer(request).await;
            let allowed: Vec<_> = response.headers.get_all(header::ALLOW).iter().collect();
            assert_eq!(allowed, ["POST"]);
            let body = r#"{"status":0,"message":"the method must be POST","data":null}"#;
            check(response, 405, body);
        }
    }
}

#[tokio::test]
async fn a_partner_pushes_by_its_own_contract_only() {
    let (desk, at) = serve(Ok(Receipt::Accepted), Limits::default()).await;
    check(post_json(at, "/partners/default/pushUserBaseInfo", BASE).await, 200, SUCCESS);
    let nothing = r#"{"error":"nothing is served here"}"#;
    for path in [
        "/partners/default/qunadai",
        "/partners/signed/pushUserBaseInfo",
        "/partners/nobody/pushUserAdditionalInfo",
        "/partners/%ff/pushUserBaseInfo",
        "/partners/%ff/qunadai",
    ] {
        check(post_json(at, path, BASE).await, 404, nothing);
    }
    assert_eq!(desk.taken.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_partner_that_pushes_nothing_has_no_door() {
    let doors = vec![("app", Pushes::Nothing), ("open", Pushes::Bare)];
    let (desk, at) = serve_doors(doors, Ok(Receipt::Accepted), Limits::default()).await;
    let nothing = r#"{"error":"nothing is served here"}"#;
    for path in [
        // The root is the first partner's alone.
        "/pushUserBaseInfo",
        "/pushUserAdditionalInfo",
        "/partners/app/pushUserBaseInfo",
        "/partners/app/pushUserAdditionalInfo",
        "/partners/app/qunadai",
    ] {
        check(post_json(at, path, BASE).await, 404, nothing);
    }
    assert!(desk.taken.lock().unwrap().is_empty());
    check(post_json(at, "/partners/open/pushUserBaseInfo", BASE).await, 200, SUCCESS);
}

#[tokio::test]
async fn what_an_envelope_held_is_what_is_taken() {
    let (desk, at) = serve(Ok(Receipt::Accepted), Limits::default()).await;
    let path = "/partners/sealed/pushUserBaseInfo";
    check(post_json(at, path, BASE).await, 200, &refusal("ua: is required"));
    let envelope =
        |sign: &str| format!(r#"{{"ua":"PARTNER","sign":"{sign}","timeStamp":"1","args":{BASE}}}"#);
    let wrong = envelope(&"0".repeat(32));
    check(post_json(at, path, &wrong).await, 200, &refusal("sign: is not the signature of these arguments"));
    let key = "PARTNERtest-keyPARTNER";
    let sign = hex::encode(Md5::digest(format!("{key}{}{key}", BASE.trim_end())));
    check(post_json(at, path, &envelope(&sign)).await, 200, SUCCESS);
    let taken = desk.taken.lock().unwrap();
    assert_eq!((taken.len(), &*taken[0].body), (1, BASE.trim_end().as_bytes()));
    assert_eq!((taken[0].partner.as_str(), &taken[0].sent), ("sealed", &None));
}

fn refusal(message: &str) -> String {
    format!(r#"{{"status":0,"message":"{message}","data":null}}"#)
}

#[tokio::test]
async fn a_signed_push_is_always_answered_by_its_contract() {
    for (verdict, said) in [
        (
            Ok(Receipt::Repeated),
            r#"{"status":"1","msg":"推送成功","data":{"appDownloadUrl":"https://app.example.com/"}}"#,
        ),
        (
            Err(Refused::Unavailable),
            r#"{"status":"0","msg":"busy, send it again later","data":{"appDownloadUrl":null}}"#,
        ),
    ] {
        let (desk, at) = serve(verdict, Limits::default()).await;
        let path = "/partners/signed/qunadai";
        let unsigned = r#"{"status":"0","msg":"clientId: the header must be there once","data":{"appDownloadUrl":null}}"#;
        check(post_json(at, path, SIGNED).await, 200, unsigned);
        let sign = |s: &str| {
            let request = client(at, path).header("content-type", "application/json;charset=utf-8");
            let request =
                request.header("clientId", "THIRDPARTY_QUNADAI").header("clientTime", "1539312000000");
            request.header("s", s).body(SIGNED)
        };
        let wrong = r#"{"status":"0","msg":"签名错误","data":{"appDownloadUrl":null}}"#;
        check(answer(sign("00000000000000000000000000000000")).await, 200, wrong);
        check(answer(sign("3cbc52744509b71f762268cdae54bfe5")).await, 200, said);
        let gzip = sign("3cbc52744509b71f762268cdae54bfe5").header("content-encoding", "gzip");
        let plain = r#"{"status":"0","msg":"the content must be application/json, not compressed","data":{"appDownloadUrl":null}}"#;
        check(answer(gzip).await, 200, plain);
        let get = reqwest::Client::new().get(format!("http://{at}{path}"));
        let post = r#"{"status":"0","msg":"the method must be POST","data":{"appDownloadUrl":null}}"#;
        check(answer(get).await, 405, post);
        let taken = desk.taken.lock().unwrap();
        assert_eq!((taken.len(), &*taken[0].body), (1, SIGNED.as_bytes()));
        assert_eq!(taken[0].sent.as_deref(), Some("1539312000000"));
    }
}

#[tokio::test]
async fn only_plain_json_is_taken() {
    let (_, at) = serve(Ok(Receipt::Accepted), Limits::default()).await;
    let refusal =
        r#"{"status":0,"message":"the content must be application/json, not compressed","data":null}"#;
    for (header, value, status) in [
        ("content-type", "application/json", 200),
        ("content-type", "Application/JSON; charset=UTF-8", 200),
        ("content-encoding", "identity", 200),
        ("x-any", "no content type at all", 200),
        ("content-type", "text/plain", 415),
        ("content-type", "application/x-www-form-urlencoded", 415),
        ("content-type", "application/jsonp", 415),
        ("content-type", "", 415),
        ("content-encoding", "gzip", 415),
    ] {
        let request = client(at, "/pushUserBaseInfo").header(header, value).body(BASE);
        let body = if status == 200 { SUCCESS } else { refusal };
        check(answer(request).await, status, body);
    }
}

#[tokio::test]
async fn a_body_has_a_size() {
    let (desk, at) = serve(Ok(Receipt::Accepted), Limits::default()).await;
    let padding = |to: usize| format!("{BASE}{}", " ".repeat(to - BASE.len()));
    check(post_json(at, "/pushUserBaseInfo", &padding(PUSH_LIMIT)).await, 200, SUCCESS);
    let refusal = r#"{"status":0,"message":"the body must be at most 4194304 bytes","data":null}"#;
    for bytes in [PUSH_LIMIT + 1, 4 * PUSH_LIMIT] {
        check(post_json(at, "/pushUserBaseInfo", &padding(bytes)).await, 413, refusal);
    }
    assert_eq!(desk.taken.lock().unwrap().len(), 1);

    let told = "POST /pushUserBaseInfo HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999\r\n\r\n";
    assert!(raw(at, told).await.starts_with("HTTP/1.1 413 "));
    let limits = Limits { body_bytes: 4, ..Limits::default() };
    let (_, at) = serve(Ok(Receipt::Accepted), limits).await;
    let head = "POST /pushUserBaseInfo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    assert!(raw(at, &format!("{head}5\r\n12345\r\n0\r\n\r\n")).await.starts_with("HTTP/1.1 413 "));
    assert!(raw(at, &format!("{head}{}", "5\r\n12345\r\n".repeat(4))).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_body_has_a_time() {
    let limits = Limits { body_time: Duration::from_millis(200), ..Limits::default() };
    let (desk, at) = serve(Ok(Receipt::Accepted), limits).await;
    let part = "POST /pushUserBaseInfo HTTP/1.1\r\nhost: a\r\ncontent-length: 99\r\n\r\n{";
    let said = raw(at, part).await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    assert!(said.ends_with(r#"{"status":0,"message":"the body did not arrive in time","data":null}"#));
    assert!(desk.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_trickle_is_slow_too() {
    let limits = Limits { body_time: Duration::from_millis(300), ..Limits::default() };
    let (_, at) = serve(Ok(Receipt::Accepted), limits).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    let head = "POST /pushUserBaseInfo HTTP/1.1\r\nhost: a\r\ncontent-length: 99999\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let trickle = tokio::spawn(async move {
        while writer.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut said = [0; 13];
    let read = tokio::time::timeout(PATIENCE, reader.read_exact(&mut said)).await;
    read.expect("an answer").unwrap();
    assert_eq!(&said, b"HTTP/1.1 408 ");
    trickle.abort();
}

#[tokio::test]
async fn a_body_is_not_waited_for_without_the_headers_of_its_signature() {
    let (desk, at) = serve(Ok(Receipt::Accepted), Limits::default()).await;
    let mut stranger = TcpStream::connect(at).await.unwrap();
    let head = "POST /partners/signed/qunadai HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\
                content-length: 9\r\n\r\n";
    stranger.write_all(head.as_bytes()).await.unwrap();
    let mut said = [0; 13];
    let read = tokio::time::timeout(PATIENCE, stranger.read_exact(&mut said)).await;
    read.expect("an answer").unwrap();
    assert_eq!(&said, b"HTTP/1.1 200 ", "and not 100, which asks for the body");
    assert!(desk.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_full_house_says_so() {
    let (_, at) = serve(Ok(Receipt::Accepted), Limits { at_once: 1, ..Limits::default() }).await;
    let mut slow = TcpStream::connect(at).await.unwrap();
    let head = "POST /pushUserBaseInfo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\
                content-length: 9\r\n\r\n";
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    slow.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

    let response = post_json(at, "/pushUserBaseInfo", BASE).await;
    assert_eq!(response.headers[header::RETRY_AFTER], "5");
    check(response, 503, BUSY);

    slow.write_all(b"{\"a\": [1]").await.unwrap();
    slow.read_exact(&mut [0; 1]).await.unwrap();
    check(post_json(at, "/pushUserBaseInfo", BASE).await, 200, SUCCESS);
}

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A desk with one answer.
#[derive(Clone)]
struct Fake {
    verdict: Result<Receipt, Refused>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Desk for Fake {
    async fn take(&self, push: Taken) -> Result<Receipt, Refused> {
        self.taken.lock().unwrap().push(push);
        self.verdict
    }
}

async fn serve(verdict: Result<Receipt, Refused>, limits: Limits) -> (Fake, SocketAddr) {
    let enveloped = Pushes::Enveloped { ua: "PARTNER".to_owned(), secrets: secrets() };
    let signed = Pushes::Signed { secrets: secrets(), window: None };
    serve_doors(vec![("default", Pushes::Bare), ("sealed", enveloped), ("signed", signed)], verdict, limits)
        .await
}

fn secrets() -> Vec<Secret> {
    vec![Secret::from("test-key".to_owned())]
}

async fn serve_doors(
    doors: Vec<(&str, Pushes)>,
    verdict: Result<Receipt, Refused>,
    limits: Limits,
) -> (Fake, SocketAddr) {
    let desk = Fake { verdict, taken: Arc::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let door = |(partner, pushes): (&str, Pushes)| Door {
        partner: partner.to_owned(),
        pushes,
        app_download_url: Some("https://app.example.com/".to_owned()),
        desk: desk.clone(),
    };
    let router = routes_within(doors.into_iter().map(door).collect(), limits);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (desk, at)
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

fn client(at: SocketAddr, path: &str) -> reqwest::RequestBuilder {
    reqwest::Client::new().post(format!("http://{at}{path}"))
}

async fn post_json(at: SocketAddr, path: &str, body: &str) -> Answer {
    let request = client(at, path).header("content-type", "application/json");
    answer(request.body(body.to_owned())).await
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.timeout(PATIENCE).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.text().await.unwrap() }
}

/// Sends bytes as they are and reads until the server hangs up or has nothing more to say.
async fn raw(at: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let end = async { while !said.ends_with(b"}") && stream.read_buf(&mut said).await.unwrap() > 0 {} };
    tokio::time::timeout(PATIENCE, end).await.expect("an answer");
    String::from_utf8(said).unwrap()
}

fn check(answer: Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.body.as_str()), (status, body));
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
}
