//! An emergency contact, as every push tells of one.

use super::json::Field;
use super::{PushError, field};
use crate::engine::dossier::{Contact, Relation};

/// Reads a contact from its three fields.
pub(super) fn read(name: &Field<'_>, phone: &Field<'_>, relation: &Field<'_>) -> Result<Contact, PushError> {
    let name = field::name(name)?;
    let phone = field::phone(phone)?;
    let told_as = field::told(relation)?;
    Ok(Contact { name, phone, relation: relation_of(&told_as), told_as })
}

/// Finds the relation for a word of a partner (spec 005 A-001-7, A-003-8; spec 006 7.3).
fn relation_of(told: &str) -> Relation {
    match told {
        "COUPLE" | "配偶" => Relation::Spouse,
        "PARENT" | "父母" | "父亲" | "母亲" => Relation::Parent,
        "SIBLING" | "兄弟姐妹" => Relation::Sibling,
        "CHILD" | "子女" => Relation::Child,
        "COLLEAGUE" | "同事" => Relation::Colleague,
        "CLASSMATE" | "同学" => Relation::Classmate,
        "FRIEND" | "朋友" => Relation::Friend,
        _ => Relation::Other,
    }
}
