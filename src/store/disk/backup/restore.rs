//! Restore: a data folder made of a backup, as it was after some commit.
//!
//! The folder gets the checkpoint, the commits after it as they are, so that their chain stays, the
//! blobs and the keys; the first opening makes the view. Its MANIFEST says that it is held. Owns the
//! choice of the commit. It must never write into a folder that holds anything, and never make one
//! that is shorter than was asked for.

use super::note::{ArchiveNote, Base, Line, Note};
use super::{archives, copy, read, target};
use crate::machine::time::Time;
use crate::store::disk::log::{Entry, Log, SEGMENT_BYTES, Tip, write_frame};
use crate::store::disk::manifest::Manifest;
use crate::store::disk::open::{LOG, lock, remove_folder};
use crate::store::disk::{archive, checkpoint, files};
use crate::store::read::named;
use crate::store::rows::{self, Totals};
use crate::store::upkeep::{Tell, tell};
use crate::store::{Counts, StoreError, keys};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of frames that are written to the new log at once.
const FRAMES_AT_ONCE: usize = 4 << 20;

/// What is made of which backup.
#[derive(Debug, Clone)]
pub struct RestoreOrder {
    /// The folder of the backup.
    pub from: PathBuf,
    /// The data folder to make: it must be empty, or not there.
    pub to: PathBuf,
    /// As of when.
    pub at: At,
    /// A folder of keys to take in place of those in the backup, such as a server's `keys`.
    pub keys: Option<PathBuf>,
}

/// As of when a data folder is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// With all that the backup has.
    Newest,
    /// With all commits up to this one.
    Commit(u64),
    /// With all that was committed up to then.
    Time(Time),
}

/// A data folder that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The last commit in it.
    pub commit: u64,
    /// When it was made.
    pub time: Time,
    /// What there is.
    pub counts: Counts,
    /// How many blobs were copied.
    pub blobs: u64,
    /// Whether the data keys are there.
    pub has_keys: bool,
    /// What of the backup is damaged, and was not needed, or is missing now.
    pub damaged: Vec<String>,
}

/// Makes a data folder out of a backup, all of which is read first.
///
/// # Errors
/// [`StoreError::Declined`] when the commit or the time is out of reach, with what there is, or when
/// the folder is not empty; damage of what is needed; the system's. Nothing is left behind then.
pub fn restore(order: &RestoreOrder, told: &Tell) -> Result<Restored, StoreError> {
    let RestoreOrder { from, to, at, keys } = order;
    let note = target::note(from)?;
    let keys = Keys::find(from, &note, keys.as_deref())?;
    if !files::names(to)?.is_empty() {
        let why = format!("{} is not empty: choose a folder that is not there yet", to.display());
        return Err(StoreError::Declined { why });
    }
    let meant = pick(&note, *at)?;
    let mut damaged = Vec::new();
    let mut end = None;
    for line in &note.lines {
        let is_meant = std::ptr::eq(line, meant);
        let mut follow = Follow::new(if is_meant { *at } else { At::Newest }, line);
        match read_through(from, &note, line, &mut follow, told) {
            Err(error @ StoreError::CalledOff) => return Err(error),
            Err(error) if is_meant && !follow.has_all(line) => return Err(cut_short(&error, &follow)),
            Err(error) => damaged.push(error.to_string()),
            Ok(()) => {}
        }
        if is_meant {
            end = Some(follow);
        }
    }
    let end = end.expect("the line that is meant is one of them");
    let Some(totals) = end.totals else {
        return Err(StoreError::Inconsistent { what: "the backup has no row of totals".to_owned() });
    };
    let (archives, broken) = read_archives(from, &note, &end, told)?;
    damaged.extend(broken);
    let made = Make { from, to, note: &note, line: meant, archives, told };
    let made = made.all(&end, totals, &keys).inspect_err(|_| {
        for name in [LOG, checkpoint::FOLDER, archive::FOLDER, "blob", "keys"] {
            drop(remove_folder(&to.join(name)));
        }
        drop(fs::remove_file(to.join("LOCK")));
    });
    let (copied, broken) = made?;
    damaged.extend(broken);
    Ok(Restored {
        commit: end.tip.commit,
        time: end.time,
        counts: totals.counts,
        blobs: copied,
        has_keys: keys.slots.is_some(),
        damaged,
    })
}

/// Reads the archive files through; gives those that are whole, and what is wrong with others that are not
/// needed.
fn read_archives(
    from: &Path,
    note: &Note,
    end: &Follow,
    told: &Tell,
) -> Result<(Vec<ArchiveNote>, Vec<String>), StoreError> {
    let told = |done, all| tell(told, "checking the archive", done, Some(all));
    let (whole, broken) = archives::read(from, note, end.archives.keys().copied(), &told)?;
    let needed = broken.iter().find_map(|(number, error)| Some((error, end.archives.get(number)?)));
    if let Some((error, journals)) = needed {
        let what =
            format!("the backup is damaged: {error}; the journals of {journals} applications lie in it");
        return Err(StoreError::Inconsistent { what });
    }
    Ok((whole, broken.into_values().map(|error| error.to_string()).collect()))
}

/// Finds the line that reaches to what is asked for.
fn pick(note: &Note, at: At) -> Result<&Line, StoreError> {
    let found = match at {
        At::Newest => Some(note.newest()),
        At::Commit(commit) => note.lines.iter().find(|line| {
            let (first, last) = (line.base.tip.commit, line.last().commit);
            (first.max(u64::from(line.base.hash.is_none()))..=last).contains(&commit)
        }),
        At::Time(time) => note.lines.iter().rfind(|line| begins(line) <= time),
    };
    found.ok_or_else(|| {
        let spans: Vec<_> = note.lines.iter().map(span).collect();
        let why = format!("that is not in the backup: it has {}", spans.join(", and "));
        StoreError::Declined { why }
    })
}

/// The earliest moment that a line can be restored to.
fn begins(line: &Line) -> Time {
    let first = line.parts.first().map(|part| part.times.0);
    match line.base.hash {
        Some(_) => first.map_or(line.base.time, |first| first.min(line.base.time)),
        None => first.unwrap_or(line.base.time),
    }
}

fn span(line: &Line) -> String {
    let first = line.base.tip.commit.max(u64::from(line.base.hash.is_none()));
    let (last, from, until) = (line.last().commit, moment(begins(line)), moment(line.ends()));
    format!("commits {first} to {last} ({from} to {until})")
}

fn moment(time: Time) -> String {
    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_beyond| "ever".to_owned(), |it| it.to_string())
}

fn cut_short(error: &StoreError, follow: &Follow) -> StoreError {
    let reach = match follow.totals {
        Some(_) => format!("; --commit {} can be restored", follow.tip.commit),
        None => String::new(),
    };
    StoreError::Inconsistent { what: format!("the backup is damaged: {error}{reach}") }
}

/// Follows a line up to what is asked for.
struct Follow {
    at: At,
    tip: Tip,
    time: Time,
    totals: Option<Totals>,
    /// The archive files that the rows name, and how many journals each must have.
    archives: BTreeMap<u64, u64>,
    /// Whether more than what is asked for was read.
    is_past: bool,
}

impl Follow {
    fn new(at: At, line: &Line) -> Self {
        let Base { tip, time, .. } = line.base;
        Self { at, tip, time, totals: None, archives: BTreeMap::new(), is_past: false }
    }

    /// Whether all that is asked for was read, whatever may be damaged behind it.
    fn has_all(&self, line: &Line) -> bool {
        let next = line.parts.iter().find(|part| part.first == self.tip.commit + 1);
        self.is_past
            || match self.at {
                At::Newest => false,
                At::Commit(commit) => self.tip.commit == commit,
                At::Time(time) => next.is_some_and(|part| part.times.0 > time),
            }
    }

    fn row(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        if key == keys::TOTALS {
            self.totals = Some(named("the row of totals", rows::read_totals(value))?);
        }
        if let Some(number) = read::archive_of(key, Some(value))? {
            *self.archives.entry(number).or_default() += 1;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.is_past = self.is_past
            || match self.at {
                At::Newest => false,
                At::Commit(commit) => entry.tip.commit > commit,
                At::Time(time) => entry.time > time,
            };
        if self.is_past {
            return Ok(());
        }
        for (key, value) in read::writes(entry)? {
            if let Some(value) = value {
                self.row(&key, &value)?;
            }
        }
        (self.tip, self.time) = (entry.tip, entry.time);
        Ok(())
    }
}

fn read_through(
    from: &Path,
    note: &Note,
    line: &Line,
    follow: &mut Follow,
    told: &Tell,
) -> Result<(), StoreError> {
    let mut done = 0;
    read::base(from, note.instance, &line.base, &mut |(key, value)| {
        done += 1;
        tell(told, "checking the checkpoint", done, None)?;
        follow.row(&key, &value)
    })?;
    let mut before = line.base.tip;
    let all = line.last().commit - before.commit;
    for part in &line.parts {
        read::part(from, note.instance, before, part, &mut |entry| {
            let done = entry.tip.commit - line.base.tip.commit;
            tell(told, "checking the commits", done, Some(all))?;
            follow.entry(&entry)
        })?;
        before = part.last;
    }
    Ok(())
}

/// The keys that a data folder gets.
struct Keys {
    /// What tells a wrong master key.
    check: Vec<u8>,
    slots: Option<Vec<u8>>,
}

impl Keys {
    fn find(from: &Path, note: &Note, instead: Option<&Path>) -> Result<Self, StoreError> {
        let kept = from.join("keys");
        let read = |path: PathBuf| {
            let missing = || StoreError::FileDamaged { path: path.clone(), what: "it is missing".to_owned() };
            files::read_if_there(&path)?.ok_or_else(missing)
        };
        let check = read(kept.join(target::MASTER_CHECK))?;
        if let Some(folder) = instead {
            let slots = read(folder.join(DATA_SLOTS))?;
            if read(folder.join(target::MASTER_CHECK))? != check {
                let why = format!("the keys in {} are under another master key", folder.display());
                return Err(StoreError::Declined { why });
            }
            return Ok(Self { check, slots: Some(slots) });
        }
        let Some(hash) = note.keys else { return Ok(Self { check, slots: None }) };
        let path = kept.join(target::slots_name(hash));
        let slots = read(path.clone())?;
        if crate::store::BlobId::of(&slots).0 != hash {
            let what = "it is not the file that was written when the backup was made".to_owned();
            return Err(StoreError::FileDamaged { path, what });
        }
        Ok(Self { check, slots: Some(slots) })
    }
}

/// The name of the file of data keys, here as in the vault.
const DATA_SLOTS: &str = "data.slots";

/// A data folder in the making.
struct Make<'a> {
    from: &'a Path,
    to: &'a Path,
    note: &'a Note,
    line: &'a Line,
    archives: Vec<ArchiveNote>,
    told: &'a Tell,
}

impl Make<'_> {
    /// Makes all of it; says how many blobs there are, and which could not be copied.
    fn all(&self, end: &Follow, totals: Totals, keys: &Keys) -> Result<(u64, Vec<String>), StoreError> {
        files::make_folder(self.to)?;
        let _lock = lock(self.to)?;
        if let Some(path) = self.line.base.path(self.from) {
            let to = checkpoint::path(self.to, self.line.base.tip.commit);
            copy::file(&path, &to, &|done, all| tell(self.told, "writing the checkpoint", done, Some(all)))?;
        }
        self.log(end.tip)?;
        let blobs = self.blobs()?;
        self.archives()?;
        let folder = self.to.join("keys");
        files::make_folder(&folder)?;
        let put = |name: &str, bytes: &[u8]| {
            files::write_whole(&folder.join(name), &folder.join(format!("{name}.new")), bytes)
        };
        // Without the data keys it is there nevertheless: so no vault makes new ones by mistake.
        put(target::MASTER_CHECK, &keys.check)?;
        keys.slots.as_ref().map_or(Ok(()), |slots| put(DATA_SLOTS, slots))?;
        files::sync(&folder)?;
        // Last: a folder without it is none.
        let Totals { counts, .. } = totals;
        let commit = end.tip.commit;
        let new = Manifest::new(self.note.instance);
        Manifest { commit, sequence: counts.moves, counts, is_held: true, ..new }.write(self.to)?;
        Ok(blobs)
    }

    fn log(&self, until: Tip) -> Result<(), StoreError> {
        let mut log =
            Log::begin_sized(&self.to.join(LOG), self.note.instance, self.line.base.tip, SEGMENT_BYTES)?;
        let (mut frames, mut first, mut tip) = (Vec::new(), log.tip().commit + 1, log.tip());
        let all = until.commit - tip.commit;
        let files = self.line.files(self.from);
        for entry in super::log::read_parts(files, self.note.instance, tip.commit, until.commit)? {
            let Entry { tip: expected, durable, time, body } = entry?;
            tip = write_frame(&mut frames, tip, durable, time, &body);
            if tip != expected {
                let what = format!("commit {} does not follow on the one before it", expected.commit);
                return Err(StoreError::Inconsistent { what });
            }
            if frames.len() >= FRAMES_AT_ONCE || tip.commit == until.commit {
                log.write(&frames, first, tip)?;
                frames.clear();
                first = tip.commit + 1;
                let done = tip.commit - self.line.base.tip.commit;
                tell(self.told, "writing the log", done, Some(all))?;
            }
        }
        Ok(())
    }

    fn blobs(&self) -> Result<(u64, Vec<String>), StoreError> {
        let told = |done, all| tell(self.told, "writing blobs", done, Some(all));
        let copied = copy::blobs(self.from, self.to, &told)?;
        let broken = copied.left_out.iter();
        let broken = broken.map(|blob| format!("blob {blob} is not what it was when it was copied"));
        Ok((copied.files, broken.collect()))
    }

    fn archives(&self) -> Result<(), StoreError> {
        let all = self.archives.len() as u64;
        for (done, note) in (1..).zip(&self.archives) {
            let [path, to] = [self.from, self.to].map(|folder| archive::path(folder, note.number));
            if !note.tells_of(copy::file(&path, &to, &|_, _| Ok(()))?) {
                let what = "it has changed since it was checked".to_owned();
                return Err(StoreError::FileDamaged { path, what });
            }
            tell(self.told, "writing the archive", done, Some(all))?;
        }
        Ok(())
    }
}
