//! What is done to a folder: one damage, drawn from its number.
//!
//! Knows the places of a folder by the names at its top only, so that a file of a new kind is damaged
//! without being named here.

use crate::tree::Tree;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::path::{Path, PathBuf};

/// What a disk loses at once: a sector, and a block of the file system.
const SECTOR: usize = 512;
const BLOCK: usize = 4_096;
/// How often another place in a file is tried, to hit something that is not spare room.
const TRIES: usize = 16;
/// Holds nothing, so there is nothing to lose.
const LOCK: &str = "LOCK";

/// A file and what it holds.
type File<'a> = (&'a PathBuf, &'a Vec<u8>);

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Flip,
    Zero,
    Garbage,
    Cut,
    Empty,
    Missing,
    Swapped,
    Older,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Flip,
        Self::Zero,
        Self::Garbage,
        Self::Cut,
        Self::Empty,
        Self::Missing,
        Self::Swapped,
        Self::Older,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Flip => "a bit flipped",
            Self::Zero => "a block zeroed",
            Self::Garbage => "a sector of noise",
            Self::Cut => "the tail cut off",
            Self::Empty => "the file emptied",
            Self::Missing => "the file missing",
            Self::Swapped => "two files swapped",
            Self::Older => "the file of an earlier day",
        }
    }
}

/// One damage.
pub(super) struct Harm {
    pub(super) kind: Kind,
    pub(super) place: String,
    file: PathBuf,
    /// What the file holds afterwards; `None` if it is gone.
    after: Option<Vec<u8>>,
    /// The file that it was swapped with, and what that one holds.
    other: Option<(PathBuf, Vec<u8>)>,
    at: usize,
}

impl Harm {
    /// Draws the damage of a number: kinds and places in turn, the rest by chance.
    pub(super) fn draw(number: u64, tree: &Tree, earlier: &Tree) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(number);
        let mut files: Vec<_> =
            tree.0.iter().filter_map(|(path, bytes)| Some((path, bytes.as_ref()?))).collect();
        files.retain(|(path, _)| *path != Path::new(LOCK));
        let mut places: Vec<_> = files.iter().map(|(path, _)| place(path)).collect();
        places.sort();
        places.dedup();
        let mut turn = number as usize;
        loop {
            let kind = Kind::ALL[turn % Kind::ALL.len()];
            let place_drawn = &places[turn / Kind::ALL.len() % places.len()];
            let here: Vec<_> = files.iter().filter(|(path, _)| place(path) == *place_drawn).collect();
            let drawn = &mut chance;
            // A place of one file has nothing to swap, a new file no earlier day: then the next kind.
            let others: Vec<_> = files.iter().filter(|(path, _)| top(path) == top(here[0].0)).collect();
            if let Some(harm) = Self::make(kind, place_drawn, (&here, &others), earlier, drawn) {
                return harm;
            }
            turn += 1;
        }
    }

    fn make(
        kind: Kind,
        place: &str,
        (files, others): (&[&File<'_>], &[&File<'_>]),
        earlier: &Tree,
        chance: &mut ChaCha8Rng,
    ) -> Option<Self> {
        let mut draw = |bound: usize| (chance.next_u64() % bound.max(1) as u64) as usize;
        let (file, bytes) = files[draw(files.len())];
        let mut harm =
            Self { kind, place: place.to_owned(), file: (*file).clone(), after: None, other: None, at: 0 };
        let mut after = (*bytes).clone();
        let is_spare = |at: usize| bytes[at..(at + SECTOR).min(bytes.len())].iter().all(|byte| *byte == 0);
        harm.at = draw(bytes.len());
        for _ in 0..TRIES {
            if !bytes.is_empty() && is_spare(harm.at) {
                harm.at = draw(bytes.len());
            }
        }
        let at = harm.at;
        match kind {
            Kind::Flip => *after.get_mut(at)? ^= 1 << draw(8),
            Kind::Zero => {
                let from = at / BLOCK * BLOCK;
                let to = (from + BLOCK).min(after.len());
                after[from..to].fill(0);
            }
            Kind::Garbage => {
                let from = at / SECTOR * SECTOR;
                let to = (from + SECTOR).min(after.len());
                after[from..to].fill_with(|| draw(256) as u8);
            }
            Kind::Cut => after.truncate(at),
            Kind::Empty => after.clear(),
            Kind::Missing => return Some(harm),
            Kind::Swapped => {
                let (other, content) = others[draw(others.len())];
                after = (*content).clone();
                harm.other = Some(((*other).clone(), (*bytes).clone()));
            }
            // A backup of the keys is older by nature: what was erased since comes back with it, which no
            // file can tell.
            Kind::Older if file.starts_with("keys") => return None,
            Kind::Older => after = earlier.0.get(*file)?.clone()?,
        }
        harm.after = Some(after);
        (harm.after.as_ref() != Some(bytes)).then_some(harm)
    }

    /// Does it.
    pub(super) fn apply(&self, tree: &mut Tree) {
        match &self.after {
            Some(after) => drop(tree.0.insert(self.file.clone(), Some(after.clone()))),
            None => drop(tree.0.remove(&self.file)),
        }
        if let Some((other, content)) = &self.other {
            tree.0.insert(other.clone(), Some(content.clone()));
        }
    }

    pub(super) fn text(&self) -> String {
        let Self { kind, file, other, at, .. } = self;
        let other = other.as_ref().map(|(other, _)| format!(" with {}", other.display())).unwrap_or_default();
        format!("{}{other} at {at}: {}", file.display(), kind.name())
    }
}

/// The part of a folder that a file belongs to; keys by their file, for each is another thing.
fn place(file: &Path) -> String {
    if file.starts_with("keys") { file.display().to_string() } else { top(file) }
}

fn top(file: &Path) -> String {
    file.iter().next().expect("a file has a name").to_string_lossy().into_owned()
}
