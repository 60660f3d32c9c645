//! `docket health`: whether a server serves.

use super::client::{Client, Reach};
use super::failure::{Ended, Exit, Failure};
use super::out::{Form, Show};
use serde_json::json;
use std::process::ExitCode;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// What `docket health` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Ends with exit code 0 if the server serves, and 7 if it does not or cannot be reached.

Examples:
  docket health
  docket health --server http://127.0.0.1:8700 --timeout 2s"
)]
pub(super) struct Options {
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    show: Show,
}

impl Options {
    pub(super) const fn form(&self) -> Form {
        self.show.form()
    }
}

pub(super) async fn run(options: Options) -> Ended {
    let client = Client::new(&options.reach)?;
    let mut health = HealthClient::new(client.channel());
    let checked = client.answer(health.check(HealthCheckRequest::default())).await?;
    let status = checked.status();
    let (server, name) = (client.server(), status.as_str_name());
    let object = json!({ "server": server, "status": name });
    options.show.out().object(server, &object, &format!("{server} {name}"))?;
    if status == ServingStatus::Serving {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::new(Exit::Unavailable, format!("the server at {server} does not serve")))
}
