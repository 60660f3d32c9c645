//! From pushes to the audit: whatever a partner validly pushes, each field that the mapping names (spec 006
//! §7.2) arrives in the decrypted audit request, with the type that is printed.
//!
//! The pushes come in over the routes, the request is caught where the transport would send it.

mod expected;
mod pushed;

use self::pushed::Pushed;
use bytes::Bytes;
use docket::config::{Pushes, products};
use docket::engine::archive::Archive;
use docket::engine::provider::{Ended, Order, Provider};
use docket::engine::{Engine, Given};
use docket::intake::reception::Reception;
use docket::intake::routes::{Door, routes};
use docket::machine::call::{Call, Reply};
use docket::machine::policy::Policy;
use docket::provider::audit::AuditCipher;
use docket::provider::client::{Account, Client, Settings};
use docket::provider::prepare::Dialect;
use docket::provider::transport::TransportError;
use docket::provider::wire::seal::decrypt_blocks;
use docket::store::memory::MemoryStore;
use docket::vault::{MasterKey, Random, Secret, Vault};
use flate2::read::GzDecoder;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::BodyExt;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRng, TestRunner};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use serde_json::Value;
use std::future::{Ready, ready};
use std::io::Read;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tower::ServiceExt;

/// How many pairs of pushes are drawn.
const CASES: usize = 60;

/// The bits of the provider's key: as few as it may have, for a test in a debug build.
const KEY_BITS: usize = 1024;

/// Where the transport would send: the audit's request is caught, and taken.
#[derive(Clone)]
struct Catch {
    caught: mpsc::UnboundedSender<Bytes>,
}

impl tower::Service<Request<Bytes>> for Catch {
    type Response = Response<Bytes>;
    type Error = TransportError;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let answer = match request.uri().path() {
            "/client/authorize/token" => r#"{"code": 0, "msg": "", "data": {"token": "t"}}"#,
            "/risk-model/audit/open-id" => {
                self.caught.send(request.into_body()).unwrap();
                r#"{"code": 0, "msg": "", "data": {"open_id": "audit"}}"#
            }
            other => panic!("nothing else is asked: {other}"),
        };
        ready(Ok(Response::new(Bytes::from_static(answer.as_bytes()))))
    }
}

/// The client for the audit's application; the rest of the provider says yes.
struct Auditor<P>(P);

impl<P: Provider> Provider for Auditor<P> {
    async fn call(&self, order: Order) -> Ended {
        let reply = match &order.pending.call {
            Call::Blacklist => Reply::BlacklistClear,
            Call::AuditApply => return self.0.call(order).await,
            Call::AuditResult { .. } => Reply::AuditApproved,
            other => panic!("nothing is collected: {other:?}"),
        };
        Ended::Told { reply, document: None }
    }
}

struct House {
    routes: axum::Router,
    caught: mpsc::UnboundedReceiver<Bytes>,
    key: RsaPrivateKey,
}

impl House {
    fn open() -> Self {
        let mut chance = ChaCha20Rng::seed_from_u64(4);
        let key =
            RsaPrivateKey::new(&mut docket::provider::wire::seal::Randomness(&mut chance), KEY_BITS).unwrap();
        let (store, random) = (Arc::new(MemoryStore::new()), Random::seeded(7));
        let vault = Vault::volatile(MasterKey::from_text(&"07".repeat(32)).unwrap(), random.clone());
        let archive = Archive::new(Arc::clone(&store), vault.clone(), random.clone());
        let account = Account {
            username: "merchant".to_owned(),
            password: Secret::from("secret".to_owned()),
            hours: NonZeroU16::new(24).unwrap(),
        };
        let public_key = key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        let audit_cipher = AuditCipher::Pkcs1 { public_key };
        let settings = Settings { account, dialect: Dialect::default(), audit_cipher };
        let (sender, caught) = mpsc::unbounded_channel();
        let transport = Catch { caught: sender };
        let now = Arc::new(docket::clock::now);
        let client = Client::new(transport, Arc::new(archive), settings, now, chance).unwrap();
        let soon = Duration::from_millis(1);
        let policy = Policy { audit_min: soon, audit_max: soon, ..Policy::default() };
        let (products, limits, retention) = (products::demo(), Default::default(), Default::default());
        let given = Given { store, vault, random, policy, products, limits, retention };
        let engine = Engine::start(given, Auditor(client)).unwrap();
        let door = Door {
            partner: products::PUSHED.to_owned(),
            pushes: Pushes::Bare,
            app_download_url: None,
            desk: Reception::new(engine, products::PUSHED.to_owned(), None),
        };
        Self { routes: routes(vec![door]), caught, key }
    }

    async fn push(&self, path: &str, body: &Value) {
        let request = Request::post(path).header("content-type", "application/json");
        let request = request.body(axum::body::Body::from(body.to_string())).unwrap();
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let answer = answer.into_body().collect().await.unwrap().to_bytes();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["status"], 1, "{answer}: {body:#}");
    }

    /// The audit's request: what is around the sealed data, and the data.
    async fn audited(&mut self) -> (Value, Value) {
        let body = tokio::time::timeout(Duration::from_secs(20), self.caught.recv()).await;
        let body = body.expect("an audit is applied for").unwrap();
        let mut text = String::new();
        GzDecoder::new(body.as_ref()).read_to_string(&mut text).unwrap();
        let mut outer: Value = serde_json::from_str(&text).unwrap();
        let data = outer.as_object_mut().unwrap().remove("data").unwrap();
        let plain = decrypt_blocks(&self.key, data.as_str().unwrap()).unwrap();
        (outer, serde_json::from_slice(&plain).unwrap())
    }
}

#[tokio::test]
async fn every_field_of_the_mapping_arrives_in_the_audit() {
    let mut house = House::open();
    let rng = TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for number in 0..CASES {
        let drawn: Pushed = pushed::pushed().new_tree(&mut runner).unwrap().current();
        let order = format!("order-{number}");
        let (base, additional) = (drawn.base(&order), drawn.additional(&order));
        if drawn.is_additional_first {
            house.push("/pushUserAdditionalInfo", &additional).await;
            house.push("/pushUserBaseInfo", &base).await;
        } else {
            house.push("/pushUserBaseInfo", &base).await;
            house.push("/pushUserAdditionalInfo", &additional).await;
        }
        let (outer, mut data) = house.audited().await;
        expected::take_ours(&mut data);
        assert_eq!(outer, expected::outer(&drawn), "{number}");
        assert_eq!(data, expected::data(&drawn), "{number}: {base:#}\n{additional:#}");
        assert!(house.caught.recv().now_or_never().is_none(), "audited once");
    }
}
