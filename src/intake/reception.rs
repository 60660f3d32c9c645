//! The desk of the engine: a push becomes evidence of an application.

use super::routes::{Desk, Receipt, Refused, Taken};
use crate::engine::core::Declined;
use crate::engine::entrance::Brought;
use crate::engine::{Engine, EngineError, chain};
use crate::machine::application::Source;
use crate::machine::evidence::Supplier;
use crate::machine::step::Refusal;
use crate::store::Store;

/// Takes pushes in for one product.
pub struct Reception<S> {
    engine: Engine<S>,
    product: String,
}

impl<S: Store> Reception<S> {
    /// Opens a desk for pushes that are for `product`.
    pub const fn new(engine: Engine<S>, product: String) -> Self {
        Self { engine, product }
    }
}

impl<S> Clone for Reception<S> {
    fn clone(&self) -> Self {
        Self { engine: self.engine.clone(), product: self.product.clone() }
    }
}

impl<S: Store> Desk for Reception<S> {
    async fn take(&self, push: Taken) -> Result<Receipt, Refused> {
        let Taken { partner, push, body } = push;
        let kind = push.kind();
        let brought = Brought {
            source: Source { partner, order: push.order },
            product: self.product.clone(),
            supplier: Supplier::Partner,
            original: Some((kind, body)),
            parts: push.parts,
            phone: push.phone,
            id_card: push.id_card,
            service_password: None,
        };
        match self.engine.bring(brought).await {
            Ok(done) if done.repeated => Ok(Receipt::Repeated),
            Ok(_done) => Ok(Receipt::Accepted),
            Err(error) => Err(refused(&error)),
        }
    }
}

/// What the engine's word means for a partner.
fn refused(error: &EngineError) -> Refused {
    match error {
        EngineError::Declined(Declined::Refused(refusal)) => match refusal {
            Refusal::Disagrees { field } => Refused::Disagrees { field },
            Refusal::TooManyDocuments => Refused::TooOften,
            Refusal::NotAllowed { .. } => Refused::TooLate,
            Refusal::DocumentTaken { .. }
            | Refusal::UnknownChallenge { .. }
            | Refusal::ClosedChallenge { .. }
            | Refusal::WrongKind { .. }
            | Refusal::NotHeld
            | Refusal::Leased { .. }
            | Refusal::NotLeased
            | Refusal::IsHeld
            | Refusal::NoCollection { .. }
            | Refusal::NothingToRetry => unavailable(error),
        },
        EngineError::Declined(
            Declined::NotFound
            | Declined::Exists { .. }
            | Declined::Changed { .. }
            | Declined::RequestReused
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

/// Nothing the partner did wrong: it may try again, and we must look.
fn unavailable(error: &EngineError) -> Refused {
    tracing::error!(error = %chain(error), "a push could not be taken in");
    Refused::Unavailable
}
