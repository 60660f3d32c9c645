//! Docket from outside: everything here uses what the crate offers, or the built binary.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "these are tests"
)]

mod crash;
mod generator;
mod house;
mod process;
mod simulation;
mod sync;
mod waiting;
