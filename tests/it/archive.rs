//! Journals of ended applications move into files while the built binary serves, and are read as before;
//! kills between any two steps and a damaged file change nothing for all others.

use crate::process::{Process, Sandbox, client};
use crate::waiting::request;
use docket::api::proto::v1::application::State;
use docket::api::proto::v1::{
    Application, CancelApplicationRequest, GetApplicationRequest, ListTransitionsRequest, Transition,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tonic::Code;

const APPLICATIONS: u32 = 24;
const KILLS: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journals_of_what_is_over_are_read_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "quick");
    let data = folder.path().join("data");
    let settings = |archive_after: &str| {
        let mut settings = sandbox.settings();
        settings.push(("DOCKET_DATA", data.display().to_string()));
        settings.push(("DOCKET_ARCHIVE_AFTER", archive_after.to_owned()));
        settings
    };
    let serve = |settings: &[(&str, String)]| Process::start(&["serve", "--listen", "127.0.0.1:0"], settings);
    let docket = serve(&settings("off"));
    let mut names = Vec::new();
    for number in 0..APPLICATIONS {
        let created = client(&docket.address).create_application(request(number)).await.unwrap().into_inner();
        names.push(created.name);
    }
    let (live, over) = names.split_first().unwrap();
    let mut before = BTreeMap::new();
    for name in over {
        let reason = "changed my mind".to_owned();
        let cancel = CancelApplicationRequest { name: name.clone(), reason, ..Default::default() };
        client(&docket.address).cancel_application(cancel).await.unwrap();
        before.insert(name.clone(), Vec::new());
    }
    // What was under way when they were cancelled has come back by now, too late to matter.
    sleep(Duration::from_secs(2)).await;
    for (name, journal) in &mut before {
        *journal = transitions(&docket.address, name, 1000).await.unwrap();
        assert!(journal.len() > 1);
    }
    assert!(files(&data).is_empty(), "never means never");
    docket.leave();

    // Whoever is killed in the middle leaves what the next one finishes.
    for kill in 0..KILLS {
        let docket = serve(&settings("1s"));
        sleep(Duration::from_millis(950 + 40 * u64::from(kill))).await;
        docket.kill();
    }
    let docket = serve(&settings("1s"));
    let begun = Instant::now();
    while files(&data).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "nothing was archived: {:?}", docket.log());
        sleep(Duration::from_millis(100)).await;
    }
    // Two rounds more, so that whatever was cut off is finished.
    sleep(Duration::from_secs(3)).await;
    docket.leave();

    let docket = serve(&settings("off"));
    for (name, journal) in &before {
        for size in [1, 2, 1000] {
            assert_eq!(transitions(&docket.address, name, size).await.unwrap(), *journal, "{name} by {size}");
        }
        assert_eq!(get(&docket.address, name).await.state(), State::Cancelled);
    }
    assert!(!transitions(&docket.address, live, 1000).await.unwrap().is_empty());
    docket.leave();
    let (code, said) = check(&data);
    assert_eq!(code, Some(0), "{said}");

    // A damaged file: its journals cannot be read, which is told by name; all else goes on.
    let path = files(&data).pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[64] ^= 1;
    fs::write(&path, bytes).unwrap();
    let docket = serve(&settings("1s"));
    let mut damaged = 0;
    for (name, journal) in &before {
        match transitions(&docket.address, name, 1000).await {
            Ok(read) => assert_eq!(read, *journal),
            Err(status) => {
                assert_eq!(status.code(), Code::Internal, "{status}");
                damaged += 1;
            }
        }
        assert_eq!(get(&docket.address, name).await.state(), State::Cancelled);
    }
    assert!(damaged > 0);
    let file = path.file_name().unwrap().to_str().unwrap();
    let told = docket.logged("a request failed", damaged).await;
    assert!(told.iter().any(|line| line.contains(file) && line.contains("put it back")), "{told:?}");
    assert!(!transitions(&docket.address, live, 1000).await.unwrap().is_empty());
    client(&docket.address).create_application(request(APPLICATIONS)).await.unwrap();
    docket.leave();
    let (code, said) = check(&data);
    assert_eq!(code, Some(11), "{said}");
    for told in
        ["lost: ARCHIVE_LOST, 1", "damaged: ARCHIVE_DAMAGED, 1", file, &format!("{damaged} applications")]
    {
        assert!(said.contains(told), "{told}: {said}");
    }
}

/// What `docket store check` says of a folder, and how it ends.
fn check(data: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    let output = command.args(["store", "check", "--data"]).arg(data).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn files(data: &Path) -> Vec<PathBuf> {
    let Ok(listed) = fs::read_dir(data.join("archive")) else { return Vec::new() };
    let paths = listed.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "arch")).collect()
}

async fn get(address: &str, name: &str) -> Application {
    let request = GetApplicationRequest { name: name.to_owned() };
    client(address).get_application(request).await.unwrap().into_inner()
}

/// Reads a journal page by page.
async fn transitions(address: &str, name: &str, size: i32) -> Result<Vec<Transition>, tonic::Status> {
    let mut request =
        ListTransitionsRequest { parent: name.to_owned(), page_size: size, ..Default::default() };
    let mut all = Vec::new();
    loop {
        let page = client(address).list_transitions(request.clone()).await?.into_inner();
        all.extend(page.transitions);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}
