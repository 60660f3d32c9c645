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
