//! One job, from in hand to its outcome: done, failed, panicked, out of time, or cut off by the end of the worker. Knows
//! neither where the job came from nor how its outcome reaches the server: that is the slot's affair.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument;

use crate::client::pool::Bessemer;
use crate::events::{Event, JobInfo, emit};
use crate::job::failure::Failure;
use crate::job::outcome::{JobResult, Outcome};
use crate::payload::FetchedJob;
use crate::trace::{self, Trace};
use crate::worker::Worker;
use crate::worker::blocking::Pool;
use crate::worker::context::Context;
#[cfg(feature = "tower")]
use crate::worker::layers::{self, TaskService, Wrap};
use crate::worker::panic::Catch;
use crate::worker::registry::{Performing, Registry};
use crate::worker::shutdown::{Stage, Stop};
use crate::worker::state::States;
use crate::worker::track::Missing;

/// What all jobs of a worker run with.
pub(crate) struct Performer {
    pub(crate) app: Bessemer,
    pub(crate) registry: Registry,
    pub(crate) stop: Stop,
    /// From the sign to stop to the cut.
    pub(crate) cancel_grace: Duration,
    pub(crate) states: States,
    pub(crate) blocking: Pool,
    pub(crate) track_missing: Missing,
    #[cfg(feature = "tower")]
    layers: Option<TaskService>,
    log_args: bool,
}

/// The part of it that a worker in preparation collects.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) states: States,
    pub(crate) blocking_threads: Option<usize>,
    log_args: bool,
    pub(crate) allow_abort: bool,
    pub(crate) probe: Option<String>,
    #[cfg(feature = "tower")]
    pub(crate) layers: Vec<Wrap>,
}

impl Worker {
    /// Writes the arguments of each job into the span of its log lines. They may be secret: default is not to.
    pub fn log_args(mut self, yes: bool) -> Self {
        self.setup.log_args = yes;
        self
    }
}

impl Performer {
    /// Makes it of a worker that is about to start.
    pub(crate) fn of(worker: &mut Worker) -> Self {
        let setup = std::mem::take(&mut worker.setup);
        Self {
            app: worker.app.clone(),
            registry: std::mem::take(&mut worker.registry),
            stop: worker.stop.clone(),
            cancel_grace: worker.cancel_grace,
            states: setup.states,
            blocking: Pool::new(setup.blocking_threads.unwrap_or(worker.slots)),
            track_missing: Missing::default(),
            #[cfg(feature = "tower")]
            layers: layers::stack(setup.layers),
            log_args: setup.log_args,
        }
    }

    /// The job, through the layers if there are any.
    fn work<'a>(&'a self, ctx: &'a Context) -> Performing<'a> {
        #[cfg(feature = "tower")]
        if let Some(layers) = &self.layers {
            return Box::pin(layers::through(layers.clone(), ctx.clone()));
        }
        self.registry.perform(ctx)
    }
}

/// Does the job, which belongs to this worker until `lease_ends`, and says until when it does in the end: jobs may ask for
/// more time. A failure comes back within the limits of servers and with as many lines of trace as the job wants.
pub(crate) async fn run(
    performer: &Arc<Performer>,
    job: FetchedJob,
    lease_ends: Instant,
) -> (JobResult, Instant) {
    let trace = Trace::of(&job);
    let span = trace::work_span(&job, trace, performer.log_args);
    let lines = job.backtrace_lines();
    let ctx = Context::new(job, lease_ends, performer.clone());
    let result = match trace::within(trace, perform(performer, &ctx)).instrument(span).await {
        Ok(Outcome::Bury(failure)) => Ok(Outcome::Bury(failure.trimmed(lines))),
        Ok(outcome) => Ok(outcome),
        Err(failure) => Err(failure.trimmed(lines)),
    };
    (result, ctx.lease_ends())
}

/// Runs the job until it is done, its lease is nearly over, or the worker can wait no longer.
async fn perform(performer: &Performer, ctx: &Context) -> JobResult {
    let started = Instant::now();
    emit(&performer.app, || Event::Started { job: ctx.job().into() });
    let outcome = tokio::select! {
        biased;
        outcome = Catch::boxed(performer.work(ctx)) => outcome.map_err(Failure::from).flatten(),
        () = ctx.out_of_time() => {
            let lease = ctx.job().lease().as_secs();
            let text = format!("job was stopped shortly before its reservation of {lease} s ended");
            Err(Failure::internal(Failure::TIMEOUT, text))
        }
        () = performer.stop.reached(Stage::Abort) => {
            Err(Failure::internal(Failure::SHUTDOWN, "worker was stopped before the job was done"))
        }
    };
    let took = started.elapsed();
    log(&outcome, took);
    emit(&performer.app, || ended(ctx.job().into(), &outcome, took));
    outcome
}

fn log(outcome: &JobResult, took: Duration) {
    let ms = took.as_millis();
    let (failure, word) = match outcome {
        Ok(Outcome::Done | Outcome::Return(_)) => return tracing::info!(ms, "done"),
        Ok(Outcome::Snooze(delay)) => return tracing::info!(ms, ?delay, "snoozed"),
        Ok(Outcome::Discard(reason)) => return tracing::info!(ms, reason, "discarded"),
        Ok(Outcome::Bury(failure)) => (failure, "buried"),
        Err(failure) => (failure, "failed"),
    };
    let place = failure.backtrace().first().map(String::as_str);
    tracing::warn!(ms, errtype = failure.errtype(), place, "{word}: {}", failure.message());
}

fn ended(job: JobInfo, outcome: &JobResult, took: Duration) -> Event {
    let (failure, buried) = match outcome {
        Ok(Outcome::Bury(failure)) => (failure.clone(), true),
        Err(failure) => (failure.clone(), false),
        Ok(outcome) => return Event::Finished { job, outcome: outcome.clone(), took },
    };
    match failure.errtype() {
        Failure::PANIC => Event::Panicked { job, failure, took },
        Failure::TIMEOUT => Event::TimedOut { job, failure, took },
        _ => Event::Failed { job, failure, buried, took },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::client::fake::Fake;
    use crate::prelude::{Done, Job};
    use crate::worker::panic;

    /// A worker without slots, to run single jobs with.
    pub(crate) fn performer(mut worker: Worker) -> Arc<Performer> {
        panic::install_hook();
        Arc::new(Performer::of(&mut worker))
    }

    /// A job as a server hands it out.
    pub(crate) fn fetched(jobtype: &str, args: &str) -> FetchedJob {
        let text = format!(
            r#"{{"jid":"job-0001","jobtype":"{jobtype}","queue":"q","args":{args},"reserve_for":600}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    /// Runs one job.
    pub(crate) async fn run_one(performer: &Arc<Performer>, job: FetchedJob) -> JobResult {
        let lease_ends = Instant::now() + job.lease();
        run(performer, job, lease_ends).await.0
    }

    /// Adds to a sum that is given to the worker.
    struct Add;

    impl Job for Add {
        const JOBTYPE: &'static str = "Add";
        type Args = (i64,);

        fn needs() -> Vec<crate::Need> {
            vec![crate::Need::of::<Mutex<i64>>()]
        }

        async fn perform(&self, ctx: &Context, (n,): (i64,)) -> JobResult {
            *ctx.state::<Mutex<i64>>().unwrap().lock().unwrap() += n;
            Ok(Done)
        }
    }

    #[tokio::test]
    async fn a_job_finds_the_value_that_it_needs_and_a_worker_without_it_does_not_start() {
        let app = Fake::new().app();
        let error = app.worker().job(Add).run().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "job Add needs a Mutex<i64>, and the worker was given none: add one with .state(…)"
        );
        let performer = performer(app.worker().job(Add).state(Mutex::new(1_i64)));
        run_one(&performer, fetched("Add", "[2]")).await.unwrap();
        assert_eq!(*performer.states.get::<Mutex<i64>>().unwrap().lock().unwrap(), 3);
    }

    /// Fails in the way that its argument says, and is not buried for arguments that do not fit.
    struct Fail;

    impl Job for Fail {
        const JOBTYPE: &'static str = "Fail";
        type Args = (String,);

        fn mismatched(failure: Failure) -> JobResult {
            Err(failure)
        }

        async fn perform(&self, ctx: &Context, (how,): (String,)) -> JobResult {
            match how.as_str() {
                "panic" => panic!("no coal"),
                "nested" => tokio::spawn(async { panic!("no air") }).await?,
                "never" => std::future::pending().await,
                "snooze" => Ok(Outcome::Snooze(Duration::from_secs(5))),
                "give way" => {
                    ctx.cancelled().await;
                    ctx.check()?;
                    Ok(Done)
                }
                _ => Err("no ore")?,
            }
        }
    }

    #[tokio::test]
    async fn arguments_that_do_not_fit_bury_a_job_unless_it_says_otherwise() {
        let app = Fake::new().app();
        let performer = performer(app.worker().job(Add).job(Fail).state(Mutex::new(0_i64)));
        let Ok(Outcome::Bury(failure)) = run_one(&performer, fetched("Add", r#"["x"]"#)).await else {
            panic!("not buried");
        };
        assert_eq!(failure.errtype(), "ArgumentMismatch");
        assert_eq!(failure.message(), "argument 0: expected i64, found a string");
        assert_eq!(failure.backtrace().last().unwrap(), r#"found: "x""#);
        let failure = run_one(&performer, fetched("Fail", "[7]")).await.unwrap_err();
        assert_eq!(failure.message(), "argument 0: expected String, found a number");
    }

    #[tokio::test(start_paused = true)]
    async fn every_end_of_a_job_is_told_by_its_own_event() {
        let app = Fake::new().app();
        let mut events = app.events();
        let performer = performer(app.worker().job(Fail).job(Add).state(Mutex::new(0_i64)));
        for (jobtype, args, ending) in [
            ("Fail", r#"["panic"]"#, "panicked: panic: no coal"),
            ("Fail", r#"["nested"]"#, "panicked: panic: no air"),
            ("Fail", r#"["error"]"#, "failed: error: no ore"),
            (
                "Fail",
                r#"["give way"]"#,
                "timed out: Timeout: job gave way shortly before its reservation ended",
            ),
            (
                "Fail",
                r#"["never"]"#,
                "timed out: Timeout: job was stopped shortly before its reservation of 600 s ended",
            ),
            ("Fail", r#"["snooze"]"#, "finished: Snooze(5s)"),
            ("Add", "[1]", "finished: Done"),
            ("Add", r#"["secret"]"#, "buried: ArgumentMismatch: argument 0: expected i64, found a string"),
        ] {
            let outcome = run_one(&performer, fetched(jobtype, args)).await;
            assert!(matches!(events.next().await, Some(Event::Started { job }) if job.jobtype == jobtype));
            let event = events.next().await.unwrap();
            if let Event::Failed { failure, .. } = &event {
                let told = failure.backtrace().join("\n");
                assert!(!told.contains("secret"), "{told}");
            }
            let text = match event {
                Event::Finished { outcome: told, .. } => {
                    assert_eq!(Ok(&told), outcome.as_ref());
                    format!("finished: {told:?}")
                }
                Event::Failed { failure, buried: true, .. } => format!("buried: {}", said(&failure)),
                Event::Failed { failure, .. } => format!("failed: {}", said(&failure)),
                Event::Panicked { failure, .. } => format!("panicked: {}", said(&failure)),
                Event::TimedOut { failure, .. } => format!("timed out: {}", said(&failure)),
                other => format!("{other:?}"),
            };
            assert_eq!(text, ending);
        }
    }

    fn said(failure: &Failure) -> String {
        format!("{}: {}", failure.errtype(), failure.message())
    }
}
