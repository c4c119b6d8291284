//! One job, two shapes of arguments: a map, and three values.
//!
//! `cargo run --example math_worker` prints `The answer is: 8` twice and `The answer is: 4` twice.

use bessemer::prelude::*;
use serde::{Deserialize, Serialize};

/// The arguments of a job, in either shape: `[{"op":"+","x":3,"y":5}]` on the wire, or `["+",3,5]`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Task {
    Map([Sum; 1]),
    Values(Op, i64, i64),
}

#[derive(Serialize, Deserialize)]
struct Sum {
    op: Op,
    x: i64,
    y: i64,
}

#[derive(Serialize, Deserialize)]
enum Op {
    #[serde(rename = "+")]
    Plus,
    #[serde(rename = "-")]
    Minus,
}

struct MathWorker;

// A queue of its own, so that no other program takes its jobs; the worker below fetches from it.
#[job(queue = "math")]
impl MathWorker {
    async fn perform(&self, #[args] task: Task) -> JobResult {
        let (op, x, y) = match task {
            Task::Map([Sum { op, x, y }]) => (op, x, y),
            Task::Values(op, x, y) => (op, x, y),
        };
        let answer = match op {
            Op::Plus => x.checked_add(y),
            Op::Minus => x.checked_sub(y),
        };
        println!("The answer is: {}", answer.ok_or("the answer is too large")?);
        Ok(Done)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let app = Bessemer::from_env()?;
    app.install_global();

    MathWorker::perform_async(Task::Map([Sum { op: Op::Plus, x: 3, y: 5 }])).await?;
    MathWorker::perform_async(Task::Map([Sum { op: Op::Minus, x: 10, y: 6 }])).await?;
    MathWorker::perform_async(Task::Values(Op::Plus, 3, 5)).await?;
    MathWorker::perform_async(Task::Values(Op::Minus, 10, 6)).await?;

    app.worker().job(MathWorker).run().await?;
    Ok(())
}
