//! Folders that a Docket of each format has left: the store and the keys open, everything in them reads
//! as it was, and the built binary goes on with them.
//!
//! `tests/fixtures/folders/v1` and its neighbours are never edited: each is a whole folder of data, its
//! files compressed, with what must be found in it. `UPDATE=1` makes the one of a new format, with the
//! built binary; without one the test fails.

use crate::crash::push;
use crate::process::{Process, Sandbox, client};
use docket::api::proto::v1::ListApplicationsRequest;
use docket::api::proto::v1::application::State;
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use docket::store::Store;
use docket::store::disk::{DiskStore, Options};
use docket::store::records::{change, delivery, journal, snapshot};
use docket::vault::{Label, MasterKey, Random, Vault};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;
use std::fs::{self, File};
use std::io::copy;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// How long the applications of a new folder may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the folders' own settings are, besides the provider's.
const SETTINGS: &str = r#"
[[product]]
name = "pushed"
version = 1
evidence = ["identity", "loan", "identity_card", "contacts", "work", "device", "address_book", "operator_data"]
term_days = 14

[[product]]
name = "collected"
version = 1
evidence = ["identity", "loan", "identity_card", "contacts", "work", "device", "address_book"]
telecom = "required"
term_days = 14

[[partner]]
name = "pushed"
product = "pushed"
callback_url = "http://127.0.0.1:1/told"
callback_secret = "0123456789abcdef"

[[partner]]
name = "collected"
product = "collected"
"#;

/// Their master key: it guards invented people.
fn master() -> String {
    "07".repeat(32)
}

fn fixture(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/folders/v{format}"))
}

/// The format in which this Docket leaves a folder.
fn newest() -> u32 {
    let folder = tempfile::tempdir().unwrap();
    DiskStore::open(folder.path(), Options::new([7; 16])).unwrap().close().unwrap();
    let manifest = fs::read_to_string(folder.path().join("MANIFEST")).unwrap();
    let format = manifest.lines().find_map(|line| line.strip_prefix("format = "));
    format.unwrap().parse().unwrap()
}

#[tokio::test]
async fn folders_of_every_format_open_and_go_on() {
    let newest = newest();
    for format in 1..=newest {
        let kept = fixture(format);
        if format == newest && !kept.exists() && std::env::var_os("UPDATE").is_some() {
            make(&kept).await;
        }
        assert!(
            kept.exists(),
            "format {format} has no fixture: UPDATE=1 cargo test --test it former makes it"
        );
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        unpack(&kept.join("data"), &data);
        let expected = fs::read_to_string(kept.join("expected.txt")).unwrap();
        assert_eq!(found(&data), expected, "format {format}");
        goes_on(folder.path(), expected.lines().filter(|line| line.starts_with("application ")).count())
            .await;
    }
}

/// Everything in a folder, in words: what each record says, and that each document opens.
fn found(data: &Path) -> String {
    let store = DiskStore::open(data, Options::new([0; 16])).unwrap();
    let key = MasterKey::from_text(&master()).unwrap();
    let vault = Vault::open(data.join("keys"), key, Random::system()).unwrap();
    let mut lines = vec![format!("{:?}", store.counts())];
    for (id, stored) in store.applications(None, 100).unwrap() {
        let it = snapshot::from_record(id, stored.version, &stored.snapshot).unwrap();
        lines.push(format!("application {id} version {} in state {}", stored.version, it.state().number()));
        for collection in &it.collections {
            lines.push(format!("  {} in state {}", collection.kind.name(), collection.state().number));
        }
        for document in &it.documents {
            let sealed = store.document(id, document.number).unwrap().unwrap();
            let label = Label { application: id, kind: document.kind.number(), number: document.number };
            let plain = vault.unseal(it.key, label, &sealed).unwrap();
            lines.push(format!("  document {} of {} bytes", document.number, plain.expose().len()));
        }
        for (version, entry) in store.journal(id, 0, 1_000).unwrap() {
            let entry = journal::from_record(&entry).unwrap();
            lines.push(format!("  {version} {}", entry.happening.name()));
        }
        for told in store.deliveries(id, 0, 100).unwrap() {
            let delivery = delivery::from_record(&told.body).unwrap();
            lines.push(format!("  delivery of state {}", delivery.state.number()));
        }
    }
    let changes = store.changes(0, 1_000).unwrap();
    for it in &changes {
        change::from_record(it.application, it.version, &it.body).unwrap();
    }
    lines.push(format!("{} changes", changes.len()));
    let audit = store.audit().unwrap();
    lines.push(format!("{} live, {} wake-ups, {} orphans", audit.live, audit.wakes, audit.orphan_count));
    lines.join("\n") + "\n"
}

/// The built binary takes it over, without a provider, and lists all applications.
async fn goes_on(folder: &Path, applications: usize) {
    let docket = serve(folder, &[]);
    let listed = client(&docket.address).list_applications(ListApplicationsRequest::default()).await.unwrap();
    assert_eq!(listed.into_inner().applications.len(), applications);
    docket.leave();
}

fn serve(folder: &Path, provider: &[(&'static str, String)]) -> Process {
    let file = folder.join("docket.toml");
    fs::write(&file, SETTINGS).unwrap();
    let mut variables = vec![
        ("DOCKET_PROVIDER_ADDRESS", "http://127.0.0.1:1".to_owned()),
        ("DOCKET_PROVIDER_USERNAME", "nobody".to_owned()),
        ("DOCKET_PROVIDER_PASSWORD", "nothing".to_owned()),
        ("DOCKET_PROVIDER_PUBLIC_KEY", crate::surface::public_key(folder).display().to_string()),
        ("DOCKET_MASTER_KEY", master()),
        ("DOCKET_DATA", folder.join("data").display().to_string()),
        ("DOCKET_CONFIG", file.display().to_string()),
    ];
    variables.extend_from_slice(provider);
    Process::start(&["serve", "--listen", "127.0.0.1:0"], &variables)
}

/// Lets the built binary leave a folder: one application approved, one that asks, one that waits for evidence.
async fn make(kept: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "quick");
    let docket = serve(folder.path(), &sandbox.settings());
    for (number, partner, halves) in [(1, "pushed", 2), (2, "collected", 2), (3, "collected", 1)] {
        let (person, order) = (Person::new(Script::Happy, number), format!("order-{number}"));
        let url = |push: &str| format!("http://{}/partners/{partner}/{push}", docket.address);
        let mut half = person.base_push(&order);
        if halves == 1 {
            // What is kept of the push is then too large to lie beside the application.
            half["note"] = json!(noise());
        }
        push(&url("pushUserBaseInfo"), &half).await;
        if halves == 2 {
            push(&url("pushUserAdditionalInfo"), &person.additional_push(&order)).await;
        }
    }
    let mut client = client(&docket.address);
    let until = Instant::now() + PATIENCE;
    loop {
        let listed = client.list_applications(ListApplicationsRequest::default()).await.unwrap();
        let states: Vec<_> = listed.into_inner().applications.iter().map(|it| it.state()).collect();
        if states.contains(&State::Approved) && states.contains(&State::CaptchaRequired) {
            break;
        }
        assert!(Instant::now() < until, "they stand in {states:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    docket.leave();
    let data = folder.path().join("data");
    pack(&data, &kept.join("data"));
    fs::write(kept.join("expected.txt"), found(&data)).unwrap();
}

/// A text that does not become small.
fn noise() -> String {
    let mut seed = 1_u64;
    let next = |_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{:08x}", seed >> 32)
    };
    (0..6_000).map(next).collect()
}

fn pack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|it| (it.path(), it.file_name().into_string().unwrap())).unwrap();
        if path.is_dir() {
            pack(&path, &to.join(name));
        } else {
            let file = File::create(to.join(name + ".gz")).unwrap();
            let mut file = GzEncoder::new(file, Compression::best());
            copy(&mut File::open(&path).unwrap(), &mut file).unwrap();
            file.finish().unwrap();
        }
    }
}

fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|it| (it.path(), it.file_name().into_string().unwrap())).unwrap();
        match name.strip_suffix(".gz") {
            None => unpack(&path, &to.join(name)),
            Some(name) => {
                let mut packed = GzDecoder::new(File::open(&path).unwrap());
                copy(&mut packed, &mut File::create(to.join(name)).unwrap()).unwrap();
            }
        }
    }
}
