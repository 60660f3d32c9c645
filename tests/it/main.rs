//! Docket from outside: everything here uses what the crate offers, or the built binary.

mod crash;
mod process;
mod simulation;
mod sync;
mod waiting;
