//! Commands that wait for a tick, copied: the bytes that they borrow are gone when their turn comes.

use std::time::Duration;

use bessemer_core::command::{Delivery, Hello, OwnAsks, Push, Stage};
use bessemer_core::fact::{Failure, OnLost};
use bessemer_core::{Command, ConnId, Now, Ticket, Wall};

/// One command with its moment and its ticket.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) now: Now,
    pub(super) ticket: Ticket,
    owned: Owned,
    /// What it takes of [`crate::Engine::room`], about.
    pub(super) bytes: usize,
}

#[derive(Debug)]
enum Owned {
    Connect { conn: ConnId, worker: Option<Worker> },
    Disconnect { conn: ConnId },
    Push(Box<Job>),
    PushBulk(Vec<Job>),
    Fetch { conn: ConnId, queues: Vec<Box<str>>, wait: Duration },
    Ack { conn: ConnId, jid: Box<str>, lease: Option<Box<str>> },
    Fail { conn: ConnId, jid: Box<str>, text: Box<[u8]>, lease: Option<Box<str>> },
    Beat { conn: ConnId, wid: Box<str>, state: Option<Stage>, rss_kb: u64 },
    Undelivered { delivery: Delivery },
    Signal { wid: Option<Box<str>>, stage: Stage },
    Due,
}

#[derive(Debug)]
struct Worker {
    wid: Box<str>,
    hostname: Box<str>,
    pid: i64,
    labels: Vec<Box<str>>,
    rss_kb: u64,
}

#[derive(Debug)]
struct Job {
    jid: Box<str>,
    queue: Box<str>,
    jobtype: Box<str>,
    retry: i16,
    reserve_for: u32,
    on_lost: Option<OnLost>,
    asks: OwnAsks,
    at: Option<Wall>,
    /// Its text stands apart, so that the rest can be copied.
    failure: Option<(Failure<'static>, Box<[u8]>)>,
    sent: Box<[u8]>,
    body: Box<[u8]>,
}

/// What an entry costs besides its texts.
const ENTRY_BYTES: usize = size_of::<Gathered>() + 64;

impl Gathered {
    /// `None`: a command that this engine does not carry out (yet).
    pub(super) fn new(now: Now, ticket: Ticket, command: &Command<'_>) -> Option<Self> {
        let owned = Owned::new(command)?;
        let bytes = ENTRY_BYTES + texts(command);
        Some(Self { now, ticket, owned, bytes })
    }

    pub(super) fn is_due(&self) -> bool {
        matches!(self.owned, Owned::Due)
    }

    /// Lends the command.
    pub(super) fn lend<R>(&self, to: impl FnOnce(Command<'_>) -> R) -> R {
        match &self.owned {
            Owned::Connect { conn, worker: None } => to(Command::Connect { conn: *conn, worker: None }),
            Owned::Connect { conn, worker: Some(worker) } => {
                let labels: Vec<&str> = worker.labels.iter().map(|label| &**label).collect();
                let Worker { wid, hostname, pid, rss_kb, .. } = worker;
                let hello = Hello { wid, hostname, pid: *pid, labels: &labels, rss_kb: *rss_kb };
                to(Command::Connect { conn: *conn, worker: Some(hello) })
            }
            Owned::Disconnect { conn } => to(Command::Disconnect { conn: *conn }),
            Owned::Push(job) => to(Command::Push { job: job.lend() }),
            Owned::PushBulk(jobs) => {
                let jobs: Vec<Push<'_>> = jobs.iter().map(Job::lend).collect();
                to(Command::PushBulk { jobs: &jobs })
            }
            Owned::Fetch { conn, queues, wait } => {
                let queues: Vec<&str> = queues.iter().map(|queue| &**queue).collect();
                to(Command::Fetch { conn: *conn, queues: &queues, wait: *wait })
            }
            Owned::Ack { conn, jid, lease } => to(Command::Ack { conn: *conn, jid, lease: lease.as_deref() }),
            Owned::Fail { conn, jid, text, lease } => {
                to(Command::Fail { conn: *conn, jid, text, lease: lease.as_deref() })
            }
            Owned::Beat { conn, wid, state, rss_kb } => {
                to(Command::Beat { conn: *conn, wid, state: *state, rss_kb: *rss_kb })
            }
            Owned::Undelivered { delivery } => to(Command::Undelivered { delivery: *delivery }),
            Owned::Signal { wid, stage } => to(Command::Signal { wid: wid.as_deref(), stage: *stage }),
            Owned::Due => to(Command::Due),
        }
    }
}

impl Owned {
    fn new(command: &Command<'_>) -> Option<Self> {
        Some(match *command {
            Command::Connect { conn, worker } => Self::Connect { conn, worker: worker.map(Worker::new) },
            Command::Disconnect { conn } => Self::Disconnect { conn },
            Command::Push { job } => Self::Push(Box::new(Job::new(&job))),
            Command::PushBulk { jobs } => Self::PushBulk(jobs.iter().map(Job::new).collect()),
            Command::Fetch { conn, queues, wait } => {
                Self::Fetch { conn, queues: queues.iter().map(|queue| (*queue).into()).collect(), wait }
            }
            Command::Ack { conn, jid, lease } => {
                Self::Ack { conn, jid: jid.into(), lease: lease.map(Into::into) }
            }
            Command::Fail { conn, jid, text, lease } => {
                Self::Fail { conn, jid: jid.into(), text: text.into(), lease: lease.map(Into::into) }
            }
            Command::Beat { conn, wid, state, rss_kb } => Self::Beat { conn, wid: wid.into(), state, rss_kb },
            Command::Undelivered { delivery } => Self::Undelivered { delivery },
            Command::Signal { wid, stage } => Self::Signal { wid: wid.map(Into::into), stage },
            Command::Due => Self::Due,
            Command::Info
            | Command::Requeue { .. }
            | Command::Delete { .. }
            | Command::Kill { .. }
            | Command::Discard { .. }
            | Command::Restore { .. }
            | Command::Release { .. }
            | Command::Move { .. }
            | Command::Replace { .. }
            | Command::Clear { .. }
            | Command::Queues { .. }
            | Command::Latency { .. }
            | Command::Keep { .. }
            | Command::Batch(_)
            | Command::Track { .. }
            | Command::FreeKey(_)
            | Command::Cron { .. }
            | Command::Throttle(_) => return None,
        })
    }
}

impl Worker {
    fn new(hello: Hello<'_>) -> Self {
        Self {
            wid: hello.wid.into(),
            hostname: hello.hostname.into(),
            pid: hello.pid,
            labels: hello.labels.iter().map(|label| (*label).into()).collect(),
            rss_kb: hello.rss_kb,
        }
    }
}

impl Job {
    fn new(job: &Push<'_>) -> Self {
        let failure = job.failure.map(|failure| (Failure { text: b"", ..failure }, failure.text.into()));
        Self {
            jid: job.jid.into(),
            queue: job.queue.into(),
            jobtype: job.jobtype.into(),
            retry: job.retry,
            reserve_for: job.reserve_for,
            on_lost: job.on_lost,
            asks: OwnAsks::of(&job.asks),
            at: job.at,
            failure,
            sent: job.sent.into(),
            body: job.body.into(),
        }
    }

    fn lend(&self) -> Push<'_> {
        Push {
            jid: &self.jid,
            queue: &self.queue,
            jobtype: &self.jobtype,
            retry: self.retry,
            reserve_for: self.reserve_for,
            on_lost: self.on_lost,
            asks: self.asks.lend(),
            at: self.at,
            failure: self.failure.as_ref().map(|(failure, text)| Failure { text, ..*failure }),
            sent: &self.sent,
            body: &self.body,
        }
    }
}

/// Bytes of the texts that may be long.
fn texts(command: &Command<'_>) -> usize {
    let job = |job: &Push<'_>| job.sent.len() + job.body.len() + job.failure.map_or(0, |f| f.text.len());
    match command {
        Command::Push { job: pushed } => job(pushed),
        Command::PushBulk { jobs } => jobs.iter().map(job).sum(),
        Command::Fetch { queues, .. } => queues.iter().map(|queue| queue.len()).sum(),
        Command::Fail { text, .. } => text.len(),
        _ => 0,
    }
}
