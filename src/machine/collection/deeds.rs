//! What is done on the way from one situation to the next.
//!
//! Owns the making of new situations and the calls that they ask for. It must never decide whether a
//! deed is done: that is drawn.

use super::drawn::{Bearing, What, own};
use super::follow::{News, arrive, dead, needing, next_look};
use super::situation::INIT;
use super::step::Event;
use super::{Blame, Collection, CollectionKind, Question, Session, Situation, StateNumber};
use crate::machine::call::{Cause, Slot, Told};
use crate::machine::challenge::{Agreement, ChallengeKind, Exhibit, SealedAnswer};
use crate::machine::step::{Asked, Draft};
use std::time::Duration;

pub(super) fn slot(collection: &Collection) -> Slot {
    Slot::Collection(collection.kind)
}

/// Begins a session, or what comes before one.
pub(super) fn begin(collection: &mut Collection, draft: &mut Draft<'_>) -> Situation {
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

pub(super) fn open(
    collection: &Collection,
    brought: Option<SealedAnswer>,
    draft: &mut Draft<'_>,
) -> Situation {
    let opening = collection.kind.open(brought);
    draft.call(slot(collection), opening.call, Duration::ZERO);
    Situation::Opening { account: opening.account }
}

pub(super) fn offer_banks(collection: &Collection, event: &Event, draft: &mut Draft<'_>) -> Situation {
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

pub(super) fn license(collection: &mut Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
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

pub(super) fn go_on_licensed(collection: &Collection, draft: &mut Draft<'_>) -> Situation {
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
pub(super) fn take_up(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
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
pub(super) fn abandon(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
    let is_at_the_door =
        matches!(collection.situation, Situation::Opening { .. } | Situation::Licensing { .. });
    let is_refused = matches!(event, Event::CallRefused { .. });
    let blame = if is_at_the_door && is_refused { Blame::Applicant } else { Blame::Provider };
    dead(collection, own::SESSION_LOST, blame, &message_of(event), draft)
}

/// Follows the provider; what it said before is no news, unless it shows another picture.
pub(super) fn follow(
    collection: &Collection,
    event: Event,
    draft: &mut Draft<'_>,
) -> Result<Situation, Asked> {
    let (state, news) = told_in(event);
    let shown = collection.challenge().and_then(|challenge| challenge.exhibit);
    if state == collection.situation.number() && !news.shows_other_than(shown) {
        return Err(next_look(collection, news.delay, draft));
    }
    Ok(arrive(collection, session_of(collection), state, &news, draft))
}

pub(super) fn submit(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
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
pub(super) fn go_on_accepted(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
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

pub(super) fn is_wrong(kind: CollectionKind, state: StateNumber) -> bool {
    matches!(kind.bearing(state), Bearing::Asks { is_wrong: true, .. })
}

/// Asks for the state; keeps the answer only where it may be submitted once more.
///
/// At once, but where the provider tells how long to wait: what it told with the question may not be over,
/// what it told with the lost answer nobody knows. There it waits as long as it ever does by itself.
pub(super) fn check(collection: &Collection, event: Event, draft: &mut Draft<'_>) -> Situation {
    let Event::CallLost { call } = event else { unreachable!("drawn on CallLost only") };
    let session = session_of(collection);
    let (asked, _) = asked(collection);
    let is_first = matches!(collection.situation, Situation::Submitting { submits: 1, .. });
    let is_left_for_good =
        matches!(collection.kind.bearing(asked), Bearing::Asks { is_left_for_good: true, .. });
    let answer = if is_first && is_left_for_good { call.answer().cloned() } else { None };
    look_first(collection, session, asked, answer, draft)
}

fn look_first(
    collection: &Collection,
    session: Session,
    asked: StateNumber,
    answer: Option<SealedAnswer>,
    draft: &mut Draft<'_>,
) -> Situation {
    let after = if collection.kind.tells_delay() { draft.policy.poll_max } else { Duration::ZERO };
    draft.call(slot(collection), collection.kind.look(session.open_id.clone()), after);
    Situation::Checking { session, asked, answer, seen: 0 }
}

pub(super) fn take_raw_data(collection: &Collection, event: &Event, draft: &mut Draft<'_>) -> Situation {
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
pub(super) fn park(collection: &Collection, cause: Cause, draft: &mut Draft<'_>) -> Situation {
    draft.withdraw(slot(collection));
    let origin = collection.situation.session().map(|_| {
        let mut origin = Box::new(collection.situation.clone());
        origin.drop_answer();
        origin
    });
    Situation::Parked { origin, cause, reminder: draft.now + draft.policy.reminder }
}

/// Goes on where the session stood. Whether what was being handed over arrived is not known: the provider
/// is asked before the applicant is.
pub(super) fn resume(collection: &Collection, draft: &mut Draft<'_>) -> Situation {
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
        | Situation::Checking { session, asked, .. } => look_first(collection, session, asked, None, draft),
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
pub(super) fn asked(collection: &Collection) -> (StateNumber, ChallengeKind) {
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
        // A login is not asked for again: it was taken, and the question after it was not seen.
        What::SameAgain => match session.asked.map(|asked| asked.kind) {
            None | Some(ChallengeKind::BankLogin) => ChallengeKind::SmsCode,
            Some(kind) => kind,
        },
        What::Choice => ChallengeKind::BankLogin,
    }
}

pub(super) fn session_of(collection: &Collection) -> Session {
    collection.situation.session().expect("drawn where there is a session only").clone()
}

pub(super) fn session_mut(situation: &mut Situation) -> &mut Session {
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

pub(super) fn answer_of(event: Event) -> SealedAnswer {
    let Event::AnswerSubmitted { answer } = event else { unreachable!("drawn on AnswerSubmitted only") };
    answer
}

pub(super) fn told_in(event: Event) -> (StateNumber, News) {
    let Event::StateReported { state, told } = event else { unreachable!("drawn on StateReported only") };
    (state, News::from(told))
}

pub(super) fn message_of(event: Event) -> String {
    if let Event::StateReported { told: Told { message, .. }, .. } | Event::CallRefused { message } = event {
        return message;
    }
    String::new()
}
