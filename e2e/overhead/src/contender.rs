//! Who works the jobs, and what they have in common: a filled queue, a count, and a first and a last job.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bessemer::prelude::*;
use bessemer::{JobOptions, NewJob};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::figures::{Figures, Moment};
use crate::{Result, raw};

/// How long a round may take.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Clone, Copy)]
pub enum Contender {
    Library,
    Faktory,
    Raw,
}

impl Contender {
    pub const ALL: [Self; 3] = [Self::Library, Self::Faktory, Self::Raw];

    pub fn name(self) -> &'static str {
        match self {
            Self::Library => "this library",
            Self::Faktory => "crate faktory 0.13",
            Self::Raw => "raw loop",
        }
    }

    /// Works `jobs` jobs and says what they cost.
    pub async fn work(self, app: &Bessemer, slots: usize, jobs: usize) -> Result<Figures> {
        let queue = fresh_queue();
        fill(app, &queue, jobs, JobOptions::new()).await?;
        let count = Count::new(jobs, jobs);
        match self {
            Self::Library => {
                let worker =
                    app.worker().job(Noop(count.clone())).queues([queue]).slots(slots).ignore_signals();
                let stop = worker.stop_handle();
                let worker = tokio::spawn(worker.run());
                count.reached(jobs).await?;
                stop.terminate();
                worker.await??;
            }
            Self::Faktory => {
                let (end, ended) = tokio::sync::oneshot::channel::<()>();
                let work = count.clone();
                let mut worker = faktory::Worker::builder::<std::io::Error>()
                    .workers(slots)
                    .with_graceful_shutdown(async move { drop(ended.await) })
                    .register_fn("Noop", move |_| {
                        work.one();
                        std::future::ready(Ok(()))
                    })
                    .connect()
                    .await?;
                let worker = tokio::spawn(async move { worker.run(&[queue]).await.map(drop) });
                count.reached(jobs).await?;
                drop(end);
                worker.await??;
            }
            Self::Raw => {
                let url = std::env::var("FAKTORY_URL").unwrap_or_else(|_| "tcp://localhost:7419".into());
                raw::work(&url, slots, &queue, count.clone()).await?;
            }
        }
        count.figures()
    }
}

/// A queue that nobody used before.
pub fn fresh_queue() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("overhead-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Pushes `jobs` jobs of one short argument.
pub async fn fill(app: &Bessemer, queue: &str, jobs: usize, options: JobOptions) -> Result<()> {
    let options = options.queue(queue);
    let mut left = jobs;
    while left > 0 {
        let chunk = left.min(1_000);
        let args =
            [json!("a hundred bytes of argument, as a job often has: a name, an id, a place where to look")];
        let jobs = (0..chunk).map(|_| NewJob::new("Noop", &args, options.clone()));
        let refused = app.push_all(&jobs.collect::<std::result::Result<Vec<_>, _>>()?).await?;
        if let Some(first) = refused.first() {
            return Err(format!("the server refused {} jobs: {}", refused.len(), first.error).into());
        }
        left -= chunk;
    }
    Ok(())
}

/// Does nothing, and counts.
pub struct Noop(pub Arc<Count>);

impl Job for Noop {
    const JOBTYPE: &'static str = "Noop";
    type Args = (String,);

    async fn perform(&self, _: &Context, _: Self::Args) -> JobResult {
        self.0.one();
        Ok(Done)
    }
}

/// Counts jobs, and looks at the clocks at the first and the last.
pub struct Count {
    pub jobs: usize,
    /// Who waits is woken each time that so many more have come.
    step: usize,
    seen: AtomicUsize,
    moments: Mutex<Vec<Moment>>,
    stepped: Notify,
}

impl Count {
    pub fn new(jobs: usize, step: usize) -> Arc<Self> {
        let (seen, moments, stepped) = (AtomicUsize::new(0), Mutex::default(), Notify::new());
        Arc::new(Self { jobs, step, seen, moments, stepped })
    }

    pub fn one(&self) {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        if seen == 1 || seen == self.jobs {
            self.moments.lock().expect("nobody panics with it").push(Moment::now());
        }
        if seen.is_multiple_of(self.step) {
            self.stepped.notify_one();
        }
    }

    /// Waits until `jobs` jobs have come.
    pub async fn reached(&self, jobs: usize) -> Result<()> {
        let seen = || self.seen.load(Ordering::Relaxed);
        let waiting = async {
            while seen() < jobs {
                self.stepped.notified().await;
            }
        };
        let waited = timeout(PATIENCE, waiting).await;
        waited.map_err(|_| format!("{} of {jobs} jobs came within {PATIENCE:?}", seen()).into())
    }

    /// Each job must have come once.
    fn figures(&self) -> Result<Figures> {
        let seen = self.seen.load(Ordering::Relaxed);
        let moments = self.moments.lock().expect("nobody panics with it");
        match moments.as_slice() {
            [first, last] if seen == self.jobs => Ok(Figures::between(*first, *last, seen - 1)),
            _ => Err(format!("{seen} jobs came where {} were pushed", self.jobs).into()),
        }
    }
}
