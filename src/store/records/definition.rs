//! What a Docket was made of, as stored: its machines and its products, in its own words.
//!
//! Owns the frozen forms of both. A number that is not told here was not drawn then; whether what
//! was drawn then fits what is drawn now is decided by whoever compares.

use super::{RecordError, decode, encode, snapshot};
use crate::machine::application::{Decider, Plan};
use crate::machine::table::{self, Owner};
use crate::store::codec::Encoded;
use serde::{Deserialize, Serialize};

const RECORD: &str = "definition";

/// The newest version of the record.
pub const VERSION: u16 = 1;

/// A machine as it was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineV1 {
    /// Its name.
    pub name: String,
    /// The version of its drawing.
    pub version: u16,
    /// The version of the snapshots that its applications were written in.
    pub snapshot: u16,
    /// Its states.
    pub states: Vec<StateV1>,
    /// The number and the name of each edge.
    pub edges: Vec<(u16, String)>,
    /// The numbers of states that it once had.
    pub retired: Vec<u16>,
}

/// A state as it was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateV1 {
    /// Its permanent number.
    pub number: u16,
    /// Its name.
    pub name: String,
    /// The class that it belongs to.
    pub class: String,
    /// Whether the machine ends there.
    pub terminal: bool,
    /// Who owes the next move; nobody once the machine has ended.
    pub owner: Option<String>,
    /// What ends the wait.
    pub wakeup: Option<String>,
}

/// A product as it was configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductV1 {
    /// The version of its configuration.
    pub version: u32,
    /// The numbers of the kinds of evidence that it wants.
    pub evidence: Vec<u16>,
    /// The number of each collection, and whether it is required.
    pub wishes: Vec<(u16, bool)>,
    /// The loan's term in days.
    pub term_days: u32,
    /// Whether the blacklist is asked.
    pub blacklist: bool,
    /// Whose word decides: 1 the provider's, 2 a person's.
    pub decider: u8,
    /// The number of each kind of evidence that gets old, and after how many milliseconds.
    pub fresh: Vec<(u16, u64)>,
}

/// Encodes a machine.
pub fn machine_to_record(machine: &MachineV1) -> Encoded {
    encode(VERSION, machine)
}

/// Decodes a machine.
pub fn machine_from_record(encoded: &Encoded) -> Result<MachineV1, RecordError> {
    decode(RECORD, VERSION, encoded)
}

/// Encodes a product.
pub fn product_to_record(product: &ProductV1) -> Encoded {
    encode(VERSION, product)
}

/// Decodes a product.
pub fn product_from_record(encoded: &Encoded) -> Result<ProductV1, RecordError> {
    decode(RECORD, VERSION, encoded)
}

impl From<&table::Definition> for MachineV1 {
    fn from(machine: &table::Definition) -> Self {
        Self {
            name: machine.name.to_owned(),
            version: machine.version,
            snapshot: snapshot::VERSION,
            states: machine.states.iter().map(StateV1::from).collect(),
            edges: machine.edges.iter().map(|edge| (edge.number, edge.name.to_owned())).collect(),
            retired: machine.retired_states.to_vec(),
        }
    }
}

impl From<&table::StateDefinition> for StateV1 {
    fn from(state: &table::StateDefinition) -> Self {
        Self {
            number: state.number,
            name: state.name.to_owned(),
            class: state.class.to_owned(),
            terminal: state.terminal,
            owner: state.owner.map(Owner::name).map(str::to_owned),
            wakeup: state.wakeup.map(str::to_owned),
        }
    }
}

impl From<&Plan> for ProductV1 {
    fn from(plan: &Plan) -> Self {
        let millis = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            version: plan.version,
            evidence: plan.evidence.iter().map(|kind| kind.number()).collect(),
            wishes: plan.collections.iter().map(|wish| (wish.kind.number(), wish.required)).collect(),
            term_days: plan.term_days,
            blacklist: plan.blacklist,
            decider: match plan.decider {
                Decider::Provider => 1,
                Decider::Person => 2,
            },
            fresh: plan.fresh.iter().map(|(kind, span)| (kind.number(), millis(*span))).collect(),
        }
    }
}
