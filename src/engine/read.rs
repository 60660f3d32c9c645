//! Reading: applications, lists, journals; nothing is told before it is durable.

use super::core::LoadError;
use super::dossier::Dossier;
use super::filter::{Filter, Narrowed};
use super::runner::Message;
use super::{Engine, EngineError, aside};
use crate::clock;
use crate::machine::application::Application;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::machine::view::View;
use crate::store::Store;
use crate::store::records::journal::{self, Entry};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// The most applications or entries on one page.
pub const PAGE_LIMIT: usize = 1000;

/// The most applications that are put in another order than that of their creation: each is read,
/// and its place in the order kept, for every page.
pub const SORT_LIMIT: usize = 100_000;

/// In which order applications are listed; those that are alike, in the order of their creation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sorting {
    /// The oldest first.
    #[default]
    Created,
    /// The newest first.
    CreatedLast,
    /// Those first that are in their state the longest.
    Moved,
    /// Those first that moved into their state last.
    MovedLast,
    /// Those first that Docket looks at next.
    NextLook,
}

/// Up to where a list was read: a place in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What it is ordered by; 0 in the order of creation.
    pub key: u64,
    /// The application.
    pub application: ApplicationId,
}

impl Sorting {
    fn place(self, view: &View) -> Place {
        let key = match self {
            Self::Created => 0,
            Self::CreatedLast => !view.created.as_millis(),
            Self::Moved => view.since.as_millis(),
            Self::MovedLast => !view.since.as_millis(),
            Self::NextLook => view.wake.map_or(u64::MAX, Time::as_millis),
        };
        Place { key, application: view.id }
    }
}

/// A list could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// More match than are put in order.
    #[error("more than {SORT_LIMIT} applications match: narrow the filter, or list them by their creation")]
    TooManyToSort,
    /// Something else failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A page of a list.
pub struct Page {
    /// What is on it.
    pub views: Vec<View>,
    /// Where the next page begins; none on the last.
    pub next: Option<Place>,
}

impl<S: Store> Engine<S> {
    /// Gives an application with all its evidence, in the clear.
    pub async fn evidence(
        &self,
        id: ApplicationId,
    ) -> Result<Option<(Arc<Application>, Dossier)>, EngineError> {
        let Some(application) = self.application(id).await? else { return Ok(None) };
        let (engine, held) = (self.clone(), Arc::clone(&application));
        let dossier = aside(move || {
            let kinds: Vec<_> = held.evidence.iter().map(|held| held.kind).collect();
            engine.archive().dossier(&held, &kinds)
        });
        Ok(Some((application, dossier.await?)))
    }

    /// Reads an application.
    pub async fn application(&self, id: ApplicationId) -> Result<Option<Arc<Application>>, EngineError> {
        let Some((application, sequence)) = self.stored(id)? else { return Ok(None) };
        self.until_durable(sequence).await?;
        Ok(Some(Arc::new(application)))
    }

    /// Lists applications, from the one after `after`.
    ///
    /// In the order of creation at most [`PAGE_LIMIT`] are looked at for one page, so a page may be
    /// short or empty and still not be the last. In any other order at most [`SORT_LIMIT`] may match.
    pub async fn list(
        &self,
        filter: &Filter,
        order: Sorting,
        after: Option<Place>,
        size: usize,
    ) -> Result<Page, ListError> {
        let size = size.clamp(1, PAGE_LIMIT);
        let (engine, filter) = (self.clone(), filter.clone());
        let read = move || match order {
            Sorting::Created => {
                engine.read_page(&filter, after.map(|place| place.application), size).map(Some)
            }
            Sorting::CreatedLast | Sorting::Moved | Sorting::MovedLast | Sorting::NextLook => {
                engine.read_sorted(&filter, order, after, size)
            }
        };
        let (page, newest) = aside(read).await.map_err(EngineError::from)?.ok_or(ListError::TooManyToSort)?;
        self.until_durable(newest).await?;
        Ok(page)
    }

    fn read_page(
        &self,
        filter: &Filter,
        after: Option<ApplicationId>,
        size: usize,
    ) -> Result<(Page, u64), LoadError> {
        let mut page = Page { views: Vec::new(), next: None };
        let (mut newest, now) = (0, clock::now());
        let ids = self.candidates(filter, after)?;
        let is_last = ids.len() < PAGE_LIMIT;
        for id in ids {
            if page.views.len() == size {
                return Ok((page, newest));
            }
            page.next = Some(Place { key: 0, application: id });
            let Some((application, sequence)) = self.stored(id)? else { continue };
            // That one is not on the page tells of its last move as well.
            newest = newest.max(sequence);
            let view = View::of(&application);
            if filter.matches(&view, now) {
                page.views.push(view);
            }
        }
        if is_last {
            page.next = None;
        }
        Ok((page, newest))
    }

    /// Reads all that match, keeps their places, and shows those of the page; none when there are
    /// too many.
    fn read_sorted(
        &self,
        filter: &Filter,
        order: Sorting,
        after: Option<Place>,
        size: usize,
    ) -> Result<Option<(Page, u64)>, LoadError> {
        let now = clock::now();
        let (mut places, mut from, mut newest) = (Vec::new(), None, 0);
        loop {
            let ids = self.candidates(filter, from)?;
            for id in &ids {
                let Some((application, sequence)) = self.stored(*id)? else { continue };
                newest = newest.max(sequence);
                let view = View::of(&application);
                if filter.matches(&view, now) {
                    places.push(order.place(&view));
                }
            }
            if places.len() > SORT_LIMIT {
                return Ok(None);
            }
            match ids.last() {
                Some(last) if ids.len() == PAGE_LIMIT => from = Some(*last),
                Some(_) | None => break,
            }
        }
        places.sort_unstable();
        let begin = after.map_or(0, |after| places.partition_point(|place| *place <= after));
        let on_page = &places[begin..places.len().min(begin + size)];
        let mut views = Vec::new();
        for place in on_page {
            if let Some((application, sequence)) = self.stored(place.application)? {
                newest = newest.max(sequence);
                views.push(View::of(&application));
            }
        }
        let is_last = begin + on_page.len() == places.len();
        let next = on_page.last().copied().filter(|_| !is_last);
        Ok(Some((Page { views, next }, newest)))
    }

    /// The next applications that may match, in the order of their ids, by the best index.
    pub(super) fn candidates(
        &self,
        filter: &Filter,
        after: Option<ApplicationId>,
    ) -> Result<Vec<ApplicationId>, LoadError> {
        let store = self.store();
        let mut ids = match filter.narrowed() {
            Narrowed::Nothing => {
                let found = store.applications(after, PAGE_LIMIT)?;
                return Ok(found.into_iter().map(|(id, _)| id).collect());
            }
            Narrowed::Names(names) => names.into_iter().filter(|id| Some(*id) > after).collect(),
            Narrowed::Keys(keys) => {
                let mut ids = Vec::new();
                for key in &keys {
                    ids.extend(store.indexed(key, after, PAGE_LIMIT)?);
                }
                ids
            }
        };
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(PAGE_LIMIT);
        Ok(ids)
    }

    /// Reads a journal in order, the entries with a version above `after`.
    pub async fn history(
        &self,
        id: ApplicationId,
        after: u64,
        size: usize,
    ) -> Result<Option<Vec<(u64, Entry)>>, EngineError> {
        let Some(application) = self.application(id).await? else { return Ok(None) };
        // Out of a file, where it is archived.
        let engine = self.clone();
        let found = aside(move || engine.store().journal(id, after, size.clamp(1, PAGE_LIMIT))).await?;
        let durable = found.into_iter().filter(|(version, _)| *version <= application.version);
        let entries = durable.map(|(version, encoded)| Ok((version, journal::from_record(&encoded)?)));
        Ok(Some(entries.collect::<Result<_, LoadError>>()?))
    }

    /// Waits until an application is as wanted, at most for `patience`; gives it as it is then.
    pub async fn wait(
        &self,
        id: ApplicationId,
        patience: Duration,
        is_wanted: impl Fn(&Application) -> bool,
    ) -> Result<Option<Arc<Application>>, EngineError> {
        let mut followed = self.shared.followers.follow(id);
        let Some(mut application) = self.application(id).await? else { return Ok(None) };
        let until = tokio::time::Instant::now() + patience;
        while !is_wanted(&application) {
            let told = tokio::select! {
                told = tokio::time::timeout_at(until, followed.changed()) => told,
                why = self.stopped() => return Err(EngineError::Stopped(why)),
            };
            match told {
                Err(_elapsed) => break,
                Ok(Err(_closed)) => return Err(EngineError::Stopped(self.stopped().await)),
                Ok(Ok(())) => {
                    if let Some(newer) = &*followed.borrow_and_update() {
                        application = Arc::clone(newer);
                    }
                }
            }
        }
        Ok(Some(application))
    }

    /// Waits until all that can be read by now is durable; gives the newest place in the stream.
    pub(super) async fn all_durable(&self) -> Result<u64, EngineError> {
        let (ticket, newest) = oneshot::channel();
        if self.shared.door.send(Message::Durable { ticket }).await.is_ok()
            && let Ok(newest) = newest.await
        {
            return Ok(newest);
        }
        Err(EngineError::Stopped(self.stopped().await))
    }

    /// Waits until what has this place in the stream is durable.
    pub(super) async fn until_durable(&self, sequence: u64) -> Result<(), EngineError> {
        let mut durable = self.shared.durable.clone();
        let reached = durable.wait_for(|newest| *newest >= sequence).await.map(|_| ());
        match reached {
            Ok(()) => Ok(()),
            Err(_closed) => Err(EngineError::Stopped(self.stopped().await)),
        }
    }
}
