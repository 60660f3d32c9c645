//! Writes the machine as plain data, for those who list and draw machines.

use super::{Cell, Class, Cover, Item, Life, Machine, diagram};

/// Writes the static that holds the machine's definition.
pub(super) fn data(machine: &Machine) -> String {
    let class = |class: &Class| {
        format!("table::ClassDefinition {{ name: {:?}, about: {:?} }}", class.name.value, class.about)
    };
    let set = |set: &super::Set| {
        let members = set.members.iter().map(|state| machine.states[*state].name());
        let members: Vec<_> = members.collect();
        format!(
            "table::SetDefinition {{ name: {:?}, about: {:?}, members: &{members:?} }}",
            set.name.value, set.about
        )
    };
    let cells = machine.cells.iter().map(|cells| {
        let cells: Vec<_> = cells.iter().map(|cell| cell_text(machine, cell)).collect();
        format!("&{cells:?}")
    });
    let fields = [
        ("name", format!("{:?}", machine.name)),
        ("number", machine.number.to_string()),
        ("version", machine.version.to_string()),
        ("about", format!("{:?}", machine.about)),
        ("initial", format!("{:?}", machine.states[machine.initial].name())),
        ("retired_states", format!("&{:?}", machine.retired_states)),
        ("state_classes", slice(machine.state_classes.iter().map(class))),
        ("event_classes", slice(machine.event_classes.iter().map(class))),
        ("states", slice(machine.states.iter().map(|state| state_definition(machine, state)))),
        (
            "events",
            slice(machine.events.iter().map(|event| {
                let class = &machine.event_classes[event.body.class].name.value;
                let source = event.body.source;
                item_definition(
                    "Event",
                    event,
                    &format!("class: {class:?}, source: table::Source::{source:?}"),
                )
            })),
        ),
        ("edges", slice((0..machine.edges.len()).map(|edge| edge_definition(machine, edge)))),
        ("guards", slice(machine.guards.iter().map(|guard| item_definition("Guard", guard, "")))),
        (
            "timers",
            slice(machine.timers.iter().map(|timer| {
                let event = machine.events[timer.body.event].name();
                item_definition("Timer", timer, &format!("event: {event:?}"))
            })),
        ),
        ("sets", slice(machine.sets.iter().map(set))),
        ("cells", slice(cells)),
        ("mermaid", format!("{:?}", diagram::mermaid(machine))),
    ];
    let fields = fields.map(|(name, value)| format!("    {name}: {value},\n"));
    format!(
        "\n/// The whole {} machine as plain data.\n\
         pub static DEFINITION: table::Definition = table::Definition {{\n{}}};\n",
        machine.name,
        fields.concat(),
    )
}

fn item_definition<T>(kind: &str, item: &Item<T>, more: &str) -> String {
    let (name, number, about) = (item.name(), item.number.value, &item.about);
    format!("table::{kind}Definition {{ number: {number}, name: {name:?}, about: {about:?}, {more} }}")
}

fn state_definition(machine: &Machine, state: &Item<super::State>) -> String {
    let class = &machine.state_classes[state.body.class].name.value;
    let life = match &state.body.life {
        Life::Ends => "terminal: true, owner: None, dwell: None, wakeup: None".to_owned(),
        Life::Waits { owner, dwell, wakeup } => format!(
            "terminal: false, owner: Some(table::Owner::{owner:?}), dwell: Some({:?}), \
             wakeup: Some({:?})",
            dwell.text,
            machine.wakeup_name(wakeup.value),
        ),
    };
    item_definition("State", state, &format!("class: {class:?}, {life}"))
}

fn edge_definition(machine: &Machine, edge: usize) -> String {
    let item = &machine.edges[edge];
    let cover = &item.body.cover;
    let more = format!(
        "from: &{:?}, on: &{:?}, guard: {:?}, to: {:?}",
        Cover::words(&cover.states),
        Cover::words(&cover.events),
        machine.guard_name(edge),
        machine.target_name(edge),
    );
    item_definition("Edge", item, &more)
}

/// What a cell does, for people to read.
fn cell_text(machine: &Machine, cell: &Cell) -> String {
    let row = |edge: &usize| {
        let name = machine.edges[*edge].name();
        format!("{name}{} → {}", machine.guard_suffix(*edge), machine.target_name(*edge))
    };
    match cell {
        Cell::Edges(edges) => edges.iter().map(row).collect::<Vec<_>>().join("; "),
        Cell::Otherwise(outcome) => outcome.name().to_owned(),
    }
}

fn slice(items: impl Iterator<Item = String>) -> String {
    let items = items.map(|item| format!("        {item},\n"));
    format!("&[\n{}    ]", items.collect::<String>())
}
