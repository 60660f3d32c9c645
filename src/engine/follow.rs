//! Those who wait for one application: told of each of its new values once it is durable.

use crate::machine::application::Application;
use crate::machine::id::ApplicationId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

#[derive(Default)]
pub(super) struct Followers {
    count: AtomicUsize,
    by_application: Mutex<HashMap<ApplicationId, watch::Sender<Option<Arc<Application>>>>>,
}

impl Followers {
    /// Follows an application; values come from now on, the latest only.
    pub(super) fn follow(&self, application: ApplicationId) -> watch::Receiver<Option<Arc<Application>>> {
        let mut followed = self.by_application.lock().unwrap_or_else(PoisonError::into_inner);
        followed.retain(|_, sender| sender.receiver_count() > 0);
        let receiver = followed.entry(application).or_insert_with(|| watch::Sender::new(None)).subscribe();
        self.count.store(followed.len(), Ordering::SeqCst);
        receiver
    }

    /// Tells the new values.
    pub(super) fn tell(&self, applications: &[Arc<Application>]) {
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut followed = self.by_application.lock().unwrap_or_else(PoisonError::into_inner);
        for application in applications {
            if let Some(sender) = followed.get(&application.id)
                && sender.send(Some(Arc::clone(application))).is_err()
            {
                followed.remove(&application.id);
            }
        }
        self.count.store(followed.len(), Ordering::SeqCst);
    }
}
