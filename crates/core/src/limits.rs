//! The limits of the core, each with its reason. Those that an operator may set are fields of [`Rules`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::cron::CronEntry;
use crate::fact::OnLost;
use crate::throttle::Throttle;

/// Jobs on one page of an answer at most: a page must not hold up the engine's thread.
pub const PAGE_MAX: usize = 100;

/// Jobs of one jid that an answer shows at most; each may have a body of 16 MiB.
pub const SAME_JID_MAX: usize = 10;

/// Ids in one answer to [`crate::query::Query::SetIds`] at most, jobs that one [`crate::query::Scan`] looks at, jobs that one
/// operator's command may name, and records in one [`crate::Command::Keep`] or one answer to [`crate::query::Query::Kept`].
pub const SLICE_MAX: usize = 1_000;

/// Queues that are shown of a worker at most.
pub const WORKER_QUEUES_MAX: usize = 256;
/// What one piece of a pass over all jobs may cost: one for each place of the table, and more for what is found there. At
/// some 10 ns each a piece takes 50 µs of the engine's thread.
pub const SIFT_MAX: usize = 4_096;

/// Jobs that are passed over at once on the way to a page far down.
pub const SKIP_MAX: usize = 10_000;

/// Bytes of job bodies in one piece of a walk that shows jobs whole; a larger one comes alone.
pub const SCAN_TEXT_MAX: usize = 8 << 20;

/// Bytes of the key of a record that is [kept](crate::fact::Family::KEPT): as long as a jid or a queue's name.
pub const KEPT_KEY_MAX: usize = 255;

/// Bytes of its value: it is told again whole, in the batch of others.
pub const KEPT_VALUE_MAX: usize = 64 << 10;

/// What it counts beside its key and its value (see [`Rules::kept_max`]): about what memory takes to find it.
pub const KEPT_RECORD_BYTES: usize = 128;

/// Bytes of keys and values in one [`crate::Command::Keep`]: as much as a turn gathers anyway.
pub const KEEP_BYTES_MAX: usize = 4 << 20;

/// Bytes of keys and values in an answer to [`crate::query::Query::Kept`]; a larger record comes alone.
pub const KEPT_ANSWER_MAX: usize = 1 << 20;

/// Entries that one [`crate::Command::Due`] handles at most, so that a million due jobs do not stall the others; the
/// rest is due at once again.
pub const DUE_SLICE: usize = 1_000;

/// Shortest and longest reservation in seconds, and the one of a job that names none (rules `W-02`, `W-03`).
pub const RESERVE_MIN_S: u32 = 60;
/// See [`RESERVE_MIN_S`].
pub const RESERVE_MAX_S: u32 = 86_400;
/// See [`RESERVE_MIN_S`].
pub const RESERVE_DEFAULT_S: u32 = 1_800;

/// Jobs at once, jobs per span and tokens that a throttle may name at most: more is no limit.
pub const THROTTLE_MAX: u32 = 1_000_000;

/// The longest span that a throttle may name, in seconds: 31 days.
pub const THROTTLE_SPAN_MAX_S: u32 = 31 * 86_400;

/// Workers that are shown of those who hold the slots of a throttle.
pub const THROTTLE_HOLDERS_MAX: usize = 20;

/// A retry waits at most this long; count⁴ would grow beyond any calendar.
pub const RETRY_DELAY_MAX: Duration = Duration::from_secs(365 * 86_400);

/// What was discarded is kept no longer than this: until it is gone it takes its memory, and nobody sees it.
pub const DISCARD_UNDO_MAX: Duration = Duration::from_secs(86_400);

/// A batch that is open waits for its COMMIT this long (rule `E-12`, `D19`).
pub const BATCH_OPEN_FOR: Duration = Duration::from_secs(30 * 60);

/// Batches one below the other at most (`D23`): what a member does may change them all in one command.
pub const BATCH_DEPTH_MAX: u32 = 1_000;
/// What is said of a job by TRACK is known for this long after the last word, and so is how a job ended that asks for it
/// (rule `E-24`).
pub const TRACK_FOR: Duration = Duration::from_secs(30 * 60);

/// Bytes of what a worker said of a failure that are told of a job that is not kept: nothing else knows them.
pub const LAST_WORDS_MAX: usize = 200;

/// Characters of a description in TRACK SET; what is beyond is cut, as with an error's message (rule `A-13`).
pub const TRACK_DESC_MAX: usize = 1_000;

/// Bytes of the schedule of a cron entry: more than anybody writes.
pub const CRON_SCHEDULE_MAX: usize = 256;

/// Bytes of the id of a cron entry: jids are made of it, with a time behind it.
pub const CRON_ID_MAX: usize = 100;

/// Bytes of the job of a cron entry, as it is stored: it is in memory, and comes again with each tick.
pub const CRON_JOB_MAX: usize = 64 << 10;

/// Seconds from tick to tick that `@every` may ask for: a leap year.
pub const CRON_EVERY_MAX_S: u32 = 366 * 86_400;

/// Seconds by which ticks of a cron entry may be spread.
pub const CRON_JITTER_MAX_S: u32 = 3_600;

/// Runs of a cron entry that are remembered. As bytes they are a tenth of [`KEPT_VALUE_MAX`].
pub const CRON_RUNS_MAX: usize = 100;

/// Missed ticks that are made up for at most where all are asked for: the latest.
pub const CRON_CATCH_UP_MAX: usize = 100;

/// Ticks that were skipped are counted up to here.
pub const CRON_SKIPPED_MAX: u32 = 1_000;

/// Ticks that one [`crate::Command::Due`] runs, about, so that a thousand entries at midnight do not stall the others.
pub const CRON_SLICE: usize = 100;

/// A tick that is late by no more was not missed: a restart takes that long.
pub const CRON_GRACE: Duration = Duration::from_secs(60);

/// What is known of a cron entry is forgotten this long after the configuration has lost it.
pub const CRON_FORGET: Duration = Duration::from_secs(30 * 86_400);

/// Days of history kept.
pub const HISTORY_DAYS: usize = 180;

/// What an operator may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A worker without a connection for this long is lost (`D4`). Default 60 s.
    pub lost_worker_grace: Duration,
    /// A job lost this often within [`Rules::lost_worker_window`] is poison and dies. Default 3.
    pub max_lost_workers: u32,
    /// See [`Rules::max_lost_workers`]. Default 72 h.
    pub lost_worker_window: Duration,
    /// What becomes of a lost worker's jobs that do not say. Default [`OnLost::Requeue`].
    pub on_lost: OnLost,
    /// After a restart or a stall nobody is judged for this long (`D9`). Default 30 s.
    pub restart_grace: Duration,
    /// A turn that took longer than this was a stall (`D9`). Default 5 s.
    pub stall: Duration,
    /// A worker that has not beaten for this long leaves the Busy page (`D4`). Default 60 s.
    pub silent_after: Duration,
    /// A job is dead for this long (rule `R-05`). Default 180 days.
    pub dead_age: Duration,
    /// Jobs in the dead set; the oldest go (`D28`). Default 1,000,000.
    pub dead_max: usize,
    /// What an operator discards can be taken back for this long; 0: it is gone at once. Default 60 s.
    pub discard_undo: Duration,
    /// Known queues. Default 10,000.
    pub queues_max: usize,
    /// Known workers. Default 10,000.
    pub workers_max: usize,
    /// What limits queues, by their names, as the configuration says. An operator's word stands above it.
    pub throttles: BTreeMap<Box<str>, Throttle>,
    /// Queues that have limits, by the configuration or by an operator. Default 1,000.
    pub throttles_max: usize,
    /// Bytes of all records that are [kept](crate::fact::Family::KEPT): keys, values and [`KEPT_RECORD_BYTES`] for each.
    /// All are in memory. Default 64 MiB.
    pub kept_max: usize,
    /// Known batches; those that are over make room. Default 100,000.
    pub batches_max: usize,
    /// A batch is known for this long after all of it is over. Default 24 h.
    pub batch_keep: Duration,
    /// Jobs of which is kept what TRACK said or how they ended; the oldest go. Default 100,000.
    pub tracks_max: usize,
    /// Unique keys that are held until their time is over, whatever becomes of their jobs (rule `E-32`): a key that is told
    /// to stay must not go early, so one too many is refused. Default 1,000,000.
    pub unique_max: usize,
    /// Jobs that are pushed by the clock, in the order of their ids. Default: none.
    pub cron: Arc<[CronEntry]>,
    /// An identical push within this time of the first is the same push (`D5`). Default 60 s.
    pub repush_window: Duration,
    /// Ended jobs that this is remembered for; the oldest go. Default 100,000.
    pub repush_max: usize,
}

impl Default for Rules {
    fn default() -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            lost_worker_grace: Duration::from_secs(60),
            max_lost_workers: 3,
            lost_worker_window: 3 * day,
            on_lost: OnLost::Requeue,
            restart_grace: Duration::from_secs(30),
            stall: Duration::from_secs(5),
            silent_after: Duration::from_secs(60),
            dead_age: 180 * day,
            dead_max: 1_000_000,
            discard_undo: Duration::from_secs(60),
            queues_max: 10_000,
            workers_max: 10_000,
            throttles: BTreeMap::new(),
            throttles_max: 1_000,
            kept_max: 64 << 20,
            batches_max: 100_000,
            batch_keep: day,
            tracks_max: 100_000,
            unique_max: 1_000_000,
            cron: Arc::default(),
            repush_window: Duration::from_secs(60),
            repush_max: 100_000,
        }
    }
}
