//! What `grpc.health.v1` says.

use super::limits;
use crate::api::proto::v1::{
    application_service_server, delivery_service_server, machine_service_server, operator_service_server,
    review_service_server,
};
use futures_util::FutureExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// What has a health: the server as a whole, and each service.
const NAMES: [&str; 6] = [
    "",
    application_service_server::SERVICE_NAME,
    delivery_service_server::SERVICE_NAME,
    machine_service_server::SERVICE_NAME,
    operator_service_server::SERVICE_NAME,
    review_service_server::SERVICE_NAME,
];

/// The switch of the health service; clones share it.
#[derive(Debug, Clone)]
pub struct Health {
    reporter: HealthReporter,
    is_serving: Arc<AtomicBool>,
}

impl Health {
    /// Makes a switch that says NOT_SERVING.
    pub(super) fn new() -> Self {
        let health = Self { reporter: HealthReporter::new(), is_serving: Arc::default() };
        health.set(false).now_or_never().expect("nobody else has the new switch yet");
        health
    }

    /// Makes the service.
    pub(super) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE)
    }

    /// Says of the server and of each service that it serves, or that it does not.
    pub async fn set(&self, is_serving: bool) {
        self.is_serving.store(is_serving, Ordering::SeqCst);
        let status = if is_serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        for name in NAMES {
            self.reporter.set_service_status(name, status).await;
        }
    }

    /// Says whether it serves.
    pub(super) fn is_serving(&self) -> bool {
        self.is_serving.load(Ordering::SeqCst)
    }

    /// Says for the last time that nothing is served, and ends the streams of those who watch.
    pub(super) async fn close(&self) {
        self.set(false).await;
        let mut reporter = self.reporter.clone();
        for name in NAMES {
            reporter.clear_service_status(name).await;
        }
    }
}
