//! The word that the server leaves, for all who would wait longer than that.

use tokio::sync::watch;

/// Says it.
#[derive(Debug, Default)]
pub(super) struct Leave(watch::Sender<bool>);

/// Hears it.
#[derive(Debug, Clone)]
pub(in super::super) struct Leaving(watch::Receiver<bool>);

impl Leave {
    /// Says that the server leaves.
    pub(super) fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Gives an ear for it.
    pub(super) fn watch(&self) -> Leaving {
        Leaving(self.0.subscribe())
    }
}

impl Leaving {
    /// Says whether the server leaves.
    pub(in super::super) fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the server leaves.
    pub(in super::super) async fn begun(&mut self) {
        // A server that is gone has left.
        let _gone = self.0.wait_for(|is_leaving| *is_leaving).await;
    }
}
