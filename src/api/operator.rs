//! `OperatorService`: thin handlers over the engine.

use super::convert;
use super::proto::v1::operator_service_server::OperatorService;
use super::proto::v1::{
    HoldApplicationRequest, ListProviderSystemsRequest, ListProviderSystemsResponse, ListStuckRequest,
    ListStuckResponse, OperatorResponse, PlanMigrationRequest, PlanMigrationResponse,
    ReleaseApplicationRequest, RestartCollectionRequest, ResumeApplicationRequest, RetryNowRequest,
};
use crate::engine::Engine;
use crate::engine::core::Terms;
use crate::machine::event::Event;
use crate::machine::id::ApplicationId;
use crate::store::Store;
use tonic::{Request, Response, Status};

/// The service over an engine.
pub(super) struct Operators<S> {
    engine: Engine<S>,
}

impl<S: Store> Operators<S> {
    pub(super) const fn new(engine: Engine<S>) -> Self {
        Self { engine }
    }

    async fn steer(
        &self,
        id: ApplicationId,
        event: Event,
        terms: Terms,
    ) -> Result<Response<OperatorResponse>, Status> {
        let done = self.engine.tell(id, event, terms).await;
        let done = done.map_err(|error| convert::refused(&error, &convert::application_name(id)))?;
        Ok(Response::new(convert::steered(&done)))
    }
}

#[tonic::async_trait]
impl<S: Store> OperatorService for Operators<S> {
    async fn list_stuck(
        &self,
        request: Request<ListStuckRequest>,
    ) -> Result<Response<ListStuckResponse>, Status> {
        let only = Some(request.into_inner().fingerprint).filter(|only| !only.is_empty());
        let groups = self.engine.stuck(only).await;
        let groups = groups.map_err(|error| convert::refused(&error, "what is stuck"))?;
        Ok(Response::new(convert::stuck(groups)))
    }

    async fn resume_application(
        &self,
        request: Request<ResumeApplicationRequest>,
    ) -> Result<Response<OperatorResponse>, Status> {
        let (id, by, terms) = convert::steering(request.into_inner(), self.engine.archive())?;
        self.steer(id, Event::ResumeRequested { by }, terms).await
    }

    async fn retry_now(
        &self,
        request: Request<RetryNowRequest>,
    ) -> Result<Response<OperatorResponse>, Status> {
        let (id, by, terms) = convert::steering(request.into_inner(), self.engine.archive())?;
        self.steer(id, Event::RetryRequested { by }, terms).await
    }

    async fn restart_collection(
        &self,
        request: Request<RestartCollectionRequest>,
    ) -> Result<Response<OperatorResponse>, Status> {
        let ((id, collection), by, terms) =
            convert::collection_steering(request.into_inner(), self.engine.archive())?;
        self.steer(id, Event::RestartRequested { collection, by }, terms).await
    }

    async fn hold_application(
        &self,
        request: Request<HoldApplicationRequest>,
    ) -> Result<Response<OperatorResponse>, Status> {
        let (id, by, terms) = convert::steering(request.into_inner(), self.engine.archive())?;
        self.steer(id, Event::HoldRequested { by }, terms).await
    }

    async fn release_application(
        &self,
        request: Request<ReleaseApplicationRequest>,
    ) -> Result<Response<OperatorResponse>, Status> {
        let (id, by, terms) = convert::steering(request.into_inner(), self.engine.archive())?;
        self.steer(id, Event::ReleaseRequested { by }, terms).await
    }

    async fn list_provider_systems(
        &self,
        _request: Request<ListProviderSystemsRequest>,
    ) -> Result<Response<ListProviderSystemsResponse>, Status> {
        let reports = self.engine.systems().await;
        let reports = reports.map_err(|error| convert::refused(&error, "the systems of the provider"))?;
        Ok(Response::new(convert::systems(reports)))
    }

    async fn plan_migration(
        &self,
        _request: Request<PlanMigrationRequest>,
    ) -> Result<Response<PlanMigrationResponse>, Status> {
        let migration = self.engine.migration().await;
        let migration = migration.map_err(|error| convert::refused(&error, "what is stored"))?;
        Ok(Response::new(PlanMigrationResponse { rows: convert::migration(migration) }))
    }
}
