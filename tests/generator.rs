//! The generator: what it refuses, what it writes, and that the committed pages are fresh.

#[path = "../build/machine.rs"]
mod machine;

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

/// Changes the tiny machine in one place and compares the refusals, each as `line: message`.
#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    assert_eq!(
        TINY.matches(old).count(),
        1,
        "{old:?} must occur once in the tiny machine"
    );
    let text = TINY.replacen(old, new, 1);
    let refusals = machine::read("state/tiny.toml", "tiny", &text)
        .err()
        .unwrap_or_default();
    let refusals: Vec<_> = refusals.iter().map(ToString::to_string).collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|line| format!("state/tiny.toml:{line}"))
        .collect();
    assert_eq!(refusals, expected, "\n{}", refusals.join("\n"));
}

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
fn the_shape_must_be_right() {
    check("number = 9", "number = = 9", &["2: ?"]);
    check(
        "version = 1\n",
        "version = 1\ncolour = \"red\"\n",
        &["4: ?"],
    );
    check("dwell = \"2m\"", "dwell = \"2m\"\ncolour = \"red\"", &["?"]);
    check("world = \"came", "world = 3 # \"came", &["?"]);
    check("initial = \"ASKING\"\n", "", &["?"]);
    check(
        "class = \"open\"\nabout = \"Waits for an answer.\"",
        "about = \"\"",
        &["?"],
    );
    check("class = \"said\"\n", "", &["?"]);
    check("version = 1\n", "version = 70000\n", &["?"]);
    check(
        "from = \"ASKING\"\non = \"Answered\"\nto",
        "from = []\non = 5\nto",
        &["?"],
    );
    check("retired]\nstates = [7]", "retired]\nstates = 7", &["?"]);
}

#[test]
fn names_must_be_declared() {
    check("initial = \"ASKING\"", "initial = \"open\"", &["?"]);
    check(
        "call_event = \"CallFailed\"",
        "call_event = \"world\"",
        &["?"],
    );
    check("call_event = \"CallFailed\"\n", "", &["?"]);
    check(
        "states = [\"DONE\", \"FAILED\"]",
        "states = [\"DONE\", \"LOST\"]",
        &["?"],
    );
    check("event = \"PatienceLost\"", "event = \"Bored\"", &["?"]);
    check("wakeup = \"patience\"", "wakeup = \"nap\"", &["?"]);
    check(
        "class = \"open\"\nabout = \"Waits",
        "class = \"verdict\"\nabout = \"Waits",
        &["?"],
    );
    check("class = \"said\"", "class = \"loud\"", &["?"]);
    check(
        "from = \"open\"\non = [\"PatienceLost\"",
        "from = \"verdict\"\non = [\"Bored\"",
        &["?"],
    );
    check("guard = \"attempts_left\"", "guard = \"lucky\"", &["?"]);
    check("to = \"verdict\"", "to = \"ended\"", &["?"]);
    check(
        "states = [\"open\", \"ended\"]\nevents = \"said\"",
        "states = \"shut\"\nevents = \"loud\"",
        &["?"],
    );
}

#[test]
fn words_of_the_format_are_closed() {
    check("owner = \"applicant\"", "owner = \"nobody\"", &["?"]);
    check("source = \"caller\"", "source = \"moon\"", &["?"]);
    check("outcome = \"late\"", "outcome = \"panic\"", &["?"]);
    check("name = \"verdict\"", "name = \"same\"", &["?"]);
    check("name = \"patience\"", "name = \"call\"", &["?"]);
}

#[test]
fn a_name_has_one_meaning() {
    check(
        "ended = \"over\"",
        "ended = \"over\"\nverdict = \"also\"",
        &["?"],
    );
    check("name = \"DONE\"", "name = \"WORKING\"", &["?"]);
    check("name = \"Replied\"", "name = \"Answered\"", &["?"]);
    check("name = \"attempts_gone\"", "name = \"answered\"", &["?"]);
    check(
        "[[guard]]\n",
        "[[guard]]\nname = \"attempts_left\"\nnumber = 2\nabout = \"x\"\n[[guard]]\n",
        &["?"],
    );
    check(
        "[[timer]]\n",
        "[[timer]]\nname = \"patience\"\nnumber = 2\nabout = \"x\"\nevent = \"PatienceLost\"\n[[timer]]\n",
        &["?"],
    );
    check(
        "states = [\"DONE\", \"FAILED\"]",
        "states = [\"DONE\", \"DONE\", \"FAILED\"]",
        &["?"],
    );
}

#[test]
fn names_have_their_form() {
    check("name = \"DONE\"", "name = \"Done\"", &["?"]);
    check("name = \"Replied\"", "name = \"was_replied\"", &["?"]);
    check("name = \"replied\"", "name = \"Replied\"", &["?"]);
    check(
        "ended = \"over\"",
        "ended = \"over\"\nSomewhere = \"x\"",
        &["?"],
    );
    check("machine = \"tiny\"", "machine = \"small\"", &["?"]);
}

#[test]
fn numbers_are_permanent() {
    check(
        "name = \"WORKING\"\nnumber = 2",
        "name = \"WORKING\"\nnumber = 1",
        &["?"],
    );
    check(
        "name = \"WORKING\"\nnumber = 2",
        "name = \"WORKING\"\nnumber = 7",
        &["?"],
    );
    check(
        "name = \"Replied\"\nnumber = 2",
        "name = \"Replied\"\nnumber = 7",
        &["?"],
    );
    check(
        "number = 3\nname = \"replied\"",
        "number = 7\nname = \"replied\"",
        &["?"],
    );
    check(
        "name = \"attempts_left\"\nnumber = 1",
        "name = \"attempts_left\"\nnumber = 7",
        &["?"],
    );
    check(
        "name = \"patience\"\nnumber = 1",
        "name = \"patience\"\nnumber = 7",
        &["?"],
    );
    check(
        "name = \"WORKING\"\nnumber = 2",
        "name = \"WORKING\"\nnumber = 0",
        &["?"],
    );
    check("number = 9\nversion = 1", "number = 0\nversion = 0", &["?"]);
}

#[test]
fn who_waits_says_for_whom_and_how_long() {
    check(
        "owner = \"applicant\"\ndwell = \"2m\"\nwakeup = \"patience\"\n",
        "",
        &["?"],
    );
    check("dwell = \"2m\"", "dwell = \"2 weeks\"", &["?"]);
    check("dwell = \"2m\"", "dwell = \"0s\"", &["?"]);
    check(
        "dwell = \"2m\"",
        "dwell = \"99999999999999999999d\"",
        &["?"],
    );
    check(
        "about = \"It did not.\"\n",
        "about = \"It did not.\"\nowner = \"docket\"\n",
        &["?"],
    );
}

#[test]
fn every_cell_is_decided_once() {
    check(
        "from = \"open\"\non = [\"PatienceLost\", ",
        "from = \"ASKING\"\non = [\"PatienceLost\", ",
        &["?"],
    );
    check(
        "states = [\"open\", \"ended\"]\nevents = \"world\"",
        "states = \"open\"\nevents = \"world\"",
        &["?"],
    );
    check(
        "from = \"open\"\non",
        "from = \"open\"\nguard = \"attempts_left\"\non",
        &["?"],
    );
    check(
        "name = \"answered\"\nfrom = \"ASKING\"\non = \"Answered\"\nguard = \"attempts_left\"\n",
        "name = \"answered\"\nfrom = \"ASKING\"\non = \"Answered\"\n",
        &["?"],
    );
    check(
        "from = [\"WORKING\"]\non = [\"Replied\"]",
        "from = \"open\"\non = \"world\"",
        &["?"],
    );
    check(
        "on = [\"Replied\"]",
        "on = [\"Replied\", \"PatienceLost\", \"CallFailed\"]",
        &["?"],
    );
    check(
        "[[otherwise]]\nstates = [\"open\", \"ended\"]\nevents = \"said\"",
        "[[otherwise]]\nstates = \"ASKING\"\nevents = \"said\"\noutcome = \"ignore\"\n\n[[otherwise]]\nstates = [\"open\", \"ended\"]\nevents = \"said\"",
        &["?"],
    );
    check("outcome = \"late\"", "outcome = \"reject\"", &["?"]);
}

#[test]
fn every_state_begins_and_ends() {
    check("to = \"WORKING\"", "to = \"same\"", &["?"]);
    check(
        "from = \"ASKING\"\non = \"Answered\"\nto = \"FAILED\"",
        "from = \"ASKING\"\non = \"Answered\"\nto = \"same\"",
        &["?"],
    );
    check(
        "from = \"open\"\non = [\"PatienceLost\", \"CallFailed\"]",
        "from = [\"open\", \"DONE\"]\non = [\"PatienceLost\", \"CallFailed\"]",
        &["?"],
    );
    check(
        "on = [\"PatienceLost\", \"CallFailed\"]",
        "on = \"CallFailed\"",
        &["?"],
    );
    check(
        "on = [\"PatienceLost\", \"CallFailed\"]",
        "on = \"PatienceLost\"",
        &["?"],
    );
}

#[test]
fn what_is_declared_is_used() {
    check("guard = \"attempts_left\"\n", "", &["?"]);
    check("to = \"verdict\"", "to = \"DONE\"", &["?"]);
    check(
        "[[guard]]\n",
        "[[timer]]\nname = \"nap\"\nnumber = 2\nabout = \"x\"\nevent = \"Answered\"\n[[guard]]\n",
        &["?"],
    );
    check(
        "ended = \"over\"",
        "ended = \"over\"\nlimbo = \"neither\"",
        &["?"],
    );
    check(
        "[class.events]\n",
        "[class.events]\nsilence = \"nobody spoke\"\n",
        &["?"],
    );
}
