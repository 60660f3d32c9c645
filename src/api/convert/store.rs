//! Between administrators and the store.

use super::check::Check;
use super::{steering, timestamp};
use crate::api::proto::v1::{
    BackUpStoreRequest, BackUpStoreResponse, RebuildStoreResponse, ReleaseStoreRequest, StoreBackup,
    StoreProgress, StoreRebuild, StoreStats, back_up_store_response, rebuild_store_response, store_stats,
};
use crate::engine::upkeep::Backup;
use crate::machine::event::By;
use crate::store::upkeep::{
    BackedUp, CheckpointStats, KindStats, LogStats, Progress, Rebuilt, Stats, ViewStats,
};
use std::path::PathBuf;
use tonic::Status;

/// Checks which backup is asked for.
pub(in super::super) fn backup(request: BackUpStoreRequest) -> Result<Backup, Status> {
    let BackUpStoreRequest { folder, with_keys } = request;
    let mut check = Check::default();
    let to = PathBuf::from(folder);
    let to = match to.is_absolute() {
        true => Some(to),
        false => check.wrong("folder", "must be an absolute path of the server's machine"),
    };
    check.finish(to.map(|to| Backup { to, with_keys }))
}

/// Checks who releases the store, and why.
pub(in super::super) fn release(request: ReleaseStoreRequest) -> Result<By, Status> {
    let ReleaseStoreRequest { actor, reason } = request;
    let mut check = Check::default();
    let by = steering::by(&mut check, actor, reason);
    check.finish(by)
}

/// Shows how far a backup is.
pub(in super::super) fn backup_progress(it: &Progress) -> BackUpStoreResponse {
    let told = back_up_store_response::Told::Progress(progress(it));
    BackUpStoreResponse { told: Some(told) }
}

/// Shows what became of a backup.
pub(in super::super) fn backed_up(folder: String, it: BackedUp) -> BackUpStoreResponse {
    let backup = StoreBackup {
        folder,
        commit: number(it.commit),
        sequence: number(it.sequence),
        commit_time: Some(timestamp(it.time)),
        bytes_written: number(it.bytes),
        files_written: number(it.files),
        incremental: it.is_incremental,
        blobs: number(it.blobs),
        archives: number(it.archives),
        lacking: it.lacking,
        lacking_count: number(it.lacking_count),
    };
    BackUpStoreResponse { told: Some(back_up_store_response::Told::Backup(backup)) }
}

/// Shows how far a rebuilding is.
pub(in super::super) fn rebuild_progress(it: &Progress) -> RebuildStoreResponse {
    let told = rebuild_store_response::Told::Progress(progress(it));
    RebuildStoreResponse { told: Some(told) }
}

/// Shows what became of a rebuilding.
pub(in super::super) fn rebuilt(it: Rebuilt) -> RebuildStoreResponse {
    let Rebuilt { rows, bytes_before, bytes_after } = it;
    let rebuild = StoreRebuild {
        rows: number(rows),
        bytes_before: number(bytes_before),
        bytes_after: number(bytes_after),
    };
    RebuildStoreResponse { told: Some(rebuild_store_response::Told::Rebuild(rebuild)) }
}

/// Shows what a store has.
pub(crate) fn store_stats(it: Stats) -> StoreStats {
    let LogStats { oldest, segments, bytes, spares } = it.log;
    let checkpoint = |CheckpointStats { commit, bytes, time }| store_stats::Checkpoint {
        commit: number(commit),
        bytes: number(bytes),
        time: Some(timestamp(time)),
    };
    let view = |ViewStats { commit, rows, bytes }| store_stats::View {
        commit: number(commit),
        behind: number(it.commit.saturating_sub(commit)),
        rows: number(rows),
        bytes: number(bytes),
    };
    let kind = |KindStats { kind, rows, bytes }| store_stats::Kind {
        kind: kind.to_owned(),
        rows: number(rows),
        bytes: number(bytes),
    };
    StoreStats {
        instance: hex::encode(it.instance),
        held: it.is_held,
        commit: number(it.commit),
        sequence: number(it.counts.moves),
        oldest_change: number(it.oldest_change),
        applications: number(it.counts.applications),
        live_applications: number(it.counts.live),
        log: Some(store_stats::Log {
            oldest_commit: number(oldest),
            segments: number(segments),
            bytes: number(bytes),
            spares: number(spares),
        }),
        checkpoint: it.checkpoint.map(checkpoint),
        view: it.view.map(view),
        blobs: number(it.blobs),
        blob_bytes: number(it.blob_bytes),
        archives: number(it.archives),
        archive_bytes: number(it.archive_bytes),
        ballast_bytes: number(it.ballast_bytes),
        free_bytes: number(it.free_bytes),
        low_water_bytes: number(it.low_water_bytes),
        kinds: it.kinds.into_iter().map(kind).collect(),
    }
}

fn progress(it: &Progress) -> StoreProgress {
    let Progress { doing, done, all } = it;
    StoreProgress { doing: doing.clone(), done: number(*done), all: number(all.unwrap_or_default()) }
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
