//! Explaining: who owes the next move, what blocks, what may be done, and what would follow.

use super::outage::Standing;
use super::runner::CallsOf;
use super::{Engine, EngineError};
use crate::clock;
use crate::machine::application::{Application, Deadline};
use crate::machine::call::EffectId;
use crate::machine::certification;
use crate::machine::collection::{Collection, CollectionKind};
use crate::machine::event::{By, Event};
use crate::machine::evidence::{EvidenceKind, Supplier};
use crate::machine::graph::application::{Cell, EventKind, Guard, Row, State, Target, cell};
use crate::machine::id::ApplicationId;
use crate::machine::step::{self, Effect, Verdict};
use crate::machine::table::{EdgeDefinition, Owner};
use crate::machine::time::Time;
use crate::machine::view::View;
use crate::store::Store;
use std::time::Duration;

/// All there is to say about where an application stands.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// How it looks.
    pub view: View,
    /// Who owes the next move; nobody once it is ended.
    pub owner: Option<Owner>,
    /// What it waits for, in words; one line a reason.
    pub blocks: Vec<String>,
    /// How long it is in its state.
    pub dwell: Duration,
    /// How long it is expected to be.
    pub expected: Option<Duration>,
    /// The deadline that comes first.
    pub deadline: Option<(Time, Deadline)>,
    /// The calls that wait or are under way, and when each is due.
    pub calls: Vec<(&'static str, Time)>,
    /// How often a call was tried in vain, and what went wrong last.
    pub trouble: Option<(u32, String)>,
    /// How it stands with the systems of the provider that it calls, and which of its calls are parked
    /// because one is down.
    pub systems: Vec<(Standing, Vec<&'static str>)>,
    /// What a caller may do, or may not.
    pub commands: Vec<CommandView>,
}

/// What would follow from a command.
#[derive(Debug, Clone)]
pub struct CommandView {
    /// The event.
    pub event: &'static str,
    /// The collection that it is for; empty when it is for the application.
    pub of: &'static str,
    /// What would become of it.
    pub outlook: Outlook,
}

/// What would become of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlook {
    /// It would lead here, with these effects: tried on a copy.
    LeadsTo {
        /// The state.
        state: State,
        /// The effects, in words.
        effects: Vec<String>,
    },
    /// It depends on what it brings: the rows that may be taken.
    Depends {
        /// The rows: edge, guard, target.
        rows: Vec<String>,
    },
    /// It would be refused.
    Refused,
}

/// What keeps every call from being made in a restored copy.
const STORE_HELD: &str = "the store is a restored copy and held: no call is made until an administrator \
                          releases it (docket store release)";

impl<S: Store> Engine<S> {
    /// Explains where an application stands.
    pub async fn explain(&self, id: ApplicationId) -> Result<Option<Explanation>, EngineError> {
        let Some(application) = self.application(id).await? else { return Ok(None) };
        let CallsOf { trouble, parked } = self.calls_of(id).await;
        let now = clock::now();
        let view = View::of(&application);
        let mut blocks = blocks(&application, &view, now);
        let systems = systems(&application, &parked, &self.standings());
        for (Standing { system, .. }, parked) in &systems {
            blocks.extend(parked.iter().map(|call| {
                format!("the provider's system {} is down: {call} is parked until it is back", system.name())
            }));
        }
        let is_held = self.shared.store.is_held() && !application.outbox.is_empty();
        if is_held {
            blocks.push(STORE_HELD.to_owned());
        }
        if let Some((tries, detail)) = &trouble {
            blocks.push(format!("a call was tried {tries} times in vain: {detail}"));
        }
        Ok(Some(Explanation {
            // What waits for a call then waits for whoever releases the copy.
            owner: view.owner().map(|owner| {
                if is_held && matches!(owner, Owner::Docket | Owner::Provider) {
                    Owner::Operator
                } else {
                    owner
                }
            }),
            blocks,
            dwell: now.since(application.since),
            expected: application.state().dwell(),
            deadline: application.deadline(),
            calls: application.outbox.iter().map(|pending| (pending.call.name(), pending.due)).collect(),
            trouble,
            systems,
            commands: self.commands(&application, now),
            view,
        }))
    }

    /// What a caller may do: what needs nothing but the application is tried on a copy, of the rest
    /// the rows are shown.
    fn commands(&self, application: &Application, now: Time) -> Vec<CommandView> {
        let by = || By { actor: String::new(), reason: String::new() };
        // What a reviewer may do is for the one who took the review.
        let reviewer = || By {
            actor: application.lease().map(|lease| lease.reviewer.clone()).unwrap_or_default(),
            reason: String::new(),
        };
        let tried = |event| self.tried(application, event, now);
        let view = |event, of: Option<CollectionKind>, outlook| {
            let of = of.map(CollectionKind::name).unwrap_or_default();
            CommandView { event, of, outlook }
        };
        let mut commands = vec![view(EventKind::EvidenceAdded.name(), None, bringing(application.state()))];
        for collection in &application.collections {
            let of = Some(collection.kind);
            let open = collection.challenge().filter(|_| !application.state().is_terminal());
            commands.push(view("AnswerSubmitted", of, answering(collection, open.is_some())));
            let resend = open.map(|open| tried(Event::ResendRequested { challenge: open.number }));
            commands.push(view("ResendRequested", of, resend.unwrap_or(Outlook::Refused)));
            let restart = Event::RestartRequested { collection: collection.kind, by: by() };
            commands.push(view(EventKind::RestartRequested.name(), of, tried(restart)));
        }
        let others = [
            (EventKind::CancelRequested.name(), Event::CancelRequested { reason: String::new() }),
            (EventKind::ResumeRequested.name(), Event::ResumeRequested { by: by() }),
            (EventKind::RetryRequested.name(), Event::RetryRequested { by: by() }),
            (EventKind::HoldRequested.name(), Event::HoldRequested { by: by() }),
            (EventKind::ReleaseRequested.name(), Event::ReleaseRequested { by: by() }),
            (EventKind::ClaimRequested.name(), Event::ClaimRequested { by: by() }),
            (EventKind::ReturnRequested.name(), Event::ReturnRequested { by: reviewer() }),
            (EventKind::ApproveRequested.name(), Event::ApproveRequested { by: reviewer() }),
            (EventKind::RejectRequested.name(), Event::RejectRequested { by: reviewer() }),
        ];
        commands.extend(others.map(|(name, event)| view(name, None, tried(event))));
        commands
    }

    fn tried(&self, application: &Application, event: Event, now: Time) -> Outlook {
        match step::step(application, event, now, &self.shared.policy) {
            Ok(Verdict::Moved(moved)) => Outlook::LeadsTo {
                state: moved.application.state(),
                effects: moved.effects.iter().map(effect_text).collect(),
            },
            Ok(Verdict::Quiet(_) | Verdict::Ignored) => {
                Outlook::LeadsTo { state: application.state(), effects: Vec::new() }
            }
            Err(_refusal) => Outlook::Refused,
        }
    }
}

/// How it stands with the systems that an application calls, each once.
fn systems(
    application: &Application,
    parked: &[EffectId],
    standings: &[Standing],
) -> Vec<(Standing, Vec<&'static str>)> {
    let of = |standing: &Standing| {
        let calls = application.outbox.iter().filter(|pending| pending.call.system() == standing.system);
        let mut calls = calls.peekable();
        calls.peek()?;
        let parked = calls.filter(|pending| parked.contains(&pending.id));
        Some((*standing, parked.map(|pending| pending.call.name()).collect()))
    };
    standings.iter().filter_map(of).collect()
}

/// The rows that evidence may take.
fn bringing(state: State) -> Outlook {
    let Cell::Rows(rows) = cell(state, EventKind::EvidenceAdded) else { return Outlook::Refused };
    let text = |row: &Row| {
        let target = match row.target {
            Target::State(state) => state.name(),
            Target::Set(set) => set.name(),
            Target::Same => "same",
        };
        row_text(row.edge.name(), row.guard.map(Guard::name), target)
    };
    Outlook::Depends { rows: rows.iter().map(text).collect() }
}

/// The rows that an answer may take.
fn answering(collection: &Collection, is_asking: bool) -> Outlook {
    let rows = collection.rows_for_answer();
    if !is_asking || rows.is_empty() {
        return Outlook::Refused;
    }
    let text = |row: &EdgeDefinition| row_text(row.name, row.guard, row.to);
    Outlook::Depends { rows: rows.into_iter().map(text).collect() }
}

/// Says who owes evidence of a kind.
fn who_brings(application: &Application, kind: EvidenceKind) -> &'static str {
    match application.supplier_of(kind) {
        Supplier::Applicant => "the applicant owes it, in the app",
        Supplier::Partner => "the partner owes it, with a push",
        Supplier::Service | Supplier::Untold => {
            "no push tells it: a service of the lender owes it, with SubmitEvidence"
        }
    }
}

fn blocks(application: &Application, view: &View, now: Time) -> Vec<String> {
    let missing = view.missing.iter();
    let missing = missing
        .map(|kind| format!("evidence is missing: {}; {}", kind.name(), who_brings(application, *kind)));
    let mut blocks: Vec<String> = missing.collect();
    if let Some(held) = &view.held {
        blocks.push(format!("held by {}: {}", held.by.actor, held.by.reason));
    }
    if let Some(step) = view.certification.filter(|step| !step.is_terminal() && !view.state.is_terminal()) {
        let (name, about) = (step.name(), certification::definition(step).about);
        blocks.push(format!("the applicant owes the step {name} in the app: {about}"));
    }
    for challenge in &view.challenges {
        let (number, kind, of) = (challenge.number, challenge.kind.name(), challenge.collection.name());
        blocks.push(format!("the applicant owes an answer to challenge {number}: {kind} ({of})"));
    }
    for pending in &application.outbox {
        blocks.push(format!("waits for the provider: {}", pending.call.name()));
    }
    if view.state == State::ReviewPending {
        blocks.push(match &view.lease {
            Some(lease) => format!("{} reviews it, until {}", lease.reviewer, lease.until),
            None => "a person must claim the review, and decide".to_owned(),
        });
    }
    for (kind, since) in application.stale(now) {
        blocks.push(format!("evidence is too old for an audit: {} since {since}", kind.name()));
    }
    if let crate::machine::view::Word::Suspended(cause) = &view.word {
        blocks.push(format!("suspended: {} {}", cause.name(), cause.detail()));
    }
    for collection in &view.collections {
        if let Some(cause) = &collection.cause {
            let (kind, cause, detail) = (collection.kind.name(), cause.name(), cause.detail());
            blocks.push(format!("the {kind} collection is parked: {cause} {detail}"));
        }
    }
    blocks
}

fn row_text(edge: &str, guard: Option<&str>, target: &str) -> String {
    format!("{edge} [{}] -> {target}", guard.unwrap_or("otherwise"))
}

fn effect_text(effect: &Effect) -> String {
    match effect {
        Effect::Call(pending) => format!("call {}", pending.call.name()),
        Effect::Hurry(pending) => format!("call {} now", pending.call.name()),
        Effect::Withdraw(id) => format!("withdraw the call asked for at version {}", id.version),
        Effect::Destroy(_) => "destroy an applicant's answer".to_owned(),
    }
}
