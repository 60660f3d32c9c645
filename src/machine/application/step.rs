//! What becomes of the application machine when something happens (spec 006 §6).

use super::{Application, Decider, Hold, Lease, Phase, Rejection, Want};
use crate::machine::call::{Call, Cause, Slot};
use crate::machine::challenge::bounded;
use crate::machine::collection::{Collection, CollectionKind, Standing};
use crate::machine::event::{By, EvidenceAdded};
use crate::machine::evidence::{Document, DocumentKind, EvidenceKind};
use crate::machine::graph::application::{Cell, Edge, EventKind, Guard, Target, Timer, cell};
use crate::machine::step::{Asked, Draft, Taken};
use crate::machine::table::Outcome;
use std::time::Duration;

/// What can happen to the application machine.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    EvidenceAdded(EvidenceAdded),
    CancelRequested { reason: String },
    ResumeRequested,
    RetryRequested,
    RestartRequested,
    HoldRequested { by: By },
    ReleaseRequested,
    ClaimRequested { by: By },
    ReturnRequested,
    ApproveRequested,
    RejectRequested { by: By },
    OutageCounted { by: Duration },
    BlacklistClear,
    BlacklistHit,
    AuditAccepted { open_id: String },
    AuditRunning,
    AuditApproved,
    AuditRejected { reason: String },
    CallRefused { message: String },
    CallFailed { cause: Cause },
    Summary(Standing),
    Timer(Timer),
}

impl Event {
    pub(crate) const fn kind(&self) -> EventKind {
        match self {
            Self::EvidenceAdded(_) => EventKind::EvidenceAdded,
            Self::CancelRequested { .. } => EventKind::CancelRequested,
            Self::ResumeRequested => EventKind::ResumeRequested,
            Self::RetryRequested => EventKind::RetryRequested,
            Self::RestartRequested => EventKind::RestartRequested,
            Self::HoldRequested { .. } => EventKind::HoldRequested,
            Self::ReleaseRequested => EventKind::ReleaseRequested,
            Self::ClaimRequested { .. } => EventKind::ClaimRequested,
            Self::ReturnRequested => EventKind::ReturnRequested,
            Self::ApproveRequested => EventKind::ApproveRequested,
            Self::RejectRequested { .. } => EventKind::RejectRequested,
            Self::OutageCounted { .. } => EventKind::OutageCounted,
            Self::BlacklistClear => EventKind::BlacklistClear,
            Self::BlacklistHit => EventKind::BlacklistHit,
            Self::AuditAccepted { .. } => EventKind::AuditAccepted,
            Self::AuditRunning => EventKind::AuditRunning,
            Self::AuditApproved => EventKind::AuditApproved,
            Self::AuditRejected { .. } => EventKind::AuditRejected,
            Self::CallRefused { .. } => EventKind::CallRefused,
            Self::CallFailed { .. } => EventKind::CallFailed,
            Self::Summary(Standing::InputNeeded) => EventKind::InputNeeded,
            Self::Summary(Standing::Running) => EventKind::Running,
            Self::Summary(Standing::Delivered) => EventKind::Delivered,
            Self::Summary(Standing::Parked | Standing::Exhausted) => EventKind::Parked,
            Self::Timer(timer) => timer.event(),
        }
    }
}

impl Application {
    /// Says whether an edge is drawn for `event` where it stands.
    pub(crate) fn takes(&self, event: &Event) -> bool {
        matches!(cell(self.state(), event.kind()), Cell::Rows(_))
    }
}

/// Lets `event` happen to the application machine of `application`.
pub(crate) fn step(application: &Application, event: Event, draft: &mut Draft<'_>) -> Taken<Application> {
    let from = application.state();
    let rows = match cell(from, event.kind()) {
        Cell::Rows(rows) => *rows,
        Cell::Otherwise(Outcome::Ignore) => return Taken::Ignored,
        Cell::Otherwise(Outcome::Late) => return Taken::Late,
        Cell::Otherwise(Outcome::Reject) => return Taken::Rejected,
    };
    let mut next = application.clone();
    if let Event::EvidenceAdded(added) = &event {
        add(&mut next, added);
    }
    let row = rows
        .iter()
        .find(|row| row.guard.is_none_or(|guard| holds(guard, &next)))
        .expect("the last row of a cell is unguarded: the generator sees to it");
    if row.edge == Edge::AuditRunning {
        return Taken::Quiet(ask_result(&next, draft));
    }
    next.phase = act(row.edge, &mut next, event, draft);
    let to = next.state();
    let drawn = match row.target {
        Target::State(state) => state == to,
        Target::Set(set) => set.members().contains(&to),
        Target::Same => from == to,
    };
    assert!(drawn, "edge {} led from {} to {}, which is not drawn", row.edge.name(), from.name(), to.name());
    if from != to {
        next.since = draft.now;
    }
    if next.phase.deadline() != application.phase.deadline() {
        next.counted = Some(draft.now);
    }
    if to.is_terminal() {
        draft.withdraw_all();
        next.held = None;
        next.credentials = None;
        next.collections.iter_mut().for_each(Collection::drop_answer);
    }
    draft.moved(Slot::Application, row.edge.number(), from.number(), to.number());
    Taken::Moved(next)
}

fn holds(guard: Guard, application: &Application) -> bool {
    let mut standings = application.collections.iter().map(|it| (it.standing(), it.required));
    match guard {
        Guard::Complete => application.plan.blacklist && application.missing().is_empty(),
        Guard::CompleteUnscreened => !application.plan.blacklist && application.missing().is_empty(),
        Guard::CollectionsNeeded => !application.plan.collections.is_empty(),
        Guard::AllDelivered => application.all_delivered(),
        Guard::InputNeeded => standings.any(|(standing, _)| standing == Standing::InputNeeded),
        Guard::ApplicantExhausted => standings.any(|it| it == (Standing::Exhausted, true)),
        Guard::NothingMoves => {
            !standings.any(|(standing, _)| matches!(standing, Standing::InputNeeded | Standing::Running))
        }
    }
}

/// Does what the edge says: the new phase and the calls it asks for.
fn act(edge: Edge, next: &mut Application, event: Event, draft: &mut Draft<'_>) -> Phase {
    let policy = draft.policy;
    match edge {
        Edge::EvidenceCompleted => {
            ask_blacklist(next, draft);
            next.phase.clone()
        }
        // Who took the review has not seen it.
        Edge::EvidenceReplaced if next.lease().is_some() => {
            Phase::ReviewPending { reminder: draft.now + policy.reminder, lease: None }
        }
        Edge::EvidenceAdded | Edge::EvidenceReplaced => next.phase.clone(),
        Edge::EvidenceCompletedUnscreened if next.plan.collections.is_empty() => decide(next, draft),
        Edge::EvidenceCompletedUnscreened | Edge::CollectionsStarted => {
            Phase::Collecting { deadline: draft.now + policy.collections }
        }
        Edge::NothingToCollect | Edge::Collected | Edge::CollectedWithoutOptional => decide(next, draft),
        Edge::Blacklisted => Phase::Rejected { reason: Rejection::Blacklisted },
        Edge::IntakeOverdue => Phase::Expired { want: Want::Evidence },
        Edge::InputAsked | Edge::InputAskedElsewhere | Edge::DeliveredInputAsked | Edge::ParkedInputAsked => {
            Phase::CaptchaRequired { deadline: collections_until(next) }
        }
        Edge::InputGiven | Edge::DeliveredStillCollecting | Edge::ParkedStillCollecting => {
            Phase::Collecting { deadline: collections_until(next) }
        }
        Edge::ApplicantExhausted => Phase::Expired { want: Want::Applicant },
        Edge::Parked | Edge::DeliveredOthersParked => suspended(next, Cause::CollectionsParked, draft),
        Edge::CollectionsOverdue => Phase::Expired { want: Want::Collections },
        Edge::AuditAccepted => {
            let Event::AuditAccepted { open_id } = event else { unreachable!("drawn on AuditAccepted only") };
            let call = Call::AuditResult { open_id: open_id.clone() };
            draft.call(Slot::Application, call, policy.audit_min);
            Phase::AuditPending { open_id, deadline: draft.now + policy.audit }
        }
        Edge::AuditRunning => unreachable!("it moves nothing"),
        Edge::AuditApproved => Phase::Approved,
        Edge::AuditRejected => {
            let Event::AuditRejected { reason } = event else { unreachable!("drawn on AuditRejected only") };
            Phase::Rejected { reason: Rejection::Audit { reason: bounded(&reason) } }
        }
        Edge::AuditOverdue => suspended(next, Cause::AuditOverdue, draft),
        Edge::CallRefused => {
            let Event::CallRefused { message } = event else { unreachable!("drawn on CallRefused only") };
            suspended(next, Cause::Refused { detail: bounded(&message) }, draft)
        }
        Edge::CallFailed => {
            let Event::CallFailed { cause } = event else { unreachable!("drawn on CallFailed only") };
            suspended(next, cause, draft)
        }
        Edge::Resumed => resume(next, draft),
        Edge::Reminded | Edge::HoldReminded | Edge::ReviewReminded => remind(next, draft),
        Edge::Claimed => {
            let Event::ClaimRequested { by } = event else { unreachable!("drawn on ClaimRequested only") };
            let lease = Lease { reviewer: by.actor, until: draft.now + policy.review };
            Phase::ReviewPending { reminder: draft.now + policy.reminder, lease: Some(lease) }
        }
        Edge::Returned | Edge::LeaseOver => {
            Phase::ReviewPending { reminder: draft.now + policy.reminder, lease: None }
        }
        Edge::ApprovedByPerson => Phase::Approved,
        Edge::RejectedByPerson => {
            let Event::RejectRequested { by } = event else { unreachable!("drawn on RejectRequested only") };
            Phase::Rejected { reason: Rejection::Review { reason: bounded(&by.reason) } }
        }
        Edge::Retried => {
            draft.hurry();
            next.phase.clone()
        }
        Edge::CollectionRestarted | Edge::CollectionsResumed => next.phase.clone(),
        Edge::Held => {
            let Event::HoldRequested { by } = event else { unreachable!("drawn on HoldRequested only") };
            let since = next.held.as_ref().map_or(draft.now, |held| held.since);
            next.held = Some(Hold { since, by, reminder: draft.now + policy.reminder });
            next.phase.clone()
        }
        Edge::Released => release(next, draft),
        Edge::OutageCounted => {
            let Event::OutageCounted { by } = event else { unreachable!("drawn on OutageCounted only") };
            postponed(&next.phase, by)
        }
        Edge::Cancelled => {
            let Event::CancelRequested { reason } = event else {
                unreachable!("drawn on CancelRequested only")
            };
            Phase::Cancelled { reason: bounded(&reason) }
        }
    }
}

/// Takes evidence in: a newer document takes the place of an older one of the same kind.
fn add(next: &mut Application, added: &EvidenceAdded) {
    let has = |documents: &[Document], kind| documents.iter().any(|held| held.kind == kind);
    let is_base_after_additional =
        has(&next.documents, DocumentKind::AdditionalPush) && has(&added.documents, DocumentKind::BasePush);
    let knows_amount = next.evidence.iter().any(|held| held.kind == EvidenceKind::Loan);
    let may_correct = next.may_correct_identity(added);
    next.documents.extend(&added.documents);
    for evidence in &added.evidence {
        // Of the two pushes of an order the additional one tells the amount, whichever comes first
        // (spec 005 A-000-6).
        if evidence.kind == EvidenceKind::Loan && knows_amount && is_base_after_additional {
            continue;
        }
        next.evidence.retain(|held| held.kind != evidence.kind);
        next.evidence.push(*evidence);
    }
    next.phone = next.phone.or(added.phone);
    next.identity =
        if may_correct { added.identity.or(next.identity) } else { next.identity.or(added.identity) };
    let is_of_use = next.collections.is_empty() && next.plan.wants(CollectionKind::Telecom);
    if is_of_use && added.credentials.is_some() {
        next.credentials.clone_from(&added.credentials);
    }
}

/// Hands it to whoever decides.
fn decide(next: &Application, draft: &mut Draft<'_>) -> Phase {
    match next.plan.decider {
        Decider::Provider => {
            draft.call(Slot::Application, Call::AuditApply, Duration::ZERO);
            Phase::DataReady
        }
        Decider::Person => Phase::ReviewPending { reminder: draft.now + draft.policy.reminder, lease: None },
    }
}

fn ask_blacklist(next: &Application, draft: &mut Draft<'_>) {
    if next.pending(Slot::Application).is_none() {
        draft.call(Slot::Application, Call::Blacklist, Duration::ZERO);
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the edge is drawn from these phases only")]
fn collections_until(application: &Application) -> crate::machine::time::Time {
    match &application.phase {
        Phase::Collecting { deadline } | Phase::CaptchaRequired { deadline } => *deadline,
        other => unreachable!("no collection runs in {other:?}"),
    }
}

fn suspended(next: &Application, cause: Cause, draft: &mut Draft<'_>) -> Phase {
    draft.withdraw(Slot::Application);
    let origin = Box::new(next.phase.clone());
    Phase::Suspended { origin, cause, reminder: draft.now + draft.policy.reminder }
}

/// Goes on where it stood, with new time for what is ours to wait for; what was being asked is
/// asked again, what was finished is not.
#[expect(clippy::wildcard_enum_match_arm, reason = "the edge is drawn from these phases only")]
fn resume(next: &Application, draft: &mut Draft<'_>) -> Phase {
    let Phase::Suspended { origin, .. } = &next.phase else {
        unreachable!("only a suspended application is resumed")
    };
    let policy = draft.policy;
    match &**origin {
        Phase::Init { .. } => {
            if next.missing().is_empty() {
                draft.call(Slot::Application, Call::Blacklist, Duration::ZERO);
            }
            Phase::Init { deadline: draft.now + policy.intake }
        }
        Phase::Collecting { .. } => Phase::Collecting { deadline: draft.now + policy.collections },
        Phase::CaptchaRequired { .. } => Phase::CaptchaRequired { deadline: draft.now + policy.collections },
        Phase::DataReady => {
            draft.call(Slot::Application, Call::AuditApply, Duration::ZERO);
            Phase::DataReady
        }
        Phase::AuditPending { open_id, .. } => {
            draft.call(Slot::Application, Call::AuditResult { open_id: open_id.clone() }, Duration::ZERO);
            Phase::AuditPending { open_id: open_id.clone(), deadline: draft.now + policy.audit }
        }
        other => unreachable!("nothing is suspended in {other:?}"),
    }
}

/// Says again that somebody must look: it is suspended, or held, or both.
fn remind(next: &mut Application, draft: &Draft<'_>) -> Phase {
    let at = draft.now + draft.policy.reminder;
    if let Some(held) = &mut next.held {
        held.reminder = at;
    }
    let mut phase = next.phase.clone();
    if let Phase::Suspended { reminder, .. } | Phase::ReviewPending { reminder, .. } = &mut phase {
        *reminder = at;
    }
    phase
}

/// Goes on after a hold: what is ours to wait for is waited for as much longer as it was held, and
/// the waiting calls are made now. The provider's time went on meanwhile.
fn release(next: &mut Application, draft: &mut Draft<'_>) -> Phase {
    let held = next.held.take().map_or(Duration::ZERO, |held| draft.now.since(held.since));
    draft.hurry();
    next.collections.iter_mut().for_each(|it| it.postpone(held));
    if let Phase::Suspended { .. } | Phase::ReviewPending { lease: None, .. } = &next.phase {
        return remind(next, draft);
    }
    postponed(&next.phase, held)
}

/// The same, with deadlines of ours that much later.
fn postponed(phase: &Phase, by: Duration) -> Phase {
    let mut phase = phase.clone();
    match &mut phase {
        Phase::Init { deadline }
        | Phase::Collecting { deadline }
        | Phase::CaptchaRequired { deadline }
        | Phase::AuditPending { deadline, .. } => *deadline = *deadline + by,
        Phase::ReviewPending { lease: Some(lease), .. } => lease.until = lease.until + by,
        Phase::ReviewPending { lease: None, .. }
        | Phase::Suspended { .. }
        | Phase::DataReady
        | Phase::Approved
        | Phase::Rejected { .. }
        | Phase::Cancelled { .. }
        | Phase::Expired { .. } => {}
    }
    phase
}

/// The next question for the audit's result.
fn ask_result(application: &Application, draft: &Draft<'_>) -> Asked {
    let Phase::AuditPending { open_id, .. } = &application.phase else { unreachable!("only an audit runs") };
    let after = draft.policy.audit_after(draft.now.since(application.since));
    Asked { call: Call::AuditResult { open_id: open_id.clone() }, after }
}
