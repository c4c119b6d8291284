//! One job, from in hand to its outcome: done, failed, panicked, out of time, or cut off by the end of the worker. Knows
//! neither where the job came from nor how its outcome reaches the server: that is the slot's affair.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

use crate::job::failure::Failure;
use crate::job::outcome::{JobResult, Outcome};
use crate::payload::FetchedJob;
use crate::worker::Crew;
use crate::worker::context::Context;
use crate::worker::panic::Catch;
use crate::worker::shutdown::Stage;

/// Does the job, which belongs to this worker until `lease_ends`. A failure comes back within the limits of servers and
/// with as many lines of trace as the job wants.
pub(crate) async fn run(crew: &Crew, job: FetchedJob, lease_ends: Instant) -> JobResult {
    let (jid, jobtype, queue, attempt) = (&job.jid, &job.jobtype, &job.queue, job.attempt());
    let span = tracing::info_span!("work", jid, jobtype, queue, attempt);
    let (lines, lease) = (job.backtrace_lines(), job.lease());
    let ctx = Context::new(job, lease_ends, crew.app.clone());
    match perform(crew, &ctx, lease, lease_ends).instrument(span).await {
        Ok(Outcome::Bury(failure)) => Ok(Outcome::Bury(failure.trimmed(lines))),
        Ok(outcome) => Ok(outcome),
        Err(failure) => Err(failure.trimmed(lines)),
    }
}

/// Runs the job until it is done, its lease is nearly over, or the worker can wait no longer.
async fn perform(crew: &Crew, ctx: &Context, lease: Duration, lease_ends: Instant) -> JobResult {
    let started = Instant::now();
    let outcome = tokio::select! {
        biased;
        outcome = Catch::new(crew.registry.perform(ctx)) => outcome.map_err(Failure::from).flatten(),
        () = sleep_until(lease_ends - margin(lease)) => {
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
