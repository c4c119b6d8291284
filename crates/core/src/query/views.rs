//! One job, queue, limit, cron entry, key or worker, as operators see it.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::Where;
use crate::command::{FailureView, Stage, Text};
use crate::cron::{Missed, Ran, Schedule};
use crate::fact::{JobId, Release, Standing, Stood};
use crate::throttle::Throttle;
use crate::time::Wall;

/// What the worker of a job has said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// 0 to 100.
    pub percent: Option<i64>,
    /// At most [`crate::limits::TRACK_DESC_MAX`] characters.
    pub desc: Option<Box<str>>,
    pub updated_at: Wall,
}

/// What is known of a job by its jid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracked {
    pub state: TrackState,
    /// With the moment at which anything about it changed last.
    pub progress: Progress,
    /// Whether anything is known.
    pub known: bool,
}

/// Where a job is, in the words that clients know (rule `E-23`), the nearest to a worker first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrackState {
    Working,
    /// In its queue, or scheduled.
    Enqueued,
    /// It failed and waits for its next run, or ended without having succeeded.
    Failed,
    /// In the dead set, or left it by age.
    Dead,
    Success,
    /// Never seen, or forgotten.
    #[default]
    Unknown,
}

impl TrackState {
    /// As it is on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Enqueued => "enqueued",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Success => "success",
            Self::Unknown => "unknown",
        }
    }
}

/// A queue as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueView {
    pub name: String,
    pub size: u64,
    pub paused: bool,
    /// No worker gets a job of it, since a limit of all together is reached.
    pub full: bool,
    /// How long the next job has waited.
    pub latency: Duration,
    /// Jobs of this queue in workers' hands.
    pub working: u64,
    /// Jobs that came into it since the process started, also those that came back, and those that went straight to a
    /// worker who waited.
    pub pushed: u64,
    /// Jobs that left it since the process started, to whatever place.
    pub left: u64,
}

/// What limits a queue, and what of it is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottleView {
    /// Its name; the queue need not be there yet.
    pub queue: String,
    /// What is in force.
    pub limit: Throttle,
    /// What the configuration says.
    pub configured: Option<Throttle>,
    /// An operator has set what is in force.
    pub is_set: bool,
    pub paused: bool,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs in workers' hands: the slots that are taken.
    pub working: u64,
    /// FETCHes that wait for a job of it.
    pub fetches: u64,
    /// Workers with jobs of it.
    pub workers: u64,
    /// The wids of those with most, and how many each has; [`crate::limits::THROTTLE_HOLDERS_MAX`] at most.
    pub holders: Vec<(String, u64)>,
    /// Jobs that may be begun at once, where there is a rate.
    pub tokens: Option<u32>,
    /// When the next one may be, where none may.
    pub next_token: Option<Duration>,
}

impl ThrottleView {
    /// Whether nobody gets a job of it now.
    pub fn is_full(&self) -> bool {
        self.limit.concurrency.is_some_and(|most| self.working >= most.into()) || self.tokens == Some(0)
    }
}

/// A cron entry as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronView {
    pub id: String,
    pub schedule: Schedule,
    pub zone: TimeZone,
    pub missed: Missed,
    /// Seconds.
    pub jitter: u32,
    pub enabled: bool,
    pub paused: bool,
    pub queue: String,
    pub jobtype: String,
    /// When it is run next; none: never, as things stand.
    pub next: Option<Wall>,
    /// Latest first.
    pub runs: Vec<CronRun>,
}

/// A run of a cron entry, or ticks that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronRun {
    /// The tick; of several the last.
    pub tick: Wall,
    /// When its job was pushed, or the ticks were given up.
    pub at: Wall,
    pub by_hand: bool,
    /// How many ticks it stands for, counted up to [`crate::limits::CRON_SKIPPED_MAX`].
    pub ticks: u32,
    pub ran: Ran,
    /// When it came to that; none while the job lives.
    pub until: Option<Wall>,
    /// The job, if there was one.
    pub jid: Option<String>,
    /// Where it is, if it lives.
    pub place: Option<Where>,
    /// How often it has failed.
    pub fails: u32,
    /// Why it was refused.
    pub note: String,
}

/// Some records of a family: key and value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptPage {
    pub records: Vec<(Vec<u8>, Vec<u8>)>,
    /// Where to go on: the first key that is not shown. If it is gone by then, the next one. `None`: these were the last.
    pub next: Option<Vec<u8>>,
    /// Records of the family.
    pub total: usize,
}

/// Some of the unique keys that are held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysPage {
    pub keys: Vec<KeyView>,
    /// Where to go on; `None`: these were the last.
    pub next: Option<u128>,
    /// Claims to keys; those that are over and not yet forgotten are counted too.
    pub total: usize,
}

/// A unique key that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    pub key: u128,
    /// Free from then on in any case.
    pub until: Wall,
    pub holder: KeyHolder,
}

/// Who holds a unique key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyHolder {
    /// A job that lives, see [`Query::Named`].
    Job { id: JobId, release: Release },
    /// A job that has succeeded, and asked for its key to stay.
    Done { jid: String, jobtype: String, queue: String },
}

/// A page of jobs and how many there are in all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jobs {
    pub total: usize,
    pub jobs: Vec<JobView>,
}

/// One job, as pages show it. The body holds jid, type, arguments and the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    pub id: JobId,
    pub queue: String,
    pub place: Place,
    pub body: Text,
    /// When it was last put into its queue; `None` while it never was.
    pub enqueued_at: Option<Wall>,
    pub failure: Option<FailureView>,
    /// What its worker has said of it (rule `E-21`).
    pub progress: Option<Progress>,
    /// When it is dropped if it still waits, or from when on it would be if it did (rule `E-40`).
    pub expires: Option<Wall>,
}

/// [`Standing`] with its texts owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Queued { since: Wall },
    Scheduled { at: Wall },
    Retrying { at: Wall },
    Dead { until: Wall },
    Working { wid: String, since: Wall, until: Wall },
    Discarded { until: Wall, was: Stood },
}

impl From<Standing<'_>> for Place {
    fn from(standing: Standing<'_>) -> Self {
        match standing {
            Standing::Queued { since } => Self::Queued { since },
            Standing::Scheduled { at } => Self::Scheduled { at },
            Standing::Retrying { at } => Self::Retrying { at },
            Standing::Dead { until } => Self::Dead { until },
            Standing::Working { wid, since, until } => Self::Working { wid: wid.into(), since, until },
            Standing::Discarded { until, was } => Self::Discarded { until, was },
        }
    }
}

/// A worker process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerView {
    pub wid: String,
    pub hostname: String,
    pub pid: i64,
    pub labels: Vec<String>,
    pub stage: Stage,
    pub started: Wall,
    pub last_beat: Wall,
    pub rss_kb: u64,
    pub connections: usize,
    /// Jobs it has reserved.
    pub busy: usize,
    /// The queues of its last FETCH, leftmost first, [`crate::limits::WORKER_QUEUES_MAX`] at most.
    pub queues: Vec<String>,
}
