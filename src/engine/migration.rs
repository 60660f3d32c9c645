//! Whether what is stored fits what this Docket is made of: its machines and its products.
//!
//! Owns the verdicts. The definition that the store was last run with is compared with the one of
//! this program, for each state in which applications stand and for each version of a product with
//! which they were created. What a record is read as is asked of the one that reads it
//! ([`snapshot::from_record`]): a rule for a state that is no longer drawn is a line of code there,
//! and what it makes of an application is what is told here. It must never change an application.

mod definition;
mod judge;
mod tally;
#[cfg(test)]
mod tests;

use self::definition::Definition;
use self::tally::Tally;
use super::core::LoadError;
use super::{Engine, EngineError, aside};
use crate::machine::products::Products;
#[cfg(doc)]
use crate::store::records::snapshot;
use crate::store::{Store, StoreError};
use std::fmt;

/// How everything that is stored fits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migration {
    /// One row for each state of each version of a machine, then for each version of a product, in
    /// which there are applications.
    pub rows: Vec<Row>,
}

/// Applications that stand alike, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where they stand, or what they were created with.
    pub subject: Subject,
    /// How many they are.
    pub count: u64,
    /// How many of them have not ended.
    pub live: u64,
    /// What becomes of them.
    pub verdict: Verdict,
    /// Why, for people; empty where there is nothing to say.
    pub reason: String,
}

/// What applications depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A state of a machine.
    State {
        /// The machine's name.
        machine: String,
        /// The version of the drawing that they follow; none where it cannot be read.
        version: Option<u16>,
        /// The version that this Docket draws; none if it has no such machine.
        drawn: Option<u16>,
        /// The state's number; none where it cannot be read.
        number: Option<u16>,
        /// What it was called; its number where nobody knows.
        state: String,
        /// What they stand in from now on; none if they cannot.
        now: Option<String>,
    },
    /// A product.
    Product {
        /// Its name.
        name: String,
        /// The version with which they were created.
        version: u32,
        /// The version in the settings; none if it is not there.
        configured: Option<u32>,
    },
}

/// What becomes of applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing has changed for them.
    Same,
    /// Their state has another name, and nothing else has changed.
    Renamed,
    /// Their state has another meaning, or none of its own any more, and a rule says what they are from now
    /// on; where there is no rule, they stand as they stood.
    NeedsRule,
    /// This Docket cannot go on with them.
    Impossible,
}

impl Verdict {
    /// Returns the words that people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Renamed => "renamed",
            Self::NeedsRule => "needs a rule",
            Self::Impossible => "impossible",
        }
    }
}

impl Migration {
    /// Lists what this Docket cannot go on with.
    pub fn impossible(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.verdict == Verdict::Impossible)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let applications = if self.count == 1 { "application" } else { "applications" };
        write!(f, "{} {applications} ", self.count)?;
        match &self.subject {
            Subject::State { machine, version, state, .. } => {
                write!(f, "in state {state} of machine {machine}")?;
                if let Some(version) = version {
                    write!(f, " version {version}")?;
                }
            }
            Subject::Product { name, version, .. } => write!(f, "of product {name} version {version}")?,
        }
        if self.reason.is_empty() { Ok(()) } else { write!(f, " ({})", self.reason) }
    }
}

/// What is stored does not fit.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// It could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// This Docket cannot go on with it; nothing was changed.
    #[error(
        "this docket cannot go on with {}; nothing was changed: start the docket that ran here last with its \
         settings, and look at `docket machine plan`",
        listed(.0)
    )]
    Impossible(Migration),
}

impl From<StoreError> for MigrationError {
    fn from(error: StoreError) -> Self {
        Self::Load(error.into())
    }
}

/// How many rows a refusal names.
const NAMED: usize = 5;

fn listed(migration: &Migration) -> String {
    let rows: Vec<_> = migration.impossible().map(Row::to_string).collect();
    let named = rows[..rows.len().min(NAMED)].join(", ");
    match rows.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}, and with {more} others"),
    }
}

/// Compares everything that is stored with what this Docket is made of; reads every application.
///
/// # Errors
/// The store's, and a definition of a newer Docket that cannot be read. An application that cannot be
/// read is no error but a row.
pub fn compare<S: Store>(store: &S, products: &Products) -> Result<Migration, LoadError> {
    let (former, running) = (Definition::stored(store)?, Definition::running(products));
    let tally = Tally::of(store, &former, &running)?;
    Ok(Migration { rows: judge::rows(&tally, &former, &running) })
}

/// Lets this Docket run on what is stored, and keeps what it is made of for the next; reads every
/// application only where it is not the one that ran here last.
///
/// # Errors
/// [`MigrationError::Impossible`], and those of [`compare`].
pub fn admit<S: Store>(store: &S, products: &Products) -> Result<(), MigrationError> {
    let (former, running) = (Definition::stored(store)?, Definition::running(products));
    if former == running {
        return Ok(());
    }
    let tally = Tally::of(store, &former, &running)?;
    let migration = Migration { rows: judge::rows(&tally, &former, &running) };
    if migration.impossible().next().is_some() {
        return Err(MigrationError::Impossible(migration));
    }
    for row in migration.rows.iter().filter(|row| row.verdict != Verdict::Same) {
        tracing::warn!(verdict = row.verdict.name(), "{row}");
    }
    store.write_definitions(&running.instead_of(&former))?;
    store.sync()?;
    Ok(())
}

impl<S: Store> Engine<S> {
    /// Compares everything that is stored with what this Docket is made of.
    pub async fn migration(&self) -> Result<Migration, EngineError> {
        let engine = self.clone();
        let migration = aside(move || compare(engine.store(), engine.products())).await?;
        self.all_durable().await?;
        Ok(migration)
    }
}
