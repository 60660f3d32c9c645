//! Sessions of the mobile app: who a request is from (spec 005 A-004-8).
//!
//! A session is a token that says it all and is sealed under the vault: nothing is stored, it survives a
//! restart, and every process with the same master key reads it. What it says cannot be read by whoever
//! carries it, for it names a person. It ends by its time; all of them end at once when the epoch is raised.

use super::Engine;
use crate::machine::time::Time;
use crate::store::Store;
use crate::vault::Vault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// What a token is sealed for: it opens for nothing else.
const PURPOSE: &str = "mobile session";

/// Bytes of a token as text: a session with the longest of names has less than half of it.
pub const TOKEN_LIMIT: usize = 1_024;

/// Whose requests they are, and for which product.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The partner whose app it is.
    pub partner: String,
    /// The user's mobile number.
    pub phone: String,
    /// The app's number of the product (spec 004 `product_id`).
    pub product_id: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { partner, product_id, .. } = self;
        f.debug_struct("Session")
            .field("partner", partner)
            .field("product_id", product_id)
            .finish_non_exhaustive()
    }
}

/// Why a token is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSession {
    /// It is not one of ours.
    #[error("there is no session: log in")]
    Unknown,
    /// Its time is over, or all of its epoch were ended.
    #[error("the session is over: log in again")]
    Over,
}

/// Issues sessions and reads them; clones share the keys.
#[derive(Debug, Clone)]
pub struct Sessions {
    vault: Vault,
    epoch: u32,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    session: Session,
    /// Until when it is good, milliseconds of Unix time.
    until: u64,
    epoch: u32,
}

impl Sessions {
    /// Issues a session that is good until then.
    pub fn issue(&self, session: &Session, until: Time) -> String {
        let sealed = Sealed { session: session.clone(), until: until.as_millis(), epoch: self.epoch };
        let plain = serde_json::to_vec(&sealed).expect("texts and numbers are always JSON");
        URL_SAFE_NO_PAD.encode(self.vault.seal_token(PURPOSE, &plain))
    }

    /// Reads a session.
    ///
    /// # Errors
    /// It is none, or it is over.
    pub fn read(&self, token: &str, now: Time) -> Result<Session, NoSession> {
        let bytes = Some(token).filter(|token| token.len() <= TOKEN_LIMIT);
        let bytes = bytes.and_then(|token| URL_SAFE_NO_PAD.decode(token).ok()).ok_or(NoSession::Unknown)?;
        let plain = self.vault.open_token(PURPOSE, &bytes).map_err(|_refused| NoSession::Unknown)?;
        let sealed: Sealed =
            serde_json::from_slice(plain.expose()).map_err(|_unspoken| NoSession::Unknown)?;
        if sealed.epoch != self.epoch || now.as_millis() >= sealed.until {
            return Err(NoSession::Over);
        }
        Ok(sealed.session)
    }
}

impl<S: Store> Engine<S> {
    /// Gives the sessions of an epoch: those of other epochs are over.
    pub fn sessions(&self, epoch: u32) -> Sessions {
        Sessions { vault: self.vault().clone(), epoch }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::{MasterKey, Random};

    const NOW: Time = Time::from_millis(1_760_000_000_000);

    fn sessions(key: &str, epoch: u32) -> Sessions {
        let master = MasterKey::from_text(&key.repeat(32)).unwrap();
        Sessions { vault: Vault::volatile(master, Random::seeded(3)), epoch }
    }

    fn session() -> Session {
        let owned = str::to_owned;
        Session { partner: owned("crapido"), phone: owned("8553465753"), product_id: owned("2") }
    }

    #[test]
    fn a_session_is_read_until_its_time_is_over() {
        let sessions = sessions("5a", 0);
        let until = NOW + std::time::Duration::from_secs(60);
        let token = sessions.issue(&session(), until);
        assert_eq!(sessions.read(&token, NOW), Ok(session()));
        assert_eq!(sessions.read(&token, until), Err(NoSession::Over));
        assert!(token.len() < TOKEN_LIMIT / 2);
        assert_ne!(token, sessions.issue(&session(), until));
        assert!(!format!("{:?}", session()).contains("8553465753"));
    }

    #[test]
    fn what_was_not_issued_is_no_session() {
        let ours = sessions("5a", 0);
        let until = NOW + std::time::Duration::from_secs(60);
        let token = ours.issue(&session(), until);
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            // The last character may have bits that say nothing; those are refused as well.
            assert_eq!(ours.read(&other, NOW), Err(NoSession::Unknown), "{at}");
        }
        for bad in ["", "token", "=", &"A".repeat(TOKEN_LIMIT + 1), &token[1..]] {
            assert_eq!(ours.read(bad, NOW), Err(NoSession::Unknown), "{bad}");
        }
        assert_eq!(sessions("5b", 0).read(&token, NOW), Err(NoSession::Unknown));
        let page_token = URL_SAFE_NO_PAD.encode(ours.vault.seal_token("other", b"{}"));
        assert_eq!(ours.read(&page_token, NOW), Err(NoSession::Unknown));
    }

    #[test]
    fn a_new_epoch_ends_all_sessions() {
        let until = NOW + std::time::Duration::from_secs(60);
        let token = sessions("5a", 0).issue(&session(), until);
        assert_eq!(sessions("5a", 1).read(&token, NOW), Err(NoSession::Over));
    }
}
