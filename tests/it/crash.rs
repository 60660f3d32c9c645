//! The built binary is killed in the middle of 200 journeys, several times.
//!
//! Afterwards every acknowledged push and answer is in a journal, the watch stream has told every
//! move once and in order across all restarts, every application has ended as its script says, and
//! the provider has processed nothing twice.

use crate::process::{Process, Sandbox, client, http};
use docket::api::proto::v1::answer_challenge_request::Answer;
use docket::api::proto::v1::application::State;
use docket::api::proto::v1::watch_changes_response::Kind;
use docket::api::proto::v1::{
    AnswerChallengeRequest, Application, ListTransitionsRequest, ResendChallengeRequest, WatchChangesRequest,
    challenge,
};
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tonic::Code;

const JOURNEYS: u32 = 200;
const KILLS: u32 = 6;
const BETWEEN_KILLS: Duration = Duration::from_millis(2_500);
const PATIENCE: Duration = Duration::from_secs(240);

/// What everybody knows by now.
#[derive(Default)]
pub(crate) struct Seen {
    /// The newest sight of each order.
    pub(crate) applications: BTreeMap<String, Application>,
    /// What was acknowledged to an applicant: name, version, and the event that made it.
    pub(crate) acknowledged: Vec<(String, i64, &'static str)>,
}

pub(crate) type Shared = Arc<Mutex<Seen>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Arc::new(Sandbox::start(folder.path(), "quick"));
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_DATA", folder.path().join("data").display().to_string()));
    // Each kill may cost a session that was being opened: that is not the applicant's fault.
    settings.push(("DOCKET_PATIENCE_SESSIONS", "20".to_owned()));
    let mut docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let address = docket.address.clone();
    let people: Vec<_> = (0..JOURNEYS).map(person).collect();
    let seen = Shared::default();

    let watching = tokio::spawn(watch(address.clone(), Arc::clone(&seen)));
    let living: Vec<_> = people
        .iter()
        .cloned()
        .enumerate()
        .map(|(at, person)| {
            tokio::spawn(live(at, person, address.clone(), Arc::clone(&sandbox), Arc::clone(&seen)))
        })
        .collect();
    for _ in 0..KILLS {
        sleep(BETWEEN_KILLS).await;
        docket.kill();
        docket = Process::start(&["serve", "--listen", &address], &settings);
    }
    let ended_before = seen.lock().unwrap().applications.values().filter(|it| has_ended(it)).count();
    assert!(ended_before < people.len(), "all was over before the last kill: the test proves nothing");
    for (at, life) in living.into_iter().enumerate() {
        life.await.unwrap_or_else(|error| panic!("journey {at}: {error}"));
    }
    watching.abort();

    for (at, person) in people.iter().enumerate() {
        let state = seen.lock().unwrap().applications[&order(at)].state();
        let wanted = match person.script {
            Script::Blacklisted | Script::AuditRejected => State::Rejected,
            _ => State::Approved,
        };
        assert_eq!(state, wanted, "{:?} of {}", person.script, order(at));
    }
    check_acknowledged(&address, &seen).await;
    let ledger = sandbox.ask(&http(), "/_sandbox/ledger").await.expect("the sandbox answers");
    println!("the sandbox's ledger: {}", ledger["breaches"]);
    assert_eq!(ledger["twice_processed"], 0, "{ledger}");
    assert_eq!(ledger["breaches"].as_array().map(Vec::len), Some(0), "{ledger}");
    drop(docket);
}

fn person(number: u32) -> Person {
    let scripts = &Script::BASIC;
    Person::new(scripts[number as usize % scripts.len()], number)
}

fn order(at: usize) -> String {
    format!("crash-{at:03}")
}

pub(crate) fn has_ended(application: &Application) -> bool {
    matches!(application.state(), State::Approved | State::Rejected | State::Cancelled | State::Expired)
}

/// Follows the stream across all restarts: each application's versions come once and in order.
pub(crate) async fn watch(address: String, seen: Shared) {
    let mut token = String::new();
    let mut newest: BTreeMap<String, i64> = BTreeMap::new();
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
        while let Ok(Some(line)) = stream.message().await {
            if !line.resume_token.is_empty() {
                token.clone_from(&line.resume_token);
            }
            if matches!(line.kind(), Kind::Entered | Kind::Changed | Kind::Present)
                && let Some(application) = line.application
            {
                let version = newest.entry(application.name.clone()).or_insert(0);
                if line.kind != Kind::Present as i32 {
                    assert_eq!(
                        application.version,
                        *version + 1,
                        "{} has a gap or a repeat",
                        application.name
                    );
                }
                *version = application.version;
                seen.lock().unwrap().applications.insert(application.order_number.clone(), application);
            }
        }
    }
}

/// One applicant and the partner: pushes until acknowledged, answers what is asked.
async fn live(at: usize, person: Person, address: String, sandbox: Arc<Sandbox>, seen: Shared) {
    let until = Instant::now() + PATIENCE;
    sleep(Duration::from_millis(60 * at as u64)).await;
    let order = order(at);
    let partner = match person.script {
        Script::Blacklisted | Script::AuditRejected => "pushed",
        _ => "collected",
    };
    push(&format!("http://{address}/partners/{partner}/pushUserBaseInfo"), &person.base_push(&order)).await;
    push(
        &format!("http://{address}/partners/{partner}/pushUserAdditionalInfo"),
        &person.additional_push(&order),
    )
    .await;
    let http = http();
    let mut done = String::new();
    loop {
        assert!(
            Instant::now() < until,
            "{order} has not ended: {:?}",
            seen.lock().unwrap().applications.get(&order)
        );
        sleep(Duration::from_millis(100)).await;
        let application = seen.lock().unwrap().applications.get(&order).cloned();
        let Some(application) = application else { continue };
        if has_ended(&application) {
            return;
        }
        let Some(challenge) = application.challenges.first().filter(|open| open.name != done) else {
            continue;
        };
        let expected = if challenge.kind() == challenge::Kind::ServicePassword {
            json!({ "kind": "service_password", "answer": "123456" })
        } else {
            let path = format!("/_sandbox/answer?mobile={}", person.mobile);
            let Some(expected) = sandbox.ask(&http, &path).await else { continue };
            expected
        };
        if answer(&address, &challenge.name, &expected, &seen).await {
            done.clone_from(&challenge.name);
        }
    }
}

/// Pushes until it is acknowledged, whatever becomes of the server meanwhile.
pub(crate) async fn push(url: &str, body: &Value) {
    push_with(&http(), url, body).await;
}

/// The same, for who pushes so much that a client for each push would be slow.
pub(crate) async fn push_with(http: &reqwest::Client, url: &str, body: &Value) {
    loop {
        let sent =
            http.post(url).header("content-type", "application/json").body(body.to_string()).send().await;
        if let Ok(answer) = sent
            && let Ok(answer) = answer.bytes().await
            && let Ok(answer) = serde_json::from_slice::<Value>(&answer)
        {
            if answer["status"] == 1 {
                return;
            }
            assert!(answer["message"].as_str().is_some_and(|message| message.contains("busy")), "{answer}");
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Answers a challenge; says whether it needs no other answer.
async fn answer(address: &str, name: &str, expected: &Value, seen: &Shared) -> bool {
    let mut client = client(address);
    let text = expected["answer"].as_str().unwrap_or_default().to_owned();
    let name = name.to_owned();
    let is_stale = expected["is_stale"] == true;
    let answered = if is_stale {
        client.resend_challenge(ResendChallengeRequest { name, ..ResendChallengeRequest::default() }).await
    } else {
        let answer = match expected["kind"].as_str() {
            Some("service_password") => Answer::ServicePassword(text),
            Some("query_password") => Answer::QueryPassword(text),
            _ => Answer::SmsCode(text),
        };
        client
            .answer_challenge(AnswerChallengeRequest {
                name,
                answer: Some(answer),
                ..AnswerChallengeRequest::default()
            })
            .await
    };
    match answered {
        Ok(application) => {
            let application = application.into_inner();
            let event = if is_stale { "ResendRequested" } else { "AnswerSubmitted" };
            seen.lock().unwrap().acknowledged.push((application.name, application.version, event));
            true
        }
        Err(status) if is_away(&status) => false,
        // Answered in a former life without hearing of it, or void by now.
        Err(status) if status.code() == Code::FailedPrecondition => true,
        // The session that the sandbox means is not the one that Docket asks for.
        Err(status) if status.code() == Code::InvalidArgument => false,
        Err(status) => panic!("{status}"),
    }
}

pub(crate) fn is_away(status: &tonic::Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal | Code::DeadlineExceeded
    )
}

/// Every event that was acknowledged stands in the journal under its version, and there is no gap.
async fn check_acknowledged(address: &str, seen: &Shared) {
    let (acknowledged, names) = {
        let seen = seen.lock().unwrap();
        let names: Vec<_> = seen.applications.values().map(|it| (it.name.clone(), it.version)).collect();
        (seen.acknowledged.clone(), names)
    };
    assert!(acknowledged.len() > 100, "only {} answers were acknowledged", acknowledged.len());
    let mut journals = BTreeMap::new();
    for (name, version) in names {
        let request = ListTransitionsRequest { parent: name.clone(), page_size: 1000, ..Default::default() };
        let journal = client(address).list_transitions(request).await.unwrap().into_inner().transitions;
        let versions: Vec<_> = journal.iter().map(|transition| transition.version).collect();
        assert_eq!(versions, (1..=version).collect::<Vec<_>>(), "{name}");
        journals.insert(name, journal);
    }
    // Not the number alone: another move could have taken it after a loss.
    for (name, version, event) in acknowledged {
        let found = journals[&name].iter().find(|transition| transition.version == version);
        let found = found.map(|transition| transition.event.as_str());
        assert_eq!(found, Some(event), "{name}: version {version} was acknowledged and is gone");
    }
}
