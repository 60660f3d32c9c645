//! All telecom sessions.
//!
//! Owns who is found under which id, and the agenda of what moves when. It must never judge.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::chance::{Chance, Purpose};
use super::session::Session;
use super::{Millis, Mobile, Pace};

/// Sessions remembered; the oldest go first. Some 400 MB.
const MAX_SESSIONS: usize = 1_000_000;

/// The sessions, by the order in which they were opened.
#[derive(Debug)]
pub(super) struct Sessions {
    seed: u64,
    pace: Pace,
    opened: u64,
    by_ordinal: BTreeMap<u64, Session>,
    by_open_id: HashMap<String, u64>,
    by_mobile: HashMap<Mobile, Applicant>,
    agenda: BTreeSet<(Millis, u64)>,
}

#[derive(Debug, Clone, Copy)]
struct Applicant {
    sessions: u32,
    latest: u64,
}

impl Sessions {
    pub(super) fn new(seed: u64, pace: Pace) -> Self {
        Self {
            seed,
            pace,
            opened: 0,
            by_ordinal: BTreeMap::new(),
            by_open_id: HashMap::new(),
            by_mobile: HashMap::new(),
            agenda: BTreeSet::new(),
        }
    }

    /// Opens a session.
    pub(super) fn open(&mut self, now: Millis, mobile: Mobile, service_password: &str) -> &Session {
        if self.by_ordinal.len() >= MAX_SESSIONS {
            self.forget_oldest();
        }
        let ordinal = self.opened;
        self.opened += 1;
        let applicant = self.by_mobile.entry(mobile).or_insert(Applicant { sessions: 0, latest: ordinal });
        let nth = applicant.sessions;
        applicant.sessions += 1;
        applicant.latest = ordinal;
        let chance = Chance::new(self.seed, Purpose::Session, mobile.number(), nth.into());
        let mut session = Session::open(now, mobile, nth, service_password, self.pace, chance);
        session.settle(now);
        self.agenda.extend(session.next_moment().map(|at| (at, ordinal)));
        self.by_open_id.insert(session.open_id.clone(), ordinal);
        self.by_ordinal.entry(ordinal).or_insert(session)
    }

    /// Does something with a session, and notes when it moves next.
    pub(super) fn with<R>(
        &mut self,
        now: Millis,
        open_id: &str,
        act: impl FnOnce(&mut Session) -> R,
    ) -> Option<R> {
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

    /// The newest session of a mobile.
    pub(super) fn latest(&self, mobile: Mobile) -> Option<&Session> {
        self.by_ordinal.get(&self.by_mobile.get(&mobile)?.latest)
    }

    /// Moves every session to where it stands at `now`.
    pub(super) fn settle(&mut self, now: Millis) {
        while let Some((_, ordinal)) = self.agenda.first().copied().filter(|(at, _)| *at <= now) {
            self.agenda.pop_first();
            if let Some(session) = self.by_ordinal.get_mut(&ordinal) {
                session.settle(now);
                self.agenda.extend(session.next_moment().map(|at| (at, ordinal)));
            }
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
        self.by_open_id.remove(&session.open_id);
        if let Some(at) = session.next_moment() {
            self.agenda.remove(&(at, ordinal));
        }
        let is_latest = |applicant: &Applicant| applicant.latest == ordinal;
        if self.by_mobile.get(&session.mobile).is_some_and(is_latest) {
            self.by_mobile.remove(&session.mobile);
        }
    }
}
