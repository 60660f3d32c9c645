//! Every edge of every machine is taken, by the real client at the real sandbox, on a clock that jumps.
//!
//! First each script of the sandbox's table is played as the table says, and must end as it says; then come
//! the runs in which somebody or something misbehaves. An edge that nobody took is named.

mod runs;
mod stage;

use crate::moves::Taken;
use docket::config::products;
use docket::machine::graph::MACHINES;
use docket::machine::graph::application::State;
use docket::sandbox::{Ending, Script, System};
use stage::Stage;
use std::collections::BTreeSet;

#[test]
fn every_edge_is_taken_and_every_script_ends_as_it_says() {
    let (scripts, runs) = std::thread::scope(|scope| {
        let scripts = scope.spawn(play_scripts);
        let runs = scope.spawn(runs::play);
        (scripts.join().unwrap(), runs.join().unwrap())
    });
    let (wrong, mut taken) = scripts;
    let (failed, taken_in_runs) = runs;
    taken.extend(taken_in_runs);
    let untaken = untaken(&taken);
    let is_well = wrong.is_empty() && failed.is_empty() && untaken.is_empty();
    assert!(is_well, "ended otherwise: {wrong:#?}\nruns that failed: {failed:#?}\nnever taken: {untaken:#?}");
}

/// Plays each script; tells those that do not end as the table says, and the edges that were taken.
fn play_scripts() -> (Vec<String>, BTreeSet<Taken>) {
    let mut wrong = Vec::new();
    let mut stage = Stage::new(1);
    for script in Script::ALL {
        let who = stage.apply(script, product(script));
        let ends = match script.ending() {
            Ending::Approved => State::Approved,
            Ending::Rejected => State::Rejected,
            Ending::Expired => State::Expired,
            Ending::Suspended => State::Suspended,
        };
        let found = stage.rests(who);
        if found != ends {
            wrong.push(format!("{} {}, not {}", script.name(), found.name(), ends.name()));
        }
    }
    (wrong, stage.end())
}

/// A product that must have the script's system.
fn product(script: Script) -> &'static str {
    match script.system() {
        System::Telecom | System::Blacklist | System::Audit | System::Account => products::COLLECTED,
        System::Degree => "degree",
        System::Ebank => "ebank",
        System::EbankV2 => "ebank_v2",
    }
}

/// The edges that were never taken, by name.
fn untaken(taken: &BTreeSet<Taken>) -> Vec<String> {
    let edges = MACHINES.iter().flat_map(|machine| machine.edges.iter().map(move |edge| (machine, edge)));
    let untaken = edges.filter(|(machine, edge)| !taken.contains(&(machine.number, edge.number)));
    untaken.map(|(machine, edge)| format!("{} {} ({})", machine.name, edge.name, edge.number)).collect()
}
