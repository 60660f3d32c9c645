//! Backup: what is durable at one commit, copied into a folder while commits go on, and read back.
//!
//! ```text
//! BACKUP             what is here, file by file; written last
//! checkpoint/…ckpt   rows as of one commit, as it lay in the data folder
//! log/…-….part       the commits after it, a file for each backup that was made into the folder
//! blob/ab/…          as in the data folder
//! archive/…arch      as in the data folder
//! keys/              master.check, and the data keys if they were wanted
//! ```
//!
//! Another backup into the same folder adds the commits since, or, where the log no longer reaches
//! back to the last one, another checkpoint with the commits after it. Owns the form of the folder
//! and its making. It must never say that a backup is there before all of it was read back, and
//! never change or delete a file that the note on disk names, but for an archive file that is no
//! longer what the note says: that one is copied again.

mod archives;
mod copy;
mod note;
mod read;
mod restore;
mod space;
mod target;
#[cfg(test)]
mod tests;

pub use restore::{At, RestoreOrder, Restored, restore};

use super::keeper::Order;
use super::log::{self, Part, Tip};
use super::{Shared, blobs, checkpoint, files};
use crate::clock;
use crate::store::upkeep::{self, BackedUp, BackupOrder, ReadKeys, Tell};
use crate::store::{BlobId, Counts, StoreError, keys, rows};
use archives::Archives;
use note::{Base, Line, Note, PartNote};
use space::Space;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

/// How many of the documents and files that the store lacks are named.
const NAMED: usize = 20;

/// Makes a backup.
pub(super) fn run(shared: &Shared, order: &BackupOrder<'_>, tell: &Tell) -> Result<BackedUp, StoreError> {
    let before = target::open(&shared.folder, shared.instance, order)?;
    // Without a note nobody knows whose files they are that lie there already.
    let stays = match &before {
        None => target::left_over(&order.to, None)?,
        Some(_) => Vec::new(),
    };
    let backed = make(shared, order, tell, before.as_ref());
    if let Err(StoreError::Full { .. }) = &backed {
        // The rows and keys that were copied in vain give their room back; where they cannot, the next backup
        // sees to it. Blobs and whole archive files stay for that one.
        let _left_over = target::sweep(&order.to, before.as_ref(), &stays);
    }
    backed
}

fn make(
    shared: &Shared,
    order: &BackupOrder<'_>,
    tell: &Tell,
    before: Option<&Note>,
) -> Result<BackedUp, StoreError> {
    let space = Space::of(shared, &order.to)?;
    let mut work = Work { shared, to: &order.to, tell, space, bytes: 0, files: 0, sought: Sought::default() };
    let rows = match work.rows(before, From::WhatIsThere) {
        // The view has it all: a checkpoint of it does without the file that is damaged.
        Err(error) if is_damage(&error) => {
            work.tell(&format!("writing a new checkpoint, because {error}"), 0, None)?;
            shared.bell.order(Order::Checkpoint)?;
            work.rows(before, From::NewCheckpoint)?
        }
        other => other?,
    };
    let archives = work.archives(before)?;
    let keys = work.keys(order)?;
    let lacking: Vec<_> = work.sought.lacking.keys().map(|key| document_name(key)).collect();
    let lacking: Vec<_> = lacking.into_iter().chain(archives.lacking.into_values()).collect();
    let note = Note {
        instance: shared.instance,
        counts: rows.counts,
        made: clock::now(),
        blobs: blobs::list(&order.to)?.len() as u64,
        lacking: lacking.len() as u64,
        keys,
        archives: Some(archives.notes),
        lines: rows.lines,
    };
    note.write(&order.to)?;
    if Note::read(&order.to)?.as_ref() != Some(&note) {
        let what = "it reads back as something else than was written".to_owned();
        return Err(StoreError::FileDamaged { path: order.to.join(note::NAME), what });
    }
    target::sweep(&order.to, Some(&note), &[])?;
    Ok(BackedUp {
        commit: note.newest().last().commit,
        sequence: note.counts.moves,
        time: note.newest().ends(),
        bytes: work.bytes,
        files: work.files + 1,
        is_incremental: rows.is_incremental,
        blobs: note.blobs,
        archives: note.archives.map_or(0, |archives| archives.len() as u64),
        lacking: lacking.into_iter().take(NAMED).collect(),
        lacking_count: note.lacking,
    })
}

/// Whether a file of the store could not be read, so that another way to its rows may help.
fn is_damage(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::FileDamaged { .. } | StoreError::Inconsistent { .. } | StoreError::Damaged { .. }
    )
}

fn document_name(key: &[u8]) -> String {
    match keys::read_document(key) {
        Ok((id, number)) => format!("document {number} of application {id}"),
        Err(error) => error.to_string(),
    }
}

/// What the rows are copied from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    WhatIsThere,
    NewCheckpoint,
}

/// The rows that were copied, and what the note says of them.
struct Rows {
    lines: Vec<Line>,
    counts: Counts,
    is_incremental: bool,
    /// The part that was added, if anything had happened.
    added: Option<PartNote>,
}

/// A backup that is being made.
struct Work<'a> {
    shared: &'a Shared,
    to: &'a Path,
    tell: &'a Tell,
    space: Space<'a>,
    bytes: u64,
    files: u64,
    sought: Sought,
}

/// What the rows that were copied name.
#[derive(Default)]
struct Sought {
    /// Documents whose blob is not in the backup, by their keys.
    lacking: BTreeMap<Vec<u8>, BlobId>,
    /// Archive files.
    archives: BTreeSet<u64>,
}

impl Work<'_> {
    fn tell(&self, doing: &str, done: u64, all: Option<u64>) -> Result<(), StoreError> {
        upkeep::tell(self.tell, doing, done, all)
    }

    /// Tells how far the copying is; ends it where room gets low.
    fn copying(&self, doing: &str, done: u64, all: u64) -> Result<(), StoreError> {
        self.space.ask(0)?;
        self.tell(doing, done, Some(all))
    }

    /// Copies the rows and what they name, and reads back what was copied.
    fn rows(&mut self, before: Option<&Note>, from: From) -> Result<Rows, StoreError> {
        self.sought = Sought::default();
        let rows = self.copy_rows(before, from)?;
        self.copy_blobs()?;
        self.read_back(&rows, before)?;
        Ok(rows)
    }

    fn copy_rows(&mut self, before: Option<&Note>, from: From) -> Result<Rows, StoreError> {
        let shared = self.shared;
        // What is there now stays until it is copied.
        let _stay = shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        let (tip, oldest, counts) = {
            let log = shared.log();
            (log.tip(), log.oldest(), shared.durable().totals.counts)
        };
        let mut lines = before.map(|note| note.lines.clone()).unwrap_or_default();
        let goes_on = match lines.last().map(Line::last) {
            Some(last) if last.commit > tip.commit || last.commit == tip.commit && last != tip => {
                return Err(other_history(self.to));
            }
            Some(last) => from == From::WhatIsThere && oldest <= last.commit + 1,
            None => false,
        };
        let base = if goes_on { None } else { self.base(tip, oldest)? };
        let after = match (&base, lines.last()) {
            (Some((commit, _)), _) => *commit,
            (None, Some(line)) if goes_on => line.last().commit,
            (None, _) => 0,
        };
        self.space.ask_for_all(self.to, base.as_ref().map(|(_, path)| path.as_path()), after)?;
        if !goes_on {
            let base = self.copy_base(base)?;
            lines.push(Line { base, parts: Vec::new() });
        }
        let line = lines.last_mut().expect("one goes on, or was begun");
        let added = self.copy_log(line.last(), tip)?;
        line.parts.extend(added);
        Ok(Rows { lines, counts, is_incremental: goes_on, added })
    }

    /// Finds the newest checkpoint that the log goes on from; none if the log has it all.
    fn base(&self, tip: Tip, oldest: u64) -> Result<Option<(u64, PathBuf)>, StoreError> {
        let list = checkpoint::list(&self.shared.folder)?;
        let fits = |commit: u64| oldest <= commit + 1 && commit <= tip.commit;
        let found = list.into_iter().find(|(commit, _)| fits(*commit));
        if found.is_none() && oldest > 1 {
            let what = format!("no checkpoint reaches to the log, which begins with commit {oldest}");
            return Err(StoreError::Inconsistent { what });
        }
        Ok(found)
    }

    fn copy_base(&mut self, found: Option<(u64, PathBuf)>) -> Result<Base, StoreError> {
        let Some((commit, path)) = found else {
            return Ok(Base { tip: Tip::START, time: crate::machine::time::Time::default(), hash: None });
        };
        let head = checkpoint::Reader::open(&path)?.head;
        let to = checkpoint::path(self.to, commit);
        let copied = copy::file(&path, &to, &|done, all| self.copying("copying the checkpoint", done, all))?;
        self.bytes += copied.bytes;
        self.files += 1;
        Ok(Base { tip: head.tip, time: head.time, hash: Some(copied.hash) })
    }

    /// Writes the commits after one, up to another, into a part of their own.
    fn copy_log(&mut self, before: Tip, until: Tip) -> Result<Option<PartNote>, StoreError> {
        if before.commit == until.commit {
            return Ok(None);
        }
        let (first, all) = (before.commit + 1, until.commit - before.commit);
        let path = note::part_path(self.to, first, until.commit);
        let temporary = path.with_extension("part.new");
        let folder = path.parent().expect("it lies in a folder");
        files::make_folder(folder)?;
        let log = self.shared.folder.join(super::open::LOG);
        let mut part = Part::begin(&temporary, self.shared.instance, before)?;
        let mut times = None;
        for entry in log::read(&log, self.shared.instance, before.commit, until.commit)? {
            let entry = entry?;
            if !part.push(&entry)? {
                return Err(other_history(self.to));
            }
            times = Some((times.map_or(entry.time, |(from, _)| from), entry.time));
            self.copying("copying the log", entry.tip.commit - before.commit, all)?;
        }
        let written = part.finish()?;
        if written.last != until {
            let what = format!("the log ends with commit {}, not with {}", written.last.commit, until.commit);
            return Err(StoreError::Inconsistent { what });
        }
        fs::rename(&temporary, &path).map_err(files::failed("rename into", &path))?;
        files::sync(folder)?;
        self.bytes += written.bytes;
        self.files += 1;
        let times = times.expect("there was an entry");
        Ok(Some(PartNote { first, last: written.last, times, bytes: written.bytes, hash: written.hash }))
    }

    /// Copies the blobs that are not there yet. One that vanishes meanwhile is named by nobody, or
    /// found lacking when the documents are read back.
    fn copy_blobs(&mut self) -> Result<(), StoreError> {
        let told = |done, all| self.copying("copying blobs", done, all);
        let copied = copy::blobs(&self.shared.folder, self.to, &told)?;
        self.bytes += copied.bytes;
        self.files += copied.files;
        Ok(())
    }

    /// Copies the archive files that are not there yet: those that the rows name are on disk by now.
    fn archives(&mut self, before: Option<&Note>) -> Result<Archives, StoreError> {
        let shared = self.shared;
        let before = before.and_then(|note| note.archives.as_deref()).unwrap_or_default();
        let named = self.sought.archives.iter().copied();
        let told = |done, all| self.copying("copying the archive", done, all);
        let copied = archives::copy((&shared.folder, self.to), shared.instance, before, named, &told)?;
        self.bytes += copied.bytes;
        self.files += copied.files;
        Ok(copied)
    }

    /// Reads back what was copied of the rows, and looks for what they name; if something was lacking before,
    /// or the note before does not say which archive files there are, all rows of the line.
    fn read_back(&mut self, copied: &Rows, before: Option<&Note>) -> Result<(), StoreError> {
        let line = copied.lines.last().expect("there is one");
        let (to, instance) = (self.to, self.shared.instance);
        let mut sought = std::mem::take(&mut self.sought);
        let was_whole = before.is_some_and(|note| note.lacking == 0 && note.archives.is_some());
        let is_all = !copied.is_incremental || !was_whole;
        if is_all {
            let mut read = 0;
            read::base(to, instance, &line.base, &mut |(key, value)| {
                read += 1;
                self.tell("reading the checkpoint back", read, None)?;
                sought.row(to, key, Some(value))
            })?;
        }
        let mut before = line.base.tip;
        for part in &line.parts {
            let after = std::mem::replace(&mut before, part.last);
            if !is_all && copied.added != Some(*part) {
                continue;
            }
            let all = part.last.commit + 1 - part.first;
            read::part(to, instance, after, part, &mut |entry| {
                self.tell("reading the commits back", entry.tip.commit + 1 - part.first, Some(all))?;
                for (key, value) in read::writes(&entry)? {
                    sought.row(to, key, value)?;
                }
                Ok(())
            })?;
        }
        self.sought = sought;
        Ok(())
    }

    /// Copies what tells a wrong master key, and the data keys if they are wanted.
    fn keys(&mut self, order: &BackupOrder<'_>) -> Result<Option<[u8; 32]>, StoreError> {
        let read = |keys: ReadKeys<'_>| keys().map_err(|source| StoreError::Keys { source });
        let folder = self.to.join("keys");
        files::make_folder(&folder)?;
        // After the log: whatever a commit of it names is there by now.
        self.put(&folder, target::MASTER_CHECK, &read(order.master_check)?)?;
        let Some(data_keys) = order.data_keys else { return Ok(None) };
        let bytes = read(data_keys)?;
        let hash = BlobId::of(&bytes).0;
        self.put(&folder, &target::slots_name(hash), &bytes)?;
        Ok(Some(hash))
    }

    fn put(&mut self, folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = folder.join(name);
        files::write_whole(&path, &folder.join(format!("{name}.new")), bytes)?;
        files::sync(folder)?;
        if files::read_if_there(&path)?.as_deref() != Some(bytes) {
            let what = "it reads back as something else than was written".to_owned();
            return Err(StoreError::FileDamaged { path, what });
        }
        self.bytes += bytes.len() as u64;
        self.files += 1;
        Ok(())
    }
}

impl Sought {
    /// Notes the archive file that a row names, or the document whose blob is not in the backup; forgets
    /// that when the document goes.
    fn row(&mut self, to: &Path, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), StoreError> {
        if let Some(number) = read::archive_of(&key, value.as_deref())? {
            self.archives.insert(number);
        }
        if keys::of(&key) != Some(keys::Of::Document) {
            return Ok(());
        }
        let blob = match value {
            Some(row) => read::blob_of(&document_name(&key), rows::read_document(&row))?,
            None => None,
        };
        match blob.filter(|blob| !blobs::path(to, *blob).is_file()) {
            Some(blob) => self.lacking.insert(key, blob),
            None => self.lacking.remove(&key),
        };
        Ok(())
    }
}

fn other_history(to: &Path) -> StoreError {
    let why = format!(
        "{} holds a backup of commits that this store does not have: it was put back to an earlier one since; \
         choose another folder",
        to.display()
    );
    StoreError::Declined { why }
}
