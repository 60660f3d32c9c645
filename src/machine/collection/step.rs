//! What becomes of a collection when something happens (spec 006 §2 to §4).

use super::drawn::{Bearing, Deed, Picked, Query, What, own};
use super::follow::{News, arrive, dead, needing, next_fetch, next_look};
use super::situation::INIT;
use super::{Blame, Collection, CollectionKind, Question, Session, Situation, StateNumber, Timer};
use crate::machine::call::{Call, Cause, Slot, Told};
use crate::machine::challenge::{Agreement, ChallengeKind, Exhibit, SealedAnswer, bounded};
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

fn slot(collection: &Collection) -> Slot {
    Slot::Collection(collection.kind)
}

/// Begins a session, or what comes before one.
fn begin(collection: &mut Collection, draft: &mut Draft<'_>) -> Situation {
    draft.withdraw(slot(collection));
    match collection.kind {
        CollectionKind::Telecom => needing(collection, ChallengeKind::ServicePassword, None, draft),
        CollectionKind::Degree => needing(collection, ChallengeKind::DegreeAccount, None, draft),
        CollectionKind::Ebank => {
            draft.call(slot(collection), collection.kind.banks(None), Duration::ZERO);
            Situation::Listing { session: None, agreement: Agreement::Ebank }
        }
        CollectionKind::EbankV2 => {
            collection.attempt += 1;
            open(collection, None, draft)
        }
    }
}

fn open(collection: &Collection, brought: Option<SealedAnswer>, draft: &mut Draft<'_>) -> Situation {
    let opening = collection.kind.open(brought);
    draft.call(slot(collection), opening.call, Duration::ZERO);
    Situation::Opening { account: opening.account }
}

fn offer_banks(collection: &Collection, event: &Event, draft: &mut Draft<'_>) -> Situation {
    let Event::BanksReceived { document } = event else { unreachable!("drawn on BanksReceived only") };
    let Situation::Listing { session, agreement } = collection.situation.clone() else {
        unreachable!("no banks are asked for in {:?}", collection.situation)
    };
    let exhibit = Some(Exhibit::Banks { document: *document, agreement });
    let kind = ChallengeKind::BankLogin;
    match session {
        None => needing(collection, kind, exhibit, draft),
        Some(mut session) => {
            session.asked = Some(Question { kind, exhibit });
            arrive(collection, session, INIT, &News::default(), draft)
        }
    }
}

fn license(collection: &mut Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
    let login = answer_of(event);
    let mut session = collection.situation.session().cloned();
    match &mut session {
        None => collection.attempt += 1,
        Some(session) => session.answers = session.answers.saturating_add(1),
    }
    let open_id = session.as_ref().map(|session| session.open_id.clone());
    draft.call(slot(collection), collection.kind.license(open_id, login.clone()), Duration::ZERO);
    Situation::Licensing { session, login: Some(login) }
}

fn go_on_licensed(collection: &Collection, draft: &mut Draft<'_>) -> Situation {
    let Situation::Licensing { session, login: Some(login) } = collection.situation.clone() else {
        unreachable!("no login in {:?}", collection.situation)
    };
    let Some(mut session) = session else { return open(collection, Some(login), draft) };
    session.deadline = draft.now + draft.policy.session(collection.kind);
    let call = collection.kind.submission(ChallengeKind::BankLogin, session.open_id.clone(), login);
    draft.call(slot(collection), call, Duration::ZERO);
    Situation::Submitting { session, asked: INIT, submits: 1 }
}

/// Takes up a session: what was brought for it is submitted at once, banks are asked for.
fn take_up(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
    let Event::SessionOpened { open_id, agreement } = event else {
        unreachable!("drawn on SessionOpened only")
    };
    let deadline = draft.now + draft.policy.session(collection.kind);
    let mut session = Session { open_id, deadline, answers: 0, odd: None, asked: None };
    if let Situation::Opening { account: Some(account) } = &collection.situation {
        session.answers = 1;
        let open_id = session.open_id.clone();
        let call = collection.kind.submission(ChallengeKind::DegreeAccount, open_id, account.clone());
        draft.call(slot(collection), call, Duration::ZERO);
        return Situation::Submitting { session, asked: INIT, submits: 1 };
    }
    if let Some(agreement) = agreement {
        session.deadline = draft.now + draft.policy.credentials(collection.required);
        draft.call(slot(collection), collection.kind.banks(Some(session.open_id.clone())), Duration::ZERO);
        return Situation::Listing { session: Some(session), agreement };
    }
    arrive(collection, session, INIT, &News::default(), draft)
}

/// The session is gone, or never came: what is refused at the door is the applicant's to mend, the rest
/// is not.
fn abandon(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
    let is_at_the_door =
        matches!(collection.situation, Situation::Opening { .. } | Situation::Licensing { .. });
    let is_refused = matches!(event, Event::CallRefused { .. });
    let blame = if is_at_the_door && is_refused { Blame::Applicant } else { Blame::Provider };
    dead(collection, own::SESSION_LOST, blame, &message_of(event), draft)
}

/// Follows the provider; what it said before is no news, unless it shows another picture.
fn follow(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Result<Situation, Asked> {
    let (state, news) = told_in(event);
    let shown = collection.challenge().and_then(|challenge| challenge.exhibit);
    if state == collection.situation.number() && !news.shows_other_than(shown) {
        return Err(next_look(collection, news.delay, draft));
    }
    Ok(arrive(collection, session_of(collection), state, &news, draft))
}

fn submit(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
    let answer = answer_of(event);
    let Situation::Asking { mut session, state, challenge } = collection.situation.clone() else {
        unreachable!("nothing is asked in {:?}", collection.situation)
    };
    session.answers = session.answers.saturating_add(1);
    let call = collection.kind.submission(challenge.kind, session.open_id.clone(), answer);
    draft.call(slot(collection), call, Duration::ZERO);
    Situation::Submitting { session, asked: state, submits: 1 }
}

/// Goes where the provider says that it is now. One that still says what it said before has not got
/// round to it: it took the answer. The verdict on a last answer is left for a poll to tell: there the
/// limit stands.
fn go_on_accepted(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
    let Event::CallAccepted { told } = event else { unreachable!("drawn on CallAccepted only") };
    let (before, kind) = asked(collection);
    let mut session = session_of(collection);
    let expected = collection.kind.reported(collection.kind.accepted(kind)).expect("it is drawn");
    let Some(told) = told else { return arrive(collection, session, expected, &News::default(), draft) };
    let reported = collection.kind.reported(told.code);
    if reported.is_none() {
        session.odd = Some(told.code);
    }
    let is_last = session.answers >= draft.policy.answers;
    let is_news = |state: &StateNumber| *state != before && !(is_last && is_wrong(collection.kind, *state));
    match reported.filter(is_news) {
        Some(state) => arrive(collection, session, state, &News::from(told), draft),
        None => arrive(collection, session, expected, &News::later(told.delay), draft),
    }
}

fn is_wrong(kind: CollectionKind, state: StateNumber) -> bool {
    matches!(kind.bearing(state), Bearing::Asks { is_wrong: true, .. })
}

/// Asks for the state at once; keeps the answer only where it may be submitted once more.
fn check(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
    let Event::CallLost { call } = event else { unreachable!("drawn on CallLost only") };
    let session = session_of(collection);
    let (asked, _) = asked(collection);
    let is_first = matches!(collection.situation, Situation::Submitting { submits: 1, .. });
    let is_left_for_good =
        matches!(collection.kind.bearing(asked), Bearing::Asks { is_left_for_good: true, .. });
    let answer = if is_first && is_left_for_good { call.answer().cloned() } else { None };
    draft.call(slot(collection), collection.kind.look(session.open_id.clone()), Duration::ZERO);
    Situation::Checking { session, asked, answer, seen: 0 }
}

fn take_raw_data(collection: &Collection, event: &Event, draft: &mut Draft<'_>) -> Situation {
    let Event::RawDataReceived { document } = event else { unreachable!("drawn on RawDataReceived only") };
    let (Situation::Building { session, deadline, .. } | Situation::Fetching { session, deadline, .. }) =
        collection.situation.clone()
    else {
        unreachable!("no data to fetch in {:?}", collection.situation)
    };
    match collection.kind.report(session.open_id.clone()) {
        None => Situation::Delivered { raw: *document, report: None },
        Some(call) => {
            draft.call(slot(collection), call, Duration::ZERO);
            Situation::Reporting { session, deadline, raw: *document }
        }
    }
}

/// Waits for an operator; remembers where a session stood, without what was being handed over.
fn park(collection: &Collection, cause: Cause, draft: &mut Draft<'_>) -> Situation {
    draft.withdraw(slot(collection));
    let origin = collection.situation.session().map(|_| {
        let mut origin = Box::new(collection.situation.clone());
        origin.drop_answer();
        origin
    });
    Situation::Parked { origin, cause, reminder: draft.now + draft.policy.reminder }
}

/// Goes on where the session stood; what was being handed over is asked for again.
fn resume(collection: &Collection, draft: &mut Draft<'_>) -> Situation {
    let Situation::Parked { origin: Some(origin), .. } = collection.situation.clone() else {
        unreachable!("only a parked session is resumed")
    };
    let news = News::default();
    match *origin {
        Situation::Listing { session: Some(session), agreement } => {
            let call = collection.kind.banks(Some(session.open_id.clone()));
            draft.call(slot(collection), call, Duration::ZERO);
            Situation::Listing { session: Some(session), agreement }
        }
        Situation::Licensing { session: Some(session), .. } => {
            arrive(collection, session, INIT, &news, draft)
        }
        Situation::Working { session, state }
        | Situation::Asking { session, state, .. }
        | Situation::Building { session, state, .. }
        | Situation::Fetching { session, state, .. } => arrive(collection, session, state, &news, draft),
        Situation::Submitting { session, asked, .. }
        | Situation::Resending { session, asked, .. }
        | Situation::Checking { session, asked, .. } => arrive(collection, session, asked, &news, draft),
        Situation::Reporting { session, raw, .. } => {
            let call = collection.kind.report(session.open_id.clone()).expect("drawn where there is one");
            draft.call(slot(collection), call, Duration::ZERO);
            Situation::Reporting { session, deadline: draft.now + draft.policy.data, raw }
        }
        other @ (Situation::Listing { session: None, .. }
        | Situation::Licensing { session: None, .. }
        | Situation::Needing { .. }
        | Situation::Opening { .. }
        | Situation::Dead { .. }
        | Situation::Parked { .. }
        | Situation::Delivered { .. }
        | Situation::Exhausted) => unreachable!("no session in {other:?}"),
    }
}

/// The state in which the provider asked for what is being handed over, and what it asked for.
fn asked(collection: &Collection) -> (StateNumber, ChallengeKind) {
    let (Situation::Submitting { session, asked, .. }
    | Situation::Resending { session, asked, .. }
    | Situation::Checking { session, asked, .. }) = &collection.situation
    else {
        unreachable!("nothing was handed over in {:?}", collection.situation)
    };
    (*asked, kind_asked(collection.kind, *asked, session))
}

/// What the provider asks for in a state in which it asks.
pub(super) fn kind_asked(kind: CollectionKind, state: StateNumber, session: &Session) -> ChallengeKind {
    let Bearing::Asks { what, .. } = kind.bearing(state) else { unreachable!("{state:?} asks for nothing") };
    match what {
        What::Kind(kind) => kind,
        What::SameAgain => session.asked.map_or(ChallengeKind::SmsCode, |asked| asked.kind),
        What::Choice => ChallengeKind::BankLogin,
    }
}

fn session_of(collection: &Collection) -> Session {
    collection.situation.session().expect("drawn where there is a session only").clone()
}

fn session_mut(situation: &mut Situation) -> &mut Session {
    match situation {
        Situation::Listing { session: Some(session), .. }
        | Situation::Licensing { session: Some(session), .. }
        | Situation::Working { session, .. }
        | Situation::Asking { session, .. }
        | Situation::Submitting { session, .. }
        | Situation::Resending { session, .. }
        | Situation::Checking { session, .. }
        | Situation::Building { session, .. }
        | Situation::Fetching { session, .. }
        | Situation::Reporting { session, .. } => session,
        other @ (Situation::Listing { session: None, .. }
        | Situation::Licensing { session: None, .. }
        | Situation::Needing { .. }
        | Situation::Opening { .. }
        | Situation::Dead { .. }
        | Situation::Parked { .. }
        | Situation::Delivered { .. }
        | Situation::Exhausted) => unreachable!("no session in {other:?}"),
    }
}

fn answer_of(event: Event) -> SealedAnswer {
    let Event::AnswerSubmitted { answer } = event else { unreachable!("drawn on AnswerSubmitted only") };
    answer
}

fn told_in(event: Event) -> (StateNumber, News) {
    let Event::StateReported { state, told } = event else { unreachable!("drawn on StateReported only") };
    (state, News::from(told))
}

fn message_of(event: Event) -> String {
    if let Event::StateReported { told: Told { message, .. }, .. } | Event::CallRefused { message } = event {
        return message;
    }
    String::new()
}
