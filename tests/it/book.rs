//! The book: every command in README.md and `docs/` is run as a reader would run it, in order, a fresh
//! folder for each page; every link leads somewhere.
//!
//! Blocks are told apart by what stands behind the three backticks. `sh` is run and must succeed;
//! `sh exit=5` must end so; `sh background` goes on until the page ends. `toml` must be a file of
//! settings that `docket config check` accepts, `json` must be JSON. `text`, `filter`, `proto`,
//! `python` and `mermaid` are only shown.

use docket::api::reason::Reason;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Commands that are not run, each with the reason.
const NOT_RUN: [(&str, &str); 3] = [
    ("cargo test", "it is what runs this test"),
    ("cargo build", "the binary is there already"),
    ("docker build", "not every machine has Docker"),
];

/// How long a block may take.
const PATIENCE: Duration = Duration::from_secs(120);

struct Block {
    line: usize,
    kind: String,
    text: String,
}

/// A moment before a process, which tells nobody, is looked at again.
#[expect(clippy::disallowed_methods, reason = "a process that ends wakes nobody up")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// The fenced blocks of a page.
fn blocks(page: &Path) -> Vec<Block> {
    let text = fs::read_to_string(page).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        match line.trim_start().strip_prefix("```") {
            Some(_) if open => open = false,
            Some(kind) => {
                assert!(!kind.is_empty(), "{}:{}: a block says what it is", page.display(), at + 1);
                blocks.push(Block { line: at + 1, kind: kind.to_owned(), text: String::new() });
                open = true;
            }
            None if open => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    assert!(!open, "{}: a block is not closed", page.display());
    blocks
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("ARCHITECTURE.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// A reader, who has the program, two free ports and a fresh folder.
struct Reader {
    page: PathBuf,
    folder: tempfile::TempDir,
    ports: [u16; 2],
    left_running: Vec<Child>,
}

impl Reader {
    fn of(page: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tools = folder.path().join("tools");
        fs::create_dir(&tools).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_docket"), tools.join("docket")).unwrap();
        fs::create_dir(folder.path().join("work")).unwrap();
        let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = free.map(|listener| listener.local_addr().unwrap().port());
        Self { page: page.to_owned(), folder, ports, left_running: Vec::new() }
    }

    /// The commands as they are run: with the built binary, on ports of their own.
    fn command(&self, text: &str) -> Command {
        let [docket, sandbox] = self.ports.map(|port| format!("127.0.0.1:{port}"));
        let text = text
            .replace("cargo run -q -- ", "docket ")
            .replace("cargo run -- ", "docket ")
            .replace("docket dev", &format!("docket dev --sandbox-listen {sandbox}"))
            .replace("docket sandbox", &format!("docket sandbox --listen {sandbox}"))
            .replace("127.0.0.1:8700", &docket)
            .replace("127.0.0.1:8701", &sandbox);
        let tools = self.folder.path().join("tools");
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &text]).current_dir(self.folder.path().join("work"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOCKET_")) {
            command.env_remove(name);
        }
        command.env("PATH", path).env("USER", "reader").env("DOCKET_LISTEN", &docket);
        command.env("DOCKET_SERVER", format!("http://{docket}")).stdin(Stdio::null());
        command
    }

    fn reads(&mut self, block: &Block) {
        let place = format!("{}:{}", self.page.display(), block.line);
        let mut words = block.kind.split_whitespace();
        match (words.next().unwrap(), words.next()) {
            ("sh", None) => self.runs(&place, &block.text, 0),
            ("sh", Some("background")) => self.starts(&place, &block.text),
            ("sh", Some(how)) => {
                let code = how.strip_prefix("exit=").and_then(|code| code.parse().ok());
                self.runs(&place, &block.text, code.unwrap_or_else(|| panic!("{place}: what is `{how}`?")));
            }
            ("toml", None) => self.checks_settings(&place, &block.text),
            ("json", None) => {
                let read = serde_json::from_str::<serde_json::Value>(&block.text);
                read.unwrap_or_else(|error| panic!("{place}: {error}"));
            }
            ("text" | "filter" | "proto" | "python" | "mermaid", None) => {}
            (kind, _) => panic!("{place}: nobody knows a block of `{kind}`"),
        }
    }

    fn runs(&self, place: &str, text: &str, code: i32) {
        let is_left = |line: &str| NOT_RUN.iter().any(|(command, _why)| line.contains(command));
        let text: String =
            text.lines().filter(|line| !is_left(line)).map(|line| format!("{line}\n")).collect();
        println!("{place}\n{text}");
        let log = self.folder.path().join("output");
        let output = fs::File::create(&log).unwrap();
        let mut command = self.command(&text);
        let mut child = command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap();
        let begun = Instant::now();
        let ended = loop {
            if let Some(ended) = child.try_wait().unwrap() {
                break ended;
            }
            if begun.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("{place} does not end\n{}", fs::read_to_string(&log).unwrap_or_default());
            }
            pause();
        };
        let said = fs::read_to_string(&log).unwrap_or_default();
        assert_eq!(ended.code(), Some(code), "{place}\n{text}\n{said}");
    }

    /// Leaves a command running, and goes on once a server that it starts answers.
    fn starts(&mut self, place: &str, text: &str) {
        println!("{place} (left running)\n{text}");
        let is_server = ["docket dev", "-- dev", "docket serve", "-- serve", "docket sandbox", "-- sandbox"]
            .iter()
            .any(|server| text.contains(server));
        let port = self.ports[usize::from(text.contains("sandbox") && !text.contains("serve"))];
        let mut command = self.command(&format!("exec {}", text.trim_start()));
        self.left_running.push(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        while is_server && std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "{place} does not answer");
            pause();
        }
    }

    fn checks_settings(&self, place: &str, text: &str) {
        let provider = "[provider]\naddress = \"http://127.0.0.1:1\"\nusername = \"u\"\npassword = \"p\"\npublic_key = \"k\"\n";
        let text = if text.contains("[provider]") { text.to_owned() } else { format!("{text}\n{provider}") };
        fs::write(self.folder.path().join("work/block.toml"), text).unwrap();
        self.runs(place, "env -u DOCKET_LISTEN docket config check --config block.toml", 0);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        for child in &mut self.left_running {
            let _gone = child.kill();
            let _gone = child.wait();
        }
    }
}

#[test]
fn every_command_does_what_the_text_says() {
    let mut commands = 0;
    for page in pages() {
        let blocks = blocks(&page);
        if blocks.is_empty() {
            continue;
        }
        let mut reader = Reader::of(&page);
        for block in &blocks {
            commands += usize::from(block.kind.starts_with("sh"));
            reader.reads(block);
        }
    }
    assert!(commands >= 15, "the book shows {commands} commands");
}

#[test]
fn every_link_leads_somewhere_and_every_page_is_in_the_summary() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let led = page.parent().unwrap().join(target);
            assert!(led.exists(), "{}: {link} leads nowhere", page.display());
        }
        if let Ok(inside) = page.strip_prefix(root().join("docs"))
            && inside != Path::new("SUMMARY.md")
        {
            let name = inside.display().to_string();
            assert!(summary.contains(&format!("({name})")), "{name} is not in docs/SUMMARY.md");
        }
    }
}

#[test]
fn every_reason_of_an_error_has_its_page() {
    let folder = root().join("docs/errors");
    let mut pages: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "README")
        .collect();
    pages.sort();
    let mut reasons: Vec<_> = Reason::ALL.iter().map(|reason| reason.name().to_owned()).collect();
    reasons.sort();
    assert_eq!(pages, reasons);
    let table = fs::read_to_string(folder.join("README.md")).unwrap();
    for reason in reasons {
        let text = fs::read_to_string(folder.join(format!("{reason}.md"))).unwrap();
        assert!(text.starts_with(&format!("# {reason}\n")) && text.contains("## What to do"), "{reason}");
        let about = text.lines().find_map(|line| line.strip_prefix("Code ")).unwrap();
        let (code, about) = about.split_once(". ").unwrap();
        let code = if code.starts_with('`') { code } else { "varies" };
        let row = format!("| [{reason}]({reason}.md) | {code} | {about} |");
        assert!(table.lines().any(|line| line == row), "docs/errors/README.md lacks: {row}");
    }
}
