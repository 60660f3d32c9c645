//! From a call's reply to the event of the machine that asked, and what becomes of a late one.

use super::{Draft, Refusal, Verdict, application, collection, finish, of_collection, own};
use crate::machine::application::Application;
use crate::machine::call::{Call, Cause, EffectId, Pending, Reply, Slot};
use crate::machine::collection::{CollectionKind, OPEN_ID_LIMIT};
use crate::machine::evidence::DocumentKind;

/// A reply belongs to the call it answers; to a call that waits no more it is late.
pub(super) fn replied(
    application: &Application,
    effect: EffectId,
    reply: Reply,
    draft: &mut Draft<'_>,
) -> Result<Verdict, Refusal> {
    let Some(at) = draft.outbox.iter().position(|pending| pending.id == effect) else {
        return Ok(late(application, &reply, draft));
    };
    let pending = draft.outbox.remove(at);
    draft.answered = Some(effect);
    match effect.slot {
        Slot::Application => {
            let event = application_event(reply).filter(|event| application.takes(event));
            let event = event.unwrap_or_else(|| application::Event::CallFailed { cause: unfit() });
            asked_again(own(application, event, draft)?, pending)
        }
        Slot::Collection(kind) => {
            let takes = |event: &_| application.collection(kind).is_some_and(|it| it.takes(event));
            let mut with = application.clone();
            // A document is the application's, whatever the machine makes of it.
            with.documents.extend(reply.document());
            let event = collection_event(kind, reply, pending.call.clone()).filter(takes);
            let event = event.unwrap_or_else(|| collection::Event::CallFailed { cause: unfit() });
            asked_again(of_collection(&with, kind, event, draft)?, pending)
        }
        Slot::Certification => unreachable!("the certification calls nobody"),
    }
}

/// The cause of a reply that does not fit its call. The provider client never makes one; were it
/// taken for late, nothing would ask again.
fn unfit() -> Cause {
    Cause::Unintelligible { detail: "a reply that does not belong to the call".to_owned() }
}

/// A quiet poll keeps the id and the budget's measure of the call it repeats.
fn asked_again(verdict: Verdict, former: Pending) -> Result<Verdict, Refusal> {
    match verdict {
        Verdict::Quiet(next) => Ok(Verdict::Quiet(Pending { id: former.id, ..next })),
        moved @ (Verdict::Moved(_) | Verdict::Ignored) => Ok(moved),
    }
}

/// Journals what came too late to matter; a poll that came too late says nothing at all.
fn late(application: &Application, reply: &Reply, draft: &mut Draft<'_>) -> Verdict {
    match reply {
        Reply::State(_) | Reply::NotReady | Reply::AuditRunning => Verdict::Ignored,
        Reply::Stored { document } => {
            let mut with = application.clone();
            with.documents.push(*document);
            finish(application, with, draft)
        }
        Reply::BlacklistClear
        | Reply::BlacklistHit
        | Reply::AuditAccepted { .. }
        | Reply::AuditApproved
        | Reply::AuditRejected { .. }
        | Reply::Opened { .. }
        | Reply::Accepted { .. }
        | Reply::Refused { .. }
        | Reply::Lost
        | Reply::Failed { .. } => finish(application, application.clone(), draft),
    }
}

fn application_event(reply: Reply) -> Option<application::Event> {
    use application::Event as E;
    match reply {
        Reply::BlacklistClear => Some(E::BlacklistClear),
        Reply::BlacklistHit => Some(E::BlacklistHit),
        Reply::AuditAccepted { open_id } => Some(E::AuditAccepted { open_id: session_id(open_id) }),
        Reply::AuditRunning => Some(E::AuditRunning),
        Reply::AuditApproved => Some(E::AuditApproved),
        Reply::AuditRejected { reason } => Some(E::AuditRejected { reason }),
        Reply::Refused { message } => Some(E::CallRefused { message }),
        Reply::Failed { cause } => Some(E::CallFailed { cause }),
        Reply::Opened { .. }
        | Reply::Accepted { .. }
        | Reply::State(_)
        | Reply::NotReady
        | Reply::Stored { .. }
        | Reply::Lost => None,
    }
}

/// The event of a reply, if it can be one.
fn collection_event(kind: CollectionKind, reply: Reply, call: Call) -> Option<collection::Event> {
    use collection::Event as E;
    Some(match reply {
        Reply::Stored { document } => {
            let (number, document) = (document.number, document.kind);
            match document {
                DocumentKind::TelecomRawData
                | DocumentKind::DegreeRawData
                | DocumentKind::EbankRawData
                | DocumentKind::EbankV2RawData => E::RawDataReceived { document: number },
                DocumentKind::TelecomReport => E::ReportReceived { document: number },
                DocumentKind::BankList => E::BanksReceived { document: number },
                DocumentKind::BasePush
                | DocumentKind::AdditionalPush
                | DocumentKind::Dossier
                | DocumentKind::Picture
                | DocumentKind::SignedPush
                | DocumentKind::Photo => return None,
            }
        }
        // Only the second version of e-banking chooses the agreement, and it must.
        Reply::Opened { agreement, .. } if agreement.is_some() != (kind == CollectionKind::EbankV2) => {
            return None;
        }
        Reply::Opened { open_id, agreement } => E::SessionOpened { open_id: session_id(open_id), agreement },
        Reply::Accepted { told } => E::CallAccepted { told },
        Reply::State(told) => E::told(kind, told),
        Reply::NotReady => E::DataNotReady,
        Reply::Refused { message } => E::CallRefused { message },
        Reply::Lost => E::CallLost { call },
        Reply::Failed { cause } => E::CallFailed { cause },
        Reply::BlacklistClear
        | Reply::BlacklistHit
        | Reply::AuditAccepted { .. }
        | Reply::AuditRunning
        | Reply::AuditApproved
        | Reply::AuditRejected { .. } => return None,
    })
}

fn session_id(open_id: String) -> String {
    debug_assert!(open_id.len() <= OPEN_ID_LIMIT, "the provider client refuses longer ids");
    open_id
}
