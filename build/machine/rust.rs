//! Writes the Rust of a machine: its enums and its table.
//!
//! The text is included as a module of the crate and obeys the crate's lints. It needs
//! `crate::machine::table` and nothing else.

use super::enums::{Variant, answers, camel, items, named, question};
use super::table::{Target, WakeUp};
use super::{Cell, Life, Machine, definition};

/// Writes the whole module.
pub(super) fn module(machine: &Machine) -> String {
    let name = &machine.name;
    let mut text = String::from("use crate::machine::table;\n");
    text += &items(&format!("A state of the {name} machine."), "State", &machine.states);
    text += &items(&format!("An event of the {name} machine."), "EventKind", &machine.events);
    text += &items(&format!("A guard of the {name} machine."), "Guard", &machine.guards);
    text += &items(&format!("A timer of the {name} machine."), "Timer", &machine.timers);
    text += &items(&format!("An edge of the {name} machine."), "Edge", &machine.edges);
    let sets = machine.sets.iter().map(|set| Variant::new(&set.name, &set.about));
    text += &named("A set out of which a target is chosen.", "Set", sets);
    let class = Variant::of_class;
    text += &named("A class of states.", "StateClass", machine.state_classes.iter().map(class));
    text += &named("A class of events.", "EventClass", machine.event_classes.iter().map(class));
    text += &of_state(machine);
    text += &of_event(machine);
    text += &of_timer(machine);
    text += &of_set(machine);
    text += &cells(machine);
    text += &definition::data(machine);
    text
}

fn of_state(machine: &Machine) -> String {
    let idents: Vec<_> = machine.states.iter().map(|state| camel(state.name())).collect();
    let ask = |method: &str, about: &str, answer: &str, read: &dyn Fn(&super::State) -> String| {
        let states = idents.iter().zip(&machine.states);
        let pairs = states.map(|(ident, state)| (ident.as_str(), read(&state.body)));
        question(method, about, answer, &answers(pairs))
    };
    let waits = |read: &dyn Fn(&Life) -> Option<String>, state: &super::State| match read(&state.life) {
        Some(answer) => format!("Some({answer})"),
        None => "None".to_owned(),
    };
    let owner = |life: &Life| match life {
        Life::Ends => None,
        Life::Waits { owner, .. } => Some(format!("table::Owner::{owner:?}")),
    };
    let dwell = |life: &Life| match life {
        Life::Ends => None,
        Life::Waits { dwell, .. } if dwell.millis % 1000 == 0 => {
            Some(format!("core::time::Duration::from_secs({})", dwell.millis / 1000))
        }
        Life::Waits { dwell, .. } => Some(format!("core::time::Duration::from_millis({})", dwell.millis)),
    };
    let wakeup = |life: &Life| match life {
        Life::Ends => None,
        Life::Waits { wakeup, .. } => Some(match wakeup.value {
            WakeUp::Call => "table::WakeUp::Call".to_owned(),
            WakeUp::Timer(timer) => {
                format!("table::WakeUp::Timer(Timer::{})", camel(machine.timers[timer].name()))
            }
        }),
    };
    let terminal: Vec<_> = (0..idents.len())
        .filter(|state| machine.terminal(*state))
        .map(|state| format!("Self::{}", idents[state]))
        .collect();
    let class = |state: &super::State| {
        format!("StateClass::{}", camel(&machine.state_classes[state.class].name.value))
    };
    [
        "\nimpl State {\n    /// Tells whether the machine ends here.\n    \
         pub const fn is_terminal(self) -> bool {\n        matches!(self, "
            .to_owned(),
        terminal.join(" | "),
        ")\n    }\n".to_owned(),
        ask("class", "Returns the class it belongs to.", "StateClass", &class),
        ask(
            "owner",
            "Returns who owes the next move; nobody once the machine has ended.",
            "Option<table::Owner>",
            &|state| waits(&owner, state),
        ),
        ask(
            "dwell",
            "Returns how long the machine is expected to stay.",
            "Option<core::time::Duration>",
            &|state| waits(&dwell, state),
        ),
        ask(
            "wakeup",
            "Returns what ends the wait if nothing else does.",
            "Option<table::WakeUp<Timer>>",
            &|state| waits(&wakeup, state),
        ),
        "}\n".to_owned(),
    ]
    .concat()
}

fn of_event(machine: &Machine) -> String {
    let idents: Vec<_> = machine.events.iter().map(|event| camel(event.name())).collect();
    let events = || idents.iter().map(String::as_str).zip(&machine.events);
    let class = answers(events().map(|(ident, event)| {
        let class = &machine.event_classes[event.body.class].name.value;
        (ident, format!("EventClass::{}", camel(class)))
    }));
    let source =
        answers(events().map(|(ident, event)| (ident, format!("table::Source::{:?}", event.body.source))));
    let class = question("class", "Returns the class it belongs to.", "EventClass", &class);
    let source = question("source", "Returns where it comes from.", "table::Source", &source);
    format!("\nimpl EventKind {{{}{source}}}\n", class)
}

fn of_timer(machine: &Machine) -> String {
    let idents: Vec<_> = machine.timers.iter().map(|timer| camel(timer.name())).collect();
    let pairs = idents.iter().zip(&machine.timers).map(|(ident, timer)| {
        let event = camel(machine.events[timer.body.event].name());
        (ident.as_str(), format!("EventKind::{event}"))
    });
    let about = "Returns the event that happens when it runs out.";
    let event = question("event", about, "EventKind", &answers(pairs));
    format!("\nimpl Timer {{{event}}}\n")
}

fn of_set(machine: &Machine) -> String {
    let idents: Vec<_> = machine.sets.iter().map(|set| camel(&set.name.value)).collect();
    let pairs = idents.iter().zip(&machine.sets).map(|(ident, set)| {
        let members = set.members.iter().map(|state| camel(machine.states[*state].name()));
        let members = members.map(|state| format!("State::{state}")).collect::<Vec<_>>();
        (ident.as_str(), format!("&[{}]", members.join(", ")))
    });
    let about = "Returns the states that may be chosen.";
    let members = question("members", about, "&'static [State]", &answers(pairs));
    let pairs = idents.iter().zip(&machine.sets).map(|(ident, set)| {
        let numbers = set.members.iter().map(|state| machine.states[*state].number.value.to_string());
        (ident.as_str(), format!("&[{}]", numbers.collect::<Vec<_>>().join(", ")))
    });
    let about = "Returns the numbers of the states that may be chosen.";
    let numbers = question("numbers", about, "&'static [u16]", &answers(pairs));
    format!("\nimpl Set {{{members}{numbers}}}\n")
}

fn cells(machine: &Machine) -> String {
    let rows = machine.states.iter().zip(&machine.cells).map(|(state, cells)| {
        let cells = machine
            .events
            .iter()
            .zip(cells)
            .map(|(event, cell)| format!("        {}, // {}\n", self::cell(machine, cell), event.name()));
        format!("    // {}\n    [\n{}    ],\n", state.name(), cells.collect::<String>())
    });
    format!(
        "\n/// An edge as it stands in a cell of this machine.\n\
         pub type Row = table::Row<Edge, Guard, State, Set>;\n\
         /// Where an edge of this machine leads.\n\
         pub type Target = table::Target<State, Set>;\n\
         /// What this machine does about one event in one state.\n\
         pub type Cell = table::Cell<Row>;\n\n\
         /// Returns what the machine does about an event in a state.\n\
         pub const fn cell(state: State, event: EventKind) -> &'static Cell {{\n    \
         &TABLE[state as usize][event as usize]\n}}\n\n\
         static TABLE: [[Cell; {}]; {}] = [\n{}];\n",
        machine.events.len(),
        machine.states.len(),
        rows.collect::<String>(),
    )
}

fn cell(machine: &Machine, cell: &Cell) -> String {
    let row = |edge: &usize| {
        let item = &machine.edges[*edge];
        let guard = match machine.guard_name(*edge) {
            Some(guard) => format!("Some(Guard::{})", camel(guard)),
            None => "None".to_owned(),
        };
        let target = match item.body.to {
            Target::State(state) => {
                format!("Target::State(State::{})", camel(machine.states[state].name()))
            }
            Target::Set(set) => {
                format!("Target::Set(Set::{})", camel(&machine.sets[set].name.value))
            }
            Target::Same => "Target::Same".to_owned(),
        };
        format!("Row {{ edge: Edge::{}, guard: {guard}, target: {target} }}", camel(item.name()))
    };
    match cell {
        Cell::Edges(edges) => {
            format!("Cell::Rows(&[{}])", edges.iter().map(row).collect::<Vec<_>>().join(", "))
        }
        Cell::Otherwise(outcome) => format!("Cell::Otherwise(table::Outcome::{outcome:?})"),
    }
}
