//! The client of the provider as the engine sees it.
//!
//! Owns the settings, and the way of one call: bring back what it needs, make it, put away what it
//! brought. It must never sleep, read a clock or draw randomness of its own: with a transport that
//! is ready at once it runs to its end in one poll.

use std::num::NonZeroU16;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, Uri};
use rand_chacha::ChaCha20Rng;
use tower::Service;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::audit::sealing::Sealer;
use super::audit::{AuditCipher, KeyError};
use super::blocking::blocking;
use super::failure::unavailable;
use super::line::Line;
use super::material::gather;
use super::prepare::{Dialect, Means, draft};
use super::read::Meaning;
use super::transport::TransportError;
use crate::engine::archive::Archive;
use crate::engine::provider::{Ended, Failure, Order, Provider};
use crate::machine::application::Application;
use crate::machine::call::{Call, Cause, Reply, Told};
use crate::machine::evidence::{Document, DocumentKind};
use crate::machine::time::Time;
use crate::store::{self, Store};
use crate::vault::Secret;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Our account at the provider (spec 002 §1).
pub struct Account {
    /// The merchant account.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// The life of a token in hours; it is renewed half an hour before.
    pub hours: NonZeroU16,
}

/// What the client must be told of the provider.
pub struct Settings {
    /// Our account.
    pub account: Account,
    /// How the provider is spoken to.
    pub dialect: Dialect,
    /// How the audit's data is sealed (spec 005 A-002-20).
    pub audit_cipher: AuditCipher,
}

/// The settings make no client.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The account's password is not text.
    #[error("use the account's password: give one that is UTF-8 text")]
    Password,
    /// The path of the degree login is none.
    #[error(
        "use {path:?} as the path of the degree login: give one that begins with a slash, without a query"
    )]
    DegreeLoginPath {
        /// What was given.
        path: String,
    },
    /// The provider's public key cannot be used.
    #[error("set up the sealing of audits")]
    Key(#[from] KeyError),
}

/// The client: `T` carries requests, `S` keeps what they are made of and what they bring.
pub struct Client<T, S> {
    line: Line<T>,
    archive: Arc<Archive<S>>,
    sealer: Sealer,
    clock: Clock,
}

impl<T, S> Client<T, S>
where
    T: Service<Request<Bytes>, Response = Response<Bytes>, Error = TransportError> + Clone,
    S: Store,
{
    /// Makes a client. `randomness` pads what is sealed for the audit: seed it from the system,
    /// or from the run where a run must be repeatable.
    ///
    /// # Errors
    /// The password or the provider's public key cannot be used.
    pub fn new(
        transport: T,
        archive: Arc<Archive<S>>,
        settings: Settings,
        clock: Clock,
        randomness: ChaCha20Rng,
    ) -> Result<Self, SettingsError> {
        settings.account.password.expose_text().ok_or(SettingsError::Password)?;
        let path = &settings.dialect.degree_login_path;
        if !(path.starts_with('/') && path.parse::<Uri>().is_ok_and(|uri| uri.path() == path)) {
            return Err(SettingsError::DegreeLoginPath { path: path.clone() });
        }
        let sealer = Sealer::new(&settings.audit_cipher, randomness)?;
        let line = Line::new(transport, settings.account, settings.dialect, Arc::clone(&clock));
        Ok(Self { line, archive, sealer, clock })
    }

    async fn make(&self, application: &Application, call: &Call) -> Result<Ended, Failure> {
        let draft = blocking(|| {
            let material = gather(&self.archive, application, call, (self.clock)())?;
            let (username, dialect) = (self.line.username(), self.line.dialect());
            draft(call, application, &material, &Means { username, dialect, sealer: &self.sealer })
        })?;
        match self.line.exchange(call, draft).await? {
            Meaning::Reply(reply) => Ok(Ended::Told { reply, document: None }),
            Meaning::Data { kind, text } => blocking(|| {
                let (document, body) = self.put_away(application, kind, text.as_bytes())?;
                Ok(Ended::Told { reply: Reply::Stored { document }, document: Some(body) })
            }),
            Meaning::Picture { told, image } => blocking(|| {
                let (document, body) = self.put_away(application, DocumentKind::Picture, &image)?;
                let reply = Reply::State(Told { picture: Some(document), ..told });
                Ok(Ended::Told { reply, document: Some(body) })
            }),
            Meaning::TokenRejected { message } => Err(Failure::Hopeless(Cause::Denied { detail: message })),
        }
    }

    /// Seals what was fetched. If that fails for now, it is fetched again: asking changes nothing.
    fn put_away(
        &self,
        application: &Application,
        kind: DocumentKind,
        plain: &[u8],
    ) -> Result<(Document, store::Document), Failure> {
        let now = (self.clock)();
        let sealed = self.archive.seal(application.id, application.key, kind, now, plain);
        sealed.map_err(unavailable)
    }
}

impl<T, S> Provider for Client<T, S>
where
    T: Service<Request<Bytes>, Response = Response<Bytes>, Error = TransportError>
        + Clone
        + Send
        + Sync
        + 'static,
    T::Future: Send,
    S: Store,
{
    async fn call(&self, order: Order) -> Ended {
        let Order { application, pending } = order;
        let call = &pending.call;
        let span = tracing::debug_span!(
            "provider_call",
            call = call.name(),
            application = %application.id,
            outcome = Empty,
            milliseconds = Empty,
        );
        let asked = (self.clock)();
        let made = self.make(&application, call).instrument(span.clone());
        let ended = made.await.unwrap_or_else(Ended::Failed);
        let taken = (self.clock)().since(asked).as_millis();
        span.record("outcome", outcome(&ended));
        span.record("milliseconds", u64::try_from(taken).unwrap_or(u64::MAX));
        span.in_scope(|| tracing::debug!("call ended"));
        ended
    }
}

/// Names how a call ended, without what was said.
const fn outcome(ended: &Ended) -> &'static str {
    match ended {
        Ended::Told { reply, .. } => match reply {
            Reply::Refused { .. } => "refused",
            Reply::NotReady => "not_ready",
            Reply::BlacklistClear
            | Reply::BlacklistHit
            | Reply::AuditAccepted { .. }
            | Reply::AuditRunning
            | Reply::AuditApproved
            | Reply::AuditRejected { .. }
            | Reply::Opened { .. }
            | Reply::Accepted { .. }
            | Reply::State(_)
            | Reply::Stored { .. }
            | Reply::Lost
            | Reply::Failed { .. } => "told",
        },
        Ended::Failed(Failure::NotSent { .. }) => "not_sent",
        Ended::Failed(Failure::Ours { .. }) => "ours",
        Ended::Failed(Failure::Ambiguous { .. }) => "ambiguous",
        Ended::Failed(Failure::Busy { .. }) => "busy",
        Ended::Failed(Failure::Hopeless(_)) => "hopeless",
    }
}

#[cfg(test)]
mod tests;
