//! Pushing a typed job: options, the client to push with, and the call itself.

use std::future::Future;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::client::pool::Bessemer;
use crate::error::Error;
use crate::job::args::{Arguments, IntoArgs};
use crate::job::{Job, JobOptions};
use crate::payload::{Jid, NewJob};

/// A push in preparation, from [`Job::with`].
#[must_use = "nothing is pushed before perform_async is called"]
pub struct With<J> {
    options: JobOptions,
    app: Option<Bessemer>,
    job: PhantomData<fn() -> J>,
}

impl<J: Job> With<J> {
    pub(crate) fn new() -> Self {
        Self { options: J::options(), app: None, job: PhantomData }
    }

    /// Pushes with this client instead of the global one.
    pub fn on(mut self, app: &Bessemer) -> Self {
        self.app = Some(app.clone());
        self
    }

    /// Replaces all options of the job.
    pub fn options(mut self, options: JobOptions) -> Self {
        self.options = options;
        self
    }

    /// See [`JobOptions::queue`].
    pub fn queue(self, name: impl Into<String>) -> Self {
        self.change(|options| options.queue(name))
    }

    /// See [`JobOptions::retry`].
    pub fn retry(self, times: i32) -> Self {
        self.change(|options| options.retry(times))
    }

    /// See [`JobOptions::reserve_for`].
    pub fn reserve_for(self, lease: Duration) -> Self {
        self.change(|options| options.reserve_for(lease))
    }

    /// See [`JobOptions::backtrace`].
    pub fn backtrace(self, lines: u32) -> Self {
        self.change(|options| options.backtrace(lines))
    }

    /// See [`JobOptions::custom`].
    pub fn custom(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.change(|options| options.custom(name, value))
    }

    fn change(mut self, change: impl FnOnce(JobOptions) -> JobOptions) -> Self {
        self.options = change(self.options);
        self
    }

    /// The job itself, not yet pushed: for [`Bessemer::push_all`].
    pub fn job(self, args: impl IntoArgs<J::Args>) -> Result<NewJob, Error> {
        let args = args.into_args().to_json();
        let args = args.map_err(|source| Error::Arguments { jobtype: J::JOBTYPE.into(), source })?;
        NewJob::from_raw(J::JOBTYPE, args, self.options)
    }

    /// See [`Job::perform_async`].
    pub fn perform_async(
        self,
        args: impl IntoArgs<J::Args>,
    ) -> impl Future<Output = Result<Jid, Error>> + Send {
        // The arguments become JSON at once, so that they need not be sent between threads.
        let app = self.app.clone();
        let job = self.job(args);
        async move {
            let app = app.or_else(Bessemer::global).ok_or(Error::NoGlobal)?;
            app.push(&job?).await
        }
    }

    /// See [`Job::perform_in`].
    pub fn perform_in(
        self,
        delay: Duration,
        args: impl IntoArgs<J::Args>,
    ) -> impl Future<Output = Result<Jid, Error>> + Send {
        self.change(|options| options.delay(delay)).perform_async(args)
    }

    /// See [`Job::perform_at`].
    pub fn perform_at(
        self,
        time: SystemTime,
        args: impl IntoArgs<J::Args>,
    ) -> impl Future<Output = Result<Jid, Error>> + Send {
        self.change(|options| options.at(time)).perform_async(args)
    }
}
