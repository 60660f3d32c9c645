//! Writes the page of a machine: its picture, its lists, and every cell.

use super::{Cell, Class, Cover, Item, Life, Machine, diagram};

/// Writes the whole page.
pub(super) fn page(machine: &Machine) -> String {
    let name = &machine.name;
    let mut page = format!(
        "<!-- generated from state/{name}.toml: edit that file, then run \
         UPDATE=1 cargo test machines_are_drawn -->\n\n\
         # {name}\n\n{}\n\nMachine {}, version {}. It starts in `{}`.\n\n\
         ```mermaid\n{}```\n",
        machine.about,
        machine.number,
        machine.version,
        machine.states[machine.initial].name(),
        diagram::mermaid(machine),
    );
    page += &states(machine);
    page += &events(machine);
    page += &edges(machine);
    page += &guards(machine);
    page += &timers(machine);
    page += &sets(machine);
    page += &matrix(machine);
    page
}

fn states(machine: &Machine) -> String {
    let row = |state: &Item<super::State>| {
        let [owner, dwell, wakeup] = match &state.body.life {
            Life::Ends => ["", "", "terminal"],
            Life::Waits { owner, dwell, wakeup } => {
                [owner.name(), &dwell.text, machine.wakeup_name(wakeup.value)]
            }
        };
        let class = &machine.state_classes[state.body.class].name.value;
        let [number, name] = [state.number.value.to_string(), code(state.name())];
        [number, name, class.clone(), owner.into(), dwell.into(), wakeup.into(), state.about.clone()]
    };
    let head = ["number", "name", "class", "owner", "expected dwell", "wake-up", "about"];
    let mut text = section("States", &head, machine.states.iter().map(row));
    text += &classes(&machine.state_classes);
    text
}

fn events(machine: &Machine) -> String {
    let row = |event: &Item<super::Event>| {
        let class = machine.event_classes[event.body.class].name.value.clone();
        let source = event.body.source.name().to_owned();
        let [number, name] = [event.number.value.to_string(), code(event.name())];
        [number, name, class, source, event.about.clone()]
    };
    let head = ["number", "name", "class", "source", "about"];
    let mut text = section("Events", &head, machine.events.iter().map(row));
    text += &classes(&machine.event_classes);
    text
}

fn classes(classes: &[Class]) -> String {
    let row = |class: &Class| [class.name.value.clone(), class.about.clone()];
    format!("\n{}", table(&["class", "about"], classes.iter().map(row)))
}

fn edges(machine: &Machine) -> String {
    let row = |(i, edge): (usize, &Item<super::Edge>)| {
        let cover = &edge.body.cover;
        let [from, on] = [&cover.states, &cover.events].map(|list| Cover::words(list).join(", "));
        let guard = machine.guard_name(i).unwrap_or_default().to_owned();
        let [number, name] = [edge.number.value.to_string(), code(edge.name())];
        [number, name, from, on, guard, machine.target_name(i).to_owned(), edge.about.clone()]
    };
    let head = ["number", "name", "from", "on", "guard", "to", "about"];
    section("Edges", &head, machine.edges.iter().enumerate().map(row))
}

fn guards(machine: &Machine) -> String {
    let row = |guard: &Item<()>| [guard.number.value.to_string(), code(guard.name()), guard.about.clone()];
    section("Guards", &["number", "name", "about"], machine.guards.iter().map(row))
}

fn timers(machine: &Machine) -> String {
    let row = |timer: &Item<super::Timer>| {
        let event = machine.events[timer.body.event].name().to_owned();
        [timer.number.value.to_string(), code(timer.name()), event, timer.about.clone()]
    };
    section("Timers", &["number", "name", "event", "about"], machine.timers.iter().map(row))
}

fn sets(machine: &Machine) -> String {
    let row = |set: &super::Set| {
        let members = set.members.iter().map(|state| machine.states[*state].name());
        let members = members.collect::<Vec<_>>().join(", ");
        [code(&set.name.value), members, set.about.clone()]
    };
    section("Sets", &["name", "states", "about"], machine.sets.iter().map(row))
}

/// Writes one table for each class of states: its states across, all events down.
fn matrix(machine: &Machine) -> String {
    let mut text = String::from(
        "\n## Every cell\n\nWhat happens on each event in each state: the number of the edge, its \
         guard and its target, or what becomes of the event.\n",
    );
    for (class, declared) in machine.state_classes.iter().enumerate() {
        let members = machine.states.iter().enumerate();
        let members = members.filter(|(_, state)| state.body.class == class);
        let members: Vec<usize> = members.map(|(state, _)| state).collect();
        let names = members.iter().map(|state| machine.states[*state].name());
        let head: Vec<_> = std::iter::once("").chain(names).collect();
        let rows = machine.events.iter().enumerate().map(|(event, item)| {
            let cells = members.iter().map(|state| cell(machine, *state, event));
            std::iter::once(code(item.name())).chain(cells).collect::<Vec<_>>()
        });
        text += &format!("\n### {}\n\n{}", declared.name.value, table(&head, rows));
    }
    text
}

fn cell(machine: &Machine, state: usize, event: usize) -> String {
    match &machine.cells[state][event] {
        Cell::Otherwise(outcome) => outcome.name().to_owned(),
        Cell::Edges(edges) => {
            let row = |edge: &usize| {
                let number = machine.edges[*edge].number.value;
                format!("{number}{} → {}", machine.guard_suffix(*edge), machine.target_name(*edge))
            };
            edges.iter().map(row).collect::<Vec<_>>().join("<br>")
        }
    }
}

/// A heading and its table, or nothing if there are no rows.
fn section<R: AsRef<[String]>>(title: &str, head: &[&str], rows: impl ExactSizeIterator<Item = R>) -> String {
    if rows.len() == 0 {
        return String::new();
    }
    format!("\n## {title}\n\n{}", table(head, rows))
}

fn table<R: AsRef<[String]>>(head: &[&str], rows: impl Iterator<Item = R>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let cells: Vec<_> = row.as_ref().iter().map(|cell| plain(cell)).collect();
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}

/// Keeps a text within its table cell.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn code(name: &str) -> String {
    format!("`{name}`")
}
