//! Signatures of pushes: MD5 over what a contract says, with a secret that a partner and Docket share.
//!
//! Owns the text that each contract signs. It must never print a secret, compare in a time that tells
//! how much was right, or look into a body before its signature was found good.

use super::push::Envelope;
use crate::config::Pushes;
use crate::machine::time::Time;
use crate::vault::Secret;
use axum::http::HeaderMap;
use md5::{Digest, Md5};
use std::time::Duration;
use thiserror::Error;

/// The bytes of a signature.
type Md5Sum = [u8; 16];

/// What every signed push calls its sender (spec 003, "Headers").
pub(super) const CLIENT: &str = "THIRDPARTY_QUNADAI";

/// Why a push is not from who it should be from; the words are for the partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Unsigned {
    /// An envelope of somebody else.
    #[error("ua: is not the id of this partner")]
    Stranger,
    /// An envelope whose signature is wrong.
    #[error("sign: is not the signature of these arguments")]
    Envelope,
    /// A header that is not there, or twice.
    #[error("{header}: the header must be there once")]
    Header {
        /// Its name.
        header: &'static str,
    },
    /// A signed push of somebody else.
    #[error("clientId: must be {CLIENT}")]
    Client,
    /// A time that is none.
    #[error("clientTime: must be a time in milliseconds since 1970")]
    Time,
    /// A signed push whose signature is wrong, in the words of its contract (spec 003, "Example responses").
    #[error("签名错误")]
    Headers,
    /// A signed push that is too old, or too new.
    #[error("clientTime: must be within {window_s} s of our time")]
    Stale {
        /// How far it may be.
        window_s: u64,
    },
}

/// The secrets of a partner, the newest first.
pub(super) struct Secrets(Vec<Secret>);

impl Secrets {
    /// Says whether a signature in hexadecimal is good under one of the secrets. It takes as long
    /// whatever is wrong with it.
    fn is_good(&self, given: &str, sign: impl Fn(&[u8]) -> Md5Sum) -> bool {
        let mut sum = Md5Sum::default();
        let is_hex = hex::decode_to_slice(given, &mut sum).is_ok();
        let is_good = |secret: &Secret| {
            aws_lc_rs::constant_time::verify_slices_are_equal(&sign(secret.expose()), &sum).is_ok()
        };
        self.0.iter().fold(false, |found, secret| is_good(secret) | found) && is_hex
    }
}

/// How the halves of an order are signed.
pub(super) enum Halves {
    /// Not at all.
    Bare,
    /// Each in an envelope (spec 005 A-000-2).
    Enveloped {
        /// Who signs.
        ua: String,
        /// With what.
        secrets: Secrets,
    },
}

/// How signed pushes are signed (spec 003).
pub(super) struct Signed {
    secrets: Secrets,
    window: Option<Duration>,
}

/// How a partner signs, by what it pushes.
pub(super) enum Signature {
    /// It pushes nothing.
    Nothing,
    /// It pushes halves.
    Halves(Halves),
    /// It sends signed pushes.
    Signed(Signed),
}

impl From<Pushes> for Signature {
    fn from(pushes: Pushes) -> Self {
        match pushes {
            Pushes::Nothing => Self::Nothing,
            Pushes::Bare => Self::Halves(Halves::Bare),
            Pushes::Enveloped { ua, secrets } => {
                Self::Halves(Halves::Enveloped { ua, secrets: Secrets(secrets) })
            }
            Pushes::Signed { secrets, window } => Self::Signed(Signed { secrets: Secrets(secrets), window }),
        }
    }
}

/// Checks an envelope. The older form, which signs the name of what is called too, is the one of an
/// envelope that has such a name (spec 000, "Envelope and signature").
///
/// Nothing here is about time: the envelope's is not signed, so that anybody could set it anew.
pub(super) fn check_envelope(ua: &str, secrets: &Secrets, envelope: &Envelope<'_>) -> Result<(), Unsigned> {
    if envelope.ua != ua {
        return Err(Unsigned::Stranger);
    }
    let sign = |secret: &[u8]| {
        let key = [ua.as_bytes(), secret, ua.as_bytes()];
        let mut sum = key.iter().fold(Md5::new(), Md5::chain_update);
        if let Some(call) = &envelope.call {
            sum = key.iter().fold(sum.chain_update(call), Md5::chain_update);
        }
        key.iter().fold(sum.chain_update(envelope.args.as_bytes()), Md5::chain_update).finalize().into()
    };
    if secrets.is_good(&envelope.sign, sign) { Ok(()) } else { Err(Unsigned::Envelope) }
}

/// The headers of a signed push.
#[derive(Debug, Clone, Copy)]
pub(super) struct Headers<'a> {
    /// When it was sent, as written.
    pub(super) time: &'a str,
    sent: Time,
    signature: &'a str,
}

impl<'a> Headers<'a> {
    /// Reads them; nothing is believed yet.
    pub(super) fn read(headers: &'a HeaderMap) -> Result<Self, Unsigned> {
        let one = |header: &'static str| {
            let mut all = headers.get_all(header).iter();
            match (all.next().and_then(|value| value.to_str().ok()), all.next()) {
                (Some(value), None) => Ok(value),
                (Some(_) | None, _) => Err(Unsigned::Header { header }),
            }
        };
        let client = one("clientId")?;
        let time = one("clientTime")?;
        let signature = one("s")?;
        if client != CLIENT {
            return Err(Unsigned::Client);
        }
        let is_number = time.bytes().all(|byte| byte.is_ascii_digit());
        let sent = time.parse().ok().filter(|_| is_number).ok_or(Unsigned::Time)?;
        Ok(Self { time, sent: Time::from_millis(sent), signature })
    }
}

impl Signed {
    /// Checks the signature over the bytes of a body as they came, and then the time.
    pub(super) fn check(&self, headers: Headers<'_>, body: &[u8], now: Time) -> Result<(), Unsigned> {
        let sign = |secret: &[u8]| {
            let signed = [CLIENT.as_bytes(), headers.time.as_bytes(), body, secret];
            signed.iter().fold(Md5::new(), Md5::chain_update).finalize().into()
        };
        if !self.secrets.is_good(headers.signature, sign) {
            return Err(Unsigned::Headers);
        }
        let off = now.since(headers.sent).max(headers.sent.since(now));
        match self.window {
            Some(window) if off > window => Err(Unsigned::Stale { window_s: window.as_secs() }),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
