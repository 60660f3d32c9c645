//! Requests that are repeated, that expect an etag, that are only tried.

use super::journeys::code;
use super::*;
use crate::api::proto::v1::{
    AnswerChallengeRequest, CancelApplicationRequest, HoldApplicationRequest, ReleaseApplicationRequest,
    ResendChallengeRequest, RestartCollectionRequest, ResumeApplicationRequest, RetryNowRequest,
};
use tonic::Code;

fn named(id: &str, request: CreateApplicationRequest) -> CreateApplicationRequest {
    CreateApplicationRequest { request_id: id.to_owned(), ..request }
}

fn cancel(name: &str, id: &str) -> CancelApplicationRequest {
    CancelApplicationRequest {
        name: name.to_owned(),
        reason: "changed my mind".to_owned(),
        request_id: id.to_owned(),
        ..CancelApplicationRequest::default()
    }
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_the_first_time() {
    let world = World::start().await;
    let first = world.applications().create_application(named("c-1", request("happy"))).await.unwrap();
    let first = first.into_inner();
    let asked = world.wait(&first.name, &[State::CaptchaRequired]).await.application.unwrap();
    let again = world.applications().create_application(named("c-1", request("happy"))).await.unwrap();
    assert_eq!(again.into_inner(), first, "the answer of then, not of now");

    // The first answer closed the challenge; its repetition is no second answer.
    let answer = AnswerChallengeRequest { request_id: "a-1".to_owned(), ..code(&asked) };
    let answered = world.applications().answer_challenge(answer.clone()).await.unwrap().into_inner();
    world.wait(&first.name, &[]).await;
    let again = world.applications().answer_challenge(answer).await.unwrap().into_inner();
    assert_eq!(again, answered);
}

#[tokio::test]
async fn one_of_two_at_the_same_time_is_the_repetition() {
    let world = World::start().await;
    let asked = world.asked("happy").await;
    let requests = (0..20).map(|_| {
        let mut applications = world.applications();
        let request = cancel(&asked.name, "x-1");
        tokio::spawn(async move { applications.cancel_application(request).await.unwrap().into_inner() })
    });
    let requests: Vec<_> = requests.collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(answers[0].state(), State::Cancelled);
}

#[tokio::test]
async fn another_request_under_the_same_id_is_refused() {
    let world = World::start().await;
    let created = world.applications().create_application(named("1", request("happy"))).await.unwrap();
    let name = created.into_inner().name;
    for refused in [
        world.applications().create_application(named("1", request("other"))).await.unwrap_err(),
        world.applications().cancel_application(cancel(&name, "1")).await.unwrap_err(),
    ] {
        assert_eq!(refused.code(), Code::AlreadyExists);
        assert_eq!(reason(&refused).0, "REQUEST_ID_REUSED");
    }
    assert_eq!(world.count().await, 1);
    // What was refused is not remembered.
    let absent = "applications/019aff00-0000-7000-8000-000000000000";
    for _ in 0..2 {
        let refused = world.applications().cancel_application(cancel(absent, "2")).await.unwrap_err();
        assert_eq!(reason(&refused).0, "APPLICATION_NOT_FOUND");
    }
    world.applications().cancel_application(cancel(&name, "2")).await.unwrap();
}

#[tokio::test]
async fn of_two_with_the_same_etag_one_wins() {
    let world = World::start().await;
    let asked = world.asked("happy").await;
    let expecting =
        |etag: &str, id| CancelApplicationRequest { etag: etag.to_owned(), ..cancel(&asked.name, id) };
    let wrong = world.applications().cancel_application(expecting("first", "")).await.unwrap_err();
    assert_eq!(reason(&wrong).0, "INVALID_FIELDS");
    let stale = world.applications().cancel_application(expecting("1", "")).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale).0.as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    assert_eq!(reason(&stale).1["found"], asked.etag);
    world.applications().cancel_application(expecting(&asked.etag, "w")).await.unwrap();
    let lost = world.applications().cancel_application(expecting(&asked.etag, "")).await.unwrap_err();
    assert_eq!(reason(&lost).0, "ETAG_MISMATCH");
    // The winner's repetition is recognised before its etag is compared.
    world.applications().cancel_application(expecting(&asked.etag, "w")).await.unwrap();
}

#[tokio::test]
async fn a_trial_decides_everything_and_does_nothing() {
    let world = World::start().await;
    let trial = CreateApplicationRequest { validate_only: true, ..request("happy") };
    let tried = world.applications().create_application(trial.clone()).await.unwrap().into_inner();
    assert_eq!((tried.state(), tried.name.as_str()), (State::Init, ""));
    assert_eq!(world.count().await, 0);
    let bad = CreateApplicationRequest { evidence: None, ..trial };
    let refused = world.applications().create_application(bad).await.unwrap_err();
    assert_eq!(reason(&refused).0, "INVALID_FIELDS");

    let asked = world.asked("happy").await;
    let trial = CancelApplicationRequest { validate_only: true, ..cancel(&asked.name, "t") };
    let tried = world.applications().cancel_application(trial).await.unwrap().into_inner();
    assert_eq!(tried.state(), State::Cancelled);
    let trial = AnswerChallengeRequest { validate_only: true, ..code(&asked) };
    let tried = world.applications().answer_challenge(trial).await.unwrap().into_inner();
    assert_eq!(tried.state(), State::Collecting);
    let request = v1::GetApplicationRequest { name: asked.name.clone() };
    let now = world.applications().get_application(request).await.unwrap().into_inner();
    assert_eq!(now, asked);
    // A trial leaves its id free.
    world.applications().cancel_application(cancel(&asked.name, "t")).await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_the_terms_is_told_with_the_rest() {
    let world = World::start().await;
    let wrong = CancelApplicationRequest {
        name: "x".to_owned(),
        request_id: "a\nb".to_owned(),
        etag: "first".to_owned(),
        ..CancelApplicationRequest::default()
    };
    let refused = world.applications().cancel_application(wrong).await.unwrap_err();
    assert_eq!(reason(&refused).1["fields"], "request_id,etag,name,reason");
    let wrong = HoldApplicationRequest { etag: "first".to_owned(), ..Default::default() };
    let refused = world.operators().hold_application(wrong).await.unwrap_err();
    assert_eq!(reason(&refused).1["fields"], "etag,name,actor,reason");
}

/// Asks three times, and looks at the application in between: with an etag that is old, as a trial,
/// and twice under one id.
macro_rules! keeps_its_terms {
    ($world:expr, $client:ident, $method:ident, $application:expr, $request:expr) => {{
        let (world, request, method) = (&$world, $request, stringify!($method));
        let version = async || {
            let request = v1::GetApplicationRequest { name: $application.clone() };
            world.applications().get_application(request).await.unwrap().into_inner().version
        };
        let before = version().await;
        let mut stale = request.clone();
        stale.etag = "1".to_owned();
        let refused = world.$client().$method(stale).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).0.as_str()),
            (Code::Aborted, "ETAG_MISMATCH"),
            "{method}"
        );
        let mut trial = request.clone();
        trial.validate_only = true;
        world.$client().$method(trial).await.unwrap();
        assert_eq!(version().await, before, "{method} was only tried");
        let mut named = request;
        named.request_id = format!("the-{method}");
        let first = world.$client().$method(named.clone()).await.unwrap().into_inner();
        let after = version().await;
        assert!(after > before, "{method} did nothing");
        assert_eq!(world.$client().$method(named).await.unwrap().into_inner(), first, "{method} again");
    }};
}

/// A request of an operator.
macro_rules! steering {
    ($request:ident, $name:expr) => {
        $request { name: $name, actor: "anna".to_owned(), reason: "a test".to_owned(), ..$request::default() }
    };
}

#[tokio::test]
async fn every_mutation_keeps_its_terms() {
    let world = World::start().await;
    let name = world.asked("happy").await.name;
    let challenge = format!("{name}/challenges/2");
    let resend = ResendChallengeRequest { name: challenge, ..Default::default() };
    keeps_its_terms!(world, applications, resend_challenge, name, resend);
    let name = world.asked("second").await.name;
    keeps_its_terms!(
        world,
        operators,
        hold_application,
        name,
        steering!(HoldApplicationRequest, name.clone())
    );
    let release = steering!(ReleaseApplicationRequest, name.clone());
    keeps_its_terms!(world, operators, release_application, name, release);
    keeps_its_terms!(world, operators, retry_now, name, steering!(RetryNowRequest, name.clone()));
    let restart = steering!(RestartCollectionRequest, format!("{name}/collections/telecom"));
    keeps_its_terms!(world, operators, restart_collection, name, restart);
    let asked = world.asked("another").await;
    keeps_its_terms!(world, applications, answer_challenge, asked.name, code(&asked));
    let name = world.asked("third").await.name;
    keeps_its_terms!(world, applications, cancel_application, name, cancel(&name, ""));

    let asked = world.asked("refused").await;
    world.applications().answer_challenge(code(&asked)).await.unwrap();
    assert!(world.wait(&asked.name, &[State::Suspended]).await.reached);
    let resume = steering!(ResumeApplicationRequest, asked.name.clone());
    keeps_its_terms!(world, operators, resume_application, asked.name, resume);
}

#[test]
fn every_request_that_does_something_has_terms() {
    use prost_reflect::prost_types::method_options::IdempotencyLevel;
    let pool = prost_reflect::DescriptorPool::decode(crate::api::proto::DESCRIPTORS).unwrap();
    // What is done with the store as a whole is no move of anything that has a version or a journal.
    let methods = pool
        .services()
        .filter(|it| it.package_name() == "docket.v1" && it.name() != "StoreService")
        .flat_map(|it| it.methods().collect::<Vec<_>>());
    let (mut reading, mut doing) = (0, 0);
    for method in methods {
        let options = method.method_descriptor_proto().options.clone().unwrap_or_default();
        if options.idempotency_level() == IdempotencyLevel::NoSideEffects {
            reading += 1;
            continue;
        }
        doing += 1;
        let creates = method.name() == "CreateApplication";
        for (field, is_wanted) in [("request_id", true), ("validate_only", true), ("etag", !creates)] {
            let has = method.input().get_field_by_name(field).is_some();
            assert_eq!(has, is_wanted, "{}.{field}", method.input().name());
        }
    }
    assert!(reading >= 11 && doing >= 10, "{reading} read, {doing} do something");
}
