//! Tower layers around the running of a job, with the feature `tower`: a time limit, a limit of how many run at the same
//! time, figures, whatever speaks `tower::Service`. Without a layer nothing of this is in the way.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use tower::util::{BoxCloneSyncService, ServiceExt};
use tower::{BoxError, Layer, Service};

use crate::job::failure::Failure;
use crate::job::outcome::{JobResult, Outcome};
use crate::worker::Worker;
use crate::worker::context::Context;
use crate::worker::panic::Catch;

/// A job that is about to run, as layers see it.
#[derive(Clone)]
pub struct Task {
    ctx: Context,
}

impl Task {
    /// What is known of the job.
    pub fn context(&self) -> &Context {
        &self.ctx
    }
}

/// A [`Failure`] on its way out through layers, which want an error. Whoever answers it, or lets it pass, reports it as
/// it is.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", .0.errtype(), .0.message())]
pub struct JobFailed(pub Failure);

/// The running of jobs, through some layers or none.
pub type TaskService = BoxCloneSyncService<Task, Outcome, BoxError>;

/// A layer whose type is forgotten.
pub(crate) type Wrap = Box<dyn FnOnce(TaskService) -> TaskService + Send + Sync>;

impl Worker {
    /// Puts a layer around every job. The layer that was added first is the outermost: it sees a job first, and its
    /// outcome last.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn layered(worker: bessemer::Worker) -> bessemer::Worker {
    /// worker.layer(tower::timeout::TimeoutLayer::new(Duration::from_secs(60)))
    /// # }
    /// ```
    ///
    /// An error of the job comes as [`JobFailed`], so does a panic. A layer that answers an error of its own fails the
    /// job with the type `Layer`.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<TaskService> + Send + Sync + 'static,
        L::Service: Service<Task, Response = Outcome, Error: Into<BoxError>, Future: Send + 'static>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let wrap = move |inner: TaskService| {
            BoxCloneSyncService::new(layer.layer(inner).map_err(Into::<BoxError>::into))
        };
        self.setup.layers.push(Box::new(wrap));
        self
    }
}

/// The layers of a worker, around the jobs themselves; `None` without layers.
pub(crate) fn stack(layers: Vec<Wrap>) -> Option<TaskService> {
    let outermost_last = layers.into_iter().rev();
    let innermost = || BoxCloneSyncService::new(Perform);
    outermost_last.fold(None, |inner, wrap| Some(wrap(inner.unwrap_or_else(innermost))))
}

/// Runs a job through the layers.
pub(crate) async fn through(layers: TaskService, ctx: Context) -> JobResult {
    layers.oneshot(Task { ctx }).await.map_err(|error| match error.downcast::<JobFailed>() {
        Ok(failed) => failed.0,
        Err(error) => Failure::of_layer(&*error),
    })
}

/// The innermost service: the job itself.
#[derive(Clone)]
struct Perform;

impl Service<Task> for Perform {
    type Response = Outcome;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Outcome, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, task: Task) -> Self::Future {
        Box::pin(async move {
            let job = task.ctx.performer().registry.perform(&task.ctx);
            let outcome = Catch::boxed(job).await.map_err(Failure::from).flatten();
            outcome.map_err(|failure| JobFailed(failure).into())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use tower::layer::layer_fn;
    use tower::limit::ConcurrencyLimitLayer;
    use tower::service_fn;
    use tower::timeout::TimeoutLayer;

    use super::*;
    use crate::client::fake::Fake;
    use crate::prelude::{Done, Job};
    use crate::worker::perform::tests::{fetched, performer, run_one};

    /// Ends in the way that its argument says.
    struct End;

    impl Job for End {
        const JOBTYPE: &'static str = "End";
        type Args = (String,);

        async fn perform(&self, _: &Context, (how,): (String,)) -> JobResult {
            match how.as_str() {
                "never" => std::future::pending().await,
                "panic" => panic!("no coal"),
                "error" => Err("no ore")?,
                _ => Ok(Done),
            }
        }
    }

    #[derive(Clone, Default)]
    struct Book(Arc<Mutex<Vec<String>>>);

    impl Book {
        fn write(&self, line: String) {
            self.0.lock().unwrap().push(line);
        }
    }

    /// Writes down what goes through.
    fn noting<S>(
        book: &Book,
        name: &'static str,
    ) -> impl Layer<
        S,
        Service = impl Service<Task, Response = Outcome, Error = BoxError, Future: Send + 'static>
                  + Clone
                  + Send
                  + Sync
                  + 'static,
    > + Send
    + Sync
    + 'static
    where
        S: Service<Task, Response = Outcome, Error = BoxError, Future: Send> + Clone + Send + Sync + 'static,
    {
        let book = book.clone();
        layer_fn(move |inner: S| {
            let book = book.clone();
            service_fn(move |task: Task| {
                let (book, inner) = (book.clone(), inner.clone());
                async move {
                    book.write(format!("{name} {}", task.context().jobtype()));
                    let outcome = inner.oneshot(task).await;
                    let text = match &outcome {
                        Ok(outcome) => format!("{outcome:?}"),
                        Err(error) => error.to_string(),
                    };
                    book.write(format!("{name} {text}"));
                    outcome
                }
            })
        })
    }

    #[tokio::test(start_paused = true)]
    async fn layers_see_jobs_in_the_order_in_which_they_were_added() {
        let book = Book::default();
        let worker = Fake::new().app().worker().job(End);
        let worker =
            worker.layer(noting::<TaskService>(&book, "outer")).layer(noting::<TaskService>(&book, "inner"));
        let performer = performer(worker);
        assert_eq!(run_one(&performer, fetched("End", r#"["well"]"#)).await, Ok(Done));
        let lines = std::mem::take(&mut *book.0.lock().unwrap());
        assert_eq!(lines, ["outer End", "inner End", "inner Done", "outer Done"]);

        let failure = run_one(&performer, fetched("End", r#"["error"]"#)).await.unwrap_err();
        assert_eq!((failure.errtype(), failure.message()), ("error", "no ore"), "as if there were no layers");
        let failure = run_one(&performer, fetched("End", r#"["panic"]"#)).await.unwrap_err();
        assert_eq!((failure.errtype(), failure.message()), ("panic", "no coal"));
        assert!(failure.backtrace()[0].contains("layers.rs:"), "{failure:?}");
        assert_eq!(book.0.lock().unwrap()[6..], ["inner panic: no coal", "outer panic: no coal"]);
        let failure = run_one(&performer, fetched("Unheard", "[]")).await.unwrap_err();
        assert_eq!(failure.errtype(), "UnknownJobType");
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_limit_of_tower_fails_a_job_as_a_layer() {
        let worker = Fake::new().app().worker().job(End);
        let worker =
            worker.layer(TimeoutLayer::new(Duration::from_secs(30))).layer(ConcurrencyLimitLayer::new(1));
        let performer = performer(worker);
        let begun = tokio::time::Instant::now();
        let never = fetched("End", r#"["never"]"#);
        let failure = run_one(&performer, never).await.unwrap_err();
        assert_eq!((failure.errtype(), failure.message()), ("Layer", "request timed out"));
        assert_eq!(begun.elapsed(), Duration::from_secs(30));
        assert_eq!(
            run_one(&performer, fetched("End", r#"["well"]"#)).await,
            Ok(Done),
            "the place was given back"
        );
    }
}
