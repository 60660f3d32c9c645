//! What becomes of a collection when something happens (spec 006 §2 to §4).

use super::deeds::{
    abandon, answer_of, asked, begin, check, follow, go_on_accepted, go_on_licensed, is_wrong, license,
    message_of, offer_banks, open, park, resume, session_mut, session_of, slot, submit, take_raw_data,
    take_up, told_in,
};
use super::drawn::{Deed, Picked, Query, own};
use super::follow::{News, arrive, dead, next_fetch, next_look};
use super::{Blame, Collection, CollectionKind, Situation, StateNumber, Timer};
use crate::machine::call::{Call, Cause, Slot, Told};
use crate::machine::challenge::{Agreement, ChallengeKind, SealedAnswer, bounded};
use crate::machine::step::{Asked, Draft, Taken};
use crate::machine::table::Outcome;
use std::time::Duration;

/// What can happen to a collection.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    AnswerSubmitted { answer: SealedAnswer },
    ResendRequested,
    ResumeRequested,
    RestartRequested,
    OutageCounted { by: Duration },
    SessionOpened { open_id: String, agreement: Option<Agreement> },
    CallAccepted { told: Option<Told> },
    CallRefused { message: String },
    CallLost { call: Call },
    CallFailed { cause: Cause },
    StateReported { state: StateNumber, told: Told },
    UnknownReported { told: Told },
    DataNotReady,
    RawDataReceived { document: u32 },
    ReportReceived { document: u32 },
    BanksReceived { document: u32 },
    Timer(Timer),
}

impl Event {
    /// Gives the number of its kind, which is the same in every drawing that has it.
    pub(crate) const fn number(&self) -> u16 {
        match self {
            Self::AnswerSubmitted { .. } => 1,
            Self::ResendRequested => 2,
            Self::ResumeRequested => 3,
            Self::SessionOpened { .. } => 4,
            Self::CallAccepted { .. } => 5,
            Self::CallRefused { .. } => 6,
            Self::CallLost { .. } => 7,
            Self::CallFailed { .. } => 8,
            Self::StateReported { .. } => 9,
            Self::UnknownReported { .. } => 10,
            Self::DataNotReady => 11,
            Self::RawDataReceived { .. } => 12,
            Self::ReportReceived { .. } => 13,
            Self::Timer(timer) => timer.event(),
            Self::RestartRequested => 19,
            Self::OutageCounted { .. } => 20,
            Self::BanksReceived { .. } => 21,
        }
    }

    /// The event that a code of the provider amounts to.
    pub(crate) fn told(kind: CollectionKind, told: Told) -> Self {
        match kind.reported(told.code) {
            Some(state) => Self::StateReported { state, told },
            None => Self::UnknownReported { told },
        }
    }
}

/// Starts a collection.
pub(crate) fn start(kind: CollectionKind, required: bool, draft: &mut Draft<'_>) -> Collection {
    let situation = Situation::Exhausted;
    let mut begun = Collection { kind, required, attempt: 0, since: draft.now, counted: None, situation };
    begun.situation = begin(&mut begun, draft);
    draft.started(Slot::Collection(kind), begun.situation.number().0);
    begun
}

impl Collection {
    /// Says whether an edge is drawn for `event` where it stands.
    pub(crate) fn takes(&self, event: &Event) -> bool {
        self.kind.takes(self.situation.number(), event.number())
    }

    /// The names of where it stands and of an event, for a refusal.
    pub(crate) fn names(&self, event: &Event) -> (&'static str, &'static str, &'static str) {
        (self.kind.name(), self.state().name, self.kind.event_name(event.number()))
    }
}

/// Lets `event` happen to `collection`.
pub(crate) fn step(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Taken<Collection> {
    let from = collection.situation.number();
    let holds = |query| holds(query, collection, &event, draft);
    let edge = match collection.kind.pick(from, event.number(), holds) {
        Picked::Edge(edge) => edge,
        Picked::Otherwise(Outcome::Ignore) => return Taken::Ignored,
        Picked::Otherwise(Outcome::Late) => return Taken::Late,
        Picked::Otherwise(Outcome::Reject) => return Taken::Rejected,
    };
    let mut next = collection.clone();
    match act(edge.deed, &mut next, event, draft) {
        Act::Move(situation) => next.situation = situation,
        Act::Quiet(asked) => return Taken::Quiet(asked),
    }
    let to = next.situation.number();
    assert!(edge.leads(from, to), "edge {} led from {from:?} to {to:?}, which is not drawn", edge.name);
    if from != to {
        next.since = draft.now;
    }
    if next.deadline() != collection.deadline() {
        next.counted = Some(draft.now);
    }
    draft.moved(Slot::Collection(collection.kind), edge.number, from.0, to.0);
    Taken::Moved(next)
}

fn holds(query: Query, collection: &Collection, event: &Event, draft: &Draft<'_>) -> bool {
    match query {
        Query::AnswersUsedUp => {
            let is_refused = match event {
                Event::CallRefused { .. } => true,
                Event::StateReported { state, .. } => {
                    *state != collection.situation.number() && is_wrong(collection.kind, *state)
                }
                Event::AnswerSubmitted { .. }
                | Event::ResendRequested
                | Event::ResumeRequested
                | Event::RestartRequested
                | Event::OutageCounted { .. }
                | Event::SessionOpened { .. }
                | Event::CallAccepted { .. }
                | Event::CallLost { .. }
                | Event::CallFailed { .. }
                | Event::UnknownReported { .. }
                | Event::DataNotReady
                | Event::RawDataReceived { .. }
                | Event::ReportReceived { .. }
                | Event::BanksReceived { .. }
                | Event::Timer(_) => false,
            };
            let session = collection.situation.session();
            is_refused && session.is_some_and(|session| session.answers >= draft.policy.answers)
        }
        Query::AskedForCode => asked(collection).1 == ChallengeKind::SmsCode,
        Query::FirstTimeStillAsking => still_asking(collection, event).is_some_and(|(seen, _)| seen == 0),
        Query::MaySubmitAgain => {
            still_asking(collection, event).is_some_and(|(seen, is_kept)| seen > 0 && is_kept)
        }
        Query::AttemptsLeft => collection.attempt < draft.policy.sessions,
        Query::ApplicantToBlame => {
            matches!(collection.situation, Situation::Dead { blame: Blame::Applicant, .. })
        }
        Query::SessionAlive => {
            let Situation::Parked { origin: Some(origin), .. } = &collection.situation else { return false };
            let is_done = matches!(
                **origin,
                Situation::Building { .. } | Situation::Fetching { .. } | Situation::Reporting { .. }
            );
            is_done || origin.session().is_some_and(|session| draft.now < session.deadline)
        }
    }
}

/// If the provider still asks as before the lost answer: how often that was seen before, and
/// whether there is an answer to submit again.
fn still_asking(collection: &Collection, event: &Event) -> Option<(u8, bool)> {
    let Situation::Checking { asked, answer, seen, .. } = &collection.situation else { return None };
    let Event::StateReported { state, .. } = event else { return None };
    (state == asked).then_some((*seen, answer.is_some()))
}

enum Act {
    Move(Situation),
    Quiet(Asked),
}

/// Does what the edge says: the new situation and the calls it asks for.
fn act(deed: Deed, next: &mut Collection, event: Event, draft: &mut Draft<'_>) -> Act {
    Act::Move(match deed {
        Deed::OfferBanks => offer_banks(next, &event, draft),
        Deed::Open => {
            let brought = Some(answer_of(event));
            next.attempt += 1;
            open(next, brought, draft)
        }
        Deed::License => license(next, event, draft),
        Deed::GoOnLicensed => go_on_licensed(next, draft),
        Deed::Exhaust => {
            draft.withdraw(slot(next));
            Situation::Exhausted
        }
        Deed::TakeUp => take_up(next, event, draft),
        Deed::Abandon => {
            // Where the banks come first, to ask for them is to try.
            next.attempt += u8::from(matches!(next.situation, Situation::Listing { session: None, .. }));
            abandon(next, event, draft)
        }
        Deed::AbandonAnswered => {
            let message = message_of(event);
            dead(next, own::SESSION_LOST, Blame::Applicant, &message, draft)
        }
        Deed::Follow => match follow(next, event, draft) {
            Ok(situation) => situation,
            Err(asked) => return Act::Quiet(asked),
        },
        Deed::FollowChecked => {
            let (state, news) = told_in(event);
            arrive(next, session_of(next), state, &news, draft)
        }
        Deed::NoteOdd => {
            let Event::UnknownReported { told } = event else {
                unreachable!("drawn on UnknownReported only")
            };
            let asked = next_look(next, told.delay, draft);
            let is_kept = next.answer_kept().is_some();
            if !is_kept && next.situation.session().and_then(|session| session.odd) == Some(told.code) {
                return Act::Quiet(asked);
            }
            draft.call(slot(next), asked.call, asked.after);
            let mut situation = next.situation.clone();
            // It was somewhere else: that proves nothing any more of what was handed over.
            situation.drop_answer();
            session_mut(&mut situation).odd = Some(told.code);
            situation
        }
        Deed::Submit => submit(next, event, draft),
        Deed::GoOnAccepted => go_on_accepted(next, event, draft),
        Deed::AskAgain => {
            let asked = asked(next).0;
            arrive(next, session_of(next), asked, &News::said(message_of(event)), draft)
        }
        Deed::Resend => {
            let Situation::Asking { session, state, challenge } = next.situation.clone() else {
                unreachable!("no challenge in {:?}", next.situation)
            };
            draft.call(slot(next), next.kind.resend(session.open_id.clone()), Duration::ZERO);
            Situation::Resending { session, asked: state, challenge }
        }
        Deed::GoOnResent => {
            let resent = next.kind.reported(24).expect("drawn where 24 is");
            arrive(next, session_of(next), resent, &News::default(), draft)
        }
        Deed::LetStand => {
            let Situation::Resending { session, asked, mut challenge } = next.situation.clone() else {
                unreachable!("nothing was ordered in {:?}", next.situation)
            };
            draft.call(slot(next), next.kind.look(session.open_id.clone()), draft.policy.poll_asking);
            challenge.message = bounded(&message_of(event));
            Situation::Asking { session, state: asked, challenge }
        }
        Deed::Check => check(next, event, draft),
        Deed::LookOnceMore => {
            let (_, news) = told_in(event);
            let call = next.kind.look(session_of(next).open_id);
            draft.call(slot(next), call, news.delay.unwrap_or(draft.policy.poll_min));
            let Situation::Checking { session, asked, answer, seen } = next.situation.clone() else {
                unreachable!("nothing to check in {:?}", next.situation)
            };
            Situation::Checking { session, asked, answer, seen: seen + 1 }
        }
        Deed::SubmitAgain => {
            let Situation::Checking { session, asked: state, answer: Some(answer), .. } =
                next.situation.clone()
            else {
                unreachable!("nothing to submit in {:?}", next.situation)
            };
            let call = next.kind.submission(asked(next).1, session.open_id.clone(), answer);
            draft.call(slot(next), call, Duration::ZERO);
            Situation::Submitting { session, asked: state, submits: 2 }
        }
        Deed::Expire => {
            let is_asking = matches!(next.situation, Situation::Asking { .. });
            let blame = if is_asking { Blame::Applicant } else { Blame::Provider };
            dead(next, own::SESSION_EXPIRED, blame, "", draft)
        }
        Deed::TakeRawData => take_raw_data(next, &event, draft),
        Deed::FetchAgain => return Act::Quiet(next_fetch(next, draft)),
        Deed::TakeReport => match (&next.situation, event) {
            (Situation::Reporting { raw, .. }, Event::ReportReceived { document }) => {
                Situation::Delivered { raw: *raw, report: Some(document) }
            }
            (other, _) => unreachable!("no raw data in {other:?}"),
        },
        Deed::ParkOverdue => park(next, Cause::DataOverdue, draft),
        Deed::ParkUsedUp => park(next, Cause::SessionsUsedUp, draft),
        Deed::ParkFailed => {
            let Event::CallFailed { cause } = event else { unreachable!("drawn on CallFailed only") };
            park(next, cause, draft)
        }
        Deed::BeginAgain => begin(next, draft),
        Deed::BeginAnew => {
            next.attempt = 0;
            begin(next, draft)
        }
        Deed::Resume => resume(next, draft),
        Deed::Remind => {
            let Situation::Parked { origin, cause, .. } = next.situation.clone() else {
                unreachable!("nothing is parked in {:?}", next.situation)
            };
            Situation::Parked { origin, cause, reminder: draft.now + draft.policy.reminder }
        }
        Deed::Excuse => {
            let Event::OutageCounted { by } = event else { unreachable!("drawn on OutageCounted only") };
            next.postpone(by);
            next.situation.clone()
        }
    })
}
