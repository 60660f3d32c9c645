//! What the core can be asked about the calls that move right now, and about the provider's systems.

use super::Core;
use crate::engine::outage::{Gates, Outages, Report, Standing};
use crate::engine::stuck::{Parked, Trouble};
use crate::machine::call::EffectId;
use crate::machine::id::ApplicationId;
use crate::machine::time::Time;
use crate::store::Store;

impl<S: Store, T> Core<S, T> {
    /// Says what is known of a call that is tried in vain: how often, and what went wrong last.
    pub fn trouble(&self, application: ApplicationId) -> Option<(u32, String)> {
        self.hot.trouble(application)
    }

    /// Lists what is tried in vain.
    pub fn troubled(&self) -> Vec<Trouble> {
        self.hot.troubled()
    }

    /// Lists the calls of an application that are parked because a system of the provider is down.
    pub fn parked(&self, application: ApplicationId) -> Vec<EffectId> {
        self.hot.parked(application)
    }

    /// Lists all that is parked, by system.
    pub fn all_parked(&self) -> Vec<Parked> {
        self.hot.gates.parked()
    }

    /// Says how it stands with every system of the provider.
    pub fn standings(&self) -> Vec<Standing> {
        self.hot.gates.standings()
    }

    /// Says how it stands with every system, if that is another than it was when last asked, and once
    /// the outages that it tells of are durable.
    pub fn turned(&mut self) -> Option<Vec<Standing>> {
        let is_durable = self.outages <= self.settled && !self.hot.gates.has_unwritten();
        if is_durable { self.hot.gates.turned() } else { None }
    }

    /// Tells all there is to say of every system.
    pub fn reports(&self, now: Time) -> Vec<Report> {
        self.hot.gates.reports(now)
    }

    /// Gives the outages of the provider's systems.
    pub const fn outages(&self) -> &Outages {
        self.hot.gates.outages()
    }

    pub(in super::super) const fn gates(&self) -> &Gates {
        &self.hot.gates
    }
}
