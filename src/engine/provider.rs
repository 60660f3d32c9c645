//! What the engine wants of the provider: one call made, and how it ended.

use crate::machine::application::Application;
use crate::machine::call::{Cause, Pending, Reply};
use crate::store;
use std::sync::Arc;
use std::time::Duration;

/// Whoever makes calls to the provider.
pub trait Provider: Send + Sync + 'static {
    /// Makes one call, once: it may refresh a token, but never repeats what is not safe to
    /// repeat. It always comes to an end, within the time limit of its own.
    fn call(&self, order: Order) -> impl Future<Output = Ended> + Send;
}

/// A call to be made, with the application that asked for it as it is stored.
#[derive(Debug, Clone)]
pub struct Order {
    /// The application.
    pub application: Arc<Application>,
    /// The call.
    pub pending: Pending,
}

/// How a call ended.
#[derive(Debug)]
pub enum Ended {
    /// With an answer that means something.
    Told {
        /// What it means.
        reply: Reply,
        /// The sealed body of the document that the reply names.
        document: Option<store::Document>,
    },
    /// Without one.
    Failed(Failure),
}

/// Why a call ended without an answer that means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It never reached the provider: no connection, or our own limits.
    NotSent {
        /// What went wrong; no secret.
        detail: String,
    },
    /// It may have been processed: the connection was cut, the time was over, the answer was an
    /// HTTP error of the provider's side or could not be read.
    Ambiguous {
        /// What went wrong; no secret.
        detail: String,
    },
    /// The provider says that it cannot now (code 1000, HTTP 429 or 503): not processed.
    Busy {
        /// What it says.
        detail: String,
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
    },
    /// Our own store or keys failed, before the call or in keeping its answer: a disk may recover.
    Ours {
        /// What went wrong; no secret.
        detail: String,
    },
    /// It will never succeed as it is.
    Hopeless(Cause),
}
