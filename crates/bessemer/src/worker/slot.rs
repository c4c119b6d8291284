//! A slot: fetches a job, does it, reports it, and begins again. Each has its own connection, so that no report waits
//! behind a FETCH and no more jobs are in hand than there are slots.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use tracing::Instrument;

use crate::backoff::Backoff;
use crate::client::command::Command;
use crate::client::link::Link;
use crate::job::failure::Failure;
use crate::job::outcome::JobResult;
use crate::payload::FetchedJob;
use crate::worker::Crew;
use crate::worker::context::Context;
use crate::worker::outbox::{Delivery, InHand};
use crate::worker::panic::Catch;
use crate::worker::shutdown::Stage;

/// Runs slot `number` until the worker stops. A slot that dies, which is a bug of this library, comes back without
/// disturbing the others.
pub(crate) async fn supervise(crew: Arc<Crew>, number: usize) {
    let mut backoff = Backoff::new();
    while let Err(panicked) = Catch::new(slot(&crew, number)).await {
        tracing::error!(slot = number, panic = panicked.message, trace = ?panicked.trace, "a slot died and comes back");
        sleep(backoff.next()).await;
    }
}

async fn slot(crew: &Crew, number: usize) {
    let mut link = crew.link();
    if let Some(left) = crew.outbox.take(number) {
        let delivery = left.deliver(&mut link, "the worker's slot died with the job").await;
        crew.tally.count(&left, delivery == Delivery::Done);
    }
    let fetch = Command::fetch(&crew.queues);
    while ready(crew).await {
        match link.ask(&fetch).await.and_then(|answer| fetch.expect_job(answer)) {
            Ok(None) => {}
            Ok(Some(job)) => work(crew, &mut link, number, job).await,
            Err(error) => {
                let pause = link.pause();
                tracing::warn!(slot = number, error = error.chain(), retry_in = ?pause, "FETCH failed");
                tokio::select! {
                    () = sleep(pause) => {}
                    () = crew.stop.reached(Stage::Quiet) => {}
                }
            }
        }
    }
    link.end().await;
}

/// Whether there is to be another FETCH; a quiet worker's slots wait here for the end.
async fn ready(crew: &Crew) -> bool {
    if crew.stop.stage() == Stage::Quiet {
        crew.stop.reached(Stage::Terminate).await;
    }
    crew.stop.stage() == Stage::Running
}

/// Does one job and reports it.
async fn work(crew: &Crew, link: &mut Link, number: usize, job: FetchedJob) {
    let lease = job.lease();
    let lease_ends = Instant::now() + lease;
    let mut in_hand = InHand { jid: job.jid.clone(), lease_ends, outcome: None };
    crew.outbox.put(number, in_hand.clone());

    let (jid, jobtype, queue, attempt) = (&job.jid, &job.jobtype, &job.queue, job.attempt());
    let span = tracing::info_span!("work", jid, jobtype, queue, attempt);
    let lines = job.backtrace_lines();
    let ctx = Context::new(job, lease_ends, crew.app.clone());
    let outcome = perform(crew, &ctx, lease).instrument(span).await;
    in_hand.outcome = Some(outcome.map_err(|failure| failure.trimmed(lines)));
    crew.outbox.put(number, in_hand.clone());

    let delivery = in_hand.deliver(link, "").await;
    crew.outbox.take(number);
    crew.tally.count(&in_hand, delivery == Delivery::Done);
}

/// Runs the job until it is done, its lease is nearly over, or the worker can wait no longer.
async fn perform(crew: &Crew, ctx: &Context, lease: Duration) -> JobResult {
    let started = Instant::now();
    let outcome = tokio::select! {
        biased;
        outcome = Catch::new(crew.registry.perform(ctx)) => outcome.map_err(Failure::from).flatten(),
        () = sleep_until(started + lease - margin(lease)) => {
            let text = format!("job was stopped shortly before its reservation of {} s ended", lease.as_secs());
            Err(Failure::internal("Timeout", text))
        }
        () = crew.stop.reached(Stage::Abort) => {
            Err(Failure::internal("Shutdown", "worker was stopped before the job was done"))
        }
    };
    let ms = started.elapsed().as_millis();
    match &outcome {
        Ok(_) => tracing::info!(ms, "done"),
        Err(failure) => tracing::warn!(
            ms,
            errtype = failure.errtype(),
            place = failure.backtrace().first().map(String::as_str),
            "failed: {}",
            failure.message(),
        ),
    }
    outcome
}

/// How long before the end of its lease a job is stopped, so that its failure is still heard: 20 s, or a tenth of a
/// short lease.
fn margin(lease: Duration) -> Duration {
    Duration::from_secs(20).min(lease / 10)
}
