//! `docket review show`.

use crate::api::proto::v1::{EvidenceItem, GetEvidenceRequest, GetEvidenceResponse};
use crate::cli::apps::name::Named;
use crate::cli::client::Client;
use crate::cli::failure::Ended;
use crate::cli::out::{Out, table, words};
use std::process::ExitCode;

/// What `docket review show` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  docket review show crapido/order-42 --reason 'review' --role reviewer
  docket review show crapido/order-42 --reason 'review' -o json | jq '.items'")]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    /// Why it is looked at, for the server's log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who looks at it, for the server's log
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true)]
    actor: String,
    /// The role in which it is looked at: one of the server's settings; without one all is masked
    #[arg(long, value_name = "ROLE", default_value = "")]
    role: String,
}

pub(super) async fn run(client: &Client, out: Out, options: Options) -> Ended {
    let Options { named, reason, actor, role } = options;
    let name = named.find(client).await?;
    let request = GetEvidenceRequest { name, actor, reason, role };
    let evidence = client.answer(client.reviews().get_evidence(request)).await?;
    out.one(&evidence, |evidence| draw(out, evidence))?;
    Ok(ExitCode::SUCCESS)
}

fn draw(out: Out, evidence: &GetEvidenceResponse) -> String {
    let row = |it: &EvidenceItem| {
        vec![
            table::text(words::evidence(it.kind)),
            table::text(words::supplier(it.supplier)),
            table::text(words::time(it.receive_time.as_ref())),
            table::text(words::time(it.fresh_until_time.as_ref())),
            table::text(if it.photo_url.is_empty() { &it.values } else { &it.photo_url }),
        ]
    };
    let header = ["EVIDENCE", "FROM", "CAME", "FRESH UNTIL", "VALUES"];
    let mut text = table::table(out, &header, evidence.items.iter().map(row));
    let missing: Vec<_> = evidence.missing.iter().map(|number| words::evidence(*number)).collect();
    if !missing.is_empty() {
        text.push_str(&format!("\nmissing: {}", missing.join(", ")));
    }
    text
}
