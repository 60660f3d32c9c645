//! The built binary tells a partner, and is killed in the middle, several times.
//!
//! Afterwards the partner has been told every change of state of every application, in order, some of
//! them more than once and always in the same words; what it asks for itself is the same.

use crate::crash::push;
use crate::process::{Process, Sandbox, http};
use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use docket::api::proto::v1::ListDeliveriesRequest;
use docket::api::proto::v1::delivery::Status;
use docket::api::proto::v1::delivery_service_client::DeliveryServiceClient;
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const APPLICATIONS: u32 = 80;
const KILLS: usize = 4;
/// Messages between two kills.
const BETWEEN_KILLS: usize = 50;
const PATIENCE: Duration = Duration::from_secs(120);
const SECRET: &str = "the secret of this test alone";

/// What came, in the order in which it came: the body of each message under its id.
type Heard = Arc<Mutex<Vec<(String, String)>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_is_told_everything_in_order_though_docket_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (heard, url) = partner().await;
    let file = folder.path().join("docket.toml");
    let partner = format!(
        "[[partner]]\nname = \"pushed\"\nproduct = \"pushed\"\ncallback_url = \"{url}\"\n\
         callback_secret = \"{SECRET}\"\n"
    );
    std::fs::write(&file, partner).unwrap();
    let sandbox = Sandbox::start(folder.path(), "quick");
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_DATA", folder.path().join("data").display().to_string()));
    settings.push(("DOCKET_CONFIG", file.display().to_string()));
    let mut docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let address = docket.address.clone();
    let pushed = tokio::spawn(push_all(address.clone()));
    for kill in 1..=KILLS {
        let enough = kill * BETWEEN_KILLS;
        until("messages come", || heard.lock().unwrap().len() >= enough).await;
        docket.kill();
        docket = Process::start(&["serve", "--listen", &address], &settings);
    }
    pushed.await.unwrap();
    assert!(ended(&heard) < APPLICATIONS as usize, "all was over before the last kill: it proves nothing");
    until("all are told to the end", || ended(&heard) == APPLICATIONS as usize).await;

    let told = in_order(&heard);
    for (application, bodies) in &told {
        let mut before = Value::Null;
        let mut version = 0;
        for body in bodies {
            assert_eq!(body["previous_state"], before, "{application}: {bodies:#?}");
            let later = body["version"].as_u64().unwrap();
            assert!(later > version, "{application}: {bodies:#?}");
            (before, version) = (body["state"].clone(), later);
        }
    }
    assert_eq!(asked(&address).await, told, "what is asked for is what was told");
    let total: usize = told.values().map(Vec::len).sum();
    settled(&address, total).await;
    let repeats = heard.lock().unwrap().len() - total;
    crate::report(&format!("{total} messages, {repeats} repeats after failures and {KILLS} kills"));
    operators_send_again(&address, &heard).await;
    drop(docket);
}

/// At the command line what was told is found, and told once more.
async fn operators_send_again(address: &str, heard: &Heard) {
    let (before, (id, body)) = {
        let heard = heard.lock().unwrap();
        (heard.len(), heard[0].clone())
    };
    let (application, version) = id.rsplit_once('-').unwrap();
    let name = format!("applications/{application}/deliveries/{version}");
    let listed = docket(address, &["deliveries", "--application", application, "-o", "name"]);
    assert!(listed.lines().any(|line| line == name), "{name}: {listed}");
    let reason = "the partner lost it";
    let told = docket(address, &["resend", &id, "--reason", reason, "--actor", "anna", "-o", "json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((told["name"].as_str(), told["resend"]["reason"].as_str()), (Some(&*name), Some(reason)));
    until("it is told once more", || heard.lock().unwrap().len() > before).await;
    assert_eq!(heard.lock().unwrap()[before], (id, body));
}

fn docket(address: &str, arguments: &[&str]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_docket"));
    command.arg("ops").args(arguments).args(["--server", &format!("http://{address}")]);
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

/// A partner's server that refuses each seventh message the first time, and checks every signature.
async fn partner() -> (Heard, String) {
    let heard = Heard::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/docket", listener.local_addr().unwrap());
    let routes =
        Router::new().route("/docket", post(hear)).with_state((Heard::default(), Arc::clone(&heard)));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (heard, url)
}

async fn hear(
    State((refused, heard)): State<(Heard, Heard)>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, time) = (header("docket-delivery"), header("docket-timestamp"));
    assert_eq!(header("docket-signature"), signature(&time, &body));
    let message: Value = serde_json::from_str(&body).unwrap();
    if message["sequence"].as_u64().unwrap().is_multiple_of(7) {
        let mut refused = refused.lock().unwrap();
        if !refused.iter().any(|(other, _)| *other == id) {
            refused.push((id, body));
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
    }
    heard.lock().unwrap().push((id, body));
    StatusCode::NO_CONTENT
}

fn signature(time: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    format!("v1={}", hex::encode(hmac::sign(&key, format!("{time}.{text}").as_bytes())))
}

/// Pushes both halves of every application, a few side by side.
async fn push_all(address: String) {
    let mut pushing = tokio::task::JoinSet::new();
    for number in 0..APPLICATIONS {
        if pushing.len() == 4 {
            pushing.join_next().await.unwrap().unwrap();
        }
        let address = address.clone();
        pushing.spawn(async move {
            let script = if number % 5 == 0 { Script::AuditRejected } else { Script::Happy };
            let (person, order) = (Person::new(script, number), format!("told-{number:03}"));
            let url = |route: &str| format!("http://{address}/partners/pushed/{route}");
            push(&url("pushUserBaseInfo"), &person.base_push(&order)).await;
            push(&url("pushUserAdditionalInfo"), &person.additional_push(&order)).await;
        });
    }
    while let Some(pushed) = pushing.join_next().await {
        pushed.unwrap();
    }
}

/// The messages of each application in the order in which they first came; a repeat says the same.
fn in_order(heard: &Heard) -> BTreeMap<String, Vec<Value>> {
    let mut told: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for (id, body) in &*heard.lock().unwrap() {
        match known.get(id) {
            Some(before) => assert_eq!(before, body),
            None => {
                let message: Value = serde_json::from_str(body).unwrap();
                let application = message["application"].as_str().unwrap().to_owned();
                told.entry(application).or_default().push(message);
                known.insert(id.clone(), body.clone());
            }
        }
    }
    told
}

/// How many applications the partner knows to have ended.
fn ended(heard: &Heard) -> usize {
    let heard = heard.lock().unwrap();
    let has_ended =
        |body: &str| body.contains("\"state\":\"APPROVED\"") || body.contains("\"state\":\"REJECTED\"");
    heard.iter().filter(|(_, body)| has_ended(body)).map(|(id, _)| id).collect::<BTreeSet<_>>().len()
}

/// What the partner is told when it asks for itself, page by page.
async fn asked(address: &str) -> BTreeMap<String, Vec<Value>> {
    let mut told: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut path = "/partners/pushed/outcomes?limit=50".to_owned();
    loop {
        let time = docket::clock::now().as_millis() / 1_000;
        let time = time.to_string();
        let request = http()
            .get(format!("http://{address}{path}"))
            .header("docket-signature", signature(&time, &format!("GET {path}")))
            .header("docket-timestamp", time);
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        let page: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        for outcome in page["outcomes"].as_array().unwrap() {
            let application = outcome["application"].as_str().unwrap().to_owned();
            told.entry(application).or_default().push(outcome.clone());
        }
        if page["more"] == false {
            return told;
        }
        path = format!("/partners/pushed/outcomes?limit=50&after={}", page["next"].as_str().unwrap());
    }
}

/// Waits until all deliveries are noted as received, and none as waiting or given up.
async fn settled(address: &str, total: usize) {
    let until = Instant::now() + PATIENCE;
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap();
    let mut client = DeliveryServiceClient::new(endpoint.connect().await.unwrap());
    loop {
        let mut counts = Vec::new();
        for status in [Status::Waiting, Status::Dead, Status::Delivered] {
            let request =
                ListDeliveriesRequest { status: status.into(), page_size: 1000, ..Default::default() };
            let page = client.list_deliveries(request).await.unwrap().into_inner();
            counts.push(page.deliveries.len());
        }
        if counts == [0, 0, total] {
            return;
        }
        assert!(Instant::now() < until, "waiting, dead, delivered: {counts:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "{what}: in vain");
        sleep(Duration::from_millis(10)).await;
    }
}
