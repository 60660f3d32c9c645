//! The newest changes, read once for all who watch.
//!
//! One reader follows the durable mark. It decodes each change once and tries it once against each
//! filter that is watched, however many watch with it; it wakes only those who are told something.
//! The engine's thread moves the mark and wakes this one reader, nothing more: it must never wait
//! for a lock of this module. Nothing is kept for a single watcher.

mod line;
#[cfg(test)]
mod tests;

pub(super) use self::line::{ChangeLine, Hit, Turn, lines};

use super::aside;
use super::filter::Filter;
use crate::store::Store;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::{Semaphore, watch};

/// How many changes are read from the store, or told to a watcher, at once: what one that does not
/// read holds ready.
pub(super) const READ: usize = 256;

/// The most lines in memory: about as many as a busy server makes in a second or two, which a
/// watcher may be behind for a moment without reading the store.
const LINES_LIMIT: usize = 4_096;

/// The most bytes of all lines in memory, counted as they are stored and as they begin in memory.
/// The usual line has half a KiB; the largest record, 32 KiB, must not make 128 MiB of them.
const BYTES_LIMIT: usize = 8 << 20;

/// The most changes in memory that are to be told to those who watch with one filter: a thousand
/// different filters must not each repeat the whole tail.
const HITS_LIMIT: usize = 1_024;

/// How many watchers read the store at once: a thousand who come back after a restart must not
/// take all the threads that block, nor the disk from the commits.
const READERS: usize = 4;

/// The newest changes, and for whom they are kept.
pub(super) struct Tail {
    newest: Mutex<Newest>,
    watchers: AtomicUsize,
    readers: Arc<Semaphore>,
}

struct Newest {
    lines: VecDeque<Arc<ChangeLine>>,
    bytes: usize,
    /// Up to where the stream was read.
    end: u64,
    /// By the text of their filter.
    audiences: BTreeMap<String, Weak<Audience>>,
}

/// All who watch with one filter.
struct Audience {
    filter: Filter,
    /// Tells the filter from every other.
    text: String,
    heard: watch::Sender<Heard>,
}

/// What of the tail is to be told to an audience.
struct Heard {
    /// All that is to be told after this place and up to `looked` is in `hits`.
    from: u64,
    looked: u64,
    hits: VecDeque<Hit>,
}

/// A place among those who watch with one filter.
pub(super) struct Seat {
    heard: watch::Receiver<Heard>,
    audience: Arc<Audience>,
}

/// One who is counted as a watcher.
pub(super) struct Counted(Arc<Tail>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tail {
    /// Begins after the newest change there is.
    pub(super) fn new(end: u64) -> Self {
        let newest = Newest { lines: VecDeque::new(), bytes: 0, end, audiences: BTreeMap::new() };
        Self {
            newest: Mutex::new(newest),
            watchers: AtomicUsize::new(0),
            readers: Arc::new(Semaphore::new(READERS)),
        }
    }

    /// Counts one watcher more, until what is given is dropped.
    pub(super) fn count_one(self: &Arc<Self>) -> Counted {
        self.watchers.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(self))
    }

    /// How many watch.
    pub(super) fn watchers(&self) -> usize {
        self.watchers.load(Ordering::Relaxed)
    }

    /// Does work that reads the store for one watcher, few at a time.
    pub(super) async fn in_turn<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> R {
        let permit = Arc::clone(&self.readers).acquire_owned().await.expect("nobody closes it");
        aside(move || {
            let done = work();
            drop(permit);
            done
        })
        .await
    }

    /// Takes a seat among those who watch with the filter; `text` tells it from every other.
    pub(super) fn join(&self, filter: &Filter, text: String) -> Seat {
        let mut newest = self.newest();
        if let Some(audience) = newest.audiences.get(&text).and_then(Weak::upgrade) {
            return Seat { heard: audience.heard.subscribe(), audience };
        }
        let from = newest.lines.front().map_or(newest.end, |first| first.sequence - 1);
        let hits = newest.lines.iter().filter_map(|line| Hit::of(filter, line)).collect();
        let mut heard = Heard { from, looked: newest.end, hits };
        heard.trim(from);
        let (heard, seat) = watch::channel(heard);
        let audience = Arc::new(Audience { filter: filter.clone(), text, heard });
        newest.audiences.insert(audience.text.clone(), Arc::downgrade(&audience));
        Seat { heard: seat, audience }
    }

    /// Reads what became durable, up to `durable`; nothing when nobody watches. It blocks.
    fn read<S: Store>(&self, store: &S, durable: u64) {
        while let Some(after) = self.next_to_read(durable) {
            match lines(store, after, durable) {
                Ok(lines) => self.take_in(lines),
                Err(error) => {
                    let error = super::chain(&error);
                    tracing::warn!(%error, "changes could not be read: each watcher reads for itself");
                    self.give_up(durable);
                }
            }
        }
    }

    /// After which change to read on; none when all is read, or nobody watches.
    fn next_to_read(&self, durable: u64) -> Option<u64> {
        let mut newest = self.newest();
        newest.audiences.retain(|_, audience| audience.strong_count() > 0);
        if newest.audiences.is_empty() {
            newest.forget(durable);
        }
        Some(newest.end).filter(|end| *end < durable)
    }

    fn take_in(&self, read: Vec<Arc<ChangeLine>>) {
        let Some(last) = read.last().map(|line| line.sequence) else { return };
        let (audiences, oldest) = {
            let mut newest = self.newest();
            newest.end = last;
            newest.bytes += read.iter().map(|line| line.bytes).sum::<usize>();
            newest.lines.extend(read.iter().cloned());
            while newest.lines.len() > LINES_LIMIT || newest.bytes > BYTES_LIMIT {
                let Some(gone) = newest.lines.pop_front() else { break };
                newest.bytes -= gone.bytes;
            }
            (newest.audiences(), newest.lines.front().map_or(last + 1, |line| line.sequence))
        };
        // Who joins from here on finds these lines in the tail; nobody waits while filters are tried.
        for audience in audiences {
            audience.hear(&read, last, oldest);
        }
    }

    /// Leaves it to each watcher to read the store up to `end`, and to hear what is wrong there.
    fn give_up(&self, end: u64) {
        let audiences = {
            let mut newest = self.newest();
            newest.forget(end);
            newest.audiences()
        };
        for audience in audiences {
            audience.heard.send_replace(Heard { from: end, looked: end, hits: VecDeque::new() });
        }
    }

    fn newest(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Newest {
    /// Lets go of all lines and goes on after `end`.
    fn forget(&mut self, end: u64) {
        self.lines = VecDeque::new();
        (self.bytes, self.end) = (0, self.end.max(end));
    }

    fn audiences(&self) -> Vec<Arc<Audience>> {
        self.audiences.values().filter_map(Weak::upgrade).collect()
    }
}

impl Audience {
    /// Takes in lines that end with `last`, lets go of what is older than `oldest`, and wakes those
    /// who wait if there is something to tell.
    fn hear(&self, lines: &[Arc<ChangeLine>], last: u64, oldest: u64) {
        let looked = self.heard.borrow().looked;
        let new = lines.iter().filter(|line| line.sequence > looked);
        let new: Vec<_> = new.filter_map(|line| Hit::of(&self.filter, line)).collect();
        self.heard.send_if_modified(|heard| {
            heard.looked = heard.looked.max(last);
            let is_told = !new.is_empty();
            heard.hits.extend(new);
            heard.trim(oldest);
            is_told
        });
    }
}

impl Heard {
    /// Lets go of what is older than `oldest`, or too much. What was nothing to this audience takes
    /// nothing away: one who was told nothing for long is still within the tail.
    fn trim(&mut self, oldest: u64) {
        while let Some(first) = self.hits.front().map(|hit| hit.line.sequence)
            && (first < oldest || self.hits.len() > HITS_LIMIT)
        {
            self.hits.pop_front();
            self.from = first;
        }
    }
}

impl Seat {
    /// Tells the filter from every other.
    pub(super) fn text(&self) -> &str {
        &self.audience.text
    }

    /// What is to be told after `position`, at most [`READ`], and up to where that is all; none when
    /// `position` is not within the tail any more, so that the store must be read.
    pub(super) fn after(&mut self, position: u64) -> Option<(Vec<Hit>, u64)> {
        let heard = self.heard.borrow_and_update();
        if position < heard.from {
            return None;
        }
        let first = heard.hits.partition_point(|hit| hit.line.sequence <= position);
        let hits: Vec<_> = heard.hits.iter().skip(first).take(READ).cloned().collect();
        let is_all = first + hits.len() == heard.hits.len();
        let last = hits.last().filter(|_| !is_all).map(|hit| hit.line.sequence);
        Some((hits, last.unwrap_or(heard.looked).max(position)))
    }

    /// Waits until there is something new to tell.
    pub(super) async fn changed(&mut self) {
        // This seat keeps the other end alive.
        let _never = self.heard.changed().await;
    }
}

/// Follows the durable mark for as long as somebody moves it and the store is in use.
pub(super) async fn follow<S: Store>(store: Weak<S>, tail: Arc<Tail>, mut durable: watch::Receiver<u64>) {
    while durable.changed().await.is_ok() {
        let newest = *durable.borrow_and_update();
        if tail.next_to_read(newest).is_none() {
            continue;
        }
        let Some(store) = store.upgrade() else { return };
        let reader = Arc::clone(&tail);
        let read = tokio::task::spawn_blocking(move || reader.read(&*store, newest)).await;
        if let Err(panic) = read {
            tracing::error!(%panic, "changes could not be read: each watcher reads for itself");
            tail.give_up(newest);
        }
    }
}
