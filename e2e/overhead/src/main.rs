//! What a job costs its worker: this library, the crate `faktory` and a bare loop, in turns against one server.
//!
//! In each round every contender works a queue of its own that was filled before, with as many slots as the others. The
//! figures are those between its first job and its last. What is asked of it: ../../docs/performance.md.

mod contender;
mod figures;
mod raw;
mod soak;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use bessemer::Bessemer;

use crate::contender::Contender;
use crate::figures::{Round, Table};

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "usage: bessemer-overhead compare [SLOTS [JOBS [ROUNDS]]]   in turns; default 10 20000 5
       bessemer-overhead noop|panics [JOBS [SLOTS]]      this library alone; default 1000000 10
The server is that of FAKTORY_URL; it must hold nothing of value.";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bessemer-overhead: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let numbers = words.iter().skip(1).map(|word| word.parse());
    let numbers: Vec<usize> = numbers.collect::<std::result::Result<_, _>>().map_err(|_| USAGE)?;
    let number = |index: usize, default: usize| numbers.get(index).copied().unwrap_or(default);
    let app = Bessemer::from_env()?;
    match (words.first().map(String::as_str), numbers.len()) {
        (Some("compare"), 0..=3) => compare(&app, number(0, 10), number(1, 20_000), number(2, 5)).await,
        (Some(what @ ("noop" | "panics")), 0..=2) => {
            soak::soak(&app, what == "panics", number(0, 1_000_000), number(1, 10)).await
        }
        _ => Err(USAGE.into()),
    }
}

async fn compare(app: &Bessemer, slots: usize, jobs: usize, rounds: usize) -> Result<()> {
    let mut table = Table::default();
    for round in 0..rounds {
        let mut figures = Vec::new();
        // Nobody is always the first.
        for turn in 0..Contender::ALL.len() {
            let contender = Contender::ALL[(turn + round) % Contender::ALL.len()];
            figures.push(contender.work(app, slots, jobs).await?);
        }
        figures.rotate_right(round % Contender::ALL.len());
        table.add(Round { figures });
    }
    println!("{jobs} jobs that do nothing, {slots} slots, {rounds} rounds; median [lowest..highest]");
    table.print();
    Ok(())
}
