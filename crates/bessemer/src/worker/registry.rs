//! Which jobs a worker can do: one handler for each job type.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use crate::error::Error;
use crate::job::Job;
use crate::job::args::Arguments;
use crate::job::failure::Failure;
use crate::job::outcome::JobResult;
use crate::worker::context::Context;

/// A job whose argument types are forgotten.
trait Handler: Send + Sync {
    fn handle<'a>(&'a self, ctx: &'a Context) -> Pin<Box<dyn Future<Output = JobResult> + Send + 'a>>;
}

impl<J: Job> Handler for J {
    fn handle<'a>(&'a self, ctx: &'a Context) -> Pin<Box<dyn Future<Output = JobResult> + Send + 'a>> {
        Box::pin(async move {
            match J::Args::from_json(&ctx.job().args) {
                Ok(args) => self.perform(ctx, args).await,
                Err(mismatch) => Err(Failure::mismatch(&mismatch)),
            }
        })
    }
}

#[derive(Default)]
pub(crate) struct Registry {
    handlers: HashMap<&'static str, Box<dyn Handler>>,
    /// A job type that was given twice: a mistake, found when the worker starts.
    twice: Option<&'static str>,
}

impl Registry {
    pub(crate) fn add<J: Job>(&mut self, job: J) {
        if self.handlers.insert(J::JOBTYPE, Box::new(job)).is_some() {
            self.twice = Some(J::JOBTYPE);
        }
    }

    /// Whether a worker can start with it.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.twice {
            Some(jobtype) => Err(Error::DuplicateJob(jobtype)),
            None if self.handlers.is_empty() => Err(Error::Worker("it knows no job; add one with .job(…)")),
            None => Ok(()),
        }
    }

    /// Does the job, or fails it if its type is unknown here.
    pub(crate) async fn perform(&self, ctx: &Context) -> JobResult {
        match self.handlers.get(ctx.jobtype()) {
            Some(handler) => handler.handle(ctx).await,
            None => {
                let message = format!("no job {:?} is registered with this worker", ctx.jobtype());
                Err(Failure::internal("UnknownJobType", message))
            }
        }
    }

    /// The job types, sorted, for the log.
    pub(crate) fn jobtypes(&self) -> Vec<&'static str> {
        let mut jobtypes: Vec<_> = self.handlers.keys().copied().collect();
        jobtypes.sort_unstable();
        jobtypes
    }
}
