//! Around every call: its time limit, its line in the log, a reason for every error.

use super::limits;
use crate::api::convert;
use crate::telemetry::metrics::{REQUEST_TIME, REQUESTS};
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Code, Status};
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// The calls that are there to wait, or may have much to read. Streams need no mention: what is limited
/// is the time until a response begins.
const PATIENT: [&str; 2] =
    ["/docket.v1.ApplicationService/WaitApplication", "/docket.v1.StoreService/GetStoreStats"];

/// What the figures call a method that there is not: the names that callers invent have no end.
const NO_METHOD: &str = "unknown";

/// What browsers ask for that can read text only.
const WEB_TEXT: &str = "application/grpc-web-text";

/// Answers a call within its time. The log names method, code and time, nothing of the content.
pub(super) async fn watched(State(room): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let method = request.uri().path().to_owned();
    let span = tracing::debug_span!("rpc", %method, code = Empty, milliseconds = Empty);
    let answer = async move {
        let began = tokio::time::Instant::now();
        let response = match room.try_acquire_owned() {
            Ok(place) => reasoned(limited(request, limit(&method), next).await, place),
            Err(_full) => convert::overloaded().into_http::<Body>(),
        };
        let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
        let name = if code == Code::Unimplemented { NO_METHOD.to_owned() } else { method };
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        metrics::counter!(REQUESTS, "method" => name.clone(), "code" => format!("{code:?}")).increment(1);
        metrics::histogram!(REQUEST_TIME, "method" => name).record(began.elapsed());
        Span::current().record("code", tracing::field::debug(code)).record("milliseconds", milliseconds);
        tracing::debug!("answered");
        response
    };
    answer.instrument(span).await
}

/// How long a method may take.
fn limit(method: &str) -> Duration {
    if PATIENT.contains(&method) { limits::PATIENT } else { limits::REQUEST }
}

async fn limited(request: Request, limit: Duration, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => convert::too_slow().into_http::<Body>(),
    }
}

/// Gives a reason to an error that a library made without one, before the answer or after it. The
/// place is kept until the answer is told, or nobody hears it any more.
fn reasoned(response: Response, place: OwnedSemaphorePermit) -> Response {
    if let Some(status) = Status::from_header_map(response.headers()) {
        return convert::bare(&status).map_or(response, Status::into_http::<Body>);
    }
    response.map(|body| {
        Body::new(body.map_frame(move |mut frame| {
            let _kept = &place;
            if let Some(trailers) = frame.trailers_mut() {
                give_reason(trailers);
            }
            frame
        }))
    })
}

fn give_reason(trailers: &mut HeaderMap) {
    let status = Status::from_header_map(trailers);
    if let Some(reasoned) = status.and_then(|status| convert::bare(&status)) {
        reasoned.add_header(trailers).expect("what is percent-encoded, and Base64, are headers");
    }
}

/// Answers what nobody serves, in the protocol of the question.
pub(super) async fn nothing_here(headers: HeaderMap) -> Response {
    let is = |name: HeaderName, kind: &str| {
        headers.get(name).is_some_and(|given| given.as_bytes().starts_with(kind.as_bytes()))
    };
    if !is(header::CONTENT_TYPE, "application/grpc") {
        let nothing = Json(serde_json::json!({ "error": "nothing is served here" }));
        return (StatusCode::NOT_FOUND, nothing).into_response();
    }
    let mut told = convert::unknown_service().into_http::<Body>();
    // A browser's client reads the kind that it asked for; the other one is tonic's.
    let web = match (is(header::CONTENT_TYPE, "application/grpc-web"), is(header::ACCEPT, WEB_TEXT)) {
        (true, true) => Some("application/grpc-web-text+proto"),
        (true, false) => Some("application/grpc-web+proto"),
        (false, _) => None,
    };
    if let Some(kind) = web {
        told.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::proto::v1::{application_service_server, store_service_server};
    use axum::Router;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::post;
    use http_body_util::Full;
    use tonic_types::StatusExt as _;
    use tower::ServiceExt as _;

    type Bytes = axum::body::Bytes;

    fn place() -> OwnedSemaphorePermit {
        Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap()
    }

    fn reason(headers: &HeaderMap) -> (Code, String) {
        let status = Status::from_header_map(headers).unwrap();
        (status.code(), status.get_details_error_info().unwrap().reason)
    }

    #[tokio::test]
    async fn a_request_has_so_much_time_and_one_that_is_there_to_wait_more() {
        let short = from_fn(|request, next| limited(request, Duration::from_millis(20), next));
        let routes = Router::new().route("/", post(std::future::pending::<StatusCode>)).layer(short);
        let answer = routes.oneshot(Request::post("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(reason(answer.headers()), (Code::DeadlineExceeded, "REQUEST_TIMEOUT".to_owned()));
        assert_eq!(limit("/docket.v1.ApplicationService/GetApplication"), limits::REQUEST);
        let wait = format!("/{}/WaitApplication", application_service_server::SERVICE_NAME);
        assert!(limit(&wait) > convert::WAIT_LIMIT);
        let stats = format!("/{}/GetStoreStats", store_service_server::SERVICE_NAME);
        assert_eq!(limit(&stats), limit(&wait));
    }

    #[tokio::test]
    async fn an_error_after_the_answer_began_has_a_reason_too() {
        let trailers = |status: Status| {
            let mut trailers = HeaderMap::new();
            status.add_header(&mut trailers).unwrap();
            trailers
        };
        for (status, code, why) in [
            (Status::out_of_range("of a library"), Code::OutOfRange, "MESSAGE_TOO_LARGE"),
            (Status::cancelled("of a library"), Code::Cancelled, "NOT_SERVED"),
            (convert::leaving(), Code::Unavailable, "SHUTTING_DOWN"),
        ] {
            let trailers = trailers(status);
            let answer = reasoned(
                Response::new(Body::new(
                    Full::<Bytes>::from("data").with_trailers(async move { Some(Ok(trailers)) }),
                )),
                place(),
            );
            let body = answer.into_body().collect().await.unwrap();
            assert_eq!(reason(body.trailers().unwrap()), (code, why.to_owned()));
            assert_eq!(body.to_bytes(), "data");
        }
        let whole = reasoned(
            Response::new(Body::new(
                Full::<Bytes>::from("data")
                    .with_trailers(std::future::ready(Some(Ok(trailers(Status::ok("")))))),
            )),
            place(),
        );
        let body = whole.into_body().collect().await.unwrap();
        assert_eq!(Status::from_header_map(body.trailers().unwrap()).unwrap().code(), Code::Ok);
    }

    #[tokio::test]
    async fn a_stream_keeps_its_place_until_nobody_hears_it() {
        let stream =
            || async { Body::from_stream(futures_util::stream::pending::<Result<Bytes, axum::Error>>()) };
        let room = Arc::new(Semaphore::new(2));
        let routes = Router::new().route("/", post(stream)).layer(from_fn_with_state(room, watched));
        let ask = async || {
            let request = Request::post("/").body(Body::empty()).unwrap();
            routes.clone().oneshot(request).await.unwrap()
        };
        let (one, other) = (ask().await, ask().await);
        assert!(Status::from_header_map(one.headers()).is_none());
        for _ in 0..2 {
            assert_eq!(reason(ask().await.headers()), (Code::Unavailable, "OVERLOADED".to_owned()));
        }
        drop(one);
        assert!(Status::from_header_map(ask().await.headers()).is_none());
        drop(other);
    }
}
