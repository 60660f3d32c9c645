//! Between operators and the engine.

use super::check::Check;
use super::terms::{Mutation, terms};
use super::{application, name, timestamp, transition};
use crate::api::proto::v1::stuck_group::Kind as WireKind;
use crate::api::proto::v1::{
    ApproveApplicationRequest, ClaimReviewRequest, HoldApplicationRequest, ListStuckResponse,
    OperatorResponse, RejectApplicationRequest, ReleaseApplicationRequest, RestartCollectionRequest,
    ResumeApplicationRequest, RetryNowRequest, ReturnReviewRequest, StuckGroup,
};
use crate::engine::archive::Archive;
use crate::engine::core::{Done, Terms};
use crate::engine::stuck::{Group, Kind};
use crate::machine::collection::CollectionKind;
use crate::machine::event::By;
use crate::machine::id::ApplicationId;
use crate::store::Store;
use tonic::Status;

/// A request of an operator, or of a reviewer.
pub(in super::super) trait Steering: Mutation {
    /// Takes out of it what is meant, who asks, and why.
    fn into_parts(self) -> (String, String, String);
}

macro_rules! steering {
    ($($request:ident),*) => {
        $(impl Steering for $request {
            fn into_parts(self) -> (String, String, String) {
                (self.name, self.actor, self.reason)
            }
        })*
    };
}

steering!(
    HoldApplicationRequest,
    ReleaseApplicationRequest,
    RestartCollectionRequest,
    ResumeApplicationRequest,
    RetryNowRequest,
    ClaimReviewRequest,
    ReturnReviewRequest,
    ApproveApplicationRequest,
    RejectApplicationRequest
);

/// What every operator's request has: what is meant, who asks and why, and on which terms.
type Asked<T> = (T, By, Terms);

/// Checks what is asked about an application.
pub(in super::super) fn steering<S: Store>(
    request: impl Steering,
    archive: &Archive<S>,
) -> Result<Asked<ApplicationId>, Status> {
    asked(request, archive, |check, name| check.application("name", name))
}

/// Checks what is asked about a collection.
pub(in super::super) fn collection_steering<S: Store>(
    request: impl Steering,
    archive: &Archive<S>,
) -> Result<Asked<(ApplicationId, CollectionKind)>, Status> {
    asked(request, archive, |check, name| {
        name::read_collection(name).or_else(|| {
            let kinds = CollectionKind::ALL.map(CollectionKind::name).join(", ");
            let text = format!("must be applications/{{id}}/collections/{{kind}}, kind one of {kinds}");
            check.wrong("name", text)
        })
    })
}

fn asked<S: Store, T>(
    mut request: impl Steering,
    archive: &Archive<S>,
    read: impl FnOnce(&mut Check, &str) -> Option<T>,
) -> Result<Asked<T>, Status> {
    let mut check = Check::default();
    let terms = terms(&mut check, &mut request, archive);
    let (name, actor, reason) = request.into_parts();
    let id = read(&mut check, &name);
    let by = by(&mut check, actor, reason);
    let made = || Some((id?, by?, terms?));
    let made = made();
    check.finish(made)
}

pub(super) fn by(check: &mut Check, actor: String, reason: String) -> Option<By> {
    let actor = check.label("actor", actor);
    let reason = check.reason("reason", reason);
    actor.zip(reason).map(|(actor, reason)| By { actor, reason })
}

/// Shows what became of an operator's request.
pub(in super::super) fn steered(done: &Done) -> OperatorResponse {
    let application = Some(application::view(&done.view));
    OperatorResponse { application, calls: transition::calls(&done.calls) }
}

/// The most groups that are told at once: with their words they stay far below the largest message.
const GROUPS_LIMIT: usize = 1_000;

/// Shows what is stuck: the largest groups, and how many there are besides.
pub(in super::super) fn stuck(groups: Vec<Group>) -> ListStuckResponse {
    let untold = groups.len().saturating_sub(GROUPS_LIMIT);
    ListStuckResponse {
        groups: groups.into_iter().take(GROUPS_LIMIT).map(group).collect(),
        untold_groups: i64::try_from(untold).unwrap_or(i64::MAX),
    }
}

fn group(group: Group) -> StuckGroup {
    let Group { kind, reason, fingerprint, place, detail, count, oldest, names } = group;
    let kind = match kind {
        Kind::Suspended => WireKind::Suspended,
        Kind::Parked => WireKind::Parked,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::samples;

    #[test]
    fn the_largest_groups_fit_a_message_and_the_rest_is_counted() {
        use prost::Message as _;
        let words = "言".repeat(crate::machine::challenge::MESSAGE_LIMIT);
        let group = |at: u64| Group {
            kind: Kind::Held,
            reason: "HELD".to_owned(),
            fingerprint: format!("{at:016}"),
            place: "application CAPTCHA_REQUIRED".to_owned(),
            detail: words.clone(),
            count: 7,
            oldest: samples::NOW,
            names: vec![samples::ID; crate::engine::stuck::SAMPLES],
        };
        let told = stuck((0..1_234).map(group).collect());
        assert_eq!((told.groups.len(), told.untold_groups), (1_000, 234));
        assert!(told.encoded_len() < 4 << 20, "{} bytes", told.encoded_len());
        assert_eq!(stuck((0..3).map(group).collect()).untold_groups, 0);
    }
}
