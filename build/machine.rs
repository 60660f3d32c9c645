//! Turns a machine's file (`state/*.toml`) into Rust tables and into a page of Markdown.
//!
//! Owns the format of these files and the list of all that they may not say. Works on text alone:
//! the build script and the tests do the reading and writing. A file is refused with as many
//! reasons as can be found at once, in three steps, each of which needs the one before:
//!
//! 1. [`parse`]: is it TOML, with the known keys and no others?
//! 2. [`resolve`]: is every name, number and duration what it should be?
//! 3. [`cells`], [`graph`], [`unused`]: is every cell decided once, does every state begin and end?

#[path = "machine/cells.rs"]
mod cells;
#[path = "machine/definition.rs"]
mod definition;
#[path = "machine/diagram.rs"]
mod diagram;
#[path = "machine/enums.rs"]
mod enums;
#[path = "machine/graph.rs"]
mod graph;
#[path = "machine/markdown.rs"]
mod markdown;
#[path = "machine/names.rs"]
mod names;
#[path = "machine/parse.rs"]
mod parse;
#[path = "machine/reader.rs"]
mod reader;
#[path = "machine/resolve.rs"]
mod resolve;
#[path = "machine/rust.rs"]
mod rust;
#[path = "../src/machine/table.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "written for the crate: the generator needs the words of the tables only"
)]
mod table;
#[path = "machine/unused.rs"]
mod unused;

use std::cell::RefCell;
use std::fmt;

use self::table::{Outcome, Owner, Source, Target, WakeUp};

/// Reads a machine's file, or says everything that is wrong with it.
///
/// `path_shown` is the path that refusals name, `stem` the name that the machine must bear.
pub(crate) fn read(path_shown: &str, stem: &str, text: &str) -> Result<Machine, Vec<Refusal>> {
    let notes = Notes::new(path_shown, text);
    let draft = parse::draft(text, &notes);
    let mut machine = draft.and_then(|draft| resolve::machine(&draft, stem, &notes));
    if let Some(machine) = &mut machine {
        machine.cells = cells::decide(machine, &notes);
        graph::walk(machine, &notes);
        unused::find(machine, &notes);
    }
    let refusals = notes.into_refusals();
    machine.filter(|_| refusals.is_empty()).ok_or(refusals)
}

/// Writes the machine's tables, to be included as a module of their own.
pub(crate) fn rust(machine: &Machine) -> String {
    rust::module(machine)
}

/// Writes the machine's page: its picture, its lists and the whole matrix.
pub(crate) fn markdown(machine: &Machine) -> String {
    markdown::page(machine)
}

/// One thing that a machine's file may not say, and where it says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Refusal {
    path: String,
    line: usize,
    message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// The refusals found so far, and the means to turn a place in the text into a line.
struct Notes<'t> {
    path: &'t str,
    text: &'t str,
    refusals: RefCell<Vec<Refusal>>,
}

impl<'t> Notes<'t> {
    fn new(path: &'t str, text: &'t str) -> Self {
        let refusals = RefCell::default();
        Self { path, text, refusals }
    }

    fn line_of(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    fn refuse(&self, line: usize, message: impl Into<String>) {
        let (path, message) = (self.path.to_owned(), message.into());
        self.refusals.borrow_mut().push(Refusal { path, line, message });
    }

    fn into_refusals(self) -> Vec<Refusal> {
        let mut refusals = self.refusals.into_inner();
        refusals.sort();
        refusals
    }
}

/// A machine that nothing speaks against. States, events and so on are positions in its lists.
pub(crate) struct Machine {
    name: String,
    number: u16,
    version: u16,
    about: String,
    initial: usize,
    retired_states: Vec<u16>,
    state_classes: Vec<Class>,
    event_classes: Vec<Class>,
    sets: Vec<Set>,
    timers: Vec<Item<Timer>>,
    guards: Vec<Item<()>>,
    states: Vec<Item<State>>,
    events: Vec<Item<Event>>,
    edges: Vec<Item<Edge>>,
    otherwise: Vec<Otherwise>,
    call_event: Option<usize>,
    /// For each state, for each event.
    cells: Vec<Vec<Cell>>,
}

/// A value and the line it stands on.
#[derive(Clone)]
struct At<T> {
    value: T,
    line: usize,
}

/// Anything that has a name and a permanent number.
#[derive(Clone)]
struct Item<T> {
    name: At<String>,
    number: At<u16>,
    about: String,
    body: T,
}

impl<T> Item<T> {
    fn name(&self) -> &str {
        &self.name.value
    }

    fn with<U>(&self, body: U) -> Item<U> {
        Item { name: self.name.clone(), number: self.number.clone(), about: self.about.clone(), body }
    }
}

#[derive(Clone)]
struct Class {
    name: At<String>,
    about: String,
}

struct Set {
    name: At<String>,
    about: String,
    members: Vec<usize>,
}

struct Timer {
    event: usize,
}

struct State {
    class: usize,
    life: Life,
}

enum Life {
    Ends,
    Waits { owner: Owner, dwell: Dwell, wakeup: At<WakeUp<usize>> },
}

struct Dwell {
    text: String,
    millis: u64,
}

struct Event {
    class: usize,
    source: Source,
}

struct Edge {
    cover: Cover,
    guard: Option<usize>,
    to: Target<usize, usize>,
}

struct Otherwise {
    line: usize,
    cover: Cover,
    outcome: Outcome,
}

/// The cells that a row speaks about, in the words of the file and as positions.
struct Cover {
    states: Vec<Mention>,
    events: Vec<Mention>,
}

#[derive(PartialEq)]
struct Mention {
    word: String,
    of: Mentioned,
}

#[derive(Clone, Copy, PartialEq)]
enum Mentioned {
    One(usize),
    Class(usize),
}

enum Cell {
    /// The chain of edges, in the order in which their guards are asked.
    Edges(Vec<usize>),
    Otherwise(Outcome),
}

impl Machine {
    fn terminal(&self, state: usize) -> bool {
        matches!(self.states[state].body.life, Life::Ends)
    }

    /// The states that an edge may lead to.
    fn targets(&self, edge: usize, from: usize) -> Vec<usize> {
        match self.edges[edge].body.to {
            Target::State(state) => vec![state],
            Target::Set(set) => self.sets[set].members.clone(),
            Target::Same => vec![from],
        }
    }

    /// The target of an edge as the file names it.
    fn target_name(&self, edge: usize) -> &str {
        match self.edges[edge].body.to {
            Target::State(state) => self.states[state].name(),
            Target::Set(set) => &self.sets[set].name.value,
            Target::Same => resolve::SAME,
        }
    }

    fn wakeup_name(&self, wakeup: WakeUp<usize>) -> &str {
        match wakeup {
            WakeUp::Call => resolve::CALL,
            WakeUp::Timer(timer) => self.timers[timer].name(),
        }
    }

    fn guard_name(&self, edge: usize) -> Option<&str> {
        self.edges[edge].body.guard.map(|guard| self.guards[guard].name())
    }

    /// ` [guard]`, or nothing.
    fn guard_suffix(&self, edge: usize) -> String {
        self.guard_name(edge).map(|guard| format!(" [{guard}]")).unwrap_or_default()
    }

    /// The events on which an edge is taken from a state.
    fn events_of(&self, state: usize, edge: usize) -> Vec<usize> {
        let taken = |cell: &Cell| match cell {
            Cell::Edges(edges) => edges.contains(&edge),
            Cell::Otherwise(_) => false,
        };
        let cells = self.cells[state].iter().enumerate();
        cells.filter(|(_, cell)| taken(cell)).map(|(event, _)| event).collect()
    }

    /// The edges that can be taken from a state, in the order of the file.
    fn edges_from(&self, state: usize) -> Vec<usize> {
        let taken = |edge: &usize| !self.events_of(state, *edge).is_empty();
        (0..self.edges.len()).filter(taken).collect()
    }
}

impl Cover {
    fn words(mentions: &[Mention]) -> Vec<&str> {
        mentions.iter().map(|mention| mention.word.as_str()).collect()
    }
}
