//! The four drawings behind one face.
//!
//! A drawing has enums of its own; whoever drives a collection knows states, events and edges by their
//! permanent numbers, what an edge does as a [`Deed`], and what a guard asks as a [`Query`].

use super::{Collection, CollectionKind, StateNumber, degree, ebank, telecom};
use crate::machine::challenge::ChallengeKind;
use crate::machine::graph;
use crate::machine::table::{
    Cell, Definition, EdgeDefinition, EventDefinition, Outcome, Source, StateDefinition, Target,
};

/// Our own states, which have the same number in every drawing that has them.
pub(super) mod own {
    use super::StateNumber;

    pub(in crate::machine::collection) const CREDENTIALS_REQUIRED: StateNumber = StateNumber(1);
    pub(in crate::machine::collection) const OPENING: StateNumber = StateNumber(2);
    pub(in crate::machine::collection) const SUBMITTING: StateNumber = StateNumber(3);
    pub(in crate::machine::collection) const RESENDING: StateNumber = StateNumber(4);
    pub(in crate::machine::collection) const CHECKING: StateNumber = StateNumber(5);
    pub(in crate::machine::collection) const REPORT_PENDING: StateNumber = StateNumber(6);
    pub(in crate::machine::collection) const DELIVERED: StateNumber = StateNumber(7);
    pub(in crate::machine::collection) const SESSION_EXPIRED: StateNumber = StateNumber(8);
    pub(in crate::machine::collection) const SESSION_LOST: StateNumber = StateNumber(9);
    pub(in crate::machine::collection) const PARKED: StateNumber = StateNumber(10);
    pub(in crate::machine::collection) const EXHAUSTED: StateNumber = StateNumber(11);
    pub(in crate::machine::collection) const BANKS_PENDING: StateNumber = StateNumber(12);
    pub(in crate::machine::collection) const LICENSING: StateNumber = StateNumber(13);
}

/// A state that the provider tells has this number more than its code.
const PROVIDER_STATES: u16 = 100;

/// A moment that a collection waits for; the same in every drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The applicant's time to bring what a session needs.
    ChallengeDeadline,
    /// The session's time.
    SessionDeadline,
    /// The time for the data, once the applicant has done their part.
    DataDeadline,
    /// The breath between a dead session and the next.
    RestartPause,
    /// The daily look at what is parked.
    Reminder,
}

impl Timer {
    /// Gives the name used in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChallengeDeadline => "challenge_deadline",
            Self::SessionDeadline => "session_deadline",
            Self::DataDeadline => "data_deadline",
            Self::RestartPause => "restart_pause",
            Self::Reminder => "reminder",
        }
    }

    /// Gives the number of the event that happens when it runs out.
    pub(super) const fn event(self) -> u16 {
        match self {
            Self::ChallengeDeadline => 14,
            Self::SessionDeadline => 15,
            Self::DataDeadline => 16,
            Self::RestartPause => 17,
            Self::Reminder => 18,
        }
    }
}

/// What an edge does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Lets the applicant choose from the banks that came.
    OfferBanks,
    /// Opens a session with what the applicant brought.
    Open,
    /// Records the consent that came with the login.
    License,
    /// Goes on with the login after the consent.
    GoOnLicensed,
    /// Ends for want of the applicant.
    Exhaust,
    /// Takes up the session that was opened.
    TakeUp,
    /// Gives the session up.
    Abandon,
    /// Gives the session up: its answers are used up.
    AbandonAnswered,
    /// Follows the provider, wherever it says it is.
    Follow,
    /// Follows the provider after a lost answer.
    FollowChecked,
    /// Keeps the last known state, and the odd code.
    NoteOdd,
    /// Hands an answer over.
    Submit,
    /// Goes where an answer that was taken leads.
    GoOnAccepted,
    /// Asks again, with the provider's message.
    AskAgain,
    /// Orders another code.
    Resend,
    /// Waits for the code that was ordered.
    GoOnResent,
    /// Lets the former question stand.
    LetStand,
    /// Asks for the state before anything else.
    Check,
    /// Looks once more.
    LookOnceMore,
    /// Submits the kept answer once more.
    SubmitAgain,
    /// Ends the session: its time is over.
    Expire,
    /// Goes on with the raw data that came.
    TakeRawData,
    /// Asks for the data again in a while.
    FetchAgain,
    /// Ends with the report that came.
    TakeReport,
    /// Parks: the data did not come.
    ParkOverdue,
    /// Parks: the sessions are used up.
    ParkUsedUp,
    /// Parks: a call failed for good.
    ParkFailed,
    /// Begins the next session.
    BeginAgain,
    /// Begins anew, with all attempts.
    BeginAnew,
    /// Goes on where the parked session stood.
    Resume,
    /// Says again that somebody must look.
    Remind,
    /// Waits longer, by the time of an outage.
    Excuse,
}

/// What a guard asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Query {
    AnswersUsedUp,
    AskedForCode,
    FirstTimeStillAsking,
    MaySubmitAgain,
    AttemptsLeft,
    ApplicantToBlame,
    SessionAlive,
}

/// What a state that the provider tells amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearing {
    /// The provider works and needs nobody.
    Works,
    /// It asks the applicant.
    Asks {
        /// What for.
        what: What,
        /// Whether it says that the last answer was wrong.
        is_wrong: bool,
        /// Whether an answer leaves it for good: who still sees it knows that none was processed.
        is_left_for_good: bool,
    },
    /// The data is being built.
    Builds,
    /// The data can be fetched.
    Delivers,
    /// This session is over.
    Ends,
}

/// What the provider asks an applicant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Always for this.
    Kind(ChallengeKind),
    /// For whatever it asked last (spec 005 A-002-24).
    SameAgain,
    /// For the bank's login, before which nothing happens.
    Choice,
}

impl Bearing {
    /// Says whether the provider itself waits for nothing: the applicant has our time, not the session's.
    pub(crate) const fn is_unhurried(self) -> bool {
        matches!(self, Self::Asks { what: What::Choice, .. })
    }
}

/// What a drawing says about an event in a state.
pub(super) enum Picked {
    /// This edge is taken.
    Edge(Picture),
    /// None is.
    Otherwise(Outcome),
}

/// An edge that is taken.
pub(super) struct Picture {
    pub(super) number: u16,
    pub(super) name: &'static str,
    pub(super) deed: Deed,
    leads: Leads,
}

enum Leads {
    To(u16),
    Among(&'static [u16]),
    Nowhere,
}

impl Picture {
    /// Says whether the edge is drawn from `from` to `to`.
    pub(super) fn leads(&self, from: StateNumber, to: StateNumber) -> bool {
        match self.leads {
            Leads::To(number) => to.0 == number,
            Leads::Among(numbers) => numbers.contains(&to.0),
            Leads::Nowhere => from == to,
        }
    }
}

/// Looks a cell up in one of the drawings.
macro_rules! pick {
    ($drawing:ident, $words:ident, $state:expr, $event:expr, $holds:expr) => {{
        use graph::$drawing::{EventKind, State, cell};
        let state = State::from_number($state.0).expect("a collection stands in a state of its drawing");
        let Some(event) = EventKind::from_number($event) else { return Picked::Otherwise(undrawn($event)) };
        match cell(state, event) {
            Cell::Otherwise(outcome) => Picked::Otherwise(*outcome),
            Cell::Rows(rows) => {
                let row = rows
                    .iter()
                    .find(|row| row.guard.is_none_or(|guard| $holds($words::query(guard))))
                    .expect("the last row of a cell is unguarded: the generator sees to it");
                Picked::Edge(Picture {
                    number: row.edge.number(),
                    name: row.edge.name(),
                    deed: $words::deed(row.edge),
                    leads: match row.target {
                        Target::State(state) => Leads::To(state.number()),
                        Target::Set(set) => Leads::Among(set.numbers()),
                        Target::Same => Leads::Nowhere,
                    },
                })
            }
        }
    }};
}

impl Collection {
    /// Lists the edges that an answer of the applicant may take where it stands.
    pub fn rows_for_answer(&self) -> Vec<&'static EdgeDefinition> {
        let definition = self.kind.definition();
        let state = self.state();
        let is_meant = |edge: &&EdgeDefinition| {
            let is_here = edge.from.contains(&state.name) || edge.from.contains(&state.class);
            is_here && edge.on.contains(&"AnswerSubmitted")
        };
        definition.edges.iter().filter(is_meant).collect()
    }
}

impl CollectionKind {
    /// Gives the drawing.
    pub const fn definition(self) -> &'static Definition {
        match self {
            Self::Telecom => &graph::telecom::DEFINITION,
            Self::Degree => &graph::degree::DEFINITION,
            Self::Ebank => &graph::ebank::DEFINITION,
            Self::EbankV2 => &graph::ebank_v2::DEFINITION,
        }
    }

    /// Finds a drawn state.
    pub fn state(self, number: StateNumber) -> Option<&'static StateDefinition> {
        self.definition().states.iter().find(|state| state.number == number.0)
    }

    /// Says what a code of the provider means here; none where no document knows it.
    pub(super) fn reported(self, code: i64) -> Option<StateNumber> {
        let number = u16::try_from(code).ok()?.checked_add(PROVIDER_STATES)?;
        let known = match self {
            Self::Telecom => graph::telecom::Set::Reported.numbers(),
            Self::Degree => graph::degree::Set::Reported.numbers(),
            Self::Ebank => graph::ebank::Set::Reported.numbers(),
            Self::EbankV2 => graph::ebank_v2::Set::Reported.numbers(),
        };
        known.contains(&number).then_some(StateNumber(number))
    }

    /// Says what a state that the provider told amounts to.
    pub(crate) fn bearing(self, state: StateNumber) -> Bearing {
        match self {
            Self::Telecom => telecom::bearing(told(graph::telecom::State::from_number(state.0))),
            Self::Degree => degree::bearing(told(graph::degree::State::from_number(state.0))),
            Self::Ebank => ebank::first::bearing(told(graph::ebank::State::from_number(state.0))),
            Self::EbankV2 => ebank::second::bearing(told(graph::ebank_v2::State::from_number(state.0))),
        }
    }

    /// Says what is done about an event in a state; `holds` answers what guards ask.
    pub(super) fn pick(self, state: StateNumber, event: u16, holds: impl Fn(Query) -> bool) -> Picked {
        use ebank::{first, second};
        match self {
            Self::Telecom => pick!(telecom, telecom, state, event, holds),
            Self::Degree => pick!(degree, degree, state, event, holds),
            Self::Ebank => pick!(ebank, first, state, event, holds),
            Self::EbankV2 => pick!(ebank_v2, second, state, event, holds),
        }
    }

    /// Says what becomes of an event in a state when no guard is asked: whether an edge is drawn.
    pub(super) fn takes(self, state: StateNumber, event: u16) -> bool {
        matches!(self.pick(state, event, |_| true), Picked::Edge(_))
    }

    /// Names an event.
    pub(super) fn event_name(self, event: u16) -> &'static str {
        let all = self.definition().events.iter();
        let all = all.chain(Self::ALL.iter().flat_map(|kind| kind.definition().events));
        all.filter(|it| it.number == event).map(|it| it.name).next().unwrap_or_default()
    }
}

/// What becomes of an event that this drawing does not know, but another one does.
fn undrawn(event: u16) -> Outcome {
    let is_callers = |it: &&EventDefinition| it.number == event && it.source == Source::Caller;
    let mut events = CollectionKind::ALL.iter().flat_map(|kind| kind.definition().events);
    if events.any(|it| is_callers(&it)) { Outcome::Reject } else { Outcome::Late }
}

fn told<S>(state: Option<S>) -> S {
    state.expect("a collection stands in a state of its drawing")
}
