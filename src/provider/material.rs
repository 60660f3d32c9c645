//! What a call is made of beside what the core knows: evidence and secrets, in the clear.
//!
//! Owns the choice of what is brought back from the archive for which call. It must never bring
//! back more than the call needs, and lives no longer than the call.

use super::failure::{answer_missing, missing, unavailable};
use crate::engine::archive::Archive;
use crate::engine::dossier::Dossier;
use crate::engine::provider::Failure;
use crate::machine::application::Application;
use crate::machine::call::Call;
use crate::machine::collection::CollectionKind;
use crate::machine::evidence::EvidenceKind;
use crate::machine::time::Time;
use crate::store::Store;
use crate::vault::Secret;

/// Evidence and secrets for one call.
#[derive(Default)]
pub(super) struct Material {
    /// Typed evidence; what the application does not hold is absent.
    pub(super) dossier: Dossier,
    /// The operator's raw data as collected; a partner's is in the dossier.
    pub(super) collected: Option<Secret>,
    /// What the applicant answered.
    pub(super) answer: Option<Secret>,
}

/// Brings back what a call needs. Evidence that the application does not hold is left out, an
/// answer whose key was destroyed is an error.
pub(super) fn gather<S: Store>(
    archive: &Archive<S>,
    application: &Application,
    call: &Call,
    now: Time,
) -> Result<Material, Failure> {
    if let (Call::AuditApply, Some((kind, _))) = (call, application.stale(now).next()) {
        return Err(missing(format!("{}: what is there is too old", kind.name())));
    }
    let mut material = Material::default();
    let kinds = held(application, wanted(call));
    if !kinds.is_empty() {
        material.dossier = archive.dossier(application, &kinds).map_err(unavailable)?;
    }
    if let (Call::AuditApply, Some(number)) = (call, collected(application)) {
        let document = archive.document(application, number);
        material.collected = Some(document.map_err(unavailable)?);
    }
    if let Some(answer) = call.answer() {
        let opened = archive.answer(application, answer).map_err(unavailable)?;
        material.answer = Some(opened.ok_or_else(answer_missing)?);
    }
    Ok(material)
}

/// The evidence that a call can carry (spec 006 §7.2, "Intake → collection inputs").
const fn wanted(call: &Call) -> &'static [EvidenceKind] {
    match call {
        Call::Blacklist => &[EvidenceKind::Identity],
        Call::TelecomOpen { .. } | Call::DegreeOpen => {
            &[EvidenceKind::Identity, EvidenceKind::Contacts, EvidenceKind::Work]
        }
        Call::EbankOpen { .. } => &[EvidenceKind::Identity, EvidenceKind::Device],
        Call::EbankLicense { .. } | Call::EbankV2Open => &[EvidenceKind::Identity],
        Call::AuditApply => &EvidenceKind::ALL,
        Call::AuditResult { .. }
        | Call::TelecomQueryPassword { .. }
        | Call::TelecomCaptcha { .. }
        | Call::TelecomResend { .. }
        | Call::TelecomState { .. }
        | Call::TelecomRawData { .. }
        | Call::TelecomReport { .. }
        | Call::DegreeLogin { .. }
        | Call::DegreeState { .. }
        | Call::DegreeRawData { .. }
        | Call::EbankBanks
        | Call::EbankState { .. }
        | Call::EbankCaptcha { .. }
        | Call::EbankRawData { .. }
        | Call::EbankV2Banks { .. }
        | Call::EbankV2License { .. }
        | Call::EbankV2Login { .. }
        | Call::EbankV2State { .. }
        | Call::EbankV2Captcha { .. }
        | Call::EbankV2RawData { .. } => &[],
    }
}

/// The wanted evidence that the application holds.
fn held(application: &Application, wanted: &[EvidenceKind]) -> Vec<EvidenceKind> {
    let is_held = |kind: &EvidenceKind| application.evidence.iter().any(|held| held.kind == *kind);
    wanted.iter().copied().filter(is_held).collect()
}

/// The number of the document with the raw data that the telecom collection delivered.
fn collected(application: &Application) -> Option<u32> {
    application.collection(CollectionKind::Telecom)?.raw_data()
}
