//! The record: what a program did to files and folders, in order, and what it answered meanwhile.

use crate::witness::Told;
use std::ffi::OsString;

/// The number of a file or a folder, which it keeps under every name.
pub(crate) type Node = u64;

/// The folder at the top.
pub(crate) const ROOT: Node = 1;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A name was given to a new file or folder.
    Make {
        folder: Node,
        name: OsString,
        node: Node,
        is_folder: bool,
    },
    Move {
        from: (Node, OsString),
        to: (Node, OsString),
    },
    Remove {
        folder: Node,
        name: OsString,
    },
    Write {
        file: Node,
        at: u64,
        bytes: Vec<u8>,
    },
    /// A file was cut, or grown by zeroes.
    Size {
        file: Node,
        size: u64,
    },
    /// All that was written to a file must be on disk: fsync and fdatasync alike. `sync_file_range`
    /// orders nothing and waits for no disk: it is not here.
    Sync {
        file: Node,
    },
    /// The names in a folder must be on disk.
    SyncFolder {
        folder: Node,
    },
    /// The program began a deed, or had it answered.
    Told(Told),
}

impl Event {
    /// The bytes that it wrote.
    pub(crate) fn bytes(&self) -> usize {
        if let Self::Write { bytes, .. } = self { bytes.len() } else { 0 }
    }
}
