//! What a command is answered, and what a delivery is called; the commands themselves stand one room up.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bessemer_protocol::text::quote;
use bytes::Bytes;

use super::Stage;
use crate::batch::BatchView;
use crate::edit::in_queue;
use crate::fact::{Callback, Family, Order, Span};
use crate::limits::{BATCH_DEPTH_MAX, KEEP_BYTES_MAX, KEPT_KEY_MAX, KEPT_VALUE_MAX, SLICE_MAX};
use crate::query::{Info, Tracked};
use crate::time::Wall;

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
    /// See [`Failure::text`](crate::fact::Failure::text).
    pub text: Text,
}
