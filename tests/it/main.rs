//! Docket from outside: everything here uses what the crate offers, or the built binary.

mod simulation;
