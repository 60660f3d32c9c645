//! Sealed documents: compressed if it helps, then encrypted.
//!
//! ```text
//! version u8 | flags u8 (1 compressed) | nonce 12 | ciphertext | tag 16
//! ```
//!
//! The associated data are version, flags, application, kind and number. Owns this format, whose
//! version 1 is for ever.

use super::secret::DataKey;
use super::{Label, Random, Secret, VaultError, crypt};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// The largest document in bytes, before compression and after: several photos.
pub const DOCUMENT_LIMIT: usize = 32 << 20;

pub(super) const VERSION: u8 = 1;
const COMPRESSED: u8 = 1;

pub(super) fn seal(
    key: &DataKey,
    label: Label,
    document: &[u8],
    random: &Random,
) -> Result<Vec<u8>, VaultError> {
    if document.len() > DOCUMENT_LIMIT {
        return Err(too_large());
    }
    Ok(seal_unchecked(key, label, document, random))
}

pub(super) fn seal_unchecked(key: &DataKey, label: Label, document: &[u8], random: &Random) -> Vec<u8> {
    let small = compress(document);
    let (flags, body) = match &small {
        Some(small) => (COMPRESSED, small.as_slice()),
        None => (0, document),
    };
    let mut out = Vec::with_capacity(2 + crypt::OVERHEAD + body.len());
    out.extend_from_slice(&[VERSION, flags]);
    out.extend_from_slice(&crypt::seal(&key.0, &aad(VERSION, flags, label), body, random));
    out
}

pub(super) fn unseal(key: &DataKey, label: Label, sealed: &[u8]) -> Result<Secret, VaultError> {
    let &[version, flags, ref rest @ ..] = sealed else {
        return Err(VaultError::Refused);
    };
    if version > VERSION {
        return Err(VaultError::NewerSeal { found: version, known: VERSION });
    }
    let mut body = crypt::open(&key.0, &aad(version, flags, label), rest)?;
    if flags & COMPRESSED == 0 {
        return Ok(Secret::new(std::mem::take(&mut *body)));
    }
    // A buffer that never grows leaves no copies behind, but a stated size could lie: inflate
    // twice, first to count.
    let size = std::io::copy(&mut inflate(&body), &mut std::io::sink()).map_err(|_| VaultError::Refused)?;
    let size = usize::try_from(size).ok().filter(|size| *size <= DOCUMENT_LIMIT).ok_or_else(too_large)?;
    let mut document = Zeroizing::new(Vec::with_capacity(size));
    inflate(&body).read_to_end(&mut document).map_err(|_| VaultError::Refused)?;
    Ok(Secret::new(std::mem::take(&mut *document)))
}

fn inflate(body: &[u8]) -> impl Read {
    DeflateDecoder::new(body).take(DOCUMENT_LIMIT as u64 + 1)
}

/// Compresses; `None` if that does not make it smaller.
fn compress(document: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // Room for what does not shrink, so that no buffer is left behind unwiped.
    let room = document.len() + document.len() / 64 + 64;
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(room), Compression::fast());
    encoder.write_all(document).ok()?;
    let small = Zeroizing::new(encoder.finish().ok()?);
    (small.len() < document.len()).then_some(small)
}

fn aad(version: u8, flags: u8, label: Label) -> Vec<u8> {
    let Label { application, kind, number } = label;
    let head = [version, flags, kind];
    [b"docket document".as_slice(), &head, application.as_bytes(), &number.to_be_bytes()].concat()
}

fn too_large() -> VaultError {
    VaultError::TooLarge { what: "a document", limit: DOCUMENT_LIMIT }
}
