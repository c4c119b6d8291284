//! This library alone, over a million jobs: whether its memory stays flat and its pace even.

use std::sync::Arc;
use std::time::Duration;

use bessemer::JobOptions;
use bessemer::prelude::*;
use tokio::time::timeout;

use crate::Result;
use crate::contender::{Count, Noop, fill, fresh_queue};
use crate::figures::{Figures, Moment, rss_kib};

/// The run is told of in this many parts.
const PARTS: usize = 10;

/// Panics, with a message and a stack like those of a job that does something.
struct Panics(Arc<Count>);

impl Job for Panics {
    const JOBTYPE: &'static str = "Noop";
    type Args = (String,);

    async fn perform(&self, _: &Context, (text,): Self::Args) -> JobResult {
        self.0.one();
        panic!("no coal for {} bytes", text.len());
    }
}

pub async fn soak(app: &Bessemer, panics: bool, jobs: usize, slots: usize) -> Result<()> {
    let part = (jobs / PARTS).max(1);
    println!("{:>12}{:>12}{:>24}{:>14}", "jobs", "jobs/s", "CPU us, push and work", "memory KiB");
    let queue = fresh_queue();
    let count = Count::new(part * PARTS, part);
    let worker = app.worker().queues([queue.clone()]).slots(slots).ignore_signals();
    let worker = if panics { worker.job(Panics(count.clone())) } else { worker.job(Noop(count.clone())) };
    let stop = worker.stop_handle();
    let worker = tokio::spawn(worker.run());
    for done in (1..=PARTS).map(|index| index * part) {
        let begun = Moment::now();
        // A failed job of `retry` 0 is gone: no retry disturbs the count.
        fill(app, &queue, part, JobOptions::new().retry(0)).await?;
        count.reached(done).await?;
        let figures = Figures::between(begun, Moment::now(), part);
        println!("{done:>12}{:>12.0}{:>24.1}{:>14}", figures.jobs_per_s, figures.cpu_us, rss_kib());
    }
    stop.terminate();
    println!("{:?}", timeout(Duration::from_secs(30), worker).await???);
    Ok(())
}
