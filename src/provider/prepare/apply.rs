//! The application for an audit (spec 002 §7.1).

use super::written::json;
use super::{Draft, Manner, Means, id_card, identity, personal};
use crate::engine::provider::Failure;
use crate::machine::application::Application;
use crate::machine::call::Call;
use crate::provider::audit;
use crate::provider::failure::missing;
use crate::provider::material::Material;
use crate::provider::wire::Opaque;
use crate::provider::wire::audit::ApplyRequest;
use crate::vault::Secret;

pub(super) fn apply(
    call: &Call,
    application: &Application,
    material: &Material,
    Means { sealer, dialect, .. }: &Means<'_>,
) -> Result<Draft, Failure> {
    let identity = identity(&material.dossier)?;
    let phone = identity.phone.parse().map_err(|_| missing("phone"))?;
    let collected = material.collected.as_ref().map(Secret::expose);
    let plain = audit::dossier(application, &material.dossier, collected, &dialect.audit)?;
    let data = sealer
        .seal(&json(&plain))
        .map_err(|error| Failure::Ours { detail: format!("seal the audit's data: {error}") })?;
    let message = ApplyRequest {
        token: Opaque::default(),
        name: identity.name.clone(),
        phone,
        id_card: id_card(identity),
        data,
    };
    let draft = Draft::letter(call, message, Manner::PostCompressed, Some(|it| &mut it.token));
    Ok(draft.carrying(personal(identity)))
}
