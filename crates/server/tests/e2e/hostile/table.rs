//! The figures, as a table for `docs/performance.md`.

use std::time::Duration;

use super::honest::{Sample, quantile};

/// One attack.
pub(crate) struct Row {
    pub(crate) attack: &'static str,
    pub(crate) alone: Sample,
    pub(crate) beside: Sample,
    pub(crate) under: Sample,
    /// What the server counts.
    pub(crate) rejected: serde_json::Value,
}

/// Prints everything.
pub(crate) fn print(rows: &[Row], window: Duration) {
    println!("\nhonest clients for {window:?} each; p50 / p99 in ms; peak of resident memory in MiB\n");
    println!(
        "| attack | push: alone | elsewhere | here | job to worker: alone | elsewhere | here | login: alone | here | MiB: alone | here |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for row in rows {
        let Row { attack, alone, beside, under, .. } = row;
        println!(
            "| {attack} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            two(&alone.push),
            two(&beside.push),
            two(&under.push),
            two(&alone.through),
            two(&beside.through),
            two(&under.through),
            two(&alone.login),
            two(&under.login),
            alone.memory,
            under.memory,
        );
    }
    println!();
    for row in rows {
        println!("{}: refused {}", row.attack, row.rejected);
    }
}

fn two(sorted: &[Duration]) -> String {
    let ms = |share| quantile(sorted, share).as_secs_f64() * 1e3;
    format!("{:.1} / {:.1}", ms(0.5), ms(0.99))
}
