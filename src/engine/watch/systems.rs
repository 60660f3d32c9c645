//! What a watcher is told of the provider's systems: those that are down, and each that turns.

use crate::engine::outage::{Standing, State};
use crate::machine::call::System;
use crate::machine::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// How a system was told.
type Seen = (State, Option<Time>, Option<Time>);

pub(super) struct Systems {
    standings: watch::Receiver<Arc<[Standing]>>,
    /// What was told of those that are not closed.
    told: BTreeMap<System, Seen>,
}

impl Systems {
    pub(super) fn new(mut standings: watch::Receiver<Arc<[Standing]>>) -> Self {
        standings.mark_changed();
        Self { standings, told: BTreeMap::new() }
    }

    /// Takes one system that stands otherwise than was told; at first all are taken to be closed.
    pub(super) fn news(&mut self) -> Option<Standing> {
        if !self.standings.has_changed().unwrap_or(false) {
            return None;
        }
        let standings = Arc::clone(&self.standings.borrow_and_update());
        let is_news = |it: &&Standing| match self.told.get(&it.system) {
            None => it.state != State::Closed,
            Some(told) => *told != seen(it),
        };
        let mut news = standings.iter().filter(is_news);
        let first = *news.next()?;
        if news.next().is_some() {
            self.standings.mark_changed();
        }
        match first.state {
            State::Closed => self.told.remove(&first.system),
            State::Open | State::HalfOpen => self.told.insert(first.system, seen(&first)),
        };
        Some(first)
    }

    /// Waits until a system turns.
    pub(super) async fn changed(&mut self) {
        if self.standings.changed().await.is_err() {
            // The engine has stopped, which its watchers hear in another way.
            std::future::pending::<()>().await;
        }
        // Seen by `news`.
        self.standings.mark_changed();
    }
}

const fn seen(standing: &Standing) -> Seen {
    (standing.state, standing.since, standing.next_try)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(system: System, state: State) -> Standing {
        let since = (state != State::Closed).then_some(Time::from_millis(7));
        Standing { system, state, since, next_try: None }
    }

    #[test]
    fn those_that_are_down_are_told_at_first_and_then_each_that_turns() {
        let [first, second] = [System::Blacklist, System::Audit];
        let (tell, told) =
            watch::channel([standing(first, State::Closed), standing(second, State::Open)].into());
        let mut systems = Systems::new(told);
        assert_eq!(systems.news(), Some(standing(second, State::Open)));
        assert_eq!(systems.news(), None);
        tell.send_replace([standing(first, State::Open), standing(second, State::Closed)].into());
        assert_eq!(systems.news(), Some(standing(first, State::Open)));
        assert_eq!(systems.news(), Some(standing(second, State::Closed)));
        assert_eq!(systems.news(), None);
        tell.send_replace([standing(first, State::HalfOpen), standing(second, State::Closed)].into());
        assert_eq!(systems.news(), Some(standing(first, State::HalfOpen)));
        assert_eq!(systems.news(), None);
    }
}
