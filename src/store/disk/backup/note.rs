//! BACKUP: a small text that says what a backup holds, file by file.
//!
//! It is written last: a folder without it is no backup, and files that it does not name do not
//! count. Owns its form, which is permanent, and the names of the files. It must never name a file
//! that is not on disk.

use crate::machine::time::Time;
use crate::store::disk::log::Tip;
use crate::store::disk::{checkpoint, files};
use crate::store::{Counts, StoreError};
use std::path::{Path, PathBuf};

/// The format that is written, and the newest that is read.
pub(super) const FORMAT: u32 = 2;

/// The format that does not say which archive files there are.
const NO_ARCHIVES: u32 = 1;

/// The name of the note.
pub(super) const NAME: &str = "BACKUP";

const TITLE: &str = "docket backup";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::disk) struct Note {
    pub(in crate::store::disk) instance: [u8; 16],
    /// What there is after the last commit.
    pub(in crate::store::disk) counts: Counts,
    /// When it was written.
    pub(in crate::store::disk) made: Time,
    pub(in crate::store::disk) blobs: u64,
    /// What the store itself lacked: documents without their blob, and archive files.
    pub(in crate::store::disk) lacking: u64,
    /// The SHA-256 of the data keys, if they are there.
    pub(in crate::store::disk) keys: Option<[u8; 32]>,
    /// The archive files in order of their numbers; none if the format does not say.
    pub(in crate::store::disk) archives: Option<Vec<ArchiveNote>>,
    /// In order of their commits.
    pub(in crate::store::disk) lines: Vec<Line>,
}

/// Rows as of one commit, and all commits after it: any state from the first to the last can be
/// made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::disk) struct Line {
    pub(in crate::store::disk) base: Base,
    pub(in crate::store::disk) parts: Vec<PartNote>,
}

/// Where a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::disk) struct Base {
    pub(in crate::store::disk) tip: Tip,
    /// A moment at which its last commit was made already.
    pub(in crate::store::disk) time: Time,
    /// The SHA-256 of its checkpoint; none where the log reaches back to the first commit.
    pub(in crate::store::disk) hash: Option<[u8; 32]>,
}

/// A file with commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::disk) struct PartNote {
    pub(in crate::store::disk) first: u64,
    pub(in crate::store::disk) last: Tip,
    /// When the first and the last commit were made.
    pub(in crate::store::disk) times: (Time, Time),
    pub(in crate::store::disk) bytes: u64,
    pub(in crate::store::disk) hash: [u8; 32],
}

/// An archive file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::disk) struct ArchiveNote {
    pub(in crate::store::disk) number: u64,
    pub(in crate::store::disk) bytes: u64,
    pub(in crate::store::disk) hash: [u8; 32],
}

impl Line {
    /// The last commit.
    pub(in crate::store::disk) fn last(&self) -> Tip {
        self.parts.last().map_or(self.base.tip, |part| part.last)
    }

    /// When the last commit was made, or at most a moment later.
    pub(in crate::store::disk) fn ends(&self) -> Time {
        self.parts.last().map_or(self.base.time, |part| part.times.1)
    }

    /// The files of its commits, as the log reads them.
    pub(in crate::store::disk) fn files(&self, folder: &Path) -> Vec<(u64, PathBuf)> {
        self.parts.iter().map(|part| (part.first, part.path(folder))).collect()
    }
}

impl Base {
    /// Where its checkpoint lies, if it has one.
    pub(in crate::store::disk) fn path(&self, folder: &Path) -> Option<PathBuf> {
        self.hash.map(|_| checkpoint::path(folder, self.tip.commit))
    }
}

impl PartNote {
    /// Where it lies.
    pub(in crate::store::disk) fn path(&self, folder: &Path) -> PathBuf {
        part_path(folder, self.first, self.last.commit)
    }
}

/// Where the part with these commits lies.
pub(super) fn part_path(folder: &Path, first: u64, last: u64) -> PathBuf {
    folder.join("log").join(format!("{first:016x}-{last:016x}.part"))
}

impl Note {
    /// The last line; there is always one.
    pub(in crate::store::disk) fn newest(&self) -> &Line {
        self.lines.last().expect("a backup has a line")
    }

    /// Reads the note of a folder, if there is one.
    pub(in crate::store::disk) fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = folder.join(NAME);
        let Some(bytes) = files::read_if_there(&path)? else { return Ok(None) };
        const WHAT: &str = "it is not as it was written, so nobody can say what is in this backup";
        let damaged = || StoreError::FileDamaged { path: path.clone(), what: WHAT.to_owned() };
        let Ok(text) = String::from_utf8(bytes) else { return Err(damaged()) };
        if let Some(found) = format(&text).filter(|found| *found > FORMAT) {
            return Err(StoreError::NewerFolder { folder: folder.to_owned(), found, known: FORMAT });
        }
        parse(&text).map(Some).ok_or_else(damaged)
    }

    /// Puts the note in place, durable on return.
    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreError> {
        files::write_whole(&folder.join(NAME), &folder.join("BACKUP.new"), self.text().as_bytes())?;
        files::sync(folder)
    }

    fn text(&self) -> String {
        let Self { counts: Counts { applications, live, moves }, made, blobs, lacking, .. } = self;
        let (instance, made) = (hex::encode(self.instance), made.as_millis());
        let keys = self.keys.map_or_else(|| "no".to_owned(), hex::encode);
        let format = if self.archives.is_some() { FORMAT } else { NO_ARCHIVES };
        let mut body = format!(
            "{TITLE}\nformat = {format}\ninstance = {instance}\nmade = {made}\napplications = {applications}\n\
             live = {live}\nmoves = {moves}\nblobs = {blobs}\nlacking = {lacking}\nkeys = {keys}\n"
        );
        if let Some(archives) = &self.archives {
            let bytes = archives.iter().fold(0, |sum: u64, it| sum.saturating_add(it.bytes));
            body += &format!("archives = {} {bytes}\n", archives.len());
            for ArchiveNote { number, bytes, hash } in archives {
                body += &format!("archive = {number:016x} {bytes} {}\n", hex::encode(hash));
            }
        }
        for Line { base, parts } in &self.lines {
            let hash = base.hash.map_or_else(|| "none".to_owned(), hex::encode);
            body += &format!("base = {} {} {hash}\n", tip_text(base.tip), base.time.as_millis());
            for PartNote { first, last, times, bytes, hash } in parts {
                let (from, until) = (times.0.as_millis(), times.1.as_millis());
                let (last, hash) = (tip_text(*last), hex::encode(hash));
                body += &format!("part = {first} {last} {from} {until} {bytes} {hash}\n");
            }
        }
        let sum = crc32c::crc32c(body.as_bytes());
        format!("{body}crc32c = {sum:08x}\n")
    }
}

fn tip_text(tip: Tip) -> String {
    format!("{} {}", tip.commit, hex::encode(tip.chain))
}

fn parse(text: &str) -> Option<Note> {
    let field = |name| text.lines().find_map(|line| value(line, name));
    let number = |name| field(name)?.parse::<u64>().ok();
    let keys = match field("keys")? {
        "no" => None,
        hash => Some(bytes(hash)?),
    };
    let archives = text.lines().filter_map(|line| value(line, "archive")).map(parse_archive);
    let archives = match field("archives") {
        Some(_) => Some(archives.collect::<Option<_>>()?),
        None => None,
    };
    let mut lines: Vec<Line> = Vec::new();
    for line in text.lines() {
        if let Some(base) = value(line, "base") {
            lines.push(Line { base: parse_base(base)?, parts: Vec::new() });
        } else if let Some(part) = value(line, "part") {
            lines.last_mut()?.parts.push(parse_part(part)?);
        }
    }
    let note = Note {
        instance: bytes(field("instance")?)?,
        counts: Counts {
            applications: number("applications")?,
            live: number("live")?,
            moves: number("moves")?,
        },
        made: Time::from_millis(number("made")?),
        blobs: number("blobs")?,
        lacking: number("lacking")?,
        keys,
        archives,
        lines,
    };
    // One way to write it: whatever else it says, the checksum included, is damage.
    (!note.lines.is_empty() && note.text() == text).then_some(note)
}

fn parse_base(text: &str) -> Option<Base> {
    let [commit, chain, time, hash] = words(text)?;
    let hash = match hash {
        "none" => None,
        hash => Some(bytes(hash)?),
    };
    Some(Base { tip: tip(commit, chain)?, time: time_of(time)?, hash })
}

fn parse_part(text: &str) -> Option<PartNote> {
    let [first, last, chain, from, until, size, hash] = words(text)?;
    Some(PartNote {
        first: first.parse().ok()?,
        last: tip(last, chain)?,
        times: (time_of(from)?, time_of(until)?),
        bytes: size.parse().ok()?,
        hash: bytes(hash)?,
    })
}

fn parse_archive(text: &str) -> Option<ArchiveNote> {
    let [number, size, hash] = words(text)?;
    let number = u64::from_str_radix(number, 16).ok()?;
    Some(ArchiveNote { number, bytes: size.parse().ok()?, hash: bytes(hash)? })
}

fn words<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split(' ').collect::<Vec<_>>().try_into().ok()
}

fn tip(commit: &str, chain: &str) -> Option<Tip> {
    Some(Tip { commit: commit.parse().ok()?, chain: bytes(chain)? })
}

fn time_of(text: &str) -> Option<Time> {
    text.parse().ok().map(Time::from_millis)
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text).ok()?.try_into().ok()
}

/// The format, readable whatever later formats put into the other lines.
fn format(text: &str) -> Option<u32> {
    let format = |text: &str| text.lines().find_map(|line| value(line, "format"))?.parse().ok();
    text.starts_with(TITLE).then(|| format(text))?
}

fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix(name)?.strip_prefix(" = ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> Note {
        let time = Time::from_millis;
        let tip = |commit| Tip { commit, chain: [commit as u8; 16] };
        let part = |first, last| PartNote {
            first,
            last: tip(last),
            times: (time(first * 10), time(last * 10)),
            bytes: 4096 + last,
            hash: [first as u8; 32],
        };
        let base = |commit, hash| Base { tip: tip(commit), time: time(commit * 10), hash };
        Note {
            instance: [0xab; 16],
            counts: Counts { applications: 5, live: 4, moves: 12 },
            made: time(1_760_000_000_123),
            blobs: 3,
            lacking: 0,
            keys: Some([7; 32]),
            archives: Some(vec![
                ArchiveNote { number: 0x2a, bytes: 700, hash: [0x2a; 32] },
                ArchiveNote { number: 0x1234, bytes: 41, hash: [0x12; 32] },
            ]),
            lines: vec![
                Line { base: base(0, None), parts: vec![part(1, 5), part(6, 9)] },
                Line { base: base(20, Some([9; 32])), parts: vec![part(21, 30)] },
            ],
        }
    }

    #[test]
    fn its_texts_are_a_promise() {
        let text = include_str!("../../../../tests/fixtures/store/v2/BACKUP-2");
        assert_eq!(note().text(), text);
        assert_eq!(parse(text), Some(note()));
        let text = include_str!("../../../../tests/fixtures/store/v2/BACKUP");
        let old = Note { archives: None, ..note() };
        assert_eq!((old.text().as_str(), parse(text)), (text, Some(old)));
        let none = Note { archives: Some(Vec::new()), ..note() };
        assert_eq!(parse(&none.text()), Some(none));
    }

    #[test]
    fn any_changed_byte_is_damage_and_newer_ones_are_named() {
        let text = note().text();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert_eq!(String::from_utf8(bytes).ok().and_then(|t| parse(&t)), None, "byte {at}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Note::read(folder.path()).unwrap(), None);
        note().write(folder.path()).unwrap();
        assert_eq!(Note::read(folder.path()).unwrap(), Some(note()));
        std::fs::write(folder.path().join(NAME), "docket backup\nformat = 3\nnews = yes\n").unwrap();
        assert!(matches!(Note::read(folder.path()), Err(StoreError::NewerFolder { found: 3, known: 2, .. })));
        std::fs::write(folder.path().join(NAME), &text[..text.len() / 2]).unwrap();
        assert!(matches!(Note::read(folder.path()), Err(StoreError::FileDamaged { .. })));
    }
}
