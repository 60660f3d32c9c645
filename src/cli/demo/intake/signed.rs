//! The signed push (spec 003): what it lacks is told by `ExplainApplication` and brought by
//! `SubmitEvidence`; telecom is collected with the applicant.

use super::signing;
use crate::api::proto::v1::application_service_client::ApplicationServiceClient;
use crate::api::proto::v1::{
    AddressBook, AddressBookEntry, Application, Evidence, EvidenceKind, ExplainApplicationRequest,
    IdentityCard, ListApplicationsRequest, SubmitEvidenceRequest,
};
use crate::cli::demo::applicant::{Applicants, answered};
use crate::cli::demo::cast::Part;
use crate::cli::demo::tell::Teller;
use crate::cli::out::words;
use crate::clock;
use crate::config::products;
use crate::contract;
use anyhow::{Context, ensure};
use tonic::transport::Channel;

/// What the product wants, and neither the push nor a collection brings.
const LACKS: [EvidenceKind; 2] = [EvidenceKind::IdentityCard, EvidenceKind::AddressBook];

pub(super) async fn go(
    applicants: &Applicants,
    channel: Channel,
    part: &Part,
    teller: Teller,
) -> anyhow::Result<()> {
    push(applicants, part, teller).await?;
    let mut service = ApplicationServiceClient::new(channel);
    let name = find(&mut service, part).await?.name;
    let missing = explained(&mut service, part, &name, teller).await?;
    ensure!(missing == LACKS, "explain {}: {missing:?} is missing, and not {LACKS:?}", part.name);
    let request = SubmitEvidenceRequest {
        name: name.clone(),
        evidence: Some(lacked()),
        ..SubmitEvidenceRequest::default()
    };
    service.submit_evidence(request).await.context("submit evidence")?;
    teller.deed(part, "photos and address book are brought by SubmitEvidence");
    let missing = explained(&mut service, part, &name, teller).await?;
    ensure!(missing.is_empty(), "explain {}: {missing:?} is still missing", part.name);
    Ok(())
}

async fn push(applicants: &Applicants, part: &Part, teller: Teller) -> anyhow::Result<()> {
    let (time, body) = (clock::now().as_millis().to_string(), part.person.signed_push().to_string());
    let signature = signing::signature(&time, &body, products::QUNADAI_SECRET);
    let request = applicants
        .post(&contract::SIGNED_PUSH.path.replace("{name}", part.partner))
        .header("content-type", "application/json;charset=utf-8")
        .header("clientId", signing::CLIENT)
        .header("clientTime", time)
        .header("s", signature)
        .body(body);
    let answer = answered(request).await.context("push, signed")?;
    ensure!(answer["status"] == "1", "push, signed: {}", answer["msg"]);
    let text = format!("{} sends the signed push: {}, {}", part.partner, answer["msg"], answer["data"]);
    teller.deed(part, &text);
    Ok(())
}

/// Finds the application of the person: its number is Docket's.
async fn find(service: &mut ApplicationServiceClient<Channel>, part: &Part) -> anyhow::Result<Application> {
    let filter = format!("partner = {} AND phone = {}", part.partner, part.person.mobile);
    let request = ListApplicationsRequest { filter, ..ListApplicationsRequest::default() };
    let page = service.list_applications(request).await.context("list")?.into_inner();
    let mut found = page.applications;
    ensure!(found.len() == 1, "find {}: there are {} applications", part.name, found.len());
    found.pop().context("find an application")
}

/// Tells what an application waits for, and who owes it; gives the evidence that is missing.
async fn explained(
    service: &mut ApplicationServiceClient<Channel>,
    part: &Part,
    name: &str,
    teller: Teller,
) -> anyhow::Result<Vec<EvidenceKind>> {
    let request = ExplainApplicationRequest { name: name.to_owned() };
    let explained = service.explain_application(request).await.context("explain")?.into_inner();
    let (owner, waits) = (words::owner(explained.owner), explained.blocks.join("; "));
    teller.deed(part, &format!("explained: the {owner} owes the next move; {waits}"));
    let application = explained.application.context("explain: no application is told")?;
    Ok(application.missing_evidence().collect())
}

fn lacked() -> Evidence {
    let text = |text: &str| text.to_owned();
    let entry = |name: &str, phone: &str| AddressBookEntry { name: text(name), phone: text(phone) };
    Evidence {
        identity_card: Some(IdentityCard {
            face_url: text("https://img.example.com/live.jpg"),
            front_url: text("https://img.example.com/front.jpg"),
            back_url: text("https://img.example.com/back.jpg"),
            address: text("四川省测试地址"),
        }),
        address_book: Some(AddressBook {
            entries: vec![entry("中国移动", "10086"), entry("张一", "18221501320")],
        }),
        ..Evidence::default()
    }
}
