//! What is tried, asked and waited for has an end.

use super::*;

#[test]
fn refused_codes_use_up_the_answers_as_well() {
    let mut story = asked_for_code();
    for slot in 11..15 {
        story.then(story.answers(slot), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
        let effects = [&*format!("destroy {slot}"), "telecom_state in 30 s"];
        story.reply(refused(), "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &effects);
    }
    assert_eq!(story.asked().2, 1);
    story.then(story.answers(15), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    story.reply(refused(), "COLLECTING SESSION_LOST", &["destroy 15"]);
}

#[test]
fn another_kind_of_question_has_answers_of_its_own() {
    let mut story = asked_for_code();
    story.then(story.answers(11), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    let effects = ["destroy 11", "telecom_state in 30 s"];
    story.reply(refused(), "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &effects);
    story.code(31, "CAPTCHA_REQUIRED QUERY_PWD_REQUIRED", &["telecom_state in 30 s"]);
    assert_eq!(story.asked().2, Policy::default().answers);
}

#[test]
fn a_provider_that_refuses_its_list_of_banks_is_asked_as_often_as_for_a_session() {
    let wishes = vec![Wish { kind: CollectionKind::Ebank, required: true }];
    let mut story = Story::begins_of(wishes, None);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "COLLECTING BANKS_PENDING", &["ebank_banks"]);
    for _again in 1..Policy::default().sessions {
        story.reply(refused(), "COLLECTING SESSION_LOST", &[]);
        story.due("COLLECTING BANKS_PENDING", &["ebank_banks"]);
    }
    story.reply(refused(), "COLLECTING SESSION_LOST", &[]);
    story.due("SUSPENDED PARKED", &[]);
}

#[test]
fn an_outage_counts_for_a_deadline_from_when_it_was_set_whatever_the_state_since() {
    let wishes = vec![Wish { kind: CollectionKind::Ebank, required: true }];
    let mut story = Story::begins_of(wishes, None);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "COLLECTING BANKS_PENDING", &["ebank_banks"]);
    let banks = stored(7, DocumentKind::BankList);
    story.reply(banks, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    let application_since = story.application.counted;
    story.passes(60);
    story.then(story.answers(1), "COLLECTING LICENSING", &["ebank_license"]);
    story.reply(Reply::Accepted { told: None }, "COLLECTING OPENING", &["ebank_open"]);
    story.reply(opened(), "COLLECTING INIT", &["destroy 1", "ebank_state in 3 s"]);
    let opened_at = story.now;
    story.passes(500);
    story.code(6, "CAPTCHA_REQUIRED MSG_CAPTCHA_REQUIRED", &["ebank_state in 30 s"]);
    assert_eq!(story.application.collections[0].excused_since(), Some(opened_at));
    // The application's own deadline is that of before, through every change between its states.
    assert_eq!(story.application.counted, application_since);
}

#[test]
fn a_state_that_nobody_knows_proves_nothing_of_what_was_handed_over() {
    let mut story = asked_for_code();
    story.code(24, "CAPTCHA_REQUIRED CAPTCHA_RESEND", &["telecom_state in 30 s"]);
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    story.reply(Reply::Lost, "COLLECTING CHECKING", &["telecom_state"]);
    story.code(24, "COLLECTING CHECKING", &["telecom_state in 3 s"]);
    story.code(99, "COLLECTING CHECKING", &["destroy 2", "telecom_state in 3 s"]);
    // Without it the same would be submitted once more: the applicant is asked anew instead.
    story.code(24, "CAPTCHA_REQUIRED CAPTCHA_RESEND", &["telecom_state in 30 s"]);
}

#[test]
fn a_code_that_nobody_knows_is_recorded_wherever_it_is_told() {
    let mut story = asked_for_code();
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw telecom", "telecom_captcha"]);
    let taken = Reply::Accepted { told: Some(Told::plain(77, String::new())) };
    story.reply(taken, "COLLECTING CAPTCHA_SUBMITTED", &["destroy 2", "telecom_state in 3 s"]);
    let session = story.application.collections[0].situation.session().unwrap();
    assert_eq!(session.odd, Some(77));
}

#[test]
fn who_is_asked_for_another_session_is_told_why() {
    let mut story = Story::begins(Wanted::Required);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story.then(story.answers(1), "COLLECTING OPENING", &["telecom_open"]);
    story.reply(refused(), "COLLECTING SESSION_LOST", &["destroy 1"]);
    story.due("CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    assert_eq!(story.asked().3, "no");
}
