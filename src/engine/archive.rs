//! The sealed documents of applications: put away and brought back, in the clear only in memory.

use super::dossier::Dossier;
use crate::machine::application::Application;
use crate::machine::challenge::SealedAnswer;
use crate::machine::evidence::{Document, DocumentKind, EvidenceKind};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::{self, INLINE_LIMIT, Store, StoreError};
use crate::vault::{AnswerPlace, AnswerSealed, Label, Random, Secret, Vault, VaultError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an applicant's answer is sealed for besides the application: it opens for nothing else.
const ANSWER_LABEL: &[u8] = b"telecom";

/// The sealed documents of applications; clones share them.
pub struct Archive<S> {
    store: Arc<S>,
    vault: Vault,
    random: Random,
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
    /// A document that the application names is not in the store.
    #[error("document {number} of application {application} is not in the store")]
    Lost {
        /// Whose.
        application: ApplicationId,
        /// Which.
        number: u32,
    },
    /// A document is not what its kind says.
    #[error("document {number} of application {application} is no dossier")]
    NoDossier {
        /// Whose.
        application: ApplicationId,
        /// Which.
        number: u32,
    },
    /// The store failed.
    #[error("read or write the store")]
    Store(#[from] StoreError),
    /// The vault failed.
    #[error("seal or unseal")]
    Vault(#[from] VaultError),
}

impl<S> Clone for Archive<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), vault: self.vault.clone(), random: self.random.clone() }
    }
}

impl<S: Store> Archive<S> {
    /// Opens the archive over a store and a vault; document numbers are drawn from `random`.
    pub const fn new(store: Arc<S>, vault: Vault, random: Random) -> Self {
        Self { store, vault, random }
    }

    /// Brings back typed evidence of these kinds; a kind that is not there is an error.
    pub fn dossier(
        &self,
        application: &Application,
        kinds: &[EvidenceKind],
    ) -> Result<Dossier, ArchiveError> {
        let mut wanted: BTreeMap<u32, Vec<EvidenceKind>> = BTreeMap::new();
        for kind in kinds {
            let held = application.evidence.iter().find(|held| held.kind == *kind);
            let held = held.ok_or(ArchiveError::Missing { kind: *kind })?;
            wanted.entry(held.document).or_default().push(*kind);
        }
        let mut dossier = Dossier::default();
        for (number, kinds) in wanted {
            let plain = self.document(application, number)?;
            let mut part: Dossier = serde_json::from_slice(plain.expose())
                .map_err(|_unspoken| ArchiveError::NoDossier { application: application.id, number })?;
            for kind in kinds {
                dossier.take(kind, &mut part);
            }
        }
        Ok(dossier)
    }

    /// Brings back one document's plain bytes.
    pub fn document(&self, application: &Application, number: u32) -> Result<Secret, ArchiveError> {
        let lost = || ArchiveError::Lost { application: application.id, number };
        let document = application.documents.iter().find(|held| held.number == number).ok_or_else(lost)?;
        let sealed = self.store.document(application.id, number)?.ok_or_else(lost)?;
        let label = Label { application: application.id, kind: document.kind.number(), number };
        Ok(self.vault.unseal(application.key, label, &sealed)?)
    }

    /// Seals bytes under an application's key and puts large ones away as a durable blob.
    pub fn seal(
        &self,
        application: ApplicationId,
        key: u32,
        kind: DocumentKind,
        now: Time,
        plain: &[u8],
    ) -> Result<(Document, store::Document), ArchiveError> {
        let mut number = [0; 4];
        self.random.fill(&mut number);
        let number = u32::from_be_bytes(number);
        let sealed = self.vault.seal(key, Label { application, kind: kind.number(), number }, plain)?;
        let body = if sealed.len() > INLINE_LIMIT {
            store::Document::Blob(self.store.put_blob(&sealed)?)
        } else {
            store::Document::Inline(sealed)
        };
        let fingerprint = self.fingerprint(plain);
        Ok((Document { number, kind, at: now, fingerprint }, body))
    }

    /// Digests a document's plain bytes: the same content again is recognised by it.
    pub fn fingerprint(&self, plain: &[u8]) -> [u8; 16] {
        self.vault.fingerprint("document", plain)
    }

    /// Seals an applicant's answer.
    pub fn seal_answer(
        &self,
        application: ApplicationId,
        answer: &Secret,
    ) -> Result<SealedAnswer, ArchiveError> {
        let AnswerSealed { place, sealed } = self.vault.seal_answer(application, ANSWER_LABEL, answer)?;
        Ok(SealedAnswer { slot: place.slot, generation: place.generation, bytes: sealed })
    }

    /// Opens an applicant's answer; none if its key was destroyed.
    pub fn answer(
        &self,
        application: &Application,
        answer: &SealedAnswer,
    ) -> Result<Option<Secret>, ArchiveError> {
        let sealed = AnswerSealed { place: place(answer), sealed: answer.bytes.clone() };
        Ok(self.vault.open_answer(application.id, ANSWER_LABEL, &sealed)?)
    }

    /// Destroys an answer that was sealed and never handed in.
    pub fn destroy_answer(&self, answer: &SealedAnswer) -> Result<(), ArchiveError> {
        Ok(self.vault.destroy_answer(place(answer))?)
    }

    /// Makes a data key for a new application.
    pub fn create_key(&self, application: ApplicationId) -> Result<u32, ArchiveError> {
        Ok(self.vault.create_key(application)?)
    }

    /// Digests what must be found again and not be read: mobile and identity numbers, requests.
    pub fn digest(&self, purpose: &str, content: impl AsRef<[u8]>) -> [u8; 16] {
        self.vault.fingerprint(purpose, content.as_ref())
    }
}

/// Where the key of an answer lies.
pub(super) const fn place(answer: &SealedAnswer) -> AnswerPlace {
    AnswerPlace { slot: answer.slot, generation: answer.generation }
}
