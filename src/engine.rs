//! The engine: the one entrance for everything that happens to an application.
//!
//! An event comes in, is decided by the pure core, is written once, and only then causes
//! anything. The clock, the randomness, the store and the way to the provider are given to it.
//! It never calls the provider before the intent is durable, and never tells anybody what is not.

pub mod archive;
pub mod dossier;
pub mod provider;
