//! The sealed documents of applications: put away and brought back, in the clear only in memory.

use super::dossier::Dossier;
use crate::machine::application::Application;
use crate::machine::challenge::SealedAnswer;
use crate::machine::evidence::{Document, DocumentKind, EvidenceKind};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::{self, Store};
use crate::vault::Secret;
use std::sync::Arc;

/// The sealed documents of applications.
pub struct Archive<S> {
    store: Arc<S>,
}

/// A document could not be put away or brought back.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Evidence of this kind is not there.
    #[error("{} is missing", .kind.name())]
    Missing {
        /// The kind.
        kind: EvidenceKind,
    },
}

impl<S: Store> Archive<S> {
    /// Brings back typed evidence of these kinds; a kind that is not there is an error.
    pub fn dossier(&self, application: &Application, kinds: &[EvidenceKind]) -> Result<Dossier, ArchiveError> {
        let _ = (&self.store, application, kinds);
        unimplemented!()
    }

    /// Brings back one document's plain bytes.
    pub fn document(&self, application: &Application, number: u32) -> Result<Vec<u8>, ArchiveError> {
        let _ = (application, number);
        unimplemented!()
    }

    /// Opens an applicant's answer; none if its key was destroyed.
    pub fn answer(&self, application: &Application, answer: &SealedAnswer) -> Result<Option<Secret>, ArchiveError> {
        let _ = (application, answer);
        unimplemented!()
    }

    /// Seals bytes under the application's key and puts large ones away as a durable blob.
    pub fn seal(
        &self,
        application: ApplicationId,
        key: u32,
        kind: DocumentKind,
        now: Time,
        plain: &[u8],
    ) -> Result<(Document, store::Document), ArchiveError> {
        let _ = (application, key, kind, now, plain);
        unimplemented!()
    }
}
