//! The port: gRPC and plain HTTP on one listener.
//!
//! Owns the connections, their limits and their end. It must never hold a request without a
//! limit of size and time, and never make a client wait for a server that is leaving.

mod health;
mod leaving;
mod limits;
mod openapi;
mod prompt;
mod pulse;
mod rpc;

pub use self::health::Health;
pub(super) use self::leaving::Leaving;

use self::leaving::Leave;
use self::prompt::Prompt;
use super::application::Applications;
use super::delivery::Deliveries;
use super::machine::Machines;
use super::operator::Operators;
use super::proto::DESCRIPTORS;
use super::proto::v1::application_service_server::ApplicationServiceServer;
use super::proto::v1::delivery_service_server::DeliveryServiceServer;
use super::proto::v1::machine_service_server::MachineServiceServer;
use super::proto::v1::operator_service_server::OperatorServiceServer;
use super::proto::v1::review_service_server::ReviewServiceServer;
use super::proto::v1::session_service_server::SessionServiceServer;
use super::proto::v1::store_service_server::StoreServiceServer;
use super::review::Reviews;
use super::session::{Apps, Issuer};
use super::store::Stores;
use crate::callback::Callbacks;
use crate::config::{Agreements, Roles};
use crate::engine::Engine;
use crate::store::Store;
use crate::telemetry::metrics::{CONNECTIONS, Teller};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::{StatusCode, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tonic::service::Routes;

/// A reflection service of one of the two versions, with all that clients ask about.
macro_rules! reflection {
    ($version:ident) => {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
            .$version()
            .expect("the descriptors were compiled with the program")
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE)
    };
}
/// What is served, before it has a socket.
pub struct Server {
    routes: Router,
    health: Health,
    leave: Leave,
}

impl Server {
    /// Puts the services of `docket.v1` over an engine beside plain HTTP routes, whose fallback,
    /// if they have one, gives way to a 404 in JSON.
    ///
    /// # Panics
    /// If the HTTP routes claim a path of a service.
    pub fn new<S: Store>(
        engine: Engine<S>,
        callbacks: Callbacks<S>,
        http: Router,
        agreements: Agreements,
        apps: Apps,
        roles: Roles,
        teller: Option<Teller>,
    ) -> Self {
        let leave = Leave::default();
        let health = Health::new();
        let pulse = pulse::routes(engine.clone(), health.clone(), teller);
        let applications = Applications::new(engine.clone(), leave.watch(), Arc::new(agreements));
        let applications = ApplicationServiceServer::new(applications)
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE);
        let reviews = ReviewServiceServer::new(Reviews::new(engine.clone(), roles, apps.links.clone()))
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE);
        let stores = StoreServiceServer::new(Stores::new(engine.clone(), leave.watch()))
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE);
        let operators = OperatorServiceServer::new(Operators::new(engine))
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE);
        let deliveries = DeliveryServiceServer::new(Deliveries::new(callbacks))
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE);
        let sessions = SessionServiceServer::new(Issuer::new(apps))
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE);
        let machines = MachineServiceServer::new(Machines)
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE);
        let services = Routes::new(applications)
            .add_service(operators)
            .add_service(reviews)
            .add_service(deliveries)
            .add_service(machines)
            .add_service(sessions)
            .add_service(stores)
            .add_service(health.service())
            .add_service(reflection!(build_v1))
            .add_service(reflection!(build_v1alpha));
        let services = services.prepare().into_axum_router().reset_fallback();
        let room = Arc::new(Semaphore::new(limits::REQUESTS));
        let services =
            services.layer(from_fn_with_state(room, rpc::watched)).layer(tonic_web::GrpcWebLayer::new());
        let own = pulse.merge(openapi::routes());
        let routes = services.merge(own).merge(http.reset_fallback()).fallback(rpc::nothing_here);
        Self { routes, health, leave }
    }

    /// Gives the switch of the health service, which says NOT_SERVING until told otherwise.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Serves until `shutdown` is over, then lets go: health falls, watchers and waiters are sent
    /// away, requests under way are finished within ten seconds.
    ///
    /// # Errors
    /// Only if the listener is not usable from the start; later failures to accept are waited out.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let Self { routes, health, leave } = self;
        let room = Arc::new(Semaphore::new(limits::CONNECTIONS));
        let mut open = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => break,
                accepted = accept(&listener, &room) => accepted,
                Some(_) = open.join_next() => continue,
            };
            let Some((stream, permit)) = accepted else { continue };
            let (routes, leaving) = (routes.clone(), leave.watch());
            open.spawn(async move {
                metrics::gauge!(CONNECTIONS).increment(1.0);
                converse(stream, routes, leaving).await;
                metrics::gauge!(CONNECTIONS).decrement(1.0);
                drop(permit);
            });
        }
        drop(listener);
        health.close().await;
        leave.begin();
        let drained = async { while open.join_next().await.is_some() {} };
        if tokio::time::timeout(limits::DRAIN, drained).await.is_err() {
            tracing::warn!(connections = open.len(), "docket leaves with requests under way");
        }
        Ok(())
    }
}

/// Answers a method that a route of ours does not have.
async fn only_get() -> Response {
    let wrong = Json(serde_json::json!({ "error": "the method must be GET" }));
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET,HEAD")], wrong).into_response()
}

async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
            Some((stream, permit))
        }
        Err(error) => {
            tracing::warn!(%error, "cannot accept");
            crate::clock::pause(limits::ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Serves one connection until it ends, or until it has finished what it began when the server
/// leaves.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    routes: Router,
    mut leaving: Leaving,
) {
    let builder = limits::builder(TokioExecutor::new());
    let io = TokioIo::new(Prompt::new(stream, limits::GREETING));
    let mut talk = pin!(builder.serve_connection(io, TowerToHyperService::new(routes)));
    let mut is_leaving = false;
    loop {
        tokio::select! {
            result = &mut talk => {
                if let Err(error) = result {
                    tracing::debug!(%error, "a connection ended");
                }
                return;
            }
            () = leaving.begun(), if !is_leaving => {
                is_leaving = true;
                talk.as_mut().graceful_shutdown();
            }
        }
    }
}
