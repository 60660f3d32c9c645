//! Tries through real sockets.

use super::receiver::{Receiver, at_once};
use super::*;
use axum::http::{StatusCode, header};
use serde_json::json;

fn way() -> Vec<String> {
    WAY.map(|state| state.name().to_owned()).into()
}

async fn start(engine: &Engine<MemoryStore>, partner: Callback) -> Callbacks<MemoryStore> {
    Callbacks::start(engine.clone(), &[partner], &Random::seeded(3)).await.unwrap()
}

async fn only(callbacks: &Callbacks<MemoryStore>, status: Status) -> Vec<Listed> {
    let wanted = Wanted { status: Some(status), ..Wanted::default() };
    callbacks.list(wanted, None, 1_000).await.unwrap().0
}

#[tokio::test]
async fn every_change_of_state_is_told_in_order_however_bad_the_partner_is() {
    // The first try of some fails, of others times out, of others is cut or slow.
    let receiver = Receiver::start(|came, before| {
        let dice = came.body["sequence"].as_u64().unwrap() % 6;
        match (dice, before) {
            (0, 0) => at_once(StatusCode::INTERNAL_SERVER_ERROR),
            (1, 0) => (PATIENCE, StatusCode::OK.into_response()),
            (2, 0) => at_once((StatusCode::FOUND, [(header::LOCATION, "/elsewhere")])),
            (3, _) => (Duration::from_millis(30), StatusCode::NO_CONTENT.into_response()),
            _ => at_once("a page ".repeat(20_000)),
        }
    })
    .await;
    let store = MemoryStore::new();
    let engine = engine(&store);
    let callback = Callback {
        timeout: Duration::from_millis(300),
        secrets: [SECRET, "the former secret, still good"].map(|it| Secret::from(it.to_owned())).into(),
        ..partner("agency", Some(&receiver.url))
    };
    let callbacks = start(&engine, callback).await;
    let mut ids = Vec::new();
    for number in 0..30 {
        ids.push(create(&engine, "agency", &format!("order-{number}")).await);
        create(&engine, "other", &format!("order-{number}")).await;
    }
    eventually("all are told", || receiver.told().values().flatten().count() == ids.len() * WAY.len()).await;
    let told = receiver.told();
    for id in &ids {
        assert_eq!(told[&format!("applications/{id}")], way());
    }
    assert_eq!(told.len(), ids.len());
    assert_eq!(receiver.elsewhere(), 0);
    assert!((2..=round::PLACES).contains(&receiver.most()), "{} at once", receiver.most());
    for came in receiver.came() {
        for secret in [SECRET, "the former secret, still good"] {
            let keys = Keys::new(&[Secret::from(secret.to_owned())]);
            assert!(keys.is_signed(came.timestamp, &came.text, &came.signature));
        }
        let now = clock::now().as_millis() / 1_000;
        assert!(now.abs_diff(came.timestamp) < 60);
        assert_eq!(came.body["id"], came.id);
    }
    // Notes are written after the answer.
    eventually("nothing waits", || callbacks.census()[0].waiting == 0).await;
    let delivered = only(&callbacks, Status::Delivered).await;
    assert_eq!(delivered.len(), ids.len() * WAY.len());
    assert!(delivered.iter().all(|it| it.record.error.is_none()));
    assert!(delivered.iter().any(|it| it.record.tries == 2));
    callbacks.stop().await;
}

#[tokio::test]
async fn what_is_given_up_lets_the_next_pass_and_can_be_sent_again() {
    let is_willing = Arc::new(Mutex::new(false));
    let asked = Arc::clone(&is_willing);
    let receiver = Receiver::start(move |came, _| {
        let is_gone = came.state() == "DATA_READY" && !*asked.lock().unwrap();
        at_once(if is_gone { StatusCode::GONE } else { StatusCode::OK })
    })
    .await;
    let store = MemoryStore::new();
    let engine = engine(&store);
    let callbacks = start(&engine, partner("agency", Some(&receiver.url))).await;
    let id = create(&engine, "agency", "order").await;
    approved(&engine, id).await;
    eventually("the others are told", || receiver.taken().len() == 3).await;
    eventually("it is given up", || callbacks.census()[0].dead == 1).await;
    let dead = only(&callbacks, Status::Dead).await;
    assert_eq!((dead[0].record.state, dead[0].record.error.as_deref()), (State::DataReady, Some("HTTP 410")));
    assert_eq!(dead[0].record.tries, 1);
    *is_willing.lock().unwrap() = true;
    let by = By { actor: "anna".to_owned(), reason: "their server is back".to_owned() };
    let key = dead[0].key;
    let again = Again { key, by: by.clone(), request: None, etag: None, is_trial: false };
    callbacks.resend(Again { is_trial: true, ..again.clone() }).await.unwrap();
    assert_eq!(only(&callbacks, Status::Dead).await, dead);
    callbacks.resend(again.clone()).await.unwrap();
    eventually("it is told", || receiver.taken().len() == 4).await;
    eventually("it is noted", || callbacks.census()[0].dead == 0 && callbacks.census()[0].waiting == 0).await;
    let found = callbacks.delivery(key).await.unwrap();
    assert_eq!(Status::of(found.place.queue), Status::Delivered);
    assert_eq!(found.record.resent.last().unwrap().by, by);
    // What was received is sent again as well: the same bytes under the same name.
    callbacks.resend(again.clone()).await.unwrap();
    eventually("it is told again", || receiver.taken().len() == 5).await;
    let same: Vec<_> = receiver.taken().into_iter().filter(|came| came.state() == "DATA_READY").collect();
    assert_eq!((&same[0].id, &same[0].text), (&same[1].id, &same[1].text));
    let unknown = Again { key: DeliveryKey { version: 99, ..key }, ..again };
    assert!(matches!(callbacks.resend(unknown).await, Err(CallbackError::NotFound)));
    callbacks.stop().await;
}

#[tokio::test]
async fn a_busy_partner_is_asked_again_when_it_says() {
    let receiver = Receiver::start(|_, before| match before {
        0 => at_once((StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")])),
        _ => at_once(StatusCode::OK),
    })
    .await;
    let store = MemoryStore::new();
    let engine = engine(&store);
    let callback = Callback { states: vec![State::Approved], ..partner("agency", Some(&receiver.url)) };
    let callbacks = start(&engine, callback).await;
    create(&engine, "agency", "order").await;
    eventually("it is told", || !receiver.taken().is_empty()).await;
    let came = receiver.came();
    let states: Vec<_> = came.iter().map(|came| came.state()).collect();
    assert_eq!(states, ["APPROVED"; 2]);
    assert!(came[1].at - came[0].at >= Duration::from_millis(1_900), "{:?}", came[1].at - came[0].at);
    assert_eq!(came[0].body["outcome"], json!({ "kind": "approved" }));
    callbacks.stop().await;
}

#[tokio::test]
async fn no_try_begins_once_docket_leaves_and_the_next_life_goes_on() {
    let store = MemoryStore::new();
    let first_life = engine(&store);
    let away = Receiver::start(|_, _| at_once(StatusCode::BAD_GATEWAY)).await;
    let callbacks = start(&first_life, partner("agency", Some(&away.url))).await;
    let id = create(&first_life, "agency", "order").await;
    approved(&first_life, id).await;
    eventually("all are taken over", || callbacks.census()[0].waiting == WAY.len() as u64).await;
    callbacks.stop().await;
    let tries = away.came().len();
    let late = create(&first_life, "agency", "late").await;
    approved(&first_life, late).await;
    assert_eq!(away.came().len(), tries, "a try began after the end");
    first_life.stop().await;

    let second_life = engine(&store);
    let receiver = Receiver::start(|_, _| at_once(StatusCode::OK)).await;
    let callbacks = start(&second_life, partner("agency", Some(&receiver.url))).await;
    eventually("all are told", || receiver.told().values().flatten().count() == 2 * WAY.len()).await;
    assert!(receiver.told().values().all(|told| *told == way()), "{:?}", receiver.told());
    callbacks.stop().await;
}

#[tokio::test]
async fn nobody_there_is_a_failure_that_names_no_secret() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/?token=word", listener.local_addr().unwrap());
    drop(listener);
    let store = MemoryStore::new();
    let engine = engine(&store);
    let callbacks = start(&engine, partner("agency", Some(&url))).await;
    create(&engine, "agency", "order").await;
    let mut error = String::new();
    let until = Instant::now() + PATIENCE;
    while error.is_empty() {
        assert!(Instant::now() < until, "no try is noted");
        let waiting = only(&callbacks, Status::Waiting).await;
        error = waiting.iter().find_map(|it| it.record.error.clone()).unwrap_or_default();
    }
    assert!(error.contains("onnect") && !error.contains("word"), "{error}");
    callbacks.stop().await;
}

use axum::response::IntoResponse as _;
