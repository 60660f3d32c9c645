//! The contract over a real socket: an engine in memory, a provider by script, the generated
//! clients.

mod answers;
mod deliveries;
mod journeys;
mod operators;
mod provider;
mod refusals;
mod reviews;
mod sessions;
mod stores;
mod surface;
mod terms;
mod watching;

use self::provider::{Scripted, Taken};
use super::proto::v1::application_service_client::ApplicationServiceClient;
use super::proto::v1::delivery_service_client::DeliveryServiceClient;
use super::proto::v1::machine_service_client::MachineServiceClient;
use super::proto::v1::operator_service_client::OperatorServiceClient;
use super::proto::v1::{
    self, Application, CreateApplicationRequest, ListApplicationsRequest, WaitApplicationRequest,
    WaitApplicationResponse,
};
use super::serve::{Health, Server};
use super::session::Apps;
use crate::callback::Callbacks;
use crate::config::{Callback, Role, Roles, Settings, products};
use crate::engine::archive::Archive;
use crate::engine::{Engine, Given};
use crate::machine::policy::Policy;
use crate::store::memory::MemoryStore;
use crate::vault::{MasterKey, Random, Vault};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tonic_types::StatusExt;

type State = v1::application::State;
type Applications = ApplicationServiceClient<Channel>;

/// A server on a port of its own, with a channel to it.
struct World {
    address: std::net::SocketAddr,
    channel: Channel,
    engine: Engine<MemoryStore>,
    health: Health,
    taken: Taken,
    shutdown: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
}

impl World {
    async fn start() -> Self {
        Self::calling(Vec::new()).await
    }

    /// One that tells these partners.
    async fn calling(callbacks: Vec<Callback>) -> Self {
        let (store, random) = (Arc::new(MemoryStore::new()), Random::seeded(7));
        let vault = Vault::volatile(MasterKey::from_text(&"07".repeat(32)).unwrap(), random.clone());
        let archive = Archive::new(Arc::clone(&store), vault.clone(), random.clone());
        let taken = Taken::default();
        let given = Given {
            store,
            vault,
            random,
            policy: hasty(),
            products: products::demo(),
            limits: Default::default(),
            retention: Default::default(),
        };
        let engine = Engine::start(given, Scripted::new(archive, Taken::clone(&taken))).unwrap();
        let http = axum::Router::new().route("/hello", axum::routing::get(|| async { "hello" }));
        let callbacks = Callbacks::start(engine.clone(), &callbacks, &Random::seeded(8)).await.unwrap();
        let apps = Apps::new(
            &Settings::in_folder(std::path::PathBuf::new()),
            &engine,
            engine.links("http://docket.example", Duration::from_secs(600)),
        );
        let server = Server::new(engine.clone(), callbacks.clone(), http, agreements(), apps, roles(), None);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, told) = oneshot::channel::<()>();
        let health = server.health();
        let served = tokio::spawn(server.serve(listener, async { drop(told.await) }));
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { address, channel, engine, health, taken, shutdown: Some(shutdown), served }
    }

    fn applications(&self) -> Applications {
        ApplicationServiceClient::new(self.channel.clone())
    }

    fn deliveries(&self) -> DeliveryServiceClient<Channel> {
        DeliveryServiceClient::new(self.channel.clone())
    }

    fn operators(&self) -> OperatorServiceClient<Channel> {
        OperatorServiceClient::new(self.channel.clone())
    }

    fn machines(&self) -> MachineServiceClient<Channel> {
        MachineServiceClient::new(self.channel.clone())
    }

    /// Creates an application whose operator data is collected.
    async fn create(&self, order: &str) -> Application {
        self.applications().create_application(request(order)).await.unwrap().into_inner()
    }

    async fn wait(&self, name: &str, states: &[State]) -> WaitApplicationResponse {
        let request = WaitApplicationRequest {
            name: name.to_owned(),
            states: states.iter().map(|state| i32::from(*state)).collect(),
            timeout: Some(prost_types::Duration { seconds: 4, nanos: 0 }),
        };
        self.applications().wait_application(request).await.unwrap().into_inner()
    }

    /// Creates an application and waits until the applicant is asked.
    async fn asked(&self, order: &str) -> Application {
        let created = self.create(order).await;
        let waited = self.wait(&created.name, &[State::CaptchaRequired]).await;
        assert!(waited.reached, "{waited:?}");
        waited.application.unwrap()
    }

    async fn count(&self) -> usize {
        let request = ListApplicationsRequest { page_size: 1000, ..Default::default() };
        self.applications().list_applications(request).await.unwrap().into_inner().applications.len()
    }
}

/// One who may see where an applicant works.
fn roles() -> Roles {
    let clear = vec![crate::machine::evidence::EvidenceKind::Work];
    Roles::new(vec![Role { name: "reviewer".to_owned(), clear }])
}

/// Waits short enough for tests.
fn hasty() -> Policy {
    let soon = Duration::from_millis(5);
    Policy {
        poll_min: soon,
        poll_max: soon,
        poll_asking: soon,
        audit_min: soon,
        audit_max: soon,
        restart: soon,
        ..Policy::default()
    }
}

fn request(order: &str) -> CreateApplicationRequest {
    CreateApplicationRequest {
        partner: "acme".to_owned(),
        order_number: order.to_owned(),
        product: products::COLLECTED.to_owned(),
        evidence: Some(evidence()),
        credentials: Some(v1::Credentials { service_password: "123456".to_owned() }),
        ..CreateApplicationRequest::default()
    }
}

fn evidence() -> v1::Evidence {
    let url = |what: &str| format!("https://photos.example/{what}.jpg");
    let contact = |name: &str, relation: v1::contact::Relation| v1::Contact {
        name: name.to_owned(),
        phone: "021-1234 5678".to_owned(),
        relation: relation.into(),
    };
    v1::Evidence {
        identity: Some(v1::Identity {
            name: "李测试".to_owned(),
            phone: "18698574854".to_owned(),
            id_card: "45215919990301502x".to_owned(),
        }),
        loan: Some(v1::Loan { amount_fen: 500_000 }),
        identity_card: Some(v1::IdentityCard {
            face_url: url("face"),
            front_url: url("front"),
            back_url: url("back"),
            address: String::new(),
        }),
        contacts: Some(v1::Contacts {
            contacts: vec![
                contact("张一", v1::contact::Relation::Spouse),
                contact("张二", v1::contact::Relation::Friend),
            ],
        }),
        work: Some(v1::Work {
            company: "政学公司".to_owned(),
            region: String::new(),
            address: "政学路1号".to_owned(),
            phone: "021-12345678".to_owned(),
        }),
        device: Some(v1::Device { device_id: "device-1".to_owned(), ..Default::default() }),
        address_book: Some(v1::AddressBook {
            entries: vec![v1::AddressBookEntry { name: "妈".to_owned(), phone: "110".to_owned() }],
        }),
        operator_data: Vec::new(),
    }
}

/// The reason of an error, which every one must have, and its facts; its page must tell the code, every
/// fact, and what else it carries.
#[track_caller]
fn reason(status: &tonic::Status) -> (String, std::collections::HashMap<String, String>) {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "docket");
    let page = format!("{}/docs/errors/{}.md", env!("CARGO_MANIFEST_DIR"), info.reason);
    let page = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{page}: {error}"));
    let code = format!("{:?}", status.code());
    let code = code.chars().fold(String::new(), |mut code, c| {
        if c.is_uppercase() && !code.is_empty() {
            code.push('_');
        }
        code.push(c.to_ascii_uppercase());
        code
    });
    let is_varied = info.reason == "NOT_SERVED";
    assert!(is_varied || page.contains(&format!("Code `{code}`.")), "{} has the code {code}", info.reason);
    let told = page.lines().find_map(|line| line.strip_prefix("Facts in `ErrorInfo.metadata`: "));
    let told = told.into_iter().flat_map(|told| told.split(", ")).filter_map(|fact| fact.strip_prefix('`'));
    let mut told: Vec<_> = told.filter_map(|fact| fact.split('`').next()).collect();
    let mut facts: Vec<_> = info.metadata.keys().map(String::as_str).collect();
    told.sort_unstable();
    facts.sort_unstable();
    assert_eq!(told, facts, "the facts of {}", info.reason);
    let details = status.get_error_details();
    let carried = [
        ("google.rpc.BadRequest", details.bad_request().is_some()),
        ("google.rpc.PreconditionFailure", details.precondition_failure().is_some()),
        ("google.rpc.RetryInfo", details.retry_info().is_some()),
    ];
    for (what, is_there) in carried {
        assert_eq!(page.contains(what), is_there, "{} and {what}", info.reason);
    }
    (info.reason, info.metadata)
}

/// One agreement can be read somewhere, the others have a name only.
fn agreements() -> crate::config::Agreements {
    serde_json::from_value(serde_json::json!({ "kaniu": "https://agreements.example/kaniu" })).unwrap()
}
