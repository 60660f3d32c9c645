//! The provider is away for a while, over real sockets: the built binary parks what it would call,
//! and lets it go in waves under its limits when the provider is back. Nothing is suspended.

use crate::crash::push;
use crate::process::{Process, Sandbox, client};
use docket::api::proto::v1::application::State;
use docket::api::proto::v1::operator_service_client::OperatorServiceClient;
use docket::api::proto::v1::provider_status::State as Breaker;
use docket::api::proto::v1::stuck_group::Kind as Stuck;
use docket::api::proto::v1::watch_changes_response::Kind;
use docket::api::proto::v1::{
    ListApplicationsRequest, ListProviderSystemsRequest, ListStuckRequest, ProviderSystem,
    WatchChangesRequest,
};
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

const APPLICATIONS: u32 = 60;
/// The others ask, or have asked not long ago and wait a while before they do so again.
const PARKED: i64 = APPLICATIONS as i64 - 15;
const PATIENCE: Duration = Duration::from_secs(90);
/// How long one call may be tried in vain: much shorter than the provider is away.
const BUDGET: Duration = Duration::from_secs(4);
const AWAY: Duration = Duration::from_secs(9);
const CALLS_PER_S: usize = 20;
const BURST: usize = 4;
const MOST_IN_A_SECOND: usize = 2 * CALLS_PER_S;
const CONCURRENCY: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_sat_out_and_work_comes_back_in_waves() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "quick");
    let way = Way::open(&sandbox.process.address).await;
    let mut settings = sandbox.settings();
    settings.retain(|(name, _)| *name != "DOCKET_PROVIDER_ADDRESS");
    for (name, value) in [
        ("DOCKET_PROVIDER_ADDRESS", format!("http://{}", way.address)),
        ("DOCKET_DATA", folder.path().join("data").display().to_string()),
        ("DOCKET_PATIENCE_CALL_BUDGET", format!("{}s", BUDGET.as_secs())),
        // The first applications come one by one, and must find it out within their budget.
        ("DOCKET_PROVIDER_BREAKER_FAILURES", "3".to_owned()),
        ("DOCKET_PROVIDER_BREAKER_PAUSE_MIN", "300ms".to_owned()),
        ("DOCKET_PROVIDER_BREAKER_PAUSE_MAX", "1s".to_owned()),
        ("DOCKET_PROVIDER_LIMITS_BLACKLIST_CALLS_PER_S", CALLS_PER_S.to_string()),
        ("DOCKET_PROVIDER_LIMITS_BLACKLIST_BURST", BURST.to_string()),
        ("DOCKET_PROVIDER_LIMITS_BLACKLIST_CONCURRENCY", CONCURRENCY.to_string()),
    ] {
        settings.push((name, value));
    }
    let docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let address = docket.address.clone();
    let heard = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn(hear(address.clone(), Arc::clone(&heard)));

    way.is_open.store(false, Ordering::SeqCst);
    for number in 0..APPLICATIONS {
        bring(&address, number).await;
    }
    until("nearly all is parked", || async {
        let groups = operators(&address).list_stuck(ListStuckRequest::default()).await.unwrap().into_inner();
        let parked = groups.groups.iter().filter(|group| group.kind() == Stuck::Outage);
        parked.map(|group| group.count).sum::<i64>() >= PARKED
    })
    .await;
    let system = blacklist(&address).await;
    assert!(system.calls_waiting >= PARKED - 3, "{system:?}");
    let before = way.calls();
    sleep(AWAY).await;
    let asked = way.connections_refused();
    assert_eq!((way.calls(), before), (0, 0), "nothing came through");
    assert!((3..60).contains(&asked), "those that found it out, and one now and then: {asked}");
    assert_eq!(suspended(&address).await, 0, "{AWAY:?} away, and {BUDGET:?} of patience");

    let back = Instant::now();
    way.is_open.store(true, Ordering::SeqCst);
    until("all have ended", || async { with(&address, State::Approved).await == APPLICATIONS as usize })
        .await;
    let ended = back.elapsed();
    assert_eq!(suspended(&address).await, 0);
    let asked = way.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), APPLICATIONS as usize, "each was asked once");
    for (at, first) in asked.iter().enumerate() {
        let within = asked[at..].iter().take_while(|asked| asked.duration_since(*first) < SECOND).count();
        // With room for a busy machine; without a limit all would come at once.
        assert!(within <= MOST_IN_A_SECOND, "{within} calls within a second");
    }
    let most = way.most.load(Ordering::SeqCst);
    assert!(most <= CONCURRENCY, "{most} calls at the same time");
    until("it is told that it is back", || async {
        heard.lock().unwrap().iter().any(|told| *told == ("blacklist".to_owned(), Breaker::Closed))
    })
    .await;
    let told = heard.lock().unwrap().clone();
    let told: Vec<_> =
        told.iter().filter(|(system, _)| system == "blacklist").map(|(_, state)| *state).collect();
    assert_eq!(told[..3], [Breaker::Open, Breaker::HalfOpen, Breaker::Open], "{told:?}");
    let system = blacklist(&address).await;
    assert_eq!((system.calls_waiting, system.opened_count), (0, 1), "{system:?}");
    assert!(system.down_duration.unwrap().seconds >= AWAY.as_secs() as i64);
    metrics_tell(&address).await;
    let log = docket.log().join("\n");
    assert!(log.contains("a system of the provider is down") && log.contains("is back"), "{log}");
    let (first, last) = (asked[0].duration_since(back), asked[asked.len() - 1].duration_since(back));
    crate::report(&format!(
        "{APPLICATIONS} parked calls: asked after {first:.1?}, the last after {last:.1?}, all ended after {ended:.1?}"
    ));
}

const SECOND: Duration = Duration::from_secs(1);

/// The figures of the outage, as Prometheus reads them.
async fn metrics_tell(address: &str) {
    let text = crate::process::http().get(format!("http://{address}/metrics")).send().await.unwrap();
    let text = String::from_utf8(text.bytes().await.unwrap().to_vec()).unwrap();
    let figure = |name: &str| -> f64 {
        let name = format!("{name}{{system=\"blacklist\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
    };
    assert_eq!(figure("docket_provider_state"), 0.0);
    assert_eq!(figure("docket_provider_opened_total"), 1.0);
    assert_eq!(figure("docket_provider_waiting"), 0.0);
    assert_eq!(figure("docket_provider_under_way"), 0.0);
    assert!(figure("docket_provider_outage_seconds_total") >= AWAY.as_secs_f64());
}

/// The way to the sandbox: closed, it lets nobody through.
struct Way {
    address: String,
    is_open: AtomicBool,
    refused: Mutex<usize>,
    /// When the blacklist was asked.
    asked: Mutex<Vec<Instant>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Way {
    async fn open(to: &str) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Arc::new(Self {
            address: listener.local_addr().unwrap().to_string(),
            is_open: AtomicBool::new(true),
            refused: Mutex::default(),
            asked: Mutex::default(),
            under_way: Default::default(),
            most: Default::default(),
        });
        let (there, to) = (Arc::clone(&way), to.to_owned());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                if there.is_open.load(Ordering::SeqCst) {
                    tokio::spawn(Arc::clone(&there).carry(stream, to.clone()));
                } else {
                    *there.refused.lock().unwrap() += 1;
                }
            }
        });
        way
    }

    /// Carries requests there and answers back; each chunk is one of them, for they are short.
    async fn carry(self: Arc<Self>, mut near: TcpStream, to: String) {
        let mut far = TcpStream::connect(to).await.unwrap();
        let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        let mut is_asked = false;
        loop {
            tokio::select! {
                read = near.read(&mut request) => {
                    let Some(count) = read.ok().filter(|count| *count > 0) else { return };
                    if request[..count].starts_with(b"POST /blacklist/") {
                        is_asked = true;
                        self.asked.lock().unwrap().push(Instant::now());
                        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
                        self.most.fetch_max(now, Ordering::SeqCst);
                    }
                    if far.write_all(&request[..count]).await.is_err() { return }
                }
                read = far.read(&mut answer) => {
                    let Some(count) = read.ok().filter(|count| *count > 0) else { return };
                    if std::mem::take(&mut is_asked) {
                        self.under_way.fetch_sub(1, Ordering::SeqCst);
                    }
                    if near.write_all(&answer[..count]).await.is_err() { return }
                }
            }
        }
    }

    fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn connections_refused(&self) -> usize {
        *self.refused.lock().unwrap()
    }
}

fn operators(address: &str) -> OperatorServiceClient<tonic::transport::Channel> {
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap();
    OperatorServiceClient::new(endpoint.connect_lazy())
}

async fn blacklist(address: &str) -> ProviderSystem {
    let listed = operators(address).list_provider_systems(ListProviderSystemsRequest {}).await.unwrap();
    let mut systems = listed.into_inner().systems.into_iter();
    systems.find(|it| it.status.as_ref().is_some_and(|status| status.system == "blacklist")).unwrap()
}

async fn suspended(address: &str) -> usize {
    with(address, State::Suspended).await
}

async fn with(address: &str, state: State) -> usize {
    let filter = format!("state = {}", state.as_str_name().trim_start_matches("STATE_"));
    let request = ListApplicationsRequest { filter, page_size: 1000, ..ListApplicationsRequest::default() };
    client(address).list_applications(request).await.unwrap().into_inner().applications.len()
}

async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "it is not so that {what}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Hears what is told of the provider's systems.
async fn hear(address: String, heard: Arc<Mutex<Vec<(String, Breaker)>>>) {
    let mut lines =
        client(&address).watch_changes(WatchChangesRequest::default()).await.unwrap().into_inner();
    while let Ok(Some(line)) = lines.message().await {
        if line.kind() == Kind::Provider {
            assert!(line.resume_token.is_empty() && line.application.is_none());
            let status = line.provider.unwrap();
            heard.lock().unwrap().push((status.system.clone(), status.state()));
        }
    }
}

async fn bring(address: &str, number: u32) {
    let person = Person::new(Script::Happy, number);
    let order = format!("outage-{number}");
    push(&format!("http://{address}/partners/pushed/pushUserBaseInfo"), &person.base_push(&order)).await;
    push(
        &format!("http://{address}/partners/pushed/pushUserAdditionalInfo"),
        &person.additional_push(&order),
    )
    .await;
}
