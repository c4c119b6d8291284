//! The loads: what the connections do, and what is counted meanwhile.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::client::{Answer, Client, QUEUE, ack_line, next_number, number_of, push_line};
use crate::server::Server;

/// How much of everything.
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) producers: usize,
    pub(crate) window: Duration,
    pub(crate) job_bytes: usize,
}

/// What one scenario showed.
pub(crate) struct Sample {
    pub(crate) jobs: u64,
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    /// Round trips, ascending.
    pub(crate) latencies: Vec<Duration>,
    /// Resident memory of the server at the end, in KiB.
    pub(crate) memory: u64,
}

/// One round.
pub(crate) struct Run {
    pub(crate) floor_push: Sample,
    pub(crate) push: Sample,
    pub(crate) fetch: Sample,
    pub(crate) floor_mixed: Sample,
    pub(crate) mixed: Sample,
    pub(crate) floor_single: Sample,
    pub(crate) single: Sample,
}

/// How long a drain may take before something is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// What all connections of a scenario share; they live on one thread.
struct Shared {
    deadline: Instant,
    job_bytes: usize,
    pushed: Cell<u64>,
    /// Jobs that somebody is about to fetch.
    claimed: Cell<u64>,
    acked: Cell<u64>,
    /// How often each job was ACKed, by its number.
    acks: RefCell<Vec<u8>>,
    latencies: RefCell<Vec<Duration>>,
    producing: Cell<usize>,
    drained: Notify,
}

impl Shared {
    fn new(load: &Load) -> Rc<Self> {
        Rc::new(Self {
            deadline: Instant::now() + load.window,
            job_bytes: load.job_bytes,
            pushed: Cell::new(0),
            claimed: Cell::new(0),
            acked: Cell::new(0),
            acks: RefCell::default(),
            latencies: RefCell::default(),
            producing: Cell::new(0),
            drained: Notify::new(),
        })
    }

    /// One round trip, timed.
    async fn timed(&self, client: &mut Client, line: &[u8]) -> Result<()> {
        let start = Instant::now();
        let answer = client.call(line).await?;
        ensure!(answer == Answer::Ok, "not OK: {answer:?}");
        self.latencies.borrow_mut().push(start.elapsed());
        Ok(())
    }

    /// Pushes one by one until the time is over.
    async fn produce(&self, client: &mut Client) -> Result<()> {
        while Instant::now() < self.deadline {
            self.pushed.set(self.pushed.get() + 1);
            self.timed(client, &push_line(next_number(), self.job_bytes)).await?;
        }
        Ok(())
    }

    /// Fetches a job and says which; with none within the server's patience, `None`.
    async fn fetch(client: &mut Client) -> Result<Option<u64>> {
        match client.call(format!("FETCH {QUEUE}\r\n").as_bytes()).await? {
            Answer::Bulk(job) => number_of(job).map(Some),
            Answer::Null => Ok(None),
            Answer::Ok => bail!("a FETCH was answered OK"),
        }
    }

    /// ACKs a job and writes it down.
    async fn ack(&self, client: &mut Client, number: u64) -> Result<()> {
        self.timed(client, &ack_line(number)).await?;
        let mut acks = self.acks.borrow_mut();
        let index = usize::try_from(number)?;
        if acks.len() <= index {
            acks.resize(index + 1, 0);
        }
        acks[index] = acks[index].saturating_add(1);
        self.acked.set(self.acked.get() + 1);
        Ok(())
    }

    /// Every job that was pushed was ACKed, once.
    fn check_exactly_once(&self, pushed: u64) -> Result<()> {
        let acks = self.acks.borrow();
        let twice = acks.iter().filter(|times| **times > 1).count();
        let once = acks.iter().filter(|times| **times == 1).count() as u64;
        ensure!(twice == 0 && once == pushed, "{pushed} jobs pushed, {once} ACKed once, {twice} more often");
        Ok(())
    }
}

/// Pushes one by one on this many connections.
pub(crate) async fn push(load: &Load, server: &Server, connections: usize) -> Result<Sample> {
    let clients = connect(server, connections, None).await?;
    let (shared, start) = (Shared::new(load), Start::now(server)?);
    let tasks = clients.into_iter().map(|mut client| {
        let shared = shared.clone();
        async move { shared.produce(&mut client).await }
    });
    all(tasks).await?;
    start.sample(server, shared.pushed.get(), &shared)
}

/// Fetches and ACKs the jobs that wait, on all connections.
pub(crate) async fn fetch(load: &Load, server: &Server, jobs: u64) -> Result<Sample> {
    let clients = connect(server, load.connections, Some("bench-fetch")).await?;
    let (shared, start) = (Shared::new(load), Start::now(server)?);
    let tasks = clients.into_iter().map(|mut client| {
        let shared = shared.clone();
        async move {
            while shared.claimed.get() < jobs {
                shared.claimed.set(shared.claimed.get() + 1);
                let sent = Instant::now();
                let number = Shared::fetch(&mut client).await?.context("a job is missing")?;
                shared.latencies.borrow_mut().push(sent.elapsed());
                shared.ack(&mut client, number).await?;
            }
            Ok(())
        }
    });
    all(tasks).await?;
    shared.check_exactly_once(jobs)?;
    start.sample(server, jobs, &shared)
}

/// Some push, the others fetch and ACK, until everything that was pushed is done. A FETCH may wait for its job and is
/// not timed.
pub(crate) async fn mixed(load: &Load, server: &Server) -> Result<Sample> {
    let producers = connect(server, load.producers, None).await?;
    let workers = connect(server, load.connections - load.producers, Some("bench-mixed")).await?;
    let (shared, start) = (Shared::new(load), Start::now(server)?);
    shared.producing.set(producers.len());
    let mut tasks = JoinSet::<Result<()>>::new();
    for mut client in producers {
        let shared = shared.clone();
        tasks.spawn_local(async move {
            shared.produce(&mut client).await?;
            shared.producing.set(shared.producing.get() - 1);
            Ok(())
        });
    }
    for mut client in workers {
        let shared = shared.clone();
        tasks.spawn_local(async move {
            loop {
                if let Some(number) = Shared::fetch(&mut client).await? {
                    shared.ack(&mut client, number).await?;
                }
                if shared.producing.get() == 0 && shared.acked.get() == shared.pushed.get() {
                    shared.drained.notify_one();
                }
            }
        });
    }
    let failed = async {
        while let Some(task) = tasks.join_next().await {
            task??;
        }
        bail!("no worker is left")
    };
    let drained = async {
        shared.drained.notified().await;
        anyhow::Ok(())
    };
    tokio::select! {
        result = failed => result?,
        result = timeout(PATIENCE, drained) => result.context("jobs are left")??,
    }
    let sample = start.sample(server, shared.pushed.get(), &shared)?;
    shared.check_exactly_once(sample.jobs)?;
    Ok(sample)
}

async fn connect(server: &Server, count: usize, wid: Option<&str>) -> Result<Vec<Client>> {
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        clients.push(Client::connect(&server.address, wid).await?);
    }
    Ok(clients)
}

/// Runs all to their end; the first error ends it.
async fn all(tasks: impl Iterator<Item = impl Future<Output = Result<()>> + 'static>) -> Result<()> {
    let mut set = JoinSet::new();
    for task in tasks {
        set.spawn_local(task);
    }
    while let Some(task) = set.join_next().await {
        task??;
    }
    Ok(())
}

/// The clocks when a scenario began.
struct Start {
    at: Instant,
    cpu: Duration,
}

impl Start {
    fn now(server: &Server) -> Result<Self> {
        Ok(Self { at: Instant::now(), cpu: server.cpu()? })
    }

    fn sample(&self, server: &Server, jobs: u64, shared: &Shared) -> Result<Sample> {
        let (wall, cpu) = (self.at.elapsed(), server.cpu()?.saturating_sub(self.cpu));
        let mut latencies = shared.latencies.take();
        latencies.sort_unstable();
        Ok(Sample { jobs, wall, cpu, latencies, memory: server.memory()?.now })
    }
}
