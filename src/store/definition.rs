//! What the Docket that ran here last was made of: the parts of its definition, one row for each.
//!
//! Owns the rows and their keys. It must never judge: whether what is stored fits another
//! definition is told by the engine.

use super::codec::{CodecError, Encoded};
use super::plan::Writes;
use super::read::{Row, Rows, named};
use super::{READ_LIMIT, StoreError, keys, rows};
use std::fmt;

/// A part of a definition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A machine, by its permanent number.
    Machine(u16),
    /// A product, by its name.
    Product(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(number) => write!(f, "machine {number}"),
            Self::Product(name) => write!(f, "product {name}"),
        }
    }
}

/// A part as it was then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Which.
    pub part: Part,
    /// What it was.
    pub record: Encoded,
}

/// What is written at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DefinitionGroup {
    /// Parts as they are now.
    pub put: Vec<Definition>,
    /// Parts that are no more.
    pub forget: Vec<Part>,
}

/// Plans what a group writes.
pub(super) fn plan(group: &DefinitionGroup) -> Writes {
    let forgotten = group.forget.iter().map(|part| (keys::definition(part), None));
    let put =
        group.put.iter().map(|it| (keys::definition(&it.part), Some(rows::write_definition(&it.record))));
    forgotten.chain(put).collect()
}

pub(super) fn definitions(
    rows: &impl Rows,
    after: Option<&Part>,
    limit: usize,
) -> Result<Vec<Definition>, StoreError> {
    let read = |(key, value): Row| {
        let part = named("the key of a definition", keys::read_definition(&key))?;
        let record: Result<_, CodecError> = rows::read_definition(&value);
        let record = named(format_args!("the definition of {part}"), record)?;
        Ok(Definition { part, record })
    };
    rows.page(keys::definitions_after(after), limit.min(READ_LIMIT))?.into_iter().map(read).collect()
}
