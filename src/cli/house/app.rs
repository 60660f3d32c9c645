//! The wiring of the mobile apps: their calls, and the photos that they link to.

use crate::config::{Partner, Recognition, Settings};
use crate::engine::Engine;
use crate::engine::photo::Links;
use crate::intake::mobile::catalogue::Catalogue;
use crate::intake::mobile::recognise::{Nobody, Recogniser, Tesseract};
use crate::intake::{mobile, photos};
use crate::store::disk::DiskStore;
use anyhow::Context;
use axum::Router;
use std::sync::Arc;

/// The routes of every app, the first at the root too, and of the photos; none without an app.
pub(super) async fn routes(
    engine: &Engine<DiskStore>,
    settings: &Settings,
    links: &Links,
) -> anyhow::Result<Router> {
    let apps: Vec<&Partner> = settings.partner.iter().filter(|partner| partner.has_app()).collect();
    if apps.is_empty() {
        return Ok(Router::new());
    }
    let mobile = &settings.mobile;
    let catalogue = match &mobile.catalogue {
        None => Catalogue::printed(),
        Some(file) => Catalogue::from_file(file).context("use the setting mobile.catalogue")?,
    };
    let (catalogue, recogniser) = (Arc::new(catalogue), recogniser(settings).await?);
    let mut router = photos::routes(engine.clone(), links.clone());
    for (at, partner) in apps.into_iter().enumerate() {
        let calls = mobile::routes(mobile::App {
            engine: engine.clone(),
            partner: partner.name.clone(),
            products: partner.mobile_products.clone(),
            sessions: engine.sessions(mobile.session_epoch),
            header: mobile.header.parse().context("use the setting mobile.header")?,
            links: links.clone(),
            catalogue: Arc::clone(&catalogue),
            recogniser: Arc::clone(&recogniser),
            check_digits: mobile.check_digits,
            photo_bytes: usize::try_from(mobile.photo_bytes).context("use the setting mobile.photo_bytes")?,
        });
        if at == 0 {
            router = router.merge(calls.clone());
        }
        router = router.merge(Router::new().nest(&format!("/partners/{}", partner.name), calls));
    }
    Ok(router)
}

/// What reads identity cards.
async fn recogniser(settings: &Settings) -> anyhow::Result<Arc<dyn Recogniser>> {
    let mobile = &settings.mobile;
    if mobile.recogniser == Recognition::None {
        return Ok(Arc::new(Nobody));
    }
    match Tesseract::find(&mobile.recogniser_program).await {
        Ok(tesseract) => Ok(Arc::new(tesseract)),
        Err(missing) if mobile.recogniser == Recognition::Tesseract => {
            Err(missing).context("use the setting mobile.recogniser")
        }
        Err(missing) => {
            tracing::info!(%missing, "identity cards are not read: applicants type name and number");
            Ok(Arc::new(Nobody))
        }
    }
}
