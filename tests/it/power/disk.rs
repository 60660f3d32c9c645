//! What a disk may show after a loss of power: the model.
//!
//! Fed with a record event by event, it knows what is *safe* (synced) and what is *loose*. An image is
//! what is safe with some of what is loose, as a [`Fate`] says. The model is the harshest that POSIX
//! and the usual file systems allow, and harsher than ext4 and xfs are in their usual modes:
//!
//! - A name (made, moved, removed) is safe once its folder is synced, not before: a synced file whose
//!   folder was not may be without a name. (ext4 and xfs sync the name of a new file with the file.)
//!   Each such change is there or not, whole; a move across folders is safe with either of the two.
//! - Bytes are safe once their file is synced. A write that is loose may be lost, kept or torn: each
//!   sector of [`SECTOR`] bytes by itself shows what the file held at one moment since the last sync. So
//!   a later write may be there without an earlier one, but no sector mixes two moments.
//! - A size belongs to the writes that change it; a lost write may leave zeroes as long as it was.
//! - What is safe stays as it is: no sector is harmed by a write to its neighbour.

use super::fate::{Fate, Lot};
use super::record::{Event, Node, ROOT};
use crate::tree::Tree;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What a disk writes whole.
pub(crate) const SECTOR: usize = 512;

/// A disk at a moment of the record.
#[derive(Default)]
pub(crate) struct Disk {
    files: BTreeMap<Node, Content>,
    /// The names that are safe, by folder.
    folders: BTreeMap<Node, BTreeMap<OsString, Node>>,
    /// The names as the program sees them.
    seen: BTreeMap<(Node, OsString), Node>,
    loose: Vec<Names>,
    /// Loose changes so far, to put them in order.
    count: u64,
}

#[derive(Default)]
struct Content {
    safe: Vec<u8>,
    loose: Vec<Change>,
}

/// A loose change of a file.
struct Change {
    order: u64,
    what: What,
}

enum What {
    Write { at: usize, bytes: Vec<u8> },
    Size(usize),
}

/// A loose change of names, all or nothing.
struct Names {
    order: u64,
    set: Vec<(Node, OsString, Option<Node>)>,
}

impl Disk {
    /// A disk with an empty folder.
    pub(crate) fn new() -> Self {
        Self { folders: BTreeMap::from([(ROOT, BTreeMap::new())]), ..Self::default() }
    }

    /// Goes on by one event.
    pub(crate) fn take(&mut self, event: &Event) {
        match event {
            Event::Make { folder, name, node, is_folder } => {
                if *is_folder {
                    self.folders.insert(*node, BTreeMap::new());
                } else {
                    self.files.insert(*node, Content::default());
                }
                self.name(vec![(*folder, name.clone(), Some(*node))]);
            }
            Event::Move { from, to } => {
                let node = self.seen[from];
                let gone = (from.0, from.1.clone(), None);
                self.name(vec![gone, (to.0, to.1.clone(), Some(node))]);
            }
            Event::Remove { folder, name } => self.name(vec![(*folder, name.clone(), None)]),
            Event::Write { file, at, bytes } => {
                self.change(*file, What::Write { at: *at as usize, bytes: bytes.clone() });
            }
            Event::Size { file, size } => self.change(*file, What::Size(*size as usize)),
            Event::Sync { file } => {
                let content = self.files.get_mut(file).expect("only files that were made are synced");
                for change in std::mem::take(&mut content.loose) {
                    change.what.apply(&mut content.safe);
                }
            }
            Event::SyncFolder { folder } => {
                let (safe, loose) = std::mem::take(&mut self.loose)
                    .into_iter()
                    .partition(|names: &Names| names.set.iter().any(|(of, _, _)| of == folder));
                self.loose = loose;
                for names in safe {
                    names.apply(&mut self.folders);
                }
            }
            Event::Told(_) => {}
        }
    }

    fn name(&mut self, set: Vec<(Node, OsString, Option<Node>)>) {
        for (folder, name, node) in &set {
            let key = (*folder, name.clone());
            match node {
                Some(node) => drop(self.seen.insert(key, *node)),
                None => drop(self.seen.remove(&key)),
            }
        }
        self.count += 1;
        self.loose.push(Names { order: self.count, set });
    }

    fn change(&mut self, file: Node, what: What) {
        self.count += 1;
        let content = self.files.get_mut(&file).expect("only files that were made are written");
        content.loose.push(Change { order: self.count, what });
    }

    /// How many changes are loose.
    pub(crate) fn loose(&self) -> usize {
        self.loose.len() + self.files.values().map(|content| content.loose.len()).sum::<usize>()
    }

    /// The folder as it may look after the loss.
    pub(crate) fn image(&self, fate: &mut Fate) -> Tree {
        let mut orders: Vec<_> = self.loose.iter().map(|names| names.order).collect();
        orders.extend(self.files.values().flat_map(|content| content.loose.iter().map(|it| it.order)));
        orders.sort_unstable();
        fate.begin(&orders);
        let mut folders = self.folders.clone();
        for names in &self.loose {
            if fate.keeps_names(names.order) {
                names.apply(&mut folders);
            }
        }
        let mut tree = Tree::default();
        self.fill(&mut tree, &folders, ROOT, Path::new(""), fate);
        tree
    }

    fn fill(
        &self,
        tree: &mut Tree,
        folders: &BTreeMap<Node, BTreeMap<OsString, Node>>,
        folder: Node,
        path: &Path,
        fate: &mut Fate,
    ) {
        for (name, node) in &folders[&folder] {
            let path: PathBuf = path.join(name);
            match self.files.get(node) {
                Some(content) => drop(tree.0.insert(path, Some(content.image(fate)))),
                None => {
                    tree.0.insert(path.clone(), None);
                    self.fill(tree, folders, *node, &path, fate);
                }
            }
        }
    }
}

impl Content {
    fn image(&self, fate: &mut Fate) -> Vec<u8> {
        let mut image = self.safe.clone();
        if self.loose.is_empty() {
            return image;
        }
        fate.next_file(&self.loose.iter().map(|change| change.order).collect::<Vec<_>>());
        // The file as the program saw it, change by change.
        let mut seen = self.safe.clone();
        for Change { order, what } in &self.loose {
            what.apply(&mut seen);
            let lot = fate.lot(*order);
            match what {
                What::Size(size) => {
                    if lot == Lot::Kept {
                        image.resize(*size, 0);
                    }
                }
                What::Write { at, bytes } => {
                    let end = at + bytes.len();
                    for sector in at / SECTOR..end.div_ceil(SECTOR) {
                        let keeps = match lot {
                            Lot::Kept => true,
                            Lot::Lost => false,
                            Lot::Torn => fate.keeps_sector(),
                        };
                        if keeps {
                            let to = ((sector + 1) * SECTOR).min(seen.len());
                            let from = sector * SECTOR;
                            if image.len() < to {
                                image.resize(to, 0);
                            }
                            image[from..to].copy_from_slice(&seen[from..to]);
                        }
                    }
                    if image.len() < end && lot != Lot::Kept && fate.keeps_size() {
                        image.resize(end, 0);
                    }
                }
            }
        }
        image
    }
}

impl What {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Size(size) => to.resize(*size, 0),
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*at..end].copy_from_slice(bytes);
            }
        }
    }
}

impl Names {
    fn apply(&self, folders: &mut BTreeMap<Node, BTreeMap<OsString, Node>>) {
        for (folder, name, node) in &self.set {
            let names = folders.get_mut(folder).expect("only folders that were made hold names");
            match node {
                Some(node) => drop(names.insert(name.clone(), *node)),
                None => drop(names.remove(name)),
            }
        }
    }
}
