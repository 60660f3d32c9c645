//! What a person has at a partner: found by the keyed digest of the mobile number.

use super::archive::ArchiveError;
use super::core::LoadError;
use super::dossier::Dossier;
use super::read::PAGE_LIMIT;
use super::{Engine, EngineError, aside};
use crate::machine::application::{Application, Source};
use crate::machine::evidence::EvidenceKind;
use crate::store::Store;
use crate::store::records::index;
use std::sync::Arc;

impl<S: Store> Engine<S> {
    /// Reads a person's applications of a product at a partner, the oldest first.
    pub(crate) async fn applications_of(
        &self,
        partner: &str,
        phone: &str,
        product: &str,
    ) -> Result<Vec<Arc<Application>>, EngineError> {
        let key = index::by_phone(self.archive().digest("phone", phone));
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let ids = self.store().indexed(&key, after, PAGE_LIMIT).map_err(LoadError::from)?;
            after = ids.last().copied();
            let is_last = ids.len() < PAGE_LIMIT;
            for id in ids {
                let Some(application) = self.application(id).await? else { continue };
                if application.source.partner == partner && application.plan.product == product {
                    found.push(application);
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    /// Reads the application of a source.
    pub(crate) async fn application_of(
        &self,
        source: &Source,
    ) -> Result<Option<Arc<Application>>, EngineError> {
        let found = self.store().indexed(&index::by_source(source), None, 1).map_err(LoadError::from)?;
        match found.first() {
            Some(id) => self.application(*id).await,
            None => Ok(None),
        }
    }

    /// Brings back the evidence of these kinds that an application holds.
    pub(crate) async fn evidence_of(
        &self,
        application: &Arc<Application>,
        kinds: &[EvidenceKind],
    ) -> Result<Dossier, ArchiveError> {
        let is_held = |kind: &&EvidenceKind| application.evidence.iter().any(|held| held.kind == **kind);
        let held: Vec<_> = kinds.iter().filter(is_held).copied().collect();
        let (archive, application) = (self.archive().clone(), Arc::clone(application));
        aside(move || archive.dossier(&application, &held)).await
    }
}
