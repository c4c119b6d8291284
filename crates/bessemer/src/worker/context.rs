//! What a job knows of itself while it runs, and what it may ask for: shared values, the sign to stop, more time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::client::batch::Bid;
use crate::client::pool::Bessemer;
use crate::job::failure::Failure;
use crate::payload::FetchedJob;
use crate::trace;
use crate::worker::perform::Performer;
use crate::worker::shutdown::Stage;

/// The running job and its surroundings. Clones are cheap, for threads and tasks that a job starts.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    job: FetchedJob,
    performer: Arc<Performer>,
    lease: Lease,
}

/// How long the job belongs to this worker.
struct Lease {
    /// When the server gives the job to somebody else. Whoever locks it only copies or sets it.
    ends: Mutex<Instant>,
    /// It was set to a later time.
    extended: Notify,
}

impl Context {
    pub(crate) fn new(job: FetchedJob, lease_ends: Instant, performer: Arc<Performer>) -> Self {
        let lease = Lease { ends: Mutex::new(lease_ends), extended: Notify::new() };
        Self { inner: Arc::new(Inner { job, performer, lease }) }
    }

    /// The job's id. Store it with the job's effect to do nothing twice.
    pub fn jid(&self) -> &str {
        &self.inner.job.jid
    }

    /// The job's name.
    pub fn jobtype(&self) -> &str {
        &self.inner.job.jobtype
    }

    /// The queue that the job came from.
    pub fn queue(&self) -> &str {
        &self.inner.job.queue
    }

    /// Which attempt this is, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.inner.job.attempt()
    }

    /// A value that was pushed along with [`JobOptions::custom`](crate::JobOptions::custom).
    pub fn custom(&self, name: &str) -> Option<&Value> {
        self.inner.job.custom.as_ref()?.get(name)
    }

    /// The batch that this job is a member of, or that it is run at the end of. By
    /// [`Bessemer::open_batch`] others join it.
    pub fn bid(&self) -> Option<Bid> {
        self.custom("bid").or_else(|| self.custom("_bid"))?.as_str().map(Bid::new)
    }

    /// The batch of which the batch is a part that this job is run at the end of: a step adds the next one to it.
    pub fn parent_bid(&self) -> Option<Bid> {
        self.custom("_pbid")?.as_str().map(Bid::new)
    }

    /// The value of type `T` that was given to the worker: [`Worker::state`](crate::Worker::state). A job that says
    /// what it needs, by [`Job::needs`](crate::Job::needs), always finds it.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.inner.performer.states.get()
    }

    /// How long the job still belongs to this worker. The worker cancels it shortly before.
    pub fn time_left(&self) -> Duration {
        self.lease_ends().saturating_duration_since(Instant::now())
    }

    /// Waits until the job is to come to an end: the worker's drain time is over, or the job's reservation nearly is. A
    /// job that goes on is cut off a little later, after [`Worker::cancel_grace`](crate::Worker::cancel_grace).
    ///
    /// ```
    /// # use bessemer::{Context, Failure};
    /// # async fn next_page() {}
    /// # async fn crawl(ctx: &Context) -> Result<(), Failure> {
    /// loop {
    ///     tokio::select! {
    ///         () = next_page() => {}
    ///         () = ctx.cancelled() => return ctx.check(), // gives the job back, to be run again
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn cancelled(&self) {
        tokio::select! {
            () = self.inner.performer.stop.reached(Stage::Cancel) => {}
            () = self.reached(Self::cancel_at) => {}
        }
    }

    /// Whether the job is to come to an end: see [`Context::cancelled`]. For work that blocks, between its steps.
    pub fn is_cancelled(&self) -> bool {
        self.check().is_err()
    }

    /// Gives the job back when it is to come to an end: `ctx.check()?` between two steps.
    ///
    /// # Errors
    /// A [`Failure`] of type `Shutdown` or `Timeout`, with which the job is tried again.
    pub fn check(&self) -> Result<(), Failure> {
        if self.inner.performer.stop.stage() >= Stage::Cancel {
            return Err(Failure::internal(Failure::SHUTDOWN, "job gave way to the end of its worker"));
        }
        if Instant::now() >= self.cancel_at() {
            return Err(Failure::internal(
                Failure::TIMEOUT,
                "job gave way shortly before its reservation ended",
            ));
        }
        Ok(())
    }

    /// The W3C trace context that the job was pushed with. Jobs that are pushed by this one get it by themselves; what
    /// the job spawns or calls elsewhere is handed it.
    pub fn traceparent(&self) -> Option<&str> {
        self.custom(trace::KEY)?.as_str()
    }

    /// The client of the worker, to push further jobs with.
    pub fn app(&self) -> &Bessemer {
        &self.inner.performer.app
    }

    pub(crate) fn job(&self) -> &FetchedJob {
        &self.inner.job
    }

    pub(crate) fn performer(&self) -> &Arc<Performer> {
        &self.inner.performer
    }

    pub(crate) fn lease_ends(&self) -> Instant {
        *self.inner.lease.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the job is asked to come to an end: 20 s before its lease does, or a tenth of a short lease.
    fn cancel_at(&self) -> Instant {
        self.lease_ends() - margin(self.job().lease())
    }

    /// When it is cut off: so that its failure is still heard.
    fn cut_off_at(&self) -> Instant {
        let grace = self.inner.performer.cancel_grace;
        self.cancel_at() + grace.min(margin(self.job().lease()) / 2)
    }

    /// The server leaves the job to this worker until then.
    pub(crate) fn extended(&self, until: Instant) {
        let mut ends = self.inner.lease.ends.lock().unwrap_or_else(PoisonError::into_inner);
        *ends = until.max(*ends);
        drop(ends);
        self.inner.lease.extended.notify_waiters();
    }

    /// Waits until the job must be cut off.
    pub(crate) async fn out_of_time(&self) {
        self.reached(Self::cut_off_at).await;
    }

    /// Waits for a time that moves when the lease is extended.
    async fn reached(&self, time: impl Fn(&Self) -> Instant) {
        loop {
            let extended = self.inner.lease.extended.notified();
            let due = time(self);
            tokio::select! {
                () = sleep_until(due) => {
                    if time(self) <= due {
                        return;
                    }
                }
                () = extended => {}
            }
        }
    }
}

fn margin(lease: Duration) -> Duration {
    Duration::from_secs(20).min(lease / 10)
}
