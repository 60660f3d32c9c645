//! The way to the sandbox without sockets. It counts what is sent, and strikes the calls that are to
//! lose their answer with a fault of the sandbox's own.

use super::table::Fate;
use bytes::Bytes;
use docket::provider::transport::{self, TransportError};
use docket::sandbox::{Answer, Delivery, Endpoint, Fault, Planned, Request, Sandbox};
use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

/// How long an exchange takes that nothing disturbs.
const SWIFT: Duration = Duration::from_millis(50);

/// Which calls lose their answer, and how.
#[derive(Debug, Clone)]
pub(super) struct Loss {
    pub(super) endpoint: Endpoint,
    /// Which of the calls to it, counted from 1.
    pub(super) which: Vec<u64>,
    pub(super) fate: Fate,
}

impl Loss {
    /// What the sandbox does to the call.
    pub(super) const fn fault(&self) -> Fault {
        match self.fate {
            Fate::RequestLost => Fault::RequestCut,
            Fate::AnswerLost => Fault::Cut,
            Fate::AnswerLate => Fault::Late,
        }
    }
}

/// The sandbox, the time it sees, and what is sent to it; clones share it.
#[derive(Clone)]
pub(super) struct Network {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    sandbox: Sandbox,
    now: u64,
    loss: Option<Loss>,
    sent: BTreeMap<String, u64>,
    struck: usize,
    took: Duration,
}

impl Network {
    pub(super) fn new(sandbox: Sandbox, now: u64, loss: Option<Loss>) -> Self {
        let inner = Inner { sandbox, now, loss, sent: BTreeMap::new(), struck: 0, took: Duration::ZERO };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    pub(super) fn set_now(&self, now: u64) {
        let mut inner = self.inner.lock().unwrap();
        inner.now = now;
        inner.sandbox.settle(now);
    }

    pub(super) fn now(&self) -> u64 {
        self.inner.lock().unwrap().now
    }

    pub(super) fn with<R>(&self, look: impl FnOnce(&Sandbox) -> R) -> R {
        look(&self.inner.lock().unwrap().sandbox)
    }

    /// How often a path was called, whatever became of the calls.
    pub(super) fn sent(&self, endpoint: Endpoint) -> u64 {
        self.inner.lock().unwrap().sent.get(endpoint.path()).copied().unwrap_or_default()
    }

    /// How many calls lost their answer so far.
    pub(super) fn struck(&self) -> usize {
        self.inner.lock().unwrap().struck
    }

    /// How long the exchanges took since this was asked last.
    pub(super) fn took(&self) -> Duration {
        std::mem::take(&mut self.inner.lock().unwrap().took)
    }
}

impl Inner {
    fn exchange(&mut self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let path = request.uri().path().to_owned();
        let sent = self.sent.entry(path.clone()).or_default();
        *sent += 1;
        let nth = *sent;
        let meant =
            self.loss.as_ref().filter(|loss| loss.endpoint.path() == path && loss.which.contains(&nth));
        if let Some(loss) = meant {
            let (endpoint, fault) = (loss.endpoint, loss.fault());
            self.sandbox.plan_fault(Planned { endpoint, fault, mobile: None, times: 1 }).unwrap();
            self.struck += 1;
        }
        let answer = self.sandbox.handle(self.now, &of_http(request));
        let patience = transport::Settings::default().total_timeout;
        let comes_after = SWIFT + answer.delay;
        self.took += comes_after.min(patience);
        if answer.delivery != Delivery::Sent || comes_after > patience {
            return Err(TransportError::Ambiguous { detail: "the answer never came".to_owned() });
        }
        Ok(to_http(answer))
    }
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

fn to_http(answer: Answer) -> http::Response<Bytes> {
    let response = http::Response::builder().status(answer.status);
    response.header("content-type", answer.content_type).body(answer.body).unwrap()
}

impl tower::Service<http::Request<Bytes>> for Network {
    type Response = http::Response<Bytes>;
    type Error = TransportError;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Bytes>) -> Self::Future {
        ready(self.inner.lock().unwrap().exchange(request))
    }
}
