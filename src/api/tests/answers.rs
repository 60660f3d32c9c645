//! The questions of every collection and their answers: shown, checked, handed on.

use super::provider::PICTURE;
use super::refusals::check;
use super::*;
use crate::api::proto::v1::answer_challenge_request::Answer;
use crate::api::proto::v1::challenge::Kind;
use crate::api::proto::v1::explanation::command::Outlook;
use crate::api::proto::v1::login_type::Cards;
use crate::api::proto::v1::{
    AnswerChallengeRequest, BankLogin, Challenge, DegreeAccount, ExplainApplicationRequest,
    GetApplicationRequest, GetChallengeRequest, ListApplicationsRequest,
};
use crate::machine::call::System;
use crate::machine::collection::CollectionKind;
use tonic::{Code, Status};

/// Creates an application of a product that collects from one system besides what is brought.
async fn asked_of(world: &World, product: &str, order: &str) -> Application {
    let mut wanted = request(order);
    wanted.product = product.to_owned();
    wanted.credentials = None;
    wanted.evidence.as_mut().unwrap().operator_data = b"{}".to_vec();
    let created = world.applications().create_application(wanted).await.unwrap().into_inner();
    asks(world, &created.name).await
}

async fn asks(world: &World, name: &str) -> Application {
    let waited = world.wait(name, &[State::CaptchaRequired]).await;
    assert!(waited.reached, "{waited:?}");
    waited.application.unwrap()
}

/// The question that an application asks, which must be of this kind, as GetChallenge tells it.
async fn posed(world: &World, asked: &Application, kind: Kind) -> Challenge {
    let [open] = &asked.challenges[..] else { panic!("one question: {asked:?}") };
    assert_eq!(open.kind(), kind);
    let bare = (open.image.is_empty(), &*open.image_type, &open.banks, &open.agreement);
    assert_eq!(bare, (true, "", &None, &None), "an application is told without what is shown");
    let request = GetChallengeRequest { name: open.name.clone() };
    let told = world.applications().get_challenge(request).await.unwrap().into_inner();
    let (image, image_type, banks, agreement) = (Vec::new(), String::new(), None, None);
    assert_eq!(&Challenge { image, image_type, banks, agreement, ..told.clone() }, open);
    told
}

fn answer(of: &Challenge, answer: Answer) -> AnswerChallengeRequest {
    AnswerChallengeRequest { name: of.name.clone(), answer: Some(answer), ..Default::default() }
}

async fn hand_in(world: &World, of: &Challenge, given: Answer) -> Application {
    world.applications().answer_challenge(answer(of, given)).await.unwrap().into_inner()
}

fn login(entry_id: &str, inputs: &[(&str, &str)], agreement: &str) -> BankLogin {
    let typed = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let inputs = inputs.iter().map(typed).collect();
    BankLogin { entry_id: entry_id.to_owned(), inputs, agreement: agreement.to_owned() }
}

const INPUTS: [(&str, &str); 2] = [("password", "abcdef"), ("login_name", "622200")];

fn taken(world: &World, name: &str, kind: CollectionKind) -> Vec<String> {
    let id = name.strip_prefix("applications/").unwrap().parse().unwrap();
    world.taken.lock().unwrap().get(&(id, System::Collection(kind))).cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_degree_account_is_two_texts() {
    let world = World::start().await;
    let asked = asked_of(&world, "degree", "degree").await;
    let challenge = posed(&world, &asked, Kind::DegreeAccount).await;
    let account = |account: &str, password: &str| {
        Answer::DegreeAccount(DegreeAccount { account: account.to_owned(), password: password.to_owned() })
    };
    let long = "1".repeat(201);
    for (wrong, fields) in [
        (account("", "p"), &["degree_account.account"][..]),
        (account("a", &long), &["degree_account.password"]),
        (account(&long, ""), &["degree_account.account", "degree_account.password"]),
    ] {
        let status = world.applications().answer_challenge(answer(&challenge, wrong)).await.unwrap_err();
        assert_eq!(check(&status, Code::InvalidArgument, "INVALID_FIELDS"), fields);
    }
    hand_in(&world, &challenge, account("li@example.com", "s\"cret")).await;
    assert!(world.wait(&asked.name, &[State::Approved]).await.reached);
    let expected = r#"{"account":"li@example.com","password":"s\"cret"}"#;
    assert_eq!(taken(&world, &asked.name, CollectionKind::Degree), [expected]);
}

#[tokio::test]
async fn a_bank_is_chosen_and_asks_on() {
    let world = World::start().await;
    for (kind, agreement, url) in [
        (CollectionKind::Ebank, "ebank", ""),
        (CollectionKind::EbankV2, "kaniu", "https://agreements.example/kaniu"),
    ] {
        let asked = asked_of(&world, kind.name(), kind.name()).await;
        let challenge = posed(&world, &asked, Kind::BankLogin).await;
        let shown = challenge.agreement.clone().unwrap();
        assert_eq!((&*shown.name, &*shown.url), (agreement, url));
        assert!(!shown.title.is_empty());
        let listed = challenge.banks.clone().unwrap().banks;
        let names: Vec<_> = listed.iter().map(|bank| (&*bank.code, &*bank.disabled)).collect();
        assert_eq!(names, [("CMB", ""), ("CEB", "below")]);
        let [first, second, shut] = &listed[0].logins[..] else { panic!("three ways: {listed:?}") };
        assert_eq!((&*first.entry_id, first.cards(), &*shut.disabled), ("101", Cards::Credit, "维护中"));
        let [name, password] = &first.inputs[..] else { panic!("two inputs: {first:?}") };
        assert_eq!((&*name.name, &*name.label, name.secret), ("login_name", "the login_name", false));
        assert_eq!((&*name.description, &*name.pattern), ("as at the counter: login_name", r"^\d{6}$"));
        assert_eq!((&*password.name, password.secret), ("password", true));
        assert_eq!((&*second.inputs[0].name, &*second.inputs[0].pattern), ("card", ""));

        hand_in(&world, &challenge, Answer::BankLogin(login("101", &INPUTS, agreement))).await;
        let asked = asks(&world, &asked.name).await;
        let challenge = posed(&world, &asked, Kind::PictureCaptcha).await;
        assert_eq!((&*challenge.image, &*challenge.image_type), (PICTURE, "image/png"));
        assert_eq!(challenge.message, "请输入图片验证码");
        hand_in(&world, &challenge, Answer::PictureCaptcha("7K2P".to_owned())).await;
        let asked = asks(&world, &asked.name).await;
        let challenge = posed(&world, &asked, Kind::DynamicPassword).await;
        assert_eq!((challenge.image.len(), &challenge.banks), (0, &None));
        hand_in(&world, &challenge, Answer::DynamicPassword("998877".to_owned())).await;
        assert!(world.wait(&asked.name, &[State::Approved]).await.reached);
        let inputs = r#"[{"name":"login_name","value":"622200"},{"name":"password","value":"abcdef"}]"#;
        let sealed = format!(r#"{{"entry_id":"101","inputs":{inputs}}}"#);
        assert_eq!(taken(&world, &asked.name, kind), [sealed.as_str(), "7K2P", "998877"]);
    }
}

/// What is told wrong with a login: fields, and what each must be.
fn violations(status: &Status) -> Vec<(String, String)> {
    check(status, Code::InvalidArgument, "INVALID_FIELDS");
    let bad = status.get_details_bad_request().unwrap();
    bad.field_violations.into_iter().map(|it| (it.field, it.description)).collect()
}

#[tokio::test]
async fn a_login_must_fit_what_is_shown() {
    let world = World::start().await;
    let asked = asked_of(&world, "ebank_v2", "flaws").await;
    let challenge = posed(&world, &asked, Kind::BankLogin).await;
    let consent = "must be `kaniu`: that is the applicant's consent";
    let name = ("login_name", "622200");
    let many: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"].map(|it| (it, "x")).into();
    let long = "x".repeat(257);
    let sizes = "must be at most 10, each at most 256 bytes";
    for (wrong, expected) in [
        (login("", &INPUTS, "kaniu"), &[("bank_login.entry_id", "must be 1 to 1024 bytes")][..]),
        (login("101", &INPUTS, ""), &[("bank_login.agreement", "must be 1 to 64 bytes")]),
        (login("101", &INPUTS, "ebank"), &[("bank_login.agreement", consent)]),
        (login("101", &many, "kaniu"), &[("bank_login.inputs", sizes)]),
        (login("102", &[("card", &long)], "kaniu"), &[("bank_login.inputs", sizes)]),
        (
            login("999", &INPUTS, "xinyan"),
            &[
                ("bank_login.entry_id", "no bank of the list has this login type"),
                ("bank_login.agreement", consent),
            ],
        ),
        (login("103", &INPUTS, "kaniu"), &[("bank_login.entry_id", "cannot be chosen: 维护中")]),
        (login("201", &INPUTS, "kaniu"), &[("bank_login.entry_id", "cannot be chosen: below")]),
        (login("101", &[name], "kaniu"), &[("bank_login.inputs[password]", "is missing")]),
        (
            login("101", &[("login_name", "s3cret"), ("password", "s3cret")], "kaniu"),
            &[
                ("bank_login.inputs[login_name]", r"must match ^\d{6}$"),
                ("bank_login.inputs[password]", "must match ^[a-z]{4,8}$"),
            ],
        ),
        (
            login("102", &[("card", "1"), ("s3cret", "1")], "kaniu"),
            &[("bank_login.inputs", "have one that is no input of this login type")],
        ),
    ] {
        let wrong = answer(&challenge, Answer::BankLogin(wrong));
        let tried = AnswerChallengeRequest { validate_only: true, ..wrong.clone() };
        for request in [wrong, tried] {
            let status = world.applications().answer_challenge(request).await.unwrap_err();
            let found = violations(&status);
            let found: Vec<_> = found.iter().map(|(field, text)| (&**field, &**text)).collect();
            assert_eq!(found, expected);
            assert!(!format!("{status:?}").contains("s3cret"), "what was typed is repeated: {status:?}");
        }
    }
    let now = world.applications().get_application(GetApplicationRequest { name: asked.name.clone() }).await;
    assert_eq!(now.unwrap().into_inner(), asked, "nothing has changed");
    assert_eq!(taken(&world, &asked.name, CollectionKind::EbankV2), [""; 0]);
}

#[tokio::test]
async fn the_terms_of_an_answer_hold_for_a_login() {
    let world = World::start().await;
    let asked = asked_of(&world, "ebank", "terms").await;
    let challenge = posed(&world, &asked, Kind::BankLogin).await;
    let mut client = world.applications();
    let good = answer(&challenge, Answer::BankLogin(login("102", &[("card", "6222")], "ebank")));
    let tried = AnswerChallengeRequest { validate_only: true, ..good.clone() };
    let tried = client.answer_challenge(tried).await.unwrap().into_inner();
    assert!(tried.challenges.is_empty() && tried.version > asked.version);
    let stale = AnswerChallengeRequest { etag: "1".to_owned(), ..good.clone() };
    check(&client.answer_challenge(stale).await.unwrap_err(), Code::Aborted, "ETAG_MISMATCH");
    let code = answer(&challenge, Answer::SmsCode("1".to_owned()));
    let status = client.answer_challenge(code).await.unwrap_err();
    assert_eq!(check(&status, Code::InvalidArgument, "WRONG_ANSWER_KIND"), ["sms_code"]);

    let named = AnswerChallengeRequest { request_id: "once".to_owned(), ..good.clone() };
    let first = client.answer_challenge(named.clone()).await.unwrap().into_inner();
    assert_eq!(first.version, tried.version);
    // The challenge is closed by now: a repetition is answered as the first time, another is refused.
    assert_eq!(client.answer_challenge(named.clone()).await.unwrap().into_inner(), first);
    check(&client.answer_challenge(good).await.unwrap_err(), Code::FailedPrecondition, "CHALLENGE_CLOSED");
    let other = login("102", &[("card", "6223")], "ebank");
    let other = AnswerChallengeRequest { answer: Some(Answer::BankLogin(other)), ..named };
    let status = client.answer_challenge(other).await.unwrap_err();
    assert_eq!(check(&status, Code::AlreadyExists, "REQUEST_ID_REUSED"), ["request_id"]);
    let status = client.get_challenge(GetChallengeRequest { name: challenge.name }).await.unwrap_err();
    check(&status, Code::FailedPrecondition, "CHALLENGE_CLOSED");
    asks(&world, &asked.name).await;
    assert_eq!(taken(&world, &asked.name, CollectionKind::Ebank).len(), 1);
}

#[tokio::test]
async fn a_login_answers_nothing_else() {
    let world = World::start().await;
    let asked = world.asked("telecom").await;
    let open = posed(&world, &asked, Kind::SmsCode).await;
    let given = answer(&open, Answer::BankLogin(login("101", &INPUTS, "ebank")));
    let status = world.applications().answer_challenge(given).await.unwrap_err();
    assert_eq!(check(&status, Code::InvalidArgument, "WRONG_ANSWER_KIND"), ["bank_login"]);
    let absent = "applications/019aff00-1020-7fee-8001-020304050607/challenges/1";
    for (name, code, why) in [
        ("x".to_owned(), Code::InvalidArgument, "INVALID_FIELDS"),
        (absent.to_owned(), Code::NotFound, "APPLICATION_NOT_FOUND"),
        (format!("{}/challenges/9", asked.name), Code::NotFound, "CHALLENGE_NOT_FOUND"),
        (format!("{}/challenges/1", asked.name), Code::FailedPrecondition, "CHALLENGE_CLOSED"),
    ] {
        let status = world.applications().get_challenge(GetChallengeRequest { name }).await.unwrap_err();
        check(&status, code, why);
    }
    hand_in(&world, &open, Answer::SmsCode("2468".to_owned())).await;
    assert!(world.wait(&asked.name, &[State::Approved]).await.reached);
    assert_eq!(taken(&world, &asked.name, CollectionKind::Telecom), ["2468"]);
}

#[tokio::test]
async fn several_collections_ask_and_are_explained_apart() {
    let world = World::start().await;
    let mut everything = request("everything");
    everything.product = crate::config::products::EVERYTHING.to_owned();
    let name = world.applications().create_application(everything).await.unwrap().into_inner().name;
    let kinds = [Kind::SmsCode, Kind::DegreeAccount, Kind::BankLogin, Kind::BankLogin];
    let mut asked = asks(&world, &name).await;
    while asked.challenges.len() < kinds.len() {
        tokio::task::yield_now().await;
        let request = GetApplicationRequest { name: name.clone() };
        asked = world.applications().get_application(request).await.unwrap().into_inner();
    }
    assert_eq!(asked.challenges.iter().map(Challenge::kind).collect::<Vec<_>>(), kinds);
    let agreement = async |at: usize| {
        let request = GetChallengeRequest { name: asked.challenges[at].name.clone() };
        let told = world.applications().get_challenge(request).await.unwrap().into_inner();
        told.agreement.unwrap().name
    };
    assert_eq!([agreement(2).await, agreement(3).await], ["ebank", "kaniu"]);

    let request = ExplainApplicationRequest { name: name.clone() };
    let told = world.applications().explain_application(request).await.unwrap().into_inner();
    let owed = |kind: &str| told.blocks.iter().filter(|block| block.ends_with(kind)).count();
    let owed =
        ["sms_code (telecom)", "degree_account (degree)", "bank_login (ebank)", "bank_login (ebank_v2)"]
            .map(owed);
    assert_eq!(owed, [1; 4], "{:?}", told.blocks);
    assert_eq!(told.deadline.unwrap().collection, "telecom", "ten minutes come before days");
    let may = |event: &str, collection: &str| {
        let mut of = told.commands.iter().filter(|it| it.event == event && it.collection == collection);
        let command = of.next().unwrap_or_else(|| panic!("{event} of {collection}: {:?}", told.commands));
        !matches!(command.outlook, Some(Outlook::Refused(_)))
    };
    for kind in CollectionKind::ALL.map(CollectionKind::name) {
        assert!(may("AnswerSubmitted", kind), "{kind}");
        assert_eq!(may("ResendRequested", kind), kind == "telecom", "{kind}");
    }
    let filter = "waiting_for = bank_login".to_owned();
    let list = ListApplicationsRequest { filter, ..Default::default() };
    let listed = world.applications().list_applications(list).await.unwrap().into_inner();
    assert_eq!(listed.applications, [asked], "what is shown with a question is in no list");
}

#[test]
fn answers_do_not_print() {
    let given = login("101", &[("login_name", "s3cret-name"), ("password", "s3cret-word")], "kaniu");
    let account = DegreeAccount { account: "s3cret-account".to_owned(), password: "s3cret-word".to_owned() };
    let whole = answer(&Challenge::default(), Answer::BankLogin(given.clone()));
    let printed = format!("{given:?} {account:?} {whole:?} {:?}", Answer::DegreeAccount(account.clone()));
    assert!(!printed.contains("s3cret"), "{printed}");
}
