//! Signatures: HMAC-SHA256 with a secret that a partner and Docket share.
//!
//! Owns the form of a signature and of what is signed. It must never print a secret, nor compare in
//! a time that tells how much was right.

use crate::vault::Secret;
use aws_lc_rs::hmac;

/// The header that names a delivery.
pub(super) const DELIVERY: &str = "docket-delivery";

/// The header with the seconds since 1970 when a message was signed.
pub(super) const TIMESTAMP: &str = "docket-timestamp";

/// The header with the signatures.
pub(super) const SIGNATURE: &str = "docket-signature";

/// What stands before each signature; the number changes if what is signed ever does.
const FORM: &str = "v1=";

/// The most signatures of a header that are looked at: two secrets are good at a time.
const SIGNATURES_LIMIT: usize = 4;

/// The secrets of a partner, the newest first.
pub(super) struct Keys(Vec<hmac::Key>);

impl Keys {
    pub(super) fn new(secrets: &[Secret]) -> Self {
        Self(secrets.iter().map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.expose())).collect())
    }

    /// Signs a text with every secret: `v1=…`, or `v1=…,v1=…` while secrets are rotated.
    pub(super) fn sign(&self, timestamp: u64, text: &str) -> String {
        let signed = signed(timestamp, text);
        let sign = |key| format!("{FORM}{}", hex::encode(hmac::sign(key, &signed)));
        self.0.iter().map(sign).collect::<Vec<_>>().join(",")
    }

    /// Says whether one of the signatures is good under one of the secrets.
    pub(super) fn is_signed(&self, timestamp: u64, text: &str, signatures: &str) -> bool {
        let signed = signed(timestamp, text);
        let given = signatures.split(',').take(SIGNATURES_LIMIT);
        let given = given.filter_map(|one| hex::decode(one.trim().strip_prefix(FORM)?).ok());
        given.into_iter().any(|one| self.0.iter().any(|key| hmac::verify(key, &signed, &one).is_ok()))
    }
}

fn signed(timestamp: u64, text: &str) -> Vec<u8> {
    format!("{timestamp}.{text}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secrets: &[&str]) -> Keys {
        let secrets: Vec<_> = secrets.iter().map(|text| Secret::from((*text).to_owned())).collect();
        Keys::new(&secrets)
    }

    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac 0123456789abcdef
        let signed = keys(&["0123456789abcdef"]).sign(1_700_000_000, "{}");
        assert_eq!(signed, "v1=e4f8e2ecae2295b2ddb2f0b5584c8275e226c0ebe9b3b819e70156bb67122e3e");
    }

    #[test]
    fn either_secret_is_good_while_they_are_rotated() {
        let (old, new) = (keys(&["former-secret-16"]), keys(&["newest-secret-16"]));
        let both = keys(&["newest-secret-16", "former-secret-16"]);
        let signed = both.sign(7, "text");
        assert_eq!(signed.split(',').count(), 2);
        assert!(old.is_signed(7, "text", &signed) && new.is_signed(7, "text", &signed));
        assert!(both.is_signed(7, "text", &old.sign(7, "text")));
        assert!(!new.is_signed(7, "text", &old.sign(7, "text")));
        for (at, text) in [(8, "text"), (7, "test")] {
            assert!(!both.is_signed(at, text, &signed));
        }
        for nonsense in ["", "v1=", "v1=zz", "v2=00", &signed[..20]] {
            assert!(!both.is_signed(7, "text", nonsense), "{nonsense}");
        }
    }
}
