//! Docket from outside: everything here uses what the crate offers, or the built binary.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "these are tests"
)]

mod applicant;
mod archive;
mod backup;
mod bad_inputs;
mod bench;
mod book;
mod callbacks;
mod calls;
mod cli;
mod coverage;
mod crash;
mod damage;
mod demo;
mod former;
mod full_disk;
mod generator;
mod house;
mod journeys;
mod kills;
mod lost_answers;
mod many_watchers;
mod mapping;
mod mobile;
mod moves;
mod network;
mod outage;
mod power;
mod process;
mod pulse;
mod push_memory;
mod pushes;
mod simulation;
mod surface;
mod sync;
mod tree;
mod unread;
mod upgrade;
mod waiting;
mod watching;
mod witness;

/// Says a figure that was measured, past the capture of a test that passes.
#[expect(clippy::explicit_write, reason = "eprintln is captured, this is not")]
fn report(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "measured: {line}").unwrap();
}
