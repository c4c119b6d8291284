//! Works jobs and writes them down.

use std::env;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use faktory::{Job, Worker};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::LevelFilter;

pub async fn work(slots: usize, queues: &[&str]) -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).init();
    let mut stop = signal(SignalKind::terminate())?;
    let worker = Worker::builder()
        .workers(slots)
        .with_graceful_shutdown(async move {
            stop.recv().await;
        })
        .register_fn("Record", |job| async move { record(&job) })
        .register_fn("Invoice", |job| async move { record(&job) })
        .register_fn("Fail", |job| async move { record(&job).and(Err(io::Error::other("failed <as told>"))) })
        .register_fn("Hold", hold);
    let mut worker = match crate::sealed().await? {
        Some((stream, password)) => worker.connect_with(stream, password).await?,
        None => worker.connect().await?,
    };
    worker.run(queues).await?;
    Ok(())
}

async fn hold(job: Job) -> io::Result<()> {
    record(&job)?;
    let release = env::var("RELEASE").map_err(io::Error::other)?;
    while !Path::new(&release).exists() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Notes down one job, in one write to a file opened for appending.
fn record(job: &Job) -> io::Result<()> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs_f64();
    let line = format!("{}\n", json!({"jid": job.id().to_string(), "args": job.args(), "at": at}));
    let path = env::var("RECORDS").map_err(io::Error::other)?;
    OpenOptions::new().append(true).create(true).open(path)?.write_all(line.as_bytes())
}
