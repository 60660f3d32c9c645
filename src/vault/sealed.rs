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
use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use std::cell::RefCell;
use std::io::Read;
use zeroize::Zeroizing;

/// The largest document in bytes, before compression and after: several photos.
pub const DOCUMENT_LIMIT: usize = 32 << 20;

pub(super) const VERSION: u8 = 1;
const COMPRESSED: u8 = 1;

/// The size in bytes from which on a document is compressed: what is smaller hardly shrinks.
const WORTH_COMPRESSING: usize = 128;

thread_local! {
    /// One a thread, since its tables are a hundred times as large as the usual document.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

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
    if document.len() < WORTH_COMPRESSING {
        return None;
    }
    COMPRESSOR.with_borrow_mut(|compressor| {
        // No more room than it would be worth: the buffer never grows, so that none is left unwiped.
        let mut small = Zeroizing::new(Vec::with_capacity(document.len() - 1));
        let ended = compressor.compress_vec(document, &mut small, FlushCompress::Finish);
        // Which fills its tables with zeros: they hold what it has read.
        compressor.reset();
        matches!(ended, Ok(Status::StreamEnd)).then_some(small)
    })
}

fn aad(version: u8, flags: u8, label: Label) -> Vec<u8> {
    let Label { application, kind, number } = label;
    let head = [version, flags, kind];
    [b"docket document".as_slice(), &head, application.as_bytes(), &number.to_be_bytes()].concat()
}

fn too_large() -> VaultError {
    VaultError::TooLarge { what: "a document", limit: DOCUMENT_LIMIT }
}
