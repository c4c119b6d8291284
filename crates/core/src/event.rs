//! Events: what observers may want to know. Volatile; metrics, logs and live pages hang on them, in one place.

use std::sync::Arc;
use std::time::Duration;

use crate::cron::Ran;
use crate::fact::{Ending, JobId, Span};
use crate::time::Wall;

/// Something worth telling. Job contents are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An attempt at a job ended; exactly one is told for each that began, but those that a FLUSH forgot.
    Attempt(Attempt),
    /// A job ended other than by ACK.
    Discarded { id: JobId, why: Ending },
    /// A job went to the dead set after its last retry, by an operator, or as poison.
    Died { id: JobId, poison: bool },
    /// A worker was lost and this many of its jobs were taken back.
    WorkerLost { wid: Box<str>, jobs: usize },
    /// A reservation expired.
    Expired { id: JobId },
    /// Something that is only counted. `text`: where the job's text is, as long as that is kept.
    Counted { what: Counted, queue: Arc<str>, jobtype: Arc<str>, at: Wall, text: Span },
    /// A cron entry came to its tick, this one or the last of so many. `again`: it came to the same the time before.
    Cron { id: Box<str>, tick: Wall, ticks: u32, ran: Ran, note: Box<str>, again: bool },
    /// All jobs were deleted at one stroke (`N-03`), and what came of them is forgotten.
    Flushed,
}

/// What happened to a job that was in nobody's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It was dropped, because its time was over (rule `E-40`).
    Expired,
    /// It came with a unique key, and got it (rule `E-30`).
    Locked,
    /// It came with a unique key that another job holds, and was refused.
    Denied,
}

/// A job was in somebody's hands, and is no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub id: JobId,
    /// As the worker named it; `None` where nobody did.
    pub jid: Option<Box<str>>,
    // Names of the machine's own: a clone costs a count, and no copy.
    pub queue: Arc<str>,
    pub jobtype: Arc<str>,
    /// Empty: a connection that is no worker.
    pub wid: Arc<str>,
    pub enqueued_at: Wall,
    pub started_at: Wall,
    pub ended_at: Wall,
    pub outcome: Outcome,
    /// The kind of error that the worker reported, and that of a reservation that expired.
    pub error: Option<Box<str>>,
    /// What the worker said of an error whose job is not kept, [`LAST_WORDS_MAX`](crate::limits::LAST_WORDS_MAX) of it.
    pub message: Option<Box<str>>,
}

impl Attempt {
    /// How long it stood in its queue.
    pub fn wait(&self) -> Duration {
        self.started_at.since(self.enqueued_at)
    }

    /// How long it was in somebody's hands.
    pub fn run(&self) -> Duration {
        self.ended_at.since(self.started_at)
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// ACK.
    Done,
    /// FAIL, and it will be tried again.
    Failed,
    /// FAIL, and there are no retries left: it is dead.
    Died,
    /// FAIL, and it is not to be kept (`retry: 0`).
    Discarded,
    /// Its reservation expired, which counts as a failure (rule `W-05`).
    Expired,
    /// Its worker was lost (`D4`): no attempt in the counters.
    Lost,
    /// An operator took it from its worker: no attempt in the counters.
    Released,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Done, Self::Failed, Self::Died, Self::Discarded, Self::Expired, Self::Lost, Self::Released];

    /// As addresses, scripts and metrics say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Died => "died",
            Self::Discarded => "discarded",
            Self::Expired => "expired",
            Self::Lost => "lost",
            Self::Released => "released",
        }
    }

    /// Whether the counters take it for a failure (rule `R-01`).
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Died | Self::Discarded | Self::Expired)
    }
}
