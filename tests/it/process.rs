//! The built binary as a process: started, killed, started again.

use docket::api::proto::v1::application_service_client::ApplicationServiceClient;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

/// How long a process may take to listen.
const START: Duration = Duration::from_secs(60);

/// A running `docket`.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// What it has logged so far, a line each.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().expect("nobody panics under it").clone()
    }

    /// The lines of the log that have this text; there are to be so many, which may take a moment to arrive.
    pub(crate) async fn logged(&self, text: &str, count: usize) -> Vec<String> {
        let found = || self.log().into_iter().filter(|line| line.contains(text)).collect::<Vec<_>>();
        for _ in 0..100 {
            if found().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        found()
    }

    /// Asks it to leave, and does not wait.
    pub(crate) fn ask_to_leave(&self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.expect("there is a kill").success());
    }

    /// Waits until it has left in peace.
    pub(crate) fn has_left(mut self) {
        let ended = self.child.wait().expect("it ends");
        let last = self.log().into_iter().rev().take(5).collect::<Vec<_>>();
        assert!(ended.success(), "it did not leave in peace: {ended}: {last:#?}");
    }

    /// Starts `docket` with these arguments and variables, and waits until it listens.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, String)]) -> Self {
        let this = Self::begin(arguments, variables).unwrap_or_else(|line| panic!("{arguments:?}: {line}"));
        let error = this.log().into_iter().find(|line| is_error(line));
        assert!(error.is_none(), "{arguments:?}: {error:?}");
        this
    }

    /// The same for one that may be in trouble: what it says when it does not start at all.
    pub(crate) fn begin(arguments: &[&str], variables: &[(&str, String)]) -> Result<Self, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
        command.args(arguments).env("DOCKET_LOG", "info");
        command
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stderr(Stdio::piped())
            .stdout(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let (tell, told) = mpsc::channel();
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some(address) = address_in(&line) {
                    let _gone = tell.send(Ok(address));
                }
                if is_error(&line) {
                    println!("{line}");
                }
                if line.starts_with(LAST_WORD) {
                    let _gone = tell.send(Err(line.clone()));
                }
                kept.lock().expect("nobody panics under it").push(line);
            }
        });
        let mut this = Self { child, address: String::new(), log };
        match told.recv_timeout(START) {
            Ok(Ok(address)) => this.address = address,
            Ok(Err(line)) => return Err(line),
            Err(error) => panic!("{arguments:?} does not listen: {error}"),
        }
        Ok(this)
    }

    /// Kills it as a loss of power would, as far as the kernel lets it: `SIGKILL`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is dead");
    }

    /// Asks it to leave as a supervisor does, `SIGTERM`, and waits until it has left in peace.
    pub(crate) fn leave(self) {
        self.ask_to_leave();
        self.has_left();
    }

    /// Its resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> u64 {
        self.resident_kib() / 1024
    }

    /// Its resident memory in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.figure("VmRSS:")
    }

    /// The most resident memory that it ever had, in MiB.
    pub(crate) fn peak_mib(&self) -> u64 {
        self.figure("VmHWM:") / 1024
    }

    /// The processor time that it has used.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it lives");
        let (_, fields) = stat.rsplit_once(')').expect("its name is in brackets");
        let ticks = fields.split_whitespace().skip(11).take(2);
        // Hundredths of a second, on every Linux.
        Duration::from_millis(ticks.map(|ticks| ticks.parse::<u64>().expect("a number") * 10).sum())
    }

    fn figure(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it lives");
        let line = status.lines().find(|line| line.starts_with(name)).expect("the kernel tells");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _already_dead = self.child.kill();
        let _already_dead = self.child.wait();
    }
}

/// How the line begins with which it ends when it cannot go on.
const LAST_WORD: &str = "docket: ";

fn is_error(line: &str) -> bool {
    line.contains("\"ERROR\"") || line.starts_with(LAST_WORD)
}

fn address_in(line: &str) -> Option<String> {
    let log: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(log["fields"]["address"].as_str()?.to_owned())
}

/// A sandbox process, and what a server needs to find it.
pub(crate) struct Sandbox {
    pub(crate) process: Process,
    public_key: PathBuf,
}

impl Sandbox {
    pub(crate) fn start(folder: &Path, pace: &str) -> Self {
        let public_key = folder.join("audit-key.pem");
        let file = public_key.to_str().expect("a readable path");
        let arguments = ["sandbox", "--listen", "127.0.0.1:0", "--pace", pace, "--public-key-file", file];
        Self { process: Process::start(&arguments, &[]), public_key }
    }

    /// The settings of a server that uses this sandbox and is in a hurry.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let text = |text: &str| text.to_owned();
        vec![
            ("DOCKET_PROVIDER_ADDRESS", format!("http://{}", self.process.address)),
            ("DOCKET_PROVIDER_USERNAME", text("merchant1")),
            ("DOCKET_PROVIDER_PASSWORD", text("sandbox")),
            ("DOCKET_PROVIDER_PUBLIC_KEY", self.public_key.display().to_string()),
            ("DOCKET_PROVIDER_TIMEOUT", text("3s")),
            ("DOCKET_PATIENCE_POLL_MIN", text("250ms")),
            ("DOCKET_PATIENCE_POLL_MAX", text("1s")),
            ("DOCKET_PATIENCE_POLL_ASKING", text("2s")),
            ("DOCKET_PATIENCE_AUDIT_MIN", text("400ms")),
            ("DOCKET_PATIENCE_AUDIT_MAX", text("2s")),
            ("DOCKET_PATIENCE_RESTART", text("300ms")),
        ]
    }

    /// What it answers on its own routes.
    pub(crate) async fn ask(&self, http: &reqwest::Client, path: &str) -> Option<serde_json::Value> {
        let answer = http.get(format!("http://{}{path}", self.process.address)).send().await.ok()?;
        let body = answer.error_for_status().ok()?.bytes().await.ok()?;
        serde_json::from_slice(&body).ok()
    }
}

/// A client that connects when it is used, and again after its server was away.
pub(crate) fn client(address: &str) -> ApplicationServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    ApplicationServiceClient::new(endpoint.connect_timeout(Duration::from_secs(2)).connect_lazy())
}

/// An HTTP client that uses no proxy.
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().expect("a client")
}
