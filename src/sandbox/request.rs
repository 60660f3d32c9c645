//! A call, as the core sees it.
//!
//! Owns the parts of an HTTP request that the provider looks at. It must never hold a connection.

use bytes::Bytes;
use http::Method;

/// Bytes of a body, before and after inflation (spec 005 A-002-19).
pub const MAX_BODY: usize = 10 * 1024 * 1024;

/// A call, owned and without its connection.
#[derive(Debug, Clone)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The query, without its question mark.
    pub query: Option<String>,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The header `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// The body, still compressed.
    pub body: Bytes,
}

impl Request {
    /// A `POST` of a JSON body.
    #[must_use]
    pub fn post_json(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            query: None,
            content_type: Some("application/json".to_owned()),
            content_encoding: None,
            body: body.into(),
        }
    }

    /// A `GET` with a query.
    #[must_use]
    pub fn get(path: impl Into<String>, query: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            query: Some(query.into()),
            content_type: None,
            content_encoding: None,
            body: Bytes::new(),
        }
    }
}
