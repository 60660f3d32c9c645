//! Hostile callers: every line of `tests/fixtures/bad/` is sent to the built binary over a real socket and
//! must be answered as the line says. None is answered with a 5xx, the store holds afterwards exactly what
//! good pushes made, and the server's memory stays bounded.

mod case;
mod send;

use crate::process::{Process, client};
use crate::surface::serve;
use case::{Case, cases};
use docket::api::proto::v1::ListApplicationsRequest;
use send::{Said, send};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The fewest inputs that make a test of this kind.
const FEWEST: usize = 300;

/// The most that the server's memory may rise: a few of the largest bodies, read and parsed side by side,
/// and what an allocator keeps of them.
const RISE_MIB: u64 = 128;

const SETTINGS: &str = r#"
[provider]
address = "http://127.0.0.1:1"
username = "merchant1"
password = "word"
public_key = "PUBLIC_KEY"

# Nobody brings a card: what is made stays where it is.
[[product]]
name = "cash"
version = 1
evidence = ["identity", "loan", "card"]
telecom = "required"
term_days = 14
amount_fen = 150000

[[partner]]
name = "open"
product = "cash"
callback_secret = "open's secret, 16 bytes or more"

[[partner]]
name = "sealed"
product = "cash"
signature = "ua-md5"
push_ua = "PARTNER_7"
push_secret = "the newest secret"
push_secret_old = "the former secret"

[[partner]]
name = "signed"
product = "cash"
signature = "qunadai"
push_secret = "the newest secret"
push_secret_old = "the former secret"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_input_is_answered_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let docket = serve(folder.path(), SETTINGS);
    let address: Arc<str> = docket.address.as_str().into();
    let good = good();
    for case in &good {
        assert_eq!(complaint("good", case, &send(&address, case).await), None);
    }
    let before = applications(&docket).await;
    assert_eq!(before.len(), good.len());
    let blobs_before = blobs(folder.path());
    let (first_kib, mut most_kib) = (docket.resident_kib(), 0);

    let (slow, quick): (Vec<_>, Vec<_>) = cases().into_iter().partition(|(_, case)| case.is_slow());
    let total = slow.len() + quick.len();
    assert!(total >= FEWEST, "{total} bad inputs");
    let mut waiting = tokio::task::JoinSet::new();
    for (file, case) in slow {
        let address = Arc::clone(&address);
        waiting.spawn(async move { complaint(&file, &case, &send(&address, &case).await) });
    }
    let (mut made, mut complaints) = (0, Vec::new());
    for (file, case) in quick {
        made += usize::from(case.makes.is_some());
        complaints.extend(complaint(&file, &case, &send(&address, &case).await));
        most_kib = most_kib.max(docket.resident_kib());
    }
    while let Some(answered) = waiting.join_next().await {
        complaints.extend(answered.unwrap());
    }
    assert!(complaints.is_empty(), "{} of {total}:\n{}", complaints.len(), complaints.join("\n"));

    let after = applications(&docket).await.into_iter();
    let (after, odd): (BTreeMap<_, _>, BTreeMap<_, _>) =
        after.partition(|(name, _)| before.contains_key(name));
    assert_eq!(after, before, "a bad input changed what is there");
    assert_eq!(odd.len(), made, "a bad input made something: {odd:?}");
    assert_eq!(blobs(folder.path()), blobs_before, "a bad input left a document");
    let rise = most_kib.saturating_sub(first_kib) / 1024;
    let (first, most) = (first_kib / 1024, most_kib / 1024);
    crate::report(&format!("{total} bad inputs: {first} MiB before, {most} MiB at most"));
    assert!(rise <= RISE_MIB, "the server's memory rose by {rise} MiB");
    let errors: Vec<_> = docket.log().into_iter().filter(|line| line.contains("ERROR")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    docket.leave();
}

/// Good pushes of every contract, so that there is something to spoil.
fn good() -> Vec<Case> {
    case::read(
        r#"
        {"name": "half 1", "to": "base", "edit": [["245132241561415", "known-1"]], "makes": "known-1"}
        {"name": "half 2", "to": "additional", "edit": [["245132241561415", "known-2"]], "makes": "known-2"}
        {"name": "sealed", "to": "sealed", "edit": [["245132241561415", "known-3"]], "makes": "known-3"}
        {"name": "signed", "to": "signed", "edit": [["18698574854", "18600000001"]], "makes": "its digest"}
        "#,
    )
}

/// What is wrong with an answer, in words.
fn complaint(file: &str, case: &Case, said: &Said) -> Option<String> {
    let Said { status, body } = said;
    let expected = case.expected();
    let is_body = expected.as_ref().is_none_or(|expected| {
        serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|body| body == *expected)
    });
    if *status < 500 && *status == case.status && is_body {
        return None;
    }
    let body: String = String::from_utf8_lossy(body).chars().take(300).collect();
    let expected = expected.map(|expected| expected.to_string()).unwrap_or_default();
    let wanted = case.status;
    Some(format!("{file}: {}: {status} {body}, and not {wanted} {expected}", case.name))
}

/// Every application, by partner and order, with its etag.
async fn applications(docket: &Process) -> BTreeMap<(String, String), String> {
    let request = ListApplicationsRequest { page_size: 1000, ..ListApplicationsRequest::default() };
    let page = client(&docket.address).list_applications(request).await.unwrap().into_inner();
    assert!(page.next_page_token.is_empty());
    let of = |it: docket::api::proto::v1::Application| ((it.partner, it.order_number), it.etag);
    page.applications.into_iter().map(of).collect()
}

/// How many documents are kept as files.
fn blobs(folder: &Path) -> usize {
    let folders = std::fs::read_dir(folder.join("data/blob")).unwrap();
    folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}
