//! A disk that is in the way, with the built binary: one that cannot be written is refused at the start,
//! by name, and what was acknowledged is there afterwards.
//!
//! The disk is a tmpfs, which takes root. Where it cannot be mounted the test says so and passes, unless
//! `WITH_MOUNTS` is set, as CI does.

mod filled;

use crate::process::{Process, Sandbox, client};
use crate::{report, waiting};
use docket::api::proto::v1::{
    Application, CreateApplicationRequest, GetApplicationRequest, ListApplicationsRequest,
    ListTransitionsRequest,
};
use std::path::Path;
use std::process::Command;
use tonic::Status;

/// Room for the spare files that a store makes ahead.
const DISK_MIB: u64 = 256;
/// A disk of its own; unmounted when it is dropped.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// Mounts it; none if that cannot be done here.
    fn mounted() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={DISK_MIB}m,mode=0700");
        match mount(&["-t", "tmpfs", "-o", &size, "tmpfs", path(folder.path())]) {
            Ok(()) => Some(Self { folder }),
            Err(missing) => {
                assert!(std::env::var_os("WITH_MOUNTS").is_none(), "no disk can be mounted: {missing}");
                report(&format!("SKIPPED, no disk was in the way: none can be mounted: {missing}"));
                None
            }
        }
    }

    fn remount(&self, how: &str) {
        mount(&["-o", &format!("remount,{how}"), path(self.folder.path())]).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _told = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}

fn mount(arguments: &[&str]) -> Result<(), String> {
    let done = Command::new("mount").args(arguments).output().map_err(|error| error.to_string())?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}

fn path(folder: &Path) -> &str {
    folder.to_str().expect("a readable path")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_cannot_be_written_is_refused_by_name() {
    let Some(disk) = Disk::mounted() else { return };
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), "instant");
    let data = disk.folder.path().join("data").display().to_string();
    let mut settings = sandbox.settings();
    settings.push(("DOCKET_DATA", data.clone()));
    let docket = Process::start(&["serve", "--listen", "127.0.0.1:0"], &settings);
    let address = docket.address.clone();
    let mut brought = Brought { address: address.clone(), acknowledged: Vec::new() };
    brought.bring().await.unwrap();
    docket.leave();

    disk.remount("ro");
    let refused = Process::begin(&["serve", "--listen", &address], &settings);
    let Err(said) = refused else { panic!("it serves from a disk that it cannot write") };
    assert!(said.contains("Read-only file system") && said.contains(&data), "{said}");
    disk.remount("rw");
    let _docket = Process::start(&["serve", "--listen", &address], &settings);
    brought.are_there().await;
    brought.bring().await.unwrap();
}

/// What was brought and acknowledged.
struct Brought {
    address: String,
    acknowledged: Vec<Application>,
}

impl Brought {
    async fn bring(&mut self) -> Result<(), Status> {
        let number = self.acknowledged.len() as u32;
        let request = CreateApplicationRequest {
            order_number: format!("full-{number}"),
            request_id: format!("create {number}"),
            ..waiting::request(number)
        };
        let created = client(&self.address).create_application(request).await?;
        self.acknowledged.push(created.into_inner());
        Ok(())
    }

    /// Reads are answered, whatever the disk is like.
    async fn are_there(&self) {
        let mut client = client(&self.address);
        for known in &self.acknowledged {
            let request = GetApplicationRequest { name: known.name.clone() };
            let found = client.get_application(request).await;
            let found = found.unwrap_or_else(|status| panic!("{} cannot be read: {status}", known.name));
            assert!(found.into_inner().version >= known.version, "{} has lost moves", known.name);
            let request = ListTransitionsRequest { parent: known.name.clone(), ..Default::default() };
            let journal = client.list_transitions(request).await.unwrap().into_inner().transitions;
            assert!(journal.len() as i64 >= known.version, "the journal of {} is short", known.name);
        }
        let (mut listed, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListApplicationsRequest { page_size: 1000, page_token, ..Default::default() };
            let page = client.list_applications(request).await.unwrap().into_inner();
            listed.extend(page.applications.into_iter().map(|it| it.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let is_listed = |known: &Application| listed.contains(&known.name);
        assert!(self.acknowledged.iter().all(is_listed), "an application is not listed");
    }
}
