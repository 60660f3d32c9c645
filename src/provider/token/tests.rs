//! One token for all, and one flight for it.

use std::num::NonZeroU16;
use std::pin::pin;
use std::sync::atomic::AtomicU32;

use futures_util::future::{FutureExt as _, join_all};
use tokio::sync::Notify;

use super::*;
use crate::provider::specimen;
use crate::vault::Secret;

fn account() -> Account {
    Account {
        username: "merchant1".to_owned(),
        password: Secret::from("secret".to_owned()),
        hours: NonZeroU16::new(24).unwrap(),
    }
}

const fn at(minutes: u64) -> Time {
    Time::from_millis(minutes * 60_000)
}

#[test]
fn the_request_is_as_printed() {
    let request = request(&account(), Encoding::Json);
    assert_eq!(request.uri(), "/client/authorize/token");
    let printed = r#"{"username":"merchant1","password":"secret","hours":"24"}"#;
    assert_eq!(std::str::from_utf8(request.body()).unwrap(), printed);
}

#[test]
fn a_token_is_used_until_half_an_hour_before_its_end() {
    let keeper = Keeper::new();
    let flights = AtomicU32::new(0);
    let token = |now: Time| {
        let fetch = async || {
            let number = flights.fetch_add(1, Ordering::Relaxed);
            Ok((Opaque::from(number.to_string()), used_until(&account(), now)))
        };
        let token = keeper.token(now, fetch).now_or_never().unwrap();
        token.unwrap().expose().to_owned()
    };
    assert_eq!(token(at(0)), "0");
    assert_eq!(token(at(23 * 60 + 29)), "0");
    assert_eq!(token(at(23 * 60 + 30)), "1");
    keeper.forget(&"0".into()).now_or_never().unwrap();
    assert_eq!(token(at(24 * 60)), "1", "another token was rejected");
    keeper.forget(&"1".into()).now_or_never().unwrap();
    assert_eq!(token(at(24 * 60)), "2");
}

/// Lets ten ask at the same time, and gives what they get and how many flights there were.
async fn crowd(ends: Result<&'static str, Failure>) -> (Vec<Result<Opaque, Failure>>, u32) {
    let (keeper, flights, gate) = (Keeper::new(), AtomicU32::new(0), Notify::new());
    let all = join_all((0..10).map(|_| {
        keeper.token(at(0), async || {
            flights.fetch_add(1, Ordering::Relaxed);
            gate.notified().await;
            ends.clone().map(|token| (Opaque::from(token), at(60)))
        })
    }));
    let mut all = pin!(all);
    assert!(all.as_mut().now_or_never().is_none(), "all wait for the first");
    gate.notify_one();
    let ended = all.await;
    (ended, flights.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_crowd_makes_one_flight_and_shares_its_end() {
    let (ended, flights) = crowd(Ok("t")).await;
    assert_eq!((ended, flights), (vec![Ok("t".into()); 10], 1));
    let failure = unauthorized("HTTP status 502");
    let (ended, flights) = crowd(Err(failure.clone())).await;
    assert_eq!((ended, flights), (vec![Err(failure); 10], 1));
}

#[test]
fn who_comes_after_a_failure_tries_again() {
    let keeper = Keeper::new();
    let failed = keeper.token(at(0), async || Err(unauthorized("x"))).now_or_never();
    assert!(failed.unwrap().is_err());
    let fetch = async || Ok((Opaque::from("t"), at(60)));
    let token = keeper.token(at(0), fetch).now_or_never().unwrap();
    assert_eq!(token, Ok("t".into()));
}

#[test]
fn answers_without_a_token_are_told_apart() {
    let check = |status, body: &str, expected: Result<&str, Failure>| {
        let found = granted(&account(), &specimen::answer(status, body), at(0));
        assert_eq!(found, expected.map(Opaque::from), "{status} {body}");
    };
    let printed = r#"{"code":0,"msg":"","data":{"token":"2ae85e8e10ca12f2ad1f41e4a03f7dcb"}}"#;
    check(200, printed, Ok("2ae85e8e10ca12f2ad1f41e4a03f7dcb"));
    let denied = Failure::Hopeless(Cause::Denied { detail: "账户或密码错误".to_owned() });
    check(200, r#"{"code":1001,"msg":"账户或密码错误"}"#, Err(denied));
    let not_sent = |detail: &str| Err(unauthorized(detail));
    check(200, r#"{"code":1000,"msg":"获取令牌失败"}"#, not_sent("code 1000: 获取令牌失败"));
    check(200, r#"{"code":7,"msg":"not secret"}"#, not_sent("code 7: not …"));
    check(503, "", not_sent("HTTP status 503"));
    check(502, "<html>", not_sent("HTTP status 502"));
    check(404, "<html>", not_sent("HTTP status 404"));
    check(200, "<html>", not_sent("the answer is a page, not JSON"));
    check(200, r#"{"code":0,"msg":""}"#, not_sent("the answer has no token"));
    check(200, r#"{"code":0,"data":{"token":""}}"#, not_sent("the answer has no token"));
}
