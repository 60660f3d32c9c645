//! The line to the provider: requests go out, answers come back and are understood.
//!
//! Owns one exchange with its token. It must never repeat a call but for a rejected token, which
//! the provider refuses before it looks at the rest.

use bytes::Bytes;
use http::{Request, Response};
use tower::{Service, ServiceExt as _};

use super::client::{Account, Clock};
use super::prepare::{Draft, Encoding};
use super::read::{Told, read};
use super::token::{self, Keeper};
use super::transport::TransportError;
use super::wire::Opaque;
use crate::engine::provider::Failure;
use crate::machine::call::{Call, Cause};

/// A line to the provider.
pub(super) struct Line<T> {
    transport: T,
    account: Account,
    encoding: Encoding,
    clock: Clock,
    tokens: Keeper,
}

impl<T> Line<T>
where
    T: Service<Request<Bytes>, Response = Response<Bytes>, Error = TransportError> + Clone,
{
    /// Lays a line; nothing is sent yet.
    pub(super) fn new(transport: T, account: Account, encoding: Encoding, clock: Clock) -> Self {
        Self { transport, account, encoding, clock, tokens: Keeper::new() }
    }

    /// Names the merchant account.
    pub(super) fn username(&self) -> &str {
        &self.account.username
    }

    /// Makes a call and understands its answer; a rejected token is replaced once.
    pub(super) async fn exchange(&self, call: &Call, mut draft: Draft) -> Result<Told, Failure> {
        match self.attempt(call, &mut draft).await? {
            Told::TokenRejected { .. } => match self.attempt(call, &mut draft).await? {
                Told::TokenRejected { message } => Err(Failure::Hopeless(Cause::Denied { detail: message })),
                told @ (Told::Reply(_) | Told::Data { .. }) => Ok(told),
            },
            told @ (Told::Reply(_) | Told::Data { .. }) => Ok(told),
        }
    }

    async fn attempt(&self, call: &Call, draft: &mut Draft) -> Result<Told, Failure> {
        if let Some(place) = draft.token_mut() {
            *place = self.token().await?;
        }
        let answer = self.send(draft.write(self.encoding)).await?;
        let told = read(call, &answer, &draft.carried(), (self.clock)())?;
        if let (Told::TokenRejected { .. }, Some(token)) = (&told, draft.token_mut()) {
            self.tokens.forget(token).await;
        }
        Ok(told)
    }

    async fn token(&self) -> Result<Opaque, Failure> {
        let fetch = async || {
            let asked = (self.clock)();
            let request = token::request(&self.account, self.encoding);
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
