//! A person decides: one at a time, who has taken the review, and while nobody holds it.

use super::*;
use crate::machine::application::{Decider, Lease, Phase, Rejection};
use crate::machine::event::By;

fn by(actor: &str) -> By {
    By { actor: actor.to_owned(), reason: "it fits".to_owned() }
}

fn claim(actor: &str) -> Event {
    Event::ClaimRequested { by: by(actor) }
}

fn approve(actor: &str) -> Event {
    Event::ApproveRequested { by: by(actor) }
}

fn reject(actor: &str) -> Event {
    Event::RejectRequested { by: by(actor) }
}

fn give_back(actor: &str) -> Event {
    Event::ReturnRequested { by: by(actor) }
}

/// Waits for a person.
fn waiting() -> Story {
    let mut story = Story::begins(Wanted::No);
    story.application.plan.decider = Decider::Person;
    story.application.plan.blacklist = false;
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "REVIEW_PENDING", &[]);
    story
}

fn lease(story: &Story) -> Option<&Lease> {
    story.application.lease()
}

#[test]
fn who_decides_has_taken_the_review() {
    let mut story = waiting();
    assert_eq!(story.refuses(approve("ada")), Refusal::NotLeased);
    assert_eq!(story.refuses(give_back("ada")), Refusal::NotLeased);
    story.then(claim("ada"), "REVIEW_PENDING", &[]);
    let until = story.now + story.policy.review;
    assert_eq!(lease(&story), Some(&Lease { reviewer: "ada".to_owned(), until }));
    let leased = Refusal::Leased { reviewer: "ada".to_owned(), until };
    for event in [claim("bob"), approve("bob"), reject("bob"), give_back("bob")] {
        assert_eq!(story.refuses(event), leased);
    }
    story.then(approve("ada"), "APPROVED", &[]);
    let not_drawn =
        Refusal::NotAllowed { machine: "application", state: "APPROVED", event: "ApproveRequested" };
    assert_eq!(story.refuses(approve("ada")), not_drawn);
}

#[test]
fn a_rejection_says_why() {
    let mut story = waiting();
    story.then(claim("ada"), "REVIEW_PENDING", &[]);
    story.then(reject("ada"), "REJECTED", &[]);
    let reason = Rejection::Review { reason: "it fits".to_owned() };
    assert_eq!(story.application.phase, Phase::Rejected { reason });
}

#[test]
fn a_review_that_is_given_back_or_forgotten_is_anybodys() {
    let mut story = waiting();
    story.then(claim("ada"), "REVIEW_PENDING", &[]);
    story.then(give_back("ada"), "REVIEW_PENDING", &[]);
    assert_eq!(lease(&story), None);
    story.then(claim("bob"), "REVIEW_PENDING", &[]);
    story.passes(600);
    story.then(claim("bob"), "REVIEW_PENDING", &[]);
    let until = story.now + story.policy.review;
    assert_eq!(lease(&story).map(|lease| lease.until), Some(until));
    story.due("REVIEW_PENDING", &[]);
    assert_eq!((story.now, lease(&story)), (until, None));
    // Nobody comes: it is said again every day.
    let reminder = story.now + story.policy.reminder;
    story.due("REVIEW_PENDING", &[]);
    assert_eq!(story.now, reminder);
    story.then(claim("ada"), "REVIEW_PENDING", &[]);
}

#[test]
fn nothing_is_decided_about_what_is_held() {
    let mut story = waiting();
    story.then(claim("ada"), "REVIEW_PENDING", &[]);
    story.then(Event::HoldRequested { by: by("eve") }, "REVIEW_PENDING", &[]);
    for event in [claim("ada"), approve("ada"), reject("ada")] {
        assert_eq!(story.refuses(event), Refusal::IsHeld);
    }
    story.passes(60);
    let before = lease(&story).unwrap().until;
    story.then(Event::ReleaseRequested { by: by("eve") }, "REVIEW_PENDING", &[]);
    assert_eq!(lease(&story).unwrap().until, before + Duration::from_secs(60));
    story.then(approve("ada"), "APPROVED", &[]);
}

#[test]
fn evidence_may_still_be_mended_under_review_and_is_looked_at_anew() {
    let mut story = waiting();
    story.then(claim("ada"), "REVIEW_PENDING", &[]);
    story.then(Event::EvidenceAdded(brings(3, EvidenceKind::Work)), "REVIEW_PENDING", &[]);
    assert_eq!(story.refuses(approve("ada")), Refusal::NotLeased);
    story.then(claim("ada"), "REVIEW_PENDING", &[]);
    let again = Event::EvidenceAdded(brings(3, EvidenceKind::Work));
    let verdict = step(&story.application, again, story.now, &story.policy);
    assert!(matches!(verdict, Ok(Verdict::Ignored)), "{verdict:?}");
    story.then(approve("ada"), "APPROVED", &[]);
}

#[test]
fn evidence_gets_old_as_the_product_says() {
    let mut story = waiting();
    let day = Duration::from_secs(24 * 3600);
    story.application.plan.fresh = vec![(EvidenceKind::Loan, day)];
    let came = story.application.evidence.iter().find(|held| held.kind == EvidenceKind::Loan).unwrap().at;
    let stale = |at| story.application.stale(at).collect::<Vec<_>>();
    assert_eq!(stale(came), []);
    assert_eq!(stale(came + day), [(EvidenceKind::Loan, came + day)]);

    // Nobody approves on it; the same again is as good as new.
    story.passes(day.as_secs());
    story.then(claim("ada"), "REVIEW_PENDING", &[]);
    assert_eq!(story.refuses(approve("ada")), Refusal::Stale { kind: EvidenceKind::Loan });
    let mut again = brings(4, EvidenceKind::Loan);
    again.documents[0].fingerprint = samples::document(2, DocumentKind::Dossier).fingerprint;
    again.evidence[0].at = story.now;
    story.then(Event::EvidenceAdded(again), "REVIEW_PENDING", &[]);
    story.then(claim("ada"), "REVIEW_PENDING", &[]);
    story.then(approve("ada"), "APPROVED", &[]);
}
