//! From a journal to the wire.

use super::request::{History, history_scope};
use super::{name, timestamp, token, version};
use crate::api::proto::v1::transition::{Call, Move};
use crate::api::proto::v1::{ListTransitionsResponse, Transition};
use crate::engine::archive::Archive;
use crate::machine::call::EffectId;
use crate::machine::id::ApplicationId;
use crate::machine::step;
use crate::store::Store;
use crate::store::records::journal::Entry;

/// Shows a page of a journal. A full page may be the last, which an empty one then says.
pub(in super::super) fn transitions<S: Store>(
    asked: &History,
    entries: &[(u64, Entry)],
    archive: &Archive<S>,
) -> ListTransitionsResponse {
    let id = asked.application;
    let next = |(last, _): &(u64, Entry)| token::write(archive, &history_scope(id), &last.to_be_bytes());
    let last = entries.last().filter(|_| entries.len() >= asked.size);
    ListTransitionsResponse {
        transitions: entries.iter().map(|(version, entry)| transition(id, *version, entry)).collect(),
        next_page_token: last.map(next).unwrap_or_default(),
    }
}

fn transition(application: ApplicationId, number: u64, entry: &Entry) -> Transition {
    Transition {
        name: name::transition(application, number),
        version: version(number),
        time: Some(timestamp(entry.at)),
        event: entry.happening.name().to_owned(),
        detail: entry.detail.clone(),
        answered_call_id: entry.answers.as_ref().map(call_id).unwrap_or_default(),
        moves: entry.moves.iter().map(moved).collect(),
        calls: calls(&entry.calls),
        actor: entry.actor.clone(),
        withdrawn_call_ids: entry.withdrawn.iter().map(call_id).collect(),
    }
}

/// Shows calls that were asked for.
pub(super) fn calls(of: &[(EffectId, String)]) -> Vec<Call> {
    of.iter().map(|(id, call)| Call { call_id: call_id(id), call: call.clone() }).collect()
}

fn moved(of: &step::Move) -> Move {
    let (machine, edge, from_state, to_state) = step::names(of);
    Move {
        machine: machine.to_owned(),
        edge: edge.to_owned(),
        from_state: from_state.to_owned(),
        to_state: to_state.to_owned(),
    }
}

fn call_id(id: &EffectId) -> String {
    format!("{}.{}", id.version, id.slot.name())
}
