//! How a watch without a token begins: all that matches, page by page, and what happens meanwhile.
//!
//! The pages are not read at one moment. After each, the changes that came while it was read are
//! told of the applications up to its end; those further on are not told, for a later page will
//! show what they came to. So what must be known is one page, however many applications there are.

use super::{Line, Stage, Told, WatchError, Watcher};
use crate::engine::Engine;
use crate::engine::core::LoadError;
use crate::engine::filter::Filter;
use crate::engine::tail::{Hit, READ, Turn};
use crate::machine::id::ApplicationId;
use crate::machine::view::View;
use crate::store::Store;
use std::collections::HashSet;
use std::sync::Arc;

/// How far a beginning has come.
pub(super) struct Beginning {
    /// All that happened up to here is told, of the applications up to `after`.
    position: u64,
    after: Option<ApplicationId>,
    /// The page after that, once it is told.
    page: Option<Page>,
}

/// A page that was told, while the changes since are not.
struct Page {
    /// The last application that it tells of; none when it tells of all that there are.
    last: Option<ApplicationId>,
    /// Those of them that match, as told.
    known: HashSet<ApplicationId>,
    /// The newest change that may have come while it was read.
    until: u64,
}

impl Beginning {
    pub(super) fn new(position: u64) -> Self {
        Self { position, after: None, page: None }
    }
}

impl<S: Store> Watcher<S> {
    /// Goes one step on: a page, or changes after one.
    pub(super) async fn begin(&mut self) -> Result<(), WatchError> {
        let Stage::Beginning(beginning) = &mut self.stage else { return Ok(()) };
        let position = beginning.position;
        match &beginning.page {
            None => {
                let after = beginning.after;
                self.show_page(after, position).await
            }
            Some(page) if position < page.until => {
                let until = page.until;
                self.tell_meanwhile(position, until).await
            }
            Some(Page { last: Some(last), .. }) => {
                (beginning.after, beginning.page) = (Some(*last), None);
                Ok(())
            }
            Some(Page { last: None, .. }) => {
                self.go_live(position);
                Ok(())
            }
        }
    }

    /// Shows what matches after an application and has not moved since `position`.
    async fn show_page(&mut self, after: Option<ApplicationId>, position: u64) -> Result<(), WatchError> {
        let (engine, filter) = (self.engine.clone(), self.filter.clone());
        let read = move || engine.list_as_of(&filter, after, position);
        let (views, last) = self.engine.shared.tail.in_turn(read).await?;
        let until = self.engine.all_durable().await?;
        let known = views.iter().map(|view| view.id).collect();
        let Stage::Beginning(beginning) = &mut self.stage else { return Ok(()) };
        beginning.page = Some(Page { last, known, until });
        self.ready.extend(views.into_iter().map(|view| Line { told: Told::Present(view), token: None }));
        Ok(())
    }

    /// Tells what happened while the page was read.
    async fn tell_meanwhile(&mut self, position: u64, until: u64) -> Result<(), WatchError> {
        let lines = self.read_lines(position, until).await?;
        let Stage::Beginning(Beginning { position, after, page: Some(page) }) = &mut self.stage else {
            return Ok(());
        };
        let mut hits = Vec::new();
        for line in lines {
            *position = line.sequence;
            let id = line.after.id;
            let matches = line.matches(&self.filter);
            let matched = if Some(id) <= *after {
                line.matched(&self.filter)
            } else if page.last.is_none_or(|last| id <= last) {
                // It was read at one moment of many: what counts is whether it was told.
                if matches { !page.known.insert(id) } else { page.known.remove(&id) }
            } else {
                continue;
            };
            hits.extend(Turn::of(matched, matches).map(|turn| Hit { turn, line }));
        }
        hits.into_iter().for_each(|hit| self.tell_hit(hit));
        Ok(())
    }
}

impl<S: Store> Engine<S> {
    /// A page of what matches and has not moved after `since`, and the last application that it
    /// tells of; none when there was nothing left.
    fn list_as_of(
        &self,
        filter: &Filter,
        after: Option<ApplicationId>,
        since: u64,
    ) -> Result<(Vec<Arc<View>>, Option<ApplicationId>), LoadError> {
        let ids = self.candidates(filter, after)?;
        let mut last = ids.last().copied();
        let mut views = Vec::new();
        for id in ids {
            let Some((application, sequence)) = self.stored(id)? else { continue };
            if sequence > since {
                continue;
            }
            let view = View::of(&application);
            if filter.matches(&view, view.since) {
                views.push(Arc::new(view));
            }
            if views.len() == READ {
                last = Some(id);
                break;
            }
        }
        Ok((views, last))
    }
}
