//! Every refusal says why, and changes nothing.

use super::journeys::code;
use super::*;
use crate::api::convert;
use crate::api::proto::v1::answer_challenge_request::Answer;
use crate::api::proto::v1::{
    AnswerChallengeRequest, CancelApplicationRequest, GetApplicationRequest, GetMachineRequest,
    ListTransitionsRequest, WatchChangesRequest,
};
use crate::callback::CallbackError;
use crate::engine::core::{Declined, LoadError};
use crate::engine::read::ListError;
use crate::engine::watch::WatchError;
use crate::engine::{EngineError, entrance::EntranceError};
use crate::machine::step::Refusal;
use crate::store::StoreError;
use tonic::{Code, Status};

/// Checks code and reason, and gives the fields that are told wrong.
#[track_caller]
pub(super) fn check(status: &Status, code: Code, why: &str) -> Vec<String> {
    assert_eq!((status.code(), reason(status).0.as_str()), (code, why), "{status:?}");
    let fields = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    fields.into_iter().map(|violation| violation.field).collect()
}

async fn refused(world: &World, request: CreateApplicationRequest) -> Status {
    world.applications().create_application(request).await.unwrap_err()
}

#[tokio::test]
async fn all_that_is_wrong_with_an_application_is_told_at_once() {
    let world = World::start().await;
    let mut wrong = request("");
    wrong.partner = "a\nb".to_owned();
    wrong.credentials = Some(v1::Credentials { service_password: "5".repeat(201) });
    let evidence = wrong.evidence.as_mut().unwrap();
    let identity = evidence.identity.as_mut().unwrap();
    identity.phone = "+86 18698574854".to_owned();
    identity.id_card = "SECRET-45215919990301502".to_owned();
    evidence.loan = Some(v1::Loan { amount_fen: -1 });
    evidence.identity_card.as_mut().unwrap().face_url = "ftp://photos.example/face.jpg".to_owned();
    evidence.contacts.as_mut().unwrap().contacts[1].relation = 77;
    evidence.work = None;
    evidence.operator_data = b"[]".to_vec();
    let status = refused(&world, wrong).await;
    let fields = check(&status, Code::InvalidArgument, "INVALID_FIELDS");
    let expected = [
        "partner",
        "order_number",
        "credentials.service_password",
        "evidence.identity.phone",
        "evidence.identity.id_card",
        "evidence.loan.amount_fen",
        "evidence.identity_card.face_url",
        "evidence.contacts.contacts[1].relation",
        "evidence.operator_data",
        "evidence.work",
    ];
    assert_eq!(fields, expected);
    assert!(!format!("{status:?}").contains("SECRET"), "values are never repeated");
    assert_eq!(world.count().await, 0);
}

#[tokio::test]
async fn limits_of_lists_hold_and_their_errors_stay_small() {
    let world = World::start().await;
    let mut wrong = request("large");
    let entry = v1::AddressBookEntry { name: "x".repeat(101), phone: String::new() };
    wrong.evidence.as_mut().unwrap().address_book = Some(v1::AddressBook { entries: vec![entry; 1000] });
    let status = refused(&world, wrong).await;
    let fields = check(&status, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(fields.len(), 21, "twenty, and that there are more");

    let mut wrong = request("large");
    let evidence = wrong.evidence.as_mut().unwrap();
    let contact = evidence.contacts.as_ref().unwrap().contacts[0].clone();
    evidence.contacts = Some(v1::Contacts { contacts: vec![contact; 21] });
    evidence.address_book = Some(v1::AddressBook { entries: vec![v1::AddressBookEntry::default(); 50_001] });
    evidence.operator_data = format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20)).into_bytes();
    let fields = check(&refused(&world, wrong).await, Code::InvalidArgument, "INVALID_FIELDS");
    let expected = ["evidence.contacts.contacts", "evidence.address_book.entries", "evidence.operator_data"];
    assert_eq!(fields, expected);

    let mut wrong = request("large");
    wrong.evidence.as_mut().unwrap().operator_data = vec![b' '; 5 << 20];
    check(&refused(&world, wrong).await, Code::OutOfRange, "MESSAGE_TOO_LARGE");
    assert_eq!(world.count().await, 0);
}

#[tokio::test]
async fn a_product_must_be_known() {
    let world = World::start().await;
    let mut wrong = request("product");
    wrong.product = "nonesuch".to_owned();
    let fields = check(&refused(&world, wrong).await, Code::InvalidArgument, "UNKNOWN_PRODUCT");
    assert_eq!(fields, ["product"]);
}

#[tokio::test]
async fn names_and_tokens_must_be_ours() {
    let world = World::start().await;
    let mut client = world.applications();
    let get = |name: &str| GetApplicationRequest { name: name.to_owned() };
    for wrong in ["", "applications/", "applications/7", "application/019aff00-1020-7fee-8001-020304050607"] {
        let status = client.get_application(get(wrong)).await.unwrap_err();
        assert_eq!(check(&status, Code::InvalidArgument, "INVALID_FIELDS"), ["name"]);
    }
    let absent = "applications/019aff00-1020-7fee-8001-020304050607";
    let status = client.get_application(get(absent)).await.unwrap_err();
    check(&status, Code::NotFound, "APPLICATION_NOT_FOUND");
    let cancel = CancelApplicationRequest {
        name: absent.to_owned(),
        reason: "why not".to_owned(),
        ..CancelApplicationRequest::default()
    };
    check(&client.cancel_application(cancel).await.unwrap_err(), Code::NotFound, "APPLICATION_NOT_FOUND");

    let list =
        ListApplicationsRequest { page_size: 1001, page_token: "AAAA".to_owned(), ..Default::default() };
    let status = client.list_applications(list).await.unwrap_err();
    assert_eq!(check(&status, Code::InvalidArgument, "INVALID_FIELDS"), ["page_size", "page_token"]);
    let journal = ListTransitionsRequest { parent: "x".to_owned(), page_size: -1, ..Default::default() };
    let status = client.list_transitions(journal).await.unwrap_err();
    assert_eq!(check(&status, Code::InvalidArgument, "INVALID_FIELDS"), ["parent", "page_size"]);
    let watch = WatchChangesRequest { resume_token: "AAAA".to_owned(), ..Default::default() };
    let status = client.watch_changes(watch).await.unwrap_err();
    assert_eq!(check(&status, Code::InvalidArgument, "BAD_RESUME_TOKEN"), ["resume_token"]);
    let wait = WaitApplicationRequest {
        name: absent.to_owned(),
        states: vec![12],
        timeout: Some(prost_types::Duration { seconds: 601, nanos: 0 }),
    };
    let status = client.wait_application(wait).await.unwrap_err();
    assert_eq!(check(&status, Code::InvalidArgument, "INVALID_FIELDS"), ["timeout", "states"]);
    let machine = GetMachineRequest { name: "machines/nonesuch".to_owned() };
    let status = world.machines().get_machine(machine).await.unwrap_err();
    check(&status, Code::NotFound, "MACHINE_NOT_FOUND");
}

#[tokio::test]
async fn an_answer_must_fit_its_challenge() {
    let world = World::start().await;
    let asked = world.asked("answers").await;
    let mut client = world.applications();
    let answer = |number: u32, answer| AnswerChallengeRequest {
        name: format!("{}/challenges/{number}", asked.name),
        answer,
        ..AnswerChallengeRequest::default()
    };
    let status = client.answer_challenge(answer(9, code(&asked).answer)).await.unwrap_err();
    check(&status, Code::NotFound, "CHALLENGE_NOT_FOUND");
    let status = client.answer_challenge(answer(1, code(&asked).answer)).await.unwrap_err();
    check(&status, Code::FailedPrecondition, "CHALLENGE_CLOSED");
    let query = Some(Answer::QueryPassword("2468".to_owned()));
    let status = client.answer_challenge(answer(2, query)).await.unwrap_err();
    assert_eq!(check(&status, Code::InvalidArgument, "WRONG_ANSWER_KIND"), ["query_password"]);
    for (wrong, field) in [
        (None, "answer"),
        (Some(Answer::SmsCode(String::new())), "sms_code"),
        (Some(Answer::SmsCode("1".repeat(201))), "sms_code"),
        (Some(Answer::PictureCaptcha("1".repeat(201))), "picture_captcha"),
        (Some(Answer::DynamicPassword(String::new())), "dynamic_password"),
    ] {
        let status = client.answer_challenge(answer(2, wrong)).await.unwrap_err();
        assert_eq!(check(&status, Code::InvalidArgument, "INVALID_FIELDS"), [field]);
    }
    let empty = CancelApplicationRequest {
        name: asked.name.clone(),
        reason: " ".to_owned(),
        ..CancelApplicationRequest::default()
    };
    let status = client.cancel_application(empty).await.unwrap_err();
    assert_eq!(check(&status, Code::InvalidArgument, "INVALID_FIELDS"), ["reason"]);
    let now = client.get_application(GetApplicationRequest { name: asked.name.clone() }).await;
    assert_eq!(now.unwrap().into_inner().version, asked.version, "nothing has changed");
}

#[tokio::test]
async fn a_stopped_engine_is_unavailable() {
    let world = World::start().await;
    world.engine.stop().await;
    let status = refused(&world, request("late")).await;
    check(&status, Code::Unavailable, "ENGINE_STOPPED");
    assert!(status.get_details_retry_info().is_some());
}

#[test]
fn what_a_socket_cannot_provoke_is_mapped_too() {
    let declined = |refusal| EngineError::Declined(Declined::Refused(refusal));
    let broken = || StoreError::Inconsistent { what: "row 7 of SECRET".to_owned() };
    let cases = [
        (declined(Refusal::Disagrees { field: "phone" }), Code::FailedPrecondition, "EVIDENCE_DISAGREES"),
        (declined(Refusal::TooManyDocuments), Code::ResourceExhausted, "TOO_MANY_DOCUMENTS"),
        (declined(Refusal::DocumentTaken { number: 7 }), Code::Aborted, "CONTENDED"),
        (EngineError::Contended, Code::Aborted, "CONTENDED"),
        (EngineError::Store(broken()), Code::Internal, "INTERNAL"),
        (EngineError::Load(LoadError::Store(broken())), Code::Internal, "INTERNAL"),
        (EngineError::Entrance(EntranceError::Load(LoadError::Store(broken()))), Code::Internal, "INTERNAL"),
    ];
    for (error, code, why) in cases {
        let status = convert::refused(&error, "applications/7");
        check(&status, code, why);
        assert!(!format!("{status:?}").contains("SECRET"), "the source's text stays in the log");
        assert_eq!(reason(&status).1.contains_key("incident"), code == Code::Internal);
    }
    let no_callback = CallbackError::NoCallback { partner: "acme".to_owned() };
    for (status, code, why) in [
        (convert::refused(&declined(Refusal::NotHeld), "x"), Code::FailedPrecondition, "NOT_HELD"),
        (
            convert::refused(&declined(Refusal::NothingToRetry), "x"),
            Code::FailedPrecondition,
            "NOTHING_TO_RETRY",
        ),
        (convert::undelivered(&no_callback, "x"), Code::FailedPrecondition, "NO_CALLBACK"),
        (convert::unlisted(&ListError::TooManyToSort), Code::FailedPrecondition, "TOO_MANY_TO_SORT"),
        (convert::overloaded(), Code::Unavailable, "OVERLOADED"),
        (convert::too_slow(), Code::DeadlineExceeded, "REQUEST_TIMEOUT"),
        (convert::bare(&Status::cancelled("of a library")).unwrap(), Code::Cancelled, "NOT_SERVED"),
    ] {
        check(&status, code, why);
    }
    let status = convert::unwatched(&WatchError::TooOld { oldest: 7 });
    check(&status, Code::OutOfRange, "RESUME_TOKEN_TOO_OLD");
    assert_eq!(reason(&status).1["oldest_sequence"], "7");
}

#[test]
fn messages_about_a_person_do_not_print_it() {
    let printed = format!(
        "{:?} {:?}",
        request("x"),
        code(&Application { challenges: vec![v1::Challenge::default()], ..Default::default() })
    );
    for secret in ["李测试", "18698574854", "45215919990301502", "123456", "2468", "photos.example"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
