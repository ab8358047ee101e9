//! The real engine and use cases against a model of the journal and of the venue, in virtual time: two or three gateways with
//! wrong clocks, partitions, pauses, kills, and answers that are lost, late, doubled or wrong. A seed fixes everything.
//!
//! `SEEDS=1000 cargo test --test it simulation` runs more seeds, `SEED=7` runs one and prints its history.

mod absent;
mod changes;
mod clients;
mod dice;
mod failover;
mod found;
mod gateways;
mod invariants;
mod journal;
mod ledger;
mod life;
mod machine;
mod payload;
mod run;
mod store;
mod storm;
mod venue;
mod world;

use std::env;

use run::{Outcome, run};

/// How many seeds run when nobody says.
const FEW_SEEDS: u64 = 12;
/// Seeds that run twice.
const REPEATED: std::ops::Range<u64> = 40..46;
/// Where random seeds begin.
const FIRST_SEED: u64 = 1_000_000;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Runs seeds, as many as `SEEDS` says or a few, or the one that `SEED` names with its history; and says what was seen.
fn run_all(few: u64, run: impl Fn(u64) -> Outcome) {
    if let Some(seed) = number("SEED") {
        let outcome = run(seed);
        println!("{}", outcome.history.join("\n"));
        return outcome.must_hold();
    }
    let first = number("FIRST_SEED").unwrap_or(FIRST_SEED);
    let (seeds, mut created) = (first..first + number("SEEDS").unwrap_or(few), 0);
    for seed in seeds.clone() {
        let outcome = run(seed);
        outcome.must_hold();
        created += outcome.created;
    }
    println!("SEED={} to {}: {created} settlements at the venue, no violation", seeds.start, seeds.end - 1);
    assert!(created > 0, "nothing reached the venue in any run");
}

#[test]
fn nothing_is_settled_twice_lost_or_guessed_whatever_fails() {
    run_all(FEW_SEEDS, run);
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for (seed, run) in REPEATED.flat_map(|seed| [(seed, run as fn(u64) -> Outcome), (seed, failover::run)]) {
        let (first, second) = (run(seed), run(seed));
        let differs = first.history.iter().zip(&second.history).find(|(one, other)| one != other);
        assert_eq!(differs, None, "SEED={seed}");
        assert_eq!(first.history.len(), second.history.len(), "SEED={seed}");
    }
}
