//! Who and what is drawn for a world before it begins.

use crate::applicant::Applicant;
use docket::config::products;
use docket::sandbox::{Ending, Fault, Faults, Script, System};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

/// What a world is like: each seed has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Telecom at most, with the scripts that everybody meets.
    Plain,
    /// All products and all scripts.
    Whole,
    /// The same, with everything that a provider may answer.
    Hostile,
}

impl Kind {
    pub(super) const fn of(seed: u64) -> Self {
        match seed % 4 {
            0 => Self::Plain,
            1 => Self::Hostile,
            _ => Self::Whole,
        }
    }
}

/// Faults of every kind; those with answers of many megabytes are rare, for they cost time.
pub(super) fn faults(seed: u64) -> Faults {
    let mut faults = Faults::of_all_kinds(seed, 50_000);
    for heavy in [Fault::Huge, Fault::GzipBomb] {
        faults.per_million.insert(heavy, 100);
    }
    faults
}

pub(super) fn draw_applicant(number: u64, seed: u64, kind: Kind, chance: &mut ChaCha8Rng) -> Applicant {
    let mut draw = |below: usize| chance.next_u32() as usize % below;
    if kind == Kind::Plain {
        let script = Script::BASIC[draw(Script::BASIC.len())];
        let product = if draw(4) == 0 { products::PUSHED } else { products::COLLECTED };
        return Applicant::new(number, seed, script, product);
    }
    let mut script = Script::ALL[draw(Script::ALL.len())];
    // What never ends takes long: every third is enough.
    if script.ending() == Ending::Suspended && draw(3) > 0 {
        script = Script::ALL[draw(Script::ALL.len())];
    }
    let product = match script.system() {
        _ if draw(6) == 0 => products::EVERYTHING,
        System::Telecom => products::COLLECTED,
        System::Degree => "degree",
        System::Ebank => "ebank",
        System::EbankV2 => "ebank_v2",
        System::Account | System::Blacklist | System::Audit => products::PUSHED,
    };
    Applicant::new(number, seed, script, product)
}
