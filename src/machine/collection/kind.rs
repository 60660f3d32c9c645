//! The kinds of collections.

/// A kind of collection: a system of the provider that collects data, and a machine that drives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CollectionKind {
    /// The mobile operator's data (spec 002 §3).
    Telecom,
    /// The record of degrees (spec 002 §4).
    Degree,
    /// Online banking, first version (spec 002 §5).
    Ebank,
    /// Online banking, second version (spec 002 §6).
    EbankV2,
}

impl CollectionKind {
    /// Every kind, in the order in which they are started.
    pub const ALL: [Self; 4] = [Self::Telecom, Self::Degree, Self::Ebank, Self::EbankV2];

    /// Gives the permanent number: that of its machine.
    pub const fn number(self) -> u16 {
        match self {
            Self::Telecom => 2,
            Self::Degree => 3,
            Self::Ebank => 4,
            Self::EbankV2 => 5,
        }
    }

    /// Finds a kind by its number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Gives the name used in messages and settings: that of its machine.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Telecom => "telecom",
            Self::Degree => "degree",
            Self::Ebank => "ebank",
            Self::EbankV2 => "ebank_v2",
        }
    }

    /// Finds a kind by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl CollectionKind {
    /// Says whether the provider prints how long a session may take: ten minutes (spec 002 §3, §4). For
    /// e-banking it prints none (spec 002 §5, §6); ours is in the settings.
    pub const fn has_printed_limit(self) -> bool {
        match self {
            Self::Telecom | Self::Degree => true,
            Self::Ebank | Self::EbankV2 => false,
        }
    }

    /// Says whether the provider tells how long to wait before the next look at a session (`request_delay`,
    /// only in the first version of e-banking, spec 002 §5.1.4).
    pub(crate) const fn tells_delay(self) -> bool {
        match self {
            Self::Ebank => true,
            Self::Telecom | Self::Degree | Self::EbankV2 => false,
        }
    }
}
