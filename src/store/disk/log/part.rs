//! A part: commits of a log in a file of their own, beside the log, for a backup.
//!
//! It has the form of a segment that nothing is added to: a header, frames, and no room behind them.
//! [`read_parts`](super::read_parts) reads it. It must never hold a commit that does not follow on
//! the one before it.

use super::frame::{Tip, write_frame};
use super::read::Entry;
use super::segment::Header;
use crate::store::StoreError;
use crate::store::disk::files;
use aws_lc_rs::digest;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A part that is written.
pub(in crate::store::disk) struct Part {
    path: PathBuf,
    out: BufWriter<File>,
    hash: digest::Context,
    bytes: u64,
    tip: Tip,
    frame: Vec<u8>,
}

/// A part that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::disk) struct Written {
    /// The last commit in it.
    pub(in crate::store::disk) last: Tip,
    pub(in crate::store::disk) bytes: u64,
    /// The SHA-256 of the file.
    pub(in crate::store::disk) hash: [u8; 32],
}

impl Part {
    /// Begins a part of the commits after `before`, in place of a file that may be there.
    pub(in crate::store::disk) fn begin(
        path: &Path,
        instance: [u8; 16],
        before: Tip,
    ) -> Result<Self, StoreError> {
        let out = BufWriter::new(files::make(path)?);
        let hash = digest::Context::new(&digest::SHA256);
        let (path, frame) = (path.to_owned(), Vec::new());
        let mut part = Self { path, out, hash, bytes: 0, tip: before, frame };
        part.write(&Header { instance, before, reused: false }.write())?;
        Ok(part)
    }

    /// Adds the next commit; says whether it follows on the one before, and adds nothing if not.
    pub(in crate::store::disk) fn push(&mut self, entry: &Entry) -> Result<bool, StoreError> {
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        // A frame is what it is made of: this is the one that lies in the log, bit by bit.
        let tip = write_frame(&mut frame, self.tip, entry.durable, entry.time, &entry.body);
        if tip == entry.tip {
            self.tip = tip;
            self.write(&frame)?;
        }
        self.frame = frame;
        Ok(tip == entry.tip)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(files::failed("write to", &self.path))
    }

    /// Ends it, durable on return.
    pub(in crate::store::disk) fn finish(self) -> Result<Written, StoreError> {
        let Self { path, out, hash, bytes, tip, .. } = self;
        let file = out.into_inner().map_err(|error| files::failed("write to", &path)(error.into_error()))?;
        file.sync_all().map_err(files::failed("sync", &path))?;
        let hash = *hash.finish().as_ref().first_chunk().expect("a SHA-256 has 32 bytes");
        Ok(Written { last: tip, bytes, hash })
    }
}
