//! Queries: what pages and INFO may ask. Typed and paged; they change nothing and see the state between two commands.
//!
//! Here are questions and answers; what answers are made of is in `walk.rs` (jobs that are looked for), `views.rs` (one thing as
//! operators see it) and `figures.rs` (what is counted).

mod figures;
mod views;
mod walk;

pub use self::figures::{Condition, Day, Durability, Info, LogFigures, ServerFigures, Tally};
pub use self::views::{
    CronRun, CronView, JobView, Jobs, KeptPage, KeyHolder, KeyView, KeysPage, Place, Progress, QueueView,
    ThrottleView, TrackState, Tracked, WorkerView,
};
pub use self::walk::{Found, Mark, Scan, Scanned, Sift, Sifted, Where};
use crate::batch::{BatchDetail, BatchScan, BatchesSeen, MembersSeen};
use crate::fact::{Family, JobId};
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
