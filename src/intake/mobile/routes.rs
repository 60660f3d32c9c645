//! The routes of the app: from a request to an answer.
//!
//! Owns how large a call may be and how long it may take. It must never answer success before what it brings
//! is durable.

use super::answer::{self, Failure};
use super::call::Call;
use super::case::Users;
use super::catalogue::Catalogue;
use super::form::Form;
use super::recognise::Recogniser;
use super::upload;
use crate::clock;
use crate::config::CheckDigits;
use crate::engine::Engine;
use crate::engine::photo::Links;
use crate::engine::session::{NoSession, Session, Sessions};
use crate::intake::routes::body;
use crate::store::Store;
use crate::telemetry::metrics::MOBILE_CALLS;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Bytes of a form: a hundred answers of the longest kind.
const FORM_LIMIT: usize = 64 * 1024;

/// How long a form may take to arrive.
const FORM_TIME: Duration = Duration::from_secs(30);

/// How long a photo may take to arrive: telephones are on the move.
const PHOTO_TIME: Duration = Duration::from_secs(120);

/// Forms being read and answered at one moment.
const FORMS_AT_ONCE: usize = 256;

/// Photos being read and taken at one moment: each holds up to three times its bytes.
const PHOTOS_AT_ONCE: usize = 16;

/// What the routes of an app are given.
pub struct App<S> {
    /// The engine.
    pub engine: Engine<S>,
    /// The partner whose app it is.
    pub partner: String,
    /// The products, by the app's number of each.
    pub products: BTreeMap<String, String>,
    /// The sessions that count.
    pub sessions: Sessions,
    /// The header that carries one.
    pub header: HeaderName,
    /// The links to photos.
    pub links: Links,
    /// The forms.
    pub catalogue: Arc<Catalogue>,
    /// What reads identity cards.
    pub recogniser: Arc<dyn Recogniser>,
    /// What becomes of a number whose check digit is wrong.
    pub check_digits: CheckDigits,
    /// The largest photo, in bytes.
    pub photo_bytes: usize,
}

/// Makes the routes of an app: every call on both of its paths.
pub fn routes<S: Store>(app: App<S>) -> Router {
    let desk = Arc::new(Desk {
        app,
        users: Users::new(),
        forms: Semaphore::new(FORMS_AT_ONCE),
        photos: Semaphore::new(PHOTOS_AT_ONCE),
    });
    let mut router = Router::new();
    for call in Call::ALL {
        for route in call.routes() {
            let desk = Arc::clone(&desk);
            let take = move |request: Request| async move { desk.answer(call, request).await };
            router = router.route(route.path, post(take).fallback(wrong_method));
        }
    }
    router
}

async fn wrong_method() -> Response {
    Failure::Method.into_response()
}

/// Answers the calls of an app.
pub(super) struct Desk<S> {
    pub(super) app: App<S>,
    pub(super) users: Users,
    forms: Semaphore,
    photos: Semaphore,
}

impl<S: Store> Desk<S> {
    async fn answer(&self, call: Call, request: Request) -> Response {
        let (response, code) = match self.take(call, request).await {
            Ok(data) => (answer::success(call, data.as_ref()), "0"),
            Err(failure) => {
                let (call, partner) = (call.name(), &self.app.partner);
                tracing::info!(call, %partner, reason = %failure, "a call of the mobile app failed");
                let code = failure.code();
                (failure.into_response(), code)
            }
        };
        metrics::counter!(MOBILE_CALLS, "call" => call.name(), "code" => code).increment(1);
        response
    }

    async fn take(&self, call: Call, request: Request) -> Result<Option<Value>, Failure> {
        let (head, body) = request.into_parts();
        let session = self.session(&head.headers)?;
        let product = self.app.products.get(&session.product_id).ok_or(NoSession::Over)?;
        if !is_plain(&head.headers) {
            let wanted = if call == Call::PhotoUpload { "multipart/form-data" } else { "application/json" };
            return Err(Failure::ContentType(wanted));
        }
        if call == Call::PhotoUpload {
            let _place = self.photos.try_acquire().map_err(|_full| Failure::Busy)?;
            let boundary = upload::boundary(&head.headers);
            let boundary = boundary.ok_or(Failure::ContentType("multipart/form-data"))?;
            let limit = self.app.photo_bytes;
            let body = body::read(body, limit + upload::OTHER_BYTES, PHOTO_TIME).await?;
            let photo = upload::read(body, boundary, limit).await?;
            return self.upload(&session, product, photo).await.map(Some);
        }
        let _place = self.forms.try_acquire().map_err(|_full| Failure::Busy)?;
        if !is_json(&head.headers) {
            return Err(Failure::ContentType("application/json"));
        }
        let body = body::read(body, FORM_LIMIT, FORM_TIME).await?;
        let form = Form::read(&body)?;
        match call {
            Call::QuestionnaireInit
            | Call::IdentityInit
            | Call::PersonalInit
            | Call::JobInit
            | Call::ContactsInit
            | Call::CardInit => self.show(call, &session, product, &form).await.map(Some),
            Call::QuestionnaireSave
            | Call::IdentitySave
            | Call::PersonalSave
            | Call::JobSave
            | Call::ContactsSave
            | Call::CardSave => self.save(call, &session, product, &form).await.map(|()| None),
            Call::PhotoUpload => unreachable!("it has no form"),
        }
    }

    fn session(&self, headers: &HeaderMap) -> Result<Session, NoSession> {
        let token = headers.get(&self.app.header).and_then(|value| value.to_str().ok());
        let session = self.app.sessions.read(token.unwrap_or_default(), clock::now())?;
        if session.partner == self.app.partner { Ok(session) } else { Err(NoSession::Unknown) }
    }
}

/// Says whether a body comes as it is.
fn is_plain(headers: &HeaderMap) -> bool {
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    headers.get_all(header::CONTENT_ENCODING).iter().all(is_identity)
}

/// Says whether a body is JSON; who says nothing is believed (spec 004, "Conventions": not printed).
fn is_json(headers: &HeaderMap) -> bool {
    let is_json = |value: &HeaderValue| {
        let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/json")
    };
    headers.get(header::CONTENT_TYPE).is_none_or(is_json)
}
