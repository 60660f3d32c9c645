//! The generator: what it refuses, what it writes, and that the committed pages are fresh.

#[path = "../../build/machine.rs"]
mod machine;
mod refusals;

use std::path::{Path, PathBuf};
use std::{env, fs};

/// A machine with one of everything.
const TINY: &str = r#"machine = "tiny"
number = 9
version = 1
about = "Asks once, then works."
initial = "ASKING"
call_event = "CallFailed"

[retired]
states = [7]
events = [7]
edges = [7]
guards = [7]
timers = [7]

[class.states]
open = "not yet ended"
ended = "over"

[class.events]
said = "came from a caller"
world = "came from elsewhere"

[[set]]
name = "verdict"
about = "what the provider decided"
states = ["DONE", "FAILED"]

[[timer]]
name = "patience"
number = 1
event = "PatienceLost"
about = "How long an answer may take."

[[guard]]
name = "attempts_left"
number = 1
about = "Another answer is allowed."

[[state]]
name = "ASKING"
number = 1
class = "open"
about = "Waits for an answer."
owner = "applicant"
dwell = "2m"
wakeup = "patience"

[[state]]
name = "WORKING"
number = 2
class = "open"
about = "The provider works."
owner = "provider"
dwell = "500ms"
wakeup = "call"

[[state]]
name = "DONE"
number = 3
class = "ended"
about = "It went well."
terminal = true

[[state]]
name = "FAILED"
number = 4
class = "ended"
about = "It did not."
terminal = true

[[event]]
name = "Answered"
number = 1
class = "said"
source = "caller"
about = "An answer came."

[[event]]
name = "Replied"
number = 2
class = "world"
source = "provider"
about = "The provider replied."

[[event]]
name = "PatienceLost"
number = 3
class = "world"
source = "timer"
about = "No answer came."

[[event]]
name = "CallFailed"
number = 4
class = "world"
source = "docket"
about = "The budget of a call is gone."

[[edge]]
number = 1
name = "answered"
from = "ASKING"
on = "Answered"
guard = "attempts_left"
to = "WORKING"
about = "The answer is sent."

[[edge]]
number = 2
name = "attempts_gone"
from = "ASKING"
on = "Answered"
to = "FAILED"
about = "There were too many answers."

[[edge]]
number = 3
name = "replied"
from = ["WORKING"]
on = ["Replied"]
to = "verdict"
about = "The provider decided."

[[edge]]
number = 4
name = "gave_up"
from = "open"
on = ["PatienceLost", "CallFailed"]
to = "FAILED"
about = "It took too long."

[[otherwise]]
states = ["open", "ended"]
events = "said"
outcome = "reject"

[[otherwise]]
states = ["open", "ended"]
events = "world"
outcome = "late"
"#;

fn tiny() -> machine::Machine {
    match machine::read("state/tiny.toml", "tiny", TINY) {
        Ok(machine) => machine,
        Err(refusals) => panic!("the tiny machine is refused: {refusals:#?}"),
    }
}

#[test]
fn a_sound_machine_is_accepted() {
    tiny();
}

#[test]
fn the_tables_are_written() {
    let text = machine::rust(&tiny());
    let expected = [
        "    /// Waits for an answer.\n    Asking,\n",
        "            Self::Asking => \"ASKING\",\n",
        "            2 => Some(Self::Working),\n",
        "matches!(self, Self::Done | Self::Failed)",
        "            Self::Asking => Some(core::time::Duration::from_secs(120)),\n",
        "            Self::Working => Some(core::time::Duration::from_millis(500)),\n",
        "            Self::Asking => Some(table::WakeUp::Timer(Timer::Patience)),\n",
        "            Self::Working => Some(table::WakeUp::Call),\n",
        "            Self::Done | Self::Failed => None,\n",
        "            Self::Patience => EventKind::PatienceLost,\n",
        "            Self::Verdict => &[State::Done, State::Failed],\n",
        "static TABLE: [[Cell; 4]; 4] = [\n",
        "Row { edge: Edge::Answered, guard: Some(Guard::AttemptsLeft), \
         target: Target::State(State::Working) }, \
         Row { edge: Edge::AttemptsGone, guard: None, target: Target::State(State::Failed) }",
        "Row { edge: Edge::Replied, guard: None, target: Target::Set(Set::Verdict) }",
        "Cell::Otherwise(table::Outcome::Late), // Replied\n",
        "\"answered [attempts_left] → WORKING; attempts_gone → FAILED\"",
    ];
    for piece in expected {
        assert!(text.contains(piece), "{piece:?} is missing in:\n{text}");
    }
}

#[test]
fn the_page_is_written() {
    let page = machine::markdown(&tiny());
    let expected = [
        "<!-- generated from state/tiny.toml: edit that file, then run UPDATE=1 cargo test \
         machines_are_drawn -->\n\n# tiny\n",
        "    [*] --> ASKING\n    ASKING --> WORKING: Answered [attempts_left]\n",
        "    WORKING --> DONE: Replied\n    WORKING --> FAILED: Replied\n",
        "| 1 | `ASKING` | open | applicant | 2m | patience | Waits for an answer. |\n",
        "|  | ASKING | WORKING |\n|---|---|---|\n\
         | `Answered` | 1 [attempts_left] → WORKING<br>2 → FAILED | reject |\n\
         | `Replied` | late | 3 → verdict |\n",
    ];
    for piece in expected {
        assert!(page.contains(piece), "{piece:?} is missing in:\n{page}");
    }
}

/// Compares the committed pages with their machines; `UPDATE=1` writes them instead.
#[test]
fn machines_are_drawn() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("state");
    let update = env::var_os("UPDATE").is_some();
    for path in machine_files(&folder) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let shown = format!("state/{stem}.toml");
        let machine = machine::read(&shown, &stem, &fs::read_to_string(&path).unwrap());
        let page = machine::markdown(&machine.unwrap_or_else(|refusals| panic!("{refusals:#?}")));
        let drawn = path.with_extension("md");
        if update {
            fs::write(&drawn, page).unwrap();
        } else {
            let found = fs::read_to_string(&drawn).unwrap_or_default();
            assert!(found == page, "state/{stem}.md is stale: run UPDATE=1 cargo test machines_are_drawn");
        }
    }
}

fn machine_files(folder: &Path) -> Vec<PathBuf> {
    if !folder.exists() {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).expect("the folder of machines can be read");
    let paths = entries.map(|entry| entry.expect("its entries can be read").path());
    paths.filter(|path| path.extension().is_some_and(|found| found == "toml")).collect()
}
