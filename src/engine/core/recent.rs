//! The applications that moved last, decoded: who moves once soon moves again.
//!
//! Owns the bound on them. It must never give another value than the store's newest: it is given what
//! the engine has itself appended, once that is durable and nothing newer is decided, and while
//! something newer is, nobody asks here.

use crate::machine::application::Application;
use crate::machine::id::ApplicationId;
use std::collections::HashMap;
use std::sync::Arc;

/// The most applications that are kept decoded: about as many as are under way at one time on a busy
/// server. At a few KiB each they take some ten MiB; who waits for longer is read from the store.
pub const RECENT_LIMIT: usize = 4_096;

/// Two generations: when the younger is full, the older is forgotten and takes its place.
const GENERATION: usize = RECENT_LIMIT / 2;

#[derive(Default)]
pub(super) struct Recent {
    young: HashMap<ApplicationId, Arc<Application>>,
    old: HashMap<ApplicationId, Arc<Application>>,
}

impl Recent {
    /// Gives an application as it is stored, if it is one of these.
    pub(super) fn get(&self, id: ApplicationId) -> Option<&Arc<Application>> {
        self.young.get(&id).or_else(|| self.old.get(&id))
    }

    /// Takes an application in place of its former value; of one that has ended nothing is kept.
    pub(super) fn put(&mut self, application: &Arc<Application>) {
        let id = application.id;
        self.old.remove(&id);
        if application.state().is_terminal() {
            self.young.remove(&id);
            return;
        }
        self.young.insert(id, Arc::clone(application));
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::application::Phase;
    use crate::machine::samples::{self, Wanted};

    fn application(number: u32, version: u64, phase: Phase) -> Arc<Application> {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let sample = samples::application(phase, Wanted::No);
        Arc::new(Application { id: ApplicationId::from_bytes(id), version, ..sample })
    }

    fn version(recent: &Recent, number: u32) -> Option<u64> {
        recent.get(application(number, 0, Phase::DataReady).id).map(|found| found.version)
    }

    #[test]
    fn the_newest_value_is_given_in_whatever_generation_it_is() {
        let mut recent = Recent::default();
        recent.put(&application(0, 1, Phase::DataReady));
        let generation = u32::try_from(GENERATION).unwrap();
        (1..generation).for_each(|number| recent.put(&application(number, 1, Phase::DataReady)));
        assert_eq!((recent.young.len(), version(&recent, 0)), (0, Some(1)), "it is in the older one");
        recent.put(&application(0, 2, Phase::DataReady));
        assert_eq!(version(&recent, 0), Some(2));
        recent.put(&application(1, 2, Phase::Cancelled { reason: String::new() }));
        assert_eq!(version(&recent, 1), None, "not the value before the last either");
    }

    #[test]
    fn there_are_never_more_than_the_limit() {
        let mut recent = Recent::default();
        for number in 0..u32::try_from(RECENT_LIMIT * 3).unwrap() {
            recent.put(&application(number, 1, Phase::DataReady));
            assert!(recent.young.len() + recent.old.len() <= RECENT_LIMIT);
            assert_eq!(version(&recent, number), Some(1));
        }
        assert_eq!(version(&recent, 0), None);
    }
}
