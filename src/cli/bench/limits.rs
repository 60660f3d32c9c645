//! What the machine could do at best: bare gRPC calls, and a bare group commit.

use anyhow::Context;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// How long each limit is measured.
const TIME: Duration = Duration::from_secs(3);

/// A record of the bare group commit, in bytes.
const RECORD: usize = 256;

/// The file of the bare group commit, zero-written before and used round and round, in bytes.
const FILE: u64 = 64 << 20;

pub(super) struct Limits {
    /// Unary calls of the health service, by as many callers as there were lanes.
    pub(super) calls_per_s: f64,
    /// Records made durable, by as many writers as there were lanes, in groups.
    pub(super) records_per_s: f64,
}

pub(super) async fn measure(address: &str, folder: &Path, concurrency: u32) -> anyhow::Result<Limits> {
    let calls_per_s = calls(address, concurrency).await?;
    let file = folder.join("group-commit");
    let commit = move || group_commit(&file, concurrency);
    let records_per_s = tokio::task::spawn_blocking(commit).await.context("commit")??;
    Ok(Limits { calls_per_s, records_per_s })
}

#[expect(clippy::cast_precision_loss, reason = "figures are rounded anyway")]
fn rate(count: u64, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64()
}

async fn calls(address: &str, concurrency: u32) -> anyhow::Result<f64> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).context("find the server")?;
    let client = HealthClient::new(endpoint.connect().await.context("reach the server")?);
    let (count, begun) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..concurrency {
        let (mut client, count) = (client.clone(), Arc::clone(&count));
        callers.spawn(async move {
            while begun.elapsed() < TIME {
                client.check(HealthCheckRequest::default()).await?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, tonic::Status>(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.context("call")?.context("call")?;
    }
    Ok(rate(count.load(Ordering::Relaxed), begun))
}

/// Groups of as many records as there are writers, one `fdatasync` each: what a log could do if
/// nothing else had to be done.
fn group_commit(path: &Path, writers: u32) -> anyhow::Result<f64> {
    let file =
        OpenOptions::new().create(true).truncate(true).write(true).open(path).context("make a file")?;
    let zeroes = vec![0; 1 << 20];
    for at in (0..FILE).step_by(zeroes.len()) {
        file.write_all_at(&zeroes, at).context("write")?;
    }
    file.sync_all().context("sync")?;
    let group = vec![0x5a; RECORD * writers as usize];
    let begun = Instant::now();
    let (mut at, mut records) = (0, 0);
    while begun.elapsed() < TIME {
        file.write_all_at(&group, at).context("write")?;
        file.sync_data().context("sync")?;
        at = (at + group.len() as u64) % (FILE - (1 << 20));
        records += u64::from(writers);
    }
    Ok(rate(records, begun))
}
