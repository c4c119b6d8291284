//! Which jobs a worker can do: one handler for each job type.

use std::collections::HashMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use crate::error::Error;
use crate::job::Job;
use crate::job::failure::Failure;
use crate::job::outcome::JobResult;
use crate::worker::context::Context;
use crate::worker::state::{Need, States};

/// A job under way.
pub(crate) type Performing<'a> = Pin<Box<dyn Future<Output = JobResult> + Send + 'a>>;

/// A job whose argument types are forgotten.
trait Handler: Send + Sync {
    fn handle<'a>(&'a self, ctx: &'a Context) -> Performing<'a>;
}

impl<J: Job> Handler for J {
    fn handle<'a>(&'a self, ctx: &'a Context) -> Performing<'a> {
        Box::pin(async move {
            match J::decode(&ctx.job().args) {
                Ok(args) => self.perform(ctx, args).await,
                Err(mismatch) => J::mismatched(Failure::mismatch(&mismatch, &ctx.job().args)),
            }
        })
    }
}

#[derive(Default)]
pub(crate) struct Registry {
    /// A job is found by its name, and by those that it had before.
    handlers: HashMap<&'static str, Arc<dyn Handler>>,
    /// A job type that was given twice: a mistake, found when the worker starts.
    twice: Option<&'static str>,
    needs: Vec<(&'static str, Need)>,
}

impl Registry {
    pub(crate) fn add<J: Job>(&mut self, job: J) {
        self.needs.extend(J::needs().into_iter().map(|need| (J::JOBTYPE, need)));
        let handler: Arc<dyn Handler> = Arc::new(job);
        for name in [J::JOBTYPE].iter().chain(J::ALIASES) {
            if self.handlers.insert(name, handler.clone()).is_some() {
                self.twice = Some(name);
            }
        }
    }

    /// Whether a worker can start with it and with these values.
    pub(crate) fn check(&self, states: &States) -> Result<(), Error> {
        if let Some(jobtype) = self.twice {
            return Err(Error::DuplicateJob(jobtype));
        }
        if self.handlers.is_empty() {
            return Err(Error::Worker("it knows no job; add one with .job(…)"));
        }
        match self.needs.iter().find(|(_, need)| !states.meets(need)) {
            Some((jobtype, need)) => Err(Error::MissingState { jobtype, state: need.short_name() }),
            None => Ok(()),
        }
    }

    /// Does the job, or fails it if its type is unknown here.
    pub(crate) fn perform<'a>(&'a self, ctx: &'a Context) -> Performing<'a> {
        match self.handlers.get(ctx.jobtype()) {
            Some(handler) => handler.handle(ctx),
            None => {
                let message = format!("no job {:?} is registered with this worker", ctx.jobtype());
                Box::pin(ready(Err(Failure::internal("UnknownJobType", message))))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::outcome::Outcome;
    use crate::worker::state::States;

    struct Renamed;

    impl Job for Renamed {
        const JOBTYPE: &'static str = "New";
        const ALIASES: &'static [&'static str] = &["Old", "Older"];
        type Args = ();

        async fn perform(&self, _: &Context, (): ()) -> JobResult {
            Ok(Outcome::Done)
        }
    }

    struct Namesake;

    impl Job for Namesake {
        const JOBTYPE: &'static str = "Older";
        type Args = ();

        async fn perform(&self, _: &Context, (): ()) -> JobResult {
            Ok(Outcome::Done)
        }
    }

    #[test]
    fn a_renamed_job_answers_to_its_older_names_and_nobody_else_may_have_them() {
        let mut registry = Registry::default();
        registry.add(Renamed);
        registry.check(&States::default()).unwrap();
        assert_eq!(registry.jobtypes(), ["New", "Old", "Older"]);
        registry.add(Namesake);
        assert_eq!(
            registry.check(&States::default()).unwrap_err().to_string(),
            "job type Older is registered twice"
        );
    }
}
