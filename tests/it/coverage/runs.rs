//! The runs in which somebody or something misbehaves, each told as a story.

mod application;
mod bank;
mod certification;
mod degree;
mod telecom;

use super::stage::Stage;
use crate::moves::Taken;
use docket::machine::event::By;
use std::collections::BTreeSet;

/// A run, and the stage that it wants.
struct Run {
    name: &'static str,
    is_stubborn: bool,
    play: fn(&mut Stage),
}

/// Plays all runs, each on a stage of its own; gives those that failed, and the edges that were taken.
pub(super) fn play() -> (Vec<String>, BTreeSet<Taken>) {
    let all = [application::RUNS, telecom::RUNS, degree::RUNS, bank::RUNS, certification::RUNS];
    let mut failed = Vec::new();
    let mut taken = BTreeSet::new();
    for (seed, Run { name, is_stubborn, play }) in all.into_iter().flatten().enumerate() {
        let seed = seed as u64;
        let played = std::panic::catch_unwind(|| {
            let mut stage = if *is_stubborn { Stage::stubborn(seed) } else { Stage::new(seed) };
            play(&mut stage);
            stage.end()
        });
        match played {
            Ok(edges) => taken.extend(edges),
            Err(_) => failed.push((*name).to_owned()),
        }
    }
    (failed, taken)
}

const fn run(name: &'static str, play: fn(&mut Stage)) -> Run {
    Run { name, is_stubborn: false, play }
}

const fn stubborn(name: &'static str, play: fn(&mut Stage)) -> Run {
    Run { name, is_stubborn: true, play }
}

fn by() -> By {
    By { actor: "operator".to_owned(), reason: "the run wants it".to_owned() }
}
