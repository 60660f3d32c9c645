//! The keeper: a thread that writes behind what was committed.
//!
//! It puts the net effect of many commits into the view, writes a checkpoint when the log has grown
//! enough, lets older segments of the log be used again, and looks after the room on the disk.
//! Nobody waits for it but a load that the disk is not up to. It must never write into the view
//! what the log does not hold durably.

use super::manifest::Manifest;
use super::view::View;
use super::{Durable, Options, Shared, checkpoint, log, room};
use crate::clock::{self, Stopwatch};
use crate::store::{Room, StoreError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the keeper looks after things when nobody rings.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// For how long a few rows may wait for the view.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// What sled writes for a byte of rows, at most; it copies the leaf of a row that changes.
const SLED_FACTOR: u64 = 8;

/// Rings for the keeper, and for those who wait for it.
#[derive(Debug, Default)]
pub(super) struct Bell {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    has_rung: bool,
    is_closed: bool,
}

impl Bell {
    /// Calls the keeper.
    pub(super) fn ring(&self) {
        self.state().has_rung = true;
        self.changed.notify_all();
    }

    /// Sends the keeper home, after a last writing of the view.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
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
    shared: Arc<Shared>,
    view: View,
    low_water: u64,
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
            low_water: options.low_water,
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
        loop {
            let is_closing = shared.bell.wait();
            if let Err(error) = self.keep(is_closing) {
                shared.stop(error);
                shared.bell.close();
                return;
            }
            if is_closing {
                return;
            }
        }
    }

    fn keep(&mut self, is_closing: bool) -> Result<(), StoreError> {
        let disk = self.look_at_room()?;
        let bytes = self.shared.rows.active_bytes();
        let is_due = is_closing || bytes >= self.shared.freeze_bytes || self.written.read() >= WRITE_EVERY;
        // sled does not outlive a full disk: what it may not have room for stays above it.
        let is_low = disk.is_low(self.low_water);
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
    fn write_view(&mut self) -> Result<(), StoreError> {
        let (frozen, tip) = {
            // Between two groups, so that the layer ends with a commit.
            let writer = self.shared.writer();
            writer.running()?;
            (self.shared.rows.freeze(), writer.tip)
        };
        self.shared.sync()?;
        self.view.write(&frozen, tip)?;
        self.shared.rows.release();
        self.shared.bell.tell();
        self.written = Stopwatch::start();
        self.note(false)
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
    fn checkpoint(&mut self) -> Result<(), StoreError> {
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

    /// Looks how much room there is, and makes the next segment of the log before it is needed.
    fn look_at_room(&mut self) -> Result<room::Disk, StoreError> {
        let folder = &self.shared.folder;
        let disk = room::Disk::of(folder)?;
        // Made beside the log, so that no commit waits for it.
        let wanted = {
            let mut log = self.log();
            if log.is_filling() { log.spare_wanted() } else { None }
        };
        if let Some(making) = wanted {
            match making.make() {
                Ok(spare) => self.log().add_spare(spare),
                // Then there is none; what room is left says the rest.
                Err(StoreError::Io { source, .. }) if log::is_full(&source) => {}
                Err(error) => return Err(error),
            }
        }
        let room = if !self.log().has_room() || disk.free < room::NOTHING {
            Room::None
        } else if disk.is_low(self.low_water) {
            Room::Low
        } else {
            Room::Ample
        };
        self.shared.room.set(room);
        if self.has_ballast && !self.is_ballasted && room == Room::Ample {
            self.is_ballasted = room::load_ballast(folder, disk.ballast())?;
        }
        Ok(disk)
    }

    fn log(&self) -> MutexGuard<'_, log::Log> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
