//! Another Docket takes a folder over: what becomes of what is stored is told before, and the built
//! binary refuses to start where it could not go on.

use crate::crash;
use crate::process::Process;
use crate::surface::{SETTINGS, serve};
use docket::machine::graph::application::State;
use docket::machine::id::ApplicationId;
use docket::machine::time::Time;
use docket::sandbox::Script;
use docket::sandbox::people::Person;
use docket::store::codec::Encoded;
use docket::store::disk::{DiskStore, Options};
use docket::store::records::definition::{self, MachineV1};
use docket::store::records::index;
use docket::store::{Definition, DefinitionGroup, Item, Part, Store};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The machine of the applications themselves.
const APPLICATION: Part = Part::Machine(1);

/// A folder in which an application of the product `cash` waits for evidence, and no server runs.
async fn left() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let docket = serve(folder.path(), SETTINGS);
    push(&docket, 1).await;
    docket.leave();
    folder
}

/// Brings half of an application, which then waits for the other half.
async fn push(docket: &Process, number: u32) {
    let url = format!("http://{}/partners/agency/pushUserBaseInfo", docket.address);
    let body = Person::new(Script::Happy, number).base_push(&format!("order-{number}"));
    crash::push(&url, &body).await;
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Runs the binary to its end, with the settings of the folder.
fn docket(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.args(arguments).env("DOCKET_CONFIG", folder.join("docket.toml"));
    command.output().unwrap()
}

/// What `docket machine plan` says of a folder, a line a row, and its exit code.
fn planned(folder: &Path) -> (Vec<String>, i32) {
    let data = data(folder).display().to_string();
    let before = contents(folder);
    let ran = docket(folder, &["machine", "plan", "--data", &data, "-o", "json"]);
    assert_eq!(contents(folder), before, "the folder was changed");
    rows(&ran)
}

fn rows(ran: &Output) -> (Vec<String>, i32) {
    let told = String::from_utf8_lossy(&ran.stderr);
    let rows: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    let row = |row: &Value| {
        let word = |name: &str| row[name].as_str().unwrap().to_owned();
        let words = ["verdict", "name", "stored_state", "running_state"].map(word);
        format!("{} {}/{}", words.join(" "), row["live_count"], row["count"])
    };
    (rows.as_array().unwrap().iter().map(row).collect(), ran.status.code().unwrap())
}

/// Every file below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Does something with the store of a folder in which no server runs.
fn with_store<T>(folder: &Path, work: impl FnOnce(&DiskStore) -> T) -> T {
    let store = DiskStore::open(data(folder), Options::new([0; 16])).unwrap();
    let done = work(&store);
    store.sync().unwrap();
    store.close().unwrap();
    done
}

/// The application machine as the Docket that ran there last drew it.
fn drawn(store: &DiskStore) -> MachineV1 {
    let found = store.definitions(None, 100).unwrap();
    let record = found.iter().find(|it| it.part == APPLICATION).unwrap();
    definition::machine_from_record(&record.record).unwrap()
}

/// Has it drawn otherwise.
fn redraw(store: &DiskStore, change: impl FnOnce(&mut MachineV1)) {
    let mut machine = drawn(store);
    change(&mut machine);
    let put = vec![Definition { part: APPLICATION, record: definition::machine_to_record(&machine) }];
    store.write_definitions(&DefinitionGroup { put, forget: Vec::new() }).unwrap();
}

/// Runs the server where it must not start; gives what it says.
fn refused(folder: &Path) -> String {
    let data = data(folder).display().to_string();
    let ran = docket(folder, &["serve", "--listen", "127.0.0.1:0", "--data", &data]);
    let told = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(9), "{told}");
    told.lines().last().unwrap().to_owned()
}

fn starts(folder: &Path) -> Process {
    let settings = fs::read_to_string(folder.join("docket.toml")).unwrap();
    serve(folder, &settings)
}

#[tokio::test]
async fn a_state_with_another_name_is_told_and_taken_over() {
    let folder = left().await;
    let folder = folder.path();
    let same = ["VERDICT_SAME machines/application INIT INIT 1/1", "VERDICT_SAME products/cash   1/1"];
    assert_eq!(planned(folder), (same.map(str::to_owned).to_vec(), 0));

    with_store(folder, |store| {
        redraw(store, |machine| {
            machine.states.iter_mut().find(|state| state.name == "INIT").unwrap().name = "NEW".to_owned();
        });
    });
    let (rows, code) = planned(folder);
    assert_eq!((rows[0].as_str(), code), ("VERDICT_RENAMED machines/application NEW INIT 1/1", 0));
    let server = starts(folder);
    let told = server.logged("1 application in state NEW of machine application", 1).await;
    assert_eq!(told.len(), 1, "{told:?}");

    // A running server answers itself, and nobody else may look.
    let ran = docket(folder, &["machine", "plan", "--server", &server.address, "-o", "json"]);
    assert_eq!(rows_of(&ran), same);
    let table = docket(folder, &["machine", "plan", "--server", &server.address]);
    assert!(String::from_utf8(table.stdout).unwrap().starts_with("NAME "));
    let data = data(folder).display().to_string();
    let ran = docket(folder, &["machine", "plan", "--data", &data]);
    assert_eq!(ran.status.code(), Some(5));
    assert!(String::from_utf8(ran.stderr).unwrap().contains("is in use by another docket"));
    server.leave();
    assert_eq!(planned(folder).0, same);
    let nowhere = docket(folder, &["machine", "plan", "--data", "nowhere"]);
    assert_eq!(nowhere.status.code(), Some(3));
}

fn rows_of(ran: &Output) -> Vec<String> {
    let (rows, code) = rows(ran);
    assert_eq!(code, 0);
    rows
}

#[tokio::test]
async fn a_state_that_is_not_drawn_keeps_the_server_from_starting() {
    let folder = left().await;
    let folder = folder.path();
    // As a newer Docket would leave it: a state of its own, and a record of its own.
    with_store(folder, |store| {
        redraw(store, |machine| {
            let mut limbo = machine.states[0].clone();
            (limbo.number, limbo.name) = (99, "LIMBO".to_owned());
            machine.states.push(limbo);
        });
        let record = || Encoded { version: 9, body: b"of another form".to_vec() };
        let item = Item {
            application: ApplicationId::from_bytes([7; 16]),
            expected: 0,
            snapshot: record(),
            entry: record(),
            change: record(),
            wake: Some(Time::from_millis(u64::MAX)),
            documents: Vec::new(),
            unindex: Vec::new(),
            index: vec![index::by_state_number(99)],
            request: None,
        };
        store.commit(&[item]).unwrap();
    });
    let (rows, code) = planned(folder);
    assert_eq!(
        (rows[0].as_str(), code),
        ("VERDICT_IMPOSSIBLE machines/application LIMBO  1/1", 9),
        "{rows:#?}"
    );
    let told = refused(folder);
    let text = "this docket cannot go on with 1 application in state LIMBO of machine application (this docket \
                does not draw the state); nothing was changed: start the docket that ran here last with its \
                settings, and look at `docket machine plan`";
    assert!(told.starts_with("docket: failed to take up what is stored in "), "{told}");
    assert!(told.ends_with(text), "{told}");
    with_store(folder, |store| {
        assert!(drawn(store).states.iter().any(|state| state.name == "LIMBO"));
        let waiting = store.indexed(&index::by_state(State::Init), None, 10).unwrap();
        assert_eq!(waiting.len(), 1);
    });
}

/// Writes the settings with one thing changed.
fn set(folder: &Path, former: &str, latter: &str) {
    let file = folder.join("docket.toml");
    let settings = fs::read_to_string(&file).unwrap();
    assert!(settings.contains(former));
    fs::write(&file, settings.replace(former, latter)).unwrap();
}

#[tokio::test]
async fn a_product_with_live_applications_stays_in_the_settings() {
    let folder = left().await;
    let folder = folder.path();
    let row = ["VERDICT_IMPOSSIBLE products/cash   1/1".to_owned()];

    set(folder, "\"cash\"", "\"gold\"");
    let (rows, code) = planned(folder);
    assert_eq!((&rows[1..], code), (&row[..], 9));
    let told = refused(folder);
    let why = "1 application of product cash version 1 (it is not in the settings: put it back until these have \
               ended)";
    assert!(told.contains(why), "{told}");

    let same = "VERDICT_SAME products/cash   1/1".to_owned();
    // Put back with another version, which another application follows: the former version is too low now.
    set(folder, "\"gold\"", "\"cash\"");
    set(folder, "version = 1", "version = 2");
    let server = starts(folder);
    push(&server, 2).await;
    server.leave();
    let (rows, code) = planned(folder);
    assert_eq!((&rows[1], &rows[2], code), (&same, &same, 0));
    set(folder, "version = 2", "version = 1");
    assert_eq!(planned(folder).1, 9);
    let told = refused(folder);
    let why = "1 application of product cash version 2 (the settings have version 1: raise it)";
    assert!(told.contains(why), "{told}");

    set(folder, "version = 1", "version = 3");
    starts(folder).leave();
}
