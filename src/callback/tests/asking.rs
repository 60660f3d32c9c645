//! The outcomes that partners ask for, through a real socket.

use super::receiver::{Receiver, at_once};
use super::*;
use axum::http::StatusCode;
use serde_json::Value;

struct Desk {
    address: String,
    http: reqwest::Client,
}

impl Desk {
    async fn open(engine: &Engine<MemoryStore>, partners: &[Callback]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = pull::routes(engine, partners);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    async fn ask(&self, path: &str, secret: &str, age: i64) -> (u16, String) {
        let timestamp = (clock::now().as_millis() / 1_000).checked_add_signed(-age).unwrap();
        let signature = Keys::new(&[Secret::from(secret.to_owned())]).sign(timestamp, &format!("GET {path}"));
        self.ask_as(path, &timestamp.to_string(), &signature).await
    }

    async fn ask_as(&self, path: &str, timestamp: &str, signature: &str) -> (u16, String) {
        let request = self.http.get(format!("{}{path}", self.address));
        let request = request.header("Docket-Timestamp", timestamp).header("Docket-Signature", signature);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

const PATH: &str = "/partners/agency/outcomes";

#[tokio::test]
async fn pages_go_on_where_the_last_ended_and_hold_what_is_sent() {
    let receiver = Receiver::start(|_, _| at_once(StatusCode::OK)).await;
    let store = MemoryStore::new();
    let engine = engine(&store);
    let agency = partner("agency", Some(&receiver.url));
    let callbacks = Callbacks::start(engine.clone(), &[agency], &Random::seeded(3)).await.unwrap();
    let desk = Desk::open(&engine, &[partner("agency", None), partner("other", None)]).await;
    let (status, empty) = desk.ask(PATH, SECRET, 0).await;
    let empty: Value = serde_json::from_str(&empty).unwrap();
    assert_eq!((status, &empty["outcomes"], &empty["more"]), (200, &Value::Array(vec![]), &false.into()));
    for number in 0..5 {
        let id = create(&engine, "agency", &format!("order-{number}")).await;
        approved(&engine, id).await;
    }
    let other = create(&engine, "other", "order").await;
    approved(&engine, other).await;
    let mut asked = Vec::new();
    let mut token = empty["next"].as_str().unwrap().to_owned();
    loop {
        let (status, page) = desk.ask(&format!("{PATH}?limit=3&after={token}"), SECRET, 0).await;
        assert_eq!(status, 200, "{page}");
        let read: Value = serde_json::from_str(&page).unwrap();
        let outcomes = read["outcomes"].as_array().unwrap();
        assert!(outcomes.len() <= 3);
        asked.extend(outcomes.iter().cloned());
        read["next"].as_str().unwrap().clone_into(&mut token);
        if read["more"] == false {
            break;
        }
    }
    assert_eq!(asked.len(), 5 * WAY.len());
    let sequences: Vec<_> = asked.iter().map(|it| it["sequence"].as_u64().unwrap()).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b));
    assert!(asked.iter().all(|it| it["partner"] == "agency"));
    eventually("all are sent", || receiver.taken().len() == asked.len()).await;
    let (_, whole) = desk.ask(&format!("{PATH}?limit=1000"), SECRET, 0).await;
    for came in receiver.taken() {
        assert!(whole.contains(&came.text), "not the same bytes: {}", came.text);
    }
    // Nothing new: the same token again.
    let (_, rest) = desk.ask(&format!("{PATH}?after={token}"), SECRET, 0).await;
    let rest: Value = serde_json::from_str(&rest).unwrap();
    assert_eq!((&rest["outcomes"], rest["next"].as_str()), (&Value::Array(vec![]), Some(token.as_str())));
    // The others have theirs, and only theirs.
    let (_, theirs) = desk.ask("/partners/other/outcomes", SECRET, 0).await;
    let theirs: Value = serde_json::from_str(&theirs).unwrap();
    assert_eq!(theirs["outcomes"].as_array().unwrap().len(), WAY.len());
    callbacks.stop().await;
}

#[tokio::test]
async fn who_cannot_sign_is_told_nothing() {
    let store = MemoryStore::new();
    let engine = engine(&store);
    let agency = Callback {
        secrets: [SECRET, "the former secret, still good"].map(|it| Secret::from(it.to_owned())).into(),
        ..partner("agency", None)
    };
    let desk = Desk::open(&engine, &[agency]).await;
    assert_eq!(desk.ask(PATH, "the former secret, still good", 0).await.0, 200);
    for (secret, age, status, text) in [
        ("somebody else's secret", 0, 401, "not signed"),
        (SECRET, 301, 401, "more than 300 s"),
        (SECRET, -302, 401, "more than 300 s"),
        (SECRET, 290, 200, "outcomes"),
    ] {
        let (found, body) = desk.ask(PATH, secret, age).await;
        assert!(found == status && body.contains(text), "{age}: {found} {body}");
    }
    // A signature is good for its path, its query and its time.
    let now = clock::now().as_millis() / 1_000;
    let signature = Keys::new(&[Secret::from(SECRET.to_owned())]).sign(now, &format!("GET {PATH}"));
    for (path, at) in [(format!("{PATH}?limit=5"), now), (PATH.to_owned(), now - 1)] {
        assert_eq!(desk.ask_as(&path, &at.to_string(), &signature).await.0, 401, "{path}");
    }
    assert_eq!(desk.ask_as(PATH, "yesterday", &signature).await.0, 401);
    assert_eq!(desk.ask("/partners/nobody/outcomes", SECRET, 0).await.0, 404);
}

#[tokio::test]
async fn senseless_and_old_tokens_are_named() {
    let store = MemoryStore::new();
    let engine = engine(&store);
    let desk = Desk::open(&engine, &[partner("agency", None)]).await;
    let (_, first) = desk.ask(PATH, SECRET, 0).await;
    let first: Value = serde_json::from_str(&first).unwrap();
    let token = first["next"].as_str().unwrap();
    let id = create(&engine, "agency", "order").await;
    approved(&engine, id).await;
    store.forget_changes(3).unwrap();
    let future = pull::write_token(1_000_000);
    for (query, status, text) in [
        (format!("after={token}"), 410, "no longer kept"),
        (format!("after={future}"), 400, "only `after`"),
        ("after=nonsense".to_owned(), 400, "only `after`"),
        ("limit=0".to_owned(), 400, "1 to 1000"),
        ("limit=1001".to_owned(), 400, "1 to 1000"),
        ("befor=x".to_owned(), 400, "only `after`"),
        ("limit=5".to_owned(), 200, "outcomes"),
    ] {
        let (found, body) = desk.ask(&format!("{PATH}?{query}"), SECRET, 0).await;
        assert!(found == status && body.contains(text), "{query}: {found} {body}");
    }
}
