//! A worker without slots and without a server: what a sandbox runs its jobs with.

use std::sync::Arc;

use tokio::time::Instant;

use crate::client::pool::Bessemer;
use crate::error::Error;
use crate::job::outcome::JobResult;
use crate::payload::FetchedJob;
use crate::worker::perform::{self, Performer};
use crate::worker::{Worker, panic};

/// Does the jobs that it is given, with all that the worker does them with in production.
pub(crate) struct Hands {
    performer: Arc<Performer>,
    queues: Vec<String>,
}

impl Worker {
    /// The hands of this worker, whose jobs push by `app`.
    pub(crate) fn hands(mut self, app: Bessemer) -> Result<Hands, Error> {
        self.check()?;
        panic::install_hook();
        self.app = app;
        let queues = self.served()?.names().into_iter().map(str::to_owned).collect();
        Ok(Hands { performer: Arc::new(Performer::of(&mut self)), queues })
    }
}

impl Hands {
    /// The queues that it fetches from, in their order.
    pub(crate) fn queues(&self) -> &[String] {
        &self.queues
    }

    /// Does a job that was just fetched.
    pub(crate) async fn perform(&self, job: FetchedJob) -> JobResult {
        let lease_ends = Instant::now() + job.lease();
        perform::run(&self.performer, job, lease_ends).await.0
    }
}
