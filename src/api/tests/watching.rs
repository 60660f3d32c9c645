//! The stream of changes.

use super::journeys::code;
use super::*;
use crate::api::proto::v1::watch_changes_response::Kind;
use crate::api::proto::v1::{WatchChangesRequest, WatchChangesResponse};
use crate::store::Store as _;
use tonic::Streaming;

async fn watch(world: &World, request: WatchChangesRequest) -> Streaming<WatchChangesResponse> {
    world.applications().watch_changes(request).await.unwrap().into_inner()
}

/// Reads until a line is as wanted; gives all lines read.
async fn until(
    lines: &mut Streaming<WatchChangesResponse>,
    is_wanted: impl Fn(&WatchChangesResponse) -> bool,
) -> Vec<WatchChangesResponse> {
    let mut read = Vec::new();
    loop {
        let line = lines.message().await.unwrap().expect("the stream has no end");
        assert!(line.time.is_some());
        read.push(line);
        if read.last().is_some_and(&is_wanted) {
            return read;
        }
    }
}

fn is(kind: Kind) -> impl Fn(&WatchChangesResponse) -> bool {
    move |line| line.kind() == kind
}

fn version(line: &WatchChangesResponse) -> i64 {
    line.application.as_ref().map_or(0, |application| application.version)
}

#[tokio::test]
async fn a_watch_begins_with_all_that_is_there_and_resumes_without_a_gap() {
    let world = World::start().await;
    let there = world.asked("there").await;
    let mut lines = watch(&world, WatchChangesRequest::default()).await;
    let beginning = until(&mut lines, is(Kind::Complete)).await;
    let [present, complete] = &beginning[..] else { panic!("one is there: {beginning:?}") };
    assert_eq!(present.kind(), Kind::Present);
    assert_eq!(present.application.as_ref(), Some(&there));
    assert!(present.resume_token.is_empty() && !complete.resume_token.is_empty());

    world.applications().answer_challenge(code(&there)).await.unwrap();
    let first = until(&mut lines, is(Kind::Changed)).await.pop().unwrap();
    assert_eq!(version(&first), there.version + 1);
    drop(lines);
    let approved = world.wait(&there.name, &[State::Approved]).await.application.unwrap();

    let resume = WatchChangesRequest { resume_token: first.resume_token.clone(), ..Default::default() };
    let mut lines = watch(&world, resume).await;
    let rest = until(&mut lines, |line| version(line) == approved.version).await;
    let versions: Vec<_> = rest.iter().map(version).collect();
    assert_eq!(versions, (version(&first) + 1..=approved.version).collect::<Vec<_>>());
    assert_eq!(rest.last().unwrap().application, Some(approved));
}

#[tokio::test]
async fn a_watch_tells_what_enters_and_leaves_its_selection() {
    let world = World::start().await;
    let filter = "state = CAPTCHA_REQUIRED".to_owned();
    let mut lines = watch(&world, WatchChangesRequest { filter, ..Default::default() }).await;
    until(&mut lines, is(Kind::Complete)).await;
    let asked = world.asked("selected").await;
    let entered = until(&mut lines, is(Kind::Entered)).await.pop().unwrap();
    assert_eq!(entered.application.unwrap().challenges, asked.challenges);
    world.applications().answer_challenge(code(&asked)).await.unwrap();
    let left = until(&mut lines, is(Kind::Left)).await.pop().unwrap();
    assert_eq!(left.application.unwrap().state(), State::Collecting);
}

#[tokio::test]
async fn a_token_whose_changes_are_forgotten_is_too_old() {
    let world = World::start().await;
    let mut lines = watch(&world, WatchChangesRequest::default()).await;
    let complete = until(&mut lines, is(Kind::Complete)).await.pop().unwrap();
    let asked = world.asked("forgotten").await;
    let last = until(&mut lines, |line| version(line) == asked.version).await.pop().unwrap();
    world.engine.store().forget_changes(3).unwrap();

    let resume = |token: &str| WatchChangesRequest { resume_token: token.to_owned(), ..Default::default() };
    let refused = world.applications().watch_changes(resume(&complete.resume_token)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::OutOfRange);
    let (why, facts) = reason(&refused);
    assert_eq!((why.as_str(), facts["oldest_sequence"].as_str()), ("RESUME_TOKEN_TOO_OLD", "3"));
    // The token of the last line is good, and so is the stream that was never left.
    let mut resumed = watch(&world, resume(&last.resume_token)).await;
    world.applications().answer_challenge(code(&asked)).await.unwrap();
    for lines in [&mut lines, &mut resumed] {
        let next = until(lines, is(Kind::Changed)).await;
        assert_eq!(next.iter().map(version).collect::<Vec<_>>(), [asked.version + 1]);
    }
}

#[tokio::test]
async fn who_watches_is_counted() {
    let world = World::start().await;
    assert_eq!(world.engine.watchers(), 0);
    let mut streams = Vec::new();
    for expected in 1..=3 {
        let mut lines = watch(&world, WatchChangesRequest::default()).await;
        until(&mut lines, is(Kind::Complete)).await;
        streams.push(lines);
        assert_eq!(world.engine.watchers(), expected);
    }
    drop(streams);
    let gone = async {
        while world.engine.watchers() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("who has gone is not counted");
}

#[tokio::test]
async fn who_watches_or_waits_is_sent_away_when_the_server_leaves() {
    let mut world = World::start().await;
    let asked = world.asked("leaving").await;
    let mut lines = watch(&world, WatchChangesRequest::default()).await;
    until(&mut lines, is(Kind::Complete)).await;
    let mut waiting = world.applications();
    let request = WaitApplicationRequest { name: asked.name, ..Default::default() };
    let waiting = tokio::spawn(async move { waiting.wait_application(request).await });
    let mut health = tonic_health::pb::health_client::HealthClient::new(world.channel.clone());
    let mut healths =
        health.watch(tonic_health::pb::HealthCheckRequest::default()).await.unwrap().into_inner();
    healths.message().await.unwrap();

    world.shutdown.take().unwrap().send(()).unwrap();
    let end = lines.message().await.unwrap_err();
    assert_eq!((end.code(), reason(&end).0.as_str()), (tonic::Code::Unavailable, "SHUTTING_DOWN"));
    assert!(end.get_details_retry_info().is_some());
    let end = waiting.await.unwrap().unwrap_err();
    assert_eq!(end.code(), tonic::Code::Unavailable);
    while healths.message().await.unwrap().is_some() {}
    drop(lines);
    drop(healths);
    let served = tokio::time::timeout(Duration::from_secs(3), world.served).await;
    served.expect("nobody is waited for").unwrap().unwrap();
}
