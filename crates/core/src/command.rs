//! Commands: what can be asked of the core, and what it answers.
//!
//! A command gets a [`Ticket`]; its [`Reply`] comes under that ticket out of the same turn or a later one, since a
//! FETCH may be settled by somebody else's PUSH.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bessemer_protocol::text::quote;
use bytes::Bytes;

use crate::batch::BatchView;
use crate::edit::{Edit, Replacement, in_queue};
use crate::fact::{Callback, Cleared, Failure, Family, Head, JobId, OnLost, Order, Release, Span, Terms};
use crate::limits::{BATCH_DEPTH_MAX, KEEP_BYTES_MAX, KEPT_KEY_MAX, KEPT_VALUE_MAX, SLICE_MAX};
use crate::query::{Info, Set, Tracked};
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

/// One handing-out of one job; a second handing-out of it is another delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Delivery(pub u64);

/// The token of a delivery (`G9`): when the job was taken, and its place in its queue. No other delivery of the same jid
/// has the same, also after a restart. Clients that ask for it are told its text, and may send it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub since: Wall,
    pub order: Order,
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.since.0, self.order.0)
    }
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// It is so.
    Done,
    /// There is no job.
    Nothing,
    /// A job, reserved for the asker.
    Job(Box<Handout>),
    /// The outcome of each job of a bulk push, in order.
    Pushed(Vec<Result<(), Refusal>>),
    /// How many jobs or workers the command reached.
    Count(u64),
    /// The job that was pushed.
    Jid(Box<str>),
    /// What the worker is to do.
    State(Stage),
    /// How long the next job of each queue has waited, by name; nothing for queues that are empty or unknown.
    Latencies(BTreeMap<Box<str>, Duration>),
    /// The server's figures.
    Info(Box<Info>),
    /// The name of a batch.
    Bid(Box<str>),
    /// How a batch stands.
    Batch(Box<BatchView>),
    /// What is known of a job by its jid.
    Tracked(Box<Tracked>),
    /// Nothing changed.
    Refused(Refusal),
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// FAIL for a job that the caller may not end (rule `A-12`).
    NotReserved(Box<str>),
    /// BEAT for a worker that no living connection introduced (rule `B-02`).
    UnknownWorker(Box<str>),
    /// One queue too many; the limit.
    TooManyQueues(usize),
    /// One worker too many; the limit.
    TooManyWorkers(usize),
    /// A PUSH while the disk is full (`G13`). Said by engines; the machine knows no disk.
    DiskFull,
    /// Records that cannot be kept.
    Unkept(Unkept),
    /// There is no batch of this name (any more).
    NoSuchBatch(Box<str>),
    /// It takes nothing in any more.
    BatchCancelled(Box<str>),
    /// One batch too many; the limit.
    TooManyBatches(usize),
    /// A batch below too many others.
    BatchTooDeep,
    /// A callback that was not checked before.
    BadCallback(Callback),
    /// A PUSH of a unique job whose key, this one, another holds (rule `E-30`).
    NotUnique(u128),
    /// One more unique key that is to be held until its time is over; the limit ([`crate::Rules::unique_max`]).
    TooManyKeys(usize),
    /// Limits for one queue too many; the limit.
    TooManyThrottles(usize),
    /// No cron entry has this id.
    UnknownCron(Box<str>),
}

/// Why records cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unkept {
    /// Only the machine writes to this family.
    NotOpen(Family),
    /// A key of so many bytes.
    Key(usize),
    /// A value of so many bytes.
    Value(usize),
    /// So many records in one command, of so many bytes.
    Command { records: usize, bytes: usize },
    /// All records together would take more than these bytes ([`crate::Rules::kept_max`]).
    Full(usize),
}

impl fmt::Display for Unkept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotOpen(family) => write!(f, "{} are written by the server alone", family.as_str()),
            Self::Key(len) => write!(f, "a record's key has 1 to {KEPT_KEY_MAX} bytes, not {len}"),
            Self::Value(len) => write!(f, "a record of {len} bytes, limit {KEPT_VALUE_MAX}"),
            Self::Command { records, bytes } => {
                write!(
                    f,
                    "{records} records of {bytes} bytes at once, limits {SLICE_MAX} and {KEEP_BYTES_MAX}"
                )
            }
            Self::Full(limit) => write!(f, "no room for more records, limit {limit} bytes"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotReserved(jid) => write!(f, "Job not found {}", quote(jid)),
            Self::UnknownWorker(wid) => write!(f, "Unknown worker {}", quote(wid)),
            Self::TooManyQueues(limit) => write!(f, "too many queues, limit {limit}"),
            Self::TooManyWorkers(limit) => write!(f, "too many workers, limit {limit}"),
            Self::DiskFull => f.write_str("disk full, not accepting jobs"),
            Self::Unkept(why) => why.fmt(f),
            Self::NoSuchBatch(bid) => write!(f, "No such batch {}", quote(bid)),
            Self::BatchCancelled(bid) => write!(f, "batch {} was cancelled", quote(bid)),
            Self::TooManyBatches(limit) => write!(f, "too many batches, limit {limit}"),
            Self::BatchTooDeep => write!(f, "batches nested too deeply, limit {BATCH_DEPTH_MAX}"),
            Self::BadCallback(which) => write!(f, "invalid {} callback", which.as_str()),
            Self::NotUnique(_) => f.write_str("Job not unique"),
            Self::TooManyKeys(limit) => {
                write!(f, "too many unique keys that are held until expiry, limit {limit}")
            }
            Self::TooManyThrottles(limit) => write!(f, "too many throttles, limit {limit}"),
            Self::UnknownCron(id) => write!(f, "Unknown cron entry {}", quote(id)),
        }
    }
}

/// A text that an engine keeps: where it is, or what it says. The machine knows only the former; an engine reads
/// it before the reply leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// Not read yet.
    At(Span),
    /// Not read yet, of a job that an operator moved: its `queue` is this one, whatever stands there.
    Moved { at: Span, queue: Arc<str> },
    /// Read.
    Read(Bytes),
}

impl Text {
    /// The text.
    ///
    /// # Panics
    /// When no engine has read it: a reply or an answer that left its engine unfinished.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Read(bytes) => bytes,
            Self::At(span) | Self::Moved { at: span, .. } => {
                panic!("the text at {} was not read by its engine", span.at)
            }
        }
    }

    /// Where the text is, if it has not been read.
    pub fn unread(&self) -> Option<Span> {
        match self {
            Self::At(span) | Self::Moved { at: span, .. } => Some(*span),
            Self::Read(_) => None,
        }
    }

    /// An engine has read what stands there.
    pub fn fill(&mut self, stored: Bytes) {
        let edited = if let Self::Moved { queue, .. } = self { in_queue(&stored, queue) } else { None };
        *self = Self::Read(edited.map_or(stored, Bytes::from));
    }
}

/// A job on its way to a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Handout {
    pub delivery: Delivery,
    pub lease: Lease,
    pub body: Text,
    /// The body of the job that is next in this job's queue: an engine may have it at hand by the next FETCH.
    pub next: Option<Span>,
    pub enqueued_at: Wall,
    pub failure: Option<FailureView>,
}

/// The last failure of a job, as replies and pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureView {
    pub retry_count: u32,
    pub remaining: i32,
    pub failed_at: Wall,
    pub next_at: Option<Wall>,
    /// See [`Failure::text`].
    pub text: Text,
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
