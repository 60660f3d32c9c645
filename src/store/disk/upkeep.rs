//! What an administrator has an open store do. The work itself is done in the modules named here, one
//! piece at a time; the keeper does what only it may do.

use super::keeper::Order;
use super::{DiskStore, Shared, backup, stats};
use crate::store::upkeep::{BackedUp, BackupOrder, Rebuilt, Stats, Tell, Upkeep};
use crate::store::{Store as _, StoreError};
use std::sync::{Arc, MutexGuard, TryLockError};

impl Upkeep for DiskStore {
    fn release(&self) -> Result<(), StoreError> {
        if !self.is_held() {
            return Err(StoreError::Declined { why: "the store is not held".to_owned() });
        }
        self.shared.bell.order(Order::Release)
    }

    fn backup(&self, order: &BackupOrder<'_>, tell: &Tell) -> Result<BackedUp, StoreError> {
        let _only = self.shared.begin_upkeep()?;
        backup::run(&self.shared, order, tell)
    }

    fn rebuild(&self, tell: &Tell) -> Result<Rebuilt, StoreError> {
        let _only = self.shared.begin_upkeep()?;
        self.shared.bell.order(|told| Order::Rebuild(Arc::clone(tell), told))
    }

    fn stats(&self, by_kind: bool) -> Result<Stats, StoreError> {
        stats::of(&self.shared, by_kind)
    }
}

impl Shared {
    /// Begins what nobody else does at the same time.
    fn begin_upkeep(&self) -> Result<MutexGuard<'_, ()>, StoreError> {
        match self.upkeep.try_lock() {
            Ok(only) => Ok(only),
            Err(TryLockError::Poisoned(only)) => Ok(only.into_inner()),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy),
        }
    }
}
