//! The figures, as tables for `docs/performance.md`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::honest::{Sample, Thing};

/// One attack.
pub(crate) struct Row {
    attack: &'static str,
    /// Of each round: the honest alone, beside the attack on another server, and under it.
    pub(crate) rounds: Vec<[Sample; 3]>,
    /// What the server counted under it.
    pub(crate) refused: BTreeMap<String, u64>,
}

impl Row {
    pub(crate) fn new(attack: &'static str) -> Self {
        Self { attack, rounds: Vec::new(), refused: BTreeMap::new() }
    }

    /// The median over the rounds, the lowest and the highest.
    fn over_rounds(&self, figure: impl Fn(&[Sample; 3]) -> f64) -> [f64; 3] {
        let mut all: Vec<f64> = self.rounds.iter().map(figure).collect();
        all.sort_unstable_by(f64::total_cmp);
        [all[all.len() / 2], all[0], all[all.len() - 1]]
    }

    /// How long something took: alone in ms, and how many times as long in the other two states.
    fn slowdown(&self, thing: Thing, share: f64) -> String {
        let [alone, ..] = self.over_rounds(|[alone, ..]| alone.quantile(thing, share));
        let [elsewhere, ..] = self.over_rounds(|[alone, elsewhere, _]| {
            elsewhere.quantile(thing, share) / alone.quantile(thing, share)
        });
        let [here, lowest, highest] =
            self.over_rounds(|[alone, _, here]| here.quantile(thing, share) / alone.quantile(thing, share));
        format!("{alone:.2} | {elsewhere:.2} | {here:.2} [{lowest:.2}..{highest:.2}]")
    }
}

/// Prints everything.
pub(crate) fn print(rows: &[Row], window: Duration) {
    let count = rows[0].rounds.len();
    println!("\nhonest clients for {window:?} in each state; medians of {count} rounds, [lowest..highest]");
    for (title, thing) in [
        ("PUSH to OK", Thing::Push),
        ("PUSH to worker", Thing::Through),
        ("connection to OK of HELLO", Thing::Login),
        ("connection to end of page", Thing::Visit),
    ] {
        println!("\n| {title} | p50, ms | × elsewhere | × here | p99, ms | × elsewhere | × here |");
        println!("|---|--:|--:|--:|--:|--:|--:|");
        for row in rows {
            println!("| {} | {} | {} |", row.attack, row.slowdown(thing, 0.5), row.slowdown(thing, 0.99));
        }
    }
    println!("\n| the server | % of a core: alone | here | MiB at most: alone | here | refused |");
    println!("|---|--:|--:|--:|--:|---|");
    for row in rows {
        let processor = |state: usize| row.over_rounds(|states| states[state].processor * 1e2)[0];
        let memory = |state: usize| row.over_rounds(|states| states[state].memory as f64)[2];
        let refused: Vec<_> = row.refused.iter().map(|(reason, times)| format!("{times} {reason}")).collect();
        println!(
            "| {} | {:.0} | {:.0} | {} | {} | {} |",
            row.attack,
            processor(0),
            processor(2),
            memory(0),
            memory(2),
            refused.join(", ")
        );
    }
}
