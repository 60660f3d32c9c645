//! A full disk.
//!
//! A small disk is filled while a client brings applications. Before it is full to the last byte, intake is
//! refused with an error that says why; reads are answered, and the server lives. When there is space
//! again it takes in again by itself. A server that is killed on the full disk opens on it. What was
//! acknowledged is there at every moment.

use super::{Brought, Disk};
use crate::process::{Process, Sandbox};
use crate::report;
use docket::api::proto::v1::BackUpStoreRequest;
use docket::api::proto::v1::store_service_client::StoreServiceClient;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::time::sleep;
use tonic::transport::Endpoint;
use tonic::{Code, Status};

/// What is taken from the disk between two applications.
const STEP: usize = 1 << 20;
/// What is left at least when intake stops: a third of the low-water mark of so small a disk, which the
/// next segment of the log may have taken from.
const KEPT: u64 = 16 << 20;
/// How long it may take to notice that there is no space, or that there is again.
const NOTICE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_intake_and_nothing_else() {
    let Some(disk) = Disk::mounted() else { return };
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "instant");
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_DATA", disk.folder.path().join("data").display().to_string()));
    let docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let address = docket.address.clone();
    let mut brought = Brought { address: address.clone(), acknowledged: Vec::new() };
    for _ in 0..20 {
        brought.bring().await.unwrap();
    }

    let status = fill_until_refused(&disk, &mut brought).await;
    is_refused_for_space(&status);
    let left = disk.left();
    assert!(left > KEPT, "intake went on until there were {left} bytes left");
    // Nor does a backup take what the store needs.
    let copy = disk.folder.path().join("backup");
    is_refused_for_space(&back_up(&address, &copy).await.unwrap_err());
    assert!(fs::read_dir(&copy).unwrap().next().is_none(), "it was begun");
    while disk.fill() {}
    // Not a byte is left.
    is_refused_for_space(&until_refused(&disk, &mut brought).await);
    brought.are_there().await;
    let said = docket.log().into_iter().filter(|line| line.contains("space")).count();
    assert!(said > 0, "the log says nothing of it");
    disk.free();
    brought.until_taken().await;
    brought.are_there().await;
    back_up(&address, &copy).await.unwrap();

    // The server is killed and there is no space to open.
    while disk.fill() {}
    is_refused_for_space(&until_refused(&disk, &mut brought).await);
    docket.kill();
    // It opens all the same, and may say at once that there is no space.
    let docket = Process::begin(&["serve", "--listen", &address], &settings).unwrap();
    brought.are_there().await;
    // What the ballast has left is not for intake.
    is_refused_for_space(&brought.bring().await.unwrap_err());
    is_refused_for_space(&until_refused(&disk, &mut brought).await);
    disk.free();
    brought.until_taken().await;
    brought.are_there().await;
    docket.leave();
    report(&format!("a full disk: refused at {status}; {} acknowledged, 0 lost", brought.acknowledged.len()));
}

impl Disk {
    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }

    /// Takes some of what is left; says whether anything was.
    fn fill(&self) -> bool {
        let mut filler = File::options().append(true).create(true).open(self.filler()).unwrap();
        // To the last byte, a page at a time.
        (0..STEP / 4_096).all(|_| filler.write_all(&[1; 4_096]).is_ok())
    }

    fn left(&self) -> u64 {
        let stat = rustix::fs::statvfs(self.folder.path()).unwrap();
        stat.f_bavail * stat.f_frsize
    }

    fn free(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Brought {
    async fn until_taken(&mut self) {
        let until = Instant::now() + NOTICE;
        while let Err(status) = self.bring().await {
            assert!(Instant::now() < until, "there is space, and still: {status}");
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Has the store copied onto its own disk.
async fn back_up(address: &str, folder: &Path) -> Result<(), Status> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let request = BackUpStoreRequest { folder: folder.display().to_string(), with_keys: false };
    let mut told =
        StoreServiceClient::new(endpoint.connect_lazy()).back_up_store(request).await?.into_inner();
    while told.message().await?.is_some() {}
    Ok(())
}

/// Takes space away and brings applications until one is refused.
async fn fill_until_refused(disk: &Disk, brought: &mut Brought) -> Status {
    loop {
        let was_space = disk.fill();
        if let Err(status) = brought.bring().await {
            return status;
        }
        if !was_space {
            return until_refused(disk, brought).await;
        }
    }
}

/// Brings applications until one is refused; what the server gives back meanwhile, such as a file that it
/// could not finish, or its ballast, is taken too.
async fn until_refused(disk: &Disk, brought: &mut Brought) -> Status {
    let until = Instant::now() + NOTICE;
    loop {
        while disk.fill() {}
        if let Err(status) = brought.bring().await {
            return status;
        }
        assert!(Instant::now() < until, "there are {} bytes left, and intake goes on", disk.left());
    }
}

/// Whoever brought it hears that it is the disk, and that it may come again.
fn is_refused_for_space(status: &Status) {
    assert!(matches!(status.code(), Code::Unavailable | Code::ResourceExhausted), "{status}");
    assert!(status.message().contains("disk"), "it does not say why: {status}");
}
