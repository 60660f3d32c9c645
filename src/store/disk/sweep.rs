//! Deleting blobs that no document names.
//!
//! Such are left by whoever put one and then had nothing to commit. A blob goes only under the
//! writer's lock, where no commit is under way, and only if it was put long ago, was named by no
//! document of all that are there, and by none that came while these were read.

use super::Shared;
use crate::machine::time::Time;
use crate::store::read;
use crate::store::{BlobId, StoreError, Swept};
use std::collections::BTreeSet;
use std::sync::PoisonError;

/// Blobs that are looked for at once among all documents: a few megabytes of memory.
const BLOBS_AT_ONCE: usize = 50_000;

impl Shared {
    /// Deletes the blobs that were put before a moment and that no document names.
    pub(super) fn sweep_blobs(&self, before: Time) -> Result<Swept, StoreError> {
        let _one = self.sweeping.lock().unwrap_or_else(PoisonError::into_inner);
        let mut swept = Swept::default();
        let mut old = BTreeSet::new();
        for number in 0..=u8::MAX {
            old.extend(self.blobs.put_before(number, before)?);
            if old.len() >= BLOBS_AT_ONCE || number == u8::MAX {
                self.sweep(std::mem::take(&mut old), before, &mut swept)?;
            }
        }
        Ok(swept)
    }

    fn sweep(&self, mut old: BTreeSet<BlobId>, before: Time, swept: &mut Swept) -> Result<(), StoreError> {
        if old.is_empty() {
            return Ok(());
        }
        self.writer().named = Some(BTreeSet::new());
        let looked = read::blobs_named(self, |blob| {
            old.remove(&blob);
        });
        let deleted = looked.and_then(|()| self.delete(&old, before, swept));
        self.writer().named = None;
        deleted
    }

    fn delete(&self, unnamed: &BTreeSet<BlobId>, before: Time, swept: &mut Swept) -> Result<(), StoreError> {
        for blob in unnamed {
            // Let go after each: commits go first.
            let writer = self.writer();
            writer.running()?;
            let is_named = writer.named.as_ref().is_none_or(|named| named.contains(blob));
            if !is_named && let Some(bytes) = self.blobs.delete_if_put_before(*blob, before)? {
                swept.blobs += 1;
                swept.bytes += bytes;
            }
        }
        Ok(())
    }
}
