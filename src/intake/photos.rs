//! Photos, shown to whoever has a link that is signed and still good (spec 005 A-004-15).
//!
//! It must never list anything, and never tell whether there is a photo to whoever has no link of ours.

use super::mobile::media_type;
use crate::clock;
use crate::contract;
use crate::engine::photo::{BadLink, Links};
use crate::engine::{Engine, chain};
use crate::machine::id::ApplicationId;
use crate::store::Store;
use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Photos being opened at one moment: each is held in whole.
const AT_ONCE: usize = 16;

/// What a link carries.
#[derive(Deserialize)]
struct Signed {
    expires: u64,
    signature: String,
}

/// Why a photo is not shown.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Link(#[from] BadLink),
    #[error("the photo is no longer there")]
    Gone,
    #[error("busy, try again later")]
    Busy,
}

struct Album<S> {
    engine: Engine<S>,
    links: Links,
    places: Semaphore,
}

/// Makes the route of photos.
pub fn routes<S: Store>(engine: Engine<S>, links: Links) -> Router {
    let album = Arc::new(Album { engine, links, places: Semaphore::new(AT_ONCE) });
    Router::new().route(contract::PHOTO.path, get(show::<S>).fallback(wrong_method)).with_state(album)
}

async fn wrong_method() -> Response {
    let body = axum::Json(json!({ "error": "the method must be GET" }));
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], body).into_response()
}

async fn show<S: Store>(
    State(album): State<Arc<Album<S>>>,
    path: Result<Path<(String, String)>, PathRejection>,
    query: Result<Query<Signed>, QueryRejection>,
) -> Response {
    album.open(path, query).await.unwrap_or_else(|refused| {
        tracing::info!(%refused, "a photo was not shown");
        refused.into_response()
    })
}

impl<S: Store> Album<S> {
    async fn open(
        &self,
        path: Result<Path<(String, String)>, PathRejection>,
        query: Result<Query<Signed>, QueryRejection>,
    ) -> Result<Response, Refused> {
        let (Ok(Path((application, document))), Ok(Query(signed))) = (path, query) else {
            return Err(BadLink::Forged.into());
        };
        let application: ApplicationId = application.parse().map_err(|_none| BadLink::Forged)?;
        let document: u32 = document.parse().map_err(|_none| BadLink::Forged)?;
        self.links.check(application, document, signed.expires, &signed.signature, clock::now())?;
        let _place = self.places.try_acquire().map_err(|_full| Refused::Busy)?;
        let photo = self.engine.photo(application, document).await.map_err(|error| {
            tracing::error!(error = %chain(&error), "a photo cannot be opened");
            Refused::Busy
        })?;
        let image = photo.ok_or(Refused::Gone)?.expose().to_vec();
        let kind = media_type(&image).ok_or(Refused::Gone)?;
        let headers: [(HeaderName, HeaderValue); 4] = [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CACHE_CONTROL, HeaderValue::from_static("private")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        ];
        Ok((headers, image).into_response())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Link(BadLink::Forged) => StatusCode::FORBIDDEN,
            Self::Link(BadLink::Expired) | Self::Gone => StatusCode::GONE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, axum::Json(json!({ "error": self.to_string() }))).into_response()
    }
}
