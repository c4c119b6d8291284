//! What the code that `#[job]` generates calls, and nobody else: no part of the library's promises.

pub use std::clone::Clone;
pub use std::convert::Into;
pub use std::future::Future;
pub use std::marker::Send;
pub use std::ops::FnOnce;
pub use std::option::Option;
use std::pin::Pin;
pub use std::primitive::str;
pub use std::result::Result;
pub use std::string::String;
pub use std::time::{Duration, SystemTime};
pub use std::vec::Vec;

pub use serde_json::Value;
pub use serde_json::value::RawValue;

pub use crate::job::args::Reader;
use crate::job::args::short_name;
use crate::job::failure::Failure;
use crate::job::outcome::{IntoOutcome, JobResult};
use crate::worker::context::Context;

/// A push under way.
pub type Pushing<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// What a job's function may return.
#[diagnostic::on_unimplemented(
    message = "a job cannot return `{Self}`",
    label = "returned by a job",
    note = "a job returns `JobResult`, `Result<(), E>` where `E` is an error, or nothing"
)]
pub trait Returned {
    fn into_result(self) -> JobResult;
}

impl Returned for () {
    fn into_result(self) -> JobResult {
        Ok(self.into_outcome())
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoOutcome, E> Returned for Result<T, E>
where
    Failure: From<E>,
{
    // The place of the failure is that of the caller, unless it has one already.
    #[track_caller]
    fn into_result(self) -> JobResult {
        match self {
            Ok(value) => Ok(value.into_outcome()),
            Err(error) => Err(Failure::from(error)),
        }
    }
}

/// What a function returned, as the trait wants it.
#[track_caller]
pub fn answer(returned: impl Returned) -> JobResult {
    returned.into_result()
}

/// The worker's value of a type, borrowed for `#[state] db: &Db`. A worker that has none does not start, so that it is
/// missing only where a job is run without one.
pub fn state<T: Send + Sync + 'static>(ctx: &Context) -> Result<&T, Failure> {
    ctx.state().ok_or_else(|| {
        let name = short_name(std::any::type_name::<T>());
        Failure::internal("MissingState", format!("nobody gave this worker a {name}: add .state(…)"))
    })
}

/// The same by value, for `#[state] db: Db`.
pub fn cloned<T: Clone + Send + Sync + 'static>(ctx: &Context) -> Result<T, Failure> {
    state(ctx).cloned()
}
