//! Making one whole of the copies: the log, the checkpoint before it, and the view.
//!
//! The MANIFEST, the mark of the view and the frames themselves are witnesses of how far the log must
//! reach. A view that cannot be trusted is put aside and made anew from the checkpoint and the log; a
//! log that is damaged where the view has the rows is left behind with a checkpoint of the view. It
//! must never go on with less than was acknowledged: if no copy has it, it says what is lost.

use super::checkpoint::{self, Reader};
use super::log::{self, Chain, Log, Scan, Tip};
use super::manifest::Manifest;
use super::open::{Copies, LOG, Place, all_of, remove_folder};
use super::view::View;
use super::wire;
use super::witness::Witness;
use crate::store::StoreError;
use crate::store::plan::Writes;
use crate::store::read::named;
use std::collections::BTreeSet;

/// Makes one whole of the copies.
pub(super) fn recover(place: &Place<'_>, manifest: Manifest) -> Result<(Manifest, Copies), StoreError> {
    let scan = Log::scan(&place.log(), manifest.instance)?;
    if is_new(&manifest, &scan) {
        return Ok((manifest, begin(place, &manifest)?));
    }
    if let Some(lost) = lost_segment(&manifest, &scan) {
        return Err(place.lost(lost));
    }
    let opened = View::open(&place.view(manifest.view), place.options.cache_bytes);
    let recovery = Recovery::new(place, manifest, scan, opened.as_ref().ok())?;
    match opened.and_then(|view| recovery.trust(view)) {
        Ok(Trusted::WithLog(view)) => recovery.go_on(view),
        Ok(Trusted::Alone(view)) => recovery.leave_log(view),
        Err(why) => recovery.make_anew(&why),
    }
}

/// Says whether nothing was ever committed.
fn is_new(manifest: &Manifest, scan: &Scan) -> bool {
    let is_empty = scan.runs.iter().all(|run| run.first > run.last.commit);
    manifest.commit == 0 && manifest.sequence == 0 && is_empty
}

/// Says what is lost where the segment is not there that was written to last. It was written to until the
/// end, and nobody knows how far; but not behind the commit at which the store was closed.
pub(super) fn lost_segment(manifest: &Manifest, scan: &Scan) -> Option<String> {
    let Manifest { segment, is_closed, .. } = *manifest;
    if is_closed || scan.reaches(segment) || is_new(manifest, scan) {
        return None;
    }
    Some(format!(
        "the segment of the log that begins with commit {segment} is lost, with all that was committed since"
    ))
}

/// Begins where nothing was ever committed.
fn begin(place: &Place<'_>, manifest: &Manifest) -> Result<Copies, StoreError> {
    // What a beginning that was cut off has left.
    remove_folder(&place.log())?;
    remove_folder(&place.view(0))?;
    let view = View::make(&place.view(0), place.options.cache_bytes)?;
    let log = place.begin_log(manifest.instance, Tip::START)?;
    Ok(Copies { view, log, rest: Writes::new(), is_new: true, needs_checkpoint: false })
}

/// A view that can be believed.
pub(super) enum Trusted {
    /// The log goes on from it.
    WithLog(View),
    /// It holds all that is known, and the log does not.
    Alone(View),
}

/// The copies that there are, and what is known of them.
pub(super) struct Recovery<'a> {
    pub(super) place: &'a Place<'a>,
    pub(super) manifest: Manifest,
    pub(super) scan: Scan,
    /// A commit that was durable, by the word of whoever knows of the latest.
    pub(super) known: u64,
}

impl<'a> Recovery<'a> {
    /// Asks every witness how far the log must reach.
    pub(super) fn new(
        place: &'a Place<'a>,
        manifest: Manifest,
        scan: Scan,
        view: Option<&View>,
    ) -> Result<Self, StoreError> {
        let marked = view.map_or(0, |view| view.mark().until);
        let synced = Witness::read(&place.log(), manifest.instance)?.unwrap_or(0);
        let known = manifest.commit.max(marked).max(scan.durable).max(synced);
        Ok(Self { place, manifest, scan, known })
    }

    /// The first commit of the log's last run: what lies before a hole is of no use.
    pub(super) fn first(&self) -> u64 {
        self.scan.runs.last().map_or(1, |run| run.first)
    }

    /// The last commit of the log.
    pub(super) fn last(&self) -> Tip {
        self.scan.runs.last().map_or(Tip::START, |run| run.last)
    }

    /// Says whether a view can be believed, after counting all that it holds.
    pub(super) fn trust(&self, mut view: View) -> Result<Trusted, StoreError> {
        let mark = view.mark();
        let count = |rows| self.place.tell("counting the rows of the view", rows, Some(mark.sum.rows));
        let (first, last) = (self.first(), self.last().commit);
        if first <= mark.tip.commit + 1 && last >= self.known {
            let chain = self.chain(mark.tip.commit)?;
            if chain.is_some_and(|chain| chain != mark.tip.chain) {
                return Err(self.place.lost("the view is of another history than the log"));
            }
            view.verify(&self.touched(mark.tip.commit, mark.until)?, &count)?;
            return Ok(Trusted::WithLog(view));
        }
        if mark.until == mark.tip.commit && self.known == mark.until && last <= mark.until {
            view.verify(&BTreeSet::new(), &count)?;
            return Ok(Trusted::Alone(view));
        }
        Err(self.place.lost(format_args!(
            "the view ends with commit {}, the log has {first} to {last}",
            mark.tip.commit
        )))
    }

    /// The chain at a commit, as far as the log knows it.
    fn chain(&self, commit: u64) -> Result<Option<Chain>, StoreError> {
        if commit + 1 == self.first() {
            return Ok(self.scan.runs.last().and_then(|run| run.before));
        }
        let entry = self.entries(commit - 1, commit)?.next().transpose()?;
        Ok(entry.map(|entry| entry.tip.chain))
    }

    /// The keys that the commits after one write, up to another.
    fn touched(&self, after: u64, until: u64) -> Result<BTreeSet<Vec<u8>>, StoreError> {
        let mut writes = Writes::new();
        for entry in self.entries(after, until)? {
            read_body(&entry?, &mut writes)?;
        }
        Ok(writes.into_keys().collect())
    }

    fn entries(
        &self,
        after: u64,
        until: u64,
    ) -> Result<impl Iterator<Item = Result<log::Entry, StoreError>>, StoreError> {
        log::read(&self.place.log(), self.manifest.instance, after, until)
    }

    fn go_on(self, view: View) -> Result<(Manifest, Copies), StoreError> {
        // Segments with a hole are let go once there is a checkpoint of what the view has.
        let reaches = self.base()?.is_some() || self.first() == 1;
        let needs_checkpoint = !reaches || !self.scan.is_whole();
        let log = self.open_log()?;
        let (view, rest) = self.roll_forward(view)?;
        Ok((self.manifest, Copies { view, log, rest, is_new: false, needs_checkpoint }))
    }

    fn open_log(&self) -> Result<Log, StoreError> {
        let bytes = self.place.options.segment_bytes;
        Log::open_sized(&self.place.log(), self.manifest.instance, &self.scan, bytes)
    }

    fn leave_log(self, view: View) -> Result<(Manifest, Copies), StoreError> {
        self.place.tell("the log is lost, the view has it all", 0, None);
        self.place.put_aside(&self.place.folder.join(LOG))?;
        let log = self.place.begin_log(self.manifest.instance, view.mark().tip)?;
        Ok((self.manifest, Copies { view, log, rest: Writes::new(), is_new: false, needs_checkpoint: true }))
    }

    /// Makes the view anew from the checkpoint and the log.
    fn make_anew(self, why: &StoreError) -> Result<(Manifest, Copies), StoreError> {
        let Self { place, known, .. } = &self;
        let all = all_of(&self.manifest);
        let hopeless = |what: String| place.lost(format_args!("{why}; {what}: {all}"));
        let base = self.base()?;
        if base.is_none() && self.first() > 1 {
            return Err(hopeless(format!(
                "no checkpoint reaches to the log, which begins with commit {}",
                self.first()
            )));
        }
        if self.last().commit < *known {
            let first = self.last().commit + 1;
            return Err(hopeless(format!("the log lacks commits {first} to {known}")));
        }
        let number = self.manifest.view + 1;
        let doing = format!("making the view anew, because {why}");
        place.tell(&doing, 0, None);
        let folder = place.view(number);
        remove_folder(&folder)?;
        let mut view = View::make(&folder, place.options.cache_bytes)?;
        if let Some(reader) = base {
            let tip = reader.head.tip;
            view.fill(reader, tip, &|rows| place.tell(&doing, rows, None))
                .map_err(|error| hopeless(error.to_string()))?;
        }
        let log = self.open_log()?;
        let (view, rest) = self.roll_forward(view)?;
        let manifest = Manifest { view: number, ..self.manifest };
        // Durable before the name of the view is.
        manifest.write(place.folder)?;
        place.put_aside(&place.view(self.manifest.view))?;
        Ok((manifest, Copies { view, log, rest, is_new: false, needs_checkpoint: !self.scan.is_whole() }))
    }

    /// The newest checkpoint that the log goes on from.
    pub(super) fn base(&self) -> Result<Option<Reader>, StoreError> {
        for (_, path) in checkpoint::list(self.place.folder)? {
            if let Ok(reader) = Reader::open(&path) {
                let Tip { commit, .. } = reader.head.tip;
                let fits = self.first() <= commit + 1 && commit <= self.last().commit;
                if fits && reader.head.instance == self.manifest.instance {
                    return Ok(Some(reader));
                }
            }
        }
        Ok(None)
    }

    /// Brings a view up to the end of the log; what is left of it is given to keep above the view.
    pub(super) fn roll_forward(&self, mut view: View) -> Result<(View, Writes), StoreError> {
        let (after, until) = (view.mark().tip.commit, self.last().commit);
        let mut rest = Writes::new();
        let mut bytes = 0;
        for entry in self.entries(after, until)? {
            let entry = entry?;
            read_body(&entry, &mut rest)?;
            bytes += entry.body.len();
            if bytes >= self.place.options.freeze_bytes && !self.place.is_low {
                view.write(&std::mem::take(&mut rest), entry.tip)?;
                bytes = 0;
                self.place.tell("rolling the view forward", entry.tip.commit - after, Some(until - after));
            }
        }
        Ok((view, rest))
    }
}

fn read_body(entry: &log::Entry, into: &mut Writes) -> Result<(), StoreError> {
    named(format_args!("commit {}", entry.tip.commit), wire::read(&entry.body, into))
}
