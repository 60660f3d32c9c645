//! The merchant's tokens (spec 002 §1).
//!
//! Owns who may call until when. It must never tell a wrong token from an expired one: the
//! provider does not.

use std::collections::BTreeMap;

use super::chance::{Chance, Purpose};
use super::params::Params;
use super::reply::{Reply, Setback};
use super::{Millis, Sandbox};
use crate::provider::wire::Opaque;
use crate::provider::wire::authorize::{TokenReply, TokenRequest};

/// The life of a token in hours, unless asked otherwise (spec 002 §1).
const DEFAULT_HOURS: u64 = 24;
/// The longest life granted.
const MAX_HOURS: u64 = 24 * 30;
/// Tokens alive at once; one client needs two. The oldest go first.
const MAX_TOKENS: usize = 10_000;
const HOUR: Millis = 3_600_000;

/// The tokens granted.
#[derive(Debug)]
pub(super) struct Tokens {
    seed: u64,
    granted: u64,
    /// By ordinal: the token and when it expires.
    alive: BTreeMap<u64, (Opaque, Millis)>,
}

impl Tokens {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, granted: 0, alive: BTreeMap::new() }
    }

    fn grant(&mut self, now: Millis, hours: u64) -> Opaque {
        self.alive.retain(|_, (_, expires)| *expires > now);
        if self.alive.len() >= MAX_TOKENS {
            self.alive.pop_first();
        }
        let token = Chance::new(self.seed, Purpose::Token, self.granted, 0).id();
        let token = Opaque::from(token);
        let expires = now.saturating_add(hours * HOUR);
        self.alive.insert(self.granted, (token.clone(), expires));
        self.granted += 1;
        token
    }

    fn is_valid(&self, now: Millis, token: &Opaque) -> bool {
        // The newest first: it is the one in use.
        let mut newest_first = self.alive.values().rev();
        newest_first.any(|(known, expires)| known == token && *expires > now)
    }
}

impl Sandbox {
    /// Grants a token (spec 002 §1).
    pub(super) fn authorize(&mut self, params: Params) -> Result<Reply, Setback> {
        let request: TokenRequest = params.read(&["username", "password"], &[])?;
        let hours = match request.hours.as_deref() {
            None | Some("") => DEFAULT_HOURS,
            Some(text) => text
                .parse()
                .ok()
                .filter(|hours| (1..=MAX_HOURS).contains(hours))
                .ok_or_else(|| Setback::field("hours", "must be 1 to 720, in digits"))?,
        };
        if request.username != self.settings.username || request.password != self.settings.password {
            return Err(Setback::input("账户或密码错误"));
        }
        let token = self.tokens.grant(self.now, hours);
        Ok(Reply::data(TokenReply { token }))
    }

    /// Refuses a wrong or expired token (spec 002 §0).
    pub(super) fn check_token(&self, token: &Opaque) -> Result<(), Setback> {
        if self.tokens.is_valid(self.now, token) { Ok(()) } else { Err(Setback::token()) }
    }
}
