//! Running the jobs of a sandbox: all that are due, all there are, one alone.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde_json::Value;

use crate::client::command::Command;
use crate::error::Error;
use crate::job::Job;
use crate::job::JobOptions;
use crate::job::args::{Arguments, IntoArgs};
use crate::job::failure::Failure;
use crate::payload::NewJob;
use crate::testing::pushed::{Failures, Kept};
use crate::testing::sandbox::Sandbox;
use crate::testing::worked::{Ran, Worked};

/// Runs in one drain; more are jobs that push themselves for ever.
const RUNS_MAX: usize = 10_000;

impl Sandbox {
    /// Runs the jobs that are due, and those that they push, one after the other, until none is left. Those that failed
    /// or are scheduled wait for their time: see [`Sandbox::advance`] and [`Sandbox::drain_all`].
    ///
    /// # Panics
    /// Without a worker, and when 10 000 jobs have run.
    pub async fn drain(&self) -> Ran {
        self.drain_moving(false).await
    }

    /// The same, and moves the clock on to whatever is due next, until every job is done or dead.
    ///
    /// # Panics
    /// As [`Sandbox::drain`].
    pub async fn drain_all(&self) -> Ran {
        self.drain_moving(true).await
    }

    async fn drain_moving(&self, moves: bool) -> Ran {
        let queues = self.hands().queues();
        let mut ran = Ran::default();
        loop {
            let next = self.shelf().take_next(queues);
            if let Some(job) = next {
                let jobtype = &job.pushed.jobtype;
                assert!(
                    ran.total() < RUNS_MAX,
                    "{RUNS_MAX} jobs ran and more are there, the next a {jobtype}: does a job push itself?"
                );
                ran.count(self.run(job).await);
                continue;
            }
            let mut shelf = self.shelf();
            match shelf.next_due(queues) {
                Some(due) if moves => shelf.now = shelf.now.max(due),
                _ => {
                    ran.left = shelf.due();
                    return ran;
                }
            }
        }
    }

    /// Runs a job that was just pushed, unless it is to run later.
    pub(super) async fn run_now(&self, jid: &str) {
        let Some(job) = self.shelf().take(jid) else { return };
        let sandbox = self.clone();
        let run = self.deeper(async move { sandbox.run(job).await });
        run.await.expect("a panic of the job is its failure");
    }

    async fn run(&self, kept: Kept) -> Worked {
        let worked = self.perform(&kept).await;
        let mut shelf = self.shelf();
        shelf.ran.count(worked.clone());
        shelf.settle(kept, &worked.result);
        worked
    }

    async fn perform(&self, kept: &Kept) -> Worked {
        let fetched = kept.fetched(self.now());
        let result = self.scope(self.hands().perform(fetched)).await;
        let pushed = &kept.pushed;
        Worked {
            progress: self.shelf().take_progress(&pushed.jid),
            jid: pushed.jid.clone(),
            jobtype: pushed.jobtype.clone(),
            queue: pushed.queue.clone(),
            attempt: kept.attempt(),
            result,
        }
    }

    /// Runs one job as if it had been pushed with these arguments and fetched: `sandbox.work_one::<SendInvoice>(args).await`.
    pub fn work_one<J: Job>(&self, args: impl IntoArgs<J::Args>) -> WorkOne<'_> {
        let job = args.into_args().to_json().map(|args| (J::JOBTYPE, args));
        let job = job.map_err(|source| Error::Arguments { jobtype: J::JOBTYPE.into(), source });
        WorkOne { sandbox: self, job, options: J::options(), attempt: 1 }
    }
}

/// Runs one job in a sandbox of its own. The job that is given is the one that runs.
///
/// ```
/// # use bessemer::prelude::*;
/// # struct Divide;
/// # impl Job for Divide {
/// #     const JOBTYPE: &'static str = "Divide";
/// #     type Args = (i64, i64);
/// #     async fn perform(&self, _: &Context, (a, b): Self::Args) -> JobResult { Ok(Return((a / b).into())) }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let worked = bessemer::testing::work_one(Divide, (6, 3)).await;
/// assert_eq!(worked.returned(), Some(&2.into()));
///
/// let worked = bessemer::testing::work_one(Divide, (6, 0)).await;
/// assert!(worked.panicked());
/// assert_eq!(worked.failure().unwrap().message(), "attempt to divide by zero");
/// # }
/// ```
///
/// # Panics
/// When a server would refuse the job.
pub async fn work_one<J: Job>(job: J, args: impl IntoArgs<J::Args>) -> Worked {
    let sandbox = Sandbox::new().with_worker(|app| app.worker().job(job));
    sandbox.work_one::<J>(args).await
}

/// One job to be run, from [`Sandbox::work_one`]. It runs when it is awaited.
#[must_use = "nothing runs before this is awaited"]
pub struct WorkOne<'s> {
    sandbox: &'s Sandbox,
    job: Result<(&'static str, Box<serde_json::value::RawValue>), Error>,
    options: JobOptions,
    attempt: u32,
}

impl WorkOne<'_> {
    /// As attempt number `n`, counted from 1: those before have failed.
    pub fn attempt(mut self, n: u32) -> Self {
        self.attempt = n;
        self
    }

    /// With a value that travels outside the arguments.
    pub fn custom(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options = self.options.custom(name, value);
        self
    }

    /// With other options than those of the job.
    pub fn options(mut self, options: JobOptions) -> Self {
        self.options = options;
        self
    }

    async fn run(self) -> Worked {
        let Self { sandbox, job, options, attempt } = self;
        let job = job.and_then(|(jobtype, args)| NewJob::from_raw(jobtype, args, options));
        let job = job.unwrap_or_else(|error| panic!("{}", error.chain()));
        let line = String::from_utf8(Command::push(&job).line).expect("a command is text");
        let pushed = sandbox.judge(line["PUSH ".len()..].trim_end());
        let pushed = pushed.unwrap_or_else(|text| panic!("a server refuses this job: {text}"));
        let failures = attempt.checked_sub(2).map(|count| Failures {
            count,
            last: Failure::internal("Before", "an attempt before this one failed"),
            at: sandbox.now(),
        });
        let kept = Kept { pushed, failures };
        sandbox.perform(&kept).await
    }
}

impl<'s> IntoFuture for WorkOne<'s> {
    type Output = Worked;
    type IntoFuture = Pin<Box<dyn Future<Output = Worked> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
