//! What people may see of applicants, by the role in which they ask.

use super::products::kinds;
use crate::machine::evidence::EvidenceKind;
use serde::Deserialize;

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The kinds of evidence that are shown to it as they are; the rest is masked.
    #[serde(deserialize_with = "kinds")]
    pub clear: Vec<EvidenceKind>,
}

/// All roles of the settings.
#[derive(Debug, Clone, Default)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// Takes the roles of the settings.
    pub const fn new(roles: Vec<Role>) -> Self {
        Self(roles)
    }

    /// Finds a role by its name.
    pub fn find(&self, name: &str) -> Option<&Role> {
        self.0.iter().find(|role| role.name == name)
    }
}
