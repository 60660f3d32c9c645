//! `DeliveryService` over a real socket, before a partner's server that refuses all, then takes all.

use super::*;
use crate::vault::Secret;
use http::StatusCode;
use std::sync::Mutex;
use tonic::Code;
use v1::delivery::Status as Standing;
use v1::{Delivery, GetDeliveryRequest, ListDeliveriesRequest, ResendDeliveryRequest};

/// A partner's server with one answer, and a world that tells it.
async fn world() -> (World, Arc<Mutex<StatusCode>>) {
    let answer = Arc::new(Mutex::new(StatusCode::GONE));
    let answered = Arc::clone(&answer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let hook = move || async move { *answered.lock().unwrap() };
    let routes = axum::Router::new().route("/hook", axum::routing::post(hook));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let callback = Callback {
        partner: "acme".to_owned(),
        url: Some(url.parse().unwrap()),
        secrets: vec![Secret::from("a secret of sixteen bytes".to_owned())],
        states: Vec::new(),
        timeout: Duration::from_secs(5),
        budget: Duration::from_secs(60),
    };
    (World::calling(vec![callback]).await, answer)
}

impl World {
    async fn list(&self, request: ListDeliveriesRequest) -> Vec<Delivery> {
        let (mut all, mut request) = (Vec::new(), ListDeliveriesRequest { page_size: 1, ..request });
        loop {
            let page = self.deliveries().list_deliveries(request.clone()).await.unwrap().into_inner();
            assert!(page.deliveries.len() <= 1);
            all.extend(page.deliveries);
            if page.next_page_token.is_empty() {
                return all;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Waits until so many deliveries stand so.
    async fn standing(&self, status: Standing, count: usize) -> Vec<Delivery> {
        let until = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let request = ListDeliveriesRequest { status: status.into(), ..Default::default() };
            let found = self.list(request).await;
            if found.len() == count {
                return found;
            }
            assert!(tokio::time::Instant::now() < until, "{found:?}");
            crate::clock::pause(Duration::from_millis(5)).await;
        }
    }
}

fn resend(name: &str) -> ResendDeliveryRequest {
    ResendDeliveryRequest {
        name: name.to_owned(),
        actor: "anna".to_owned(),
        reason: "they are back".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn what_was_given_up_is_listed_and_sent_again() {
    let (world, answer) = world().await;
    let asked = world.asked("order-1").await;
    let dead = world.standing(Standing::Dead, 3).await;
    let states: Vec<_> = dead.iter().map(|it| it.state()).collect();
    assert_eq!(states, [State::Init, State::Collecting, State::CaptchaRequired]);
    let last = dead.last().unwrap();
    assert_eq!(last.name, format!("{}/deliveries/{}", asked.name, last.version));
    assert_eq!((&last.application, last.partner.as_str()), (&asked.name, "acme"));
    assert_eq!((last.tries, last.last_error.as_str()), (1, "HTTP 410"));
    assert!(last.end_time.is_some() && last.next_try_time.is_none() && last.resend.is_none());
    for (request, count) in [
        (ListDeliveriesRequest { partner: "acme".to_owned(), ..Default::default() }, 3),
        (ListDeliveriesRequest { partner: "other".to_owned(), ..Default::default() }, 0),
        (ListDeliveriesRequest { application: asked.name.clone(), ..Default::default() }, 3),
        (ListDeliveriesRequest { status: Standing::Waiting.into(), ..Default::default() }, 0),
    ] {
        assert_eq!(world.list(request.clone()).await.len(), count, "{request:?}");
    }
    *answer.lock().unwrap() = StatusCode::OK;
    let trial = ResendDeliveryRequest { validate_only: true, ..resend(&last.name) };
    let tried = world.deliveries().resend_delivery(trial).await.unwrap().into_inner();
    assert_eq!((tried.status(), tried.tries), (Standing::Waiting, 0), "as it would be");
    assert_eq!(world.standing(Standing::Dead, 3).await, dead, "nothing is sent");
    let stale = ResendDeliveryRequest { etag: dead[0].etag.clone(), ..resend(&last.name) };
    let refused = world.deliveries().resend_delivery(stale).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).0.as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    assert_eq!(reason(&refused).1["found"], last.etag);
    let named = ResendDeliveryRequest {
        request_id: "request-1".to_owned(),
        etag: last.etag.clone(),
        ..resend(&last.name)
    };
    let resent = world.deliveries().resend_delivery(named.clone()).await.unwrap().into_inner();
    assert_eq!(resent.status(), Standing::Waiting);
    let by = resent.resend.clone().unwrap();
    assert_eq!((by.actor.as_str(), by.reason.as_str()), ("anna", "they are back"));
    let delivered = world.standing(Standing::Delivered, 1).await;
    assert_eq!((&delivered[0].name, delivered[0].last_error.as_str()), (&last.name, ""));
    // Repeated, the request does nothing more, and is answered as the first time.
    let repeated = world.deliveries().resend_delivery(named.clone()).await.unwrap().into_inner();
    assert_eq!(repeated, resent);
    let read = GetDeliveryRequest { name: last.name.clone() };
    assert_eq!(world.deliveries().get_delivery(read).await.unwrap().into_inner(), delivered[0]);
    let other = ResendDeliveryRequest { reason: "another".to_owned(), ..named };
    let refused = world.deliveries().resend_delivery(other).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).0.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
}

#[tokio::test]
async fn what_is_not_there_or_senseless_is_named() {
    let (world, _) = world().await;
    let unknown = "applications/019aff00-1020-7fee-8001-020304050607/deliveries/1";
    let refused = world.deliveries().resend_delivery(resend(unknown)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).0.as_str()), (Code::NotFound, "DELIVERY_NOT_FOUND"));
    let request = GetDeliveryRequest { name: unknown.to_owned() };
    let refused = world.deliveries().get_delivery(request).await.unwrap_err();
    assert_eq!(reason(&refused).0, "DELIVERY_NOT_FOUND");
    let senseless = ResendDeliveryRequest { name: format!("{unknown}x"), ..Default::default() };
    let refused = world.deliveries().resend_delivery(senseless).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(reason(&refused).1["fields"], "name,actor,reason");
    let senseless = ListDeliveriesRequest {
        page_size: -1,
        page_token: "nonsense".to_owned(),
        status: 9,
        application: "x".to_owned(),
        ..Default::default()
    };
    let refused = world.deliveries().list_deliveries(senseless).await.unwrap_err();
    assert_eq!(reason(&refused).1["fields"], "page_size,status,application,page_token");
}
