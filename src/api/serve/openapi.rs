//! The description of the HTTP surface, for whoever writes a client or looks a field up.

use crate::contract::{DESCRIPTION, OPENAPI};
use axum::Router;
use axum::routing::get;
use http::header;

/// The route `/openapi.json`.
pub(super) fn routes() -> Router {
    let description = || async { ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION) };
    Router::new().route(OPENAPI.path, get(description).fallback(super::only_get))
}
