//! Reading a segment from its beginning to its end, a window at a time.
//!
//! It must never allocate for a length that goes beyond the file.

use super::frame::{ALIGN, Flaw, Frame, HEAD, Head, MARK};
use crate::store::StoreError;
use crate::store::disk::files;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes read at a time.
const WINDOW: u64 = 256 << 10;

/// Bytes looked at together where a segment is searched: most of it may be zeros.
const BLOCK: usize = 4096;
const ZEROS: [u8; BLOCK] = [0; BLOCK];

/// A segment that is read, through a window that moves forward.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    file: File,
    /// Bytes of the file when it was opened.
    pub(super) len: u64,
    window: Vec<u8>,
    /// Where in the file the window begins.
    start: u64,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(files::failed("open", path))?;
        let len = file.metadata().map_err(files::failed("look at", path))?.len();
        Ok(Self { path: path.to_owned(), file, len, window: Vec::new(), start: 0 })
    }

    /// Gives `len` bytes from a place on; fewer where the file ends.
    pub(super) fn at(&mut self, at: u64, len: u64) -> Result<&[u8], StoreError> {
        let len = len.min(self.len.saturating_sub(at));
        let held = self.start + self.window.len() as u64;
        if at < self.start || at + len > held {
            self.fill(at, len.max(WINDOW).min(self.len.saturating_sub(at)))?;
        }
        let from = index(at - self.start).min(self.window.len());
        let until = (from + index(len)).min(self.window.len());
        Ok(&self.window[from..until])
    }

    fn fill(&mut self, at: u64, len: u64) -> Result<(), StoreError> {
        self.start = at;
        self.window.resize(index(len), 0);
        let mut filled = 0;
        while filled < self.window.len() {
            match self.file.read_at(&mut self.window[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(files::failed("read", &self.path)(error)),
            }
        }
        self.window.truncate(filled);
        Ok(())
    }

    /// Reads the frame at a place.
    pub(super) fn frame(&mut self, at: u64) -> Result<Result<Frame<'_>, Flaw>, StoreError> {
        let Some(head) = Head::read(self.at(at, HEAD as u64)?) else { return Ok(Err(Flaw::NoFrame)) };
        // Before a byte is allocated for it.
        let length = head.bytes();
        if length > self.len.saturating_sub(at) {
            return Ok(Err(Flaw::Length { length }));
        }
        let bytes = self.at(at, length)?;
        // Shorter only if somebody cuts the file right now.
        if bytes.len() as u64 != length {
            return Ok(Err(Flaw::Length { length }));
        }
        Ok(Frame::check(head, bytes))
    }

    /// Finds the next place, from an aligned one on, where a frame seems to begin.
    pub(super) fn next_head(&mut self, from: u64) -> Result<Option<u64>, StoreError> {
        let mut at = from;
        while at + (HEAD as u64) <= self.len {
            let block = self.at(at, BLOCK as u64)?;
            if block.len() < ALIGN {
                break;
            }
            if block != &ZEROS[..block.len()] {
                let found = block.chunks(ALIGN).position(|word| word.starts_with(&MARK));
                if let Some(words) = found {
                    return Ok(Some(at + (words * ALIGN) as u64));
                }
            }
            at += (block.len() / ALIGN * ALIGN) as u64;
        }
        Ok(None)
    }

    /// Finds the end of what is not zero behind a place; the place itself if there is nothing.
    pub(super) fn end_of_bytes(&mut self, from: u64) -> Result<u64, StoreError> {
        let (mut at, mut end) = (from, from);
        while at < self.len {
            let block = self.at(at, BLOCK as u64)?;
            if block.is_empty() {
                break;
            }
            if block != &ZEROS[..block.len()] {
                let last = block.iter().rposition(|byte| *byte != 0).unwrap_or(0);
                end = at + last as u64 + 1;
            }
            at += block.len() as u64;
        }
        Ok(end)
    }
}

fn index(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a segment fits into memory")
}
