//! Threads for work that blocks: a picture to be resized, a library without futures. There are at most as many as the
//! worker allows, and they belong to the library, since a process waits for those of the runtime before it ends: work
//! that ignores the sign to stop must not hold up a deploy.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::job::failure::Failure;
use crate::trace;
use crate::worker::Worker;
use crate::worker::context::Context;
use crate::worker::panic::{Panicked, guard};

/// A thread that has nothing to do for so long ends.
const IDLE: Duration = Duration::from_secs(10);

type Work = Box<dyn FnOnce() + Send>;

/// The threads of a worker; they start when they are needed.
pub(crate) struct Pool {
    /// One for each thread that may exist; held until its work is done, whoever still waits for that.
    permits: Arc<Semaphore>,
    threads: Arc<Threads>,
}

#[derive(Default)]
struct Threads {
    state: Mutex<State>,
    wake: Condvar,
}

/// Whoever locks it only puts or takes an entry.
#[derive(Default)]
struct State {
    /// Never longer than threads are idle.
    waiting: VecDeque<(Work, OwnedSemaphorePermit)>,
    idle: usize,
}

impl Worker {
    /// How many threads run work that blocks, at most: see [`Context::blocking`]. Default: as many as there are slots.
    pub fn blocking_threads(mut self, count: usize) -> Self {
        self.setup.blocking_threads = Some(count);
        self
    }
}

impl Context {
    /// Runs work that blocks on a thread of its own, of which the worker has a bounded number, and waits for it. A panic
    /// in it is a failure of the job, with message, place and trace.
    ///
    /// ```
    /// # use bessemer::{Context, Failure, JobResult, Outcome};
    /// # fn resize(path: String) {}
    /// # async fn perform(ctx: &Context, path: String) -> JobResult {
    /// ctx.blocking(move || resize(path)).await?;
    /// # Ok(Outcome::Done)
    /// # }
    /// ```
    ///
    /// A thread cannot be stopped from outside. Work that takes long asks a clone of its context now and then,
    /// [`Context::check`]; work that does not is left to itself when the job is cut off, and keeps its thread until it
    /// ends.
    ///
    /// # Errors
    /// A [`Failure`] of type `panic`, or one of type `Thread` when the operating system gives no thread.
    #[track_caller]
    pub fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Failure>> + Send {
        let place = Location::caller();
        let pool = &self.performer().blocking;
        async move { pool.run(place, work).await?.map_err(Failure::from) }
    }
}

/// Says so when nobody waits any more for work that goes on.
struct Waiting {
    place: &'static Location<'static>,
    over: bool,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.over {
            tracing::warn!(place = %self.place, "the job is over, but its blocking work goes on and keeps its thread");
        }
    }
}

impl Pool {
    pub(crate) fn new(threads: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(threads)), threads: Arc::default() }
    }

    /// Runs work on a thread, as soon as there may be one more. `place` is where that was asked for.
    async fn run<T: Send + 'static>(
        &self,
        place: &'static Location<'static>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Result<T, Panicked>, Failure> {
        let permit = self.permits.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (done, outcome) = oneshot::channel();
        let (runtime, span, trace) = (Handle::current(), tracing::Span::current(), trace::current());
        let work = move || {
            let _runtime = runtime.enter();
            let _span = span.enter();
            let outcome = guard(|| trace::within_sync(trace, work));
            // The job may have been cut off meanwhile.
            let _nobody: Result<(), _> = done.send(outcome).map_err(drop);
        };
        let submitted = self.threads.submit(Box::new(work), permit);
        submitted.map_err(|error| Failure::internal("Thread", format!("cannot start a thread: {error}")))?;
        let mut waiting = Waiting { place, over: false };
        #[cfg(any(test, feature = "testing"))]
        let _still = stand_still();
        let outcome = outcome.await.expect("a thread always answers");
        waiting.over = true;
        Ok(outcome)
    }
}

impl Threads {
    fn submit(self: &Arc<Self>, work: Work, permit: OwnedSemaphorePermit) -> io::Result<()> {
        let mut state = self.lock();
        if state.waiting.len() < state.idle {
            state.waiting.push_back((work, permit));
            self.wake.notify_one();
            return Ok(());
        }
        drop(state);
        let threads = self.clone();
        let thread = std::thread::Builder::new().name("bessemer-job".into());
        thread.spawn(move || threads.live(work, permit)).map(drop)
    }

    /// The life of a thread: one work after the other, until there was none for a while.
    fn live(&self, work: Work, permit: OwnedSemaphorePermit) {
        let mut next = Some((work, permit));
        while let Some((work, permit)) = next {
            work();
            let mut state = self.lock();
            state.idle += 1;
            // Only now, so that whoever gets the permit finds this thread.
            drop(permit);
            let waited = self.wake.wait_timeout_while(state, IDLE, |state| state.waiting.is_empty());
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
            next = state.waiting.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A paused clock stands still while a thread works, as it does for the threads of the runtime.
#[cfg(any(test, feature = "testing"))]
fn stand_still() -> std::sync::mpsc::Sender<()> {
    let (until, ended) = std::sync::mpsc::channel();
    tokio::task::spawn_blocking(move || ended.recv());
    until
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;

    use tokio::task::JoinSet;
    use tokio::time::Instant;

    use super::*;
    use crate::client::fake::Fake;
    use crate::prelude::{Done, Job, JobResult};
    use crate::worker::perform::tests::{fetched, performer, run_one};

    /// Blocks in the way that its argument says.
    struct Block;

    impl Job for Block {
        const JOBTYPE: &'static str = "Block";
        type Args = (String,);

        async fn perform(&self, ctx: &Context, (how,): (String,)) -> JobResult {
            let asked = ctx.clone();
            ctx.blocking(move || match how.as_str() {
                "panic" => panic!("the disk is full"),
                // Ends when it is asked to.
                "patient" => while asked.check().is_ok() {},
                _ => {}
            })
            .await?;
            ctx.check()?;
            Ok(Done)
        }
    }

    #[tokio::test]
    async fn a_panic_of_blocking_work_is_a_failure_with_its_place() {
        let performer = performer(Fake::new().app().worker().job(Block));
        assert_eq!(run_one(&performer, fetched("Block", r#"["no"]"#)).await, Ok(Done));
        let failure = run_one(&performer, fetched("Block", r#"["panic"]"#)).await.unwrap_err();
        assert_eq!((failure.errtype(), failure.message()), ("panic", "the disk is full"));
        assert!(
            failure.backtrace()[0].starts_with("at crates/bessemer/src/worker/blocking.rs:"),
            "{failure:?}"
        );
    }

    #[tokio::test]
    async fn no_more_threads_work_than_are_allowed_and_they_are_used_again() {
        let pool = Arc::new(Pool::new(2));
        let place = Location::caller();
        let (both, seen) = (Arc::new(Barrier::new(2)), Arc::new(Mutex::new(HashSet::new())));
        let works = (0..100).map(|_| {
            let (pool, both, seen) = (pool.clone(), both.clone(), seen.clone());
            let work = move || {
                // Passed only by two at a time.
                both.wait();
                seen.lock().unwrap().insert(std::thread::current().id());
            };
            async move { pool.run(place, work).await.unwrap().unwrap() }
        });
        works.collect::<JoinSet<()>>().join_all().await;
        assert_eq!(seen.lock().unwrap().len(), 2);
        assert!(pool.threads.lock().waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn blocking_work_sees_the_sign_to_stop() {
        let performer = performer(Fake::new().app().worker().job(Block));
        let begun = Instant::now();
        let running = tokio::spawn({
            let performer = performer.clone();
            async move { run_one(&performer, fetched("Block", r#"["patient"]"#)).await }
        });
        tokio::task::yield_now().await;
        performer.stop.cancel();
        let failure = running.await.unwrap().unwrap_err();
        assert_eq!(failure.errtype(), "Shutdown");
        assert_eq!(begun.elapsed(), Duration::ZERO, "the paused clock stood still");
    }
}
