//! The copies of the rows: log, checkpoints and view, each by itself, and the best that they make together.

use super::{Problem, Work};
use crate::store::StoreError;
use crate::store::disk::log::{self, Log, Scan};
use crate::store::disk::manifest::{Manifest, SLED_ALONE};
use crate::store::disk::open::{LOG, Place, view_folder};
use crate::store::disk::recover::{Recovery, Trusted, lost_segment};
use crate::store::disk::view::View;
use crate::store::disk::{Options, checkpoint, wire};
use crate::store::plan::Writes;
use crate::store::read::named;
use std::fs;
use std::path::Path;

/// What sled's cache may hold while it is read through.
const CACHE_BYTES: u64 = 32 << 20;

/// Finds the best copy of the rows, as a view with all of them; none if nothing can be read.
pub(super) fn best(
    work: &mut Work<'_>,
    manifest: Manifest,
    scratch: Option<&Path>,
) -> Result<Option<View>, StoreError> {
    let data = work.data;
    if manifest.format == SLED_ALONE {
        let path = view_folder(data, 0);
        return Ok(look(work, view_of(&path, scratch, |path| View::adopt(path, CACHE_BYTES))));
    }
    checkpoints(work, &manifest)?;
    let scan = scan(work, &manifest)?;
    let path = view_folder(data, manifest.view);
    work.tell("opening the view", 0, None)?;
    let opened = view_in(&path, scratch);
    let marked = opened.as_ref().map_or(0, |view| view.mark().until);
    if let Some(lost) = lost_segment(&manifest, &scan) {
        work.findings.note(Problem::Commits, lost);
    }
    let options = Options { cache_bytes: CACHE_BYTES, ..Options::new([0; 16]) };
    let place = Place::new(data, &options);
    let recovery = Recovery::new(&place, manifest, scan, opened.as_ref().ok())?;
    let last = recovery.last();
    work.findings.counted.commit = last.commit.max(marked);
    let why = match opened.and_then(|view| recovery.trust(view)) {
        Ok(Trusted::WithLog(view)) => return up_to_the_end(&recovery, view).map(Some),
        Ok(Trusted::Alone(view)) => {
            if recovery.known > 0 && !work.findings.has(Problem::Commits) {
                work.findings.note(Problem::LogHole, "the log does not reach to the view, which has it all");
            }
            return Ok(Some(view));
        }
        Err(error @ (StoreError::CalledOff | StoreError::NewerFolder { .. })) => return Err(error),
        Err(why) => why,
    };
    let view = anew(work, &recovery, scratch)?;
    if let StoreError::Lost { lost, .. } = &why
        && work.findings.has(Problem::Commits)
    {
        // Then it is not the view that is to blame.
        work.findings.note(Problem::Commits, lost);
    } else {
        work.findings.note(Problem::View, why);
    }
    Ok(view)
}

/// Makes a view of the checkpoint and the log, or of what there is of them.
fn anew(
    work: &mut Work<'_>,
    recovery: &Recovery<'_>,
    scratch: Option<&Path>,
) -> Result<Option<View>, StoreError> {
    let Some(scratch) = scratch else { return Ok(None) };
    let base = recovery.base()?;
    let (first, last) = (recovery.first(), recovery.last());
    if last.commit < recovery.known {
        let (first, known) = (last.commit + 1, recovery.known);
        work.findings.note(Problem::Commits, format_args!("commits {first} to {known} are in no copy"));
    }
    if base.is_none() && first > 1 {
        let before = first - 1;
        work.findings.note(
            Problem::Commits,
            format_args!("all up to commit {before} is in no copy: the log begins behind it"),
        );
        // Some of it may be in the view, whatever else may be wrong with that.
        let path = scratch.join("view");
        return Ok(look(work, View::open(&path, CACHE_BYTES)));
    }
    let mut view = View::make(&scratch.join("anew"), CACHE_BYTES)?;
    if let Some(reader) = base {
        let tip = reader.head.tip;
        if let Err(error) = view.fill(reader, tip, &|_| {}) {
            work.findings.note(Problem::Commits, format_args!("what {error} has, and all after it"));
            return Ok(None);
        }
    }
    match up_to_the_end(recovery, view) {
        Ok(view) => Ok(Some(view)),
        Err(error) => {
            work.findings.note(Problem::Commits, error);
            Ok(None)
        }
    }
}

fn look(work: &mut Work<'_>, view: Result<View, StoreError>) -> Option<View> {
    view.inspect_err(|error| work.findings.note(Problem::View, error)).ok()
}

fn up_to_the_end(recovery: &Recovery<'_>, view: View) -> Result<View, StoreError> {
    let (mut view, rest) = recovery.roll_forward(view)?;
    if view.mark().tip != recovery.last() {
        view.write(&rest, recovery.last())?;
    }
    Ok(view)
}

/// Writes into a view what the log has behind it.
pub(super) fn with_the_log(data: &Path, manifest: &Manifest, mut view: View) -> Result<View, StoreError> {
    let after = view.mark().tip.commit;
    let (mut writes, mut tip) = (Writes::new(), view.mark().tip);
    for entry in log::read(&data.join(LOG), manifest.instance, after, u64::MAX)? {
        // Where it cannot be read it ends: damage is for a check to name.
        let Ok(entry) = entry else { break };
        named(format_args!("commit {}", entry.tip.commit), wire::read(&entry.body, &mut writes))?;
        tip = entry.tip;
    }
    view.write(&writes, tip)?;
    Ok(view)
}

/// Opens a view in a copy of it, or where it lies.
pub(super) fn view_in(path: &Path, scratch: Option<&Path>) -> Result<View, StoreError> {
    view_of(path, scratch, |path| View::open(path, CACHE_BYTES))
}

fn view_of(
    path: &Path,
    scratch: Option<&Path>,
    open: impl FnOnce(&Path) -> Result<View, StoreError>,
) -> Result<View, StoreError> {
    let Some(scratch) = scratch else { return open(path) };
    let copy = scratch.join("view");
    copy_folder(path, &copy)?;
    open(&copy)
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), StoreError> {
    use crate::store::disk::files::{self, failed};
    fs::create_dir_all(to).map_err(failed("make folder", to))?;
    for name in files::names(from)? {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            fs::copy(&from, &to).map_err(failed("copy", &from))?;
        }
    }
    Ok(())
}

fn checkpoints(work: &mut Work<'_>, manifest: &Manifest) -> Result<(), StoreError> {
    for (commit, path) in checkpoint::list(work.data)? {
        let mut read = 0;
        let rows = checkpoint::Reader::open(&path).and_then(|reader| {
            if (reader.head.instance, reader.head.tip.commit) != (manifest.instance, commit) {
                let what = "it is not the one that its name says".to_owned();
                return Err(StoreError::FileDamaged { path: path.clone(), what });
            }
            for row in reader {
                row?;
                read += 1;
                work.tell("reading the checkpoint", read, None)?;
            }
            Ok(())
        });
        match rows {
            Ok(()) => {}
            Err(error @ (StoreError::CalledOff | StoreError::NewerFolder { .. })) => return Err(error),
            Err(error) => work.findings.note(Problem::Checkpoint, error),
        }
    }
    Ok(())
}

fn scan(work: &mut Work<'_>, manifest: &Manifest) -> Result<Scan, StoreError> {
    work.tell("reading the log", 0, None)?;
    let scan = match Log::scan(&work.data.join(LOG), manifest.instance) {
        Ok(scan) => scan,
        Err(StoreError::Lost { lost, .. }) => {
            work.findings.note(Problem::LogFile, lost);
            // As if there were none.
            Log::scan(&work.data.join("none"), manifest.instance)?
        }
        Err(error) => return Err(error),
    };
    for fault in &scan.faults {
        work.findings.note(Problem::LogFile, &fault.what);
    }
    for (first, last) in scan.missing() {
        work.findings.note(Problem::LogHole, format_args!("commits {first} to {last}"));
    }
    if let Some(torn) = &scan.torn {
        work.findings.note(Problem::Torn, format_args!("{} bytes in {}", torn.bytes, torn.path.display()));
    }
    Ok(scan)
}
