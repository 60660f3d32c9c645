//! The answer is lost: what each class of calls does about it.

use super::*;
use crate::machine::call::{Call, CallClass};

/// Code ordered anew and submitted, answer lost, state asked.
fn checking() -> Story {
    let mut story = asked_for_code();
    story.then(story.resend(), "COLLECTING RESENDING", &["withdraw telecom", "telecom_resend"]);
    story.reply(
        Reply::Accepted { told: None },
        "CAPTCHA_REQUIRED CAPTCHA_RESEND",
        &["telecom_state in 30 s"],
    );
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    assert_eq!(story.application.outbox[0].call.class(), CallClass::PollFirst);
    // The key of the answer lives on: a session still in 24 cannot have processed it.
    story.reply(Reply::Lost, "COLLECTING CHECKING", &["telecom_state"]);
    story
}

#[test]
fn poll_first_what_may_have_been_processed_is_never_submitted_again() {
    // After 21 a second code may be wanted, 23 is also where a wrong one leads.
    for asked in [21, 23] {
        let mut story = asked_for_code();
        if asked == 23 {
            story.code(23, "CAPTCHA_REQUIRED CAPTCHA_ERROR", &["telecom_state in 30 s"]);
        }
        story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
        story.reply(Reply::Lost, "COLLECTING CHECKING", &["destroy 2", "telecom_state"]);
        story.code(asked, "COLLECTING CHECKING", &["telecom_state in 3 s"]);
        let state = if asked == 21 { "CAPTCHA_REQUIRED" } else { "CAPTCHA_ERROR" };
        story.code(asked, &format!("CAPTCHA_REQUIRED {state}"), &["telecom_state in 30 s"]);
    }
}

#[test]
fn repeat_what_only_asks_is_asked_again_without_the_core() {
    let open_id = || samples::OPEN_ID.to_owned();
    for call in [
        Call::Blacklist,
        Call::AuditResult { open_id: open_id() },
        Call::TelecomState { open_id: open_id() },
        Call::TelecomRawData { open_id: open_id() },
        Call::TelecomReport { open_id: open_id() },
    ] {
        assert_eq!(call.class(), CallClass::Repeat, "{call:?}");
        assert!(call.answer().is_none(), "what carries an answer is never repeated blindly");
    }
}

#[test]
fn what_may_be_audited_is_not_replaced() {
    let brings_work = || Event::EvidenceAdded(brings(3, EvidenceKind::Work));
    let no = Refusal::NotAllowed { machine: "application", state: "SUSPENDED", event: "EvidenceAdded" };
    let mut story = Story::begins(Wanted::No);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "DATA_READY", &["audit_apply"]);
    // Whether it was taken nobody knows: it is applied for again under the same number.
    story.reply(failed(), "SUSPENDED", &[]);
    assert_eq!(story.refuses(brings_work()), no);
    story.then(resume(), "DATA_READY", &["audit_apply"]);
    // The provider has said no: what was wrong can be mended.
    story.reply(refused(), "SUSPENDED", &[]);
    story.then(brings_work(), "SUSPENDED", &[]);
    story.then(resume(), "DATA_READY", &["audit_apply"]);
    story.reply(Reply::AuditAccepted { open_id: "a".to_owned() }, "AUDIT_PENDING", &["audit_result in 5 s"]);
    story.due("SUSPENDED", &["withdraw application"]);
    assert_eq!(story.refuses(Event::EvidenceAdded(brings(4, EvidenceKind::Device))), no);
}

#[test]
fn same_key_the_audit_is_applied_for_under_the_same_number() {
    let mut story = Story::begins(Wanted::No);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "DATA_READY", &["audit_apply"]);
    assert_eq!(story.application.outbox[0].call.class(), CallClass::SameKey);
    let order_id = story.application.order_id;
    story.reply(refused(), "SUSPENDED", &[]);
    story.then(resume(), "DATA_READY", &["audit_apply"]);
    assert_eq!(story.application.order_id, order_id);
}

#[test]
fn poll_first_moved_on_means_it_was_taken() {
    let mut story = checking();
    story.code(22, "COLLECTING CAPTCHA_SUBMITTED", &["destroy 2", "telecom_state in 3 s"]);
    let mut wrong = checking();
    wrong.code(23, "CAPTCHA_REQUIRED CAPTCHA_ERROR", &["destroy 2", "telecom_state in 30 s"]);
}

#[test]
fn poll_first_still_asking_twice_submits_once_more_and_then_asks_anew() {
    let mut story = checking();
    story.code(24, "COLLECTING CHECKING", &["telecom_state in 3 s"]);
    story.code(24, "COLLECTING SUBMITTING", &["telecom_captcha"]);
    story.reply(Reply::Lost, "COLLECTING CHECKING", &["destroy 2", "telecom_state"]);
    story.code(24, "COLLECTING CHECKING", &["telecom_state in 3 s"]);
    story.code(24, "CAPTCHA_REQUIRED CAPTCHA_RESEND", &["telecom_state in 30 s"]);
    assert_eq!(story.asked(), (4, ChallengeKind::SmsCode, 4, "told 24"));
}

#[test]
fn poll_first_submitted_once_more_is_taken() {
    let mut story = checking();
    story.code(24, "COLLECTING CHECKING", &["telecom_state in 3 s"]);
    story.code(24, "COLLECTING SUBMITTING", &["telecom_captcha"]);
    let accepted = ["destroy 2", "telecom_state in 3 s"];
    story.reply(Reply::Accepted { told: None }, "COLLECTING CAPTCHA_SUBMITTED", &accepted);
}

#[test]
fn poll_first_a_lost_order_of_a_code_is_not_ordered_again() {
    let mut story = asked_for_code();
    story.then(story.resend(), "COLLECTING RESENDING", &["withdraw telecom", "telecom_resend"]);
    story.reply(Reply::Lost, "COLLECTING CHECKING", &["telecom_state"]);
    story.code(21, "COLLECTING CHECKING", &["telecom_state in 3 s"]);
    story.code(21, "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &["telecom_state in 30 s"]);
}

#[test]
fn an_answer_kept_for_once_more_is_destroyed_with_what_ends() {
    let mut cancelled = checking();
    cancelled.then(cancel(), "CANCELLED CHECKING", &["withdraw telecom", "destroy 2"]);
    assert_eq!(cancelled.application.answers().count(), 0);
    let mut parked = checking();
    parked.reply(failed(), "SUSPENDED PARKED", &["destroy 2"]);
    let mut expired = checking();
    expired.due("COLLECTING SESSION_EXPIRED", &["withdraw telecom", "destroy 2"]);
    let mut dead = checking();
    dead.code(42, "COLLECTING COLLECT_FAILED", &["destroy 2"]);
}

#[test]
fn new_session_what_may_have_been_opened_is_abandoned() {
    let mut story = Story::begins_with(Wanted::Required, Some(1));
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "COLLECTING OPENING", &["telecom_open"]);
    assert_eq!(story.application.outbox[0].call.class(), CallClass::NewSession);
    let opening = story.application.outbox[0].id;
    story.reply(Reply::Lost, "COLLECTING SESSION_LOST", &["destroy 1"]);
    story.due("CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    // The id arrives after all: it is journaled, never applied.
    let late = Event::Replied { effect: opening, reply: opened() };
    story.then(late, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story.then(story.answers(2), "COLLECTING OPENING", &["telecom_open"]);
    assert_eq!(story.application.collections[0].attempt, 2);
}

#[test]
fn a_reply_that_does_not_fit_its_call_parks_and_never_strands() {
    let mut opening = Story::begins_with(Wanted::Required, Some(1));
    opening.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    opening.reply(Reply::BlacklistClear, "COLLECTING OPENING", &["telecom_open"]);
    opening.code(21, "SUSPENDED PARKED", &["destroy 1"]);

    let mut applying = Story::begins(Wanted::No);
    applying.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    applying.reply(Reply::BlacklistClear, "DATA_READY", &["audit_apply"]);
    applying.reply(Reply::AuditApproved, "SUSPENDED", &[]);
    applying.then(resume(), "DATA_READY", &["audit_apply"]);
    applying.reply(Reply::Accepted { told: None }, "SUSPENDED", &[]);

    let mut polling = working();
    polling.reply(Reply::Lost, "SUSPENDED PARKED", &[]);

    let mut fetching = working();
    fetching.code(43, "COLLECTING DATA_READY", &["telecom_raw_data"]);
    fetching.reply(stored(8, DocumentKind::TelecomReport), "SUSPENDED PARKED", &[]);
    assert_eq!(fetching.application.documents.len(), 3, "what was brought is kept");
}
