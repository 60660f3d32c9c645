//! Applications from their creation to their end.

use super::*;
use crate::api::proto::v1::answer_challenge_request::Answer;
use crate::api::proto::v1::application::Outcome;
use crate::api::proto::v1::explanation::command::Outlook;
use crate::api::proto::v1::{
    AnswerChallengeRequest, CancelApplicationRequest, ExplainApplicationRequest, GetApplicationRequest,
    ListTransitionsRequest, ResendChallengeRequest, challenge, collection, rejection,
};

pub(super) fn code(application: &Application) -> AnswerChallengeRequest {
    AnswerChallengeRequest {
        name: application.challenges[0].name.clone(),
        answer: Some(Answer::SmsCode("2468".to_owned())),
        ..AnswerChallengeRequest::default()
    }
}

fn owner(application: &Application) -> v1::Owner {
    application.owner()
}

#[tokio::test]
async fn an_application_lives_from_creation_to_approval() {
    let world = World::start().await;
    let created = world.create("happy").await;
    assert_eq!(created.state(), State::Init);
    assert_eq!(owner(&created), v1::Owner::Provider, "nothing is missing, the blacklist is asked");
    assert_eq!((created.version, created.etag.as_str()), (1, "1"));

    let asked = world.wait(&created.name, &[State::CaptchaRequired]).await.application.unwrap();
    assert_eq!(owner(&asked), v1::Owner::Applicant);
    let [open] = &asked.challenges[..] else { panic!("one challenge: {asked:?}") };
    assert_eq!(open.kind(), challenge::Kind::SmsCode);
    assert_eq!(open.name, format!("{}/challenges/2", created.name), "the first asked for the password");
    assert_eq!(open.message, "请输入短信验证码");
    assert!(open.deadline.unwrap().seconds > open.ask_time.unwrap().seconds);
    let [telecom] = &asked.collections[..] else { panic!("one collection: {asked:?}") };
    assert_eq!(telecom.kind(), collection::Kind::Telecom);
    assert_eq!((telecom.state.as_str(), telecom.state_number), ("CAPTCHA_REQUIRED", 121));
    assert_eq!(telecom.standing(), collection::Standing::InputNeeded);

    let answered = world.applications().answer_challenge(code(&asked)).await.unwrap().into_inner();
    assert!(answered.challenges.is_empty());
    let again = world.applications().answer_challenge(code(&asked)).await.unwrap_err();
    assert_eq!(again.code(), tonic::Code::FailedPrecondition);
    assert_eq!(reason(&again).0, "CHALLENGE_CLOSED");
    assert!(again.get_details_precondition_failure().is_some());

    let ended = world.wait(&created.name, &[]).await;
    assert!(ended.reached);
    let ended = ended.application.unwrap();
    assert_eq!(ended.state(), State::Approved);
    assert_eq!((owner(&ended), ended.next_look_time), (v1::Owner::Unspecified, None));
    let request = GetApplicationRequest { name: ended.name.clone() };
    assert_eq!(world.applications().get_application(request).await.unwrap().into_inner(), ended);
}

#[tokio::test]
async fn the_same_again_is_told_once_more_and_other_content_is_refused() {
    let world = World::start().await;
    let first = world.asked("twice").await;
    let second = world.create("twice").await;
    assert_eq!((&second.name, second.state()), (&first.name, State::CaptchaRequired));
    let mut other = request("twice");
    other.evidence.as_mut().unwrap().loan = Some(v1::Loan { amount_fen: 1 });
    let refused = world.applications().create_application(other).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::AlreadyExists);
    let (why, facts) = reason(&refused);
    assert_eq!((why.as_str(), &facts["application"]), ("APPLICATION_EXISTS", &first.name));
    assert_eq!(world.count().await, 1);
}

#[tokio::test]
async fn every_end_says_why() {
    let world = World::start().await;
    let blacklisted = world.create("blacklisted").await;
    let ended = world.wait(&blacklisted.name, &[State::Rejected]).await.application.unwrap();
    let Some(Outcome::Rejection(why)) = ended.outcome else { panic!("no rejection: {ended:?}") };
    assert_eq!(why.reason(), rejection::Reason::Blacklisted);

    for (order, state) in [("rejected", State::Rejected), ("refused", State::Suspended)] {
        let asked = world.asked(order).await;
        world.applications().answer_challenge(code(&asked)).await.unwrap();
        let ended = world.wait(&asked.name, &[state]).await.application.unwrap();
        match ended.outcome {
            Some(Outcome::Rejection(why)) => assert_eq!(why.detail, "综合评分不足"),
            Some(Outcome::Suspension(why)) => assert_eq!(why.reason, "PROVIDER_REFUSED"),
            other => panic!("{order} ended with {other:?}"),
        }
    }

    let asked = world.asked("cancelled").await;
    let cancel = CancelApplicationRequest {
        name: asked.name.clone(),
        reason: "changed my mind".to_owned(),
        ..CancelApplicationRequest::default()
    };
    let ended = world.applications().cancel_application(cancel.clone()).await.unwrap().into_inner();
    assert_eq!(ended.state(), State::Cancelled);
    let Some(Outcome::Cancellation(why)) = &ended.outcome else { panic!("no cancellation: {ended:?}") };
    assert_eq!(why.reason, "changed my mind");
    let again = world.applications().cancel_application(cancel).await.unwrap_err();
    assert_eq!(again.code(), tonic::Code::FailedPrecondition);
    let (why, facts) = reason(&again);
    assert_eq!(why, "TRANSITION_NOT_ALLOWED");
    assert_eq!(facts["machine"], "application");
    assert_eq!((facts["state"].as_str(), facts["event"].as_str()), ("CANCELLED", "CancelRequested"));
}

#[tokio::test]
async fn a_code_is_ordered_again() {
    let world = World::start().await;
    let asked = world.asked("resent").await;
    let resend = ResendChallengeRequest {
        name: asked.challenges[0].name.clone(),
        ..ResendChallengeRequest::default()
    };
    let resent = world.applications().resend_challenge(resend).await.unwrap().into_inner();
    assert_eq!(resent.collections[0].state, "RESENDING");
    let asked = world.wait(&asked.name, &[State::CaptchaRequired]).await.application.unwrap();
    world.applications().answer_challenge(code(&asked)).await.unwrap();
    assert!(world.wait(&asked.name, &[State::Approved]).await.reached);
}

#[tokio::test]
async fn a_journal_is_read_in_pages_without_a_gap() {
    let world = World::start().await;
    let asked = world.asked("journal").await;
    let mut request =
        ListTransitionsRequest { parent: asked.name.clone(), page_size: 2, ..Default::default() };
    let mut read = Vec::new();
    loop {
        let page = world.applications().list_transitions(request.clone()).await.unwrap().into_inner();
        read.extend(page.transitions);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let versions: Vec<_> = read.iter().map(|transition| transition.version).collect();
    let last = i64::try_from(versions.len()).unwrap();
    assert_eq!(versions, (1..=last).collect::<Vec<_>>());
    assert_eq!(last, asked.version);
    assert_eq!(read[0].event, "EvidenceAdded");
    assert_eq!((read[0].moves[0].edge.as_str(), read[0].moves[0].to_state.as_str()), ("created", "INIT"));
    assert_eq!(
        (read[0].calls[0].call_id.as_str(), read[0].calls[0].call.as_str()),
        ("1.application", "blacklist")
    );
    assert_eq!(read[1].answered_call_id, "1.application");
}

#[tokio::test]
async fn an_explanation_says_who_owes_what_and_what_may_be_done() {
    let world = World::start().await;
    let asked = world.asked("explained").await;
    let request = ExplainApplicationRequest { name: asked.name.clone() };
    let told = world.applications().explain_application(request).await.unwrap().into_inner();
    assert_eq!(told.owner(), v1::Owner::Applicant);
    assert!(told.blocks.iter().any(|block| block.contains("sms_code")), "{:?}", told.blocks);
    assert_eq!(told.deadline.unwrap().timer, "session_deadline");
    let outlook = |event: &str| {
        let command = told.commands.iter().find(|command| command.event == event);
        command.and_then(|command| command.outlook.clone()).unwrap()
    };
    let Outlook::LeadsTo(cancelled) = outlook("CancelRequested") else { panic!("it may be cancelled") };
    assert_eq!(cancelled.state(), State::Cancelled);
    assert!(matches!(outlook("ResumeRequested"), Outlook::Refused(_)));
    assert!(matches!(outlook("EvidenceAdded"), Outlook::Depends(_)));
}

#[tokio::test]
async fn a_list_is_read_in_pages_and_by_what_is_selected() {
    let world = World::start().await;
    let mut created = Vec::new();
    for at in 0..5 {
        created.push(world.asked(&format!("list-{at}")).await.name);
    }
    let blacklisted = world.create("blacklisted").await.name;
    world.wait(&blacklisted, &[]).await;
    let filter = "state = CAPTCHA_REQUIRED".to_owned();
    let mut request = ListApplicationsRequest { page_size: 2, filter, ..Default::default() };
    let (mut listed, mut pages) = (Vec::new(), 0);
    loop {
        let page = world.applications().list_applications(request.clone()).await.unwrap().into_inner();
        listed.extend(page.applications.into_iter().map(|application| application.name));
        pages += 1;
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    created.sort();
    assert_eq!((listed, pages), (created, 3));

    let filter = "partner = acme AND order_number = 'blacklisted'".to_owned();
    let request = ListApplicationsRequest { filter, ..Default::default() };
    let found = world.applications().list_applications(request).await.unwrap().into_inner();
    assert_eq!(found.applications.len(), 1);
    assert_eq!(found.applications[0].name, blacklisted);
}

#[tokio::test]
async fn waiting_ends_with_the_time_given() {
    let world = World::start().await;
    let asked = world.asked("waiting").await;
    let request = WaitApplicationRequest {
        name: asked.name.clone(),
        timeout: Some(prost_types::Duration { seconds: 0, nanos: 20_000_000 }),
        ..Default::default()
    };
    let waited = world.applications().wait_application(request).await.unwrap().into_inner();
    assert!(!waited.reached);
    assert_eq!(waited.application.unwrap().state(), State::CaptchaRequired);
}

#[tokio::test]
async fn lists_are_found_by_person_and_put_in_order() {
    let world = World::start().await;
    let mut created = Vec::new();
    for order in ["first", "second", "third"] {
        created.push(world.asked(order).await.name);
    }
    let list = |filter: &str, order_by: &str| {
        let (filter, order_by) = (filter.to_owned(), order_by.to_owned());
        let mut request = ListApplicationsRequest { filter, order_by, page_size: 2, ..Default::default() };
        let mut applications = world.applications();
        async move {
            let mut names = Vec::new();
            loop {
                let page = applications.list_applications(request.clone()).await?.into_inner();
                names.extend(page.applications.into_iter().map(|application| application.name));
                request.page_token = page.next_page_token;
                if request.page_token.is_empty() {
                    return Ok::<_, tonic::Status>(names);
                }
            }
        }
    };
    let backwards: Vec<_> = created.iter().rev().cloned().collect();
    assert_eq!(list("", "create_time desc").await.unwrap(), backwards);
    assert_eq!(list("owner = applicant", "state_time").await.unwrap(), created);
    assert_eq!(list("waiting_for = sms_code", "state_time desc").await.unwrap(), backwards);
    let phone = request("x").evidence.unwrap().identity.unwrap().phone;
    assert_eq!(list(&format!("phone = {phone}"), "").await.unwrap().len(), 3);
    assert_eq!(list("phone = 13900000001", "").await.unwrap(), Vec::<String>::new());
    let id_card = request("x").evidence.unwrap().identity.unwrap().id_card;
    assert_eq!(list(&format!("identity_number = {id_card}"), "next_look_time").await.unwrap().len(), 3);
    for (filter, order, field) in [("phon = 1", "", "filter"), ("", "name", "order_by")] {
        let refused = list(filter, order).await.unwrap_err();
        assert_eq!(
            reason(&refused),
            ("INVALID_FIELDS".to_owned(), [("fields".to_owned(), field.to_owned())].into())
        );
    }
    let timed = v1::WatchChangesRequest { filter: "age > 2h".to_owned(), ..Default::default() };
    let refused = world.applications().watch_changes(timed).await.unwrap_err();
    assert_eq!(reason(&refused).0, "INVALID_FIELDS");
}
