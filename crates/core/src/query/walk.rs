//! Looking for jobs: a walk over places in their order, and a pass over the table, both piece by piece.

use super::{JobView, Place, Set};
use crate::fact::{JobId, Order, Span};
use crate::glob::Glob;
use crate::limits::SLICE_MAX;
use crate::time::Wall;

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
