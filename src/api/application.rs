//! `ApplicationService`: thin handlers over the engine.

use super::convert;
use super::proto::v1::application_service_server::ApplicationService;
use super::proto::v1::{
    AnswerChallengeRequest, Application, CancelApplicationRequest, Challenge, CreateApplicationRequest,
    ExplainApplicationRequest, Explanation, GetApplicationRequest, GetChallengeRequest,
    ListApplicationsRequest, ListApplicationsResponse, ListTransitionsRequest, ListTransitionsResponse,
    ResendChallengeRequest, SubmitEvidenceRequest, WaitApplicationRequest, WaitApplicationResponse,
    WatchChangesRequest, WatchChangesResponse,
};
use super::serve::Leaving;
use crate::config::Agreements;
use crate::engine::Engine;
use crate::engine::watch::Watcher;
use crate::machine::event::Event;
use crate::store::Store;
use futures_util::Stream;
use futures_util::stream;
use std::pin::Pin;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service over an engine.
pub(super) struct Applications<S> {
    engine: Engine<S>,
    leaving: Leaving,
    agreements: Arc<Agreements>,
}

impl<S> Applications<S> {
    pub(super) const fn new(engine: Engine<S>, leaving: Leaving, agreements: Arc<Agreements>) -> Self {
        Self { engine, leaving, agreements }
    }
}

#[tonic::async_trait]
impl<S: Store> ApplicationService for Applications<S> {
    async fn create_application(
        &self,
        request: Request<CreateApplicationRequest>,
    ) -> Result<Response<Application>, Status> {
        let (products, archive) = (self.engine.products(), self.engine.archive());
        let (brought, terms) = convert::brought(request.into_inner(), products, archive)?;
        let done = self.engine.create(brought, terms).await;
        let done = done.map_err(|error| convert::refused(&error, "the order"))?;
        let mut application = convert::view(&done.view);
        if terms.is_trial && !done.repeated {
            application.name.clear();
        }
        Ok(Response::new(application))
    }

    async fn get_application(
        &self,
        request: Request<GetApplicationRequest>,
    ) -> Result<Response<Application>, Status> {
        let id = convert::application_id(&request.into_inner().name)?;
        let found = self.engine.application(id).await;
        let found = convert::found(found, id)?;
        Ok(Response::new(convert::application(&found)))
    }

    async fn list_applications(
        &self,
        request: Request<ListApplicationsRequest>,
    ) -> Result<Response<ListApplicationsResponse>, Status> {
        let asked = convert::list(request.into_inner(), self.engine.archive())?;
        let page = self.engine.list(&asked.filter, asked.order, asked.after, asked.size).await;
        let page = page.map_err(|error| convert::unlisted(&error))?;
        Ok(Response::new(convert::page(page, &asked, self.engine.archive())))
    }

    async fn get_challenge(
        &self,
        request: Request<GetChallengeRequest>,
    ) -> Result<Response<Challenge>, Status> {
        let (id, number) = convert::challenge_id(&request.into_inner().name)?;
        let posed = self.engine.challenge(id, number).await;
        let posed = posed.map_err(|error| convert::refused(&error, &convert::challenge_name(id, number)))?;
        Ok(Response::new(convert::posed(id, posed, &self.agreements)))
    }

    async fn answer_challenge(
        &self,
        request: Request<AnswerChallengeRequest>,
    ) -> Result<Response<Application>, Status> {
        let (given, terms) = convert::answer(request.into_inner(), self.engine.archive())?;
        let convert::Given { application, challenge, kind, answer } = given;
        let subject = convert::challenge_name(application, challenge);
        let answer = match answer {
            convert::Typed::Whole(answer) => answer,
            convert::Typed::Login(login, consent) => {
                let checked = self.engine.check_login(application, challenge, login, &consent).await;
                checked.map_err(|error| convert::unfit(&error, &subject))?.to_secret()
            }
        };
        let done = self.engine.answer(application, challenge, kind, answer, terms).await;
        let done = done.map_err(|error| convert::refused(&error, &subject))?;
        Ok(Response::new(convert::view(&done.view)))
    }

    async fn resend_challenge(
        &self,
        request: Request<ResendChallengeRequest>,
    ) -> Result<Response<Application>, Status> {
        let asked = convert::another(request.into_inner(), self.engine.archive())?;
        let ((id, challenge), terms) = asked;
        let done = self.engine.tell(id, Event::ResendRequested { challenge }, terms).await;
        let subject = convert::challenge_name(id, challenge);
        let done = done.map_err(|error| convert::refused(&error, &subject))?;
        Ok(Response::new(convert::view(&done.view)))
    }

    async fn submit_evidence(
        &self,
        request: Request<SubmitEvidenceRequest>,
    ) -> Result<Response<Application>, Status> {
        let (id, supplied, terms) = convert::submitted(request.into_inner(), self.engine.archive())?;
        let done = self.engine.supply(id, supplied, terms).await;
        let done = done.map_err(|error| convert::refused(&error, &convert::application_name(id)))?;
        Ok(Response::new(convert::view(&done.view)))
    }

    async fn cancel_application(
        &self,
        request: Request<CancelApplicationRequest>,
    ) -> Result<Response<Application>, Status> {
        let (id, reason, terms) = convert::cancellation(request.into_inner(), self.engine.archive())?;
        let done = self.engine.tell(id, Event::CancelRequested { reason }, terms).await;
        let done = done.map_err(|error| convert::refused(&error, &convert::application_name(id)))?;
        Ok(Response::new(convert::view(&done.view)))
    }

    async fn explain_application(
        &self,
        request: Request<ExplainApplicationRequest>,
    ) -> Result<Response<Explanation>, Status> {
        let id = convert::application_id(&request.into_inner().name)?;
        let found = self.engine.explain(id).await;
        let found = convert::found(found, id)?;
        Ok(Response::new(convert::explanation(&found)))
    }

    async fn list_transitions(
        &self,
        request: Request<ListTransitionsRequest>,
    ) -> Result<Response<ListTransitionsResponse>, Status> {
        let asked = convert::history(&request.into_inner(), self.engine.archive())?;
        let found = self.engine.history(asked.application, asked.after, asked.size).await;
        let entries = convert::found(found, asked.application)?;
        Ok(Response::new(convert::transitions(&asked, &entries, self.engine.archive())))
    }

    type WatchChangesStream = Pin<Box<dyn Stream<Item = Result<WatchChangesResponse, Status>> + Send>>;

    async fn watch_changes(
        &self,
        request: Request<WatchChangesRequest>,
    ) -> Result<Response<Self::WatchChangesStream>, Status> {
        let (filter, token) = convert::watch(request.into_inner(), self.engine.archive())?;
        let watcher = self.engine.watch(filter, token.as_deref());
        let watcher = watcher.map_err(|error| convert::unwatched(&error))?;
        Ok(Response::new(Box::pin(lines(watcher, self.leaving.clone()))))
    }

    async fn wait_application(
        &self,
        request: Request<WaitApplicationRequest>,
    ) -> Result<Response<WaitApplicationResponse>, Status> {
        let wanted = convert::wait(request.into_inner())?;
        let mut leaving = self.leaving.clone();
        let found = tokio::select! {
            found = self.engine.wait(wanted.application, wanted.patience, |seen| wanted.is_met(seen)) => found,
            () = leaving.begun() => return Err(convert::leaving()),
        };
        let found = convert::found(found, wanted.application)?;
        let reached = wanted.is_met(&found);
        let application = Some(convert::application(&found));
        Ok(Response::new(WaitApplicationResponse { application, reached }))
    }
}

/// What a watcher is told, as it pulls; ends with the first error, and when the server leaves.
fn lines<S: Store>(
    watcher: Watcher<S>,
    leaving: Leaving,
) -> impl Stream<Item = Result<WatchChangesResponse, Status>> + Send {
    stream::unfold(Some((watcher, leaving)), |watching| async {
        let (mut watcher, mut leaving) = watching?;
        let told = tokio::select! {
            told = watcher.next() => told.map_err(|error| convert::unwatched(&error)),
            () = leaving.begun() => Err(convert::leaving()),
        };
        Some(match told {
            Ok(line) => (Ok(convert::line(line)), Some((watcher, leaving))),
            Err(status) => (Err(status), None),
        })
    })
}
