//! Panics of jobs: caught, with message, place and the frames that a reader wants.
//!
//! A process-wide hook, put before the one that was there, looks whether a job is being polled on this thread. If so
//! it keeps the place and the back trace, and `catch_unwind` around the same poll takes them: jobs may move between
//! threads, a poll does not. Panics elsewhere go to the hook that was there before; those of other tasks are remembered
//! for a while, since a job may have spawned the task and wait for it.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, Once, PoisonError};
use std::task::{Context, Poll};

use tokio::task::{Id, JoinError};

use crate::error::Error;
use crate::worker::{Worker, frames};

/// What is known of a panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panicked {
    pub(crate) message: String,
    /// Where it happened, `at file:line:column`, then the job's own frames, innermost first.
    pub(crate) trace: Vec<String>,
}

struct Captured {
    location: Option<String>,
    backtrace: Backtrace,
}

thread_local! {
    static ARMED: Cell<bool> = const { Cell::new(false) };
    static CAPTURED: RefCell<Option<Captured>> = const { RefCell::new(None) };
}

/// Panics of tasks that jobs may wait for, newest last. Nobody may ever ask: only so many are kept.
const TASKS_MAX: usize = 16;
/// See [`TASKS_MAX`]. Whoever locks it only puts or takes one.
static TASKS: Mutex<VecDeque<(Id, Captured)>> = Mutex::new(VecDeque::new());

/// With `panic = "abort"` in the profile nothing of this works: the first panic of a job ends the process.
pub(crate) fn must_unwind(aborts: bool, allowed: bool) -> Result<(), Error> {
    match aborts && !allowed {
        true => Err(Error::Worker(
            "a panicking job would end the process; build without panic = \"abort\", or call .allow_abort()",
        )),
        false => Ok(()),
    }
}

impl Worker {
    /// Lets the worker start in a build with `panic = "abort"`, where a job that panics ends the process: the jobs in hand
    /// run again when their reservations end, and so does that one.
    pub fn allow_abort(mut self) -> Self {
        self.setup.allow_abort = true;
        self
    }
}

/// Installs the hook, the first time that it is called in a process.
pub(crate) fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if ARMED.get() {
                CAPTURED.set(Some(Captured::of(info)));
                return;
            }
            // A job may wait for the task, and find out by its `JoinError`.
            if let Some(id) = tokio::task::try_id() {
                remember(id, Captured::of(info));
            }
            previous(info);
        }));
    });
}

impl Captured {
    fn of(info: &PanicHookInfo<'_>) -> Self {
        let location = info.location().map(ToString::to_string);
        Self { location, backtrace: Backtrace::force_capture() }
    }

    fn trace(&self) -> Vec<String> {
        frames::of_panic(self.location.as_deref(), &self.backtrace.to_string())
    }
}

fn remember(task: Id, captured: Captured) {
    let mut tasks = TASKS.lock().unwrap_or_else(PoisonError::into_inner);
    if tasks.len() == TASKS_MAX {
        tasks.pop_front();
    }
    tasks.push_back((task, captured));
}

/// What is known of the panic that ended a task; the error itself if it was no panic.
pub(crate) fn of_task(error: JoinError) -> Result<Panicked, JoinError> {
    let id = error.id();
    let payload = error.try_into_panic()?;
    let mut tasks = TASKS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = tasks.iter().position(|(task, _)| *task == id).and_then(|at| tasks.remove(at));
    drop(tasks);
    let trace = known.map(|(_, captured)| captured.trace()).unwrap_or_default();
    Ok(Panicked { message: message(&*payload), trace })
}

/// Runs `f` and catches its panic.
pub(crate) fn guard<T>(f: impl FnOnce() -> T) -> Result<T, Panicked> {
    let armed_before = ARMED.replace(true);
    // An outer panic may be under way, when something guarded is dropped by it.
    let captured_before = CAPTURED.take();
    // What `f` leaves half done is dropped by the caller and never looked at again.
    let outcome = catch_unwind(AssertUnwindSafe(|| trace_ends_here(f)));
    ARMED.set(armed_before);
    // Without a panic this is one that the job caught itself.
    let captured = CAPTURED.replace(captured_before);
    outcome.map_err(|payload| {
        let trace = captured.map(|captured| captured.trace());
        Panicked { message: message(&*payload), trace: trace.unwrap_or_default() }
    })
}

/// Everything below this frame is plumbing: [`frames::END`] is its name.
#[inline(never)]
fn trace_ends_here<T>(f: impl FnOnce() -> T) -> T {
    let value = f();
    // Keeps the call above from becoming a jump, which would leave no frame.
    std::hint::black_box(());
    value
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "panic with a value that is no text".to_owned()
    }
}

/// A future whose panics are values. Also what it does when it is dropped, done or not, is guarded.
pub(crate) struct Catch<'a, T> {
    future: Option<Pin<Box<dyn Future<Output = T> + Send + 'a>>>,
}

impl<'a, T> Catch<'a, T> {
    pub(crate) fn new(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self::boxed(Box::pin(future))
    }

    pub(crate) fn boxed(future: Pin<Box<dyn Future<Output = T> + Send + 'a>>) -> Self {
        Self { future: Some(future) }
    }
}

impl<T> Future for Catch<'_, T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = guard(|| {
            let future = self.future.as_mut().expect("a future is not polled after its end");
            let output = future.as_mut().poll(cx);
            if output.is_ready() {
                self.future = None;
            }
            output
        });
        match outcome {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panicked) => {
                drop_quietly(self.future.take());
                Poll::Ready(Err(panicked))
            }
        }
    }
}

impl<T> Drop for Catch<'_, T> {
    fn drop(&mut self) {
        drop_quietly(self.future.take());
    }
}

/// Drops what may panic while it is dropped. Nobody waits for its outcome any more.
fn drop_quietly<T>(value: T) {
    if let Err(panicked) = guard(|| drop(value)) {
        tracing::warn!(panic = panicked.message, trace = ?panicked.trace, "a job panicked while it was dropped"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_aborts_does_not_work_unless_it_is_allowed() {
        let error = must_unwind(true, false).unwrap_err().to_string();
        assert!(error.ends_with("build without panic = \"abort\", or call .allow_abort()"), "{error}");
        for (aborts, allowed) in [(false, false), (false, true), (true, true)] {
            must_unwind(aborts, allowed).unwrap();
        }
    }

    #[tokio::test]
    async fn a_future_that_panics_while_it_is_dropped_harms_nobody() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("bang");
            }
        }
        install_hook();
        let bomb = Bomb;
        let done = Catch::new(async move {
            let _bomb = bomb;
        });
        assert_eq!(done.await.unwrap_err().message, "bang");
        let bomb = Bomb;
        drop(Catch::new(async move {
            let _bomb = bomb;
            std::future::pending::<()>().await;
        }));
    }

    #[tokio::test]
    async fn a_panic_inside_a_nested_guard_stays_inside() {
        install_hook();
        let outer = Catch::new(async {
            assert_eq!(Catch::new(async { panic!("{}", 7) }).await.unwrap_err().message, "7");
            std::panic::panic_any(7);
        });
        assert_eq!(outer.await.unwrap_err().message, "panic with a value that is no text");
        assert!(!ARMED.get(), "other panics of this thread go to the hook that was there before");
    }

    #[tokio::test]
    async fn a_panic_that_a_job_caught_itself_is_not_taken_for_a_later_one() {
        install_hook();
        let caught = Catch::new(async { drop(catch_unwind(|| panic!("caught"))) });
        caught.await.unwrap();
        // Resumed panics do not pass the hook, so nothing is known of their place.
        let resumed = Catch::new(async {
            drop(catch_unwind(|| panic!("caught")));
            std::panic::resume_unwind(Box::new("resumed"));
        });
        assert_eq!(resumed.await.unwrap_err().message, "resumed");
        let resumed = Catch::new(async { std::panic::resume_unwind(Box::new("resumed")) });
        assert_eq!(resumed.await.map(|(): ()| ()).unwrap_err().trace, [""; 0]);
    }
}
