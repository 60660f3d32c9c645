//! The way to the sandbox without sockets: requests and replies that get lost by order.

use bytes::Bytes;
use docket::provider::transport::TransportError;
use docket::sandbox::{Delivery, Request, Sandbox};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// What happens to the next exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
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
pub(super) struct Network {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    sandbox: Sandbox,
    now: u64,
    fate: Fate,
}

impl Network {
    pub(super) fn new(sandbox: Sandbox) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { sandbox, now: 0, fate: Fate::Delivered })) }
    }

    pub(super) fn set_now(&self, now: u64) {
        self.inner.lock().unwrap().now = now;
    }

    pub(super) fn now(&self) -> u64 {
        self.inner.lock().unwrap().now
    }

    /// Lays down the fate of the exchanges of the next call.
    pub(super) fn set_fate(&self, fate: Fate) {
        self.inner.lock().unwrap().fate = fate;
    }

    pub(super) fn with<R>(&self, look: impl FnOnce(&Sandbox) -> R) -> R {
        look(&self.inner.lock().unwrap().sandbox)
    }

    fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let mut inner = self.inner.lock().unwrap();
        match inner.fate {
            Fate::Refused => return Err(TransportError::NotSent { detail: "connection refused".to_owned() }),
            Fate::RequestLost => return Err(lost()),
            Fate::Delivered | Fate::ReplyLost => {}
        }
        let now = inner.now;
        let answer = inner.sandbox.handle(now, &of_http(request));
        if inner.fate == Fate::ReplyLost || answer.delivery == Delivery::Cut {
            return Err(lost());
        }
        let response = http::Response::builder().status(answer.status);
        Ok(response.header("content-type", answer.content_type).body(answer.body).unwrap())
    }
}

fn lost() -> TransportError {
    TransportError::Ambiguous { detail: "the answer never came".to_owned() }
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
