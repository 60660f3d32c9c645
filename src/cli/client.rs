//! The way to a running server.

use super::failure::{Exit, Failure, is_away};
use crate::api::proto::v1::application_service_client::ApplicationServiceClient;
use crate::api::proto::v1::delivery_service_client::DeliveryServiceClient;
use crate::api::proto::v1::machine_service_client::MachineServiceClient;
use crate::api::proto::v1::operator_service_client::OperatorServiceClient;
use crate::api::proto::v1::review_service_client::ReviewServiceClient;
use crate::api::proto::v1::session_service_client::SessionServiceClient;
use crate::api::proto::v1::store_service_client::StoreServiceClient;
use crate::clock;
use std::time::Duration;
use tokio::time::Instant;
use tonic::transport::{Channel, Endpoint};
use tonic::{Response, Status};

/// How long an answer may take when nobody says.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How often a quiet connection is asked whether it lives, and how long it may take to say so.
const PING: Duration = Duration::from_secs(15);

/// The largest answer: a full page of a list.
const MESSAGE: usize = 16 << 20;

/// The first and the longest rest before a server that is away is tried again.
const REST: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Where the server is, and how patient to be.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Server")]
pub(super) struct Reach {
    /// The server
    #[arg(
        long,
        value_name = "URL",
        env = "DOCKET_SERVER",
        default_value = "http://127.0.0.1:8700",
        global = true,
        hide_env_values = true
    )]
    server: String,
    /// How long to wait for an answer [default: 30s]; `wait`: for the application, `watch` and
    /// `history --follow`: for a server that is away [default: without end]
    #[arg(long, value_name = "DURATION", value_parser = duration, global = true)]
    timeout: Option<Duration>,
}

/// Reads a duration like `90s` or `1h 30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let read: jiff::SignedDuration = text.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from(read).map_err(|_negative| "must not be negative".to_owned())
}

/// A server that can be asked.
#[derive(Debug, Clone)]
pub(super) struct Client {
    channel: Channel,
    server: String,
    timeout: Option<Duration>,
}

impl Client {
    /// Makes the way; it is gone when somebody asks.
    pub(super) fn new(reach: &Reach) -> Result<Self, Failure> {
        let Reach { server, timeout } = reach.clone();
        let url = if server.contains("://") { server.clone() } else { format!("http://{server}") };
        let senseless = |why: &str| {
            let what = format!("the server's address `{server}` makes no sense: {why}");
            Failure::new(Exit::Usage, what).hint("it looks like http://127.0.0.1:8700")
        };
        if url.starts_with("https://") {
            return Err(senseless("TLS is not spoken yet"));
        }
        let endpoint = Endpoint::from_shared(url).map_err(|error| senseless(&error.to_string()))?;
        let endpoint = endpoint
            .connect_timeout(CONNECT)
            .http2_keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .keep_alive_while_idle(true);
        Ok(Self { channel: endpoint.connect_lazy(), server, timeout })
    }

    pub(super) fn applications(&self) -> ApplicationServiceClient<Channel> {
        ApplicationServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    pub(super) fn operators(&self) -> OperatorServiceClient<Channel> {
        OperatorServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    pub(super) fn reviews(&self) -> ReviewServiceClient<Channel> {
        ReviewServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    pub(super) fn deliveries(&self) -> DeliveryServiceClient<Channel> {
        DeliveryServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    pub(super) fn sessions(&self) -> SessionServiceClient<Channel> {
        SessionServiceClient::new(self.channel.clone())
    }

    pub(super) fn stores(&self) -> StoreServiceClient<Channel> {
        StoreServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    pub(super) fn machines(&self) -> MachineServiceClient<Channel> {
        MachineServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    pub(super) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// How long whoever waits or watches is patient; without end when none.
    pub(super) const fn patience(&self) -> Option<Duration> {
        self.timeout
    }

    /// Waits for an answer as long as it may take.
    pub(super) async fn answer<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Failure> {
        let answered = self.within(self.timeout.unwrap_or(TIMEOUT), call).await;
        answered.map_err(|status| self.failure(&status))
    }

    /// Waits for an answer so long.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Status> {
        match tokio::time::timeout(limit, call).await {
            Ok(answered) => answered.map(Response::into_inner),
            Err(_elapsed) => Err(Status::deadline_exceeded("no answer came in time")),
        }
    }

    pub(super) fn failure(&self, status: &Status) -> Failure {
        Failure::from_status(status, &self.server)
    }

    /// Makes somebody who sits out the server's absences.
    pub(super) fn outage(&self) -> Outage {
        Outage {
            server: self.server.clone(),
            until: None,
            rest: REST.0,
            patience: self.timeout,
            was_there: false,
        }
    }
}

/// The absences of a server: each is told once, and waited for.
pub(super) struct Outage {
    server: String,
    /// Since when it is away, and when patience ends.
    until: Option<Option<Instant>>,
    rest: Duration,
    patience: Option<Duration>,
    was_there: bool,
}

impl Outage {
    /// The server is there.
    pub(super) fn is_over(&mut self) {
        if self.until.take().is_some() {
            eprintln!("docket: the server at {} is back", self.server);
        }
        self.was_there = true;
        self.rest = REST.0;
    }

    /// Rests for a while if the server is away; fails if it is unwilling, if it never was there,
    /// or when patience ends.
    pub(super) async fn sit_out(&mut self, status: &Status) -> Result<(), Failure> {
        let patience = self.patience;
        let is_new = self.until.is_none();
        let until = *self.until.get_or_insert_with(|| patience.map(|patience| Instant::now() + patience));
        let is_impatient = until.is_some_and(|until| Instant::now() >= until);
        if !is_away(status) || !self.was_there || is_impatient {
            return Err(Failure::from_status(status, &self.server));
        }
        if is_new {
            eprintln!("docket: the server at {} is away; trying again until it is back", self.server);
        }
        clock::pause(self.rest).await;
        self.rest = (self.rest * 2).min(REST.1);
        Ok(())
    }
}
