//! Exchanges over a transport that plays a script.

use std::collections::VecDeque;
use std::future::ready;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::*;
use crate::machine::call::Reply;
use crate::machine::time::Time;
use crate::provider::audit::sealing::{AuditCipher, Sealer};
use crate::provider::material::Material;
use crate::provider::prepare::{Means, draft};
use crate::provider::specimen;
use crate::vault::Secret;

type Sent = Result<Response<Bytes>, TransportError>;

const GRANTED: &str = r#"{"code":0,"data":{"token":"t1"}}"#;
const GRANTED_ANEW: &str = r#"{"code":0,"data":{"token":"t2"}}"#;
const REJECTED: &str = r#"{"code":1001,"msg":"令牌验证失败"}"#;
const CLEAR: &str = r#"{"code":0,"data":{"is_in":false}}"#;

fn ok(body: &str) -> Sent {
    Ok(specimen::answer(200, body))
}

/// Makes calls one after another while the transport plays `script`; gives how each ended, and
/// what was asked: the path, and the token or password that went with it.
fn play(
    calls: &[Call],
    script: impl IntoIterator<Item = Sent>,
) -> (Vec<Result<Meaning, Failure>>, Vec<String>) {
    let script: Arc<Mutex<VecDeque<Sent>>> = Arc::new(Mutex::new(script.into_iter().collect()));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let transport = {
        let (script, asked) = (Arc::clone(&script), Arc::clone(&asked));
        tower::service_fn(move |request: Request<Bytes>| {
            let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let token = body["token"].as_str().unwrap_or_default();
            asked.lock().unwrap().push(format!("{} {token}", request.uri().path()));
            ready(script.lock().unwrap().pop_front().expect("no more calls"))
        })
    };
    let account = Account {
        username: "merchant1".to_owned(),
        password: Secret::from("secret".to_owned()),
        hours: NonZeroU16::new(24).unwrap(),
    };
    let line = Line::new(transport, account, Dialect::default(), Arc::new(Time::default));
    let sealer = Sealer::new(&AuditCipher::None, ChaCha20Rng::seed_from_u64(1)).unwrap();
    let exchange = |call: &Call| {
        let material =
            Material { dossier: specimen::dossier(), answer: specimen::typed(call), collected: None };
        let (username, dialect) = ("merchant1", line.dialect());
        let means = Means { username, dialect, sealer: &sealer };
        let draft = draft(call, &specimen::application(), &material, &means)?;
        let ended = line.exchange(call, draft);
        ended.now_or_never().expect("nothing waits but for the transport")
    };
    let ended = calls.iter().map(exchange).collect();
    assert!(script.lock().unwrap().is_empty(), "not all was asked");
    let asked = std::mem::take(&mut *asked.lock().unwrap());
    (ended, asked)
}

fn one(script: impl IntoIterator<Item = Sent>) -> (Result<Meaning, Failure>, Vec<String>) {
    let (mut ended, asked) = play(&[Call::Blacklist], script);
    (ended.remove(0), asked)
}

const TOKEN_ASKED: &str = "/client/authorize/token ";

#[test]
fn a_token_is_fetched_once_for_all_calls_that_need_one() {
    let [blacklist, result] = ["blacklist", "audit_result"].map(specimen::call);
    let running = r#"{"code":0,"data":{"state":2}}"#;
    let calls = [result, blacklist.clone(), blacklist];
    let (ended, asked) = play(&calls, [ok(running), ok(GRANTED), ok(CLEAR), ok(CLEAR)]);
    assert!(matches!(ended[0], Ok(Meaning::Reply(Reply::AuditRunning))));
    assert!(matches!(ended[2], Ok(Meaning::Reply(Reply::BlacklistClear))));
    let search = "/blacklist/search/single t1";
    let expected = ["/risk-model/audit/result ", TOKEN_ASKED, search, search];
    assert_eq!(asked, expected);
}

#[test]
fn a_rejected_token_is_replaced_once() {
    let (ended, asked) = one([ok(GRANTED), ok(REJECTED), ok(GRANTED_ANEW), ok(CLEAR)]);
    assert!(matches!(ended, Ok(Meaning::Reply(Reply::BlacklistClear))));
    let (first, second) = ("/blacklist/search/single t1", "/blacklist/search/single t2");
    assert_eq!(asked, [TOKEN_ASKED, first, TOKEN_ASKED, second]);

    let (ended, asked) = one([ok(GRANTED), ok(REJECTED), ok(GRANTED_ANEW), ok(REJECTED)]);
    let detail = "令牌验证失败".to_owned();
    assert_eq!(ended.unwrap_err(), Failure::Hopeless(Cause::Denied { detail }));
    assert_eq!(asked.len(), 4);
}

#[test]
fn without_a_token_nothing_is_sent() {
    let cut = || Err(TransportError::Ambiguous { detail: "cut".to_owned() });
    let (ended, asked) = one([cut()]);
    let detail = "no token: cut".to_owned();
    assert_eq!(ended.unwrap_err(), Failure::NotSent { detail });
    assert_eq!(asked, [TOKEN_ASKED]);

    let (ended, _) = one([ok(r#"{"code":1001,"msg":"账户或密码错误"}"#)]);
    let detail = "账户或密码错误".to_owned();
    assert_eq!(ended.unwrap_err(), Failure::Hopeless(Cause::Denied { detail }));

    let (ended, _) = one([ok(GRANTED), ok(REJECTED), cut()]);
    let detail = "no token: cut".to_owned();
    assert_eq!(ended.unwrap_err(), Failure::NotSent { detail });

    let (ended, _) = one([ok(GRANTED), cut()]);
    let detail = "cut".to_owned();
    assert_eq!(ended.unwrap_err(), Failure::Ambiguous { detail });
}

#[test]
fn no_other_call_is_ever_made_twice() {
    for call in specimen::calls() {
        let needs_token = Endpoint::of(&call).credential == Credential::Token;
        for last in [ok(r#"{"code":1000}"#), ok(r#"{"code":1001,"msg":"x"}"#), ok("")] {
            let script = needs_token.then(|| ok(GRANTED)).into_iter().chain([last]);
            let (_, asked) = play(std::slice::from_ref(&call), script);
            assert_eq!(asked.len(), if needs_token { 2 } else { 1 });
        }
    }
}
