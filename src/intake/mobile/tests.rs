//! The calls of the app over an engine in memory: requests in, answers and evidence out.

mod forms;
mod orders;
mod photos;
mod refusals;

use super::catalogue::Catalogue;
use super::recognise::Recogniser;
use super::{App, routes};
use crate::clock;
use crate::config::{CheckDigits, products};
use crate::engine::dossier::Dossier;
use crate::engine::provider::{Ended, Order, Provider};
use crate::engine::session::Session;
use crate::engine::{Engine, Given};
use crate::intake::photos as album;
use crate::machine::application::Application;
use crate::machine::evidence::EvidenceKind;
use crate::machine::policy::Policy;
use crate::store::Store;
use crate::store::memory::MemoryStore;
use crate::vault::{MasterKey, Random, Vault};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tower::ServiceExt as _;

const MOBILE: &str = "8553465753";
const ORDER: &str = "302021101407000223510036";
const CURP: &str = "CORM770627MDFNJR01";
const FRONT: &[u8] = include_bytes!("../../../tests/fixtures/photos/front.png");
const BACK: &[u8] = include_bytes!("../../../tests/fixtures/photos/blurred.jpg");

/// What the text of a good photo is.
const CARD: &str = "NOMBRE\nCONTRERAS\nROJAS\nMARICELA\nDOMICILIO\nCURP CORM770627MDFNJR01";

/// A provider that is never heard of: what it is asked stays under way.
struct Silent;

impl Provider for Silent {
    async fn call(&self, _order: Order) -> Ended {
        std::future::pending().await
    }
}

/// A recogniser that says what it is told to, and counts.
#[derive(Default)]
struct Parrot {
    says: Mutex<Option<String>>,
    heard: Mutex<usize>,
    /// For the next photo it takes until this is told.
    waits: Mutex<Option<oneshot::Receiver<()>>>,
}

impl Recogniser for Parrot {
    fn read(&self, _image: Bytes) -> BoxFuture<'_, Option<String>> {
        *self.heard.lock().unwrap() += 1;
        let (waits, says) = (self.waits.lock().unwrap().take(), self.says.lock().unwrap().clone());
        Box::pin(async move {
            if let Some(waits) = waits {
                waits.await.unwrap();
            }
            says
        })
    }
}

/// An app's backend, an app, and the server behind it.
struct World {
    engine: Engine<MemoryStore>,
    router: Router,
    parrot: Arc<Parrot>,
    token: String,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl World {
    fn new() -> Self {
        Self::with(CheckDigits::Warn)
    }

    fn with(check_digits: CheckDigits) -> Self {
        Self::with_forms(check_digits, Catalogue::printed())
    }

    fn with_forms(check_digits: CheckDigits, catalogue: Catalogue) -> Self {
        let (store, random) = (Arc::new(MemoryStore::new()), Random::seeded(7));
        let vault = Vault::volatile(MasterKey::from_text(&"07".repeat(32)).unwrap(), random.clone());
        let (policy, products) = (Policy::default(), products::demo());
        let given = Given {
            store,
            vault,
            random,
            policy,
            products,
            limits: Default::default(),
            retention: Default::default(),
        };
        let engine = Engine::start(given, Silent).unwrap();
        let parrot = Arc::new(Parrot::default());
        let links = engine.links("http://docket.example/", Duration::from_secs(600));
        let recogniser: Arc<dyn Recogniser> = Arc::<Parrot>::clone(&parrot);
        let app = App {
            engine: engine.clone(),
            partner: products::CRAPIDO.to_owned(),
            products: [("2".to_owned(), products::MOBILE.to_owned())].into(),
            sessions: engine.sessions(0),
            header: "token".parse().unwrap(),
            links: links.clone(),
            catalogue: Arc::new(catalogue),
            recogniser,
            check_digits,
            photo_bytes: 100_000,
        };
        let router = routes(app).merge(album::routes(engine.clone(), links));
        let token = token(&engine, MOBILE, Duration::from_secs(600));
        Self { engine, router, parrot, token }
    }

    /// The same server, another user.
    fn user(&self, mobile: &str) -> Self {
        let token = token(&self.engine, mobile, Duration::from_secs(600));
        let (engine, router, parrot) = (self.engine.clone(), self.router.clone(), Arc::clone(&self.parrot));
        Self { engine, router, parrot, token }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request =
            Request::post(path).header("token", &self.token).header("content-type", "application/json");
        let answer = self.send(request.body(Body::from(body.to_string())).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer.json()
    }

    /// A call that must succeed, with this code; gives what it tells.
    #[track_caller]
    fn succeeds(&self, path: &str, code: &str, body: Value) -> impl Future<Output = Value> {
        let (place, path, code) = (std::panic::Location::caller(), path.to_owned(), code.to_owned());
        let world = self.user_again();
        async move {
            let answer = world.post(&path, body).await;
            assert_eq!(answer["code"], code, "{path} at {place}: {answer}");
            answer["data"].clone()
        }
    }

    fn user_again(&self) -> Self {
        let (engine, router, parrot) = (self.engine.clone(), self.router.clone(), Arc::clone(&self.parrot));
        Self { engine, router, parrot, token: self.token.clone() }
    }

    /// A call that must fail; gives the message.
    async fn fails(&self, path: &str, body: Value) -> String {
        let answer = self.post(path, body).await;
        assert_eq!(answer["code"], "1", "{path}: {answer}");
        assert!(answer.get("data").is_none(), "{answer}");
        answer["message"].as_str().unwrap().to_owned()
    }

    async fn upload(&self, kind: &str, image: &[u8]) -> Value {
        let answer = self.send(photo(&self.token, "/Crapido/upimg", kind, image)).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["code"]), (StatusCode::OK, &json!("0")), "{told}");
        assert_eq!((&told["message"], &told["data"]["status"]), (&json!("成功"), &json!(true)));
        told["data"].clone()
    }

    fn recognises(&self, text: Option<&str>) {
        *self.parrot.says.lock().unwrap() = text.map(str::to_owned);
    }

    /// All applications of the user, the newest last.
    async fn applications(&self) -> Vec<Arc<Application>> {
        let read = self.engine.sessions(0).read(&self.token, clock::now()).unwrap();
        self.engine.applications_of(products::CRAPIDO, &read.phone, products::MOBILE).await.unwrap()
    }

    /// The application of the user, and where the certification stands.
    async fn application(&self) -> (Arc<Application>, &'static str) {
        let newest = self.applications().await.pop().expect("there is one");
        let step = newest.certification().unwrap().name();
        (newest, step)
    }

    async fn dossier(&self) -> Dossier {
        let (application, _) = self.application().await;
        self.engine.evidence_of(&application, &EvidenceKind::ALL).await.unwrap()
    }

    fn count(&self) -> usize {
        self.engine.store().applications(None, 100).unwrap().len()
    }
}

fn token<S: Store>(engine: &Engine<S>, mobile: &str, ttl: Duration) -> String {
    let session = Session {
        partner: products::CRAPIDO.to_owned(),
        phone: mobile.to_owned(),
        product_id: "2".to_owned(),
    };
    engine.sessions(0).issue(&session, clock::now() + ttl)
}

/// An upload as an app sends it, with noise.
fn photo(token: &str, path: &str, kind: &str, image: &[u8]) -> Request<Body> {
    let mut body = Vec::new();
    for (name, value) in [("AKS_lk", &b"1"[..]), ("type", kind.as_bytes()), ("laks_pl", b"23")] {
        body.extend(format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(
        b"--b\r\ncontent-disposition: form-data; name=\"attach\"; filename=\"../../x.exe\"\r\n",
    );
    body.extend_from_slice(b"content-type: text/html\r\n\r\n");
    body.extend_from_slice(image);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let request = Request::post(path).header("token", token);
    request.header("content-type", "multipart/form-data; boundary=b").body(Body::from(body)).unwrap()
}

fn init() -> Value {
    json!({ "mobile": MOBILE, "product_id": "2", "aksld": "236541" })
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().unwrap().remove(name);
    body
}

/// The samples of spec 004.
fn questionnaire() -> Value {
    json!({
        "is_borrowed_far": "1", "is_network_loan": "1", "is_outstanding": "1", "is_overdue_maximum": "1",
        "is_overdue_year": "1", "order_no": ORDER, "product_id": "2", "MKAS": "19"
    })
}

fn correction() -> Value {
    json!({ "name": "MARICELA", "type": "11", "id_number": CURP, "birthday": "27-06-1977", "plAKS": "sda" })
}

fn personal() -> Value {
    json!({
        "birthday": "27-06-1977", "children_num": "1", "education": "2", "email": "xxxxxx@gmail.mx", "alksmdj": "",
        "home_city": "Coahuila de Zaragoza|Candela", "idcardnumber": CURP, "marriage": "1", "sex": "2",
        "order_no": ORDER, "product_id": "2", "pals_skd": "598"
    })
}

fn job() -> Value {
    json!({
        "company_address": "Coahuila de Zaragoza|Candela", "company_full_address": "hhh", "company_name": "hhhh",
        "company_phone": "sss", "industry": "3", "job_type": "2", "monthly_income": "3", "order_no": ORDER,
        "product_id": "2", "salary_day": "3", "salary_day_1": "1", "salary_type": "1"
    })
}

fn contacts() -> Value {
    json!({
        "first_mobile": MOBILE, "first_name": "110", "first_relation": "1", "product_id": "2",
        "second_mobile": "110", "second_name": "120", "second_relation": "1"
    })
}

fn card() -> Value {
    json!({
        "bankCode": "40012", "cardNo": "012180001234567899", "confirmCardNo": "012180001234567899",
        "product_id": "2", "order_no": ORDER, "userName": "MARICELA", "bankType": "2", "ajshd": "20202"
    })
}
