//! Where an application stands by what its record says, whatever is drawn now.
//!
//! Reads the frozen forms alone: nothing here is compared with a machine of this program, so that an
//! application that this program cannot go on with can still be told where it stands.

use super::former::{SnapshotV1, SnapshotV2};
use super::{RECORD, SnapshotV3, SnapshotV4, VERSION};
use crate::machine::graph;
use crate::store::codec::Encoded;
use crate::store::records::{RecordError, decode};

/// Where an application stands, by permanent numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Where it stands in the application machine, then in that of each of its collections.
    pub standings: Vec<Standing>,
    /// The name of its product.
    pub product: String,
    /// The version of its product with which it was created.
    pub product_version: u32,
}

/// Where it stands in one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// The number of the machine.
    pub machine: u16,
    /// The version of the drawing that it follows; none when it follows none, which is a mistake.
    pub version: Option<u16>,
    /// The number of the state.
    pub state: u16,
}

/// Reads where an application stands.
///
/// # Errors
/// A record that is damaged, or of a newer Docket.
pub fn survey(encoded: &Encoded) -> Result<Survey, RecordError> {
    Ok(match encoded.version {
        1 => decode::<SnapshotV1>(RECORD, 1, encoded)?.survey(),
        2 => decode::<SnapshotV2>(RECORD, 2, encoded)?.survey(),
        3 => decode::<SnapshotV3>(RECORD, 3, encoded)?.survey(),
        _ => decode::<SnapshotV4>(RECORD, VERSION, encoded)?.third.survey(),
    })
}

impl SnapshotV3 {
    fn survey(&self) -> Survey {
        let at = |(machine, state): (u16, u16)| {
            let version = self.machines.iter().find(|(number, _)| *number == machine);
            Standing { machine, version: version.map(|(_, version)| *version), state }
        };
        let own = (graph::application::DEFINITION.number, self.phase.number());
        let collections = self.collections.iter().map(|collection| collection.place());
        Survey {
            standings: std::iter::once(own).chain(collections).map(at).collect(),
            product: self.product.clone(),
            product_version: self.product_version,
        }
    }
}
