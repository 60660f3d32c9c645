//! What is stuck, in groups, and what operators do about it.

use super::journeys::code;
use super::*;
use v1::stuck_group::Kind;
use v1::{
    HoldApplicationRequest, ListStuckRequest, ListTransitionsRequest, ResumeApplicationRequest, StuckGroup,
};

impl World {
    async fn stuck(&self, fingerprint: &str) -> Vec<StuckGroup> {
        let request = ListStuckRequest { fingerprint: fingerprint.to_owned() };
        self.operators().list_stuck(request).await.unwrap().into_inner().groups
    }

    /// Creates an application that the provider's audit refuses.
    async fn suspended(&self, order: &str) -> Application {
        let asked = self.asked(order).await;
        self.applications().answer_challenge(code(&asked)).await.unwrap();
        let waited = self.wait(&asked.name, &[State::Suspended]).await;
        assert!(waited.reached, "{waited:?}");
        waited.application.unwrap()
    }

    async fn hold(&self, name: &str, reason: &str) {
        let hold = HoldApplicationRequest {
            name: name.to_owned(),
            actor: "anna".to_owned(),
            reason: reason.to_owned(),
            ..HoldApplicationRequest::default()
        };
        self.operators().hold_application(hold).await.unwrap();
    }

    /// Waits until a call is tried in vain; gives its group.
    async fn retrying(&self) -> StuckGroup {
        let until = tokio::time::Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(group) = self.stuck("").await.into_iter().find(|it| it.kind() == Kind::Retrying) {
                return group;
            }
            assert!(tokio::time::Instant::now() < until, "no call is tried in vain");
            crate::clock::pause(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn what_fails_alike_is_one_group() {
    let world = World::start().await;
    assert_eq!(world.stuck("").await, []);
    let mut suspended = Vec::new();
    for order in 0..7 {
        suspended.push(world.suspended(&format!("refused-{order}")).await);
    }
    let held = world.asked("held").await;
    world.hold(&held.name, "the partner disputes it").await;
    let away = world.create("away").await;
    let retrying = world.retrying().await;

    let groups = world.stuck("").await;
    let kinds: Vec<_> =
        groups.iter().map(|group| (group.kind(), group.reason.as_str(), group.count)).collect();
    assert_eq!(kinds[0], (Kind::Suspended, "PROVIDER_REFUSED", 7), "the largest first");
    assert!(kinds.contains(&(Kind::Held, "HELD", 1)) && kinds.contains(&(Kind::Retrying, "RETRYING", 1)));
    let group = &groups[0];
    assert_eq!((group.place.as_str(), group.detail.as_str()), ("application DATA_READY", "参数错误错误"));
    assert_eq!(group.oldest_time, suspended[0].state_time, "since the oldest is");
    assert_eq!(group.names.len(), 5, "some of them");
    assert_eq!((&retrying.names[..], retrying.detail.as_str()), (&[away.name][..], "connection refused"));

    let all = world.stuck(&group.fingerprint).await;
    let [all] = &all[..] else { panic!("one group was asked for: {all:?}") };
    let mut names = all.names.clone();
    names.sort();
    assert_eq!(names, suspended.iter().map(|it| it.name.clone()).collect::<Vec<_>>(), "all of them");
    assert_eq!(world.stuck("0000000000000000").await, []);
}

#[tokio::test]
async fn a_resume_keeps_what_is_finished_and_names_what_is_called_again() {
    let world = World::start().await;
    let suspended = world.suspended("refused").await;
    let resume = ResumeApplicationRequest {
        name: suspended.name.clone(),
        actor: "anna".to_owned(),
        reason: "the provider is back".to_owned(),
        ..ResumeApplicationRequest::default()
    };
    let trial = ResumeApplicationRequest { validate_only: true, ..resume.clone() };
    let tried = world.operators().resume_application(trial).await.unwrap().into_inner();
    let resumed = world.operators().resume_application(resume).await.unwrap().into_inner();
    for told in [&tried, &resumed] {
        let calls: Vec<_> = told.calls.iter().map(|call| call.call.as_str()).collect();
        assert_eq!(calls, ["audit_apply"]);
        let application = told.application.as_ref().unwrap();
        assert_eq!(application.state(), State::DataReady);
        assert_eq!(application.collections, suspended.collections, "what was collected is kept");
    }
    let request = ListTransitionsRequest {
        parent: suspended.name.clone(),
        page_size: 1000,
        ..ListTransitionsRequest::default()
    };
    let journal = world.applications().list_transitions(request).await.unwrap().into_inner().transitions;
    let entry = journal.iter().find(|entry| entry.event == "ResumeRequested").unwrap();
    assert_eq!((entry.actor.as_str(), entry.detail.as_str()), ("anna", "the provider is back"));
    assert_eq!(entry.calls, resumed.calls);
}
