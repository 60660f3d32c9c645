//! Stats: how much is there, and where. It changes nothing.

use super::log::{self, Log};
use super::manifest::Manifest;
use super::open::LOG;
use super::rebuild::bytes_of;
use super::view::{self, Mark, View};
use super::{Shared, archive, blobs, checkpoint, room};
use crate::store::read::{Row, Rows, named};
use crate::store::upkeep::{CheckpointStats, KindStats, LogStats, Stats, ViewStats};
use crate::store::{StoreError, keys, rows};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

/// Rows read at a time.
const ROWS_AT_ONCE: usize = 1_000;

/// Counts what an open store has.
pub(super) fn of(shared: &Shared, by_kind: bool) -> Result<Stats, StoreError> {
    let folder = &shared.folder;
    let kept = shared.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (log, durable) = {
        let log = shared.log();
        (LogStats { oldest: log.oldest(), bytes: log.bytes(), ..LogStats::default() }, *shared.durable())
    };
    let kinds = if by_kind { kinds(all_rows(shared))? } else { Vec::new() };
    let (blobs, blob_bytes) = blobs_in(folder)?;
    let (archives, archive_bytes) = archives_in(folder)?;
    Ok(Stats {
        instance: shared.instance,
        is_held: shared.is_held.load(std::sync::atomic::Ordering::Acquire),
        commit: durable.commit,
        counts: durable.totals.counts,
        oldest_change: durable.totals.oldest,
        log: LogStats {
            segments: log::segments(&folder.join(LOG))?.len() as u64,
            spares: log::ready_in(&folder.join(LOG))?,
            ..log
        },
        checkpoint: newest_checkpoint(folder)?,
        view: Some(ViewStats {
            commit: kept.mark.tip.commit,
            rows: kept.mark.sum.rows,
            bytes: bytes_of(&kept.folder),
        }),
        blobs,
        blob_bytes,
        archives,
        archive_bytes,
        ballast_bytes: room::ballast(folder),
        free_bytes: room::Disk::of(folder)?.free,
        low_water_bytes: shared.low_water,
        kinds,
    })
}

/// Counts what a folder has that nobody uses: of the view in a folder its mark, if it could be opened, and
/// all rows, those of the log included, in `whole`.
pub(super) fn of_folder(
    data: &Path,
    manifest: &Manifest,
    (path, mark): (&Path, Option<Mark>),
    whole: Option<&View>,
    by_kind: bool,
) -> Result<Stats, StoreError> {
    let log = data.join(LOG);
    let scan = Log::scan(&log, manifest.instance)?;
    let segments = log::segments(&log)?;
    let bytes = segments.iter().map(|(_, path)| fs::metadata(path).map_or(0, |file| file.len()));
    let (blobs, blob_bytes) = blobs_in(data)?;
    let (archives, archive_bytes) = archives_in(data)?;
    let ended = scan.runs.last().map_or(0, |run| run.last.commit);
    let row = whole.map(|view| view::row(&view.db(), &keys::TOTALS)).transpose()?.flatten();
    let totals = row.map(|row| named("the row of totals", rows::read_totals(&row))).transpose()?;
    Ok(Stats {
        instance: manifest.instance,
        is_held: manifest.is_held,
        commit: manifest.commit.max(ended).max(mark.map_or(0, |mark| mark.tip.commit)),
        counts: totals.map_or(manifest.counts, |totals| totals.counts),
        oldest_change: totals.map_or(0, |totals| totals.oldest),
        log: LogStats {
            oldest: scan.runs.first().map_or(0, |run| run.first),
            segments: segments.len() as u64,
            bytes: bytes.sum(),
            spares: log::ready_in(&log)?,
        },
        checkpoint: newest_checkpoint(data)?,
        view: mark.map(|mark| ViewStats {
            commit: mark.tip.commit,
            rows: mark.sum.rows,
            bytes: bytes_of(path),
        }),
        blobs,
        blob_bytes,
        archives,
        archive_bytes,
        ballast_bytes: room::ballast(data),
        free_bytes: room::Disk::of(data)?.free,
        low_water_bytes: super::Options::LOW_WATER,
        kinds: whole.filter(|_| by_kind).map(|view| kinds(view.rows())).transpose()?.unwrap_or_default(),
    })
}

/// All rows of an open store, page by page.
fn all_rows(shared: &Shared) -> impl Iterator<Item = Result<Row, StoreError>> {
    let mut range = keys::all();
    std::iter::from_fn(move || {
        let page = match shared.page(range.clone(), ROWS_AT_ONCE) {
            Ok(page) => page,
            Err(error) => return Some(vec![Err(error)]),
        };
        let (last, _) = page.last()?;
        range.start = [last.as_slice(), &[0]].concat();
        Some(page.into_iter().map(Ok).collect())
    })
    .flatten()
}

/// Counts rows by their kind.
pub(super) fn kinds(
    rows: impl Iterator<Item = Result<Row, StoreError>>,
) -> Result<Vec<KindStats>, StoreError> {
    let mut counted = BTreeMap::new();
    for row in rows {
        let (key, value) = row?;
        if key == keys::MARK {
            // A word of the view's own, and no row of the store's.
            continue;
        }
        let (rows, bytes) = counted.entry(keys::of(&key)).or_insert((0, 0));
        *rows += 1;
        *bytes += (key.len() + value.len()) as u64;
    }
    let named = |(of, (rows, bytes)): (Option<keys::Of>, (u64, u64))| KindStats {
        kind: of.map_or("of no known kind", keys::Of::name),
        rows,
        bytes,
    };
    Ok(counted.into_iter().map(named).collect())
}

pub(super) fn newest_checkpoint(data: &Path) -> Result<Option<CheckpointStats>, StoreError> {
    // The keeper may just have put another one in its place.
    let look = |(commit, path): (u64, PathBuf)| {
        let bytes = fs::metadata(&path).ok()?.len();
        let time = checkpoint::Reader::open(&path).ok()?.head.time;
        Some(CheckpointStats { commit, bytes, time })
    };
    Ok(checkpoint::list(data)?.into_iter().find_map(look))
}

/// How many archive files there are, and their bytes.
fn archives_in(data: &Path) -> Result<(u64, u64), StoreError> {
    let all = archive::list(data)?;
    let bytes = all.iter().map(|(_, path)| fs::metadata(path).map_or(0, |file| file.len()));
    Ok((all.len() as u64, bytes.sum()))
}

/// How many blobs there are, and their bytes.
pub(super) fn blobs_in(data: &Path) -> Result<(u64, u64), StoreError> {
    let all = blobs::list(data)?;
    let bytes = all.iter().map(|blob| fs::metadata(blobs::path(data, *blob)).map_or(0, |file| file.len()));
    Ok((all.len() as u64, bytes.sum()))
}
