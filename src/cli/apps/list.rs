//! `docket apps list`.

use super::selection::Selection;
use crate::api::proto::v1::{Application, ListApplicationsRequest};
use crate::cli::client::Client;
use crate::cli::failure::Ended;
use crate::cli::out::{Out, table, words};
use clap::builder::RangedI64ValueParser;
use comfy_table::Cell;
use std::process::ExitCode;

/// What `docket apps list` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket apps list --state captcha_required --state suspended
  docket apps list --partner acme --all -o name
  docket apps list --filter 'waiting_for = sms_code AND dwell > 10m' --order-by state_time")]
pub(super) struct Options {
    #[command(flatten)]
    selection: Selection,
    /// The order: `create_time`, `state_time`, either with `desc`, or `next_look_time`
    #[arg(long, value_name = "ORDER")]
    order_by: Option<String>,
    /// The most applications of a page
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = page_size())]
    page_size: i32,
    /// Go on after the page that ended with this token
    #[arg(long, value_name = "TOKEN", conflicts_with = "all")]
    page_token: Option<String>,
    /// List all pages, not only the first
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let Options { selection, order_by, page_size, page_token, all } = options;
    let mut request = ListApplicationsRequest {
        page_size,
        page_token: page_token.unwrap_or_default(),
        filter: selection.filter(),
        order_by: order_by.unwrap_or_default(),
    };
    let mut applications = Vec::new();
    loop {
        let page = client.answer(client.applications().list_applications(request.clone())).await?;
        applications.extend(page.applications);
        request.page_token = page.next_page_token;
        // A page may be empty and not the last: the first that has something is shown.
        if request.page_token.is_empty() || !(all || applications.is_empty()) {
            break;
        }
    }
    out.many(&applications, |all| draw(out, all))?;
    if !request.page_token.is_empty() {
        eprintln!("docket: there are more: --all, or --page-token {}", request.page_token);
    }
    Ok(ExitCode::SUCCESS)
}

fn page_size() -> RangedI64ValueParser<i32> {
    clap::value_parser!(i32).range(1..=1000)
}

fn draw(out: Out, applications: &[Application]) -> String {
    let row = |it: &Application| -> Vec<Cell> {
        vec![
            table::text(&it.name),
            table::state(out, it.state),
            table::text(words::ago(it.state_time.as_ref())),
            table::text(words::owner(it.owner)),
            table::text(&it.partner),
            table::text(&it.order_number),
            table::text(&it.product),
        ]
    };
    let header = ["NAME", "STATE", "FOR", "NEXT MOVE", "PARTNER", "ORDER", "PRODUCT"];
    table::table(out, &header, applications.iter().map(row))
}
