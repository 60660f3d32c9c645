//! The application that a call is for.
//!
//! A user has at most one application of a product in work, and every call without an order number is for
//! that one (spec 005 A-004-8). It is called by the app's order number if the first save tells one; begun
//! without, it has a name of ours, and takes whatever order number comes later. One that has ended is never
//! gone back to: the next save begins another.

use super::answer::{Failure, Wrong};
use crate::engine::archive::ArchiveError;
use crate::engine::core::{Declined, Terms};
use crate::engine::dossier::Dossier;
use crate::engine::entrance::Brought;
use crate::engine::photo::Upload;
use crate::engine::session::Session;
use crate::engine::{Engine, EngineError, chain};
use crate::machine::application::{Application, Source};
use crate::machine::evidence::{EvidenceKind, Supplier};
use crate::machine::step::Refusal;
use crate::store::Store;
use std::error::Error;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// What a name of ours begins with; no order number of an app does.
const OURS: &str = "user-";

/// Bytes of an order number (spec 005 A-004-16: the printed one has 24 digits).
const ORDER_LIMIT: usize = 64;

/// How many users may save at the same time; those that share a place wait for each other.
const PLACES: usize = 256;

/// What the app brings and shows again.
const KINDS: [EvidenceKind; 9] = [
    EvidenceKind::Questionnaire,
    EvidenceKind::Identity,
    EvidenceKind::FacePhoto,
    EvidenceKind::FrontPhoto,
    EvidenceKind::BackPhoto,
    EvidenceKind::Personal,
    EvidenceKind::Work,
    EvidenceKind::Contacts,
    EvidenceKind::Card,
];

/// One save of a user at a time, so that none is decided on what another one changes.
pub(super) struct Users {
    places: Vec<Mutex<()>>,
    hasher: BuildHasherDefault<DefaultHasher>,
}

impl Users {
    pub(super) fn new() -> Self {
        let places = std::iter::repeat_with(Mutex::default).take(PLACES).collect();
        Self { places, hasher: BuildHasherDefault::default() }
    }

    pub(super) async fn enter(&self, session: &Session) -> MutexGuard<'_, ()> {
        let at = self.hasher.hash_one((&session.partner, &session.phone)) % PLACES as u64;
        self.places[at as usize].lock().await
    }
}

/// A user's application of a product, with what is stored of it; or the place for one.
pub(super) struct Case {
    source: Source,
    product: String,
    pub(super) application: Option<Arc<Application>>,
    pub(super) held: Dossier,
}

impl Case {
    /// Finds the application in work, by the order number if one is told.
    pub(super) async fn find<S: Store>(
        engine: &Engine<S>,
        session: &Session,
        product: &str,
        order_no: Option<&str>,
    ) -> Result<Self, Failure> {
        let partner = &session.partner;
        let all = engine.applications_of(partner, &session.phone, product).await;
        let all = all.map_err(|error| unavailable(&error))?;
        let in_work = all.iter().rev().find(|it| !it.state().is_terminal());
        let order = match (in_work, order_no) {
            (Some(found), None) => found.source.order.clone(),
            (Some(found), Some(told)) => {
                let order = &found.source.order;
                if order != told && !order.starts_with(OURS) {
                    return Err(Wrong::new("order_no", "must be the order in work").into());
                }
                order.clone()
            }
            (None, Some(told)) => told.to_owned(),
            (None, None) => our_name(engine, session, all.last()),
        };
        let source = Source { partner: partner.clone(), order };
        if in_work.is_none() {
            let taken = engine.application_of(&source).await.map_err(|error| unavailable(&error))?;
            if taken.is_some() {
                return Err(Wrong::new("order_no", "must be an order that is still open").into());
            }
        }
        let held = match in_work {
            None => Dossier::default(),
            Some(found) => {
                engine.evidence_of(found, &KINDS).await.map_err(|error: ArchiveError| unavailable(&error))?
            }
        };
        Ok(Self { source, product: product.to_owned(), application: in_work.cloned(), held })
    }

    /// Brings evidence; durable on return. The same again is a success that changes nothing.
    pub(super) async fn bring<S: Store>(
        &self,
        engine: &Engine<S>,
        session: &Session,
        parts: Vec<Dossier>,
        upload: Option<Upload>,
    ) -> Result<Arc<Application>, Failure> {
        let id_card = parts.iter().find_map(|part| part.identity.as_ref()).map(|it| it.id_card.clone());
        let brought = Brought {
            source: self.source.clone(),
            product: self.product.clone(),
            supplier: Supplier::Applicant,
            original: None,
            parts,
            phone: Some(session.phone.clone()),
            id_card,
            service_password: None,
        };
        let done =
            engine.bring_with(brought, Terms::default(), upload).await.map_err(|error| refused(&error))?;
        done.application.ok_or(Failure::Busy)
    }
}

/// Checks an order number that is told.
pub(super) fn check_order(order_no: &str) -> Result<(), Wrong> {
    let is_plain = order_no.bytes().all(|byte| byte.is_ascii_graphic());
    if order_no.len() > ORDER_LIMIT || !is_plain || order_no.starts_with(OURS) {
        let must =
            format!("must be at most {ORDER_LIMIT} letters, digits and signs, and not begin with `{OURS}`");
        return Err(Wrong::new("order_no", must));
    }
    Ok(())
}

/// A name for an application that has no order number: the same for two calls at the same time, another one
/// after the last has ended, and nothing can be read from it.
fn our_name<S: Store>(engine: &Engine<S>, session: &Session, last: Option<&Arc<Application>>) -> String {
    let Session { partner, phone, product_id } = session;
    let after = last.map(|last| last.id.to_string()).unwrap_or_default();
    let digest =
        engine.archive().digest("mobile order", format!("{partner}\n{phone}\n{product_id}\n{after}"));
    format!("{OURS}{}", hex::encode(digest))
}

/// What the engine's word means for the app.
fn refused(error: &EngineError) -> Failure {
    match error {
        EngineError::Declined(Declined::Refused(refusal)) => match refusal {
            Refusal::Disagrees { .. } => Wrong::new("id_number", "can no longer be changed").into(),
            Refusal::TooManyDocuments => Wrong::new("body", "has been saved too often").into(),
            Refusal::NotAllowed { .. } => {
                Wrong::new("body", "can no longer be changed: the application is decided").into()
            }
            Refusal::DocumentTaken { .. }
            | Refusal::UnknownChallenge { .. }
            | Refusal::ClosedChallenge { .. }
            | Refusal::WrongKind { .. }
            | Refusal::NotHeld
            | Refusal::Leased { .. }
            | Refusal::NotLeased
            | Refusal::IsHeld
            | Refusal::Stale { .. }
            | Refusal::NoCollection { .. }
            | Refusal::NothingToRetry => unavailable(error),
        },
        EngineError::Declined(
            Declined::NotFound
            | Declined::Exists { .. }
            | Declined::Changed { .. }
            | Declined::RequestReused
            | Declined::NoRoom
            | Declined::Unreadable(_),
        )
        | EngineError::Entrance(_)
        | EngineError::Contended
        | EngineError::Stopped(_)
        | EngineError::Open(_)
        | EngineError::Load(_)
        | EngineError::Store(_)
        | EngineError::Archive(_)
        | EngineError::BankList(_) => unavailable(error),
    }
}

/// Nothing the applicant did wrong: the app may try again, and we must look.
pub(super) fn unavailable(error: &(dyn Error + 'static)) -> Failure {
    tracing::error!(error = %chain(error), "a call of the mobile app could not be answered");
    Failure::Busy
}
