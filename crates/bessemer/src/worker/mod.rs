//! A worker process: what it does, how many at a time, and how it ends.

mod beat;
mod blocking;
pub(crate) mod context;
mod fetch;
pub(crate) mod frames;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod hands;
#[cfg(feature = "tower")]
pub(crate) mod layers;
mod outbox;
pub(crate) mod panic;
pub(crate) mod perform;
mod probe;
pub(crate) mod queues;
mod registry;
mod report;
pub(crate) mod shutdown;
mod slot;
pub(crate) mod state;
#[cfg(test)]
mod tests;
mod track;

use std::sync::Arc;
use std::time::Duration;

use bessemer_protocol::handshake::{FEATURE_LEASE, Hello};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::command::Command;
use crate::client::link::Link;
use crate::client::pool::Bessemer;
use crate::error::Error;
use crate::events::{Event, emit};
use crate::job::Job;
use crate::random;
use crate::worker::fetch::Carrier;
use crate::worker::outbox::{Outbox, Presence};
use crate::worker::perform::{Performer, Setup};
use crate::worker::probe::Health;
use crate::worker::queues::{Order, Queue, Queues};
use crate::worker::registry::Registry;
use crate::worker::shutdown::{Signals, Stage, Stop};
use crate::worker::slot::Pace;

/// Time for jobs that were cut off to be reported as failed.
const ABORT_GRACE: Duration = Duration::from_secs(3);

/// Time for reporting what slots left behind that did not end even then.
const LEFTOVERS: Duration = Duration::from_secs(2);

/// A worker in preparation, from [`Bessemer::worker`].
///
/// ```no_run
/// # use bessemer::prelude::*;
/// # struct HelloWorld;
/// # impl Job for HelloWorld {
/// #     const JOBTYPE: &'static str = "HelloWorld";
/// #     type Args = (String,);
/// #     async fn perform(&self, _: &Context, _: (String,)) -> JobResult { Ok(Done) }
/// # }
/// # async fn work() -> Result<(), bessemer::Error> {
/// let app = Bessemer::from_env()?;
/// let report = app.worker().job(HelloWorld).queues(["critical", "default"]).slots(20).run().await?;
/// println!("{} jobs done", report.succeeded);
/// # Ok(())
/// # }
/// ```
#[must_use = "a worker does nothing before run is called"]
pub struct Worker {
    app: Bessemer,
    registry: Registry,
    setup: Setup,
    /// Those that the application named, or else those of its jobs.
    queues: Option<Vec<Queue>>,
    queues_of_jobs: Vec<String>,
    order: Order,
    slots: usize,
    drain: Duration,
    cancel_grace: Duration,
    beat: Duration,
    labels: Vec<String>,
    signals: bool,
    stop: Stop,
}

/// What a worker did until it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Jobs that were done, and acknowledged by the server.
    pub succeeded: u64,
    /// Jobs that failed, were cut off or unknown, and were reported as failed.
    pub failed: u64,
    /// Jobs whose outcome the server did not take: it was away for the rest of their lease, or had given them to
    /// somebody else. They run again.
    pub unreported: u64,
}

/// What all tasks of a worker share.
pub(crate) struct Crew {
    pub(crate) app: Bessemer,
    pub(crate) hello: Hello,
    pub(crate) performer: Arc<Performer>,
    /// How a FETCH is waited for, whatever queues it names.
    pub(crate) fetch: Command,
    pub(crate) pace: Pace,
    pub(crate) outbox: Outbox,
    pub(crate) health: Health,
    pub(crate) stop: Stop,
}

impl Worker {
    pub(crate) fn new(app: Bessemer) -> Self {
        Self {
            app,
            registry: Registry::default(),
            setup: Setup::default(),
            queues: None,
            queues_of_jobs: Vec::new(),
            order: Order::Strict,
            slots: 10,
            drain: Duration::from_secs(20),
            cancel_grace: Duration::from_secs(3),
            beat: Duration::from_secs(15),
            labels: vec!["rust".into()],
            signals: true,
            stop: Stop::new(),
        }
    }

    /// Adds a kind of job that this worker does. Jobs of other types that it gets are reported as failed.
    pub fn job<J: Job>(mut self, job: J) -> Self {
        let queue = J::options().queue.unwrap_or_else(|| "default".into());
        if !self.queues_of_jobs.contains(&queue) {
            self.queues_of_jobs.push(queue);
        }
        self.registry.add(job);
        self
    }

    /// The queues to fetch from. Default: those that the jobs name in [`Job::options`], in the order in which they were
    /// added.
    pub fn queues<Q: Into<Queue>>(mut self, queues: impl IntoIterator<Item = Q>) -> Self {
        self.queues = Some(queues.into_iter().map(Into::into).collect());
        self
    }

    /// One more queue to fetch from: a name, or a [`Queue`] with a cap or a weight.
    pub fn queue(mut self, queue: impl Into<Queue>) -> Self {
        self.queues.get_or_insert_default().push(queue.into());
        self
    }

    /// Which queue is served when several have jobs. Default: the one that was given first.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// How many jobs run at the same time. Default: 10.
    pub fn slots(mut self, count: usize) -> Self {
        self.slots = count;
        self
    }

    /// How long running jobs may take to finish when the worker is stopped, before they are cancelled. Default: 20 s,
    /// which with the grace of [`Worker::cancel_grace`] and the 5 s that reporting may take fits into the 30 s of a
    /// container platform.
    pub fn drain(mut self, time: Duration) -> Self {
        self.drain = time;
        self
    }

    /// How long jobs that were cancelled have to come to an end by themselves, before they are cut off and reported as
    /// failed. Default: 3 s.
    pub fn cancel_grace(mut self, time: Duration) -> Self {
        self.cancel_grace = time;
        self
    }

    /// How often the server hears of this worker. Default: 15 s; servers forget a worker after 60 s.
    pub fn beat_every(mut self, time: Duration) -> Self {
        self.beat = time;
        self
    }

    /// A word that the dashboard shows beside this worker, after `rust`.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.labels.push(label.into());
        self
    }

    /// Leaves SIGTERM and SIGINT alone, for applications that handle them: see [`Worker::stop_handle`].
    pub fn ignore_signals(mut self) -> Self {
        self.signals = false;
        self
    }

    /// A handle that stops the worker while it runs.
    pub fn stop_handle(&self) -> Stop {
        self.stop.clone()
    }

    /// Works until it is stopped: by SIGTERM or SIGINT, by the server's dashboard, or by [`Worker::stop_handle`].
    ///
    /// Then it fetches no more, lets running jobs finish for the drain time, cuts off what is left and reports that
    /// as failed. A second signal cuts off at once. When the server is away the worker waits for it to come back.
    ///
    /// # Errors
    /// [`Error::Worker`] and [`Error::DuplicateJob`] for a worker that makes no sense; [`Error::Login`],
    /// [`Error::PasswordRequired`] and [`Error::Handshake`] when the server turns it away at the start.
    pub async fn run(mut self) -> Result<Report, Error> {
        self.check()?;
        #[cfg(any(test, feature = "testing"))]
        if self.app.sandbox().is_some() {
            return Err(Error::Worker("its client is that of a sandbox, which runs jobs when it is drained"));
        }
        let queues = self.served()?;
        let hello = hello(&self.labels)?;
        let signals = match self.signals {
            true => Some(Signals::install().map_err(Error::Signals)?),
            false => None,
        };
        panic::install_hook();
        let names = queues.names().join(" ");
        let probe = probe::listen(self.setup.probe.as_deref()).await?;
        let performer = Arc::new(Performer::of(&mut self));
        let outbox = Outbox::new(self.app.clone(), self.slots, queues, self.stop.clone());
        let (fetch, pace) = (Command::fetch(&[]), Pace::new(performer.registry.jobtypes()));
        let (app, stop, health) = (self.app, self.stop.clone(), Health::new(self.stop));
        let crew = Arc::new(Crew { app, hello, performer, fetch, pace, outbox, health, stop });

        let mut control = crew.link();
        match control.open().await {
            Err(error) if !error.is_transient() => return Err(error),
            Err(error) => tracing::warn!(error = error.chain(), "the server is away; waiting for it"),
            Ok(()) => {}
        }
        let (jobs, wid) = (crew.performer.registry.jobtypes(), &crew.hello.wid);
        tracing::info!(wid, ?jobs, queues = names, slots = self.slots, server = ?crew.app, "worker started");
        let fetchers = std::iter::repeat_n(Carrier::Fetcher, crew.outbox.fetchers());
        let carriers = fetchers.chain([Carrier::Reporter]);
        let mut carriers: JoinSet<()> =
            carriers.map(|carrier| fetch::supervise(crew.clone(), carrier)).collect();
        tokio::select! {
            () = all_ended(&mut carriers) => {}
            () = time_is_up(&crew.stop, self.drain, self.cancel_grace) => {}
            never = beat::run(&crew, &mut control, self.beat) => match never {},
            never = probe::serve(probe, &crew.health) => match never {},
            never = obey(signals, &crew.stop) => match never {},
        }
        carriers.shutdown().await;
        crew.report_leftovers(&mut control).await;
        control.end().await;
        let report = crew.outbox.close();
        tracing::info!(succeeded = report.succeeded, failed = report.failed, "worker stopped");
        emit(&crew.app, || Event::Drained { report });
        Ok(report)
    }

    /// The queues that it serves: those that it was given, or those of its jobs.
    fn served(&mut self) -> Result<Queues, Error> {
        let of_jobs = || self.queues_of_jobs.drain(..).map(Queue::from).collect();
        Queues::new(self.queues.take().unwrap_or_else(of_jobs), self.order)
    }

    fn check(&self) -> Result<(), Error> {
        panic::must_unwind(cfg!(panic = "abort"), self.setup.allow_abort)?;
        self.registry.check(&self.setup.states)?;
        if self.slots == 0 {
            return Err(Error::Worker("it has no slots"));
        }
        Ok(())
    }
}

impl Crew {
    /// A new connection of this worker, not yet opened.
    pub(crate) fn link(&self) -> Link {
        Link::new(self.app.server().clone(), self.hello.clone())
    }

    /// Reports what did not end in time: it blocks its thread and cannot be waited for.
    async fn report_leftovers(self: &Arc<Self>, link: &mut Link) {
        self.outbox.cut_off("worker was stopped before the job was done");
        let report = async {
            while let Some(round) = self.outbox.reports() {
                if let Err(error) = fetch::carry(self, link, round, &mut Presence::reporter()).await {
                    tracing::warn!(error = error.chain(), "the server does not answer");
                    sleep(link.pause()).await;
                }
            }
        };
        // What is not heard by then is counted as such.
        let _: Result<(), _> = timeout(LEFTOVERS, report).await;
    }
}

/// What this process says of itself.
fn hello(labels: &[String]) -> Result<Hello, Error> {
    Ok(Hello {
        wid: random::hex_id::<8>()?,
        hostname: hostname(),
        pid: Some(std::process::id()),
        labels: labels.to_vec(),
        features: vec![FEATURE_LEASE.into()],
        ..Hello::default()
    })
}

fn hostname() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    name
}

async fn all_ended(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

/// Moves a stopped worker on through its last stages; returns when it can wait for its jobs no longer.
async fn time_is_up(stop: &Stop, drain: Duration, cancel_grace: Duration) {
    stop.reached(Stage::Terminate).await;
    if timeout(drain, stop.reached(Stage::Abort)).await.is_err() {
        tracing::warn!("jobs still run after {drain:?}: cancelling them");
        stop.cancel();
        if timeout(cancel_grace, stop.reached(Stage::Abort)).await.is_err() {
            tracing::warn!("jobs still run {cancel_grace:?} after they were cancelled: cutting them off");
            stop.abort();
        }
    }
    sleep(ABORT_GRACE).await;
}

async fn obey(signals: Option<Signals>, stop: &Stop) -> std::convert::Infallible {
    match signals {
        Some(signals) => signals.obey(stop).await,
        None => std::future::pending().await,
    }
}
