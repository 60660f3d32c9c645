//! All sessions of one system.
//!
//! Owns who is found under which id, the agenda of what moves when, and how long a session is
//! remembered. It must never judge.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::chance::{Chance, Purpose};
use super::{Millis, Mobile};

/// Sessions remembered; the oldest go first. Some 80 MB.
const MAX_SESSIONS: usize = 200_000;
/// How long a session is remembered.
const KEPT: Millis = 24 * 3_600_000;

/// What a session of any system can do.
pub(super) trait Moving: Clone {
    /// Its id.
    fn open_id(&self) -> &str;
    /// Whose it is.
    fn mobile(&self) -> Mobile;
    /// When it was opened.
    fn opened_at(&self) -> Millis;
    /// Moves through everything that is due.
    fn settle(&mut self, now: Millis);
    /// When it will next move by itself.
    fn next_moment(&self) -> Option<Millis>;
    /// The number of its state.
    fn state_number(&self) -> i64;
    /// Does now what would come by itself next, but for the end of its time; whether anything does.
    fn hasten(&mut self, now: Millis) -> bool;
    /// Ends without data in this state; whether it is such a state, and the session was not over.
    fn give_up(&mut self, state: i64) -> bool;
    /// Takes back what the client was told: the answer never reached it.
    fn unsay(&mut self);
    /// Takes back no more than that it was told of the end.
    fn unsay_end(&mut self);
}

/// The sessions, by the order in which they were opened.
#[derive(Debug)]
pub(super) struct Sessions<S> {
    seed: u64,
    purpose: Purpose,
    opened: u64,
    by_ordinal: BTreeMap<u64, S>,
    by_open_id: HashMap<String, u64>,
    by_mobile: HashMap<Mobile, Applicant>,
    agenda: BTreeSet<(Millis, u64)>,
}

#[derive(Debug, Clone, Copy)]
struct Applicant {
    sessions: u32,
    latest: u64,
}

impl<S: Moving> Sessions<S> {
    pub(super) fn new(seed: u64, purpose: Purpose) -> Self {
        Self {
            seed,
            purpose,
            opened: 0,
            by_ordinal: BTreeMap::new(),
            by_open_id: HashMap::new(),
            by_mobile: HashMap::new(),
            agenda: BTreeSet::new(),
        }
    }

    /// Opens a session, made of its number among those of its mobile (counted from 0) and its
    /// chance.
    pub(super) fn open(
        &mut self,
        now: Millis,
        mobile: Mobile,
        make: impl FnOnce(u32, Chance) -> S,
    ) -> String {
        if self.by_ordinal.len() >= MAX_SESSIONS {
            self.forget_oldest();
        }
        let ordinal = self.opened;
        self.opened += 1;
        let applicant = self.by_mobile.entry(mobile).or_insert(Applicant { sessions: 0, latest: ordinal });
        let nth = applicant.sessions;
        applicant.sessions += 1;
        applicant.latest = ordinal;
        let chance = Chance::new(self.seed, self.purpose, mobile.number(), nth.into());
        let mut session = make(nth, chance);
        session.settle(now);
        self.agenda.extend(session.next_moment().map(|at| (at, ordinal)));
        let open_id = session.open_id().to_owned();
        self.by_open_id.insert(open_id.clone(), ordinal);
        self.by_ordinal.insert(ordinal, session);
        open_id
    }

    /// Does something with a session, and notes when it moves next.
    pub(super) fn with<R>(&mut self, now: Millis, open_id: &str, act: impl FnOnce(&mut S) -> R) -> Option<R> {
        let ordinal = *self.by_open_id.get(open_id)?;
        let session = self.by_ordinal.get_mut(&ordinal)?;
        let before = session.next_moment();
        let result = act(session);
        session.settle(now);
        let after = session.next_moment();
        if before != after {
            if let Some(at) = before {
                self.agenda.remove(&(at, ordinal));
            }
            self.agenda.extend(after.map(|at| (at, ordinal)));
        }
        Some(result)
    }

    /// Takes back that clients were told of the end of any session.
    pub(super) fn unsay_ends(&mut self) {
        self.by_ordinal.values_mut().for_each(Moving::unsay_end);
    }

    /// The session of an id.
    pub(super) fn get(&self, open_id: &str) -> Option<&S> {
        self.by_ordinal.get(self.by_open_id.get(open_id)?)
    }

    /// The newest session of a mobile.
    pub(super) fn latest(&self, mobile: Mobile) -> Option<&S> {
        self.by_ordinal.get(&self.by_mobile.get(&mobile)?.latest)
    }

    /// Moves every session to where it stands at `now`, and forgets those of long ago.
    pub(super) fn settle(&mut self, now: Millis) {
        while let Some((_, ordinal)) = self.agenda.first().copied().filter(|(at, _)| *at <= now) {
            self.agenda.pop_first();
            if let Some(session) = self.by_ordinal.get_mut(&ordinal) {
                session.settle(now);
                self.agenda.extend(session.next_moment().map(|at| (at, ordinal)));
            }
        }
        let is_old = |session: &S| session.opened_at().saturating_add(KEPT) <= now;
        while self.by_ordinal.first_key_value().is_some_and(|(_, session)| is_old(session)) {
            self.forget_oldest();
        }
    }

    /// When, after `now`, a session will next move by itself.
    pub(super) fn next_moment(&self, now: Millis) -> Option<Millis> {
        let mut earliest: Option<Millis> = None;
        for (at, ordinal) in &self.agenda {
            let moment = if *at > now {
                Some(*at)
            } else {
                // Due already: see where it will have gone.
                self.by_ordinal.get(ordinal).cloned().and_then(|mut session| {
                    session.settle(now);
                    session.next_moment()
                })
            };
            earliest = earliest.into_iter().chain(moment).min();
            if *at > now {
                break;
            }
        }
        earliest
    }

    fn forget_oldest(&mut self) {
        let Some((ordinal, session)) = self.by_ordinal.pop_first() else {
            return;
        };
        self.by_open_id.remove(session.open_id());
        if let Some(at) = session.next_moment() {
            self.agenda.remove(&(at, ordinal));
        }
        let is_latest = |applicant: &Applicant| applicant.latest == ordinal;
        if self.by_mobile.get(&session.mobile()).is_some_and(is_latest) {
            self.by_mobile.remove(&session.mobile());
        }
    }
}
