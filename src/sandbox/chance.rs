//! Seeded chance.
//!
//! Owns every draw the sandbox makes. A draw depends on the seed and on what it is for, never on
//! what others drew before, so that applicants who come in another order get the same run. It must
//! never touch the system's randomness.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use crate::provider::wire::seal::Randomness;

/// What a draw is for; the numbers keep the streams apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// A telecom session, keyed by mobile and ordinal.
    Session = 1,
    /// An audit, keyed by order.
    Audit = 2,
    /// A token, keyed by ordinal.
    Token = 3,
    /// The content of raw data, keyed by mobile.
    Data = 4,
    /// A degree session, keyed by mobile and ordinal.
    Degree = 5,
    /// A bank session of the first version, keyed by mobile and ordinal.
    Ebank = 6,
    /// A bank session of the second version, keyed by mobile and ordinal.
    EbankV2 = 7,
    /// The text of a picture, keyed by mobile and ordinal.
    Picture = 8,
    /// A fault, keyed by the number of the call.
    Fault = 9,
}

/// A stream of draws (splitmix64: eight bytes of state, so that every session affords its own).
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// Starts the stream of one thing.
    pub(super) fn new(seed: u64, purpose: Purpose, key: u64, nth: u64) -> Self {
        let mut chance = Self(seed);
        for part in [purpose as u64, key, nth] {
            chance.0 = chance.next() ^ part;
        }
        chance
    }

    /// Draws 64 bits.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Draws from `low` to `high`, both included.
    pub(super) const fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = high.saturating_sub(low).saturating_add(1);
        low + self.next() % span
    }

    /// Draws one of a list.
    pub(super) fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let index = self.next() % (list.len().max(1) as u64);
        list.get(index as usize).copied().unwrap_or_default()
    }

    /// Draws an id of 30 hex digits, as printed (spec 002 §3.1.1).
    pub(super) fn id(&mut self) -> String {
        let mut id = format!("{:016x}{:016x}", self.next(), self.next());
        id.truncate(30);
        id
    }
}

/// The stream a key pair is made from.
pub(super) fn key_stream(seed: u64) -> Randomness<ChaCha20Rng> {
    Randomness(ChaCha20Rng::seed_from_u64(seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_streams_differ() {
        let draw = |seed, purpose, key, nth| Chance::new(seed, purpose, key, nth).id();
        let first = draw(1, Purpose::Session, 2, 3);
        assert_eq!(first, draw(1, Purpose::Session, 2, 3));
        assert_eq!(first.len(), 30);
        assert_ne!(first, draw(2, Purpose::Session, 2, 3));
        assert_ne!(first, draw(1, Purpose::Audit, 2, 3));
        assert_ne!(first, draw(1, Purpose::Session, 3, 2));
    }

    #[test]
    fn a_draw_stays_within_its_bounds() {
        let mut chance = Chance::new(1, Purpose::Data, 0, 0);
        let drawn: Vec<u64> = (0..200).map(|_| chance.between(3, 5)).collect();
        assert!((3..=5).all(|value| drawn.contains(&value)));
        assert!(drawn.iter().all(|value| (3..=5).contains(value)));
        assert_eq!(chance.between(7, 7), 7);
    }
}
