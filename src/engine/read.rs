//! Reading: applications, lists, journals; nothing is told before it is durable.

use super::core::LoadError;
use super::runner::Message;
use super::{Engine, EngineError, aside};
use crate::machine::application::Application;
use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::machine::view::View;
use crate::store::Store;
use crate::store::records::index;
use crate::store::records::journal::{self, Entry};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// The most applications or entries on one page.
pub const PAGE_LIMIT: usize = 1000;

/// Which applications are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In one of these states; in any when empty.
    pub states: Vec<State>,
    /// Brought by this partner.
    pub partner: Option<String>,
    /// Under this order number.
    pub order: Option<String>,
    /// For this product.
    pub product: Option<String>,
    /// These applications; all when empty.
    pub applications: Vec<ApplicationId>,
}

impl Filter {
    /// Says whether an application that looks like `view` is meant.
    pub fn matches(&self, view: &View) -> bool {
        self.matches_in(view.state, view)
    }

    /// The same, had it been in `state`.
    pub(super) fn matches_in(&self, state: State, view: &View) -> bool {
        let is =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        (self.states.is_empty() || self.states.contains(&state))
            && is(&self.partner, &view.source.partner)
            && is(&self.order, &view.source.order)
            && is(&self.product, &view.product)
            && (self.applications.is_empty() || self.applications.contains(&view.id))
    }
}

/// A page of a list.
pub struct Page {
    /// What is on it.
    pub views: Vec<View>,
    /// Where the next page begins; none on the last.
    pub next: Option<ApplicationId>,
}

impl<S: Store> Engine<S> {
    /// Reads an application.
    pub async fn application(&self, id: ApplicationId) -> Result<Option<Arc<Application>>, EngineError> {
        let Some((application, sequence)) = self.stored(id)? else { return Ok(None) };
        self.until_durable(sequence).await?;
        Ok(Some(Arc::new(application)))
    }

    /// Lists applications in the order of their creation, from the one after `after`.
    ///
    /// At most [`PAGE_LIMIT`] are looked at for one page, so a page may be short or empty and
    /// still not be the last.
    pub async fn list(
        &self,
        filter: &Filter,
        after: Option<ApplicationId>,
        size: usize,
    ) -> Result<Page, EngineError> {
        let size = size.clamp(1, PAGE_LIMIT);
        let (engine, filter) = (self.clone(), filter.clone());
        let (page, newest) = aside(move || engine.read_page(&filter, after, size)).await?;
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
        let mut newest = 0;
        let ids = self.candidates(filter, after)?;
        let is_last = ids.len() < PAGE_LIMIT;
        for id in ids {
            if page.views.len() == size {
                return Ok((page, newest));
            }
            page.next = Some(id);
            let Some((application, sequence)) = self.stored(id)? else { continue };
            let view = View::of(&application);
            if filter.matches(&view) {
                newest = newest.max(sequence);
                page.views.push(view);
            }
        }
        if is_last {
            page.next = None;
        }
        Ok((page, newest))
    }

    /// The next applications that may match, in the order of their ids, by the best index.
    pub(super) fn candidates(
        &self,
        filter: &Filter,
        after: Option<ApplicationId>,
    ) -> Result<Vec<ApplicationId>, LoadError> {
        let store = self.store();
        if let (Some(partner), Some(order)) = (&filter.partner, &filter.order) {
            let source =
                crate::machine::application::Source { partner: partner.clone(), order: order.clone() };
            return Ok(store.indexed(&index::by_source(&source), after, PAGE_LIMIT)?);
        }
        if !filter.applications.is_empty() {
            let mut ids: Vec<_> =
                filter.applications.iter().copied().filter(|id| Some(*id) > after).collect();
            ids.sort_unstable();
            ids.truncate(PAGE_LIMIT);
            return Ok(ids);
        }
        if filter.states.is_empty() {
            let found = store.applications(after, PAGE_LIMIT)?;
            return Ok(found.into_iter().map(|(id, _)| id).collect());
        }
        let mut ids = Vec::new();
        for state in &filter.states {
            ids.extend(store.indexed(&index::by_state(*state), after, PAGE_LIMIT)?);
        }
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
        let found = self.store().journal(id, after, size.clamp(1, PAGE_LIMIT))?;
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
