//! The commit log: what is in it was acknowledged, and what was acknowledged is in it.
//!
//! ```text
//! log/0000000000000001.log   a segment, named after its first commit
//! log/spare-N.log            a segment to come
//! ```
//!
//! Owns the files of the log: their form, their order on disk, and the word on what is whole in
//! them. It does not know what a commit's body means. One thread writes; others read beside it.
//!
//! Why a loss of power takes nothing that [`Log::write`] has returned for:
//! - A segment is written full of zeros and synced before it is used, so that an append changes
//!   no metadata, and one `fdatasync` covers it.
//! - Its header is on disk before it gets its name, and its name before its first frame.
//! - A group of frames lies in one segment, and is on disk before the next group is written.
//! - A segment that is used again keeps its old frames. They have lower numbers than its first
//!   commit, which is how they are known; a word of zeros behind each write says where it ends.
//! - A failed write or sync is never tried again: nobody can say what is on disk. The next
//!   opening writes the end of the log anew, for the page cache may hold what the disk does not.
//!
//! It must never write over a commit, never delete one that was not released, and never call a
//! log whole that is not.

mod frame;
mod mend;
mod part;
mod read;
mod scan;
mod segment;
mod source;
mod spares;
#[cfg(test)]
mod tests;

pub(in crate::store::disk) use frame::{Chain, Tip, write_frame};
pub(in crate::store::disk) use part::Part;
pub(in crate::store::disk) use read::{Entry, read, read_parts};
pub(in crate::store::disk) use scan::Scan;
pub(in crate::store::disk) use segment::list as segments;
pub(in crate::store::disk) use spares::{Making, Spare, ready_in};

use super::files;
use crate::store::StoreError;
use frame::{ALIGN, Head};
use segment::HEADER;
use spares::Spares;
use std::collections::VecDeque;
use std::error::Error;
use std::fs::File;
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The size of a segment in bytes: a thousand groups or so, and filled with zeros in a blink.
pub(in crate::store::disk) const SEGMENT_BYTES: u64 = 16 << 20;

/// Bytes that must be left for more groups to be taken in, in the log or beside a segment that is not
/// made yet: far above the groups of every day.
const RESERVE: u64 = 4 << 20;

/// What follows the last frame of a write where there is room.
const END: [u8; ALIGN] = [0; ALIGN];

/// A log that is written to.
#[derive(Debug)]
pub(in crate::store::disk) struct Log {
    folder: PathBuf,
    spares: Spares,
    /// Those in use, in order; the last one is written to.
    segments: VecDeque<InUse>,
    file: File,
    /// Where in it the next frame goes.
    at: u64,
    tip: Tip,
    stopped: Option<Arc<dyn Error + Send + Sync>>,
}

/// A segment in use.
#[derive(Debug)]
struct InUse {
    path: PathBuf,
    first: u64,
    bytes: u64,
}

impl Log {
    /// Makes a log, in a folder that is empty or not there, that goes on after `tip`. Spares of
    /// another log are deleted.
    ///
    /// # Errors
    /// [`StoreError::Io`], and [`StoreError::Lost`] when there are segments already.
    #[cfg(test)]
    pub(in crate::store::disk) fn begin(
        folder: &Path,
        instance: [u8; 16],
        tip: Tip,
    ) -> Result<Self, StoreError> {
        Self::begin_sized(folder, instance, tip, SEGMENT_BYTES)
    }

    /// As [`begin`](Self::begin), with segments of another size, a multiple of 4 KiB.
    pub(in crate::store::disk) fn begin_sized(
        folder: &Path,
        instance: [u8; 16],
        tip: Tip,
        bytes: u64,
    ) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        if let Some((_, path)) = segment::list(folder)?.first() {
            let lost = format!("{} lies where a new log was to begin", segment::name(path));
            return Err(StoreError::Lost { folder: folder.to_owned(), lost });
        }
        let mut spares = Spares::none(folder, instance, bytes)?;
        let spare = spares.take(0)?;
        let (path, file) = spares.begin(spare, tip)?;
        let segments = VecDeque::from([InUse { path, first: tip.commit + 1, bytes }]);
        Ok(Self { folder: folder.to_owned(), spares, segments, file, at: HEADER, tip, stopped: None })
    }

    /// Reads the whole log; nothing is changed on disk by this.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::NewerFolder`] for a segment of a newer Docket, and
    /// [`StoreError::Lost`] for one of another store. Damage is no error, but part of the scan.
    pub(in crate::store::disk) fn scan(folder: &Path, instance: [u8; 16]) -> Result<Scan, StoreError> {
        scan::scan(folder, instance)
    }

    /// Opens a log for writing after the last commit of a scan: wipes a torn tail, writes what no
    /// witness calls durable once more, and makes a spare if there is none and the disk is not full.
    ///
    /// Whether the scan is good enough is the caller's to decide, see [`Scan::is_whole`]; holes
    /// between runs stay as they are.
    ///
    /// # Errors
    /// [`StoreError::Io`], and [`StoreError::Lost`] when nothing can be read, or when the log knows
    /// of commits behind the last one that can.
    pub(in crate::store::disk) fn open_sized(
        folder: &Path,
        instance: [u8; 16],
        scan: &Scan,
        bytes: u64,
    ) -> Result<Self, StoreError> {
        mend::open(folder, instance, scan, bytes)
    }

    /// Writes frames, laid out one after the other by [`write_frame`] from the commit after
    /// [`tip`](Self::tip) on, together; durable on return.
    ///
    /// # Errors
    /// [`StoreError::Io`] when there is no spare and none can be made, as on a full disk: nothing
    /// was written, and the log goes on. [`StoreError::Stopped`] when anything else fails, and for
    /// whatever is written after that.
    ///
    /// # Panics
    /// When the frames are not those of `first` to `last`, as far as can be seen.
    pub(in crate::store::disk) fn write(
        &mut self,
        frames: &[u8],
        first: u64,
        last: Tip,
    ) -> Result<(), StoreError> {
        assert!(frames.len().is_multiple_of(ALIGN), "frames are padded");
        let begins = Head::read(frames).map(|head| head.commit);
        assert!(begins == Some(first) && first == self.tip.commit + 1, "frames go on from the tip");
        assert!(last.commit >= first, "commit {} comes before {first}", last.commit);
        self.running()?;
        self.make_room(frames.len())?;
        self.stopping(|log| {
            let written = log.append(frames);
            written.map_err(files::failed("write to", &log.current().path))
        })?;
        self.at += frames.len() as u64;
        self.tip = last;
        Ok(())
    }

    /// Sees that frames of that many bytes fit into the segment at hand, be it another one.
    fn make_room(&mut self, frames: usize) -> Result<(), StoreError> {
        if self.room() >= frames as u64 {
            return Ok(());
        }
        if self.at == HEADER {
            // Nothing is in it yet, and its name is the one that another would get.
            return self.grow(HEADER + frames as u64);
        }
        let spare = self.spares.take(frames)?;
        self.stopping(|log| log.roll(spare))
    }

    /// Makes the segment at hand longer.
    fn grow(&mut self, needed: u64) -> Result<(), StoreError> {
        let (current, bytes) = (self.current(), needed.next_multiple_of(HEADER));
        let filled = mend::fill_up(&self.file, current.bytes, bytes);
        filled
            .inspect_err(|_| drop(self.file.set_len(current.bytes)))
            .map_err(files::failed("fill with zeros", &current.path))?;
        self.segments.back_mut().expect("one is written to").bytes = bytes;
        Ok(())
    }

    /// Goes on in another segment.
    fn roll(&mut self, spare: Spare) -> Result<(), StoreError> {
        let (path, file) = self.spares.begin(spare, self.tip)?;
        let bytes = file.metadata().map_err(files::failed("look at", &path))?.len();
        self.segments.push_back(InUse { path, first: self.tip.commit + 1, bytes });
        self.file = file;
        self.at = HEADER;
        Ok(())
    }

    fn append(&mut self, frames: &[u8]) -> io::Result<()> {
        let room = usize::try_from(self.room()).unwrap_or(usize::MAX);
        let end = &END[..END.len().min(room - frames.len())];
        self.file.seek(SeekFrom::Start(self.at))?;
        let written = self.file.write_vectored(&[IoSlice::new(frames), IoSlice::new(end)])?;
        if written < frames.len() + end.len() {
            // It may take less at once; the rest is written, not what it has taken.
            let rest =
                [frames.get(written..).unwrap_or_default(), &end[written.saturating_sub(frames.len())..]];
            self.file.write_all_at(&rest.concat(), self.at + written as u64)?;
        }
        self.file.sync_data()
    }

    /// Makes a spare if there is none. It takes as long as a segment takes to be written: call it
    /// when nobody waits, or make the [`spare_wanted`](Self::spare_wanted) beside the log.
    ///
    /// # Errors
    /// [`StoreError::Io`], as on a full disk; the log goes on as long as its segment has room.
    #[cfg(test)]
    pub(in crate::store::disk) fn prepare(&mut self) -> Result<(), StoreError> {
        self.running()?;
        if let Some(making) = self.spare_wanted() {
            let spare = making.make()?;
            self.add_spare(spare);
        }
        Ok(())
    }

    /// Says whether the segment that is written to will be full before long.
    pub(in crate::store::disk) fn is_filling(&self) -> bool {
        self.room() < self.current().bytes / 4 * 3
    }

    /// Says which spare is to be made, if there is none.
    pub(in crate::store::disk) fn spare_wanted(&mut self) -> Option<Making> {
        self.spares.wanted()
    }

    /// Says whether there is room for the largest groups to come, on a disk with so many bytes left:
    /// in the segment at hand, in a spare, or in one that can be made.
    pub(in crate::store::disk) fn has_room(&self, free: u64) -> bool {
        self.room() >= RESERVE.min(self.current().bytes / 4)
            || self.spares.are_in_reach(free.saturating_sub(RESERVE))
    }

    /// Notes that no spare can be made, until one was.
    pub(in crate::store::disk) fn lacks_spare(&mut self) {
        self.spares.lack();
    }

    /// Takes a spare that was made.
    pub(in crate::store::disk) fn add_spare(&mut self, spare: Spare) {
        self.spares.add(spare);
    }

    /// Frees the segments all of whose commits are at or below `commit`, the oldest first; the one
    /// that is written to stays. Two become spares, others are deleted.
    ///
    /// # Errors
    /// [`StoreError::Io`] when a segment can neither be renamed nor deleted; it stays in use.
    /// [`StoreError::Stopped`] when the folder cannot be synced.
    pub(in crate::store::disk) fn release(&mut self, commit: u64) -> Result<(), StoreError> {
        self.running()?;
        while self.segments.get(1).is_some_and(|next| next.first <= commit.saturating_add(1)) {
            let freed = self.segments.front().expect("there is one before the next");
            self.spares.free(&freed.path, freed.bytes)?;
            self.segments.pop_front();
            // One by one: a loss of power must not leave an old one behind a hole, nor give a
            // segment its former name back when it is one again.
            self.stopping(|log| files::sync(&log.folder))?;
        }
        Ok(())
    }

    /// The first commit that is still there, or will be.
    pub(in crate::store::disk) fn oldest(&self) -> u64 {
        self.segments.front().expect("one is written to").first
    }

    /// The first commit of the segment that is written to.
    pub(in crate::store::disk) fn segment(&self) -> u64 {
        self.current().first
    }

    /// The last commit written.
    pub(in crate::store::disk) const fn tip(&self) -> Tip {
        self.tip
    }

    /// Bytes of all segments in use.
    pub(in crate::store::disk) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Bytes that the commits after one take, at most.
    pub(in crate::store::disk) fn bytes_after(&self, commit: u64) -> u64 {
        if commit >= self.tip.commit {
            return 0;
        }
        let ends = self.segments.iter().skip(1).map(|next| next.first - 1);
        let closed = self.segments.iter().zip(ends).filter(|(_, end)| *end > commit);
        closed.map(|(segment, _)| segment.bytes).sum::<u64>() + self.at
    }

    /// Puts a device in place of the segment that refuses to be written to.
    #[cfg(test)]
    pub(in crate::store::disk) fn fail_from_now_on(&mut self) {
        self.file = File::open("/dev/null").expect("it is there");
    }

    fn current(&self) -> &InUse {
        self.segments.back().expect("one is written to")
    }

    /// Bytes left in the segment that is written to.
    fn room(&self) -> u64 {
        self.current().bytes.saturating_sub(self.at)
    }

    fn running(&self) -> Result<(), StoreError> {
        match &self.stopped {
            None => Ok(()),
            Some(cause) => Err(StoreError::Stopped { cause: Arc::clone(cause) }),
        }
    }

    /// Does what may fail once only; stops the log if it does.
    fn stopping(&mut self, work: impl FnOnce(&mut Self) -> Result<(), StoreError>) -> Result<(), StoreError> {
        work(self).map_err(|error| {
            let cause: Arc<dyn Error + Send + Sync> = Arc::new(error);
            self.stopped = Some(Arc::clone(&cause));
            StoreError::Stopped { cause }
        })
    }
}

pub(in crate::store::disk) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
