//! A server, a sandbox, and somebody at the command line.

use crate::process::{Process, Sandbox, http};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// How long anything may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What a command did.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ran {
    /// What it printed, if it succeeded.
    pub(super) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:#?}");
        self.out
    }

    pub(super) fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// The error object on the last line of the standard error output.
    pub(super) fn error(&self) -> Value {
        let last = self.err.lines().last().unwrap_or_default();
        serde_json::from_str::<Value>(last).unwrap_or_else(|error| panic!("{error}: {self:#?}"))["error"]
            .clone()
    }
}

/// Runs the program without a server.
pub(super) fn docket(arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Ran {
    let mut child = command(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be gone already.
    let _gone = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.args(arguments).env_remove("NO_COLOR");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOCKET_")) {
        command.env_remove(name);
    }
    command
}

pub(super) struct World {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
    settings: Vec<(&'static str, String)>,
    server: Option<Process>,
    pub(super) address: String,
    runtime: tokio::runtime::Runtime,
}

impl World {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(folder.path(), "instant");
        let mut settings = sandbox.settings();
        settings.retain(|(name, _)| !name.starts_with("DOCKET_PATIENCE_POLL"));
        for name in ["DOCKET_PATIENCE_POLL_MIN", "DOCKET_PATIENCE_POLL_MAX", "DOCKET_PATIENCE_POLL_ASKING"] {
            settings.push((name, "200ms".to_owned()));
        }
        settings.push(("DOCKET_DATA", folder.path().join("data").display().to_string()));
        let server = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
        let address = server.address.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { folder, sandbox, settings, server: Some(server), address, runtime }
    }

    pub(super) fn stop_server(&mut self) {
        self.server.take().unwrap().kill();
    }

    pub(super) fn start_server(&mut self) {
        self.server = Some(Process::start(&["serve", "--listen", &self.address], &self.settings));
    }

    /// Starts it with other settings, which come after its own.
    pub(super) fn start_server_with(&mut self, settings: &[(&'static str, String)]) {
        let settings = [&self.settings[..], settings].concat();
        self.server = Some(Process::start(&["serve", "--listen", &self.address], &settings));
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    /// Runs a command with something on its standard input.
    pub(super) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        docket(arguments, &[("DOCKET_SERVER", &self.address)], input)
    }

    /// The template with this order and this script of the sandbox.
    pub(super) fn order(&self, partner: &str, order: &str, script: u8) -> Value {
        let mut request = self.run(&["apps", "create", "--template"]).json();
        request["partner"] = partner.into();
        request["order_number"] = order.into();
        request["evidence"]["identity"]["phone"] = mobile(script, order).into();
        request
    }

    /// Creates an application that runs a script of the sandbox; gives its resource name.
    pub(super) fn create(&self, partner: &str, order: &str, script: u8) -> String {
        let request = self.order(partner, order, script).to_string();
        let created = self.run_with(&["apps", "create", "--from", "-", "-o", "name"], &request);
        created.done().trim().to_owned()
    }

    /// Creates an application and waits until it asks for a code.
    pub(super) fn asked(&self, partner: &str, order: &str, script: u8) -> String {
        let name = self.create(partner, order, script);
        self.run(&["apps", "wait", &name, "--for", "captcha_required", "--timeout", "20s"]).done();
        name
    }

    /// What the applicant of an order should type.
    pub(super) fn expected(&self, script: u8, order: &str) -> String {
        let path = format!("/_sandbox/answer?mobile={}", mobile(script, order));
        let expected = self.runtime.block_on(self.sandbox.ask(&http(), &path)).unwrap();
        expected["answer"].as_str().unwrap().to_owned()
    }

    pub(super) fn pause(&self, pause: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(pause).await });
    }

    /// Starts a command that goes on.
    pub(super) fn follow(&self, arguments: &[&str]) -> Follower {
        let mut child = command(arguments)
            .env("DOCKET_SERVER", &self.address)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        Follower { child, out, err }
    }
}

/// A mobile number that runs a script, another for each order.
fn mobile(script: u8, order: &str) -> String {
    let number = order.bytes().fold(7_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 1_000_000);
    format!("199{script:02}{number:06}")
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _gone = tell.send(line);
        }
    });
    told
}

/// A command that goes on until it is stopped.
pub(super) struct Follower {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Follower {
    /// The next line of data.
    pub(super) fn next(&self) -> Value {
        let line = self.out.recv_timeout(PATIENCE).expect("a line comes");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// All lines of data until one is as wanted.
    pub(super) fn until(&self, is_wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut read = vec![self.next()];
        while !is_wanted(read.last().unwrap()) {
            read.push(self.next());
        }
        read
    }

    /// Waits until it says something beside its data.
    pub(super) fn says(&self, wanted: &str) {
        loop {
            let line = self.err.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it says `{wanted}`"));
            if line.contains(wanted) {
                return;
            }
        }
    }

    /// Waits until it ends; gives the rest of its data and its exit code.
    pub(super) fn ended(mut self) -> (Vec<Value>, i32) {
        let until = Instant::now() + PATIENCE;
        let mut rest = Vec::new();
        while let Ok(line) = self.out.recv_timeout(until.saturating_duration_since(Instant::now())) {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        assert!(Instant::now() < until, "it goes on");
        (rest, self.child.wait().unwrap().code().unwrap())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _already_dead = self.child.kill();
        let _already_dead = self.child.wait();
    }
}
