//! The words that all machines share, and the shape of their generated tables.
//!
//! The generator reads this file too, so that a word exists once: it must stay free of everything
//! but `std`, and it must never name a state, an event or an edge of any machine.

/// Who owes the next move while an application waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// The person who wants the loan.
    Applicant,
    /// The upstream provider of credit data.
    Provider,
    /// The platform that sent the application.
    Partner,
    /// A person who works for the lender.
    Operator,
    /// Docket itself.
    Docket,
    /// Whoever owes the evidence that is missing.
    Evidence,
}

impl Owner {
    /// Every owner, in the order of declaration.
    pub const ALL: &'static [Self] =
        &[Self::Applicant, Self::Provider, Self::Partner, Self::Operator, Self::Docket, Self::Evidence];

    /// Returns the word that machine files and interfaces use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Provider => "provider",
            Self::Partner => "partner",
            Self::Operator => "operator",
            Self::Docket => "docket",
            Self::Evidence => "evidence",
        }
    }
}

/// What becomes of an event that no edge takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It says nothing new: it is dropped.
    Ignore,
    /// It comes too late to move anything: it is kept as evidence.
    Late,
    /// Its caller gets an error that names the state and the event.
    Reject,
}

impl Outcome {
    /// Every outcome, in the order of declaration.
    pub const ALL: &'static [Self] = &[Self::Ignore, Self::Late, Self::Reject];

    /// Returns the word that machine files and interfaces use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Late => "late",
            Self::Reject => "reject",
        }
    }
}

/// Where an event comes from. Only one that a caller sent may be rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Someone who waits for an answer: a service, a partner, an operator.
    Caller,
    /// An answer of the upstream provider.
    Provider,
    /// A timer that ran out.
    Timer,
    /// Docket itself.
    Docket,
}

impl Source {
    /// Every source, in the order of declaration.
    pub const ALL: &'static [Self] = &[Self::Caller, Self::Provider, Self::Timer, Self::Docket];

    /// Returns the word that machine files and interfaces use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Provider => "provider",
            Self::Timer => "timer",
            Self::Docket => "docket",
        }
    }
}

/// What ends the wait in a state if nothing else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WakeUp<Timer> {
    /// A provider call in the outbox, whose budget is finite.
    Call,
    /// A timer of the machine.
    Timer(Timer),
}

/// Where an edge leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target<State, Set> {
    /// To this state.
    State(State),
    /// To one state out of this set, chosen from the event when it happens.
    Set(Set),
    /// Nowhere: the machine stays in its state.
    Same,
}

/// One edge as it stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row<Edge, Guard, State, Set> {
    /// The edge that is taken.
    pub edge: Edge,
    /// The question that must be answered with yes; the last row of a cell has none.
    pub guard: Option<Guard>,
    /// Where the edge leads.
    pub target: Target<State, Set>,
}

/// What a machine does about one event in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cell<Row: 'static> {
    /// Takes the first of these rows whose guard says yes; there is at least one row.
    Rows(&'static [Row]),
    /// Takes no edge.
    Otherwise(Outcome),
}

/// A whole machine as plain data, for those who list and draw machines.
///
/// All names are those of the machine's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// The name of the machine.
    pub name: &'static str,
    /// Its permanent number.
    pub number: u16,
    /// The version of its file.
    pub version: u16,
    /// What it is for.
    pub about: &'static str,
    /// The state in which it starts.
    pub initial: &'static str,
    /// The numbers of states that it once had.
    pub retired_states: &'static [u16],
    /// The classes of its states.
    pub state_classes: &'static [ClassDefinition],
    /// The classes of its events.
    pub event_classes: &'static [ClassDefinition],
    /// Its states.
    pub states: &'static [StateDefinition],
    /// Its events.
    pub events: &'static [EventDefinition],
    /// Its edges, in the order in which guards are asked.
    pub edges: &'static [EdgeDefinition],
    /// Its guards.
    pub guards: &'static [GuardDefinition],
    /// Its timers.
    pub timers: &'static [TimerDefinition],
    /// Its sets of states.
    pub sets: &'static [SetDefinition],
    /// What happens, for people to read: one list for each state, in it one text for each event.
    pub cells: &'static [&'static [&'static str]],
    /// A picture of it, as a Mermaid state diagram.
    pub mermaid: &'static str,
}

/// A class of states or of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassDefinition {
    /// Its name.
    pub name: &'static str,
    /// What its members have in common.
    pub about: &'static str,
}

/// A state of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateDefinition {
    /// Its permanent number.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// What it means to be there.
    pub about: &'static str,
    /// The class it belongs to.
    pub class: &'static str,
    /// Whether the machine ends there.
    pub terminal: bool,
    /// Who owes the next move; nobody once the machine has ended.
    pub owner: Option<Owner>,
    /// The expected stay with its unit, as in the file (`2m`).
    pub dwell: Option<&'static str>,
    /// The timer that ends the wait, or `call`.
    pub wakeup: Option<&'static str>,
}

/// An event of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventDefinition {
    /// Its permanent number.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// What happened.
    pub about: &'static str,
    /// The class it belongs to.
    pub class: &'static str,
    /// Where it comes from.
    pub source: Source,
}

/// An edge of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeDefinition {
    /// Its permanent number.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// What taking it means.
    pub about: &'static str,
    /// The states and classes of states that it leaves.
    pub from: &'static [&'static str],
    /// The events and classes of events that take it.
    pub on: &'static [&'static str],
    /// The guard that may say no.
    pub guard: Option<&'static str>,
    /// A state, a set, or `same`.
    pub to: &'static str,
}

/// A guard of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardDefinition {
    /// Its permanent number.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// When it says yes.
    pub about: &'static str,
}

/// A timer of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerDefinition {
    /// Its permanent number.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// What it limits.
    pub about: &'static str,
    /// The event that happens when it runs out.
    pub event: &'static str,
}

/// A set of states out of which a target is chosen when an event happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetDefinition {
    /// Its name.
    pub name: &'static str,
    /// How the state is chosen.
    pub about: &'static str,
    /// The states that may be chosen.
    pub members: &'static [&'static str],
}
