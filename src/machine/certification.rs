//! The certification of an applicant in the mobile app (spec 004; order of spec 006 §7.1).
//!
//! Owns which step is owed next. Nothing of it is stored: where it stands follows from the evidence that
//! is held, so it can never disagree with what is there; its moves are journaled with the application's.

use super::application::{Application, Phase, Plan, Want};
use super::call::Slot;
use super::event::EvidenceAdded;
use super::evidence::{Evidence, EvidenceKind, Supplier};
use super::graph::certification::{Cell, DEFINITION, Edge, EventKind, Target, Timer, cell};
use super::step::Draft;
use super::table::{Outcome, StateDefinition};

pub use super::graph::certification::State;

impl Plan {
    /// Says whether the applicant certifies in the app: who wants the questionnaire, which nobody else
    /// brings, has it.
    pub fn is_certified(&self) -> bool {
        self.evidence.contains(&EvidenceKind::Questionnaire)
    }
}

impl Application {
    /// Says which step of the certification is owed; none where the product has no certification.
    pub fn certification(&self) -> Option<State> {
        let held: Vec<_> = self.evidence.iter().map(|held| held.kind).collect();
        let owed = self.plan.is_certified().then(|| owed(&self.plan, &held))?;
        let is_over = matches!(self.phase, Phase::Expired { want: Want::Evidence });
        Some(if is_over && !owed.is_terminal() { State::Lapsed } else { owed })
    }

    /// Says whether this evidence may still correct the identity number: it is the applicant's, and the
    /// certification goes on.
    pub(crate) fn may_correct_identity(&self, added: &EvidenceAdded) -> bool {
        let is_applicants = |it: &Evidence| it.supplier == Supplier::Applicant;
        let goes_on = self.certification().is_some_and(|state| !state.is_terminal());
        goes_on && added.evidence.iter().all(is_applicants)
    }
}

/// Gives the drawn state with its meaning.
pub fn definition(state: State) -> &'static StateDefinition {
    let found = DEFINITION.states.iter().find(|it| it.number == state.number());
    found.expect("every state is drawn")
}

/// Journals what evidence does to the certification, one move a kind; the first evidence begins it.
pub(crate) fn saved(before: &Application, added: &EvidenceAdded, draft: &mut Draft<'_>) {
    let plan = &before.plan;
    if !plan.is_certified() {
        return;
    }
    let mut held: Vec<_> = before.evidence.iter().map(|held| held.kind).collect();
    if before.version == 0 {
        draft.started(Slot::Certification, State::Questionnaire.number());
    }
    let mut at = owed(plan, &held);
    let mut brought: Vec<_> = added.evidence.iter().map(|new| (event(new.kind), new.kind)).collect();
    // A photo with what was read from it: the reading first, or the correction would be owed in between.
    brought.sort_by_key(|(event, _)| *event != Some(EventKind::IdentitySaved));
    for (event, kind) in brought {
        held.push(kind);
        let to = owed(plan, &held);
        if let Some(edge) = event.and_then(|event| edge(at, event, to)) {
            draft.moved(Slot::Certification, edge.number(), at.number(), to.number());
            at = to;
        }
    }
}

/// Journals that the time for the certification was over, if `after` is the first to say so.
pub(crate) fn lapsed(before: &Application, after: &Application, draft: &mut Draft<'_>) {
    if let (Some(at), Some(State::Lapsed)) = (before.certification(), after.certification())
        && let Some(edge) = edge(at, Timer::IntakeDeadline.event(), State::Lapsed)
    {
        draft.moved(Slot::Certification, edge.number(), at.number(), State::Lapsed.number());
    }
}

/// The first step in the order of the app that is wanted and missing.
fn owed(plan: &Plan, held: &[EvidenceKind]) -> State {
    use EvidenceKind as E;
    let lacks = |kind: E| plan.evidence.contains(&kind) && !held.contains(&kind);
    let steps = [
        (State::Questionnaire, lacks(E::Questionnaire)),
        // The app asks as soon as it has shown the front (spec 004 §5).
        (State::Correction, lacks(E::Identity) && held.contains(&E::FrontPhoto)),
        (State::Photos, [E::FrontPhoto, E::BackPhoto, E::FacePhoto].into_iter().any(lacks)),
        // A product without photos: name and number are typed.
        (State::Correction, lacks(E::Identity)),
        (State::Personal, lacks(E::Personal)),
        (State::Job, lacks(E::Work)),
        (State::Contacts, lacks(E::Contacts)),
        (State::Card, lacks(E::Card)),
    ];
    steps.into_iter().find(|(_, is_owed)| *is_owed).map_or(State::Complete, |(step, _)| step)
}

/// Says whether the app asks for evidence of a kind.
pub(crate) const fn asks_for(kind: EvidenceKind) -> bool {
    event(kind).is_some()
}

/// What evidence of a kind is to the certification; none if it is nothing to it.
const fn event(kind: EvidenceKind) -> Option<EventKind> {
    match kind {
        EvidenceKind::Questionnaire => Some(EventKind::QuestionnaireSaved),
        EvidenceKind::FacePhoto | EvidenceKind::FrontPhoto | EvidenceKind::BackPhoto => {
            Some(EventKind::PhotoSaved)
        }
        EvidenceKind::Identity => Some(EventKind::IdentitySaved),
        EvidenceKind::Personal => Some(EventKind::PersonalSaved),
        EvidenceKind::Work => Some(EventKind::JobSaved),
        EvidenceKind::Contacts => Some(EventKind::ContactsSaved),
        EvidenceKind::Card => Some(EventKind::CardSaved),
        EvidenceKind::Loan
        | EvidenceKind::IdentityCard
        | EvidenceKind::Device
        | EvidenceKind::AddressBook
        | EvidenceKind::OperatorData
        | EvidenceKind::Profile => None,
    }
}

/// The edge that is taken; none where an event moves nothing any more.
fn edge(from: State, event: EventKind, to: State) -> Option<Edge> {
    let rows = match cell(from, event) {
        Cell::Rows(rows) => *rows,
        Cell::Otherwise(Outcome::Ignore | Outcome::Late | Outcome::Reject) => return None,
    };
    let row = rows.first().expect("a cell with rows has one");
    let is_drawn = match row.target {
        Target::State(state) => state == to,
        Target::Set(set) => set.members().contains(&to),
        Target::Same => from == to,
    };
    assert!(is_drawn, "edge {} led to {}, which is not drawn", row.edge.name(), to.name());
    Some(row.edge)
}
