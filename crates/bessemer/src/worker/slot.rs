//! A slot: fetches a job, does it, reports it, and begins again. Each has its own connection, so that no report waits
//! behind a FETCH and no more jobs are in hand than there are slots.

use std::sync::Arc;

use tokio::time::{Instant, sleep};

use crate::backoff::Backoff;
use crate::client::command::Command;
use crate::client::link::Link;
use crate::payload::FetchedJob;
use crate::worker::outbox::{Delivery, InHand};
use crate::worker::panic::Catch;
use crate::worker::shutdown::Stage;
use crate::worker::{Crew, perform};

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
    let lease_ends = Instant::now() + job.lease();
    let mut in_hand = InHand { jid: job.jid.clone(), lease_ends, outcome: None };
    crew.outbox.put(number, in_hand.clone());
    in_hand.outcome = Some(perform::run(&crew.performer, job, lease_ends).await);
    crew.outbox.put(number, in_hand.clone());

    let delivery = in_hand.deliver(link, "").await;
    crew.outbox.take(number);
    crew.tally.count(&in_hand, delivery == Delivery::Done);
}
