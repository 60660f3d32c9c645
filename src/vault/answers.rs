//! Answer keys: one per answer that waits to be submitted, in `answers.slots`.
//!
//! An answer lies in the store as ciphertext, and the store never really forgets; its key lies here
//! and is overwritten when the answer was submitted or dropped. Owns the free slots. A slot is used
//! again under another generation, a random number, so that a stale reference, or one from a
//! restored backup, never meets a key that is not its own. Keys are never kept in memory.

use super::crypt::{self, Master};
use super::slots::{Slot, Slots, Use};
use super::{ANSWER_LIMIT, Random, Secret, VaultError};
use crate::machine::id::ApplicationId;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// The form of the sealed bytes: version u8, nonce 12, ciphertext, tag 16.
pub(super) const VERSION: u8 = 1;

/// Answers that may wait at once.
const SLOT_LIMIT: u32 = 1 << 20;

/// Where the key of an answer lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnswerPlace {
    /// The slot.
    pub slot: u32,
    /// Which use of the slot.
    pub generation: u64,
}

/// An answer as it is stored: readable as long as its key is there.
#[derive(Clone, PartialEq, Eq)]
pub struct AnswerSealed {
    /// Where its key lies.
    pub place: AnswerPlace,
    /// The ciphertext.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for AnswerSealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerSealed").field("place", &self.place).finish_non_exhaustive()
    }
}

pub(super) struct Answers {
    slots: Slots,
    state: Mutex<State>,
}

struct State {
    free: BTreeSet<u32>,
    /// The first slot that was not used since the file was made.
    next: u32,
}

impl Answers {
    pub(super) fn open(slots: Slots) -> Result<Self, VaultError> {
        let next = slots.end()?;
        let mut free = BTreeSet::new();
        for slot in 0..next {
            match slots.read(slot) {
                Ok(Some(_)) | Err(VaultError::DamagedSlot { .. }) => {}
                Ok(None) => drop(free.insert(slot)),
                Err(error) => return Err(error),
            }
        }
        Ok(Self { slots, state: Mutex::new(State { free, next }) })
    }

    pub(super) const fn slots(&self) -> &Slots {
        &self.slots
    }

    pub(super) fn seal(
        &self,
        application: ApplicationId,
        challenge: &[u8],
        answer: &Secret,
        master: &Master,
        random: &Random,
    ) -> Result<AnswerSealed, VaultError> {
        if answer.expose().len() > ANSWER_LIMIT {
            return Err(VaultError::TooLarge { what: "an answer", limit: ANSWER_LIMIT });
        }
        let mut state = self.state();
        let slot = state.free.first().copied().unwrap_or(state.next);
        if slot >= SLOT_LIMIT {
            return Err(VaultError::Full { file: self.slots.file, limit: SLOT_LIMIT });
        }
        let place = AnswerPlace { slot, generation: u64::from_be_bytes(random.array()) };
        let key = random.key();
        let at = (Use::AnswerKey, slot, place.generation, application);
        self.slots.write(slot, &Slot::wrap(at, &key, &master.wrap, random))?;
        if !state.free.remove(&slot) {
            state.next += 1;
        }
        let sealed = crypt::seal(&key, &aad(application, challenge), answer.expose(), random);
        Ok(AnswerSealed { place, sealed: [&[VERSION], sealed.as_slice()].concat() })
    }

    pub(super) fn open_sealed(
        &self,
        application: ApplicationId,
        challenge: &[u8],
        answer: &AnswerSealed,
        master: &Master,
    ) -> Result<Option<Secret>, VaultError> {
        let AnswerPlace { slot, generation } = answer.place;
        let Some(content) = self.slots.read(slot)?.filter(|c| c.generation == generation) else {
            return Ok(None);
        };
        if content.application != application {
            return Err(VaultError::Refused);
        }
        let (version, sealed) = answer.sealed.split_first().ok_or(VaultError::Refused)?;
        if *version > VERSION {
            return Err(VaultError::NewerSeal { found: *version, known: VERSION });
        }
        let damaged = VaultError::DamagedSlot { file: self.slots.file, slot };
        let key: Zeroizing<_> = content.unwrap(slot, &master.wrap).ok_or(damaged)?;
        let mut plain = crypt::open(&key, &aad(application, challenge), sealed)?;
        Ok(Some(Secret::new(std::mem::take(&mut *plain))))
    }

    pub(super) fn destroy(&self, place: AnswerPlace) -> Result<(), VaultError> {
        let mut state = self.state();
        if self.slots.read(place.slot)?.is_some_and(|c| c.generation == place.generation) {
            self.slots.clear(place.slot)?;
            state.free.insert(place.slot);
        }
        Ok(())
    }

    pub(super) fn retain(&self, live: impl IntoIterator<Item = AnswerPlace>) -> Result<(), VaultError> {
        let live: BTreeSet<_> = live.into_iter().collect();
        let mentioned: BTreeSet<_> = live.iter().map(|place| place.slot).collect();
        let mut state = self.state();
        for slot in 0..state.next {
            let keep = match self.slots.read(slot) {
                Ok(None) => continue,
                Ok(Some(content)) => live.contains(&AnswerPlace { slot, generation: content.generation }),
                // Whoever owns it will be told when it opens it.
                Err(VaultError::DamagedSlot { .. }) => mentioned.contains(&slot),
                Err(error) => return Err(error),
            };
            if !keep {
                self.slots.clear(slot)?;
                state.free.insert(slot);
            }
        }
        self.slots.sync()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn aad(application: ApplicationId, challenge: &[u8]) -> Vec<u8> {
    [b"docket answer".as_slice(), &[VERSION], application.as_bytes(), challenge].concat()
}
