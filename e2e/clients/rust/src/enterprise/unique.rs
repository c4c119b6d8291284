//! Unique jobs and expiring ones.

use std::error::Error;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use faktory::error::{Error as FaktoryError, Protocol};
use faktory::{Client, Job, JobBuilder};

use super::{FAILS, WORKS, client, worker};

/// Whatever the server does by itself it does within this time.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn play() -> Result<(), Box<dyn Error>> {
    plain().await?;
    until_success().await?;
    until_start().await?;
    for_a_time().await?;
    expiring().await
}

fn job(jobtype: &str, queue: &str, number: u32) -> JobBuilder {
    let mut job = Job::builder(jobtype);
    job.queue(queue).args(vec![number]);
    job
}

fn unique(jobtype: &str, queue: &str, number: u32) -> JobBuilder {
    let mut job = job(jobtype, queue, number);
    job.unique_for(60);
    job
}

/// The server refuses it, in the words that the crate knows.
async fn refused(client: &mut Client, job: Job) -> Result<(), Box<dyn Error>> {
    match client.enqueue(job).await {
        Err(FaktoryError::Protocol(Protocol::UniqueConstraintViolation { msg })) => {
            assert_eq!(msg, "Job not unique");
            Ok(())
        }
        other => Err(format!("a second one: {other:?}").into()),
    }
}

/// Jobs that ask for nothing meet no key, and other arguments or queues have others.
async fn plain() -> Result<(), Box<dyn Error>> {
    let (mut producer, mut worker) = (client().await?, worker().await?);
    producer.enqueue(unique(WORKS, "unique", 1).build()).await?;
    refused(&mut producer, unique(WORKS, "unique", 1).build()).await?;
    producer.enqueue(job(WORKS, "unique", 1).build()).await?;
    producer.enqueue(unique(WORKS, "unique", 2).build()).await?;
    producer.enqueue(unique(WORKS, "unique_too", 1).build()).await?;
    let many = [unique(WORKS, "unique", 3).build(), unique(WORKS, "unique", 3).build()];
    let (taken, errors) = producer.enqueue_many(many).await?;
    assert_eq!(taken, 1);
    let errors = errors.ok_or("no errors")?;
    assert!(errors.values().all(|error| error == "NOTUNIQUE Job not unique") && errors.len() == 1, "{errors:?}");
    for _ in 0..4 {
        assert!(worker.run_one(0, &["unique"]).await?);
    }
    assert!(!worker.run_one(0, &["unique"]).await?);
    producer.enqueue(unique(WORKS, "unique", 1).build()).await?;
    Ok(())
}

/// Held while it fails and is tried again.
async fn until_success() -> Result<(), Box<dyn Error>> {
    let (mut producer, mut worker) = (client().await?, worker().await?);
    let again = || unique(FAILS, "until_success", 1).unique_until_success().build();
    producer.enqueue(again()).await?;
    assert!(worker.run_one(0, &["until_success"]).await?);
    refused(&mut producer, again()).await
}

/// Free as soon as it is fetched.
async fn until_start() -> Result<(), Box<dyn Error>> {
    let (mut producer, mut worker) = (client().await?, worker().await?);
    let again = || unique(FAILS, "until_start", 1).unique_until_start().build();
    producer.enqueue(again()).await?;
    refused(&mut producer, again()).await?;
    assert!(worker.run_one(0, &["until_start"]).await?);
    producer.enqueue(again()).await?;
    refused(&mut producer, again()).await
}

/// Free when its time is over, though it still waits.
async fn for_a_time() -> Result<(), Box<dyn Error>> {
    let mut producer = client().await?;
    let short = || job(WORKS, "for_a_time", 1).unique_for(1).build();
    producer.enqueue(short()).await?;
    refused(&mut producer, short()).await?;
    // Asked again and again, it is taken in the end.
    let begun = Instant::now();
    while let Err(error) = producer.enqueue(short()).await {
        assert!(begun.elapsed() < PATIENCE, "the key is not free: {error}");
    }
    Ok(())
}

/// In time it is run, too late it is not, and the next one is.
async fn expiring() -> Result<(), Box<dyn Error>> {
    let (mut producer, mut worker) = (client().await?, worker().await?);
    let soon = Utc::now() + TimeDelta::seconds(60);
    producer.enqueue(job(WORKS, "expiring", 1).expires_at(soon).build()).await?;
    assert!(worker.run_one(0, &["expiring"]).await?);
    producer.enqueue(job(FAILS, "expiring", 2).expires_in(TimeDelta::milliseconds(200)).build()).await?;
    producer.enqueue(job(WORKS, "expiring", 3).build()).await?;
    // It is dropped where it waits, though nobody fetches.
    let begun = Instant::now();
    while producer.current_info().await?.data.queues.get("expiring") != Some(&1) {
        assert!(begun.elapsed() < PATIENCE, "what is over is not dropped");
    }
    assert!(worker.run_one(0, &["expiring"]).await?);
    assert!(!worker.run_one(0, &["expiring"]).await?, "what is over was run");
    Ok(())
}
