//! Background jobs for Rust: write a function, call `perform_async`, and a supervised pool of workers runs it, retries it
//! when it fails, and reports why.
//!
//! The jobs live in a server that speaks Faktory's protocol: Bessemer, or Faktory itself. Producers and workers in
//! other languages share it by their own clients, since a job on the wire is a name and a JSON array.
//!
//! # Quick start
//!
//! ```no_run
//! use bessemer::prelude::*;
//!
//! #[job]
//! async fn hello_world(name: String) -> JobResult {
//!     println!("Hello {name}!");
//!     Ok(Done)
//! }
//!
//! #[tokio::main]
//! async fn main() -> anyhow::Result<()> {
//!     let app = Bessemer::from_env()?; // FAKTORY_URL, or tcp://localhost:7419
//!     app.install_global();
//!     HelloWorld::perform_async("Stuart").await?;
//!     app.worker().job(HelloWorld).run().await?; // until SIGTERM or SIGINT
//!     Ok(())
//! }
//! ```
//!
//! # What to know
//!
//! - `#[job]` makes a type of the function, named as it is in `UpperCamelCase`, with a function `perform_async` that takes
//!   the same arguments. [`job`] says what else it can do. Under it is the trait [`Job`], which can be written by hand.
//! - `perform_async` returns when the server has the job for good. `perform_in` and `perform_at` run it later, `with()`
//!   takes options, [`Bessemer::push_all`] pushes thousands of what `args` makes.
//! - A job that returns an error or panics is reported with its type, message, file and line, and tried again with
//!   growing delays: 25 times unless [`JobOptions::retry`] says otherwise, then it is kept among the dead.
//! - A job runs at least once. After a crash it may run again: store its [`jid`](Context::jid) with its effect.
//! - [`Worker::run`] returns after SIGTERM or SIGINT, when running jobs had 20 s to finish and the rest was given back.
//! - Build with `debug = "line-tables-only"` in the release profile, and traces name functions and lines there too.
//! - Everything is logged by `tracing`; arguments of jobs never are.
//! - Tests need no server: the feature `testing` has a sandbox for each of them. The crate `bessemer-testing` is a real
//!   server in the test's process.

mod backoff;
mod client;
mod error;
mod events;
#[cfg(doctest)]
mod guides;
mod job;
#[cfg(feature = "metrics")]
mod metrics;
mod payload;
mod random;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod trace;
mod worker;

/// Makes a job of a function, or of an `impl` block with a method `perform`.
///
/// ```
/// use bessemer::prelude::*;
///
/// #[job(queue = "mail", retry = 5, reserve_for = "5m")]
/// async fn send_invoice(to: String, order: u64, copy: Option<String>) -> JobResult {
///     println!("invoice {order} goes to {to}, copy to {copy:?}");
///     Ok(Done)
/// }
///
/// # async fn push() -> Result<(), bessemer::Error> {
/// SendInvoice::perform_async("stuart@example.com", 1001, None).await?;
/// SendInvoice::with().queue("bulk").perform_async("stuart@example.com", 1002, None).await?;
/// # Ok(())
/// # }
/// ```
///
/// The function stays. The type `SendInvoice` implements [`Job`], and has functions that take the arguments one by one:
/// `perform_async`, `perform_in`, `perform_at`, `args` for [`Bessemer::push_all`], and `with` for a builder with the
/// methods of [`With`].
///
/// **Options:** `queue`, `retry`, `reserve_for`, `backtrace`, `custom(…)`, `expires_in`, `unique_for` and `unique_until`
/// are those of [`JobOptions`]; durations are texts such as `"90s"`, `"5m"` or `"1h30m"`. `name` is the name on the wire,
/// `alias` an older one ([`Job::ALIASES`]). `lenient` ignores superfluous arguments, `blocking` runs a plain `fn` on a
/// thread ([`Context::blocking`]), `crate = path` says where this library is.
///
/// **Parameters** are the arguments, up to eight, each one element of the JSON array; `&str` is the only reference among
/// them. These markers say otherwise:
///
/// | | |
/// |---|---|
/// | `#[default] x: T`, `#[default = value] x: T` | the value where the argument is missing, among the last ones |
/// | `#[args] all: T` | the array as a whole, see [`Whole`] |
/// | `#[ctx] ctx: &Context` | the [`Context`]; the marker may be left out |
/// | `#[state] db: &Db`, `#[state] db: Db` | what [`Worker::state`] was given, borrowed or cloned |
///
/// **Returned** is [`JobResult`], a `Result<(), E>` of any error, or nothing.
#[cfg(feature = "macros")]
pub use bessemer_macros::job;
pub use bessemer_protocol::batch::{
    BatchFilter, BatchPage, BatchReport, BatchState, ListedBatch, MemberCounts,
};
pub use bessemer_protocol::handshake::Hello;
pub use bessemer_protocol::mutate::{Filter as MutateFilter, Target as MutateTarget};
pub use bessemer_protocol::operate::{
    JobEdit, JobFilter, JobPage, JobSet, JobSlice, JobState, KeyFilter, KeyPage, ListedCron, ListedJob,
    ListedKey, ListedQueue, ListedRun, ListedThrottle, ListedWorker, QueueLimits, ThrottleHolder,
};
pub use bessemer_protocol::response::{ErrorCode, Info, ServerError, WorkerState};
pub use bessemer_protocol::url::{Url, UrlError};
pub use client::Client;
pub use client::batch::{Batch, BatchStatus, Bid, CallbackState, OpenBatch};
pub use client::builder::Builder;
pub use client::command::Answer;
#[cfg(feature = "tower")]
pub use client::layers::{Push, PushService};
pub use client::operate::JobChange;
pub use client::pool::{Bessemer, PushOutcome, Rejected};
#[cfg(feature = "tls")]
pub use client::tls::TlsError;
pub use client::track::{TrackState, TrackUpdate, Tracked};
pub use error::Error;
pub use events::{Event, Events, JobInfo};
pub use job::args::{ArgumentMismatch, Arguments, IntoArg, IntoArgs, Whole};
pub use job::failure::Failure;
#[doc(hidden)]
pub use job::generated as __macro;
pub use job::outcome::{IntoOutcome, JobResult, Outcome};
pub use job::with::{IntoNewJob, With};
pub use job::{Job, JobOptions, UniqueUntil};
pub use payload::{FetchedJob, Jid, NewJob, PastFailure};
pub use worker::context::Context;
#[cfg(feature = "tower")]
pub use worker::layers::{JobFailed, Task, TaskService};
pub use worker::queues::{Order, Queue};
pub use worker::shutdown::Stop;
pub use worker::state::Need;
pub use worker::{Report, Worker};

/// What most files that define or push jobs want in scope.
pub mod prelude {
    pub use crate::Outcome::{self, Bury, Discard, Done, Return, Snooze};
    #[cfg(feature = "macros")]
    pub use crate::job;
    pub use crate::{Bessemer, Context, Failure, Job, JobOptions, JobResult};
}
