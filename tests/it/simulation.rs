//! The whole in one process on a fake clock: core, memory store, vault, client and sandbox,
//! with crashes between any two steps, those of a group on its way to the disk and back among them,
//! lost requests, lost and late replies, all drawn from a seed. A fourth of the seeds collects from telecom at most; the others draw every product and every
//! script of the sandbox, and a fourth besides everything else that a provider may answer. After each
//! step the invariants hold; in the end every application has ended as its script says.
//!
//! A failure prints its seed; `DOCKET_SEED=17 cargo test --test it simulation` runs that one
//! alone and prints its trace.

mod cast;
mod invariants;
mod world;

use world::World;

/// How many runs `cargo test` makes.
const SEEDS: u64 = 200;

/// Runs a seed; a panic inside is told with it.
fn run(seed: u64, is_told: bool) -> String {
    let outcome = std::panic::catch_unwind(|| {
        let mut world = World::new(seed, is_told);
        world.live();
        world.trace()
    });
    outcome.unwrap_or_else(|_| panic!("the simulation failed with DOCKET_SEED={seed}"))
}

#[test]
fn every_application_ends_whatever_happens() {
    if let Ok(seed) = std::env::var("DOCKET_SEED") {
        run(seed.parse().expect("DOCKET_SEED is a number"), true);
        return;
    }
    let threads = 2;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                (0..SEEDS).filter(|seed| seed % threads == thread).for_each(|seed| {
                    run(seed, false);
                })
            });
        }
    });
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [4, 1_000_001, 1_000_003] {
        assert_eq!(run(seed, false), run(seed, false), "seed {seed}");
    }
}
