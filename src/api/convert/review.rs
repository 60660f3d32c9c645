//! What a person sees of the evidence.

use super::application::evidence_kind;
use super::check::Check;
use super::{steering, timestamp};
use crate::api::proto::v1::evidence_item::Supplier as WireSupplier;
use crate::api::proto::v1::{EvidenceItem, GetEvidenceRequest, GetEvidenceResponse};
use crate::config::{Role, Roles};
use crate::engine::dossier::{Dossier, Photo, masked};
use crate::machine::application::Application;
use crate::machine::event::By;
use crate::machine::evidence::{Evidence, Supplier};
use crate::machine::id::ApplicationId;
use tonic::Status;

/// Checks who wants to look, at what, and in which role.
pub(in super::super) fn looking(
    request: GetEvidenceRequest,
    roles: &Roles,
) -> Result<(ApplicationId, By, Option<Role>), Status> {
    let mut check = Check::default();
    let GetEvidenceRequest { name, actor, reason, role } = request;
    let id = check.application("name", &name);
    let by = steering::by(&mut check, actor, reason);
    let role = match role.as_str() {
        "" => Some(None),
        name => match roles.find(name) {
            Some(role) => Some(Some(role.clone())),
            None => check.wrong("role", "must be a role of the server's settings"),
        },
    };
    let made = || Some((id?, by?, role?));
    let made = made();
    check.finish(made)
}

/// Shows the evidence of an application as a role may see it, photos by a link.
pub(in super::super) fn items(
    application: &Application,
    mut dossier: Dossier,
    role: Option<&Role>,
    link: impl Fn(&Photo) -> String,
) -> GetEvidenceResponse {
    let mut held = application.evidence.clone();
    held.sort_unstable_by_key(|held| held.kind);
    let clear = role.map_or(&[][..], |role| &role.clear);
    let items = held.into_iter().map(|held| {
        let is_clear = clear.contains(&held.kind);
        let mut part = Dossier::default();
        part.take(held.kind, &mut dossier);
        let photo = part.face_photo.as_ref().or(part.front_photo.as_ref()).or(part.back_photo.as_ref());
        let photo_url = photo.filter(|_| is_clear).map(&link).unwrap_or_default();
        let values = masked::values(&part, held.kind, clear);
        EvidenceItem { photo_url, values, masked: !is_clear, ..item(application, held) }
    });
    let items = items.collect();
    let missing = application.missing().into_iter().map(|kind| evidence_kind(kind).into());
    GetEvidenceResponse { items, missing: missing.collect(), etag: application.version.to_string() }
}

fn item(application: &Application, held: Evidence) -> EvidenceItem {
    let Evidence { kind, document, at, supplier } = held;
    let supplier = match supplier {
        Supplier::Untold => WireSupplier::Unspecified,
        Supplier::Partner => WireSupplier::Partner,
        Supplier::Applicant => WireSupplier::Applicant,
        Supplier::Service => WireSupplier::Service,
    };
    EvidenceItem {
        kind: evidence_kind(kind).into(),
        supplier: supplier.into(),
        receive_time: Some(timestamp(at)),
        fresh_until_time: application.plan.fresh_until(kind, at).map(timestamp),
        document,
        ..EvidenceItem::default()
    }
}
