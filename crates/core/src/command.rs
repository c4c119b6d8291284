//! Commands: what can be asked of the core; what it answers stands in `command/reply.rs`.
//!
//! A command gets a [`Ticket`]; its [`Reply`] comes under that ticket out of the same turn or a later one, since a
//! FETCH may be settled by somebody else's PUSH.

mod reply;

use std::time::Duration;

pub use self::reply::{Delivery, FailureView, Handout, Lease, Refusal, Reply, Text, Unkept};
use crate::edit::{Edit, Replacement};
use crate::fact::{Callback, Cleared, Failure, Family, Head, JobId, OnLost, Release, Terms};
use crate::query::Set;
use crate::throttle::Throttle;
use crate::time::Wall;

/// Names a command until its reply. Given by the caller; the core only carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Names a connection, for as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// Everything that can be asked. Closed, at most 30 variants: an engine is small because this list is.
#[derive(Clone, Copy, Debug)]
pub enum Command<'a> {
    /// A client identified itself. Answered [`Reply::Done`], or [`Refusal::TooManyWorkers`].
    Connect { conn: ConnId, worker: Option<Hello<'a>> },
    /// A connection is gone; what it waited for is forgotten. Has no reply.
    Disconnect { conn: ConnId },
    /// A job. Answered [`Reply::Done`], or [`Refusal::DiskFull`].
    Push { job: Push<'a> },
    /// Several jobs that become durable together (`G5`). Answered [`Reply::Pushed`], or [`Refusal::DiskFull`] for all.
    PushBulk { jobs: &'a [Push<'a>] },
    /// The next job of the leftmost queue that has one, waiting at most `wait`. Answered [`Reply::Job`], or
    /// [`Reply::Nothing`] when the time is over.
    Fetch { conn: ConnId, queues: &'a [&'a str], wait: Duration },
    /// A job is done. `lease`: of the delivery that is meant ([`Lease`]). Always [`Reply::Done`] (rules `A-02`, `A-03`, `D3`).
    Ack { conn: ConnId, jid: &'a str, lease: Option<&'a str> },
    /// A job failed. `text`: see [`Failure::text`]. Answered [`Reply::Done`] or [`Refusal::NotReserved`].
    Fail { conn: ConnId, jid: &'a str, text: &'a [u8], lease: Option<&'a str> },
    /// A worker lives. Answered [`Reply::State`] or [`Refusal::UnknownWorker`] (`D10`).
    Beat { conn: ConnId, wid: &'a str, state: Option<Stage>, rss_kb: u64 },
    /// The reply that carried this delivery never reached the kernel: back to the head (`D13`). Has no reply.
    Undelivered { delivery: Delivery },
    /// The server's figures. Answered [`Reply::Info`].
    Info,
    /// An operator quiets or stops a worker, or all (rule `L-03`). Answered [`Reply::Count`].
    Signal { wid: Option<&'a str>, stage: Stage },
    /// An operator puts waiting, retrying, scheduled or dead jobs into their queues now. Answered [`Reply::Count`]:
    /// jobs that are elsewhere by now are left alone and not counted.
    Requeue { jobs: &'a [JobId] },
    /// An operator deletes jobs; those being worked on are left alone. Answered [`Reply::Count`].
    Delete { jobs: &'a [JobId] },
    /// The same, but for [`crate::Rules::discard_undo`] it can be taken back by [`Command::Restore`]. Meanwhile the jobs
    /// stand in [`Set::Discarded`] and nowhere else. Answered [`Reply::Count`].
    Discard { jobs: &'a [JobId] },
    /// Discarded jobs are put back where they stood, each to its old place in its queue. Answered [`Reply::Count`]: those
    /// that are gone for good are not counted.
    Restore { jobs: &'a [JobId] },
    /// An operator moves jobs to the dead set; those being worked on are left alone. Answered [`Reply::Count`].
    Kill { jobs: &'a [JobId] },
    /// An operator takes jobs back from their workers, to the heads of their queues; no retry is spent. What their workers
    /// say of them afterwards is stale (rule `A-03`). Jobs that nobody works on are left alone. Answered [`Reply::Count`].
    Release { jobs: &'a [JobId] },
    /// An operator takes jobs to another queue, whose name is a valid one: those that wait to its tail, others keep their
    /// times. Those that are being worked on, or belong to it already, are left alone. Answered [`Reply::Count`], or
    /// [`Refusal::TooManyQueues`].
    Move { jobs: &'a [JobId], queue: &'a str },
    /// An operator makes a job another one. Answered [`Reply::Count`]: 0 where it is not as it was seen any more, or in a
    /// worker's hands; or [`Refusal::TooManyQueues`].
    Replace { edit: Edit<'a> },
    /// Everything that stands there is deleted, at one stroke; reservations too with [`Cleared::Everything`]. A queue stays
    /// known, and paused if it was. Answered [`Reply::Count`].
    Clear { what: Cleared<'a> },
    /// Queues are paused, resumed or removed; `None`: all that are known. Unknown names are passed over (rule `U-02`).
    /// Answered [`Reply::Done`].
    Queues { deed: QueueDeed, names: Option<&'a [&'a str]> },
    /// How long the next job of each of these queues has waited. Answered [`Reply::Latencies`].
    Latency { names: &'a [&'a str] },
    /// Small records that are no jobs take these values or are removed, and that becomes durable together (`G5`).
    /// Answered [`Reply::Done`] or [`Refusal::Unkept`]: then nothing has changed.
    Keep { records: &'a [Record] },
    /// What is done to batches.
    Batch(BatchDeed<'a>),
    /// How far a job is, and more time for it (rules `E-21`, `E-22`, `W-07`).
    Track { conn: ConnId, jid: &'a str, deed: TrackDeed<'a> },
    /// An operator frees the key of a unique job, which goes on without it. Answered [`Reply::Count`]: keys that were
    /// free already are not counted.
    FreeKey(WhichKey<'a>),
    /// What limits a queue is set by an operator, or is as the configuration says again. Answered [`Reply::Count`]: 0 where
    /// that was so already; or [`Refusal::TooManyThrottles`].
    Throttle(ThrottleDeed<'a>),
    /// An operator does something to a cron entry. Answered [`Reply::Done`], [`Reply::Jid`] where a job was pushed, or
    /// [`Refusal::UnknownCron`], or why its job is refused.
    Cron { id: &'a str, deed: CronDeed },
    /// Time has passed: see [`crate::Machine::next_due`]. Has no reply.
    Due,
}

/// What can be done to batches (rules `E-01` to `E-05`). Of a batch that is not known, all are [`Refusal::NoSuchBatch`].
#[derive(Clone, Copy, Debug)]
pub enum BatchDeed<'a> {
    /// Answered [`Reply::Bid`].
    New(Plan<'a>),
    /// Its callbacks wait for the next COMMIT. Answered [`Reply::Bid`].
    Open { bid: &'a str },
    /// Its callbacks are pushed when it has run. Answered [`Reply::Done`].
    Commit { bid: &'a str },
    /// Answered [`Reply::Batch`].
    Status { bid: &'a str },
    /// No callback comes any more; members that wait are deleted, also those of batches below it. Answered [`Reply::Count`]: the members
    /// of its own that wait.
    Cancel { bid: &'a str },
    /// What cannot come right by itself is put right: a callback whose job was deleted is pushed again, a child that is
    /// not known is not waited for. Answered [`Reply::Count`].
    Repair { bid: &'a str },
}

/// A batch as a client wants it.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    pub description: &'a str,
    /// The batch that waits for this one.
    pub parent: Option<&'a str>,
    /// What is to be pushed in the end, in the order of [`Callback::ALL`], as [`bessemer_protocol::batch::NewBatch::parse`] has
    /// checked it.
    pub callbacks: [Option<&'a str>; 3],
}

/// Which key of a unique job is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichKey<'a> {
    Key(u128),
    /// Those that the living jobs with this jid hold.
    Jid(&'a str),
}

/// What can be done about the limits of a queue, which need not be there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottleDeed<'a> {
    /// These are its limits, whatever the configuration says; one that limits nothing lifts them.
    Set { queue: &'a str, limit: Throttle },
    /// The configuration says what they are.
    Reset { queue: &'a str },
}

/// What can be done to a cron entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CronDeed {
    /// Its job is pushed now; its ticks go on as if nothing had happened.
    Run,
    /// It does not tick from now on.
    Pause,
    /// It ticks again; what would have been meanwhile is not made up for.
    Resume,
}

impl CronDeed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Run, Self::Pause, Self::Resume];

    /// As verbs, addresses and forms say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

/// A small record that is no job, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// One that [is open](Family::is_open).
    pub family: Family,
    /// 1 to [`KEPT_KEY_MAX`] bytes; records stand in the order of their keys.
    pub key: Vec<u8>,
    /// At most [`KEPT_VALUE_MAX`] bytes; `None` removes the record, if there is one.
    pub value: Option<Vec<u8>>,
}

/// What can be said and asked of one job by its jid.
#[derive(Clone, Copy, Debug)]
pub enum TrackDeed<'a> {
    /// Its worker says how far it is; what is not said stays as it was. Always [`Reply::Done`]: a job that is unknown, or whose
    /// reservation is not the caller's, gets no more time, and what was said is kept nevertheless (rule `E-21`). `desc`: cut
    /// to [`crate::limits::TRACK_DESC_MAX`] by the caller.
    Set { percent: Option<i64>, desc: Option<&'a str>, reserve_until: Option<Wall> },
    /// Answered [`Reply::Tracked`].
    Get,
    /// The caller's reservation lasts until then, at most [`crate::limits::RESERVE_MAX_S`] from now; it is never made shorter.
    /// Answered [`Reply::Done`] or [`Refusal::NotReserved`].
    Extend { until: Wall },
}

/// What can be done to queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueDeed {
    /// FETCH passes it over from now on, and PUSH does not (rule `U-03`).
    Pause,
    /// FETCH serves it again.
    Resume,
    /// Its jobs are deleted and it is forgotten: see [`Cleared::Queue`].
    Remove,
}

/// What a worker says of itself in HELLO.
#[derive(Clone, Copy, Debug)]
pub struct Hello<'a> {
    /// Not empty.
    pub wid: &'a str,
    pub hostname: &'a str,
    pub pid: i64,
    pub labels: &'a [&'a str],
    pub rss_kb: u64,
}

/// What a job that is pushed asks for beyond being run: [`Terms`] before they are agreed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asks<'a> {
    pub unique: Option<AskUnique>,
    /// See [`Terms::expires`].
    pub expires: Option<Wall>,
    /// See [`Terms::batch`].
    pub batch: Option<&'a str>,
    /// See [`Terms::callback`].
    pub callback: Option<(&'a str, Callback)>,
    /// See [`Terms::cron`].
    pub cron: Option<&'a str>,
    /// See [`Terms::tracked`].
    pub tracked: bool,
}

/// [`Asks`] with their texts owned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnAsks {
    unique: Option<AskUnique>,
    expires: Option<Wall>,
    batch: Option<Box<str>>,
    callback: Option<(Box<str>, Callback)>,
    cron: Option<Box<str>>,
    tracked: bool,
}

impl OwnAsks {
    /// Takes them over.
    pub fn of(asks: &Asks<'_>) -> Self {
        Self {
            unique: asks.unique,
            expires: asks.expires,
            batch: asks.batch.map(Into::into),
            callback: asks.callback.map(|(bid, which)| (bid.into(), which)),
            cron: asks.cron.map(Into::into),
            tracked: asks.tracked,
        }
    }

    /// Lends them.
    pub fn lend(&self) -> Asks<'_> {
        Asks {
            unique: self.unique,
            expires: self.expires,
            batch: self.batch.as_deref(),
            callback: self.callback.as_ref().map(|(bid, which)| (&**bid, *which)),
            cron: self.cron.as_deref(),
            tracked: self.tracked,
        }
    }
}

/// A key that a job asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskUnique {
    /// See [`bessemer_protocol::job::Checked::unique_key`].
    pub key: u128,
    /// Held for this long, for a scheduled job from its time on (rule `E-33`).
    pub hold: Duration,
    pub release: Release,
}

/// A job as it is pushed: checked by the protocol's rules, its envelope parsed once.
#[derive(Clone, Copy, Debug)]
pub struct Push<'a> {
    pub jid: &'a str,
    pub queue: &'a str,
    pub jobtype: &'a str,
    pub retry: i16,
    pub reserve_for: u32,
    pub on_lost: Option<OnLost>,
    /// What it asks for beyond being run.
    pub asks: Asks<'a>,
    /// Run not before.
    pub at: Option<Wall>,
    /// A failure that the producer sent along: its retry count goes on (rule `P-15`).
    pub failure: Option<Failure<'a>>,
    /// The bytes as sent, for telling a repeated push from a second job (`D5`).
    pub sent: &'a [u8],
    /// The text to store: one JSON object, compact, without `enqueued_at` and `failure`.
    pub body: &'a [u8],
}

impl<'a> Push<'a> {
    /// The part that the log's record repeats.
    pub fn head(&self, body_hash: u64, terms: Terms<'a>) -> Head<'a> {
        Head {
            jid: self.jid,
            queue: self.queue,
            jobtype: self.jobtype,
            retry: self.retry,
            reserve_for: self.reserve_for,
            on_lost: self.on_lost,
            terms,
            body_hash,
        }
    }
}

/// How far a worker process is on its way out; it only ever moves down (rule `B-04`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Fetches and works.
    #[default]
    Running,
    /// Works off what it has and fetches no more.
    Quiet,
    /// Is to end.
    Terminate,
}

/// What an operator may ask for: the owned twin of those commands that come from pages and not from a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// See [`Command::Signal`]; `None`: all workers.
    Signal { wid: Option<String>, stage: Stage },
    /// See [`Command::Requeue`].
    Requeue(Vec<JobId>),
    /// See [`Command::Delete`].
    Delete(Vec<JobId>),
    /// See [`Command::Discard`].
    Discard(Vec<JobId>),
    /// See [`Command::Restore`].
    Restore(Vec<JobId>),
    /// See [`Command::Kill`].
    Kill(Vec<JobId>),
    /// See [`Command::Release`].
    Release(Vec<JobId>),
    /// See [`Command::Move`].
    Move { jobs: Vec<JobId>, queue: String },
    /// See [`Command::Replace`].
    Replace(Box<Replacement>),
    /// See [`Command::Clear`]; the jobs that wait in a queue.
    ClearQueue(String),
    /// See [`Command::Clear`]; the jobs of a sorted set.
    ClearSet(Set),
    /// See [`Command::Queues`]; one queue.
    Queue { name: String, deed: QueueDeed },
    /// See [`Command::Keep`].
    Keep(Vec<Record>),
    /// See [`BatchDeed::Cancel`].
    CancelBatch(String),
    /// See [`BatchDeed::Repair`].
    RepairBatch(String),
    /// See [`Command::FreeKey`].
    FreeKey(u128),
    /// See [`Command::FreeKey`].
    FreeKeysOf { jid: String },
    /// See [`Command::Throttle`]; `None`: as the configuration says.
    Throttle { queue: String, limit: Option<Throttle> },
    /// See [`Command::Cron`].
    Cron { id: String, deed: CronDeed },
}

impl Action {
    /// Gives the command that does it to `submit`.
    pub fn command<R>(&self, submit: impl FnOnce(Command<'_>) -> R) -> R {
        match self {
            Self::Signal { wid, stage } => submit(Command::Signal { wid: wid.as_deref(), stage: *stage }),
            Self::Requeue(jobs) => submit(Command::Requeue { jobs }),
            Self::Delete(jobs) => submit(Command::Delete { jobs }),
            Self::Discard(jobs) => submit(Command::Discard { jobs }),
            Self::Restore(jobs) => submit(Command::Restore { jobs }),
            Self::Kill(jobs) => submit(Command::Kill { jobs }),
            Self::Release(jobs) => submit(Command::Release { jobs }),
            Self::Move { jobs, queue } => submit(Command::Move { jobs, queue }),
            Self::Replace(replacement) => replacement.lend(|edit| submit(Command::Replace { edit })),
            Self::ClearQueue(name) => submit(Command::Clear { what: Cleared::Queue(name) }),
            Self::ClearSet(set) => submit(Command::Clear { what: Cleared::Set(*set) }),
            Self::Queue { name, deed } => submit(Command::Queues { deed: *deed, names: Some(&[name]) }),
            Self::Keep(records) => submit(Command::Keep { records }),
            Self::CancelBatch(bid) => submit(Command::Batch(BatchDeed::Cancel { bid })),
            Self::RepairBatch(bid) => submit(Command::Batch(BatchDeed::Repair { bid })),
            Self::FreeKey(key) => submit(Command::FreeKey(WhichKey::Key(*key))),
            Self::FreeKeysOf { jid } => submit(Command::FreeKey(WhichKey::Jid(jid))),
            Self::Throttle { queue, limit } => submit(Command::Throttle(match limit {
                Some(limit) => ThrottleDeed::Set { queue, limit: *limit },
                None => ThrottleDeed::Reset { queue },
            })),
            Self::Cron { id, deed } => submit(Command::Cron { id, deed: *deed }),
        }
    }
}
