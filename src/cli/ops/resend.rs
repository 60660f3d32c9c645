//! `docket ops resend`.

use super::deliveries::standing;
use crate::api::proto::v1::{Delivery, ResendDeliveryRequest};
use crate::cli::apps::terms::Expecting;
use crate::cli::client::Client;
use crate::cli::failure::{Ended, Exit, Failure};
use crate::cli::out::{Out, table, words};
use std::process::ExitCode;

/// What `docket ops resend` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket ops resend applications/0199…/deliveries/7 --reason 'the partner lost it'
  docket ops deliveries --status dead --all -o name |
    xargs docket ops resend --reason 'the partner is back'")]
pub(super) struct Options {
    /// The deliveries: `applications/{id}/deliveries/{version}`, or `{id}-{version}` as the partner
    /// knows it
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Why; kept as long as the delivery
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who does it; kept as long as the delivery
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true)]
    actor: String,
    #[command(flatten)]
    terms: Expecting,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let Options { names, reason, actor, terms } = options;
    if names.len() > 1 && terms.etag.is_some() {
        return Err(Failure::new(Exit::Usage, "--etag is for one delivery, and more than one is meant"));
    }
    let (request_id, validate_only, etag) = terms.wire();
    let mut failed = 0;
    let is_one = names.len() == 1;
    for name in &names {
        let request = ResendDeliveryRequest {
            name: resource(name),
            actor: actor.clone(),
            reason: reason.clone(),
            request_id: request_id.clone(),
            validate_only,
            etag: etag.clone(),
        };
        match client.answer(client.deliveries().resend_delivery(request)).await {
            Ok(delivery) if is_one => out.one(&delivery, |delivery| page(out, delivery))?,
            Ok(delivery) => out.next(&delivery, |it| Some(format!("{}  {}", it.name, standing(it))))?,
            Err(failure) if !is_one && failure.is_of_one() => {
                failed += 1;
                failure.mention(name);
            }
            Err(failure) => return Err(failure),
        }
    }
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let what = format!("{failed} of {} deliveries were left as they are", names.len());
    Err(Failure::new(Exit::Conflict, what).hint("`docket ops deliveries` shows those that are kept"))
}

/// The resource name; what is neither form is left for the server to refuse.
fn resource(name: &str) -> String {
    match name.rsplit_once('-') {
        Some((id, version)) if uuid::Uuid::try_parse(id).is_ok() => {
            format!("applications/{id}/deliveries/{version}")
        }
        Some(_) | None => name.to_owned(),
    }
}

fn page(out: Out, delivery: &Delivery) -> String {
    let resend = delivery.resend.clone().unwrap_or_default();
    let facts = vec![
        ("name", table::text(&delivery.name)),
        ("partner", table::text(&delivery.partner)),
        ("state", table::state(out, delivery.state)),
        ("status", table::text(standing(delivery))),
        ("next try", table::text(words::ahead(delivery.next_try_time.as_ref()))),
        ("sent again by", table::text(resend.actor)),
        ("because", table::text(resend.reason)),
    ];
    table::page(out, facts)
}
