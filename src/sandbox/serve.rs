//! The sandbox on a socket.
//!
//! Owns the connections: it reads requests whole, waits where an answer is late, and closes the
//! connection where an answer gets lost. It must never decide what is answered.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

use super::partner::Partner;
use super::request::{MAX_BODY, Request};
use super::{Answer, Delivery, Millis, Sandbox, control};

/// Connections open at once; a client opens dozens, not thousands.
const MAX_CONNECTIONS: usize = 4_096;
/// How long calls under way may take once the sandbox shuts down.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long accepting rests after the system could not give a connection.
const BREATH: Duration = Duration::from_millis(100);

/// How long a byte takes of an answer that drips.
const DRIP: Duration = Duration::from_secs(1);

/// What a connection's handlers share.
#[derive(Clone)]
pub(super) struct Connection {
    sandbox: Arc<Mutex<Sandbox>>,
    clock: Arc<dyn Fn() -> Millis + Send + Sync>,
    partner: Arc<Mutex<Partner>>,
    cut: Arc<Notify>,
}

impl Connection {
    /// Enters the sandbox. A panic of another call leaves it usable: what it tells is its own.
    pub(super) fn sandbox(&self) -> MutexGuard<'_, Sandbox> {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what came to the partner's server.
    pub(super) fn partner(&self) -> MutexGuard<'_, Partner> {
        self.partner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters the sandbox as it stands now.
    pub(super) fn settled_sandbox(&self) -> MutexGuard<'_, Sandbox> {
        let mut sandbox = self.sandbox();
        sandbox.settle((self.clock)());
        sandbox
    }
}

/// Serves the sandbox and its control API (`/_sandbox/…`) until `shutdown` is over.
///
/// # Errors
/// Only if the listener is not usable from the start; later failures to accept are waited out.
pub async fn serve(
    listener: TcpListener,
    sandbox: Arc<Mutex<Sandbox>>,
    clock: impl Fn() -> Millis + Send + Sync + 'static,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let clock: Arc<dyn Fn() -> Millis + Send + Sync> = Arc::new(clock);
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let partner = Arc::default();
    let (leave, _) = watch::channel(());
    let mut open = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &room) => accepted,
            Some(_) = open.join_next() => continue,
        };
        let Some((stream, permit)) = accepted else {
            continue;
        };
        let connection = Connection {
            sandbox: Arc::clone(&sandbox),
            clock: Arc::clone(&clock),
            partner: Arc::clone(&partner),
            cut: Arc::new(Notify::new()),
        };
        let leaving = leave.subscribe();
        open.spawn(async move {
            converse(stream, connection, leaving).await;
            drop(permit);
        });
    }
    drop(leave);
    let farewell = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
        tracing::warn!("sandbox leaves with calls under way");
    }
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            tracing::warn!(%error, "sandbox cannot accept");
            tokio::time::sleep(BREATH).await;
            None
        }
    }
}

/// Serves one connection until it ends, is cut, or the sandbox leaves.
async fn converse(stream: TcpStream, connection: Connection, mut leaving: watch::Receiver<()>) {
    let cut = Arc::clone(&connection.cut);
    let service = control::routes().fallback(handle).with_state(connection);
    let builder = Builder::new(TokioExecutor::new());
    let io = TokioIo::new(stream);
    let mut talk = pin!(builder.serve_connection(io, TowerToHyperService::new(service)));
    let mut is_leaving = false;
    loop {
        tokio::select! {
            result = &mut talk => {
                if let Err(error) = result {
                    tracing::debug!(%error, "sandbox connection ended");
                }
                return;
            }
            // Dropping the conversation closes the socket with nothing written.
            () = cut.notified() => return,
            _ = leaving.changed(), if !is_leaving => {
                is_leaving = true;
                talk.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn handle(
    State(connection): State<Connection>,
    method: axum::http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // One byte more than is allowed, so that the core sees that it is too much.
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY + 1).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = Request {
        method,
        path: uri.path().to_owned(),
        query: uri.query().map(str::to_owned),
        content_type: header(&headers, &CONTENT_TYPE),
        content_encoding: header(&headers, &CONTENT_ENCODING),
        body,
    };
    let answer = {
        let now = (connection.clock)();
        connection.sandbox().handle(now, &request)
    };
    send(answer, &connection.cut).await
}

async fn send(answer: Answer, cut: &Notify) -> Response {
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    match answer.delivery {
        Delivery::Sent => {
            let body = Body::from(answer.body.clone());
            written(&answer, body)
        }
        Delivery::Dripped => written(&answer, dripped(answer.body.clone())),
        Delivery::Cut => {
            cut.notify_one();
            std::future::pending().await
        }
    }
}

/// The body, byte by byte.
fn dripped(body: Bytes) -> Body {
    Body::from_stream(futures_util::stream::unfold(body, |mut rest| async {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(DRIP).await;
        let drop = rest.split_to(1);
        Some((Ok::<_, std::convert::Infallible>(drop), rest))
    }))
}

fn written(answer: &Answer, body: Body) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [(CONTENT_TYPE, answer.content_type)], body).into_response();
    for (name, value) in &answer.headers {
        let name = HeaderName::from_static(name);
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests;
