//! Two thousand journeys at once over real sockets, with faults of every kind in one call of twenty,
//! and the server killed in the middle.
//!
//! One stream of changes tells who is asked for what; the applicants answer over gRPC, an operator
//! resumes what a fault has suspended. At the end all are approved, nothing acknowledged is lost, and
//! the provider has processed no answer and no audit twice.

mod applicants;
mod provider;
mod reckoning;

use crate::crash::{has_ended, is_away, push_with};
use crate::process::{Process, client, http};
use applicants::{Applicant, Tally};
use docket::api::proto::v1::operator_service_client::OperatorServiceClient;
use docket::api::proto::v1::watch_changes_response::Kind;
use docket::api::proto::v1::{Application, WatchChangesRequest, application::State};
use docket::sandbox::people::Person;
use docket::sandbox::{Ending, Mobile, Script, System};
use provider::Provider;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tonic::transport::Endpoint;

macro_rules! limits {
    ($system:literal) => {
        (
            concat!("DOCKET_PROVIDER_LIMITS_", $system, "_CONCURRENCY"),
            concat!("DOCKET_PROVIDER_LIMITS_", $system, "_CALLS_PER_S"),
            concat!("DOCKET_PROVIDER_LIMITS_", $system, "_BURST"),
        )
    };
}
/// The settings of the limits of each system.
const LIMITS: [(&str, &str, &str); 6] = [
    limits!("BLACKLIST"),
    limits!("AUDIT"),
    limits!("TELECOM"),
    limits!("DEGREE"),
    limits!("EBANK"),
    limits!("EBANK_V2"),
];

const JOURNEYS: usize = 2_000;

/// The products of the demo; its partners have the same names.
const PRODUCTS: [&str; 6] = ["pushed", "collected", "degree", "ebank", "ebank_v2", "everything"];

/// The server is killed when so many have ended: the rest is under way.
const ENDED_AT_KILL: usize = JOURNEYS / 3;

/// For the whole; beside the other tests two cores need six to ten minutes.
const PATIENCE: Duration = Duration::from_secs(1_500);

/// Pushes and answers under way at the same time.
const REQUESTS: usize = 64;

/// The newest sight of each application, by its order.
type Sights = BTreeMap<String, watch::Sender<Option<Application>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_at_once_outlive_every_fault_and_a_kill() {
    let begun = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::open(folder.path()).await;
    let settings = settings(&provider, folder.path());
    let mut docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let address = docket.address.clone();
    let people: Vec<_> = (0..JOURNEYS).map(person).collect();
    let senders: Sights = (0..JOURNEYS).map(|at| (order(at), watch::Sender::new(None))).collect();
    let world = World {
        begun,
        sights: Arc::new(senders),
        room: Arc::new(Semaphore::new(REQUESTS)),
        tally: Arc::default(),
        provider,
        address,
    };
    let watching = tokio::spawn(follow(world.address.clone(), Arc::clone(&world.sights)));

    // All lack the other half of their evidence: none can end before the last is there.
    world.push_all(&people, "pushUserBaseInfo", Person::base_push).await;
    world.until("all are open", &watching, || world.count(|it| it.state() == State::Init) == JOURNEYS).await;
    let opened = begun.elapsed();
    world.provider.disturb(&people);
    let living = world.live(&people);
    world.push_all(&people, "pushUserAdditionalInfo", Person::additional_push).await;
    let pushed = begun.elapsed();
    let under_way = world.count(|it| !has_ended(it));

    world.until("a third has ended", &watching, || world.count(has_ended) >= ENDED_AT_KILL).await;
    let ended_at_kill = world.count(has_ended);
    let peak_before = docket.peak_mib();
    let killed = begun.elapsed();
    docket.kill();
    assert!(ended_at_kill < JOURNEYS * 3 / 4, "{ended_at_kill} were over at the kill: it proves little");
    docket = Process::start(&["serve", "--listen", &world.address], &settings);
    let found = reckoning::store(&docket);
    assert!(found["live"].as_u64().unwrap() > 0 && found["orphans"] == 0, "{found}");
    assert_eq!(reckoning::orphans(&docket).await, 0.0);

    world.until("all have ended", &watching, || world.count(has_ended) == JOURNEYS).await;
    let ended = begun.elapsed();
    for life in living {
        life.await.unwrap();
    }
    watching.abort();
    let peak = docket.peak_mib().max(peak_before);
    docket.leave();

    // What is found now was read from the disk.
    let docket = Process::start(&["serve", "--listen", &world.address], &settings);
    let tally = std::mem::take(&mut *world.tally.lock().unwrap());
    let journals = reckoning::check_store(&docket, JOURNEYS, &tally).await;
    let moves: usize = journals.values().map(Vec::len).sum();
    assert_eq!(reckoning::orphans(&docket).await, 0.0);
    let seen = world.provider.check_faults().await;
    let orders = people.iter().map(|person| Mobile::parse(&person.mobile).unwrap()).zip((0..).map(order));
    reckoning::check_ledger(world.provider.sandbox().ledger(), &journals, &orders.collect());
    crate::report(&format!(
        "{JOURNEYS} journeys, open together after {:.0} s, {under_way} of them under way when the last was \
         let go after {:.0} s, killed after {:.0} s when {ended_at_kill} had ended, all ended after {:.0} s, checked \
         after {:.0} s; {} calls, {moves} moves, answers {:?}, {} resumed {:?}; {} faults {:?}; peak \
         memory of the server {peak} MiB",
        opened.as_secs_f64(),
        pushed.as_secs_f64(),
        killed.as_secs_f64(),
        ended.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        seen.calls,
        tally.answers,
        tally.resumed.values().sum::<u32>(),
        tally.resumed,
        seen.faults.values().sum::<u64>(),
        seen.faults,
    ));
}

/// What everybody shares.
struct World {
    begun: Instant,
    address: String,
    provider: Arc<Provider>,
    sights: Arc<Sights>,
    /// Requests under way at the same time.
    room: Arc<Semaphore>,
    tally: Arc<Mutex<Tally>>,
}

impl World {
    /// Pushes for everybody until all is acknowledged.
    async fn push_all(&self, people: &[Person], route: &str, body: fn(&Person, &str) -> serde_json::Value) {
        let http = http();
        let pushing: Vec<_> = people
            .iter()
            .enumerate()
            .map(|(at, person)| {
                let url = format!("http://{}/partners/{}/{route}", self.address, product(at));
                let (http, room, body) = (http.clone(), Arc::clone(&self.room), body(person, &order(at)));
                tokio::spawn(async move {
                    let _turn = room.acquire().await.unwrap();
                    push_with(&http, &url, &body).await;
                })
            })
            .collect();
        for pushing in pushing {
            pushing.await.unwrap();
        }
    }

    /// Lets every applicant live.
    fn live(&self, people: &[Person]) -> Vec<JoinHandle<()>> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        let operator = OperatorServiceClient::new(endpoint.connect_lazy());
        let service = client(&self.address);
        let live = |(at, person): (usize, &Person)| {
            let applicant = Applicant {
                mobile: person.mobile.clone(),
                service: service.clone(),
                operator: operator.clone(),
                provider: Arc::clone(&self.provider),
                room: Arc::clone(&self.room),
                tally: Arc::clone(&self.tally),
            };
            tokio::spawn(applicant.live(self.sights[&order(at)].subscribe()))
        };
        people.iter().enumerate().map(live).collect()
    }

    fn count(&self, is_meant: impl Fn(&Application) -> bool) -> usize {
        self.sights.values().filter(|sight| sight.borrow().as_ref().is_some_and(&is_meant)).count()
    }

    async fn until(&self, what: &str, watching: &JoinHandle<()>, holds: impl Fn() -> bool) {
        while !holds() {
            assert!(!watching.is_finished(), "nobody watches any more until {what}");
            assert!(self.begun.elapsed() < PATIENCE, "it takes too long until {what}: {}", self.laggards());
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Who has not ended, by state, and one of each.
    fn laggards(&self) -> String {
        let mut laggards: BTreeMap<&str, (usize, String)> = BTreeMap::new();
        for sight in self.sights.values() {
            if let Some(application) = sight.borrow().as_ref().filter(|it| !has_ended(it)) {
                let one = laggards.entry(application.state().as_str_name()).or_default();
                one.0 += 1;
                one.1 = format!("{application:?}");
            }
        }
        format!("{laggards:#?}")
    }
}

/// Patience as in the demo, but for polls: so many are asked for that little else would be heard.
fn settings(provider: &Provider, folder: &Path) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("DOCKET_DATA", folder.join("data").display().to_string()),
        ("DOCKET_PROVIDER_ADDRESS", format!("http://{}", provider.address)),
        ("DOCKET_PROVIDER_PUBLIC_KEY", provider.public_key.display().to_string()),
    ];
    for (name, value) in [
        ("DOCKET_PROVIDER_USERNAME", "merchant1"),
        ("DOCKET_PROVIDER_PASSWORD", "sandbox"),
        ("DOCKET_PROVIDER_TIMEOUT", "5s"),
        ("DOCKET_PATIENCE_RESTART", "300ms"),
        ("DOCKET_PATIENCE_POLL_MIN", "2s"),
        ("DOCKET_PATIENCE_POLL_MAX", "5s"),
        ("DOCKET_PATIENCE_POLL_ASKING", "15s"),
        ("DOCKET_PATIENCE_AUDIT_MIN", "2s"),
        ("DOCKET_PATIENCE_AUDIT_MAX", "3s"),
        // Faults and the kill cost sessions and answers that are nobody's mistake.
        ("DOCKET_PATIENCE_SESSIONS", "20"),
        ("DOCKET_PATIENCE_ANSWERS", "20"),
    ] {
        settings.push((name, value.to_owned()));
    }
    // A call that drips or is late takes five seconds of its place.
    for (concurrency, rate, burst) in LIMITS {
        settings.push((concurrency, "128".to_owned()));
        settings.push((rate, "1000".to_owned()));
        settings.push((burst, "1000".to_owned()));
    }
    settings
}

fn order(at: usize) -> String {
    format!("journey-{at:04}")
}

fn product(at: usize) -> &'static str {
    PRODUCTS[at % PRODUCTS.len()]
}

/// Every other one is happy; the others take turns at the scripts that their product meets and that
/// end well.
fn person(at: usize) -> Person {
    let meets = |script: &Script| {
        let is_met = match (product(at), script.system()) {
            (_, System::Blacklist | System::Audit) | ("everything", _) => true,
            (product, system) => match system {
                System::Telecom => product == "collected",
                other => product == other.name(),
            },
        };
        is_met && script.row().ends == Ending::Approved
    };
    let scripts: Vec<_> = Script::ALL.into_iter().filter(meets).collect();
    let turn = at / PRODUCTS.len();
    let script = if turn.is_multiple_of(2) { Script::Happy } else { scripts[turn / 2 % scripts.len()] };
    Person::new(script, u32::try_from(at).unwrap())
}

/// Follows the one stream, across the kill: each application's versions come once and in order.
async fn follow(address: String, sights: Arc<Sights>) {
    let mut token = String::new();
    loop {
        let request = WatchChangesRequest { resume_token: token.clone(), ..WatchChangesRequest::default() };
        let mut stream = match client(&address).watch_changes(request).await {
            Ok(stream) => stream.into_inner(),
            Err(status) => {
                assert!(is_away(&status), "{status}");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        loop {
            let line = match stream.message().await {
                Ok(Some(line)) => line,
                Ok(None) => panic!("the stream ended without a word"),
                Err(status) => break assert!(is_away(&status), "{status}"),
            };
            let kind = line.kind();
            if !line.resume_token.is_empty() {
                token = line.resume_token;
            }
            if let (Kind::Present | Kind::Entered | Kind::Changed, Some(told)) = (kind, line.application) {
                let sight = &sights[&told.order_number];
                let before = sight.borrow().as_ref().map_or(0, |it| it.version);
                let is_next = kind == Kind::Present || told.version == before + 1;
                assert!(is_next, "{} came after {before}: {told:?}", told.version);
                sight.send_replace(Some(told));
            }
        }
    }
}
