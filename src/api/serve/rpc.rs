//! Around every call: its time limit, its line in the log, a reason for every error.

use super::limits;
use crate::api::convert;
use crate::telemetry::metrics::{REQUEST_TIME, REQUESTS};
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use tonic::{Code, Status};
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// The call that is there to wait. Streams need no mention: what is limited is the time until a
/// response begins.
const PATIENT: &str = "/docket.v1.ApplicationService/WaitApplication";

/// Answers a call within its time. The log names method, code and time, nothing of the content.
pub(super) async fn watched(request: Request, next: Next) -> Response {
    let method = request.uri().path().to_owned();
    let span = tracing::debug_span!("rpc", %method, code = Empty, milliseconds = Empty);
    let answer = async move {
        let began = tokio::time::Instant::now();
        let name = method.clone();
        let response = reasoned(limited(request, &method, next).await);
        let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        metrics::counter!(REQUESTS, "method" => name.clone(), "code" => format!("{code:?}")).increment(1);
        metrics::histogram!(REQUEST_TIME, "method" => name).record(began.elapsed());
        Span::current().record("code", tracing::field::debug(code)).record("milliseconds", milliseconds);
        tracing::debug!("answered");
        response
    };
    answer.instrument(span).await
}

async fn limited(request: Request, method: &str, next: Next) -> Response {
    let limit = if method == PATIENT { limits::PATIENT } else { limits::REQUEST };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => convert::too_slow().into_http::<Body>(),
    }
}

/// Gives a reason to an error that a library made without one.
fn reasoned(response: Response) -> Response {
    let status = Status::from_header_map(response.headers());
    let reasoned = status.and_then(|status| convert::bare(&status));
    reasoned.map_or(response, Status::into_http::<Body>)
}

/// Answers what nobody serves, in the protocol of the question.
pub(super) async fn nothing_here(headers: HeaderMap) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    if kind.starts_with(b"application/grpc") {
        return convert::unknown_service().into_http::<Body>();
    }
    (StatusCode::NOT_FOUND, Json(serde_json::json!({ "error": "nothing is served here" }))).into_response()
}
