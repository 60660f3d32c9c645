//! The built binary under the load of many clients, killed 300 times at any moment, its opening included.
//!
//! After each start on the same folder everything that was acknowledged since the start before is read
//! back: each answer stands in its journal under its version. No start finds an application without its
//! wake-up. In the end each order is one application, whatever was sent again over the kills, every
//! journal has each of its numbers once, and the watch stream has told every move once and in order.

use crate::crash::{Shared, is_away, watch};
use crate::process::{Process, Sandbox, client};
use crate::{report, waiting};
use docket::api::proto::v1::answer_challenge_request::Answer;
use docket::api::proto::v1::{
    AnswerChallengeRequest, Application, CancelApplicationRequest, CreateApplicationRequest, Evidence,
    GetApplicationRequest, ListApplicationsRequest, ListTransitionsRequest, Loan, SubmitEvidenceRequest,
    challenge,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::time::sleep;
use tonic::{Code, Response, Status};

const KILLS: u32 = 300;
/// Every so many kills one falls into the opening.
const OPENING_EVERY: u32 = 6;
/// A life lasts until so many more events at the most were acknowledged, however slow the machine is, and
/// then for so many milliseconds at the most.
const LIFE_EVENTS: u64 = 24;
const LIFE_MS: u64 = 40;
/// The longest opening that is killed, in milliseconds.
const OPENING_MS: u64 = 300;
const CLIENTS: u32 = 8;
/// Between two requests of a client.
const PACE: Duration = Duration::from_millis(25);
/// How long a client waits for its challenge before it goes on to the next application.
const CHALLENGE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_acknowledged_is_lost_in_three_hundred_kills() {
    let begun = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "instant");
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_DATA", folder.path().join("data").display().to_string()));
    settings.push(("DOCKET_PATIENCE_SESSIONS", "20".to_owned()));
    let mut docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let address = docket.address.clone();
    let seen = Shared::default();
    let watching = tokio::spawn(watch(address.clone(), Arc::clone(&seen)));
    let (next, is_over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let living: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let live = live(address.clone(), Arc::clone(&next), Arc::clone(&is_over), Arc::clone(&seen));
            tokio::spawn(live)
        })
        .collect();
    let mut chance = ChaCha8Rng::seed_from_u64(300);
    let mut read_back = 0;
    for kill in 1..=KILLS {
        live_on(&seen, chance.next_u64() % LIFE_EVENTS).await;
        sleep(Duration::from_millis(chance.next_u64() % LIFE_MS)).await;
        docket.kill();
        if kill.is_multiple_of(OPENING_EVERY) {
            kill_while_opening(&address, &settings, Duration::from_millis(chance.next_u64() % OPENING_MS))
                .await;
        }
        docket = Process::start(&["serve", "--listen", &address], &settings);
        has_no_orphans(&docket);
        let acknowledged = seen.lock().unwrap().acknowledged[read_back..].to_vec();
        check(&address, &acknowledged).await;
        read_back += acknowledged.len();
        assert!(!watching.is_finished(), "the watch stream has a gap or a repeat, after {kill} kills");
        assert!(!living.iter().any(|life| life.is_finished()), "a client has given up, after {kill} kills");
    }
    is_over.store(true, Ordering::SeqCst);
    for (client, life) in living.into_iter().enumerate() {
        life.await.unwrap_or_else(|error| panic!("client {client}: {error}"));
    }
    let acknowledged = seen.lock().unwrap().acknowledged.clone();
    check(&address, &acknowledged).await;
    let applications = list(&address).await;
    check_orders(&applications, next.load(Ordering::SeqCst));
    all_is_told(&address, &seen).await;
    watching.abort();
    let openings = KILLS / OPENING_EVERY;
    report(&format!(
        "killed {} times, {openings} of them while opening, in {:.0} s: {} events of {} applications \
         acknowledged, 0 lost",
        KILLS + openings,
        begun.elapsed().as_secs_f64(),
        acknowledged.len(),
        applications.len(),
    ));
    assert!(acknowledged.len() > 5 * KILLS as usize, "too little was acknowledged: the test proves nothing");
}

/// Waits until so many more events were acknowledged.
async fn live_on(seen: &Shared, events: u64) {
    let count = || seen.lock().unwrap().acknowledged.len() as u64;
    let (from, until) = (count(), Instant::now() + PATIENCE);
    while count() < from + events {
        assert!(Instant::now() < until, "nothing is acknowledged any more");
        sleep(Duration::from_millis(2)).await;
    }
}

/// Starts a server and kills it whether it listens by then or not.
async fn kill_while_opening(address: &str, settings: &[(&'static str, String)], after: Duration) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.args(["serve", "--listen", address]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.envs(settings.iter().cloned()).spawn().expect("the binary starts");
    sleep(after).await;
    child.kill().expect("it can be killed");
    child.wait().expect("it is dead");
}

/// What the server found when it opened its store.
fn has_no_orphans(docket: &Process) {
    let log = docket.log();
    let opened = log.iter().find(|line| line.contains("the store is open")).expect("it says what is there");
    assert!(opened.contains("\"orphans\":0"), "{opened}");
}

/// A client: one application after the other, each request sent until it is answered.
async fn live(address: String, next: Arc<AtomicU32>, is_over: Arc<AtomicBool>, seen: Shared) {
    let client = client(&address);
    while !is_over.load(Ordering::SeqCst) {
        let number = next.fetch_add(1, Ordering::SeqCst);
        let request = CreateApplicationRequest {
            order_number: order(number),
            request_id: format!("create {number}"),
            ..waiting::request(number)
        };
        let created = until_answered(|| {
            let (mut client, request) = (client.clone(), request.clone());
            async move { client.create_application(request).await }
        });
        let Some(created) = created.await else { panic!("{} was refused", order(number)) };
        note(&seen, &created, "EvidenceAdded");
        let name = created.name;
        match number % 3 {
            0 => {
                let loan = Some(Loan { amount_fen: 200_000 });
                let request = SubmitEvidenceRequest {
                    name: name.clone(),
                    evidence: Some(Evidence { loan, ..Evidence::default() }),
                    request_id: format!("submit {number}"),
                    ..SubmitEvidenceRequest::default()
                };
                let submitted = until_answered(|| {
                    let (mut client, request) = (client.clone(), request.clone());
                    async move { client.submit_evidence(request).await }
                });
                if let Some(submitted) = submitted.await {
                    note(&seen, &submitted, "EvidenceAdded");
                }
            }
            1 => answer(&client, &name, number, &seen).await,
            _ => {}
        }
        if !number.is_multiple_of(3) {
            continue;
        }
        let request = CancelApplicationRequest {
            name,
            reason: "enough".to_owned(),
            request_id: format!("cancel {number}"),
            ..CancelApplicationRequest::default()
        };
        let cancelled = until_answered(|| {
            let (mut client, request) = (client.clone(), request.clone());
            async move { client.cancel_application(request).await }
        });
        if let Some(cancelled) = cancelled.await {
            note(&seen, &cancelled, "CancelRequested");
        }
    }
}

type Client =
    docket::api::proto::v1::application_service_client::ApplicationServiceClient<tonic::transport::Channel>;

/// Waits for a challenge and answers it.
async fn answer(client: &Client, name: &str, number: u32, seen: &Shared) {
    let until = Instant::now() + CHALLENGE;
    let challenge = loop {
        if Instant::now() > until {
            return;
        }
        sleep(PACE).await;
        let request = GetApplicationRequest { name: name.to_owned() };
        let Ok(application) = client.clone().get_application(request).await else { continue };
        if let Some(challenge) = application.into_inner().challenges.first() {
            break challenge.clone();
        }
    };
    let answer = match challenge.kind() {
        // A session that was being opened when the server was killed is begun anew.
        challenge::Kind::ServicePassword => Answer::ServicePassword("123456".to_owned()),
        // The sandbox's code of the first SMS; another session has another, and says so.
        _ => Answer::SmsCode(format!("{:04}01", number % 10_000)),
    };
    let request = AnswerChallengeRequest {
        name: challenge.name,
        answer: Some(answer),
        request_id: format!("answer {number}"),
        ..AnswerChallengeRequest::default()
    };
    let answered = until_answered(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.answer_challenge(request).await }
    });
    if let Some(answered) = answered.await {
        note(seen, &answered, "AnswerSubmitted");
    }
}

/// Sends a request until it is answered; none if it came too late for its application.
async fn until_answered<F>(send: impl Fn() -> F) -> Option<Application>
where
    F: Future<Output = Result<Response<Application>, Status>>,
{
    let until = Instant::now() + PATIENCE;
    loop {
        sleep(PACE).await;
        match send().await {
            Ok(application) => return Some(application.into_inner()),
            Err(status) if is_away(&status) => assert!(Instant::now() < until, "{status}"),
            Err(status) if status.code() == Code::FailedPrecondition => return None,
            Err(status) => panic!("{status}"),
        }
    }
}

fn note(seen: &Shared, application: &Application, event: &'static str) {
    let acknowledged = (application.name.clone(), application.version, event);
    seen.lock().unwrap().acknowledged.push(acknowledged);
}

fn order(number: u32) -> String {
    format!("kill-{number:05}")
}

/// Each of these stands in the journal of its application, which has all numbers up to the last.
async fn check(address: &str, acknowledged: &[(String, i64, &'static str)]) {
    let client = client(address);
    let mut by_name: BTreeMap<&str, Vec<(i64, &str)>> = BTreeMap::new();
    for (name, version, event) in acknowledged {
        by_name.entry(name).or_default().push((*version, event));
    }
    for (name, events) in by_name {
        let request =
            ListTransitionsRequest { parent: name.to_owned(), page_size: 1000, ..Default::default() };
        let journal = client.clone().list_transitions(request).await;
        let journal = journal.unwrap_or_else(|status| panic!("{name} is lost: {status}")).into_inner();
        let versions: Vec<_> = journal.transitions.iter().map(|it| it.version).collect();
        assert_eq!(versions, (1..=versions.len() as i64).collect::<Vec<_>>(), "{name}");
        for (version, event) in events {
            let found = journal.transitions.get(version as usize - 1).map(|it| it.event.as_str());
            assert_eq!(found, Some(event), "{name}: version {version} was acknowledged and is gone");
        }
    }
}

async fn list(address: &str) -> Vec<Application> {
    let mut request = ListApplicationsRequest { page_size: 1000, ..ListApplicationsRequest::default() };
    let mut all = Vec::new();
    loop {
        let page = client(address).list_applications(request.clone()).await.unwrap().into_inner();
        all.extend(page.applications);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

/// Every order that was brought is one application: each was sent until it was answered.
fn check_orders(applications: &[Application], brought: u32) {
    let found: Vec<_> = applications.iter().map(|it| it.order_number.clone()).collect();
    let expected: BTreeSet<_> = (0..brought).map(order).collect();
    assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), expected, "orders are lost or invented");
    assert_eq!(found.len(), expected.len(), "an order has become two applications");
}

/// The stream has told the newest version of each application, or will in a moment.
async fn all_is_told(address: &str, seen: &Shared) {
    let until = Instant::now() + PATIENCE;
    loop {
        let behind: Vec<_> = {
            let listed = list(address).await;
            let seen = seen.lock().unwrap();
            let told = |it: &Application| seen.applications.get(&it.order_number).map_or(0, |it| it.version);
            listed.iter().filter(|it| told(it) < it.version).map(|it| it.name.clone()).collect()
        };
        if behind.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "the stream has not told all of {behind:?}");
        sleep(Duration::from_millis(200)).await;
    }
}
