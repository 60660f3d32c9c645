//! From what may be seen of an application to the wire.

use super::challenge::challenge;
use super::{name, request, timestamp, token, version};
use crate::api::proto::v1::application::{Outcome, State as WireState};
use crate::api::proto::v1::collection::{Kind as WireKind, Standing as WireStanding};
use crate::api::proto::v1::expiry::Want as WireWant;
use crate::api::proto::v1::rejection::Reason;
use crate::api::proto::v1::{self, ListApplicationsResponse};
use crate::engine::archive::Archive;
use crate::engine::read::{Page, Place};
use crate::machine::application::{Application, Hold, Lease, Rejection, Want};
use crate::machine::call::Cause;
use crate::machine::certification;
use crate::machine::collection::{CollectionKind, Standing};
use crate::machine::event::By;
use crate::machine::evidence::EvidenceKind;
use crate::machine::graph::application::State;
use crate::machine::table::Owner;
use crate::machine::view::{CollectionView, View, Word};
use crate::store::Store;

/// Shows an application.
pub(in super::super) fn application(application: &Application) -> v1::Application {
    view(&View::of(application))
}

/// Shows a page of a list.
pub(in super::super) fn page<S: Store>(
    page: Page,
    asked: &request::List,
    archive: &Archive<S>,
) -> ListApplicationsResponse {
    let scope = request::list_scope(&asked.filter, asked.order);
    let next = |place: Place| token::write(archive, &scope, &request::position(&place));
    ListApplicationsResponse {
        applications: page.views.iter().map(view).collect(),
        next_page_token: page.next.map(next).unwrap_or_default(),
    }
}

/// Shows what may be seen of an application.
pub(in super::super) fn view(view: &View) -> v1::Application {
    v1::Application {
        name: name::application_name(view.id),
        state: state(view.state).into(),
        owner: view.owner().map_or(v1::Owner::Unspecified, owner).into(),
        etag: view.version.to_string(),
        version: version(view.version),
        create_time: Some(timestamp(view.created)),
        state_time: Some(timestamp(view.since)),
        partner: view.source.partner.clone(),
        order_number: view.source.order.clone(),
        product: view.product.clone(),
        product_version: i32::try_from(view.product_version).unwrap_or(i32::MAX),
        missing_evidence: view.missing.iter().map(|kind| evidence_kind(*kind).into()).collect(),
        challenges: view.challenges.iter().map(|asked| challenge(view.id, asked)).collect(),
        collections: view.collections.iter().map(collection).collect(),
        next_look_time: view.wake.map(timestamp),
        outcome: outcome(&view.word),
        hold: view.held.as_ref().map(hold),
        certification: view.certification.map(certified),
        review: view.lease.as_ref().map(review),
    }
}

fn review(lease: &Lease) -> v1::Review {
    v1::Review { reviewer: lease.reviewer.clone(), expire_time: Some(timestamp(lease.until)) }
}

fn hold(hold: &Hold) -> v1::Hold {
    let By { actor, reason } = hold.by.clone();
    v1::Hold { hold_time: Some(timestamp(hold.since)), actor, reason }
}

fn certified(step: certification::State) -> v1::Certification {
    v1::Certification {
        state: step.name().to_owned(),
        state_number: step.number().into(),
        about: certification::definition(step).about.to_owned(),
    }
}

/// A state by its permanent number.
pub(super) const fn state(state: State) -> WireState {
    match state {
        State::Init => WireState::Init,
        State::Collecting => WireState::Collecting,
        State::CaptchaRequired => WireState::CaptchaRequired,
        State::DataReady => WireState::DataReady,
        State::AuditPending => WireState::AuditPending,
        State::Approved => WireState::Approved,
        State::Rejected => WireState::Rejected,
        State::ReviewPending => WireState::ReviewPending,
        State::Suspended => WireState::Suspended,
        State::Cancelled => WireState::Cancelled,
        State::Expired => WireState::Expired,
    }
}

/// Whoever owes something.
pub(super) const fn owner(owner: Owner) -> v1::Owner {
    match owner {
        Owner::Applicant => v1::Owner::Applicant,
        Owner::Provider => v1::Owner::Provider,
        Owner::Partner => v1::Owner::Partner,
        Owner::Operator => v1::Owner::Operator,
        Owner::Docket => v1::Owner::Docket,
        Owner::Evidence => v1::Owner::Evidence,
    }
}

pub(super) const fn evidence_kind(kind: EvidenceKind) -> v1::EvidenceKind {
    match kind {
        EvidenceKind::Identity => v1::EvidenceKind::Identity,
        EvidenceKind::Loan => v1::EvidenceKind::Loan,
        EvidenceKind::IdentityCard => v1::EvidenceKind::IdentityCard,
        EvidenceKind::Contacts => v1::EvidenceKind::Contacts,
        EvidenceKind::Work => v1::EvidenceKind::Work,
        EvidenceKind::Device => v1::EvidenceKind::Device,
        EvidenceKind::AddressBook => v1::EvidenceKind::AddressBook,
        EvidenceKind::OperatorData => v1::EvidenceKind::OperatorData,
        EvidenceKind::Profile => v1::EvidenceKind::Profile,
        EvidenceKind::Questionnaire => v1::EvidenceKind::Questionnaire,
        EvidenceKind::Personal => v1::EvidenceKind::Personal,
        EvidenceKind::Card => v1::EvidenceKind::Card,
        EvidenceKind::FacePhoto => v1::EvidenceKind::FacePhoto,
        EvidenceKind::FrontPhoto => v1::EvidenceKind::FrontPhoto,
        EvidenceKind::BackPhoto => v1::EvidenceKind::BackPhoto,
    }
}

pub(super) const fn collection_kind(kind: CollectionKind) -> WireKind {
    match kind {
        CollectionKind::Telecom => WireKind::Telecom,
        CollectionKind::Degree => WireKind::Degree,
        CollectionKind::Ebank => WireKind::Ebank,
        CollectionKind::EbankV2 => WireKind::EbankV2,
    }
}

fn collection(seen: &CollectionView) -> v1::Collection {
    let standing = match seen.standing {
        Standing::InputNeeded => WireStanding::InputNeeded,
        Standing::Running => WireStanding::Running,
        Standing::Delivered => WireStanding::Delivered,
        Standing::Parked => WireStanding::Parked,
        Standing::Exhausted => WireStanding::Exhausted,
    };
    v1::Collection {
        kind: collection_kind(seen.kind).into(),
        state: seen.state.name.to_owned(),
        state_number: seen.state.number.into(),
        standing: standing.into(),
        required: seen.required,
        attempt: seen.attempt.into(),
        state_time: Some(timestamp(seen.since)),
        parked: seen.cause.as_ref().map(cause),
    }
}

fn outcome(word: &Word) -> Option<Outcome> {
    match word {
        Word::None => None,
        Word::Rejected(rejection) => Some(Outcome::Rejection(rejected(rejection))),
        Word::Suspended(why) => Some(Outcome::Suspension(cause(why))),
        Word::Cancelled(reason) => Some(Outcome::Cancellation(v1::Cancellation { reason: reason.clone() })),
        Word::Expired(want) => Some(Outcome::Expiry(v1::Expiry { want: wanted(*want).into() })),
    }
}

fn rejected(rejection: &Rejection) -> v1::Rejection {
    match rejection {
        Rejection::Blacklisted => v1::Rejection { reason: Reason::Blacklisted.into(), detail: String::new() },
        Rejection::Audit { reason } => v1::Rejection { reason: Reason::Audit.into(), detail: reason.clone() },
        Rejection::Review { reason } => {
            v1::Rejection { reason: Reason::Review.into(), detail: reason.clone() }
        }
    }
}

const fn wanted(want: Want) -> WireWant {
    match want {
        Want::Evidence => WireWant::Evidence,
        Want::Collections => WireWant::Collections,
        Want::Applicant => WireWant::Applicant,
    }
}

fn cause(cause: &Cause) -> v1::Cause {
    v1::Cause { reason: cause.name().to_owned(), detail: cause.detail().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_the_permanent_numbers_of_the_machine() {
        for each in State::ALL {
            assert_eq!(i32::from(state(*each)), i32::from(each.number()));
            assert_eq!(state(*each).as_str_name(), format!("STATE_{}", each.name()));
        }
        for each in EvidenceKind::ALL {
            assert_eq!(i32::from(evidence_kind(each)), i32::from(each.number()));
        }
    }
}
