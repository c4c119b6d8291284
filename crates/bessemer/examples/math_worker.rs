//! One job type, two shapes of arguments: a map, and three values.
//!
//! `cargo run --example math_worker` prints `The answer is: 8` twice and `The answer is: 4` twice.

use bessemer::prelude::*;
use serde_json::{Value, json};

struct MathWorker;

impl Job for MathWorker {
    const JOBTYPE: &'static str = "MathWorker";
    type Args = Vec<Value>;

    // A queue of its own, so that no other program takes its jobs; the worker below fetches from it.
    fn options() -> JobOptions {
        JobOptions::new().queue("math")
    }

    async fn perform(&self, _: &Context, args: Self::Args) -> JobResult {
        let (op, x, y) = match args.as_slice() {
            [map] => (&map["op"], &map["x"], &map["y"]),
            [op, x, y] => (op, x, y),
            _ => return Err("expected a map, or an operator and two numbers".into()),
        };
        let answer = match (op.as_str(), x.as_i64(), y.as_i64()) {
            (Some("+"), Some(x), Some(y)) => x + y,
            (Some("-"), Some(x), Some(y)) => x - y,
            _ => return Err(format!("cannot work out {x} {op} {y}").into()),
        };
        println!("The answer is: {answer}");
        Ok(Done)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let app = Bessemer::from_env()?;
    app.install_global();

    MathWorker::perform_async((json!({"op": "+", "x": 3, "y": 5}),)).await?;
    MathWorker::perform_async((json!({"op": "-", "x": 10, "y": 6}),)).await?;
    MathWorker::perform_async(("+", 3, 5)).await?;
    MathWorker::perform_async(("-", 10, 6)).await?;

    app.worker().job(MathWorker).run().await?;
    Ok(())
}
