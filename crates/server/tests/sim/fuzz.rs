//! What `fuzz/` fuzzes, played here for a moment and without its help: with lines of the transcripts, whole and
//! mutilated, from a seed.

#[path = "../../../../fuzz/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::chance::Chance;
use super::garbage::{talk, words};

/// Inputs of each target.
const INPUTS: u64 = 1_500;

#[test]
fn what_is_fuzzed_holds_for_a_moment_of_garbage() {
    let seeds = super::number("BESSEMER_SEED").map_or(0..INPUTS, |seed| seed..seed + 1);
    for seed in seeds {
        let mut chance = Chance::new(seed.wrapping_mul(11) ^ 0xf0);
        let mut input = Vec::new();
        for _ in 0..chance.magnitude(1, 8) {
            words::append(&mut chance, &mut input);
        }
        for (name, target) in targets::ALL {
            // All but the node read what is behind a verb.
            let from = if *name == "node" { None } else { input.iter().position(|byte| *byte == b' ') };
            let to = if *name == "node" { None } else { input.iter().position(|byte| *byte == b'\n') };
            let input = input.get(from.map_or(0, |at| at + 1)..to.unwrap_or(input.len())).unwrap_or_default();
            let result = catch_unwind(AssertUnwindSafe(|| target(input)));
            assert!(
                result.is_ok(),
                "{name} fails for {:?}\nreplay: BESSEMER_SEED={seed} cargo test -p bessemer-server --test sim -- --nocapture fuzzed\n",
                String::from_utf8_lossy(input)
            );
        }
    }
}
