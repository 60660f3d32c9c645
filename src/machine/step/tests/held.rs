//! What operators do: hold and release, retry, restart.

use super::*;
use crate::machine::application::Phase;

const HOUR: Duration = Duration::from_secs(3600);

fn hold() -> Event {
    Event::HoldRequested { by: samples::by() }
}

fn release() -> Event {
    Event::ReleaseRequested { by: samples::by() }
}

fn retry() -> Event {
    Event::RetryRequested { by: samples::by() }
}

fn restart() -> Event {
    Event::RestartRequested { collection: CollectionKind::Telecom, by: samples::by() }
}

/// Waits for the service password.
fn needing() -> Story {
    let mut story = Story::begins(Wanted::Required);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story
}

#[test]
fn what_is_held_waits_for_nothing_but_the_reminder() {
    let mut story = needing();
    let former = story.application.wake();
    story.then(hold(), "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    let reminder = story.now + story.policy.reminder;
    assert_ne!(former, Some(reminder));
    assert_eq!(story.application.wake(), Some(reminder));
    story.due("CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    assert_eq!(story.application.wake(), Some(reminder + story.policy.reminder));
}

#[test]
fn what_others_bring_is_taken_in_and_its_calls_wait_for_the_release() {
    let mut story = needing();
    story.then(hold(), "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story.then(story.answers(1), "COLLECTING OPENING", &["telecom_open"]);
    // The call is asked for, yet nothing wakes it up.
    let (at, _) = story.application.deadline().unwrap();
    assert_eq!(story.application.wake(), Some(at));
    story.passes(600);
    story.then(release(), "COLLECTING OPENING", &["hurry telecom_open"]);
    let pending = story.application.pending(Slot::Collection(CollectionKind::Telecom)).unwrap();
    assert_eq!((pending.due, pending.until), (story.now, story.now + story.policy.call_budget));
    assert_eq!(story.application.wake(), Some(story.now));
}

#[test]
fn our_deadlines_are_later_by_the_time_held_and_the_providers_are_not() {
    let mut story = needing();
    let before = (deadline_of(&story), story.application.open_challenges().next().unwrap().deadline);
    story.then(hold(), "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story.passes(3600);
    // Held again for another reason: it is still held since the first.
    story.then(hold(), "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story.passes(3600);
    story.then(release(), "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    let after = (deadline_of(&story), story.application.open_challenges().next().unwrap().deadline);
    assert_eq!(after, (before.0 + 2 * HOUR, before.1 + 2 * HOUR));

    let mut asked = asked_for_code();
    let session = asked.application.deadline();
    asked.then(hold(), "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &[]);
    asked.passes(3600);
    asked.then(release(), "CAPTCHA_REQUIRED CAPTCHA_REQUIRED", &["hurry telecom_state"]);
    assert_eq!(asked.application.deadline(), session);
    asked.then(Event::Due, "COLLECTING SESSION_EXPIRED", &["withdraw telecom"]);
}

fn deadline_of(story: &Story) -> Time {
    let Phase::CaptchaRequired { deadline } = story.application.phase else {
        panic!("{:?}", story.application.phase)
    };
    deadline
}

#[test]
fn who_is_not_held_cannot_be_released_and_who_waits_for_no_call_not_retried() {
    let mut story = needing();
    assert_eq!(story.refuses(release()), Refusal::NotHeld);
    assert_eq!(story.refuses(retry()), Refusal::NothingToRetry);
    story.then(hold(), "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story.then(Event::CancelRequested { reason: "no".to_owned() }, "CANCELLED CREDENTIALS_REQUIRED", &[]);
    assert_eq!(story.application.held, None);
    let (machine, state) = ("application", "CANCELLED");
    for (event, name) in [(hold(), "HoldRequested"), (release(), "ReleaseRequested")] {
        assert_eq!(story.refuses(event), Refusal::NotAllowed { machine, state, event: name });
    }
}

#[test]
fn a_retry_makes_the_waiting_call_now_with_its_whole_budget() {
    let mut story = Story::begins(Wanted::No);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.passes(120);
    story.then(retry(), "INIT", &["hurry blacklist"]);
    let pending = story.application.pending(Slot::Application).unwrap();
    assert_eq!((pending.due, pending.until), (story.now, story.now + story.policy.call_budget));
}

#[test]
fn a_restart_abandons_the_session_and_gives_all_attempts_again() {
    let asked = ("CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &["withdraw telecom"]);
    let mut story = asked_for_code();
    story.then(restart(), asked.0, asked.1);
    assert_eq!(story.application.collections[0].attempt, 0);
    story.then(story.answers(5), "COLLECTING OPENING", &["telecom_open"]);
    // The answer of the abandoned session goes with it.
    story.then(restart(), asked.0, &["withdraw telecom", "destroy 5"]);
    let early = Story::begins(Wanted::No);
    let refusal = Refusal::NotAllowed { machine: "application", state: "INIT", event: "RestartRequested" };
    assert_eq!(early.refuses(restart()), refusal);
}
