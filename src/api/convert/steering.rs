//! Between operators and the engine.

use super::check::Check;
use super::{application, name, timestamp, transition};
use crate::api::proto::v1::stuck_group::Kind as WireKind;
use crate::api::proto::v1::{ListStuckResponse, OperatorResponse, StuckGroup};
use crate::engine::core::Done;
use crate::engine::stuck::{Group, Kind};
use crate::machine::event::By;
use crate::machine::id::ApplicationId;
use tonic::Status;

/// Checks what every operator's request has: what is meant, who asks, and why.
pub(in super::super) fn steering(
    name: &str,
    actor: String,
    reason: String,
) -> Result<(ApplicationId, By), Status> {
    let mut check = Check::default();
    let id = check.application("name", name);
    let by = by(&mut check, actor, reason);
    check.finish(id.zip(by))
}

/// The same, of a collection. There is one kind, so that its application says which.
pub(in super::super) fn collection_steering(
    name: &str,
    actor: String,
    reason: String,
) -> Result<(ApplicationId, By), Status> {
    let mut check = Check::default();
    let found = name::read_collection(name).map(|(id, _telecom)| id);
    let id = found.or_else(|| check.wrong("name", "must be applications/{id}/collections/telecom"));
    let by = by(&mut check, actor, reason);
    check.finish(id.zip(by))
}

fn by(check: &mut Check, actor: String, reason: String) -> Option<By> {
    let actor = check.label("actor", actor);
    let reason = check.reason("reason", reason);
    actor.zip(reason).map(|(actor, reason)| By { actor, reason })
}

/// Shows what became of an operator's request.
pub(in super::super) fn steered(done: &Done) -> OperatorResponse {
    let application = Some(application::view(&done.view));
    OperatorResponse { application, calls: transition::calls(&done.calls) }
}

/// Shows what is stuck.
pub(in super::super) fn stuck(groups: Vec<Group>) -> ListStuckResponse {
    ListStuckResponse { groups: groups.into_iter().map(group).collect() }
}

fn group(group: Group) -> StuckGroup {
    let Group { kind, reason, fingerprint, place, detail, count, oldest, names } = group;
    let kind = match kind {
        Kind::Suspended => WireKind::Suspended,
        Kind::Held => WireKind::Held,
        Kind::Retrying => WireKind::Retrying,
        Kind::Outage => WireKind::Outage,
    };
    StuckGroup {
        kind: kind.into(),
        reason,
        fingerprint,
        place,
        detail,
        count: i64::try_from(count).unwrap_or(i64::MAX),
        oldest_time: Some(timestamp(oldest)),
        names: names.into_iter().map(name::application_name).collect(),
    }
}
