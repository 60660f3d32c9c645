//! The way in for evidence and answers: sealed before they reach the core.

use super::core::{Command, Declined, Done};
use super::dossier::Dossier;
use super::{Engine, EngineError};
use crate::clock;
use crate::machine::application::Source;
use crate::machine::challenge::ChallengeKind;
use crate::machine::event::{Event, EvidenceAdded};
use crate::machine::evidence::{DocumentKind, Evidence};
use crate::machine::id::ApplicationId;
use crate::machine::step::Birth;
use crate::store::Store;
use crate::store::records::index;
use crate::vault::Secret;

/// What somebody brings: parts of the evidence, and the document they were drawn from.
pub struct Brought {
    /// Who brings it, and what they call the application.
    pub source: Source,
    /// The product that a new application is for.
    pub product: String,
    /// The document as received; none when the parts are all there is.
    pub original: Option<(DocumentKind, bytes::Bytes)>,
    /// The evidence, in parts that are stored apart.
    pub parts: Vec<Dossier>,
    /// The applicant's mobile number, where it is told.
    pub phone: Option<String>,
    /// The applicant's identity number, where it is told.
    pub id_card: Option<String>,
    /// The operator's service password, where the applicant gave it already.
    pub service_password: Option<Secret>,
}

/// How often something is sealed anew because somebody else was first.
const TRIES: usize = 3;

impl<S: Store> Engine<S> {
    /// Takes evidence in, for the application of the source or a new one; durable on return.
    pub async fn bring(&self, brought: Brought) -> Result<Done, EngineError> {
        for _ in 0..TRIES {
            let at = self.owner_of(&brought.source)?;
            let command = self.seal(&brought, at)?;
            match self.command(command).await {
                Err(EngineError::Declined(Declined::Exists { .. })) => {}
                answered => return answered,
            }
        }
        Err(EngineError::Contended)
    }

    /// The application of a source and the slot of its key, if there is one.
    fn owner_of(&self, source: &Source) -> Result<Option<(ApplicationId, u32)>, EngineError> {
        let found = self.store().indexed(&index::by_source(source), None, 1)?;
        let Some(id) = found.first() else { return Ok(None) };
        let application = self.stored(*id)?;
        Ok(application.map(|(application, _)| (application.id, application.key)))
    }

    fn seal(&self, brought: &Brought, at: Option<(ApplicationId, u32)>) -> Result<Command, EngineError> {
        let archive = self.archive();
        let now = clock::now();
        let plan = self.products().plan(&brought.product);
        let plan = plan.cloned().ok_or_else(|| EngineError::UnknownProduct(brought.product.clone()))?;
        let (id, key) = match at {
            Some(found) => found,
            None => {
                let id = self.new_id(now);
                (id, archive.create_key(id)?)
            }
        };
        let mut added = EvidenceAdded {
            phone: brought.phone.as_deref().map(|phone| archive.digest("phone", phone)),
            identity: brought.id_card.as_deref().map(|number| archive.digest("identity", number)),
            ..EvidenceAdded::default()
        };
        let mut bodies = Vec::new();
        if let Some((kind, body)) = &brought.original {
            let (document, sealed) = archive.seal(id, key, *kind, now, body)?;
            bodies.push((document.number, sealed));
            added.documents.push(document);
        }
        for part in &brought.parts {
            let plain = serde_json::to_vec(part).expect("a dossier is always JSON");
            let (document, sealed) = archive.seal(id, key, DocumentKind::Dossier, now, &plain)?;
            bodies.push((document.number, sealed));
            let evidence = |kind| Evidence { kind, document: document.number, at: now };
            added.evidence.extend(part.kinds().into_iter().map(evidence));
            added.documents.push(document);
        }
        if let Some(password) = &brought.service_password {
            added.credentials = Some(archive.seal_answer(id, password)?);
        }
        let birth = Birth { id, source: brought.source.clone(), plan, order_id: self.new_order_id(), key };
        Ok(Command::Bring { birth, evidence: added, bodies })
    }

    /// Hands in an applicant's answer to a challenge; durable on return.
    pub async fn answer(
        &self,
        application: ApplicationId,
        challenge: u32,
        kind: ChallengeKind,
        answer: Secret,
    ) -> Result<Done, EngineError> {
        let answer = self.archive().seal_answer(application, &answer)?;
        let event = Event::AnswerSubmitted { challenge, kind, answer: answer.clone() };
        let answered = self.tell(application, event).await;
        if answered.is_err() {
            self.archive().destroy_answer(&answer)?;
        }
        answered
    }

    /// Lets an event happen to an application; durable on return.
    pub async fn tell(&self, application: ApplicationId, event: Event) -> Result<Done, EngineError> {
        self.command(Command::Tell { application, event }).await
    }
}
