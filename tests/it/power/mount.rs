//! A file system in the memory of the test that writes down what is done to it.
//!
//! Mounted by way of `/dev/fuse`, which takes root. The kernel sends each write as it is made (nothing
//! is written back later), each sync of a file and of a folder; it sends nothing for `sync_file_range`.
//! Owns what programs see; what a disk would have kept is the model's business (`disk`). What it does
//! not know (links, extended attributes) it refuses, so that no store uses it unseen.

use super::record::{Event, Node, ROOT};
use fuser::{
    Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry,
    ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The kernel is the only one that changes anything: what it knows stays true.
const TTL: Duration = Duration::from_secs(3_600);
const NEW: Generation = Generation(0);
/// Blocks of the disk that is told of, 4 KiB each: more than any test fills.
const BLOCKS: u64 = 16 << 20;

/// What has happened so far; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Event>>>);

impl Recorder {
    pub(crate) fn note(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }

    /// Ends the record.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// A mounted recorder; it is gone when this is dropped, whoever still uses it.
pub(crate) struct Mount {
    folder: PathBuf,
    _session: fuser::BackgroundSession,
    pub(crate) recorder: Recorder,
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: sled's threads may hold their files a moment longer, and a mount that is busy would stay.
        let done = Command::new("umount").arg("--lazy").arg(&self.folder).status();
        assert!(std::thread::panicking() || done.is_ok_and(|it| it.success()), "it stays mounted");
    }
}

impl Mount {
    pub(crate) fn at(folder: &Path) -> io::Result<Self> {
        let recorder = Recorder::default();
        let mut state = State::default();
        state.nodes.insert(ROOT, Thing { mode: 0o700, what: What::Folder(BTreeMap::new()) });
        let recording = Recording { recorder: recorder.clone(), state: Mutex::new(state) };
        let session = fuser::spawn_mount(recording, folder, &Config::default())?;
        Ok(Self { folder: folder.to_owned(), _session: session, recorder })
    }
}

struct Recording {
    recorder: Recorder,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    nodes: BTreeMap<Node, Thing>,
}

struct Thing {
    mode: u16,
    what: What,
}

enum What {
    File(Vec<u8>),
    Folder(BTreeMap<OsString, Node>),
}

impl State {
    fn names(&mut self, folder: INodeNo) -> Result<&mut BTreeMap<OsString, Node>, Errno> {
        match &mut self.nodes.get_mut(&folder.0).ok_or(Errno::ENOENT)?.what {
            What::Folder(names) => Ok(names),
            What::File(_) => Err(Errno::ENOTDIR),
        }
    }

    fn bytes(&mut self, file: INodeNo) -> Result<&mut Vec<u8>, Errno> {
        match &mut self.nodes.get_mut(&file.0).ok_or(Errno::ENOENT)?.what {
            What::File(bytes) => Ok(bytes),
            What::Folder(_) => Err(Errno::EISDIR),
        }
    }

    fn find(&mut self, folder: INodeNo, name: &OsStr) -> Result<Node, Errno> {
        self.names(folder)?.get(name).copied().ok_or(Errno::ENOENT)
    }

    fn attributes(&self, node: Node) -> Result<FileAttr, Errno> {
        let thing = self.nodes.get(&node).ok_or(Errno::ENOENT)?;
        let (kind, size) = match &thing.what {
            What::File(bytes) => (FileType::RegularFile, bytes.len() as u64),
            What::Folder(_) => (FileType::Directory, 0),
        };
        Ok(FileAttr {
            ino: INodeNo(node),
            size,
            blocks: size.div_ceil(512),
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind,
            perm: thing.mode,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: 4_096,
            flags: 0,
        })
    }
}

impl Recording {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> Result<T, Errno>) -> Result<T, Errno> {
        let mut state = self.state.lock().map_err(|_| Errno::EIO)?;
        work(&mut state)
    }

    /// Does it, and notes it before anyone is told that it is done.
    fn empty(&self, reply: ReplyEmpty, work: impl FnOnce(&mut State) -> Result<Event, Errno>) {
        match self.with(work) {
            Ok(event) => {
                self.recorder.note(event);
                reply.ok();
            }
            Err(error) => reply.error(error),
        }
    }

    fn make(&self, folder: INodeNo, name: &OsStr, mode: u32, is_folder: bool) -> Result<FileAttr, Errno> {
        self.with(|state| {
            let node = state.nodes.len() as Node + ROOT;
            if state.names(folder)?.contains_key(name) {
                return Err(Errno::EEXIST);
            }
            state.names(folder)?.insert(name.to_owned(), node);
            let what = if is_folder { What::Folder(BTreeMap::new()) } else { What::File(Vec::new()) };
            // Nothing is taken out again, so the count is a number that nobody has.
            state.nodes.insert(node, Thing { mode: (mode & 0o7777) as u16, what });
            self.recorder.note(Event::Make { folder: folder.0, name: name.to_owned(), node, is_folder });
            state.attributes(node)
        })
    }

    fn remove(&self, folder: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.empty(reply, |state| {
            let node = state.find(folder, name)?;
            if let What::Folder(names) = &state.nodes[&node].what
                && !names.is_empty()
            {
                return Err(Errno::ENOTEMPTY);
            }
            state.names(folder)?.remove(name);
            Ok(Event::Remove { folder: folder.0, name: name.to_owned() })
        });
    }

    fn resize(&self, file: INodeNo, size: u64) -> Result<(), Errno> {
        self.with(|state| {
            state.bytes(file)?.resize(size as usize, 0);
            self.recorder.note(Event::Size { file: file.0, size });
            Ok(())
        })
    }
}

impl Filesystem for Recording {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match self.with(|state| state.find(parent, name).and_then(|node| state.attributes(node))) {
            Ok(attributes) => reply.entry(&TTL, &attributes, NEW),
            Err(error) => reply.error(error),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.with(|state| state.attributes(ino.0)) {
            Ok(attributes) => reply.attr(&TTL, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let done = size.map_or(Ok(()), |size| self.resize(ino, size)).and_then(|()| {
            self.with(|state| {
                if let (Some(mode), Some(thing)) = (mode, state.nodes.get_mut(&ino.0)) {
                    thing.mode = (mode & 0o7777) as u16;
                }
                state.attributes(ino.0)
            })
        });
        match done {
            Ok(attributes) => reply.attr(&TTL, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        match self.make(parent, name, mode & !umask, true) {
            Ok(attributes) => reply.entry(&TTL, &attributes, NEW),
            Err(error) => reply.error(error),
        }
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        match self.make(parent, name, mode & !umask, false) {
            Ok(attributes) => {
                reply.created(&TTL, &attributes, NEW, FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
            }
            Err(error) => reply.error(error),
        }
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.remove(parent, name, reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.remove(parent, name, reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        self.empty(reply, |state| {
            if !flags.is_empty() {
                return Err(Errno::EINVAL);
            }
            let node = state.find(parent, name)?;
            state.names(newparent)?;
            state.names(parent)?.remove(name);
            state.names(newparent)?.insert(newname.to_owned(), node);
            Ok(Event::Move { from: (parent.0, name.to_owned()), to: (newparent.0, newname.to_owned()) })
        });
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let read = self.with(|state| {
            let bytes = state.bytes(ino)?;
            let from = (offset as usize).min(bytes.len());
            let to = (from + size as usize).min(bytes.len());
            Ok(bytes[from..to].to_vec())
        });
        match read {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = self.with(|state| {
            let bytes = state.bytes(ino)?;
            let (from, to) = (offset as usize, offset as usize + data.len());
            if bytes.len() < to {
                bytes.resize(to, 0);
            }
            bytes[from..to].copy_from_slice(data);
            self.recorder.note(Event::Write { file: ino.0, at: offset, bytes: data.to_vec() });
            Ok(data.len() as u32)
        });
        match written {
            Ok(count) => reply.written(count),
            Err(error) => reply.error(error),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // A file is closed, which makes nothing safe.
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.empty(reply, |_| Ok(Event::Sync { file: ino.0 }));
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.empty(reply, |_| Ok(Event::SyncFolder { folder: ino.0 }));
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listed = self.with(|state| {
            let names = state.names(ino)?.clone();
            let kind = |node: &Node| match state.nodes[node].what {
                What::File(_) => FileType::RegularFile,
                What::Folder(_) => FileType::Directory,
            };
            for (at, (name, node)) in (1..).zip(&names).skip(offset as usize) {
                if reply.add(INodeNo(*node), at, kind(node), name) {
                    break;
                }
            }
            Ok(())
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(error),
        }
    }

    fn fallocate(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        // Only growing: holes and zeroed ranges would be another kind of change.
        if mode != 0 {
            return reply.error(Errno::EOPNOTSUPP);
        }
        let end = offset + length;
        let is_longer = self.with(|state| Ok(state.bytes(ino)?.len() as u64 >= end));
        match is_longer.and_then(|is| if is { Ok(()) } else { self.resize(ino, end) }) {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(error),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        reply.statfs(BLOCKS, BLOCKS, BLOCKS, 1 << 20, 1 << 20, 4_096, 255, 4_096);
    }
}
