//! Every refusal: the tiny machine with one small edit, and what is said about it.

use super::{TINY, machine};

#[test]
fn the_shape_must_be_right() {
    check(
        "number = 9",
        "number = = 9",
        &[
            "2: not TOML: extra `=`, expected nothing",
            "2: not TOML: unexpected key or value, expected newline, `#`",
        ],
    );
    check(
        "version = 1\n",
        "version = 1\ncolour = \"red\"\n",
        &["4: unknown key `colour` in the machine: remove it, or correct its spelling or \
             its place"],
    );
    check(
        "dwell = \"2m\"",
        "dwell = \"2m\"\ncolour = \"red\"",
        &["46: unknown key `colour` in state `ASKING`: remove it, or correct its spelling \
             or its place"],
    );
    check(
        "world = \"came",
        "world = 3 # \"came",
        &["21: `world` of [class.events] must be a text that is not empty"],
    );
    check("initial = \"ASKING\"\n", "", &["1: the machine has no `initial`: add it"]);
    check(
        "class = \"open\"\nabout = \"Waits for an answer.\"",
        "about = \"\"",
        &[
            "39: state `ASKING` has no `class`: add it",
            "42: `about` of state `ASKING` must be a text that is not empty",
        ],
    );
    check("class = \"said\"\n", "", &["71: event `Answered` has no `class`: add it"]);
    check(
        "version = 1\n",
        "version = 70000\n",
        &["3: `version` of the machine must be a whole number from 1 to 65535"],
    );
    check(
        "from = \"ASKING\"\non = \"Answered\"\nto",
        "from = []\non = 5\nto",
        &[
            "111: `from` of edge `attempts_gone` must be a text or a list of texts that is \
             not empty",
            "112: `on` of edge `attempts_gone` must be a text or a list of texts that is \
             not empty",
        ],
    );
    check(
        "retired]\nstates = [7]",
        "retired]\nstates = 7",
        &["9: `states` of [retired] must be a list of whole numbers"],
    );
}

#[test]
fn names_must_be_declared() {
    check(
        "initial = \"ASKING\"",
        "initial = \"open\"",
        &["5: no state `open` is declared: declare it, or correct the name"],
    );
    check(
        "call_event = \"CallFailed\"",
        "call_event = \"world\"",
        &["6: no event `world` is declared: declare it, or correct the name"],
    );
    check(
        "call_event = \"CallFailed\"\n",
        "",
        &["54: a state waits for a call, but the file has no `call_event`: name the event \
             that ends a call whose budget is gone"],
    );
    check(
        "states = [\"DONE\", \"FAILED\"]",
        "states = [\"DONE\", \"LOST\"]",
        &["26: no state `LOST` is declared: declare it, or correct the name"],
    );
    check(
        "event = \"PatienceLost\"",
        "event = \"Bored\"",
        &["31: no event `Bored` is declared: declare it, or correct the name"],
    );
    check(
        "wakeup = \"patience\"",
        "wakeup = \"nap\"",
        &["46: no timer `nap` is declared: declare it, or correct the name"],
    );
    check(
        "class = \"open\"\nabout = \"Waits",
        "class = \"verdict\"\nabout = \"Waits",
        &["42: no state class `verdict` is declared: declare it, or correct the name"],
    );
    check(
        "class = \"said\"",
        "class = \"loud\"",
        &["74: no event class `loud` is declared: declare it, or correct the name"],
    );
    check(
        "from = \"open\"\non = [\"PatienceLost\"",
        "from = \"verdict\"\non = [\"Bored\"",
        &[
            "127: no state or state class `verdict` is declared: declare it, or correct the name",
            "128: no event or event class `Bored` is declared: declare it, or correct the name",
        ],
    );
    check(
        "guard = \"attempts_left\"",
        "guard = \"lucky\"",
        &["104: no guard `lucky` is declared: declare it, or correct the name"],
    );
    check(
        "to = \"verdict\"",
        "to = \"ended\"",
        &["121: no state or set `ended` is declared: declare it, or correct the name"],
    );
    check(
        "states = [\"open\", \"ended\"]\nevents = \"said\"",
        "states = \"shut\"\nevents = \"loud\"",
        &[
            "133: no state or state class `shut` is declared: declare it, or correct the name",
            "134: no event or event class `loud` is declared: declare it, or correct the name",
        ],
    );
}

#[test]
fn words_of_the_format_are_closed() {
    check(
        "owner = \"applicant\"",
        "owner = \"nobody\"",
        &["44: `nobody` is none of applicant, provider, partner, operator, docket, \
             evidence: choose one"],
    );
    check(
        "source = \"caller\"",
        "source = \"moon\"",
        &["75: `moon` is none of caller, provider, timer, docket: choose one"],
    );
    check(
        "outcome = \"late\"",
        "outcome = \"panic\"",
        &["140: `panic` is none of ignore, late, reject: choose one"],
    );
    check(
        "name = \"verdict\"",
        "name = \"same\"",
        &[
            "24: `same` is a word of the format: choose another name",
            "121: no state or set `verdict` is declared: declare it, or correct the name",
        ],
    );
    check(
        "name = \"patience\"",
        "name = \"call\"",
        &[
            "29: `call` is a word of the format: choose another name",
            "46: no timer `patience` is declared: declare it, or correct the name",
        ],
    );
}

#[test]
fn a_name_has_one_meaning() {
    check(
        "ended = \"over\"",
        "ended = \"over\"\nverdict = \"also\"",
        &[
            "25: set `verdict` has the name of the state class on line 18: rename one of them",
            "122: no state or set `verdict` is declared: declare it, or correct the name",
        ],
    );
    check(
        "name = \"DONE\"",
        "name = \"WORKING\"",
        &[
            "26: no state `DONE` is declared: declare it, or correct the name",
            "58: state `WORKING` has the name of the state on line 49: rename one of them",
        ],
    );
    check(
        "name = \"Replied\"",
        "name = \"Answered\"",
        &[
            "79: event `Answered` has the name of the event on line 72: rename one of them",
            "120: no event or event class `Replied` is declared: declare it, or correct the name",
        ],
    );
    check(
        "name = \"attempts_gone\"",
        "name = \"answered\"",
        &["110: edge `answered` has the name of the edge on line 101: rename one of them"],
    );
    check(
        "[[guard]]\n",
        "[[guard]]\nname = \"attempts_left\"\nnumber = 2\nabout = \"x\"\n[[guard]]\n",
        &["39: guard `attempts_left` has the name of the guard on line 35: rename one of them"],
    );
    check(
        "[[timer]]\n",
        "[[timer]]\nname = \"patience\"\nnumber = 2\nabout = \"x\"\nevent = \"PatienceLost\"\n[[timer]]\n",
        &["34: timer `patience` has the name of the timer on line 29: rename one of them"],
    );
    check(
        "states = [\"DONE\", \"FAILED\"]",
        "states = [\"DONE\", \"DONE\", \"FAILED\"]",
        &["26: `DONE` stands twice in one list: remove one"],
    );
}

#[test]
fn names_have_their_form() {
    check(
        "name = \"DONE\"",
        "name = \"Done\"",
        &[
            "26: no state `DONE` is declared: declare it, or correct the name",
            "58: state `Done` must be written in SCREAMING_SNAKE_CASE",
        ],
    );
    check(
        "name = \"Replied\"",
        "name = \"was_replied\"",
        &[
            "79: event `was_replied` must be written in CamelCase",
            "120: no event or event class `Replied` is declared: declare it, or correct the name",
        ],
    );
    check("name = \"replied\"", "name = \"Replied\"", &["118: edge `Replied` must be written in snake_case"]);
    check(
        "ended = \"over\"",
        "ended = \"over\"\nSomewhere = \"x\"",
        &[
            "18: state class `Somewhere` is unused: no state belongs to it; remove it",
            "18: state class `Somewhere` must be written in snake_case",
        ],
    );
    check(
        "machine = \"tiny\"",
        "machine = \"small\"",
        &["1: machine `small` stands in tiny.toml: rename one of them"],
    );
}

#[test]
fn numbers_are_permanent() {
    check(
        "name = \"WORKING\"\nnumber = 2",
        "name = \"WORKING\"\nnumber = 1",
        &["50: state `WORKING` takes number 1, which `ASKING` has: choose a new one"],
    );
    check(
        "name = \"WORKING\"\nnumber = 2",
        "name = \"WORKING\"\nnumber = 7",
        &["50: state `WORKING` takes number 7, which is retired: choose a new one"],
    );
    check(
        "name = \"Replied\"\nnumber = 2",
        "name = \"Replied\"\nnumber = 7",
        &["80: event `Replied` takes number 7, which is retired: choose a new one"],
    );
    check(
        "number = 3\nname = \"replied\"",
        "number = 7\nname = \"replied\"",
        &["117: edge `replied` takes number 7, which is retired: choose a new one"],
    );
    check(
        "name = \"attempts_left\"\nnumber = 1",
        "name = \"attempts_left\"\nnumber = 7",
        &["36: guard `attempts_left` takes number 7, which is retired: choose a new one"],
    );
    check(
        "name = \"patience\"\nnumber = 1",
        "name = \"patience\"\nnumber = 7",
        &["30: timer `patience` takes number 7, which is retired: choose a new one"],
    );
    check(
        "name = \"WORKING\"\nnumber = 2",
        "name = \"WORKING\"\nnumber = 0",
        &["50: state `WORKING` has number 0: numbers begin with 1"],
    );
    check(
        "number = 9\nversion = 1",
        "number = 0\nversion = 0",
        &["2: the number is 0: it begins with 1", "3: the version is 0: it begins with 1"],
    );
}

#[test]
fn who_waits_says_for_whom_and_how_long() {
    check(
        "owner = \"applicant\"\ndwell = \"2m\"\nwakeup = \"patience\"\n",
        "",
        &[
            "40: state `ASKING` has no `dwell`: say how long it is expected to last",
            "40: state `ASKING` has no `owner`: say who owes the next move",
            "40: state `ASKING` has no `wakeup`: nothing ends it; name a timer, or `call`",
        ],
    );
    check(
        "dwell = \"2m\"",
        "dwell = \"2 weeks\"",
        &["45: `2 weeks` is no duration: write a whole number above 0 and ms, s, m, h or d"],
    );
    check(
        "dwell = \"2m\"",
        "dwell = \"0s\"",
        &["45: `0s` is no duration: write a whole number above 0 and ms, s, m, h or d"],
    );
    check(
        "dwell = \"2m\"",
        "dwell = \"99999999999999999999d\"",
        &["45: `99999999999999999999d` is no duration: write a whole number above 0 and \
             ms, s, m, h or d"],
    );
    check(
        "about = \"It did not.\"\n",
        "about = \"It did not.\"\nowner = \"docket\"\n",
        &["69: terminal state `FAILED` waits for nothing: remove its `owner`"],
    );
}

#[test]
fn every_cell_is_decided_once() {
    check(
        "from = \"open\"\non = [\"PatienceLost\", ",
        "from = \"ASKING\"\non = [\"PatienceLost\", ",
        &["55: nothing ends state `WORKING`: its wake-up `call` brings CallFailed, which \
             is answered with `late`; add an edge"],
    );
    check(
        "states = [\"open\", \"ended\"]\nevents = \"world\"",
        "states = \"open\"\nevents = \"world\"",
        &[
            "58: no row decides state `DONE` on Replied, PatienceLost, CallFailed: add an \
             edge or an [[otherwise]] row",
            "65: no row decides state `FAILED` on Replied, PatienceLost, CallFailed: add an \
             edge or an [[otherwise]] row",
        ],
    );
    check(
        "from = \"open\"\non",
        "from = \"open\"\nguard = \"attempts_left\"\non",
        &["126: edge `gave_up` ends its chain with a guard: nothing decides when it says \
             no; add an edge with the same from and on and without a guard"],
    );
    check(
        "name = \"answered\"\nfrom = \"ASKING\"\non = \"Answered\"\nguard = \"attempts_left\"\n",
        "name = \"answered\"\nfrom = \"ASKING\"\non = \"Answered\"\n",
        &[
            "35: guard `attempts_left` is unused: no edge asks it; remove it",
            "109: edge `attempts_gone` is never asked: `answered` on line 101 has the same \
             from and on, comes before it and has no guard; guard that one, or remove this \
             one",
        ],
    );
    check(
        "from = [\"WORKING\"]\non = [\"Replied\"]",
        "from = \"open\"\non = \"world\"",
        &["137: otherwise `late` decides ASKING on Replied (and 1 more) as exactly as \
             edge `replied` on line 118: name the state or the event in the row that should \
             win"],
    );
    check(
        "from = [\"WORKING\"]\non = [\"Replied\"]",
        "from = \"open\"\non = [\"Replied\", \"PatienceLost\"]",
        &["126: edge `gave_up` decides ASKING on PatienceLost (and 1 more) as exactly as \
             edge `replied` on line 118: name the state or the event in the row that should \
             win"],
    );
    check(
        "[[otherwise]]\nstates = [\"open\", \"ended\"]\nevents = \"said\"",
        "[[otherwise]]\nstates = \"ASKING\"\nevents = \"said\"\noutcome = \"ignore\"\n\n[[otherwise]]\nstates = [\"open\", \"ended\"]\nevents = \"said\"",
        &["132: otherwise `ignore` covers no cell: more exact rows decide all that it \
             names; remove it"],
    );
    check(
        "outcome = \"late\"",
        "outcome = \"reject\"",
        &[
            "137: `reject` answers a caller, but CallFailed comes from docket: use ignore or late",
            "137: `reject` answers a caller, but PatienceLost comes from timer: use ignore \
             or late",
            "137: `reject` answers a caller, but Replied comes from provider: use ignore or late",
        ],
    );
}

#[test]
fn every_state_begins_and_ends() {
    check(
        "to = \"WORKING\"",
        "to = \"same\"",
        &[
            "49: state `WORKING` is unreachable: no edges lead there from ASKING",
            "58: state `DONE` is unreachable: no edges lead there from ASKING",
        ],
    );
    check(
        "from = \"open\"\non = [\"PatienceLost\", \"CallFailed\"]",
        "from = [\"open\", \"DONE\"]\non = [\"PatienceLost\", \"CallFailed\"]",
        &["126: edge `gave_up` leaves the terminal state DONE: use an [[otherwise]] row there"],
    );
    check(
        "on = [\"PatienceLost\", \"CallFailed\"]",
        "on = \"CallFailed\"",
        &["46: nothing ends state `ASKING`: its wake-up `patience` brings PatienceLost, \
             which is answered with `late`; add an edge"],
    );
    check(
        "on = [\"PatienceLost\", \"CallFailed\"]",
        "on = \"PatienceLost\"",
        &["55: nothing ends state `WORKING`: its wake-up `call` brings CallFailed, which \
             is answered with `late`; add an edge"],
    );
    check(
        "[[edge]]\nnumber = 1\n",
        &format!("{LIMBO}[[edge]]\nnumber = 1\n"),
        &["101: state `LIMBO` has no way out: no edges lead to a terminal state"],
    );
}

/// A state that can be entered, is woken up, and never left.
const LIMBO: &str = r#"
[[state]]
name = "LIMBO"
number = 5
class = "open"
about = "Nobody comes back from here."
owner = "operator"
dwell = "1h"
wakeup = "patience"

[[edge]]
number = 5
name = "lost"
from = "WORKING"
on = "Answered"
to = "LIMBO"
about = "Enters."

[[edge]]
number = 6
name = "still_lost"
from = "LIMBO"
on = ["PatienceLost", "CallFailed"]
to = "same"
about = "Stays."

"#;

#[test]
fn what_is_declared_is_used() {
    check(
        "guard = \"attempts_left\"\n",
        "",
        &[
            "35: guard `attempts_left` is unused: no edge asks it; remove it",
            "109: edge `attempts_gone` is never asked: `answered` on line 101 has the same \
             from and on, comes before it and has no guard; guard that one, or remove this \
             one",
        ],
    );
    check(
        "to = \"verdict\"",
        "to = \"DONE\"",
        &["24: set `verdict` is unused: no edge leads there; remove it"],
    );
    check(
        "[[edge]]\nnumber = 1\n",
        &format!("{NAP}[[edge]]\nnumber = 1\n"),
        &["101: timer `nap` is unused: it wakes no state, and no edge takes its event; \
             remove it"],
    );
    check(
        "ended = \"over\"",
        "ended = \"over\"\nlimbo = \"neither\"",
        &["18: state class `limbo` is unused: no state belongs to it; remove it"],
    );
    check(
        "[class.events]\n",
        "[class.events]\nsilence = \"nobody spoke\"\n",
        &["20: event class `silence` is unused: no event belongs to it; remove it"],
    );
}

/// A timer whose event moves nothing.
const NAP: &str = r#"
[[timer]]
name = "nap"
number = 2
event = "Woken"
about = "How long a nap takes."

[[event]]
name = "Woken"
number = 5
class = "world"
source = "timer"
about = "The nap is over."

"#;

/// Changes the tiny machine in one place and compares the refusals, each as `line: message`.
#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    assert_eq!(TINY.matches(old).count(), 1, "{old:?} must occur once in the tiny machine");
    let text = TINY.replacen(old, new, 1);
    let refusals = machine::read("state/tiny.toml", "tiny", &text).err().unwrap_or_default();
    let refusals: Vec<_> = refusals.iter().map(ToString::to_string).collect();
    let expected: Vec<_> = expected.iter().map(|line| format!("state/tiny.toml:{line}")).collect();
    assert_eq!(refusals, expected, "\n{}", refusals.join("\n"));
}
