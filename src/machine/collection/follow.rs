//! Where a session leads: the situation that follows from a state that the provider told, and the
//! next look at it.

use super::deeds::kind_asked;
use super::drawn::{Bearing, What};
use super::{Blame, Collection, Question, Session, Situation, StateNumber};
use crate::machine::call::{Slot, Told};
use crate::machine::challenge::{Challenge, ChallengeKind, Exhibit, bounded};
use crate::machine::evidence::Document;
use crate::machine::step::{Asked, Draft};
use std::time::Duration;

/// What came with a state.
#[derive(Debug, Clone, Default)]
pub(super) struct News {
    message: String,
    pub(super) delay: Option<Duration>,
    picture: Option<Document>,
}

impl News {
    /// Nothing but a text.
    pub(super) fn said(message: String) -> Self {
        Self { message, ..Self::default() }
    }

    /// Nothing but how long to wait.
    pub(super) fn later(delay: Option<Duration>) -> Self {
        Self { delay, ..Self::default() }
    }

    fn exhibit(&self) -> Option<Exhibit> {
        let Document { number, fingerprint, .. } = self.picture?;
        Some(Exhibit::Picture { document: number, fingerprint })
    }

    /// Says whether it brings a picture that is not the one shown.
    pub(super) fn shows_other_than(&self, shown: Option<Exhibit>) -> bool {
        let Some(Document { fingerprint: new, .. }) = self.picture else { return false };
        !matches!(shown, Some(Exhibit::Picture { fingerprint, .. }) if fingerprint == new)
    }
}

impl From<Told> for News {
    fn from(told: Told) -> Self {
        Self { message: told.message, delay: told.delay, picture: told.picture }
    }
}

/// Waits for what the applicant must bring before a session; says why the one before was lost.
pub(super) fn needing(
    collection: &Collection,
    kind: ChallengeKind,
    exhibit: Option<Exhibit>,
    draft: &mut Draft<'_>,
) -> Situation {
    let why = if let Situation::Dead { message, .. } = &collection.situation { message } else { "" };
    let challenge = Challenge {
        number: draft.next_challenge(),
        collection: collection.kind,
        kind,
        asked: draft.now,
        deadline: draft.now + draft.policy.credentials(collection.required),
        answers_left: 1,
        message: why.to_owned(),
        exhibit,
    };
    Situation::Needing { challenge }
}

/// Follows the session into a state that the provider told.
///
/// From 24 to 21 of telecom (spec 006 §2 row 11) the same code is wanted: the question stays open as it
/// is, so that whoever is typing can answer it.
pub(super) fn arrive(
    collection: &Collection,
    mut session: Session,
    state: StateNumber,
    news: &News,
    draft: &mut Draft<'_>,
) -> Situation {
    let (slot, policy) = (Slot::Collection(collection.kind), draft.policy);
    let open_id = session.open_id.clone();
    match collection.kind.bearing(state) {
        Bearing::Works => {
            let after = news.delay.unwrap_or(policy.poll_min);
            draft.call(slot, collection.kind.look(open_id), after);
            Situation::Working { session, state }
        }
        Bearing::Asks { what, .. } => {
            let question = question(collection, state, &session, news);
            let is_unhurried = what == What::Choice;
            if is_unhurried {
                draft.withdraw(slot);
                session.deadline = draft.now + policy.credentials(collection.required);
            } else {
                let after = policy.poll_asking.max(news.delay.unwrap_or_default());
                draft.call(slot, collection.kind.look(open_id), after);
            }
            if session.asked.is_some_and(|before| before.kind != question.kind) {
                session.answers = 0;
            }
            session.asked = Some(question);
            if let Some(challenge) = stands(collection, state) {
                return Situation::Asking { session, state, challenge };
            }
            let challenge = Challenge {
                number: draft.next_challenge(),
                collection: collection.kind,
                kind: question.kind,
                asked: draft.now,
                deadline: session.deadline,
                answers_left: policy.answers.saturating_sub(session.answers).max(1),
                message: bounded(&news.message),
                exhibit: question.exhibit,
            };
            Situation::Asking { session, state, challenge }
        }
        Bearing::Builds => {
            draft.call(slot, collection.kind.look(open_id), news.delay.unwrap_or(policy.poll_min));
            Situation::Building { session, state, deadline: draft.now + policy.data }
        }
        Bearing::Delivers => {
            draft.call(slot, collection.kind.raw_data(open_id), Duration::ZERO);
            Situation::Fetching { session, state, deadline: draft.now + policy.data }
        }
        Bearing::Ends => dead(collection, state, Blame::Provider, &news.message, draft),
    }
}

/// The question that stays open although the provider tells another state.
fn stands(collection: &Collection, state: StateNumber) -> Option<Challenge> {
    let Situation::Asking { state: before, challenge, .. } = &collection.situation else { return None };
    let is_telecom = collection.kind == super::CollectionKind::Telecom;
    let is_from_resent = is_telecom && *before == StateNumber(124) && state == StateNumber(121);
    is_from_resent.then(|| challenge.clone())
}

/// What the applicant is asked: a picture that is not told anew is the one of before.
fn question(collection: &Collection, state: StateNumber, session: &Session, news: &News) -> Question {
    let kind = kind_asked(collection.kind, state, session);
    let before = session.asked.filter(|asked| asked.kind == kind).and_then(|asked| asked.exhibit);
    Question { kind, exhibit: news.exhibit().or(before) }
}

/// Ends a session without data.
pub(super) fn dead(
    collection: &Collection,
    state: StateNumber,
    blame: Blame,
    message: &str,
    draft: &mut Draft<'_>,
) -> Situation {
    draft.withdraw(Slot::Collection(collection.kind));
    Situation::Dead { state, blame, restart: draft.now + draft.policy.restart, message: bounded(message) }
}

/// The next look at a session in the state it is in, not before the `delay` that the provider wants.
/// While the data is built, a look at the state alternates with a try at the data (spec 005 A-002-25).
pub(super) fn next_look(collection: &Collection, delay: Option<Duration>, draft: &Draft<'_>) -> Asked {
    let open_id = collection.situation.session().expect("only a session is looked at").open_id.clone();
    let kind = collection.kind;
    if matches!(collection.situation, Situation::Building { .. }) {
        return Asked { call: kind.raw_data(open_id), after: Duration::ZERO };
    }
    let after = if matches!(collection.situation, Situation::Asking { .. }) {
        draft.policy.poll_asking.max(delay.unwrap_or_default())
    } else {
        delay.unwrap_or_else(|| draft.policy.poll_after(draft.now.since(collection.since)))
    };
    Asked { call: kind.look(open_id), after }
}

/// The next try after a 1003.
pub(super) fn next_fetch(collection: &Collection, draft: &Draft<'_>) -> Asked {
    let after = draft.policy.poll_after(draft.now.since(collection.since));
    let open_id = collection.situation.session().expect("only a session has data").open_id.clone();
    let kind = collection.kind;
    let call = if matches!(collection.situation, Situation::Fetching { .. }) {
        kind.raw_data(open_id)
    } else if matches!(collection.situation, Situation::Reporting { .. }) {
        kind.report(open_id).expect("drawn where there is one")
    } else {
        kind.look(open_id)
    };
    Asked { call, after }
}
