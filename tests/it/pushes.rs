//! Pushes to the built binary: what is known of them after it was killed, what two halves of an order
//! may say, and what a signed push begins.

use crate::process::{Process, Sandbox, client, http};
use crate::surface::serve;
use docket::api::proto::v1::application::State;
use docket::api::proto::v1::{Application, CancelApplicationRequest, EvidenceKind, ListApplicationsRequest};
use docket::clock;
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use std::path::Path;

const SETTINGS: &str = r#"
[provider]
address = "http://127.0.0.1:1"
username = "merchant1"
password = "word"
public_key = "PUBLIC_KEY"

[[product]]
name = "signed"
version = 1
evidence = ["identity", "loan", "contacts", "identity_card", "address_book"]
telecom = "required"
term_days = 14
amount_fen = 150000
app_download_url = "https://app.example.com/download"

[[product]]
name = "cash"
version = 1
evidence = ["identity", "loan", "device", "card"]
telecom = "no"
term_days = 14

[[partner]]
name = "qunadai"
product = "signed"
signature = "qunadai"
push_secret = "the newest secret"

[[partner]]
name = "agency"
product = "cash"
"#;

const SIGNED: &str = include_str!("../../src/intake/push/examples/signed-object.json");
const TAKEN: &str =
    r#"{"status":"1","msg":"推送成功","data":{"appDownloadUrl":"https://app.example.com/download"}}"#;

/// How many documents are kept as files.
fn blobs(folder: &Path) -> usize {
    let folders = std::fs::read_dir(folder.join("data/blob")).unwrap();
    folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}

/// A signed push: when it says to be sent, and its body.
struct Signed {
    time: String,
    body: String,
}

impl Signed {
    /// The example with another score, sent so many milliseconds from now.
    fn new(score: u32, later: u64) -> Self {
        let time = (clock::now().as_millis() + later).to_string();
        Self { time, body: SIGNED.replace("\"750\"", &score.to_string()) }
    }

    async fn send(&self, docket: &Process) -> String {
        let text = format!("THIRDPARTY_QUNADAI{}{}the newest secret", self.time, self.body);
        let request = http()
            .post(format!("http://{}/partners/qunadai/qunadai", docket.address))
            .header("content-type", "application/json;charset=utf-8")
            .header("clientId", "THIRDPARTY_QUNADAI")
            .header("clientTime", &self.time)
            .header("s", hex::encode(Md5::digest(text)))
            .body(self.body.clone());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        answer.text().await.unwrap()
    }
}

async fn applications(docket: &Process) -> Vec<Application> {
    let request = ListApplicationsRequest { page_size: 100, ..ListApplicationsRequest::default() };
    client(&docket.address).list_applications(request).await.unwrap().into_inner().applications
}

/// The version of the only application.
async fn version(docket: &Process) -> i64 {
    let all = applications(docket).await;
    assert_eq!(all.len(), 1);
    all[0].version
}

#[tokio::test]
async fn a_signed_push_is_known_again_though_docket_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let docket = serve(folder.path(), SETTINGS);
    let first = Signed::new(700, 0);
    assert_eq!(first.send(&docket).await, TAKEN);
    let all = applications(&docket).await;
    let (order, missing) = (&all[0].order_number, &all[0].missing_evidence);
    assert!(order.len() == 32 && order.bytes().all(|byte| byte.is_ascii_hexdigit()), "{order}");
    let awaited = [EvidenceKind::IdentityCard, EvidenceKind::AddressBook].map(i32::from);
    assert_eq!(missing, &awaited, "the amount is the product's");
    docket.kill();

    let docket = serve(folder.path(), SETTINGS);
    assert_eq!(first.send(&docket).await, TAKEN);
    assert_eq!(version(&docket).await, 1, "the same bytes");
    assert_eq!(Signed { body: first.body.clone(), ..Signed::new(0, 1) }.send(&docket).await, TAKEN);
    assert_eq!(version(&docket).await, 2, "the same content, signed anew, is remembered");
    let second = Signed { time: first.time.clone(), ..Signed::new(710, 0) };
    assert_eq!(second.send(&docket).await, TAKEN);
    assert_eq!(version(&docket).await, 3, "other bytes at the same time are another push");
    docket.kill();

    let docket = serve(folder.path(), SETTINGS);
    assert_eq!(first.send(&docket).await, TAKEN);
    assert_eq!(second.send(&docket).await, TAKEN);
    assert_eq!(version(&docket).await, 3, "what was sent before changes nothing back");
    let changed_back = Signed { body: first.body.clone(), ..Signed::new(0, 2) };
    assert_eq!(changed_back.send(&docket).await, TAKEN);
    assert_eq!(version(&docket).await, 4, "what is signed anew does");
    for line in docket.log() {
        assert!(!line.contains("18698574854") && !line.contains("45215919990301502"), "{line}");
    }
    assert_eq!(docket.logged("fails its check digit", 1).await.len(), 1);
    docket.leave();
}

#[tokio::test]
async fn who_applies_again_after_the_end_has_another_application() {
    let folder = tempfile::tempdir().unwrap();
    let docket = serve(folder.path(), SETTINGS);
    let first = Signed::new(700, 0);
    for number in 1..=3 {
        assert_eq!(Signed { body: first.body.clone(), ..Signed::new(0, number) }.send(&docket).await, TAKEN);
        let mut all = applications(&docket).await;
        assert_eq!(all.len() as u64, number);
        let newest = all.pop().unwrap();
        let behind = newest.order_number.get(32..).unwrap();
        assert_eq!(behind, if number == 1 { String::new() } else { format!("-{number}") });
        let name = newest.name;
        let cancel = CancelApplicationRequest {
            name,
            reason: "a test".to_owned(),
            ..CancelApplicationRequest::default()
        };
        client(&docket.address).cancel_application(cancel).await.unwrap();
    }
    // The one that was sent is answered as then, though it has ended since.
    let last = Signed { body: first.body.clone(), ..Signed::new(0, 9) };
    assert_eq!(last.send(&docket).await, TAKEN);
    assert_eq!(last.send(&docket).await, TAKEN);
    assert_eq!(applications(&docket).await.len(), 4);
    docket.leave();
}

#[tokio::test]
async fn a_signed_push_that_changed_nothing_is_known_after_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let docket = serve(folder.path(), SETTINGS);
    let first = Signed::new(700, 0);
    let anew = Signed { body: first.body.clone(), ..Signed::new(0, 1) };
    for push in [&first, &anew] {
        assert_eq!(push.send(&docket).await, TAKEN);
    }
    let name = applications(&docket).await[0].name.clone();
    let cancel =
        CancelApplicationRequest { name, reason: "a test".to_owned(), ..CancelApplicationRequest::default() };
    client(&docket.address).cancel_application(cancel).await.unwrap();
    for push in [&anew, &first, &anew] {
        assert_eq!(push.send(&docket).await, TAKEN);
        assert_eq!(applications(&docket).await.len(), 1, "a push that was answered before");
    }
    let new = Signed { body: first.body.clone(), ..Signed::new(0, 2) };
    assert_eq!(new.send(&docket).await, TAKEN);
    assert_eq!(applications(&docket).await.len(), 2);
    docket.leave();
}

async fn push(docket: &Process, route: &str, body: &Value) -> Value {
    push_to(docket, "agency", route, body).await
}

async fn push_to(docket: &Process, partner: &str, route: &str, body: &Value) -> Value {
    let url = format!("http://{}/partners/{partner}/{route}", docket.address);
    let request = http().post(url).header("content-type", "application/json").body(body.to_string());
    serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn two_halves_may_differ_in_the_amount_and_in_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let docket = serve(folder.path(), SETTINGS);
    let person = Person::new(Script::Happy, 7);
    let success = json!({"status": 1, "message": "success", "data": null});
    let mut additional = person.additional_push("in-order");
    additional["orderInfo"]["loan_amount"] = "160000".into();
    let halves = [("pushUserBaseInfo", person.base_push("in-order")), ("pushUserAdditionalInfo", additional)];
    for (route, half) in &halves {
        assert_eq!(push(&docket, route, half).await, success);
    }
    for (route, half) in halves.iter().rev() {
        let mut half = half.clone();
        half["orderInfo"]["orderNo"] = "reversed".into();
        assert_eq!(push(&docket, route, &half).await, success);
    }
    let told = docket.logged("two amounts are told", 2).await;
    assert_eq!(told.len(), 2, "{told:#?}");
    for line in told {
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&line["fields"]["base"], &line["fields"]["additional"]),
            (&150_000.into(), &160_000.into())
        );
    }
    let mut other = person.additional_push("in-order");
    other["orderInfo"]["userPhone"] = "18301231235".into();
    let refused = push(&docket, "pushUserAdditionalInfo", &other).await;
    let message = "orderInfo.userPhone: must be the same in all pushes of the order";
    assert_eq!(refused, json!({"status": 0, "message": message, "data": null}));
    docket.leave();
}

#[tokio::test]
async fn what_is_refused_leaves_no_document() {
    let folder = tempfile::tempdir().unwrap();
    let docket = serve(folder.path(), SETTINGS);
    // Nothing that could be made smaller.
    let noise: String = (0..10_000_u64)
        .map(|at| at.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xD6E8_FEB8_6659_FD93))
        .map(|word| format!("{word:016x}"))
        .collect();
    let large = |mut half: Value| {
        half["noise"] = noise.clone().into();
        half
    };
    let person = Person::new(Script::Happy, 9);
    let base = large(person.base_push("one"));
    let taken = push(&docket, "pushUserBaseInfo", &base).await;
    assert_eq!(taken["status"], 1, "{taken}");
    let before = blobs(folder.path());
    assert!(before > 0, "a push of this size is kept as a file");
    let mut other = large(person.additional_push("one"));
    other["orderInfo"]["userPhone"] = "18301231235".into();
    let refused = push(&docket, "pushUserAdditionalInfo", &other).await;
    assert_eq!(refused["message"], "orderInfo.userPhone: must be the same in all pushes of the order");
    let name = applications(&docket).await[0].name.clone();
    let cancel =
        CancelApplicationRequest { name, reason: "a test".to_owned(), ..CancelApplicationRequest::default() };
    client(&docket.address).cancel_application(cancel).await.unwrap();
    let additional = large(person.additional_push("one"));
    let refused = push(&docket, "pushUserAdditionalInfo", &additional).await;
    assert_eq!(refused["message"], "orderInfo.orderNo: the order can no longer be changed");
    assert_eq!(blobs(folder.path()), before);
    docket.leave();
}

#[tokio::test]
async fn an_order_can_be_changed_until_its_audit_has_begun() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "instant");
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_DATA", folder.path().join("data").display().to_string()));
    let docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let person = Person::new(Script::Happy, 8);
    let success = json!({"status": 1, "message": "success", "data": null});
    let base = person.base_push("one");
    let mut changed = base.clone();
    changed["userVerify"]["idCardInfo"]["ocrRace"] = "回".into();
    let half = async |body: &Value| push_to(&docket, "pushed", "pushUserBaseInfo", body).await;
    for (body, version) in [(&base, 1), (&base, 1), (&changed, 2), (&base, 3)] {
        assert_eq!(half(body).await, success);
        assert_eq!(applications(&docket).await[0].version, version);
    }
    let additional = person.additional_push("one");
    assert_eq!(push_to(&docket, "pushed", "pushUserAdditionalInfo", &additional).await, success);
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    while applications(&docket).await[0].state() != State::Approved {
        assert!(tokio::time::Instant::now() < until, "it is not approved");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(half(&base).await, success, "the same again");
    let message = "orderInfo.orderNo: the order can no longer be changed";
    assert_eq!(half(&changed).await, json!({"status": 0, "message": message, "data": null}));
    docket.leave();
}
