//! An operator's word that nothing is to be done, as stored.

use crate::machine::application::Hold;
use crate::machine::event::By;
use crate::machine::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(in crate::store::records) struct HoldV2 {
    since: u64,
    actor: String,
    reason: String,
    reminder: u64,
}

impl From<&Hold> for HoldV2 {
    fn from(hold: &Hold) -> Self {
        let Hold { since, by: By { actor, reason }, reminder } = hold.clone();
        Self { since: since.as_millis(), actor, reason, reminder: reminder.as_millis() }
    }
}

impl HoldV2 {
    pub(in crate::store::records) fn into_core(self) -> Hold {
        Hold {
            since: Time::from_millis(self.since),
            by: By { actor: self.actor, reason: self.reason },
            reminder: Time::from_millis(self.reminder),
        }
    }
}
