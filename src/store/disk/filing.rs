//! Moving journals into the archive, and finishing such a move that was cut off.
//!
//! The file is durable before the first row goes, and the rows go by ordinary commits, each with the
//! row that says where the journals are now. A crash in between leaves both: the next move finds the
//! file, compares it with the rows, and takes them away.

use super::Shared;
use super::archive::{self, Writer};
use crate::clock;
use crate::store::archive::{ARCHIVE_LIMIT, Archived, Filed, filed, gather, is_left_over, plan};
use crate::store::{ApplicationId, Room, StoreError};
use std::sync::PoisonError;

impl Shared {
    /// Moves journals into the archive.
    pub(super) fn archive(&self, ids: &[ApplicationId]) -> Result<Archived, StoreError> {
        // One at a time; says whether the files and the rows agree, as far as we know.
        let mut is_settled = self.filing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.room.read() != Room::Ample {
            return Ok(Archived::default());
        }
        if !*is_settled {
            self.settle()?;
        }
        *is_settled = false;
        let archived = self.file_journals(ids)?;
        *is_settled = true;
        Ok(archived)
    }

    fn file_journals(&self, ids: &[ApplicationId]) -> Result<Archived, StoreError> {
        let mut archived = Archived::default();
        let newest = archive::list(&self.folder)?.first().map_or(0, |(number, _)| *number);
        let number = self.writer().tip.commit.max(newest + 1);
        let mut writer = None;
        for id in ids.iter().take(ARCHIVE_LIMIT) {
            let journal = match gather(self, *id) {
                Ok(Some(journal)) => journal,
                Ok(None) => continue,
                Err(error) => {
                    archived.damaged.push((*id, error));
                    continue;
                }
            };
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(Writer::begin(&self.folder, self.instance, number, clock::now())?),
            };
            writer.add(&journal)?;
        }
        if let Some(writer) = writer {
            let (moved, bytes) = writer.finish()?;
            self.take_away(&moved)?;
            archived.journals = moved.len() as u64;
            archived.entries = moved.iter().map(|(_, filed)| filed.entries).sum();
            archived.bytes = bytes;
        }
        Ok(archived)
    }

    /// Takes the rows away of journals that are durable in the archive.
    pub(super) fn take_away(&self, moved: &[(ApplicationId, Filed)]) -> Result<(), StoreError> {
        for writes in plan(moved) {
            // The lock is let go between two commits: others go first.
            let mut writer = self.writer();
            writer.running()?;
            let totals = writer.totals;
            self.put(&mut writer, writes, totals)?;
        }
        self.sync().map(drop)
    }

    /// Finishes the move that a crash has cut off: files of which rows are left, from the newest to
    /// the first of which none are.
    fn settle(&self) -> Result<(), StoreError> {
        for (number, path) in archive::list(&self.folder)? {
            let index = match archive::index(&path, self.instance, number) {
                Ok(index) => index,
                Err(error) => {
                    // Nobody can say whose journals it has; whoever asks for one of them is told.
                    tracing::warn!(%error, "an archive file cannot be read");
                    continue;
                }
            };
            let mut left_over = Vec::new();
            let mut is_whole = true;
            for (id, found) in index {
                if filed(self, id)? != Some(found) {
                    is_whole = false;
                    if is_left_over(self, id, &found)? {
                        left_over.push((id, found));
                    }
                }
            }
            if is_whole {
                return Ok(());
            }
            if left_over.is_empty() {
                continue;
            }
            match archive::verify(&path, self.instance, number) {
                Ok(_) => self.take_away(&left_over)?,
                // The rows are all there is of these journals: they stay.
                Err(error) => tracing::warn!(%error, "an archive file cannot be read"),
            }
        }
        Ok(())
    }
}
