//! The reviewers: whatever waits for a person is claimed, looked at in a role, and approved.
//!
//! What they are shown is checked on the way: that nothing is missing, and that what the role may not
//! see is masked.

use super::cast::Part;
use super::tell::Teller;
use crate::api::proto::v1::application::State;
use crate::api::proto::v1::review_service_client::ReviewServiceClient;
use crate::api::proto::v1::{
    Application, ApproveApplicationRequest, ClaimReviewRequest, EvidenceItem, GetEvidenceRequest,
};
use crate::cli::out::words;
use crate::clock;
use crate::config::Role;
use crate::machine::evidence::EvidenceKind;
use anyhow::{Context, ensure};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::transport::Channel;

/// How long a reviewer looks.
const LOOKING: Duration = Duration::from_millis(400);

/// Who reviews.
const REVIEWER: &str = "ada";

/// The role in which they look.
const ROLE: &str = "reviewer";

/// What that role is shown as it is: what tells nobody's number.
const CLEAR: [EvidenceKind; 5] = [
    EvidenceKind::Loan,
    EvidenceKind::Work,
    EvidenceKind::Contacts,
    EvidenceKind::Questionnaire,
    EvidenceKind::FacePhoto,
];

/// The role, for the settings.
pub(super) fn role() -> Role {
    Role { name: ROLE.to_owned(), clear: CLEAR.to_vec() }
}

pub(super) struct Reviewers {
    service: ReviewServiceClient<Channel>,
    teller: Teller,
    /// Applications that somebody reviews or has reviewed.
    taken: BTreeSet<String>,
}

impl Reviewers {
    pub(super) fn new(channel: Channel, teller: Teller) -> Self {
        Self { service: ReviewServiceClient::new(channel), teller, taken: BTreeSet::new() }
    }

    /// Sees how an application stands; one that waits for a person is reviewed.
    pub(super) fn see(
        &mut self,
        part: &Part,
        application: &Application,
        busy: &mut JoinSet<anyhow::Result<()>>,
    ) {
        if application.state() == State::ReviewPending && self.taken.insert(application.name.clone()) {
            busy.spawn(review(self.service.clone(), self.teller, part.clone(), application.name.clone()));
        }
    }
}

async fn review(
    mut service: ReviewServiceClient<Channel>,
    teller: Teller,
    part: Part,
    name: String,
) -> anyhow::Result<()> {
    let (actor, text) = (REVIEWER.to_owned(), |text: &str| text.to_owned());
    let claim = ClaimReviewRequest {
        name: name.clone(),
        actor: actor.clone(),
        reason: text("next in the queue"),
        ..ClaimReviewRequest::default()
    };
    let claimed = service.claim_review(claim).await.context("claim a review")?.into_inner();
    teller.deed(&part, &format!("{REVIEWER} claims the review"));
    let look = GetEvidenceRequest {
        name: name.clone(),
        actor: actor.clone(),
        reason: text("to decide"),
        role: text(ROLE),
    };
    let shown = service.get_evidence(look).await.context("look at the evidence")?.into_inner();
    ensure!(shown.missing.is_empty(), "review {}: evidence is missing", part.name);
    let (masked, clear): (Vec<_>, Vec<_>) = shown.items.iter().partition(|item| item.masked);
    let is_allowed =
        |item: &&EvidenceItem| CLEAR.iter().any(|kind| kind.name() == words::evidence(item.kind));
    ensure!(clear.iter().all(is_allowed), "review {}: the role sees too much", part.name);
    ensure!(!masked.iter().any(is_allowed), "review {}: the role sees too little", part.name);
    for item in &shown.items {
        let (kind, supplier) = (words::evidence(item.kind), words::supplier(item.supplier));
        let seen = if item.photo_url.is_empty() { &item.values } else { "behind a link" };
        teller.deed(&part, &format!("{REVIEWER} sees {kind}, by the {supplier}: {seen}"));
    }
    clock::pause(LOOKING).await;
    let approve = ApproveApplicationRequest {
        name,
        actor,
        reason: text("all fits together"),
        // What was seen is decided about, and nothing that came later.
        etag: claimed.etag,
        ..ApproveApplicationRequest::default()
    };
    service.approve_application(approve).await.context("approve")?;
    teller.deed(&part, &format!("{REVIEWER} approves"));
    Ok(())
}
