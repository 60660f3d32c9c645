//! Calls that do not fit where a session stands.
//!
//! Owns what is known of such a call, and the words for it. It must never judge it.

use super::reply::Setback;
use crate::provider::wire::{degree, ebank, telecom};

/// A state of one of the dictionaries (spec 002 §8).
pub(super) trait Dictionary: Copy {
    /// Its number.
    fn number(self) -> i64;
    /// Its printed text.
    fn text(self) -> &'static str;
}

macro_rules! dictionary {
    ($state:ty) => {
        impl Dictionary for $state {
            fn number(self) -> i64 {
                self.code()
            }

            fn text(self) -> &'static str {
                self.message()
            }
        }
    };
}

dictionary!(telecom::State);
dictionary!(degree::State);
dictionary!(ebank::State);

/// An answer that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// The same text had been taken before.
    pub(super) is_repeat: bool,
    /// The script wants the reply lost.
    pub(super) is_cut: bool,
}

/// Why an answer was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// Nobody asked for it.
    Misfit(Misfit),
    /// The script wants 1001.
    Refused,
    /// The script wants 1000.
    SystemError,
}

/// Why there is no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoData {
    /// Later (1003).
    NotYet,
    /// The script wants 1000.
    SystemError,
    /// Never, or not asked at the right time.
    Misfit(Misfit),
}

/// A call that does not fit the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The number of the state in which the session stands.
    pub(super) state: i64,
    text: &'static str,
    /// The client had been told that the session is over.
    pub(super) is_end_told: bool,
    /// The session ended while it was asking, and the client had not been told.
    pub(super) is_excused: bool,
}

impl Misfit {
    pub(super) fn new(state: impl Dictionary, is_end_told: bool, is_excused: bool) -> Self {
        Self { state: state.number(), text: state.text(), is_end_told, is_excused }
    }

    /// What the client is told: the call changed nothing (spec 006 §2 row 19).
    pub(super) fn refusal(self, call: &str) -> Setback {
        let Self { state, text, .. } = self;
        Setback::field(call, format_args!("does not fit state {state} {text}"))
    }
}
