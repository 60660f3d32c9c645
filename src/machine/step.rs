//! The one entrance of the core: an application, an event and the time in, what follows out.

mod draft;
mod reply;
#[cfg(test)]
mod tests;

pub(crate) use self::draft::{Asked, Draft, Taken};

use super::application::step as application;
use super::application::{Application, Deadline, Lease, Phase, Plan, Source};
use super::call::{EffectId, Pending, Slot};
use super::certification;
use super::challenge::{Challenge, ChallengeKind, SealedAnswer};
use super::collection::step as collection;
use super::collection::{Collection, CollectionKind, Standing, StateNumber};
use super::event::{By, Event, EvidenceAdded};
use super::evidence::{Document, DocumentKind, Evidence, EvidenceKind};
use super::graph;
use super::graph::application::EventKind;
use super::id::ApplicationId;
use super::policy::Policy;
use super::time::Time;

/// What follows from an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Something new: to be stored, then carried out.
    Moved(Box<Moved>),
    /// Nothing new: ask again, which need not be stored.
    Quiet(Pending),
    /// Nothing new, nothing to do: the event had happened before, or came to nothing.
    Ignored,
}

/// A new value with what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The new value, its version one higher.
    pub application: Application,
    /// The edges taken, in order; none if what happened came too late to matter.
    pub moves: Vec<Move>,
    /// What is to be carried out once the value is stored.
    pub effects: Vec<Effect>,
}

/// One edge taken by one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Which machine: its slot has its number.
    pub slot: Slot,
    /// The edge's number; 0 for the arrival in the initial state.
    pub edge: u16,
    /// The number of the state it left; 0 for the arrival in the initial state.
    pub from: u16,
    /// The number of the state it reached.
    pub to: u16,
}

/// What the core asks the outside to do; a closed list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make this call when it is due.
    Call(Pending),
    /// Make this call now, which was asked for before, unless it is under way.
    Hurry(Pending),
    /// This call is asked for no more; if it is under way its reply will be late.
    Withdraw(EffectId),
    /// Destroy the key of this answer.
    Destroy(SealedAnswer),
}

/// The machine says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The table rejects the event in this state.
    NotAllowed {
        /// The machine's name.
        machine: &'static str,
        /// The state's name.
        state: &'static str,
        /// The event's name.
        event: &'static str,
    },
    /// No challenge of this number was ever asked.
    UnknownChallenge {
        /// The number.
        challenge: u32,
    },
    /// The challenge was answered before, or is void.
    ClosedChallenge {
        /// The number.
        challenge: u32,
    },
    /// The challenge asks for something else.
    WrongKind {
        /// What it asks for.
        asked: ChallengeKind,
        /// What was answered.
        answered: ChallengeKind,
    },
    /// What was brought contradicts what is there.
    Disagrees {
        /// The field.
        field: &'static str,
    },
    /// A document of this number is there already.
    DocumentTaken {
        /// The number.
        number: u32,
    },
    /// There are too many documents.
    TooManyDocuments,
    /// It is not held.
    NotHeld,
    /// Somebody else reviews it.
    Leased {
        /// Who.
        reviewer: String,
        /// Until when.
        until: Time,
    },
    /// Whoever decides must take the review first.
    NotLeased,
    /// It is held: nobody decides about it.
    IsHeld,
    /// Evidence is too old to be approved on.
    Stale {
        /// Which.
        kind: EvidenceKind,
    },
    /// No call waits.
    NothingToRetry,
    /// No such collection was started.
    NoCollection {
        /// Which.
        collection: CollectionKind,
    },
}

/// How many documents an application may hold.
pub const DOCUMENTS_LIMIT: usize = 200;

/// What a new application begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Birth {
    /// Its id.
    pub id: ApplicationId,
    /// Who brought it.
    pub source: Source,
    /// What its product wants.
    pub plan: Plan,
    /// The number under which it will be audited.
    pub order_id: u64,
    /// The slot of its data key.
    pub key: u32,
}

/// Creates an application from its first evidence.
pub fn create(birth: Birth, evidence: EvidenceAdded, now: Time, policy: &Policy) -> Result<Moved, Refusal> {
    let Birth { id, source, plan, order_id, key } = birth;
    let unborn = Application {
        id,
        version: 0,
        created: now,
        since: now,
        source,
        plan,
        order_id,
        key,
        phone: None,
        identity: None,
        documents: Vec::new(),
        evidence: Vec::new(),
        credentials: None,
        phase: Phase::Init { deadline: now + policy.intake },
        counted: None,
        collections: Vec::new(),
        challenges: 0,
        outbox: Vec::new(),
        held: None,
    };
    match step(&unborn, Event::EvidenceAdded(evidence), now, policy)? {
        Verdict::Moved(mut moved) => {
            let to = unborn.state().number();
            moved.moves.insert(0, Move { slot: Slot::Application, edge: 0, from: 0, to });
            Ok(*moved)
        }
        Verdict::Quiet(_) | Verdict::Ignored => unreachable!("first evidence is never without consequence"),
    }
}

/// Lets `event` happen to `application` at `now`.
pub fn step(application: &Application, event: Event, now: Time, policy: &Policy) -> Result<Verdict, Refusal> {
    let draft = &mut Draft::new(application, now, policy);
    match event {
        Event::EvidenceAdded(added) => {
            let is_fresh =
                |added: &EvidenceAdded| !added.evidence.iter().any(|it| application.is_stale(it.kind, now));
            if is_known(application, &added) && is_fresh(&added) {
                return Ok(Verdict::Ignored);
            }
            check_evidence(application, &added)?;
            draft.brought.clone_from(&added.credentials);
            own(application, application::Event::EvidenceAdded(added), draft)
        }
        Event::CancelRequested { reason } => {
            own(application, application::Event::CancelRequested { reason }, draft)
        }
        Event::ResumeRequested { .. } => resume(application, draft),
        Event::RetryRequested { .. } => {
            let is_idle = application.outbox.is_empty();
            let event = application::Event::RetryRequested;
            if is_idle && application.takes(&event) {
                Err(Refusal::NothingToRetry)
            } else {
                own(application, event, draft)
            }
        }
        Event::RestartRequested { collection, .. } => restart(application, collection, draft),
        Event::HoldRequested { by } => own(application, application::Event::HoldRequested { by }, draft),
        Event::ReleaseRequested { .. } => {
            let event = application::Event::ReleaseRequested;
            let is_free = application.held.is_none();
            if is_free && application.takes(&event) {
                Err(Refusal::NotHeld)
            } else {
                own(application, event, draft)
            }
        }
        Event::ClaimRequested { by } => {
            review(application, application::Event::ClaimRequested { by: by.clone() }, &by, draft)
        }
        Event::ReturnRequested { by } => review(application, application::Event::ReturnRequested, &by, draft),
        Event::ApproveRequested { by } => {
            review(application, application::Event::ApproveRequested, &by, draft)
        }
        Event::RejectRequested { by } => {
            review(application, application::Event::RejectRequested { by: by.clone() }, &by, draft)
        }
        Event::AnswerSubmitted { challenge, kind, answer } => {
            let asked = open_challenge(application, challenge)?;
            if asked.kind != kind {
                return Err(Refusal::WrongKind { asked: asked.kind, answered: kind });
            }
            let of = asked.collection;
            of_collection(application, of, collection::Event::AnswerSubmitted { answer }, draft)
        }
        Event::ResendRequested { challenge } => {
            let of = open_challenge(application, challenge)?.collection;
            of_collection(application, of, collection::Event::ResendRequested, draft)
        }
        Event::OutageCounted { slot, by } => match slot {
            Slot::Application => own(application, application::Event::OutageCounted { by }, draft),
            Slot::Collection(of) => {
                of_collection(application, of, collection::Event::OutageCounted { by }, draft)
            }
            Slot::Certification => Ok(Verdict::Ignored),
        },
        Event::Replied { effect, reply } => reply::replied(application, effect, reply, draft),
        Event::Due => match application.deadline().filter(|(at, _)| *at <= now) {
            None => Ok(Verdict::Ignored),
            Some((_, Deadline::Application(timer))) => {
                own(application, application::Event::Timer(timer), draft)
            }
            Some((_, Deadline::Collection(of, timer))) => {
                of_collection(application, of, collection::Event::Timer(timer), draft)
            }
        },
    }
}

/// All of it came before, word for word, and nothing newer of its kind since: of what was received
/// whole the newest counts, of evidence given by itself what is in force.
fn is_known(application: &Application, added: &EvidenceAdded) -> bool {
    let newest = |of: &Document| application.documents.iter().rev().find(|held| held.kind == of.kind);
    // A photo says nothing without its side, which the dossier beside it knows.
    let is_whole = |new: &&Document| new.kind != DocumentKind::Dossier && new.kind != DocumentKind::Photo;
    let mut originals = added.documents.iter().filter(is_whole).peekable();
    if originals.peek().is_some() {
        return originals.all(|new| newest(new).is_some_and(|held| held.fingerprint == new.fingerprint));
    }
    let fingerprint = |number: u32, documents: &[Document]| {
        documents.iter().find(|document| document.number == number).map(|document| document.fingerprint)
    };
    let is_in_force = |new: &Evidence| {
        let held = application.evidence.iter().find(|held| held.kind == new.kind);
        held.is_some_and(|held| {
            fingerprint(held.document, &application.documents) == fingerprint(new.document, &added.documents)
        })
    };
    !added.evidence.is_empty() && added.evidence.iter().all(is_in_force)
}

fn check_evidence(application: &Application, added: &EvidenceAdded) -> Result<(), Refusal> {
    if application.may_be_audited() {
        return Err(rejected(application, EventKind::EvidenceAdded));
    }
    if differs(application.phone, added.phone) {
        return Err(Refusal::Disagrees { field: "phone" });
    }
    if differs(application.identity, added.identity) && !application.may_correct_identity(added) {
        return Err(Refusal::Disagrees { field: "identity number" });
    }
    if application.documents.len() + added.documents.len() > DOCUMENTS_LIMIT {
        return Err(Refusal::TooManyDocuments);
    }
    for new in &added.documents {
        if application.documents.iter().any(|old| old.number == new.number) {
            return Err(Refusal::DocumentTaken { number: new.number });
        }
    }
    Ok(())
}

fn differs(held: Option<[u8; 16]>, told: Option<[u8; 16]>) -> bool {
    matches!((held, told), (Some(held), Some(told)) if held != told)
}

/// Finds an open challenge, and the kind of the collection that asks it.
///
/// # Errors
/// It was never asked, or asks no more.
pub(crate) fn open_challenge(application: &Application, number: u32) -> Result<&Challenge, Refusal> {
    if let Some(open) = application.open_challenges().find(|open| open.number == number) {
        return Ok(open);
    }
    if number == 0 || number > application.challenges {
        return Err(Refusal::UnknownChallenge { challenge: number });
    }
    Err(Refusal::ClosedChallenge { challenge: number })
}

/// Lets an event happen to the application machine, and to its collections what follows.
fn own(
    application: &Application,
    event: application::Event,
    draft: &mut Draft<'_>,
) -> Result<Verdict, Refusal> {
    let kind = event.kind();
    let is_resume = matches!(event, application::Event::ResumeRequested);
    let added =
        if let application::Event::EvidenceAdded(added) = &event { Some(added.clone()) } else { None };
    let mut next = match application::step(application, event, draft) {
        Taken::Moved(next) => next,
        Taken::Quiet(asked) => return Ok(quiet(asked, Slot::Application, draft)),
        Taken::Ignored => return Ok(Verdict::Ignored),
        Taken::Late => return Ok(finish(application, application.clone(), draft)),
        Taken::Rejected => return Err(rejected(application, kind)),
    };
    if let Some(added) = added {
        certification::saved(application, &added, draft);
    }
    certification::lapsed(application, &next, draft);
    if matches!(next.phase, Phase::Collecting { .. }) && next.collections.is_empty() {
        start_collections(&mut next, draft);
    }
    if is_resume {
        resume_collections(&mut next, draft);
    }
    Ok(finish(application, next, draft))
}

/// Starts all collections at once; then the application is told what they amount to.
fn start_collections(next: &mut Application, draft: &mut Draft<'_>) {
    for wish in next.plan.collections.clone() {
        let mut begun = collection::start(wish.kind, wish.required, draft);
        let password = if wish.kind == CollectionKind::Telecom { next.credentials.take() } else { None };
        if let Some(answer) = password {
            let event = collection::Event::AnswerSubmitted { answer };
            if let Taken::Moved(opening) = collection::step(&begun, event, draft) {
                begun = opening;
            }
        }
        next.put(begun);
    }
    summarise(next, draft);
}

/// Lets the word of a person count, if it is theirs to give: one at a time reviews, and who has not taken the
/// review does not decide.
fn review(
    application: &Application,
    event: application::Event,
    by: &By,
    draft: &mut Draft<'_>,
) -> Result<Verdict, Refusal> {
    if application.takes(&event) {
        let lease = application.lease().filter(|lease| draft.now < lease.until);
        let is_claim = matches!(event, application::Event::ClaimRequested { .. });
        match lease {
            Some(Lease { reviewer, until }) if *reviewer != by.actor => {
                return Err(Refusal::Leased { reviewer: reviewer.clone(), until: *until });
            }
            None if !is_claim => return Err(Refusal::NotLeased),
            Some(_) | None if application.held.is_some() => return Err(Refusal::IsHeld),
            Some(_) | None => {}
        }
        let is_approval = matches!(event, application::Event::ApproveRequested);
        if is_approval && let Some((kind, _)) = application.stale(draft.now).next() {
            return Err(Refusal::Stale { kind });
        }
    }
    own(application, event, draft)
}

/// Lets it go on, or while it collects, those of its collections that are parked.
fn resume(application: &Application, draft: &mut Draft<'_>) -> Result<Verdict, Refusal> {
    let event = application::Event::ResumeRequested;
    if is_collecting(application) {
        let of_collection = collection::Event::ResumeRequested;
        if !application.collections.iter().any(|it| it.takes(&of_collection)) {
            return Err(rejected(application, event.kind()));
        }
    }
    own(application, event, draft)
}

const fn is_collecting(application: &Application) -> bool {
    matches!(application.phase, Phase::Collecting { .. } | Phase::CaptchaRequired { .. })
}

fn resume_collections(next: &mut Application, draft: &mut Draft<'_>) {
    if !is_collecting(next) {
        return;
    }
    let mut is_moved = false;
    for parked in next.collections.clone() {
        if let Taken::Moved(resumed) = collection::step(&parked, collection::Event::ResumeRequested, draft) {
            next.put(resumed);
            is_moved = true;
        }
    }
    if is_moved {
        summarise(next, draft);
    }
}

/// Begins a collection anew; what has delivered, or is over, does not.
fn restart(
    application: &Application,
    kind: CollectionKind,
    draft: &mut Draft<'_>,
) -> Result<Verdict, Refusal> {
    let event = application::Event::RestartRequested;
    if !application.takes(&event) {
        return own(application, event, draft);
    }
    let restart = collection::Event::RestartRequested;
    let Some(former) = application.collection(kind) else {
        return Err(Refusal::NoCollection { collection: kind });
    };
    if !former.takes(&restart) {
        return Err(not_allowed(former, &restart));
    }
    let mut next = match application::step(application, event, draft) {
        Taken::Moved(next) => next,
        Taken::Quiet(_) | Taken::Ignored | Taken::Late | Taken::Rejected => {
            unreachable!("an edge that is taken moves")
        }
    };
    if let Taken::Moved(restarted) = collection::step(former, restart, draft) {
        next.put(restarted);
        summarise(&mut next, draft);
    }
    Ok(finish(application, next, draft))
}

fn rejected(application: &Application, event: EventKind) -> Refusal {
    Refusal::NotAllowed { machine: "application", state: application.state().name(), event: event.name() }
}

fn not_allowed(collection: &Collection, event: &collection::Event) -> Refusal {
    let (machine, state, event) = collection.names(event);
    Refusal::NotAllowed { machine, state, event }
}

/// Lets an event happen to a collection, then tells the application what it amounts to.
fn of_collection(
    application: &Application,
    kind: CollectionKind,
    event: collection::Event,
    draft: &mut Draft<'_>,
) -> Result<Verdict, Refusal> {
    let Some(before) = application.collection(kind) else {
        return Ok(finish(application, application.clone(), draft));
    };
    let after = match collection::step(before, event.clone(), draft) {
        Taken::Moved(after) => after,
        Taken::Quiet(asked) => return Ok(quiet(asked, Slot::Collection(kind), draft)),
        Taken::Ignored => return Ok(Verdict::Ignored),
        Taken::Late => return Ok(finish(application, application.clone(), draft)),
        Taken::Rejected => return Err(not_allowed(before, &event)),
    };
    let standing = after.standing();
    let mut next = application.clone();
    next.put(after);
    if before.standing() != standing {
        summarise_one(&mut next, standing, draft);
    }
    Ok(finish(application, next, draft))
}

/// Tells the application machine what one of its collections amounts to now.
fn summarise_one(next: &mut Application, standing: Standing, draft: &mut Draft<'_>) {
    if let Taken::Moved(moved) = application::step(next, application::Event::Summary(standing), draft) {
        *next = moved;
    }
}

/// Tells the application machine what its collections amount to, of which several moved at once.
fn summarise(next: &mut Application, draft: &mut Draft<'_>) {
    let waits = next.collections.iter().any(|it| it.standing() == Standing::InputNeeded);
    summarise_one(next, if waits { Standing::InputNeeded } else { Standing::Running }, draft);
}

fn quiet(asked: Asked, slot: Slot, draft: &Draft<'_>) -> Verdict {
    let id = EffectId { version: draft.version - 1, slot };
    let due = draft.now + asked.after;
    Verdict::Quiet(Pending { id, call: asked.call, due, until: due + draft.policy.call_budget })
}

/// Puts the draft together; the effects are what differs between before and after.
fn finish(before: &Application, mut next: Application, draft: &mut Draft<'_>) -> Verdict {
    next.version = draft.version;
    next.challenges = draft.challenges;
    next.outbox = std::mem::take(&mut draft.outbox);
    let mut effects = Vec::new();
    for pending in &before.outbox {
        let kept = next.outbox.iter().any(|kept| kept.id == pending.id);
        if !kept && draft.answered != Some(pending.id) {
            effects.push(Effect::Withdraw(pending.id));
        }
    }
    for answer in before.answers().chain(&draft.brought) {
        // A login lies in its call and is kept for the next one.
        let is_said = effects.iter().any(|effect| matches!(effect, Effect::Destroy(gone) if gone == answer));
        if !is_said && !next.answers().any(|kept| kept == answer) {
            effects.push(Effect::Destroy(answer.clone()));
        }
    }
    for pending in &next.outbox {
        match before.outbox.iter().find(|held| held.id == pending.id) {
            None => effects.push(Effect::Call(pending.clone())),
            Some(held) if held != pending => effects.push(Effect::Hurry(pending.clone())),
            Some(_) => {}
        }
    }
    Verdict::Moved(Box::new(Moved { application: next, moves: std::mem::take(&mut draft.moves), effects }))
}

/// The names of a move, from the drawn machines.
pub fn names(of: &Move) -> (&'static str, &'static str, &'static str, &'static str) {
    match of.slot {
        Slot::Application => {
            use graph::application::{Edge, State};
            let state = |number| State::from_number(number).map_or("", State::name);
            (
                "application",
                Edge::from_number(of.edge).map_or("created", Edge::name),
                state(of.from),
                state(of.to),
            )
        }
        Slot::Collection(kind) => {
            let state = |number| kind.state(StateNumber(number)).map_or("", |state| state.name);
            let mut edges = kind.definition().edges.iter();
            let edge = edges.find(|edge| edge.number == of.edge).map_or("started", |edge| edge.name);
            (kind.name(), edge, state(of.from), state(of.to))
        }
        Slot::Certification => {
            use graph::certification::{Edge, State};
            let state = |number| State::from_number(number).map_or("", State::name);
            let edge = Edge::from_number(of.edge).map_or("started", Edge::name);
            (of.slot.name(), edge, state(of.from), state(of.to))
        }
    }
}
