//! `StoreService`: thin handlers over the engine; what takes long tells how far it is.

use super::convert;
use super::proto::v1::store_service_server::StoreService;
use super::proto::v1::{
    BackUpStoreRequest, BackUpStoreResponse, GetStoreStatsRequest, RebuildStoreRequest, RebuildStoreResponse,
    ReleaseStoreRequest, ReleaseStoreResponse, StoreStats,
};
use super::serve::Leaving;
use crate::clock::Stopwatch;
use crate::engine::{Engine, EngineError};
use crate::store::Store;
use crate::store::upkeep::{Progress, Tell};
use futures_util::{Stream, stream};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status};

/// How often it is told how far one thing is.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// What waits to be told to a client that does not read; it is told less then.
const UNTOLD: usize = 16;

/// The service over an engine.
pub(super) struct Stores<S> {
    engine: Engine<S>,
    leaving: Leaving,
}

impl<S> Stores<S> {
    pub(super) const fn new(engine: Engine<S>, leaving: Leaving) -> Self {
        Self { engine, leaving }
    }
}

type Told<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

#[tonic::async_trait]
impl<S: Store> StoreService for Stores<S> {
    type BackUpStoreStream = Told<BackUpStoreResponse>;

    async fn back_up_store(
        &self,
        request: Request<BackUpStoreRequest>,
    ) -> Result<Response<Self::BackUpStoreStream>, Status> {
        let wanted = convert::backup(request.into_inner())?;
        let (engine, folder) = (self.engine.clone(), wanted.to.display().to_string());
        let work = move |tell: &Tell| engine.back_up(wanted, tell);
        let done = move |backed| convert::backed_up(folder, backed);
        Ok(Response::new(told(self.leaving.clone(), work, convert::backup_progress, done)))
    }

    type RebuildStoreStream = Told<RebuildStoreResponse>;

    async fn rebuild_store(
        &self,
        _request: Request<RebuildStoreRequest>,
    ) -> Result<Response<Self::RebuildStoreStream>, Status> {
        let engine = self.engine.clone();
        let work = move |tell: &Tell| engine.rebuild_store(tell);
        Ok(Response::new(told(self.leaving.clone(), work, convert::rebuild_progress, convert::rebuilt)))
    }

    async fn get_store_stats(
        &self,
        request: Request<GetStoreStatsRequest>,
    ) -> Result<Response<StoreStats>, Status> {
        let stats = self.engine.store_stats(request.into_inner().by_kind).await;
        Ok(Response::new(convert::store_stats(stats.map_err(|error| convert::unkept(&error))?)))
    }

    async fn release_store(
        &self,
        request: Request<ReleaseStoreRequest>,
    ) -> Result<Response<ReleaseStoreResponse>, Status> {
        let by = convert::release(request.into_inner())?;
        self.engine.release_store(by).await.map_err(|error| convert::unkept(&error))?;
        Ok(Response::new(ReleaseStoreResponse {}))
    }
}

/// Does work that blocks, and tells how far it is and how it ended. It is called off when nobody
/// hears it any more, and when the server leaves.
fn told<T, M: Send + 'static>(
    leaving: Leaving,
    work: impl FnOnce(&Tell) -> Result<T, EngineError> + Send + 'static,
    progress: fn(&Progress) -> M,
    done: impl FnOnce(T) -> M + Send + 'static,
) -> Told<M> {
    let (sender, receiver) = mpsc::channel(UNTOLD);
    let hearers = sender.clone();
    let last = Mutex::new((String::new(), Stopwatch::start()));
    let tell: Tell = Arc::new(move |it| {
        if hearers.is_closed() || leaving.has_begun() {
            return ControlFlow::Break(());
        }
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if it.doing != last.0 || last.1.read() >= TELL_EVERY {
            *last = (it.doing.clone(), Stopwatch::start());
            let _untold = hearers.try_send(Ok(progress(it)));
        }
        ControlFlow::Continue(())
    });
    tokio::task::spawn_blocking(move || {
        let ended = work(&tell).map(done).map_err(|error| convert::unkept(&error));
        let _gone = sender.blocking_send(ended);
    });
    Box::pin(stream::unfold(receiver, async |mut receiver| {
        let next = receiver.recv().await?;
        Some((next, receiver))
    }))
}
