//! The crate `faktory` as producer and as worker. What is asked of it: ../README.md.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::{Write, stdin};
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use faktory::{Client, Job, Worker};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Deserialize)]
struct Order {
    queue: String,
    jobtype: String,
    args: Vec<Value>,
    retry: Option<isize>,
    at: Option<DateTime<Utc>>,
}

// Its client blocks in place when it is dropped, which only this runtime allows.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["produce"] => produce().await,
        ["work", slots, queues @ ..] => work(slots.parse()?, queues).await,
        _ => Err("usage: produce | work SLOTS QUEUE...".into()),
    }
}

async fn produce() -> Result<(), Box<dyn Error>> {
    let mut client = Client::connect().await?;
    for line in stdin().lines() {
        let order: Order = serde_json::from_str(&line?)?;
        let mut job = Job::builder(order.jobtype);
        job.queue(order.queue).args(order.args.clone()).at(order.at);
        if let Some(retry) = order.retry {
            job.retry(retry);
        }
        let job = job.build();
        let jid = job.id().to_string();
        client.enqueue(job).await?;
        println!("{}", json!({"jid": jid, "args": order.args}));
    }
    Ok(())
}

async fn work(slots: usize, queues: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut stop = signal(SignalKind::terminate())?;
    let mut worker = Worker::builder()
        .workers(slots)
        .with_graceful_shutdown(async move {
            stop.recv().await;
        })
        .register_fn("Record", |job| async move { record(&job) })
        .register_fn("Fail", |job| async move { record(&job).and(Err(std::io::Error::other("failed <as told>"))) })
        .connect()
        .await?;
    worker.run(queues).await?;
    Ok(())
}

/// Notes down one job, in one write to a file opened for appending.
fn record(job: &Job) -> std::io::Result<()> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).map_err(std::io::Error::other)?.as_secs_f64();
    let line = format!("{}\n", json!({"jid": job.id().to_string(), "args": job.args(), "at": at}));
    let path = std::env::var("RECORDS").map_err(std::io::Error::other)?;
    OpenOptions::new().append(true).create(true).open(path)?.write_all(line.as_bytes())
}
