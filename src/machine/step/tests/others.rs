//! The other collections in stories: degree, both versions of e-banking, several at once.

use super::*;
use crate::machine::challenge::{Agreement, Exhibit};
use crate::machine::collection::Situation;

fn wish(kind: CollectionKind, required: bool) -> Wish {
    Wish { kind, required }
}

/// A product with these collections, as they begin.
fn begun(wishes: &[Wish], stands: &str, effects: &[&str]) -> Story {
    let mut story = Story::begins_of(wishes.to_vec(), None);
    story.then(Event::EvidenceAdded(brings(2, EvidenceKind::Loan)), "INIT", &["blacklist"]);
    story.reply(Reply::BlacklistClear, stands, effects);
    story
}

fn accepted(code: i64) -> Reply {
    Reply::Accepted { told: Some(Told::plain(code, format!("told {code}"))) }
}

/// A state with a picture.
fn pictured(number: u32) -> Reply {
    let picture = Some(samples::document(number, DocumentKind::Picture));
    Reply::State(Told { picture, ..Told::plain(4, String::new()) })
}

fn opened_v2() -> Reply {
    Reply::Opened { open_id: samples::OPEN_ID.to_owned(), agreement: Some(Agreement::Jianguo) }
}

fn shown(story: &Story) -> Option<Exhibit> {
    story.application.open_challenges().next().expect("something is asked").exhibit
}

#[test]
fn a_degree_is_collected_with_an_account_that_is_wrong_at_first() {
    let wishes = [wish(CollectionKind::Degree, true)];
    let mut story = begun(&wishes, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    assert_eq!(story.asked().1, ChallengeKind::DegreeAccount);
    story.then(story.answers(1), "COLLECTING OPENING", &["degree_open"]);
    story.reply(opened(), "COLLECTING SUBMITTING", &["degree_login"]);
    let effects = ["destroy 1", "degree_state in 30 s"];
    story.reply(refused(), "CAPTCHA_REQUIRED INIT", &effects);
    assert_eq!(story.asked(), (2, ChallengeKind::DegreeAccount, 4, "no"));
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw degree", "degree_login"]);
    let taken = ["destroy 2", "degree_state in 3 s"];
    story.reply(Reply::Accepted { told: None }, "COLLECTING PWD_SUBMITTED", &taken);
    story.code(21, "COLLECTING COLLECT_FINISHED", &["degree_raw_data"]);
    story.reply(Reply::NotReady, "COLLECTING COLLECT_FINISHED", &["quietly degree_raw_data in 3 s"]);
    story.reply(stored(8, DocumentKind::DegreeRawData), "DATA_READY DELIVERED", &["audit_apply"]);
    assert_eq!(story.application.collections[0].raw_data(), Some(8));
}

#[test]
fn a_lost_login_is_submitted_once_more_where_the_state_proves_that_it_was_not_processed() {
    let wishes = [wish(CollectionKind::Degree, true)];
    let mut story = begun(&wishes, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story.then(story.answers(1), "COLLECTING OPENING", &["degree_open"]);
    story.reply(opened(), "COLLECTING SUBMITTING", &["degree_login"]);
    story.reply(Reply::Lost, "COLLECTING CHECKING", &["degree_state"]);
    story.code(0, "COLLECTING CHECKING", &["degree_state in 3 s"]);
    story.code(0, "COLLECTING SUBMITTING", &["degree_login"]);
    // Lost again: nobody submits it a third time.
    story.reply(Reply::Lost, "COLLECTING CHECKING", &["destroy 1", "degree_state"]);
    story.code(0, "COLLECTING CHECKING", &["degree_state in 3 s"]);
    story.code(0, "CAPTCHA_REQUIRED INIT", &["degree_state in 30 s"]);
}

#[test]
fn a_bank_is_chosen_and_asks_for_all_it_can() {
    let wishes = [wish(CollectionKind::Ebank, true)];
    let mut story = begun(&wishes, "COLLECTING BANKS_PENDING", &["ebank_banks"]);
    let banks = stored(7, DocumentKind::BankList);
    story.reply(banks, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    assert_eq!(story.asked().1, ChallengeKind::BankLogin);
    assert_eq!(shown(&story), Some(Exhibit::Banks { document: 7, agreement: Agreement::Ebank }));
    story.then(story.answers(1), "COLLECTING LICENSING", &["ebank_license"]);
    story.reply(Reply::Accepted { told: None }, "COLLECTING OPENING", &["ebank_open"]);
    story.reply(opened(), "COLLECTING INIT", &["destroy 1", "ebank_state in 3 s"]);
    story.reply(pictured(31), "CAPTCHA_REQUIRED PIC_CAPTCHA_REQUIRED", &["ebank_state in 30 s"]);
    assert_eq!(shown(&story), Some(Exhibit::Picture { document: 31, fingerprint: [31; 16] }));
    // The same picture is no news, another one is another question.
    story.reply(pictured(31), "CAPTCHA_REQUIRED PIC_CAPTCHA_REQUIRED", &["quietly ebank_state in 30 s"]);
    story.reply(pictured(32), "CAPTCHA_REQUIRED PIC_CAPTCHA_REQUIRED", &["ebank_state in 30 s"]);
    assert_eq!(story.asked().0, 3);
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw ebank", "ebank_captcha"]);
    story.reply(accepted(5), "COLLECTING PIC_CAPTCHA_SUBMITTED", &["destroy 2", "ebank_state in 3 s"]);
    // It was wrong: what was asked for last is asked for again, with the picture of then.
    story.code(8, "CAPTCHA_REQUIRED CAPTCHA_ERROR", &["ebank_state in 30 s"]);
    assert_eq!(story.asked().1, ChallengeKind::PictureCaptcha);
    assert_eq!(shown(&story), Some(Exhibit::Picture { document: 32, fingerprint: [32; 16] }));
    story.then(story.answers(3), "COLLECTING SUBMITTING", &["withdraw ebank", "ebank_captcha"]);
    // The provider still says 8: it took the answer all the same.
    story.reply(accepted(8), "COLLECTING PIC_CAPTCHA_SUBMITTED", &["destroy 3", "ebank_state in 3 s"]);
    story.code(2, "CAPTCHA_REQUIRED DYNAMIC_PWD_REQUIRED", &["ebank_state in 30 s"]);
    assert_eq!(story.asked().1, ChallengeKind::DynamicPassword);
    story.then(story.answers(4), "COLLECTING SUBMITTING", &["withdraw ebank", "ebank_captcha"]);
    story.reply(accepted(3), "COLLECTING DYNAMIC_PWD_SUBMITTED", &["destroy 4", "ebank_state in 3 s"]);
    story.code(9, "CAPTCHA_REQUIRED CAPTCHA_RESEND", &["ebank_state in 30 s"]);
    assert_eq!(story.asked().1, ChallengeKind::SmsCode);
    story.then(story.answers(5), "COLLECTING SUBMITTING", &["withdraw ebank", "ebank_captcha"]);
    story.reply(accepted(7), "COLLECTING MSG_CAPTCHA_SUBMITTED", &["destroy 5", "ebank_state in 3 s"]);
    story.code(10, "COLLECTING COLLECT_FINISHED", &["ebank_raw_data"]);
    story.reply(stored(40, DocumentKind::EbankRawData), "DATA_READY DELIVERED", &["audit_apply"]);
}

#[test]
fn what_the_provider_wants_us_to_wait_is_waited() {
    let wishes = [wish(CollectionKind::Ebank, true)];
    let mut story = begun(&wishes, "COLLECTING BANKS_PENDING", &["ebank_banks"]);
    story.reply(stored(7, DocumentKind::BankList), "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
    story.then(story.answers(1), "COLLECTING LICENSING", &["ebank_license"]);
    story.reply(Reply::Accepted { told: None }, "COLLECTING OPENING", &["ebank_open"]);
    story.reply(opened(), "COLLECTING INIT", &["destroy 1", "ebank_state in 3 s"]);
    let slow = |code| {
        Reply::State(Told { delay: Some(Duration::from_secs(17)), ..Told::plain(code, String::new()) })
    };
    story.reply(slow(1), "COLLECTING ACCOUNT_SUBMITTED", &["ebank_state in 17 s"]);
    story.reply(slow(1), "COLLECTING ACCOUNT_SUBMITTED", &["quietly ebank_state in 17 s"]);
}

#[test]
fn a_lost_captcha_of_a_bank_is_never_submitted_again() {
    for (code, state) in [
        (2, "DYNAMIC_PWD_REQUIRED"),
        (6, "MSG_CAPTCHA_REQUIRED"),
        (8, "CAPTCHA_ERROR"),
        (9, "CAPTCHA_RESEND"),
    ] {
        let wishes = [wish(CollectionKind::Ebank, true)];
        let mut story = begun(&wishes, "COLLECTING BANKS_PENDING", &["ebank_banks"]);
        story.reply(stored(7, DocumentKind::BankList), "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED", &[]);
        story.then(story.answers(1), "COLLECTING LICENSING", &["ebank_license"]);
        story.reply(Reply::Accepted { told: None }, "COLLECTING OPENING", &["ebank_open"]);
        story.reply(opened(), "COLLECTING INIT", &["destroy 1", "ebank_state in 3 s"]);
        let asked = format!("CAPTCHA_REQUIRED {state}");
        story.code(code, &asked, &["ebank_state in 30 s"]);
        story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw ebank", "ebank_captcha"]);
        // What the provider told with the question may not be over (spec 002 §5.1.4).
        story.reply(Reply::Lost, "COLLECTING CHECKING", &["destroy 2", "ebank_state in 10 s"]);
        story.code(code, "COLLECTING CHECKING", &["ebank_state in 3 s"]);
        story.code(code, &asked, &["ebank_state in 30 s"]);
    }
}

#[test]
fn the_second_version_opens_first_and_lets_the_applicant_take_their_time() {
    let wishes = [wish(CollectionKind::EbankV2, true)];
    let mut story = begun(&wishes, "COLLECTING OPENING", &["ebank_v2_open"]);
    story.reply(opened_v2(), "COLLECTING BANKS_PENDING", &["ebank_v2_banks"]);
    story.reply(stored(7, DocumentKind::BankList), "CAPTCHA_REQUIRED INIT", &[]);
    assert_eq!(shown(&story), Some(Exhibit::Banks { document: 7, agreement: Agreement::Jianguo }));
    story.passes(3600);
    story.then(story.answers(1), "COLLECTING LICENSING", &["ebank_v2_license"]);
    story.reply(Reply::Accepted { told: None }, "COLLECTING SUBMITTING", &["ebank_v2_login"]);
    story.reply(refused(), "CAPTCHA_REQUIRED INIT", &["destroy 1"]);
    assert_eq!(story.asked(), (2, ChallengeKind::BankLogin, 4, "no"));
    assert_eq!(shown(&story), Some(Exhibit::Banks { document: 7, agreement: Agreement::Jianguo }));
    story.then(story.answers(2), "COLLECTING LICENSING", &["ebank_v2_license"]);
    story.reply(Reply::Accepted { told: None }, "COLLECTING SUBMITTING", &["ebank_v2_login"]);
    story.reply(accepted(1), "COLLECTING ACCOUNT_SUBMITTED", &["destroy 2", "ebank_v2_state in 3 s"]);
    // From the login on the session has ten minutes, which are ours.
    story.due("COLLECTING SESSION_EXPIRED", &["withdraw ebank_v2"]);
    story.due("COLLECTING OPENING", &["ebank_v2_open"]);
    assert_eq!(story.application.collections[0].attempt, 2);
    story.reply(opened_v2(), "COLLECTING BANKS_PENDING", &["ebank_v2_banks"]);
    story.reply(stored(9, DocumentKind::BankList), "CAPTCHA_REQUIRED INIT", &[]);
    story.due("EXPIRED EXHAUSTED", &[]);
}

#[test]
fn a_login_that_was_taken_is_not_asked_for_again() {
    let wishes = [wish(CollectionKind::EbankV2, true)];
    let mut story = begun(&wishes, "COLLECTING OPENING", &["ebank_v2_open"]);
    story.reply(opened_v2(), "COLLECTING BANKS_PENDING", &["ebank_v2_banks"]);
    story.reply(stored(7, DocumentKind::BankList), "CAPTCHA_REQUIRED INIT", &[]);
    story.then(story.answers(1), "COLLECTING LICENSING", &["ebank_v2_license"]);
    story.reply(Reply::Accepted { told: None }, "COLLECTING SUBMITTING", &["ebank_v2_login"]);
    story.reply(accepted(1), "COLLECTING ACCOUNT_SUBMITTED", &["destroy 1", "ebank_v2_state in 3 s"]);
    // The question that ran out meanwhile was never seen.
    story.code(8, "CAPTCHA_REQUIRED CAPTCHA_ERROR", &["ebank_v2_state in 30 s"]);
    assert_eq!(story.asked().1, ChallengeKind::SmsCode);
    story.then(story.answers(2), "COLLECTING SUBMITTING", &["withdraw ebank_v2", "ebank_v2_captcha"]);
}

#[test]
fn a_session_of_the_second_version_without_an_agreement_is_not_understood() {
    let wishes = [wish(CollectionKind::EbankV2, true)];
    let mut story = begun(&wishes, "COLLECTING OPENING", &["ebank_v2_open"]);
    story.reply(opened(), "SUSPENDED PARKED", &[]);
    story.then(resume(), "COLLECTING OPENING", &["ebank_v2_open"]);
}

/// The call of one collection, of several that wait.
fn reply_to(story: &mut Story, kind: CollectionKind, reply: Reply, stands: &str, effects: &[&str]) {
    let effect = story.application.pending(Slot::Collection(kind)).expect("a call waits").id;
    story.then(Event::Replied { effect, reply }, stands, effects);
}

#[test]
fn several_run_at_once_and_an_optional_one_that_fails_does_not_block() {
    use CollectionKind as K;
    let wishes = [wish(K::Telecom, true), wish(K::Degree, false), wish(K::Ebank, false)];
    let stands = "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED CREDENTIALS_REQUIRED BANKS_PENDING";
    let mut story = begun(&wishes, stands, &["ebank_banks"]);
    let deadlines: Vec<_> =
        story.application.open_challenges().map(|open| open.deadline.since(story.now)).collect();
    let policy = Policy::default();
    assert_eq!(
        deadlines,
        [policy.credentials, policy.credentials_optional],
        "an optional one is not waited for as long"
    );
    // The bank's list cannot be had: that collection alone is parked.
    let failed_list = "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED CREDENTIALS_REQUIRED PARKED";
    reply_to(&mut story, K::Ebank, failed(), failed_list, &[]);
    let open: Vec<_> =
        story.application.open_challenges().map(|open| (open.collection, open.number)).collect();
    assert_eq!(open, [(K::Telecom, 1), (K::Degree, 2)]);
    // The second question is answered first.
    let answer =
        |challenge, kind, slot| Event::AnswerSubmitted { challenge, kind, answer: samples::answer(slot) };
    let degree = answer(2, ChallengeKind::DegreeAccount, 1);
    story.then(degree, "CAPTCHA_REQUIRED CREDENTIALS_REQUIRED OPENING PARKED", &["degree_open"]);
    let telecom = answer(1, ChallengeKind::ServicePassword, 2);
    story.then(telecom, "COLLECTING OPENING OPENING PARKED", &["telecom_open"]);
    reply_to(
        &mut story,
        K::Telecom,
        opened(),
        "COLLECTING INIT OPENING PARKED",
        &["destroy 2", "telecom_state in 3 s"],
    );
    let told = Reply::State(Told::plain(43, String::new()));
    reply_to(&mut story, K::Telecom, told, "COLLECTING DATA_READY OPENING PARKED", &["telecom_raw_data"]);
    let raw = stored(8, DocumentKind::TelecomRawData);
    reply_to(&mut story, K::Telecom, raw, "COLLECTING REPORT_PENDING OPENING PARKED", &["telecom_report"]);
    let report = stored(9, DocumentKind::TelecomReport);
    reply_to(&mut story, K::Telecom, report, "COLLECTING DELIVERED OPENING PARKED", &[]);
    // The last that moves is optional, and fails: all is here that must be.
    reply_to(
        &mut story,
        K::Degree,
        failed(),
        "DATA_READY DELIVERED PARKED PARKED",
        &["destroy 1", "audit_apply"],
    );
}

#[test]
fn a_required_one_that_is_parked_suspends_when_the_others_have_delivered() {
    use CollectionKind as K;
    let wishes = [wish(K::Ebank, true), wish(K::EbankV2, true)];
    let mut story = begun(&wishes, "COLLECTING BANKS_PENDING OPENING", &["ebank_banks", "ebank_v2_open"]);
    reply_to(&mut story, K::Ebank, failed(), "COLLECTING PARKED OPENING", &[]);
    reply_to(&mut story, K::EbankV2, opened_v2(), "COLLECTING PARKED BANKS_PENDING", &["ebank_v2_banks"]);
    reply_to(&mut story, K::EbankV2, failed(), "SUSPENDED PARKED PARKED", &[]);
    // The first begins anew, the second goes on in its session.
    story.then(resume(), "COLLECTING BANKS_PENDING BANKS_PENDING", &["ebank_banks", "ebank_v2_banks"]);
}

#[test]
fn a_parked_one_goes_on_while_another_still_asks() {
    use CollectionKind as K;
    let wishes = [wish(K::Ebank, true), wish(K::Degree, true)];
    let asks = "CAPTCHA_REQUIRED BANKS_PENDING CREDENTIALS_REQUIRED";
    let mut story = begun(&wishes, asks, &["ebank_banks"]);
    let refused = |story: &Story| {
        let state = story.application.state().name();
        let refusal = Refusal::NotAllowed { machine: "application", state, event: "ResumeRequested" };
        assert_eq!(story.refuses(resume()), refusal);
    };
    refused(&story);
    assert_eq!(story.application.cause(), None);
    reply_to(&mut story, K::Ebank, failed(), "CAPTCHA_REQUIRED PARKED CREDENTIALS_REQUIRED", &[]);
    assert_eq!(
        story.application.cause().map(crate::machine::call::Cause::name),
        Some("PROVIDER_UNAVAILABLE")
    );
    story.then(resume(), asks, &["ebank_banks"]);
    refused(&story);
    assert_eq!(story.application.cause(), None);
}

#[test]
fn an_outage_puts_off_what_is_ours_to_wait_for_and_nothing_else() {
    let mut story = working();
    let minute = Duration::from_secs(60);
    let of = |slot| Event::OutageCounted { slot, by: minute };
    let telecom = Slot::Collection(CollectionKind::Telecom);
    // The ten minutes of a telecom session are the provider's.
    story.then(of(telecom), "COLLECTING INIT", &["nothing"]);
    story.code(43, "COLLECTING DATA_READY", &["telecom_raw_data"]);
    let before = story.application.collections[0].deadline().unwrap().0;
    story.passes(10);
    story.then(of(telecom), "COLLECTING DATA_READY", &[]);
    let after = &story.application.collections[0];
    assert_eq!(after.deadline().unwrap().0, before + minute);
    assert_eq!(after.excused_since(), Some(story.now), "what was counted is not counted again");
    let Situation::Fetching { .. } = after.situation else { panic!("{after:?}") };
    story.then(of(Slot::Application), "COLLECTING DATA_READY", &[]);
}
