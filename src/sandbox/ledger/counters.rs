//! What was processed, by call and by session.
//!
//! Owns the counts. It must never grow without end: sessions are forgotten, the sums stay.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::Serialize;

use crate::sandbox::Endpoint;

/// Sessions whose counts are kept; the oldest go first.
const KEPT_SESSIONS: usize = 50_000;

/// What became of the calls of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Calls that were done.
    pub processed: u64,
    /// Calls that were not.
    pub not_processed: u64,
    /// Calls among both that were disturbed on purpose.
    pub disturbed: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    by_endpoint: BTreeMap<Endpoint, Counts>,
    by_session: HashMap<String, BTreeMap<Endpoint, u64>>,
    order: VecDeque<String>,
}

impl Counters {
    pub(super) fn of(&self, endpoint: Endpoint) -> Counts {
        self.by_endpoint.get(&endpoint).copied().unwrap_or_default()
    }

    pub(super) fn processed_for(&self, open_id: &str) -> BTreeMap<Endpoint, u64> {
        self.by_session.get(open_id).cloned().unwrap_or_default()
    }

    pub(super) fn count(
        &mut self,
        endpoint: Endpoint,
        open_id: Option<&str>,
        is_processed: bool,
        is_faulty: bool,
    ) {
        let counts = self.by_endpoint.entry(endpoint).or_default();
        counts.processed += u64::from(is_processed);
        counts.not_processed += u64::from(!is_processed);
        counts.disturbed += u64::from(is_faulty);
        let Some(open_id) = open_id.filter(|_| is_processed) else { return };
        if !self.by_session.contains_key(open_id) {
            if self.order.len() == KEPT_SESSIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.by_session.remove(&oldest);
            }
            self.order.push_back(open_id.to_owned());
        }
        *self.by_session.entry(open_id.to_owned()).or_default().entry(endpoint).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stay_when_sessions_go() {
        let mut counters = Counters::default();
        for number in 0..KEPT_SESSIONS + 5 {
            counters.count(Endpoint::TelecomState, Some(&number.to_string()), true, number % 2 == 0);
        }
        counters.count(Endpoint::TelecomState, Some("9"), false, false);
        let counts = counters.of(Endpoint::TelecomState);
        assert_eq!((counts.processed, counts.not_processed), (KEPT_SESSIONS as u64 + 5, 1));
        assert_eq!(counters.processed_for("4"), BTreeMap::new());
        assert_eq!(counters.processed_for("5"), [(Endpoint::TelecomState, 1)].into());
        assert_eq!((counters.by_session.len(), counters.order.len()), (KEPT_SESSIONS, KEPT_SESSIONS));
    }
}
