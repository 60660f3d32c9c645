//! Finds what is declared and never used.

use super::{At, Life, Machine, Notes, Target, WakeUp};

/// Refuses guards, timers, sets and classes that nothing uses.
pub(super) fn find(machine: &Machine, notes: &Notes<'_>) {
    let refuse = |noun: &str, name: &At<String>, why: &str| {
        notes.refuse(name.line, format!("{noun} `{}` is unused: {why}; remove it", name.value));
    };
    for (i, guard) in machine.guards.iter().enumerate() {
        if !machine.edges.iter().any(|edge| edge.body.guard == Some(i)) {
            refuse("guard", &guard.name, "no edge asks it");
        }
    }
    for (i, timer) in machine.timers.iter().enumerate() {
        if !is_wakeup(machine, i) && !moves(machine, timer.body.event) {
            refuse("timer", &timer.name, "it wakes no state, and no edge takes its event");
        }
    }
    for (i, set) in machine.sets.iter().enumerate() {
        if !machine.edges.iter().any(|edge| edge.body.to == Target::Set(i)) {
            refuse("set", &set.name, "no edge leads there");
        }
    }
    for (i, class) in machine.state_classes.iter().enumerate() {
        if !machine.states.iter().any(|state| state.body.class == i) {
            refuse("state class", &class.name, "no state belongs to it");
        }
    }
    for (i, class) in machine.event_classes.iter().enumerate() {
        if !machine.events.iter().any(|event| event.body.class == i) {
            refuse("event class", &class.name, "no event belongs to it");
        }
    }
}

fn is_wakeup(machine: &Machine, timer: usize) -> bool {
    machine.states.iter().any(|state| match &state.body.life {
        Life::Ends => false,
        Life::Waits { wakeup, .. } => wakeup.value == WakeUp::Timer(timer),
    })
}

/// A timer may run beside the wake-up of a state, as long as some edge takes its event.
fn moves(machine: &Machine, event: usize) -> bool {
    let states = 0..machine.states.len();
    states.into_iter().any(|state| {
        machine.edges_from(state).iter().any(|edge| machine.events_of(state, *edge).contains(&event))
    })
}
