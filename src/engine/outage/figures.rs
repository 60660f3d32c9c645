//! What metrics tell of the gates: one handle for each figure, looked up once.

use super::Gates;
use crate::machine::call::System;
use crate::machine::time::Time;
use crate::telemetry::metrics as told;
use metrics::{Counter, Gauge, counter, gauge};

/// The figures of every system.
pub(in super::super) struct Figures {
    systems: Vec<(System, Handles)>,
    /// From when on is counted.
    start: Time,
}

struct Handles {
    state: Gauge,
    opened: Counter,
    under_way: Gauge,
    waiting: Gauge,
    limited: Counter,
    down: Counter,
}

impl Figures {
    pub(in super::super) fn new(start: Time) -> Self {
        let handles = |system: System| {
            let name = system.name();
            let handles = Handles {
                state: gauge!(told::SYSTEM_STATE, "system" => name),
                opened: counter!(told::SYSTEM_OPENED, "system" => name),
                under_way: gauge!(told::SYSTEM_UNDER_WAY, "system" => name),
                waiting: gauge!(told::SYSTEM_WAITING, "system" => name),
                limited: counter!(told::SYSTEM_LIMITED, "system" => name),
                down: counter!(told::SYSTEM_DOWN, "system" => name),
            };
            (system, handles)
        };
        Self { systems: System::ALL.into_iter().map(handles).collect(), start }
    }

    /// Tells how it stands.
    pub(in super::super) fn tell(&self, gates: &Gates, now: Time) {
        for (system, handles) in &self.systems {
            let Some(gate) = gates.gates.get(system) else { continue };
            handles.state.set(f64::from(gate.state().number()));
            handles.opened.absolute(gate.opened());
            handles.under_way.set(f64::from(gate.under_way()));
            handles.waiting.set(u32::try_from(gate.count()).map_or(f64::MAX, f64::from));
            handles.limited.absolute(gate.limited());
            handles.down.absolute(gates.outages.during(*system, self.start, now).as_secs());
        }
    }
}
