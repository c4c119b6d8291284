//! What the crate offers with its feature `ent`, a file for each: `enterprise FEATURE` plays one against the server, and ends
//! with an error where it is not as the crate has it.

mod batches;
mod unique;

use std::error::Error;
use std::io;

use faktory::{Client, Worker, WorkerBuilder};

/// A jobtype that fails, and one that does not.
const FAILS: &str = "Fails";
const WORKS: &str = "Works";

pub async fn play(feature: &str) -> Result<(), Box<dyn Error>> {
    match feature {
        "batches" => batches::play().await?,
        "unique" => unique::play().await?,
        _ => return Err(format!("no feature {feature}").into()),
    }
    println!("\"OK\"");
    Ok(())
}

async fn client() -> Result<Client, faktory::Error> {
    Client::connect().await
}

/// A worker that runs one job after the other, when it is told.
async fn worker() -> Result<Worker<io::Error>, Box<dyn Error>> {
    let worker = WorkerBuilder::default()
        .register_fn(WORKS, |_| async { Ok::<(), io::Error>(()) })
        .register_fn(FAILS, |job| async move { Err(io::Error::other(format!("{} fails", job.id().as_str()))) })
        .connect()
        .await?;
    Ok(worker)
}
