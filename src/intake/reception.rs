//! The desk of the engine: a push becomes evidence of an application.

#[cfg(test)]
mod tests;

use super::push::{Kind, Order};
use super::routes::{Desk, Receipt, Refused, Taken};
use crate::engine::archive::{Archive, ArchiveError};
use crate::engine::core::{Declined, Terms};
use crate::engine::dossier::{Dossier, Loan};
use crate::engine::entrance::Brought;
use crate::engine::{Engine, EngineError, aside, chain};
use crate::machine::application::{Application, Source};
use crate::machine::evidence::{DocumentKind, EvidenceKind, Supplier};
use crate::machine::step::Refusal;
use crate::store::{Request, RequestKey, Store};
use crate::telemetry::metrics::PUSHES_FLAGGED;
use std::num::NonZeroU64;
use std::sync::Arc;

/// Applications of one person by signed pushes, one after another has ended.
const APPLICATIONS_LIMIT: u32 = 100;

/// Takes pushes in for one product.
pub struct Reception<S> {
    engine: Engine<S>,
    product: String,
    /// The amount of a loan whose push tells none.
    amount_fen: Option<NonZeroU64>,
}

impl<S: Store> Reception<S> {
    /// Opens a desk for pushes that are for `product`; a loan whose push tells no amount has
    /// `amount_fen`, or none that is known yet.
    pub const fn new(engine: Engine<S>, product: String, amount_fen: Option<NonZeroU64>) -> Self {
        Self { engine, product, amount_fen }
    }

    /// Under what a push that tells when it was sent is remembered: all that its signature covers.
    ///
    /// The request memory of the store is written in the group of the move that the push made, so it
    /// is as durable; a push that changed nothing makes a version without a move, or the same bytes would
    /// begin another application once this one has ended. It is kept as long as changes are, seven days:
    /// longer than any window. The fingerprints of documents would not do: they tell what came last, and of
    /// two versions of one person's push the older, sent again, would be taken for a change back.
    fn memory(&self, partner: &str, sent: &str, body: &[u8]) -> Request {
        let archive = self.engine.archive();
        let body = archive.fingerprint(body);
        let named = [partner.as_bytes(), &[0], sent.as_bytes(), &[0], &body].concat();
        let digest = archive.digest("signed push", named);
        Request { key: RequestKey(digest), fingerprint: digest }
    }
}

impl<S> Clone for Reception<S> {
    fn clone(&self) -> Self {
        let Self { engine, product, amount_fen } = self;
        Self { engine: engine.clone(), product: product.clone(), amount_fen: *amount_fen }
    }
}

impl<S: Store> Desk for Reception<S> {
    async fn take(&self, push: Taken) -> Result<Receipt, Refused> {
        let Taken { partner, push, body, sent } = push;
        let kind = push.kind();
        let request = sent.map(|sent| self.memory(&partner, &sent, &body));
        let terms = Terms { request, is_kept: request.is_some(), ..Terms::default() };
        // Before its order is looked for: whose application has ended since would have another one.
        match self.engine.answered_before(terms) {
            Ok(Some(_)) => return Ok(Receipt::Repeated),
            Ok(None) => {}
            Err(error) => return Err(refused(kind, &error)),
        }
        let has_wrong_check_digit = push.has_wrong_check_digit;
        let mut parts = push.parts;
        let order = match push.order {
            Order::Told(order) => order,
            Order::OfPerson => {
                let (phone, id_card) = (push.phone.as_deref(), push.id_card.as_deref());
                let (order, knows_amount) =
                    self.order_of(&partner, phone.unwrap_or_default(), id_card.unwrap_or_default())?;
                // The product's is for want of another: what is there stands, whoever brought it.
                let amount = self.amount_fen.filter(|_| !knows_amount).map(NonZeroU64::get);
                if let Some(part) = parts.first_mut() {
                    part.loan = amount.map(|amount_fen| Loan { amount_fen });
                }
                order
            }
        };
        let brought = Brought {
            source: Source { partner, order },
            product: self.product.clone(),
            supplier: Supplier::Partner,
            original: Some((kind.document(), body)),
            parts,
            phone: push.phone,
            id_card: push.id_card,
            service_password: None,
        };
        match self.engine.bring(brought, terms).await {
            Ok(done) if done.repeated => Ok(Receipt::Repeated),
            Ok(done) => {
                if has_wrong_check_digit {
                    metrics::counter!(PUSHES_FLAGGED).increment(1);
                    tracing::warn!(application = %done.view.id, "the identity number fails its check digit");
                }
                if let Some(application) = done.application {
                    self.compare_amounts(application).await;
                }
                Ok(Receipt::Accepted)
            }
            Err(error) => Err(refused(kind, &error)),
        }
    }
}

impl<S: Store> Reception<S> {
    /// Finds the order that a signed push is for: the one of its person that is open, or a new one. Tells too
    /// whether its amount is known already.
    ///
    /// Its name is a keyed digest, because orders are shown everywhere (spec 005 A-003-5). A person whose
    /// application has ended may apply again, under the same name with a number behind it (A-003-10).
    fn order_of(&self, partner: &str, phone: &str, id_card: &str) -> Result<(String, bool), Refused> {
        let digest = self.engine.archive().digest("signed order", format!("{phone}-{id_card}"));
        let first = hex::encode(digest);
        for number in 1..=APPLICATIONS_LIMIT {
            let order = if number == 1 { first.clone() } else { format!("{first}-{number}") };
            let source = Source { partner: partner.to_owned(), order };
            let found = self.engine.stored_of(&source).map_err(|error| unavailable(&error))?;
            match found {
                Some(ended) if ended.state().is_terminal() => {}
                Some(open) => {
                    let knows_amount = open.evidence.iter().any(|held| held.kind == EvidenceKind::Loan);
                    return Ok((source.order, knows_amount));
                }
                None => return Ok((source.order, false)),
            }
        }
        Err(Refused::TooMany { field: Kind::Signed.order_field() })
    }

    /// Logs that the two pushes of an order tell different amounts (spec 005 A-000-6).
    async fn compare_amounts(&self, application: Arc<Application>) {
        let archive = self.engine.archive().clone();
        let of = Arc::clone(&application);
        let amounts = aside(move || {
            let amount = |kind| amount_told(&archive, &of, kind);
            Ok::<_, ArchiveError>((amount(DocumentKind::BasePush)?, amount(DocumentKind::AdditionalPush)?))
        });
        let application = application.id;
        match amounts.await {
            Ok((Some(base), Some(additional))) if base != additional => {
                tracing::warn!(%application, base, additional, "two amounts are told: the second counts");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%application, error = %chain(&error), "compare the amounts told"),
        }
    }
}

/// The amount in the newest push of a kind: its parts stand behind it among the documents.
fn amount_told<S: Store>(
    archive: &Archive<S>,
    application: &Application,
    kind: DocumentKind,
) -> Result<Option<u64>, ArchiveError> {
    let Some(newest) = application.documents.iter().rposition(|held| held.kind == kind) else {
        return Ok(None);
    };
    let parts = application.documents.iter().skip(newest + 1);
    for part in parts.take_while(|held| held.kind == DocumentKind::Dossier) {
        let plain = archive.document(application, part.number)?;
        let no_dossier =
            |_unspoken| ArchiveError::NoDossier { application: application.id, number: part.number };
        let part: Dossier = serde_json::from_slice(plain.expose()).map_err(no_dossier)?;
        if let Some(loan) = part.loan {
            return Ok(Some(loan.amount_fen));
        }
    }
    Ok(None)
}

/// The wire's name of what the machine calls by its own.
fn wire_field(kind: Kind, field: &'static str) -> &'static str {
    match field {
        "phone" => kind.phone_field(),
        "identity number" => kind.id_card_field(),
        other => other,
    }
}

/// What the engine's word means for a partner.
fn refused(kind: Kind, error: &EngineError) -> Refused {
    match error {
        EngineError::Declined(Declined::Refused(refusal)) => match refusal {
            Refusal::Disagrees { field } => Refused::Disagrees { field: wire_field(kind, field) },
            Refusal::TooManyDocuments => Refused::TooOften { field: kind.order_field() },
            Refusal::NotAllowed { .. } => Refused::TooLate { field: kind.order_field() },
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

/// Nothing the partner did wrong: it may try again, and we must look.
fn unavailable(error: &EngineError) -> Refused {
    tracing::error!(error = %chain(error), "a push could not be taken in");
    Refused::Unavailable
}
