//! Check: everything that a data folder holds, read and compared, while nobody uses it.
//!
//! Files first: MANIFEST, log, checkpoints, view, blobs, archive. Then the rows of the best copy that there is,
//! each by itself and all against each other. The view is looked at in a copy, because sled changes what
//! it opens. It must never change anything in the folder, and never call whole what it did not read.

mod archives;
mod copies;
mod findings;
mod rows;
#[cfg(test)]
mod tests;

pub use findings::{Finding, Findings, Level, Problem};

use self::archives::Archives;
use super::manifest::Manifest;
use super::view::View;
use super::{blobs, files, open};
use crate::machine::id::ApplicationId;
use crate::store::upkeep::{self, Stats, Tell};
use crate::store::{BlobId, StoreError};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is checked, and with what.
pub struct CheckOrder<'a> {
    /// The data folder.
    pub data: PathBuf,
    /// A folder for the copy of the view, as large as the view; it must be empty or not there, and what
    /// is made in it stays. None to look at the view where it lies, which may change it.
    pub scratch: Option<PathBuf>,
    /// Looks the data key of an application up in a slot.
    pub keys: Keys<'a>,
}

/// How the keys of applications are checked.
pub enum Keys<'a> {
    /// By looking each up.
    Look(&'a dyn Fn(u32, ApplicationId) -> KeyState),
    /// Their file is missing.
    Missing,
    /// Not at all.
    Unchecked,
}

/// What lies in the slot of an application's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Its key.
    IsThere,
    /// The word that it was erased.
    Erased,
    /// Nothing, something else, or something damaged.
    Lost,
}

/// Checks a data folder.
///
/// # Errors
/// [`StoreError::Locked`] if it is in use, [`StoreError::NewerFolder`], [`StoreError::CalledOff`], and the
/// system's. What is wrong with the folder is no error.
pub fn check(order: &CheckOrder<'_>, tell: &Tell) -> Result<Findings, StoreError> {
    let data = &order.data;
    let _lock = lock(data)?;
    let mut work = Work { data, tell, findings: Findings::default() };
    if data.join(open::ASIDE).exists() {
        work.findings.note(Problem::Aside, "aside/");
    }
    let Some(manifest) = work.manifest()? else { return Ok(work.findings) };
    let view = copies::best(&mut work, manifest, order.scratch.as_deref())?;
    let files = Files { blobs: work.blobs()?, archives: Archives::read(&mut work, manifest.instance)? };
    if let Some(view) = view {
        rows::check(&mut work, &view, &manifest, files, &order.keys)?;
    }
    Ok(work.findings)
}

/// Counts what a folder has that nobody uses; `scratch` is as in [`CheckOrder`], and needed to look at the
/// view at all.
///
/// # Errors
/// As [`check`], and [`StoreError::Lost`] where there is no MANIFEST that can be read.
pub fn stats(data: &Path, scratch: Option<&Path>, by_kind: bool) -> Result<Stats, StoreError> {
    let _lock = lock(data)?;
    let manifest = Manifest::read(data)?;
    let manifest = manifest.ok_or_else(|| StoreError::Lost {
        folder: data.to_owned(),
        lost: "there is no MANIFEST".to_owned(),
    })?;
    let path = open::view_folder(data, manifest.view);
    let view = scratch.and_then(|scratch| copies::view_in(&path, Some(scratch)).ok());
    let mark = view.as_ref().map(View::mark);
    let whole = view.map(|view| copies::with_the_log(data, &manifest, view)).transpose()?;
    super::stats::of_folder(data, &manifest, (&path, mark), whole.as_ref(), by_kind)
}

/// Takes the lock if there is one to take: a folder without it was never in use.
fn lock(data: &Path) -> Result<Option<fs::File>, StoreError> {
    if !data.is_dir() {
        let why = format!("{} is no folder", data.display());
        return Err(StoreError::Declined { why });
    }
    data.join(open::LOCK).exists().then(|| open::lock(data)).transpose()
}

/// What lies beside the rows, in files that they name.
struct Files {
    /// Those that are what their names say.
    blobs: BTreeSet<BlobId>,
    archives: Archives,
}

/// A check that goes on.
struct Work<'a> {
    data: &'a Path,
    tell: &'a Tell,
    findings: Findings,
}

impl Work<'_> {
    fn tell(&self, doing: &str, done: u64, all: Option<u64>) -> Result<(), StoreError> {
        upkeep::tell(self.tell, doing, done, all)
    }

    fn manifest(&mut self) -> Result<Option<Manifest>, StoreError> {
        match Manifest::read(self.data) {
            Ok(Some(manifest)) => {
                self.findings.counted.is_held = manifest.is_held;
                Ok(Some(manifest))
            }
            Ok(None) => {
                self.findings.note(Problem::Manifest, "there is none");
                Ok(None)
            }
            Err(StoreError::Lost { .. }) => {
                self.findings.note(Problem::Manifest, "it is not as it was written");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads all blobs; gives those that are what their names say.
    fn blobs(&mut self) -> Result<BTreeSet<BlobId>, StoreError> {
        let all = blobs::list(self.data)?;
        let count = all.len() as u64;
        self.findings.counted.blobs = count;
        let mut good = BTreeSet::new();
        for (done, blob) in (1..).zip(all) {
            self.tell("reading the blobs", done, Some(count))?;
            let bytes = files::read_if_there(&blobs::path(self.data, blob))?;
            if bytes.is_some_and(|bytes| BlobId::of(&bytes) == blob) {
                good.insert(blob);
            } else {
                self.findings.note(Problem::BlobDamaged, blob);
            }
        }
        Ok(good)
    }
}
