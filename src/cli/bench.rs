//! `docket bench`: how fast, at what cost, and nothing lost.

mod figures;
mod journey;
mod limits;
pub(super) mod server;

use super::Output;
use anyhow::{Context, ensure};
use clap::ValueEnum;
use figures::{Figures, Measured};
use journey::Load;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// What `docket bench` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Applications under way at one time.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    concurrency: u32,
    /// Applications in all.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..))]
    applications: u32,
    /// Applications that wait for a captcha before the measuring begins.
    #[arg(long, default_value_t = 0)]
    waiting: u32,
    /// Measure bare gRPC calls and a bare group commit in the same run.
    #[arg(long)]
    limits: bool,
    /// `w`: a provider inside the server that costs nothing. `r`: the sandbox over HTTP.
    #[arg(long, value_enum, default_value = "w", ignore_case = true)]
    journey: Journey,
    /// How results are printed.
    #[arg(short, long, value_enum, default_value = "text", env = "DOCKET_OUTPUT")]
    output: Output,
    /// The folder for the store; a fresh one on the same disk as the temporary files if not given.
    #[arg(long, value_name = "FOLDER")]
    data: Option<std::path::PathBuf>,
}

/// What is behind the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Journey {
    /// A provider inside the server that costs nothing.
    W,
    /// The sandbox over HTTP.
    R,
}

/// Concurrent creations while applications are parked.
const PARKING: u32 = 64;

/// Runs the measuring.
pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let fresh = tempfile::tempdir().context("make a fresh folder")?;
    let data = options.data.clone().unwrap_or_else(|| fresh.path().join("data"));
    let server = Server::start(&data, options.journey).await?;
    let load = Load::connect(&server.address).await?;
    if options.waiting > 0 {
        load.park(options.waiting, PARKING).await.context("park")?;
    }
    let (cpu, disk, begun) = (server.cpu()?, disk_bytes(&data)?, Instant::now());
    let times = load.run(options.applications, options.concurrency).await.context("measure")?;
    let took = begun.elapsed();
    let cpu = server.cpu()?.saturating_sub(cpu);
    let rss_mb = server.resident_mb()?;
    let disk = disk_bytes(&data)?.saturating_sub(disk);
    let (lost, transitions) =
        load.read_back(options.applications, options.waiting).await.context("read back")?;
    let limits = if options.limits {
        Some(
            limits::measure(&server.address, fresh.path(), options.concurrency)
                .await
                .context("measure the limits")?,
        )
    } else {
        None
    };
    server.stop().await?;
    let Options { concurrency, applications, waiting, journey, .. } = options;
    let measured = Measured {
        journey,
        concurrency,
        applications,
        waiting,
        took,
        times,
        cpu,
        rss_mb,
        disk,
        lost,
        transitions,
    };
    Figures::of(&measured, limits).print(options.output);
    Ok(if lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The server as a process of its own.
struct Server {
    child: Child,
    id: u32,
    address: String,
}

impl Server {
    async fn start(data: &Path, journey: Journey) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("find this program")?;
        let journey = if journey == Journey::W { "w" } else { "r" };
        let mut command = Command::new(program);
        command.arg("bench-server").arg("--data").arg(data).args(["--journey", journey]);
        let mut child =
            command.stdout(Stdio::piped()).kill_on_drop(true).spawn().context("start the server")?;
        let output = child.stdout.take().context("hear the server")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address).await.context("hear the server")?;
        ensure!(!address.is_empty(), "start the server: it said nothing");
        let id = child.id().context("start the server: it is gone")?;
        Ok(Self { child, id, address: address.trim().to_owned() })
    }

    /// The processor time it has used, of all its threads.
    fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id)).context("ask the kernel")?;
        let after_name = stat.rsplit_once(") ").context("ask the kernel")?.1;
        let ticks: u64 =
            after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    fn resident_mb(&self) -> anyhow::Result<f64> {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.id)).context("ask the kernel")?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("ask the kernel")?;
        let kib: f64 =
            line.split_whitespace().nth(1).context("ask the kernel")?.parse().context("ask the kernel")?;
        Ok(kib / 1024.0)
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        self.child.start_kill().context("stop the server")?;
        self.child.wait().await.context("stop the server")?;
        Ok(())
    }
}

/// What a folder takes on disk.
fn disk_bytes(folder: &Path) -> anyhow::Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let entry = entry.context("read a folder")?;
        let is_folder = entry.file_type().context("read a folder")?.is_dir();
        bytes += if is_folder {
            disk_bytes(&entry.path())?
        } else {
            entry.metadata().map_or(0, |metadata| metadata.blocks() * 512)
        };
    }
    Ok(bytes)
}
