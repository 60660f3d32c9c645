//! A partner's server, which answers what it is told to.

use super::*;
use crate::callback::sign::{DELIVERY, SIGNATURE, TIMESTAMP};
use axum::Router;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use std::collections::BTreeSet;

/// What came.
#[derive(Debug, Clone)]
pub(super) struct Came {
    pub(super) id: String,
    pub(super) signature: String,
    pub(super) timestamp: u64,
    pub(super) text: String,
    pub(super) body: Value,
    pub(super) at: Instant,
}

impl Came {
    pub(super) fn application(&self) -> String {
        self.body["application"].as_str().unwrap().to_owned()
    }

    pub(super) fn state(&self) -> String {
        self.body["state"].as_str().unwrap().to_owned()
    }
}

/// What a partner answers, and after how long.
pub(super) type Reply = (Duration, Response);

pub(super) fn at_once(answer: impl IntoResponse) -> Reply {
    (Duration::ZERO, answer.into_response())
}

/// Answers what came, which came so often before.
type Script = dyn Fn(&Came, usize) -> Reply + Send + Sync;

#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) url: String,
    seen: Arc<Mutex<Seen>>,
    script: Arc<Script>,
}

#[derive(Default)]
struct Seen {
    came: Vec<Came>,
    /// Those that were answered with success, in the order of the answers.
    taken: Vec<Came>,
    busy: BTreeSet<String>,
    most: usize,
    elsewhere: usize,
}

impl Receiver {
    /// Starts one; the script is given what came and how often the same came before.
    pub(super) async fn start(script: impl Fn(&Came, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?shop=7", listener.local_addr().unwrap());
        let receiver = Self { url, seen: Arc::default(), script: Arc::new(script) };
        let routes = Router::new()
            .route("/hook", post(hear))
            .fallback(|Shared(receiver): Shared<Self>| async move {
                receiver.seen.lock().unwrap().elsewhere += 1;
            })
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    pub(super) fn came(&self) -> Vec<Came> {
        self.seen.lock().unwrap().came.clone()
    }

    pub(super) fn taken(&self) -> Vec<Came> {
        self.seen.lock().unwrap().taken.clone()
    }

    /// The most that were being answered at once.
    pub(super) fn most(&self) -> usize {
        self.seen.lock().unwrap().most
    }

    /// How many requests went to another path.
    pub(super) fn elsewhere(&self) -> usize {
        self.seen.lock().unwrap().elsewhere
    }

    /// The states of each application that were taken, in order, repeats left out.
    pub(super) fn told(&self) -> BTreeMap<String, Vec<String>> {
        let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for came in self.taken() {
            if known.insert(came.id.clone()) {
                told.entry(came.application()).or_default().push(came.state());
            }
        }
        told
    }
}

async fn hear(Shared(receiver): Shared<Receiver>, headers: HeaderMap, text: String) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    let came = Came {
        id: header(DELIVERY),
        signature: header(SIGNATURE),
        timestamp: header(TIMESTAMP).parse().unwrap(),
        body: serde_json::from_str(&text).unwrap(),
        text,
        at: Instant::now(),
    };
    let (wait, answer) = {
        let mut seen = receiver.seen.lock().unwrap();
        let before = seen.came.iter().filter(|other| other.id == came.id).count();
        seen.came.push(came.clone());
        assert!(seen.busy.insert(came.application()), "two of one application at once");
        seen.most = seen.most.max(seen.busy.len());
        (receiver.script)(&came, before)
    };
    // Dropped when the sender hangs up.
    let done = Done(receiver.clone(), came.application());
    clock::pause(wait).await;
    if answer.status().is_success() {
        receiver.seen.lock().unwrap().taken.push(came);
    }
    drop(done);
    answer
}

struct Done(Receiver, String);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.seen.lock().unwrap().busy.remove(&self.1);
    }
}
