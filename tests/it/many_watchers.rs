//! A thousand watchers on one server that is restarted twice under them, once in peace and once
//! with `SIGKILL`: each is told exactly the changes that it asked for, in order, once.

use crate::crash::{is_away, push};
use crate::process::{Process, Sandbox, client};
use docket::api::proto::v1::application::State;
use docket::api::proto::v1::application_service_client::ApplicationServiceClient;
use docket::api::proto::v1::watch_changes_response::Kind;
use docket::api::proto::v1::{
    CancelApplicationRequest, ListTransitionsRequest, WatchChangesRequest, WatchChangesResponse,
};
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tonic::Code;
use tonic::transport::Channel;

const WATCHERS: usize = 1_000;
const CONNECTIONS: usize = 8;
const APPLICATIONS: usize = 240;
/// Those who push at the same time.
const PARTNERS: usize = 4;
/// How many changes everybody has heard of when the server goes, each time.
const BEFORE_LEAVING: usize = 300;
const BEFORE_KILLING: usize = 900;
const PATIENCE: Duration = Duration::from_secs(120);

/// What somebody wants to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Everything,
    States(&'static [State]),
    Partner(&'static str),
    Order(usize),
    Nobody,
}

impl Wish {
    /// Few want all, most one application, many nothing that ever happens.
    const fn of(watcher: usize) -> Self {
        match watcher % 50 {
            0 => Self::Everything,
            1 => Self::Partner("collected"),
            2..=4 => Self::States(&[State::Approved, State::Rejected]),
            5..=6 => Self::States(&[State::CaptchaRequired]),
            7 => Self::States(&[State::Init, State::AuditPending]),
            8..=34 => Self::Order(watcher % APPLICATIONS),
            _ => Self::Nobody,
        }
    }

    fn request(self, resume_token: &str) -> WatchChangesRequest {
        let filter = match self {
            Self::Everything => String::new(),
            Self::States(states) => {
                let state = |state: &State| state.as_str_name().trim_start_matches("STATE_").to_owned();
                let states: Vec<_> = states.iter().map(|it| format!("state = {}", state(it))).collect();
                states.join(" OR ")
            }
            Self::Partner(partner) => format!("partner = \"{partner}\""),
            Self::Order(number) => format!("order_number = \"{}\"", order(number)),
            Self::Nobody => "partner = nobody".to_owned(),
        };
        WatchChangesRequest { filter, resume_token: resume_token.to_owned() }
    }

    fn is_met(self, seen: &Seen, state: State) -> bool {
        match self {
            Self::Everything => true,
            Self::States(states) => states.contains(&state),
            Self::Partner(wanted) => partner(seen.number) == wanted,
            Self::Order(number) => seen.number == number,
            Self::Nobody => false,
        }
    }
}

/// A change as told.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    kind: Kind,
    name: String,
    number: usize,
    version: i64,
    state: State,
}

/// What a watcher has heard.
#[derive(Debug, Default)]
struct Log {
    is_complete: bool,
    seen: Vec<Seen>,
    marks: usize,
    resumed: usize,
}

fn order(number: usize) -> String {
    format!("watched-{number:03}")
}

/// Every third application is collected, and called off in the end.
fn partner(number: usize) -> &'static str {
    if number.is_multiple_of(3) { "collected" } else { "pushed" }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_watchers_are_told_everything_once_and_in_order_across_restarts() {
    let begun = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "quick");
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_DATA", folder.path().join("data").display().to_string()));
    let start = |address: &str| Process::start(&["serve", "--listen", address], &settings);
    let docket = start("127.0.0.1:0");
    let address = docket.address.clone();
    let empty = docket.resident_kib();

    let channels: Vec<_> = (0..CONNECTIONS).map(|_| client(&address)).collect();
    let watchers: Vec<_> = (0..WATCHERS).map(Wish::of).zip(channels.iter().cycle()).collect();
    let logs: Vec<_> = watchers.into_iter().map(|(wish, channel)| begin(wish, channel.clone())).collect();
    until_all(&logs, |log, _| log.is_complete).await;
    let idle = docket.resident_kib();

    let lane = |lane| tokio::spawn(bring(address.clone(), lane, logs[0].clone()));
    let partners: Vec<_> = (0..PARTNERS).map(lane).collect();
    until(&logs[0], |log| log.seen.len() >= BEFORE_LEAVING).await;
    docket.leave();
    let docket = start(&address);
    until(&logs[0], |log| log.seen.len() >= BEFORE_KILLING).await;
    assert!(ended(&logs[0].borrow()) < APPLICATIONS, "all was over before the kill: it proves nothing");
    docket.kill();
    let docket = start(&address);
    for lane in partners {
        lane.await.unwrap();
    }
    until(&logs[0], |log| ended(log) == APPLICATIONS).await;
    let told = logs[0].borrow().seen.clone();
    check_against_journals(channels[0].clone(), &told).await;

    // Whoever was told too little would never hear the rest; too much would come before the mark.
    let marks: Vec<_> = logs.iter().map(|log| log.borrow().marks).collect();
    until_all(&logs, |log, at| log.marks > marks[at]).await;
    let (mut lines, mut silent) = (0, 0);
    for (at, log) in logs.iter().enumerate() {
        let (wish, log) = (Wish::of(at), log.borrow());
        assert_eq!(log.seen, expected(wish, &told), "watcher {at} with {wish:?}");
        assert!(log.resumed >= 2, "watcher {at} has not gone through both restarts");
        lines += log.seen.len();
        silent += usize::from(log.seen.is_empty());
    }
    assert!(silent > 200 && lines > 10 * told.len(), "{silent} silent, {lines} lines");
    crate::report(&format!(
        "{WATCHERS} watchers on {CONNECTIONS} connections, {} changes and {lines} lines through two restarts in \
         {:.0} s; resident memory {} KiB when empty, {} KiB with all of them idle ({:.1} KiB each), {} KiB in \
         the end",
        told.len(),
        begun.elapsed().as_secs_f64(),
        empty,
        idle,
        (idle - empty) as f64 / WATCHERS as f64,
        docket.resident_kib(),
    ));
}

/// Begins to watch, for as long as somebody wants to know what was heard.
fn begin(wish: Wish, mut client: ApplicationServiceClient<Channel>) -> watch::Receiver<Log> {
    let (log, heard) = watch::channel(Log::default());
    tokio::spawn(async move {
        let mut token = String::new();
        while !log.is_closed() {
            match client.watch_changes(wish.request(&token)).await {
                Ok(stream) => {
                    let mut stream = stream.into_inner();
                    log.send_modify(|log| log.resumed += usize::from(!token.is_empty()));
                    let end = loop {
                        match stream.message().await {
                            Ok(Some(line)) => {
                                if !line.resume_token.is_empty() {
                                    token.clone_from(&line.resume_token);
                                }
                                log.send_modify(|log| log.hear(line));
                            }
                            Ok(None) => panic!("a stream ended without a word"),
                            Err(status) => break status,
                        }
                    };
                    assert!(is_away(&end), "{end}");
                }
                Err(status) => assert!(is_away(&status), "{status}"),
            }
            sleep(Duration::from_millis(100)).await;
        }
    });
    heard
}

impl Log {
    fn hear(&mut self, line: WatchChangesResponse) {
        let kind = line.kind();
        match (kind, line.application) {
            (Kind::Entered | Kind::Changed | Kind::Left, Some(it)) => self.seen.push(Seen {
                kind,
                state: it.state(),
                number: it.order_number.trim_start_matches("watched-").parse().expect("one of ours"),
                version: it.version,
                name: it.name,
            }),
            (Kind::Complete, None) => self.is_complete = true,
            (Kind::Progress, None) => self.marks += 1,
            (kind, application) => panic!("{kind:?} of {application:?}"),
        }
    }
}

/// Pushes every application of a lane; calls off what is collected once its applicant is asked.
async fn bring(address: String, lane: usize, heard: watch::Receiver<Log>) {
    for number in (lane..APPLICATIONS).step_by(PARTNERS) {
        let script = if number.is_multiple_of(5) { Script::AuditRejected } else { Script::Happy };
        let person = Person::new(script, u32::try_from(number).expect("a small number"));
        let (order, partner) = (order(number), partner(number));
        let url = format!("http://{address}/partners/{partner}");
        push(&format!("{url}/pushUserBaseInfo"), &person.base_push(&order)).await;
        push(&format!("{url}/pushUserAdditionalInfo"), &person.additional_push(&order)).await;
        if partner == "pushed" {
            continue;
        }
        let is_asked = |seen: &&Seen| seen.number == number && seen.state == State::CaptchaRequired;
        until(&heard, |log| log.seen.iter().rev().any(|seen| is_asked(&seen))).await;
        let name = heard.borrow().seen.iter().rfind(is_asked).map(|seen| seen.name.clone());
        call_off(&address, name.expect("it was just there")).await;
    }
}

async fn call_off(address: &str, name: String) {
    let request = CancelApplicationRequest { name, reason: "enough".to_owned(), ..Default::default() };
    let mut client = client(address);
    loop {
        match client.cancel_application(request.clone()).await {
            Ok(_) => return,
            Err(status) if is_away(&status) => sleep(Duration::from_millis(100)).await,
            // It was called off in a former life, and nobody heard of it.
            Err(status) => return assert_eq!(status.code(), Code::FailedPrecondition, "{status}"),
        }
    }
}

/// The newest sight of each application.
fn ended(log: &Log) -> usize {
    let newest: BTreeMap<_, _> = log.seen.iter().map(|seen| (seen.number, seen.state)).collect();
    let is_over = |state: &&State| matches!(state, State::Approved | State::Rejected | State::Cancelled);
    newest.values().filter(is_over).count()
}

async fn until(log: &watch::Receiver<Log>, is_so: impl FnMut(&Log) -> bool) {
    let mut log = log.clone();
    let waited = tokio::time::timeout(PATIENCE, log.wait_for(is_so)).await.map(|heard| heard.map(drop));
    match waited {
        Ok(Ok(())) => {}
        Ok(Err(_gone)) => panic!("a watcher failed"),
        Err(_elapsed) => panic!("it takes too long; heard last: {:?}", log.borrow().seen.last()),
    }
}

async fn until_all(logs: &[watch::Receiver<Log>], is_so: impl Fn(&Log, usize) -> bool) {
    for (at, log) in logs.iter().enumerate() {
        until(log, |log| is_so(log, at)).await;
    }
}

/// What is told to one who watches all is what the journals hold: each version of each application
/// once, in order, in its state.
async fn check_against_journals(mut client: ApplicationServiceClient<Channel>, told: &[Seen]) {
    let mut by_application: BTreeMap<&str, Vec<(i64, State)>> = BTreeMap::new();
    for seen in told {
        by_application.entry(&seen.name).or_default().push((seen.version, seen.state));
    }
    assert_eq!(by_application.len(), APPLICATIONS);
    for (name, told) in by_application {
        let request =
            ListTransitionsRequest { parent: name.to_owned(), page_size: 1000, ..Default::default() };
        let journal = client.list_transitions(request).await.unwrap().into_inner().transitions;
        let mut state = State::Init;
        let entries = journal.iter().map(|transition| {
            for moved in transition.moves.iter().filter(|moved| moved.machine == "application") {
                let name = format!("STATE_{}", moved.to_state);
                state = State::from_str_name(&name).expect("a state");
            }
            (transition.version, state)
        });
        assert_eq!(told, entries.collect::<Vec<_>>(), "{name}");
    }
}

/// What is to be told to one who wishes this, of all that is told to one who wishes everything.
fn expected(wish: Wish, told: &[Seen]) -> Vec<Seen> {
    let mut states: BTreeMap<usize, State> = BTreeMap::new();
    let judged = told.iter().filter_map(|seen| {
        let before = states.insert(seen.number, seen.state);
        let matched = before.is_some_and(|before| wish.is_met(seen, before));
        let kind = match (matched, wish.is_met(seen, seen.state)) {
            (false, true) => Kind::Entered,
            (true, true) => Kind::Changed,
            (true, false) => Kind::Left,
            (false, false) => return None,
        };
        Some(Seen { kind, ..seen.clone() })
    });
    judged.collect()
}
