//! Sessions of a mobile app's users.

use super::*;
use crate::api::proto::v1::IssueSessionRequest;
use crate::api::proto::v1::session_service_client::SessionServiceClient;
use crate::engine::session::Session;
use tonic::Code;

fn asks() -> IssueSessionRequest {
    IssueSessionRequest {
        partner: products::CRAPIDO.to_owned(),
        mobile: "8553465753".to_owned(),
        product_id: products::MOBILE_NUMBER.to_owned(),
        ttl: None,
    }
}

#[tokio::test]
async fn a_session_says_who_it_is_and_how_long() {
    let world = World::start().await;
    let mut sessions = SessionServiceClient::new(world.channel.clone());
    let before = crate::clock::now();
    let issued = sessions.issue_session(asks()).await.unwrap().into_inner();
    let read = world.engine.sessions(0).read(&issued.token, crate::clock::now()).unwrap();
    let IssueSessionRequest { partner, mobile, product_id, .. } = asks();
    assert_eq!(read, Session { partner, phone: mobile, product_id });
    let seconds = issued.expire_time.unwrap().seconds - (before.as_millis() / 1_000) as i64;
    assert!((1_799..=1_803).contains(&seconds), "{seconds}");
    assert_eq!(
        (format!("{issued:?}"), format!("{:?}", asks())),
        ("v1::Session".into(), "v1::IssueSessionRequest".into())
    );
    let ttl = Some(prost_types::Duration { seconds: 60, nanos: 0 });
    let short = sessions.issue_session(IssueSessionRequest { ttl, ..asks() }).await.unwrap().into_inner();
    assert!(short.expire_time.unwrap().seconds < issued.expire_time.unwrap().seconds);
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once() {
    let world = World::start().await;
    let mut sessions = SessionServiceClient::new(world.channel.clone());
    let of = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    for (request, fields) in [
        (IssueSessionRequest { partner: "pushed".to_owned(), ..asks() }, "partner"),
        (IssueSessionRequest { product_id: "3".to_owned(), ..asks() }, "product_id"),
        (IssueSessionRequest { mobile: "+52 855".to_owned(), ..asks() }, "mobile"),
        (IssueSessionRequest { ttl: of(0), ..asks() }, "ttl"),
        (IssueSessionRequest { ttl: of(-5), ..asks() }, "ttl"),
        (IssueSessionRequest { ttl: of(86_401), ..asks() }, "ttl"),
        (
            IssueSessionRequest { ttl: of(86_401), mobile: String::new(), ..Default::default() },
            "partner,mobile,ttl",
        ),
    ] {
        let refused = sessions.issue_session(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        let (reason, facts) = reason(&refused);
        assert_eq!((reason.as_str(), facts["fields"].as_str()), ("INVALID_FIELDS", fields));
    }
}
