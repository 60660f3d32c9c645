//! What an administrator does with the store while it is used.
//!
//! A restored copy is held: it takes in and tells what it is asked, but calls no provider and tells no
//! partner, until somebody says that it is the one that counts. Owns the word on that, which the
//! engine's thread and the callbacks hear. It must never let a copy go that nobody has released.

use super::runner::Message;
use super::{Engine, EngineError, aside};
use crate::clock;
use crate::machine::event::By;
use crate::store::upkeep::{BackedUp, BackupOrder, Rebuilt, Stats, Tell, Upkeep};
use crate::store::{Store, StoreError};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;

/// How often the log tells that the store is held.
const REMIND_EVERY: Duration = Duration::from_secs(5 * 60);

/// A backup that is wanted.
#[derive(Debug, Clone)]
pub struct Backup {
    /// The folder, on this machine.
    pub to: PathBuf,
    /// Whether the data keys are to be in it.
    pub with_keys: bool,
}

impl<S: Store> Engine<S> {
    /// Follows whether the store is held.
    pub(crate) fn held(&self) -> watch::Receiver<bool> {
        self.shared.held.subscribe()
    }

    /// Lets a restored copy call and tell others, from now on and for good.
    pub async fn release_store(&self, by: By) -> Result<(), EngineError> {
        let engine = self.clone();
        aside(move || engine.custody()?.release()).await?;
        tracing::warn!(actor = by.actor, reason = by.reason, "the store is released");
        self.shared.held.send_replace(false);
        // An engine that has stopped makes no calls anyway.
        let _stopped = self.shared.door.send(Message::Released).await;
        Ok(())
    }

    /// Makes a backup; it blocks until all of it was read back.
    pub fn back_up(&self, wanted: Backup, tell: &Tell) -> Result<BackedUp, EngineError> {
        let vault = self.vault();
        let check = || Ok(vault.master_check().into_bytes());
        let keys = || vault.copy_data_keys().map_err(Into::into);
        let Backup { to, with_keys } = wanted;
        let order =
            BackupOrder { to, master_check: &check, data_keys: if with_keys { Some(&keys) } else { None } };
        let folder = order.to.display().to_string();
        let backed = self.custody()?.backup(&order, tell);
        match &backed {
            Ok(BackedUp { commit, bytes, lacking_count, .. }) => {
                tracing::info!(folder, commit, bytes, lacking_count, "a backup was made");
            }
            Err(error) => tracing::warn!(folder, error = super::chain(error), "no backup was made"),
        }
        Ok(backed?)
    }

    /// Gives the view's lost room back; it blocks until that is done.
    pub fn rebuild_store(&self, tell: &Tell) -> Result<Rebuilt, EngineError> {
        let rebuilt = self.custody()?.rebuild(tell)?;
        let Rebuilt { rows, bytes_before, bytes_after } = rebuilt;
        tracing::info!(rows, bytes_before, bytes_after, "the view was rebuilt");
        Ok(rebuilt)
    }

    /// Counts what the store has.
    pub async fn store_stats(&self, by_kind: bool) -> Result<Stats, EngineError> {
        let engine = self.clone();
        Ok(aside(move || engine.custody()?.stats(by_kind)).await?)
    }

    fn custody(&self) -> Result<&dyn Upkeep, StoreError> {
        let none = || StoreError::Declined { why: "the store is in memory only".to_owned() };
        self.store().upkeep().ok_or_else(none)
    }
}

/// Tells in the log that the store is held, for as long as it is.
pub(super) async fn remind(mut held: watch::Receiver<bool>) {
    while *held.borrow_and_update() {
        tracing::warn!(
            "the store is a restored copy and held: no call is made to the provider and no partner is told \
             anything, until `docket store release`"
        );
        tokio::select! {
            () = clock::pause(REMIND_EVERY) => {}
            changed = held.changed() => if changed.is_err() { return },
        }
    }
}
