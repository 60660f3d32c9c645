//! What a script does to an applicant's calls a limited number of times.
//!
//! Owns the counts, per applicant and call. It must never grow without end.

use std::collections::{BTreeMap, VecDeque};

use super::{Endpoint, Mobile};

/// Applicants remembered; the oldest go first, and meet their script again.
const MAX_COUNTS: usize = 100_000;

/// How often each was disturbed.
#[derive(Debug, Default)]
pub(super) struct Quirks {
    counts: BTreeMap<(Endpoint, Mobile), u32>,
    order: VecDeque<(Endpoint, Mobile)>,
}

impl Quirks {
    /// Whether this is one of the first `times` calls of the applicant; asking counts.
    pub(super) fn is_among_first(&mut self, endpoint: Endpoint, mobile: Mobile, times: u32) -> bool {
        let key = (endpoint, mobile);
        if !self.counts.contains_key(&key) {
            if self.order.len() == MAX_COUNTS
                && let Some(oldest) = self.order.pop_front()
            {
                self.counts.remove(&oldest);
            }
            self.order.push_back(key);
        }
        let count = self.counts.entry(key).or_default();
        let is_among = *count < times;
        *count = count.saturating_add(1);
        is_among
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_told_apart_and_the_memory_ends() {
        let mut quirks = Quirks::default();
        let mobile = |number| Mobile::from_number(19_901_000_000 + number).unwrap();
        let calls = [(); 3].map(|()| quirks.is_among_first(Endpoint::Blacklist, mobile(0), 2));
        assert_eq!(calls, [true, true, false]);
        assert!(quirks.is_among_first(Endpoint::TelecomOpenId, mobile(0), 1));
        for number in 1..MAX_COUNTS as u64 + 10 {
            quirks.is_among_first(Endpoint::Blacklist, mobile(number), 1);
        }
        assert_eq!((quirks.counts.len(), quirks.order.len()), (MAX_COUNTS, MAX_COUNTS));
        assert!(quirks.is_among_first(Endpoint::Blacklist, mobile(0), 1), "forgotten by now");
    }
}
