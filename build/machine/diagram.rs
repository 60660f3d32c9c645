//! Draws the machine as a Mermaid state diagram.

use std::collections::BTreeSet;

use super::{Cover, Machine, Target};

/// A set of more states is drawn as one node of its own.
const ARROWS_TO_A_SET: usize = 4;
/// An edge on more events is labelled with the words of the file instead.
const EVENTS_ON_A_LABEL: usize = 3;

/// Draws an arrow for each state and each edge that leaves it.
pub(super) fn mermaid(machine: &Machine) -> String {
    let mut lines = BTreeSet::new();
    let mut arrows = vec![format!("[*] --> {}", machine.states[machine.initial].name())];
    for (state, item) in machine.states.iter().enumerate() {
        for edge in machine.edges_from(state) {
            let label = label(machine, state, edge);
            for target in targets(machine, state, edge, &mut lines) {
                arrows.push(format!("{} --> {target}: {label}", item.name()));
            }
        }
        if machine.terminal(state) {
            arrows.push(format!("{} --> [*]", item.name()));
        }
    }
    let lines = lines.into_iter().chain(arrows).map(|line| format!("    {line}\n"));
    format!("stateDiagram-v2\n{}", lines.collect::<String>())
}

fn label(machine: &Machine, state: usize, edge: usize) -> String {
    let events = machine.events_of(state, edge);
    let words: Vec<_> = if events.len() <= EVENTS_ON_A_LABEL {
        events.into_iter().map(|event| machine.events[event].name()).collect()
    } else {
        Cover::words(&machine.edges[edge].body.cover.events)
    };
    format!("{}{}", words.join(", "), machine.guard_suffix(edge))
}

/// The nodes that an edge points to; a node that is no state is declared in `nodes`.
fn targets<'m>(
    machine: &'m Machine,
    state: usize,
    edge: usize,
    nodes: &mut BTreeSet<String>,
) -> Vec<&'m str> {
    let states = machine.targets(edge, state);
    match machine.edges[edge].body.to {
        Target::Set(set) if states.len() > ARROWS_TO_A_SET => {
            let name = machine.sets[set].name.value.as_str();
            nodes.insert(format!("state \"{name}: one of {} states\" as {name}", states.len()));
            vec![name]
        }
        Target::Set(_) | Target::State(_) | Target::Same => {
            states.into_iter().map(|state| machine.states[state].name()).collect()
        }
    }
}
