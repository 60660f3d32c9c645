//! Lives of applications as they are meant to go, and as people make them go.

use super::*;

#[test]
fn with_telecom_it_is_collected_audited_and_approved() {
    let mut story = Story::begins(Wanted::Required);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    assert_eq!(story.asked(), (1, ChallengeKind::ServicePassword, 1, ""));
    story.passes(60);
    story.then(story.answers(1), "COLLECTING OPENING", &["telecom_open"]);
    story.reply(opened(), "COLLECTING INIT", &["destroy 1", "telecom_state in 3 s"]);
    story.passes(3);
    story.code(0, "COLLECTING INIT", &["quietly telecom_state in 3 s"]);
    story.code(11, "COLLECTING SERVICE_PWD_SUBMITTED", &["telecom_state in 3 s"]);
    story.passes(20);
    story.code(11, "COLLECTING SERVICE_PWD_SUBMITTED", &["quietly telecom_state in 5 s"]);
    story.code(21, "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &["telecom_state in 30 s"]);
    assert_eq!(story.asked(), (2, ChallengeKind::SmsCode, 5, "told 21"));
    story.code(21, "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &["quietly telecom_state in 30 s"]);
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    story.reply(
        Reply::Accepted { told: None },
        "COLLECTING CAPTCHA_SUBMITTED",
        &["destroy 2", "telecom_state in 3 s"],
    );
    story.code(41, "COLLECTING COLLECT_FINISHED", &["telecom_state in 3 s"]);
    story.code(43, "COLLECTING DATA_READY", &["telecom_raw_data"]);
    let raw = stored(8, DocumentKind::TelecomRawData);
    story.reply(raw, "COLLECTING REPORT_PENDING", &["telecom_report"]);
    story.reply(stored(9, DocumentKind::TelecomReport), "DATA_READY DELIVERED", &["audit_apply"]);
    let accepted = Reply::AuditAccepted { open_id: "audit".to_owned() };
    story.reply(accepted, "AUDIT_PENDING DELIVERED", &["audit_result in 5 s"]);
    story.passes(100);
    story.reply(Reply::AuditRunning, "AUDIT_PENDING DELIVERED", &["quietly audit_result in 25 s"]);
    story.passes(400);
    story.reply(Reply::AuditRunning, "AUDIT_PENDING DELIVERED", &["quietly audit_result in 60 s"]);
    story.reply(Reply::AuditApproved, "APPROVED DELIVERED", &[]);
    assert_eq!(story.application.documents.len(), 4);
    assert_eq!(story.application.answers().count(), 0);
}

#[test]
fn without_collections_the_audit_follows_the_blacklist() {
    let mut story = Story::begins(Wanted::No);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "DATA_READY", &["audit_apply"]);
    story.reply(Reply::AuditAccepted { open_id: "a".to_owned() }, "AUDIT_PENDING", &["audit_result in 5 s"]);
    story.reply(Reply::AuditRejected { reason: "too young".to_owned() }, "REJECTED", &[]);
}

#[test]
fn who_is_on_the_blacklist_is_rejected_without_audit() {
    let mut story = Story::begins_with(Wanted::Required, Some(1));
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistHit, "REJECTED", &["destroy 1"]);
}

#[test]
fn evidence_that_never_comes_lets_it_expire() {
    let mut story = Story::begins_with(Wanted::Required, Some(1));
    story.due("EXPIRED", &["destroy 1"]);
    assert_eq!(story.now.since(samples::NOW), Duration::from_secs(72 * 3600));
}

#[test]
fn a_wrong_code_is_asked_for_again_until_the_answers_are_used_up() {
    let mut story = asked_for_code();
    for wrong in 1..=5 {
        let slot = 10 + wrong;
        assert_eq!(story.asked().2, 6 - wrong as u8);
        story.then(story.answers(slot), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
        let destroyed = format!("destroy {slot}");
        story.reply(
            Reply::Accepted { told: None },
            "COLLECTING CAPTCHA_SUBMITTED",
            &[&destroyed, "telecom_state in 3 s"],
        );
        if wrong < 5 {
            story.code(23, "CAPTCHA_REQUIRED CAPTCHA_ERROR", &["telecom_state in 30 s"]);
            assert_eq!(story.asked().3, "told 23");
        }
    }
    story.code(23, "COLLECTING SESSION_LOST", &[]);
    story.due("CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    assert_eq!(story.application.collections[0].attempt, 1);
}

#[test]
fn a_refused_code_is_asked_for_again_with_what_the_provider_said() {
    let mut story = asked_for_code();
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    let effects = ["destroy 2", "telecom_state in 30 s"];
    story.reply(refused(), "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &effects);
    assert_eq!(story.asked(), (3, ChallengeKind::SmsCode, 4, "no"));
}

#[test]
fn another_code_can_be_ordered() {
    let mut story = asked_for_code();
    story.then(story.resend(), "COLLECTING RESENDING", &["withdraw telecom", "telecom_resend"]);
    assert_eq!(story.refuses(Event::ResendRequested { challenge: 2 }), closed(2));
    story.reply(
        Reply::Accepted { told: None },
        "CAPTCHA_REQUIRED CAPTCHA_RESEND",
        &["telecom_state in 30 s"],
    );
    assert_eq!(story.asked(), (3, ChallengeKind::SmsCode, 5, ""));
}

#[test]
fn a_refused_order_of_another_code_leaves_the_question_open() {
    let mut story = asked_for_code();
    story.then(story.resend(), "COLLECTING RESENDING", &["withdraw telecom", "telecom_resend"]);
    story.reply(refused(), "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &["telecom_state in 30 s"]);
    assert_eq!(story.asked(), (2, ChallengeKind::SmsCode, 5, "no"));
}

#[test]
fn a_query_password_is_asked_checked_and_asked_again() {
    let mut story = working();
    story.code(31, "CAPTCHA_REQUIRED QUERY_PWD_REQUIRED", &["telecom_state in 30 s"]);
    assert_eq!(story.asked(), (2, ChallengeKind::QueryPassword, 5, "told 31"));
    let not_drawn = story.refuses(story.resend());
    let (machine, state) = ("telecom", "QUERY_PWD_REQUIRED");
    assert_eq!(not_drawn, Refusal::NotAllowed { machine, state, event: "ResendRequested" });
    let submitted = ["withdraw telecom", "telecom_query_password"];
    story.then(story.answers(2), "COLLECTING SUBMITTING", &submitted);
    let accepted = ["destroy 2", "telecom_state in 3 s"];
    story.reply(Reply::Accepted { told: None }, "COLLECTING QUERY_PWD_SUBMITTED", &accepted);
    story.code(33, "CAPTCHA_REQUIRED QUERY_PWD_ERROR", &["telecom_state in 30 s"]);
    assert_eq!(story.asked(), (3, ChallengeKind::QueryPassword, 4, "told 33"));
}

#[test]
fn a_question_is_answered_once_and_with_what_it_asks_for() {
    let mut story = asked_for_code();
    let answer = |challenge, kind| Event::AnswerSubmitted { challenge, kind, answer: samples::answer(9) };
    let wrong = Refusal::WrongKind { asked: ChallengeKind::SmsCode, answered: ChallengeKind::QueryPassword };
    assert_eq!(story.refuses(answer(2, ChallengeKind::QueryPassword)), wrong);
    assert_eq!(story.refuses(answer(1, ChallengeKind::ServicePassword)), closed(1));
    for challenge in [0, 3] {
        let unknown = Refusal::UnknownChallenge { challenge };
        assert_eq!(story.refuses(answer(challenge, ChallengeKind::SmsCode)), unknown);
    }
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    assert_eq!(story.refuses(answer(2, ChallengeKind::SmsCode)), closed(2));
}

const fn closed(challenge: u32) -> Refusal {
    Refusal::ClosedChallenge { challenge }
}

#[test]
fn evidence_is_replaced_repeated_and_must_agree() {
    let mut story = Story::begins(Wanted::Required);
    let again = Event::EvidenceAdded(brings(1, EvidenceKind::Identity));
    story.then(again.clone(), "INIT", &["nothing"]);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Identity)), "INIT", &[]);
    assert_eq!(story.application.evidence, [samples::evidence(EvidenceKind::Identity, 2)]);
    assert_eq!(story.application.documents.len(), 2);

    let mut other = brings(3, EvidenceKind::Loan);
    other.phone = Some([9; 16]);
    assert_eq!(story.refuses(Event::EvidenceAdded(other)), Refusal::Disagrees { field: "phone" });
    let mut taken = brings(2, EvidenceKind::Loan);
    taken.documents[0].fingerprint = [9; 16];
    assert_eq!(story.refuses(Event::EvidenceAdded(taken)), Refusal::DocumentTaken { number: 2 });
    let mut many = brings(3, EvidenceKind::Loan);
    many.documents = (3..).map(|number| samples::document(number, DocumentKind::Dossier)).take(199).collect();
    assert_eq!(story.refuses(Event::EvidenceAdded(many)), Refusal::TooManyDocuments);

    let mut identified = brings(4, EvidenceKind::Loan);
    identified.identity = Some([2; 16]);
    story.then(Event::EvidenceAdded(identified), "INIT", &["blacklist"]);
    let mut disagrees = brings(5, EvidenceKind::Loan);
    disagrees.identity = Some([3; 16]);
    let field = "identity number";
    assert_eq!(story.refuses(Event::EvidenceAdded(disagrees)), Refusal::Disagrees { field });
    // More evidence while the blacklist is asked does not ask it twice.
    story.then(Event::EvidenceAdded(brings(6, EvidenceKind::Loan)), "INIT", &[]);
    story.reply(Reply::BlacklistClear, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story.then(
        Event::EvidenceAdded(brings(7, EvidenceKind::Work)),
        "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED",
        &[],
    );
    // What was replaced is new again: the first identity, after the second.
    let mut first = brings(8, EvidenceKind::Identity);
    first.documents[0].fingerprint = [1; 16];
    story.then(Event::EvidenceAdded(first), "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story.then(again, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &["nothing"]);
}

#[test]
fn a_push_repeated_is_known_although_the_other_brought_the_same_kind() {
    let push = |number: u32, kind: DocumentKind| {
        let mut added = brings(number, EvidenceKind::Loan);
        added.documents.push(samples::document(number + 100, kind));
        Event::EvidenceAdded(added)
    };
    let mut story = Story::begins(Wanted::Required);
    story.then(push(2, DocumentKind::BasePush), "INIT", &["blacklist"]);
    story.then(push(3, DocumentKind::AdditionalPush), "INIT", &[]);
    story.then(push(2, DocumentKind::BasePush), "INIT", &["nothing"]);
    story.then(push(3, DocumentKind::AdditionalPush), "INIT", &["nothing"]);
    story.reply(Reply::BlacklistHit, "REJECTED", &[]);
    story.then(push(2, DocumentKind::BasePush), "REJECTED", &["nothing"]);
}

#[test]
fn the_additional_push_tells_the_amount_whichever_comes_first() {
    let push = |number: u32, kind: DocumentKind| {
        let mut added = brings(number, EvidenceKind::Loan);
        added.documents.push(samples::document(number + 100, kind));
        Event::EvidenceAdded(added)
    };
    let loan = |story: &Story| {
        let held = story.application.evidence.iter().find(|held| held.kind == EvidenceKind::Loan);
        held.map(|held| held.document)
    };
    let mut story = Story::begins(Wanted::Required);
    story.then(push(2, DocumentKind::BasePush), "INIT", &["blacklist"]);
    assert_eq!(loan(&story), Some(2));
    story.then(push(3, DocumentKind::AdditionalPush), "INIT", &[]);
    assert_eq!(loan(&story), Some(3));
    let mut story = Story::begins(Wanted::Required);
    story.then(push(3, DocumentKind::AdditionalPush), "INIT", &["blacklist"]);
    story.then(push(2, DocumentKind::BasePush), "INIT", &[]);
    assert_eq!(loan(&story), Some(3));
    assert_eq!(story.application.documents.len(), 5, "what the other push said is kept");
    // An amount that a service gives by itself still takes the place of any.
    story.then(Event::EvidenceAdded(brings(4, EvidenceKind::Loan)), "INIT", &[]);
    assert_eq!(loan(&story), Some(4));
}

#[test]
fn credentials_that_are_of_no_use_are_destroyed_at_once() {
    let with_password = |number, slot| {
        let mut added = brings(number, EvidenceKind::Work);
        added.credentials = Some(samples::answer(slot));
        Event::EvidenceAdded(added)
    };
    let mut story = Story::begins_with(Wanted::Required, Some(1));
    story.then(with_password(2, 2), "INIT", &["destroy 1"]);
    let mut nothing_to_collect = Story::begins(Wanted::No);
    nothing_to_collect.then(with_password(2, 2), "INIT", &["destroy 2"]);
    let mut under_way = working();
    under_way.then(with_password(3, 3), "COLLECTING INIT", &["destroy 3"]);
}

#[test]
fn what_is_called_off_is_dropped_and_what_comes_after_is_kept_only() {
    let mut story = asked_for_code();
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    let effect = story.application.outbox[0].id;
    let late = |reply| Event::Replied { effect, reply };
    story.then(cancel(), "CANCELLED SUBMITTING", &["withdraw telecom", "destroy 2"]);
    story.then(late(Reply::Accepted { told: None }), "CANCELLED SUBMITTING", &[]);
    let told = Reply::State(Told::plain(41, String::new()));
    story.then(late(told), "CANCELLED SUBMITTING", &["nothing"]);
    let documents = story.application.documents.len();
    story.then(late(stored(20, DocumentKind::TelecomRawData)), "CANCELLED SUBMITTING", &[]);
    assert_eq!(story.application.documents.len(), documents + 1);
    story.then(Event::Due, "CANCELLED SUBMITTING", &["nothing"]);
    let not_drawn = |event| Refusal::NotAllowed { machine: "application", state: "CANCELLED", event };
    assert_eq!(story.refuses(cancel()), not_drawn("CancelRequested"));
    assert_eq!(story.refuses(resume()), not_drawn("ResumeRequested"));
    let evidence = Event::EvidenceAdded(brings(30, EvidenceKind::Loan));
    assert_eq!(story.refuses(evidence), not_drawn("EvidenceAdded"));
    let answer = samples::answer(3);
    let answer = Event::AnswerSubmitted { challenge: 2, kind: ChallengeKind::SmsCode, answer };
    assert_eq!(story.refuses(answer), closed(2));
}
