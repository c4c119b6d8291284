//! A slot: does one job and puts its outcome into the outbox. Each job is a task of its own, so a slot whose task dies is a
//! slot that is free again.
//!
//! A job type whose jobs have all been quick of late is begun where it was fetched: to hand such a job to another thread
//! costs more than to do it. One that turns out to wait becomes a task then, and loses nothing. One that turns out to
//! compute keeps those that came with it waiting, so the type has to be quick many times before it is trusted again.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::job::failure::Failure;
use crate::payload::FetchedJob;
use crate::worker::panic::Catch;
use crate::worker::{Crew, perform};

/// A job is quick that comes to its end, or to where it waits, in this time.
const QUICK: Duration = Duration::from_micros(50);

/// So many quick ones in a row make a type trusted.
const TRUSTED_AFTER: u32 = 64;

/// How many jobs of each type were quick in a row.
pub(crate) struct Pace {
    quick: HashMap<&'static str, AtomicU32>,
}

impl Pace {
    pub(crate) fn new(jobtypes: impl IntoIterator<Item = &'static str>) -> Self {
        Self { quick: jobtypes.into_iter().map(|jobtype| (jobtype, AtomicU32::new(0))).collect() }
    }

    fn is_quick(&self, jobtype: &str) -> bool {
        self.quick.get(jobtype).is_some_and(|count| count.load(Ordering::Relaxed) >= TRUSTED_AFTER)
    }

    fn took(&self, jobtype: &str, time: Duration) {
        let Some(count) = self.quick.get(jobtype) else { return };
        let next = if time <= QUICK { count.load(Ordering::Relaxed).saturating_add(1) } else { 0 };
        count.store(next, Ordering::Relaxed);
    }
}

/// Begins the job in slot `number`, which has been given it by the outbox.
pub(crate) async fn start(crew: &Arc<Crew>, number: usize, job: FetchedJob, lease_ends: Instant) {
    let jobtype = job.jobtype.clone();
    let mut work = Box::pin(work(crew.clone(), number, job, lease_ends));
    if crew.pace.is_quick(&jobtype) {
        if begin(&crew.pace, &jobtype, work.as_mut()).await.is_pending() {
            tokio::spawn(work);
        }
    } else {
        let crew = crew.clone();
        tokio::spawn(async move {
            if begin(&crew.pace, &jobtype, work.as_mut()).await.is_pending() {
                work.await;
            }
        });
    }
}

/// Lets the job come as far as it comes without waiting.
async fn begin(pace: &Pace, jobtype: &str, mut work: Pin<&mut impl Future<Output = ()>>) -> Poll<()> {
    let begun = Instant::now();
    let came = poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
    pace.took(jobtype, begun.elapsed());
    came
}

async fn work(crew: Arc<Crew>, number: usize, job: FetchedJob, lease_ends: Instant) {
    let done = Catch::new(perform::run(&crew.performer, job, lease_ends)).await;
    let (result, lease_ends) = done.unwrap_or_else(|panicked| {
        // Panics of the job itself have been caught inside: this is a bug of this library, or of a layer.
        crew.health.died();
        tracing::error!(slot = number, panic = panicked.message, trace = ?panicked.trace, "a slot died with its job");
        (Err(Failure::from(panicked)), lease_ends)
    });
    crew.outbox.ended(number, result, lease_ends);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_trusted_when_it_was_quick_often_enough_and_not_after_it_was_slow_once() {
        let pace = Pace::new(["T"]);
        for _ in 0..TRUSTED_AFTER {
            assert!(!pace.is_quick("T"));
            pace.took("T", QUICK);
        }
        assert!(pace.is_quick("T"));
        pace.took("T", QUICK + Duration::from_nanos(1));
        assert!(!pace.is_quick("T"));
        pace.took("unheard of", QUICK);
        assert!(!pace.is_quick("unheard of"));
    }
}
