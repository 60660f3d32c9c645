//! Opening a folder: a new one, one of an older format, or one that was used before.
//!
//! Owns the lock and the decision to start. It must never make a damaged folder look like a
//! new one: a folder is new only if neither a MANIFEST nor any of our files are there, or if the
//! MANIFEST says that nothing was ever committed.

use super::blobs::Blobs;
use super::checkpoint;
use super::log::{Log, Tip};
use super::manifest::{Manifest, SLED_ALONE};
use super::recover::recover;
use super::view::{self, View};
use super::{Options, Progress, files, room};
use crate::clock;
use crate::store::plan::Writes;
use crate::store::read::named;
use crate::store::rows::{self, Totals};
use crate::store::{Counts, StoreError, keys};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// The name of the folder of the log.
pub(super) const LOG: &str = "log";

/// The name of the file that the one process locks.
pub(super) const LOCK: &str = "LOCK";

/// Where files go that are damaged, or that nothing explains.
pub(super) const ASIDE: &str = "aside";

/// A folder that is open, with all that it holds.
pub(super) struct Opened {
    pub(super) lock: File,
    pub(super) manifest: Manifest,
    pub(super) copies: Copies,
    pub(super) totals: Totals,
    pub(super) blobs: Blobs,
}

/// What holds the rows.
pub(super) struct Copies {
    pub(super) view: View,
    pub(super) log: Log,
    /// The rows of the log that the view does not hold yet.
    pub(super) rest: Writes,
    /// Whether nothing was ever written.
    pub(super) is_new: bool,
    /// Whether the log no longer reaches back to a checkpoint.
    pub(super) needs_checkpoint: bool,
}

pub(super) fn open(folder: &Path, options: &Options) -> Result<Opened, StoreError> {
    files::make_folder(folder)?;
    let lock = lock(folder)?;
    let is_low = room::Disk::of(folder)?.is_low(options.low_water);
    let place = Place { folder, options, is_low };
    // To be opened at all takes room that a full disk does not have.
    if is_low && options.has_ballast {
        room::drop_ballast(folder)?;
    }
    let manifest = match Manifest::read(folder)? {
        None => place.begin(options.instance)?,
        Some(manifest) if manifest.format == SLED_ALONE => place.migrate(&manifest)?,
        Some(manifest) => manifest,
    };
    let (mut manifest, copies) = recover(&place, manifest)?;
    let totals = place.compare(&copies.view, &copies.rest, &manifest)?;
    manifest.commit = copies.log.tip().commit;
    manifest.sequence = totals.counts.moves;
    manifest.counts = totals.counts;
    manifest.segment = copies.log.segment();
    manifest.is_closed = false;
    manifest.write(folder)?;
    sweep_views(folder, manifest.view)?;
    let blobs = Blobs::open(folder)?;
    Ok(Opened { lock, manifest, copies, totals, blobs })
}

pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let file = files::open_or_make(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StoreError::Io { doing: "lock", path, source }),
    }
}

/// The folder that is opened.
pub(super) struct Place<'a> {
    pub(super) folder: &'a Path,
    pub(super) options: &'a Options,
    /// Whether the disk has so little room that the view is not to be written.
    pub(super) is_low: bool,
}

impl<'a> Place<'a> {
    /// One to look at, whatever room there is.
    pub(super) const fn new(folder: &'a Path, options: &'a Options) -> Self {
        Self { folder, options, is_low: false }
    }

    /// Begins a new folder: the MANIFEST comes first, so that nothing is ever there without it.
    fn begin(&self, instance: [u8; 16]) -> Result<Manifest, StoreError> {
        for name in ["sled", LOG, checkpoint::FOLDER] {
            if !files::names(&self.folder.join(name))?.is_empty() {
                return Err(self.lost(format_args!(
                    "the MANIFEST is missing, though {name}/ is there: nobody can say whether all data is"
                )));
            }
        }
        let manifest = Manifest::new(instance);
        manifest.write(self.folder)?;
        Ok(manifest)
    }

    /// Puts a log and a checkpoint beside a sled that was all there was.
    fn migrate(&self, old: &Manifest) -> Result<Manifest, StoreError> {
        let Manifest { instance, sequence, counts, .. } = *old;
        let new = Manifest { sequence, counts, ..Manifest::new(instance) };
        // What a migration that was cut off has left.
        for name in [LOG, checkpoint::FOLDER] {
            remove_folder(&self.folder.join(name))?;
        }
        if sequence > 0 {
            self.tell("bringing the folder to its new format", 0, None);
            let mut view = View::adopt(&self.view(0), self.options.cache_bytes)?;
            self.compare(&view, &Writes::new(), old)?;
            view.write(&Writes::new(), Tip::START)?;
            let head = checkpoint::Head { instance, tip: Tip::START, time: clock::now() };
            checkpoint::write(self.folder, &head, view.rows(), &|rows| {
                self.tell("writing the first checkpoint", rows, None);
            })?;
            self.begin_log(instance, Tip::START)?;
        }
        new.write(self.folder)?;
        Ok(new)
    }

    /// Compares what the rows say with what the MANIFEST says, and with themselves.
    fn compare(&self, view: &View, rest: &Writes, manifest: &Manifest) -> Result<Totals, StoreError> {
        let db = view.db();
        let row = |key: &[u8]| match rest.get(key) {
            Some(value) => Ok(value.clone()),
            None => view::row(&db, key),
        };
        let totals = match row(&keys::TOTALS)? {
            Some(row) => named("the row of totals", rows::read_totals(&row))?,
            None if manifest.sequence == 0 => Totals::EMPTY,
            None => return Err(self.lost(format_args!("the totals are lost: {}", all_of(manifest)))),
        };
        match row(&keys::IDENTITY)? {
            Some(row) if named("the row of identity", rows::read_identity(&row))? == manifest.instance => {}
            None if totals == Totals::EMPTY => {}
            Some(_) => return Err(self.lost("the MANIFEST and the rows belong to two different stores")),
            None => return Err(self.lost("the identity is lost, though other rows are there")),
        }
        let (found, noted) = (totals.counts, manifest.counts);
        let (newest, sequence) = (found.moves, manifest.sequence);
        if newest < sequence {
            let first = newest + 1;
            return Err(self.lost(format_args!(
                "moves {first} to {sequence} are lost, and maybe later ones: the rows end at {newest}"
            )));
        }
        if newest == sequence && found != noted || found.applications < noted.applications {
            return Err(self.lost(format_args!("the rows count {found:?}, the MANIFEST {noted:?}")));
        }
        if newest >= totals.oldest && row(&keys::change(newest))?.is_none() {
            return Err(self.lost(format_args!("change {newest}, the newest, is lost")));
        }
        Ok(totals)
    }

    /// Begins a log after a commit.
    pub(super) fn begin_log(&self, instance: [u8; 16], tip: Tip) -> Result<Log, StoreError> {
        Log::begin_sized(&self.log(), instance, tip, self.options.segment_bytes)
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join(LOG)
    }

    /// The folder of a view.
    pub(super) fn view(&self, number: u64) -> PathBuf {
        view_folder(self.folder, number)
    }

    pub(super) fn tell(&self, doing: &str, done: u64, all: Option<u64>) {
        if let Some(tell) = &self.options.on_progress {
            tell(&Progress { doing: doing.to_owned(), done, all });
        }
    }

    pub(super) fn lost(&self, lost: impl ToString) -> StoreError {
        StoreError::Lost { folder: self.folder.to_owned(), lost: lost.to_string() }
    }

    /// Moves what is damaged out of the way, in place of what was moved there under this name before.
    pub(super) fn put_aside(&self, path: &Path) -> Result<(), StoreError> {
        let (Some(name), true) = (path.file_name(), path.exists()) else { return Ok(()) };
        let aside = self.folder.join(ASIDE);
        files::make_folder(&aside)?;
        let to = aside.join(name);
        remove_folder(&to)?;
        fs::rename(path, &to).map_err(files::failed("put aside", path))?;
        files::sync(&aside)?;
        files::sync(self.folder)
    }
}

/// The folder of a view of a data folder.
pub(super) fn view_folder(data: &Path, number: u64) -> PathBuf {
    data.join(match number {
        0 => "sled".to_owned(),
        number => format!("sled-{number}"),
    })
}

/// Removes the views that no longer count: a rebuilding was cut off before or after its end.
fn sweep_views(data: &Path, counts: u64) -> Result<(), StoreError> {
    for name in files::names(data)? {
        let number = match name.to_str() {
            Some("sled") => Some(0),
            Some(name) => name.strip_prefix("sled-").and_then(|number| number.parse().ok()),
            None => None,
        };
        let is_named = number.is_some_and(|number| view_folder(data, number) == data.join(&name));
        if is_named && number != Some(counts) {
            remove_folder(&data.join(&name))?;
        }
    }
    Ok(())
}

/// Removes a folder with all that is in it, if it is there.
pub(super) fn remove_folder(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(files::failed("remove", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What there was, for whoever hears that it is lost.
pub(super) fn all_of(manifest: &Manifest) -> String {
    let Manifest { sequence, counts, .. } = manifest;
    let Counts { applications, live, .. } = counts;
    format!("{applications} applications ({live} of them live) with {sequence} moves or more are lost")
}
