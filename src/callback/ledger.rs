//! The deliveries in the store: taken over from the stream, tried, received, given up, swept away.
//!
//! Owns every write of a delivery, one at a time, and the rule of order: of an application's
//! deliveries only the oldest that waits stands in the queue of those to be tried. It must never move a
//! cursor past a change without writing the delivery that follows from it. Everything here blocks.

use super::CallbackError;
use super::census::{Census, Tallies};
use super::list::Listed;
use super::outcome::Outcome;
use crate::clock;
use crate::engine::core::LoadError;
use crate::engine::{Engine, chain};
use crate::machine::graph::application::State;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::records::delivery::{self, DeliveryRecord};
use crate::store::{
    Change, Delivery, DeliveryGroup, DeliveryKey, Place, Queue, Queued, READ_LIMIT, Store, StoreError,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many changes are taken over at once, in one batch of the store.
const READ: usize = 256;

/// How far a cursor may stand behind without being written, when nothing is to be told: so many
/// changes are read once more after a restart.
const CURSOR_EVERY: u64 = 1_024;

/// How many old deliveries are forgotten in one batch.
const SWEEP: usize = 256;

/// How long what was received is kept: as long as changes are.
pub const DELIVERED_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long what was given up is kept, to be sent again.
pub const DEAD_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const EVER: Time = Time::from_millis(u64::MAX);

pub(super) struct Ledger<S> {
    engine: Engine<S>,
    /// What each partner wants to be told of; of every state when empty.
    pub(super) wishes: BTreeMap<String, Vec<State>>,
    book: Mutex<Book>,
}

/// What only one may change at a time.
struct Book {
    /// Up to where changes are taken over, by partner.
    cursors: BTreeMap<String, u64>,
    /// The same as the store has it.
    written: BTreeMap<String, u64>,
    tallies: Tallies,
}

/// What was taken over.
pub(super) struct Taken {
    /// Those for whom there is something new.
    pub(super) partners: BTreeSet<String>,
    /// Whether that was all.
    pub(super) is_all: bool,
}

/// A delivery to be tried now.
pub(super) struct Order {
    pub(super) key: DeliveryKey,
    pub(super) message: String,
    pub(super) tries: u32,
}

/// A change of a delivery and what follows for the others of its application, as it will be written.
pub(super) struct Changed {
    old: Vec<Delivery>,
    new: Vec<Delivery>,
    pub(super) listed: Listed,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// The partner has it.
    Received,
    /// The partner wants it never again.
    Unwanted { error: String },
    /// It may be tried again, after a wait.
    Failed { error: String, wait: Duration },
}

impl<S: Store> Ledger<S> {
    /// Opens the ledger: counts what is there, and begins the cursors of partners that are new.
    pub(super) fn open(
        engine: Engine<S>,
        wishes: BTreeMap<String, Vec<State>>,
    ) -> Result<Self, CallbackError> {
        let store = engine.store();
        let written = store.delivery_cursors()?;
        let (_, newest) = store.span()?;
        let mut tallies = Tallies::default();
        for partner in written.keys() {
            count(store, partner, &mut tallies)?;
        }
        let cursors: BTreeMap<_, _> = wishes
            .keys()
            .map(|partner| (partner.clone(), written.get(partner).copied().unwrap_or(newest)))
            .collect();
        let ledger = Self { wishes, book: Mutex::new(Book { cursors, written, tallies }), engine };
        ledger.write_cursors(&mut ledger.book())?;
        ledger.sync()?;
        Ok(ledger)
    }

    pub(super) fn store(&self) -> &S {
        self.engine.store()
    }

    /// Takes the next changes over into deliveries, in one batch with the cursors.
    pub(super) fn take_over(&self) -> Result<Taken, CallbackError> {
        let mut book = self.book();
        let Some(after) = book.cursors.values().copied().min() else {
            return Ok(Taken { partners: BTreeSet::new(), is_all: true });
        };
        let changes = match self.store().changes(after, READ) {
            Err(StoreError::TooOld { oldest }) => {
                book.skip_to(oldest);
                return Ok(Taken { partners: BTreeSet::new(), is_all: false });
            }
            read => read?,
        };
        let mut new = Vec::new();
        for change in &changes {
            new.extend(self.outcome(change, &book.cursors)?);
        }
        let last = changes.last().map_or(after, |change| change.sequence);
        let put = self.placed(new)?;
        let partners: BTreeSet<_> = put.iter().map(|delivery| delivery.place.partner.clone()).collect();
        for cursor in book.cursors.values_mut() {
            *cursor = (*cursor).max(last);
        }
        let is_due = |partner: &String| {
            let written = book.written.get(partner).copied().unwrap_or_default();
            partners.contains(partner) || last.saturating_sub(written) >= CURSOR_EVERY
        };
        let cursors: BTreeMap<_, _> = book
            .cursors
            .iter()
            .filter(|(partner, _)| is_due(partner))
            .map(|(partner, at)| (partner.clone(), *at))
            .collect();
        if !cursors.is_empty() {
            let group = DeliveryGroup { cursors, put, forget: Vec::new() };
            self.store().write_deliveries(&group).inspect_err(|_error| {
                // Nothing is taken over: the same changes are read again.
                book.cursors.values_mut().for_each(|cursor| *cursor = (*cursor).min(after));
            })?;
            group.put.iter().for_each(|delivery| book.tallies.enter(&delivery.place));
            book.written.extend(group.cursors);
        }
        Ok(Taken { partners, is_all: changes.len() < READ })
    }

    /// What a partner is told of a change that its cursor has not passed.
    fn outcome(
        &self,
        change: &Change,
        cursors: &BTreeMap<String, u64>,
    ) -> Result<Option<Outcome>, LoadError> {
        Outcome::of(change, |partner, state| {
            let is_new = cursors.get(partner).is_some_and(|cursor| *cursor < change.sequence);
            is_new && self.wishes.get(partner).is_some_and(|wanted| is_wanted(wanted, state))
        })
    }

    /// Finds places for new deliveries: behind others of the same application that wait.
    fn placed(&self, new: Vec<Outcome>) -> Result<Vec<Delivery>, CallbackError> {
        let mut waiting = BTreeSet::new();
        let mut put = Vec::with_capacity(new.len());
        for outcome in new {
            let Outcome { sequence, key, partner, state, at, message } = outcome;
            let now = clock::now();
            if !waiting.contains(&key.application) {
                let others = self.store().deliveries(key.application, 0, READ_LIMIT)?;
                if others.iter().any(|other| other.place.queue.is_waiting()) {
                    waiting.insert(key.application);
                }
            }
            let is_first = waiting.insert(key.application);
            let (queue, time) = if is_first { (Queue::Next, now) } else { (Queue::Behind, at) };
            let (tries, first_try, error, resent) = (0, None, None, Vec::new());
            let record = DeliveryRecord { sequence, state, at, message, tries, first_try, error, resent };
            let place = Place { queue, partner, time, since: at };
            put.push(Delivery { key, place, body: delivery::to_record(&record) });
        }
        Ok(put)
    }

    /// Reads what is due for a partner, but nothing of the applications in `busy`, and when the next
    /// will be.
    pub(super) fn due(
        &self,
        partner: &str,
        busy: &BTreeSet<ApplicationId>,
        room: usize,
        now: Time,
    ) -> Result<(Vec<Order>, Option<Time>), CallbackError> {
        // Those under way stand in the queue as well, so that as many more are read.
        let limit = room + busy.len();
        let due = self.store().queued(Queue::Next, partner, None, now, limit)?;
        let free = due.iter().filter(|row| !busy.contains(&row.key.application)).take(room);
        let mut orders = Vec::new();
        for Queued { key, .. } in free {
            // Between the queue and the delivery it may have been swept or moved.
            let Some(found) = self.store().delivery(*key)? else { continue };
            if found.place.queue == Queue::Next {
                let record = delivery::from_record(&found.body).map_err(LoadError::from)?;
                orders.push(Order { key: *key, message: record.message, tries: record.tries });
            }
        }
        let last = DeliveryKey { application: ApplicationId::from_bytes([0xff; 16]), version: u64::MAX };
        let next = self.store().queued(Queue::Next, partner, Some((now, last)), EVER, 1)?;
        Ok((orders, next.first().map(|row| row.time)))
    }

    /// Notes how a try ended; given up is what failed for `budget` since its first try.
    pub(super) fn settle(
        &self,
        key: DeliveryKey,
        ended: Ended,
        (began, budget): (Time, Duration),
        now: Time,
    ) -> Result<(), CallbackError> {
        let settled = self.change(key, now, |record, place, _is_behind| {
            record.tries = record.tries.saturating_add(1);
            let first = *record.first_try.get_or_insert(began);
            let (queue, time, error) = match ended {
                Ended::Received => (Queue::Delivered, now, None),
                Ended::Unwanted { error } => (Queue::Dead, now, Some(error)),
                Ended::Failed { error, .. } if now.since(first) >= budget => (Queue::Dead, now, Some(error)),
                // The last try is made when the time is over.
                Ended::Failed { error, wait } => (Queue::Next, (now + wait).min(first + budget), Some(error)),
            };
            (place.queue, place.time) = (queue, time);
            record.error = error;
        })?;
        if let Some(Listed { place, record, .. }) = settled
            && place.queue == Queue::Dead
        {
            let DeliveryKey { application, version } = key;
            let (partner, tries, error) = (&place.partner, record.tries, record.error.as_deref());
            tracing::warn!(%application, version, %partner, tries, error, "a delivery is given up");
        }
        Ok(())
    }

    /// Changes a delivery, and lets the others of its application move up or back. The change is told
    /// whether an older one of them waits.
    pub(super) fn change(
        &self,
        key: DeliveryKey,
        now: Time,
        change: impl FnOnce(&mut DeliveryRecord, &mut Place, bool),
    ) -> Result<Option<Listed>, CallbackError> {
        let mut book = self.book();
        let Some(Changed { old, new, listed }) = self.changed(key, now, change)? else { return Ok(None) };
        let group = DeliveryGroup { put: new, ..DeliveryGroup::default() };
        self.store().write_deliveries(&group)?;
        old.iter().for_each(|delivery| book.tallies.leave(&delivery.place));
        group.put.iter().for_each(|delivery| book.tallies.enter(&delivery.place));
        Ok(Some(listed))
    }

    /// What a change amounts to, before it is written.
    pub(super) fn changed(
        &self,
        key: DeliveryKey,
        now: Time,
        change: impl FnOnce(&mut DeliveryRecord, &mut Place, bool),
    ) -> Result<Option<Changed>, CallbackError> {
        let before = self.store().deliveries(key.application, 0, READ_LIMIT)?;
        let mut after = before.clone();
        let Some(at) = after.iter().position(|delivery| delivery.key == key) else { return Ok(None) };
        let mut record = delivery::from_record(&after[at].body).map_err(LoadError::from)?;
        let is_behind = after[..at].iter().any(|older| older.place.queue.is_waiting());
        change(&mut record, &mut after[at].place, is_behind);
        arrange(&mut after, now);
        after[at].body = delivery::to_record(&record);
        let listed = Listed { key, place: after[at].place.clone(), record };
        let (old, new) = before.into_iter().zip(after).filter(|(old, new)| old != new).unzip();
        Ok(Some(Changed { old, new, listed }))
    }

    /// Forgets what was kept long enough, and writes the cursors down.
    pub(super) fn sweep(&self, now: Time) -> Result<(), CallbackError> {
        for partner in self.store().delivery_cursors()?.keys() {
            for (queue, kept) in [(Queue::Delivered, DELIVERED_KEPT), (Queue::Dead, DEAD_KEPT)] {
                let kept = u64::try_from(kept.as_millis()).unwrap_or(u64::MAX);
                let until = Time::from_millis(now.as_millis().saturating_sub(kept));
                while self.forget(partner, queue, until)? == SWEEP {}
            }
        }
        self.write_cursors(&mut self.book())
    }

    /// Forgets some of a queue, up to a time; says how many.
    fn forget(&self, partner: &str, queue: Queue, until: Time) -> Result<usize, CallbackError> {
        let mut book = self.book();
        let old = self.store().queued(queue, partner, None, until, SWEEP)?;
        if old.is_empty() {
            return Ok(0);
        }
        let forget: Vec<_> = old.iter().map(|row| row.key).collect();
        self.store().write_deliveries(&DeliveryGroup { forget, ..DeliveryGroup::default() })?;
        for Queued { time, since, .. } in &old {
            let (time, since) = (*time, *since);
            book.tallies.leave(&Place { queue, partner: partner.to_owned(), time, since });
        }
        Ok(old.len())
    }

    /// Makes durable what was written.
    pub(super) fn sync(&self) -> Result<(), CallbackError> {
        Ok(self.engine.sync()?)
    }

    /// Writes all down for the last time.
    pub(super) fn close(&self) -> Result<(), CallbackError> {
        self.write_cursors(&mut self.book())?;
        self.sync()
    }

    fn write_cursors(&self, book: &mut Book) -> Result<(), CallbackError> {
        let cursors = book.cursors.clone();
        if cursors.iter().any(|(partner, at)| book.written.get(partner) != Some(at)) {
            let group = DeliveryGroup { cursors, ..DeliveryGroup::default() };
            self.store().write_deliveries(&group)?;
            book.written.extend(group.cursors);
        }
        Ok(())
    }

    /// Counts what waits and what was given up.
    pub(super) fn census(&self, newest: u64) -> Vec<Census> {
        let book = self.book();
        let census =
            |(partner, cursor): (&String, &u64)| book.tallies.census(partner, newest.saturating_sub(*cursor));
        book.cursors.iter().map(census).collect()
    }

    // What lies under the lock is changed after the write that it stands for.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Goes on with the oldest change that is kept: those before it are told to nobody.
    fn skip_to(&mut self, oldest: u64) {
        for (partner, cursor) in &mut self.cursors {
            let missed = (oldest - 1).saturating_sub(*cursor);
            if missed > 0 {
                tracing::error!(%partner, missed, "changes were forgotten before the partner was told of them");
                self.tallies.miss(partner, missed);
                *cursor = oldest - 1;
            }
        }
    }
}

/// Whether somebody who wants these states, or all when there are none, wants this one.
pub(super) fn is_wanted(wanted: &[State], state: State) -> bool {
    wanted.is_empty() || wanted.contains(&state)
}

/// Of an application's deliveries, puts the oldest that waits before the others.
fn arrange(deliveries: &mut [Delivery], now: Time) {
    let mut is_first = true;
    for Delivery { place, .. } in deliveries.iter_mut().filter(|it| it.place.queue.is_waiting()) {
        match (is_first, place.queue) {
            (true, Queue::Behind) => (place.queue, place.time) = (Queue::Next, now),
            (false, Queue::Next) => (place.queue, place.time) = (Queue::Behind, place.since),
            (_, Queue::Next | Queue::Behind | Queue::Dead | Queue::Delivered) => {}
        }
        is_first = false;
    }
}

/// Counts what of a partner waits and what was given up.
fn count<S: Store>(store: &S, partner: &str, tallies: &mut Tallies) -> Result<(), StoreError> {
    for queue in [Queue::Next, Queue::Behind, Queue::Dead] {
        let mut after = None;
        loop {
            let rows = store.queued(queue, partner, after, EVER, READ_LIMIT)?;
            for Queued { time, since, .. } in &rows {
                let (time, since) = (*time, *since);
                tallies.enter(&Place { queue, partner: partner.to_owned(), time, since });
            }
            match rows.last() {
                Some(last) => after = Some((last.time, last.key)),
                None => break,
            }
        }
    }
    Ok(())
}

/// Tells the log what went wrong with a delivery on our side.
pub(super) fn complain(error: &CallbackError) {
    tracing::error!(error = %chain(error), "a delivery could not be read or written");
}
