//! The ciphers: AES-256-GCM, HMAC-SHA-256, HKDF-SHA-256, all of aws-lc.
//!
//! Owns what is bound into what: every use names itself in the associated data, and every use of
//! the master key has a key of its own derived from it.

use super::secret::KEY_BYTES;
use super::{MasterKey, Random, VaultError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{constant_time, hkdf, hmac};
use zeroize::Zeroizing;

/// Bytes that sealing adds: the nonce before, the tag after.
pub(super) const OVERHEAD: usize = NONCE_LEN + MAX_TAG_LEN;

/// What the master key is used for.
pub(super) struct Master {
    /// Wraps the keys in slots.
    pub(super) wrap: Zeroizing<[u8; KEY_BYTES]>,
    /// Seals tokens.
    pub(super) token: Zeroizing<[u8; KEY_BYTES]>,
    fingerprint: hmac::Key,
    check: [u8; 16],
}

impl Master {
    pub(super) fn new(master: MasterKey) -> Self {
        let fingerprint = hmac::Key::new(hmac::HMAC_SHA256, &*derive(&master, b"docket fingerprint"));
        let check = *derive(&master, b"docket master check").first_chunk().expect("a key has 32 bytes");
        let token = derive(&master, b"docket token");
        Self { wrap: derive(&master, b"docket wrap"), token, fingerprint, check }
    }

    /// Gives a value that tells this master key from another and nothing about it.
    pub(super) fn check(&self) -> [u8; 16] {
        self.check
    }

    pub(super) fn is_checked_by(&self, check: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.check, check).is_ok()
    }

    pub(super) fn fingerprint(&self, purpose: &str, bytes: &[u8]) -> [u8; 16] {
        let mut mac = hmac::Context::with_key(&self.fingerprint);
        // Its length first, so that no purpose runs on into the bytes.
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(bytes);
        *mac.sign().as_ref().first_chunk().expect("an HMAC-SHA-256 has 32 bytes")
    }
}

fn derive(master: &MasterKey, purpose: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"docket").extract(master.expose());
    let filled = root.expand(&[purpose], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut *key));
    filled.expect("HKDF-SHA-256 gives 32 bytes");
    key
}

/// Seals: nonce, ciphertext, tag.
pub(super) fn seal(key: &[u8; KEY_BYTES], aad: &[u8], plain: &[u8], random: &Random) -> Vec<u8> {
    let nonce: [u8; NONCE_LEN] = random.array();
    let mut out = Vec::with_capacity(OVERHEAD + plain.len());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let tag = aes(key)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            &mut out[NONCE_LEN..],
        )
        .expect("a document is far below the limit of AES-GCM");
    out.extend_from_slice(tag.as_ref());
    out
}

/// Opens what [`seal`] made under the same key and associated data.
pub(super) fn open(
    key: &[u8; KEY_BYTES],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Refused)?;
    let mut plain = Zeroizing::new(rest.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = aes(key).open_in_place(nonce, Aad::from(aad), &mut plain);
    let len = opened.map_err(|_| VaultError::Refused)?.len();
    plain.truncate(len);
    Ok(plain)
}

fn aes(key: &[u8; KEY_BYTES]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("an AES-256 key has 32 bytes"))
}
