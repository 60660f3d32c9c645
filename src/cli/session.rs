//! `docket session`: a session for a user of a mobile app, as the app's backend asks for one.

use super::client::{Client, Reach, duration};
use super::failure::Ended;
use super::out::{Form, Show, words};
use crate::api::proto::v1::IssueSessionRequest;
use std::process::ExitCode;
use std::time::Duration;

/// What `docket session` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "With -o name the token alone is printed.

Examples:
  docket session --partner crapido --mobile 8553465753 --product-id 2
  TOKEN=$(docket session --partner crapido --mobile 8553465753 --product-id 2 --ttl 1h -o name)")]
pub(super) struct Options {
    /// The partner whose app it is
    #[arg(long, value_name = "NAME")]
    partner: String,
    /// The user's mobile number
    #[arg(long, value_name = "DIGITS")]
    mobile: String,
    /// The app's number of the product
    #[arg(long, value_name = "NUMBER")]
    product_id: String,
    /// How long it is good; as the server's settings say when not given
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    ttl: Option<Duration>,
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
    let Options { partner, mobile, product_id, ttl, reach, show } = options;
    let client = Client::new(&reach)?;
    let ttl = ttl.and_then(|ttl| prost_types::Duration::try_from(ttl).ok());
    let request = IssueSessionRequest { partner, mobile, product_id, ttl };
    let session = client.answer(client.sessions().issue_session(request)).await?;
    show.out()
        .one(&session, |it| format!("{}\ngood until {}", it.token, words::time(it.expire_time.as_ref())))?;
    Ok(ExitCode::SUCCESS)
}
