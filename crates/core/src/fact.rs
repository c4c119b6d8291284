//! Facts: what happened, in the words of the log.
//!
//! A command is a wish and may be refused; a fact is its outcome. Only facts are stored, and replay runs no policy, so
//! a newer binary cannot read an old log differently. [`crate::Machine`] changes its state by facts alone: the same
//! function takes them while serving and while recovering.
//!
//! The rule for changing this file: a variant or a field is never given another meaning. New ones are added with a
//! new tag in the store's `record.rs`, and the format version in its `segment.rs` says from when on.

use crate::query::Set;
use crate::time::Wall;

/// The store's own name of a job; clients know the `jid`, which need not be unique. The low half is its slot in the
/// machine's table, so that replay needs no index; the high half counts the jobs that ever came, and tells two jobs
/// in one slot apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// A place in the order of a queue: smaller leaves first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order(pub i64);

/// Where an engine keeps a text (a job's body, a failure's text). Opaque to the core, which only carries it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The engine's address of the first byte.
    pub at: u64,
    /// Length in bytes.
    pub len: u32,
}

/// What the core must know of a job at all times; everything else is in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// The client's id, 8 to 255 bytes.
    pub jid: &'a str,
    /// The queue it belongs to in every state.
    pub queue: &'a str,
    /// The type, which the worker maps to code.
    pub jobtype: &'a str,
    /// How often a failure may be retried; 0: discarded on failure, -1: straight to dead (rule `R-03`).
    pub retry: i16,
    /// Seconds a worker may keep it, 60 to 86,400 (rule `W-03`).
    pub reserve_for: u32,
    /// What becomes of it when its worker is lost; `None`: the server's default (`D4`).
    pub on_lost: Option<OnLost>,
    /// What it asks for beyond being run.
    pub terms: Terms<'a>,
    /// A keyed hash of the bytes that the producer sent, for the safe re-push (`D5`).
    pub body_hash: u64,
}

/// What a job asks for beyond being run; nearly all ask for nothing. Part of the job's own record, so that nothing of it
/// can outlive the job, or be forgotten before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms<'a> {
    /// What no second job may have while this one holds it (rule `E-30`).
    pub unique: Option<Unique>,
    /// Not handed out from then on (rule `E-40`).
    pub expires: Option<Wall>,
    /// The batch that it is a member of (rule `E-02`).
    pub batch: Option<&'a str>,
    /// The batch whose callback it is, and which of them (rule `E-10`).
    pub callback: Option<(&'a str, Callback)>,
    /// The cron entry that made it (rule `E-50`).
    pub cron: Option<&'a str>,
    /// Known for a while after its end (rule `E-20`, decision `D21`).
    pub tracked: bool,
}

/// [`Terms`] with their texts owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTerms {
    pub unique: Option<Unique>,
    pub expires: Option<Wall>,
    pub batch: Option<Box<str>>,
    pub callback: Option<(Box<str>, Callback)>,
    pub cron: Option<Box<str>>,
    pub tracked: bool,
}

impl OwnTerms {
    /// Takes them over.
    pub fn of(terms: &Terms<'_>) -> Self {
        Self {
            unique: terms.unique,
            expires: terms.expires,
            batch: terms.batch.map(Into::into),
            callback: terms.callback.map(|(bid, which)| (bid.into(), which)),
            cron: terms.cron.map(Into::into),
            tracked: terms.tracked,
        }
    }

    /// Lends them.
    pub fn terms(&self) -> Terms<'_> {
        Terms {
            unique: self.unique,
            expires: self.expires,
            batch: self.batch.as_deref(),
            callback: self.callback.as_ref().map(|(bid, which)| (&**bid, *which)),
            cron: self.cron.as_deref(),
            tracked: self.tracked,
        }
    }
}

/// The key of a unique job (rules `E-30` to `E-34`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unique {
    /// See [`bessemer_protocol::job::Checked::unique_key`].
    pub key: u128,
    /// Free from then on in any case.
    pub until: Wall,
    pub release: Release,
}

/// When a unique job gives up its key before its time is over (`custom.unique_until`, rule `E-32`). Whatever it says, the key is
/// free when the job is no more without having succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// When it is ACKed.
    #[default]
    Success,
    /// When it is fetched.
    Start,
    /// Not before; also if it has succeeded long ago.
    Expiry,
}

/// The callbacks of a batch (rule `E-01`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Callback {
    /// Every member was ACKed.
    Success,
    /// Every member was run once.
    Complete,
    /// The first of its members died.
    Death,
}

impl Callback {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Success, Self::Complete, Self::Death];

    /// As it is called in BATCH NEW.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Complete => "complete",
            Self::Death => "death",
        }
    }
}

/// What becomes of a job whose worker is lost (`custom.on_lost`, `D4`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLost {
    /// Back to the head of its queue, no retry spent.
    Requeue,
    /// Waits until its reservation expires, as with Faktory.
    Wait,
    /// Straight to the dead set.
    Dead,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// In its queue since then.
    Queued { since: Wall },
    /// Waits for its first run, pushed with an `at` in the future.
    Scheduled { at: Wall },
    /// Failed, and is tried again then.
    Retrying { at: Wall },
    /// Given up; removed then.
    Dead { until: Wall },
    /// Reserved. An empty `wid`: by a connection that is no worker.
    Working { wid: &'a str, since: Wall, until: Wall },
    /// Discarded by an operator; gone for good then, unless it is put back to where it stood.
    Discarded { until: Wall, was: Stood },
}

/// Where a discarded job stood, in the words of [`Standing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stood {
    Queued { since: Wall },
    Scheduled { at: Wall },
    Retrying { at: Wall },
    Dead { until: Wall },
}

impl From<Stood> for Standing<'_> {
    fn from(was: Stood) -> Self {
        match was {
            Stood::Queued { since } => Self::Queued { since },
            Stood::Scheduled { at } => Self::Scheduled { at },
            Stood::Retrying { at } => Self::Retrying { at },
            Stood::Dead { until } => Self::Dead { until },
        }
    }
}

/// The last failure of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// 0 after the first failure (rule `R-02`).
    pub retry_count: u32,
    /// Retries left; -1 for a job with `retry: -1`.
    pub remaining: i32,
    /// When it failed first.
    pub failed_at: Wall,
    /// When it is (or was last) to be tried again.
    pub next_at: Option<Wall>,
    /// The members `errtype`, `message` and `backtrace` as one JSON object, cut to the limits of rule `A-13`.
    pub text: &'a [u8],
}

/// Why a job is no more (`G3`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// A worker ACKed it: counts as processed.
    Acked,
    /// It failed and had `retry: 0`: counts as processed and failed.
    Failed,
    /// Its worker was lost and it had `retry: 0`: it is never delivered twice.
    Lost,
    /// An operator deleted it, or discarded it and did not take that back in time.
    Deleted,
    /// It was dead for longer than the dead set keeps jobs.
    DeadAge,
    /// The dead set was full and it was the oldest.
    DeadLimit,
    /// It was not run in time (rule `E-40`).
    Expired,
}

/// A family of small records that are no jobs. There are two kinds.
///
/// The first few are handfuls: all of them are told again at the beginning of every segment. Those of
/// [`Family::KEPT`] come in numbers and are treated like jobs: a record lives where it was told last, and is told again
/// when that part of the log is cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Key: empty. Value: processed and failed since the last flush, the next job id, the next orders; little-endian.
    Counters,
    /// Key: a day as decimal days since 1970. Value: processed and failed on it.
    Day,
    /// Key: empty. Value: what the safe re-push (`D5`) knows: the count of marks, each mark (a time, and the number of
    /// the first job that came then or later), and each job that ended lately (until when it is remembered, the hashes
    /// of its jid and its bytes); little-endian.
    Recent,
    /// Key: the name of a queue. Value: one byte of flags, bit 0: paused.
    Queue,
    /// Kept. What was measured of jobs over a span of time. Key and value are those of who measures, as with all that
    /// follow.
    Statistic,
    /// Kept. Something that operators remember of a moment, like a deploy.
    Mark,
    /// Kept. What a script may do, and by what it is known.
    Token,
    /// Kept. Who has changed what.
    Audit,
    /// Kept. A batch, see `machine/batches.rs`.
    Batch,
    /// Kept. A unique key that outlives its job, see `machine/unique.rs`.
    Unique,
    /// Kept. How far a job says that it is, and how it ended, see `machine/track.rs`.
    Track,
    /// Kept. What operators have set for a queue in the place of the configuration, see `machine/throttle.rs`.
    Throttle,
    /// Kept. What a cron entry has done and whether it is paused, see `machine/cron.rs`.
    Cron,
}

impl Family {
    /// Those whose records come in numbers. A family that is added here is told again, recovered, copied and cleaned
    /// like the others; whether anybody but the machine may write to it is [`Family::is_open`]'s to say.
    pub const KEPT: [Self; 9] = [
        Self::Statistic,
        Self::Mark,
        Self::Token,
        Self::Audit,
        Self::Batch,
        Self::Unique,
        Self::Track,
        Self::Throttle,
        Self::Cron,
    ];

    /// Whether its records come in numbers: see [`Family::KEPT`].
    pub fn is_kept(self) -> bool {
        !matches!(self, Self::Counters | Self::Day | Self::Recent | Self::Queue)
    }

    /// Whether [`crate::Command::Keep`] may change its records: the machine has no rule about them.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Statistic | Self::Mark | Self::Token | Self::Audit)
    }

    /// Whether its records came of jobs, and so go when all jobs go ([`Cleared::Everything`]). What people have said
    /// and done stays.
    pub fn comes_of_jobs(self) -> bool {
        match self {
            Self::Counters | Self::Day | Self::Recent | Self::Queue | Self::Statistic => true,
            Self::Batch | Self::Unique | Self::Track => true,
            Self::Mark | Self::Token | Self::Audit | Self::Throttle | Self::Cron => false,
        }
    }

    /// As refusals say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counters => "counters",
            Self::Day => "days",
            Self::Recent => "recent jobs",
            Self::Queue => "queues",
            Self::Statistic => "statistics",
            Self::Mark => "marks",
            Self::Token => "tokens",
            Self::Audit => "audit",
            Self::Batch => "batches",
            Self::Unique => "unique keys",
            Self::Track => "progress",
            Self::Throttle => "throttles",
            Self::Cron => "cron",
        }
    }
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact<'a> {
    /// A job entered the store at `at`, or is told again whole because its first record is given up (then without).
    Put { id: JobId, order: Order, at: Option<Wall>, head: Head<'a>, standing: Standing<'a>, body: &'a [u8] },
    /// A job stands elsewhere now: fetched, promoted, requeued, killed, discarded, restored.
    Set { id: JobId, order: Order, standing: Standing<'a> },
    /// A job failed. `counted`: this was an attempt at `at` (rule `R-01`); else the failure is only told again.
    Fail { id: JobId, order: Order, at: Wall, counted: bool, failure: Failure<'a>, standing: Standing<'a> },
    /// The job's worker was lost at `at`. `blamed`: it counts towards poison (`D4`).
    Lost { id: JobId, order: Order, at: Wall, blamed: bool, standing: Standing<'a> },
    /// A job belongs to another queue from now on, whatever its body says.
    Move { id: JobId, order: Order, queue: &'a str, standing: Standing<'a> },
    /// A job is no more.
    End { id: JobId, at: Wall, why: Ending },
    /// A small record has this value from now on; without one it is gone.
    Keep { family: Family, key: &'a [u8], value: Option<&'a [u8]> },
    /// All that stands there is deleted, at one stroke: however much it is, a crash leaves it done or not (`G5`).
    Clear(Cleared<'a>),
}

impl From<bessemer_protocol::job::OnLost> for OnLost {
    fn from(said: bessemer_protocol::job::OnLost) -> Self {
        use bessemer_protocol::job::OnLost as Said;
        match said {
            Said::Requeue => Self::Requeue,
            Said::Wait => Self::Wait,
            Said::Dead => Self::Dead,
        }
    }
}

/// What is deleted at one stroke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleared<'a> {
    /// Jobs in every state, queues, counters, history and what else came of jobs, as by FLUSH (rule `N-03`). Numbers that
    /// were given to jobs are not given again.
    Everything,
    /// The jobs that wait in a queue, and the queue: nobody knows of it any more (rule `U-04`).
    Queue(&'a str),
    /// The jobs of a sorted set.
    Set(Set),
}

impl<'a> Fact<'a> {
    /// The same fact, but the job stands elsewhere after it. Facts about no place stay as they are.
    #[must_use]
    pub fn standing<'s>(self, new: Standing<'s>) -> Fact<'s>
    where
        'a: 's,
    {
        let mut fact: Fact<'s> = self;
        match &mut fact {
            Fact::Put { standing, .. }
            | Fact::Set { standing, .. }
            | Fact::Fail { standing, .. }
            | Fact::Lost { standing, .. }
            | Fact::Move { standing, .. } => *standing = new,
            Fact::End { .. } | Fact::Keep { .. } | Fact::Clear(_) => {}
        }
        fact
    }
}

impl Fact<'_> {
    /// Whether the engine has to say where it keeps it: something will ask for that place, or has to give it back.
    pub fn has_place(&self) -> bool {
        match self {
            Self::Put { .. } | Self::Fail { .. } => true,
            Self::Keep { family, value, .. } => family.is_kept() && value.is_some(),
            Self::Set { .. } | Self::Lost { .. } | Self::Move { .. } | Self::End { .. } | Self::Clear(_) => {
                false
            }
        }
    }
}

/// Takes facts down, in order. The engine's side of [`crate::Machine::apply`].
pub trait Facts {
    /// Takes down one fact and says where its text (the body, or the failure's text) will be found, or where a kept
    /// record stands as a whole; a fact that [has no place](Fact::has_place) gets [`Span::default`].
    fn record(&mut self, fact: &Fact<'_>) -> Span;

    /// What is at `span` is no longer needed: its job ended, failed again or is told elsewhere; the record was replaced,
    /// removed or is told elsewhere.
    fn release(&mut self, span: Span);
}
