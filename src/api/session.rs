//! `SessionService`: who the calls of a mobile app are from.

use super::convert;
use super::proto::v1::session_service_server::SessionService;
use super::proto::v1::{IssueSessionRequest, Session};
use crate::clock;
use crate::config::Settings;
use crate::engine::Engine;
use crate::engine::photo::Links;
use crate::engine::session::Sessions;
use crate::store::Store;
use std::collections::BTreeMap;
use std::time::Duration;
use tonic::{Request, Response, Status};

/// The apps whose users may have sessions.
#[derive(Debug, Clone)]
pub struct Apps {
    /// The products of each partner's app, by the app's numbers.
    pub(super) products: BTreeMap<String, BTreeMap<String, String>>,
    /// How long a session is good when nobody says.
    pub(super) ttl: Duration,
    sessions: Sessions,
    /// The links to what their users upload.
    pub(super) links: Links,
}

impl Apps {
    /// Takes the apps of the settings, and what makes links to photos.
    pub fn new<S: Store>(settings: &Settings, engine: &Engine<S>, links: Links) -> Self {
        let apps = settings.partner.iter().filter(|partner| partner.has_app());
        let products = apps.map(|app| (app.name.clone(), app.mobile_products.clone())).collect();
        let mobile = &settings.mobile;
        Self { products, ttl: mobile.session_ttl, sessions: engine.sessions(mobile.session_epoch), links }
    }
}

/// The service over the sessions.
pub(super) struct Issuer {
    apps: Apps,
}

impl Issuer {
    pub(super) const fn new(apps: Apps) -> Self {
        Self { apps }
    }
}

#[tonic::async_trait]
impl SessionService for Issuer {
    async fn issue_session(
        &self,
        request: Request<IssueSessionRequest>,
    ) -> Result<Response<Session>, Status> {
        let (session, ttl) = convert::session(request.into_inner(), &self.apps)?;
        let until = clock::now() + ttl;
        let token = self.apps.sessions.issue(&session, until);
        Ok(Response::new(convert::issued(token, until)))
    }
}
