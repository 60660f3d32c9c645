//! The sealing of an audit's data for the provider (spec 002 §7.1, spec 005 A-002-20).
//!
//! Owns the provider's public key and the randomness of the padding. It must never draw that
//! randomness itself: a run is repeatable if its generator is.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_chacha::ChaCha20Rng;
use rsa::RsaPublicKey;
use rsa::pkcs8::DecodePublicKey as _;

use crate::provider::wire::seal::{Randomness, SealError, encrypt_blocks};

/// How the audit's data is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditCipher {
    /// Not at all: Base64 of the plain JSON.
    None,
    /// RSAES-PKCS1-v1_5 in blocks, then Base64.
    Pkcs1 {
        /// The provider's public key, X.509 SPKI PEM.
        public_key: String,
    },
}

/// The provider's public key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It is not an RSA key in this form.
    #[error("read the provider's public key: give an RSA key as PEM (BEGIN PUBLIC KEY)")]
    Unreadable(#[from] rsa::pkcs8::spki::Error),
    /// It is too small.
    #[error("seal with the provider's public key")]
    Unfit(#[from] SealError),
}

/// Seals for the provider.
pub(in crate::provider) struct Sealer {
    key: Option<RsaPublicKey>,
    randomness: Mutex<Randomness<ChaCha20Rng>>,
}

impl Sealer {
    /// Takes the key, and tries it once.
    pub(in crate::provider) fn new(
        cipher: &AuditCipher,
        mut randomness: ChaCha20Rng,
    ) -> Result<Self, KeyError> {
        let key = match cipher {
            AuditCipher::None => None,
            AuditCipher::Pkcs1 { public_key } => {
                let key = RsaPublicKey::from_public_key_pem(public_key)?;
                encrypt_blocks(&key, b"{}", &mut Randomness(&mut randomness))?;
                Some(key)
            }
        };
        Ok(Self { key, randomness: Mutex::new(Randomness(randomness)) })
    }

    /// Seals plain bytes into the text that is sent.
    pub(in crate::provider) fn seal(&self, plain: &[u8]) -> Result<String, SealError> {
        match &self.key {
            None => Ok(STANDARD.encode(plain)),
            Some(key) => {
                // A panic of another thread leaves the generator usable: every state of it is.
                let randomness = self.randomness.lock();
                let mut randomness = randomness.unwrap_or_else(PoisonError::into_inner);
                encrypt_blocks(key, plain, &mut *randomness)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::specimen;
    use crate::provider::wire::seal::decrypt_blocks;
    use rand_chacha::rand_core::SeedableRng as _;

    #[test]
    fn what_is_sealed_opens_and_repeats() {
        let (private, cipher) = specimen::audit_key();
        let sealer = || Sealer::new(&cipher, ChaCha20Rng::seed_from_u64(3)).unwrap();
        let plain = "征信".repeat(100);
        let sealed = sealer().seal(plain.as_bytes()).unwrap();
        assert_eq!(decrypt_blocks(&private, &sealed).unwrap(), plain.as_bytes());
        assert_eq!(sealer().seal(plain.as_bytes()).unwrap(), sealed);
        let twice = sealer();
        twice.seal(b"first").unwrap();
        assert_ne!(twice.seal(plain.as_bytes()).unwrap(), sealed);
    }

    #[test]
    fn nothing_is_sealed_where_the_switch_is_off() {
        let sealer = Sealer::new(&AuditCipher::None, ChaCha20Rng::seed_from_u64(3)).unwrap();
        assert_eq!(sealer.seal(b"{}").unwrap(), "e30=");
    }

    #[test]
    fn a_key_that_is_none_is_told_at_the_start() {
        let cipher = AuditCipher::Pkcs1 { public_key: "-----BEGIN".to_owned() };
        let made = Sealer::new(&cipher, ChaCha20Rng::seed_from_u64(3));
        assert!(matches!(made.err(), Some(KeyError::Unreadable(_))));
    }
}
