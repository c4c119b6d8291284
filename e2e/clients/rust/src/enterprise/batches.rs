//! Batches: status, callbacks, nested and opened again.

use std::error::Error;

use faktory::ent::{Batch, BatchStatus, CallbackState};
use faktory::{Client, Job, JobBuilder};

use super::{FAILS, WORKS, client, worker};

pub async fn play() -> Result<(), Box<dyn Error>> {
    counted().await?;
    failed().await?;
    nested().await?;
    opened_again().await?;
    unknown().await
}

fn job(jobtype: &str, queue: &str) -> JobBuilder {
    let mut job = Job::builder(jobtype);
    job.queue(queue);
    job
}

fn works(queue: &str) -> Job {
    job(WORKS, queue).build()
}

async fn status(client: &mut Client, bid: &faktory::ent::BatchId) -> Result<BatchStatus, Box<dyn Error>> {
    Ok(client.get_batch_status(bid).await?.ok_or("no status")?)
}

fn counts(status: &BatchStatus) -> (usize, usize, usize) {
    (status.total, status.pending, status.failed)
}

/// Members are counted, and both callbacks come, one after the other.
async fn counted() -> Result<(), Box<dyn Error>> {
    let (mut producer, mut asker, mut worker) = (client().await?, client().await?, worker().await?);
    let batch = Batch::builder()
        .description("Image resizing workload")
        .with_callbacks(works("counted_success"), works("counted_complete"));
    let mut batch = producer.start_batch(batch).await?;
    let bid = batch.id().to_owned();
    for _ in 0..2 {
        batch.add(works("counted")).await?;
    }
    let mut other = job(WORKS, "counted");
    other.add_to_custom_data("bid", "check-check");
    assert_eq!(batch.add(other.build()).await?, Some("check-check".into()));
    for left in (0..3).rev() {
        assert!(worker.run_one(0, &["counted"]).await?, "a member waits");
        assert_eq!(counts(&status(&mut asker, &bid).await?), (3, left, 0));
    }
    // Nothing comes before the commit.
    assert!(!worker.run_one(0, &["counted_success", "counted_complete"]).await?);
    batch.commit().await?;
    let found = status(&mut asker, &bid).await?;
    assert_eq!((found.bid.clone(), found.description.as_deref()), (bid.clone(), Some("Image resizing workload")));
    assert!(found.parent_bid.is_none(), "{found:?}");
    assert_eq!(found.complete_callback_state, CallbackState::Enqueued);
    assert_eq!(found.success_callback_state, CallbackState::Pending);
    assert!(!worker.run_one(0, &["counted_success"]).await?, "complete comes first");
    assert!(worker.run_one(0, &["counted_complete"]).await?);
    assert!(worker.run_one(0, &["counted_success"]).await?);
    let found = status(&mut asker, &bid).await?;
    assert_eq!(found.complete_callback_state, CallbackState::FinishedOk);
    assert_eq!(found.success_callback_state, CallbackState::FinishedOk);
    Ok(())
}

/// A member that failed is one that ran, and no success.
async fn failed() -> Result<(), Box<dyn Error>> {
    let (mut producer, mut asker, mut worker) = (client().await?, client().await?, worker().await?);
    let batch = Batch::builder().with_callbacks(works("failed_success"), works("failed_complete"));
    let mut batch = producer.start_batch(batch).await?;
    let bid = batch.id().to_owned();
    batch.add(works("failed")).await?;
    batch.add(job(FAILS, "failed").build()).await?;
    batch.commit().await?;
    assert!(worker.run_one(0, &["failed"]).await?);
    assert!(worker.run_one(0, &["failed"]).await?);
    assert_eq!(counts(&status(&mut asker, &bid).await?), (2, 1, 1));
    assert!(worker.run_one(0, &["failed_complete"]).await?);
    assert!(!worker.run_one(0, &["failed_success"]).await?);
    assert_eq!(status(&mut asker, &bid).await?.success_callback_state, CallbackState::Pending);
    Ok(())
}

/// A parent waits for its child, and an empty batch for nothing.
async fn nested() -> Result<(), Box<dyn Error>> {
    let (mut producer, mut asker, mut worker) = (client().await?, client().await?, worker().await?);
    let mut parent = producer.start_batch(Batch::builder().with_success_callback(works("nested_parent"))).await?;
    let above = parent.id().to_owned();
    let child = parent.start_batch(Batch::builder().with_success_callback(works("nested_child"))).await?;
    let below = child.id().to_owned();
    child.commit().await?;
    parent.commit().await?;
    assert_eq!(status(&mut asker, &below).await?.parent_bid, Some(above.clone()));
    assert_eq!(status(&mut asker, &above).await?.success_callback_state, CallbackState::Pending);
    assert!(!worker.run_one(0, &["nested_parent"]).await?, "its child is not over");
    assert!(worker.run_one(0, &["nested_child"]).await?);
    assert!(worker.run_one(0, &["nested_parent"]).await?);
    assert_eq!(status(&mut asker, &above).await?.success_callback_state, CallbackState::FinishedOk);
    Ok(())
}

/// A batch that was committed takes more in.
async fn opened_again() -> Result<(), Box<dyn Error>> {
    let (mut producer, mut asker, mut worker) = (client().await?, client().await?, worker().await?);
    let mut batch = producer.start_batch(Batch::builder().with_success_callback(works("again_success"))).await?;
    let bid = batch.id().to_owned();
    batch.add(works("again")).await?;
    batch.commit().await?;
    let found = status(&mut asker, &bid).await?;
    let mut batch = found.open(&mut producer).await?.ok_or("it is not opened")?;
    assert_eq!(*batch.id(), bid);
    batch.add(works("again")).await?;
    for _ in 0..2 {
        assert!(worker.run_one(0, &["again"]).await?);
    }
    assert!(!worker.run_one(0, &["again_success"]).await?, "it is open");
    batch.commit().await?;
    assert!(worker.run_one(0, &["again_success"]).await?);
    assert_eq!(counts(&status(&mut asker, &bid).await?), (2, 0, 0));
    Ok(())
}

/// The crate takes the error for what it is.
async fn unknown() -> Result<(), Box<dyn Error>> {
    let (mut asker, mut producer) = (client().await?, client().await?);
    let bid = faktory::ent::BatchId::new("b-nowhere");
    // What the server said is in the source of the crate's error, which its text leaves out.
    let told = format!("{:?}", asker.get_batch_status(&bid).await.expect_err("there is none"));
    assert!(told.contains("No such batch b-nowhere"), "{told}");
    assert!(producer.open_batch(&bid).await?.is_none());
    Ok(())
}
