//! From a machine's definition to the wire.

use super::{application, name, status};
use crate::api::proto::v1::machine::event::Source as WireSource;
use crate::api::proto::v1::machine::{Cell, Class, Edge, Event, Guard, Row, Set, State, Timer};
use crate::api::proto::v1::{Machine, Owner};
use crate::machine::graph::MACHINES;
use crate::machine::table::{
    ClassDefinition, Definition, EdgeDefinition, EventDefinition, Source, StateDefinition,
};
use tonic::Status;

/// Finds a machine by its resource name.
pub(in super::super) fn machine_named(wanted: &str) -> Result<&'static Definition, Status> {
    let wanted = name::read_machine(wanted);
    let found = MACHINES.iter().copied().find(|definition| Some(definition.name) == wanted);
    found.ok_or_else(status::unknown_machine)
}

/// Shows a machine whole.
pub(in super::super) fn machine(definition: &Definition) -> Machine {
    let row = |(state, cells): (&StateDefinition, &&[&str])| Row {
        state: state.name.to_owned(),
        cells: definition
            .events
            .iter()
            .zip(*cells)
            .map(|(event, text)| Cell { event: event.name.to_owned(), text: (*text).to_owned() })
            .collect(),
    };
    Machine {
        mermaid: definition.mermaid.to_owned(),
        matrix: definition.states.iter().zip(definition.cells).map(row).collect(),
        ..machine_outline(definition)
    }
}

/// Shows a machine without its picture and matrix.
pub(in super::super) fn machine_outline(definition: &Definition) -> Machine {
    let guard = |guard: &crate::machine::table::GuardDefinition| Guard {
        number: guard.number.into(),
        guard_name: guard.name.to_owned(),
        about: guard.about.to_owned(),
    };
    let timer = |timer: &crate::machine::table::TimerDefinition| Timer {
        number: timer.number.into(),
        timer_name: timer.name.to_owned(),
        about: timer.about.to_owned(),
        event: timer.event.to_owned(),
    };
    let set = |set: &crate::machine::table::SetDefinition| Set {
        set_name: set.name.to_owned(),
        about: set.about.to_owned(),
        states: owned(set.members),
    };
    Machine {
        name: name::machine(definition.name),
        number: definition.number.into(),
        version: definition.version.into(),
        about: definition.about.to_owned(),
        initial_state: definition.initial.to_owned(),
        state_classes: definition.state_classes.iter().map(class).collect(),
        event_classes: definition.event_classes.iter().map(class).collect(),
        states: definition.states.iter().map(state).collect(),
        events: definition.events.iter().map(event).collect(),
        edges: definition.edges.iter().map(edge).collect(),
        guards: definition.guards.iter().map(guard).collect(),
        timers: definition.timers.iter().map(timer).collect(),
        sets: definition.sets.iter().map(set).collect(),
        mermaid: String::new(),
        matrix: Vec::new(),
    }
}

fn class(class: &ClassDefinition) -> Class {
    Class { class_name: class.name.to_owned(), about: class.about.to_owned() }
}

fn state(state: &StateDefinition) -> State {
    State {
        number: state.number.into(),
        state_name: state.name.to_owned(),
        about: state.about.to_owned(),
        class_name: state.class.to_owned(),
        terminal: state.terminal,
        owner: state.owner.map_or(Owner::Unspecified, application::owner).into(),
        expected_dwell: state.dwell.unwrap_or_default().to_owned(),
        wake_up: state.wakeup.unwrap_or_default().to_owned(),
    }
}

fn event(event: &EventDefinition) -> Event {
    let source = match event.source {
        Source::Caller => WireSource::Caller,
        Source::Provider => WireSource::Provider,
        Source::Timer => WireSource::Timer,
        Source::Docket => WireSource::Docket,
    };
    Event {
        number: event.number.into(),
        event_name: event.name.to_owned(),
        about: event.about.to_owned(),
        class_name: event.class.to_owned(),
        source: source.into(),
    }
}

fn edge(edge: &EdgeDefinition) -> Edge {
    Edge {
        number: edge.number.into(),
        edge_name: edge.name.to_owned(),
        about: edge.about.to_owned(),
        from: owned(edge.from),
        on: owned(edge.on),
        guard: edge.guard.unwrap_or_default().to_owned(),
        to: edge.to.to_owned(),
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
