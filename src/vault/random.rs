//! Randomness, given from outside: the system's, or a seed's for simulations.

use super::secret::KEY_BYTES;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// A source of randomness; clones share it.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<ChaCha20Rng>>),
}

impl Random {
    /// Takes the system's randomness.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Takes a stream that the seed determines. For simulations only: whoever knows the seed knows
    /// all keys.
    pub fn seeded(seed: u64) -> Self {
        let stream = ChaCha20Rng::seed_from_u64(seed);
        Self(Source::Seeded(Arc::new(Mutex::new(stream))))
    }

    /// Fills bytes.
    ///
    /// # Panics
    /// When the system has no randomness to give: nothing may go on without.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System => aws_lc_rs::rand::fill(bytes).expect("the system gives randomness"),
            Source::Seeded(stream) => stream.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes),
        }
    }

    pub(super) fn array<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    pub(super) fn key(&self) -> Zeroizing<[u8; KEY_BYTES]> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        self.fill(&mut *key);
        key
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
