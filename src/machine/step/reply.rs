//! From a call's reply to the event of the machine that asked, and what becomes of a late one.

use super::{Draft, Refusal, Verdict, application, finish, of_telecom, own, telecom};
use crate::machine::application::Application;
use crate::machine::call::{Call, Cause, EffectId, Pending, Reply, Slot};
use crate::machine::evidence::{Document, DocumentKind};
use crate::machine::telecom::OPEN_ID_LIMIT;

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
        Slot::Telecom => {
            let takes = |event: &_| application.telecom.as_ref().is_some_and(|telecom| telecom.takes(event));
            let (event, document) = telecom_event(reply, pending.call.clone());
            let event = event.filter(takes).unwrap_or_else(|| telecom::Event::CallFailed { cause: unfit() });
            asked_again(stored_then(application, (event, document), draft)?, pending)
        }
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

/// Documents that a reply brought are the application's, whatever the machine makes of them.
fn stored_then(
    application: &Application,
    (event, document): (telecom::Event, Option<Document>),
    draft: &mut Draft<'_>,
) -> Result<Verdict, Refusal> {
    let mut with = application.clone();
    with.documents.extend(document);
    of_telecom(&with, event, draft)
}

/// Journals what came too late to matter; a poll that came too late says nothing at all.
fn late(application: &Application, reply: &Reply, draft: &mut Draft<'_>) -> Verdict {
    match reply {
        Reply::TelecomState { .. } | Reply::NotReady | Reply::AuditRunning => Verdict::Ignored,
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
        | Reply::TelecomOpened { .. }
        | Reply::Accepted
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
        Reply::TelecomOpened { .. }
        | Reply::Accepted
        | Reply::TelecomState { .. }
        | Reply::NotReady
        | Reply::Stored { .. }
        | Reply::Lost => None,
    }
}

/// The event of a reply, if it can be one, and the document that it brought.
fn telecom_event(reply: Reply, call: Call) -> (Option<telecom::Event>, Option<Document>) {
    use telecom::Event as E;
    let event = match reply {
        Reply::Stored { document } => {
            let number = document.number;
            let event = match document.kind {
                DocumentKind::TelecomRawData => Some(E::RawDataReceived { document: number }),
                DocumentKind::TelecomReport => Some(E::ReportReceived { document: number }),
                DocumentKind::BasePush | DocumentKind::AdditionalPush | DocumentKind::Dossier => None,
            };
            return (event, Some(document));
        }
        Reply::TelecomOpened { open_id } => E::SessionOpened { open_id: session_id(open_id) },
        Reply::Accepted => E::CallAccepted,
        Reply::TelecomState { code, message } => telecom::reported(code, message),
        Reply::NotReady => E::DataNotReady,
        Reply::Refused { message } => E::CallRefused { message },
        Reply::Lost => E::CallLost { call },
        Reply::Failed { cause } => E::CallFailed { cause },
        Reply::BlacklistClear
        | Reply::BlacklistHit
        | Reply::AuditAccepted { .. }
        | Reply::AuditRunning
        | Reply::AuditApproved
        | Reply::AuditRejected { .. } => return (None, None),
    };
    (Some(event), None)
}

fn session_id(open_id: String) -> String {
    debug_assert!(open_id.len() <= OPEN_ID_LIMIT, "the provider client refuses longer ids");
    open_id
}
