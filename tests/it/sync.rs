//! Each acknowledgement is preceded by a sync of the log, seen from outside the binary.
//!
//! A small library is compiled and preloaded; it notes each write to and each sync of a segment of
//! the log and of the files of keys. Pushes are sent one at a time: between the moment one is sent and the moment it is
//! acknowledged there must be a write, and after the last write a sync. The key of its application must
//! be written and synced before anything is written that names it.

use crate::process::{Process, Sandbox, http};
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

const PUSHES: u32 = 50;

#[tokio::test]
async fn each_acknowledgement_is_preceded_by_a_sync_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/sync/shim.c");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status();
    assert!(compiled.expect("there is a C compiler").success());
    let notes = folder.path().join("notes");
    let sandbox = Sandbox::start(folder.path(), "quick");
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_DATA", folder.path().join("data").display().to_string()));
    settings.push(("LD_PRELOAD", library.display().to_string()));
    settings.push(("SYNC_NOTES", notes.display().to_string()));
    let docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let http = http();
    let mut acknowledged = Vec::new();
    for number in 0..PUSHES {
        // Half an application: it asks the provider nothing, so that each push is one commit.
        let body = Person::new(Script::Happy, number).base_push(&format!("sync-{number}")).to_string();
        let sent = nanos();
        let request = http.post(format!("http://{}/pushUserBaseInfo", docket.address));
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let told = nanos();
        assert_eq!(answer["status"], 1, "{answer}");
        acknowledged.push((sent, told));
    }
    drop(docket);
    let notes = std::fs::read_to_string(&notes).expect("the library was loaded and noted something");
    let notes: Vec<(&str, u128)> = notes
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(what, at)| (what, at.parse().unwrap()))
        .collect();
    for (at, (sent, told)) in acknowledged.into_iter().enumerate() {
        let within: Vec<_> = notes.iter().filter(|(_, at)| (sent..=told).contains(at)).collect();
        let write = within.iter().rposition(|(what, _)| *what == "write");
        let sync = within.iter().rposition(|(what, _)| *what == "sync");
        assert!(write.is_some(), "push {at}: nothing was written before it was acknowledged");
        assert!(sync > write, "push {at}: acknowledged without a sync after its write: {within:?}");
        let first = |sought: &str| within.iter().position(|(what, _)| *what == sought);
        let key = first("keys-write").unwrap_or_else(|| panic!("push {at}: no key was written: {within:?}"));
        let durable =
            within.iter().skip(key).position(|(what, _)| *what == "keys-sync").map(|next| key + next);
        assert!(durable.is_some(), "push {at}: its key was not synced: {within:?}");
        assert!(durable < first("write"), "push {at}: written before its key was durable: {within:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the library notes the time of the same clock")]
fn nanos() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()
}
