//! People decide: the review is taken, the evidence looked at, the word given.

use super::refusals::check;
use super::*;
use tonic::Code;
use v1::evidence_item::Supplier;
use v1::review_service_client::ReviewServiceClient;
use v1::{
    ApproveApplicationRequest, ClaimReviewRequest, EvidenceKind, GetEvidenceRequest,
    RejectApplicationRequest, SubmitEvidenceRequest, Work,
};

impl World {
    fn reviews(&self) -> ReviewServiceClient<Channel> {
        ReviewServiceClient::new(self.channel.clone())
    }

    /// Creates an application about which a person decides.
    async fn to_review(&self, order: &str) -> Application {
        let evidence = v1::Evidence { operator_data: b"{}".to_vec(), ..evidence() };
        let request = CreateApplicationRequest {
            product: products::MANUAL.to_owned(),
            evidence: Some(evidence),
            credentials: None,
            ..request(order)
        };
        let created = self.applications().create_application(request).await.unwrap().into_inner();
        assert_eq!(created.state(), State::ReviewPending);
        created
    }
}

fn claim(of: &Application, actor: &str) -> ClaimReviewRequest {
    ClaimReviewRequest {
        name: of.name.clone(),
        actor: actor.to_owned(),
        reason: "next in the queue".to_owned(),
        ..ClaimReviewRequest::default()
    }
}

#[tokio::test]
async fn one_person_at_a_time_decides() {
    let world = World::start().await;
    let waiting = world.to_review("review-1").await;
    let mut reviews = world.reviews();
    let approve = ApproveApplicationRequest {
        name: waiting.name.clone(),
        actor: "ada".to_owned(),
        reason: "it fits".to_owned(),
        ..ApproveApplicationRequest::default()
    };
    let status = reviews.approve_application(approve.clone()).await.unwrap_err();
    check(&status, Code::FailedPrecondition, "REVIEW_NOT_CLAIMED");
    let claimed = reviews.claim_review(claim(&waiting, "ada")).await.unwrap().into_inner();
    assert_eq!(claimed.review.as_ref().map(|review| review.reviewer.as_str()), Some("ada"));
    let status = reviews.claim_review(claim(&waiting, "bob")).await.unwrap_err();
    check(&status, Code::FailedPrecondition, "REVIEW_TAKEN");

    // What came after the evidence was seen is not decided about unseen.
    let work = Work {
        company: "Acme".to_owned(),
        region: "Leiria".to_owned(),
        address: "1 Main St".to_owned(),
        phone: "244123456".to_owned(),
    };
    let submit = SubmitEvidenceRequest {
        name: waiting.name.clone(),
        evidence: Some(v1::Evidence { work: Some(work), ..v1::Evidence::default() }),
        ..SubmitEvidenceRequest::default()
    };
    let newer = world.applications().submit_evidence(submit.clone()).await.unwrap().into_inner();
    assert_eq!(newer.version, claimed.version + 1);
    let again = world.applications().submit_evidence(submit).await.unwrap().into_inner();
    assert_eq!(again.version, newer.version, "the same evidence changes nothing");
    let status = reviews.approve_application(approve.clone()).await.unwrap_err();
    check(&status, Code::FailedPrecondition, "REVIEW_NOT_CLAIMED");
    let taken = reviews.claim_review(claim(&waiting, "ada")).await.unwrap().into_inner();
    let blind = ApproveApplicationRequest { etag: claimed.etag, ..approve.clone() };
    check(&reviews.approve_application(blind).await.unwrap_err(), Code::Aborted, "ETAG_MISMATCH");
    let look = GetEvidenceRequest {
        name: waiting.name.clone(),
        actor: "ada".to_owned(),
        reason: "review".to_owned(),
        role: String::new(),
    };
    let etag = reviews.get_evidence(look).await.unwrap().into_inner().etag;
    assert_eq!(etag, taken.etag);
    let seen = ApproveApplicationRequest { etag, ..approve };
    let approved = reviews.approve_application(seen).await.unwrap().into_inner();
    assert_eq!((approved.state(), approved.review), (State::Approved, None));
}

#[tokio::test]
async fn a_rejection_tells_its_reason() {
    let world = World::start().await;
    let waiting = world.to_review("review-2").await;
    let mut reviews = world.reviews();
    reviews.claim_review(claim(&waiting, "ada")).await.unwrap();
    let reject = RejectApplicationRequest {
        name: waiting.name.clone(),
        actor: "ada".to_owned(),
        reason: "the photo is of somebody else".to_owned(),
        ..RejectApplicationRequest::default()
    };
    let rejected = reviews.reject_application(reject).await.unwrap().into_inner();
    let Some(v1::application::Outcome::Rejection(rejection)) = &rejected.outcome else {
        panic!("{rejected:?}")
    };
    assert_eq!(rejection.reason(), v1::rejection::Reason::Review);
    assert_eq!(rejection.detail, "the photo is of somebody else");
}

#[tokio::test]
async fn evidence_is_shown_as_the_role_may_see_it() {
    let world = World::start().await;
    let waiting = world.to_review("review-3").await;
    let look = |role: &str| GetEvidenceRequest {
        name: waiting.name.clone(),
        actor: "ada".to_owned(),
        reason: "review".to_owned(),
        role: role.to_owned(),
    };
    let masked = world.reviews().get_evidence(look("")).await.unwrap().into_inner();
    let clear = world.reviews().get_evidence(look("reviewer")).await.unwrap().into_inner();
    assert_eq!(masked.items.len(), 8);
    for (masked, clear) in masked.items.iter().zip(&clear.items) {
        assert_eq!((masked.supplier(), masked.document), (Supplier::Service, clear.document));
        assert!(masked.masked);
        let is_work = clear.kind() == EvidenceKind::Work;
        assert_eq!(clear.masked, !is_work, "{clear:?}");
        if is_work {
            assert!(clear.values.contains("company") && masked.values != clear.values);
        }
    }
    let status = world.reviews().get_evidence(look("boss")).await.unwrap_err();
    assert_eq!(check(&status, Code::InvalidArgument, "INVALID_FIELDS"), ["role"]);
}
