//! FETCH, then ACK or FAIL, of jobs that wait; and one job's way through a worker, which other loads use too.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::client::{Answer, Client, odd};
use super::super::error::{BenchError, Result};
use super::super::line::{Line, Mark};
use super::super::plan::{Case, Load};
use super::super::sample::Sample;
use super::super::server::Server;
use super::ledger::Ledger;
use super::push::fill;
use super::{Run, Window, all};

/// Jobs that wait for each second of the window. A server that is faster ends its window early.
const BACKLOG_PER_S: f64 = 50_000.0;

/// How often a FETCH may come back with nothing while jobs wait.
const NULLS_MAX: usize = 5;

/// A job's number, if it is one of this run.
pub(super) type Fetched = Option<u64>;

/// Bytes of a backlog: large jobs are fewer.
const BACKLOG_MAX: u64 = 256 << 20;

/// Every connection fetches a job and finishes it, until the time is over or no job is left.
pub(super) async fn consume(run: &Rc<Run>, case: Case, server: &mut Server) -> Result<Sample> {
    let fails = case.load == Load::Fail;
    let queue = run.queue("fetch");
    let jobs = backlog(run.window, case.bytes);
    let first = fill(run, server, &queue, case.bytes, jobs).await?;
    let crew = server.crew(case.connections, Some(&run.mark.wid("fetch"))).await?;
    let ledger = Rc::new(Ledger::new(&server.name, first));
    let left = Rc::new(Cell::new(jobs));
    let window = Window::open(server, run.window).await;
    let tasks = crew.into_iter().map(|client| {
        let mut worker = Worker::new(client, &run.mark, &queue, fails);
        let (window, ledger, left) = (window.clone(), ledger.clone(), left.clone());
        async move {
            let mut begun = Instant::now();
            // Nobody asks for a job that somebody else is about to take.
            while begun < window.until && left.get() > 0 {
                left.set(left.get() - 1);
                let number = ledger.fetched(worker.take().await?)?;
                let fetched = Instant::now();
                worker.finish(number).await?;
                let finished = Instant::now();
                window.took(begun, fetched);
                window.took(fetched, finished);
                window.count(1);
                begun = finished;
            }
            Ok(())
        }
    });
    all(tasks).await?;
    let sample = window.close(server);
    ledger.check(first + jobs, server.waiting(&queue).await?)?;
    server.remove(&queue).await?;
    if fails {
        server.discard_retries(&run.mark).await?;
    }
    Ok(sample)
}

fn backlog(window: Duration, bytes: usize) -> u64 {
    let wanted = (window.as_secs_f64() * BACKLOG_PER_S) as u64;
    wanted.min(BACKLOG_MAX / (bytes as u64 + 1)).max(1)
}

/// A worker's connection.
pub(super) struct Worker {
    client: Client,
    mark: Mark,
    fetch: Vec<u8>,
    finish: Line,
    fails: bool,
}

impl Worker {
    /// One that ACKs its jobs, or fails them all.
    pub(super) fn new(client: Client, mark: &Mark, queue: &str, fails: bool) -> Self {
        let finish = if fails { Line::fail(mark) } else { Line::ack(mark) };
        let fetch = format!("FETCH {queue}\r\n").into_bytes();
        Self { client, mark: mark.clone(), fetch, finish, fails }
    }

    /// Pushes one, as some workers do.
    pub(super) async fn push(&mut self, line: &[u8]) -> Result<()> {
        self.client.call_ok("PUSH", line).await
    }

    /// Waits for a job.
    pub(super) async fn fetch(&mut self) -> Result<Fetched> {
        loop {
            if let Some(job) = self.ask().await? {
                return Ok(job);
            }
        }
    }

    /// Takes a job where one is known to wait: a server that says it has none has lost it.
    pub(super) async fn take(&mut self) -> Result<Fetched> {
        for _ in 0..NULLS_MAX {
            if let Some(job) = self.ask().await? {
                return Ok(job);
            }
        }
        let server = self.client.receiver.server().to_string();
        Err(BenchError::NotOnce { server, what: "a job that was pushed is not there".into() })
    }

    /// One FETCH; `None` says that there was nothing.
    async fn ask(&mut self) -> Result<Option<Fetched>> {
        let server = self.client.receiver.server();
        match self.client.call("FETCH", &self.fetch).await? {
            Answer::Bulk(job) => Ok(Some(self.mark.number_of(job))),
            Answer::Null => Ok(None),
            Answer::Ok => Err(odd(&server, "FETCH", &Answer::Ok)),
        }
    }

    /// Says that it is done, or that it failed.
    pub(super) async fn finish(&mut self, number: u64) -> Result<()> {
        let verb = if self.fails { "FAIL" } else { "ACK" };
        self.client.call_ok(verb, self.finish.about(number)).await
    }
}
