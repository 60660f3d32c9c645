//! The built binary is backed up under load, put back elsewhere, and looked after.
//!
//! A restored copy has all that was acknowledged before the backup began; it takes in and tells what it
//! is asked, and until it is released not one call reaches the provider and not one message a partner.

use crate::crash::{has_ended, push};
use crate::process::{Process, Sandbox, client, http};
use axum::Router;
use axum::routing::post;
use docket::api::proto::v1::{
    Application, ExplainApplicationRequest, Explanation, ListApplicationsRequest, Owner,
};
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(120);
/// For how long a held copy is watched: looks, retries and polls come within it many times.
const HELD: Duration = Duration::from_secs(6);

/// What a command did.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    fn done(self) -> Value {
        assert_eq!(self.code, 0, "{self:#?}");
        self.json()
    }
}

/// Runs `docket store`, beside whatever the test does meanwhile.
async fn store(address: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.arg("store").args(arguments).args(["--server", &format!("http://{address}"), "-o", "json"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOCKET_")) {
        command.env_remove(name);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// What cannot be made smaller, and is kept as a file.
fn noise(number: u32) -> String {
    let mix =
        |at: u64| at.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (0..5_000).map(|at| format!("{:016x}", mix(at + 10_000 * u64::from(number)))).collect()
}

/// Brings an application; every seventh with a large push.
async fn bring(address: &str, number: u32) -> String {
    let script = if number.is_multiple_of(5) { Script::AuditRejected } else { Script::Happy };
    let (person, order) = (Person::new(script, number), format!("kept-{number:04}"));
    let url = |route: &str| format!("http://{address}/partners/pushed/{route}");
    let mut base = person.base_push(&order);
    if number.is_multiple_of(7) {
        base["noise"] = noise(number).into();
    }
    push(&url("pushUserBaseInfo"), &base).await;
    push(&url("pushUserAdditionalInfo"), &person.additional_push(&order)).await;
    order
}

/// All applications of a server by their orders.
async fn applications(address: &str) -> BTreeMap<String, Application> {
    let mut found = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListApplicationsRequest { page_size: 500, page_token, ..Default::default() };
        let page = client(address).list_applications(request).await.unwrap().into_inner();
        found.extend(page.applications.into_iter().map(|it| (it.order_number.clone(), it)));
        if page.next_page_token.is_empty() {
            return found;
        }
        page_token = page.next_page_token;
    }
}

async fn explain(address: &str, order: &str) -> Explanation {
    let name = applications(address).await[order].name.clone();
    let request = ExplainApplicationRequest { name };
    client(address).explain_application(request).await.unwrap().into_inner()
}

async fn calls(sandbox: &Sandbox) -> u64 {
    sandbox.ask(&http(), "/_sandbox/ledger").await.expect("the sandbox answers")["calls"].as_u64().unwrap()
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < until, "{what}");
        sleep(Duration::from_millis(200)).await;
    }
}

/// A partner's server that counts what it is told.
async fn partner() -> (Arc<AtomicUsize>, String) {
    let heard = Arc::new(AtomicUsize::new(0));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/docket", listener.local_addr().unwrap());
    let told = Arc::clone(&heard);
    let hear = move || async move {
        told.fetch_add(1, Ordering::SeqCst);
    };
    let routes = Router::new().route("/docket", post(hear));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (heard, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_under_load_calls_nobody_until_it_is_released() {
    let folder = tempfile::tempdir().unwrap();
    let (heard, url) = partner().await;
    let file = folder.path().join("docket.toml");
    let settings = format!(
        "[[partner]]\nname = \"pushed\"\nproduct = \"pushed\"\ncallback_url = \"{url}\"\n\
         callback_secret = \"the secret of this test alone\"\n"
    );
    fs::write(&file, settings).unwrap();
    let sandbox = Sandbox::start(folder.path(), "quick");
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_CONFIG", file.display().to_string()));
    settings.push(("DOCKET_MASTER_KEY_FILE", path(folder.path(), "data/keys/master.key")));
    let mut original = settings.clone();
    original.retain(|(name, _)| *name != "DOCKET_MASTER_KEY_FILE");
    original.push(("DOCKET_DATA", path(folder.path(), "data")));
    let docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &original);
    let address = docket.address.clone();

    // Everybody pushes while backups are made and the view is rebuilt.
    let (next, is_over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let pushing: Vec<_> = (0..3)
        .map(|_| {
            let (next, is_over, address) = (Arc::clone(&next), Arc::clone(&is_over), address.clone());
            let acknowledged = Arc::clone(&acknowledged);
            tokio::spawn(async move {
                while !is_over.load(Ordering::SeqCst) {
                    let order = bring(&address, next.fetch_add(1, Ordering::SeqCst)).await;
                    acknowledged.lock().unwrap().push(order);
                    sleep(Duration::from_millis(40)).await;
                }
            })
        })
        .collect();
    until("something is acknowledged", async || acknowledged.lock().unwrap().len() > 10).await;
    let to = path(folder.path(), "backup");
    let first = store(&address, &["backup", &to, "--with-keys"]).await.done();
    assert_eq!((first["incremental"].as_bool(), first["lacking_count"].as_i64()), (Some(false), Some(0)));
    let rebuilt = store(&address, &["rebuild"]).await.done();
    assert!(rebuilt["rows"].as_i64().unwrap() > 100, "{rebuilt}");
    let before: Vec<String> = acknowledged.lock().unwrap().clone();
    let second = store(&address, &["backup", &to, "--with-keys"]).await.done();
    assert_eq!(second["incremental"], true);
    assert!(second["commit"].as_i64() > first["commit"].as_i64(), "{first} {second}");
    assert!(acknowledged.lock().unwrap().len() > before.len(), "pushes went on meanwhile");
    let stats = store(&address, &["stats", "--rows"]).await.done();
    assert_eq!(stats["held"], false);
    assert!(stats["commit"].as_i64() >= second["commit"].as_i64(), "{stats}");
    is_over.store(true, Ordering::SeqCst);
    for pushing in pushing {
        pushing.await.unwrap();
    }
    let not_held = store(&address, &["release", "--reason", "no", "--actor", "ada"]).await;
    assert_eq!(not_held.code, 5, "{not_held:?}");
    docket.kill();

    let copy = path(folder.path(), "copy");
    let restored = store(&address, &["restore", &to, "--data", &copy]).await.done();
    assert_eq!((restored["level"].as_str(), restored["held"].as_bool()), (Some("note"), Some(true)));
    assert_eq!(restored["keys"], true);
    assert!(restored["commit"].as_i64() == second["commit"].as_i64(), "{restored} {second}");

    // The copy serves, and nobody hears of it.
    let (calls_before, heard_before) = (calls(&sandbox).await, heard.load(Ordering::SeqCst));
    settings.push(("DOCKET_DATA", copy.clone()));
    let docket = Process::start(&["serve", "--listen", &address], &settings);
    let known = applications(&address).await;
    for order in &before {
        assert!(known.contains_key(order), "{order} was acknowledged before the backup");
    }
    let live = known.values().filter(|it| !has_ended(it)).count();
    assert!(live > 0, "nothing is left to call for: the test proves nothing");
    let late = bring(&address, 90_001).await;
    let ready = http().get(format!("http://{address}/readyz")).send().await.unwrap();
    assert!(ready.status().is_success(), "it is healthy");
    assert_eq!(store(&address, &["stats"]).await.done()["held"], true);
    let busy_before = docket.processor_time();
    sleep(HELD).await;
    let busy = docket.processor_time() - busy_before;
    assert!(busy < HELD / 2, "{busy:?} of {HELD:?}: calls that must not be made keep it busy");
    assert_eq!((calls(&sandbox).await, heard.load(Ordering::SeqCst)), (calls_before, heard_before));
    assert!(!docket.logged("a restored copy and held", 1).await.is_empty());
    assert!(!has_ended(&applications(&address).await[&late]));
    let explained = explain(&address, &late).await;
    let says_so = |it: &Explanation| it.blocks.iter().any(|line| line.contains("docket store release"));
    assert!(says_so(&explained) && explained.owner() == Owner::Operator, "{explained:?}");

    // A restart changes nothing about it; a release does, at once and for good.
    docket.leave();
    let docket = Process::start(&["serve", "--listen", &address], &settings);
    sleep(Duration::from_secs(2)).await;
    assert_eq!((calls(&sandbox).await, heard.load(Ordering::SeqCst)), (calls_before, heard_before));
    let released = ["release", "--reason", "the old one is gone", "--actor", "ada"];
    assert_eq!(store(&address, &released).await.done()["held"], false);
    until("the provider is called", async || calls(&sandbox).await > calls_before).await;
    until("the partner is told", async || heard.load(Ordering::SeqCst) > heard_before).await;
    until("all have ended", async || {
        let now = applications(&address).await;
        before.iter().chain([&late]).all(|order| has_ended(&now[order]))
    })
    .await;
    assert!(!says_so(&explain(&address, &late).await));
    let said = docket.logged("the store is released", 1).await;
    assert!(said[0].contains("ada") && said[0].contains("the old one is gone"), "{said:?}");
    docket.leave();
    let docket = Process::start(&["serve", "--listen", &address], &settings);
    assert_eq!(store(&address, &["stats"]).await.done()["held"], false);
    docket.leave();
    assert_eq!(store(&address, &["check", "--data", &copy]).await.done()["level"], "note");
}

/// A server with a provider that nobody reaches, whose folder is looked after.
struct World {
    folder: tempfile::TempDir,
    docket: Option<Process>,
    address: String,
}

impl World {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let docket = Self::serve(folder.path());
        let address = docket.address.clone();
        Self { folder, docket: Some(docket), address }
    }

    fn serve(folder: &Path) -> Process {
        crate::surface::serve(
            folder,
            "[provider]\naddress = \"http://127.0.0.1:1\"\nusername = \"u\"\npassword = \"p\"\n\
             public_key = \"PUBLIC_KEY\"\n",
        )
    }

    fn stop(&mut self) {
        self.docket.take().unwrap().leave();
    }

    fn path(&self, name: &str) -> String {
        path(self.folder.path(), name)
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        store(&self.address, arguments).await
    }

    /// The problems that a check of a folder finds, and its exit code.
    async fn check(&self, data: &str) -> (i32, Vec<String>) {
        let ran = self.run(&["check", "--data", data]).await;
        let findings = ran.json()["findings"].as_array().unwrap().clone();
        let problem = |it: &Value| it["problem"].as_str().unwrap().to_owned();
        (ran.code, findings.iter().map(problem).collect())
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy_folder(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

/// The first file below a folder whose name says so.
fn file_in(folder: &Path, is_meant: &dyn Fn(&str) -> bool) -> Option<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().find_map(|path| match path.is_dir() {
        true => file_in(&path, is_meant),
        false => is_meant(path.file_name().unwrap().to_str().unwrap()).then_some(path),
    })
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}

type Damage = (&'static str, fn(&Path), i32, &'static str);

/// What is done to a folder, and what a check says of it.
const DAMAGES: [Damage; 7] = [
    ("MANIFEST", |data| flip(&data.join("MANIFEST"), 40), 10, "MANIFEST"),
    ("view", |data| fs::remove_dir_all(data.join("sled")).unwrap(), 10, "VIEW_DAMAGED"),
    ("log", |data| fs::remove_dir_all(data.join("log")).unwrap(), 10, "LOG_HOLE"),
    (
        "both",
        |data| ["log", "sled"].iter().for_each(|name| fs::remove_dir_all(data.join(name)).unwrap()),
        11,
        "COMMITS_LOST",
    ),
    ("blob", |data| flip(&file_in(&data.join("blob"), &|_| true).unwrap(), 9), 11, "BLOB_LOST"),
    ("keys", |data| fs::remove_file(data.join("keys/data.slots")).unwrap(), 11, "KEYS_MISSING"),
    ("key", |data| flip(&data.join("keys/data.slots"), 40), 11, "KEY_LOST"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_put_back_to_any_point_and_damage_is_named() {
    let mut world = World::start();
    let (data, backup) = (world.path("data"), world.path("backup"));
    let mut points = Vec::new();
    for round in 0..3 {
        for number in 0..4 {
            bring(&world.address, round * 4 + number).await;
        }
        let made = world.run(&["backup", &backup]).await.done();
        assert_eq!(made["incremental"], round > 0);
        points.push((made["commit"].as_u64().unwrap(), made["commit_time"].as_str().unwrap().to_owned()));
        sleep(Duration::from_millis(20)).await;
    }
    for refused in [path(Path::new(&data), "inside"), world.path("data")] {
        let ran = world.run(&["backup", &refused]).await;
        assert!(ran.code == 5 && ran.err.contains("lies in the data folder"), "{ran:?}");
    }
    assert_eq!(world.run(&["backup", "not/absolute"]).await.code, 4);
    let in_use = world.run(&["check", "--data", &data]).await;
    assert!(in_use.code == 5 && in_use.err.contains("in use by another docket"), "{in_use:?}");
    world.stop();

    for (at, (commit, time)) in points.iter().enumerate() {
        for (how, value) in [("--commit", commit.to_string()), ("--time", time.clone())] {
            let to = world.path(&format!("back-{at}{how}"));
            let arguments =
                ["restore", &backup, "--data", &to, how, &value, "--keys", &path(Path::new(&data), "keys")];
            let made = world.run(&arguments).await.done();
            assert_eq!(made["applications"], 4 * (at + 1), "{how} {value}: {made}");
            assert_eq!((made["commit"].as_u64(), made["level"].as_str()), (Some(*commit), Some("note")));
        }
    }
    let beyond = (points[2].0 + 1).to_string();
    let to = world.path("beyond");
    let ran = world.run(&["restore", &backup, "--data", &to, "--commit", &beyond]).await;
    let reach = format!("it has commits 1 to {}", points[2].0);
    assert!(ran.code == 5 && ran.err.contains(&reach), "{ran:?}");
    let ran = world.run(&["restore", &backup, "--data", &data]).await;
    assert!(ran.code == 5 && ran.err.contains("is not empty"), "{ran:?}");

    // Without keys a copy is whole, and the server waits for them.
    let bare = world.path("bare");
    let made = world.run(&["restore", &backup, "--data", &bare]).await.done();
    assert_eq!((made["keys"].as_bool(), made["level"].as_str()), (Some(false), Some("note")));
    assert_eq!(world.check(&bare).await, (11, vec!["KEYS_MISSING".to_owned()]));
    let output = Command::new(env!("CARGO_BIN_EXE_docket"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data", &bare])
        .env("DOCKET_CONFIG", world.path("docket.toml"))
        .env("DOCKET_MASTER_KEY_FILE", path(Path::new(&data), "keys/master.key"))
        .output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("data.slots is missing"), "{said}");

    assert_eq!(world.check(&data).await, (0, vec![]));
    let stats = world.run(&["stats", "--data", &data, "--rows"]).await.done();
    assert_eq!((stats["applications"].as_i64(), stats["held"].as_bool()), (Some(12), Some(false)));
    let kinds = stats["kinds"].as_array().unwrap();
    assert!(kinds.iter().any(|it| it["kind"] == "application" && it["rows"] == 12), "{stats:#}");
    for (name, damage, code, problem) in DAMAGES {
        let damaged = world.folder.path().join(format!("damaged-{name}"));
        copy_folder(Path::new(&data), &damaged);
        damage(&damaged);
        let (found, problems) = world.check(damaged.to_str().unwrap()).await;
        assert!(found == code && problems.iter().any(|it| it == problem), "{name}: {found} {problems:?}");
    }

    // What is merely damaged is mended by the next start.
    for name in ["log", "view"] {
        let damaged = world.path(&format!("damaged-{name}"));
        let moved = world.folder.path().join(format!("mended-{name}"));
        fs::create_dir(&moved).unwrap();
        fs::rename(&damaged, moved.join("data")).unwrap();
        World::serve(&moved).leave();
        let (code, problems) = world.check(moved.join("data").to_str().unwrap()).await;
        assert_eq!(code, 0, "{name}: {problems:?}");
    }
}
