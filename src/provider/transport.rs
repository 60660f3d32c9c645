//! The way that requests take over the network.
//!
//! Owns connections and limits: one stack from the HTTP client up. It must never follow a
//! redirect, send anything twice, or look into what it carries; what it says of a failure is only
//! whether the provider can have seen the request.

mod content;

pub use content::{RESPONSE_LIMIT, decoded};

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use reqwest::{Client, Proxy, Url, redirect, retry};
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::load_shed::error::Overloaded;
use tower::timeout::TimeoutLayer;
use tower::timeout::error::Elapsed;
use tower::util::MapErrLayer;
use tower::{BoxError, Layer, Service};

use super::failure::described;

/// How long an idle connection is kept: shorter than servers keep theirs (a minute is usual), so
/// that requests are seldom written to a connection that is being closed.
const IDLE: Duration = Duration::from_secs(30);

/// Idle connections kept for the next call.
const IDLE_CONNECTIONS: usize = 16;

/// Where the provider is, and how long we wait for it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The provider's base URL, `http` or `https`, with or without a path (spec 002 §0).
    pub base_url: String,
    /// A proxy to go through; the environment's are not looked at.
    pub proxy: Option<String>,
    /// For a connection, name and TLS included.
    pub connect_timeout: Duration,
    /// For a whole exchange, from connecting to the last byte.
    pub total_timeout: Duration,
    /// Exchanges at the same time; more are refused without waiting. No less than what the engine's
    /// gates let through together, or a refusal here would count as a failure of the provider.
    pub concurrency: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: "https://credit.wealida.com".to_owned(),
            proxy: None,
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(10),
            concurrency: 64,
        }
    }
}

/// Why a request got no answer. The texts name no URL and nothing that was carried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The provider cannot have seen it: no connection, or our own limit.
    #[error("send: {detail}")]
    NotSent {
        /// What went wrong.
        detail: String,
    },
    /// The provider may have processed it: the answer is late, cut, or too long.
    #[error("get the answer: {detail}")]
    Ambiguous {
        /// What went wrong.
        detail: String,
    },
}

/// The settings make no transport.
#[derive(Debug, thiserror::Error)]
pub enum TransportSettingsError {
    /// The base URL cannot be used.
    #[error("use {url:?} as the provider's base URL: {problem}")]
    BaseUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The HTTP client cannot be made: the proxy, or the system's certificates.
    #[error("make the HTTP client")]
    Client(#[from] reqwest::Error),
}

/// Makes the transport. It runs on a tokio runtime, and needs a process-wide TLS provider where
/// the tree holds two.
///
/// # Errors
/// The settings are unusable.
pub fn transport(
    settings: &Settings,
) -> Result<
    impl Service<Request<Bytes>, Response = Response<Bytes>, Error = TransportError, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
    + use<>,
    TransportSettingsError,
> {
    let base = base(&settings.base_url)?;
    let client = client(settings)?;
    let exchange = tower::service_fn(move |request| {
        let (client, base) = (client.clone(), Arc::clone(&base));
        async move { exchange(&client, &base, request).await }
    });
    Ok(Stack(exchange)
        // Around connecting, sending and the whole body: nothing below keeps a time for all three.
        .push(TimeoutLayer::new(settings.total_timeout))
        // Around the timeout, so that the wait for a place does not eat the time of the exchange.
        .push(ConcurrencyLimitLayer::new(settings.concurrency))
        // Around the limit: the engine queues its calls durably, a queue in memory helps nobody.
        .push(LoadShedLayer::new())
        // Outermost, where the errors of every layer arrive: says whether anything was sent.
        .push(MapErrLayer::new(judged))
        .0)
}

/// A stack of services that grows outwards.
struct Stack<T>(T);

impl<T> Stack<T> {
    fn push<L: Layer<T>>(self, layer: L) -> Stack<L::Service> {
        Stack(layer.layer(self.0))
    }
}

fn client(settings: &Settings) -> Result<Client, reqwest::Error> {
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS);
    match &settings.proxy {
        Some(proxy) => builder.proxy(Proxy::all(proxy)?).build(),
        None => builder.build(),
    }
}

/// Checks the base URL and takes its closing slash off, for paths begin with one.
fn base(url: &str) -> Result<Arc<str>, TransportSettingsError> {
    let refused = |problem: String| TransportSettingsError::BaseUrl { url: url.to_owned(), problem };
    let parsed = Url::parse(url).map_err(|error| refused(error.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(refused("write http:// or https:// before it".to_owned()));
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(refused("leave query and fragment out".to_owned()));
    }
    Ok(parsed.as_str().trim_end_matches('/').into())
}

async fn exchange(
    client: &Client,
    base: &str,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, TransportError> {
    let (head, body) = request.into_parts();
    let sent = client
        .request(head.method, format!("{base}{}", head.uri))
        .headers(head.headers)
        .body(body)
        .send()
        .await;
    let answer = sent.map_err(|error| {
        let is_unsent = error.is_connect() || error.is_builder();
        let detail = described(&error.without_url());
        if is_unsent { TransportError::NotSent { detail } } else { TransportError::Ambiguous { detail } }
    })?;
    content::whole(answer).await
}

/// The error of whichever layer, as one of ours.
fn judged(error: BoxError) -> TransportError {
    match error.downcast::<TransportError>() {
        Ok(error) => *error,
        Err(error) if error.is::<Overloaded>() => {
            TransportError::NotSent { detail: "too many calls are under way".to_owned() }
        }
        Err(error) if error.is::<Elapsed>() => {
            TransportError::Ambiguous { detail: "the time for the answer is over".to_owned() }
        }
        Err(error) => TransportError::Ambiguous { detail: described(&*error) },
    }
}

#[cfg(test)]
mod tests;
