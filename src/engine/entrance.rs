//! The way in for evidence and answers: sealed before they reach the core.

use super::archive::{Archive, ArchiveError};
use super::core::{Command, Declined, Done, LoadError, Terms};
use super::dossier::Dossier;
use super::photo::Upload;
use super::{Engine, EngineError, aside, to_the_end};
use crate::clock;
use crate::machine::application::{Application, Source};
use crate::machine::challenge::{ChallengeKind, SealedAnswer};
use crate::machine::event::{Event, EvidenceAdded};
use crate::machine::evidence::{Document, DocumentKind, Evidence, Supplier};
use crate::machine::id::ApplicationId;
use crate::machine::products::Products;
use crate::machine::step::{self, Birth, Verdict};
use crate::machine::time::Time;
use crate::store::Room;
use crate::store::Store;
use crate::store::records::{index, snapshot};
use crate::vault::{Random, Secret};
use std::sync::Arc;

/// What somebody brings: parts of the evidence, and the document they were drawn from.
pub struct Brought {
    /// Who brings it, and what they call the application.
    pub source: Source,
    /// The product that a new application is for.
    pub product: String,
    /// Who supplies the parts.
    pub supplier: Supplier,
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

/// Evidence for an application that is there.
pub struct Supplied {
    /// Who supplies it.
    pub supplier: Supplier,
    /// The evidence, in parts that are stored apart.
    pub parts: Vec<Dossier>,
    /// The applicant's mobile number, where it is told.
    pub phone: Option<String>,
    /// The applicant's identity number, where it is told.
    pub id_card: Option<String>,
}

/// The door: seals what comes in for the application that it belongs to.
pub struct Entrance<S> {
    store: Arc<S>,
    archive: Archive<S>,
    products: Products,
    random: Random,
}

/// What was brought, sealed.
struct Sealed {
    command: Command,
    /// Whether it names a key that was made for it, and is not durable yet.
    has_new_key: bool,
}

/// Something could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum EntranceError {
    /// No product has this name.
    #[error("no product is called `{0}`")]
    UnknownProduct(String),
    /// The application could not be read.
    #[error("read the application of the order")]
    Load(#[from] LoadError),
    /// It could not be sealed.
    #[error("seal what came in")]
    Archive(#[from] ArchiveError),
}

impl<S: Store> Entrance<S> {
    /// Opens the door; ids and order numbers are drawn from `random`.
    pub const fn new(store: Arc<S>, archive: Archive<S>, products: Products, random: Random) -> Self {
        Self { store, archive, products, random }
    }

    /// Gives the archive behind the door.
    pub const fn archive(&self) -> &Archive<S> {
        &self.archive
    }

    /// Gives the products.
    pub const fn products(&self) -> &Products {
        &self.products
    }

    /// Seals what is brought: for the application that the source has by now, or for a new one.
    /// If another is created meanwhile, the command is declined with [`Declined::Exists`].
    ///
    /// The keys that it names may be new: they must be durable
    /// ([`Vault::sync`](crate::vault::Vault::sync)) before it is handed in.
    pub fn seal(&self, brought: &Brought, now: Time) -> Result<Command, EntranceError> {
        Ok(self.seal_with(brought, None, now)?.command)
    }

    /// The same, with a photo.
    fn seal_with(
        &self,
        brought: &Brought,
        upload: Option<&Upload>,
        now: Time,
    ) -> Result<Sealed, EntranceError> {
        self.seal_for(self.owner_of(&brought.source)?, brought, upload, now)
    }

    /// Seals what is brought for this application and its key, or for a new one.
    fn seal_for(
        &self,
        owner: Option<(ApplicationId, u32)>,
        brought: &Brought,
        upload: Option<&Upload>,
        now: Time,
    ) -> Result<Sealed, EntranceError> {
        let archive = &self.archive;
        let plan = self.products.plan(&brought.product);
        let plan = plan.cloned().ok_or_else(|| EntranceError::UnknownProduct(brought.product.clone()))?;
        let (id, key) = match owner {
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
        let mut photo = None;
        if let Some(upload) = upload {
            let (document, sealed) = archive.seal(id, key, DocumentKind::Photo, now, &upload.image)?;
            bodies.push((document.number, sealed));
            photo = Some(upload.part(document.number));
            added.documents.push(document);
        }
        for part in brought.parts.iter().chain(&photo) {
            let plain = part.to_json();
            let (document, sealed) = archive.seal(id, key, DocumentKind::Dossier, now, &plain)?;
            bodies.push((document.number, sealed));
            let (document_number, supplier) = (document.number, brought.supplier);
            let evidence = |kind| Evidence { kind, document: document_number, at: now, supplier };
            added.evidence.extend(part.kinds().into_iter().map(evidence));
            added.documents.push(document);
        }
        if let Some(password) = &brought.service_password {
            added.credentials = Some(archive.seal_answer(id, password)?);
        }
        let has_new_key = owner.is_none() || added.credentials.is_some();
        let birth = Birth { id, source: brought.source.clone(), plan, order_id: self.new_order_id(), key };
        Ok(Sealed { command: Command::Bring { birth, evidence: added, bodies }, has_new_key })
    }

    /// Draws up what sealing would make of it for a new application, without keeping or sealing
    /// anything: good for a trial.
    fn sketch(&self, brought: &Brought, now: Time) -> Result<Command, EntranceError> {
        let plan = self.products.plan(&brought.product);
        let plan = plan.cloned().ok_or_else(|| EntranceError::UnknownProduct(brought.product.clone()))?;
        let mut evidence = EvidenceAdded::default();
        for (part, number) in brought.parts.iter().zip(1..) {
            let (kind, fingerprint) = (DocumentKind::Dossier, [0; 16]);
            evidence.documents.push(Document { number, kind, at: now, fingerprint });
            let supplier = brought.supplier;
            let held = |kind| Evidence { kind, document: number, at: now, supplier };
            evidence.evidence.extend(part.kinds().into_iter().map(held));
        }
        evidence.credentials = brought.service_password.as_ref().map(|_| unsealed());
        let birth = Birth { id: self.new_id(now), source: brought.source.clone(), plan, order_id: 0, key: 0 };
        Ok(Command::Bring { birth, evidence, bodies: Vec::new() })
    }

    /// Draws up what sealing would make of it for this application, without sealing anything: what the
    /// machine says of it, it will say of what is sealed, unless the application moves on meanwhile.
    fn draw_up(
        &self,
        application: &Application,
        brought: &Brought,
        upload: Option<&Upload>,
        now: Time,
    ) -> EvidenceAdded {
        let archive = &self.archive;
        let mut added = EvidenceAdded {
            phone: brought.phone.as_deref().map(|phone| archive.digest("phone", phone)),
            identity: brought.id_card.as_deref().map(|number| archive.digest("identity", number)),
            credentials: brought.service_password.as_ref().map(|_| unsealed()),
            ..EvidenceAdded::default()
        };
        let mut free = (1..).filter(|number| application.documents.iter().all(|it| it.number != *number));
        let mut document = |kind, plain: &[u8]| {
            let number = free.next().expect("an application does not hold every number");
            Document { number, kind, at: now, fingerprint: archive.fingerprint(plain) }
        };
        if let Some((kind, body)) = &brought.original {
            added.documents.push(document(*kind, body));
        }
        let mut photo = None;
        if let Some(upload) = upload {
            let image = document(DocumentKind::Photo, &upload.image);
            photo = Some(upload.part(image.number));
            added.documents.push(image);
        }
        for part in brought.parts.iter().chain(&photo) {
            let held = document(DocumentKind::Dossier, &part.to_json());
            let (document, supplier) = (held.number, brought.supplier);
            let evidence = |kind| Evidence { kind, document, at: now, supplier };
            added.evidence.extend(part.kinds().into_iter().map(evidence));
            added.documents.push(held);
        }
        added
    }

    /// Says whether an application is of the same product and holds every part that is brought,
    /// word for word.
    fn holds(&self, application: &Application, brought: &Brought) -> bool {
        let is_held = |part: &Dossier| {
            let fingerprint = self.archive.fingerprint(&part.to_json());
            application.documents.iter().any(|held| held.fingerprint == fingerprint)
        };
        application.plan.product == brought.product && brought.parts.iter().all(is_held)
    }

    /// Says whether what is brought whole is what came last of its kind, so that there is nothing
    /// to seal.
    fn is_repeated(&self, application: &Application, brought: &Brought) -> bool {
        let Some((kind, body)) = &brought.original else { return false };
        // What is too old counts from now on when it comes again.
        let is_fresh = application.stale(clock::now()).next().is_none();
        let newest = application.documents.iter().rev().find(|held| held.kind == *kind);
        is_fresh && newest.is_some_and(|held| held.fingerprint == self.archive.fingerprint(body))
    }

    /// The application of a source and the slot of its key, if there is one.
    fn owner_of(&self, source: &Source) -> Result<Option<(ApplicationId, u32)>, LoadError> {
        Ok(self.application_of(source)?.map(|application| (application.id, application.key)))
    }

    /// The application of a source as stored, maybe not yet durable.
    fn application_of(&self, source: &Source) -> Result<Option<Application>, LoadError> {
        let found = self.store.indexed(&index::by_source(source), None, 1)?;
        let Some(id) = found.first().copied() else { return Ok(None) };
        let Some(stored) = self.store.application(id)? else { return Ok(None) };
        Ok(Some(snapshot::from_record(id, stored.version, &stored.snapshot)?))
    }

    /// A UUID of version 7.
    fn new_id(&self, now: Time) -> ApplicationId {
        let mut random = [0; 10];
        self.random.fill(&mut random);
        let id = uuid::Builder::from_unix_timestamp_millis(now.as_millis(), &random).into_uuid();
        ApplicationId::from_bytes(*id.as_bytes())
    }

    /// A number of 63 bits for the audit (spec 005 A-002-17).
    fn new_order_id(&self) -> u64 {
        let mut random = [0; 8];
        self.random.fill(&mut random);
        u64::from_be_bytes(random) >> 1
    }
}

/// How often something is sealed anew because somebody else was first.
const TRIES: usize = 3;

impl<S: Store> Engine<S> {
    /// Gives the application of a source as stored, maybe not yet durable; none if there is none.
    pub(crate) fn stored_of(&self, source: &Source) -> Result<Option<Application>, EngineError> {
        Ok(self.entrance().application_of(source)?)
    }

    /// Takes evidence in, for the application of the source or a new one; durable on return.
    pub async fn bring(&self, brought: Brought, terms: Terms) -> Result<Done, EngineError> {
        self.bring_with(brought, terms, None).await
    }

    /// The same, with a photo.
    pub(crate) async fn bring_with(
        &self,
        brought: Brought,
        terms: Terms,
        upload: Option<Upload>,
    ) -> Result<Done, EngineError> {
        self.has_room()?;
        let (brought, upload) = (Arc::new(brought), upload.map(Arc::new));
        for _ in 0..TRIES {
            if let Some(done) = self.answered_before(terms)? {
                return Ok(done);
            }
            if let Some((id, _)) = self.entrance().owner_of(&brought.source)?
                && let Some(application) = self.application(id).await?
            {
                if self.entrance().is_repeated(&application, &brought) {
                    if !terms.is_kept {
                        return Ok(Done::already(&application));
                    }
                    match self.keep(&application, &brought, terms).await {
                        Err(EngineError::Declined(Declined::Changed { .. })) => continue,
                        answered => return answered,
                    }
                }
                self.foresee(&application, &brought, upload.as_ref(), terms).await?;
            }
            let (engine, brought, upload) = (self.clone(), Arc::clone(&brought), upload.clone());
            let sealed = move || engine.entrance().seal_with(&brought, upload.as_deref(), clock::now());
            let sealed = aside(sealed).await?;
            match self.hand_in(sealed, terms).await {
                Err(EngineError::Declined(Declined::Exists { .. })) => {}
                answered => return answered,
            }
        }
        Err(EngineError::Contended)
    }

    /// Has a request remembered that brings nothing new: there is nothing to seal. It is declined with
    /// [`Declined::Changed`] if the application is another one by now, to which it might be new.
    async fn keep(
        &self,
        application: &Arc<Application>,
        brought: &Brought,
        terms: Terms,
    ) -> Result<Done, EngineError> {
        let added = self.entrance().draw_up(application, brought, None, clock::now());
        let terms = Terms { expected: Some(application.version), ..terms };
        self.tell(application.id, Event::EvidenceAdded(added), terms).await
    }

    /// Asks the machine beforehand, so that nothing is sealed, and no file written, of what it declines: there
    /// is nobody to take such a file away again. The core has the last word all the same.
    async fn foresee(
        &self,
        application: &Arc<Application>,
        brought: &Arc<Brought>,
        upload: Option<&Arc<Upload>>,
        terms: Terms,
    ) -> Result<(), EngineError> {
        let found = application.version;
        if let Some(expected) = terms.expected.filter(|expected| *expected != found) {
            return Err(EngineError::Declined(Declined::Changed { expected, found }));
        }
        let engine = self.clone();
        let (application, brought) = (Arc::clone(application), Arc::clone(brought));
        let upload = upload.map(Arc::clone);
        let foreseen = move || {
            let now = clock::now();
            let added = engine.entrance().draw_up(&application, &brought, upload.as_deref(), now);
            step::step(&application, Event::EvidenceAdded(added), now, &engine.shared.policy)
        };
        match aside(foreseen).await {
            Ok(Verdict::Moved(_) | Verdict::Quiet(_) | Verdict::Ignored) => Ok(()),
            Err(refusal) => Err(EngineError::Declined(Declined::Refused(refusal))),
        }
    }

    /// Takes evidence in for an application that is there; durable on return. The same evidence again is told
    /// as repeated, and nothing changes.
    pub async fn supply(
        &self,
        application: ApplicationId,
        supplied: Supplied,
        terms: Terms,
    ) -> Result<Done, EngineError> {
        if let Some(done) = self.answered_before(terms)? {
            return Ok(done);
        }
        let found = self.application(application).await?;
        let found = found.ok_or(EngineError::Declined(Declined::NotFound))?;
        let Supplied { supplier, parts, phone, id_card } = supplied;
        let brought = Brought {
            source: found.source.clone(),
            product: found.plan.product.clone(),
            supplier,
            original: None,
            parts,
            phone,
            id_card,
            service_password: None,
        };
        let brought = Arc::new(brought);
        self.foresee(&found, &brought, None, terms).await?;
        let engine = self.clone();
        let owner = Some((found.id, found.key));
        let sealed = aside(move || engine.entrance().seal_for(owner, &brought, None, clock::now())).await?;
        self.hand_in(sealed, terms).await
    }

    /// Creates an application of what is brought; durable on return.
    ///
    /// If the source has one by now, the same product and parts are told as repeated, which does
    /// not look at credentials; anything else is declined with [`Declined::Exists`]. Nothing
    /// changes either way.
    pub async fn create(&self, brought: Brought, terms: Terms) -> Result<Done, EngineError> {
        let brought = Arc::new(brought);
        for _ in 0..TRIES {
            if let Some(done) = self.answered_before(terms)? {
                return Ok(done);
            }
            let (engine, brought) = (self.clone(), Arc::clone(&brought));
            if let Some((id, key)) = self.entrance().owner_of(&brought.source)? {
                let Some(application) = self.application(id).await? else { continue };
                let held = Arc::clone(&application);
                if aside(move || engine.entrance().holds(&held, &brought)).await {
                    return Ok(Done::already(&application));
                }
                return Err(EngineError::Declined(Declined::Exists { application: id, key }));
            }
            self.has_room()?;
            if terms.is_trial {
                return self.command(engine.entrance().sketch(&brought, clock::now())?, terms).await;
            }
            let sealed =
                aside(move || engine.entrance().seal_for(None, &brought, None, clock::now())).await?;
            match self.hand_in(sealed, terms).await {
                Err(EngineError::Declined(Declined::Exists { .. })) => {}
                answered => return answered,
            }
        }
        Err(EngineError::Contended)
    }

    /// Declines what is brought while the disk is nearly full: before anything is sealed, for which
    /// there might be no room either.
    fn has_room(&self) -> Result<(), EngineError> {
        match self.shared.store.room() {
            Room::Ample => Ok(()),
            Room::Low | Room::None => Err(EngineError::Declined(Declined::NoRoom)),
        }
    }

    /// Hands sealed evidence in; the key of credentials that nobody took is destroyed.
    ///
    /// It is seen through even if whoever asked goes away, or the key would lie there for good.
    async fn hand_in(&self, sealed: Sealed, terms: Terms) -> Result<Done, EngineError> {
        let engine = self.clone();
        to_the_end(tokio::spawn(async move { engine.hand_in_and_see(sealed, terms).await })).await
    }

    async fn hand_in_and_see(&self, sealed: Sealed, terms: Terms) -> Result<Done, EngineError> {
        let Sealed { command, has_new_key } = sealed;
        if has_new_key {
            self.until_keys_durable().await?;
        }
        let credentials = match &command {
            Command::Bring { evidence, .. } => evidence.credentials.clone(),
            Command::Tell { .. } => None,
        };
        let answered = self.command(command, terms).await;
        if let Some(credentials) = credentials {
            let is_held = |of: &Arc<Application>| of.answers().any(|held| *held == credentials);
            let is_unused = match &answered {
                Ok(done) => !done.application.as_ref().is_some_and(is_held),
                Err(error) => matches!(error, EngineError::Declined(_)),
            };
            if is_unused {
                self.archive().destroy_answer(&credentials)?;
            }
        }
        answered
    }

    /// Hands in an applicant's answer to a challenge; durable on return. It is seen through even if
    /// whoever asked goes away.
    pub async fn answer(
        &self,
        application: ApplicationId,
        challenge: u32,
        kind: ChallengeKind,
        answer: Secret,
        terms: Terms,
    ) -> Result<Done, EngineError> {
        if let Some(done) = self.answered_before(terms)? {
            return Ok(done);
        }
        if terms.is_trial {
            let event = Event::AnswerSubmitted { challenge, kind, answer: unsealed() };
            return self.tell(application, event, terms).await;
        }
        let engine = self.clone();
        let work = async move { engine.answer_and_see(application, challenge, kind, answer, terms).await };
        to_the_end(tokio::spawn(work)).await
    }

    async fn answer_and_see(
        &self,
        application: ApplicationId,
        challenge: u32,
        kind: ChallengeKind,
        answer: Secret,
        terms: Terms,
    ) -> Result<Done, EngineError> {
        let answer = self.archive().seal_answer(application, &answer)?;
        let event = Event::AnswerSubmitted { challenge, kind, answer: answer.clone() };
        self.until_keys_durable().await?;
        let answered = self.tell(application, event, terms).await;
        let is_unused = match &answered {
            // The same request, twice at a time: the answer of the other one is the one that counts.
            Ok(done) => done.application.is_none(),
            Err(error) => matches!(error, EngineError::Declined(_)),
        };
        if is_unused {
            self.archive().destroy_answer(&answer)?;
        }
        answered
    }

    /// Lets an event happen to an application; durable on return.
    pub async fn tell(
        &self,
        application: ApplicationId,
        event: Event,
        terms: Terms,
    ) -> Result<Done, EngineError> {
        self.command(Command::Tell { application, event }, terms).await
    }

    /// Gives the answer that a request was given before: nothing needs to be sealed for it again.
    pub(crate) fn answered_before(&self, terms: Terms) -> Result<Option<Done>, EngineError> {
        let Some(request) = terms.request else { return Ok(None) };
        super::core::answered_before(self.store(), request).map_err(EngineError::Declined)
    }
}

/// Stands for an answer in a trial: it is never stored and opens nothing.
const fn unsealed() -> SealedAnswer {
    SealedAnswer { slot: 0, generation: 0, bytes: Vec::new() }
}
