//! The way to the sandbox without sockets: requests and replies that get lost by order, answers that
//! take their time, and the client that goes this way.

use bytes::Bytes;
use docket::engine::archive::Archive;
use docket::machine::time::Time;
use docket::provider::audit::AuditCipher;
use docket::provider::client::{Account, Client, Settings};
use docket::provider::prepare::Dialect;
use docket::provider::transport::{self, TransportError};
use docket::provider::wire::Opaque;
use docket::sandbox::{self, Answer, Delivery, Pace, Request, Sandbox};
use docket::store::memory::MemoryStore;
use docket::vault::Secret;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

const USERNAME: &str = "merchant1";
const PASSWORD: &str = "secret";

/// What happens to the next exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes through.
    Delivered,
    /// No connection.
    Refused,
    /// The request is lost on its way; nobody knows.
    RequestLost,
    /// It is processed, and the answer is lost.
    ReplyLost,
}

/// The sandbox, the time it sees, and the fate of what comes next; clones share it.
#[derive(Clone)]
pub(crate) struct Network {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    sandbox: Sandbox,
    now: u64,
    fate: Fate,
    took: Duration,
}

impl Network {
    /// A network to a fresh sandbox.
    pub(crate) fn new(seed: u64) -> Self {
        let sandbox = fresh(seed);
        let inner = Inner { sandbox, now: 0, fate: Fate::Delivered, took: Duration::ZERO };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// The client that goes this way.
    pub(crate) fn client(&self, archive: Archive<MemoryStore>, seed: u64) -> Client<Self, MemoryStore> {
        let account = Account {
            username: USERNAME.to_owned(),
            password: Secret::from(PASSWORD.to_owned()),
            hours: NonZeroU16::new(24).unwrap(),
        };
        let public_key = self.with(|sandbox| sandbox.public_key_pem());
        let audit_cipher = AuditCipher::Pkcs1 { public_key };
        let settings = Settings { account, dialect: Dialect::default(), audit_cipher };
        let clock = self.clone();
        let now = move || Time::from_millis(clock.now());
        let randomness = ChaCha20Rng::seed_from_u64(seed);
        Client::new(self.clone(), Arc::new(archive), settings, Arc::new(now), randomness).unwrap()
    }

    pub(crate) fn set_now(&self, now: u64) {
        let mut inner = self.inner.lock().unwrap();
        inner.now = now;
        inner.sandbox.settle(now);
    }

    pub(crate) fn now(&self) -> u64 {
        self.inner.lock().unwrap().now
    }

    /// Lays down the fate of the exchanges of the next call.
    pub(crate) fn set_fate(&self, fate: Fate) {
        self.inner.lock().unwrap().fate = fate;
    }

    /// How long the exchanges took since this was asked last.
    pub(crate) fn took(&self) -> Duration {
        std::mem::take(&mut self.inner.lock().unwrap().took)
    }

    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut Sandbox) -> R) -> R {
        act(&mut self.inner.lock().unwrap().sandbox)
    }

    fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        self.inner.lock().unwrap().exchange(request)
    }
}

impl Inner {
    fn exchange(&mut self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let patience = transport::Settings::default().total_timeout;
        match self.fate {
            Fate::Refused => return Err(TransportError::NotSent { detail: "connection refused".to_owned() }),
            Fate::RequestLost => {
                self.took += patience;
                return Err(lost("the answer never came"));
            }
            Fate::Delivered | Fate::ReplyLost => {}
        }
        let answer = self.sandbox.handle(self.now, &of_http(request));
        let comes_after = match answer.delivery {
            Delivery::Sent | Delivery::Cut => answer.delay,
            Delivery::Dripped => answer.delay + Duration::from_secs(answer.body.len() as u64),
        };
        let is_lost = self.fate == Fate::ReplyLost || comes_after > patience;
        if is_lost || answer.delivery == Delivery::Cut {
            self.took += if is_lost { patience } else { comes_after };
            self.sandbox.lose_answer();
            return Err(lost(if is_lost { "the time for the answer is over" } else { "cut" }));
        }
        self.took += comes_after;
        let response = to_http(answer);
        if response.is_err() {
            self.sandbox.lose_answer();
        }
        response
    }
}

/// A sandbox that nobody has called yet.
pub(crate) fn fresh(seed: u64) -> Sandbox {
    let (username, password) = (USERNAME.to_owned(), Opaque::from(PASSWORD));
    Sandbox::new(sandbox::Settings { seed, username, password, pace: Pace::REAL })
}

fn lost(detail: &str) -> TransportError {
    TransportError::Ambiguous { detail: detail.to_owned() }
}

fn of_http(request: http::Request<Bytes>) -> Request {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    Request {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
        body: request.into_body(),
    }
}

/// The answer as the transport hands it on: inflated, and within the limit.
fn to_http(answer: Answer) -> Result<http::Response<Bytes>, TransportError> {
    let mut response =
        http::Response::builder().status(answer.status).header("content-type", answer.content_type);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let response = response.body(answer.body).unwrap();
    let body = transport::decoded(response.headers(), response.body().clone())?;
    Ok(response.map(|_| body))
}

impl tower::Service<http::Request<Bytes>> for Network {
    type Response = http::Response<Bytes>;
    type Error = TransportError;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok::<(), Infallible>(()).map_err(|never| match never {}))
    }

    fn call(&mut self, request: http::Request<Bytes>) -> Self::Future {
        ready(self.exchange(request))
    }
}
