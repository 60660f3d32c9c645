//! What becomes of a telecom collection when something happens (spec 006 §2).

use super::{Blame, Session, Situation, Telecom};
use crate::machine::call::{Call, Cause, Slot};
use crate::machine::challenge::{Challenge, ChallengeKind, SealedAnswer, bounded};
use crate::machine::graph::telecom::{Cell, Edge, EventKind, Guard, Set, State, Target, Timer, cell};
use crate::machine::step::{Asked, Draft, Taken};
use crate::machine::table::Outcome;
use std::time::Duration;

/// What can happen to the collection.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    AnswerSubmitted { answer: SealedAnswer },
    ResendRequested,
    ResumeRequested,
    RestartRequested,
    SessionOpened { open_id: String },
    CallAccepted,
    CallRefused { message: String },
    CallLost { call: Call },
    CallFailed { cause: Cause },
    StateReported { state: State, message: String },
    UnknownReported { code: i64 },
    DataNotReady,
    RawDataReceived { document: u32 },
    ReportReceived { document: u32 },
    Timer(Timer),
}

impl Event {
    pub(crate) const fn kind(&self) -> EventKind {
        match self {
            Self::AnswerSubmitted { .. } => EventKind::AnswerSubmitted,
            Self::ResendRequested => EventKind::ResendRequested,
            Self::ResumeRequested => EventKind::ResumeRequested,
            Self::RestartRequested => EventKind::RestartRequested,
            Self::SessionOpened { .. } => EventKind::SessionOpened,
            Self::CallAccepted => EventKind::CallAccepted,
            Self::CallRefused { .. } => EventKind::CallRefused,
            Self::CallLost { .. } => EventKind::CallLost,
            Self::CallFailed { .. } => EventKind::CallFailed,
            Self::StateReported { .. } => EventKind::StateReported,
            Self::UnknownReported { .. } => EventKind::UnknownReported,
            Self::DataNotReady => EventKind::DataNotReady,
            Self::RawDataReceived { .. } => EventKind::RawDataReceived,
            Self::ReportReceived { .. } => EventKind::ReportReceived,
            Self::Timer(timer) => timer.event(),
        }
    }
}

/// The event that a code of dictionary 8.1 amounts to.
pub(crate) fn reported(code: i64, message: String) -> Event {
    let state = u16::try_from(code)
        .ok()
        .and_then(|code| code.checked_add(PROVIDER_STATES))
        .and_then(State::from_number)
        .filter(|state| Set::Reported.members().contains(state));
    match state {
        Some(state) => Event::StateReported { state, message },
        None => Event::UnknownReported { code },
    }
}

/// A state that the provider tells has this number more than its code (state/telecom.toml).
pub(crate) const PROVIDER_STATES: u16 = 100;

/// Starts a collection: it waits for credentials.
pub(crate) fn start(required: bool, draft: &mut Draft<'_>) -> Telecom {
    let situation = needing(draft);
    draft.started(Slot::Telecom, situation.state().number());
    Telecom { required, attempt: 0, since: draft.now, situation }
}

impl Telecom {
    /// Says whether an edge is drawn for `event` where it stands.
    pub(crate) fn takes(&self, event: &Event) -> bool {
        matches!(cell(self.state(), event.kind()), Cell::Rows(_))
    }
}

/// Lets `event` happen to `telecom`.
pub(crate) fn step(telecom: &Telecom, event: Event, draft: &mut Draft<'_>) -> Taken<Telecom> {
    let from = telecom.state();
    let rows = match cell(from, event.kind()) {
        Cell::Rows(rows) => *rows,
        Cell::Otherwise(Outcome::Ignore) => return Taken::Ignored,
        Cell::Otherwise(Outcome::Late) => return Taken::Late,
        Cell::Otherwise(Outcome::Reject) => return Taken::Rejected,
    };
    let row = rows
        .iter()
        .find(|row| row.guard.is_none_or(|guard| holds(guard, telecom, &event, draft)))
        .expect("the last row of a cell is unguarded: the generator sees to it");
    let mut next = telecom.clone();
    match act(row.edge, &mut next, event, draft) {
        Act::Move => {}
        Act::Quiet(asked) => return Taken::Quiet(asked),
    }
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
    draft.moved(Slot::Telecom, row.edge.number(), from.number(), to.number());
    Taken::Moved(next)
}

fn holds(guard: Guard, telecom: &Telecom, event: &Event, draft: &Draft<'_>) -> bool {
    match guard {
        Guard::AnswersUsedUp => {
            let wrong = matches!(
                event,
                Event::StateReported { state: State::CaptchaError | State::QueryPwdError, .. }
            );
            let is_new = !matches!(event, Event::StateReported { state, .. } if *state == telecom.state());
            let session = telecom.situation.session();
            wrong && is_new && session.is_some_and(|session| session.answers >= draft.policy.answers)
        }
        Guard::AskedForCode => kind_asked(asked_in(&telecom.situation)) == ChallengeKind::SmsCode,
        Guard::FirstTimeStillAsking => still_asking(telecom, event).is_some_and(|(seen, _)| seen == 0),
        Guard::MaySubmitAgain => {
            still_asking(telecom, event).is_some_and(|(seen, is_kept)| seen > 0 && is_kept)
        }
        Guard::AttemptsLeft => telecom.attempt < draft.policy.sessions,
        Guard::ApplicantToBlame => {
            matches!(telecom.situation, Situation::Dead { blame: Blame::Applicant, .. })
        }
        Guard::SessionAlive => {
            let Situation::Parked { origin: Some(origin), .. } = &telecom.situation else { return false };
            let finished = matches!(
                **origin,
                Situation::Building { .. } | Situation::Fetching { .. } | Situation::Reporting { .. }
            );
            finished || origin.session().is_some_and(|session| draft.now < session.deadline)
        }
    }
}

/// If the provider still asks as before the lost answer: how often that was seen before, and
/// whether there is an answer to submit again.
fn still_asking(telecom: &Telecom, event: &Event) -> Option<(u8, bool)> {
    let Situation::Checking { asked, answer, seen, .. } = &telecom.situation else { return None };
    let Event::StateReported { state, .. } = event else { return None };
    (state == asked).then_some((*seen, answer.is_some()))
}

enum Act {
    Move,
    Quiet(Asked),
}

/// Does what the edge says: the new situation and the calls it asks for.
fn act(edge: Edge, telecom: &mut Telecom, event: Event, draft: &mut Draft<'_>) -> Act {
    telecom.situation = match edge {
        Edge::CredentialsGiven => {
            let Event::AnswerSubmitted { answer } = event else {
                unreachable!("drawn on AnswerSubmitted only")
            };
            telecom.attempt += 1;
            draft.call(Slot::Telecom, Call::TelecomOpen { password: answer }, Duration::ZERO);
            Situation::Opening
        }
        Edge::CredentialsOverdue | Edge::ApplicantGaveUp => Situation::Exhausted,
        Edge::SessionOpened => {
            let Event::SessionOpened { open_id } = event else { unreachable!("drawn on SessionOpened only") };
            let session =
                Session { open_id, deadline: draft.now + draft.policy.session, answers: 0, odd: None };
            arrive(session, State::Init, String::new(), draft)
        }
        Edge::OpenRefused | Edge::OpenLost | Edge::SessionRefused => lost(telecom, event, draft),
        Edge::AnswersExhausted => dead(State::SessionLost, Blame::Applicant, message_of(event), draft),
        Edge::StateReported | Edge::StateReportedLate => {
            let Event::StateReported { state, message } = event else {
                unreachable!("drawn on StateReported only")
            };
            if state == telecom.state() {
                return Act::Quiet(next_look(telecom, draft));
            }
            arrive_from(telecom, state, message, draft)
        }
        Edge::UnknownReported => {
            let Event::UnknownReported { code } = event else {
                unreachable!("drawn on UnknownReported only")
            };
            let asked = next_look(telecom, draft);
            if telecom.situation.session().and_then(|session| session.odd) == Some(code) {
                return Act::Quiet(asked);
            }
            draft.call(Slot::Telecom, asked.call, asked.after);
            let mut situation = telecom.situation.clone();
            session_mut(&mut situation).odd = Some(code);
            situation
        }
        Edge::AnswerSubmitted => submit(telecom, event, draft),
        Edge::ResendRequested => {
            let Situation::Asking { session, state, challenge } = telecom.situation.clone() else {
                unreachable!("no challenge in {:?}", telecom.situation)
            };
            let open_id = session.open_id.clone();
            draft.call(Slot::Telecom, Call::TelecomResend { open_id }, Duration::ZERO);
            Situation::Resending { session, asked: state, challenge }
        }
        Edge::CodeAccepted => arrive_from(telecom, State::CaptchaSubmitted, String::new(), draft),
        Edge::PasswordAccepted => arrive_from(telecom, State::QueryPwdSubmitted, String::new(), draft),
        Edge::CodeResent => arrive_from(telecom, State::CaptchaResend, String::new(), draft),
        Edge::AnswerRefused => {
            let asked = asked_in(&telecom.situation);
            arrive_from(telecom, asked, message_of(event), draft)
        }
        Edge::ResendRefused => {
            let Situation::Resending { session, asked, challenge } = telecom.situation.clone() else {
                unreachable!("nothing was ordered in {:?}", telecom.situation)
            };
            let open_id = session.open_id.clone();
            draft.call(Slot::Telecom, Call::TelecomState { open_id }, draft.policy.poll_asking);
            let challenge = Challenge { message: bounded(&message_of(event)), ..challenge };
            Situation::Asking { session, state: asked, challenge }
        }
        Edge::AnswerLost | Edge::ResendLost => check(telecom, event, draft),
        Edge::StillAsking => {
            let asked = look(telecom, draft.policy.poll_min);
            draft.call(Slot::Telecom, asked.call, asked.after);
            let Situation::Checking { session, asked, answer, seen } = telecom.situation.clone() else {
                unreachable!("nothing to check in {:?}", telecom.situation)
            };
            Situation::Checking { session, asked, answer, seen: seen + 1 }
        }
        Edge::SubmittedAgain => {
            let Situation::Checking { session, asked, answer: Some(answer), .. } = telecom.situation.clone()
            else {
                unreachable!("nothing to submit in {:?}", telecom.situation)
            };
            draft.call(Slot::Telecom, submission(asked, &session, answer), Duration::ZERO);
            Situation::Submitting { session, asked, submits: 2 }
        }
        Edge::MovedOn => {
            let Event::StateReported { state, message } = event else {
                unreachable!("drawn on StateReported only")
            };
            arrive_from(telecom, state, message, draft)
        }
        Edge::SessionOverdue => {
            let asking = matches!(telecom.situation, Situation::Asking { .. });
            let blame = if asking { Blame::Applicant } else { Blame::Provider };
            dead(State::SessionExpired, blame, String::new(), draft)
        }
        Edge::RawDataStored => {
            let Event::RawDataReceived { document } = event else {
                unreachable!("drawn on RawDataReceived only")
            };
            let (session, deadline) = fetching(&telecom.situation);
            let open_id = session.open_id.clone();
            draft.call(Slot::Telecom, Call::TelecomReport { open_id }, Duration::ZERO);
            Situation::Reporting { session, deadline, raw: document }
        }
        Edge::RawDataNotReady => return Act::Quiet(next_fetch(telecom, draft)),
        Edge::ReportStored => match (&telecom.situation, event) {
            (Situation::Reporting { raw, .. }, Event::ReportReceived { document }) => {
                Situation::Delivered { raw: *raw, report: document }
            }
            (other, _) => unreachable!("no raw data in {other:?}"),
        },
        Edge::DataOverdue => park(telecom, Cause::DataOverdue, draft),
        Edge::ProviderGaveUp => park(telecom, Cause::SessionsUsedUp, draft),
        Edge::CallFailed => {
            let Event::CallFailed { cause } = event else { unreachable!("drawn on CallFailed only") };
            park(telecom, cause, draft)
        }
        Edge::StartedOver => needing(draft),
        Edge::Resumed => resume(telecom, draft),
        Edge::ResumedAnew | Edge::Restarted => {
            telecom.attempt = 0;
            needing(draft)
        }
        Edge::Reminded => {
            let Situation::Parked { origin, cause, .. } = telecom.situation.clone() else {
                unreachable!("nothing is parked in {:?}", telecom.situation)
            };
            Situation::Parked { origin, cause, reminder: draft.now + draft.policy.reminder }
        }
    };
    Act::Move
}

/// Waits for the service password.
fn needing(draft: &mut Draft<'_>) -> Situation {
    draft.withdraw(Slot::Telecom);
    let challenge = Challenge {
        number: draft.next_challenge(),
        kind: ChallengeKind::ServicePassword,
        asked: draft.now,
        deadline: draft.now + draft.policy.credentials,
        answers_left: 1,
        message: String::new(),
    };
    Situation::Needing { challenge }
}

/// Follows the session into a state that the provider told.
///
/// From 24 to 21 (spec 006 §2 row 11) the same code is wanted: the question stays open as it is,
/// so that whoever is typing can answer it.
fn arrive_from(telecom: &Telecom, state: State, message: String, draft: &mut Draft<'_>) -> Situation {
    let session = telecom.situation.session().expect("only a session reports a state").clone();
    if let Situation::Asking { state: State::CaptchaResend, challenge, .. } = &telecom.situation
        && state == State::CaptchaRequired
    {
        let open_id = session.open_id.clone();
        draft.call(Slot::Telecom, Call::TelecomState { open_id }, draft.policy.poll_asking);
        return Situation::Asking { session, state, challenge: challenge.clone() };
    }
    arrive(session, state, message, draft)
}

fn arrive(session: Session, state: State, message: String, draft: &mut Draft<'_>) -> Situation {
    let policy = draft.policy;
    let open_id = session.open_id.clone();
    match state {
        State::Init | State::ServicePwdSubmitted | State::CaptchaSubmitted | State::QueryPwdSubmitted => {
            draft.call(Slot::Telecom, Call::TelecomState { open_id }, policy.poll_min);
            Situation::Working { session, state }
        }
        State::CaptchaRequired
        | State::CaptchaError
        | State::CaptchaResend
        | State::QueryPwdRequired
        | State::QueryPwdError => {
            draft.call(Slot::Telecom, Call::TelecomState { open_id }, policy.poll_asking);
            let challenge = Challenge {
                number: draft.next_challenge(),
                kind: kind_asked(state),
                asked: draft.now,
                deadline: session.deadline,
                answers_left: policy.answers.saturating_sub(session.answers).max(1),
                message: bounded(&message),
            };
            Situation::Asking { session, state, challenge }
        }
        State::CollectFinished => {
            draft.call(Slot::Telecom, Call::TelecomState { open_id }, policy.poll_min);
            Situation::Building { session, deadline: draft.now + policy.data }
        }
        State::DataReady => {
            draft.call(Slot::Telecom, Call::TelecomRawData { open_id }, Duration::ZERO);
            Situation::Fetching { session, deadline: draft.now + policy.data }
        }
        State::Restart | State::CollectFailed => dead(state, Blame::Provider, message, draft),
        State::CredentialsRequired
        | State::Opening
        | State::Submitting
        | State::Resending
        | State::Checking
        | State::ReportPending
        | State::Delivered
        | State::SessionExpired
        | State::SessionLost
        | State::Parked
        | State::Exhausted => unreachable!("the provider never tells {}", state.name()),
    }
}

/// What the provider asks for in a state in which it asks.
fn kind_asked(state: State) -> ChallengeKind {
    if matches!(state, State::QueryPwdRequired | State::QueryPwdError) {
        return ChallengeKind::QueryPassword;
    }
    ChallengeKind::SmsCode
}

fn dead(state: State, blame: Blame, message: String, draft: &mut Draft<'_>) -> Situation {
    draft.withdraw(Slot::Telecom);
    Situation::Dead { state, blame, restart: draft.now + draft.policy.restart, message: bounded(&message) }
}

/// The session is gone, or never came: refused data is the applicant's to mend, the rest is not.
fn lost(telecom: &Telecom, event: Event, draft: &mut Draft<'_>) -> Situation {
    let refused_at_the_door =
        matches!(telecom.situation, Situation::Opening) && matches!(event, Event::CallRefused { .. });
    let blame = if refused_at_the_door { Blame::Applicant } else { Blame::Provider };
    dead(State::SessionLost, blame, message_of(event), draft)
}

fn submit(telecom: &Telecom, event: Event, draft: &mut Draft<'_>) -> Situation {
    match (telecom.situation.clone(), event) {
        (Situation::Asking { mut session, state, .. }, Event::AnswerSubmitted { answer }) => {
            session.answers = session.answers.saturating_add(1);
            draft.call(Slot::Telecom, submission(state, &session, answer), Duration::ZERO);
            Situation::Submitting { session, asked: state, submits: 1 }
        }
        (other, _) => unreachable!("nothing is asked in {other:?}"),
    }
}

fn submission(asked: State, session: &Session, answer: SealedAnswer) -> Call {
    let open_id = session.open_id.clone();
    match kind_asked(asked) {
        ChallengeKind::QueryPassword => Call::TelecomQueryPassword { open_id, answer },
        ChallengeKind::SmsCode | ChallengeKind::ServicePassword => Call::TelecomCaptcha { open_id, answer },
    }
}

/// Says whether a session that is still in this state cannot have processed an answer to it: 24
/// and 31 are left for good by one (spec 006 §2 rows 5 to 15). After 21 another code may be
/// wanted, 23 and 33 are also where a wrong answer leads: there only the applicant may answer
/// again.
const fn proves_unprocessed(asked: State) -> bool {
    matches!(asked, State::CaptchaResend | State::QueryPwdRequired)
}

/// Asks for the state at once; keeps the answer only where it may be submitted once more.
#[expect(clippy::wildcard_enum_match_arm, reason = "the edge is drawn from these situations only")]
fn check(telecom: &Telecom, event: Event, draft: &mut Draft<'_>) -> Situation {
    let Event::CallLost { call } = event else { unreachable!("drawn on CallLost only") };
    let (session, asked, answer) = match telecom.situation.clone() {
        Situation::Submitting { session, asked, submits: 1 } if proves_unprocessed(asked) => {
            (session, asked, call.answer().cloned())
        }
        Situation::Submitting { session, asked, .. } | Situation::Resending { session, asked, .. } => {
            (session, asked, None)
        }
        other => unreachable!("nothing was handed over in {other:?}"),
    };
    let open_id = session.open_id.clone();
    draft.call(Slot::Telecom, Call::TelecomState { open_id }, Duration::ZERO);
    Situation::Checking { session, asked, answer, seen: 0 }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the edge is drawn from these situations only")]
fn asked_in(situation: &Situation) -> State {
    match situation {
        Situation::Submitting { asked, .. }
        | Situation::Resending { asked, .. }
        | Situation::Checking { asked, .. } => *asked,
        other => unreachable!("nothing was handed over in {other:?}"),
    }
}

/// The next look at a session in the state it is in. While the data is built, a look at the
/// state alternates with a try at the data (spec 005 A-002-25).
fn next_look(telecom: &Telecom, draft: &Draft<'_>) -> Asked {
    if let Situation::Building { session, .. } = &telecom.situation {
        let open_id = session.open_id.clone();
        return Asked { call: Call::TelecomRawData { open_id }, after: Duration::ZERO };
    }
    if matches!(telecom.situation, Situation::Asking { .. }) {
        return look(telecom, draft.policy.poll_asking);
    }
    look(telecom, draft.policy.poll_after(draft.now.since(telecom.since)))
}

/// The next try after a 1003.
fn next_fetch(telecom: &Telecom, draft: &Draft<'_>) -> Asked {
    let after = draft.policy.poll_after(draft.now.since(telecom.since));
    let open_id = telecom.situation.session().expect("only a session has data").open_id.clone();
    let call = if matches!(telecom.situation, Situation::Fetching { .. }) {
        Call::TelecomRawData { open_id }
    } else if matches!(telecom.situation, Situation::Reporting { .. }) {
        Call::TelecomReport { open_id }
    } else {
        Call::TelecomState { open_id }
    };
    Asked { call, after }
}

fn look(telecom: &Telecom, after: Duration) -> Asked {
    let session = telecom.situation.session().expect("only a session has a state");
    Asked { call: Call::TelecomState { open_id: session.open_id.clone() }, after }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the edge is drawn from these situations only")]
fn fetching(situation: &Situation) -> (Session, crate::machine::time::Time) {
    match situation {
        Situation::Building { session, deadline } | Situation::Fetching { session, deadline } => {
            (session.clone(), *deadline)
        }
        other => unreachable!("no data to fetch in {other:?}"),
    }
}

/// Waits for an operator; remembers where a session stood, without what was being handed over.
fn park(telecom: &Telecom, cause: Cause, draft: &mut Draft<'_>) -> Situation {
    draft.withdraw(Slot::Telecom);
    let origin = telecom.situation.session().map(|_| {
        let mut origin = Box::new(telecom.situation.clone());
        origin.drop_answer();
        origin
    });
    Situation::Parked { origin, cause, reminder: draft.now + draft.policy.reminder }
}

/// Goes on where the session stood; what was being handed over is asked for again.
#[expect(clippy::wildcard_enum_match_arm, reason = "the edge is drawn from these situations only")]
fn resume(telecom: &Telecom, draft: &mut Draft<'_>) -> Situation {
    let Situation::Parked { origin: Some(origin), .. } = telecom.situation.clone() else {
        unreachable!("only a parked session is resumed")
    };
    match *origin {
        Situation::Working { session, state } | Situation::Asking { session, state, .. } => {
            arrive(session, state, String::new(), draft)
        }
        Situation::Submitting { session, asked, .. }
        | Situation::Resending { session, asked, .. }
        | Situation::Checking { session, asked, .. } => arrive(session, asked, String::new(), draft),
        Situation::Building { session, .. } => arrive(session, State::CollectFinished, String::new(), draft),
        Situation::Fetching { session, .. } => arrive(session, State::DataReady, String::new(), draft),
        Situation::Reporting { session, raw, .. } => {
            draft.call(
                Slot::Telecom,
                Call::TelecomReport { open_id: session.open_id.clone() },
                Duration::ZERO,
            );
            Situation::Reporting { session, deadline: draft.now + draft.policy.data, raw }
        }
        other => unreachable!("no session in {other:?}"),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the edge is drawn from these situations only")]
fn session_mut(situation: &mut Situation) -> &mut Session {
    match situation {
        Situation::Working { session, .. }
        | Situation::Asking { session, .. }
        | Situation::Submitting { session, .. }
        | Situation::Resending { session, .. }
        | Situation::Checking { session, .. }
        | Situation::Building { session, .. }
        | Situation::Fetching { session, .. }
        | Situation::Reporting { session, .. } => session,
        other => unreachable!("no session in {other:?}"),
    }
}

fn message_of(event: Event) -> String {
    if let Event::StateReported { message, .. } | Event::CallRefused { message } = event {
        return message;
    }
    String::new()
}
