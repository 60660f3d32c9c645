//! `docket ops deliveries`.

use crate::api::proto::v1::delivery::Status;
use crate::api::proto::v1::{Delivery, ListDeliveriesRequest};
use crate::cli::apps::name::Named;
use crate::cli::client::Client;
use crate::cli::failure::Ended;
use crate::cli::out::{Out, table, words};
use clap::ValueEnum;
use comfy_table::Cell;
use std::process::ExitCode;

/// What `docket ops deliveries` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket ops deliveries --status dead
  docket ops deliveries --partner acme --status waiting --all
  docket ops deliveries --application acme/order-42
  docket ops deliveries --status dead --all -o name |
    xargs docket ops resend --reason 'the partner is back'")]
pub(super) struct Options {
    /// Only those of this partner
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
    /// Only those that stand so
    #[arg(long, value_enum, value_name = "STATUS")]
    status: Option<Standing>,
    /// Only those of this application: `applications/{id}`, the bare id, or `partner/order`
    #[arg(long, value_name = "NAME")]
    application: Option<String>,
    /// The most deliveries of a page
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=1000))]
    page_size: i32,
    /// Go on after the page that ended with this token
    #[arg(long, value_name = "TOKEN", conflicts_with = "all")]
    page_token: Option<String>,
    /// List all pages, not only the first
    #[arg(long)]
    all: bool,
}

/// How it stands with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Standing {
    /// To be tried, now or later
    Waiting,
    /// The partner has it
    Delivered,
    /// Given up
    Dead,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let Options { partner, status, application, page_size, page_token, all } = options;
    let status = match status {
        None => Status::Unspecified,
        Some(Standing::Waiting) => Status::Waiting,
        Some(Standing::Delivered) => Status::Delivered,
        Some(Standing::Dead) => Status::Dead,
    };
    let application = match application {
        Some(name) => Named::new(name).find(client).await?,
        None => String::new(),
    };
    let mut request = ListDeliveriesRequest {
        page_size,
        page_token: page_token.unwrap_or_default(),
        partner: partner.unwrap_or_default(),
        status: status.into(),
        application,
    };
    let mut deliveries = Vec::new();
    loop {
        let page = client.answer(client.deliveries().list_deliveries(request.clone())).await?;
        deliveries.extend(page.deliveries);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() || !all {
            break;
        }
    }
    out.many(&deliveries, |all| draw(out, all))?;
    if !request.page_token.is_empty() {
        eprintln!("docket: there are more: --all, or --page-token {}", request.page_token);
    }
    Ok(ExitCode::SUCCESS)
}

fn draw(out: Out, deliveries: &[Delivery]) -> String {
    if deliveries.is_empty() {
        return "no deliveries".to_owned();
    }
    let row = |it: &Delivery| -> Vec<Cell> {
        vec![
            table::text(&it.name),
            table::text(&it.partner),
            table::state(out, it.state),
            table::text(standing(it)),
            table::text(words::ago(it.time.as_ref())),
            table::text(it.tries.to_string()),
            table::text(words::ahead(it.next_try_time.as_ref())),
            table::text(&it.last_error),
        ]
    };
    let header = ["NAME", "PARTNER", "STATE", "STATUS", "SINCE", "TRIES", "NEXT", "LAST ERROR"];
    table::table(out, &header, deliveries.iter().map(row))
}

/// How it stands, in one word.
pub(super) fn standing(delivery: &Delivery) -> String {
    Status::try_from(delivery.status).map_or_else(
        |_unknown| delivery.status.to_string(),
        |status| status.as_str_name().trim_start_matches("STATUS_").to_lowercase(),
    )
}
