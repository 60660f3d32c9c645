//! Data keys: one per application, in `data.slots`.
//!
//! Owns which slot is whose. A slot is never given to a second application: after an erasure it
//! says so for ever.

use super::crypt::Master;
use super::secret::DataKey;
use super::slots::{Slot, Slots, Use};
use super::{Random, VaultError};
use crate::machine::id::ApplicationId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys that are remembered: those of the applications that are busy just now.
pub const KEYS_CACHED: usize = 1_024;

pub(super) struct DataKeys {
    slots: Slots,
    state: Mutex<State>,
}

struct State {
    /// The first slot that was never used.
    next: u32,
    cache: BTreeMap<u32, (ApplicationId, Arc<DataKey>)>,
    /// The order in which the cache forgets.
    order: VecDeque<u32>,
}

impl DataKeys {
    pub(super) fn open(slots: Slots) -> Result<Self, VaultError> {
        let next = slots.end()?;
        let state = State { next, cache: BTreeMap::new(), order: VecDeque::new() };
        Ok(Self { slots, state: Mutex::new(state) })
    }

    pub(super) const fn slots(&self) -> &Slots {
        &self.slots
    }

    pub(super) fn create(
        &self,
        application: ApplicationId,
        master: &Master,
        random: &Random,
    ) -> Result<u32, VaultError> {
        let mut state = self.state();
        let slot = state.next;
        if slot == u32::MAX {
            return Err(VaultError::Full { file: self.slots.file, limit: slot });
        }
        let key = random.key();
        let content = Slot::wrap((Use::DataKey, slot, 0, application), &key, &master.wrap, random);
        self.slots.write(slot, &content)?;
        state.next += 1;
        state.remember(slot, application, Arc::new(DataKey(key)));
        Ok(slot)
    }

    pub(super) fn key(
        &self,
        slot: u32,
        application: ApplicationId,
        master: &Master,
    ) -> Result<Arc<DataKey>, VaultError> {
        // Held while the slot is read, so that no erasure falls between that and remembering.
        let mut state = self.state();
        if let Some((owner, key)) = state.cache.get(&slot)
            && *owner == application
        {
            return Ok(Arc::clone(key));
        }
        let file = self.slots.file;
        let content = self.slots.read(slot)?.ok_or(VaultError::NoKey { file, slot, application })?;
        if content.application != application {
            return Err(VaultError::OtherOwner { file, slot, application });
        }
        match content.purpose {
            Use::DataKey => {}
            Use::Erased => return Err(VaultError::Erased { application }),
            Use::AnswerKey => return Err(VaultError::DamagedSlot { file, slot }),
        }
        let key = content.unwrap(slot, &master.wrap).ok_or(VaultError::DamagedSlot { file, slot })?;
        let key = Arc::new(DataKey(key));
        state.remember(slot, application, Arc::clone(&key));
        Ok(key)
    }

    pub(super) fn erase(&self, slot: u32, application: ApplicationId) -> Result<(), VaultError> {
        let mut state = self.state();
        let file = self.slots.file;
        match self.slots.read(slot) {
            Ok(Some(content)) if content.application != application => {
                return Err(VaultError::OtherOwner { file, slot, application });
            }
            Ok(None) => {
                return Err(VaultError::NoKey { file, slot, application });
            }
            // What is damaged may still hold the key.
            Ok(Some(_)) | Err(VaultError::DamagedSlot { .. }) => {}
            Err(error) => return Err(error),
        }
        state.cache.remove(&slot);
        state.order.retain(|s| *s != slot);
        self.slots.write(slot, &Slot::erased(application))?;
        self.slots.sync()
    }

    /// Copies the file as it is, between two writes.
    pub(super) fn copy(&self) -> Result<Vec<u8>, VaultError> {
        let _between = self.state();
        self.slots.bytes()
    }

    #[cfg(test)]
    pub(super) fn cached(&self) -> usize {
        self.state().cache.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remember(&mut self, slot: u32, application: ApplicationId, key: Arc<DataKey>) {
        if self.cache.insert(slot, (application, key)).is_none() {
            self.order.push_back(slot);
        }
        if self.order.len() > KEYS_CACHED
            && let Some(oldest) = self.order.pop_front()
        {
            self.cache.remove(&oldest);
        }
    }
}
