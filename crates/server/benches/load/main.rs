//! What a job costs the server, and how that compares with the least that a server can do.
//!
//! `make bench`. The release binary runs as a child with its defaults (every reply after a flush to the disk), and so
//! does the *floor*: one thread of tokio that reads lines through a buffer and only answers `+OK`. Both get the same
//! load over loopback from one thread of this process, in turns within each round, so that a busy moment of the
//! machine meets both. What is compared is the processor time of the child, from the kernel's own books.
//!
//! ```text
//! BENCH_ROUNDS=5 BENCH_SECONDS=2 BENCH_CONNECTIONS=50 BENCH_BYTES=300 make bench
//! ```

mod client;
mod floor;
mod scenario;
mod server;
mod table;

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use self::scenario::{Load, Run};
use self::server::Server;

fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some(floor::ARGUMENT) {
        return floor::serve();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, measure())
}

async fn measure() -> Result<()> {
    let rounds = setting("BENCH_ROUNDS", 5)?;
    let connections = usize::try_from(setting("BENCH_CONNECTIONS", 50)?)?;
    let load = Load {
        connections,
        // One producer to two workers, about: each job is pushed once, fetched once and ACKed once.
        producers: (connections / 3 + 1).min(connections),
        window: Duration::from_secs(setting("BENCH_SECONDS", 2)?),
        job_bytes: usize::try_from(setting("BENCH_BYTES", 300)?)?,
    };
    let (floor, bessemer) = (Server::floor()?, Server::bessemer()?);
    let mut runs = Vec::new();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        runs.push(run(&load, &floor, &bessemer).await?);
    }
    table::print(&load, &runs, &bessemer.memory()?);
    Ok(())
}

/// One round: every scenario once, the floor's before the one that is compared with it.
async fn run(load: &Load, floor: &Server, bessemer: &Server) -> Result<Run> {
    let floor_push = scenario::push(load, floor, load.connections).await?;
    let push = scenario::push(load, bessemer, load.connections).await?;
    let fetch = scenario::fetch(load, bessemer, push.jobs).await?;
    let floor_mixed = scenario::push(load, floor, load.connections).await?;
    let mixed = scenario::mixed(load, bessemer).await?;
    let floor_single = scenario::push(load, floor, 1).await?;
    let single = scenario::push(load, bessemer, 1).await?;
    // The next round begins with empty queues.
    scenario::fetch(load, bessemer, single.jobs).await?;
    Ok(Run { floor_push, push, fetch, floor_mixed, mixed, floor_single, single })
}

/// A parameter from the environment.
fn setting(name: &str, default: u64) -> Result<u64> {
    let Some(value) = std::env::var_os(name) else { return Ok(default) };
    let number = value.to_str().and_then(|v| v.parse().ok()).unwrap_or(0);
    ensure!(number > 0, "{name}={} is not a number above 0", value.display());
    Ok(number)
}

/// Something that a child left in its book at the kernel.
fn book(path: &str) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {path}; this measures on Linux only"))
}
