//! The line to the provider: requests go out, answers come back and are understood.
//!
//! Owns one exchange with its token. It must never repeat a call but for a rejected token, which
//! the provider refuses before it looks at the rest.

use bytes::Bytes;
use http::{Request, Response};
use tower::{Service, ServiceExt as _};

use super::calls::{Credential, Endpoint};
use super::client::{Account, Clock};
use super::prepare::{Dialect, Draft};
use super::read::{Meaning, read};
use super::token::{self, Keeper};
use super::transport::TransportError;
use super::wire::Opaque;
use crate::engine::provider::Failure;
use crate::machine::call::{Call, Cause};

/// A line to the provider.
pub(super) struct Line<T> {
    transport: T,
    account: Account,
    dialect: Dialect,
    clock: Clock,
    tokens: Keeper,
}

impl<T> Line<T>
where
    T: Service<Request<Bytes>, Response = Response<Bytes>, Error = TransportError> + Clone,
{
    /// Lays a line; nothing is sent yet.
    pub(super) fn new(transport: T, account: Account, dialect: Dialect, clock: Clock) -> Self {
        Self { transport, account, dialect, clock, tokens: Keeper::new() }
    }

    /// Says how the provider is spoken to.
    pub(super) const fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Names the merchant account.
    pub(super) fn username(&self) -> &str {
        &self.account.username
    }

    /// Makes a call and understands its answer; a rejected token is replaced once.
    pub(super) async fn exchange(&self, call: &Call, mut draft: Draft) -> Result<Meaning, Failure> {
        match self.attempt(call, &mut draft).await? {
            Meaning::TokenRejected { .. } => match self.attempt(call, &mut draft).await? {
                Meaning::TokenRejected { message } => {
                    Err(Failure::Hopeless(Cause::Denied { detail: message }))
                }
                meaning @ (Meaning::Reply(_) | Meaning::Data { .. } | Meaning::Picture { .. }) => Ok(meaning),
            },
            meaning @ (Meaning::Reply(_) | Meaning::Data { .. } | Meaning::Picture { .. }) => Ok(meaning),
        }
    }

    async fn attempt(&self, call: &Call, draft: &mut Draft) -> Result<Meaning, Failure> {
        let token = match Endpoint::of(call).credential {
            Credential::Token => Some(self.token().await?),
            Credential::Username | Credential::Neither => None,
        };
        let answer = self.send(draft.write(token.as_ref(), self.dialect.encoding)).await?;
        let mut carried = draft.carried();
        carried.extend(token.as_ref().map(Opaque::expose));
        let meaning = read(call, &answer, &carried, (self.clock)())?;
        if let (Meaning::TokenRejected { .. }, Some(token)) = (&meaning, &token) {
            self.tokens.forget(token).await;
        }
        Ok(meaning)
    }

    async fn token(&self) -> Result<Opaque, Failure> {
        let fetch = async || {
            let asked = (self.clock)();
            let request = token::request(&self.account, self.dialect.encoding);
            let answer = self.send(request).await.map_err(token::not_sent)?;
            let token = token::granted(&self.account, &answer, asked)?;
            Ok((token, token::used_until(&self.account, asked)))
        };
        self.tokens.token((self.clock)(), fetch).await
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let sent = self.transport.clone().oneshot(request).await;
        sent.map_err(|error| match error {
            TransportError::NotSent { detail } => Failure::NotSent { detail },
            TransportError::Ambiguous { detail } => Failure::Ambiguous { detail },
        })
    }
}

#[cfg(test)]
mod tests;
