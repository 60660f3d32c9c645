//! The archive files of a backup.
//!
//! They never change, so each is copied once; whether it still is what was copied its hash in the note
//! tells, and its own checksums cover every byte of it. Owns which of them count. It must never count one
//! that was not read, and never copy a damaged one over another.

use super::copy::{self, Copied, Told};
use super::note::{ArchiveNote, Note};
use crate::store::StoreError;
use crate::store::disk::archive;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The archive files of a backup that is made.
#[derive(Debug, Default)]
pub(super) struct Archives {
    /// Those that are in it, in order.
    pub(super) notes: Vec<ArchiveNote>,
    /// Those that were copied, and their bytes.
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// Those that neither the store nor the backup has whole, and why.
    pub(super) lacking: BTreeMap<u64, String>,
}

/// Copies the archive files that are not there whole, durable and read back on return. `before` are those
/// that the note of the backup names, `named` those that its rows name. Others that lie in the backup count
/// as far as they are whole.
pub(super) fn copy(
    (from, to): (&Path, &Path),
    instance: [u8; 16],
    before: &[ArchiveNote],
    named: impl Iterator<Item = u64>,
    told: Told<'_>,
) -> Result<Archives, StoreError> {
    let before: BTreeMap<u64, ArchiveNote> = before.iter().map(|note| (note.number, *note)).collect();
    let mut wanted: BTreeSet<u64> = before.keys().copied().chain(named).collect();
    wanted.extend(archive::list(from)?.into_iter().map(|(number, _)| number));
    let mut numbers = wanted.clone();
    numbers.extend(archive::list(to)?.into_iter().map(|(number, _)| number));
    let all = numbers.len() as u64;
    let mut archives = Archives::default();
    for (done, number) in (1..).zip(numbers) {
        let pieces = |_, _| told(done - 1, all);
        match copy_one((from, to), instance, number, before.get(&number), &pieces)? {
            Copy::Written(note) => {
                archives.files += 1;
                archives.bytes += note.bytes;
                archives.notes.push(note);
            }
            Copy::IsThere(note) => archives.notes.push(note),
            Copy::Lacking(why) if wanted.contains(&number) => drop(archives.lacking.insert(number, why)),
            Copy::Lacking(_) => {}
        }
        told(done, all)?;
    }
    Ok(archives)
}

enum Copy {
    Written(ArchiveNote),
    IsThere(ArchiveNote),
    Lacking(String),
}

fn copy_one(
    (from, to): (&Path, &Path),
    instance: [u8; 16],
    number: u64,
    before: Option<&ArchiveNote>,
    told: Told<'_>,
) -> Result<Copy, StoreError> {
    let (source, path) = (archive::path(from, number), archive::path(to, number));
    // One that cannot be read is copied again.
    let there = copy::hash(&path).ok();
    if let Some(note) = before
        && there.is_some_and(|it| note.tells_of(it))
    {
        return Ok(Copy::IsThere(*note));
    }
    match archive::verify(&source, instance, number) {
        Ok(_) => {}
        Err(error @ StoreError::FileDamaged { .. }) => {
            // One that the note does not name may have been copied while it was whole.
            let kept = before.is_none().then(|| check(to, instance, number).ok()).flatten();
            let lacking = || Copy::Lacking(error.to_string());
            return Ok(kept.map_or_else(lacking, |it| Copy::IsThere(ArchiveNote::of(number, it))));
        }
        Err(error) => return Err(error),
    }
    let found = copy::hash(&source)?;
    if there == Some(found) {
        // A backup that was cut off has copied it.
        check(to, instance, number)?;
        return Ok(Copy::IsThere(ArchiveNote::of(number, found)));
    }
    copy::file(&source, &path, told)?;
    if check(to, instance, number)? != found {
        let what = "it reads back as something else than was written".to_owned();
        return Err(StoreError::FileDamaged { path, what });
    }
    Ok(Copy::Written(ArchiveNote::of(number, found)))
}

/// Reads a file through; gives its hash.
fn check(folder: &Path, instance: [u8; 16], number: u64) -> Result<Copied, StoreError> {
    let path = archive::path(folder, number);
    archive::verify(&path, instance, number)?;
    copy::hash(&path)
}

/// Reads the archive files of a backup through. Gives those that are what the note says, and what is wrong
/// with the others. `named` are those that the rows name: where the note does not say what there is, they
/// must be there.
pub(super) fn read(
    folder: &Path,
    note: &Note,
    named: impl Iterator<Item = u64>,
    told: Told<'_>,
) -> Result<(Vec<ArchiveNote>, BTreeMap<u64, StoreError>), StoreError> {
    let noted: BTreeMap<u64, Option<ArchiveNote>> = match &note.archives {
        Some(notes) => notes.iter().map(|it| (it.number, Some(*it))).collect(),
        None => {
            let there = archive::list(folder)?.into_iter().map(|(number, _)| number);
            there.chain(named).map(|number| (number, None)).collect()
        }
    };
    let all = noted.len() as u64;
    let (mut whole, mut broken) = (Vec::new(), BTreeMap::new());
    for (done, (number, noted)) in (1..).zip(noted) {
        match check(folder, note.instance, number) {
            Ok(found) if noted.is_none_or(|it| it.tells_of(found)) => {
                whole.push(ArchiveNote::of(number, found));
            }
            Ok(_) => {
                let what = "it is not the file that was written when the backup was made".to_owned();
                let path = archive::path(folder, number);
                broken.insert(number, StoreError::FileDamaged { path, what });
            }
            Err(error) => drop(broken.insert(number, error)),
        }
        told(done, all)?;
    }
    Ok((whole, broken))
}

impl ArchiveNote {
    const fn of(number: u64, Copied { bytes, hash }: Copied) -> Self {
        Self { number, bytes, hash }
    }

    /// Says whether a file is the one that was noted.
    pub(super) fn tells_of(&self, found: Copied) -> bool {
        (self.bytes, self.hash) == (found.bytes, found.hash)
    }
}
