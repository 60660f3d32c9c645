//! Walks the graph: every state begins somewhere, ends somewhere, and waits for something.

use std::collections::BTreeSet;

use super::{Cell, Life, Machine, Notes, Target, WakeUp};

/// Refuses states that cannot be reached, cannot be left, or may last for ever.
pub(super) fn walk(machine: &Machine, notes: &Notes<'_>) {
    let states = machine.states.len();
    let next: Vec<BTreeSet<usize>> = (0..states).map(|state| successors(machine, state)).collect();
    let reached = closure([machine.initial].into(), |state| next[state].clone());
    let ends = (0..states).filter(|state| machine.terminal(*state)).collect();
    let ending = closure(ends, |state| (0..states).filter(|from| next[*from].contains(&state)).collect());
    for (i, state) in machine.states.iter().enumerate() {
        let (name, line) = (state.name(), state.name.line);
        if !reached.contains(&i) {
            let from = machine.states[machine.initial].name();
            let message = format!("state `{name}` is unreachable: no edges lead there from {from}");
            notes.refuse(line, message);
        }
        if !ending.contains(&i) {
            let message = format!("state `{name}` has no way out: no edges lead to a terminal state");
            notes.refuse(line, message);
        }
        match &state.body.life {
            Life::Ends => leaving(machine, i, notes),
            Life::Waits { wakeup, .. } => mortal(machine, i, wakeup.value, wakeup.line, notes),
        }
    }
}

fn successors(machine: &Machine, state: usize) -> BTreeSet<usize> {
    let edges = machine.edges_from(state).into_iter();
    edges.flat_map(|edge| machine.targets(edge, state)).collect()
}

/// All that can be reached from the start by repeated steps.
fn closure(start: BTreeSet<usize>, step: impl Fn(usize) -> BTreeSet<usize>) -> BTreeSet<usize> {
    let (mut seen, mut open) = (start.clone(), Vec::from_iter(start));
    while let Some(state) = open.pop() {
        open.extend(step(state).into_iter().filter(|next| seen.insert(*next)));
    }
    seen
}

fn leaving(machine: &Machine, state: usize, notes: &Notes<'_>) {
    for edge in machine.edges_from(state) {
        let item = &machine.edges[edge];
        match item.body.to {
            Target::Same => {}
            Target::State(_) | Target::Set(_) => {
                let (edge, state) = (item.name(), machine.states[state].name());
                let message = format!(
                    "edge `{edge}` leaves the terminal state {state}: use an [[otherwise]] row there"
                );
                notes.refuse(item.name.line, message);
            }
        }
    }
}

/// Refuses a state whose wake-up moves nothing.
fn mortal(machine: &Machine, state: usize, wakeup: WakeUp<usize>, line: usize, notes: &Notes<'_>) {
    let event = match wakeup {
        WakeUp::Call => machine.call_event,
        WakeUp::Timer(timer) => Some(machine.timers[timer].body.event),
    };
    let Some(event) = event else { return };
    match machine.cells[state][event] {
        Cell::Edges(_) => {}
        Cell::Otherwise(outcome) => {
            let message = format!(
                "nothing ends state `{}`: its wake-up `{}` brings {}, which is answered with \
                 `{}`; add an edge",
                machine.states[state].name(),
                machine.wakeup_name(wakeup),
                machine.events[event].name(),
                outcome.name(),
            );
            notes.refuse(line, message);
        }
    }
}
