//! Photos that applicants upload: put away with what they show, and shown again by links that end.
//!
//! Owns the form of a link's signature. It must never tell which photos there are: who has no link has
//! nothing.

use super::archive::ArchiveError;
use super::dossier::{Dossier, Photo, Recognised};
use super::{Engine, EngineError, aside};
use crate::machine::application::Application;
use crate::machine::evidence::{DocumentKind, EvidenceKind};
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::Store;
use crate::vault::{Secret, Vault};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// What a photo shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The applicant's face.
    Face,
    /// The front of the identity card.
    Front,
    /// The back of the identity card.
    Back,
}

impl Side {
    /// The evidence that it is.
    pub const fn kind(self) -> EvidenceKind {
        match self {
            Self::Face => EvidenceKind::FacePhoto,
            Self::Front => EvidenceKind::FrontPhoto,
            Self::Back => EvidenceKind::BackPhoto,
        }
    }

    /// Takes its photo out of evidence.
    pub const fn of(self, dossier: &Dossier) -> Option<&Photo> {
        match self {
            Self::Face => dossier.face_photo.as_ref(),
            Self::Front => dossier.front_photo.as_ref(),
            Self::Back => dossier.back_photo.as_ref(),
        }
    }
}

/// A photo that is brought.
#[derive(Clone)]
pub struct Upload {
    /// What it shows.
    pub side: Side,
    /// The image file.
    pub image: Bytes,
    /// Its media type, by its content.
    pub media_type: &'static str,
    /// What was read from it.
    pub recognised: Option<Recognised>,
}

impl Upload {
    /// Makes the evidence, once the image has a number.
    pub(super) fn part(&self, document: u32) -> Dossier {
        let media_type = self.media_type.to_owned();
        let photo = Some(Photo { document, media_type, recognised: self.recognised.clone() });
        match self.side {
            Side::Face => Dossier { face_photo: photo, ..Dossier::default() },
            Side::Front => Dossier { front_photo: photo, ..Dossier::default() },
            Side::Back => Dossier { back_photo: photo, ..Dossier::default() },
        }
    }
}

impl<S: Store> Engine<S> {
    /// Finds a photo that was uploaded before, if its image is this one.
    pub(crate) async fn uploaded(
        &self,
        application: &Arc<Application>,
        side: Side,
        image: &Bytes,
    ) -> Result<Option<Photo>, ArchiveError> {
        let dossier = self.evidence_of(application, &[side.kind()]).await?;
        let Some(photo) = side.of(&dossier).cloned() else { return Ok(None) };
        let (archive, image) = (self.archive().clone(), image.clone());
        let fingerprint = aside(move || archive.fingerprint(&image)).await;
        let held = application.documents.iter().find(|held| held.number == photo.document);
        Ok(held.filter(|held| held.fingerprint == fingerprint).map(|_| photo))
    }

    /// Reads the image of a photo; none if there is no such photo.
    pub(crate) async fn photo(
        &self,
        application: ApplicationId,
        document: u32,
    ) -> Result<Option<Secret>, EngineError> {
        let Some(application) = self.application(application).await? else { return Ok(None) };
        let is_photo = application
            .documents
            .iter()
            .any(|held| held.number == document && held.kind == DocumentKind::Photo);
        if !is_photo {
            return Ok(None);
        }
        let archive = self.archive().clone();
        let image = aside(move || archive.document(&application, document)).await?;
        Ok(Some(image))
    }

    /// Makes links to photos: below `base`, good for `ttl`.
    pub fn links(&self, base: &str, ttl: Duration) -> Links {
        Links { vault: self.vault().clone(), base: base.trim_end_matches('/').into(), ttl }
    }
}

/// Makes links to photos and checks them; clones share the keys.
#[derive(Debug, Clone)]
pub struct Links {
    vault: Vault,
    base: Arc<str>,
    ttl: Duration,
}

/// Why a link leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// It is not one of ours.
    #[error("the link is not signed by us")]
    Forged,
    /// Its time is over.
    #[error("the link has expired; ask for a new one")]
    Expired,
}

impl Links {
    /// Writes the URL of a photo, good from now for the time that was set.
    pub fn write(&self, application: ApplicationId, document: u32, now: Time) -> String {
        let expires = (now + self.ttl).as_millis() / 1_000;
        let signature = hex::encode(self.sign(application, document, expires));
        let base = &self.base;
        format!("{base}/photos/{application}/{document}?expires={expires}&signature={signature}")
    }

    /// Checks a link: the signature first, so that nothing can be learnt from a made-up one.
    ///
    /// # Errors
    /// It is not ours, or its time is over.
    pub fn check(
        &self,
        application: ApplicationId,
        document: u32,
        expires: u64,
        signature: &str,
        now: Time,
    ) -> Result<(), BadLink> {
        let signature = hex::decode(signature).map_err(|_unspoken| BadLink::Forged)?;
        let right = self.sign(application, document, expires);
        if aws_lc_rs::constant_time::verify_slices_are_equal(&signature, &right).is_err() {
            return Err(BadLink::Forged);
        }
        if now.as_millis() / 1_000 >= expires { Err(BadLink::Expired) } else { Ok(()) }
    }

    fn sign(&self, application: ApplicationId, document: u32, expires: u64) -> [u8; 16] {
        self.vault.fingerprint("photo link", format!("{application}/{document}/{expires}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::samples::ID;
    use crate::vault::{MasterKey, Random};

    const NOW: Time = Time::from_millis(1_760_000_000_000);

    fn links() -> Links {
        let master = MasterKey::from_text(&"5a".repeat(32)).unwrap();
        let vault = Vault::volatile(master, Random::seeded(3));
        Links { vault, base: "https://app.example".into(), ttl: Duration::from_secs(600) }
    }

    #[test]
    fn a_link_is_good_for_its_photo_and_its_time() {
        let links = links();
        let url = links.write(ID, 7, NOW);
        let (path, query) = url.split_once('?').unwrap();
        assert_eq!(path, format!("https://app.example/photos/{ID}/7"));
        let signature = query.strip_prefix("expires=1760000600&signature=").unwrap();
        assert_eq!(links.check(ID, 7, 1_760_000_600, signature, NOW), Ok(()));
        let last = NOW + Duration::from_secs(600);
        assert_eq!(links.check(ID, 7, 1_760_000_600, signature, last), Err(BadLink::Expired));
        let mut other = signature.to_owned().into_bytes();
        other[0] = if other[0] == b'0' { b'1' } else { b'0' };
        let other = String::from_utf8(other).unwrap();
        for (document, expires, signature) in [
            (8, 1_760_000_600, signature),
            (7, 1_760_000_601, signature),
            (7, 1_760_000_600, &other),
            (7, 1_760_000_600, &signature[2..]),
            (7, 1_760_000_600, ""),
            (7, 1_760_000_600, "nothing"),
            // Expired as well, but that is not ours to tell.
            (7, 1, signature),
        ] {
            assert_eq!(links.check(ID, document, expires, signature, NOW), Err(BadLink::Forged));
        }
    }
}
