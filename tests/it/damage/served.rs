//! Some of the damages with the built binary, as an operator meets them: `serve` refuses with a message on
//! its last line, or serves all that was there, or answers with an error for what is damaged.
//!
//! All applications have ended, so nothing moves meanwhile.

use super::harm::Harm;
use super::without_digits;
use crate::crash::{has_ended, push};
use crate::process::{Process, Sandbox, client};
use crate::report;
use crate::tree::{Tree, scratch};
use docket::api::proto::v1::review_service_client::ReviewServiceClient;
use docket::api::proto::v1::{GetEvidenceRequest, ListApplicationsRequest, ListTransitionsRequest};
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::sleep;
use tonic::Status;
use tonic::transport::Endpoint;

const DAMAGES: u64 = 40;
const APPLICATIONS: u32 = 16;
const PATIENCE: Duration = Duration::from_secs(60);
/// Between the numbers of two damages, so that few of them meet every kind and every place.
const STRIDE: u64 = 5;
/// What a refusal must say one of: a message without any of these names no loss.
const LOSS: [&str; 5] = ["lost", "missing", "gone", "damaged", "the master key"];

/// What a server answers, by what was asked.
type Told = BTreeMap<String, Result<String, Status>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_folder_is_served_whole_or_not_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "instant");
    let settings = |data: &Path| {
        let mut settings = sandbox.settings();
        settings.push(("DOCKET_DATA", data.display().to_string()));
        settings
    };
    let data = folder.path().join("data");
    let serve = |data: &Path| Process::begin(&["serve", "--listen", "127.0.0.1:0"], &settings(data));
    let docket = serve(&data).unwrap();
    bring(&docket.address, 0..APPLICATIONS / 2).await;
    docket.leave();
    let earlier = Tree::read(&data).unwrap();
    let docket = serve(&data).unwrap();
    bring(&docket.address, APPLICATIONS / 2..APPLICATIONS).await;
    let before = ask(&docket.address, &[]).await;
    assert!(before.values().all(Result::is_ok), "{before:?}");
    docket.kill();
    let tree = Tree::read(&data).unwrap();

    let (mut whole, mut told, mut refused) = (0, 0, 0);
    let mut wrong = Vec::new();
    for number in 0..DAMAGES {
        let harm = Harm::draw(number * STRIDE, &tree, &earlier);
        let mut damaged = tree.clone();
        harm.apply(&mut damaged);
        let place = scratch();
        damaged.write(place.path()).unwrap();
        match serve(place.path()) {
            Err(said) if LOSS.iter().any(|word| said.contains(word)) => {
                refused += 1;
                println!("{number}: {}: refused: {}", harm.text(), without_digits(&said));
            }
            Err(said) => wrong.push(format!("{number}: {}: nothing is named: {said}", harm.text())),
            Ok(docket) => {
                let names: Vec<_> = before.keys().cloned().collect();
                let after = ask(&docket.address, &names).await;
                let silent: Vec<_> = before.keys().filter(|name| is_silent(&before, &after, name)).collect();
                if !silent.is_empty() {
                    wrong.push(format!("{number}: {}: silently otherwise: {silent:?}", harm.text()));
                } else if after.values().all(Result::is_ok) {
                    whole += 1;
                } else {
                    told += 1;
                }
            }
        }
    }
    wrong.iter().for_each(|wrong| println!("{wrong}"));
    report(&format!(
        "damages served: {DAMAGES} done, {whole} whole, {told} told on reading, {refused} refused by name, {} wrong",
        wrong.len()
    ));
    assert!(wrong.is_empty(), "see above");
}

fn is_silent(before: &Told, after: &Told, name: &String) -> bool {
    match (&before[name], after.get(name)) {
        (_, Some(Err(_))) => false,
        (Ok(before), Some(Ok(after))) => before != after,
        (Ok(_), None) | (Err(_), _) => true,
    }
}

/// Brings applications that end without an applicant, and waits until they have.
async fn bring(address: &str, numbers: std::ops::Range<u32>) {
    let count = numbers.end;
    for number in numbers {
        let script = if number.is_multiple_of(2) { Script::Blacklisted } else { Script::AuditRejected };
        let (person, order) = (Person::new(script, number), format!("damage-{number}"));
        let url = |route: &str| format!("http://{address}/partners/pushed/{route}");
        push(&url("pushUserBaseInfo"), &person.base_push(&order)).await;
        push(&url("pushUserAdditionalInfo"), &person.additional_push(&order)).await;
    }
    let until = Instant::now() + PATIENCE;
    loop {
        let request = ListApplicationsRequest { page_size: 1000, ..ListApplicationsRequest::default() };
        let listed = client(address).list_applications(request).await.unwrap().into_inner().applications;
        if listed.len() == count as usize && listed.iter().all(has_ended) {
            return;
        }
        assert!(Instant::now() < until, "they have not ended: {listed:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Asks for everything: what is listed, and by name what was known before.
async fn ask(address: &str, known: &[String]) -> Told {
    let mut told = Told::new();
    let mut client = client(address);
    let request = ListApplicationsRequest { page_size: 1000, ..ListApplicationsRequest::default() };
    let listed = client.list_applications(request).await.map(|it| it.into_inner().applications);
    let mut names: Vec<_> =
        known.iter().filter_map(|it| Some(it.strip_prefix("journal of ")?.to_owned())).collect();
    match listed {
        Ok(listed) => {
            names.extend(listed.iter().map(|it| it.name.clone()));
            let listed: Vec<_> = listed.iter().map(|it| (&it.name, it.version, it.state)).collect();
            told.insert("list".to_owned(), Ok(format!("{listed:?}")));
        }
        Err(status) => drop(told.insert("list".to_owned(), Err(status))),
    }
    names.sort();
    names.dedup();
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let mut review = ReviewServiceClient::new(endpoint.connect_lazy());
    for name in names {
        let request = ListTransitionsRequest { parent: name.clone(), page_size: 1000, ..Default::default() };
        let journal = client.list_transitions(request).await.map(|it| format!("{:?}", it.into_inner()));
        told.insert(format!("journal of {name}"), journal);
        let (actor, reason) = ("tester".to_owned(), "damage".to_owned());
        let request = GetEvidenceRequest { name: name.clone(), actor, reason, role: String::new() };
        let evidence = review.get_evidence(request).await.map(|it| format!("{:?}", it.into_inner()));
        told.insert(format!("evidence of {name}"), evidence);
    }
    told
}
