//! A server as those see it who keep it running: probes, figures, logs, its leave, browsers.

use crate::process::{Process, Sandbox, http};
use std::collections::BTreeMap;
use std::time::Duration;

/// What is brought and typed in these tests: of applicants, of their contacts, in bad pushes.
const PERSONAL: [&str; 9] = [
    "李测试",
    "测试",
    "45215919990301502",
    "51330119900101",
    "政学路",
    "18698574854",
    "18221501320",
    "7d50dcb97e654de6",
    PASSWORD,
];

/// What an applicant types.
const PASSWORD: &str = "s3cret-typed-47";

struct World {
    _folder: tempfile::TempDir,
    sandbox: Sandbox,
    server: Process,
    http: reqwest::Client,
}

impl World {
    fn start(variables: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(folder.path(), "instant");
        let mut settings = sandbox.settings();
        settings.push(("DOCKET_DATA", folder.path().join("data").display().to_string()));
        settings.extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let server = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
        Self { _folder: folder, sandbox, server, http: http() }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(self.url(path)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Runs a command of the command line.
    fn cli(&self, arguments: &[&str], input: &str) -> String {
        use std::io::Write as _;
        use std::process::{Command, Stdio};
        let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
        command.args(arguments).env("DOCKET_SERVER", &self.server.address).env_remove("DOCKET_LOG");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // A command that reads nothing may be gone already.
        let _gone = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Brings an application over gRPC, answers what it asks with [`PASSWORD`], and looks for it by the
    /// applicant's numbers.
    fn bring(&self) {
        let template = self.cli(&["apps", "create", "--template"], "");
        let mut order: serde_json::Value = serde_json::from_str(&template).unwrap();
        order.as_object_mut().unwrap().remove("credentials");
        order["evidence"]["identity"]["phone"] = "19901000099".into();
        self.cli(&["apps", "create", "--from", "-"], &order.to_string());
        self.cli(&["apps", "wait", "acme/order-42", "--for", "captcha_required", "--timeout", "20s"], "");
        self.cli(&["apps", "answer", "acme/order-42", "--service-password"], PASSWORD);
        for filter in ["phone = 19901000099", "identity_number = 513301199001010042"] {
            let found = self.cli(&["apps", "list", "--filter", filter, "-o", "name"], "");
            assert_eq!(found.lines().count(), 1, "{filter}");
        }
        self.cli(&["apps", "cancel", "acme/order-42", "--reason", "a test"], "");
    }

    /// Pushes an application that runs a script of the sandbox.
    async fn push(&self, script: u8, number: u32) {
        for (push, route) in [("base", "pushUserBaseInfo"), ("additional", "pushUserAdditionalInfo")] {
            let path =
                format!("/_sandbox/push/{push}?script={script}&number={number}&order=o-{script}-{number}");
            let body = self.sandbox.ask(&self.http, &path).await.unwrap();
            let answer =
                self.http.post(self.url(&format!("/{route}"))).body(body.to_string()).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 200);
        }
    }
}

/// The samples of the figures, strictly read: name with labels, value.
fn figures(text: &str) -> BTreeMap<String, f64> {
    let mut figures = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
        let value: f64 = value.parse().unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(figures.insert(name.to_owned(), value).is_none(), "told twice: {line}");
    }
    figures
}

fn sum(figures: &BTreeMap<String, f64>, name: &str) -> f64 {
    figures.iter().filter(|(found, _)| found.split('{').next() == Some(name)).map(|(_, value)| value).sum()
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn figures_tell_what_there_is_and_nothing_of_a_person() {
    let world = World::start(&[("DOCKET_LOG", "trace,sled::tree=trace")]);
    assert_eq!(world.get("/livez").await.0, 200);
    assert_eq!(world.get("/readyz").await.0, 200);
    for script in 1..=16 {
        world.push(script, 1).await;
    }
    world.push(1, 2).await;
    world.bring();
    let bad = r#"{"userInfo":{"userName":"李测试","userPhone":"18698574854x"},"orderInfo":7}"#;
    let refused = world.http.post(world.url("/pushUserBaseInfo")).body(bad).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 200);

    let text = until("all are audited", async || {
        let (status, text) = world.get("/metrics").await;
        assert_eq!(status, 200);
        let found = figures(&text);
        let ended: f64 = ["APPROVED", "REJECTED"]
            .map(|state| {
                found.get(&format!("docket_applications{{state=\"{state}\"}}")).copied().unwrap_or(0.0)
            })
            .iter()
            .sum();
        (ended > 16.0).then_some(text)
    })
    .await;
    let found = figures(&text);
    assert!((sum(&found, "docket_applications") - 18.0).abs() < 0.1, "{text}");
    assert_eq!(found.get("docket_orphans"), Some(&0.0), "{text}");
    assert!(sum(&found, "docket_transitions_total") > 17.0);
    assert!(sum(&found, "docket_provider_calls_total") > 17.0);
    assert!(found["docket_group_seconds_count"] > 0.0 && found["docket_store_sync_seconds_count"] > 0.0);
    assert!(found["docket_pushes_total{push=\"pushUserBaseInfo\",status=\"200 no\"}"] > 0.0, "{text}");
    // Each is in the reference, and nothing else.
    let reference = include_str!("../../docs/reference/metrics.md");
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().unwrap();
        assert!(reference.contains(&format!("| `{name}` |")), "{name} is not in the reference");
    }
    let mobiles = (1..=16).map(|script| format!("199{script:02}000001")).chain(["19901000099".to_owned()]);
    let log = world.server.log();
    assert!(log.iter().any(|line| line.contains("push not taken")), "the log is on: {log:#?}");
    assert!(!log.iter().any(|line| line.contains("sled::")), "sled tells what is in its rows: {log:#?}");
    for personal in PERSONAL.map(str::to_owned).into_iter().chain(mobiles) {
        assert!(!text.contains(&personal), "{personal} is in the figures");
        let told = log.iter().find(|line| line.contains(&personal));
        assert_eq!(told, None, "{personal} is in the log");
    }
    for line in &log {
        let told: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(told["level"].is_string(), "{line}");
    }
    world.server.leave();
}

#[tokio::test]
async fn a_server_that_is_told_to_leave_says_so_first_and_finishes_what_it_began() {
    let world = World::start(&[("DOCKET_DRAIN_DELAY", "1s")]);
    world.push(4, 1).await;
    world.server.ask_to_leave();
    // It is not ready, and still takes what comes.
    until("it is not ready", async || (world.get("/readyz").await.0 == 503).then_some(())).await;
    assert_eq!(world.get("/livez").await.0, 200);
    world.push(4, 2).await;
    let World { server, .. } = world;
    server.has_left();
}

/// A message as gRPC-Web frames it.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, message].concat()
}

#[tokio::test]
async fn browsers_speak_grpc_web_on_the_same_port() {
    let world = World::start(&[]);
    world.push(8, 1).await;
    let call = |method: &str, message: &[u8]| {
        let request = world.http.post(world.url(&format!("/docket.v1.ApplicationService/{method}")));
        request
            .header("content-type", "application/grpc-web+proto")
            .header("x-grpc-web", "1")
            .body(framed(message))
            .send()
    };
    let listed = call("ListApplications", b"").await.unwrap();
    assert_eq!(listed.status().as_u16(), 200);
    assert_eq!(listed.headers()["content-type"], "application/grpc-web+proto");
    let body = listed.bytes().await.unwrap();
    // A message, then the trailers in a frame of their own.
    assert_eq!(body[0], 0);
    let length = u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize;
    assert!(length > 0);
    let trailers = &body[5 + length..];
    assert_eq!(trailers[0], 0x80);
    assert!(String::from_utf8_lossy(trailers).contains("grpc-status:0"), "{trailers:?}");

    // The stream begins with what is there: field 1 of a request is the filter.
    let mut stream = call("WatchChanges", b"").await.unwrap();
    let first = stream.chunk().await.unwrap().unwrap();
    assert_eq!(first[0], 0);
    drop(stream);

    // What callers invent is counted, and not under the names that they invent.
    assert_eq!(call("NoSuchMethod", b"").await.unwrap().headers()["grpc-status"], "12");
    let text = world.get("/metrics").await.1;
    assert!(!text.contains("NoSuchMethod"), "{text}");
    let unknown = r#"docket_grpc_requests_total{method="unknown",code="Unimplemented"}"#;
    assert_eq!(figures(&text).get(unknown), Some(&1.0), "{text}");

    let refused = call("GetApplication", &[0x0a, 1, b'x']).await.unwrap();
    let status = refused.headers().get("grpc-status").map(|status| status.to_str().unwrap().to_owned());
    let body = refused.bytes().await.unwrap();
    let told = status.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
    assert!(told == "3" || told.contains("grpc-status:3"), "{told}");
    assert_eq!(world.get("/nothing").await.0, 404);
    world.server.leave();
}
