//! What becomes of what was not synced: seeded, of a named kind.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A kind of loss, of names and of bytes alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Nothing that was not synced is there.
    Lost,
    /// All is there, as after a kill.
    Kept,
    /// Up to a moment all is there, the write of that moment torn, then nothing: a disk that keeps order.
    Prefix,
    /// Each by itself is lost, kept or torn.
    Any,
    /// All is there but one: what came after it went ahead of it.
    Overtaken,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Lost, Self::Kept, Self::Prefix, Self::Any, Self::Overtaken];
}

/// What becomes of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lot {
    Lost,
    Kept,
    Torn,
}

/// The fate of what is loose at one moment.
pub(crate) struct Fate {
    pub(crate) names: Kind,
    pub(crate) bytes: Kind,
    chance: ChaCha8Rng,
    /// The change at which a prefix ends, or that was overtaken: of names, of bytes.
    cut: (u64, u64),
}

impl Fate {
    pub(crate) fn new(names: Kind, bytes: Kind, seed: u64) -> Self {
        Self { names, bytes, chance: ChaCha8Rng::seed_from_u64(seed), cut: (0, 0) }
    }

    /// Draws the cuts among the changes that are loose, in order.
    pub(super) fn begin(&mut self, orders: &[u64]) {
        self.cut = (self.draw_cut(orders), self.draw_cut(orders));
        if self.names == Kind::Prefix && self.bytes == Kind::Prefix {
            // One moment for all.
            self.cut.1 = self.cut.0;
        }
    }

    /// Each file is overtaken in a place of its own.
    pub(super) fn next_file(&mut self, orders: &[u64]) {
        if self.bytes == Kind::Overtaken {
            self.cut.1 = self.draw_cut(orders);
        }
    }

    pub(super) fn keeps_names(&mut self, order: u64) -> bool {
        match self.names {
            Kind::Lost => false,
            Kind::Kept => true,
            Kind::Prefix => order < self.cut.0,
            Kind::Any => self.flips(),
            Kind::Overtaken => order != self.cut.0,
        }
    }

    pub(super) fn lot(&mut self, order: u64) -> Lot {
        match self.bytes {
            Kind::Lost => Lot::Lost,
            Kind::Kept => Lot::Kept,
            Kind::Prefix if order < self.cut.1 => Lot::Kept,
            Kind::Prefix if order == self.cut.1 => Lot::Torn,
            Kind::Prefix => Lot::Lost,
            Kind::Any => [Lot::Lost, Lot::Kept, Lot::Torn][(self.chance.next_u32() % 3) as usize],
            Kind::Overtaken if order == self.cut.1 => Lot::Lost,
            Kind::Overtaken => Lot::Kept,
        }
    }

    pub(super) fn keeps_sector(&mut self) -> bool {
        self.flips()
    }

    /// Says whether a write that was lost has made its file longer.
    pub(super) fn keeps_size(&mut self) -> bool {
        self.bytes != Kind::Lost && self.flips()
    }

    fn flips(&mut self) -> bool {
        self.chance.next_u32() & 1 == 1
    }

    /// One of the changes, or the end.
    fn draw_cut(&mut self, orders: &[u64]) -> u64 {
        let at = self.chance.next_u64() % (orders.len() as u64 + 1);
        orders.get(at as usize).copied().unwrap_or(u64::MAX)
    }
}
