//! Reading commits one after the other, beside a log that writes.
//!
//! It must never give an entry that was not checked, and never leave one out.

use super::frame::{ALIGN, Chain, Flaw, Tip, link};
use super::segment::{self, HEADER, Header};
use super::source::Source;
use crate::machine::time::Time;
use crate::store::StoreError;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// One commit as it lies in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::disk) struct Entry {
    /// Its number and its chain.
    pub(in crate::store::disk) tip: Tip,
    /// The highest commit known to be on disk when this one was laid out.
    pub(in crate::store::disk) durable: u64,
    pub(in crate::store::disk) time: Time,
    pub(in crate::store::disk) body: Vec<u8>,
}

impl Entry {
    /// Says whether this is the commit after `before`, and nothing else than what was laid out after it.
    pub(in crate::store::disk) fn follows(&self, before: Tip) -> bool {
        let Self { tip, durable, time, body } = self;
        before.commit + 1 == tip.commit && link(before.chain, tip.commit, *durable, *time, body) == tip.chain
    }
}

/// Reads the commits above `after` up to `until`, in order; each checked for its checksum, its
/// number and its chain.
///
/// A log may write meanwhile, as long as `until` is on disk by now, and nothing above `after` is
/// released before the last entry was taken.
///
/// # Errors
/// [`StoreError::TooOld`] when the log begins above the first commit asked for,
/// [`StoreError::Lost`] for a segment of another store and [`StoreError::NewerFolder`] for one of a
/// newer Docket. An entry that cannot be read is [`StoreError::Inconsistent`] with its number, and
/// the last that is given.
pub(in crate::store::disk) fn read(
    folder: &Path,
    instance: [u8; 16],
    after: u64,
    until: u64,
) -> Result<Entries, StoreError> {
    let segments = if after >= until { Vec::new() } else { segment::list(folder)? };
    read_parts(segments, instance, after, until)
}

/// The same out of files with their first commits, in order.
pub(in crate::store::disk) fn read_parts(
    files: Vec<(u64, PathBuf)>,
    instance: [u8; 16],
    after: u64,
    until: u64,
) -> Result<Entries, StoreError> {
    let entries = |segments, next| Entries { instance, segments, source: None, chain: None, next, until };
    if after >= until {
        return Ok(entries(VecDeque::new(), after + 1));
    }
    let mut segments = VecDeque::from(files);
    if let Some((oldest, _)) = segments.front().filter(|(oldest, _)| *oldest > after + 1) {
        return Err(StoreError::TooOld { oldest: *oldest });
    }
    while segments.get(1).is_some_and(|(first, _)| *first <= after + 1) {
        segments.pop_front();
    }
    let next = segments.front().map_or(after + 1, |(first, _)| *first);
    let mut entries = entries(segments, next);
    entries.pass_over(after)?;
    Ok(entries)
}

/// The entries of [`read`].
#[derive(Debug)]
pub(in crate::store::disk) struct Entries {
    instance: [u8; 16],
    /// Those to come, with their first commits.
    segments: VecDeque<(u64, PathBuf)>,
    /// The one at hand, and where in it.
    source: Option<(Source, u64)>,
    /// The chain before the next commit, where it is known.
    chain: Option<Chain>,
    next: u64,
    until: u64,
}

impl Entries {
    /// Steps over the commits of the first segment that were not asked for, damaged ones too.
    fn pass_over(&mut self, after: u64) -> Result<(), StoreError> {
        if let Some((_, path)) = self.segments.pop_front() {
            self.open(&path)?;
        }
        let Some((source, at)) = &mut self.source else { return Ok(()) };
        while self.next <= after {
            match source.frame(*at)? {
                Ok(frame) if frame.head.commit > after => break,
                Ok(frame) if frame.head.commit >= self.next => {
                    self.chain = Some(frame.head.chain);
                    self.next = frame.head.commit + 1;
                    *at += frame.head.step();
                }
                Ok(_) | Err(_) => match source.next_head(*at + ALIGN as u64)? {
                    Some(place) => *at = place,
                    None => break,
                },
            }
        }
        if self.next <= after {
            // What is tied to a commit that cannot be read is taken as it is.
            self.chain = None;
            self.next = after + 1;
        }
        Ok(())
    }

    /// Takes the next commit; `None` where another segment begins.
    fn step(&mut self) -> Result<Option<Entry>, StoreError> {
        let flaw = match &mut self.source {
            None => Flaw::NoFrame,
            Some((source, at)) => match source.frame(*at)? {
                Err(flaw) => flaw,
                Ok(frame) if frame.head.commit != self.next => Flaw::Number { found: frame.head.commit },
                Ok(frame) => {
                    let before = self.chain.map(|chain| Tip { commit: self.next - 1, chain });
                    if before.is_none_or(|before| frame.follows(before)) {
                        let (head, body) = (frame.head, frame.body.to_vec());
                        *at += head.step();
                        self.chain = Some(head.chain);
                        self.next += 1;
                        return Ok(Some(Entry {
                            tip: head.tip(),
                            durable: head.durable,
                            time: head.time,
                            body,
                        }));
                    }
                    Flaw::Chain
                }
            },
        };
        match self.segments.front() {
            Some((first, _)) if *first == self.next => {
                let (_, path) = self.segments.pop_front().expect("it was looked at");
                self.open(&path).map(|()| None)
            }
            Some(_) | None => Err(self.unreadable(&flaw)),
        }
    }

    fn open(&mut self, path: &Path) -> Result<(), StoreError> {
        let mut source = Source::open(path)?;
        // A damaged header takes nothing from the frames; their numbers and chain must fit anyway.
        if let Some(header) = Header::of(&mut source, self.instance)? {
            if header.first() != self.next {
                return Err(self.unreadable(&format_args!(
                    "{} holds the segment that begins with commit {}",
                    segment::name(path),
                    header.first()
                )));
            }
            if self.chain.is_some_and(|chain| chain != header.before.chain) {
                return Err(self.unreadable(&Flaw::Chain));
            }
            self.chain = Some(header.before.chain);
        }
        self.source = Some((source, HEADER));
        Ok(())
    }

    fn unreadable(&self, why: &dyn std::fmt::Display) -> StoreError {
        let place = self.source.as_ref().map(|(source, _)| format!(" in {}", segment::name(&source.path)));
        let place = place.unwrap_or_default();
        StoreError::Inconsistent {
            what: format!("commit {} cannot be read from the log{place}: {why}", self.next),
        }
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.next <= self.until {
            match self.step() {
                Ok(None) => {}
                Ok(Some(entry)) => return Some(Ok(entry)),
                Err(error) => {
                    // Nothing behind it follows on anything.
                    self.until = 0;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}
