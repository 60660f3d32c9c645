//! What must hold when all is over.

use super::applicants::Tally;
use crate::process::{Process, client, http};
use docket::api::proto::v1::application::State;
use docket::api::proto::v1::{Application, ListApplicationsRequest, ListTransitionsRequest, Transition};
use docket::sandbox::{Call, Ledger, Mobile, Script, Violation};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// Violations that are told with the calls of their session.
const TOLD_BREACHES: usize = 10;

/// Every journal, by the number of its order.
pub(super) type Journals = BTreeMap<String, Vec<Transition>>;

/// Journals that are read at the same time.
const READERS: usize = 8;

/// What a process has said of its store when it opened it.
pub(super) fn store(docket: &Process) -> Value {
    let lines = docket.log();
    let mut fields = lines.iter().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["fields"]["message"] == "the store is open").then(|| line["fields"].clone())
    });
    fields.next().expect("a server says what it found")
}

/// Waits until a server has looked for orphans, and tells how many there are.
pub(super) async fn orphans(docket: &Process) -> f64 {
    let url = format!("http://{}/metrics", docket.address);
    for _ in 0..100 {
        let text = http().get(&url).send().await.unwrap().text().await.unwrap();
        let mut values = text.lines().filter_map(|line| line.strip_prefix("docket_orphans "));
        if let Some(value) = values.next() {
            return value.parse().unwrap();
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("no server looks for orphans so late");
}

/// Reads every application and every journal: all are there and approved, no move is missing, and
/// whatever was acknowledged stands where it was said to. Gives the journals, by order.
pub(super) async fn check_store(docket: &Process, journeys: usize, tally: &Tally) -> Journals {
    let applications = all(docket).await;
    assert_eq!(applications.len(), journeys);
    let room = Arc::new(Semaphore::new(READERS));
    let service = client(&docket.address);
    let reading = applications.into_iter().map(|application| {
        assert_eq!(application.state(), State::Approved, "{application:?}");
        let (room, mut service) = (Arc::clone(&room), service.clone());
        tokio::spawn(async move {
            let _turn = room.acquire().await.unwrap();
            let request = ListTransitionsRequest {
                parent: application.name.clone(),
                page_size: 1000,
                ..ListTransitionsRequest::default()
            };
            let journal = service.list_transitions(request).await.unwrap().into_inner().transitions;
            let versions: Vec<_> = journal.iter().map(|transition| transition.version).collect();
            assert_eq!(versions, (1..=application.version).collect::<Vec<_>>(), "{}", application.name);
            (application, journal)
        })
    });
    let reading: Vec<_> = reading.collect();
    let mut journals = Journals::new();
    let mut orders: BTreeMap<String, String> = BTreeMap::new();
    for reading in reading {
        let (application, journal) = reading.await.unwrap();
        orders.insert(application.name, application.order_number.clone());
        journals.insert(application.order_number, journal);
    }
    for (name, version, event) in &tally.acknowledged {
        let found = journals[&orders[name]].iter().find(|transition| transition.version == *version);
        let found = found.map(|transition| transition.event.as_str());
        assert_eq!(found, Some(*event), "{name}: version {version} was acknowledged and is gone");
    }
    journals
}

/// The provider has processed one audit for each application and no answer twice, and its client has
/// behaved. What it did wrong is told with the calls and the `journals` of the `orders`, by mobile number.
pub(super) fn check_ledger(ledger: &Ledger, journals: &Journals, orders: &BTreeMap<Mobile, String>) {
    let breaches = ledger.breaches().take(TOLD_BREACHES).map(|breach| {
        // What was not processed is not known to belong to the session.
        let is_of_it =
            |call: &&Call| call.subject.mobile == breach.subject.mobile && call.number <= breach.call;
        let calls = ledger.calls_after(0).filter(is_of_it);
        let calls = calls.map(|call| format!("{} {} {:?}", call.at, call.path, call.outcome));
        let order = breach.subject.mobile.and_then(|mobile| orders.get(&mobile));
        let (name, text, calls) = (breach.violation.name(), &breach.text, calls.collect::<Vec<_>>());
        format!("{name} {text}: {calls:#?} {:#?}", order.map(|order| told(&journals[order])))
    });
    let counts = Violation::ALL.map(|violation| (violation.name(), ledger.count(violation)));
    let is_well = counts.iter().all(|(_, count)| *count == 0);
    assert!(is_well, "{counts:?}; {}", breaches.collect::<Vec<_>>().join("\n"));
    let audits: u64 = Script::ALL.into_iter().map(|script| ledger.tally(script).audits_processed).sum();
    assert_eq!(audits, orders.len() as u64);
}

fn told(journal: &[Transition]) -> Vec<String> {
    let told = |it: &Transition| {
        let moves = it.moves.iter().map(|it| format!("{} {}", it.machine, it.to_state));
        let calls = it.calls.iter().map(|it| it.call.as_str());
        let (time, moves, calls) = (it.time.unwrap(), moves.collect::<Vec<_>>(), calls.collect::<Vec<_>>());
        let millis = time.seconds * 1_000 + i64::from(time.nanos) / 1_000_000;
        format!("{millis} {} {moves:?} {calls:?}", it.event)
    };
    journal.iter().map(told).collect()
}

async fn all(docket: &Process) -> Vec<Application> {
    let mut service = client(&docket.address);
    let mut request = ListApplicationsRequest { page_size: 1000, ..ListApplicationsRequest::default() };
    let mut all = Vec::new();
    loop {
        let page = service.list_applications(request.clone()).await.unwrap().into_inner();
        all.extend(page.applications);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}
