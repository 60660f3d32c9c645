//! `ReviewService`: thin handlers over the engine.

use super::convert;
use super::proto::v1::review_service_server::ReviewService;
use super::proto::v1::{
    Application, ApproveApplicationRequest, ClaimReviewRequest, GetEvidenceRequest, GetEvidenceResponse,
    RejectApplicationRequest, ReturnReviewRequest,
};
use crate::clock;
use crate::config::Roles;
use crate::engine::Engine;
use crate::engine::core::Terms;
use crate::engine::photo::Links;
use crate::machine::event::Event;
use crate::machine::id::ApplicationId;
use crate::store::Store;
use tonic::{Request, Response, Status};

/// The service over an engine.
pub(super) struct Reviews<S> {
    engine: Engine<S>,
    roles: Roles,
    links: Links,
}

impl<S: Store> Reviews<S> {
    pub(super) const fn new(engine: Engine<S>, roles: Roles, links: Links) -> Self {
        Self { engine, roles, links }
    }

    async fn decide(
        &self,
        id: ApplicationId,
        event: Event,
        terms: Terms,
    ) -> Result<Response<Application>, Status> {
        let done = self.engine.tell(id, event, terms).await;
        let done = done.map_err(|error| convert::refused(&error, &convert::application_name(id)))?;
        Ok(Response::new(convert::view(&done.view)))
    }
}

#[tonic::async_trait]
impl<S: Store> ReviewService for Reviews<S> {
    async fn claim_review(
        &self,
        request: Request<ClaimReviewRequest>,
    ) -> Result<Response<Application>, Status> {
        let (id, by, terms) = convert::steering(request.into_inner(), self.engine.archive())?;
        self.decide(id, Event::ClaimRequested { by }, terms).await
    }

    async fn return_review(
        &self,
        request: Request<ReturnReviewRequest>,
    ) -> Result<Response<Application>, Status> {
        let (id, by, terms) = convert::steering(request.into_inner(), self.engine.archive())?;
        self.decide(id, Event::ReturnRequested { by }, terms).await
    }

    async fn approve_application(
        &self,
        request: Request<ApproveApplicationRequest>,
    ) -> Result<Response<Application>, Status> {
        let (id, by, terms) = convert::steering(request.into_inner(), self.engine.archive())?;
        self.decide(id, Event::ApproveRequested { by }, terms).await
    }

    async fn reject_application(
        &self,
        request: Request<RejectApplicationRequest>,
    ) -> Result<Response<Application>, Status> {
        let (id, by, terms) = convert::steering(request.into_inner(), self.engine.archive())?;
        self.decide(id, Event::RejectRequested { by }, terms).await
    }

    async fn get_evidence(
        &self,
        request: Request<GetEvidenceRequest>,
    ) -> Result<Response<GetEvidenceResponse>, Status> {
        let (id, by, role) = convert::looking(request.into_inner(), &self.roles)?;
        let found = self.engine.evidence(id).await;
        let (application, dossier) = convert::found(found, id)?;
        let role_name = role.as_ref().map_or("", |role| role.name.as_str());
        tracing::info!(application = %id, actor = by.actor, reason = by.reason, role = role_name, "evidence is shown");
        Ok(Response::new(convert::items(&application, dossier, role.as_ref(), |photo| {
            self.links.write(id, photo.document, clock::now())
        })))
    }
}
