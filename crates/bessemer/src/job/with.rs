//! Pushing a typed job: options, the client to push with, and the call itself.

use std::future::Future;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use crate::client::pool::{Bessemer, PushOutcome};
use crate::error::Error;
use crate::job::args::{Arguments, IntoArgs};
use crate::job::generated::Pushing;
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

    crate::__push_options!();

    fn map(self, change: impl FnOnce(Self) -> Self) -> Self {
        change(self)
    }

    /// Pushes with this client instead of the global one.
    #[doc(hidden)]
    pub fn by(mut self, app: &Bessemer) -> Self {
        self.app = Some(app.clone());
        self
    }

    /// Changes the options in a way of one's own.
    pub fn change(mut self, change: impl FnOnce(JobOptions) -> JobOptions) -> Self {
        self.options = change(self.options);
        self
    }

    /// The job itself, not pushed: for [`Bessemer::push_all`].
    ///
    /// # Errors
    /// [`Error::Arguments`], [`Error::Time`].
    pub fn args(self, args: impl IntoArgs<J::Args>) -> Result<NewJob, Error> {
        self.make(args.into_args())
    }

    /// The same of arguments that need no conversion.
    #[doc(hidden)]
    pub fn make(self, args: J::Args) -> Result<NewJob, Error> {
        let args =
            args.to_json().map_err(|source| Error::Arguments { jobtype: J::JOBTYPE.into(), source })?;
        NewJob::from_raw(J::JOBTYPE, args, self.options)
    }

    /// Pushes the job with arguments that need no conversion.
    #[doc(hidden)]
    pub fn push(self, args: J::Args) -> Pushing<Jid, Error> {
        // The arguments become JSON at once, so that they need not be sent between threads.
        let app = self.app.clone();
        let job = self.make(args);
        Box::pin(async move {
            let app = app.or_else(Bessemer::global).ok_or(Error::NoGlobal)?;
            app.push(&job?).await
        })
    }

    /// See [`Job::perform_async`].
    pub fn perform_async(
        self,
        args: impl IntoArgs<J::Args>,
    ) -> impl Future<Output = Result<Jid, Error>> + Send {
        self.push(args.into_args())
    }

    /// See [`Job::perform_async`]; that a unique job is there already is no error here: see [`JobOptions::unique_for`].
    pub fn try_perform_async(
        self,
        args: impl IntoArgs<J::Args>,
    ) -> impl Future<Output = Result<PushOutcome, Error>> + Send {
        self.try_push(args.into_args())
    }

    /// The same with arguments that need no conversion.
    #[doc(hidden)]
    pub fn try_push(self, args: J::Args) -> Pushing<PushOutcome, Error> {
        let app = self.app.clone();
        let job = self.make(args);
        Box::pin(async move {
            let app = app.or_else(Bessemer::global).ok_or(Error::NoGlobal)?;
            app.try_push(&job?).await
        })
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

/// What a bulk push takes: a job, or what [`With::args`] returns.
pub trait IntoNewJob {
    /// The job, or why there is none.
    ///
    /// # Errors
    /// Those of [`With::args`].
    fn into_new_job(self) -> Result<NewJob, Error>;
}

impl IntoNewJob for NewJob {
    fn into_new_job(self) -> Result<NewJob, Error> {
        Ok(self)
    }
}

impl IntoNewJob for &NewJob {
    fn into_new_job(self) -> Result<NewJob, Error> {
        Ok(self.clone())
    }
}

impl IntoNewJob for Result<NewJob, Error> {
    fn into_new_job(self) -> Result<NewJob, Error> {
        self
    }
}

/// The options of a push, once for [`With`] and for the builders that `#[job]` makes of it. They want a method `map`,
/// which applies a function to the `With` inside.
#[doc(hidden)]
#[macro_export]
macro_rules! __push_options {
    () => {
        /// Pushes with this client instead of the global one.
        pub fn on(self, app: &$crate::Bessemer) -> Self {
            self.map(|with| with.by(app))
        }

        /// Replaces all options of the job.
        pub fn options(self, options: $crate::JobOptions) -> Self {
            self.map(|with| with.change(|_| options))
        }

        /// The queue.
        pub fn queue(self, name: impl $crate::__macro::Into<$crate::__macro::String>) -> Self {
            self.map(|with| with.change(|options| options.queue(name)))
        }

        /// How often a failed job is tried again: 0 forgets it after its first failure, -1 sends it to the dead.
        pub fn retry(self, times: i32) -> Self {
            self.map(|with| with.change(|options| options.retry(times)))
        }

        /// How long a worker may hold the job.
        pub fn reserve_for(self, lease: $crate::__macro::Duration) -> Self {
            self.map(|with| with.change(|options| options.reserve_for(lease)))
        }

        /// Lines of a trace that are reported when the job fails.
        pub fn backtrace(self, lines: u32) -> Self {
            self.map(|with| with.change(|options| options.backtrace(lines)))
        }

        /// A value that travels with the job outside its arguments.
        pub fn custom(
            self,
            name: impl $crate::__macro::Into<$crate::__macro::String>,
            value: impl $crate::__macro::Into<$crate::__macro::Value>,
        ) -> Self {
            self.map(|with| with.change(|options| options.custom(name, value)))
        }

        /// Of no use after this time; for servers that know of expiry.
        pub fn expires_at(self, time: $crate::__macro::SystemTime) -> Self {
            self.map(|with| with.change(|options| options.expires_at(time)))
        }

        /// Of no use when this time is over, counted from the push; for servers that know of expiry.
        pub fn expires_in(self, life: $crate::__macro::Duration) -> Self {
            self.map(|with| with.change(|options| options.expires_in(life)))
        }

        /// No second one with the same arguments for so long; for servers that know unique jobs.
        pub fn unique_for(self, time: $crate::__macro::Duration) -> Self {
            self.map(|with| with.change(|options| options.unique_for(time)))
        }

        /// When a unique job makes way for the next one, before its time is over.
        pub fn unique_until(self, end: $crate::UniqueUntil) -> Self {
            self.map(|with| with.change(|options| options.unique_until(end)))
        }

        /// What no second job may have while this one is unique, instead of its type, arguments and queue.
        pub fn unique_key(self, key: impl $crate::__macro::Into<$crate::__macro::String>) -> Self {
            self.map(|with| with.change(|options| options.unique_key(key)))
        }

        /// Has the server keep how far the job has come, if it can.
        pub fn track(self) -> Self {
            self.map(|with| with.change($crate::JobOptions::track))
        }
    };
}
