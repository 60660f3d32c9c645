//! Reading the whole log: what is there, where something is missing, and what was never finished.
//!
//! Owns the rule that tells a torn tail from a damaged middle. Every frame says which commit was
//! known to be on disk when it was laid out, and a segment begins only when everything before it
//! is on disk. What such a witness calls durable was acknowledged: if it is missing, that is
//! damage. A later frame behind a hole that no witness calls durable was never acknowledged, it
//! merely landed while an earlier one did not. It must never change a file, and never end short
//! without saying so.

use super::frame::{ALIGN, Chain, Frame, HEAD, Head, MARK, Tip};
use super::segment::{self, HEADER, Header};
use super::source::Source;
use crate::store::StoreError;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// What was found in a log.
#[derive(Debug)]
pub(in crate::store::disk) struct Scan {
    /// In order. None if there is no log, or nothing in it that can be read.
    pub(in crate::store::disk) runs: Vec<Run>,
    /// What lies behind the last run and was never finished.
    pub(in crate::store::disk) torn: Option<Torn>,
    /// Files that are not as they were written, though their commits may be whole.
    pub(in crate::store::disk) faults: Vec<Fault>,
    /// The highest commit that the log itself knows to have been on disk.
    pub(in crate::store::disk) durable: u64,
    pub(super) segments: Vec<Part>,
    /// Where the last run ends.
    pub(super) end: End,
    /// From where in the last segment no witness says that it is on disk.
    pub(super) unsure: u64,
}

/// Commits that follow each other without a hole.
///
/// It is empty, with `last` just before `first`, where a segment begins whose first commit cannot
/// be read or was not written yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::disk) struct Run {
    pub(in crate::store::disk) first: u64,
    /// The chain before the first commit, where a header says so.
    pub(in crate::store::disk) before: Option<Chain>,
    pub(in crate::store::disk) last: Tip,
}

/// Bytes that were never acknowledged; opening the log for writing wipes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::disk) struct Torn {
    pub(in crate::store::disk) path: PathBuf,
    /// Where in the file.
    pub(in crate::store::disk) at: u64,
    pub(in crate::store::disk) bytes: u64,
    /// The last of the commits among them that are whole, but follow on one that is not there.
    pub(in crate::store::disk) commit: Option<u64>,
}

/// A file that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::disk) struct Fault {
    pub(in crate::store::disk) path: PathBuf,
    /// What is wrong, as a sentence that begins with the name of the file.
    pub(in crate::store::disk) what: String,
}

impl Scan {
    /// Says whether a segment that begins with this commit, or a later one, was found.
    pub(in crate::store::disk) fn reaches(&self, first: u64) -> bool {
        let begun = self.segments.iter().any(|part| part.first >= first && part.header.is_some());
        begun || self.runs.last().is_some_and(|run| run.last.commit >= first)
    }

    /// Says whether the log shows no damage: one run, files as they were written, nothing missing
    /// that any of them knows of. A torn tail is no damage.
    pub(in crate::store::disk) fn is_whole(&self) -> bool {
        self.runs.len() <= 1 && self.faults.is_empty() && self.missing().is_empty()
    }

    /// Names the commits that are missing: the first and the last of each hole. There are none
    /// where nothing can be read, for then nobody knows where the log began.
    pub(in crate::store::disk) fn missing(&self) -> Vec<(u64, u64)> {
        let between = self.runs.windows(2).map(|pair| (pair[0].last.commit + 1, pair[1].first - 1));
        let behind = self.runs.last().map(|run| (run.last.commit + 1, self.durable));
        between.chain(behind).filter(|(first, last)| first <= last).collect()
    }
}

/// A segment as the scan found it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    /// Its first commit by its header, or by its name if the header is damaged.
    pub(super) first: u64,
    pub(super) header: Option<Header>,
    /// Its name says the same as its header.
    pub(super) is_named: bool,
    pub(super) bytes: u64,
}

impl Part {
    /// Says whether this segment was begun right after `tip`, as far as it can tell.
    fn follows(&self, tip: Tip) -> bool {
        self.first == tip.commit + 1 && self.header.is_none_or(|header| header.before.chain == tip.chain)
    }
}

/// A place behind a frame or a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Which segment, by its place in the list.
    pub(super) segment: usize,
    pub(super) at: u64,
}

/// A run, and what the rule needs to know of it.
struct Found {
    run: Run,
    begun_by: BegunBy,
    /// The segment in which it begins.
    begin: usize,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BegunBy {
    Header,
    Frame,
}

pub(super) fn scan(folder: &Path, instance: [u8; 16]) -> Result<Scan, StoreError> {
    let mut scanner = Scanner::default();
    let parts = scanner.look(folder, instance)?;
    for (index, part) in parts.iter().enumerate() {
        scanner.begin(index, part);
        scanner.frames(index, part, parts.get(index + 1))?;
    }
    scanner.finish(parts)
}

#[derive(Default)]
struct Scanner {
    runs: Vec<Found>,
    faults: Vec<Fault>,
    /// The highest commit that a witness calls durable.
    durable: u64,
    /// The frames of the segment at hand that no witness calls durable yet, with their places.
    unsure: VecDeque<(u64, u64)>,
}

impl Scanner {
    /// Reads the headers, and puts the segments in the order of their commits.
    fn look(&mut self, folder: &Path, instance: [u8; 16]) -> Result<Vec<Part>, StoreError> {
        let mut parts = Vec::new();
        for (named, path) in segment::list(folder)? {
            let mut source = Source::open(&path)?;
            let header = Header::of(&mut source, instance)?;
            let first = header.map_or(named, |header| header.first());
            let is_named = first == named;
            if header.is_none() {
                self.fault(&path, "has a damaged header");
            } else if !is_named {
                self.fault(&path, format_args!("holds the segment that begins with commit {first}"));
            }
            parts.push(Part { path, first, header, is_named, bytes: source.len });
        }
        parts.sort_by_key(|part| part.first);
        Ok(parts)
    }

    /// Joins the beginning of a segment to what is there.
    fn begin(&mut self, index: usize, part: &Part) {
        self.durable = self.durable.max(part.first - 1);
        self.unsure.clear();
        let end = End { segment: index, at: HEADER };
        if let Some(found) = self.runs.last_mut() {
            let last = found.run.last;
            if part.follows(last) {
                found.end = end;
                return;
            }
            if part.first <= last.commit {
                let (first, last) = (part.first, last.commit);
                let what = format_args!("begins with commit {first}, though others go on to commit {last}");
                return self.fault(&part.path, what);
            }
            if part.first == last.commit + 1 {
                let what = format_args!("does not go on from commit {}: their chain is broken", last.commit);
                self.fault(&part.path, what);
            }
        }
        // Where no header says what was before, the frames will tell.
        if let Some(header) = part.header {
            let run = Run { first: part.first, before: Some(header.before.chain), last: header.before };
            self.runs.push(Found { run, begun_by: BegunBy::Header, begin: index, end });
        }
    }

    /// Takes the good frames of a segment, as long as there is a reason to look for them.
    fn frames(&mut self, index: usize, part: &Part, next: Option<&Part>) -> Result<(), StoreError> {
        let mut source = Source::open(&part.path)?;
        let mut at = HEADER;
        loop {
            // Frames below the first commit are from the segment that the file was before.
            let frame = source.frame(at)?.ok().filter(|frame| frame.head.commit >= part.first);
            if let Some(frame) = frame
                && self.take(&frame, End { segment: index, at })
            {
                at += frame.head.step();
                continue;
            }
            let last = self.runs.last().map(|found| found.run.last);
            if next.zip(last).is_some_and(|(next, last)| next.follows(last)) {
                return Ok(());
            }
            match source.next_head(at + ALIGN as u64)? {
                Some(place) => at = place,
                None => return Ok(()),
            }
        }
    }

    /// Takes a frame if it goes on with the last run or begins another one.
    fn take(&mut self, frame: &Frame<'_>, place: End) -> bool {
        let Head { commit, durable, .. } = frame.head;
        let end = End { at: place.at + frame.head.step(), ..place };
        match self.runs.last_mut() {
            Some(found) if frame.follows(found.run.last) => {
                found.run.last = frame.head.tip();
                found.end = end;
            }
            Some(found) if commit <= found.run.last.commit => return false,
            Some(_) | None => {
                let run = Run { first: commit, before: None, last: frame.head.tip() };
                self.runs.push(Found { run, begun_by: BegunBy::Frame, begin: place.segment, end });
            }
        }
        self.durable = self.durable.max(durable);
        self.unsure.push_back((commit, place.at));
        while self.unsure.front().is_some_and(|(commit, _)| *commit <= self.durable) {
            self.unsure.pop_front();
        }
        true
    }

    /// Drops what was never acknowledged, and looks at what follows the last run.
    fn finish(mut self, parts: Vec<Part>) -> Result<Scan, StoreError> {
        let mut torn = None;
        while let [.., before, last] = self.runs.as_slice()
            && last.begun_by == BegunBy::Frame
            && before.run.last.commit >= self.durable
            && before.end.segment == last.begin
        {
            torn.get_or_insert((last.end.at, last.run.last.commit));
            self.runs.pop();
        }
        let end = self.runs.last().map_or(End { segment: 0, at: HEADER }, |found| found.end);
        let torn = match parts.last() {
            Some(part) if end.segment + 1 == parts.len() => tail(part, end.at, torn)?,
            Some(_) | None => None,
        };
        Ok(Scan {
            runs: self.runs.into_iter().map(|found| found.run).collect(),
            torn,
            faults: self.faults,
            durable: self.durable,
            segments: parts,
            end,
            unsure: self.unsure.front().map_or(end.at, |(_, at)| (*at).min(end.at)),
        })
    }

    fn fault(&mut self, path: &Path, what: impl std::fmt::Display) {
        let what = format!("{} {what}", segment::name(path));
        self.faults.push(Fault { path: path.to_owned(), what });
    }
}

/// Says what of the last segment has to be wiped: up to the end of the frames dropped, and
/// whatever else was begun behind the last run.
fn tail(part: &Part, at: u64, dropped: Option<(u64, u64)>) -> Result<Option<Torn>, StoreError> {
    let mut source = Source::open(&part.path)?;
    let is_reused = part.header.is_none_or(|header| header.reused);
    let begun = match is_reused {
        false => source.end_of_bytes(at)?,
        true => begun(&mut source, at, part.first)?,
    };
    let (frames, commit) = dropped.unzip();
    let end = begun.max(frames.unwrap_or(at)).min(source.len);
    Ok((end > at).then(|| Torn { path: part.path.clone(), at, bytes: end - at, commit }))
}

/// Finds the end of what was begun at a place of a segment that is full of older frames, those
/// below `first`. Every write ends with a word of zeros: if it is not there, something was begun.
fn begun(source: &mut Source, at: u64, first: u64) -> Result<u64, StoreError> {
    if let Some(head) = Head::read(source.at(at, HEAD as u64)?) {
        return Ok(at + head.step());
    }
    let mut end = at;
    loop {
        let word = source.at(end, ALIGN as u64)?;
        let step = word.len() as u64;
        let is_frame = word.starts_with(&MARK);
        if word.iter().all(|byte| *byte == 0)
            || is_frame && source.frame(end)?.is_ok_and(|frame| frame.head.commit < first)
        {
            return Ok(end);
        }
        end += step;
    }
}
