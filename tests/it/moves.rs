//! What a journal says: the edges that were taken, and that each of them is drawn.

use docket::engine::provider::Ended;
use docket::machine::application::Application;
use docket::machine::call::{EffectId, Reply, Slot};
use docket::machine::collection::CollectionKind;
use docket::machine::graph::MACHINES;
use docket::machine::step::Move;
use docket::machine::table::{Definition, EdgeDefinition, SetDefinition, StateDefinition};
use docket::store::Store;
use docket::store::memory::MemoryStore;
use docket::store::records::journal;
use std::collections::BTreeSet;

/// An edge: the number of its machine, and its own.
pub(crate) type Taken = (u16, u16);

/// Checks that every move in the journal is drawn, and begins where the last one ended; gives the edges.
pub(crate) fn check(store: &MemoryStore, application: &Application) -> BTreeSet<Taken> {
    let mut taken = BTreeSet::new();
    let mut at = [0; MACHINES.len()];
    for (_, encoded) in store.journal(application.id, 0, 10_000).unwrap() {
        for moved in journal::from_record(&encoded).unwrap().moves {
            let machine = usize::from(moved.slot.number()) - 1;
            assert_eq!(moved.from, at[machine], "a journal has no gap");
            at[machine] = moved.to;
            assert!(is_drawn(MACHINES[machine], &moved), "{moved:?} is not drawn");
            taken.insert((moved.slot.number(), moved.edge));
        }
    }
    assert_eq!(at[0], application.state().number());
    for kind in CollectionKind::ALL {
        let stands = application.collection(kind).map_or(0, |collection| collection.state().number);
        assert_eq!(at[usize::from(kind.number()) - 1], stands);
    }
    let step = application.certification().map_or(0, |step| step.number());
    assert_eq!(at[usize::from(Slot::Certification.number()) - 1], step);
    taken
}

/// Says whether an edge leaves a state of this name and class.
fn leaves(edge: &EdgeDefinition, name: &str, class: &str) -> bool {
    edge.from.iter().any(|left| *left == name || *left == class)
}

/// Says whether the drawing has an edge of this number from there to there.
fn is_drawn(machine: &Definition, moved: &Move) -> bool {
    let state = |number| machine.states.iter().find(|state| state.number == number);
    let Some(to) = state(moved.to) else { return false };
    if moved.edge == 0 {
        return moved.from == 0 && to.name == machine.initial;
    }
    let edge = machine.edges.iter().find(|edge| edge.number == moved.edge);
    let (Some(edge), Some(from)) = (edge, state(moved.from)) else { return false };
    let may_lead_to = |set: &SetDefinition| set.name == edge.to && set.members.contains(&to.name);
    let leads_there = if edge.to == "same" {
        from == to
    } else {
        edge.to == to.name || machine.sets.iter().any(may_lead_to)
    };
    leads_there && leaves(edge, from.name, from.class)
}

/// The edge that a reply takes which moves nothing, and so leaves no line in the journal: the call is only
/// made again. None if it takes no such edge, or nobody waits for it any more.
pub(crate) fn quiet(application: &Application, effect: EffectId, ended: &Ended) -> Option<Taken> {
    let Ended::Told { reply, .. } = ended else { return None };
    application.outbox.iter().find(|pending| pending.id == effect)?;
    let (event, state) = match (reply, effect.slot) {
        (Reply::NotReady, Slot::Collection(kind)) => ("DataNotReady", application.collection(kind)?.state()),
        (Reply::AuditRunning, Slot::Application) => {
            let is_here = |state: &&StateDefinition| state.number == application.state().number();
            ("AuditRunning", MACHINES[0].states.iter().find(is_here)?)
        }
        _ => return None,
    };
    let slot = effect.slot.number();
    let mut edges = MACHINES[usize::from(slot) - 1].edges.iter();
    let edge = edges.find(|edge| edge.on == [event] && leaves(edge, state.name, state.class))?;
    Some((slot, edge.number))
}
