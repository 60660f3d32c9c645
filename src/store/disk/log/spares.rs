//! Spares: the files that become segments.
//!
//! `spare-N.log` is one that is ready, `spare-N.new` one in the making; neither holds anything that
//! is needed. Owns how a file of zeros is made and how it becomes a segment. It must never touch
//! a file with another name, and never write a header over a segment.

use super::frame::{ALIGN, Tip};
use super::segment::{self, HEADER, Header};
use super::source::Source;
use crate::store::StoreError;
use crate::store::disk::files;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Spares that are kept: one for the next segment, one for the one after it.
const KEPT: usize = 2;

/// Zeros that are written at a time.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// The spares of a log.
#[derive(Debug)]
pub(super) struct Spares {
    folder: PathBuf,
    instance: [u8; 16],
    /// The size of a spare, and so of most segments.
    bytes: u64,
    ready: Vec<PathBuf>,
    /// The number of the next one.
    next: u64,
    /// Whether none could be made the last time.
    are_lacking: bool,
}

/// A file that is about to become a segment, or to be kept for that.
#[derive(Debug)]
pub(in crate::store::disk) struct Spare(PathBuf);

/// A spare that is to be made: any thread can do so, beside a log that writes.
#[derive(Debug)]
pub(in crate::store::disk) struct Making {
    folder: PathBuf,
    number: u64,
    bytes: u64,
}

impl Spares {
    /// Begins without any: those that are there are deleted, for nobody knows what is in them.
    pub(super) fn none(folder: &Path, instance: [u8; 16], bytes: u64) -> Result<Self, StoreError> {
        Self::look(folder, instance, bytes, 0)
    }

    /// Looks for the spares of a log, and deletes those that cannot be used: half made, cut, of
    /// another size, or too many.
    pub(super) fn open(folder: &Path, instance: [u8; 16], bytes: u64) -> Result<Self, StoreError> {
        Self::look(folder, instance, bytes, KEPT)
    }

    fn look(folder: &Path, instance: [u8; 16], bytes: u64, kept: usize) -> Result<Self, StoreError> {
        let mut spares = Self {
            folder: folder.to_owned(),
            instance,
            bytes,
            ready: Vec::new(),
            next: 0,
            are_lacking: false,
        };
        for name in files::names(folder)? {
            let Some((number, stage)) = name.to_str().and_then(number) else { continue };
            spares.next = spares.next.max(number.saturating_add(1));
            let path = folder.join(&name);
            let length = fs::metadata(&path).map_err(files::failed("look at", &path))?.len();
            if stage == Stage::Ready && length == bytes && spares.ready.len() < kept {
                spares.ready.push(path);
            } else {
                fs::remove_file(&path).map_err(files::failed("delete", &path))?;
            }
        }
        Ok(spares)
    }

    /// Says which spare is to be made, if there is none.
    pub(super) fn wanted(&mut self) -> Option<Making> {
        self.ready.is_empty().then(|| self.making(self.bytes))
    }

    /// Says whether there is one, or one can be made in so many bytes.
    pub(super) fn are_in_reach(&self, free: u64) -> bool {
        !self.ready.is_empty() || (free >= self.bytes && !self.are_lacking)
    }

    /// Keeps a spare.
    pub(super) fn add(&mut self, spare: Spare) {
        self.ready.push(spare.0);
        self.are_lacking = false;
    }

    /// Notes that none could be made.
    pub(super) fn lack(&mut self) {
        self.are_lacking = true;
    }

    /// Takes a spare that has room for frames of that many bytes, made now if there is none.
    pub(super) fn take(&mut self, frames: usize) -> Result<Spare, StoreError> {
        let needed = HEADER + frames as u64;
        if needed > self.bytes {
            return self.making(needed.next_multiple_of(HEADER)).make();
        }
        match self.ready.pop() {
            Some(path) => Ok(Spare(path)),
            None => self.making(self.bytes).make().inspect(|_made| self.are_lacking = false),
        }
    }

    fn making(&mut self, bytes: u64) -> Making {
        let number = self.next;
        self.next += 1;
        Making { folder: self.folder.clone(), number, bytes }
    }

    /// Makes a segment out of a spare: its header is on disk before it gets its name.
    pub(super) fn begin(&self, spare: Spare, before: Tip) -> Result<(PathBuf, File), StoreError> {
        let Spare(spare) = spare;
        let path = segment::path(&self.folder, before.commit + 1);
        if path.try_exists().map_err(files::failed("look at", &path))? {
            let lost = format!("{} is there already, with other commits in it", segment::name(&path));
            return Err(StoreError::Lost { folder: self.folder.clone(), lost });
        }
        // One that was never used has zeros where the header goes.
        let reused = Source::open(&spare)?.at(0, HEADER)?.iter().any(|byte| *byte != 0);
        let file = files::open_or_make(&spare)?;
        let header = Header { instance: self.instance, before, reused };
        write_header(&file, &header).map_err(files::failed("write the header of", &spare))?;
        fs::rename(&spare, &path).map_err(files::failed("rename into", &path))?;
        files::sync(&self.folder)?;
        Ok((path, file))
    }

    /// Takes the name of a segment away: it becomes a spare, or is deleted. The folder is not synced yet.
    pub(super) fn free(&mut self, path: &Path, bytes: u64) -> Result<(), StoreError> {
        if bytes != self.bytes || self.ready.len() >= KEPT {
            return fs::remove_file(path).map_err(files::failed("delete", path));
        }
        let spare = ready(&self.folder, self.next);
        self.next += 1;
        fs::rename(path, &spare).map_err(files::failed("make a spare of", path))?;
        self.add(Spare(spare));
        Ok(())
    }
}

impl Making {
    /// Fills a file with zeros and syncs it, so that an append changes nothing but bytes.
    ///
    /// # Errors
    /// [`StoreError::Io`]; then nothing is left of it, and another try is none the worse.
    pub(in crate::store::disk) fn make(self) -> Result<Spare, StoreError> {
        let new = self.folder.join(format!("spare-{}.new", self.number));
        let path = ready(&self.folder, self.number);
        let fill = || {
            let file = files::open_or_make(&new)?;
            write_zeros(&file, 0, self.bytes)
                .and_then(|()| file.sync_all())
                .map_err(files::failed("fill with zeros", &new))?;
            fs::rename(&new, &path).map_err(files::failed("rename into", &path))
        };
        fill().inspect_err(|_| {
            // The space is needed more than ever; what stays is deleted at the next opening.
            drop(fs::remove_file(&new));
        })?;
        Ok(Spare(path))
    }
}

/// Writes a header, and zeros where the first frame goes, durable on return.
pub(super) fn write_header(file: &File, header: &Header) -> io::Result<()> {
    let mut bytes = header.write();
    bytes.extend_from_slice(&[0; ALIGN]);
    file.write_all_at(&bytes, 0)?;
    file.sync_data()
}

/// Writes zeros over a part of a file, and behind its end.
pub(super) fn write_zeros(file: &File, from: u64, until: u64) -> io::Result<()> {
    let mut at = from;
    while at < until {
        let len = usize::try_from(until - at).unwrap_or(usize::MAX).min(ZEROS.len());
        file.write_all_at(&ZEROS[..len], at)?;
        at += len as u64;
    }
    Ok(())
}

fn ready(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("spare-{number}.log"))
}

/// Counts the spares that are ready in a folder.
pub(in crate::store::disk) fn ready_in(folder: &Path) -> Result<u64, StoreError> {
    let names = files::names(folder)?;
    let ready = names.iter().filter_map(|name| number(name.to_str()?));
    Ok(ready.filter(|(_, stage)| *stage == Stage::Ready).count() as u64)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Ready,
    InTheMaking,
}

fn number(name: &str) -> Option<(u64, Stage)> {
    let (digits, end) = name.strip_prefix("spare-")?.split_once('.')?;
    let number: u64 = digits.parse().ok()?;
    let stage = match end {
        "log" => Stage::Ready,
        "new" => Stage::InTheMaking,
        _ => return None,
    };
    // One way to write it.
    (number.to_string() == digits).then_some((number, stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_its_own_are_taken() {
        assert_eq!(number("spare-12.log"), Some((12, Stage::Ready)));
        assert_eq!(number("spare-0.new"), Some((0, Stage::InTheMaking)));
        for other in ["spare-012.log", "spare-+1.log", "spare-.log", "spare-1.txt", "spare-1", "spares"] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
