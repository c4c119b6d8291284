//! The loads: what the connections do in a window, one file per kind, and what is counted meanwhile.

mod consume;
mod depth;
mod done;
mod lateness;
mod ledger;
mod life;
mod mixed;
mod pace;
mod push;
mod rate;
mod standing;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::error::{BenchError, Result};
use super::line::Mark;
use super::place::Place;
use super::plan::{Case, Load};
use super::sample::{Latency, Sample};
use super::server::Server;

/// How long a load may take beside its window. Setting it up may mean millions of jobs.
const PATIENCE: Duration = Duration::from_secs(300);

/// What all loads of a run have in common.
pub(super) struct Run {
    pub(super) mark: Mark,
    pub(super) place: Place,
    pub(super) window: Duration,
    /// Jobs a second of *rate*.
    pub(super) rate: u32,
    /// Numbers that jobs have so far: a repeated push would count as the same job.
    pub(super) numbers: Cell<u64>,
}

impl Run {
    /// Numbers for so many jobs; the first of them.
    fn number(&self, jobs: u64) -> u64 {
        self.numbers.replace(self.numbers.get() + jobs)
    }

    /// A queue of this window alone: what a server may have kept of an earlier one stays out of the way.
    fn queue(&self, name: &str) -> String {
        format!("{}-{}", self.mark.queue(name), self.numbers.get())
    }

    /// One window of a case.
    pub(super) async fn sample(self: &Rc<Self>, case: Case, server: &mut Server) -> Result<Sample> {
        let load = async {
            match case.load {
                Load::Push | Load::Pushb | Load::Pipelined => push::push(self, case, server).await,
                Load::Fetch | Load::Fail => consume::consume(self, case, server).await,
                Load::Life | Load::Unique | Load::Batched | Load::Throttled => {
                    life::life(self, case, server).await
                }
                Load::Mixed => mixed::mixed(self, case, server).await,
                Load::Rate => rate::rate(self, case, server).await,
                Load::Lateness => lateness::lateness(self, case, server).await,
                Load::Idle => standing::idle(self, case, server).await,
                Load::Blocked => standing::blocked(self, case, server).await,
                Load::Depth => depth::depth(self, case, server).await,
            }
        };
        let sampled = timeout(PATIENCE + self.window, load).await;
        let result = sampled.unwrap_or_else(|_| {
            let (server, what) = (server.name.to_string(), case.name());
            Err(BenchError::Silent { server, what, after: PATIENCE })
        });
        result.map_err(|error| server.explain(error))
    }
}

/// The time in which is measured, and what all connections count in it; they live on one thread.
struct Window {
    began: Instant,
    until: Instant,
    cpu: Option<Duration>,
    jobs: Cell<u64>,
    /// In nanoseconds.
    latencies: RefCell<Vec<u64>>,
}

impl Window {
    /// Begins one when the server has nothing left to do from before.
    async fn open(server: &Server, length: Duration) -> Rc<Self> {
        server.rest().await;
        let (cpu, began) = (server.cpu(), Instant::now());
        Rc::new(Self { began, until: began + length, cpu, jobs: Cell::new(0), latencies: RefCell::default() })
    }

    /// Something took from one moment to the other.
    fn took(&self, from: Instant, to: Instant) {
        self.took_for(to - from);
    }

    fn took_for(&self, time: Duration) {
        self.latencies.borrow_mut().push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// So many jobs more are done.
    fn count(&self, jobs: u64) {
        self.jobs.set(self.jobs.get() + jobs);
    }

    /// Ends it now.
    fn close(&self, server: &Server) -> Sample {
        let wall = self.began.elapsed();
        let cpu = server.cpu().zip(self.cpu).map(|(now, before)| now.saturating_sub(before));
        let latency = Latency::of(self.latencies.take());
        Sample { jobs: self.jobs.get(), wall, cpu, latency, memory: server.memory(), ..Sample::default() }
    }
}

/// Runs all to their end; the first error ends it.
async fn all(tasks: impl IntoIterator<Item = impl Future<Output = Result<()>> + 'static>) -> Result<()> {
    let mut set = JoinSet::new();
    for task in tasks {
        set.spawn_local(task);
    }
    join(&mut set).await
}

async fn join(set: &mut JoinSet<Result<()>>) -> Result<()> {
    while let Some(ended) = set.join_next().await {
        ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
    }
    Ok(())
}
