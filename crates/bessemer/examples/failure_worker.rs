//! A job that fails more often than not: it guesses a number from 1 to 3 and panics unless that is its argument.
//!
//! `cargo run --example failure_worker`, then look at <http://localhost:7420/retries>: the panic is there with its
//! file and line. The job is tried again by itself, or at once by "Retry now", until it is lucky.

use bessemer::prelude::*;

#[job(queue = "failure")]
async fn failure_worker(#[ctx] ctx: &Context, wanted: u8) -> JobResult {
    let guess = rand::random_range(1..=3);
    if guess != wanted {
        panic!("guessed {guess} and not {wanted}");
    }
    println!("Guessed {guess} at attempt {}!", ctx.attempt());
    Ok(Done)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let app = Bessemer::from_env()?;
    app.install_global();

    FailureWorker::perform_async(2).await?;

    app.worker().job(FailureWorker).queues(["failure", "default"]).run().await?;
    Ok(())
}
