//! Requests as they are written: JSON or form, compressed or in a query.
//!
//! Owns methods, content types and bodies. It must never know what a field means.

mod form;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use serde::Serialize;
use std::io::Write as _;

/// How the fields of a request are written (spec 005 A-002-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// As a JSON object.
    #[default]
    Json,
    /// As form fields, nested ones in the PHP way. The audit application stays JSON.
    Form,
}

/// Writes a `POST` (spec 002 §0).
pub(in crate::provider) fn post(path: &str, body: &impl Serialize, encoding: Encoding) -> Request<Bytes> {
    match encoding {
        Encoding::Json => request(Method::POST, path, Some(JSON), json(body).into()),
        Encoding::Form => request(Method::POST, path, Some(FORM), form::fields(body).into()),
    }
}

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
pub(super) const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// Writes the one `POST` whose whole body is compressed (spec 002 §7.1, spec 005 A-002-19).
pub(super) fn post_compressed(path: &str, body: &impl Serialize) -> Request<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let compressed = encoder.write_all(&json(body)).and_then(|()| encoder.finish());
    let compressed = compressed.expect("writing to memory cannot fail");
    let mut request = request(Method::POST, path, Some(JSON), compressed.into());
    request.headers_mut().insert(CONTENT_ENCODING, GZIP);
    request
}

/// Writes a `GET` with its fields in the query (spec 002 §7.2, spec 005 A-002-23).
pub(super) fn get(path: &str, query: &impl Serialize) -> Request<Bytes> {
    let uri = format!("{path}?{}", form::fields(query));
    request(Method::GET, &uri, None, Bytes::new())
}

/// Writes a message as JSON.
pub(super) fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("a message of texts and numbers can be written")
}

fn request(method: Method, uri: &str, content: Option<HeaderValue>, body: Bytes) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri.parse().expect("a printed path with escaped fields is a URI");
    if let Some(content) = content {
        request.headers_mut().insert(CONTENT_TYPE, content);
    }
    request
}
