//! Calls to the provider as the core asks for them, and what may be done when an answer is lost.

mod kind;
mod reply;

pub use kind::Call;
pub use reply::{Cause, Reply, Told};

use super::collection::CollectionKind;
use super::time::Time;

/// A call that waits to be made or is under way; stored with the move that asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its id within the application.
    pub id: EffectId,
    /// What to call.
    pub call: Call,
    /// Not before this time.
    pub due: Time,
    /// After this time it is tried no more.
    pub until: Time,
}

/// The id of an effect within its application: the version that asked for it, and which part.
/// No other effect of the application ever has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId {
    /// The application's version after the move that asked.
    pub version: u64,
    /// Which part asked.
    pub slot: Slot,
}

/// The part of an application that asks: each has at most one call waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The application machine.
    Application,
    /// One of its collections.
    Collection(CollectionKind),
    /// The certification in the mobile app, which never calls.
    Certification,
}

impl Slot {
    /// The last one in order.
    pub const LAST: Self = Self::Certification;

    /// Gives the name: that of the machine.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Collection(kind) => kind.name(),
            Self::Certification => "certification",
        }
    }

    /// Gives the permanent number: that of the machine.
    pub const fn number(self) -> u16 {
        match self {
            Self::Application => 1,
            Self::Collection(kind) => kind.number(),
            Self::Certification => 6,
        }
    }

    /// Finds a slot by its number.
    pub fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Application),
            6 => Some(Self::Certification),
            _ => CollectionKind::from_number(number).map(Self::Collection),
        }
    }
}

/// A part of the provider that fails and recovers by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    /// The blacklist (spec 002 §2).
    Blacklist,
    /// The risk audit (spec 002 §7).
    Audit,
    /// A system that collects data (spec 002 §3 to §6).
    Collection(CollectionKind),
}

impl System {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Blacklist,
        Self::Audit,
        Self::Collection(CollectionKind::Telecom),
        Self::Collection(CollectionKind::Degree),
        Self::Collection(CollectionKind::Ebank),
        Self::Collection(CollectionKind::EbankV2),
    ];

    /// Gives the name used in settings, metrics and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blacklist => "blacklist",
            Self::Audit => "audit",
            Self::Collection(kind) => kind.name(),
        }
    }

    /// Finds a system by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.name() == name)
    }

    /// Gives the permanent number: that of the collection's machine, or one below the first of them.
    pub const fn number(self) -> u16 {
        match self {
            Self::Blacklist => 0,
            Self::Audit => 1,
            Self::Collection(kind) => kind.number(),
        }
    }
}

/// What may be done when the answer to a call was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallClass {
    /// Call again: asking changes nothing.
    Repeat,
    /// Call again under the same key: the provider recognises it.
    SameKey,
    /// Ask the session's state first: it tells whether the call was processed.
    PollFirst,
    /// Never again: open another session, abandon what may have been opened.
    NewSession,
}

impl CallClass {
    /// Gives the name used in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repeat => "repeat",
            Self::SameKey => "same key",
            Self::PollFirst => "poll first",
            Self::NewSession => "new session",
        }
    }
}
