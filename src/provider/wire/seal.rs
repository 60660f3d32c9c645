//! The sealing of an audit's data: RSA block by block (spec 002 §7.1, spec 005 A-002-20).
//!
//! Owns the scheme: the plain bytes are cut into chunks of k − 11, each is encrypted with
//! RSAES-PKCS1-v1_5 into a block of k, and the blocks are written one after another as padded
//! Base64 on one line. It must never look into what it seals: a chunk may end within a character.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_chacha::rand_core as newer;
use rsa::rand_core::{self, CryptoRng, CryptoRngCore, RngCore};
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey};

/// The bytes of a block that PKCS1-v1_5 padding takes at least.
const PADDING: usize = 11;

/// Why sealing or opening failed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key leaves no room beside the padding.
    #[error("use a key of {size} bytes: the padding takes {PADDING}")]
    KeyTooSmall {
        /// The key's size.
        size: usize,
    },
    /// The text is not Base64.
    #[error("decode the blocks")]
    NotBase64(#[from] base64::DecodeError),
    /// The bytes are no whole number of blocks.
    #[error("cut {length} bytes into blocks of {block}")]
    Ragged {
        /// What came.
        length: usize,
        /// The key's block.
        block: usize,
    },
    /// A block cannot be encrypted or decrypted with this key.
    #[error("process block {index}")]
    Block {
        /// Counted from 0.
        index: usize,
        /// What the cipher says.
        source: rsa::Error,
    },
}

/// Seals `plain` for the holder of the private key. An empty text has no blocks and seals to "".
pub fn encrypt_blocks(
    key: &RsaPublicKey,
    plain: &[u8],
    rng: &mut impl CryptoRngCore,
) -> Result<String, SealError> {
    let size = key.size();
    if size <= PADDING {
        return Err(SealError::KeyTooSmall { size });
    }
    let chunk = size - PADDING;
    let mut sealed = Vec::with_capacity(plain.len().div_ceil(chunk) * size);
    for (index, part) in plain.chunks(chunk).enumerate() {
        let block =
            key.encrypt(rng, Pkcs1v15Encrypt, part).map_err(|source| SealError::Block { index, source })?;
        sealed.extend_from_slice(&block);
    }
    Ok(STANDARD.encode(sealed))
}

/// Opens what [`encrypt_blocks`] sealed.
pub fn decrypt_blocks(key: &RsaPrivateKey, sealed: &str) -> Result<Vec<u8>, SealError> {
    let bytes = STANDARD.decode(sealed)?;
    let block = key.size();
    if bytes.len() % block != 0 {
        return Err(SealError::Ragged { length: bytes.len(), block });
    }
    let mut plain = Vec::with_capacity(bytes.len());
    for (index, part) in bytes.chunks(block).enumerate() {
        let opened =
            key.decrypt(Pkcs1v15Encrypt, part).map_err(|source| SealError::Block { index, source })?;
        plain.extend_from_slice(&opened);
    }
    Ok(plain)
}

/// Lends a random generator to the cipher, which asks for the older of two interfaces.
#[derive(Debug)]
pub struct Randomness<R>(pub R);

impl<R: newer::RngCore> RngCore for Randomness<R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: newer::CryptoRng> CryptoRng for Randomness<R> {}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    fn key() -> (RsaPrivateKey, Randomness<ChaCha20Rng>) {
        let mut rng = Randomness(ChaCha20Rng::seed_from_u64(7));
        let key = RsaPrivateKey::new(&mut rng, 1024).unwrap();
        (key, rng)
    }

    fn check(plain: &str, blocks: usize) {
        let (key, mut rng) = key();
        let sealed = encrypt_blocks(&key.to_public_key(), plain.as_bytes(), &mut rng).unwrap();
        assert_eq!(STANDARD.decode(&sealed).unwrap().len(), blocks * 128);
        assert_eq!(decrypt_blocks(&key, &sealed).unwrap(), plain.as_bytes());
    }

    #[test]
    fn what_is_sealed_opens_again() {
        check("", 0);
        check(&"a".repeat(117), 1);
        check(&"a".repeat(118), 2);
    }

    #[test]
    fn a_character_may_lie_across_two_blocks() {
        check(&format!("{}验证码", "a".repeat(116)), 2);
        check(&"征信".repeat(200), 11);
    }

    #[test]
    fn damage_is_told_apart() {
        let (key, _) = key();
        let open = |text: &str| decrypt_blocks(&key, text).unwrap_err();
        assert!(matches!(open("?"), SealError::NotBase64(_)));
        assert!(matches!(open("AAAA"), SealError::Ragged { length: 3, .. }));
        let noise = STANDARD.encode([1; 128]);
        assert!(matches!(open(&noise), SealError::Block { index: 0, .. }));
    }
}
