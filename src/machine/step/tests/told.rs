//! What the provider tells and does not tell: dead sessions, odd codes, data that is late, and
//! how what was suspended goes on.

use super::*;
use crate::machine::call::Cause;
use crate::machine::collection::{Blame, Situation};

const ASKED: &str = "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED";

fn blame(story: &Story) -> Blame {
    let situation = &story.application.collections[0].situation;
    let Situation::Dead { blame, .. } = situation else { panic!("{situation:?}") };
    *blame
}

/// The next session after a dead one.
fn again(story: &mut Story, slot: u32) {
    story.due(ASKED, &[]);
    story.then(story.answers(slot), "COLLECTING OPENING", &["telecom_open"]);
    let destroyed = format!("destroy {slot}");
    story.reply(opened(), "COLLECTING INIT", &[&destroyed, "telecom_state in 3 s"]);
}

#[test]
fn the_provider_starts_over_or_gives_up_and_a_new_session_follows() {
    let mut story = working();
    story.code(1, "COLLECTING RESTART", &[]);
    again(&mut story, 2);
    story.code(42, "COLLECTING COLLECT_FAILED", &[]);
    assert_eq!(blame(&story), Blame::Provider);
    again(&mut story, 3);
    story.reply(refused(), "COLLECTING SESSION_LOST", &[]);
    assert_eq!(blame(&story), Blame::Provider);
    story.due("SUSPENDED PARKED", &[]);
    assert_eq!(story.application.collections[0].parked(), Some(&Cause::SessionsUsedUp));
    // An operator gives it all its sessions again.
    story.then(resume(), ASKED, &[]);
    assert_eq!(story.application.collections[0].attempt, 0);
}

#[test]
fn an_applicant_who_never_answers_uses_the_sessions_up() {
    let mut story = asked_for_code();
    for session in 2..=3 {
        story.due("COLLECTING SESSION_EXPIRED", &["withdraw telecom"]);
        assert_eq!(blame(&story), Blame::Applicant);
        again(&mut story, session);
        story.code(21, "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &["telecom_state in 30 s"]);
    }
    story.due("COLLECTING SESSION_EXPIRED", &["withdraw telecom"]);
    story.due("EXPIRED EXHAUSTED", &[]);
}

#[test]
fn a_provider_that_never_ends_is_parked_and_suspends() {
    let mut story = working();
    for session in 2..=3 {
        story.due("COLLECTING SESSION_EXPIRED", &["withdraw telecom"]);
        assert_eq!(blame(&story), Blame::Provider);
        again(&mut story, session);
    }
    story.due("COLLECTING SESSION_EXPIRED", &["withdraw telecom"]);
    story.due("SUSPENDED PARKED", &[]);
    let suspended = story.now;
    // Both are reminded of daily, for as long as it takes.
    story.due("SUSPENDED PARKED", &[]);
    story.due("SUSPENDED PARKED", &[]);
    assert_eq!(story.now.since(suspended), story.policy.reminder);
}

#[test]
fn refused_data_is_the_applicants_to_mend() {
    let mut story = Story::begins_with(Wanted::Required, Some(1));
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "COLLECTING OPENING", &["telecom_open"]);
    story.reply(refused(), "COLLECTING SESSION_LOST", &["destroy 1"]);
    assert_eq!(blame(&story), Blame::Applicant);
}

#[test]
fn an_optional_collection_that_fails_does_not_block() {
    let mut parked = working_for(Wanted::Optional);
    parked.reply(failed(), "DATA_READY PARKED", &["audit_apply"]);
    let mut exhausted = Story::begins(Wanted::Optional);
    exhausted.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    exhausted.reply(Reply::BlacklistClear, ASKED, &[]);
    exhausted.due("DATA_READY EXHAUSTED", &["audit_apply"]);
}

#[test]
fn an_unknown_code_is_recorded_once() {
    let mut story = working();
    story.code(77, "COLLECTING INIT", &["telecom_state in 3 s"]);
    story.code(77, "COLLECTING INIT", &["quietly telecom_state in 3 s"]);
    story.code(-1, "COLLECTING INIT", &["telecom_state in 3 s"]);
    // Our own states are not the provider's to tell.
    story.code(i64::from(u16::MAX), "COLLECTING INIT", &["telecom_state in 3 s"]);
    story.code(-93, "COLLECTING INIT", &["telecom_state in 3 s"]);
    story.code(11, "COLLECTING SERVICE_PWD_SUBMITTED", &["telecom_state in 3 s"]);
}

#[test]
fn while_data_is_built_the_state_and_the_data_take_turns() {
    let mut story = working();
    story.code(41, "COLLECTING COLLECT_FINISHED", &["telecom_state in 3 s"]);
    story.passes(20);
    story.code(41, "COLLECTING COLLECT_FINISHED", &["quietly telecom_raw_data"]);
    story.reply(Reply::NotReady, "COLLECTING COLLECT_FINISHED", &["quietly telecom_state in 5 s"]);
    let raw = stored(8, DocumentKind::TelecomRawData);
    story.reply(raw, "COLLECTING REPORT_PENDING", &["telecom_report"]);
    story.reply(Reply::NotReady, "COLLECTING REPORT_PENDING", &["quietly telecom_report in 3 s"]);
    story.reply(stored(9, DocumentKind::TelecomReport), "DATA_READY DELIVERED", &["audit_apply"]);
}

#[test]
fn data_that_is_not_ready_is_asked_for_until_its_deadline() {
    let mut story = working();
    story.code(43, "COLLECTING DATA_READY", &["telecom_raw_data"]);
    story.passes(600);
    story.reply(Reply::NotReady, "COLLECTING DATA_READY", &["quietly telecom_raw_data in 10 s"]);
    story.due("SUSPENDED PARKED", &["withdraw telecom"]);
    assert_eq!(story.application.collections[0].parked(), Some(&Cause::DataOverdue));
    // Long after the session's ten minutes: what is finished is not repeated.
    story.passes(86_000);
    story.then(resume(), "COLLECTING DATA_READY", &["telecom_raw_data"]);
    story.reply(stored(8, DocumentKind::TelecomRawData), "COLLECTING REPORT_PENDING", &["telecom_report"]);
    story.reply(failed(), "SUSPENDED PARKED", &[]);
    story.then(resume(), "COLLECTING REPORT_PENDING", &["telecom_report"]);
}

#[test]
fn a_session_that_is_alive_goes_on_where_it_stood() {
    let mut working = working();
    working.code(11, "COLLECTING SERVICE_PWD_SUBMITTED", &["telecom_state in 3 s"]);
    working.reply(failed(), "SUSPENDED PARKED", &[]);
    let poll = ["telecom_state in 3 s"];
    working.then(resume(), "COLLECTING SERVICE_PWD_SUBMITTED", &poll);

    let mut asked = asked_for_code();
    asked.reply(failed(), "SUSPENDED PARKED", &[]);
    let poll = ["telecom_state in 30 s"];
    asked.then(resume(), "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &poll);
    assert_eq!(asked.asked().0, 3);
    asked.then(asked.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    asked.reply(failed(), "SUSPENDED PARKED", &["destroy 2"]);
    asked.then(resume(), "COLLECTING CHECKING", &["telecom_state"]);
    asked.reply(failed(), "SUSPENDED PARKED", &[]);
    asked.passes(600);
    asked.then(resume(), ASKED, &[]);
}

#[test]
fn what_was_handed_over_before_the_stop_is_asked_about_before_it_is_asked_for_again() {
    for (told, situation) in [(11, "COLLECTING SERVICE_PWD_SUBMITTED"), (43, "COLLECTING DATA_READY")] {
        let mut story = asked_for_code();
        story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
        story.reply(failed(), "SUSPENDED PARKED", &["destroy 2"]);
        story.then(resume(), "COLLECTING CHECKING", &["telecom_state"]);
        let call = if told == 43 { "telecom_raw_data" } else { "telecom_state in 3 s" };
        story.code(told, situation, &[call]);
    }

    let mut story = asked_for_code();
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    story.reply(failed(), "SUSPENDED PARKED", &["destroy 2"]);
    story.then(resume(), "COLLECTING CHECKING", &["telecom_state"]);
    story.code(21, "COLLECTING CHECKING", &["telecom_state in 3 s"]);
    story.code(21, "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &["telecom_state in 30 s"]);
}

#[test]
fn an_application_goes_on_where_it_stood() {
    let mut story = Story::begins(Wanted::No);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(failed(), "SUSPENDED", &[]);
    story.then(Event::EvidenceAdded(brings(3, EvidenceKind::Work)), "SUSPENDED", &[]);
    story.due("SUSPENDED", &[]);
    story.then(resume(), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "DATA_READY", &["audit_apply"]);
    story.reply(failed(), "SUSPENDED", &[]);
    story.then(resume(), "DATA_READY", &["audit_apply"]);
    let accepted = Reply::AuditAccepted { open_id: "audit".to_owned() };
    story.reply(accepted, "AUDIT_PENDING", &["audit_result in 5 s"]);
    story.due("SUSPENDED", &["withdraw application"]);
    // The audit is not applied for again: its result is asked for.
    story.then(resume(), "AUDIT_PENDING", &["audit_result"]);
    story.reply(refused(), "SUSPENDED", &[]);
    story.then(cancel(), "CANCELLED", &[]);
}
