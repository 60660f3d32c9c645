//! The keeper: a thread that writes behind what was committed.
//!
//! It puts the net effect of many commits into the view, writes a checkpoint when the log has grown
//! enough, lets older segments of the log be used again, and looks after the room on the disk.
//! Nobody waits for it but a load that the disk is not up to, and whoever gives it an order. It
//! must never write into the view what the log does not hold durably, and never let go of a file
//! that somebody copies.

use super::manifest::Manifest;
use super::view::{Mark, View};
use super::{Durable, Options, Shared, checkpoint, log, room};
use crate::clock::{self, Stopwatch};
use crate::store::upkeep::{Rebuilt, Tell};
use crate::store::{Room, StoreError};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the keeper looks after things when nobody rings.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// For how long a few rows may wait for the view.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// What sled writes for a byte of rows, at most; it copies the leaf of a row that changes.
const SLED_FACTOR: u64 = 8;

/// What the keeper does because somebody wants it, and where it tells how it ended.
pub(super) enum Order {
    /// Write the view and a checkpoint of it now.
    Checkpoint(Sender<Result<(), StoreError>>),
    /// Write the rows of the view into another one, and give its place back.
    Rebuild(Tell, Sender<Result<Rebuilt, StoreError>>),
    /// Let a restored copy call and tell others from now on.
    Release(Sender<Result<(), StoreError>>),
}

/// Rings for the keeper, and for those who wait for it.
#[derive(Default)]
pub(super) struct Bell {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    has_rung: bool,
    is_closed: bool,
    orders: Vec<Order>,
}

impl Bell {
    /// Calls the keeper.
    pub(super) fn ring(&self) {
        self.state().has_rung = true;
        self.changed.notify_all();
    }

    /// Sends the keeper home, after a last writing of the view; orders that it has not begun are
    /// dropped.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.orders.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// Says whether the keeper is to go, or has gone.
    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Gives the keeper an order, and waits until it is carried out.
    pub(super) fn order<T>(
        &self,
        order: impl FnOnce(Sender<Result<T, StoreError>>) -> Order,
    ) -> Result<T, StoreError> {
        let (tell, told) = mpsc::channel();
        {
            let mut state = self.state();
            if state.is_closed {
                return Err(StoreError::CalledOff);
            }
            state.orders.push(order(tell));
        }
        self.ring();
        told.recv().unwrap_or(Err(StoreError::CalledOff))
    }

    fn take_orders(&self) -> Vec<Order> {
        std::mem::take(&mut self.state().orders)
    }

    /// Tells those who wait that something has changed.
    fn tell(&self) {
        self.changed.notify_all();
    }

    /// Waits until something holds that the keeper brings about, or until it has gone.
    pub(super) fn wait_until(&self, holds: impl Fn() -> bool) {
        if holds() {
            return;
        }
        let mut state = self.state();
        while !holds() && !state.is_closed {
            // The keeper notifies between our look and our sleep without this lock: look again.
            let waited = self.changed.wait_timeout(state, LOOK_EVERY);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for a ring, at most for a while; says whether to close.
    fn wait(&self) -> bool {
        let mut state = self.state();
        if !state.has_rung && !state.is_closed {
            let waited = self.changed.wait_timeout(state, LOOK_EVERY);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.has_rung = false;
        state.is_closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keeper, with all that only it touches.
pub(super) struct Keeper {
    pub(super) shared: Arc<Shared>,
    pub(super) view: View,
    /// What sled's cache may hold.
    pub(super) cache_bytes: u64,
    has_ballast: bool,
    is_ballasted: bool,
    /// Bytes of the log after which a checkpoint is written.
    checkpoint_bytes: u64,
    /// Bytes of the log at which the next checkpoint is written.
    checkpoint_at: u64,
    written: Stopwatch,
}

impl Keeper {
    pub(super) fn new(shared: Arc<Shared>, view: View, options: &Options) -> Self {
        Self {
            shared,
            view,
            cache_bytes: options.cache_bytes,
            has_ballast: options.has_ballast,
            is_ballasted: false,
            checkpoint_bytes: options.checkpoint_bytes,
            checkpoint_at: options.checkpoint_bytes,
            written: Stopwatch::start(),
        }
    }

    /// Starts the thread; a store whose log reaches back to no checkpoint gets one first.
    pub(super) fn start(mut self, needs_checkpoint: bool) -> Result<JoinHandle<()>, StoreError> {
        if needs_checkpoint {
            self.checkpoint()?;
        }
        let path = self.shared.folder.clone();
        let thread = thread::Builder::new().name("docket-keeper".to_owned()).spawn(move || self.run());
        thread.map_err(|source| StoreError::Io { doing: "start a thread for", path, source })
    }

    fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let _gone = Gone(Arc::clone(&shared));
        loop {
            let is_closing = shared.bell.wait();
            for order in shared.bell.take_orders() {
                self.carry_out(order);
            }
            if let Err(error) = self.keep(is_closing) {
                shared.stop(error);
                return;
            }
            if is_closing {
                return;
            }
        }
    }

    /// Carries an order out; whoever gave it may have gone.
    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Checkpoint(tell) => {
                // As in keep: after a failure nobody can say what is in the view.
                let done = self.checkpoint_now().map_err(|error| match error.is_refusal() {
                    true => error,
                    false => self.shared.stop(error),
                });
                drop(tell.send(done));
            }
            Order::Rebuild(told, tell) => drop(tell.send(self.rebuild(&told))),
            Order::Release(tell) => drop(tell.send(self.release())),
        }
    }

    fn checkpoint_now(&mut self) -> Result<(), StoreError> {
        if room::Disk::of(&self.shared.folder)?.is_low(self.shared.low_water) {
            return Err(StoreError::Full { folder: self.shared.folder.clone() });
        }
        self.write_view()?;
        self.checkpoint()
    }

    /// Lets a restored copy go, durable on return.
    fn release(&mut self) -> Result<(), StoreError> {
        self.shared.note(|manifest| manifest.is_held = false)?;
        self.shared.is_held.store(false, Ordering::Release);
        Ok(())
    }

    fn keep(&mut self, is_closing: bool) -> Result<(), StoreError> {
        let disk = self.look_at_room()?;
        let bytes = self.shared.rows.active_bytes();
        let is_due = is_closing || bytes >= self.shared.freeze_bytes || self.written.read() >= WRITE_EVERY;
        // sled does not outlive a full disk: what it may not have room for stays above it.
        let is_low = disk.is_low(self.shared.low_water);
        let is_enough = !is_low && disk.free > bytes as u64 * SLED_FACTOR + room::NOTHING;
        if bytes > 0 && is_due && is_enough {
            self.write_view()?;
        }
        let logged = self.log().bytes();
        if logged >= self.checkpoint_at && !is_low && !is_closing {
            self.checkpoint()?;
        }
        if is_closing {
            self.shared.sync()?;
            self.note(true)?;
        }
        Ok(())
    }

    /// Puts what was committed so far into the view.
    pub(super) fn write_view(&mut self) -> Result<(), StoreError> {
        let (frozen, tip) = {
            // Between two groups, so that the layer ends with a commit.
            let writer = self.shared.writer();
            writer.running()?;
            (self.shared.rows.freeze(), writer.tip)
        };
        self.shared.sync()?;
        self.view.write(&frozen, tip)?;
        self.shared.rows.release();
        self.tell_of_view();
        self.shared.bell.tell();
        self.written = Stopwatch::start();
        self.note(false)
    }

    /// Lets others know what the view holds.
    pub(super) fn tell_of_view(&self) {
        *self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept::of(&self.view);
    }

    /// Notes in the MANIFEST what is durable.
    fn note(&self, is_closed: bool) -> Result<(), StoreError> {
        let Durable { totals, commit } = *self.shared.durable();
        let counts = totals.counts;
        self.shared.note(|manifest| {
            *manifest = Manifest { commit, sequence: counts.moves, counts, is_closed, ..*manifest };
        })
    }

    /// Writes all rows of the view into a file of our own; the log before it is needed no more.
    /// Later, if somebody copies the files just now.
    fn checkpoint(&mut self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let _mine = match shared.files.try_lock() {
            Ok(mine) => mine,
            Err(TryLockError::Poisoned(mine)) => mine.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        let mark = self.view.mark();
        let head = checkpoint::Head { instance: self.shared.instance, tip: mark.tip, time: clock::now() };
        let folder = &self.shared.folder;
        let (path, sum) = checkpoint::write(folder, &head, self.view.rows(), &|_rows| {})?;
        if sum != mark.sum {
            // The view has lost rows since it was opened: the next opening makes it anew.
            let delete = std::fs::remove_file(&path);
            delete.map_err(super::files::failed("delete", &path))?;
            let what = "it no longer holds the rows that were written (restart, it is made anew)".to_owned();
            return Err(StoreError::FileDamaged { path: self.view.folder().to_owned(), what });
        }
        checkpoint::keep_only(folder, mark.tip.commit)?;
        self.log().release(mark.tip.commit)?;
        let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
        let logged = self.log().bytes();
        self.checkpoint_at = logged + self.checkpoint_bytes.max(bytes);
        Ok(())
    }

    /// Makes the next segment of the log before it is needed, and looks how much room there is.
    fn look_at_room(&mut self) -> Result<room::Disk, StoreError> {
        // Made beside the log, so that no commit waits for it.
        let wanted = {
            let mut log = self.log();
            if log.is_filling() { log.spare_wanted() } else { None }
        };
        if let Some(making) = wanted {
            match making.make() {
                Ok(spare) => self.log().add_spare(spare),
                Err(StoreError::Io { source, .. }) if log::is_full(&source) => self.log().lacks_spare(),
                Err(error) => return Err(error),
            }
        }
        let (disk, room) = self.shared.look_at_room(&self.log())?;
        if self.has_ballast && !self.is_ballasted && room == Room::Ample {
            self.is_ballasted = room::load_ballast(&self.shared.folder, disk.ballast())?;
        }
        Ok(disk)
    }

    fn log(&self) -> MutexGuard<'_, log::Log> {
        self.shared.log()
    }
}

/// What the keeper tells others of the view.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) folder: PathBuf,
    pub(super) mark: Mark,
}

impl Kept {
    pub(super) fn of(view: &View) -> Self {
        Self { folder: view.folder().to_owned(), mark: view.mark() }
    }
}

/// Closes the bell when the keeper goes, however it goes: nobody must wait for it any more.
struct Gone(Arc<Shared>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.bell.close();
    }
}
