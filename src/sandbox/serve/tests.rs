//! The sandbox on real sockets.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

use super::*;
use crate::sandbox::{Pace, Settings};

/// Sends one request on a connection of its own and reads until it closes.
async fn exchange(address: std::net::SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn content(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect(answer);
    serde_json::from_str(body).expect(body)
}

#[tokio::test]
async fn a_client_gets_its_answers_over_a_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sandbox = Arc::new(Mutex::new(Sandbox::new(Settings {
        seed: 7,
        username: "m".to_owned(),
        password: "p".into(),
        pace: Pace::INSTANT,
    })));
    let (stop, stopped) = oneshot::channel::<()>();
    let clock = || 1_545_616_800_000;
    let served = tokio::spawn(serve(listener, sandbox, clock, async {
        stopped.await.unwrap();
    }));
    let ask =
        |head: &'static str, body: Value| async move { exchange(address, head, &body.to_string()).await };

    let body = json!({"username": "m", "password": "p"});
    let granted = content(&ask("POST /client/authorize/token", body).await);
    let body = json!({
        "token": granted["data"]["token"], "name": "n", "id_card": "i",
        "mobile": "19911000001", "service_password": "1",
    });
    let opened = content(&ask("POST /telecom/collect/open-id", body).await);
    let session = json!({"username": "m", "open_id": opened["data"]["open_id"]});
    let asked = ask("GET /_sandbox/answer?mobile=19911000001", json!({})).await;
    let answer = json!({"kind": "sms", "answer": "000101", "is_stale": false});
    assert_eq!(content(&asked), answer);

    let mut body = session.clone();
    body["captcha"] = "000101".into();
    let cut = ask("POST /telecom/collect/captcha", body).await;
    assert_eq!(cut, "", "processed, and closed without a byte");
    let state = content(&ask("POST /telecom/collect/get-state", session).await);
    assert_eq!(state["data"]["state"], 43);

    let nothing = ask("GET /_sandbox/answer?mobile=19911000001", json!({})).await;
    assert!(nothing.starts_with("HTTP/1.1 404"), "{nothing}");
    let ledger = content(&ask("GET /_sandbox/ledger", json!({})).await);
    assert_eq!(ledger["calls"], 4);
    assert_eq!(ledger["scripts"]["answer_lost"]["answers_processed"], 1);
    assert_eq!(ledger["violations"]["nobody_asked"], 0);
    let log = content(&ask("GET /_sandbox/log?after=2", json!({})).await);
    let outcome = json!({"kind": "fault", "fault": "cut"});
    assert_eq!((&log[0]["number"], &log[0]["outcome"]), (&3.into(), &outcome));
    let scripts = content(&ask("GET /_sandbox/scripts", json!({})).await);
    assert_eq!(scripts[10]["example"], "19911000001");
    let key = ask("GET /_sandbox/audit-key.pem", json!({})).await;
    assert!(key.contains("-----BEGIN PUBLIC KEY-----"), "{key}");
    let lost = ask("POST /nowhere", json!({})).await;
    assert!(lost.starts_with("HTTP/1.1 404"), "{lost}");

    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

/// A sandbox on a socket, and an applicant who is asked for a code.
struct Open {
    address: std::net::SocketAddr,
    sandbox: Arc<Mutex<Sandbox>>,
    session: Value,
    _stop: oneshot::Sender<()>,
}

impl Open {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sandbox = Arc::new(Mutex::new(Sandbox::new(Settings {
            seed: 7,
            username: "m".to_owned(),
            password: "p".into(),
            pace: Pace::INSTANT,
        })));
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _gone = stopped.await;
        };
        tokio::spawn(serve(listener, Arc::clone(&sandbox), || 1_545_616_800_000, shutdown));
        let mut open = Self { address, sandbox, session: Value::Null, _stop: stop };
        let body = json!({"username": "m", "password": "p"});
        let granted = content(&open.ask("POST /client/authorize/token", &body).await);
        let body = json!({
            "token": granted["data"]["token"], "name": "n", "id_card": "i",
            "mobile": "19901000001", "service_password": "1",
        });
        let opened = content(&open.ask("POST /telecom/collect/open-id", &body).await);
        open.session = json!({"username": "m", "open_id": opened["data"]["open_id"]});
        open
    }

    async fn ask(&self, head: &str, body: &Value) -> String {
        exchange(self.address, head, &body.to_string()).await
    }

    async fn plan(&self, endpoint: &str, fault: &str) {
        let body = json!({"endpoint": endpoint, "fault": fault, "mobile": "19901000001"});
        let planned = self.ask("POST /_sandbox/faults/planned", &body).await;
        assert!(planned.starts_with("HTTP/1.1 200"), "{planned}");
    }

    /// Reads what comes of an answer within a while, as bytes.
    async fn see(&self, head: &str, body: &Value, patience: Duration) -> (Vec<u8>, bool) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let body = body.to_string();
        let request = format!("{head} HTTP/1.1\r\nHost: s\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        let reading = async { while stream.read_buf(&mut seen).await.unwrap() > 0 {} };
        let is_closed = tokio::time::timeout(patience, reading).await.is_ok();
        (seen, is_closed)
    }
}

const STATE: &str = "POST /telecom/collect/get-state";
const WHILE: Duration = Duration::from_millis(2_500);

#[tokio::test]
async fn transport_faults_are_seen_on_the_wire() {
    let open = Open::new().await;
    for fault in ["request_cut", "cut"] {
        open.plan("telecom_get_state", fault).await;
        assert_eq!(open.see(STATE, &open.session, WHILE).await, (Vec::new(), true), "{fault}");
    }
    open.plan("telecom_get_state", "late").await;
    assert_eq!(open.see(STATE, &open.session, WHILE).await, (Vec::new(), false), "nothing yet");
    open.ask("POST /_sandbox/faults", &json!({"late_ms": 300})).await;
    open.plan("telecom_get_state", "late").await;
    let begun = tokio::time::Instant::now();
    assert_eq!(content(&open.ask(STATE, &open.session).await)["data"]["state"], 21);
    assert!(begun.elapsed() >= Duration::from_millis(300));

    open.plan("telecom_get_state", "drip").await;
    let (seen, is_closed) = open.see(STATE, &open.session, WHILE).await;
    let text = String::from_utf8(seen).unwrap();
    let (_, body) = text.split_once("\r\n\r\n").expect("the head comes at once");
    let bytes = body.matches("\r\n1\r\n").count() + usize::from(body.starts_with("1\r\n"));
    assert!(!is_closed && (1..=3).contains(&bytes), "a byte a second: {body:?}");

    open.plan("telecom_get_state", "too_many_requests").await;
    let limited = open.ask(STATE, &open.session).await.to_ascii_lowercase();
    assert!(limited.starts_with("http/1.1 429") && limited.contains("retry-after: 2\r\n"), "{limited}");
    open.plan("telecom_get_state", "gzip").await;
    let (packed, _) = open.see(STATE, &open.session, WHILE).await;
    let head = String::from_utf8_lossy(&packed).into_owned();
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
    open.plan("telecom_get_state", "huge").await;
    let huge = open.ask(STATE, &open.session).await;
    assert!(huge.len() > 20 << 20);
}

#[tokio::test]
async fn a_redirect_that_is_followed_is_noted() {
    let open = Open::new().await;
    open.plan("telecom_get_state", "redirect").await;
    let answer = open.ask(STATE, &open.session).await;
    assert!(
        answer.starts_with("HTTP/1.1 307") && answer.contains("location: /_sandbox/trap\r\n"),
        "{answer}"
    );
    let lost = open.ask("POST /_sandbox/trap", &open.session).await;
    assert!(lost.starts_with("HTTP/1.1 404"), "{lost}");
    let ledger = content(&open.ask("GET /_sandbox/ledger", &json!({})).await);
    assert_eq!(ledger["violations"]["redirect_followed"], 1);
}

#[tokio::test]
async fn the_control_api_steers_a_session() {
    let open = Open::new().await;
    let shown =
        content(&open.ask("GET /_sandbox/session?mobile=19901000001&system=telecom", &json!({})).await);
    assert_eq!((&shown["state"], &shown["processed"]["telecom_open_id"]), (&21.into(), &1.into()));
    let to = json!({"mobile": "19901000001", "system": "telecom", "state": 42});
    assert_eq!(content(&open.ask("POST /_sandbox/advance", &to).await), json!({"state": 42}));
    assert_eq!(content(&open.ask(STATE, &open.session).await)["data"]["state"], 42);
    let login = content(&open.ask("GET /_sandbox/answer?mobile=19950000001&system=ebank", &json!({})).await);
    assert_eq!((&login["kind"], &login["fields"]["entry_id"]), (&"bank_login".into(), &"101".into()));

    let outage = json!({"system": "telecom", "seconds": 60});
    let out = content(&open.ask("POST /_sandbox/outages", &outage).await);
    assert_eq!(out["telecom"], json!({"kind": "unavailable", "until": 1_545_616_860_000_u64}));
    assert!(open.ask(STATE, &open.session).await.starts_with("HTTP/1.1 503"));
    assert_eq!(content(&open.ask("DELETE /_sandbox/outages?system=telecom", &json!({})).await), json!({}));
    assert!(open.ask(STATE, &open.session).await.starts_with("HTTP/1.1 200"));

    let counters = content(&open.ask("GET /_sandbox/counters", &json!({})).await);
    let states = json!({"processed": 2, "not_processed": 1, "disturbed": 1});
    assert_eq!(counters["telecom_get_state"], states);
    open.ask("POST /_sandbox/settings", &json!({"service_password": true})).await;
    let lost = content(&open.ask("POST /telecom/collect/service-password", &json!({})).await);
    assert_eq!(lost["msg"], "输入错误: username is missing", "the call exists now");
    open.ask("POST /_sandbox/reset", &json!({})).await;
    assert_eq!(open.sandbox.lock().unwrap().ledger().call_count(), 0);
}

#[tokio::test]
async fn the_control_api_names_what_is_wrong() {
    let open = Open::new().await;
    let check = async |head: &str, body: Value, status: u16, error: &str| {
        let answer = open.ask(head, &body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
        let told = content(&answer)["error"].as_str().unwrap().to_owned();
        assert!(told.contains(error), "{head}: {told}");
    };
    let advance = "POST /_sandbox/advance";
    check(advance, json!({"mobile": "1", "system": "telecom"}), 400, "11 digits").await;
    check(advance, json!({"mobile": "19901000001"}), 400, "missing field `system`").await;
    check(advance, json!({"mobile": "19901000001", "system": "x"}), 400, "unknown variant `x`").await;
    check(advance, json!({"mobile": "19901000001", "system": "degree"}), 404, "no session of system degree")
        .await;
    check(
        advance,
        json!({"mobile": "19901000001", "system": "telecom", "state": 43}),
        409,
        "waits for an answer",
    )
    .await;
    check("POST /_sandbox/faults", json!({"per_million": {"cut": 2_000_000}}), 400, "add up to 2000000")
        .await;
    check("POST /_sandbox/faults", json!({"rate": 1}), 400, "unknown field `rate`").await;
    let planned = "POST /_sandbox/faults/planned";
    check(planned, json!({"endpoint": "x", "fault": "cut"}), 400, "unknown variant `x`").await;
    check(planned, json!({"endpoint": "authorize", "fault": "cut", "times": 0}), 400, "at least 1").await;
    check("DELETE /_sandbox/outages?system=audit", json!({}), 404, "audit has no outage").await;
    check("GET /_sandbox/answer?mobile=12", json!({}), 400, "11 digits").await;
    check("GET /_sandbox/log?after=x", json!({}), 400, "query").await;
    check("GET /_sandbox/push/base?script=39&order=o", json!({}), 404, "no script has the number 39").await;
}
