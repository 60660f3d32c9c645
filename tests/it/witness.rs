//! The witness of what a store was told: seeded work on a real store and vault, a model of what must
//! be there after each deed, and the comparison of the two.
//!
//! Owns what power loss and damage have in common. What a store must hold is a list of *facts*, each a
//! name and a value, so that a difference reads as a sentence (`journal of 019a…: 7 entries, not 9`).
//! It reads by the public contract only, knows no file, and must never take an error for a loss: what a
//! store refuses to read is told, what it reads otherwise than it was written is silent.

pub(crate) mod found;
pub(crate) mod judge;
pub(crate) mod truth;
pub(crate) mod work;

pub(crate) use found::{live_answers, read};
pub(crate) use truth::Truth;
pub(crate) use work::{Size, Told, perform};

// The store on disk, by the one name that the rigs use.
pub(crate) use docket::store::disk::{DiskStore, Options};

use docket::store::{BlobId, StoreError};
use docket::vault::{MasterKey, Random, Vault, VaultError};
use std::fs::File;
use std::path::Path;

/// The name of every folder here.
const INSTANCE: [u8; 16] = [0x1d; 16];
/// What the store's cache may hold: little, so that the disk is read.
const CACHE_BYTES: u64 = 8 << 20;

/// Segments, writings of the view and checkpoints are small, so that there are many of each.
const SEGMENT_BYTES: u64 = 256 << 10;
const FREEZE_BYTES: usize = 64 << 10;
const CHECKPOINT_BYTES: u64 = 512 << 10;

/// Why a folder was not opened.
#[derive(Debug)]
pub(crate) enum Refusal {
    Store(StoreError),
    Vault(VaultError),
}

/// Opens a store and its vault as `serve` does, the keys inside the folder.
pub(crate) fn open(folder: &Path, seed: u64) -> Result<(DiskStore, Vault), Refusal> {
    wait_for_sled(folder);
    let options = Options {
        cache_bytes: CACHE_BYTES,
        low_water: 0,
        has_ballast: false,
        segment_bytes: SEGMENT_BYTES,
        freeze_bytes: FREEZE_BYTES,
        checkpoint_bytes: CHECKPOINT_BYTES,
        ..Options::new(INSTANCE)
    };
    let store = DiskStore::open(folder, options).map_err(Refusal::Store)?;
    let vault = Vault::open(folder.join("keys"), master(), Random::seeded(seed)).map_err(Refusal::Vault)?;
    let keys = vault.clone();
    store.sync_after(Box::new(move || Ok(keys.sync()?)));
    Ok((store, vault))
}

/// sled lets go of its file a moment after it was dropped, on a thread of its own: a process that starts
/// anew never meets that.
fn wait_for_sled(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("sled")
            && let Ok(db) = File::open(entry.path().join("db"))
        {
            db.lock().unwrap();
        }
    }
}

pub(crate) fn master() -> MasterKey {
    MasterKey::from_text(&"5a".repeat(32)).unwrap()
}

impl Refusal {
    /// All that it says.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Store(error) => chain(error),
            Self::Vault(error) => chain(error),
        }
    }
}

/// An error with what caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// A short digest, to compare bytes by.
pub(crate) fn sum(bytes: &[u8]) -> String {
    hex::encode(&BlobId::of(bytes).0[..8])
}
