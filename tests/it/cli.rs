//! The command line, as people use it: the built binary against a running server.
//!
//! One server and one sandbox serve all scenes of a run.

mod answers;
mod errors;
mod following;
mod forms;
mod offline;
mod questions;
mod steering;
mod world;

use std::fs;
use std::path::Path;
use world::World;

#[test]
fn people_use_a_running_server() {
    let mut world = World::start();
    steering::what_is_stuck_is_found_and_goes_on(&mut world);
    steering::an_outage_is_seen_and_passes(&mut world);
    forms::every_command_in_every_form(&world);
    errors::every_exit_code(&world);
    answers::answers_come_by_flag_pipe_and_prompt(&world);
    steering::what_is_held_is_left_alone(&world);
    following::who_follows_sits_out_a_restart(&mut world);
}

#[test]
fn every_question_is_asked_and_answered() {
    questions::every_question_is_asked_and_answered();
}

/// Compares the committed references with the program; `UPDATE=1` writes them instead.
#[test]
fn references_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    for (name, page) in [
        ("calls.md", docket::provider::calls::reference()),
        ("cli.md", docket::cli::reference()),
        ("config.md", docket::config::reference()),
        ("metrics.md", docket::telemetry::metrics::reference()),
        ("sandbox.md", docket::sandbox::reference()),
    ] {
        let file = folder.join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&file, page).unwrap();
        } else {
            let found = fs::read_to_string(&file).unwrap_or_default();
            assert!(
                found == page,
                "docs/reference/{name} is stale: run UPDATE=1 cargo test --test it references"
            );
        }
    }
}
