//! The trait that a job implements, and the options it can be pushed with.

pub(crate) mod args;
pub(crate) mod failure;
#[doc(hidden)]
pub mod generated;
pub(crate) mod outcome;
pub(crate) mod with;

use std::future::Future;
use std::time::{Duration, SystemTime};

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::job::args::{ArgumentMismatch, Arguments, IntoArgs};
use crate::job::failure::Failure;
use crate::job::outcome::{JobResult, Outcome};
use crate::job::with::With;
use crate::payload::{Jid, NewJob, When};
use crate::worker::context::Context;
use crate::worker::state::Need;

/// A kind of work, named so that any client can push it, done by [`Job::perform`].
///
/// ```
/// use bessemer::prelude::*;
///
/// struct SendInvoice;
///
/// impl Job for SendInvoice {
///     const JOBTYPE: &'static str = "SendInvoice";
///     type Args = (String, u64);
///
///     fn options() -> JobOptions {
///         JobOptions::new().queue("mail").retry(5)
///     }
///
///     async fn perform(&self, _: &Context, (to, order): Self::Args) -> JobResult {
///         println!("invoice {order} goes to {to}");
///         Ok(Done)
///     }
/// }
///
/// # async fn order() -> Result<(), bessemer::Error> {
/// SendInvoice::perform_async(("stuart@example.com", 42u64)).await?;
/// # Ok(())
/// # }
/// ```
///
/// A panic in `perform` is a failure like any other: it is reported with its place and the job is tried again later.
/// A worker may be stopped in the midst of a job, which then runs again: `perform` should be able to run twice.
pub trait Job: Send + Sync + 'static {
    /// The name on the wire, by which clients in any language push it.
    const JOBTYPE: &'static str;

    /// Older names, which a worker answers to as well: those of jobs that were pushed before the job was renamed.
    const ALIASES: &'static [&'static str] = &[];

    /// One tuple element for each argument: see [`Arguments`].
    type Args: Arguments;

    /// How it is pushed unless the call says otherwise. Default: the server's defaults.
    fn options() -> JobOptions {
        JobOptions::new()
    }

    /// The types of the values that the job takes by [`Context::state`]: a worker that was not given one of them does not
    /// start. Default: none.
    fn needs() -> Vec<Need> {
        Vec::new()
    }

    /// What becomes of a job whose arguments do not fit. Default: it is buried, since trying again does not help. A job
    /// that a newer worker elsewhere may understand answers `Err(failure)`, and is tried again.
    fn mismatched(failure: Failure) -> JobResult {
        Ok(Outcome::Bury(failure))
    }

    /// Reads the arguments of a fetched job.
    ///
    /// # Errors
    /// [`ArgumentMismatch`] when they are not what the job takes: then [`Job::mismatched`] has the word.
    fn decode(args: &RawValue) -> Result<Self::Args, ArgumentMismatch> {
        Self::Args::from_json(args)
    }

    /// Does the work. Runs in a task of the worker; work that blocks for longer than a moment belongs into
    /// `tokio::task::spawn_blocking`.
    fn perform(&self, ctx: &Context, args: Self::Args) -> impl Future<Output = JobResult> + Send;

    /// Pushes the job, by the client of [`Bessemer::install_global`](crate::Bessemer::install_global), and returns
    /// once the server has it for good.
    ///
    /// # Errors
    /// [`Error::NoGlobal`] without such a client; [`Error::Server`] when the server refuses the job; otherwise as
    /// [`Bessemer::push`](crate::Bessemer::push).
    fn perform_async(args: impl IntoArgs<Self::Args>) -> impl Future<Output = Result<Jid, Error>> + Send
    where
        Self: Sized,
    {
        Self::with().perform_async(args)
    }

    /// The same, to be run when `delay` is over.
    fn perform_in(
        delay: Duration,
        args: impl IntoArgs<Self::Args>,
    ) -> impl Future<Output = Result<Jid, Error>> + Send
    where
        Self: Sized,
    {
        Self::with().perform_in(delay, args)
    }

    /// The same, to be run at `time`; at once if that is past.
    fn perform_at(
        time: SystemTime,
        args: impl IntoArgs<Self::Args>,
    ) -> impl Future<Output = Result<Jid, Error>> + Send
    where
        Self: Sized,
    {
        Self::with().perform_at(time, args)
    }

    /// The job itself, not pushed: for [`Bessemer::push_all`](crate::Bessemer::push_all).
    ///
    /// # Errors
    /// [`Error::Arguments`], [`Error::Time`].
    fn args(args: impl IntoArgs<Self::Args>) -> Result<NewJob, Error>
    where
        Self: Sized,
    {
        Self::with().args(args)
    }

    /// Begins a push with other options, or by another client:
    /// `SendInvoice::with().queue("bulk").perform_async(…)`.
    fn with() -> With<Self>
    where
        Self: Sized,
    {
        With::new()
    }
}

/// How a job is pushed. What is not set is left to the server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobOptions {
    pub(crate) queue: Option<String>,
    pub(crate) retry: Option<i32>,
    pub(crate) reserve_for: Option<Duration>,
    pub(crate) backtrace: Option<u32>,
    pub(crate) custom: Map<String, Value>,
    pub(crate) at: Option<When>,
    pub(crate) expires: Option<When>,
    pub(crate) unique_for: Option<Duration>,
    pub(crate) unique_until: Option<UniqueUntil>,
    pub(crate) unique_key: Option<String>,
}

/// When a unique job makes way for another: see [`JobOptions::unique_until`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UniqueUntil {
    /// When it is done.
    Success,
    /// When a worker begins with it.
    Start,
    /// Not before its time is over, also if it was done long ago. Bessemer's own: other servers refuse the job.
    Expiry,
}

impl JobOptions {
    /// The server's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The queue. Default: `default`.
    pub fn queue(mut self, name: impl Into<String>) -> Self {
        self.queue = Some(name.into());
        self
    }

    /// How often a failed job is tried again before it is dead: 0 discards it after its first failure, -1 buries it
    /// at once. Default: 25, which is about three weeks.
    pub fn retry(mut self, times: i32) -> Self {
        self.retry = Some(times);
        self
    }

    /// How long a worker may hold the job before it is given to another, in whole seconds between one minute and one
    /// day. Default: 30 minutes.
    pub fn reserve_for(mut self, lease: Duration) -> Self {
        self.reserve_for = Some(lease);
        self
    }

    /// Lines of a trace that are reported when the job fails. Default: 30; servers keep 50.
    pub fn backtrace(mut self, lines: u32) -> Self {
        self.backtrace = Some(lines);
        self
    }

    /// A value that travels with the job outside its arguments; see [`Context::custom`].
    pub fn custom(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.custom.insert(name.into(), value.into());
        self
    }

    /// Of no use after this time: a worker that asks later gets the next job. A server without expiry keeps to
    /// nothing of the sort, and does not say so.
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.expires = Some(When::At(time));
        self
    }

    /// The same, counted from the push.
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.expires = Some(When::In(life));
        self
    }

    /// No second job of the same type, arguments and queue for so long: pushing one is then an [`Error`] with
    /// [`Error::is_not_unique`], and [`PushOutcome::NotUnique`](crate::PushOutcome::NotUnique) of a `try_` call. A server
    /// without unique jobs takes it for a job like any other, and does not say so.
    pub fn unique_for(mut self, time: Duration) -> Self {
        self.unique_for = Some(time);
        self
    }

    /// When a unique job makes way for the next one, before the time of [`JobOptions::unique_for`] is over. Default: when
    /// it is done.
    pub fn unique_until(mut self, end: UniqueUntil) -> Self {
        self.unique_until = Some(end);
        self
    }

    /// What no second job may have while this one is unique, instead of its type, arguments and queue; 1 to 512 bytes.
    /// Bessemer's own: other servers go by type, arguments and queue all the same.
    pub fn unique_key(mut self, key: impl Into<String>) -> Self {
        self.unique_key = Some(key.into());
        self
    }

    /// Has the server keep how far the job has come, for [`Bessemer::track_get`](crate::Bessemer::track_get).
    pub fn track(self) -> Self {
        self.custom("track", 1)
    }

    /// Not before this time.
    pub fn at(mut self, time: SystemTime) -> Self {
        self.at = Some(When::At(time));
        self
    }

    /// Not before `delay` is over, counted from the push.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.at = Some(When::In(delay));
        self
    }
}
