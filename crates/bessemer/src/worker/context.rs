//! What a job knows of itself while it runs.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::client::pool::Bessemer;
use crate::payload::FetchedJob;

/// The running job and its surroundings.
pub struct Context {
    job: FetchedJob,
    /// When the server gives the job to somebody else.
    lease_ends: Instant,
    app: Bessemer,
}

impl Context {
    pub(crate) fn new(job: FetchedJob, lease_ends: Instant, app: Bessemer) -> Self {
        Self { job, lease_ends, app }
    }

    /// The job's id. Store it with the job's effect to do nothing twice.
    pub fn jid(&self) -> &str {
        &self.job.jid
    }

    /// The job's name.
    pub fn jobtype(&self) -> &str {
        &self.job.jobtype
    }

    /// The queue that the job came from.
    pub fn queue(&self) -> &str {
        &self.job.queue
    }

    /// Which attempt this is, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.job.attempt()
    }

    /// A value that was pushed along with [`JobOptions::custom`](crate::JobOptions::custom).
    pub fn custom(&self, name: &str) -> Option<&Value> {
        self.job.custom.as_ref()?.get(name)
    }

    /// How long the job still belongs to this worker. The worker stops it shortly before.
    pub fn time_left(&self) -> Duration {
        self.lease_ends.saturating_duration_since(Instant::now())
    }

    /// The client of the worker, to push further jobs with.
    pub fn app(&self) -> &Bessemer {
        &self.app
    }

    pub(crate) fn job(&self) -> &FetchedJob {
        &self.job
    }
}
