//! Queries: what pages and INFO may ask. Typed and paged; they change nothing and see the state between two commands.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::batch::{BatchDetail, BatchScan, BatchesSeen, MembersSeen};
use crate::command::{FailureView, Stage, Text};
use crate::cron::{Missed, Ran, Schedule};
use crate::fact::{Family, JobId, Order, Release, Span, Standing, Stood};
use crate::glob::Glob;
use crate::limits::SLICE_MAX;
use crate::throttle::Throttle;
use crate::time::Wall;

/// The sorted sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Set {
    Scheduled,
    Retries,
    Dead,
    /// What operators discarded and may still take back. Nothing else shows it: no figure, no walk over
    /// [`Where::ALL`], and not [`Query::Jid`].
    Discarded,
}

/// A window on a list: entries `from` to `from + count`, counted from 0. `count` is clamped to
/// [`crate::limits::PAGE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub from: usize,
    pub count: usize,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Answered [`Answer::Info`].
    Info,
    /// Processed and failed per day, the last `days` days, oldest first. Answered [`Answer::History`].
    History { days: usize },
    /// All worker processes with a living connection. Answered [`Answer::Workers`].
    Workers,
    /// Jobs being worked on, oldest reservation first. Answered [`Answer::Jobs`].
    Working { page: Page },
    /// Jobs waiting in a queue: newest first (rule `V-24`); of what is far down, see [`Query::Far`]. Answered [`Answer::Jobs`],
    /// or [`Answer::Missing`].
    Queue { name: String, page: Page },
    /// A sorted set, earliest first. Answered [`Answer::Jobs`].
    Set { set: Set, page: Page },
    /// Entries of a set by their time and jid (rule `V-10`), [`crate::limits::SAME_JID_MAX`] at most. Answered
    /// [`Answer::Jobs`].
    Entry { set: Set, at: Wall, jid: String },
    /// The live jobs with this jid, in any state but discarded, [`crate::limits::SAME_JID_MAX`] at most. Answered [`Answer::Jobs`].
    Jid { jid: String },
    /// The ids of the first `count` entries of a set that entered the store before `below`; for acting on a whole
    /// set in slices. Answered [`Answer::Ids`].
    SetIds { set: Set, below: JobId, count: usize },
    /// A piece of a walk over jobs. Answered [`Answer::Scanned`].
    Scan(Box<Scan>),
    /// A piece of a pass over all jobs. Answered [`Answer::Sifted`].
    Sift(Box<Sift>),
    /// These jobs as far as they live, in this order, [`crate::limits::PAGE_MAX`] at most. Answered [`Answer::Jobs`].
    Named { ids: Vec<JobId> },
    /// A page far down a queue: as many jobs as are skipped at once ([`crate::limits::SKIP_MAX`]), and then the page, or
    /// the job to go on from. `back`: counted from the oldest, though the page comes newest first. Answered
    /// [`Answer::Far`], or [`Answer::Missing`].
    Far { queue: String, from: Option<JobId>, page: Page, back: bool },
    /// Every known queue. Answered [`Answer::Queues`].
    Queues,
    /// The records of a family that is [kept](Family::KEPT), in the order of their keys, from a key on; at most `count`,
    /// at most [`crate::limits::SLICE_MAX`], and as many as [`crate::limits::KEPT_ANSWER_MAX`] allows. Answered
    /// [`Answer::Kept`].
    Kept { family: Family, from: Option<Vec<u8>>, count: usize },
    /// A piece of the list of batches, newest first. Answered [`Answer::Batches`].
    Batches(BatchScan),
    /// A batch, and what it waits for. Answered [`Answer::Batch`], or [`Answer::Missing`].
    Batch { bid: String },
    /// A piece of a walk over the living members of a batch, [`crate::limits::SIFT_MAX`] at most. Answered [`Answer::Members`],
    /// or [`Answer::Missing`].
    Members { bid: String, from: u32, most: usize },
    /// The unique keys that are held, in their order, from one on; at most `count`, and at most
    /// [`crate::limits::PAGE_MAX`]; a page may be short and not the last. Answered [`Answer::Keys`].
    Keys { from: u128, count: usize },
    /// Every queue that has limits, or would have if no operator had lifted them. Answered [`Answer::Throttles`].
    Throttles,
    /// The cron entries in the order of their ids, without their runs but the last; or one with all that are known.
    /// Answered [`Answer::Cron`].
    Cron { id: Option<String> },
}

/// A place in which jobs stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Where {
    /// In a worker's hands.
    Working,
    /// In a queue.
    Queued,
    Retries,
    Scheduled,
    Dead,
    /// Only where it is named: see [`Set::Discarded`].
    Discarded,
}

impl Where {
    /// All in which jobs are jobs, in the order of a walk: what happens now comes before what will, and that before what has been.
    pub const ALL: [Self; 5] = [Self::Working, Self::Queued, Self::Retries, Self::Scheduled, Self::Dead];

    /// As sentences say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Working => "being worked on",
            Self::Queued => "in its queue",
            Self::Retries => "waiting to be tried again",
            Self::Scheduled => "scheduled",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
        }
    }

    /// The sorted set, if it is one.
    pub fn set(self) -> Option<Set> {
        match self {
            Self::Working | Self::Queued => None,
            Self::Retries => Some(Set::Retries),
            Self::Scheduled => Some(Set::Scheduled),
            Self::Dead => Some(Set::Dead),
            Self::Discarded => Some(Set::Discarded),
        }
    }
}

impl From<&Place> for Where {
    fn from(place: &Place) -> Self {
        match place {
            Place::Working { .. } => Self::Working,
            Place::Queued { .. } => Self::Queued,
            Place::Retrying { .. } => Self::Retries,
            Place::Scheduled { .. } => Self::Scheduled,
            Place::Dead { .. } => Self::Dead,
            Place::Discarded { .. } => Self::Discarded,
        }
    }
}

/// A piece of a walk over jobs, for finding those that match: what the index knows is compared here, the rest by who
/// asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Places that are looked at, in this order.
    pub places: Vec<Where>,
    /// Only these jobs, wherever in those places they are. The walk goes over the list then.
    pub jids: Option<Vec<String>>,
    /// Only jobs of this queue.
    pub queue: Option<String>,
    /// Only jobs of this type.
    pub jobtype: Option<String>,
    /// Where the piece before has ended; `None`: from the beginning.
    pub from: Option<Mark>,
    /// Jobs that are looked at, at most; clamped to [`crate::limits::SLICE_MAX`].
    pub count: usize,
    /// Jobs that are found, at most.
    pub most: usize,
    /// Whether the jobs are shown whole, as many as [`crate::limits::SCAN_TEXT_MAX`] allows, or only named.
    pub texts: bool,
}

/// Where a walk goes on: the first job that was not looked at. If it is gone by then, the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A place of the list of jids.
    Jid(usize),
    /// The beginning of a place.
    Start(Where),
    /// A place among the reservations.
    Working(u32),
    Queued {
        queue: String,
        order: Order,
        id: JobId,
    },
    Sorted {
        set: Set,
        time: Wall,
        order: Order,
    },
}

/// What a piece of a walk has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scanned {
    /// Those that match, in the order of the walk.
    pub ids: Vec<JobId>,
    /// The same whole, if that was asked for.
    pub jobs: Vec<JobView>,
    /// Jobs that were looked at.
    pub seen: u64,
    /// Jobs in all the places, whether they match or not.
    pub total: u64,
    /// Where to go on; `None`: that was the last piece.
    pub next: Option<Mark>,
}

/// A piece of a pass over all jobs in the order of the table, in which no job ever moves: each is seen once, whatever
/// happens to it meanwhile. What the index knows is compared here; texts are read and compared by who asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sift {
    /// Only jobs in these places.
    pub places: Vec<Where>,
    /// Only the jobs with these jids: the pass goes over them then, and takes one piece.
    pub jids: Option<Vec<String>>,
    /// Only jobs of a queue with such a name; none: of any.
    pub queues: Vec<Glob>,
    /// Only jobs of such a type; none: of any.
    pub jobtypes: Vec<Glob>,
    /// Only jobs that have been where they are since a moment between these two, see [`Found::since`]; where nobody
    /// knows it, it is for who asked to find out.
    pub since: Option<(Wall, Wall)>,
    /// Only jobs that have failed as often, from the first to the last; one that never failed has failed 0 times.
    pub retries: Option<(u32, u32)>,
    /// Only jobs that came before this many had come.
    pub before: Option<u64>,
    /// Where the piece before has ended.
    pub from: u32,
    /// Jobs that are found, at most; 0: they are counted, and not told, but for those of which `since` is asked and not
    /// known. Clamped to [`crate::limits::SLICE_MAX`].
    pub most: usize,
}

/// What a piece of a pass has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sifted {
    pub found: Vec<Found>,
    /// Jobs that match by place, in the order of [`Where::ALL`].
    pub counts: [u64; 5],
    /// Where to go on; `None`: that was the last piece.
    pub next: Option<u32>,
    /// The end of the table, so that `next` says how far the pass is.
    pub end: u32,
    /// How many jobs ever came.
    pub came: u64,
}

impl Sift {
    /// Goes on behind a piece; `false`: that was the last, or enough is found.
    pub fn go_on(&mut self, piece: &Sifted) -> bool {
        let Some(next) = piece.next else { return false };
        (self.from, self.before) = (next, self.before.or(Some(piece.came)));
        let only_counts = self.most == 0;
        self.most = self.most.min(SLICE_MAX).saturating_sub(piece.found.len());
        only_counts || self.most > 0
    }
}

impl Sifted {
    /// Adds what a piece behind this one has found.
    pub fn append(&mut self, mut later: Self) {
        self.found.append(&mut later.found);
        self.counts.iter_mut().zip(later.counts).for_each(|(sum, more)| *sum += more);
        (self.next, self.end) = (later.next, later.end);
    }
}

/// A job that a pass has found, and where its texts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub id: JobId,
    pub place: Where,
    /// Waiting and working: since it was put into its queue. Retrying and dead: since it first failed. `None`: only its
    /// body knows.
    pub since: Option<Wall>,
    pub body: Span,
    /// The text of its last failure.
    pub failure: Option<Span>,
}

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

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Info(Box<Info>),
    History(Vec<Day>),
    Workers(Vec<WorkerView>),
    Jobs(Jobs),
    Ids {
        ids: Vec<JobId>,
        next_id: JobId,
    },
    Scanned(Box<Scanned>),
    Sifted(Box<Sifted>),
    /// The page, or the job from which to go on to it.
    Far {
        jobs: Jobs,
        next: Option<(JobId, Page)>,
    },
    Queues(Vec<QueueView>),
    Kept(KeptPage),
    Batches(BatchesSeen),
    Batch(Box<BatchDetail>),
    Members(MembersSeen),
    Keys(KeysPage),
    /// By the names of their queues.
    Throttles(Vec<ThrottleView>),
    Cron(Vec<CronView>),
    /// There is no such queue.
    Missing,
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

/// Processed and failed on one day (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970-01-01.
    pub day: i32,
    pub processed: u64,
    pub failed: u64,
}

/// The figures of INFO and of the home page that the core knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Every known queue with its length, also empty ones.
    pub queues: BTreeMap<String, u64>,
    pub scheduled: u64,
    pub retries: u64,
    pub dead: u64,
    /// Jobs that the dead set holds at most (`D28`).
    pub dead_max: u64,
    pub working: u64,
    /// Attempts that ended: ACK, FAIL, expiry (rule `I-02`).
    pub processed: u64,
    pub failures: u64,
    /// Waiting in all queues.
    pub enqueued: u64,
    /// Batches that are not over.
    pub batches: u64,
    /// Worker processes with a living connection.
    pub workers: u64,
    /// What happened since this process started.
    pub since_start: Tally,
}

/// Counts since the process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Jobs accepted.
    pub accepted: u64,
    /// Jobs moved from scheduled into their queues.
    pub scheduled_enqueued: u64,
    /// Jobs moved from retries into their queues.
    pub retries_enqueued: u64,
    /// Reservations that expired.
    pub reaped: u64,
    /// Workers that were lost with jobs in their hands.
    pub workers_lost: u64,
    /// Jobs taken back from lost workers.
    pub jobs_lost: u64,
    /// ACKs and FAILs without effect (`D3`).
    pub stale_acks: u64,
    /// Pushes answered as repeats of the first (`D5`).
    pub repushed: u64,
    /// Deliveries whose reply never reached the kernel (`D13`).
    pub undelivered: u64,
    /// Jobs that operators took back from their workers.
    pub released: u64,
    /// Ticks of cron entries that were run, those whose jobs were refused, and those that came to nothing.
    pub cron_runs: u64,
    /// See [`Tally::cron_runs`].
    pub cron_refused: u64,
    /// See [`Tally::cron_runs`].
    pub cron_missed: u64,
    /// Jobs that left the dead set by age or limit.
    pub dead_dropped: u64,
    /// Records of progress that were forgotten early, since there were too many ([`crate::Rules::tracks_max`]).
    pub tracks_dropped: u64,
    /// Jobs that were dropped unrun, or not run again, because their time was over (rule `E-40`).
    pub expired: u64,
    /// Unique jobs that got their key (rule `E-30`).
    pub keys_taken: u64,
    /// Pushes that were refused because another job has the key.
    pub keys_denied: u64,
}

/// The figures that only the server around the core knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFigures {
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Identified connections now.
    pub connections: u64,
    /// Known commands since the start.
    pub command_count: u64,
    /// Resident memory of the process.
    pub used_memory_mb: u64,
    /// How the engine stands with its disk.
    pub condition: Condition,
    /// Producers are refused until there is memory again, and workers go on (`G17`).
    pub memory_full: bool,
    /// Configurations that were refused at a reload, since the start.
    pub reloads_refused: u64,
    /// The last moment at which the certificate is valid; none: there is no TLS.
    pub certificate_until: Option<Wall>,
    /// What was refused since the start, by reason; filled in where it is shown.
    pub rejected: BTreeMap<&'static str, u64>,
}

/// How an engine stands with its disk: what an operator has to see without looking for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// What a reply waits for.
    pub durability: Durability,
    /// Producers are refused until there is room again, and workers go on (`G13`).
    pub disk_full: bool,
    /// Its log, if it has one.
    pub log: Option<LogFigures>,
}

/// What an engine's log takes, and what becomes of what is old in it. Counts are since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogFigures {
    /// Files that it lies in.
    pub segments: u64,
    /// Files that are ready to become segments.
    pub spares: u64,
    /// How long it is.
    pub bytes: u64,
    /// About what of it lives; the rest is of the past.
    pub live_bytes: u64,
    /// What segments and spares take on the disk.
    pub disk_bytes: u64,
    /// Segments that are gone, since nothing lives in them any more.
    pub given_up: u64,
    /// Those of them that had to be cleaned for it.
    pub cleaned: u64,
    /// What cleaning has written: what lived in old segments, told again at the end of the log.
    pub cleaned_bytes: u64,
    /// When it has last told anything again.
    pub cleaned_at: Option<Wall>,
}

/// What a reply waits for (`G1`). Nothing but the configuration chooses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The flush: what was answered outlives a power loss.
    #[default]
    Strict,
    /// The write, with a flush soon after: what was answered outlives the process, and a power loss takes the last
    /// 100 ms of it at most.
    Relaxed,
}

impl Durability {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Strict, Self::Relaxed];

    /// As the configuration, INFO and the pages say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Relaxed => "relaxed",
        }
    }
}

impl std::fmt::Display for Durability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
