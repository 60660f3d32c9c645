//! What a Docket is made of, as far as stored applications depend on it.

use crate::engine::core::LoadError;
use crate::machine::graph::MACHINES;
use crate::machine::products::Products;
use crate::store::records::definition::{
    MachineV1, ProductV1, StateV1, machine_from_record, machine_to_record, product_from_record,
    product_to_record,
};
use crate::store::records::snapshot::Standing;
use crate::store::{self, DefinitionGroup, Part, Store};
use std::collections::BTreeMap;

/// How many parts are read at once.
const READ: usize = 1_000;

/// Machines by number, products by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) machines: BTreeMap<u16, MachineV1>,
    pub(super) products: BTreeMap<String, ProductV1>,
}

impl Definition {
    /// Gives what this program is made of, with the products of its settings.
    pub(super) fn running(products: &Products) -> Self {
        let product = |name: &str| Some((name.to_owned(), ProductV1::from(products.plan(name)?)));
        Self {
            machines: MACHINES.iter().map(|it| (it.number, MachineV1::from(*it))).collect(),
            products: products.names().filter_map(product).collect(),
        }
    }

    /// Reads what the store was last run with; empty before it ever was.
    pub(super) fn stored<S: Store>(store: &S) -> Result<Self, LoadError> {
        let mut stored = Self::default();
        let mut after = None;
        loop {
            let page = store.definitions(after.as_ref(), READ)?;
            after = page.last().map(|last| last.part.clone());
            if after.is_none() {
                return Ok(stored);
            }
            for store::Definition { part, record } in page {
                match part {
                    Part::Machine(number) => {
                        stored.machines.insert(number, machine_from_record(&record)?);
                    }
                    Part::Product(name) => {
                        stored.products.insert(name, product_from_record(&record)?);
                    }
                }
            }
        }
    }

    /// Gives what must be written where the former was written.
    pub(super) fn instead_of(&self, former: &Self) -> DefinitionGroup {
        let machines = self.machines.iter().map(|(number, machine)| store::Definition {
            part: Part::Machine(*number),
            record: machine_to_record(machine),
        });
        let products = self.products.iter().map(|(name, product)| store::Definition {
            part: Part::Product(name.clone()),
            record: product_to_record(product),
        });
        let machine_is_gone = |number: &&u16| !self.machines.contains_key(number);
        let product_is_gone = |name: &&String| !self.products.contains_key(*name);
        let gone = former.machines.keys().filter(machine_is_gone).map(|number| Part::Machine(*number));
        let gone_products = former.products.keys().filter(product_is_gone).cloned().map(Part::Product);
        DefinitionGroup {
            put: machines.chain(products).collect(),
            forget: gone.chain(gone_products).collect(),
        }
    }

    pub(super) fn state(&self, machine: u16, number: u16) -> Option<&StateV1> {
        self.machines.get(&machine)?.states.iter().find(|state| state.number == number)
    }

    /// Says why nothing can go on there, if what is drawn tells.
    pub(super) fn lacks(&self, standing: Standing) -> Option<String> {
        let Some(machine) = self.machines.get(&standing.machine) else {
            return Some("this docket has no such machine".to_owned());
        };
        if standing.version.is_some_and(|version| version > machine.version) {
            return Some(format!("this docket draws version {} of the machine", machine.version));
        }
        if self.state(standing.machine, standing.state).is_some() {
            return None;
        }
        Some(if machine.retired.contains(&standing.state) {
            "the state is retired, and no rule says what becomes of them".to_owned()
        } else {
            "this docket does not draw the state".to_owned()
        })
    }
}
